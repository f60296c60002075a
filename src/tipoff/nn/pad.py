"""Zeros around feature maps, written once: `F.pad` fills the whole map and copies it up to two times more."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

Sides = tuple[int, int, int, int]  # left, right, top, bottom, as F.pad has them; negative ones cut


def padded(x: Tensor, sides: Sides) -> Tensor:  # (B, C, H, W) -> (B, C, top + H + bottom, left + W + right)
    """`F.pad(x, sides)`, without a gradient, with its channels last."""
    left, right, top, bottom = sides
    height, width = top + x.shape[2] + bottom, left + x.shape[3] + right
    out = torch.empty(
        (*x.shape[:2], height, width), dtype=x.dtype, device=x.device, memory_format=torch.channels_last
    )
    rows, columns = slice(max(top, 0), height - max(bottom, 0)), slice(max(left, 0), width - max(right, 0))
    out[:, :, : rows.start] = 0
    out[:, :, rows.stop :] = 0
    out[:, :, rows, : columns.start] = 0
    out[:, :, rows, columns.stop :] = 0
    out[:, :, rows, columns] = x[
        :, :, max(-top, 0) : x.shape[2] - max(-bottom, 0), max(-left, 0) : x.shape[3] - max(-right, 0)
    ]
    return out


class _Pad(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, sides: Sides) -> Tensor:
        ctx.sides, ctx.shape = sides, x.shape
        return padded(x, sides)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        left, _, top, _ = ctx.sides
        height, width = ctx.shape[2:]
        return grad[:, :, top : top + height, left : left + width], None


def pad(x: Tensor, sides: Sides) -> Tensor:
    """`F.pad(x, sides)` of zeros, for sides that are not negative; faster where it is trained on a CPU."""
    plain = torch.compiler.is_compiling() or torch.jit.is_tracing()  # type: ignore[attr-defined, no-untyped-call]
    if plain or x.device.type != "cpu" or not x.is_contiguous(memory_format=torch.channels_last):
        return F.pad(x, sides)
    made: Tensor = _Pad.apply(x, sides) if torch.is_grad_enabled() and x.requires_grad else padded(x, sides)
    return made
