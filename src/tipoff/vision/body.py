"""The part of a network that makes feature maps out of pictures."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import torch
from torch import Tensor, nn

from tipoff.errors import ArchError
from tipoff.vision.arch import Arch, resolve
from tipoff.vision.weights import find, fits


class TimmBody(nn.Module):
    """A timm network up to its feature maps, whatever their layout, as (B, C, H, W)."""

    def __init__(self, net: Any) -> None:
        super().__init__()
        try:
            net.reset_classifier(0, "")
        except AssertionError:  # its head always pools; `forward_features` ends before it
            net.reset_classifier(0)
        self.net = net

    def forward(self, x: Tensor) -> Tensor:  # (B, 3, H, W) -> (B, C, h, w)
        out: Tensor = self.net.forward_features(x)
        if out.ndim == 3:  # (B, N, C): tokens of a transformer
            return out.transpose(1, 2)[..., None]
        if out.ndim == 4 and out.shape[-1] == self.net.num_features and out.shape[1] != self.net.num_features:
            return out.permute(0, 3, 1, 2)  # channels last
        return out[..., None, None] if out.ndim == 2 else out


class TorchvisionBody(nn.Sequential):
    """A torchvision network cut before its pooling."""


_CUT = ("avgpool", "classifier", "fc", "heads", "head")
_AUXILIARY = (
    "aux1",
    "aux2",
    "AuxLogits",
)  # further heads of GoogLeNet and Inception, for training from scratch
_PROBES = (64, 224)  # pixels: the smaller is faster, and too small for some networks


def cut_torchvision(net: nn.Module, cut: int | None = None) -> nn.Sequential:
    """The children of `net` before the pooling, or the first `cut` of them."""
    children = list(net.named_children())
    if cut is not None:
        return TorchvisionBody(*(m for _, m in children[:cut]))
    kept = []
    for name, m in children:
        if name in _CUT:
            break
        if name not in _AUXILIARY:
            kept += list(m) if isinstance(m, nn.ModuleList) else [m]
    if not kept or any(name in ("encoder", "class_token") for name, _ in children):
        raise ArchError(
            f"{type(net).__name__} of torchvision has no feature maps to cut at; timm has it: 'timm/...'."
        )
    body = TorchvisionBody(*kept)
    if type(net).__name__ == "DenseNet":
        body.append(nn.ReLU(inplace=True))
    return body


def adapt_input(net: nn.Module, n_in: int) -> None:
    """Give the first convolution, of whatever class, `n_in` channels, as fastai does.

    Of fewer channels the first are kept, and a single one gets the sum of all weights; further ones begin with zeros.
    """
    first = next((m for m in net.modules() if isinstance(m, nn.Conv2d)), None)
    if first is None or first.groups != 1:
        raise ArchError(f"{type(net).__name__} has no first convolution that could take {n_in} channels.")
    with torch.no_grad():
        weight = first.weight.new_zeros(len(first.weight), n_in, *first.weight.shape[2:])
        n = min(n_in, first.in_channels)
        weight[:, :n] = first.weight[:, :n] if n_in > 1 else first.weight.sum(1, keepdim=True)
    first.weight, first.in_channels = nn.Parameter(weight), n_in


def as_body(arch: Arch, net: nn.Module, n_in: int = 3, cut: int | None = None) -> nn.Module:
    """`net` without its classifier, for `n_in` channels."""
    if n_in != 3:
        adapt_input(net, n_in)
    return TimmBody(net) if arch.source == "timm" else cut_torchvision(net, cut)


def create_body(
    arch: str | Callable[..., Any], n_in: int = 3, pretrained: bool = True, cut: int | None = None
) -> nn.Module:
    """The body of a network by name: (B, n_in, H, W) -> (B, C, h, w).

    Raises `ArchError` for an unknown name, or weights that cannot be had.
    """
    found = resolve(arch)
    net = found.build()
    if pretrained:
        state = find(found).state
        fits(net, state)
        net.load_state_dict(state)
    return as_body(found, net, n_in, cut)


@torch.no_grad()
def num_features(body: nn.Module, n_in: int = 3) -> int:
    """How many channels the feature maps have."""
    if isinstance(body, TimmBody):
        return int(body.net.num_features)
    training, device = body.training, next(body.parameters()).device
    body.eval()
    try:
        for size in _PROBES:
            with suppress(RuntimeError):
                out: Tensor = body(torch.zeros(1, n_in, size, size, device=device))
                return int(out.shape[1])
    finally:
        body.train(training)
    raise ArchError(
        f"This network makes no feature maps of images of {_PROBES[-1]} by {_PROBES[-1]} pixels and {n_in} channels; "
        "timm has many that do: timm.list_models()."
    )


def halves(body: nn.Module) -> list[list[nn.Parameter]]:
    """The parameters of the earlier and the later half, by depth: two groups for discriminative rates."""
    blocks = _blocks(body)
    middle = len(blocks) // 2
    return [[p for m in part for p in m.parameters()] for part in (blocks[:middle], blocks[middle:])]


def _blocks(body: nn.Module) -> list[nn.Module]:
    inner = body.net if isinstance(body, TimmBody) else body
    out: list[nn.Module] = []
    for m in inner.children():
        if not any(True for _ in m.parameters()):
            continue
        nested = isinstance(m, (nn.Sequential, nn.ModuleList))
        out += [c for c in m.children() if any(True for _ in c.parameters())] if nested else [m]
    loose = [p for p in inner.parameters(recurse=False)]
    if loose:
        out.insert(0, nn.ParameterList(loose))
    return out
