"""Lookahead: slow weights that follow those of another optimizer; and ranger."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from tipoff.arguments import need_number, need_whole
from tipoff.train.adaptive import RAdam
from tipoff.train.steppers import Params


class Lookahead(torch.optim.Optimizer):
    """Every `k` steps of `opt`, move slow weights by `alpha` of the way, and go on from there (Zhang et al. 2019).

    Groups, hyper-parameters and state are those of `opt`; the slow weights are part of the state.

    Example:
        >>> weight = torch.nn.Parameter(torch.zeros(1))
        >>> opt = Lookahead(torch.optim.SGD([weight], lr=1.0), k=2)
        >>> for _ in range(2):
        ...     weight.grad = -torch.ones(1)
        ...     opt.step()
        >>> weight.item()  # half of the way from 0 to 2
        1.0
    """

    def __init__(self, opt: torch.optim.Optimizer, k: int = 6, alpha: float = 0.5) -> None:
        self.k = need_whole("k", k, at_least=1)
        self.alpha = need_number("alpha", alpha, above=0, at_most=1)
        super().__init__(opt.param_groups, opt.defaults)
        self.opt = opt
        for group in opt.param_groups:
            group.setdefault("n_fast_steps", 0)
        self._share()

    def _share(self) -> None:
        self.param_groups, self.state = self.opt.param_groups, self.opt.state

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        begun: list[tuple[Tensor, Tensor]] = [
            (p, p.detach().clone())
            for group in self.param_groups
            for p in group["params"]
            if "slow" not in self.state.get(p, {})
        ]
        loss = self.opt.step(closure) if closure is not None else self.opt.step()
        for p, slow in begun:
            if p.grad is not None:  # not before the step: optimizers begin their state where there is none
                self.state[p]["slow"] = slow
        for group in self.param_groups:
            group["n_fast_steps"] += 1
            if group["n_fast_steps"] % self.k == 0:
                self._meet(group["params"])
        return loss

    @torch.no_grad()
    def _meet(self, params: list[Tensor]) -> None:
        for p in params:
            slow = self.state.get(p, {}).get("slow")
            if slow is not None:
                p.copy_(slow.lerp_(p, self.alpha))

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.opt.load_state_dict(state_dict)
        self._share()


def ranger(
    p: Params,
    lr: float = 1e-3,
    mom: float = 0.95,
    wd: float = 0.01,
    eps: float = 1e-6,
    k: int = 6,
    alpha: float = 0.5,
    *,
    sqr_mom: float = 0.99,
    beta: float = 0.0,
    decouple_wd: bool = True,
) -> Lookahead:
    """`Lookahead` of `RAdam`, with fastai's defaults.

    Example:
        >>> opt = ranger([torch.nn.Parameter(torch.zeros(2))], lr=1e-3)
    """
    inner = RAdam(p, lr, mom, sqr_mom, eps, wd, beta, decouple_wd)
    return Lookahead(inner, k, alpha)
