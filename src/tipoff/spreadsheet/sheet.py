"""How a sheet is written: blocks of cells that formulas can name, in one set of colours."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tipoff.errors import UsageError
from tipoff.optional import need

Kind = Literal["input", "computed", "result", "name", "label", "title", "part", "note"]

# kind -> (fill, ink, bold, size)
LOOKS: dict[str, tuple[str | None, str, bool, int]] = {
    "input": ("FBE6D9", "7A2E0A", False, 11),
    "computed": (None, "211C16", False, 11),
    "result": ("E2F0E6", "1C4A30", True, 11),
    "name": ("F3EEE6", "5A5145", True, 10),
    "label": ("F3EEE6", "5A5145", True, 10),  # a name that is a formula
    "title": (None, "211C16", True, 16),
    "part": (None, "B4440F", True, 12),
    "note": (None, "5A5145", False, 10),
}
BELOW, MIDDLE, ABOVE = "7DB4F2", "FFFFFF", "F08A55"  # of errors: too low, right, too high
NUMBERS = ("input", "computed", "result")
FORMULAS = ("computed", "result", "label")
LEGEND: tuple[tuple[Kind, str], ...] = (
    ("input", "change me"),
    ("computed", "computed"),
    ("result", "result"),
)


@dataclass(frozen=True)
class Cells:
    """A rectangle of cells; its methods write what a formula calls them."""

    sheet: str
    row: int
    col: int
    n_rows: int
    n_cols: int

    def at(self, i: int = 0, j: int = 0) -> str:
        """One cell, as formulas on the same sheet name it: B5."""
        return f"{letter(self.col + j)}{self.row + i}"

    def of(self, i: int = 0, j: int = 0) -> str:
        """One cell, as formulas on other sheets name it: 'Step 1'!B5."""
        return f"'{self.sheet}'!{self.at(i, j)}"

    def in_row(self, i: int) -> str:
        return f"{self.at(i, 0)}:{self.at(i, self.n_cols - 1)}"

    def in_column(self, j: int) -> str:
        return f"{self.at(0, j)}:{self.at(self.n_rows - 1, j)}"

    @property
    def all(self) -> str:
        return f"{self.at()}:{self.at(self.n_rows - 1, self.n_cols - 1)}"

    @property
    def fixed(self) -> str:
        """All of them, as any sheet names them, however a formula is copied: 'Data'!$B$5:$B$20."""
        last = f"${letter(self.col + self.n_cols - 1)}${self.row + self.n_rows - 1}"
        first = f"'{self.sheet}'!${letter(self.col)}${self.row}"
        return first if self.n_rows == self.n_cols == 1 else f"{first}:{last}"


def letter(col: int) -> str:
    """The letters of a column; the first is 1.

    >>> letter(1), letter(28)
    ('A', 'AB')
    """
    text = ""
    while col:
        col, rest = divmod(col - 1, 26)
        text = chr(65 + rest) + text
    return text


def _style(kind: str) -> Any:
    """A look as a style of the workbook, which people find among its styles."""
    from openpyxl.styles import Alignment, Border, Font, NamedStyle, PatternFill, Side

    fill, ink, bold, size = LOOKS[kind]
    style = NamedStyle(f"tipoff {kind}", font=Font(name="Calibri", size=size, bold=bold, color=ink))
    if fill:
        style.fill = PatternFill("solid", fgColor=fill)
    if kind in NUMBERS:
        line = Side(style="hair", color="8F8473")
        style.border = Border(line, line, line, line)
    if kind in ("name", "label"):
        style.alignment = Alignment(horizontal="center")
    return style


class Book:
    """A workbook that is being written, for `path`."""

    def __init__(self, what: str, path: str | Path) -> None:
        self.path = Path(path)
        if self.path.suffix.lower() != ".xlsx":
            raise UsageError(f"{self.path.name!r} should end in .xlsx, so that programs know what it is.")
        if not self.path.absolute().parent.is_dir():
            raise UsageError(
                f"There is no folder {self.path.absolute().parent} to write {self.path.name} to."
            )
        openpyxl = need("openpyxl", what, "tipoff[tables]")
        self.book = openpyxl.Workbook()
        self.book.remove(self.book.active)
        self.book.calculation.fullCalcOnLoad = True
        styles = need("openpyxl.styles", what, "tipoff[tables]")
        self.left = styles.Alignment(horizontal="left")
        self.wrapped = styles.Alignment(horizontal="center", vertical="bottom", wrap_text=True)
        self.indented = styles.Alignment(horizontal="left", indent=1)
        for kind in LOOKS:
            self.book.add_named_style(_style(kind))

    def sheet(self, name: str, title: str, *notes: str) -> Sheet:
        """A new sheet with its title in the first row and notes below."""
        made = Sheet(self, self.book.create_sheet(name))
        made.put(1, 1, title, "title")
        for i, text in enumerate(notes):
            made.put(2 + i, 1, text, "note")
        return made

    def name(self, name: str, cells: Cells) -> None:
        """Let formulas call `cells` by a word."""
        from openpyxl.workbook.defined_name import DefinedName

        self.book.defined_names[name] = DefinedName(name, attr_text=cells.fixed)

    def save(self) -> Path:
        """Write the workbook; what is at `path` stays until the new one is whole."""
        path = self.path
        for ws in self.book.worksheets:  # printed: a page a sheet, unless it is long
            ws.page_setup.fitToHeight = 1 if ws.max_row <= 100 else 0
        handle, temporary = tempfile.mkstemp(
            dir=path.absolute().parent, prefix=f".{path.name}.", suffix=".part"
        )
        try:
            with os.fdopen(handle, "wb") as file:
                self.book.save(file)
            umask = os.umask(0)
            os.umask(umask)
            os.chmod(temporary, 0o666 & ~umask)
            os.replace(temporary, path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        return path


class Sheet:
    """One sheet of a book."""

    def __init__(self, book: Book, ws: Any) -> None:
        self.book, self.ws = book, ws
        ws.sheet_view.showGridLines = False
        ws.page_setup.orientation = "landscape"
        ws.sheet_properties.pageSetUpPr.fitToPage = True

    def put(self, row: int, col: int, value: Any, kind: Kind = "computed", fmt: str = "0.00") -> Cells:
        """Write one cell."""
        cell = self.ws.cell(row, col, value)
        if kind not in FORMULAS and isinstance(value, str):
            cell.data_type = "s"  # the name of a film may begin with "="
        cell.style = f"tipoff {kind}"
        if col == 1 and kind in ("name", "label"):
            cell.alignment = self.book.left
        if col > 1 and kind == "note":
            cell.alignment = self.book.indented
        if kind in NUMBERS:
            cell.number_format = fmt
        return Cells(self.ws.title, row, col, 1, 1)

    def block(
        self,
        row: int,
        col: int,
        shape: tuple[int, int],
        value: Callable[[int, int], Any],
        kind: Kind = "computed",
        fmt: str = "0.00",
    ) -> Cells:
        """Write a rectangle: `value(i, j)` is its cell i down and j to the right."""
        for i in range(shape[0]):
            for j in range(shape[1]):
                self.put(row + i, col + j, value(i, j), kind, fmt)
        return Cells(self.ws.title, row, col, *shape)

    def across(self, row: int, col: int, names: Sequence[Any], kind: Kind = "name") -> None:
        """Names over columns, in the middle."""
        self.block(row, col, (1, len(names)), lambda _, j: names[j], kind)

    def wrap(self, row: int, n_lines: int) -> None:
        """Let names in `row` take several lines."""
        if n_lines > 1:
            self.ws.row_dimensions[row].height = 14 * n_lines
            for cell in self.ws[row]:
                cell.alignment = self.book.wrapped

    def down(self, row: int, col: int, names: Sequence[Any], kind: Kind = "name") -> None:
        """Names beside rows."""
        self.block(row, col, (len(names), 1), lambda i, _: names[i], kind)

    def settings(self, row: int, values: Sequence[tuple[str, str, float, str]]) -> int:
        """Numbers to change, each (name in formulas, name, value, what it does); the first row after them."""
        for i, (word, name, value, note) in enumerate(values):
            self.put(row + i, 1, name, "name")
            self.book.name(word, self.put(row + i, 2, value, "input", "General"))
            self.put(row + i, 3, note, "note")
        return row + len(values)

    def legend(self, row: int) -> None:
        """What the colours mean."""
        for j, (kind, text) in enumerate(LEGEND):
            self.put(row, 1 + j, text, kind)

    def widths(self, first: float, rest: float, n: int) -> None:
        """The width of column A and of the `n` after it, in letters."""
        for col in range(1, n + 2):
            self.ws.column_dimensions[letter(col)].width = first if col == 1 else rest

    def freeze(self, row: int, col: int) -> None:
        """Rows above `row` and columns left of `col` stay in sight."""
        self.ws.freeze_panes = f"{letter(col)}{row}"

    def tint(self, cells: Cells) -> None:
        """Colour numbers by sign and size: blue below 0, orange above."""
        from openpyxl.formatting.rule import ColorScaleRule

        rule = ColorScaleRule("min", None, BELOW, "num", 0, MIDDLE, "max", None, ABOVE)
        self.ws.conditional_formatting.add(cells.all, rule)

    def chart(
        self,
        where: str,
        x: Cells,
        ys: Sequence[Cells],
        title: str,
        x_name: str,
        y_name: str,
        log: bool = False,
    ) -> None:
        """Lines over `x`; the name of each stands in the cell above its numbers; `log` spreads the small ones."""
        from openpyxl.chart import ScatterChart, Series

        chart = ScatterChart(scatterStyle="lineMarker", style=13)
        chart.title, chart.height, chart.width = title, 9, 17
        chart.x_axis.title, chart.y_axis.title = x_name, y_name
        chart.x_axis.number_format, chart.y_axis.number_format = "0", "General" if log else "0.0"
        chart.y_axis.scaling.logBase = 10 if log else None
        chart.x_axis.delete = chart.y_axis.delete = False  # without it, some programs draw no numbers
        for y, colour in zip(ys, ("E0703A", "1D5FA8", "2B6A45", "7C5200"), strict=False):
            series = Series(self._reference(y, 1), self._reference(x, 0), title_from_data=True)
            series.marker.symbol = "none"
            series.smooth = False
            series.graphicalProperties.line.solidFill = colour
            series.graphicalProperties.line.width = 24000
            chart.series.append(series)
        heading: Any
        for heading in (chart.title, chart.x_axis.title, chart.y_axis.title):
            heading.overlay = False  # without it, Excel lays the title over the lines
        if len(ys) == 1:
            chart.legend = None
        self.ws.add_chart(chart, where)

    def _reference(self, cells: Cells, above: int) -> Any:
        from openpyxl.chart import Reference

        ws = self.book.book[cells.sheet]
        return Reference(
            ws,
            min_col=cells.col,
            max_col=cells.col,
            min_row=cells.row - above,
            max_row=cells.row + cells.n_rows - 1,
        )
