"""The network of a model file as an ONNX model: from what it takes to probabilities, and to where it looked."""

from __future__ import annotations

import io
import warnings
from contextlib import redirect_stdout
from typing import Any

import onnx
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tipoff.bundle.file import Bundle
from tipoff.data.block import Target
from tipoff.data.target import CategoryBlock
from tipoff.errors import BundleError
from tipoff.nn.layers import AdaptiveConcatPool2d
from tipoff.notes import note
from tipoff.onnx.graph import OPSET

# B batch, F features, C outputs, H W pixels, h w places of the feature maps

_LINEAR = (nn.Linear, nn.BatchNorm1d, nn.Dropout, nn.Identity, nn.Flatten)


class Answering(nn.Module):
    """`net` up to probabilities; with `spoke`, (C, F), also how much each place spoke for the likeliest class."""

    def __init__(self, net: nn.Module, target: Target, spoke: Tensor | None) -> None:
        super().__init__()
        self.net, self.target, self.spoke = net, target, spoke

    def forward(self, x: Tensor) -> Any:  # (B, 3, H, W) -> (B, C), and (B, h, w) in [0, 1]
        if self.spoke is None:
            return self.target.activation(self.net(x).float())
        body, head = self.net.children()
        features = body(x)
        out = head(features).float()
        weights = self.spoke[out.argmax(-1)]
        maps = F.relu(torch.einsum("bf,bfhw->bhw", weights, features))
        heat = maps / maps.amax((1, 2), keepdim=True).clamp(min=1e-12)
        return self.target.activation(out), heat


@torch.no_grad()
def class_weights(head: nn.Module) -> Tensor | None:  # -> (C, F)
    """How much each feature counts for each output, where `head` is the mean of each map and linear layers.

    There the gradient of an output by the features is the same everywhere, so that Grad-CAM is the class
    activation map (Zhou et al. 2016). None for any other head.
    """
    layers = list(head.children())
    mean = layers and isinstance(layers[0], nn.AdaptiveAvgPool2d) and layers[0].output_size in (1, (1, 1))
    if not mean or not all(isinstance(m, _LINEAR) for m in layers[1:]):
        return None
    sized = [m for m in layers if isinstance(m, (nn.Linear, nn.BatchNorm1d))]
    if not sized:
        return None
    n = sized[0].in_features if isinstance(sized[0], nn.Linear) else sized[0].num_features
    ask = torch.cat([torch.eye(n), torch.zeros(1, n)])[..., None, None]
    said: Tensor = head(ask)
    return (said[:-1] - said[-1]).T.contiguous()


def network(bundle: Bundle, size: tuple[int, int] | None) -> onnx.ModelProto:
    """An ONNX model from `x`, float32 (n, C, H, W) of `size` (None: any), to `probabilities` and, if it can be, `heat`.

    Batch norms are left as they are: onnxruntime folds them by itself. Raises `BundleError` where the network
    cannot be exported.
    """
    net: nn.Module = bundle.model.build()  # type: ignore[attr-defined]
    net.load_state_dict(bundle.weights)
    net.float().eval()
    height, width = size or (224, 224)
    x = torch.zeros(2, getattr(bundle.plan.inputs[0], "channels", 3), height, width)
    target = bundle.plan.targets[0]
    spoke = _spoke(net, target, x)
    n, free = torch.export.Dim("n"), torch.export.Dim.DYNAMIC
    shape: dict[int, Any] = {0: n} if size is not None else {0: n, 2: free, 3: free}
    try:
        with warnings.catch_warnings(), redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            made = torch.onnx.export(
                Answering(net, target, spoke).eval(), (x,), dynamo=True, opset_version=OPSET, verbose=False,
                input_names=["x"], output_names=["probabilities", "heat"][: 1 if spoke is None else 2],
                dynamic_shapes={"x": shape},
            )  # fmt: skip
    except Exception as e:  # whatever the exporter says to a network that it cannot follow
        why = (str(e).strip() or type(e).__name__).splitlines()[0][:300]
        hint = (
            " Item_tfms=Resize(224) at training gives pictures one size, which is easier."
            if size is None
            else ""
        )
        raise BundleError(f"The network cannot be written as ONNX: {why}.{hint}") from None
    assert made is not None
    return made.model_proto


def _spoke(net: nn.Module, target: Target, x: Tensor) -> Tensor | None:
    """The weights for the heat map; None, with a note, where there is none to draw."""
    parts = list(net.children())
    if len(parts) != 2 or not isinstance(target, CategoryBlock):
        note(
            "no heat map in the ONNX file: it is drawn for one class out of several, of a network that has a body and a head"
        )
        return None
    with torch.no_grad():
        maps = parts[0](x[:1])
    if maps.ndim != 4 or 1 in maps.shape[2:]:
        note("no heat map in the ONNX file: the network keeps no grid of places")
        return None
    found = class_weights(parts[1])
    if found is None:
        pool = "the maximum of each map too" if _takes_maximum(parts[1]) else "layers between"
        note(f"no heat map in the ONNX file: the head has {pool}, and the heat map takes a gradient there")
    return found


def _takes_maximum(head: nn.Module) -> bool:
    return any(isinstance(m, AdaptiveConcatPool2d) for m in head.children())
