"""From texts to numbered words by fastai's rules: every different piece of text between spaces is looked at once.

After `fix_html`, and but for what is repeated, each of fastai's rules changes a piece of text between spaces by itself,
and so does the cutting into words. What a piece becomes is therefore remembered, and a text is a list of look-ups. The
result is that of the rules one after the other.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from itertools import chain, islice
from threading import Lock

import numpy as np

from tipoff.text import rules as r
from tipoff.text.splitting import split_piece

MAX_PIECES, MAX_CHARACTERS = 1 << 18, 1 << 25  # that are remembered


class _Known(dict[str, int]):
    """The numbers of pieces; one that is not known gets the next, and is listed as new."""

    def __init__(self) -> None:
        super().__init__()
        self.new: list[str] = []

    def __missing__(self, piece: str) -> int:
        n = self[piece] = len(self)
        self.new.append(piece)
        return n


class Splitter:
    """From texts to the numbers of their tokens by `rules`, fastai's unless given; `of` gives the number of a token."""

    def __init__(self, of: Callable[[str], int], rules: Sequence[r.Rule] = r.RULES) -> None:
        self.rules, self.of = tuple(rules), of
        self.is_usual = self.rules == r.RULES
        self._lock = Lock()  # predictions are read in threads
        self._forget()

    def _forget(self) -> None:
        self._known, self._size = _Known(), 0
        self._table = np.empty(0, np.int32)  # the tokens of all pieces, one after the other
        self._lens, self._odd = np.empty(0, np.int64), np.empty(0, bool)  # of each piece

    def __call__(self, texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:  # int32 (all,), int64 (N,)
        """The numbers of all tokens, one after the other, and how many there are of each text."""
        with self._lock:
            return self._split(texts)

    def _split(self, texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        if len(self._known) > MAX_PIECES or self._size > MAX_CHARACTERS:
            self._forget()
        pieces = [self._pieces(text) for text in texts]
        at, ns = self._numbers(pieces)
        odd = np.flatnonzero(self._odd[at])
        if len(odd):  # characters that are repeated: the rules must see the whole text
            which = np.unique(np.searchsorted(ns.cumsum(), odd, "right"))
            for i in which:
                pieces[i] = self._careful(texts[i])
            at, ns = self._again(at, ns, which, pieces)
        lens = self._lens[at]
        starts = (self._lens.cumsum() - self._lens)[at]
        ends = lens.cumsum()
        flat = self._table[np.repeat(starts - (ends - lens), lens) + np.arange(int(lens.sum()))]
        of_text = np.diff(np.concatenate([[0], ends])[np.concatenate([[0], ns.cumsum()])])
        return flat, of_text

    def _pieces(self, text: str) -> list[str]:
        if not self.is_usual:
            return r.apply_rules(text, self.rules).split()
        pieces = r.fix_html(text).split()
        if any(map(operator.eq, pieces, islice(pieces, 1, None))):  # perhaps a word that is repeated
            return self._careful(text)
        return [r.BOS, *pieces]

    def _careful(self, text: str) -> list[str]:
        """The pieces after the rules that look at more than one of them."""
        return [r.BOS, *r.replace_wrep(r.replace_rep(r.fix_html(text))).split()]

    def _numbers(self, pieces: Sequence[list[str]]) -> tuple[np.ndarray, np.ndarray]:
        """The numbers of all pieces, one after the other, and how many there are of each text."""
        ns = np.array([len(p) for p in pieces], dtype=np.int64)
        at = np.fromiter(map(self._known.__getitem__, chain.from_iterable(pieces)), np.int64, int(ns.sum()))
        if new := self._known.new:
            self._known.new = []
            self._learn(new)
        return at, ns

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

    def _learn(self, new: list[str]) -> None:
        text = "\n".join(new)  # no piece holds a line break: the rules see many at once
        self._size += len(text)
        odd = np.zeros(len(new), bool)
        if self.is_usual:
            if found := [m.start() for m in r.REPEATED.finditer(text)]:
                odd[np.searchsorted(np.cumsum([len(p) + 1 for p in new]), found, "right")] = True
            text = r.replace_maj(r.replace_all_caps(r.spec_add_spaces(text))).lower()
        of = self.of
        tokens = [list(map(of, chain.from_iterable(map(split_piece, t.split())))) for t in text.split("\n")]
        flat = np.fromiter(chain.from_iterable(tokens), np.int32)
        self._table = np.concatenate([self._table, flat])
        self._lens = np.concatenate([self._lens, [len(t) for t in tokens]]).astype(np.int64)
        self._odd = np.concatenate([self._odd, odd])
