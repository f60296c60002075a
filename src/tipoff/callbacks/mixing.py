"""Learning from mixtures of two samples: MixUp and CutMix."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from tipoff.arguments import need_number
from tipoff.data.batch import Batch
from tipoff.rng import generator
from tipoff.train.callback import Callback
from tipoff.train.run import Run


def mixup(batch: Batch, lam: float, order: Tensor) -> Batch:
    """Each input as `lam` of itself and the rest of the input at `order`; targets stay."""
    return batch._replace(x=tuple(x * lam + x[order] * (1 - lam) for x in batch.x))


def cutmix(batch: Batch, lam: float, order: Tensor, at: tuple[float, float]) -> tuple[Batch, float]:
    """Paste a rectangle of the picture at `order`, of 1 - `lam` of the area, centred at the share `at`.

    Returns the batch, and the share that is left of each picture's own.
    """
    mixed, kept = [], 1.0
    for x in batch.x:
        if x.ndim != 4:
            mixed.append(x)
            continue
        h, w = x.shape[-2:]
        half_h, half_w = (round(s * math.sqrt(1 - lam) / 2) for s in (h, w))
        y0, x0 = round(at[0] * h), round(at[1] * w)
        top, bottom = max(0, y0 - half_h), min(h, y0 + half_h)
        left, right = max(0, x0 - half_w), min(w, x0 + half_w)
        x = x.clone()
        x[:, :, top:bottom, left:right] = x[order][:, :, top:bottom, left:right]
        mixed.append(x)
        kept = 1 - (bottom - top) * (right - left) / (h * w)
    return batch._replace(x=tuple(mixed)), kept


class MixUp(Callback):
    """Mix each batch with itself in another order; the loss is mixed in the same shares (Zhang et al. 2018).

    `alpha` is that of the beta distribution the share is drawn from. Works with any loss. What is drawn is
    a function of the epoch and the step, so a resumed run draws the same.
    """

    stream: ClassVar[int] = 71

    def __init__(self, alpha: float = 0.4) -> None:
        self.alpha = need_number("alpha", alpha, above=0)
        self._drawn: dict[int, tuple[float, Tensor]] = {}  # of each batch of the group, by its positions

    def mix(self, batch: Batch, lam: float, order: Tensor, rng: np.random.Generator) -> tuple[Batch, float]:
        return mixup(batch, lam, order), lam

    def before_step(self, run: Run) -> None:
        self._drawn.clear()

    def before_batch(self, run: Run) -> None:
        if not run.training:
            return
        key = (self.stream, run.first_epoch + run.epoch, run.n_steps, int(run.batch.items[0]))
        rng = np.random.default_rng([k & 0x7FFFFFFF for k in key])
        lam = float(rng.beta(self.alpha, self.alpha))
        order = torch.randperm(run.batch.size, generator=generator(*key)).to(run.batch.x[0].device)
        run.batch, lam = self.mix(run.batch, max(lam, 1 - lam), order, rng)
        self._drawn[id(run.batch.items)] = lam, order

    def after_loss(self, run: Run) -> None:
        if not run.training:
            return
        lam, order = self._drawn[id(run.batch.items)]
        other = run.batch._replace(y=tuple(y[order] for y in run.batch.y))
        run.loss = run.loss * lam + run.objective.loss(run.pred, other) * (1 - lam)


class CutMix(MixUp):
    """Paste a part of another picture into each; the loss is mixed by area (Yun et al. 2019)."""

    stream: ClassVar[int] = 72

    def __init__(self, alpha: float = 1.0) -> None:
        super().__init__(alpha)

    def mix(self, batch: Batch, lam: float, order: Tensor, rng: np.random.Generator) -> tuple[Batch, float]:
        return cutmix(batch, lam, order, (float(rng.random()), float(rng.random())))
