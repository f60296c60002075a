"""`tipoff explain` with a model of a table: which values of a row spoke for its answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tipoff.answer import number
from tipoff.bundle.predictor import Predictor
from tipoff.cli.screen import field, say
from tipoff.data.shares import row_shares
from tipoff.data.table import read_table
from tipoff.errors import DataError

SHOWN = 10  # columns
BAR = 20  # characters of the longest bar


def row_of(table: Path, row: int | None) -> tuple[Any, int]:
    """A data frame of one row of the file, and the number of that row; the first where `row` is None."""
    frame = read_table(table)
    if frame.empty:
        raise DataError(f"{table} has a header and no rows.")
    first = frame.attrs.get("table", ("", 2))[1]
    at = 0 if row is None else row - first
    if not 0 <= at < len(frame):
        raise DataError(f"{table} has no row {row}; its rows are {first} to {first + len(frame) - 1}.")
    return frame.iloc[[at]], first + at


def run_row_explanation(predictor: Predictor, table: Path, row: int | None) -> None:
    """Say the answer for `row`, counted as a spreadsheet does, and what each value in place of the typical one did to it.

    Where `row` is None, it is the first.
    """
    frame, row = row_of(table, row)
    chosen = frame.iloc[0].to_dict()
    target, plan = predictor.target, predictor.plan
    prob = predictor.probabilities(plan.inputs_of([plan.read(chosen)]))[0]
    shares = row_shares(plan, predictor.probabilities, chosen)
    is_class = hasattr(target, "names")
    text = (lambda v: f"{100 * v:.1f} %") if is_class else number
    made = shares.answer()
    say(f"row {row}  {target.sentence(prob)}")
    say()
    what = f"{made['of']} is {text(made['end'])}" if is_class else f"it is {text(made['end'])}"
    say(f"{what}; for the typical row it would be {text(made['start'])}. Of the difference:")
    strongest = max((abs(c["share"]) for c in made["columns"]), default=0.0)
    for c in made["columns"][:SHOWN]:
        if abs(c["share"]) < 0.01 * strongest or not strongest:
            break
        bar = "█" * max(1, round(BAR * abs(c["share"]) / strongest))
        sign = "+" if c["share"] > 0 else "−"
        field(
            f"  {sign}{text(abs(c['share']))}",
            f"{c['column']}{'' if c['column'] == shares.rest else ': ' + str(c['value'])}  {bar}",
        )
