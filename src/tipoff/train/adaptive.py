"""Optimizers beyond SGD and Adam, as lists of steppers, with fastai's names and defaults."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from tipoff.train.steppers import (
    Optimizer,
    Params,
    Stepper,
    average_grad,
    average_sqr_grad,
    debias,
    l2_reg,
    step_stat,
    weight_decay,
)

_AVERAGES: tuple[Stepper, ...] = (partial(average_grad, dampening=True), average_sqr_grad, step_stat)


def _decay(decouple_wd: bool) -> Stepper:
    return weight_decay if decouple_wd else l2_reg


def rms_prop_step(
    p: Tensor, lr: float, sqr_avg: Tensor, eps: float, grad_avg: Tensor | None = None, **_: Any
) -> None:
    """Move against the gradient, or its average, divided by the root of `sqr_avg`."""
    assert p.grad is not None
    p.addcdiv_(p.grad if grad_avg is None else grad_avg, sqr_avg.sqrt().add_(eps), value=-lr)


class RMSProp(Optimizer):
    """RMSProp (Tieleman and Hinton 2012); with `mom`, of the average of gradients."""

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        mom: float = 0.0,
        sqr_mom: float = 0.99,
        eps: float = 1e-8,
        wd: float = 0.0,
        decouple_wd: bool = True,
    ) -> None:
        averages = (average_grad, average_sqr_grad) if mom else (average_sqr_grad,)
        hypers = {"lr": lr, "sqr_mom": sqr_mom, "eps": eps, "wd": wd, **({"mom": mom} if mom else {})}
        super().__init__(params, (_decay(decouple_wd), *averages, rms_prop_step), **hypers)


def adam_step(
    p: Tensor,
    lr: float,
    mom: float,
    step: int,
    sqr_mom: float,
    grad_avg: Tensor,
    sqr_avg: Tensor,
    eps: float,
    **_: Any,
) -> None:
    """Adam's step (Kingma and Ba 2015) from dampened averages."""
    p.add_(_adam(grad_avg, sqr_avg, mom, sqr_mom, step, eps), alpha=-lr)


def _adam(grad_avg: Tensor, sqr_avg: Tensor, mom: float, sqr_mom: float, step: int, eps: float) -> Tensor:
    first, second = debias(mom, 1 - mom, step), debias(sqr_mom, 1 - sqr_mom, step)
    return (grad_avg / first).div_((sqr_avg / second).sqrt_().add_(eps))


def radam_step(
    p: Tensor,
    lr: float,
    mom: float,
    step: int,
    sqr_mom: float,
    grad_avg: Tensor,
    sqr_avg: Tensor,
    eps: float,
    beta: float = 0.0,
    **_: Any,
) -> None:
    """Adam's step times a rectification; the plain average while the variance of `sqr_avg` is unknown (Liu et al. 2020)."""
    first, second = debias(mom, 1 - mom, step), debias(sqr_mom, 1 - sqr_mom, step)
    longest = 2 / (1 - sqr_mom) - 1
    length = longest - 2 * step * sqr_mom**step / (1 - sqr_mom**step)
    if length <= 5:
        p.add_(grad_avg, alpha=-lr / first)
        return
    share = (length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length)
    below = (sqr_avg / second).sqrt_().add_(eps)
    if beta:
        below = F.softplus(below, beta)
    p.addcdiv_(grad_avg, below, value=-lr * math.sqrt(share) / first)


class RAdam(Optimizer):
    """Adam with a rectified warm-up (Liu et al. 2020); with `beta`, a softplus of that sharpness below the fraction."""

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        mom: float = 0.9,
        sqr_mom: float = 0.99,
        eps: float = 1e-5,
        wd: float = 0.0,
        beta: float = 0.0,
        decouple_wd: bool = True,
    ) -> None:
        hypers = {"lr": lr, "mom": mom, "sqr_mom": sqr_mom, "eps": eps, "wd": wd, "beta": beta}
        super().__init__(params, (_decay(decouple_wd), *_AVERAGES, radam_step), **hypers)


