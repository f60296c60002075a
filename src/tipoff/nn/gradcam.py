"""Which places of the feature maps spoke for a class: Grad-CAM (Selvaraju et al. 2017)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def class_maps(
    head: nn.Module, features: Tensor, classes: Tensor
) -> Tensor:  # (B, F, h, w), (B,) -> (B, h, w)
    """How much each place of `features` spoke for the class that `head` gives there, in [0, 1], on the CPU.

    Where the head is mean pooling and one linear layer, this is the class activation map (Zhou et al. 2016).
    """
    with torch.enable_grad():
        features = features.detach().clone().requires_grad_(True)
        scores = head(features).gather(1, classes.to(features.device)[:, None]).sum()
        (gradient,) = torch.autograd.grad(scores, features)
    weights = gradient.mean((2, 3), keepdim=True)
    maps = F.relu((weights * features).sum(1)).detach().float()
    top = maps.flatten(1).amax(1).clamp(min=1e-12)[:, None, None]
    return (maps / top).cpu()
