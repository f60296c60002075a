"""The numbers of many texts, one after the other: in memory while they are few, else in a memory-mapped file."""

from __future__ import annotations

import os
import tempfile
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tipoff.data.store import cache_folder
from tipoff.errors import DataError
from tipoff.notes import note
from tipoff.text.remembered import laid_out

SPILL = 16 << 20  # bytes that are kept in memory
TOLD = 200 << 20  # bytes of a file that are told
_STEP = 1 << 20  # numbers that are changed at a time


class Ids:
    """`ids[i]` are the numbers of text `i`, a view; `starts` and `lens` (N,) say where they are in `flat`."""

    def __init__(self, flat: Flat, starts: np.ndarray, lens: np.ndarray) -> None:
        self.flat, self.starts, self.lens = flat, starts, lens

    def __len__(self) -> int:
        return len(self.lens)

    def __getitem__(self, i: int) -> np.ndarray:
        start = self.starts[i]
        return self.flat.data[start : start + self.lens[i]]

    def take(self, at: Sequence[int]) -> Ids:
        """Some of the texts."""
        return Ids(self.flat, self.starts[list(at)], self.lens[list(at)])

    def laid_out(self, table: np.ndarray, lens: np.ndarray) -> Ids:
        """Each number replaced by several: number k by the k-th part of `table`, which is `lens[k]` long, none empty."""
        writer, ends = IdsWriter(), self.lens.cumsum()
        at = 0
        while at < len(self):
            until = max(at + 1, int(np.searchsorted(ends, self.starts[at] + _STEP, "right")))
            part = np.asarray(self.flat.data[self.starts[at] : ends[until - 1]])
            flat, _ = laid_out(table, lens, part)
            writer.add(flat, np.add.reduceat(lens[part], self.starts[at:until] - self.starts[at]))
            at = until
        return writer.done()


class Flat:
    """Numbers in memory, or in a file that goes away with the last one who uses it, or with the process."""

    def __init__(self, data: np.ndarray, file: Path | None = None) -> None:
        self.data, self.file = data, file
        if file is not None:
            weakref.finalize(self, _remove, file, os.getpid())

    def __getstate__(self) -> dict[str, Any]:
        return {"data": self.data if self.file is None else None, "file": self.file}

    def __setstate__(self, state: dict[str, Any]) -> None:  # in another process, which leaves the file alone
        self.data, self.file = state["data"], state["file"]
        if self.file is not None:
            self.data = np.memmap(self.file, np.int32, "r")


class IdsWriter:
    """Takes the numbers of texts as they come; `done` gives all of them."""

    def __init__(self) -> None:
        self._parts: list[np.ndarray] = []
        self._lens: list[np.ndarray] = []
        self._bytes = 0
        self._file: Any = None

    def add(self, flat: np.ndarray, lens: Sequence[int] | np.ndarray) -> None:
        """The numbers of some texts, one after the other, and how many there are of each."""
        self._lens.append(np.asarray(lens, dtype=np.int64))
        self._parts.append(np.ascontiguousarray(flat, dtype=np.int32))
        self._bytes += flat.size * 4
        if self._file is not None or self._bytes > SPILL:
            self._spill()

    def add_each(self, many: Sequence[np.ndarray]) -> None:
        """The numbers of some texts, each an array."""
        if many:
            self.add(np.concatenate(many), [len(m) for m in many])

    def _spill(self) -> None:
        if self._file is None:
            self._file = _temporary()
        try:
            for part in self._parts:
                self._file.write(part.data)
        except OSError as e:
            raise DataError(
                f"The numbers of the texts cannot be written to {self._file.name}: {e.strerror or e}. Set TIPOFF_CACHE to a "
                "folder with more room."
            ) from None
        self._parts = []

    def done(self, table: np.ndarray | None = None) -> Ids:
        """All numbers; each replaced by `table[number]` where a table is given."""
        lens = np.concatenate(self._lens) if self._lens else np.empty(0, np.int64)
        starts = lens.cumsum() - lens
        if self._file is None:
            flat = np.concatenate(self._parts) if self._parts else np.empty(0, np.int32)
            return Ids(
                Flat(flat if table is None else table[flat].astype(np.int32, copy=False)), starts, lens
            )
        self._file.close()
        path = Path(self._file.name)
        if table is not None:
            _renumber(path, table)
        if self._bytes > TOLD:
            note(
                f"the numbers of the texts take {self._bytes / 2**20:,.0f} MB in {path.parent}, until the program ends "
                "(safe to delete then)",
                once=True,
            )
        return Ids(Flat(np.memmap(path, np.int32, "r"), path), starts, lens)


def _renumber(path: Path, table: np.ndarray) -> None:
    """Each number of the file replaced by `table[number]`, some at a time: a file that is mapped would count as memory."""
    with path.open("r+b") as file:
        while len(numbers := np.fromfile(file, np.int32, _STEP)):
            file.seek(-numbers.nbytes, os.SEEK_CUR)
            file.write(table[numbers].astype(np.int32).data)
            file.seek(0, os.SEEK_CUR)


def _temporary() -> Any:
    """A new file in the user's cache, or where temporary files go."""
    folder: Path | None = cache_folder() / "texts"
    try:
        assert folder is not None
        folder.mkdir(parents=True, exist_ok=True)
        return tempfile.NamedTemporaryFile("wb", dir=folder, suffix=".ids", delete=False)
    except OSError:
        return tempfile.NamedTemporaryFile("wb", suffix=".ids", delete=False)


def _remove(file: Path, owner: int) -> None:
    if os.getpid() == owner:  # a forked process ends without taking it away from the others
        file.unlink(missing_ok=True)
