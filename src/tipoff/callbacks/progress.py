"""One table, one row an epoch: live in a terminal, as HTML in a notebook, plain lines elsewhere."""

from __future__ import annotations

import os
import sys
import time
from typing import Any

from tipoff.display import BAR
from tipoff.train.callback import Callback
from tipoff.train.run import Run


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def in_notebook() -> bool:
    """Whether this runs in a Jupyter kernel."""
    shell = sys.modules.get("IPython")
    return shell is not None and type(shell.get_ipython()).__name__ == "ZMQInteractiveShell"


class Progress(Callback):
    """Shows the epochs as they end, and how far the present one is.

    The display changes at most ten times a second, so that it costs nothing.
    """

    order = 60
    only_watches = True

    def __init__(self, stream: Any = None) -> None:
        self.stream = stream or sys.stdout
        self._rows: list[list[str]] = []
        self._show: _Terminal | _Notebook | _Lines | None = None

    def before_fit(self, run: Run) -> None:
        with_part = bool(run.part)
        names = [m.name for m in run.metrics]
        self._head = ["epoch", *(["part"] if with_part else []), "train", "valid", *names, "time"]
        if run.stage == 0 or self._show is None:
            self._rows = []
            self._show = _choose(self.stream, self._head)
        self._next = 0.0
        self._fit_began, self._fit_steps = time.perf_counter(), run.n_steps

    def before_epoch(self, run: Run) -> None:
        self._began = time.perf_counter()

    def after_step(self, run: Run) -> None:
        now = time.perf_counter()
        if now < self._next or self._show is None:
            return
        self._next = now + 0.1
        share = run.n_batches / len(run.train)
        left = (now - self._began) / share * (1 - share) if share else 0.0
        self._show.update(str(run.epochs_before + run.epoch + 1), run.part, share, left)

    def after_epoch(self, run: Run) -> None:
        assert self._show is not None
        spent = time.perf_counter() - self._began
        losses = ["" if v is None else f"{v:.4f}" for v in (run.train_loss, run.valid_loss)]
        values = [f"{v:.4f}" for v in run.metric_values]
        row = [
            str(run.epochs_before + run.epoch),
            *([run.part] if run.part else []),
            *losses,
            *values,
            _clock(spent),
        ]
        self._rows.append(row)
        self._show.row(row)

    def after_fit(self, run: Run) -> None:
        if self._show is not None:
            self._show.end(run.stop_reason)


def _choose(stream: Any, head: list[str]) -> Any:
    if in_notebook():
        return _Notebook(head)
    if stream.isatty() and os.environ.get("TERM") != "dumb":
        return _Terminal(stream, head)
    return _Lines(stream, head)


def _widths(head: list[str]) -> list[int]:
    return [max(len(h), {"epoch": 5, "part": 5, "time": 6}.get(h, 8)) for h in head]


class _Lines:
    """One line an epoch, for files and pipes."""

    def __init__(self, stream: Any, head: list[str]) -> None:
        self.stream, self.widths, self.head, self.rows_written = stream, _widths(head), head, 0
        self.row(head)

    def row(self, values: list[str]) -> None:
        cells = [
            v.ljust(w) if h == "part" else v.rjust(w)
            for v, w, h in zip(values, self.widths, self.head, strict=True)
        ]
        self.write(" " + "  ".join(cells))
        self.rows_written += 1

    def write(self, line: str) -> None:
        print(line, file=self.stream, flush=True)

    def update(self, epoch: str, part: str, share: float, left: float) -> None: ...

    def end(self, reason: str | None) -> None:
        if reason:
            self.write(f" stopped: {reason}")


class _Terminal(_Lines):
    """As lines, with a bar under the last row that is drawn in place."""

    def __init__(self, stream: Any, head: list[str]) -> None:
        from rich.console import Console
        from rich.live import Live

        self.console = Console(file=stream, highlight=False)
        self.live = Live(console=self.console, auto_refresh=False, transient=True)
        super().__init__(stream, head)

    def write(self, line: str) -> None:
        self.console.print(
            line, markup=False, soft_wrap=True, style="dim" if self.rows_written == 0 else None
        )

    def update(self, epoch: str, part: str, share: float, left: float) -> None:
        from rich.progress_bar import ProgressBar
        from rich.table import Table

        if not self.live.is_started:
            self.live.start()
        line = Table.grid(padding=(0, 2, 0, 0))
        label = " " + epoch.rjust(self.widths[0])
        if "part" in self.head:
            label += "  " + part.ljust(self.widths[1])
        bar = ProgressBar(total=1.0, completed=share, width=30, complete_style=BAR, finished_style=BAR)
        line.add_row(label, bar, f"{share * 100:3.0f} %", f"{_clock(left)} left")
        self.live.update(line, refresh=True)

    def end(self, reason: str | None) -> None:
        self.live.stop()
        super().end(reason)


class _Notebook:
    """An HTML table, updated in place; it stays when the notebook is saved."""

    def __init__(self, head: list[str]) -> None:
        from IPython import display

        ipython: Any = display
        self.html, self.head, self.rows = ipython.HTML, head, list[list[str]]()
        self.handle: Any = ipython.display(self.html(self._table("")), display_id=True)

    def _table(self, below: str) -> str:
        cell = "padding:.2em .8em;text-align:right"
        head = "".join(f'<th style="{cell}">{h}</th>' for h in self.head)
        body = "".join(
            "<tr>" + "".join(f'<td style="{cell}">{v}</td>' for v in r) + "</tr>" for r in self.rows
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{below}"

    def row(self, values: list[str]) -> None:
        self.rows.append(values)
        self.handle.update(self.html(self._table("")))

    def update(self, epoch: str, part: str, share: float, left: float) -> None:
        bar = f'<progress value="{share:.3f}" max="1"></progress> epoch {epoch} {part} {share:.0%}, {_clock(left)} left'
        self.handle.update(self.html(self._table(bar)))

    def end(self, reason: str | None) -> None:
        self.handle.update(self.html(self._table(f"stopped: {reason}" if reason else "")))
