"""Bounds for building the network of a model file: what it takes is justified by the weights that the file holds."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn
from torch.nn.modules.module import (
    register_module_module_registration_hook,
    register_module_parameter_registration_hook,
)

from tipoff.data.plan import Plan
from tipoff.errors import BundleError

# a network may make what it replaces again, such as the last layer; layers without weights come on top
TENSORS, TENSORS_SPARE = 8, 2_000
MODULES, MODULES_SPARE = 40, 10_000
MAX_IMAGE_PIXELS = 2_000_000  # whatever the file holds: 1,400 by 1,400
MAX_BUFFER_BYTES = (
    256 << 20
)  # of tables that are computed, such as sines of positions, beyond the size of the weights


@contextmanager
def at_most(n_tensors: int) -> Iterator[None]:
    """Raise `BundleError` as soon as the network that is built in the block is far larger than the file's `n_tensors`.

    Layers are made one by one, so that a size which is only compared at the end could take hours and all memory.
    """
    here, left = threading.get_ident(), {
        "tensors": TENSORS * n_tensors + TENSORS_SPARE,
        "layers": MODULES * n_tensors + MODULES_SPARE,
    }  # fmt: skip

    def count(what: str) -> None:
        if threading.get_ident() == here:
            left[what] -= 1
            if left[what] < 0:
                raise BundleError(
                    f"The network of the model file has far more {what} than the {n_tensors:,} tensors of its weights justify."
                )

    def parameter(module: nn.Module, name: str, value: Any) -> None:
        count("tensors")

    def layer(module: nn.Module, name: str, value: Any) -> None:
        count("layers")

    hooks = [
        register_module_parameter_registration_hook(parameter),
        register_module_module_registration_hook(layer),
    ]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def check_buffers(empty: nn.Module, weights: Mapping[str, Tensor]) -> None:
    """Raise `BundleError` where tensors that the file does not hold would take far more memory than those that it holds."""
    kept = {*empty.state_dict()}
    more = sum(b.numel() * b.element_size() for name, b in empty.named_buffers() if name not in kept)
    most = MAX_BUFFER_BYTES + sum(t.numel() * t.element_size() for t in weights.values())
    if more > most:
        raise BundleError(
            f"The network of the model file computes tables of {more:,} bytes, which its weights do not justify (at most {most:,})."
        )


def check_image_sizes(plan: Plan, check: Mapping[str, Tensor]) -> None:
    """Raise `BundleError` where images would be made far larger than those that the file holds as its check inputs.

    A network's memory grows with the images, and a size is only a number.
    """
    held = max(
        (t.numel() // 3 for name, t in check.items() if name.startswith("x") and t.ndim == 4), default=0
    )
    most = max(MAX_IMAGE_PIXELS, 2 * held)
    for t in (*plan.item_tfms, *plan.batch_tfms):
        size = getattr(t, "size", None)
        if size is None:
            continue
        pair = (size, size) if isinstance(size, (int, float)) else tuple(size)
        pixels = math.prod(int(side * (1 + getattr(t, "val_xtra", 0.0))) for side in pair)
        if pixels > most:
            raise BundleError(
                f"{type(t).__name__} of the model file makes images of {pixels:,} pixels, which its check inputs do not justify "
                f"(at most {most:,})."
            )
