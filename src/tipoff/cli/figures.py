"""What a report is made of whatever the task: pictures in a folder, and how often a model was right."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tipoff.cli.screen import percent
from tipoff.errors import DataError
from tipoff.metrics.interval import interval


def save_pictures(folder: Path, pictures: Mapping[str, Callable[[], Any]]) -> list[Path]:
    """Draw each figure and write it into `folder` under its name, one after the other; the files.

    Raises `DataError` where they cannot be written.
    """
    import matplotlib.pyplot as plt

    paths = []
    for name, draw in pictures.items():
        figure, path = draw(), folder / name
        try:
            folder.mkdir(parents=True, exist_ok=True)
            figure.savefig(path, dpi=110, bbox_inches="tight")
        except OSError as e:
            raise DataError(f"{path} cannot be written: {e.strerror or e}.") from None
        plt.close(figure)
        paths.append(path)
    return paths


def right_on(n_right: int, n: int, what: str, digits: int = 1) -> str:
    """The figure in a sentence, with its interval on this many items in percent, to `digits`.

    >>> right_on(39, 42, "texts")
    'right on 39 of 42 unseen texts: 92.9 % (81.0 to 97.5)'
    """
    low, high = (f"{100 * share:.{digits}f}" for share in interval(n_right, n))
    return f"right on {n_right:,} of {n:,} unseen {what}: {percent(n_right / n)} ({low} to {high})"
