"""Losses with fastai's names, as modules: predictions (B, C, ...) or (B, n) first, targets second.

The `Flat` ones put the axis of the classes last and take everything else as a batch, so they also fit
sequences and masks. Each has fastai's two methods: `activation` turns raw outputs into what is predicted,
such as probabilities, and `decodes` turns that into values of the target.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

Reduction = Literal["mean", "sum", "none"]


def _reduced(loss: Tensor, reduction: Reduction) -> Tensor:
    return loss if reduction == "none" else loss.mean() if reduction == "mean" else loss.sum()


def _rows(pred: Tensor, axis: int) -> Tensor:  # (..., C at axis, ...) -> (N, C)
    return pred.movedim(axis, -1).reshape(-1, pred.shape[axis])


def _weights(values: Tensor | Sequence[float] | None) -> Tensor | None:
    return None if values is None else torch.as_tensor(values, dtype=torch.float32)


class _OfClasses(nn.Module):
    """A loss of one class for each sample, with the classes in `axis` of the outputs."""

    axis: int

    def activation(self, x: Tensor) -> Tensor:
        """The probabilities of the classes."""
        return x.softmax(self.axis)

    def decodes(self, x: Tensor) -> Tensor:
        """The number of the most probable class."""
        return x.argmax(self.axis)


class CrossEntropyLossFlat(_OfClasses):
    """Cross-entropy of (B, ..., C) and whole numbers (B, ...); `axis` is where the classes are.

    >>> CrossEntropyLossFlat()(torch.zeros(2, 3), torch.tensor([0, 2])).item()
    1.0986123085021973
    """

    def __init__(
        self,
        weight: Tensor | Sequence[float] | None = None,
        *,
        axis: int = -1,
        ignore_index: int = -100,
        reduction: Reduction = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__()
        self.axis, self.ignore_index, self.reduction = axis, ignore_index, reduction
        self.label_smoothing = label_smoothing
        self.weight: Tensor | None
        self.register_buffer("weight", _weights(weight))

    def forward(self, pred: Tensor, targ: Tensor) -> Tensor:
        return F.cross_entropy(
            _rows(pred, self.axis),
            targ.reshape(-1),
            self.weight,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
            label_smoothing=self.label_smoothing,
        )


class LabelSmoothingCrossEntropy(_OfClasses):
    """Cross-entropy against the label with 1 - `eps` and all classes with `eps` between them (Szegedy et al. 2016)."""

    def __init__(
        self,
        eps: float = 0.1,
        weight: Tensor | Sequence[float] | None = None,
        reduction: Reduction = "mean",
        *,
        axis: int = 1,
    ) -> None:
        super().__init__()
        self.eps, self.reduction, self.axis = eps, reduction, axis
        self.weight: Tensor | None
        self.register_buffer("weight", _weights(weight))

    def forward(self, pred: Tensor, targ: Tensor) -> Tensor:  # (B, C, ...), (B, ...)
        return F.cross_entropy(
            pred.movedim(self.axis, 1), targ, self.weight, reduction=self.reduction, label_smoothing=self.eps
        )


class LabelSmoothingCrossEntropyFlat(LabelSmoothingCrossEntropy):
    """The same with classes in `axis`, everything else a batch."""

    def __init__(
        self,
        eps: float = 0.1,
        weight: Tensor | Sequence[float] | None = None,
        reduction: Reduction = "mean",
        *,
        axis: int = -1,
    ) -> None:
        super().__init__(eps, weight, reduction, axis=axis)

    def forward(self, pred: Tensor, targ: Tensor) -> Tensor:
        return F.cross_entropy(
            _rows(pred, self.axis),
            targ.reshape(-1),
            self.weight,
            reduction=self.reduction,
            label_smoothing=self.eps,
        )


class FocalLoss(_OfClasses):
    """Cross-entropy that counts well predicted samples less, by (1 - p)^`gamma` (Lin et al. 2017, arXiv:1708.02002).

    p is the probability of the true class; `weight` multiplies the loss of a class, and p is not changed by it.
    """

    def __init__(
        self,
        gamma: float = 2.0,
        weight: Tensor | Sequence[float] | None = None,
        reduction: Reduction = "mean",
    ) -> None:
        super().__init__()
        self.gamma, self.reduction, self.axis = gamma, reduction, 1
        self.weight: Tensor | None
        self.register_buffer("weight", _weights(weight))

    def forward(self, pred: Tensor, targ: Tensor) -> Tensor:  # (B, C, ...), (B, ...)
        plain = F.cross_entropy(pred, targ, reduction="none")
        loss = (1 - torch.exp(-plain)) ** self.gamma * plain
        if self.weight is not None:
            loss = loss * self.weight[targ]
        return _reduced(loss, self.reduction)


class FocalLossFlat(FocalLoss):
    """The same with classes in `axis`, everything else a batch."""

    def __init__(
        self,
        gamma: float = 2.0,
        weight: Tensor | Sequence[float] | None = None,
        reduction: Reduction = "mean",
        *,
        axis: int = -1,
    ) -> None:
        super().__init__(gamma, weight, reduction)
        self.axis = axis

    def forward(self, pred: Tensor, targ: Tensor) -> Tensor:
        return super().forward(_rows(pred, self.axis), targ.reshape(-1))


class _Elementwise(nn.Module):
    """One number for each of the target's; shapes that differ by axes of size one are brought together."""

    def __init__(self, reduction: Reduction = "mean") -> None:
        super().__init__()
        self.reduction = reduction

    def activation(self, x: Tensor) -> Tensor:
        """The outputs as they are."""
        return x

    def decodes(self, x: Tensor) -> Tensor:
        """What `activation` gives, as it is."""
        return x

    def each(self, pred: Tensor, targ: Tensor) -> Tensor:
        raise NotImplementedError

    def forward(self, pred: Tensor, targ: Tensor) -> Tensor:
        if pred.shape != targ.shape and pred.numel() == targ.numel():
            pred = pred.reshape(targ.shape)
        if pred.shape != targ.shape:
            raise ValueError(
                f"{type(self).__name__}: predictions of shape {tuple(pred.shape)} and targets of shape "
                f"{tuple(targ.shape)} are not the same numbers of things."
            )
        return _reduced(self.each(pred, targ.to(pred.dtype)), self.reduction)


