"""Collaborative filtering by gradient descent: one sheet a step, from factors to errors to better factors."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any

from tipoff.errors import UsageError
from tipoff.spreadsheet.sheet import Book, Cells, Sheet

# letters: U users, I items, F factors; M is 1 where there are biases, else 0

MOST = 60  # users and items
PEOPLE = ("Ada", "Ben", "Cleo", "Dev", "Eva", "Finn", "Gus", "Hana", "Ines", "Jon")
FILMS = ("Robots", "Comet", "Orbit", "Kisses", "Spring", "Letters", "Pranks", "Cousins")
GENRES = (0, 0, 0, 1, 1, 1, 2, 2)  # of each film: science fiction, romance, comedy


def collab(
    path: str | Path,
    ratings: Any = None,
    n_factors: int = 3,
    *,
    bias: bool = False,
    n_steps: int = 20,
    lr: float | None = None,
    seed: int = 42,
) -> Path:
    """Write an .xlsx in which factors of users and items are fitted to ratings by gradient descent.

    `ratings` is a table of users × items: a DataFrame whose empty cells are not rated, or a mapping of users to
    their {item: rating}; made up where it is None. A prediction is the dot product of the factors, plus the two
    biases with `bias`; the loss is the mean squared error over what is rated. Without `lr`, the learning rate fits the
    size of the table and of its ratings. Change a rating, a factor or the learning rate, and all steps follow. Returns
    the path.

    >>> collab("ratings.xlsx", {"Ada": {"Comet": 5, "Kisses": 1}, "Ben": {"Comet": 4}})  # doctest: +SKIP
    """
    table = _made_up(seed) if ratings is None else _as_table(ratings)
    users, items = list(table), list(dict.fromkeys(i for row in table.values() for i in row))
    _check(table, len(users), len(items), n_factors, n_steps)
    book = Book("tipoff.spreadsheet.collab", path)
    given = [abs(v) for row in table.values() for v in row.values() if v is not None]
    usual = sum(given) / len(given) or 1.0
    if lr is None:  # a user's share of the loss, and with it the curvature, falls with their number
        lr = float(f"{0.4 * min(len(users), len(items)) / usual:.2g}")
    rated, of_users, of_items = _start(book, table, items, n_factors, bias, lr, usual, Random(seed))
    losses: list[Cells] = []
    for k in range(1, n_steps + 1):
        of_users, of_items, loss = _step(book, k, users, items, rated, of_users, of_items, n_factors)
        losses.append(loss)
    _curve(book, losses)
    return book.save()


def _made_up(seed: int) -> dict[str, dict[str, float | None]]:
    """Ten people, each with a taste for one kind of film, and a third of the ratings missing."""
    rng = Random(seed)
    table: dict[str, dict[str, float | None]] = {}
    for n, person in enumerate(PEOPLE):
        kind = rng.uniform(-0.5, 0.5)
        liked = [(4.4 if genre == n % 3 else 2.2) + kind + rng.uniform(-0.6, 0.6) for genre in GENRES]
        table[person] = {
            film: min(5, max(1, round(v))) if rng.random() < 0.68 else None
            for film, v in zip(FILMS, liked, strict=True)
        }
    return table


def _as_table(ratings: Any) -> dict[Any, dict[Any, float | None]]:
    if hasattr(ratings, "to_dict") and hasattr(ratings, "columns"):
        ratings = ratings.to_dict("index")
    if not isinstance(ratings, Mapping) or not all(isinstance(row, Mapping) for row in ratings.values()):
        raise UsageError(
            f"ratings is a {type(ratings).__name__}; it takes a DataFrame with a row a user and a column an item, "
            "or a mapping such as {'Ada': {'Comet': 5}}."
        )
    return {user: {item: _number(user, item, v) for item, v in row.items()} for user, row in ratings.items()}


def _number(user: Any, item: Any, value: Any) -> float | None:
    if value is None or value != value or value == "":
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        raise UsageError(f"The rating of {item!r} by {user!r} is {value!r}; it should be a number.") from None


def _check(table: dict[Any, Any], n_users: int, n_items: int, n_factors: int, n_steps: int) -> None:
    if not any(v is not None for row in table.values() for v in row.values()):
        raise UsageError("There is no rating in the table.")
    if max(n_users, n_items) > MOST:
        raise UsageError(
            f"The table has {n_users} users and {n_items} items; a sheet that a person reads takes {MOST} of each at "
            "most. Take those with the most ratings."
        )
    if not 1 <= n_factors <= 10 or not 1 <= n_steps <= 100:
        raise UsageError(
            f"n_factors is {n_factors} and n_steps {n_steps}; they lie between 1 and 10, and 1 and 100."
        )


def _start(
    book: Book,
    table: dict[Any, dict[Any, float | None]],
    items: list[Any],
    n_factors: int,
    bias: bool,
    lr: float,
    usual: float,
    rng: Random,
) -> tuple[Cells, Cells, Cells]:
    """The sheet of everything that is given: ratings (U, I), user factors (U, F+M), item factors (F+M, I)."""
    users = list(table)
    sheet = book.sheet(
        "Start",
        "Ratings, and where the search begins",
        "Each user and each item gets a few numbers, its factors. They start at random; gradient descent finds better",
        "ones, a sheet a step. No one says what a factor means: that follows from the ratings. An empty cell is not rated.",
    )
    at = sheet.settings(5, [("learning_rate", "learning rate", lr, "how far a step goes along the gradient")])
    sheet.legend(at)
    width = n_factors + bias
    row, col = at + 2, 3 + width  # of the ratings; factors of users stand left of them, those of items above
    sheet.put(row, 1, "Ratings, and the factors of the start", "part")
    names = [f"factor {f + 1}" for f in range(n_factors)] + ["bias"] * bias
    sheet.down(row + 2, col - 1, names)
    sheet.across(row + 1, col, [str(i) for i in items])
    sheet.wrap(row + 1, _lines(items))
    most = (1.1 * usual / n_factors) ** 0.5  # so that dot products begin below the usual rating

    def begin(is_bias: bool) -> float:
        return 0.0 if is_bias else round(most * rng.uniform(0.1, 1.0), 2)

    of_items = sheet.block(row + 2, col, (width, len(items)), lambda f, _: begin(f == n_factors), "input")
    top = row + 3 + width
    sheet.across(top - 1, 2, names)
    sheet.down(top, 1, [str(u) for u in users])
    of_users = sheet.block(top, 2, (len(users), width), lambda _, f: begin(f == n_factors), "input")
    rated = sheet.block(
        top, col, (len(users), len(items)), lambda u, i: table[users[u]].get(items[i]), "input", "General"
    )
    _widths(sheet, width, len(items))
    return rated, of_users, of_items


def _step(
    book: Book,
    k: int,
    users: list[Any],
    items: list[Any],
    rated: Cells,
    old_users: Cells,
    old_items: Cells,
    n_factors: int,
) -> tuple[Cells, Cells, Cells]:
    """One step: new user factors, new item factors, the RMSE before it."""
    width = old_users.n_cols
    shape, of_users, of_items = (len(users), len(items)), (len(users), width), (width, len(items))
    sheet = book.sheet(
        f"Step {k}",
        f"Step {k}",
        "From factors to predictions, from predictions to errors, from errors to better factors.",
    )
    names = [f"factor {f + 1}" for f in range(n_factors)] + ["bias"] * (width - n_factors)
    col, tall = 3 + width, width + len(users) + 4

    def part(n: int, text: str, note: str) -> tuple[int, int]:
        """Headings of part n; the rows where its item numbers and its user numbers begin."""
        row = 7 + n * tall
        sheet.put(row, 1, text, "part")
        sheet.put(row, col, note, "note")
        sheet.across(row + 1, col, [f"={_outside(rated, -2 - width, i)}" for i in range(len(items))], "label")
        sheet.wrap(row + 1, _lines(items))
        sheet.down(row + 2, col - 1, names)
        sheet.across(row + 2 + width, 2, names)
        sheet.down(
            row + 3 + width, 1, [f"={_outside(rated, u, -col + 1)}" for u in range(len(users))], "label"
        )
        return row + 2, row + 3 + width

    # 1: factors and what they predict
    top, low = part(
        0, "1  Predict", "user · item: the products of their factors, added up; grey where nothing is rated"
    )
    V = sheet.block(top, col, of_items, lambda f, i: f"={old_items.of(f, i)}")
    U = sheet.block(low, 2, of_users, lambda u, f: f"={old_users.of(u, f)}")

    def predicted(u: int, i: int) -> str:
        products = [f"{U.at(u, f)}*{V.at(f, i)}" for f in range(n_factors)]
        biases = [U.at(u, n_factors), V.at(n_factors, i)] if width > n_factors else []
        return "=" + "+".join([*products, *biases])

    P = sheet.block(low, col, shape, predicted)
    _grey_unless_rated(sheet, P, rated)

    # 2: errors and gradients
    top, low = part(
        1,
        "2  Compare",
        "error = prediction - rating; gradient = 2 / ratings × sum of error × the other's factor",
    )
    E = Cells(sheet.ws.title, low, col, *shape)
    n = Cells(sheet.ws.title, 3, 2, 1, 1)

    def error(u: int, i: int) -> str:
        return f'=IF(ISBLANK({rated.of(u, i)}),"",{P.at(u, i)}-{rated.of(u, i)})'

    def of_item(f: int, i: int) -> str:
        errors = E.in_column(i)
        return f"=2/{n.at()}*" + (
            f"SUM({errors})" if f == n_factors else f"SUMPRODUCT({errors},{U.in_column(f)})"
        )

    def of_user(u: int, f: int) -> str:
        errors = E.in_row(u)
        return f"=2/{n.at()}*" + (
            f"SUM({errors})" if f == n_factors else f"SUMPRODUCT({errors},{V.in_row(f)})"
        )

    dV = sheet.block(top, col, of_items, of_item, fmt="0.000")
    dU = sheet.block(low, 2, of_users, of_user, fmt="0.000")
    sheet.block(low, col, shape, error)
    sheet.tint(E)

    # 3: the step
    top, low = part(
        2, "3  Step", f"new = old - learning rate × gradient; sheet Step {k + 1} begins with these"
    )
    new_items = sheet.block(
        top, col, of_items, lambda f, i: f"={V.at(f, i)}-learning_rate*{dV.at(f, i)}", "result"
    )
    new_users = sheet.block(
        low, 2, of_users, lambda u, f: f"={U.at(u, f)}-learning_rate*{dU.at(u, f)}", "result"
    )

    sheet.put(3, 1, "ratings", "name")
    sheet.put(3, 2, f"=COUNT({E.all})", fmt="0")
    sheet.put(4, 1, "loss", "name")
    sheet.put(4, 2, f"=SUMSQ({E.all})/{n.at()}", fmt="0.0000")
    sheet.put(4, 3, "mean squared error", "note")
    sheet.put(5, 1, "RMSE", "name")
    rmse = sheet.put(5, 2, "=SQRT(B4)", "result", "0.0000")
    sheet.put(5, 3, "its root, in stars: how far off a prediction is", "note")
    _widths(sheet, width, len(items))
    sheet.freeze(6, 2)
    return new_users, new_items, rmse


def _lines(names: list[Any]) -> int:
    """How many lines the longest name takes."""
    return min(5, max(-(-len(str(n)) // 7) if len(str(n)) > 8 else 1 for n in names))


def _outside(cells: Cells, i: int, j: int) -> str:
    return Cells(cells.sheet, cells.row + i, cells.col + j, 1, 1).of()


def _grey_unless_rated(sheet: Sheet, cells: Cells, rated: Cells) -> None:
    from openpyxl.formatting.rule import FormulaRule
    from openpyxl.styles import Font

    rule = FormulaRule(formula=[f"ISBLANK({rated.of()})"], font=Font(color="8F8473", italic=True))
    sheet.ws.conditional_formatting.add(cells.all, rule)


def _widths(sheet: Sheet, width: int, n_items: int) -> None:
    sheet.widths(13, 8.5, width + 1 + n_items)


def _curve(book: Book, losses: list[Cells]) -> None:
    sheet = book.sheet("Curve", "How far off the predictions are, step by step")
    sheet.across(3, 1, ["step", "RMSE"])
    steps = sheet.block(4, 1, (len(losses), 1), lambda k, _: k + 1, fmt="0")
    values = sheet.block(4, 2, (len(losses), 1), lambda k, _: f"={losses[k].of()}", "result", "0.0000")
    sheet.widths(8, 10, 1)
    sheet.freeze(4, 1)
    sheet.chart("D3", steps, [values], "RMSE before each step", "step", "stars")
