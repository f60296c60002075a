"""Optimizers with fastai's names and defaults, on torch's fused kernels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import nn

from tipoff.errors import UsageError, did_you_mean
from tipoff.train.adam import FusedAdam

Groups = Iterable[Any]


def _tensors(groups: list[Any]) -> list[torch.Tensor]:
    return [p for g in groups for p in (g["params"] if isinstance(g, dict) else [g])]


def _fused(groups: list[Any]) -> bool:
    return all(
        p.dtype.is_floating_point and p.device.type in ("cpu", "cuda", "mps") for p in _tensors(groups)
    )


def Adam(
    params: Groups,
    lr: float = 1e-3,
    mom: float = 0.9,
    sqr_mom: float = 0.99,
    eps: float = 1e-5,
    wd: float = 0.01,
    decouple_wd: bool = True,
) -> torch.optim.Optimizer:
    """Adam with decoupled weight decay (Loshchilov and Hutter 2019); with `decouple_wd=False`, plain Adam.

    >>> opt = Adam([torch.nn.Parameter(torch.zeros(2))], lr=1e-3)
    """
    groups = list(params)
    options: dict[str, Any] = {"lr": lr, "betas": (mom, sqr_mom), "eps": eps, "weight_decay": wd}
    fused = _fused(groups)
    kinds = {(p.device, p.dtype) for p in _tensors(groups)}
    if fused and len(kinds) == 1 and next(iter(kinds))[0].type in ("cpu", "cuda"):
        return FusedAdam(groups, **options, decoupled_weight_decay=decouple_wd)
    return (torch.optim.AdamW if decouple_wd else torch.optim.Adam)(groups, **options, fused=fused)


def SGD(
    params: Groups, lr: float = 1e-2, mom: float = 0.0, wd: float = 0.0, decouple_wd: bool = True
) -> torch.optim.Optimizer:
    """Gradient descent with momentum `mom`; `decouple_wd` keeps weight decay out of the average of gradients.

    Without momentum both ways of weight decay are the same.
    """
    groups = list(params)
    if mom and decouple_wd:
        return SGDW(groups, lr, mom, wd)
    return torch.optim.SGD(groups, lr=lr, momentum=mom, weight_decay=wd, fused=_fused(groups))


class SGDW(torch.optim.SGD):
    """Gradient descent with momentum and decoupled weight decay (Loshchilov and Hutter 2019).

    Example:
        >>> opt = SGDW([torch.nn.Parameter(torch.zeros(2))], lr=0.1, mom=0.9, wd=0.01)
    """

    def __init__(self, params: Groups, lr: float = 1e-2, mom: float = 0.9, wd: float = 0.0) -> None:
        super().__init__(params, lr=lr, momentum=mom, weight_decay=wd)

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        decays = [group["weight_decay"] for group in self.param_groups]
        for group, wd in zip(self.param_groups, decays, strict=True):
            if learning := [p for p in group["params"] if p.grad is not None and wd]:
                torch._foreach_mul_(learning, 1 - group["lr"] * wd)
            group["weight_decay"] = 0.0  # torch's adds it to the gradient
        try:
            super().step()
        finally:
            for group, wd in zip(self.param_groups, decays, strict=True):
                group["weight_decay"] = wd
        return loss


def param_groups(
    model: nn.Module, groups: Sequence[Sequence[nn.Parameter]], wd: float | None, wd_bn_bias: bool
) -> list[dict[str, Any]]:
    """Optimizer groups of the parameters that learn; norms and biases without weight decay.

    A norm is any layer with "norm" in the name of its class and one number a channel, such as timm's own.
    Each group carries `group`, the index of its layers, so that schedules can give it its own rate, and
    `decays`, whether weight decay is meant for it.
    """
    plain: set[int] = set()
    if not wd_bn_bias:
        for m in model.modules():
            for name, p in m.named_parameters(recurse=False):
                if (
                    "bias" in name
                    or isinstance(m, nn.LayerNorm)
                    or (p.ndim <= 1 and "norm" in type(m).__name__.lower())
                ):
                    plain.add(id(p))
    out: list[dict[str, Any]] = []
    for i, group in enumerate(groups):
        learning = [p for p in group if p.requires_grad]
        decayed = [p for p in learning if id(p) not in plain]
        bare = [p for p in learning if id(p) in plain]
        extra: dict[str, Any] = {} if wd is None else {"weight_decay": wd}
        if decayed:
            out.append({"params": decayed, "group": i, "lr_scale": 1.0, "decays": True, **extra})
        if bare:
            out.append({"params": bare, "group": i, "lr_scale": 1.0, "decays": False, "weight_decay": 0.0})
    if not out:
        raise UsageError("Every layer is frozen: nothing can learn. Call unfreeze() or freeze_to(-1).")
    return out


_NAMES = {"wd": "weight_decay"}  # fastai's names -> PyTorch's
_BETAS = {"mom": 0, "sqr_mom": 1}


def set_hyperparameter(group: dict[str, Any], name: str, value: float) -> None:
    """`lr`, `mom`, `sqr_mom`, `wd` or `eps` of one group, whatever the optimizer calls it.

    Weight decay is left alone where it is not meant for the group (norms and biases), momentum where the optimizer was made
    without it. Raises `UsageError` for a name that the optimizer does not have.
    """
    get_hyperparameter(group, name)
    if name in group:
        group[name] = value
    elif name in _BETAS and "betas" in group:
        betas = list(group["betas"])
        betas[_BETAS[name]] = value
        group["betas"] = tuple(betas)
    elif name == "mom":
        if group.get("momentum"):
            group["momentum"] = value
    elif name != "wd" or group.get("decays", True):
        group[_NAMES.get(name, name)] = value


def get_hyperparameter(group: dict[str, Any], name: str) -> float:
    """What `set_hyperparameter` sets."""
    if name in group:
        return float(group[name])
    if name in _BETAS and "betas" in group:
        return float(group["betas"][_BETAS[name]])
    if name == "mom":
        return float(group.get("momentum", 0.0))
    if (key := _NAMES.get(name, name)) not in group:
        known = [
            "lr",
            "mom",
            "wd",
            *(["sqr_mom"] if "betas" in group else []),
            *(["eps"] if "eps" in group else []),
        ]
        raise UsageError(
            f"The optimizer has no hyper-parameter {name!r}.{did_you_mean(name, known, n=1)} "
            f"It has {', '.join(known)}."
        )
    return float(group[key])
