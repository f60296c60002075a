"""A training run that kills itself with SIGKILL at a given moment: python -m tests.train.resume_child VARIANT FILE MOMENT."""

import os
import signal
import sys
import time

import torch

from tests.train.train_parts import learner, loaders, network
from tipoff.callbacks.best import SaveModel
from tipoff.callbacks.ema import EMA
from tipoff.callbacks.gradients import GradientAccumulation
from tipoff.callbacks.mixing import MixUp
from tipoff.callbacks.saving import SaveCheckpoint
from tipoff.train.callback import Callback

PARTS = {
    "dropout": lambda file: [],
    "accumulation": lambda file: [GradientAccumulation(24)],
    "ema": lambda file: [EMA(0.9)],
    "mixup": lambda file: [MixUp()],
    "best": lambda file: [SaveModel(fname=file.with_name("best"))],
}
EVERYTHING = "+".join(PARTS)


def make(variant: str):
    """The learner of a variant such as "dropout+ema", always the same."""
    torch.set_num_threads(1)
    model = network(dropout=0.3 if "dropout" in variant else 0.0)
    return learner(
        loaders(bs=8, n=60),
        model,
        metrics="accuracy",
        splitter=lambda m: [list(m[:2].parameters()), list(m[2:].parameters())],
    )


def callbacks(variant: str, file) -> list[Callback]:
    return [cb for part in variant.split("+") if part in PARTS for cb in PARTS[part](file)]


def train(learn, cbs) -> None:
    torch.manual_seed(5)
    learn.fine_tune(3, 0.01, cbs=cbs)


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class DieAt(Callback):
    """After step `n` of the whole call, when everything of that step is done."""

    order = 99

    def __init__(self, n: int) -> None:
        self.left = n

    def after_step(self, run) -> None:
        self.left -= 1
        if not self.left:
            die()


class Slowly(Callback):
    """Says where it is, and takes its time, so that somebody else can kill it."""

    order = 98

    def after_step(self, run) -> None:
        print("step", flush=True)
        time.sleep(0.01)


def die_in_write(n: int, moment: str) -> None:
    """Die in the `n`th write of a checkpoint: half-way through, or around the moment it takes its place."""
    real_save, real_replace, done = torch.save, os.replace, [0]

    def save(state, file):
        done[0] += 1
        if done[0] == n and moment == "half":
            import io

            whole = io.BytesIO()
            real_save(state, whole)
            file.write(whole.getvalue()[: whole.tell() // 2])
            file.flush()
            die()
        real_save(state, file)

    def replace(a, b):
        if done[0] == n and moment == "before" and str(b).endswith(".pt"):
            die()
        real_replace(a, b)
        if done[0] == n and moment == "after" and str(b).endswith(".pt"):
            die()

    torch.save, os.replace = save, replace


if __name__ == "__main__":
    from pathlib import Path

    variant, file, moment = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
    kind, _, n = moment.partition(":")
    extra: list[Callback] = []
    if kind == "step":
        extra = [DieAt(int(n))]
    elif kind == "outside":
        extra = [Slowly()]
    else:
        die_in_write(int(n), kind)
    train(make(variant), [*callbacks(variant, file), SaveCheckpoint(file, every_steps=1), *extra])
    raise SystemExit("it ended without being killed")
