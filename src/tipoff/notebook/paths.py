"""A path that can list itself."""

from __future__ import annotations

import mimetypes
import pathlib
from collections.abc import Collection

from tipoff.notebook.lists import L


class Path(type(pathlib.Path())):  # type: ignore[misc]  # the class for this system: PosixPath or WindowsPath
    """`pathlib.Path` with `ls`; paths made from it are of the same kind.

    >>> Path(".").ls()  # doctest: +SKIP
    (#3) [Path('a'),Path('b'),Path('c')]
    """

    def ls(
        self,
        n_max: int | None = None,
        file_type: str | None = None,
        file_exts: str | Collection[str] | None = None,
    ) -> L:
        """What is in this folder, sorted; only files with one of `file_exts`, or of a `file_type` such as "image"."""
        exts = {file_exts} if isinstance(file_exts, str) else set(file_exts or ())
        if file_type:
            exts |= {e for e, kind in mimetypes.types_map.items() if kind.startswith(f"{file_type}/")}
        found = sorted(p for p in self.iterdir() if not exts or p.suffix.lower() in exts)
        return L(found[:n_max])

    def __repr__(self) -> str:
        return f"Path({str(self)!r})"
