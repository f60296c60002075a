"""Adam on torch's fused kernel, with less around the kernel than `torch.optim` has."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor


class FusedAdam(torch.optim.Optimizer):
    """Adam (Kingma and Ba 2015), with `decoupled_weight_decay` AdamW (Loshchilov and Hutter 2019).

    The numbers and the state are those of `torch.optim.AdamW(..., fused=True)` and `torch.optim.Adam`, so that either
    reads what the other saved. On the small networks of tables and ratings torch's step spends most of its time outside
    the kernel: it groups tensors by device and counts the steps of each by itself. Here parameters are of one device and
    type, and the counts of a group are parts of one tensor.

    >>> weight = torch.nn.Parameter(torch.zeros(2))
    >>> opt = FusedAdam([weight], lr=1e-3)
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        *,
        decoupled_weight_decay: bool = True,
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "betas": betas,
                "eps": eps,
                "weight_decay": weight_decay,
                "decoupled_weight_decay": decoupled_weight_decay,
                "fused": True,  # counts of steps then stay on the device of their parameter when a state is loaded
            },
        )
        self._step_supports_amp_scaling = (
            True  # GradScaler leaves `grad_scale` and `found_inf` for the kernel
        )

    def zero_grad(self, set_to_none: bool = True) -> None:
        if not set_to_none:
            return super().zero_grad(False)
        for group in self.param_groups:
            for p in group["params"]:
                p.grad = None
        return None

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        scale, overflow = getattr(self, "grad_scale", None), getattr(self, "found_inf", None)
        for group in self.param_groups:
            params = [p for p in group["params"] if p.grad is not None]
            if not params:
                continue
            grads: list[Tensor] = []
            means: list[Tensor] = []
            squares: list[Tensor] = []
            counts: list[Tensor] = []
            for p in params:
                state = self.state[p]
                if not state:
                    self._begin(group)
                grads.append(p.grad)
                means.append(state["exp_avg"])
                squares.append(state["exp_avg_sq"])
                counts.append(state["step"])
            _add(counts, 1)
            beta1, beta2 = group["betas"]
            kernel = torch._fused_adamw_ if group["decoupled_weight_decay"] else torch._fused_adam_
            kernel(
                params, grads, means, squares, [], counts, lr=group["lr"], beta1=beta1, beta2=beta2,
                weight_decay=group["weight_decay"], eps=group["eps"], amsgrad=False, maximize=False,
                grad_scale=scale, found_inf=overflow,
            )  # fmt: skip
            if overflow is not None:  # a step that was not made does not count
                for count in counts:
                    count.sub_(overflow)
        return loss

    def _begin(self, group: dict[str, Any]) -> None:
        """A state for those parameters of `group` that learn and have none."""
        new = [p for p in group["params"] if p.grad is not None and not self.state[p]]
        counts = torch.zeros(len(new), device=new[0].device)
        for i, p in enumerate(new):
            self.state[p].update(step=counts[i], exp_avg=torch.zeros_like(p), exp_avg_sq=torch.zeros_like(p))

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        super().load_state_dict(state_dict)
        for group in self.param_groups:
            states = [self.state[p] for p in group["params"] if self.state.get(p)]
            if states:
                counts = torch.stack([s["step"].to(s["exp_avg"].device, torch.float32) for s in states])
                for i, state in enumerate(states):
                    state["step"] = counts[i]


def _add(counts: list[Tensor], n: int) -> None:
    """Add to each; in one operation where they are all of one tensor."""
    whole = counts[0]._base
    if whole is not None and len(whole) == len(counts) and all(c._base is whole for c in counts):
        whole.add_(n)
    else:
        torch._foreach_add_(counts, n)
