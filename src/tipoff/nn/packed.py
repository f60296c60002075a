"""A network for prediction on a processor: weights laid out for it once, activations inside the convolutions.

oneDNN computes a convolution on weights in a layout of its own. Eager PyTorch lays them out anew at each call,
which for one picture is a third of the time; here it is done once, as `torch.compile` does with frozen weights.
"""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tipoff.nn.fold import FoldedConv2d, FoldedNorm2d, Sides, same_sides
from tipoff.nn.relu6 import LeanReLU6

_ACTS: dict[type, tuple[str, list[float]]] = {
    nn.Identity: ("none", []),
    nn.ReLU: ("relu", []),
    nn.ReLU6: ("hardtanh", [0.0, 6.0]),
    LeanReLU6: ("hardtanh", [0.0, 6.0]),
    nn.SiLU: ("swish", []),
}

WORTH_PACKING = 4  # batches
_SAMPLE = 256


class PackedConv2d(nn.Module):
    """A `FoldedConv2d`, the norm after it, and `act`, as one operation in `dtype`, without gradients."""

    def __init__(self, conv: FoldedConv2d, act: type, dtype: torch.dtype) -> None:
        super().__init__()
        self.dtype, self.same, self.kernel_size = dtype, conv.same, conv.kernel_size
        self.stride, self.padding, self.dilation = conv.stride, conv.padding, conv.dilation
        self.groups = conv.groups
        weight, bias = conv.folded()
        self.weight = weight.to(dtype).contiguous(memory_format=torch.channels_last)
        self.bias = None if bias is None else bias.to(dtype)
        name, numbers = _ACTS[act]
        self.act = (name, numbers, "")
        self.laid_out: dict[Sides, tuple[Any, ...]] = {}  # by the zeros at each side

    def forward(self, x: Tensor) -> Tensor:  # (B, C, H, W) -> (B, D, h, w)
        sides: Sides = (self.padding[0], self.padding[0], self.padding[1], self.padding[1])  # type: ignore[assignment]
        if self.same:
            sides = same_sides(x, self.kernel_size, self.stride, self.dilation)
        weight, *where = self.laid_out.get(sides) or self._lay_out(sides)
        out: Tensor = torch.ops.mkldnn._convolution_pointwise(
            x.to(self.dtype), weight, self.bias, *where, *self.act
        )
        return out

    def _lay_out(self, sides: Sides) -> tuple[Any, ...]:
        """The weight in oneDNN's layout, and padding, stride, dilation, groups.

        oneDNN pads alike on both sides. Where SAME asks for one zero more at the end, the kernel gets a row of zeros
        at its beginning instead, which the padding there then meets: the same sums, without a padded copy of `x`.
        """
        top, bottom, left, right = sides
        weight = F.pad(self.weight, (right - left, 0, bottom - top, 0))
        where = [bottom, right], list(self.stride), list(self.dilation), self.groups
        weight = weight.contiguous(memory_format=torch.channels_last).to_mkldnn()
        made = torch._C._nn.mkldnn_reorder_conv2d_weight(weight, *where), *where
        self.laid_out[sides] = made
        return made


class PackedPointwise(nn.Module):
    """The same for a convolution of 1 x 1 without strides: a matrix product over the channels.

    oneDNN lays out the weight of such a convolution for a size of picture that it guesses; where it guesses wrong, in
    bfloat16, each call lays it out anew, which takes twenty times as long as the convolution.
    """

    def __init__(self, conv: FoldedConv2d, act: type, dtype: torch.dtype) -> None:
        super().__init__()
        weight, bias = conv.folded()
        self.dtype, self.bias = dtype, None if bias is None else bias.to(dtype)
        name, numbers = _ACTS[act]
        self.act = (name, numbers, "")
        self.weight = torch.ops.mkldnn._reorder_linear_weight(weight[:, :, 0, 0].to(dtype).contiguous(), None)

    def forward(self, x: Tensor) -> Tensor:  # (B, C, H, W) -> (B, D, H, W)
        rows = x.to(self.dtype).permute(0, 2, 3, 1)
        out: Tensor = torch.ops.mkldnn._linear_pointwise(rows, self.weight, self.bias, *self.act)
        return out.permute(0, 3, 1, 2)


