"""Words by fastai's rules, numbered by how often they come."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any, Self

import numpy as np
import torch

from tipoff.checked import checked
from tipoff.errors import DataError, UsageError, did_you_mean
from tipoff.text import rules as r
from tipoff.text.ids import Ids, IdsWriter
from tipoff.text.joining import join_words
from tipoff.text.pieced import Splitter
from tipoff.text.remembered import Growing, cut_up
from tipoff.text.tokenizer import Groups, Tokenizer
from tipoff.text.workers import split_groups

NOWHERE = np.iinfo(np.int64).max
FAKE = "xxfake"  # fills the vocabulary up to a multiple of 8, which matrices like


@checked
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
    def special_ids(self) -> frozenset[int]:
        """Those of every tokenizer, and what fills the vocabulary up: a language model must not draw it."""
        return super().special_ids.union(i for i, name in enumerate(self.names) if name == FAKE)

    @property
    def _rules(self) -> tuple[r.Rule, ...]:
        return r.RULES if self.rules is None else tuple(r.BY_NAME[name] for name in self.rules)

    @cached_property
    def _numbered(self) -> Splitter:
        return Splitter(self._numbers(), self._rules)

    def _numbers(self) -> Callable[[str], int]:
        index, unk = self.vocab_index, self.unk_id or 0
        return lambda token: index.get(token, unk)

    def __getstate__(self) -> dict[str, Any]:
        return {f.name: getattr(self, f.name) for f in fields(self)}

    def encode_all(self, texts: Sequence[str]) -> list[np.ndarray]:
        flat, lens = self._numbered(texts)
        empty = np.array([self.unk_id or 0], np.int32)
        return [ids if len(ids) else empty for ids in cut_up(flat, lens)]

    def split_all(self, texts: Sequence[str]) -> list[list[str]]:
        index = Growing()
        flat, lens = Splitter(index.__getitem__, self._rules)(texts)
        names = np.array(list(index), dtype=object)
        return [list(names[ids]) for ids in cut_up(flat, lens)]

    def join(self, tokens: Sequence[str]) -> str:
        return join_words(tokens)

    def number(self, groups: Iterable[list[str]]) -> Ids:
        writer = IdsWriter()
        for flat, lens in _words(self._numbered, groups, self.unk_id or 0):
            writer.add(flat, lens)
        return writer.done()

    def learn(self, groups: Groups) -> tuple[Self, Ids]:
        """One pass: words are numbered as they come, and by their frequency in the end."""
        if self.is_trained:
            return self, self.number(groups())
        index, writer = Growing(), IdsWriter()
        split, empty = Splitter(index.__getitem__, self._rules), index[r.UNK]
        counts, first, at = np.zeros(0, np.int64), np.zeros(0, np.int64), 0
        for flat, lens in _words(split, groups(), empty):
            writer.add(flat, lens)
            more = len(index) - len(counts)
            counts = np.pad(counts, (0, more)) + np.bincount(flat, minlength=len(index))
            first = np.pad(first, (0, more), constant_values=NOWHERE)
            new = np.flatnonzero(first[flat] == NOWHERE)
            np.minimum.at(first, flat[new], at + new)
            at += len(flat)
        order = np.lexsort((first, -counts))  # as Counter.most_common: equally frequent ones as they came
        names = list(index)
        vocab = make_vocab([(names[i], int(counts[i])) for i in order], self.min_freq, self.max_vocab)
        made = self.replace(words="\n".join(vocab))
        table = np.array([made.vocab_index.get(name, 0) for name in names], np.int32)
        split.renumber(table)
        split.of = made._numbers()
        made.__dict__["_numbered"] = split  # what has been looked at need not be again
        return made, writer.done(table)


def _words(
    split: Splitter, groups: Iterable[list[str]], empty: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """What `split` gives for each group of texts, with the word `empty` for a text without any."""
    for flat, lens in split_groups(split, groups, torch.get_num_threads()):
        if not lens.all():  # without fastai's mark for the beginning a text may have no tokens
            flat = np.insert(flat, (lens.cumsum() - lens)[lens == 0], empty)
            lens = np.maximum(lens, 1)
        yield flat, lens


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
            f"No word of the training texts comes {min_freq} times; there are {different} different ones. Pass min_freq=1, "
            "or give more text."
        )
    vocab = [*r.SPECIALS, *words][:max_vocab]
    return vocab + [FAKE] * (8 - len(vocab) % 8)
