"""Sources of items: the files of a folder, the rows of a data frame."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any

from tipoff.arguments import said
from tipoff.checked import checked
from tipoff.errors import DataError, UsageError, need_folder, some
from tipoff.notes import note

IMAGE_EXTENSIONS = frozenset(
    [".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff"]
)


@checked
def get_files(
    path: str | Path,
    extensions: Collection[str] | None = None,
    recurse: bool = True,
    folders: Sequence[str] | None = None,
    followlinks: bool = True,
) -> list[Path]:
    """All files below `path`, sorted, hidden ones left out.

    `extensions` keeps only those endings (with the dot, any case); `folders` only those folders directly
    below `path`. Folders that may not be read are left out, and said. Raises `DataError` where `path` is no folder.
    """
    root = need_folder(path)
    wanted = None if extensions is None else {e.lower() for e in extensions}
    found: list[Path] = []
    seen: set[tuple[int, int]] = set()  # links may go in a circle
    for top, dirs, names in os.walk(root, onerror=_say_unread, followlinks=followlinks):
        stat = os.stat(top)
        if (stat.st_dev, stat.st_ino) in seen:
            dirs[:] = []
            continue
        if stat.st_ino:
            seen.add((stat.st_dev, stat.st_ino))
        at_root = Path(top) == root
        if not recurse:
            dirs[:] = []
        elif folders and at_root:
            dirs[:] = sorted(d for d in dirs if d in folders)
            names = []
        else:
            dirs[:] = sorted(d for d in dirs if not d.startswith("."))
        found += [
            Path(top, n)
            for n in names
            if not n.startswith(".") and (wanted is None or os.path.splitext(n)[1].lower() in wanted)
        ]
    return sorted(found)


def _say_unread(e: OSError) -> None:
    note(f"the folder {e.filename} cannot be read and is left out: {e.strerror}")


@checked
def get_image_files(
    path: str | Path, recurse: bool = True, folders: Sequence[str] | None = None
) -> list[Path]:
    """All pictures below `path`, by the ending of their names, sorted."""
    return get_files(path, IMAGE_EXTENSIONS, recurse, folders)


@checked
def image_getter(
    suffix: str = "", recurse: bool = True, folders: Sequence[str] | None = None
) -> Callable[[str | Path], list[Path]]:
    """`get_image_files` with its other arguments given, below `suffix`."""
    return lambda path: get_image_files(Path(path) / suffix, recurse, folders)


def need_images(path: str | Path) -> list[Path]:
    """`get_image_files`, or a `DataError` that says what was found instead."""
    files = get_image_files(path)
    if files:
        return files
    others = get_files(path)
    endings = sorted({f.suffix or "no ending" for f in others})
    what = (
        f"0 of {len(others)} files have a picture's ending: they have {some(endings)}"
        if others
        else "it is empty"
    )
    raise DataError(
        f"Looked in {path} and the folders below it, and found no pictures ({what}). "
        f"Pictures end in {', '.join(sorted(IMAGE_EXTENSIONS))}."
    )


def rows_of(items: Any) -> list[Any]:
    """A list of items from a list, a data frame (its rows), or one item."""
    if hasattr(items, "iloc") and hasattr(items, "columns"):
        return [items.iloc[i] for i in range(len(items))]
    if isinstance(items, (str, Path, bytes)):
        return [Path(items) if isinstance(items, str) else items]
    if callable(getattr(items, "read", None)) or hasattr(
        items, "getexif"
    ):  # an open file, an image of Pillow
        return [items]
    return listed(items)


def listed(items: Any) -> list[Any]:
    """`items` as a list. Raises `UsageError` for what is not several things."""
    try:
        return list(items)
    except TypeError:
        raise UsageError(f"The items are {said(items)}; a list of items, or a data frame, is needed.") from None
