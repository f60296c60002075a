"""A frame that shows itself, as fastai's rows do. Loaded late: it needs pandas."""

from __future__ import annotations

import pandas as pd

from tipoff.display import show_frame


class Shown(pd.DataFrame):
    """A data frame with `show()`."""

    def show(self) -> None:
        """HTML in a notebook, text in a terminal."""
        show_frame(self)
