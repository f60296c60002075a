"""A network of two layers: its forward pass, every derivative, and the step, one sheet a step."""

from __future__ import annotations

from math import exp
from pathlib import Path
from random import Random

from tipoff.errors import UsageError
from tipoff.spreadsheet.sheet import Book, Cells, letter

# letters: N rows, D inputs and a 1 for the bias, H hidden units

INPUTS = ("woman", "1st class", "age / 50", "alone", "1")


def network(
    path: str | Path,
    n_hidden: int = 3,
    *,
    n_rows: int = 16,
    n_steps: int = 20,
    lr: float = 1.0,
    seed: int = 2,
) -> Path:
    """Write an .xlsx with a network that learns who was rescued from a ship: linear, ReLU, linear, sigmoid.

    The `n_rows` passengers are made up. The loss is the mean cross-entropy; every derivative is a column, from the
    loss back to the weights (Rumelhart, Hinton & Williams 1986). Change a passenger, a weight or the learning rate,
    and all steps follow. Returns the path.

    >>> network("network.xlsx", n_hidden=2)  # doctest: +SKIP
    """
    if not 1 <= n_hidden <= 10 or not 2 <= n_rows <= 200 or not 1 <= n_steps <= 100:
        raise UsageError(
            f"n_hidden is {n_hidden}, n_rows {n_rows} and n_steps {n_steps}; they lie between 1 and 10, 2 and 200, 1 and 100."
        )
    book = Book("tipoff.spreadsheet.network", path)
    x, y, w1, w2 = _start(book, n_hidden, n_rows, lr, Random(seed))
    figures: list[tuple[Cells, Cells]] = []
    for k in range(1, n_steps + 1):
        w1, w2, loss, right = _step(book, k, x, y, w1, w2)
        figures.append((loss, right))
    _curve(book, figures)
    return book.save()


def _passengers(n: int, rng: Random) -> list[tuple[tuple[float, ...], int]]:
    """Made-up rows of (inputs, rescued); women, children and the first class more often."""
    rows: list[tuple[tuple[float, ...], int]] = []
    for _ in range(n):
        woman, first, age, alone = (
            rng.random() < 0.45,
            rng.random() < 0.4,
            rng.randint(2, 60),
            rng.random() < 0.5,
        )
        likely = 1 / (1 + exp(-(-2 + 3.5 * woman + 1.5 * first - 0.03 * (age - 30))))
        rows.append(((int(woman), int(first), age / 50, int(alone)), int(rng.random() < likely)))
    return rows


def _start(
    book: Book, n_hidden: int, n_rows: int, lr: float, rng: Random
) -> tuple[Cells, Cells, Cells, Cells]:
    """The sheet of everything that is given: inputs (N, D), truth (N, 1), weights (H, D) and (1, H + 1)."""
    sheet = book.sheet(
        "Start",
        "Passengers, and the weights of the start",
        "A network of two layers guesses who was rescued; the passengers are made up. Its weights start at random;",
        "gradient descent finds better ones, a sheet a step. The column of ones lets a weight be a bias.",
    )
    row = sheet.settings(
        5, [("learning_rate", "learning rate", lr, "how far a step goes along the gradient")]
    )
    sheet.legend(row)
    row += 2
    people = _passengers(n_rows, rng)
    hidden = [f"unit {h + 1}" for h in range(n_hidden)]
    sheet.put(row, 1, "First weights", "part")
    sheet.across(row + 1, 2, INPUTS)
    sheet.down(row + 2, 1, hidden)
    w1 = sheet.block(row + 2, 2, (n_hidden, len(INPUTS)), lambda *_: round(rng.uniform(-1, 1), 2), "input")
    row += n_hidden + 3
    sheet.put(row, 1, "Second weights", "part")
    sheet.across(row + 1, 2, [*hidden, "1"])
    sheet.put(row + 2, 1, "output", "name")
    w2 = sheet.block(
        row + 2,
        2,
        (1, n_hidden + 1),
        lambda _, h: round(rng.uniform(-1, 1), 2) if h < n_hidden else 0.0,
        "input",
    )
    row += 4
    sheet.put(row, 1, "Passengers", "part")
    sheet.across(row + 1, 2, [*INPUTS, "rescued"])
    sheet.down(row + 2, 1, [f"person {i + 1}" for i in range(n_rows)])
    x = sheet.block(row + 2, 2, (n_rows, len(INPUTS)), lambda i, d: (*people[i][0], 1)[d], "input", "General")
    y = sheet.block(row + 2, 2 + len(INPUTS), (n_rows, 1), lambda i, _: people[i][1], "input", "0")
    sheet.widths(13, 9, max(len(INPUTS) + 1, n_hidden + 1))
    return x, y, w1, w2