class BCEWithLogitsLossFlat(_Elementwise):
    """Binary cross-entropy of raw outputs and targets of 0 and 1, for several labels at once.

    `weight` (C,) multiplies the loss of a label, `pos_weight` (C,) that of its ones; a label is predicted above the
    probability `thresh`.
    """

    def __init__(
        self,
        weight: Tensor | Sequence[float] | None = None,
        *,
        thresh: float = 0.5,
        reduction: Reduction = "mean",
        pos_weight: Tensor | Sequence[float] | None = None,
    ) -> None:
        super().__init__(reduction)
        self.thresh = thresh
        self.weight: Tensor | None
        self.pos_weight: Tensor | None
        self.register_buffer("weight", _weights(weight))
        self.register_buffer("pos_weight", _weights(pos_weight))

    def activation(self, x: Tensor) -> Tensor:
        """The probability of each label."""
        return x.sigmoid()

    def decodes(self, x: Tensor) -> Tensor:
        """Which labels are predicted."""
        return x > self.thresh

    def each(self, pred: Tensor, targ: Tensor) -> Tensor:
        return F.binary_cross_entropy_with_logits(
            pred, targ, self.weight, pos_weight=self.pos_weight, reduction="none"
        )


class BCELossFlat(_Elementwise):
    """Binary cross-entropy of probabilities and targets of 0 and 1; `weight` (C,) multiplies the loss of a label."""

    def __init__(
        self, weight: Tensor | Sequence[float] | None = None, *, reduction: Reduction = "mean"
    ) -> None:
        super().__init__(reduction)
        self.weight: Tensor | None
        self.register_buffer("weight", _weights(weight))

    def each(self, pred: Tensor, targ: Tensor) -> Tensor:
        # autocast forbids it on a GPU: half precision is too coarse
        with torch.autocast(pred.device.type, enabled=False):
            return F.binary_cross_entropy(pred.float(), targ.float(), self.weight, reduction="none")


class MSELossFlat(_Elementwise):
    """The squared difference; (B, 1) and (B,) are the same."""

    def each(self, pred: Tensor, targ: Tensor) -> Tensor:
        return F.mse_loss(pred, targ, reduction="none")


class L1LossFlat(_Elementwise):
    """The absolute difference; (B, 1) and (B,) are the same."""

    def each(self, pred: Tensor, targ: Tensor) -> Tensor:
        return F.l1_loss(pred, targ, reduction="none")
