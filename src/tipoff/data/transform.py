"""Changes to a sample or to a batch: drawn once, then applied to every field by its kind.

Two families, both frozen specs. An `ItemTransform` works on one decoded value on the CPU (a uint8
array), before batches are made; a `BatchTransform` works on whole batches, on the device. Randomness
comes in by the door: `n_draws` numbers in [0, 1) per sample, a function of (seed, epoch, position);
at validation and prediction there are none (`None`), which means the middle, or nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, ClassVar

import numpy as np
from torch import Tensor

from tipoff.data.kind import SPATIAL, Kind
from tipoff.data.steps import BATCH_ORDER, ITEM_ORDER, apply_to_batch, as_bytes
from tipoff.errors import UsageError
from tipoff.rng import uniform
from tipoff.spec import Spec


@dataclass(frozen=True)
class ItemTransform(Spec):
    """A method for each kind it changes, `image(x, u)`, `mask(x, u)`, ...; other kinds pass untouched.

    In training the steps of `parts` are applied, with `u` holding `n_draws` numbers in [0, 1); a step
    with `n_draws = 0` gives the same result every time, so its result can be cached. At validation and
    prediction the whole transform is applied by `exact`, which draws nothing.
    """

    n_draws: ClassVar[int] = 0
    moves: ClassVar[bool] = (
        False  # moves the parts of an image: masks and points must move with it, or are refused
    )
    order: ClassVar[int] = ITEM_ORDER  # lower ones come first; those of one order as they are listed

    def parts(self) -> tuple[ItemTransform, ...]:
        """The steps it is made of, the ones that draw nothing first, so that those can be cached."""
        return (self,)

    def apply(self, kind: Kind, x: Any, u: np.ndarray | None) -> Any:
        method = getattr(self, kind.value, None)
        return x if method is None else method(x, u)

    def exact(self, kind: Kind, x: Any) -> Any:
        """As at validation and prediction: `image_exact(x)` where there is one, else `image(x, None)`, of uint8 as in training."""
        method = getattr(self, f"{kind.value}_exact", None)
        if method is not None:
            return method(x)
        return self.apply(kind, as_bytes(x) if kind is Kind.IMAGE and isinstance(x, np.ndarray) else x, None)

    def __call__(self, x: Any) -> Any:
        """What it makes of a picture as at validation, by itself or within a tuple: see `on_pictures`.

        >>> from tipoff.vision import Resize
        >>> Resize(32)((np.zeros((40, 60, 3), np.uint8), "a cat"))[0].shape
        (32, 32, 3)
        """
        return on_pictures(x, lambda image: self.exact(Kind.IMAGE, image))


def need_movable(tfms: Iterable[Any], kinds: Collection[Kind]) -> None:
    """Raise `UsageError` where a transform moves images and cannot move what lies on them."""
    lying = [kind for kind in SPATIAL if kind in kinds]
    for t in tfms if lying else ():
        for kind in lying:
            if getattr(t, "moves", False) and not hasattr(t, kind.value):
                raise UsageError(
                    f"{type(t).__name__} moves images and cannot move a {kind.value}: both would no longer agree. Leave it "
                    f"out, or give it a method {kind.value}(x, u)."
                )


def on_pictures(x: Any, change: Callable[[np.ndarray], Any]) -> Any:
    """`x` with `change` made to a picture, uint8 (H, W, 3) or one of Pillow's, or to those in a tuple; all else as it is."""
    if isinstance(x, tuple):
        items = [on_pictures(v, change) for v in x]
        return tuple(items) if type(x) is tuple else type(x)(*items)
    is_pillow = hasattr(x, "__array_interface__") and hasattr(x, "convert")
    if not is_pillow and not (isinstance(x, np.ndarray) and x.ndim == 3 and x.dtype == np.uint8):
        return x
    done = np.asarray(change(np.asarray(x))).round().clip(0, 255).astype(np.uint8)
    if not is_pillow:
        return done
    from PIL import Image

    image = Image.fromarray(done)
    return type(x).of(image) if hasattr(type(x), "of") else image


@dataclass(frozen=True)
class BatchTransform(Spec):
    """A method for each kind it changes, `image(x, u)` with x (B, 3, H, W); other kinds pass untouched.

    `u` is a CPU tensor (B, n_draws). A transform that draws (`n_draws > 0`) is left out at
    validation and prediction.
    """

    n_draws: ClassVar[int] = 0
    moves: ClassVar[bool] = (
        False  # moves the parts of an image: masks and points must move with it, or are refused
    )
    # lower ones come first, whatever the order in the user's list: pixels become floats in [0, 1] at 10, and are
    # normalised at 99, as in fastai
    order: ClassVar[int] = BATCH_ORDER
    normalises: ClassVar[bool] = (
        False  # brings inputs to the scale that the network expects: it belongs to the network
    )
    # consecutive transforms with the same `fuse` are handed to it together: fuse(tfms, kinds, fields, draws)
    fuse: ClassVar[Callable[..., list[Tensor]] | None] = None

    def apply(self, kind: Kind, x: Tensor, u: Tensor | None) -> Tensor:
        method = getattr(self, kind.value, None)
        return x if method is None else method(x, u)

    def undo(self, kind: Kind, x: Tensor) -> Tensor:
        """Back to what a person can look at, where the transform hides that (`Normalize` does)."""
        return x


def _draws(t: Any, i: int, positions: Tensor, key: tuple[int, ...] | None) -> Tensor | None:  # -> (B, n_draws)
    """What transform `i` draws for the samples of a batch; with its `batch`, for all of them what it draws for the first."""
    n = getattr(t, "n_draws", 0)
    if key is None or not n:
        return None
    u = uniform((*key, 1000 + i), positions, n)
    return u[:1].expand_as(u) if getattr(t, "batch", False) else u


def run_batch_transforms(
    tfms: Sequence[BatchTransform | Callable[[Tensor], Tensor]],
    kinds: Sequence[Kind],
    fields: Sequence[Tensor],
    positions: Tensor,  # (B,)
    key: tuple[int, ...] | None,
) -> list[Tensor]:
    """Apply `tfms` in order to a batch; `key` is (seed, epoch) in training, None elsewhere.

    A plain function is applied to the fields of kind IMAGE, a transform of fastai's kind to those that its types name.
    """
    need_movable(tfms, kinds)
    active = [t for t in tfms if key is not None or getattr(t, "n_draws", 0) == 0]
    draws = [_draws(t, i, positions, key) for i, t in enumerate(active)]
    out, i = list(fields), 0
    for fuse, group in groupby(active, key=lambda t: getattr(t, "fuse", None)):
        run = list(group)
        us = draws[i : i + len(run)]
        i += len(run)
        if fuse is not None:
            out = fuse(run, kinds, out, us)
            continue
        for t, u in zip(run, us, strict=True):
            if isinstance(t, BatchTransform):
                out = [t.apply(kind, x, u) for kind, x in zip(kinds, out, strict=True)]
            else:
                out = [
                    apply_to_batch(t, kind, x, key is not None) for kind, x in zip(kinds, out, strict=True)
                ]
    return out
