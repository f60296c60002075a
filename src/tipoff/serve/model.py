"""What the server needs of a model, and where it finds models."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from tipoff.errors import BundleError, did_you_mean
from tipoff.serve.about import About


class ServedModel(Protocol):
    """A model that answers uploads; `read` and `answer` are called in threads."""

    about: About
    at_once: int  # how many calls of `answer` are best made side by side

    def read(self, data: bytes, name: str) -> Any:
        """One input from the bytes of a file. Raises `DataError` with a sentence that names it."""
        ...

    def key(self, sample: Any) -> Hashable:
        """Samples of equal key can be answered as one batch."""
        ...

    def answer(self, samples: Sequence[Any], heat: bool) -> list[dict[str, Any]]:
        """An answer for each sample, as JSON values; with `heat`, where it looked."""
        ...


@runtime_checkable
class Searched(Protocol):
    """A model that answers about things with names, and knows them."""

    def search(self, text: str, n: int) -> list[str]:
        """At most `n` names that hold the words of `text`."""
        ...


@runtime_checkable
class Measured(Protocol):
    """A model whose inputs may take far more memory than the files they come in, as pictures do."""

    def memory(self, data: bytes, name: str) -> int:
        """Bytes that `read` will need, by the header of the file. Raises `DataError` where they are too many."""
        ...


def find_models(path: Path) -> list[Path]:
    """The model files at `path`: the file itself, or those of a folder; an .onnx beside its .tipoff stands for it.

    Raises `BundleError` where there is none.
    """
    if path.is_dir() and not any((path / name).exists() for name in ("spec.json", ".spec.json.part")):
        found = sorted(p for p in path.iterdir() if p.suffix in (".tipoff", ".onnx"))
        if not found:
            raise BundleError(f"{path} holds no model file (NAME.tipoff or NAME.onnx).")
        stems = {p.stem for p in found}
        return [
            path / f"{s}.tipoff" if (path / f"{s}.tipoff").exists() else path / f"{s}.onnx"
            for s in sorted(stems)
        ]
    if not path.exists():
        near = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
        raise BundleError(f"There is no model file {path}.{did_you_mean(path.name, near)}")
    return [path]


def open_model(path: Path, max_pixels: int) -> ServedModel:
    """A model file ready to answer: by onnxruntime where an .onnx made of this very file lies beside it, else by torch."""
    from tipoff.notes import note

    if path.suffix == ".onnx":
        return _onnx(path, max_pixels)
    beside = path.with_suffix(".onnx")
    if beside.exists() and path.is_file():
        from tipoff.serve.onnx_model import made_from

        if made_from(beside, path):
            return _onnx(beside, max_pixels)
        note(
            f"{beside} was made from another {path.name} and is not used: run tipoff export {path} --onnx again"
        )
    return _torch(path, max_pixels)


def _onnx(path: Path, max_pixels: int) -> ServedModel:
    from tipoff.serve.onnx_model import OnnxModel

    return OnnxModel(path, max_pixels=max_pixels)


def _torch(path: Path, max_pixels: int) -> ServedModel:
    from tipoff.bundle.file import read
    from tipoff.serve.about import kind_of
    from tipoff.serve.names import name_of

    bundle = read(path)
    kind = kind_of(name_of(bundle.plan.inputs[0]))
    if kind == "row":
        from tipoff.serve.row_model import RowModel

        return RowModel(path, bundle)
    if kind == "pair":
        from tipoff.serve.pair_model import PairModel

        return PairModel(path, bundle)
    if kind == "text":
        from tipoff.serve.text_model import TextModel

        return TextModel(path, bundle)
    from tipoff.serve.torch_model import TorchModel

    return TorchModel(path, max_pixels, bundle)


def by_name(models: Sequence[ServedModel]) -> dict[str, ServedModel]:
    """The models under their names in addresses. Raises `BundleError` where two share one."""
    named: dict[str, ServedModel] = {}
    for m in models:
        if m.about.name in named:
            raise BundleError(f"Two models are called {m.about.name}; rename one of the files.")
        named[m.about.name] = m
    return named
