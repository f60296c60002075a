"""SGD, momentum, RMSProp and Adam on the same line through the same points, one row a step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random

from tipoff.errors import UsageError
from tipoff.spreadsheet.sheet import Book, Cells

# The line is a · x + b; each step looks at one point.


@dataclass(frozen=True)
class Rule:
    """An optimizer as formulas.

    `settings` are (name, value, what it does). `state` are the numbers kept for each parameter, with the formula
    of the next: {g} is the gradient, {name} the number before, {t} the step, and a setting its name. `move` is what is
    taken from the parameter; there {name} is the number after.
    """

    name: str
    source: str
    settings: tuple[tuple[str, float, str], ...]
    state: tuple[tuple[str, str], ...]
    move: str


RULES = (
    Rule("SGD", "new = old - lr × gradient", (("lr", 0.01, "learning rate"),), (), "{lr}*{g}"),
    Rule(
        "Momentum",
        "speed = momentum × speed + gradient; new = old - lr × speed (Polyak 1964)",
        (("lr", 0.002, "learning rate"), ("momentum", 0.9, "how much of the speed stays")),
        (("speed", "{momentum}*{speed}+{g}"),),
        "{lr}*{speed}",
    ),
    Rule(
        "RMSProp",
        "square = mean of gradient²; new = old - lr × gradient / √square (Tieleman & Hinton 2012)",
        (
            ("lr", 0.1, "learning rate"),
            ("alpha", 0.99, "how much of the mean stays"),
            ("eps", 1e-8, "so that nothing is divided by 0"),
        ),
        (("square", "{alpha}*{square}+(1-{alpha})*{g}^2"),),
        "{lr}*{g}/(SQRT({square})+{eps})",
    ),
    Rule(
        "Adam",
        "mean and square of the gradient, each made up for its start at 0; new = old - lr × mean / √square (Kingma & Ba 2015)",
        (
            ("lr", 0.3, "learning rate"),
            ("beta1", 0.9, "how much of the mean stays"),
            ("beta2", 0.99, "how much of the square stays"),
            ("eps", 1e-8, "so that nothing is divided by 0"),
        ),
        (("mean", "{beta1}*{mean}+(1-{beta1})*{g}"), ("square", "{beta2}*{square}+(1-{beta2})*{g}^2")),
        "{lr}*{mean}/(1-{beta1}^{t})/(SQRT({square}/(1-{beta2}^{t}))+{eps})",
    ),
)
PARAMETERS = ("a", "b")


def optimizers(path: str | Path, *, n_points: int = 20, n_steps: int = 100, seed: int = 42) -> Path:
    """Write an .xlsx in which four optimizers fit a line, each on its sheet, and a sheet that compares them.

    A row is a step: the point that is looked at, the error, the gradients, what the optimizer remembers, the new
    line. The rules are those of `torch.optim`. Change a point, the start or a setting, and every row follows. Returns
    the path.

    >>> optimizers("optimizers.xlsx")  # doctest: +SKIP
    """
    if not 2 <= n_points <= 1000 or not 1 <= n_steps <= 5000:
        raise UsageError(
            f"n_points is {n_points} and n_steps {n_steps}; they lie between 2 and 1,000, and 1 and 5,000."
        )
    book = Book("tipoff.spreadsheet.optimizers", path)
    points = _points(book, n_points, Random(seed))
    losses = [_sheet(book, rule, points, n_steps) for rule in RULES]
    _compare(book, losses)
    return book.save()


def _points(book: Book, n: int, rng: Random) -> Cells:
    """The sheet with the points (n, 2) and the start of the line."""
    sheet = book.sheet(
        "Points",
        "Points near a line, and where the search begins",
        "Four optimizers look for the line a · x + b that the points were made of: a = 2, b = 10, and some noise. They look at",
        "one point after the other, and then again. A point pulls at a by its x and at b by 1: b is slow, and there they differ.",
    )
    row = sheet.settings(
        5, [("start_a", "a", 1.0, "the slope of the start"), ("start_b", "b", 1.0, "its height at 0")]
    )
    sheet.legend(row)
    row += 2
    sheet.across(row, 1, ["x", "y"])
    x = [round(rng.uniform(0, 8), 1) for _ in range(n)]
    cells = sheet.block(
        row + 1,
        1,
        (n, 2),
        lambda i, j: x[i] if j == 0 else round(2 * x[i] + 10 + rng.gauss(0, 0.7), 1),
        "input",
        "0.0",
    )
    sheet.widths(12, 10, 3)
    sheet.freeze(row + 1, 1)
    return cells


def _sheet(book: Book, rule: Rule, points: Cells, n_steps: int) -> Cells:
    """One optimizer; its losses, one a step."""
    sheet = book.sheet(rule.name, rule.name, rule.source)
    words = {name: f"{rule.name}_{name}" for name, _, _ in rule.settings}
    row = sheet.settings(3, [(words[name], name, value, note) for name, value, note in rule.settings])
    top = row + 2
    kept = [f"{name} of {p}" for p in PARAMETERS for name, _ in rule.state]
    heads = [
        "step", "x", "y", "a", "b", "a · x + b", "error", "gradient of a", "gradient of b",
        *kept, "new a", "new b", "loss",
    ]  # fmt: skip
    at = {head: i + 1 for i, head in enumerate(heads)}
    sheet.across(top - 1, 1, heads)

    def column(
        head: str, formula: str, fmt: str = "0.000", kind: str = "computed", first: str | None = None
    ) -> Cells:
        """A column; `formula` names cells of the same row by {[head]}, of the row above by {<head>}."""

        def one(i: int, _: int) -> str:
            text = first if i == 0 and first is not None else formula
            for name, col in at.items():
                here = Cells(rule.name, top + i, col, 1, 1)
                above = Cells(rule.name, top + i - 1, col, 1, 1)
                text = text.replace(f"[{name}]", here.at()).replace(f"<{name}>", above.at() if i else "0")
            return "=" + text

        return sheet.block(top, at[head], (n_steps, 1), one, kind, fmt)  # type: ignore[arg-type]

    index = f"MOD([step]-1,{points.n_rows})+1"
    column("step", "<step>+1", "0", first="1")
    column("x", f"INDEX({points.fixed},{index},1)", "0.0")
    column("y", f"INDEX({points.fixed},{index},2)", "0.0")
    for p in PARAMETERS:
        column(p, f"<new {p}>", first=f"start_{p}")
    column("a · x + b", "[a]*[x]+[b]")
    column("error", "[a · x + b]-[y]")
    column("gradient of a", "2*[error]*[x]")
    column("gradient of b", "2*[error]")
    for p in PARAMETERS:
        before = {name: f"<{name} of {p}>" for name, _ in rule.state}
        after = {name: f"[{name} of {p}]" for name, _ in rule.state}
        g = f"[gradient of {p}]"
        for name, formula in rule.state:
            column(f"{name} of {p}", formula.format(g=g, t="[step]", **words, **before))
        column(f"new {p}", f"[{p}]-" + rule.move.format(g=g, t="[step]", **words, **after), kind="result")
    xs = Cells(points.sheet, points.row, points.col, points.n_rows, 1)
    ys = Cells(points.sheet, points.row, points.col + 1, points.n_rows, 1)
    loss = column("loss", f"SUMPRODUCT(([a]*{xs.fixed}+[b]-{ys.fixed})^2)/{points.n_rows}")
    sheet.widths(10, 13, len(heads) - 1)
    sheet.freeze(top, 2)
    return loss


def _link(cells: Cells, i: int, j: int) -> str:
    return f"={cells.of(i, j)}"


def _compare(book: Book, losses: Sequence[Cells]) -> None:
    sheet = book.sheet(
        "Compare",
        "How far each line is from all points, step by step",
        "The mean squared error over all points. Change the learning rates and see which bear it.",
    )
    n = losses[0].n_rows
    sheet.across(4, 1, ["step", *(rule.name for rule in RULES)])
    steps = sheet.block(5, 1, (n, 1), lambda i, _: i + 1, fmt="0")
    columns = [
        sheet.block(5, 2 + j, (n, 1), partial(_link, cells), "result", "0.000")
        for j, cells in enumerate(losses)
    ]
    sheet.widths(8, 11, len(losses))
    sheet.freeze(5, 2)
    sheet.chart("G4", steps, columns, "Loss before each step", "step", "mean squared error", log=True)
