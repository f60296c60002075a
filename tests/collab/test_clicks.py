"""Rows that only say who took what."""

import pandas as pd
import pytest
import torch

from tests.collab.films import ratings
from tipoff.collab import CollabDataLoaders, collab_learner
from tipoff.collab.ranking import popularity_baseline, ranking
from tipoff.collab.splits import leave_last_out
from tipoff.collab.targets import ClickBlock
from tipoff.errors import DataError


def clicks() -> pd.DataFrame:
    """What people rated 3.5 or more, with the time of it."""
    frame = ratings(seed=3)
    taken = frame[frame["rating"] >= 3.5].reset_index(drop=True)
    return taken.assign(when=taken.index[::-1].to_numpy())


@pytest.fixture
def dls():
    return CollabDataLoaders.from_clicks(
        clicks(), "user", "title", "when", seed=1, device="cpu", n_negatives=4
    )


def test_everybodys_last_row_is_put_aside(dls):
    frame = clicks()
    last = frame.loc[frame.groupby("user")["when"].idxmax()]
    held = frame.iloc[dls.valid_ds.rows]
    assert sorted(held.index) == sorted(
        i for i in last.index if (frame["user"] == frame["user"][i]).sum() > 1
    )


def test_without_a_time_the_order_of_the_rows_counts():
    frame = pd.DataFrame({"who": ["a", "a", "b", "a"]})
    assert leave_last_out(frame, "who") == ([0, 1, 2], [3])


def test_a_batch_holds_what_happened_then_what_was_drawn(dls):
    positions = torch.arange(7)
    batch = dls.train_ds.batch(positions, 3)
    x, y = batch.x[0], batch.y[0]
    assert x.shape == (35, 2) and y[:, 0].tolist() == [1.0] * 7 + [0.0] * 28
    assert torch.equal(x[:7], dls.train_ds.x[:7]) and torch.equal(x[:, 0], dls.train_ds.x[:7, 0].repeat(5))
    assert torch.equal(dls.train_ds.batch(positions, 3).x[0], x)
    assert not torch.equal(dls.train_ds.batch(positions, 4).x[0], x)


def test_every_item_is_as_likely_to_be_drawn(dls):
    n = len(dls.classes["title"]) - 1
    drawn = torch.cat(
        [
            dls.train_ds.batch(torch.arange(len(dls.train_ds)), e).x[0][len(dls.train_ds) :, 1]
            for e in range(20)
        ]
    )
    counts = torch.bincount(drawn, minlength=n + 1)
    assert counts[0] == 0 and float((counts[1:] / len(drawn) * n - 1).abs().max()) < 0.15


def test_the_loss_is_the_cross_entropy_of_what_happened():
    pred = torch.randn(12, 2)
    y = torch.tensor([1.0] * 3 + [0.0] * 9)[:, None]
    logits = pred.reshape(4, 3, 2).permute(1, 0, 2)  # (happened, its own and the drawn, members)
    expected = torch.nn.functional.cross_entropy(logits, torch.zeros(3, 2, dtype=torch.long))
    assert torch.allclose(ClickBlock(3).loss(pred, y), expected)


def test_it_ranks_better_than_popularity(dls):
    torch.manual_seed(0)
    learn = collab_learner(dls, n_factors=20)
    with learn.no_bar():
        learn.fit_one_cycle(8)
    ours, theirs = ranking(learn.recommender, dls), popularity_baseline(dls)
    assert set(ours) == {"recall@10", "ndcg@10", "mrr"}
    assert all(ours[k] > 1.3 * theirs[k] for k in ours)
    taken = [a["item"] for a in learn.fold_in({"Horror, The 2": 1, "Horror, The 5": 1}, 5)]
    assert sum(t.startswith("Horror") for t in taken) >= 4
    assert all(0 <= a["predicted"] <= 1 for a in learn.recommend(3, 3))


def test_nobody_with_two_rows_is_refused():
    with pytest.raises(DataError, match="Nobody has two rows"):
        CollabDataLoaders.from_clicks(pd.DataFrame({"who": [1, 2], "what": ["a", "b"]}))


def test_rows_to_check_on_can_be_named():
    frame = clicks()
    picked = [1, 5, 7]
    by_position = CollabDataLoaders.from_clicks(
        frame, "user", "title", valid_idx=picked, seed=1, device="cpu"
    )
    assert sorted(by_position.valid_ds.rows) == picked
    marked = frame.assign(held=[i in picked for i in range(len(frame))])
    by_column = CollabDataLoaders.from_clicks(marked, "user", "title", valid_col="held", seed=1, device="cpu")
    assert sorted(by_column.valid_ds.rows) == picked
    share = CollabDataLoaders.from_clicks(frame, "user", "title", valid_pct=0.1, seed=1, device="cpu")
    assert len(share.valid_ds) == int(0.1 * len(frame))
