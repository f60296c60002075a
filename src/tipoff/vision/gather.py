"""From addresses of pictures to a clean folder: download, verify, make smaller."""

from __future__ import annotations

import csv
import hashlib
import io
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from PIL import Image, ImageOps

from tipoff.checked import checked
from tipoff.data.fetch import fetch
from tipoff.data.items import get_image_files
from tipoff.data.store import threads
from tipoff.decode import FORMATS, decode_image, read_pixels
from tipoff.errors import DataError, UsageError, need_folder
from tipoff.notes import note

MAX_BYTES = 64 << 20  # of one picture
RECORD = "downloads.csv"
_ENDINGS = {"JPEG": ".jpg", "PNG": ".png", "WEBP": ".webp", "GIF": ".gif", "BMP": ".bmp", "TIFF": ".tif"}


class Files(list[Path]):
    """Files, and those that were dropped with the reason: `dropped` is a list of (what, why)."""

    def __init__(self, files: Iterable[Path] = (), dropped: Iterable[tuple[str, str]] = ()) -> None:
        super().__init__(files)
        self.dropped = list(dropped)


@checked
def download_images(
    dest: str | Path,
    url_file: str | Path | None = None,
    urls: Sequence[str] | None = None,
    max_pics: int = 1000,
    n_workers: int = 8,
    timeout: float = 4,
    preserve_filename: bool = False,
) -> Files:
    """Download the pictures at `urls`, or at the lines of `url_file`, into `dest`, in parallel.

    Each is decoded to see that it is a whole picture, and gets the ending of what it is; the same bytes are
    kept once. Files are numbered, or called as in their address with `preserve_filename`. Called again it goes on:
    `downloads.csv` in `dest` says which address became which file, or why it was dropped. `timeout` is the
    longest silence of a server in seconds; one that drips is given up after ten times that.

    >>> download_images("bears/grizzly", urls=["https://example.org/bear.jpg"])  # doctest: +SKIP
    """
    if (url_file is None) == (urls is None):
        raise UsageError("download_images needs urls=[...] or url_file=, one of them.")
    if url_file is not None:
        lines = Path(url_file).read_text(encoding="utf-8-sig").splitlines()
        urls = [line.strip() for line in lines]
    wanted = list(dict.fromkeys(u for u in urls or () if u))[:max_pics]
    folder = Path(dest)
    folder.mkdir(parents=True, exist_ok=True)
    record = _Record(folder)
    todo = [(i, u) for i, u in enumerate(wanted) if record.file_of(u) is None]

    def one(job: tuple[int, str]) -> None:
        i, url = job
        part = folder / f".{i:08}.download"
        try:
            fetch(url, part, timeout=timeout, max_bytes=MAX_BYTES, max_seconds=10 * timeout, tries=3)
            data = part.read_bytes()
            ending = _ending(data)
            name = _name_of(url) if preserve_filename else f"{i:08}"
            record.keep(url, part, name, ending, hashlib.sha256(data).digest())
        except DataError as e:
            record.drop(url, str(e).removeprefix(url).strip().removeprefix("the picture").strip())
        finally:
            for left in folder.glob(f"{part.name}*"):
                left.unlink()

    with ThreadPoolExecutor(max(1, n_workers)) as workers:
        list(workers.map(one, todo))
    record.write()
    files = [f for u in wanted if (f := record.file_of(u)) is not None]
    dropped = [(u, record.why[u]) for u in wanted if u in record.why]
    if dropped:
        note(f"{len(files)} pictures in {folder}, {len(dropped)} dropped: {folder / RECORD} says why")
    return Files(files, dropped)