def qhadam_step(
    p: Tensor,
    lr: float,
    mom: float,
    sqr_mom: float,
    sqr_avg: Tensor,
    nu_1: float,
    nu_2: float,
    step: int,
    grad_avg: Tensor,
    eps: float,
    **_: Any,
) -> None:
    """A mean of the gradient and its average, over that of the square and its average, by `nu_1` and `nu_2`."""
    assert p.grad is not None
    first, second = debias(mom, 1 - mom, step), debias(sqr_mom, 1 - sqr_mom, step)
    above = torch.lerp(p.grad, grad_avg / first, nu_1)
    below = torch.lerp(p.grad.square(), sqr_avg / second, nu_2).sqrt_().add_(eps)
    p.addcdiv_(above, below, value=-lr)


class QHAdam(Optimizer):
    """Quasi-hyperbolic Adam (Ma and Yarats 2019); with `nu_1` and `nu_2` of 1 it is Adam."""

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        mom: float = 0.999,
        sqr_mom: float = 0.999,
        nu_1: float = 0.7,
        nu_2: float = 1.0,
        eps: float = 1e-8,
        wd: float = 0.0,
        decouple_wd: bool = True,
    ) -> None:
        hypers = {"lr": lr, "mom": mom, "sqr_mom": sqr_mom, "nu_1": nu_1, "nu_2": nu_2, "eps": eps, "wd": wd}
        super().__init__(params, (_decay(decouple_wd), *_AVERAGES, qhadam_step), **hypers)


def larc_layer_lr(
    p: Tensor, lr: float, trust_coeff: float, wd: float, eps: float, clip: bool = True, **_: Any
) -> dict[str, Any]:
    """Keep `local_lr`: the learning rate by the norms of the weights and of their gradient; with `clip`, at most `lr`."""
    assert p.grad is not None
    weights, grad = p.norm(), p.grad.norm()
    local = lr * trust_coeff * weights / (grad + weights * wd + eps)
    return {"local_lr": local.clamp(max=lr) if clip else local}


def larc_step(p: Tensor, local_lr: Tensor, grad_avg: Tensor | None = None, **_: Any) -> None:
    """Move by `local_lr`, against the average of gradients where there is one."""
    assert p.grad is not None
    p.sub_(local_lr * (p.grad if grad_avg is None else grad_avg))


class Larc(Optimizer):
    """Layer-wise adaptive rate control (You et al. 2017); with `clip=False`, LARS."""

    def __init__(
        self,
        params: Params,
        lr: float = 1e-2,
        mom: float = 0.9,
        clip: bool = True,
        trust_coeff: float = 0.02,
        eps: float = 1e-8,
        wd: float = 0.0,
        decouple_wd: bool = True,
    ) -> None:
        average: Sequence[Stepper] = (average_grad,) if mom else ()
        hypers = {"lr": lr, "trust_coeff": trust_coeff, "eps": eps, "wd": wd, **({"mom": mom} if mom else {})}
        local = partial(larc_layer_lr, clip=clip)
        super().__init__(params, (_decay(decouple_wd), *average, local, larc_step), **hypers)


def lamb_step(
    p: Tensor,
    lr: float,
    mom: float,
    step: int,
    sqr_mom: float,
    grad_avg: Tensor,
    sqr_avg: Tensor,
    eps: float,
    **_: Any,
) -> None:
    """Adam's step, as long as the weights of the layer are: at most ten times as long as it was (You et al. 2020)."""
    move = _adam(grad_avg, sqr_avg, mom, sqr_mom, step, eps)
    weights, length = p.square().mean().sqrt(), move.square().mean().sqrt()
    trust = torch.where((weights == 0) | (length == 0), 1.0, (weights / length).clamp(max=10))
    p.sub_(move.mul_(trust * lr))


class Lamb(Optimizer):
    """Layer-wise adaptive moments for large batches (You et al. 2020)."""

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        mom: float = 0.9,
        sqr_mom: float = 0.99,
        eps: float = 1e-5,
        wd: float = 0.0,
        decouple_wd: bool = True,
    ) -> None:
        hypers = {"lr": lr, "mom": mom, "sqr_mom": sqr_mom, "eps": eps, "wd": wd}
        super().__init__(params, (_decay(decouple_wd), *_AVERAGES, lamb_step), **hypers)
