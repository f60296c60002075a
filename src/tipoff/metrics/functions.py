"""Figures of one batch, as plain functions `f(inp, targ)`; as metrics they are right over uneven batches."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def accuracy(inp: Tensor, targ: Tensor, axis: int = -1) -> Tensor:  # (B, C), (B,) -> ()
    """The share of samples whose highest output is the right class, in [0, 1].

    >>> accuracy(torch.tensor([[2.0, 1.0], [0.0, 1.0]]), torch.tensor([0, 0]))
    tensor(0.5000)
    """
    return (inp.argmax(axis).flatten() == targ.flatten()).float().mean()


def error_rate(inp: Tensor, targ: Tensor, axis: int = -1) -> Tensor:
    """1 - accuracy."""
    return 1 - accuracy(inp, targ, axis)


def top_k_accuracy(inp: Tensor, targ: Tensor, k: int = 5, axis: int = -1) -> Tensor:
    """The share of samples whose class is among the `k` highest outputs."""
    best = inp.topk(min(k, inp.shape[axis]), dim=axis)[1]
    return (best == targ.unsqueeze(axis)).any(axis).float().mean()


def accuracy_multi(inp: Tensor, targ: Tensor, thresh: float = 0.5, sigmoid: bool = True) -> Tensor:
    """The share of right yes-or-no answers over all samples and labels."""
    prob = inp.sigmoid() if sigmoid else inp
    return ((prob > thresh) == targ.bool()).float().mean()


def mse(inp: Tensor, targ: Tensor) -> Tensor:
    """Mean squared error."""
    return F.mse_loss(inp.flatten().float(), targ.flatten().float())


def rmse(inp: Tensor, targ: Tensor) -> Tensor:
    """Root of the mean squared error."""
    return torch.sqrt(mse(inp, targ))


def mae(inp: Tensor, targ: Tensor) -> Tensor:
    """Mean absolute error."""
    return F.l1_loss(inp.flatten().float(), targ.flatten().float())


def msle(inp: Tensor, targ: Tensor) -> Tensor:
    """Mean squared difference of log(1 + x), for numbers above -1."""
    return F.mse_loss(inp.flatten().float().log1p(), targ.flatten().float().log1p())


def brier_score(inp: Tensor, targ: Tensor) -> Tensor:  # (B, C), (B,) -> ()
    """The mean squared difference of probability and outcome, in [0, 1]; 0 is best (Brier 1950).

    Of two classes that of the second; of more, half the sum over the classes, as in scikit-learn.
    """
    prob = inp.float().softmax(-1)
    return (prob - F.one_hot(targ.flatten().long(), prob.shape[-1])).square().sum(-1).mean() / 2


def mspe(inp: Tensor, targ: Tensor) -> Tensor:
    """Mean squared error as a share of the truth, which must not be 0."""
    return ((targ.flatten().float() - inp.flatten().float()) / targ.flatten().float()).square().mean()


def rmspe(inp: Tensor, targ: Tensor) -> Tensor:
    """Root of the mean squared error as a share of the truth; 0.1 is about 10 % off.

    >>> rmspe(torch.tensor([110.0, 9.0]), torch.tensor([100.0, 10.0]))
    tensor(0.1000)
    """
    return torch.sqrt(mspe(inp, targ))


def exp_mspe(inp: Tensor, targ: Tensor) -> Tensor:
    """`mspe` of e to the numbers."""
    return mspe(inp.float().exp(), targ.float().exp())


def exp_rmspe(inp: Tensor, targ: Tensor) -> Tensor:
    """`rmspe` of e to the numbers, for logarithms that are learned."""
    return torch.sqrt(exp_mspe(inp, targ))


def perplexity(inp: Tensor, targ: Tensor) -> Tensor:
    """e to the mean cross-entropy, over the last axis."""
    return torch.exp(cross_entropy(inp, targ))


def cross_entropy(inp: Tensor, targ: Tensor) -> Tensor:
    """Mean cross-entropy in nats, over the last axis."""
    return F.cross_entropy(inp.flatten(0, -2).float(), targ.flatten())
