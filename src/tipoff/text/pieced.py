"""From texts to numbered words by fastai's rules: every different piece of text between spaces is looked at once.

After `fix_html`, and but for what is repeated, each of fastai's rules changes a piece of text between spaces by itself,
and so does the cutting into words. What a piece becomes is therefore remembered, and a text is a list of look-ups. The
result is that of the rules one after the other.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Sequence
from itertools import chain, islice

import numpy as np

from tipoff.text import rules as r
from tipoff.text.remembered import Remembered
from tipoff.text.splitting import split_piece


class Splitter(Remembered):
    """From texts to the numbers of their words by `rules`, fastai's unless given; `of` gives the number of a word."""

    def __init__(self, of: Callable[[str], int], rules: Sequence[r.Rule] = r.RULES) -> None:
        self.rules, self.of = tuple(rules), of
        self.is_usual = self.rules == r.RULES
        super().__init__()

    def _forget(self) -> None:
        super()._forget()
        self._odd = np.empty(0, bool)  # of each piece: whether a character is repeated in it

    def _numbered(self, texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        pieces = [self.pieces(text) for text in texts]
        at, ns = self._numbers(pieces)
        odd = np.flatnonzero(self._odd[at])
        if len(odd):  # characters that are repeated
            ends = ns.cumsum()
            of_text = np.searchsorted(ends, odd, "right")
            which, first = np.unique(of_text, return_index=True)
            for i, places in zip(which, np.split(odd, first[1:]), strict=True):
                pieces[i] = self._repeated(texts[i], pieces[i], (places - ends[i] + ns[i]).tolist())
            at, ns = self._again(at, ns, which, pieces)
        return at, ns

    def pieces(self, text: str) -> list[str]:
        if not self.is_usual:
            return r.apply_rules(text, self.rules).split()
        pieces = [r.BOS, *r.fix_html(text).split()]
        return self._careful(text) if _twice(pieces) else pieces

    def _repeated(self, text: str, pieces: list[str], places: Sequence[int]) -> list[str]:
        """The pieces of a text, in which at `places` characters are repeated."""
        made, done = [], 0
        for place in places:
            made += pieces[done:place] + r.replace_rep(pieces[place]).split()
            done = place + 1
        made += pieces[done:]
        return self._careful(text) if _twice(made) else made

    def _careful(self, text: str) -> list[str]:
        """The pieces after the rules for what is repeated, of which one looks at several of them."""
        return [r.BOS, *r.replace_wrep(r.replace_rep(r.fix_html(text))).split()]

    def _again(
        self, at: np.ndarray, ns: np.ndarray, which: np.ndarray, pieces: Sequence[list[str]]
    ) -> tuple[np.ndarray, np.ndarray]:
        """The numbers of all pieces, those of the texts at `which` anew."""
        fresh, n_fresh = self._numbers([pieces[i] for i in which])
        ends, fresh_ends = ns.cumsum(), n_fresh.cumsum()
        parts, done = [], 0
        for k, i in enumerate(which):
            parts += [at[done : ends[i] - ns[i]], fresh[fresh_ends[k] - n_fresh[k] : fresh_ends[k]]]
            done = ends[i]
        ns = ns.copy()
        ns[which] = n_fresh
        return np.concatenate([*parts, at[done:]]), ns

    def tokens(self, new: Sequence[str]) -> Iterable[list[int]]:
        text = "\n".join(new)  # no piece holds a line break: the rules see many at once
        odd = np.zeros(len(new), bool)
        if self.is_usual:
            if found := [m.start() for m in r.REPEATED.finditer(text)]:
                odd[np.searchsorted(np.cumsum([len(p) + 1 for p in new]), found, "right")] = True
            text = r.replace_maj(r.replace_all_caps(r.spec_add_spaces(text))).lower()
        self._odd = np.concatenate([self._odd, odd])
        of = self.of
        return [list(map(of, chain.from_iterable(map(split_piece, t.split())))) for t in text.split("\n")]


def _twice(pieces: Sequence[str]) -> bool:
    """Whether a piece comes twice in a row: perhaps it is a word that is repeated."""
    return any(map(operator.eq, pieces, islice(pieces, 1, None)))
