"""Byte-level BPE learned from texts that are read once: its words are counted, learned from, and numbered.

Sennrich et al. 2016, "Neural Machine Translation of Rare Words with Subword Units"; of bytes as in GPT-2.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

import numpy as np

from tipoff.errors import DataError
from tipoff.notes import note
from tipoff.optional import need
from tipoff.text import rules as r
from tipoff.text.encoded import FIRST, at_spaces, with_spaces
from tipoff.text.ids import Ids, IdsWriter
from tipoff.text.remembered import Growing, Remembered
from tipoff.text.tokenizer import Groups

MOST_WORDS = 1_000_000  # that are learned from; of more, each as many times as its share is
MOST_UNITS, MOST_CHARACTERS = 1 << 20, 1 << 26  # different ones that are kept
_WORD = re.compile(  # GPT-2's, for ASCII
    r"'s|'t|'re|'ve|'m|'ll|'d| ?[A-Za-z]+| ?[0-9]+| ?[^\sA-Za-z0-9]+|\s+(?!\S)|\s+"
)
_PLAIN = re.compile(r"[\t-\r -~]*")  # in which Python's \s is that of `tokenizers`
_SIGNS = {i: chr(256 + i) for i in (*range(9, 14), 32)}  # of bytes that are spaces, as GPT-2 writes them


class _Units(Remembered):
    """From texts to the numbers of their words with the space before; what is not ASCII stays whole between spaces."""

    def __init__(self) -> None:
        self.index, self.words, self.n_characters = Growing(), set[str](), 0
        super().__init__()

    def pieces(self, text: str) -> list[str]:
        return [FIRST + r.BOS, *at_spaces(r.plain_html(text))]

    def tokens(self, new: Sequence[str]) -> Iterable[list[int]]:
        written = with_spaces(new)
        self.words.update(chain.from_iterable(map(str.split, written)))
        self.n_characters += sum(map(len, written))
        of, words, is_plain = self.index.__getitem__, _WORD.findall, _PLAIN.fullmatch
        return [list(map(of, words(piece) if is_plain(piece) else (piece,))) for piece in written]

    @property
    def is_full(self) -> bool:
        return len(self.index) > MOST_UNITS or self.n_characters > MOST_CHARACTERS


def size_for(n_words: int, most: int = 30_000) -> int:
    """A quarter of the number of different words, rounded up to a multiple of 8, as fastai does; 304 to `most`."""
    return min(most, max(304, -(-n_words // 32) * 8))


def learn_bpe(groups: Groups, size: int | None = None) -> tuple[str, Ids | None]:
    """The JSON of a tokenizer of `size` parts of words (`size_for` them where it is None), and the numbers of the texts.

    The numbers are None where the texts have more different words than are kept: then the first texts are learned from,
    which is said.
    """
    t = need("tokenizers", "text in parts of words", "tipoff[text]")
    units, writer, counts = _Units(), IdsWriter(), np.zeros(0, np.int64)
    n_texts, whole = 0, True
    for group in groups():
        flat, lens = units(group)
        writer.add(flat, lens)
        counts = np.pad(counts, (0, len(units.index) - len(counts)))
        counts += np.bincount(flat, minlength=len(counts))
        n_texts += len(group)
        if units.is_full:
            note(f"parts of words are learned from the first {n_texts:,} texts", once=True)
            whole = False
            break
    size = size_for(len(units.words)) if size is None else size
    made = _trained(t, _bytes(t, units.index, counts.tolist()), size)
    ids = writer.done()
    text: str = made.to_str()
    if not whole:
        return text, None
    parts = [e.ids for e in made.encode_batch_fast(list(units.index), add_special_tokens=False)]
    table = np.array([i for part in parts for i in part], np.int32)
    return text, ids.laid_out(table, np.array([len(part) for part in parts], np.int64))


def _bytes(t: Any, units: Iterable[str], counts: Iterable[int]) -> Counter[str]:
    """How often each word comes, written as signs for its bytes."""
    cut = t.pre_tokenizers.ByteLevel(add_prefix_space=False)
    words: Counter[str] = Counter()
    for unit, n in zip(units, counts, strict=True):
        if unit in r.SPECIALS:
            continue
        if _PLAIN.fullmatch(unit):
            words[unit.translate(_SIGNS)] += n
        else:
            for word, _ in cut.pre_tokenize_str(unit):
                words[word] += n
    return words


def _trained(t: Any, words: Counter[str], size: int) -> Any:
    byte_level = t.pre_tokenizers.ByteLevel
    made = t.Tokenizer(t.models.BPE())
    made.pre_tokenizer = t.pre_tokenizers.CharDelimiterSplit(" ")  # a sign of a byte is no space
    trainer = t.trainers.BpeTrainer(
        initial_alphabet=sorted(byte_level.alphabet()), vocab_size=size,
        special_tokens=list(r.SPECIALS), show_progress=False,
    )  # fmt: skip
    try:
        made.train_from_iterator(_fed(words), trainer)
    except Exception as e:
        raise DataError(
            f"No tokenizer of {size} parts of words can be learned from these texts: {str(e)[:300]}"
        ) from None
    made.pre_tokenizer, made.decoder = byte_level(add_prefix_space=False), t.decoders.ByteLevel()
    bos = r.SPECIALS.index(r.BOS)
    made.post_processor = t.processors.TemplateProcessing(f"{r.BOS} $A", None, [(r.BOS, bos)])
    return made


def _fed(words: Counter[str], at_once: int = 1000) -> Iterator[str]:
    """Each word as often as it comes, or as its share of `MOST_WORDS` is."""
    share = min(1.0, MOST_WORDS / max(1, words.total()))
    line: list[str] = []
    for word, n in words.items():
        line += [word] * round(n * share)
        if len(line) > at_once:
            yield " ".join(line)
            line = []
    yield " ".join(line)
