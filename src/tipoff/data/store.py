"""Decoded once: arrays of any size kept in one memory-mapped file in the user's cache folder.

A store is keyed by what was done to the files and by every file's path, size and time of change, so a
changed file is never read from an old store. It is bounded, and safe to delete at any time.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from tipoff.errors import DataError
from tipoff.notes import note

MAX_STORE_BYTES = 8 << 30
MAX_CACHE_BYTES = 20 << 30
_CHUNK = 64
_pools: dict[int, ThreadPoolExecutor] = {}


def threads() -> int:
    """How many threads decode and warp: the processors that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # macOS, Windows
        return os.cpu_count() or 1


def pool() -> ThreadPoolExecutor:
    """The process's threads for pictures; a forked process gets its own."""
    pid = os.getpid()
    if pid not in _pools:
        _pools.clear()
        _pools[pid] = ThreadPoolExecutor(threads(), thread_name_prefix="tipoff")
    return _pools[pid]


def cache_folder() -> Path:
    """Where decoded pictures are kept: $TIPOFF_CACHE, or the user's cache folder."""
    if path := os.environ.get("TIPOFF_CACHE"):
        return Path(path)
    base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA") or str(Path.home() / ".cache")
    return Path(base) / "tipoff"


class Store:
    """The arrays of some files; `errors` says why the others could not be read."""

    def __init__(self, folder: Path, paths: Sequence[Path]) -> None:
        meta = json.loads((folder / "store.json").read_text())
        self.folder, self.errors = folder, {Path(p): str(why) for p, why in meta["errors"].items()}
        self._paths, self._dtype = list(paths), np.dtype(meta["dtype"])
        self._index = np.load(folder / "index.npy")  # (N, 4): offset in elements, and the shape
        self._slot = {p: i for i, p in enumerate(paths)}
        self._data = self._map()

    def _map(self) -> np.ndarray:
        file = self.folder / "data.bin"
        return np.memmap(file, self._dtype, "r") if file.stat().st_size else np.empty(0, self._dtype)

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "_data": None}

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__dict__.update(state)
        self._data = self._map()

    def get(self, path: Path) -> np.ndarray | None:
        """The array of `path`, a view of the file, or None where there is none."""
        slot = self._slot.get(path)
        if slot is None:
            return None
        offset, *shape = self._index[slot].tolist()
        if not shape[0]:
            return None
        if not shape[2]:
            shape = shape[:2]  # two dimensions: a mask
        size = int(np.prod(shape))
        return np.asarray(self._data[offset : offset + size]).reshape(shape)


def open_store(
    paths: Sequence[Path], make: Callable[[Path], np.ndarray], key: str, max_bytes: int = MAX_STORE_BYTES
) -> Store | None:
    """The arrays that `make` gives for `paths`, made now or by an earlier run.

    `key` names what `make` does. None where they would take more than `max_bytes` or cannot be
    written: then files are decoded each time.
    """
    paths = sorted(set(paths))
    if not paths or os.environ.get("TIPOFF_CACHE") == "off":
        return None
    digest = hashlib.sha256(key.encode())
    for p in paths:
        try:
            stat = p.stat()
            # the time of change of the entry too: a copy may bring its old time of change with it
            key_of_file = f"{p.absolute()}\0{stat.st_size}\0{stat.st_mtime_ns}\0{stat.st_ctime_ns}\0"
            digest.update(key_of_file.encode("utf-8", "surrogatepass"))
        except OSError:
            digest.update(f"{p.absolute()}\0unreadable\0".encode("utf-8", "surrogatepass"))
    root = cache_folder() / "decoded"
    folder = root / digest.hexdigest()[:32]
    try:
        if (folder / "store.json").exists():
            os.utime(folder)
            return Store(folder, paths)
        root.mkdir(parents=True, exist_ok=True)
        return _build(folder, paths, make, min(max_bytes, int(shutil.disk_usage(root).free * 0.5)))
    except (OSError, ValueError, KeyError) as e:
        note(f"decoded pictures cannot be kept in {root} ({e}); each epoch decodes them again", once=True)
        return None


def _build(
    folder: Path, paths: Sequence[Path], make: Callable[[Path], np.ndarray], max_bytes: int
) -> Store | None:
    temporary = folder.with_name(f"{folder.name}.{os.getpid()}.part")
    temporary.mkdir()
    try:
        complete = _write(temporary, paths, make, max_bytes)
        if not complete:
            return None
        _make_room(folder.parent, keep=temporary)
        try:
            temporary.rename(folder)
        except OSError:  # another process was first
            if not (folder / "store.json").exists():
                raise
        return Store(folder, paths)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _write(folder: Path, paths: Sequence[Path], make: Callable[[Path], np.ndarray], max_bytes: int) -> bool:
    index = np.zeros((len(paths), 4), dtype=np.int64)
    errors: dict[str, str] = {}
    dtype, at, began = np.dtype(np.uint8), 0, time.monotonic()

    def attempt(path: Path) -> np.ndarray | str:
        try:
            return make(path)
        except DataError as e:
            return str(e)

    with open(folder / "data.bin", "wb") as file:
        for start in range(0, len(paths), _CHUNK):
            chunk = paths[start : start + _CHUNK]
            for i, (path, made) in enumerate(zip(chunk, pool().map(attempt, chunk), strict=True), start):
                if isinstance(made, str):
                    errors[str(path)] = made
                    continue
                dtype = made.dtype
                index[i] = (at, *made.shape, 0)[:4]
                file.write(np.ascontiguousarray(made).data)
                at += made.size
            done = start + len(chunk)
            if at * dtype.itemsize / done * len(paths) > max_bytes:
                note(
                    f"the decoded pictures would take {at * dtype.itemsize / done * len(paths) / 2**30:.1f} GB, "
                    "more than is kept; each epoch decodes them again",
                    once=True,
                )
                return False
            spent = time.monotonic() - began
            if spent > 3 and done < len(paths):
                note(
                    f"decoding {len(paths):,} pictures once, about {spent / done * (len(paths) - done):.0f} s more",
                    once=True,
                )
    np.save(folder / "index.npy", index)
    (folder / "store.json").write_text(json.dumps({"dtype": dtype.name, "errors": errors}))
    if at * dtype.itemsize > 200 << 20:
        note(
            f"{at * dtype.itemsize / 2**20:,.0f} MB of decoded pictures are kept in {folder.parent} (safe to delete)",
            once=True,
        )
    return True


def _make_room(root: Path, keep: Path) -> None:
    """Delete the stores that were not used for the longest time until all fit under the limit."""
    stores = sorted((p for p in root.iterdir() if p.is_dir() and p != keep), key=lambda p: p.stat().st_mtime)
    sizes = {p: sum(f.stat().st_size for f in p.iterdir()) for p in (*stores, keep)}
    total = sum(sizes.values())
    for p in stores:
        stale = p.suffix == ".part" and time.time() - p.stat().st_mtime > 86_400
        if total > MAX_CACHE_BYTES or stale:
            shutil.rmtree(p, ignore_errors=True)
            total -= sizes[p]
