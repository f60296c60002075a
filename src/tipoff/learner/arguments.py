"""What a learner must be made of."""

from __future__ import annotations

from typing import Any

from torch import nn

from tipoff.arguments import need_number, need_numbers, need_one_of
from tipoff.data.dataloaders import DataLoaders
from tipoff.data.target import NA, CategoryBlock
from tipoff.errors import DataError, UsageError
from tipoff.learner.call_arguments import need_rate
from tipoff.spec import Spec

PRECISIONS = ("float32", "bfloat16", "float16")


def need_dls(dls: Any) -> None:
    """Raise `UsageError` for anything but `DataLoaders`."""
    if not isinstance(dls, DataLoaders):
        raise UsageError(
            f"dls is a {type(dls).__name__}; DataLoaders are needed, such as ImageDataLoaders.from_folder(...), or "
            "DataLoaders(train, valid) of loaders of your own."
        )


def need_learnable(dls: Any, model: Any, lr: Any, wd: Any, moms: Any, precision: Any) -> None:
    """Raise `UsageError` for what no `Learner` can be made of."""
    need_dls(dls)
    if not isinstance(model, nn.Module):
        raise UsageError(
            f"model is a {type(model).__name__}; a PyTorch module is needed. By name, vision_learner(dls, 'resnet34') makes one."
        )
    need_rate("lr", lr)
    if wd is not None:
        need_number("wd", wd, at_least=0)
    need_numbers("moms", moms, 3, at_least=0, at_most=1)
    need_one_of("precision", precision, PRECISIONS)


def need_classes(dls: DataLoaders) -> None:
    """Raise `DataError` where there is nothing to tell apart: a target of one class."""
    for target in dls.targets:
        if not isinstance(target, CategoryBlock) or target.vocab is None:
            continue
        real = [name for name in target.names if name != NA]
        if len(real) < 2:
            raise DataError(
                f"There is one class in the training items: {real[0]!r}; a classifier needs two or more. Is the label "
                "function right?"
            )


def need_outputs(dls: DataLoaders, model: Spec | None) -> None:
    """Raise `UsageError` where the network has other outputs than the data have classes: some would have no name."""
    n_out, targets = getattr(model, "n_out", None), dls.targets
    if n_out is None or not targets or not all(hasattr(t, "names") for t in targets):
        return
    if n_out == (n := sum(t.n_out for t in targets)):
        return
    if n_out == 1:
        way = (
            "For yes or no, two outputs with cross-entropy, the default, are the same model. For one output, predict a number: "
            "RegressionBlock() with labels 0 and 1."
        )
    else:
        way = "Classes that no item has can be named: CategoryBlock(vocab=[...])."
    raise UsageError(
        f"n_out is {n_out}, and the data have {n} classes: an output is needed for each, and for nothing else. Leave n_out away. {way}"
    )
