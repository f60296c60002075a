"""What a report is made of whatever the task: plots in a folder, and parts that may fail."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from tipoff.cli.screen import note

CONFUSED = 3  # pairs of classes that are shown
Made = TypeVar("Made")


def attempt(what: str, make: Callable[[], Made]) -> Made | None:
    """What `make` gives; where it fails, a note and None: the model file is there already, and is worth more than a plot.

    >>> attempt("an example", lambda: 1 + 1)
    2
    """
    try:
        return make()
    except Exception as e:  # whatever a plot or a full disk may raise
        note(f"{what} could not be made ({type(e).__name__}: {e}); the model file is complete")
        return None


def confused(pairs: Sequence[tuple[Any, Any, int]]) -> str:
    """The most confused classes in a phrase.

    >>> confused([("cat", "dog", 3), ("dog", "cat", 1)])
    'cat predicted as dog 3, dog predicted as cat 1'
    """
    return ", ".join(f"{true} predicted as {said} {n:,}" for true, said, n in pairs[:CONFUSED])


def save_pictures(folder: Path, pictures: Mapping[str, Callable[[], Any]]) -> list[Path]:
    """Draw each figure and write it into `folder` under its name, one after the other; the files.

    What cannot be drawn or written is noted and left out.
    """
    made = [attempt(name, partial(_save, folder / name, draw)) for name, draw in pictures.items()]
    return [path for path in made if path is not None]


def _save(path: Path, draw: Callable[[], Any]) -> Path:
    import matplotlib.pyplot as plt

    figure = draw()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=110, bbox_inches="tight")
    finally:
        plt.close(figure)
    return path
