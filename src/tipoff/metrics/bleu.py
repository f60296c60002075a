"""How alike two texts are: BLEU over a whole validation set."""

from __future__ import annotations

import math
from collections import Counter

import torch
from torch import Tensor

from tipoff.metrics.metric import Sums


class CorpusBLEUMetric(Sums):
    """BLEU-4 of predicted and true tokens, outputs (B, T, V) and targets (B, T) (Papineni et al. 2002).

    n-grams without a hit count 1/2, 1/4, ... (method 3 of Chen and Cherry 2014), as fastai counts them.

    Args:
        vocab_sz: is taken for fastai's sake; n-grams are compared as they are, whatever its value.
        axis: of the vocabulary in the outputs.
    """

    name = "corpus_bleu"

    def __init__(self, vocab_sz: int = 5000, axis: int = -1) -> None:
        super().__init__()
        self.vocab_sz, self.axis = vocab_sz, axis

    def add(self, pred: Tensor, *y: Tensor) -> dict[str, Tensor]:
        said, true = pred.argmax(self.axis).tolist(), y[0].tolist()
        hits, n = torch.zeros(4, dtype=torch.float64), torch.zeros(4, dtype=torch.float64)
        for a, b in zip(said, true, strict=True):
            floor = 1.0
            for i in range(4):
                mine, theirs = _grams(a, i + 1), _grams(b, i + 1)
                hit = float((mine & theirs).total())
                if not hit:
                    floor /= 2
                    hit = floor
                hits[i] += hit
                n[i] += mine.total()
        lengths = torch.tensor([sum(map(len, said)), sum(map(len, true))], dtype=torch.float64)
        return {"hits": hits, "n": n, "lengths": lengths}

    def compute(self) -> float:
        if not self._total or not self._total["n"].all():
            return float("nan")
        said, true = self._total["lengths"].tolist()
        short = math.exp(1 - true / said) if said < true else 1.0
        return short * float((self._total["hits"] / self._total["n"]).log().mean().exp())


def _grams(tokens: list[int], n: int) -> Counter[tuple[int, ...]]:
    return Counter(tuple(tokens[i : i + n]) for i in range(len(tokens) - n + 1))
