"""From texts to numbers, piece by piece: every different piece of text is looked at once, and what it becomes remembered."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from threading import Lock

import numpy as np

MAX_PIECES, MAX_CHARACTERS = 1 << 18, 1 << 25  # that are remembered


class Growing(dict[str, int]):
    """The numbers of tokens; a new one gets the next."""

    def __missing__(self, token: str) -> int:
        n = self[token] = len(self)
        return n


class _Known(dict[str, int]):
    """The numbers of pieces; one that is not known gets the next, and is listed as new."""

    def __init__(self) -> None:
        super().__init__()
        self.new: list[str] = []

    def __missing__(self, piece: str) -> int:
        n = self[piece] = len(self)
        self.new.append(piece)
        return n


class Remembered:
    """From texts to the numbers of their tokens. A subclass says what pieces a text has, and what tokens a piece."""

    _table: np.ndarray  # the tokens of all pieces, one after the other

    def __init__(self) -> None:
        self._lock = Lock()  # predictions are read in threads
        self._forget()

    def pieces(self, text: str) -> list[str]:
        """A text, cut where no token reaches from one piece into the next."""
        raise NotImplementedError

    def tokens(self, new: Sequence[str]) -> Iterable[Sequence[int]]:
        """The numbers of the tokens of each piece, of pieces that were not seen before."""
        raise NotImplementedError

    def __call__(self, texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:  # int32 (all,), int64 (N,)
        """The numbers of all tokens, one after the other, and how many there are of each text."""
        with self._lock:
            if len(self._known) > MAX_PIECES or self._size > MAX_CHARACTERS:
                self._forget()
            return self._looked_up(*self._numbered(texts))

    def renumber(self, table: np.ndarray) -> None:
        """From now on token `k` has the number `table[k]`; what was looked at stays remembered."""
        with self._lock:
            self._table = table[self._table]

    def _forget(self) -> None:
        self._known, self._size = _Known(), 0
        self._table = np.empty(0, np.int32)
        self._lens = np.empty(0, np.int64)  # of each piece

    def _numbered(self, texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """The numbers of the pieces of all texts, one after the other, and how many there are of each text."""
        return self._numbers([self.pieces(text) for text in texts])

    def _numbers(self, pieces: Sequence[list[str]]) -> tuple[np.ndarray, np.ndarray]:
        ns = np.array([len(p) for p in pieces], dtype=np.int64)
        at = np.fromiter(map(self._known.__getitem__, chain.from_iterable(pieces)), np.int64, int(ns.sum()))
        if new := self._known.new:
            self._known.new = []
            tokens = list(self.tokens(new))
            flat = np.fromiter(chain.from_iterable(tokens), np.int32)
            self._size += sum(map(len, new))
            self._table = np.concatenate([self._table, flat])
            self._lens = np.concatenate([self._lens, [len(t) for t in tokens]]).astype(np.int64)
        return at, ns

    def _looked_up(self, at: np.ndarray, ns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        flat, ends = laid_out(self._table, self._lens, at)
        of_text = np.diff(np.concatenate([[0], ends])[np.concatenate([[0], ns.cumsum()])])
        return flat, of_text


@contextmanager
def without_collecting() -> Iterator[None]:
    """Python looks for circles of garbage each time that many lists were made; numbering makes many, and no circles."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def cut_up(flat: np.ndarray, lens: np.ndarray) -> list[np.ndarray]:
    """The numbers of each text, of those of all texts one after the other."""
    return np.split(flat, lens.cumsum()[:-1]) if len(lens) else []


def laid_out(table: np.ndarray, lens: np.ndarray, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The parts `at` of a table, whose parts are `lens` long, one after the other; and where each of them ends."""
    of_part = lens[at]
    starts = (lens.cumsum() - lens)[at]
    ends = of_part.cumsum()
    return table[np.repeat(starts - (ends - of_part), of_part) + np.arange(int(of_part.sum()))], ends
