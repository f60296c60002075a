"""An LSTM whose weights may differ at each call, and which is trained faster in bfloat16 on a processor than PyTorch's.

In bfloat16 what limits it is moving the recurrent weights through the processor. Here they are laid out once a call, the
gradients of all steps are one product of matrices, and whatever is between the products stays in the cache.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

from tipoff.nn.dropout import dropout_mask

# B batch, T steps, I input, H hidden; gates are in PyTorch's order: input, forget, cell, output

State = tuple[Tensor, Tensor]  # h and c, each (B, H)
Weights = tuple[Tensor, Tensor, Tensor, Tensor]  # (4H, I), (4H, H), (4H,), (4H,)


class LSTM(nn.Module):
    """One layer, in one direction; parameters are named and drawn as those of `nn.LSTM`."""

    def __init__(self, n_in: int, n_hid: int) -> None:
        super().__init__()
        self.n_in, self.n_hid = n_in, n_hid
        bound = n_hid**-0.5
        self.weight_ih_l0 = nn.Parameter(torch.empty(4 * n_hid, n_in).uniform_(-bound, bound))
        self.weight_hh_l0 = nn.Parameter(torch.empty(4 * n_hid, n_hid).uniform_(-bound, bound))
        self.bias_ih_l0 = nn.Parameter(torch.empty(4 * n_hid).uniform_(-bound, bound))
        self.bias_hh_l0 = nn.Parameter(torch.empty(4 * n_hid).uniform_(-bound, bound))

    def forward(self, x: Tensor, state: State, weight_p: float = 0.0) -> tuple[Tensor, State]:
        """(B, T, I) -> (B, T, H) and the state after the last step.

        In training, a share `weight_p` of the recurrent weights is dropped for the whole call (DropConnect: Wan et al. 2013,
        Merity et al. 2017).
        """
        recurrent: Tensor = self.weight_hh_l0
        if self.training and weight_p > 0:
            recurrent = recurrent * dropout_mask(recurrent, tuple(recurrent.shape), weight_p)
        return lstm(x, state, (self.weight_ih_l0, recurrent, self.bias_ih_l0, self.bias_hh_l0))


def lstm(x: Tensor, state: State, weights: Weights) -> tuple[Tensor, State]:  # (B, T, I) -> (B, T, H), state
    """What `nn.LSTM` computes with these weights; cuDNN's where there is a GPU."""
    if x.device.type == "cpu" and torch.is_autocast_enabled("cpu"):
        out, h, c = _InHalf.apply(x, *state, *weights, torch.get_autocast_dtype("cpu"))
        return out, (h, c)
    if x.device.type == "cuda" and not torch.is_autocast_enabled("cuda"):  # which does this by itself
        weights = _in_one_piece(weights)
    h, c = (s[None].to(x.dtype) for s in state)
    out, h, c = torch.lstm(x, (h, c), list(weights), True, 1, 0.0, torch.is_grad_enabled(), False, True)
    return out, (h[0], c[0])


def _in_one_piece(weights: Weights) -> Weights:
    """Copies, one after the other in memory, as cuDNN wants them; else it makes them itself, and warns."""
    flat = torch.split(torch.cat([w.flatten() for w in weights]), [w.numel() for w in weights])
    w_ih, w_hh, b_ih, b_hh = (part.view_as(w) for part, w in zip(flat, weights, strict=True))
    return w_ih, w_hh, b_ih, b_hh


def _times(weight: Tensor, n_rows: int) -> Callable[[Tensor], Tensor]:
    """The function `x @ weight.T` for many `x` of `n_rows`, with the weight laid out for it once."""
    if torch._C._has_mkldnn:
        laid_out = torch.ops.mkldnn._reorder_linear_weight(weight.contiguous(), n_rows)
        return lambda x: torch.ops.mkldnn._linear_pointwise(x, laid_out, None, "none", [], "")
    across = weight.t().contiguous()
    return lambda x: x @ across


class _InHalf(torch.autograd.Function):
    """Products in `dtype`, everything between them in float32."""

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        h: Tensor,
        c: Tensor,
        w_ih: Tensor,
        w_hh: Tensor,
        b_ih: Tensor,
        b_hh: Tensor,
        dtype: torch.dtype,
    ) -> tuple[Tensor, Tensor, Tensor]:
        n, steps, n_hid = x.shape[0], x.shape[1], w_hh.shape[1]
        x_TBI, w_ih, w_hh = x.transpose(0, 1).to(dtype).contiguous(), w_ih.to(dtype), w_hh.to(dtype)
        gates = F.linear(
            x_TBI, w_ih, (b_ih + b_hh).to(dtype)
        )  # (T, B, 4H), of the inputs of all steps at once
        hs = torch.empty(steps + 1, n, n_hid, dtype=dtype)
        cs = torch.empty(steps + 1, n, n_hid, dtype=torch.float32)
        hs[0], cs[0] = h, c
        recur = _times(w_hh, n)
        for t in range(steps):
            g = gates[t].float() + recur(hs[t])
            g[:, : 2 * n_hid].sigmoid_()
            g[:, 2 * n_hid : 3 * n_hid].tanh_()
            g[:, 3 * n_hid :].sigmoid_()
            i, f, u, o = g.chunk(4, 1)
            torch.addcmul(f * cs[t], i, u, out=cs[t + 1])
            hs[t + 1] = o * cs[t + 1].tanh()
            gates[t] = g
        ctx.save_for_backward(x_TBI, w_ih, w_hh, hs, cs, gates)
        ctx.dtypes = x.dtype, h.dtype
        return hs[1:].transpose(0, 1).contiguous(), hs[-1].clone(), cs[-1].clone()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, d_out: Tensor, d_h: Tensor, d_c: Tensor) -> tuple[Tensor | None, ...]:
        x_TBI, w_ih, w_hh, hs, cs, gates = ctx.saved_tensors
        steps, n, n_hid = gates.shape[0], gates.shape[1], w_hh.shape[1]
        d_gates = torch.empty_like(gates)
        d_b = torch.zeros(4 * n_hid)
        d_out = d_out.transpose(0, 1)
        recur = _times(w_hh.t(), n)
        dh, dc = d_h.float(), d_c.float()
        for t in reversed(
            range(steps)
        ):  # one step at a time, so that everything stays in the processor's cache
            i, f, u, o = (g := gates[t].float()).chunk(4, 1)
            tanh_c = cs[t + 1].tanh()
            dh = dh + d_out[t]
            dc = torch.addcmul(dc, dh * o, 1 - tanh_c.square())
            slope = g * (1 - g)  # of the sigmoid, in terms of its value
            slope[:, 2 * n_hid : 3 * n_hid] = 1 - u.square()
            d_g = slope.view(n, 4, n_hid)
            d_g[:, 0] *= dc * u
            d_g[:, 1] *= dc * cs[t]
            d_g[:, 2] *= dc * i
            d_g[:, 3] *= dh * tanh_c
            d_gates[t] = slope
            d_b += slope.sum(0)
            dc = dc * f
            dh = recur(d_gates[t]).float()
        rows = d_gates.view(steps * n, -1)
        needs = ctx.needs_input_grad
        d_x = (rows @ w_ih).view(x_TBI.shape).transpose(0, 1).to(ctx.dtypes[0]) if needs[0] else None
        d_wi = rows.t() @ x_TBI.flatten(0, 1) if needs[3] else None
        d_wh = rows.t() @ hs[:-1].flatten(0, 1) if needs[4] else None
        return d_x, dh.to(ctx.dtypes[1]), dc, d_wi, d_wh, d_b, d_b, None
