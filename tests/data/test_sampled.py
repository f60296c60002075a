"""Training items drawn by weight, or a random part of them an epoch."""

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from tipoff.callback.data import PartialDL, WeightedDL
from tipoff.data import CategoryBlock, ColReader, DataBlock, IndexSplitter, RegressionBlock
from tipoff.data.core import DataLoaders, Datasets
from tipoff.errors import TipoffError, UsageError
from tipoff.learner import Learner
from tipoff.tabular import TabularPandas

PAIRS = [(torch.tensor([float(i)]), i % 2) for i in range(12)]


def drawn(dl, epoch: int = 0) -> list[int]:
    return torch.cat(dl.order(epoch)).tolist()


def test_items_are_drawn_in_proportion_to_their_weights():
    dl = WeightedDL(PAIRS * 1000, bs=64, wgts=[1, 3, 0, 0] * 3000, seed=1)
    counts = np.bincount(np.array(drawn(dl)) % 4, minlength=4)
    assert counts.sum() == 12000 and counts[2:].sum() == 0
    assert counts[1] / counts[0] == pytest.approx(3, rel=0.1)


def test_the_order_is_of_seed_and_epoch_alone():
    first, again = (WeightedDL(PAIRS, bs=5, wgts=range(12), seed=7) for _ in range(2))
    assert drawn(first, 0) == drawn(again, 0) != drawn(first, 1)
    assert [len(part) for part in first.order(0)] == [4, 4, 4] and len(first) == 3


def test_a_part_of_the_items_is_another_one_each_epoch():
    dl = PartialDL(PAIRS, bs=2, partial_n=5, seed=3)
    assert len(dl) == 3 == len(dl.order(0)) and len(set(drawn(dl))) == 5
    assert {i for epoch in range(20) for i in drawn(dl, epoch)} == set(range(12))
    assert len(PartialDL(PAIRS, bs=4, partial_n=99)) == 3


@pytest.mark.parametrize("dl", [WeightedDL(PAIRS, wgts=range(12), bs=5), PartialDL(PAIRS, partial_n=3, bs=5)])
def test_without_shuffling_every_item_comes_once(dl):
    plain = dl.replace(shuffle=False)
    assert drawn(plain) == list(range(12)) and len(plain) == len(plain.order(0))


@pytest.mark.parametrize("drop_last", [False, True])
def test_as_many_batches_come_as_the_loader_says(drop_last):
    for dl in (
        WeightedDL(PAIRS, bs=5, wgts=range(12), drop_last=drop_last),
        PartialDL(PAIRS, bs=5, partial_n=7, drop_last=drop_last),
    ):
        assert len(list(dl)) == len(dl) == (len(dl.order(0)))


@pytest.fixture
def frame():
    rows = pd.DataFrame({"x": np.arange(20.0), "y": ["a", "b"] * 10})
    rows.loc[3, "y"] = None  # left out, so that positions move
    return rows


def test_a_blocks_weights_are_those_of_its_items_though_some_are_left_out(frame):
    block = DataBlock(
        (RegressionBlock, CategoryBlock), get_x=ColReader("x"), get_y=ColReader("y"), splitter=IndexSplitter([0, 1, 2])
    )
    dls = block.weighted_dataloaders(frame, np.where(frame.x == 17, 1.0, 0.0), bs=4, seed=1)
    assert {float(x) for batch in dls.train for x in batch[0]} == {17.0}
    assert dls.valid.n == 3 and len(dls.valid.order(0)[0]) == 3


def test_middle_level_data_and_tables_have_both(frame):
    dsets = Datasets(range(20), [[float], [lambda i: i % 2]], splits=(range(16), range(16, 20)))
    wgts = [0.0] * 15 + [1.0]
    assert set(drawn(dsets.weighted_dataloaders(wgts, bs=4).train)) == {15}
    assert len(drawn(dsets.partial_dataloaders(6, bs=4).train)) == 6
    to = TabularPandas(frame.dropna(), cont_names="x", y_names="y", splits=(list(range(16)), [16, 17, 18]))
    assert set(drawn(to.weighted_dataloaders(wgts, bs=4).train)) == {15}
    assert len(drawn(to.partial_dataloaders(6, bs=4).train)) == 6


def test_a_learner_trains_on_them_and_predicts_training_items_once_each():
    pairs = [(x, x * 2) for x, _ in PAIRS]
    dls = DataLoaders(WeightedDL(pairs, bs=4, wgts=range(12)), pairs[:4], bs=4)
    learn = Learner(dls, nn.Linear(1, 1), nn.functional.mse_loss)
    learn.fit(2, 0.01)
    assert learn.get_preds(ds_idx=0)[1].flatten().tolist() == [2.0 * i for i in range(12)]


@pytest.mark.parametrize(
    ("wgts", "said"),
    [
        ([1, 2], r"shape \(2,\); one number is needed for each of the 12"),
        ([1.0] * 11 + [-1.0], r"wgts\[11\] is -1.0"),
        ([0] * 12, "All 12 weights are zero"),
        (["a"] * 12, "numbers are needed"),
    ],
)
def test_weights_that_do_not_fit_are_refused(wgts, said):
    with pytest.raises(TipoffError, match=said):
        WeightedDL(PAIRS, bs=4, wgts=wgts)


def test_a_size_that_means_nothing_is_refused():
    with pytest.raises(UsageError, match="partial_n"):
        PartialDL(PAIRS, partial_n=0)
