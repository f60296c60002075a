"""One table, one row an epoch: live in a terminal, as HTML in a notebook, plain lines elsewhere."""

from __future__ import annotations

import os
import sys
import time
from typing import Any

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

    def __init__(self, stream: Any = None) -> None:
        self.stream = stream or sys.stdout
        self.base = 0  # epochs of earlier stages of the same call
        self.total = 0
        self._rows: list[list[str]] = []
        self._show: _Terminal | _Notebook | _Lines | None = None

    def before_fit(self, run: Run) -> None:
        with_part = bool(run.part)
        names = [m.name for m in run.metrics]
        self._head = ["epoch", *(["part"] if with_part else []), "train", "valid", *names, "time"]
        if self.base == 0 or self._show is None:
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
        self._show.update(str(self.base + run.epoch + 1), run.part, share, left)

    def after_epoch(self, run: Run) -> None:
        assert self._show is not None
        spent = time.perf_counter() - self._began
        losses = ["" if v is None else f"{v:.4f}" for v in (run.train_loss, run.valid_loss)]
        values = [f"{v:.4f}" for v in run.metric_values]
        row = [str(self.base + run.epoch), *([run.part] if run.part else []), *losses, *values, _clock(spent)]
        self._rows.append(row)
        self._show.row(row)

    def after_fit(self, run: Run) -> None:
        if self._show is not None:
            self._show.end(run.stop_reason)

    def state_dict(self) -> dict[str, Any]:
        return {"rows": self._rows, "base": self.base}


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
        self.stream, self.widths, self.head = stream, _widths(head), head
        self.row(head)

    def row(self, values: list[str]) -> None:
        cells = [
            v.ljust(w) if h == "part" else v.rjust(w)
            for v, w, h in zip(values, self.widths, self.head, strict=True)
        ]
        print(" " + "  ".join(cells), file=self.stream, flush=True)

    def update(self, epoch: str, part: str, share: float, left: float) -> None: ...

    def end(self, reason: str | None) -> None:
        if reason:
            print(f" stopped: {reason}", file=self.stream, flush=True)


class _Terminal(_Lines):
    """As lines, with a bar under the last row that is written over in place."""

    def __init__(self, stream: Any, head: list[str]) -> None:
        self.colour = "NO_COLOR" not in os.environ
        super().__init__(stream, head)

    def row(self, values: list[str]) -> None:
        self.stream.write("\r\x1b[2K")
        super().row(values)

    def update(self, epoch: str, part: str, share: float, left: float) -> None:
        n = 30
        done = round(share * n)
        bar = "━" * done, "━" * (n - done)
        drawn = (
            f"\x1b[38;5;173m{bar[0]}\x1b[38;5;250m{bar[1]}\x1b[0m"
            if self.colour
            else "=" * done + "-" * (n - done)
        )
        first = f" {epoch.rjust(self.widths[0])}  " + (
            f"{part.ljust(self.widths[1])}  " if "part" in self.head else ""
        )
        self.stream.write(f"\r\x1b[2K{first}{drawn}  {share:4.0%}  {_clock(left)} left")
        self.stream.flush()

    def end(self, reason: str | None) -> None:
        self.stream.write("\r\x1b[2K")
        super().end(reason)
        self.stream.flush()


class _Notebook:
    """An HTML table, updated in place; it stays when the notebook is saved."""

    def __init__(self, head: list[str]) -> None:
        from IPython.display import HTML, display

        self.html, self.head, self.rows = HTML, head, list[list[str]]()
        self.handle: Any = display(HTML(self._table("")), display_id=True)

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
