"""Batches of single texts: grouped by length, padded as fastai pads, in an order that (seed, epoch) decides."""

import numpy as np
import pytest
import torch

from tipoff.text import TextBlock, TextDataLoaders, WordTokenizer

WORDS = WordTokenizer.of(["xxunk", "xxpad", "xxbos", "a", "b", "c"])


def loaders(reviews, **kwargs):
    kwargs = {"bs": 8, "seed": 1, "min_freq": 1, "valid_col": "is_valid", **kwargs}
    return TextDataLoaders.from_df(reviews, text_col="text", label_col="label", **kwargs)


def test_every_text_comes_once_with_its_label(reviews):
    dls = loaders(reviews)
    train = reviews[~reviews.is_valid]
    seen = torch.cat([b.items for b in dls.train.batches(0)])
    assert sorted(seen.tolist()) == list(range(len(train)))
    for batch in dls.train.batches(0):
        for x, y, i in zip(batch.x[0], batch.y[0], batch.items.tolist(), strict=True):
            assert dls.tokenizer.decode(x) == dls.tokenizer.decode(dls.tokenizer.encode(train.text.iloc[i]))
            assert dls.vocab[1][int(y)] == train.label.iloc[i]


def test_batches_are_alike_in_length_and_little_is_padding(reviews):
    dls = loaders(reviews)
    lens = dls.train_ds.lens
    total = sum(b.x[0].numel() for b in dls.train.batches(0))
    shuffled = torch.randperm(len(lens), generator=torch.Generator().manual_seed(0)).split(8)
    unsorted = sum(len(part) * int(lens[part].max()) for part in shuffled)
    assert total < 0.75 * unsorted and 1 - lens.sum() / total < 0.12


def test_the_longest_comes_first_and_the_order_is_that_of_seed_and_epoch(reviews):
    dls, again = loaders(reviews), loaders(reviews)
    orders = [[o.tolist() for o in dl.train.order(e)] for dl in (dls, again) for e in (0, 1)]
    assert orders[0] == orders[2] and orders[1] == orders[3] and orders[0] != orders[1]
    assert int(dls.train_ds.lens.argmax()) in orders[0][0] and int(dls.train_ds.lens.argmax()) in orders[1][0]
    lens = [int(dls.valid_ds.lens[o].max()) for o in dls.valid.order(0)]
    assert lens == sorted(lens, reverse=True)


@pytest.mark.parametrize("pads_first, wanted", [
    (True, [[1, 1, 1, 1, 3, 4, 1], [3, 4, 3, 4, 3, 4, 3]]),  # whole windows of 2 in front, the rest behind
    (False, [[3, 4, 1, 1, 1, 1, 1], [3, 4, 3, 4, 3, 4, 3]]),
])  # fmt: skip
def test_padding(pads_first, wanted):
    block = TextBlock(WORDS, seq_len=2, pad_first=pads_first)
    assert block.collate([torch.tensor([3, 4]), torch.tensor([3, 4, 3, 4, 3, 4, 3])]).tolist() == wanted


def fastai_pad_chunk(x: torch.Tensor, seq_len: int, pad_len: int) -> torch.Tensor:
    """`pad_chunk` of fastai 2.8, with xxpad = 1."""
    gap = pad_len - x.shape[0]
    chunk, rest = x.new_zeros((gap // seq_len) * seq_len) + 1, x.new_zeros(gap % seq_len) + 1
    return torch.cat([chunk, x, rest])


def test_padding_is_fastais(reviews):
    dls = loaders(reviews, seq_len=5)
    for batch in dls.train.batches(0):
        longest = batch.x[0].shape[1]
        for x, i in zip(batch.x[0], batch.items.tolist(), strict=True):
            ids = torch.from_numpy(dls.train_ds.ids[i].astype(np.int64))
            assert torch.equal(x, fastai_pad_chunk(ids, 5, longest))


def test_long_texts_are_cut_and_that_is_said(heard):
    import pandas as pd

    df = pd.DataFrame(
        {"text": ["a b " * 3000, "a b c", "b a c", "c c"], "label": [0, 1, 0, 1], "is_valid": [0, 0, 1, 1]}
    )
    dls = loaders(df, bs=2)
    assert dls.one_batch()[0].shape == (2, 4096)
    assert "1 of 4 texts are longer than 4,096 tokens; the first 4,096 of them are read" in heard


def test_predictions_come_back_in_the_order_of_the_items(reviews):
    from torch import nn

    from tipoff.learner import Learner

    class Counts(nn.Module):
        """How many tokens a text has, as its two outputs."""

        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.zeros(1))

        def forward(self, x):
            n = (x != 1).sum(1, keepdim=True).float()
            return torch.cat([n, -n], 1) + self.weight

    dls = loaders(reviews)
    learn = Learner(dls, Counts(), default_cbs=False)
    preds, ys = learn.get_preds(act=lambda p: p)
    assert preds[:, 0].tolist() == dls.valid_ds.lens.tolist()
    valid = reviews[reviews.is_valid]
    assert [dls.vocab[1][int(y)] for y in ys] == valid.label.tolist()
    others, none = learn.get_preds(dl=dls.test_dl(valid), act=lambda p: p)
    assert torch.equal(others, preds) and none is None
    assert torch.equal(learn.get_preds(dl=dls.test_dl(valid.text), act=lambda p: p)[0], preds)
    assert torch.equal(learn.get_preds(dl=dls.test_dl(valid, with_labels=True))[1], ys)
