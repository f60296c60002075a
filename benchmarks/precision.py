"""float32 against bfloat16: milliseconds of a training step of networks as `vision_learner` makes them, in turn."""

from __future__ import annotations

import itertools
import time

import torch
from torch.nn import functional as F

from tipoff.train.allocator import keep_memory
from tipoff.vision.model import VisionModel

ROUNDS = 6
SIZES = ((32, 8), (32, 64), (64, 8), (64, 32), (96, 32), (128, 32), (224, 16))  # pixels, batch


def steps(arch: str, size: int, bs: int, frozen: bool) -> dict[bool, float]:
    """The fastest of some steps in seconds: without bfloat16, and with it."""
    spec = VisionModel(f"timm/{arch}", 37)
    net = spec.build()
    spec.fold(net)
    net = net.train().to(memory_format=torch.channels_last)
    net[0].eval().requires_grad_(not frozen)
    x = torch.randn(bs, 3, size, size).contiguous(memory_format=torch.channels_last)
    y = torch.randint(0, 37, (bs,))
    best: dict[bool, float] = {}
    for i in range(ROUNDS):
        for half in (False, True):
            began = time.perf_counter()
            with torch.autocast("cpu", torch.bfloat16, enabled=half):
                loss = F.cross_entropy(net(x).float(), y)
            loss.backward()
            net.zero_grad()
            if i:  # the first round warms up
                best[half] = min(best.get(half, 1e9), time.perf_counter() - began)
    return best


if __name__ == "__main__":
    keep_memory()
    torch.manual_seed(0)
    print("| network | pixels | batch | trained | float32 | bfloat16 | times faster |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    archs = ("tf_efficientnet_lite0", "resnet18")
    for arch, (size, bs), frozen in itertools.product(archs, SIZES, (True, False)):
        best = steps(arch, size, bs, frozen)
        numbers = f"{best[False] * 1e3:.1f} | {best[True] * 1e3:.1f} | {best[False] / best[True]:.2f}"
        print(f"| {arch} | {size} | {bs} | {'head' if frozen else 'all'} | {numbers} |", flush=True)
