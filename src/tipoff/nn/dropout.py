"""Dropout for sequences: one mask for all steps, or for all occurrences of a word (Gal and Ghahramani 2016).

PyTorch draws a number of its own for each place of a mask, on one core. Here a draw of 64 bits serves four places.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

LEVELS = 1 << 16  # of a random number of 16 bits


def dropout_mask(like: Tensor, size: tuple[int, ...], p: float) -> Tensor:
    """Zeros with probability `p`, to 1 / 65,536 on a processor, else 1 / (1 - p), as `like` in type and device."""
    cut = round(p * LEVELS)
    if like.device.type != "cpu" or not 0 < cut < LEVELS:
        return like.new_empty(size).bernoulli_(1 - p).div_(1 - p)
    n = math.prod(size)
    drawn = torch.empty(-(-n // 4), dtype=torch.int64).random_(-(2**63), None)
    kept = drawn.view(torch.int16)[:n].view(size) >= cut - LEVELS // 2
    return kept.to(like.dtype).mul_(LEVELS / (LEVELS - cut))


class Dropout(nn.Dropout):
    """`nn.Dropout` with the mask above, for large activations."""

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or not 0 < self.p < 1:
            return super().forward(x)
        return x * dropout_mask(x, tuple(x.shape), self.p)


class RNNDropout(nn.Module):
    """Drop the same numbers of a sequence at every step: (B, T, C) -> (B, T, C)."""

    def __init__(self, p: float = 0.5) -> None:
        super().__init__()
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.p == 0:
            return x
        return x * dropout_mask(x, (x.shape[0], 1, *x.shape[2:]), self.p)


def embedded(words: Tensor, emb: nn.Embedding, p: float) -> Tensor:  # (B, T) -> (B, T, C)
    """Embeddings, with a share `p` of all words left out wherever they occur (Merity et al. 2017, section 4.3).

    Instead of the table of all words, only what was looked up is multiplied.
    """
    out: Tensor = emb(words)
    return out if p == 0 else out * F.embedding(words, dropout_mask(out, (emb.num_embeddings, 1), p))


def table(n: int, width: int, pad_token: int, bound: float = 0.1) -> nn.Embedding:
    """An embedding drawn evenly from -`bound` to `bound`, as fastai's language models begin."""
    emb = nn.Embedding(n, width, padding_idx=pad_token)
    with torch.no_grad():
        emb.weight.uniform_(-bound, bound)
    return emb
