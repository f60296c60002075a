"""From addresses of pictures to a clean folder: download, verify, make smaller."""

from __future__ import annotations

import csv
import hashlib
import io
import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from PIL import Image, ImageOps

from tipoff.arguments import need_whole
from tipoff.checked import checked
from tipoff.data.fetch import fetch
from tipoff.data.items import get_image_files
from tipoff.data.store import threads
from tipoff.decode import FORMATS, decode_image, is_deep_file, read_pixels
from tipoff.errors import DataError, UsageError, need_folder
from tipoff.notes import note
from tipoff.vision.triangle import resize

MAX_BYTES = 64 << 20  # of one picture
RECORD = "downloads.csv"
_ENDINGS = {
    "JPEG": ".jpg",
    "PNG": ".png",
    "WEBP": ".webp",
    "GIF": ".gif",
    "BMP": ".bmp",
    "TIFF": ".tif",
    "MPO": ".jpg",
}


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
def verify_images(fns: Collection[str | Path]) -> Files:
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
    another format; pictures of more than 8 bits keep their values, as TIFF or PNG; `resume` (by default where `dest` is
    another folder) leaves out what is there already. Of pictures that would be one file, such as x.png and x.jpg, those whose
    ending changes keep it in their name. A file is replaced only when its new form is whole. Pictures that cannot be read are
    left as they are: `dropped`.
    """
    root, to = need_folder(path), Path(dest)
    if n_channels not in (1, 3):
        raise UsageError(f"n_channels={n_channels}: give 3 for colour or 1 for grey.")
    in_place = to.exists() and to.resolve() == root.resolve()
    skip = (not in_place) if resume is None else resume
    if max_workers is not None:
        need_whole("max_workers", max_workers, at_least=1)
    if resample is not None:
        need_whole("resample", resample, at_least=0, at_most=max(Image.Resampling))
    method = Image.Resampling.BILINEAR if resample is None else Image.Resampling(resample)

    files = get_image_files(root, recurse=recurse)
    targets, taken = _targets(files, root, to, ext)

    def one(file: Path) -> str | None:
        target = targets[file]
        if file in taken:
            return f"{file} is not written: {target} is another picture"
        if skip and target.exists():
            return None
        try:
            if is_deep_file(file):
                return _resize_deep(file, target, max_size, img_format)
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

    done = list(_in_threads(one, files, max_workers))
    dropped = [(str(f), w) for f, w in done if w is not None]
    if dropped:
        note(f"{len(dropped)} of {len(done)} pictures could not be resized, such as {dropped[0][1]}")
    return Files((targets[f] for f, w in done if w is None), dropped)


def _targets(
    files: Sequence[Path], root: Path, to: Path, ext: str | None
) -> tuple[dict[Path, Path], set[Path]]:
    """Where each of `files` is written, and those for which that is the place of another.

    Of two that would be one file, such as x.png and x.jpg, the one whose ending changes keeps it in its name.
    """
    made = {f: (to / f.relative_to(root)).with_suffix(ext or f.suffix) for f in files}
    wanted = Counter(made.values())
    twice = [f for f, target in made.items() if wanted[target] > 1 and f.suffix != target.suffix]
    for f in twice:
        made[f] = made[f].with_name(f"{f.stem}_{f.suffix[1:]}{made[f].suffix}")
    if twice:
        note(
            f"{len(twice)} pictures share their name with another of another ending, and keep the ending in their name, such as "
            f"{made[twice[0]].name}"
        )
    first: dict[Path, Path] = {}
    for f in sorted(
        files, key=lambda f: made[f].resolve() != f.resolve()
    ):  # what stays where it is goes first
        first.setdefault(made[f], f)
    return made, {f for f in files if first[made[f]] != f}


def _resize_deep(file: Path, target: Path, max_size: int | None, img_format: str | None) -> str | None:
    """A picture of more than 8 bits in its own values, as TIFF or PNG; why not, otherwise."""
    form = (
        img_format
        or {".png": "PNG", ".tif": "TIFF", ".tiff": "TIFF"}.get(target.suffix.lower(), target.suffix)
    ).upper()
    if form not in ("PNG", "TIFF"):
        return f"{file} has more than 8 bits, which {form} cannot hold: leave ext and img_format away, or write TIFF."
    x = read_pixels(file)
    shrink = max_size is not None and max(x.shape) > max_size
    if not shrink and target.resolve() == file.resolve():
        return None
    if shrink:
        scale = (max_size or 1) / max(x.shape)
        height, width = (max(1, round(n * scale)) for n in x.shape)
        small = resize(x[..., None], height, width)[..., 0]
        x = small.astype(x.dtype) if x.dtype.kind == "f" else small.round().astype(x.dtype)
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.part")
    try:
        Image.fromarray(x).save(part, form)
        part.replace(target)
    except (OSError, ValueError, TypeError, KeyError) as e:
        return f"{target} cannot be written: {e}"
    finally:
        part.unlink(missing_ok=True)
    return None


def _in_threads(
    do: Callable[[Path], Any], files: Sequence[Path], n: int | None = None
) -> Iterator[tuple[Path, Any]]:
    with ThreadPoolExecutor(n or threads()) as workers:
        yield from zip(files, workers.map(do, files), strict=True)
