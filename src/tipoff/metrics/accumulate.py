"""Metrics of one's own: a function of all predictions and targets, such as those of scikit-learn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from tipoff.errors import UsageError
from tipoff.metrics.metric import Mean, Metric, name_of

AvgMetric = Mean  # fastai's name


class ActivationType:
    """What `AccumMetric` does to raw outputs first."""

    No = "no"
    Sigmoid = "sigmoid"
    Softmax = "softmax"
    BinarySoftmax = "binarysoftmax"


class AccumMetric(Metric):
    """`func` of the predictions and targets of all batches together, computed once at the end.

    Lower is better where the name of `func` ends in "loss" or "error", as scikit-learn names them; set
    `higher_is_better` otherwise.

    Args:
        func: called with (predictions, targets), and with `kwargs`.
        dim_argmax: axis of the classes, of which the highest is predicted; None leaves the outputs as they are.
        activation: one of `ActivationType`; BinarySoftmax gives the probability of the last class.
        thresh: a prediction is whether the activation is at least `thresh`.
        to_np: give `func` NumPy arrays instead of tensors.
        invert_arg: call `func` with (targets, predictions).
        flatten: give `func` (N,) predictions and targets; otherwise as they come.
        name: name in the table of results; by default that of `func`.

    >>> most = AccumMetric(lambda p, y: (p - y).abs().max(), name="largest_error")
    >>> most.update(torch.tensor([[1.0], [5.0]]), torch.tensor([1.0, 2.0]))
    >>> most.compute()
    3.0
    """

    def __init__(
        self,
        func: Callable[..., Any],
        dim_argmax: int | None = None,
        activation: str = ActivationType.No,
        thresh: float | None = None,
        to_np: bool = False,
        invert_arg: bool = False,
        flatten: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        known = [v for k, v in vars(ActivationType).items() if not k.startswith("_")]
        if activation not in known:
            raise UsageError(f"activation={activation!r}: choose one of {', '.join(known)}.")
        self.func, self.dim_argmax, self.activation, self.thresh = func, dim_argmax, activation, thresh
        self.to_np, self.invert_arg, self.flatten, self.kwargs = to_np, invert_arg, flatten, kwargs
        self.name = name or name_of(func)
        self.higher_is_better = not self.name.endswith(("loss", "error"))
        self.reset()

    def reset(self) -> None:
        self._pred: list[Tensor] = []
        self._y: list[Tensor] = []

    def _predicted(self, pred: Tensor) -> Tensor:
        if self.activation in (ActivationType.Softmax, ActivationType.BinarySoftmax):
            pred = pred.softmax(-1 if self.dim_argmax is None else self.dim_argmax)
            pred = pred[:, -1] if self.activation == ActivationType.BinarySoftmax else pred
        elif self.activation == ActivationType.Sigmoid:
            pred = pred.sigmoid()
        elif self.dim_argmax is not None:
            pred = pred.argmax(self.dim_argmax)
        return pred if self.thresh is None else pred >= self.thresh

    def update(self, pred: Tensor, *y: Tensor) -> None:
        made, targ = self._predicted(pred.detach()).cpu(), y[0].detach().cpu()
        if self.flatten:
            made, targ = made.flatten(), targ.flatten()
            if len(made) != len(targ):
                raise UsageError(
                    f"The metric {self.name} compares {len(made)} predictions with {len(targ)} targets (outputs "
                    f"{tuple(pred.shape)}, targets {tuple(y[0].shape)}): pass dim_argmax= or activation=."
                )
        self._pred.append(made)
        self._y.append(targ)

    def compute(self) -> float:
        if not self._pred:
            return float("nan")
        pred, y = torch.cat(self._pred), torch.cat(self._y)
        if self.to_np:
            pred, y = pred.numpy(), y.numpy()  # type: ignore[assignment]
        return float(
            self.func(y, pred, **self.kwargs) if self.invert_arg else self.func(pred, y, **self.kwargs)
        )

    def state(self) -> dict[str, Tensor]:
        return {"pred": torch.cat(self._pred), "y": torch.cat(self._y)} if self._pred else {}

    def merge(self, states: Sequence[Mapping[str, Tensor]]) -> None:
        self._pred = [s["pred"] for s in states if "pred" in s]
        self._y = [s["y"] for s in states if "y" in s]


def skm_to_fastai(
    func: Callable[..., Any],
    is_class: bool = True,
    thresh: float | None = None,
    axis: int = -1,
    activation: str | None = None,
    **kwargs: Any,
) -> AccumMetric:
    """Make a metric of a function of `sklearn.metrics`, which takes (targets, predictions).

    Args:
        is_class: give `func` the predicted classes; False gives it the outputs, for regression.
        thresh: with it, labels are predicted where the sigmoid is at least `thresh`.
        axis: of the classes.
        activation: one of `ActivationType`, for functions that take probabilities.
        kwargs: for `AccumMetric` and for `func`.

    >>> from sklearn.metrics import zero_one_loss
    >>> skm_to_fastai(zero_one_loss).higher_is_better
    False
    """
    with_labels = is_class and thresh is not None
    if activation is None:
        activation = ActivationType.Sigmoid if with_labels else ActivationType.No
    argmax = axis if is_class and thresh is None else None
    return AccumMetric(func, argmax, activation, thresh, to_np=True, invert_arg=True, **kwargs)
