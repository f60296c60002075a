"""Which parts of a picture spoke for a class, drawn over it."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tipoff.nn.gradcam import class_maps


def heat_maps(model: nn.Module, x: Tensor, classes: Tensor) -> Tensor:  # (B, 3, H, W), (B,) -> (B, h, w)
    """For each picture, how much each place of the body's feature maps spoke for its class, in [0, 1], on the CPU.

    `model` has the body as its first child and the head as its second.
    """
    body, head = list(model.children())[:2]
    model.eval()
    with torch.no_grad():
        features = body(x.to(next(body.parameters()).device))
    return class_maps(head, features, classes)


def overlay(heat: Tensor, size: tuple[int, int] | Any, ax: Any, alpha: float = 0.5) -> None:
    """Draw a heat map (h, w) over a picture of `size` (H, W) in `ax`."""
    smooth = F.interpolate(heat[None, None], tuple(size), mode="bilinear", align_corners=False)[0, 0]
    ax.imshow(smooth.numpy(), cmap="inferno", alpha=alpha, vmin=0, vmax=1)
