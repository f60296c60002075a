"""Batch norm with fixed statistics, computed inside the convolution before it.

A norm in evaluation mode multiplies each channel by a number and adds another: a convolution can do that with
its own weights, `conv(x, w * s) + t`. The result and all gradients are the same, those of the norm's scale and
shift too, and the feature maps are read, written and kept for the backward pass one time less. A norm that is
in training mode is computed as ever.
"""

from __future__ import annotations

import weakref
from typing import Any

import torch
from torch import Tensor, nn

from tipoff.nn.depthwise import Pair, conv2d
from tipoff.nn.pad import pad

_TOLERANCE = 1e-3
Sides = tuple[int, int, int, int]  # top, bottom, left, right


class FoldedConv2d(nn.Conv2d):
    """A convolution that applies the batch norm after it, while that norm's statistics are fixed.

    It takes over the parameters of `conv`, under the same names. `same` pads as TensorFlow does. `norm` None is
    for a depthwise convolution without a norm, which still gets the faster gradient of `nn.depthwise`.
    """

    def __init__(self, conv: nn.Conv2d, norm: FoldedNorm2d | None, same: bool) -> None:
        super().__init__(1, 1, 1, device="meta")
        self.__dict__.update({k: v for k, v in conv.__dict__.items() if not k.startswith("_")})
        self._parameters = conv._parameters
        self.training, self.same = conv.training, same
        self._norm = [norm]  # in a list, so that it is a module of its own place only

    @property
    def norm(self) -> FoldedNorm2d | None:
        return self._norm[0]

    def folded(self) -> tuple[Tensor, Tensor | None]:
        """The weight and the bias, with the norm's in them while it is fixed."""
        weight, bias, norm = self.weight, self.bias, self.norm
        if norm is None or norm.training:
            return weight, bias
        assert norm.running_mean is not None and norm.running_var is not None
        scale = torch.rsqrt(norm.running_var + norm.eps)
        if norm.affine:
            scale = scale * norm.weight
        shift = -norm.running_mean * scale if bias is None else (bias - norm.running_mean) * scale
        return weight * scale[:, None, None, None], shift + norm.bias if norm.affine else shift

    def forward(self, x: Tensor) -> Tensor:  # (B, C, H, W) -> (B, D, h, w)
        weight, bias = self.folded()
        if self.same:
            x = pad_same(x, self.kernel_size, self.stride, self.dilation)
        return conv2d(x, weight, bias, self.stride, self.padding, self.dilation, self.groups)


class FoldedNorm2d(nn.BatchNorm2d):
    """The batch norm after a `FoldedConv2d`, and the activation that some networks keep inside it."""

    def __init__(self, norm: nn.BatchNorm2d) -> None:
        super().__init__(1, device="meta")
        self.__dict__.update({k: v for k, v in norm.__dict__.items() if not k.startswith("_")})
        self._parameters, self._buffers = norm._parameters, norm._buffers
        self.training = norm.training
        act = getattr(norm, "act", None)
        self.act = act if isinstance(act, nn.Module) else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.act(super().forward(x) if self.training else x)
        return out


