"""Batch norms of the pretrained body: trained, as in fastai, or kept as they came.

The measurement behind docs/decisions/003-train-bn.md: `fine_tune(2)` of efficientnet_lite0, accuracy and seconds of
both on both sets, two seeds each. Run: BENCH_DATA=folder python benchmarks/train_bn.py
"""

from __future__ import annotations

import time

from common import ARCH, BS, SIZE, photos

from tipoff.data import CategoryBlock, DataBlock, IndexSplitter
from tipoff.rng import set_seed
from tipoff.vision import ImageBlock, Resize, aug_transforms, vision_learner


def measure(name: str, train_bn: bool, seed: int) -> tuple[float, float]:
    """Accuracy on the validation photos, and seconds of training, decoding included."""
    files, labels, _, valid = photos(name)
    label_of = dict(zip(files, labels, strict=True))
    set_seed(seed)
    block = DataBlock(
        (ImageBlock, CategoryBlock),
        get_y=label_of.__getitem__,
        splitter=IndexSplitter(valid),
        item_tfms=Resize(SIZE),
        batch_tfms=aug_transforms(),
    )
    learn = vision_learner(
        block.dataloaders(files, bs=BS, seed=seed), ARCH, train_bn=train_bn, metrics="accuracy"
    )
    began = time.perf_counter()
    with learn.no_bar():
        learn.fine_tune(2)
    return learn.recorder.values[-1][-1], time.perf_counter() - began


if __name__ == "__main__":
    measure("samples", False, 0)  # so that the first measured run does not pay for starting up
    print("| photos | train_bn | seed | accuracy | seconds |\n|---|---|---|---|---|", flush=True)
    for name in ("pets", "imagenette"):
        for seed in (0, 1):
            for train_bn in (True, False):
                accuracy, seconds = measure(name, train_bn, seed)
                print(f"| {name} | {train_bn} | {seed} | {accuracy:.1%} | {seconds:.1f} |", flush=True)
