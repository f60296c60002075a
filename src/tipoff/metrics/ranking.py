"""How good an order of items is: the share of what somebody took that is near the top, and how near.

Each function takes scores (B, N) of N items for B users, and which of them are relevant, (B, N) of true and false; it gives
the mean over the users with a relevant item. Items with a score of -inf are not in the order.
"""

from __future__ import annotations

import torch
from torch import Tensor


def recall_at_k(scores: Tensor, relevant: Tensor, k: int = 10) -> Tensor:  # (B, N), (B, N) -> ()
    """The share of the relevant items that are among the first `k`.

    >>> recall_at_k(torch.tensor([[3.0, 2.0, 1.0]]), torch.tensor([[True, False, True]]), k=2)
    tensor(0.5000)
    """
    return recall_each(scores, relevant, k).mean()


def recall_each(scores: Tensor, relevant: Tensor, k: int = 10) -> Tensor:  # (B, N), (B, N) -> (U,)
    """As `recall_at_k`, of each user with a relevant item."""
    hits, n = _hits(scores, relevant, k)
    return hits.sum(1) / n


def ndcg_at_k(scores: Tensor, relevant: Tensor, k: int = 10) -> Tensor:  # (B, N), (B, N) -> ()
    """Normalised discounted cumulative gain (Järvelin and Kekäläinen 2002): a hit at rank r counts 1 / log2(1 + r).

    1 means that the relevant items come first.

    >>> ndcg_at_k(torch.tensor([[3.0, 2.0, 1.0]]), torch.tensor([[False, True, False]]))
    tensor(0.6309)
    """
    hits, n = _hits(scores, relevant, k)
    gains = 1 / torch.arange(2, hits.shape[1] + 2, device=hits.device).log2()
    best = gains.cumsum(0)[n.long().clamp(max=hits.shape[1]) - 1]
    return ((hits * gains).sum(1) / best).mean()


def mrr(scores: Tensor, relevant: Tensor) -> Tensor:  # (B, N), (B, N) -> ()
    """Mean reciprocal rank: 1 over the rank of the first relevant item.

    >>> mrr(torch.tensor([[3.0, 2.0, 1.0]]), torch.tensor([[False, True, True]]))
    tensor(0.5000)
    """
    hits, _ = _hits(scores, relevant, scores.shape[1])
    ranks = torch.arange(1, hits.shape[1] + 1, device=hits.device)
    return (hits / ranks).amax(1).mean()


def _hits(scores: Tensor, relevant: Tensor, k: int) -> tuple[Tensor, Tensor]:  # -> (U, k) float, (U,)
    """Whether each of the first `k` is relevant, for users with something relevant, and how much that is."""
    asked = relevant.any(1)
    scores, relevant = scores[asked], relevant[asked]
    top = scores.topk(min(k, scores.shape[1]), dim=1)
    hits = relevant.gather(1, top.indices) & top.values.isfinite()
    return hits.float(), relevant.sum(1).float()
