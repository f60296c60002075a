"""A whole fine_tune from JPEG files, one frozen epoch and two full: seconds and accuracy. WHO DATA SEED BODY"""

from __future__ import annotations

import sys
import time

from common import ARCH, BS, MEAN, SIZE, STD, fastai_learner, photos, report

who, name, seed, body = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
files, labels, train, valid = photos(name)
label_of = dict(zip(files, labels, strict=True))

if who == "tipoff":
    from tipoff.data import CategoryBlock, DataBlock, IndexSplitter
    from tipoff.rng import set_seed
    from tipoff.vision import ImageBlock, Resize, aug_transforms, vision_learner

    set_seed(seed)
    began = time.perf_counter()
    block = DataBlock(
        (ImageBlock, CategoryBlock), get_y=lambda f: label_of[str(f)], splitter=IndexSplitter(valid),
        item_tfms=Resize(SIZE), batch_tfms=aug_transforms(),
    )  # fmt: skip
    dls = block.dataloaders(files, bs=BS, seed=seed)
    learn = vision_learner(dls, ARCH, weights=body, metrics="accuracy")
    learn.fine_tune(2)
    accuracy = learn.recorder.values[-1][-1]
else:
    from fastai.vision.all import (
        CategoryBlock,
        DataBlock,
        ImageBlock,
        IndexSplitter,
        Normalize,
        Resize,
        aug_transforms,
        set_seed,
    )  # fmt: skip

    set_seed(seed, reproducible=True)
    began = time.perf_counter()
    block = DataBlock(
        (ImageBlock, CategoryBlock), get_y=lambda f: label_of[str(f)], splitter=IndexSplitter(valid),
        item_tfms=Resize(SIZE), batch_tfms=[*aug_transforms(), Normalize.from_stats(MEAN, STD)],
    )  # fmt: skip
    dls = block.dataloaders(files, bs=BS, num_workers=0)
    learn = fastai_learner(dls, body)
    with learn.no_bar():
        learn.fine_tune(2)
    accuracy = float(learn.recorder.values[-1][-1])

report(seconds=round(time.perf_counter() - began, 2), accuracy=round(float(accuracy), 4), items=len(train))
