"""Sources of files that give `L`s of `Path`s, as notebooks chain them."""

from __future__ import annotations

from typing import Any

from tipoff.data import external, items
from tipoff.notebook.lists import L
from tipoff.notebook.paths import Path
from tipoff.vision import gather


def get_files(path: Any, *args: Any, **kwargs: Any) -> L:
    """As `tipoff.data.get_files`."""
    return L([Path(p) for p in items.get_files(path, *args, **kwargs)])


def get_image_files(path: Any, recurse: bool = True, folders: Any = None) -> L:
    """As `tipoff.data.get_image_files`."""
    return L([Path(p) for p in items.get_image_files(path, recurse, folders)])


def verify_images(fns: Any) -> L:
    """As `tipoff.vision.verify_images`."""
    return L([Path(p) for p in gather.verify_images(fns)])


def untar_data(url: str, *args: Any, **kwargs: Any) -> Path:
    """As `tipoff.data.untar_data`."""
    return Path(external.untar_data(url, *args, **kwargs))
