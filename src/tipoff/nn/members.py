"""Many networks that share almost all of their weights, trained side by side (Gorishniy et al. 2025, TabM)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

# B batch, K members, I in, O out


class Adapter(nn.Module):
    """Each member sees the input through a scale of its own: (B, I) -> (B, K, I).

    The scales are drawn from a normal distribution, one for each part of the input: `sizes` are those of the parts, so
    that what describes one column is scaled alike.
    """

    def __init__(self, sizes: list[int], n_members: int) -> None:
        super().__init__()
        parts = [torch.randn(n_members, 1).expand(n_members, size) for size in sizes]
        self.weight = nn.Parameter(torch.cat(parts, 1).contiguous())

    def forward(self, x_BI: Tensor) -> Tensor:
        return x_BI[:, None] * self.weight.to(x_BI.dtype)


class MemberLinear(nn.Module):
    """A linear layer of its own for each member: (B, K, I) -> (B, K, O)."""

    def __init__(self, n_in: int, n_out: int, n_members: int) -> None:
        super().__init__()
        bound = n_in**-0.5
        self.weight = nn.Parameter(torch.empty(n_members, n_in, n_out).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(n_members, n_out).uniform_(-bound, bound))

    def forward(self, x_BKI: Tensor) -> Tensor:
        return torch.baddbmm(self.bias[:, None], x_BKI.transpose(0, 1), self.weight).transpose(0, 1)


def average(out_BKO: Tensor, how: str) -> Tensor:  # -> (B, O)
    """One output for the members': such that its softmax, sigmoid or itself is the mean of theirs.

    `how` is softmax, sigmoid or mean.

    >>> average(torch.tensor([[[0.0, 0.0], [3.0, 1.0]]]), "softmax").softmax(-1)
    tensor([[0.6904, 0.3096]])
    """
    if how == "softmax":
        return out_BKO.log_softmax(-1).logsumexp(1)
    if how == "sigmoid":  # log p and log (1 - p), of the means
        return F.logsigmoid(out_BKO).logsumexp(1) - F.logsigmoid(-out_BKO).logsumexp(1)
    return out_BKO.mean(1)
