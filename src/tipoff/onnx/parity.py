"""Whether an ONNX file answers as the model that it was made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
import torch

from tipoff.bundle.file import Bundle
from tipoff.bundle.predictor import Predictor
from tipoff.errors import BundleError
from tipoff.optional import need

TOLERANCE = 1e-3  # in a probability; of numbers larger than 1, in their size
SIZES = (  # height, width of the made pictures
    (1, 40), (12, 1), (7, 5), (3, 300), (300, 3), (64, 64),
    (180, 240), (240, 180), (223, 225), (224, 224), (513, 377), (90, 900),
)  # fmt: skip


@dataclass(frozen=True)
class Parity:
    """How far the ONNX file is from the model: `off` the largest differences, of check inputs and made pictures."""

    n_check: int
    off_check: float
    n_made: int
    off_made: float
    n_same: int  # of all, those with the same likeliest class

    @property
    def n(self) -> int:
        return self.n_check + self.n_made

    def __str__(self) -> str:
        made = f"{self.n_made} made pictures of odd sizes, as bytes: off by {self.off_made:.1e} at most"
        kept = f"{self.n_check} inputs kept in the model file: off by {self.off_check:.1e} at most"
        same = f"the likeliest class is the same in {self.n_same} of {self.n}"
        return "\n".join([kept, made, same] if self.n_check else [made, same])


def made_pictures(seed: int = 0) -> list[np.ndarray]:
    """Pictures of odd sizes and shapes, uint8 (H, W, 3): waves of colour with noise on them."""
    rng = np.random.default_rng(seed)
    made = []
    for h, w in SIZES:
        y, x = np.mgrid[0:h, 0:w]
        waves = [np.sin(x * a + y * b + c) for a, b, c in rng.uniform(-0.2, 0.2, (3, 3)) * (1, 1, 30)]
        picture = 128 + 90 * np.stack(waves, -1) + rng.normal(0, 25, (h, w, 3))
        made.append(picture.round().clip(0, 255).astype(np.uint8))
    return made


def run(model: bytes, inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
    """The outputs of an ONNX model."""
    ort: Any = need("onnxruntime", "tipoff export --onnx", "tipoff[onnx]")
    session = ort.InferenceSession(model, providers=["CPUExecutionProvider"])
    return [np.asarray(o) for o in session.run(None, inputs)]


def compare(bundle: Bundle, network: onnx.ModelProto, whole: onnx.ModelProto) -> Parity:
    """The network on the inputs kept in the model file, the whole on made pictures, beside the model in PyTorch.

    Raises `BundleError` where they differ by more than `TOLERANCE`.
    """
    ort: Any = need("onnxruntime", "tipoff export --onnx", "tipoff[onnx]")
    off_check, same, n_check = 0.0, 0, 0
    if bundle.check:
        want, x = bundle.check["prob"].numpy(), bundle.check["x0"].float().numpy()
        got = run(network.SerializeToString(), {"x": np.ascontiguousarray(x)})[0]
        off_check, same, n_check = _off(want, got), _same(want, got), len(x)
    plan, predictor = bundle.plan, Predictor(bundle.plan, bundle.build())
    session = ort.InferenceSession(whole.SerializeToString(), providers=["CPUExecutionProvider"])
    off_made, n_made = 0.0, 0
    for picture in made_pictures():
        try:
            with torch.inference_mode():
                want = predictor.probabilities(plan.inputs_of([plan.read(picture)])).numpy()
        except (BundleError, RuntimeError):  # smaller than the network takes, of a plan that brings pictures to no size
            continue
        pixels = plan.inputs[0].encode(picture)
        got = np.asarray(session.run(["probabilities"], {"pixels": pixels[None]})[0])
        off_made, same, n_made = max(off_made, _off(want, got)), same + _same(want, got), n_made + 1
    parity = Parity(n_check, off_check, n_made, off_made, same)
    if not n_made:
        raise BundleError(
            "The model takes none of the pictures that the ONNX file would be compared on; it was not written."
        )
    if not max(off_check, off_made) <= TOLERANCE:
        raise BundleError(
            f"The ONNX file would answer otherwise than the model, by up to {max(off_check, off_made):.2g} in a "
            f"probability ({TOLERANCE} is allowed), so it was not written.\n{parity}"
        )
    return parity


def _off(want: np.ndarray, got: np.ndarray) -> float:
    if want.shape != got.shape or not np.isfinite(got).all():
        return float("inf")
    return float((np.abs(want - got) / np.maximum(1, np.abs(want))).max(initial=0))


def _same(want: np.ndarray, got: np.ndarray) -> int:
    return int((want.argmax(-1) == got.argmax(-1)).sum()) if want.shape == got.shape else 0
