"""Archives from the web into a folder: inside it, of bounded size, whole or not at all."""

from __future__ import annotations

import shutil
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from tipoff.errors import DataError
from tipoff.notes import note

MAX_FILES = 5_000_000
GROWTH = 200  # times the size of the archive; more is a bomb
ALWAYS = 1 << 30  # bytes that any archive may hold
CHUNK = 1 << 20


def unpack(archive: str | Path, folder: str | Path, *, max_bytes: int | None = None) -> Path:
    """Unpack a tar (plain, gz, bz2, xz) or zip file as the new folder `folder`, and return it.

    An archive that holds one folder is unpacked without that level. Links and special files are left out,
    and said. At most `max_bytes` are written (200 times the archive's size, and at least a gigabyte, where
    None). Raises `DataError` for a file that is no archive or is damaged, for names that lead out of the folder,
    and for a bomb; nothing is left behind then.
    """
    archive, folder = Path(archive), Path(folder)
    limit = max_bytes or max(ALWAYS, GROWTH * archive.stat().st_size)
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        _write_all(archive, made, limit)
        inside = list(made.iterdir())
        source = inside[0] if len(inside) == 1 and inside[0].is_dir() else made
        source.rename(folder)
    except (tarfile.TarError, zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as e:
        raise DataError(
            f"{archive} is damaged or of an unknown kind: {e}. Delete it and download it again."
        ) from None
    except OSError as e:
        raise DataError(f"{archive} cannot be unpacked into {folder}: {e.strerror or e}.") from None
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return folder


def _write_all(archive: Path, folder: Path, limit: int) -> None:
    written = count = skipped = 0
    for name, file in _members(archive):
        if file is None:
            skipped += 1
            continue
        count += 1
        if count > MAX_FILES:
            raise DataError(f"{archive} holds more than {MAX_FILES:,} files and is refused.")
        target = folder / _inside(name, archive)
        target.parent.mkdir(parents=True, exist_ok=True)
        with file, open(target, "wb") as out:
            while chunk := file.read(CHUNK):
                written += len(chunk)
                if written > limit:
                    raise DataError(f"{archive} unpacks to more than {limit:,} bytes and is refused.")
                out.write(chunk)
    if skipped:
        note(f"{skipped} links and special files of {archive.name} were left out")


def _members(archive: Path) -> Iterator[tuple[str, IO[bytes] | None]]:
    """(name, content) of each file; None for content where it is a link or a special file."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as z:
            for info in z.infolist():
                if info.is_dir():
                    continue
                link = (info.external_attr >> 16) & 0o170000 == 0o120000
                yield info.filename, None if link else z.open(info)
    else:
        try:
            opened = tarfile.open(archive)  # noqa: SIM115
        except tarfile.ReadError:
            raise DataError(
                f"{archive} is neither a tar nor a zip file{_instead(archive)}. Delete it and download it again."
            ) from None
        with opened:
            for member in opened:
                if not member.isdir():
                    yield member.name, opened.extractfile(member) if member.isreg() else None
            while opened.fileobj is not None and opened.fileobj.read(CHUNK):
                pass  # to the end, where a cut shows


def _instead(archive: Path) -> str:
    with open(archive, "rb") as file:
        start = file.read(512).lstrip().lower()
    return "; it is an HTML page" if start.startswith((b"<!doctype html", b"<html")) else ""


def _inside(name: str, archive: Path) -> Path:
    """The name as a path that stays inside, or an error."""
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or (path.parts and ":" in path.parts[0]) or "\0" in name:
        raise DataError(f"{archive} holds the name {name!r}, which leads out of its folder, and is refused.")
    return Path(*path.parts)
