"""Ranking metrics, against scikit-learn and slow loops."""

import numpy as np
import pytest
import torch

from tipoff.metrics.ranking import mrr, ndcg_at_k, recall_at_k


@pytest.fixture
def lists():
    rng = np.random.default_rng(0)
    return rng.standard_normal((20, 30)), rng.random((20, 30)) < 0.1


def ranked(scores, relevant):
    """The relevance of the items in the order of their scores, for users with something relevant."""
    return [r[np.argsort(-s)] for s, r in zip(scores, relevant) if r.any()]


def test_recall(lists):
    expected = np.mean([r[:5].sum() / r.sum() for r in ranked(*lists)])
    assert float(recall_at_k(*map(torch.tensor, lists), k=5)) == pytest.approx(expected, abs=1e-6)


def test_ndcg_is_scikit_learns(lists):
    from sklearn.metrics import ndcg_score

    scores, relevant = lists
    some = relevant.any(1)
    expected = ndcg_score(relevant[some], scores[some], k=7)
    assert float(ndcg_at_k(*map(torch.tensor, lists), k=7)) == pytest.approx(expected, abs=1e-6)


def test_reciprocal_rank(lists):
    expected = np.mean([1 / (1 + r.argmax()) for r in ranked(*lists)])
    assert float(mrr(*map(torch.tensor, lists))) == pytest.approx(expected, abs=1e-6)


def test_items_that_are_left_out_are_no_hits():
    scores = torch.tensor([[1.0, -torch.inf, 0.5]])
    relevant = torch.tensor([[False, True, False]])
    assert float(recall_at_k(scores, relevant, 3)) == 0.0 == float(mrr(scores, relevant))
