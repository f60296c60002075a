"""Layers of the heads."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

# B batch, C channels, H W size


class AdaptiveConcatPool2d(nn.Module):
    """The maximum and the mean of each channel, side by side: (B, C, H, W) -> (B, 2C, 1, 1)."""

    def __init__(self, size: int = 1) -> None:
        super().__init__()
        self.size = size
        self.ap, self.mp = nn.AdaptiveAvgPool2d(size), nn.AdaptiveMaxPool2d(size)

    def forward(self, x_BCHW: Tensor) -> Tensor:
        if self.size == 1:  # the same numbers, in two reductions instead of two pooling kernels
            return torch.cat([x_BCHW.amax((2, 3), keepdim=True), x_BCHW.mean((2, 3), keepdim=True)], 1)
        return torch.cat([self.mp(x_BCHW), self.ap(x_BCHW)], 1)


class SigmoidRange(nn.Module):
    """A sigmoid onto (low, high)."""

    def __init__(self, low: float, high: float) -> None:
        super().__init__()
        self.low, self.high = low, high

    def forward(self, x: Tensor) -> Tensor:
        return x.sigmoid() * (self.high - self.low) + self.low


def lin_bn_drop(
    n_in: int, n_out: int, p: float, act: nn.Module | None, bn: bool = True, lin_first: bool = False
) -> list[nn.Module]:
    """Batch norm, dropout, linear (without a bias before a norm), activation, in fastai's order."""
    norm = [nn.BatchNorm1d(n_out if lin_first else n_in)] if bn else []
    before: list[nn.Module] = [*norm, *([nn.Dropout(p)] if p else [])]
    linear: list[nn.Module] = [nn.Linear(n_in, n_out, bias=not bn), *([act] if act is not None else [])]
    return linear + before if lin_first else before + linear


class Lambda(nn.Module):
    """A function as a layer."""

    def __init__(self, func: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.func = func

    def forward(self, x: Tensor) -> Tensor:
        return self.func(x)
