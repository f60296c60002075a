"""An exported ONNX file answered by onnxruntime: no PyTorch."""

from __future__ import annotations

import os
from collections.abc import Hashable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

from tipoff.decode import MAX_PIXELS, decode_image
from tipoff.errors import BundleError, DataError
from tipoff.facts import shown_facts
from tipoff.onnx.metadata import Metadata, digest, read_metadata
from tipoff.optional import need
from tipoff.serve.about import About, slug, title
from tipoff.serve.box import Box
from tipoff.serve.inputs import input_of
from tipoff.serve.memory import Turns
from tipoff.serve.wanted import go_on

MAX_RUN_PIXELS = 16_000_000  # of all pictures that go through networks at once: about 300 MB
MAX_STRIP_PIXELS = 32_000_000  # of one picture where it is largest on its way
MAX_KEPT_PIXELS = 1_000_000  # memory for more is given back after the answer


RUNNING = Turns(MAX_RUN_PIXELS)  # of all models of the process


class Sample(NamedTuple):
    """A decoded picture, and which part of it the network will see."""

    pixels: np.ndarray  # uint8 (H, W, 3)
    box: Box


class OnnxModel:
    """The `ServedModel` of a file that `tipoff export --onnx` wrote.

    An answer is computed by one thread, and as many answers side by side as there are processors (at most eight): that
    gives the most answers a second, and does not suffer where other work runs. Raises `BundleError` for anything wrong
    with the file.

    >>> model = OnnxModel("things.onnx")  # doctest: +SKIP
    >>> photo = model.read(Path("lemon.jpg").read_bytes(), "lemon.jpg")  # doctest: +SKIP
    >>> model.answer([photo], heat=False)[0]["sentence"]  # doctest: +SKIP
    'fruit, 96 %'
    """

    def __init__(self, path: str | Path, *, max_pixels: int = MAX_PIXELS) -> None:
        path = Path(path)
        said = read_metadata(path)
        self.max_pixels, self._said = max_pixels, said
        self._session = _session(path)
        self.at_once = min(8, _processors())
        self._heat = _check(path, self._session, said)
        self._input = input_of(said.input)
        self._item_tfms = [SimpleNamespace(**t) for t in said.item_tfms]
        self._try(path)
        self.about = About(
            name=slug(path.stem),
            title=title(path.stem),
            input=said.input,
            output=said.output,
            classes=[str(n) for n in said.names],
            facts=shown_facts(said.facts),
            card=said.card,
            runtime="onnxruntime",
            heat=self._heat,
            sure_above=float(getattr(said.answers, "sure_above", 0.0)),
        )

    def memory(self, data: bytes, name: str) -> int:
        """Bytes that `read` will need."""
        return int(self._input.memory(data, name, self.max_pixels))

    def read(self, data: bytes, name: str) -> Sample:
        """The picture in `data`. Raises `DataError` with a sentence that names it."""
        pixels: np.ndarray = self._input.decode(data, name, self.max_pixels)
        height, width = pixels.shape[:2]
        if self._largest(height, width) > MAX_STRIP_PIXELS:
            raise DataError(
                f"{name} has {width:,} × {height:,} pixels, a strip that grows beyond {MAX_STRIP_PIXELS:,} when it is resized "
                "for this model. Cut out the part that matters."
            )
        if self._said.mode != "RGB" or pixels.dtype != np.uint8:
            pixels = decode_image(pixels, mode=self._said.mode, levels=self._said.levels)
        return Sample(pixels, self._input.box(pixels, self._item_tfms))

    def key(self, sample: Sample) -> Hashable:
        """Pictures of one size go through the network together."""
        return sample.pixels.shape

    def answer(self, samples: Sequence[Sample], heat: bool) -> list[dict[str, Any]]:
        """An answer for each of `samples`, that share their `key`."""
        each = self._largest(*samples[0].pixels.shape[:2])
        n, made = max(1, MAX_RUN_PIXELS // each), []
        for i in range(0, len(samples), n):
            go_on()
            group = samples[i : i + n]
            with RUNNING.of(each * len(group)):
                made += self._group(group, heat and self._heat)
        return made

    def _largest(self, height: int, width: int) -> int:
        """Pixels of the picture where it is largest on its way: as it came, or as a strip resized to be cropped."""
        sides = [
            side * (1 + getattr(t, "val_xtra", 0.0))
            for t in self._item_tfms
            for side in np.atleast_1d(getattr(t, "size", 1))
        ]
        strip = max(height, width) / min(height, width) * float(max(sides, default=1)) ** 2
        return max(height * width, int(strip))

    def _group(self, samples: Sequence[Sample], heat: bool) -> list[dict[str, Any]]:
        outputs = ["probabilities", "heat"] if heat else ["probabilities"]
        pixels = np.stack([s.pixels for s in samples])
        try:
            probs, *maps = self._session.run(outputs, {"pixels": pixels}, _run_options(pixels))
        except Exception as e:  # onnxruntime has a class for each kind of failure
            _, height, width, _ = pixels.shape
            raise DataError(
                f"The model cannot answer a picture of {width:,} × {height:,} pixels: {_first_line(e)}"
            ) from None
        made = []
        for i, sample in enumerate(samples):
            prob = probs[i].tolist()
            answer = {
                **self._said.answers.answer(prob),
                "sentence": self._said.answers.sentence(prob),
            }
            if heat:
                answer["heat"] = _heat_map(maps[0][i], sample.box)
            made.append(answer)
        return made

    def _try(self, path: Path) -> None:
        """Answer for a grey picture, so that a file that cannot answer is refused when it is opened."""
        pixels = np.full((256, 256, 3), 128, np.uint8)
        try:
            self.answer([Sample(pixels, self._input.box(pixels, self._item_tfms))], heat=True)
            (numbers,) = self._session.run(["probabilities"], {"pixels": pixels[None]})
            if not np.isfinite(numbers).all():
                raise ValueError("its numbers are not finite")
        except Exception as e:  # whatever a strange graph makes onnxruntime say
            raise BundleError(f"{path} does not answer: {_first_line(e)}") from None


def made_from(onnx: str | Path, model: str | Path) -> bool:
    """Whether the ONNX file was made from this very model file; False too where it is no file of tipoff's."""
    try:
        return read_metadata(onnx).sha256 == digest(model)
    except (BundleError, OSError):
        return False


def _heat_map(heat: np.ndarray, box: Box) -> dict[str, Any]:  # (h, w)
    values = [round(float(v), 4) for v in heat.reshape(-1)]
    return {"rows": heat.shape[0], "columns": heat.shape[1], "values": values, "box": list(box)}


def _session(path: Path) -> Any:
    ort: Any = need("onnxruntime", f"Answering with {path.name}", "tipoff[serve]")
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors
    options.enable_mem_pattern = False  # a plan of the memory for each size of picture, and sizes have no end
    try:
        # as bytes, so that the file cannot name others to be read as its weights
        return ort.InferenceSession(path.read_bytes(), options, providers=["CPUExecutionProvider"])
    except OSError as e:
        raise BundleError(f"{path} cannot be read: {e.strerror or e}.") from None
    except Exception as e:  # onnxruntime has a class for each kind of damage
        raise BundleError(f"{path} is not a whole ONNX file, or of a kind that onnxruntime {ort.__version__} does not "
                          f"take: {_first_line(e)}") from None  # fmt: skip


def _run_options(pixels: np.ndarray) -> Any:  # (N, H, W, 3)
    """Keep memory for the next answer, but not what only a large photo takes: see docs/decisions/009-onnx.md."""
    if pixels.size <= 3 * MAX_KEPT_PIXELS:
        return None
    ort: Any = need("onnxruntime", "Answering", "tipoff[serve]")
    options = ort.RunOptions()
    options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
    return options


def _check(path: Path, session: Any, said: Metadata) -> bool:
    """Look at inputs and outputs; whether there is a heat map."""
    takes, gives = session.get_inputs(), [o.name for o in session.get_outputs()]
    if [(i.name, i.type, len(i.shape)) for i in takes] != [("pixels", "tensor(uint8)", 4)]:
        raise BundleError(
            f"{path} does not take pixels as bytes (N, H, W, 3); it was not written by tipoff export."
        )
    if gives[:1] != ["probabilities"] or gives[1:] not in ([], ["heat"]):
        raise BundleError(
            f"{path} gives {', '.join(gives)[:200]}; tipoff export writes probabilities and heat."
        )
    shape = session.get_outputs()[0].shape
    if len(shape) != 2 or (said.names and shape[1] != len(said.names)):
        raise BundleError(f"{path} gives numbers of the shape {shape} for {len(said.names)} classes.")
    return len(gives) > 1


def _processors() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # macOS, Windows
        return os.cpu_count() or 1


def _first_line(e: Exception) -> str:
    return (str(e).strip() or type(e).__name__).splitlines()[0][:300]