def same_sides(x: Tensor, kernel_size: Pair, stride: Pair, dilation: Pair) -> Sides:
    """How many zeros TensorFlow's SAME adds to (B, C, H, W): top, bottom, left, right."""
    sides: list[int] = []
    for size, k, s, d in zip(x.shape[-2:], kernel_size, stride, dilation, strict=True):
        total = max((-(size // -s) - 1) * s + (k - 1) * d + 1 - size, 0)
        sides += [total // 2, total - total // 2]
    top, bottom, left, right = sides
    return top, bottom, left, right


def pad_same(x: Tensor, kernel_size: Pair, stride: Pair, dilation: Pair) -> Tensor:
    """(B, C, H, W) with as many zeros at each side as TensorFlow's SAME adds."""
    top, bottom, left, right = sides = same_sides(x, kernel_size, stride, dilation)
    return pad(x, (left, right, top, bottom)) if any(sides) else x


def fold_norms(net: nn.Module, n_in: int = 3, size: int = 64) -> int:
    """Fold the batch norms of `net` into the convolutions before them, in place; how many were folded.

    Names of parameters, results and gradients stay as they are. What follows what is seen on a picture of
    noise (1, n_in, size, size); where the outputs then differ, everything is put back. Depthwise convolutions
    get their faster gradient too.
    """
    if not any(_norm(m) or (_conv(m) and _depthwise(m)) for m in net.modules()):
        return 0
    before = {m: m.training for m in net.modules()}
    net.eval()
    try:
        with torch.no_grad():
            x = torch.rand(1, n_in, size, size, generator=torch.Generator().manual_seed(0))
            x = x.to(next(net.parameters()))  # its device and type
            pairs, wanted = _pairs(net, x)
            undo = _replace(net, pairs)
            made = net(x)
            if not torch.allclose(made, wanted, _TOLERANCE, _TOLERANCE * float(wanted.abs().max())):
                for parent, name, module in undo:
                    parent._modules[name] = module
                pairs = []
    except (RuntimeError, ValueError, AssertionError, TypeError):
        return 0  # a network that does not take pictures of this size
    finally:
        for m in net.modules():
            m.training = before.get(m, before[net])
    return len(pairs)


def _pairs(net: nn.Module, x: Tensor) -> tuple[list[tuple[str, str]], Tensor]:
    """Names of each convolution and the norm that is given its output, and what the network says of `x`."""
    made_by: dict[int, tuple[str, Any]] = {}
    calls: dict[str, int] = {}
    pairs: list[tuple[str, str]] = []

    def seen(name: str) -> Any:
        def hook(module: nn.Module, args: Any, out: Tensor) -> None:
            calls[name] = calls.get(name, 0) + 1
            if isinstance(module, nn.Conv2d):
                made_by[id(out)] = name, weakref.ref(out)
            elif args and (found := made_by.get(id(args[0]))) is not None and found[1]() is args[0]:
                pairs.append((found[0], name))

        return hook

    hooks = [m.register_forward_hook(seen(n)) for n, m in net.named_modules() if _conv(m) or _norm(m)]
    try:
        out: Tensor = net(x)
    finally:
        for h in hooks:
            h.remove()
    return [(c, n) for c, n in pairs if calls[c] == calls[n] == 1], out


def _conv(m: nn.Module) -> bool:
    return (type(m) is nn.Conv2d and m.padding_mode == "zeros") or type(m).__name__ == "Conv2dSame"


def _depthwise(m: nn.Module) -> bool:
    return isinstance(m, nn.Conv2d) and m.groups == m.in_channels == m.out_channels > 1


def _norm(m: nn.Module) -> bool:
    """A plain batch norm, or one of timm with an activation and without dropout."""
    known = type(m) is nn.BatchNorm2d or type(m).__name__ == "BatchNormAct2d"
    return known and m.running_mean is not None and isinstance(getattr(m, "drop", nn.Identity()), nn.Identity)


def _replace(net: nn.Module, pairs: list[tuple[str, str]]) -> list[tuple[nn.Module, str, nn.Module]]:
    """Put the folding modules in; returns what stood where."""
    new: dict[str, nn.Module] = {}
    for conv_name, norm_name in pairs:
        conv, norm = net.get_submodule(conv_name), net.get_submodule(norm_name)
        assert isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d)
        after = FoldedNorm2d(norm)
        new |= {conv_name: FoldedConv2d(conv, after, type(conv) is not nn.Conv2d), norm_name: after}
    for name, m in net.named_modules():
        if name not in new and isinstance(m, nn.Conv2d) and _conv(m) and _depthwise(m):
            new[name] = FoldedConv2d(m, None, type(m) is not nn.Conv2d)
    undo = []
    for name, module in new.items():
        parent, _, last = name.rpartition(".")
        place = net.get_submodule(parent)
        undo.append((place, last, net.get_submodule(name)))
        place._modules[last] = module
    return undo
