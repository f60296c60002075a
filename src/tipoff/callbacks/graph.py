"""The losses as a graph that grows while training goes on."""

from __future__ import annotations

from typing import Any

from tipoff.callbacks.progress import in_notebook
from tipoff.callbacks.recorder import Recorder
from tipoff.display import shown, subplots
from tipoff.train.run import Run


class ShowGraphCallback(Recorder):
    """Draw training and validation loss: in a notebook after each epoch, in place; elsewhere once at the end.

    `figure` is the last graph, to be saved.
    """

    order = 65

    def __init__(self) -> None:
        super().__init__()
        self.figure: Any = None
        self._handle: Any = None

    def before_fit(self, run: Run) -> None:
        super().before_fit(run)
        self._handle = None
        self.figure, self._ax = subplots(figsize=(6, 4))

    def after_epoch(self, run: Run) -> None:
        super().after_epoch(run)
        self._ax.clear()
        self.plot_loss(skip_start=0, ax=self._ax)
        if in_notebook():
            from IPython import display

            ipython: Any = display
            if self._handle is None:
                self._handle = ipython.display(self.figure, display_id=True)
            else:
                self._handle.update(self.figure)

    def after_fit(self, run: Run) -> None:
        if self._handle is None:
            shown(self.figure)
