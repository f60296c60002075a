"""Words by fastai's rules, numbered: every different piece of text between spaces is looked at once.

After `fix_html`, and but for repeated words, each of fastai's rules changes a piece of text between spaces by itself,
and so does the cutting into words. What a piece becomes is therefore remembered, and a text is a list of look-ups.
The result is that of the rules one after the other.
"""

from __future__ import annotations

import operator
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from itertools import chain, islice
from typing import Any, Self

import numpy as np

from tipoff.errors import DataError, UsageError, did_you_mean
from tipoff.text import rules as r
from tipoff.text.ids import Ids, IdsWriter
from tipoff.text.joining import join_words
from tipoff.text.splitting import split_piece
from tipoff.text.tokenizer import Groups, Tokenizer, number

MAX_REMEMBERED = 1 << 18  # pieces
MAX_PIECE = 200  # characters; longer ones are no words, and come once
FAKE = "xxfake"  # fills the vocabulary up to a multiple of 8, which matrices like


class Splitter:
    """From texts to the tokens of `rules` (fastai's, unless given), each as `of` gives it, such as its number."""

    def __init__(self, rules: Sequence[r.Rule] = r.RULES, of: Callable[[str], Any] = str) -> None:
        self.rules, self.of = tuple(rules), of
        self.is_usual = self.rules == r.RULES
        self._known: dict[str, tuple[Any, ...] | None] = {}

    def __call__(self, texts: Sequence[str]) -> list[list[Any]]:
        """The tokens of each text."""
        pieces = [self._pieces(text) for text in texts]
        self._learn(pieces)
        return [self._tokens(text, mine) for text, mine in zip(texts, pieces, strict=True)]

    def _pieces(self, text: str) -> list[str]:
        if not self.is_usual:
            return r.apply_rules(text, self.rules).split()
        pieces = r.fix_html(text).split()
        if any(map(operator.eq, pieces, islice(pieces, 1, None))):  # perhaps a word that is repeated
            return self._careful(text)
        return [r.BOS, *pieces]

    def _careful(self, text: str) -> list[str]:
        """The pieces after the rules that look at more than one of them."""
        if not self.is_usual:
            return self._pieces(text)
        return [r.BOS, *r.replace_wrep(r.replace_rep(r.fix_html(text))).split()]

    def _tokens(self, text: str, pieces: list[str]) -> list[Any]:
        found = list(map(self._known.get, pieces))
        if None in found:  # characters that are repeated, or a piece too long to be remembered
            found = [self._known.get(p) or self._split([p])[0] for p in self._careful(text)]
        return list(chain.from_iterable(found))  # type: ignore[arg-type]  # there is no None any more

    def _learn(self, pieces: list[list[str]]) -> None:
        known, every = self._known, dict.fromkeys(chain.from_iterable(pieces))
        new = [p for p in every if p not in known]
        if len(known) + len(new) > MAX_REMEMBERED:
            known.clear()
            new = list(every)
        odd = [p for p in new if len(p) > MAX_PIECE or (self.is_usual and r.REPEATED.search(p))]
        known.update(dict.fromkeys(odd))
        plain = [p for p in new if p not in known]
        known.update(zip(plain, self._split(plain), strict=True))

    def _split(self, pieces: list[str]) -> list[tuple[Any, ...]]:
        if not pieces:
            return []
        text = "\n".join(pieces)  # no piece holds a line break: the rules see many lines at once
        if self.is_usual:
            text = r.replace_maj(r.replace_all_caps(r.spec_add_spaces(text))).lower()
        of = self.of
        return [tuple(map(of, chain.from_iterable(map(split_piece, t.split())))) for t in text.split("\n")]


