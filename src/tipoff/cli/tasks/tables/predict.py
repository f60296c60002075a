"""`tipoff predict` with a model of a table: any number of rows, a part at a time."""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import Any, Protocol

from torch import Tensor

from tipoff.answer import percent, unsure
from tipoff.bundle.container import replacing
from tipoff.cli import screen
from tipoff.cli.screen import counted, say, short
from tipoff.cli.tasks.tables.workbook import Workbook
from tipoff.data.block import Target
from tipoff.data.formats import PARQUET
from tipoff.data.table import iter_table
from tipoff.errors import DataError, UsageError
from tipoff.notes import listening
from tipoff.optional import need
from tipoff.serve.rows import Answered, Tally, summary

DELIMITED, WORKBOOK = (".csv", ".tsv", ".tab"), ".xlsx"
PART = 20_000  # rows that are in memory at once
SHOWN = 20  # rows, where nothing is written
NOTES = 12  # that are said


class Answering(Protocol):
    """A model that answers rows, of a table or with a text in each: `RowPredictor`, `TextPredictor`."""

    @property
    def target(self) -> Target: ...

    def inputs(self, frame: Any) -> Any: ...

    def probabilities(self, inputs: Any) -> Tensor: ...


def run_table(rows: Answering, files: list[Path], out: Path | None, form: str) -> int:
    """Answer all rows of `files`: into the file `out`, or to the screen as `form` (text, json, csv). The exit code."""
    if len(files) != 1:
        raise UsageError(
            f"One table at a time, not {len(files)}: tipoff predict MODEL new.csv --out scored.csv"
        )
    path = files[0]
    if out is not None:
        check_out(out)
    if out is not None and out.exists() and path.exists() and out.samefile(path):
        raise UsageError(f"--out {out} is the table itself: choose another name.")
    tally, began = Tally(), time.perf_counter()
    to_file = out is not None
    with _notes(to_file or form == "text"), _writer(out, form) as writer:
        for frame in iter_table(path, PART):
            if len(frame):
                answered = Answered(frame, rows.probabilities(rows.inputs(frame)), rows.target)
                writer.write(answered)
                tally.add(rows.target, answered.prob)
        if not tally.n:
            raise DataError(f"{path} has a header and no rows.")
    if to_file or form == "text":
        spent = time.perf_counter() - began
        say(f"{counted_rows(tally.n)}: {summary(rows.target, tally)}  ({spent:.1f} s)")
    if out is not None:
        say(f"written to {short(out)}, each row with its answer behind it")
    return 0


@contextmanager
def writable(out: Path) -> Iterator[None]:
    """Say in a sentence where `out` cannot be written, such as on a full disk. Raises `UsageError`."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as e:
        free = shutil.disk_usage(out.absolute().parent).free / 2**20
        raise UsageError(
            f"--out {out} cannot be written: {e.strerror or e} ({free:,.0f} MB free there). What was there before stays."
        ) from None


def check_out(out: Path) -> None:
    """Refuse, before anything is read, a file that cannot be written."""
    if out.suffix.lower() not in (*DELIMITED, *PARQUET, WORKBOOK):
        raise UsageError(f"--out {out}: the name ends in .csv, .tsv, .parquet or .xlsx.")
    if out.is_dir():
        raise UsageError(f"--out {out} is a folder; it takes the name of a file.")
    if not out.absolute().parent.is_dir():
        raise UsageError(f"There is no folder {out.absolute().parent} to write {out.name} to.")


def counted_rows(n: int) -> str:
    """A number of rows in words."""
    return f"{n:,} row{'s' * (n != 1)}"


@contextmanager
def _notes(shown: bool) -> Iterator[None]:
    """Each note once, and not more of them than a person reads."""
    seen: set[str] = set()

    def hear(text: str) -> None:
        if text not in seen and len(seen) < NOTES and shown:
            screen.note(text)
        seen.add(text)

    with listening(hear):
        yield
    if len(seen) > NOTES and shown:
        screen.note(f"{counted(len(seen) - NOTES, 'more note')} like these")


class Writer(Protocol):
    """Where answers go, a part at a time."""

    def write(self, answered: Answered) -> None: ...


@contextmanager
def _writer(out: Path | None, form: str) -> Iterator[Writer]:
    if out is None:
        to_screen: dict[str, type[Writer]] = {"text": _Text, "json": _Json, "csv": _Stdout}
        yield to_screen[form]()
        return
    suffix = out.suffix.lower()
    with writable(out), replacing(out) as raw:
        if suffix in (*PARQUET, WORKBOOK):
            writer = (_Parquet if suffix in PARQUET else Workbook)(raw)
            yield writer
            writer.close()
        else:
            text = TextIOWrapper(raw, encoding="utf-8", newline="")
            yield _Delimited(text, "," if suffix == ".csv" else "\t")
            text.detach()  # written out, and left open


class _Delimited:
    """A CSV: the header once, then rows."""

    def __init__(self, file: Any, delimiter: str = ",") -> None:
        self.file, self.delimiter, self.header = file, delimiter, True

    def write(self, answered: Answered) -> None:
        answered.table().to_csv(
            self.file, sep=self.delimiter, index=False, header=self.header, lineterminator="\n"
        )
        self.header = False


class _Stdout(_Delimited):
    def __init__(self) -> None:
        super().__init__(sys.stdout)


class _Parquet:
    """A Parquet file, whose types are those of the first part."""

    def __init__(self, raw: Any) -> None:
        self.pa: Any = need("pyarrow", "Writing Parquet", "tipoff[tables]")
        self.raw = raw
        self.to: Any = None

    def write(self, answered: Answered) -> None:
        parquet: Any = need("pyarrow.parquet", "Writing Parquet", "tipoff[tables]")
        table = self.pa.Table.from_pandas(
            answered.table(), preserve_index=False, schema=None if self.to is None else self.to.schema
        )
        if self.to is None:
            self.to = parquet.ParquetWriter(self.raw, table.schema)
        self.to.write_table(table)

    def close(self) -> None:
        if self.to is not None:
            self.to.close()


class _Text:
    """For people: the first rows, a line each."""

    def __init__(self) -> None:
        self.left = SHOWN

    def write(self, answered: Answered) -> None:
        few = answered.frame.iloc[: self.left]
        for row in Answered(few, answered.prob[: self.left], answered.target).numbered():
            print(f"row {row['row']:<8}  {_line(row)}")
        if self.left and len(answered.frame) > self.left:
            print("and so on: --out scored.csv writes all of them")
        self.left -= len(few)


def _line(row: dict[str, Any]) -> str:
    if "sure" not in row:
        return str(row["sentence"])
    if row["sure"]:
        return f"{row['label']!s:<16}  {percent(row['probability'])}"
    return f"{'not sure':<16}  {unsure(row['probabilities'].items())}"


class _Json:
    """For programs: an object a line."""

    def write(self, answered: Answered) -> None:
        for row in answered.numbered():
            print(json.dumps(row, ensure_ascii=False))
