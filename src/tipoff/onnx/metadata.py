"""What an exported ONNX file says beside its network: everything that serving needs, as text.

It is read from the file's bytes, before any of the network is, and needs neither the onnx package nor
onnxruntime. An ONNX file is a protocol buffer; `ModelProto` keeps such texts in its field 14.
"""

from __future__ import annotations

import hashlib
import json
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from reprlib import repr as short
from typing import Any, BinaryIO

import tipoff
from tipoff.answer import Answer, Category, MultiCategory, Regression
from tipoff.deep_images import Levels, need_levels
from tipoff.errors import BundleError, UsageError, did_you_mean
from tipoff.strict_json import read_json

FORMAT = 1
KEY = "tipoff"
MAX_FILE_BYTES = (2 << 30) - 1  # of a protocol buffer
MAX_TEXT_BYTES = 16 << 20
MAX_TEXTS = 64
MAX_CLASSES = 1_000_000
_METADATA, _TEXT_KEY, _TEXT_VALUE = 14, 1, 2  # numbers of fields in onnx.proto

ANSWERS: dict[str, type[Category] | type[MultiCategory] | type[Regression]] = {
    "category": Category,
    "multi_category": MultiCategory,
    "regression": Regression,
}


@dataclass(frozen=True)
class Metadata:
    """What is served: `answers` words what the network says, `item_tfms` are those of the plan as JSON."""

    input: str  # the kind of block, such as image
    output: str  # the kind of target, such as category
    answers: Answer
    mode: str = "RGB"  # of the pictures; L for grey
    levels: Levels | None = None  # the values that become 0 and 255 in pictures of more than 8 bits
    item_tfms: tuple[dict[str, Any], ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)
    card: str = ""
    sha256: str = ""  # of the .tipoff file that it was made from

    @property
    def names(self) -> tuple[Any, ...]:
        """The classes; none for a regression."""
        return () if isinstance(self.answers, Regression) else self.answers.names

    def texts(self) -> dict[str, str]:
        """As `metadata_props` of an ONNX model."""
        said = {
            "format": FORMAT,
            "tipoff": tipoff.__version__,
            **{k: getattr(self, k) for k in ("input", "output", "mode", "facts", "card", "sha256")},
            "levels": self.levels and list(self.levels),
            "item_tfms": list(self.item_tfms),
            "answers": vars(self.answers),
        }
        licence = str(self.facts.get("licence") or "not stated")
        return {
            KEY: json.dumps(said, ensure_ascii=False, allow_nan=False),
            "licence": f"Licence of the pretrained weights that it began with: {licence}",
        }


def read_metadata(path: str | Path) -> Metadata:
    """What the ONNX file at `path` says of itself.

    Raises `BundleError` where there is none, where it is too large or no ONNX file, or where it was not written
    by `tipoff export`.
    """
    path = Path(path)
    try:
        with _opened(path) as file:
            texts = dict(_texts(file, path.stat().st_size))
    except _Broken as e:
        raise BundleError(f"{path} is not a whole ONNX file ({e}).") from None
    except OSError as e:
        raise BundleError(f"{path} cannot be read: {e.strerror or e}.") from None
    if KEY not in texts:
        raise BundleError(
            f"{path} was not written by tipoff: it does not say what it answers. Make one with "
            "tipoff export NAME.tipoff --onnx"
        )
    return _understood(path, texts[KEY])


def digest(path: str | Path) -> str:
    """SHA-256 of a model file; of one that is a folder, of its spec and weights."""
    path, made = Path(path), hashlib.sha256()
    files = [path / "spec.json", path / "model.safetensors"] if path.is_dir() else [path]
    for name in files:
        with open(name, "rb") as file:
            while chunk := file.read(1 << 20):
                made.update(chunk)
    return made.hexdigest()


