"""Vectors of items or users, which can be looked at from their widest sides."""

from __future__ import annotations

import torch
from torch import Tensor


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
    return made * torch.where(furthest < 0, -1.0, 1.0)


class Vectors(Tensor):
    """A tensor (N, F) with `pca`; whatever is computed from it is a plain tensor."""

    __torch_function__ = torch._C._disabled_torch_function_impl

    def pca(self, k: int = 2) -> Tensor:
        """The first `k` principal components, (N, k)."""
        return pca(self, k)
