"""What the library adds to a step: epochs of a plain loop and of the library in turn, tensors in memory. WHO WIDTH

A network for 28 x 28 pictures, batches of 64, AdamW without
decay of biases, one-cycle; each epoch trains and validates, with accuracy.
WIDTH 0 is a perceptron, whose steps are so short that the library is much of what is seen. Reports microseconds a step
(training and validation steps alike), of the fastest of many rounds: other work on the machine only ever adds.
"""

from __future__ import annotations

import contextlib
import io
import sys
import time
from typing import Any

import torch
from common import report
from torch import nn
from torch.nn import functional as F

who, width = sys.argv[1], int(sys.argv[2])
N, BS, EPOCHS = (6_400, 64, 4) if width <= 16 else (1_280, 64, 4)
ROUNDS = 20 if width <= 16 else 10
torch.manual_seed(0)
x, y = torch.randn(N, 1, 28, 28), torch.randint(0, 10, (N,))
xv, yv = x[: N // 5].clone(), y[: N // 5].clone()
STEPS = EPOCHS * (N // BS + N // 5 // BS)


def network() -> nn.Module:
    if width == 0:
        return nn.Sequential(nn.Flatten(), nn.Linear(784, 32), nn.ReLU(), nn.Linear(32, 10))

    def block(i: int, o: int) -> list[nn.Module]:
        return [nn.Conv2d(i, o, 3, 2, 1), nn.ReLU()]

    return nn.Sequential(
        *block(1, width), *block(width, 2 * width), *block(2 * width, 4 * width), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        nn.Linear(4 * width, 10),
    )  # fmt: skip


def plain() -> None:
    """The loop that one would write by hand."""
    net = network()
    decayed, bare = [p for p in net.parameters() if p.ndim > 1], [p for p in net.parameters() if p.ndim <= 1]
    groups = [{"params": decayed, "weight_decay": 0.01}, {"params": bare, "weight_decay": 0.0}]
    opt = torch.optim.AdamW(groups, 1e-3, fused=True)
    total = EPOCHS * (N // BS)
    schedule = torch.optim.lr_scheduler.OneCycleLR(opt, 1e-3, total)
    for _ in range(EPOCHS):
        net.train()
        order, summed = torch.randperm(N), torch.zeros(())
        for i in range(0, N, BS):
            at = order[i : i + BS]
            loss = F.cross_entropy(net(x[at]), y[at])
            opt.zero_grad()
            loss.backward()
            opt.step()
            schedule.step()
            summed += loss.detach()
        net.eval()
        with torch.no_grad():
            right, lost = torch.zeros(()), torch.zeros(())
            for i in range(0, len(xv), BS):
                pred = net(xv[i : i + BS])
                lost += F.cross_entropy(pred, yv[i : i + BS])
                right += (pred.argmax(-1) == yv[i : i + BS]).sum()
        float(summed), float(lost), float(right)


def with_tipoff() -> Any:
    from tipoff.data import DataLoaders
    from tipoff.data.dataset import TensorDataset
    from tipoff.data.loader import Loader
    from tipoff.learner import Learner

    dls = DataLoaders(Loader(TensorDataset(x, y), BS, shuffle=True), Loader(TensorDataset(xv, yv), BS))

    def run() -> None:
        learn = Learner(dls, network(), loss_func=F.cross_entropy, metrics="accuracy")
        learn.fit_one_cycle(EPOCHS, 1e-3)

    return run


def with_fastai() -> Any:
    from fastai.vision.all import DataLoader, DataLoaders, Learner, accuracy

    train, valid = list(zip(x, y, strict=True)), list(zip(xv, yv, strict=True))
    dls = DataLoaders(DataLoader(train, bs=BS, shuffle=True), DataLoader(valid, bs=BS))

    def run() -> None:
        learn = Learner(dls, network(), loss_func=F.cross_entropy, metrics=accuracy)
        with learn.no_bar():
            learn.fit_one_cycle(EPOCHS, 1e-3)

    return run


def microseconds(do: Any) -> float:
    began = time.perf_counter()
    with contextlib.redirect_stdout(io.StringIO()):
        do()
    return (time.perf_counter() - began) / STEPS * 1e6


library = {"tipoff": with_tipoff, "fastai": with_fastai}[who]()
times: dict[str, list[float]] = {"plain": [], who: []}
for i in range(ROUNDS + 1):
    for name, do in (("plain", plain), (who, library)):
        taken = microseconds(do)
        if i:  # the first round warms up
            times[name].append(taken)
plain_us, library_us = min(times["plain"]), min(times[who])
report(plain=round(plain_us, 1), library=round(library_us, 1), added=round(library_us - plain_us, 1),
       ratio=round(library_us / plain_us, 3))  # fmt: skip