def _understood(path: Path, text: str) -> Metadata:
    try:
        said = read_json(text)
    except ValueError:
        raise BundleError(f"{path}: what it says of itself is not JSON.") from None
    found = said.get("format") if isinstance(said, dict) else None
    if found != FORMAT:
        raise BundleError(
            f"{path} has the format {short(found)}, and this tipoff ({tipoff.__version__}) reads format {FORMAT}. "
            "Install the version that wrote it, or export it again."
        )
    wanted = {"input": str, "output": str, "mode": str, "facts": dict, "card": str, "sha256": str,
              "item_tfms": list, "answers": dict}  # fmt: skip
    for name, kind in wanted.items():
        if not isinstance(said.get(name), kind):
            raise BundleError(
                f"{path}: its {name} is {short(said.get(name))}, and should be a {kind.__name__}."
            )
    if not all(isinstance(t, dict) for t in said["item_tfms"]) or said["mode"] not in ("RGB", "L"):
        raise BundleError(f"{path}: its item_tfms or its mode are none that tipoff writes.")
    try:
        levels = need_levels(said.get("levels"))  # a file of before they were kept has none
    except UsageError as e:
        raise BundleError(f"{path}: {e}") from None
    return Metadata(
        said["input"],
        said["output"],
        _answers(path, said["output"], said["answers"]),
        said["mode"],
        levels,
        tuple(said["item_tfms"]),
        said["facts"],
        said["card"],
        said["sha256"],
    )


def _answers(path: Path, kind: str, fields: Mapping[str, Any]) -> Answer:
    """How the outputs become an answer, from JSON that may be anything."""
    names, number = fields.get("names"), fields.get("sure_above", fields.get("threshold", 0.0))
    good = isinstance(number, (int, float)) and isinstance(fields.get("unit", ""), str)
    if kind in ("category", "multi_category"):
        good = good and isinstance(names, list) and 0 < len(names) <= MAX_CLASSES
        good = good and all(isinstance(n, (str, int, float)) for n in names or ())
    if not good or kind not in ANSWERS:
        raise BundleError(f"{path}: its answers, {short(kind)}, are none that tipoff can word.")
    if kind == "regression":
        return Regression(fields.get("unit", ""))
    return (Category if kind == "category" else MultiCategory)(tuple(names or ()), float(number))


# the protocol buffer ----------------------------------------------------------------------------


class _Broken(Exception):
    """The bytes are no protocol buffer, or not all of one."""


def _opened(path: Path) -> BinaryIO:
    if not path.exists():
        near = [p.name for p in path.parent.glob("*.onnx")] if path.parent.is_dir() else []
        raise BundleError(f"There is no model file {path}.{did_you_mean(path.name, near)}")
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise BundleError(f"{path} is not a plain file.")
    if status.st_size > MAX_FILE_BYTES:
        raise BundleError(
            f"{path} has {status.st_size:,} bytes; an ONNX file has at most {MAX_FILE_BYTES:,}."
        )
    return open(path, "rb")


def _texts(file: BinaryIO, total: int) -> Iterator[tuple[str, str]]:
    """Key and value of each text; the network is passed over."""
    count, read = 0, 0
    if not total:
        raise _Broken("it is empty")
    while file.tell() < total:
        number, size = _field(file, total)
        if number != _METADATA:
            file.seek(size, 1)
            continue
        count, read, end = count + 1, read + size, file.tell() + size
        if read > MAX_TEXT_BYTES or count > MAX_TEXTS:
            raise _Broken("its texts are too long")
        pair = {_TEXT_KEY: b"", _TEXT_VALUE: b""}
        while file.tell() < end:
            inner, length = _field(file, end)
            pair[inner] = file.read(length)
        yield pair[_TEXT_KEY].decode("utf-8", "replace"), pair[_TEXT_VALUE].decode("utf-8", "replace")


def _field(file: BinaryIO, end: int) -> tuple[int, int]:
    """The number of the field that begins here, and how many bytes follow; those of a plain number are none."""
    tag = _varint(file)
    number, kind = tag >> 3, tag & 7
    if kind == 0:
        _varint(file)
        return number, 0
    size = _varint(file) if kind == 2 else {1: 8, 5: 4}.get(kind, -1)
    if number == 0 or size < 0 or file.tell() + size > end:
        raise _Broken("a part of it is cut off, or it is something else")
    return number, size


def _varint(file: BinaryIO) -> int:
    """A number in groups of seven bits, the lowest first."""
    value = 0
    for shift in range(0, 70, 7):
        byte = file.read(1)
        if not byte:
            raise _Broken("it ends too early")
        value |= (byte[0] & 127) << shift
        if byte[0] < 128:
            return value
    raise _Broken("it holds a number that is too long")
