"""Rows of a table beside pictures in one DataBlock."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from torch import nn

from tipoff.data import CategoryBlock, ColReader, DataBlock, IndexSplitter
from tipoff.learner import Learner
from tipoff.tabular import RowBlock
from tipoff.vision import ImageBlock, Resize


@pytest.fixture
def frame(tmp_path):
    """What is in a picture, and where it was taken; the label is known by both together."""
    rows = []
    for i in range(24):
        Image.fromarray(np.full((20, 20, 3), 220 * (i % 2), np.uint8)).save(tmp_path / f"{i}.png")
        rows.append((tmp_path / f"{i}.png", "ab"[i // 12], float(i), "same" if i % 2 == i // 12 else "other"))
    return pd.DataFrame(rows, columns=["file", "place", "height", "label"])


@pytest.fixture
def dls(frame):
    block = DataBlock(
        blocks=(ImageBlock, RowBlock(("place",), ("height",)), CategoryBlock),
        n_inp=2,
        get_x=[ColReader("file"), lambda row: row[["place", "height"]]],
        get_y=ColReader("label"),
        splitter=IndexSplitter(range(0, 24, 4)),
        item_tfms=Resize(16),
    )
    return block.dataloaders(frame, bs=6, device="cpu")


class Both(nn.Module):
    def __init__(self):
        super().__init__()
        self.place = nn.Embedding(3, 4)
        self.layers = nn.Sequential(nn.Linear(3 + 4 + 1, 16), nn.ReLU(), nn.Linear(16, 2))

    def forward(self, picture, cats, conts):
        return self.layers(torch.cat([picture.mean((2, 3)), self.place(cats[:, 0]), conts], 1))


def test_a_batch_has_the_picture_the_codes_and_the_numbers(dls, frame):
    batch = next(iter(dls.valid.batches(0)))
    assert [tuple(t.shape) for t in batch.x] == [(6, 3, 16, 16), (6, 1), (6, 1)]
    rows = dls.plan.inputs[1]
    cats, conts = rows.encode_all(frame.iloc[range(0, 24, 4)][["place", "height"]])
    assert torch.equal(batch.x[1], cats) and torch.equal(batch.x[2], conts)
    assert rows.classes["place"] == ["#na#", "a", "b"]


def test_it_is_learned_from_and_asked(dls, frame):
    torch.manual_seed(0)
    learn = Learner(dls, Both(), metrics="accuracy", lr=0.02)
    with learn.no_bar():
        learn.fit(40)
    assert learn.validate()[1] == 1.0
    for row in frame.itertuples():
        asked = (Path(row.file), {"place": row.place, "height": row.height})
        assert learn.predict(asked)[0] == row.label
    probs = learn.get_preds(dl=dls.test_dl(frame.head(5)))[0]
    assert probs.shape == (5, 2)
    assert dls.show_batch(max_n=2, show=False) is not None
