"""Residual networks with the tricks of He et al. 2018 (arXiv:1812.01187): a stem of three small convolutions,
average pooling instead of strides in the shortcuts, and residual branches that begin at zero."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from torch import Tensor, nn

from tipoff.nn.conv import ConvLayer, NormType


class ResBlock(nn.Module):
    """act(convolutions(x) + shortcut(x)): (B, `expansion` * ni, H, W) -> (B, `expansion` * nf, H / stride, W / stride).

    Two 3 × 3 convolutions where `expansion` is 1, else a bottleneck of 1 × 1, 3 × 3, 1 × 1. `groups` are of the
    3 × 3 convolution.

    >>> ResBlock(1, 16, 32, stride=2)(torch.zeros(1, 16, 8, 8)).shape
    torch.Size([1, 32, 4, 4])
    """

    def __init__(
        self,
        expansion: int,
        ni: int,
        nf: int,
        stride: int = 1,
        groups: int = 1,
        norm_type: NormType = NormType.Batch,
        act_cls: Callable[[], nn.Module] = nn.ReLU,
        ndim: int = 2,
        ks: int = 3,
        pool: Callable[..., nn.Module] = nn.AvgPool2d,
        **kwargs: Any,
    ) -> None:
        super().__init__()
        last = NormType.BatchZero if norm_type is NormType.Batch else NormType.InstanceZero
        common: dict[str, Any] = {"ndim": ndim, **kwargs}
        mid, ni, nf = nf, ni * expansion, nf * expansion
        if expansion == 1:
            layers = [
                ConvLayer(ni, mid, ks, stride, norm_type=norm_type, act_cls=act_cls, groups=groups, **common),
                ConvLayer(mid, nf, ks, norm_type=last, act_cls=None, groups=groups, **common),
            ]
        else:
            layers = [
                ConvLayer(ni, mid, 1, norm_type=norm_type, act_cls=act_cls, **common),
                ConvLayer(
                    mid, mid, ks, stride, norm_type=norm_type, act_cls=act_cls, groups=groups, **common
                ),
                ConvLayer(mid, nf, 1, norm_type=last, act_cls=None, **common),
            ]
        self.convs = nn.Sequential(*layers)
        shortcut: list[nn.Module] = [] if stride == 1 else [pool(stride, ceil_mode=True)]
        if ni != nf:
            shortcut.append(ConvLayer(ni, nf, 1, norm_type=norm_type, act_cls=None, **common))
        self.shortcut = nn.Sequential(*shortcut)
        self.act = act_cls()

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.act(self.convs(x) + self.shortcut(x))
        return out


class XResNet(nn.Sequential):
    """Stem, four stages of blocks, pooling and a linear layer: (B, c_in, H, W) -> (B, n_out)."""

    def __init__(
        self,
        expansion: int,
        layers: Sequence[int],
        p: float = 0.0,
        c_in: int = 3,
        n_out: int = 1000,
        stem_szs: Sequence[int] = (32, 32, 64),
        act_cls: Callable[[], nn.Module] = nn.ReLU,
        **kwargs: Any,
    ) -> None:
        widths = [c_in, *stem_szs]
        stem = [
            ConvLayer(a, b, stride=2 if i == 0 else 1, act_cls=act_cls)
            for i, (a, b) in enumerate(pairwise(widths))
        ]
        outs = [64 // expansion, 64, 128, 256, 512][: len(layers) + 1]
        stages = [
            nn.Sequential(
                *(
                    ResBlock(
                        expansion,
                        outs[i] if j == 0 else outs[i + 1],
                        outs[i + 1],
                        stride=2 if i and j == 0 else 1,
                        act_cls=act_cls,
                        **kwargs,
                    )
                    for j in range(n)
                )
            )
            for i, n in enumerate(layers)
        ]
        super().__init__(
            *stem,
            nn.MaxPool2d(3, stride=2, padding=1),
            *stages,
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Dropout(p),
            nn.Linear(outs[-1] * expansion, n_out),
        )


def _xresnet(expansion: int, layers: Sequence[int], pretrained: bool, kwargs: Any) -> XResNet:
    if pretrained:
        raise ValueError(
            "There are no pretrained weights for xresnets; torchvision's and timm's resnets have them."
        )
    return XResNet(expansion, layers, **kwargs)


def xresnet18(pretrained: bool = False, **kwargs: Any) -> XResNet:
    """11.7 million parameters at 1000 classes; `kwargs` are those of `XResNet`."""
    return _xresnet(1, [2, 2, 2, 2], pretrained, kwargs)


def xresnet34(pretrained: bool = False, **kwargs: Any) -> XResNet:
    """21.8 million parameters at 1000 classes."""
    return _xresnet(1, [3, 4, 6, 3], pretrained, kwargs)


def xresnet50(pretrained: bool = False, **kwargs: Any) -> XResNet:
    """25.6 million parameters at 1000 classes."""
    return _xresnet(4, [3, 4, 6, 3], pretrained, kwargs)


def xresnet101(pretrained: bool = False, **kwargs: Any) -> XResNet:
    """44.6 million parameters at 1000 classes."""
    return _xresnet(4, [3, 4, 23, 3], pretrained, kwargs)