def _step(book: Book, k: int, x: Cells, y: Cells, w1: Cells, w2: Cells) -> tuple[Cells, Cells, Cells, Cells]:
    """One step: (new first weights, new second weights, the loss before it, the share that is right)."""
    n, n_in, n_hid = x.n_rows, x.n_cols, w1.n_rows
    sheet = book.sheet(
        f"Step {k}",
        f"Step {k}",
        "Read from left to right: forward to the loss, then back to what each number should change.",
    )
    hidden = [f"unit {h + 1}" for h in range(n_hid)]
    # columns, from left to right
    c_x = 2
    c_z = c_x + n_in + 1
    c_h = c_z + n_hid + 1
    c_out = c_h + n_hid + 2
    c_back = c_out + 5
    c_dh, c_dz = c_back + 2, c_back + 3 + n_hid

    # 1: weights, over the columns that they multiply
    row = 7
    sheet.put(row, 1, "1  Weights: the first layer, and the second", "part")
    sheet.across(row + 1, c_x, INPUTS)
    sheet.down(row + 2, 1, hidden)
    W1 = sheet.block(row + 2, c_x, (n_hid, n_in), lambda h, d: f"={w1.of(h, d)}")
    sheet.across(row + 1, c_h, [*hidden, "1"])
    W2 = sheet.block(row + 2, c_h, (1, n_hid + 1), lambda _, h: f"={w2.of(0, h)}")

    # 2: forward and back, one row a passenger
    row += n_hid + 3
    sheet.put(row, 1, "2  Forward, and back", "part")
    top = row + 3
    for col, what, names in (
        (c_x, "inputs", INPUTS),
        (c_z, "linear: Σ weight · input", hidden),
        (c_h, "ReLU: max(0, ·)", [*hidden, "1"]),
        (c_out, "output", ["linear", "sigmoid", "rescued", "loss"]),
        (c_back, "d loss / d", ["linear"]),
        (c_dh, "d loss / d ReLU", hidden),
        (c_dz, "d loss / d linear", hidden),
    ):
        sheet.put(row + 1, col, what, "note")
        sheet.across(row + 2, col, names)
    sheet.down(top, 1, [f"person {i + 1}" for i in range(n)])
    X = sheet.block(top, c_x, (n, n_in), lambda i, d: f"={x.of(i, d)}", fmt="General")
    Z = sheet.block(top, c_z, (n, n_hid), lambda i, h: f"=SUMPRODUCT({X.in_row(i)},{W1.in_row(h)})")

    def relu(i: int, h: int) -> str | int:
        return f"=MAX(0,{Z.at(i, h)})" if h < n_hid else 1

    H = sheet.block(top, c_h, (n, n_hid + 1), relu)
    Out = sheet.block(top, c_out, (n, 1), lambda i, _: f"=SUMPRODUCT({H.in_row(i)},{W2.in_row(0)})")
    P = sheet.block(top, c_out + 1, (n, 1), lambda i, _: f"=1/(1+EXP(-{Out.at(i)}))", "result")
    Y = sheet.block(top, c_out + 2, (n, 1), lambda i, _: f"={y.of(i)}", fmt="0")
    L = sheet.block(
        top,
        c_out + 3,
        (n, 1),
        # the least probability keeps a logarithm where a wild learning rate makes the network certain and wrong
        lambda i, _: f"=-LN(MAX(IF({Y.at(i)}=1,{P.at(i)},1-{P.at(i)}),1E-12))",
        fmt="0.000",
    )
    dOut = sheet.block(top, c_back, (n, 1), lambda i, _: f"=({P.at(i)}-{Y.at(i)})/{n}", fmt="0.000")
    dH = sheet.block(top, c_dh, (n, n_hid), lambda i, h: f"={dOut.at(i)}*{W2.at(0, h)}", fmt="0.000")
    dZ = sheet.block(top, c_dz, (n, n_hid), lambda i, h: f"=IF({Z.at(i, h)}>0,{dH.at(i, h)},0)", fmt="0.000")
    for cells in (dOut, dH, dZ):
        sheet.tint(cells)

    # 3 and 4: gradients and new weights, under the columns that they belong to
    row = top + n + 1
    sheet.put(row, 1, "3  Gradients: Σ input · d loss / d linear", "part")
    sheet.down(row + 1, 1, hidden)
    d1 = sheet.block(
        row + 1,
        c_x,
        (n_hid, n_in),
        lambda h, d: f"=SUMPRODUCT({X.in_column(d)},{dZ.in_column(h)})",
        fmt="0.000",
    )
    d2 = sheet.block(
        row + 1,
        c_h,
        (1, n_hid + 1),
        lambda _, h: f"=SUMPRODUCT({H.in_column(h)},{dOut.in_column(0)})",
        fmt="0.000",
    )
    row += n_hid + 2
    sheet.put(row, 1, "4  New weights: old - learning rate × gradient", "part")
    sheet.down(row + 1, 1, hidden)
    new1 = sheet.block(
        row + 1, c_x, (n_hid, n_in), lambda h, d: f"={W1.at(h, d)}-learning_rate*{d1.at(h, d)}", "result"
    )
    new2 = sheet.block(
        row + 1, c_h, (1, n_hid + 1), lambda _, h: f"={W2.at(0, h)}-learning_rate*{d2.at(0, h)}", "result"
    )

    sheet.put(3, 1, "loss", "name")
    loss = sheet.put(3, 2, f"=AVERAGE({L.all})", "result", "0.0000")
    sheet.put(3, 3, "mean cross-entropy", "note")
    sheet.put(4, 1, "right", "name")
    right = sheet.put(4, 2, f"=SUMPRODUCT(--(({P.all}>0.5)=({Y.all}=1)))/{n}", "result", "0 %")
    sheet.put(4, 3, "where more than 0.5 means rescued", "note")
    sheet.widths(11, 8.5, c_dz + n_hid)
    for gap in (c_z - 1, c_h - 1, c_out - 1, c_back - 1, c_dh - 1, c_dz - 1):
        sheet.ws.column_dimensions[letter(gap)].width = 2
    sheet.freeze(5, 2)
    return new1, new2, loss, right


def _curve(book: Book, figures: list[tuple[Cells, Cells]]) -> None:
    sheet = book.sheet("Curve", "How wrong the network is, step by step")
    sheet.across(3, 1, ["step", "loss", "right"])
    steps = sheet.block(4, 1, (len(figures), 1), lambda k, _: k + 1, fmt="0")
    losses = sheet.block(4, 2, (len(figures), 1), lambda k, _: f"={figures[k][0].of()}", "result", "0.0000")
    sheet.block(4, 3, (len(figures), 1), lambda k, _: f"={figures[k][1].of()}", "result", "0 %")
    sheet.widths(8, 10, 2)
    sheet.freeze(4, 1)
    sheet.chart("E3", steps, [losses], "Loss before each step", "step", "cross-entropy")
