"""Vectors that stand for the values of a category."""

from __future__ import annotations

from torch import nn


class Embedding(nn.Embedding):
    """`nf` numbers for each of `ni` codes, drawn from a normal distribution cut off at two deviations, as fastai's.

    >>> Embedding(10, 3).weight.shape
    torch.Size([10, 3])
    """

    def __init__(self, ni: int, nf: int, std: float = 0.01) -> None:
        super().__init__(ni, nf)
        nn.init.trunc_normal_(self.weight, std=std, a=-2 * std, b=2 * std)


def emb_sz_rule(n_cat: int) -> int:
    """How many numbers stand for one of `n_cat` categories: fastai's rule.

    >>> emb_sz_rule(10)
    6
    """
    return min(600, round(1.6 * float(n_cat**0.56)))
