"""Language-model batches are those that fastai makes, written out plainly here."""

import itertools

import numpy as np
import pytest
import torch

from tipoff.rng import permutation
from tipoff.text import TextDataLoaders
from tipoff.text.ids import Ids, IdsWriter
from tipoff.text.lm import LMDataset, LMLoader


def plainly(texts: list[list[int]], bs: int, seq_len: int) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """fastai's `LMDataLoader`: one stream, cut into `bs` parts, read side by side."""
    stream = [t for text in texts for t in text]
    each = (len(stream) - 1) // bs
    out = []
    for start in range(0, each, seq_len):
        n = min(seq_len, each - start)
        x = [stream[row * each + start : row * each + start + n] for row in range(bs)]
        y = [stream[row * each + start + 1 : row * each + start + n + 1] for row in range(bs)]
        out.append((torch.tensor(x), torch.tensor(y)))
    return out


def ids_of(texts: list[list[int]]) -> Ids:
    writer = IdsWriter()
    writer.add_each([np.array(t) for t in texts])
    return writer.done()


def some_texts(n: int, longest: int) -> list[list[int]]:
    rng = np.random.default_rng(n * 100 + longest)
    return [rng.integers(0, 1000, rng.integers(1, longest)).tolist() for _ in range(n)]


SIZES = [(1, 400, 4, 7), (30, 40, 4, 7), (100, 3, 8, 5), (50, 30, 1, 72), (20, 30, 16, 1), (9, 9, 3, 100)]


@pytest.mark.parametrize("n, longest, bs, seq_len", SIZES)
def test_batches_in_order_are_fastais(n, longest, bs, seq_len):
    texts = some_texts(n, longest)
    loader = LMLoader(LMDataset(None, ids_of(texts), bs, seq_len=seq_len, training=False))
    wanted = plainly(texts, bs, seq_len)
    assert len(loader) == len(wanted)
    for batch, (x, y) in zip(loader.batches(0), wanted, strict=True):
        assert torch.equal(batch.x[0], x) and torch.equal(batch.y[0], y)


def test_in_training_the_texts_are_shuffled_each_epoch_and_then_joined():
    texts = some_texts(30, 40)
    loader = LMLoader(
        LMDataset(None, ids_of(texts), 4, seq_len=7, training=True, seed=5), shuffle=True, seed=5
    )
    seen = []
    for epoch in (0, 1):
        order = permutation((5, epoch), len(texts)).tolist()
        wanted = plainly([texts[i] for i in order], 4, 7)
        for batch, (x, y) in zip(loader.batches(epoch), wanted, strict=True):
            assert torch.equal(batch.x[0], x) and torch.equal(batch.y[0], y)
        seen.append(wanted[0][0])
    assert not torch.equal(*seen)


def test_an_epoch_can_be_entered_in_the_middle():
    loader = LMLoader(
        LMDataset(None, ids_of(some_texts(30, 40)), 4, seq_len=7, training=True, seed=5), shuffle=True, seed=5
    )
    whole = list(loader.batches(3))
    for batch, same in zip(loader.batches(3, start=5), whole[5:], strict=True):
        assert torch.equal(batch.x[0], same.x[0])


def test_backwards_turns_each_text_around():
    texts = some_texts(30, 40)
    dataset = LMDataset(None, ids_of(texts), 4, seq_len=7, training=False, backwards=True)
    for batch, (x, _) in zip(
        LMLoader(dataset).batches(0), plainly([t[::-1] for t in texts], 4, 7), strict=True
    ):
        assert torch.equal(batch.x[0], x)


def test_rows_go_on_from_batch_to_batch(reviews):
    dls = TextDataLoaders.from_df(reviews, text_col="text", is_lm=True, bs=4, seq_len=10, min_freq=1, seed=1)
    batches = list(dls.train.batches(0))
    for one, other in itertools.pairwise(batches):
        assert torch.equal(one.y[0][:, -1], other.x[0][:, 0])
        assert torch.equal(one.x[0][:, 1:], one.y[0][:, :-1])
    assert dls.c == len(dls.vocab) and dls.vocab[:3] == ["xxunk", "xxpad", "xxbos"]


def test_few_tokens_make_the_batch_smaller_and_none_are_refused(heard):
    dataset = LMDataset(None, ids_of([[1, 2, 3, 4]]), 64, seq_len=72, training=False)
    assert dataset.bs == 3 and heard == ["the texts hold 4 tokens: the batch size is 3, not 64"]
    with pytest.raises(ValueError, match="fewer than two tokens"):
        LMDataset(None, ids_of([[1]]), 64, seq_len=72, training=False)


def test_many_numbers_go_to_a_file_that_goes_away(monkeypatch, tmp_path):
    monkeypatch.setenv("TIPOFF_CACHE", str(tmp_path))
    monkeypatch.setattr("tipoff.text.ids.SPILL", 1000)
    texts = some_texts(300, 40)
    ids = ids_of(texts)
    assert (
        ids.flat.file is not None
        and ids.flat.file.parent == tmp_path / "texts"
        and isinstance(ids.flat.data, np.memmap)
    )
    assert [ids[i].tolist() for i in range(300)] == texts
    writer = IdsWriter()
    writer.add_each([np.array(t) for t in texts])
    doubled = writer.done(np.arange(1000) * 2)
    assert [doubled[i].tolist() for i in range(300)] == [[2 * t for t in text] for text in texts]
    del ids, doubled
    assert not list((tmp_path / "texts").iterdir())