@torch.no_grad()
def packed(net: nn.Module, dtype: torch.dtype = torch.float32) -> nn.Module:
    """A copy of `net` that answers alike and faster on a processor; `net` itself where it cannot be made.

    It is for as long as the weights of `net` stay as they are: it keeps some of them, and others in its own layout.
    `net` must have been through `nn.fold.fold_norms`, and be in evaluation mode. The copy cannot be trained. With
    `dtype` bfloat16 it is to be called under autocast.
    """
    folded = [m for m in net.modules() if isinstance(m, FoldedConv2d)]
    hooked = any(m._forward_hooks or m._forward_pre_hooks for m in net.modules())
    if not folded or hooked or not _can(dtype) or folded[0].weight.device.type != "cpu":
        return net
    try:
        tensors = (*net.parameters(), *net.buffers())
        made = copy.deepcopy(net, {id(t): t for t in tensors})  # modules of its own, the same tensors
        for parent in list(made.modules()):
            for name, m in list(parent._modules.items()):
                if isinstance(m, FoldedConv2d) and _packs(m):
                    parent._modules[name] = _pack(m, dtype)
        return made
    except (
        RuntimeError,
        AttributeError,
        TypeError,
    ):  # a build without these operations; what cannot be copied
        return net


def is_packed(net: nn.Module) -> bool:
    """Whether `packed` made it."""
    return any(isinstance(m, PackedConv2d | PackedPointwise) for m in net.modules())


def _can(dtype: torch.dtype) -> bool:
    if not torch._C._has_mkldnn:
        return False
    return dtype is torch.float32 or (
        dtype is torch.bfloat16 and torch.ops.mkldnn._is_mkldnn_bf16_supported()
    )


def _packs(conv: FoldedConv2d) -> bool:
    """A row of zeros moves the kernel by one only where it is not dilated: see `PackedConv2d`."""
    return not isinstance(conv.padding, str) and not (conv.same and max(conv.dilation) > 1)


def _pack(conv: FoldedConv2d, dtype: torch.dtype) -> nn.Module:
    norm: Any = conv.norm
    act: type = nn.Identity
    if isinstance(norm, FoldedNorm2d) and type(norm.act) in _ACTS:
        act, norm.act = type(norm.act), nn.Identity()
    pointwise = (
        conv.kernel_size == conv.stride == (1, 1)
        and conv.groups == 1
        and (conv.same or not any(conv.padding))
    )
    return (PackedPointwise if pointwise else PackedConv2d)(conv, act, dtype)


class Watch:
    """Whether a weight or buffer of a network has changed since.

    PyTorch counts changes in place, but not those made through `.data`: these are seen in up to 256 numbers of each
    tensor, evenly spread. Reading all of them would push the network out of the processor's cache.
    """

    @torch.no_grad()
    def __init__(self, net: nn.Module) -> None:
        self.tensors = _numbers(net)
        self.few = [t.flatten()[:: -(-t.numel() // _SAMPLE)] for t in self.tensors]
        self.then = self._seen()

    def _seen(self) -> tuple[float, ...]:
        counted = [(t._version, t.data_ptr()) for t in self.tensors]
        few = torch.cat(self.few).cpu().double() if self.few else torch.zeros(1, dtype=torch.float64)
        places = torch.arange(1.0, len(few) + 1, dtype=few.dtype)
        return float(few @ places), *(n for pair in counted for n in pair)

    @torch.no_grad()
    def unchanged(self, net: nn.Module) -> bool:
        now = _numbers(net)
        same = len(now) == len(self.tensors) and all(a is b for a, b in zip(now, self.tensors, strict=True))
        return same and self._seen() == self.then


def _numbers(net: nn.Module) -> list[Tensor]:
    """The floating-point parameters and buffers; `net.parameters()` takes ten times as long."""
    tensors: list[Tensor] = []
    modules = [net]
    while modules:
        m = modules.pop()
        found = (*m._parameters.values(), *m._buffers.values())
        tensors += [t for t in found if t is not None and t.is_floating_point() and t.numel()]
        modules += [child for child in m._modules.values() if child is not None]
    return tensors