class _Record:
    """What became of each address; kept beside the pictures."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.lock = folder, threading.Lock()
        self.name: dict[str, str] = {}
        self.why: dict[str, str] = {}
        self.seen: dict[bytes, str] = {}
        if (folder / RECORD).exists():
            with open(folder / RECORD, newline="", encoding="utf-8") as file:
                self.name = {row["url"]: row["file"] for row in csv.DictReader(file) if row["file"]}
        for name in set(self.name.values()):
            if (folder / name).exists():
                self.seen[hashlib.sha256((folder / name).read_bytes()).digest()] = name

    def file_of(self, url: str) -> Path | None:
        name = self.name.get(url)
        return self.folder / name if name and (self.folder / name).exists() else None

    def keep(self, url: str, part: Path, name: str, ending: str, digest: bytes) -> None:
        with self.lock:
            if digest in self.seen:
                raise DataError(f"the same bytes as {self.seen[digest]}.")
            file, n = self.folder / f"{name}{ending}", 1
            while file.exists():
                file, n = self.folder / f"{name}_{n}{ending}", n + 1
            part.rename(file)
            self.seen[digest] = self.name[url] = file.name

    def drop(self, url: str, why: str) -> None:
        with self.lock:
            self.why[url] = why

    def write(self) -> None:
        rows = [(u, n, "") for u, n in self.name.items()] + [(u, "", w) for u, w in self.why.items()]
        part = self.folder / f".{RECORD}"
        with open(part, "w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([("url", "file", "why"), *rows])
        part.replace(self.folder / RECORD)


def _ending(data: bytes) -> str:
    """The ending for what the bytes are. Raises `DataError` where they are no whole picture."""
    read_pixels(data)
    with Image.open(io.BytesIO(data), formats=FORMATS) as image:
        return _ENDINGS[image.format or ""]


def _name_of(url: str) -> str:
    """The name in an address, without its ending, made of letters that every file system takes."""
    stem = PurePosixPath(unquote(urlsplit(url).path)).stem
    clean = "".join(c if c.isalnum() or c in "-_ ." else "_" for c in stem).strip(" .")
    return clean[:100] or "picture"


@checked
def verify_images(fns: Iterable[str | Path]) -> Files:
    """Those of `fns` that cannot be decoded; `dropped` holds the reasons.

    >>> for file in verify_images(get_image_files("bears")):  # doctest: +SKIP
    ...     file.unlink()
    """

    def why(path: Path) -> str | None:
        try:
            read_pixels(path)
        except DataError as e:
            return str(e)
        return None

    paths = [Path(f) for f in fns]
    bad = [(p, w) for p, w in _in_threads(why, paths) if w is not None]
    return Files((p for p, _ in bad), ((str(p), w) for p, w in bad))


@checked
def resize_images(
    path: str | Path,
    max_workers: int | None = None,
    max_size: int | None = None,
    recurse: bool = False,
    dest: str | Path = Path("."),
    n_channels: int = 3,
    ext: str | None = None,
    img_format: str | None = None,
    resample: int | None = None,
    resume: bool | None = None,
) -> Files:
    """Write the pictures of `path` into `dest` with their longer side at most `max_size` pixels.

    Folders below come along with `recurse`. Turned as EXIF says; `n_channels` is 3 or 1; `ext` and `img_format` write
    another format; `resume` (by default where `dest` is another folder) leaves out what is there already. A file is
    replaced only when its new form is whole. Pictures that cannot be read are left as they are: `dropped`.
    """
    root, to = need_folder(path), Path(dest)
    if n_channels not in (1, 3):
        raise UsageError(f"n_channels={n_channels}: give 3 for colour or 1 for grey.")
    in_place = to.exists() and to.resolve() == root.resolve()
    skip = (not in_place) if resume is None else resume
    method = Image.Resampling.BILINEAR if resample is None else Image.Resampling(resample)

    def one(file: Path) -> str | None:
        target = (to / file.relative_to(root)).with_suffix(ext or file.suffix)
        if skip and target.exists():
            return None
        try:
            image = Image.fromarray(decode_image(file, mode="L" if n_channels == 1 else "RGB"))
        except DataError as e:
            return str(e)
        if n_channels == 1:
            image = image.convert("L")
        if max_size is not None and max(image.size) > max_size:
            image = ImageOps.contain(image, (max_size, max_size), method)
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f".{target.name}.part")
        try:
            image.save(
                part,
                img_format or Image.registered_extensions().get(target.suffix.lower(), "JPEG"),
                quality=92,
            )
            part.replace(target)
        except (OSError, KeyError, ValueError) as e:
            return f"{target} cannot be written: {e}"
        finally:
            part.unlink(missing_ok=True)
        return None

    done = list(_in_threads(one, get_image_files(root, recurse=recurse), max_workers))
    dropped = [(str(f), w) for f, w in done if w is not None]
    if dropped:
        note(f"{len(dropped)} of {len(done)} pictures could not be resized, such as {dropped[0][1]}")
    made = ((to / f.relative_to(root)).with_suffix(ext or f.suffix) for f, w in done if w is None)
    return Files(made, dropped)


def _in_threads(
    do: Callable[[Path], Any], files: Sequence[Path], n: int | None = None
) -> Iterator[tuple[Path, Any]]:
    with ThreadPoolExecutor(n or threads()) as workers:
        yield from zip(files, workers.map(do, files), strict=True)
