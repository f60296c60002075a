"""A convolution with its norm and its activation, in fastai's words."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any

from torch import nn

_CONVS = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}
_TRANSPOSED = {1: nn.ConvTranspose1d, 2: nn.ConvTranspose2d, 3: nn.ConvTranspose3d}
_BATCH = {1: nn.BatchNorm1d, 2: nn.BatchNorm2d, 3: nn.BatchNorm3d}
_INSTANCE = {1: nn.InstanceNorm1d, 2: nn.InstanceNorm2d, 3: nn.InstanceNorm3d}


class NormType(Enum):
    """What normalises a layer; the `Zero` ones begin with a scale of zero, so that a residual branch begins silent."""

    Batch = "batch"
    BatchZero = "batch_zero"
    Weight = "weight"
    Spectral = "spectral"
    Instance = "instance"
    InstanceZero = "instance_zero"


def norm_layer(norm: NormType, nf: int, ndim: int = 2) -> nn.Module:
    """The batch or instance norm of `nf` channels."""
    batch = norm in (NormType.Batch, NormType.BatchZero)
    layer: nn.Module = _BATCH[ndim](nf) if batch else _INSTANCE[ndim](nf, affine=True)
    nn.init.constant_(layer.bias, 1e-3)  # type: ignore[arg-type]
    nn.init.constant_(layer.weight, 0.0 if norm.value.endswith("zero") else 1.0)  # type: ignore[arg-type]
    return layer


class ConvLayer(nn.Sequential):
    """A convolution, then norm and activation: (B, ni, H, W) -> (B, nf, H / stride, W / stride).

    `padding` keeps the size at stride 1 unless given; there is a bias only where no batch norm follows, unless
    `bias` says. `norm_type` and `act_cls` may be None. `bn_1st` puts the norm before the activation. `transpose` makes
    a transposed convolution, `ndim` is 1, 2 or 3.

    >>> ConvLayer(3, 8, stride=2)(torch.zeros(1, 3, 32, 32)).shape
    torch.Size([1, 8, 16, 16])
    """

    def __init__(
        self,
        ni: int,
        nf: int,
        ks: int = 3,
        stride: int = 1,
        padding: int | None = None,
        bias: bool | None = None,
        ndim: int = 2,
        norm_type: NormType | None = NormType.Batch,
        bn_1st: bool = True,
        act_cls: Callable[[], nn.Module] | None = nn.ReLU,
        transpose: bool = False,
        xtra: nn.Module | None = None,
        **kwargs: Any,
    ) -> None:
        if padding is None:
            padding = 0 if transpose else (ks - 1) // 2
        normed = norm_type not in (None, NormType.Weight, NormType.Spectral)
        if bias is None:
            bias = not normed
        made: Any = (_TRANSPOSED if transpose else _CONVS)[ndim]
        conv: nn.Module = made(ni, nf, ks, stride=stride, padding=padding, bias=bias, **kwargs)
        act = act_cls() if act_cls is not None else None
        if act is not None and isinstance(act, (nn.ReLU, nn.LeakyReLU)):
            nn.init.kaiming_normal_(conv.weight, a=getattr(act, "negative_slope", 0.0))  # type: ignore[arg-type]
        if bias:
            nn.init.normal_(conv.bias, 0, 0.01)  # type: ignore[arg-type]
        if norm_type is NormType.Weight:
            conv = nn.utils.parametrizations.weight_norm(conv)
        elif norm_type is NormType.Spectral:
            conv = nn.utils.parametrizations.spectral_norm(conv)
        norm = norm_layer(norm_type, nf, ndim) if normed and norm_type is not None else None
        after = [norm, act] if bn_1st else [act, norm]
        super().__init__(*(m for m in (conv, *after, xtra) if m is not None))
