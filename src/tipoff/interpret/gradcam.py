"""Which parts of a picture spoke for a class: Grad-CAM (Selvaraju et al. 2017)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def heat_maps(model: nn.Module, x: Tensor, classes: Tensor) -> Tensor:  # (B, 3, H, W), (B,) -> (B, h, w)
    """For each picture, how much each place of the body's feature maps spoke for its class, in [0, 1].

    `model` has the body as its first child and the head as its second.
    """
    body, head = list(model.children())[:2]
    model.eval()
    with torch.enable_grad():
        features = body(x).detach().requires_grad_(True)
        scores = head(features).gather(1, classes.to(x.device)[:, None]).sum()
        (gradient,) = torch.autograd.grad(scores, features)
    weights = gradient.mean((2, 3), keepdim=True)
    maps = F.relu((weights * features).sum(1)).detach()
    top = maps.flatten(1).amax(1).clamp(min=1e-12)[:, None, None]
    return (maps / top).cpu()


def overlay(heat: Tensor, size: tuple[int, int] | Any, ax: Any, alpha: float = 0.5) -> None:
    """Draw a heat map (h, w) over a picture of `size` (H, W) in `ax`."""
    smooth = F.interpolate(heat[None, None], tuple(size), mode="bilinear", align_corners=False)[0, 0]
    ax.imshow(smooth.numpy(), cmap="inferno", alpha=alpha, vmin=0, vmax=1)
