"""Which layers learn: groups of parameters, frozen from the input on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from torch import nn
from torch.nn.modules.batchnorm import _NormBase

from tipoff.arguments import need_whole, said
from tipoff.errors import UsageError

Splitter = Callable[[nn.Module], Sequence[Sequence[nn.Parameter]]]


def trainable_params(model: nn.Module) -> list[nn.Parameter]:
    """All parameters that ask for a gradient, as one group."""
    return [p for p in model.parameters() if p.requires_grad]


def params(model: nn.Module) -> list[nn.Parameter]:
    """All parameters."""
    return list(model.parameters())


def as_groups(split: object) -> list[list[nn.Parameter]]:
    """What a splitter gave, as a list of groups; a flat list is one group. Raises `UsageError` for anything else."""
    if not isinstance(split, Iterable) or isinstance(split, str):
        raise UsageError(f"splitter gives {said(split)}; a list of parameters, or of such lists, is needed.")
    groups: list[list[nn.Parameter]] = []
    alone: list[nn.Parameter] = []
    for group in split:
        if isinstance(group, nn.Parameter):
            alone.append(group)
            continue
        groups.append(list(group) if isinstance(group, Iterable) else [group])
        if not all(isinstance(p, nn.Parameter) for p in groups[-1]):
            raise UsageError(f"splitter gives a group that is {said(group)}; a list of parameters is needed.")
    if alone and groups:
        raise UsageError("splitter gives parameters and lists of parameters; either is needed alone.")
    return groups or [alone]


def batch_norms(model: nn.Module) -> list[_NormBase]:
    """Every batch norm (and instance norm) in the model."""
    return [m for m in model.modules() if isinstance(m, _NormBase)]


def freeze_to(model: nn.Module, groups: Sequence[Sequence[nn.Parameter]], n: int, train_bn: bool) -> int:
    """Let the groups from `n` on learn, and nothing before; negative counts from the end.

    With `train_bn`, batch norms learn everywhere. Returns the index of the first group that learns. Raises `UsageError` where
    there is no group `n`.
    """
    need_whole("n", n)
    if not -len(groups) <= n < len(groups):
        raise UsageError(
            f"freeze_to({n}): there {'is 1 group' if len(groups) == 1 else f'are {len(groups)} groups'} of layers, so n lies "
            f"between {-len(groups)} and {len(groups) - 1}."
        )
    first = n if n >= 0 else len(groups) + n
    for i, group in enumerate(groups):
        for p in group:
            p.requires_grad_(i >= first)
    if train_bn:
        for m in batch_norms(model):
            for p in m.parameters(recurse=False):
                p.requires_grad_(True)
    return first


def kept_norms(model: nn.Module, groups: Sequence[Sequence[nn.Parameter]]) -> list[_NormBase]:
    """The batch norms outside the last group, the head: those that came with their statistics."""
    head = {id(p) for p in groups[-1]}
    return [m for m in batch_norms(model) if not any(id(p) in head for p in m.parameters(recurse=False))]
