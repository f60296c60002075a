"""The outside of a model file: a zip or a folder with a few named members, as bytes in memory.

Members of the zip are stored plainly, so that none can be larger than the file that holds it. Nothing
is ever unpacked to the disk, and members with other names than these are left alone.
"""

from __future__ import annotations

import glob
import os
import shutil
import stat
import struct
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, BinaryIO

from tipoff.errors import BundleError, did_you_mean

LIMITS = {  # in bytes
    "model.safetensors": 32 << 30,
    "check.safetensors": 256 << 20,
    "card.md": 1 << 20,
    "texts.json": 64 << 20,
    "spec.json": 16 << 20,
}
NEEDED = ("spec.json", "model.safetensors")
MAX_MEMBERS = 64
MAX_DIRECTORY_BYTES = 64 << 10


def read_members(path: Path) -> dict[str, bytes]:
    """The members of the model file, or folder, at `path`, by name.

    Raises `BundleError` where there is none, where it is damaged, or where a member is missing, compressed,
    encrypted, there twice or too large.
    """
    try:
        files = _read_folder(path) if path.is_dir() else _read_zip(path)
    except BundleError:
        raise
    except OSError as e:
        raise BundleError(f"{path} cannot be read: {e.strerror or e}.") from None
    for name in NEEDED:
        if name not in files:
            raise BundleError(f"{path} lacks {name}; this is not a tipoff model file.")
    return files


def write_members(path: Path, files: Mapping[str, bytes]) -> None:
    """Write a zip, or into the folder where `path` is one; a file that is there stays until the new one is whole.

    Raises `BundleError` where it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            _write_folder(path, files)
        else:
            _write_zip(path, files)
    except OSError as e:
        home = next((p for p in path.absolute().parents if p.is_dir()), Path("/"))
        free = shutil.disk_usage(home).free / 2**20
        raise BundleError(
            f"{path} cannot be written: {e.strerror or e} ({free:,.0f} MB free). The model in memory is whole."
        ) from e


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """A file to write to, which takes the place of `path` when the block ends; what is there stays until then.

    >>> with replacing(Path("x.bin")) as file:  # doctest: +SKIP
    ...     file.write(b"whole")
    """
    _remove_leftovers(path)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as raw:
            _locked(raw.fileno())
            yield raw
            raw.flush()
            os.fsync(raw.fileno())
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(temporary, 0o666 & ~umask)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _remove_leftovers(path: Path) -> None:
    """Delete what a process that was killed left of an earlier writing of `path`; of one that still writes it is locked."""
    for part in path.parent.glob(f".{glob.escape(path.name)}.*.part"):
        with suppress(OSError), open(part, "rb+") as file:
            if _locked(file.fileno()):
                part.unlink(missing_ok=True)


def _locked(handle: int) -> bool:
    """Lock an open file until it is closed; False where another process has it. Windows does so by itself."""
    try:
        import fcntl
    except ImportError:
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return False
    return True


def _write_zip(path: Path, files: Mapping[str, bytes]) -> None:
    with replacing(path) as raw, zipfile.ZipFile(raw, "w", zipfile.ZIP_STORED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), data)


def _write_folder(path: Path, files: Mapping[str, bytes]) -> None:
    """The old or the new, never a mixture, wherever it is interrupted: once spec.json is away, the parts are what counts.

    An empty part stands for a member that the new model file does not have.
    """
    parts = {name: _part(path, name) for name in LIMITS}
    try:
        for name, part in parts.items():
            with open(part, "wb") as file:
                file.write(files.get(name, b""))
                file.flush()
                os.fsync(file.fileno())
    except BaseException:
        for part in parts.values():
            part.unlink(missing_ok=True)
        raise
    (path / "spec.json").unlink(missing_ok=True)
    for name, part in parts.items():  # spec.json is the last of them
        if name in files:
            os.replace(part, path / name)
        else:
            (path / name).unlink(missing_ok=True)
            part.unlink()


def _part(path: Path, name: str) -> Path:
    return path / f".{name}.part"


def _read_folder(path: Path) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    interrupted = not (path / "spec.json").exists() and _part(path, "spec.json").exists()
    for name, limit in LIMITS.items():
        file = path / name
        if interrupted and _part(path, name).exists():
            file = _part(path, name)
            if not file.stat().st_size:
                continue
        if not file.exists():
            continue
        if not stat.S_ISREG(file.stat().st_mode) or file.stat().st_size > limit:
            raise BundleError(f"{file} is not a plain file of at most {limit:,} bytes.")
        files[name] = file.read_bytes()
    return files


def _read_zip(path: Path) -> dict[str, bytes]:
    if not path.exists():
        near = [p.name for p in path.parent.glob("*.tipoff")] if path.parent.is_dir() else []
        raise BundleError(f"There is no model file {path}.{did_you_mean(path.name, near)}")
    if not path.is_file():
        raise BundleError(f"{path} is not a plain file.")
    with open(path, "rb") as file:
        total = os.fstat(file.fileno()).st_size
        try:
            _check_directory(file, total)
            with zipfile.ZipFile(file) as archive:
                return {m.filename: archive.read(m) for m in _members(path, archive, total)}
        except (
            zipfile.BadZipFile,
            struct.error,
            NotImplementedError,
            RuntimeError,
            EOFError,
            ValueError,
        ) as e:
            if isinstance(e, BundleError):
                raise
            raise BundleError(
                f"{path} is not a whole model file ({e}); it has {total:,} bytes. "
                "Was it copied or downloaded completely?"
            ) from None


def _check_directory(file: BinaryIO, total: int) -> None:
    """Look at the end of the archive: its list of members must be short, before zipfile reads all of it."""
    file.seek(max(0, total - 98))
    tail = file.read(98).rjust(98, b"\0")
    if tail[76:80] != b"PK\5\6" or tail[96:] != b"\0\0":
        raise zipfile.BadZipFile("it does not end as a zip without a comment does")
    size = struct.unpack_from("<L", tail, 88)[0]
    if tail[56:60] == b"PK\6\7":  # zip64, for files of more than 2 GB
        if total < 2**31 or tail[:4] != b"PK\6\6":
            raise zipfile.BadZipFile("its zip64 records are out of place")
        size = struct.unpack_from("<Q", tail, 40)[0]
    if size > MAX_DIRECTORY_BYTES:
        raise zipfile.BadZipFile(f"its list of members has {size:,} bytes")


def _members(path: Path, archive: zipfile.ZipFile, total: int) -> list[zipfile.ZipInfo]:
    """The members that are to be read, found to be harmless."""
    every = archive.infolist()
    if len(every) > MAX_MEMBERS or len({m.filename for m in every}) < len(every):
        raise BundleError(f"{path} holds {len(every)} members; a model file holds a few, each once.")
    known = [m for m in every if m.filename in LIMITS]  # a later version may add others
    for m in known:
        if m.compress_type != zipfile.ZIP_STORED or m.flag_bits & 1:
            raise BundleError(
                f"{path}: {m.filename} is compressed or encrypted; a model file's members are stored plainly."
            )
        if m.file_size > total or m.file_size != m.compress_size:
            raise BundleError(f"{path}: {m.filename} claims {m.file_size:,} bytes in a file of {total:,}.")
        if m.file_size > LIMITS[m.filename]:
            raise BundleError(
                f"{path}: {m.filename} claims {m.file_size:,} bytes; at most {LIMITS[m.filename]:,} are read."
            )
    return known
