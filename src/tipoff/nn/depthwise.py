"""A depthwise convolution whose gradient is fast on a processor.

oneDNN's forward kernels for it are fast, and of its backward kernels those for weights no wider than three columns;
in bfloat16 the others are ten to a hundred times slower. So the gradient of the input is computed by a forward
convolution, with the kernel turned round, and that of the weight by three columns at a time. In float32 only the gradient
of wider weights is slow, by three to five times.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

from tipoff.nn.pad import padded

Pair = Sequence[int]
_COLUMNS = 3


class _Depthwise(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None, stride: Pair, padding: Pair
    ) -> Tensor:
        ctx.save_for_backward(x, weight)
        ctx.has_bias, ctx.where = bias is not None, (tuple(stride), tuple(padding))
        return F.conv2d(x, weight, bias, tuple(stride), tuple(padding), 1, weight.shape[0])

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        x, weight = ctx.saved_tensors
        need_x, need_w, need_b = ctx.needs_input_grad[:3]
        grad = grad.contiguous(memory_format=torch.channels_last)
        stride, padding = ctx.where
        to_x = None
        if need_x and x.dtype is torch.bfloat16:
            to_x = _of_input(grad, x, weight, stride, padding)
        elif need_x:
            to_x = torch.ops.aten.convolution_backward(
                grad, x, weight, None, stride, padding, (1, 1), False, (0, 0), weight.shape[0], (True, False, False)
            )[0]  # fmt: skip
        if not (need_w or need_b):
            return to_x, None, None, None, None
        return to_x, *_of_weight(grad, x, weight, stride, padding, ctx.has_bias), None, None


def _of_input(grad: Tensor, x: Tensor, weight: Tensor, stride: Pair, padding: Pair) -> Tensor:  # -> as x
    """A convolution of `grad`, with zeros put between its rows and columns where the stride is above 1."""
    kernel = weight.shape[-2:]
    if max(stride) > 1:
        sides = [n + 2 * p - k + 1 for n, p, k in zip(x.shape[-2:], padding, kernel, strict=True)]
        shape = (*x.shape[:2], *sides)
        spread = torch.empty(shape, dtype=grad.dtype, memory_format=torch.channels_last).zero_()
        spread[:, :, :: stride[0], :: stride[1]] = grad
        grad = spread
    turned = weight.flip(2, 3).contiguous(memory_format=torch.channels_last)
    around = [k - 1 - p for k, p in zip(kernel, padding, strict=True)]
    return F.conv2d(grad, turned, None, 1, around, 1, weight.shape[0])


def _of_weight(
    grad: Tensor, x: Tensor, weight: Tensor, stride: Pair, padding: Pair, has_bias: bool
) -> tuple[Tensor, Tensor | None]:
    """The gradients of weight and bias: each few columns of the kernel as a kernel of their own."""
    (top, left), width, n = padding, weight.shape[-1], weight.shape[0]
    made, to_bias = [], None
    for first in range(0, width, _COLUMNS):
        columns = weight[..., first : first + _COLUMNS]
        seen, around = x, left
        if width > _COLUMNS or left > 1:  # wider zeros at the sides are slow too
            reach = (grad.shape[-1] - 1) * stride[1] + columns.shape[-1]
            seen, around = padded(x, (left - first, first - left + reach - x.shape[-1], 0, 0)), 0
        _, to_weight, summed = torch.ops.aten.convolution_backward(
            grad, seen, columns, [n], stride, (top, around), (1, 1), False, (0, 0), n,
            (False, True, has_bias and not first),
        )  # fmt: skip
        made.append(to_weight)
        to_bias = to_bias if first else summed
    return torch.cat(made, -1), to_bias


def conv2d(
    x: Tensor, weight: Tensor, bias: Tensor | None, stride: Any, padding: Any, dilation: Any, groups: int
) -> Tensor:
    """`torch.nn.functional.conv2d`, with the faster gradient where it is one."""
    ours = (
        groups == weight.shape[0] == x.shape[1] > 1
        and x.device.type == "cpu"
        and torch.is_grad_enabled()
        and not isinstance(padding, str)
        and max(dilation) == 1
        and all(p < k for p, k in zip(padding, weight.shape[-2:], strict=True))
    )
    dtype = _dtype_of(x)
    wide = weight.shape[-1] > _COLUMNS and weight.requires_grad
    if not ours or not (dtype is torch.bfloat16 or (dtype is torch.float32 and wide)):
        return F.conv2d(x, weight, bias, stride, padding, dilation, groups)
    with torch.autocast("cpu", enabled=False):
        out: Tensor = _Depthwise.apply(
            x.to(dtype), weight.to(dtype), None if bias is None else bias.to(dtype), stride, padding
        )
    return out


def _dtype_of(x: Tensor) -> torch.dtype:
    """What a convolution of `x` computes in."""
    return torch.get_autocast_dtype("cpu") if torch.is_autocast_enabled("cpu") else x.dtype
