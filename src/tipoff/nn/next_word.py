"""Cross-entropy over a large vocabulary, a few rows at a time.

There are as many numbers as words times places. PyTorch writes them out three times more, in float32; here what is needed
of each row is computed while it is in the processor's cache, the gradient with it.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

# N places, V words

ROWS = 32  # of 16,000 words: 2 MB in float32


def next_word_loss(logits: Tensor, y: Tensor) -> Tensor:  # (N, V), (N,) -> ()
    """The mean cross-entropy in nats, in float32.

    >>> next_word_loss(torch.zeros(2, 4), torch.tensor([0, 3]))
    tensor(1.3863)
    """
    if logits.device.type != "cpu":
        return F.cross_entropy(logits.float(), y)
    out: Tensor = _InRows.apply(logits, y)
    return out


class _InRows(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, logits: Tensor, y: Tensor) -> Tensor:
        grad = torch.empty_like(logits) if ctx.needs_input_grad[0] else None
        total = torch.zeros((), dtype=torch.float64)
        for at in range(0, len(logits), ROWS):
            z, right = logits[at : at + ROWS].float(), y[at : at + ROWS, None]
            most = z.amax(1, keepdim=True)
            e = (z - most).exp_()
            sums = e.sum(1, keepdim=True)
            total += (sums.log() + most - z.gather(1, right)).sum()
            if grad is not None:
                e.div_(sums * len(logits)).scatter_add_(1, right, torch.full_like(sums, -1 / len(logits)))
                grad[at : at + ROWS] = e
        ctx.grad = grad
        return (total / len(logits)).float()

    @staticmethod
    def backward(ctx: Any, d: Tensor) -> tuple[Tensor, None]:
        return ctx.grad * d.to(ctx.grad.dtype), None
