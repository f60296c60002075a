"""A table to be read: HTML in a notebook, text in a terminal."""

from __future__ import annotations

import sys
from typing import Any


def show_frame(frame: Any) -> None:
    """Show a data frame where the user looks: under the notebook's cell, or on the terminal."""
    shell = sys.modules.get("IPython")
    kernel = getattr(shell.get_ipython(), "kernel", None) if shell is not None else None
    if kernel is not None:
        from IPython.display import HTML, display

        display(HTML(frame.to_html(index=False)))  # type: ignore[no-untyped-call]
    else:
        print(frame.to_string(index=False))
