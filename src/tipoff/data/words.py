"""Which words of a text its answer hangs on: each is taken away in turn, and the model asked again.

Occlusion (Zeiler and Fergus 2014; for words, Li et al. 2016). A share is a difference of two answers of the model, and nothing
else; shares need not add up to the answer, as words also act together.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from tipoff.data.plan import Plan
from tipoff.data.shares import output_names, position_of

MOST = 64  # pieces of a text, and so as many questions to the model
BATCH = 32  # texts at once
_ALONE = (
    "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f"  # scripts that write words without spaces between
)
_WORD = re.compile(rf"[{_ALONE}]|[^\s{_ALONE}]+")

# N texts, K pieces, O outputs


@dataclass(frozen=True)
class WordShares:
    """One answer `end` (O,), and for each of the `pieces` of its text what the answer loses without it, `shares` (K, O).

    The pieces, one after the other, are the text.
    """

    pieces: tuple[str, ...]
    shares: Tensor
    end: Tensor
    names: tuple[Any, ...]

    def output(self, of: Any = None) -> int:
        """The position of output `of`: the name of a class; the likeliest where it is None."""
        return position_of(of, self.end, self.names)

    def answer(self, of: Any = None) -> list[dict[str, Any]]:
        """The pieces in the order of the text, each with its share, as JSON values."""
        shares = self.shares[:, self.output(of)].tolist()
        return [{"word": p, "share": s} for p, s in zip(self.pieces, shares, strict=True)]

    def ranked(self, of: Any = None) -> list[tuple[str, float]]:
        """(piece, share), the strongest first."""
        made = [(w["word"].strip(), w["share"]) for w in self.answer(of)]
        return sorted(made, key=lambda w: -abs(w[1]))


def pieces_of(text: str, most: int = MOST) -> list[str]:
    """The text in words, each with the space behind it; of a long one, in `most` runs of words at the most.

    >>> pieces_of("A fine film."), pieces_of("one two three four five", most=3)
    (['A ', 'fine ', 'film.'], ['one two ', 'three four ', 'five'])
    """
    starts = [m.start() for m in _WORD.finditer(text)]
    step = max(1, -(-len(starts) // most))
    cuts = [0, *starts[step::step], len(text)]
    return [text[a:b] for a, b in pairwise(cuts) if b > a]


def word_shares(
    plan: Plan, probabilities: Callable[[tuple[Tensor, ...]], Tensor], text: str, *, most: int = MOST
) -> WordShares:
    """What the answer for `text` loses without each of its pieces.

    `probabilities` answers what `plan` makes of texts: a `Predictor` has such a method.

    >>> model = load_predictor("reviews.tipoff")  # doctest: +SKIP
    >>> word_shares(model.plan, model.probabilities, "A fine film.").ranked()[0]  # doctest: +SKIP
    ('fine', 0.41)
    """
    pieces = pieces_of(text, most)
    without = ["".join(pieces[:i] + pieces[i + 1 :]) for i in range(len(pieces))]
    end, *rest = answers_of(plan, probabilities, [text, *without])
    shares = end - torch.stack(rest) if rest else torch.zeros(0, len(end))
    return WordShares(tuple(pieces), shares, end, tuple(output_names(plan, len(end))))


def answers_of(
    plan: Plan,
    probabilities: Callable[[tuple[Tensor, ...]], Tensor],
    texts: Sequence[Any],
    bs: int = BATCH,
) -> Tensor:  # -> (N, O)
    """The answers for texts, in their order; those of about one length go through the network together."""
    samples = [plan.read(t) for t in texts]
    order = sorted(range(len(samples)), key=lambda i: -len(samples[i][0]))
    parts = [order[i : i + bs] for i in range(0, len(order), bs)]
    made = torch.cat([probabilities(plan.inputs_of([samples[i] for i in part])) for part in parts])
    return made[torch.tensor(order).argsort()]