@dataclass(frozen=True)
class WordTokenizer(Tokenizer):
    """Words by fastai's rules and marks, those that come `min_freq` times or more, `max_vocab` at most.

    `words` are the tokens, one a line, learned from the training texts where they are not given; `rules` the names of
    the rules, fastai's unless given.

    >>> WordTokenizer.of(["xxunk", "xxpad", "xxbos", "xxmaj", "hello", "world"]).encode("Hello, world").tolist()
    [2, 3, 4, 0, 5]
    """

    words: str | None = field(default=None, repr=False)
    min_freq: int = 3
    max_vocab: int = 60000
    rules: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if unknown := sorted(set(self.rules or ()) - set(r.BY_NAME)):
            raise UsageError(
                f"There is no rule {unknown[0]!r}; known are {', '.join(r.BY_NAME)}.{did_you_mean(unknown[0], r.BY_NAME)}"
            )

    @classmethod
    def of(cls, tokens: Sequence[str]) -> Self:
        """With the tokens given, in the order of their numbers."""
        return cls("\n".join("▁".join(str(t).split()) or "▁" for t in tokens))

    @property
    def kind(self) -> str:
        return "words"

    @property
    def is_trained(self) -> bool:
        return self.words is not None

    @cached_property
    def names(self) -> tuple[str, ...]:
        if self.words is None:
            raise self._untrained()
        return tuple(self.words.split("\n"))

    @cached_property
    def vocab_index(self) -> dict[str, int]:
        return {name: i for i, name in enumerate(self.names) if name != FAKE}

    @property
    def _rules(self) -> tuple[r.Rule, ...]:
        return r.RULES if self.rules is None else tuple(r.BY_NAME[name] for name in self.rules)

    @cached_property
    def _numbered(self) -> Splitter:
        index, unk = self.vocab_index, self.unk_id or 0
        return Splitter(self._rules, lambda token: index.get(token, unk))

    def __getstate__(self) -> dict[str, Any]:
        return {f.name: getattr(self, f.name) for f in fields(self)}

    def encode_all(self, texts: Sequence[str]) -> list[np.ndarray]:
        return [np.array(ids or [self.unk_id or 0], dtype=np.int32) for ids in self._numbered(texts)]

    def split_all(self, texts: Sequence[str]) -> list[list[str]]:
        return Splitter(self._rules)(texts)

    def join(self, tokens: Sequence[str]) -> str:
        return join_words(tokens)

    def learn(self, groups: Groups) -> tuple[Self, Ids]:
        """One pass: words are numbered as they come, and by their frequency in the end."""
        if self.is_trained:
            return self, number(self, groups())
        index: dict[str, int] = defaultdict()
        index.default_factory = index.__len__  # type: ignore[attr-defined]
        split, writer = Splitter(self._rules, index.__getitem__), IdsWriter()
        counts, first, at = np.zeros(0, np.int64), np.zeros(0, np.int64), 0
        empty = index[r.UNK]
        for group in groups():
            texts = [ids or [empty] for ids in split(group)]
            flat = np.fromiter(chain.from_iterable(texts), np.int32, sum(map(len, texts)))
            writer.add(flat, [len(t) for t in texts])
            more = len(index) - len(counts)
            counts = np.pad(counts, (0, more)) + np.bincount(flat, minlength=len(index))
            first = np.pad(first, (0, more), constant_values=np.iinfo(np.int64).max)
            np.minimum.at(first, *_first(flat, len(index) - more, at))
            at += len(flat)
        order = np.lexsort((first, -counts))  # as Counter.most_common: equally frequent ones as they came
        names = list(index)
        vocab = make_vocab([(names[i], int(counts[i])) for i in order], self.min_freq, self.max_vocab)
        made = self.replace(words="\n".join(vocab))
        table = np.array([made.vocab_index.get(name, 0) for name in names], np.int32)
        return made, writer.done(table)


def _first(flat: np.ndarray, known: int, at: int) -> tuple[np.ndarray, np.ndarray]:
    """The numbers of `flat` from `known` on, and where in all texts each of them stands."""
    where = np.flatnonzero(flat >= known)
    return flat[where], where + at


def make_vocab(counted: Iterable[tuple[str, int]], min_freq: int = 3, max_vocab: int = 60000) -> list[str]:
    """The marks, then tokens by frequency, then `xxfake` up to a multiple of 8, as fastai does.

    `counted` are tokens with how often they come, the most frequent first. Raises `DataError` where no word is frequent
    enough.
    """
    counted = list(counted)
    words = [w for w, n in counted[:max_vocab] if n >= min_freq and w not in r.SPECIALS]
    different = sum(w not in r.SPECIALS for w, _ in counted)
    if not words and different:
        raise DataError(
            f"None of the {different} different words of the training texts comes {min_freq} times; pass min_freq=1, or "
            "give more text."
        )
    vocab = [*r.SPECIALS, *words][:max_vocab]
    return vocab + [FAKE] * (8 - len(vocab) % 8)
