"""A network for prediction on a processor: weights laid out for it once, activations inside the convolutions.

oneDNN computes a convolution on weights in a layout of its own. Eager PyTorch lays them out anew at each call,
which for one picture is a third of the time; here it is done once, as `torch.compile` does with frozen weights.
"""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor, nn

from tipoff.nn.fold import FoldedConv2d, FoldedNorm2d, pad_same

_ACTS: dict[type, tuple[str, list[float]]] = {
    nn.Identity: ("none", []),
    nn.ReLU: ("relu", []),
    nn.ReLU6: ("hardtanh", [0.0, 6.0]),
    nn.SiLU: ("swish", []),
}


class PackedConv2d(nn.Module):
    """A `FoldedConv2d`, the norm after it, and `act`, as one operation in `dtype`, without gradients."""

    def __init__(self, conv: FoldedConv2d, act: type, dtype: torch.dtype) -> None:
        super().__init__()
        self.dtype, self.same, self.kernel_size = dtype, conv.same, conv.kernel_size
        self.stride, self.dilation = conv.stride, conv.dilation
        weight, bias = conv.folded()
        weight, bias = weight.to(dtype), None if bias is None else bias.to(dtype)
        weight = weight.contiguous(memory_format=torch.channels_last)
        where = list(conv.padding), list(conv.stride), list(conv.dilation), conv.groups
        self.weight = torch._C._nn.mkldnn_reorder_conv2d_weight(weight.to_mkldnn(), *where)
        name, numbers = _ACTS[act]
        self.rest = (bias, *where, name, numbers, "")

    def forward(self, x: Tensor) -> Tensor:  # (B, C, H, W) -> (B, D, h, w)
        if self.same:
            x = pad_same(x, self.kernel_size, self.stride, self.dilation)
        x = x.to(self.dtype)
        out: Tensor = torch.ops.mkldnn._convolution_pointwise(x, self.weight, *self.rest)
        return out


@torch.no_grad()
def packed(net: nn.Module, dtype: torch.dtype = torch.float32) -> nn.Module:
    """A copy of `net` that answers alike and faster on a processor; `net` itself where it cannot be made.

    `net` must have been through `nn.fold.fold_norms`, and be in evaluation mode. The copy cannot be trained. With
    `dtype` bfloat16 it is to be called under autocast.
    """
    folded = [m for m in net.modules() if isinstance(m, FoldedConv2d)]
    hooked = any(m._forward_hooks or m._forward_pre_hooks for m in net.modules())
    if not folded or hooked or not _can(dtype) or folded[0].weight.device.type != "cpu":
        return net
    try:
        made = copy.deepcopy(net)
        for parent in list(made.modules()):
            for name, m in list(parent._modules.items()):
                if isinstance(m, FoldedConv2d) and not isinstance(m.padding, str):
                    parent._modules[name] = _pack(m, dtype)
        return made
    except (RuntimeError, AttributeError):  # a build of PyTorch without these operations
        return net


def _can(dtype: torch.dtype) -> bool:
    if not torch._C._has_mkldnn:
        return False
    return dtype is torch.float32 or (
        dtype is torch.bfloat16 and torch.ops.mkldnn._is_mkldnn_bf16_supported()
    )


def _pack(conv: FoldedConv2d, dtype: torch.dtype) -> PackedConv2d:
    norm: Any = conv.norm
    act: type = nn.Identity
    if isinstance(norm, FoldedNorm2d) and type(norm.act) in _ACTS:
        act, norm.act = type(norm.act), nn.Identity()
    return PackedConv2d(conv, act, dtype)


def fingerprint(net: nn.Module) -> tuple[float, ...]:
    """A few numbers that change when any weight or buffer of `net` does."""
    tensors = [*net.parameters(), *net.buffers()]
    norms = torch._foreach_norm([t.detach() for t in tensors if t.is_floating_point()])
    return (float(sum(t._version for t in tensors)), *torch.stack(list(norms)).tolist())
