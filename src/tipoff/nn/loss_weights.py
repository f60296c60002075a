"""How much samples count in the mean that a loss takes of a batch: what puts the means of several batches together.

The mean of a cross-entropy with weights of classes is divided by the weights of its samples, that of most other losses by
their number. A mean over a data set that forgets this depends on how the data set was cut into batches.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

# B samples, C classes

IGNORING = (F.cross_entropy, F.nll_loss)  # functions that leave targets of -100 out


def setting(loss: Any, name: str) -> Any:
    """The argument `name` of a loss: an attribute of a module, a keyword of a `partial`; None where there is none."""
    while isinstance(loss, partial):
        if name in loss.keywords:
            return loss.keywords[name]
        loss = loss.func
    if name == "ignore_index" and loss in IGNORING:
        return -100
    owner = getattr(loss, "__self__", loss)  # of the bound method of a target
    return getattr(owner, name, None)


class LossWeights:
    """How much each sample, and each batch, counts in the mean of `loss`.

    >>> LossWeights(torch.nn.CrossEntropyLoss(weight=torch.tensor([1.0, 3.0]))).each(torch.tensor([0, 1, 1]))
    tensor([1., 3., 3.])
    """

    def __init__(self, loss: Any) -> None:
        self.loss = loss
        self.ignored = setting(loss, "ignore_index")
        self.adds_up = setting(loss, "reduction") == "sum"
        self._of_classes: Tensor | None = None
        self._asked, self._least = False, 1.0

    def each(self, *y: Tensor) -> Tensor:  # (B, ...) -> (B,)
        """How much each sample counts."""
        y0 = y[0]
        weights = self._weights(y0)
        if weights is None:
            return torch.full((len(y0),), y0.numel() / len(y0), device=y0.device)
        return weights.reshape(len(y0), -1).sum(1)

    def total(self, *y: Tensor) -> Tensor | int:
        """How much the batch counts."""
        weights = self._weights(y[0])
        return y[0].numel() if weights is None else weights.sum()

    def counts_for_nothing(self, *y: Tensor) -> bool:
        """Whether no sample of the batch counts: their classes weigh 0 or are ignored, and the loss is 0 / 0."""
        weights = self._weights(y[0])
        if weights is None:
            return False
        usual = self.ignored in (None, -100) and (self._of_classes is None or self._least > 0)
        # a GPU is asked only where there may be such batches: it would have to be waited for
        return not (usual and weights.device.type != "cpu") and not bool(weights.any())

    def _weights(self, y: Tensor) -> Tensor | None:
        """A weight for each number of the target; None where they are all alike."""
        if y.is_floating_point() or y.dtype is torch.bool:
            return None
        if not self._asked:
            self._of_classes, self._asked = self._dividing(y.device), True
            self._least = 1.0 if self._of_classes is None else float(self._of_classes.min())
        counted = None if self.ignored is None else y != self.ignored
        if self._of_classes is None:
            return None if counted is None else counted.float()
        of_classes = self._of_classes.to(y.device)
        if counted is None:
            return of_classes[y]
        return torch.where(counted, of_classes[torch.where(counted, y, 0)], 0.0)

    def _dividing(self, device: torch.device) -> Tensor | None:  # -> (C,)
        """The weights of classes, where the mean is divided by them: found by trying the loss on a sample of each class."""
        weight = setting(self.loss, "weight")
        if weight is None:
            return None
        weight = torch.as_tensor(weight, dtype=torch.float32, device=device).detach()
        if weight.ndim != 1 or not len(weight):
            return None
        n = len(weight)
        pred = torch.linspace(-2, 2, n * n, device=device).reshape(n, n).sin()
        y = torch.arange(n, device=device)
        seen = [i for i, w in enumerate(weight.tolist()) if w > 0 and i != self.ignored]
        if not seen or self.adds_up:
            return weight if seen else None
        try:
            alone = torch.stack([self.loss(pred[i : i + 1], y[i : i + 1]) for i in seen])
            together = self.loss(pred[seen], y[seen])
        except Exception:  # whatever a loss says to targets that are not its own: it is not one of classes
            return None
        if alone.ndim != 1:
            return None
        divided = (alone * weight[seen]).sum() / weight[seen].sum()
        return weight if bool((divided - together).abs() < (alone.mean() - together).abs()) else None
