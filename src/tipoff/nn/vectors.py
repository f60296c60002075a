"""Vectors of items or users, which can be looked at from their widest sides."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


def pca(x: Tensor, k: int = 2) -> Tensor:  # (N, F) -> (N, k)
    """The first `k` principal components of centred rows, as fastai's `pca`; each is drawn towards its longer side.

    >>> pca(torch.tensor([[0.0, 0.0], [1.0, 1.0], [4.0, 4.0]]), 1).flatten().round(decimals=2)
    tensor([-2.3600, -0.9400,  3.3000])
    """
    x = x.detach().as_subclass(Tensor).float()
    x = x - x.mean(0)
    u, s, _ = torch.linalg.svd(x, full_matrices=False)
    made = u[:, :k] * s[:k]
    # a component and its opposite are equally good: choose, so that two runs draw the same picture
    furthest = made.gather(0, made.abs().argmax(0, keepdim=True))
    return torch.where(furthest < 0, -made, made)


class Vectors(Tensor):
    """A tensor (N, F) with `pca`, detached or not; whatever else is computed from it is a plain tensor."""

    __torch_function__ = torch._C._disabled_torch_function_impl  # type: ignore[assignment]

    def pca(self, k: int = 2) -> Tensor:
        """The first `k` principal components, (N, k)."""
        return pca(self, k)

    def detach(self) -> Vectors:
        return super().detach().as_subclass(Vectors)

    def cpu(self) -> Vectors:  # type: ignore[override]
        return super().cpu().as_subclass(Vectors)


class Factors(nn.Parameter):
    """A parameter whose rows are `Vectors`."""

    __torch_function__ = torch._C._disabled_torch_function_impl  # type: ignore[assignment]

    def __getitem__(self, rows: Any) -> Vectors:
        return super().__getitem__(rows).as_subclass(Vectors)
