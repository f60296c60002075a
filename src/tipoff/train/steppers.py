"""An optimizer as a list of small functions, each of which does one thing to one parameter.

A stepper is called as `f(p, **values)` with the hyper-parameters of the group and what earlier steppers left for `p`. It
changes `p` or its gradient in place, or returns a dictionary of what to keep for `p`. The names are fastai's.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor

from tipoff.errors import UsageError

Stepper = Callable[..., "dict[str, Any] | None"]
Params = Iterable[Any]  # tensors, or groups of them as dictionaries


def sgd_step(p: Tensor, lr: float, **_: Any) -> None:
    """Move against the gradient."""
    p.add_(_grad(p), alpha=-lr)


def weight_decay(p: Tensor, lr: float, wd: float, **_: Any) -> None:
    """Shrink the weights by `lr * wd`, apart from the gradient (Loshchilov and Hutter 2019)."""
    if wd:
        p.mul_(1 - lr * wd)


def l2_reg(p: Tensor, wd: float, **_: Any) -> None:
    """Add `wd` times the weights to the gradient: a penalty on their squares."""
    if wd:
        _grad(p).add_(p, alpha=wd)


def average_grad(
    p: Tensor, mom: float, dampening: bool = False, grad_avg: Tensor | None = None, **_: Any
) -> dict[str, Any]:
    """Keep `grad_avg`: `mom` times itself and the gradient, which `dampening` multiplies by `1 - mom`."""
    before = torch.zeros_like(p) if grad_avg is None else grad_avg
    return {"grad_avg": before.mul_(mom).add_(_grad(p), alpha=1 - mom if dampening else 1.0)}


def average_sqr_grad(
    p: Tensor, sqr_mom: float, dampening: bool = True, sqr_avg: Tensor | None = None, **_: Any
) -> dict[str, Any]:
    """Keep `sqr_avg`, as `average_grad` of the squares of the gradient."""
    before = torch.zeros_like(p) if sqr_avg is None else sqr_avg
    share = 1 - sqr_mom if dampening else 1.0
    return {"sqr_avg": before.mul_(sqr_mom).addcmul_(_grad(p), _grad(p), value=share)}


def momentum_step(p: Tensor, lr: float, grad_avg: Tensor, **_: Any) -> None:
    """Move against the average of gradients."""
    p.add_(grad_avg, alpha=-lr)


def step_stat(p: Tensor, step: int = 0, **_: Any) -> dict[str, Any]:
    """Keep `step`, how many there were."""
    return {"step": step + 1}


def debias(mom: float, damp: float, step: int) -> float:
    """What an average that began at zero must be divided by after `step` steps.

    >>> debias(0.9, 0.1, 1)
    0.1
    """
    return damp * (1 - mom**step) / (1 - mom)


DEFAULTS: dict[Any, dict[str, float]] = {
    weight_decay: {"wd": 0.0},
    l2_reg: {"wd": 0.0},
    average_grad: {"mom": 0.9},
    average_sqr_grad: {"sqr_mom": 0.99},
}


class Optimizer(torch.optim.Optimizer):
    """The steppers `cbs`, one after the other, on each parameter that has a gradient.

    Args:
        params: Tensors, or groups as dictionaries; `wd`, or PyTorch's `weight_decay`, may differ from group to group.
        cbs: The steppers, in the order of their calls.
        **defaults: Hyper-parameters by the names that the steppers give them, such as `lr`, `mom`, `wd`.

    Raises:
        UsageError: There is no stepper, or, at `step`, one of them needs what nothing gives.

    Example:
        >>> weight = torch.nn.Parameter(torch.ones(1))
        >>> opt = Optimizer([weight], [average_grad, momentum_step], lr=0.1, mom=0.9)
        >>> weight.grad = torch.ones(1)
        >>> opt.step()
        >>> round(weight.item(), 4)
        0.9
    """

    def __init__(self, params: Params, cbs: Stepper | Sequence[Stepper], **defaults: Any) -> None:
        self.cbs: tuple[Stepper, ...] = (cbs,) if callable(cbs) else tuple(cbs)
        if not self.cbs:
            raise UsageError("cbs is empty: an optimizer needs a stepper, such as cbs=[sgd_step].")
        values: dict[str, Any] = {}
        for cb in self.cbs:
            known = cb.func if isinstance(cb, partial) else cb
            values |= DEFAULTS.get(known, getattr(known, "defaults", {}))
        values |= defaults
        super().__init__([_torchs(g) if isinstance(g, dict) else g for g in params], _torchs(values))

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            hypers = {("wd" if k == "weight_decay" else k): v for k, v in group.items() if k != "params"}
            for p in group["params"]:
                if p.grad is not None:
                    self._step(p, hypers)
        return loss

    def _step(self, p: Tensor, hypers: dict[str, Any]) -> None:
        state = self.state[p]
        for cb in self.cbs:
            values = {**state, **hypers}
            try:
                kept = cb(p, **values)
            except TypeError:
                _need(cb, values)
                raise
            if isinstance(kept, dict):
                state.update(kept)


def _grad(p: Tensor) -> Tensor:
    assert p.grad is not None
    return p.grad


def _torchs(values: dict[str, Any]) -> dict[str, Any]:
    """With PyTorch's name for `wd`, which learners and schedules set."""
    return {("weight_decay" if k == "wd" else k): v for k, v in values.items()}


def _need(cb: Stepper, values: dict[str, Any]) -> None:
    """Raise `UsageError` where `cb` has an argument without a default that is not among `values`."""
    wanted = list(inspect.signature(cb).parameters.values())[1:]
    plain = [
        p for p in wanted if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY) and p.default is p.empty
    ]
    missing = [p.name for p in plain if p.name not in values]
    if missing:
        name = getattr(cb, "__name__", repr(cb))
        raise UsageError(
            f"The stepper {name} needs {' and '.join(missing)}, which is no hyper-parameter of this optimizer and which no "
            f"earlier stepper keeps. Pass Optimizer(..., {missing[0]}=...), or put the stepper that keeps it before {name}."
        ) from None
