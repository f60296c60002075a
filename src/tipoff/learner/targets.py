"""What a learner predicts when only a loss says so."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from tipoff.data.batch import Batch
from tipoff.data.block import Target
from tipoff.data.target import CategoryBlock, MultiCategoryBlock
from tipoff.errors import UsageError


@dataclass(frozen=True)
class PlainTarget(Target):
    """A target known by its loss alone; `kind_of` is categories, labels or numbers.

    A loss with fastai's `activation` and `decodes` says itself what it makes of outputs.
    """

    kind_of: str = "numbers"
    loss_func: Any = None

    def activation(self, pred: Tensor) -> Tensor:
        if hasattr(self.loss_func, "activation"):
            made: Tensor = self.loss_func.activation(pred)
            return made
        if self.kind_of == "categories":
            return pred.softmax(-1)
        return pred.sigmoid() if self.kind_of == "labels" else pred

    def decide(self, prob: Tensor) -> Tensor:
        if hasattr(self.loss_func, "decodes"):
            made: Tensor = self.loss_func.decodes(prob)
            return made
        if self.kind_of == "categories":
            return prob.argmax(-1)
        return (prob > 0.5).float() if self.kind_of == "labels" else prob


def target_for(dls: Any, loss_func: Callable[..., Tensor] | None) -> Target:
    """The target of the data; without one, what the loss implies."""
    if dls.targets:
        if len(dls.targets) > 1 and loss_func is None:
            raise UsageError(
                "There are several targets: pass loss_func=, which gets the prediction and each of them."
            )
        first: Target = dls.targets[0]
        return first
    if loss_func is None:
        raise UsageError(
            "These DataLoaders do not say what is predicted, so loss_func= is needed, such as nn.CrossEntropyLoss()."
        )
    name = (getattr(loss_func, "__name__", None) or type(loss_func).__name__).lower()
    if isinstance(loss_func, nn.CrossEntropyLoss) or "cross_entropy" in name or "crossentropy" in name:
        kind = "labels" if "binary" in name else "categories"
    else:
        kind = "labels" if "bce" in name else "numbers"
    return PlainTarget(kind, loss_func)


def agreed(target: Target, loss_func: Any) -> Target:
    """`target`, with the threshold of the user's loss where it has one.

    Raises `UsageError` where the loss makes other probabilities of outputs than the target: a model file answers by its
    target, so predictions would not be what was trained.
    """
    threshold = getattr(loss_func, "thresh", None)
    if isinstance(target, MultiCategoryBlock) and isinstance(threshold, (int, float)):
        target = target.replace(threshold=float(threshold))
    if not hasattr(loss_func, "activation") or not isinstance(target, (CategoryBlock, MultiCategoryBlock)):
        return target
    outputs = torch.linspace(-2, 2, 3 * target.n_out).reshape(3, target.n_out)
    plain = target.replace(temperature=1.0) if isinstance(target, CategoryBlock) else target
    its, mine = loss_func.activation(outputs), plain.activation(outputs)
    if its.shape != mine.shape or not torch.allclose(its.float(), mine, atol=1e-5):
        raise UsageError(
            f"{type(loss_func).__name__} makes other probabilities of the network's outputs than {type(target).__name__}, by "
            f"which the model will predict: {target.default_loss} goes with it."
        )
    return target


def called(model: nn.Module, batch: Batch) -> Any:
    """The outputs of `model` for a batch, with a sentence where batch norms have a single item to learn from."""
    try:
        return model(*batch.x)
    except ValueError as e:
        if "more than 1 value per channel" not in str(e):
            raise
        raise UsageError(
            f"A batch of {batch.size} cannot be trained on, as batch norms need two items or more: take a larger bs, or "
            "drop_last=True where the last batch of an epoch holds one item."
        ) from e


def checked(loss_func: Callable[..., Tensor], target: Target) -> Callable[..., Tensor]:
    """`loss_func` with a sentence instead of a shape error when it does not fit the target."""

    looked_at = False

    def loss(pred: Any, *y: Tensor) -> Tensor:
        nonlocal looked_at
        try:
            if looked_at:
                value = loss_func(pred, *y)
            else:
                with warnings.catch_warnings():  # torch only warns where (B, 1) and (B,) would become (B, B)
                    warnings.filterwarnings("error", "Using a target size")
                    value = loss_func(pred, *y)
                looked_at = True
        except (RuntimeError, ValueError, IndexError, TypeError, UserWarning) as e:
            shapes = " and ".join(
                f"{tuple(t.shape)} {str(t.dtype).removeprefix('torch.')}" for t in y if hasattr(t, "shape")
            )
            name = getattr(loss_func, "__name__", type(loss_func).__name__)
            fits = f" {type(target).__name__} goes with {target.default_loss}." if target.default_loss else ""
            raise UsageError(
                f"The loss {name} does not fit: the network gives {tuple(getattr(pred, 'shape', ()))}, the targets are "
                f"{shapes}.{fits} ({type(e).__name__}: {e})"
            ) from e
        if value.ndim:
            raise UsageError(
                f"The loss gives {tuple(value.shape)} numbers; it must give one: use reduction='mean'."
            )
        return value

    return loss
