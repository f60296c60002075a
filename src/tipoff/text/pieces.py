"""Parts of words, by Hugging Face's `tokenizers`: trained on the texts (BPE, unigram), or given with a transformer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any, Literal, Self

import numpy as np

from tipoff.checked import checked
from tipoff.errors import DataError, SpecError
from tipoff.notes import note
from tipoff.optional import need
from tipoff.text import rules as r
from tipoff.text.bpe import learn_bpe, size_for
from tipoff.text.encoded import Encoded, divides_at_spaces
from tipoff.text.ids import Ids
from tipoff.text.remembered import cut_up
from tipoff.text.tokenizer import Groups, Tokenizer
from tipoff.text.tokenizer_check import check_ids, check_tokenizer

UNIGRAM_CHARACTERS = (
    5_000_000  # that are trained on: it takes a minute, and memory for all of them several times
)
MARKS = ("pad", "unk", "bos", "eos")
_USUAL = {  # what others call them
    "pad": (r.PAD, "[PAD]", "<pad>"),
    "unk": (r.UNK, "[UNK]", "<unk>"),
    "bos": (r.BOS, "[CLS]", "<s>", "<|endoftext|>"),
    "eos": (r.EOS, "[SEP]", "</s>", "<|endoftext|>"),
}


@checked
@dataclass(frozen=True)
class SubwordTokenizer(Tokenizer):
    """Parts of words, so that no word is unknown.

    `model_type` is "unigram" (Kudo 2018), "bpe" (Sennrich et al. 2016, of bytes) or "given" for that of a transformer.
    `vocab_sz` tokens are learned: a quarter of the number of different words, 30,000 at most, where it is None. `model`
    is the tokenizer in its own JSON, `marks` its names of padding, the unknown, the beginning and the end, where they are
    not the usual ones. `max_len` is how many tokens the network can read that it belongs to: `TextField` cuts longer texts.
    """

    vocab_sz: int | None = None
    model_type: Literal["unigram", "bpe", "given"] = "unigram"
    model: str | None = field(default=None, repr=False)
    max_len: int | None = None
    marks: tuple[str | None, str | None, str | None, str | None] | None = None

    @property
    def kind(self) -> str:
        return self.model_type

    @property
    def is_trained(self) -> bool:
        return self.model is not None

    @cached_property
    def _made(self) -> Any:
        if self.model is None:
            raise self._untrained()
        tokenizers = need("tokenizers", "text in parts of words", "tipoff[text]")
        check_tokenizer(self.model)
        try:
            made = tokenizers.Tokenizer.from_str(self.model)
        except Exception as e:
            raise SpecError(f"The tokenizer cannot be read: {str(e)[:300]}") from None
        made.no_padding()
        made.no_truncation()
        return made

    def __getstate__(self) -> dict[str, Any]:
        return {f.name: getattr(self, f.name) for f in fields(self)}

    @cached_property
    def vocab_index(self) -> dict[str, int]:
        index = dict(self._made.get_vocab(with_added_tokens=True))
        check_ids(index)
        return index

    @cached_property
    def names(self) -> tuple[str, ...]:
        index = self.vocab_index
        names = [""] * (max(index.values(), default=-1) + 1)
        for name, i in index.items():
            names[i] = name
        return tuple(names)

    def _mark(self, what: str) -> int | None:
        named = self.marks[MARKS.index(what)] if self.marks is not None else None
        return self._special(*(_USUAL[what] if named is None else (named,)))

    @property
    def pad_id(self) -> int:
        found = self._mark("pad")
        return (
            found if found is not None else self.eos_id or 0
        )  # GPT-2 and its kin have none: their end is taken

    @property
    def unk_id(self) -> int | None:
        return self._mark("unk")

    @property
    def bos_id(self) -> int | None:
        return self._mark("bos")

    @property
    def eos_id(self) -> int | None:
        return self._mark("eos")

    @property
    def special_ids(self) -> frozenset[int]:
        """Those of every tokenizer, and fastai's other marks, which are among the tokens but never in texts."""
        if self.kind == "given":
            return super().special_ids
        return super().special_ids.union(i for name in r.SPECIALS if (i := self.id_of(name)) is not None)

    @cached_property
    def _around(self) -> tuple[np.ndarray, np.ndarray]:
        """The marks that are put before and behind each text."""
        made = self._made.encode("a")
        mark, ids = made.special_tokens_mask, np.array(made.ids, np.int32)
        first = next((n for n, is_mark in enumerate(mark) if not is_mark), 0)
        return ids[:first], ids[len(ids) - self.n_closing :]

    @cached_property
    def n_closing(self) -> int:
        mark = self._made.encode("a").special_tokens_mask
        return next((n for n, is_mark in enumerate(reversed(mark)) if not is_mark), 0)

    @cached_property
    def _encoded(self) -> Encoded | None:
        return Encoded(self._made) if divides_at_spaces(self._made.to_str()) else None

    def encode_all(self, texts: Sequence[str]) -> list[np.ndarray]:
        empty = np.array([self.eos_id or 0], np.int32)
        texts = [r.plain_html(t) for t in texts]
        if self._encoded is None:
            every = [np.array(e.ids, np.int32) for e in self._made.encode_batch_fast(texts)]
        else:
            (first, last), (flat, lens) = self._around, self._encoded(texts)
            every = [np.concatenate([first, ids, last]) for ids in cut_up(flat, lens)]
        return [ids if len(ids) else empty for ids in every]

    def split_all(self, texts: Sequence[str]) -> list[list[str]]:
        return [list(e.tokens) for e in self._made.encode_batch([r.plain_html(t) for t in texts])]

    def join(self, tokens: Sequence[str]) -> str:
        index = self.vocab_index
        text: str = self._made.decode([index[t] for t in tokens if t in index], skip_special_tokens=True)
        return text.strip() if self.kind == "unigram" else text

    def learn(self, groups: Groups) -> tuple[Self, Ids]:
        """The texts are read once for BPE; for unigram twice to learn from them, and once more to be numbered."""
        if self.is_trained:
            return self, self.number(groups())
        if self.model_type == "bpe":
            model, ids = learn_bpe(groups, self.vocab_sz)
            made = self.replace(model=model)
            return made, made.number(groups()) if ids is None else ids
        made = self.replace(model=_unigram(self.vocab_sz, groups))
        return made, made.number(groups())


def _unigram(vocab_sz: int | None, groups: Groups) -> str:
    """The JSON of a tokenizer trained on the texts."""
    t = need("tokenizers", "text in parts of words", "tipoff[text]")
    size = size_for(_n_words(groups)) if vocab_sz is None else vocab_sz
    made = t.Tokenizer(t.models.Unigram())
    made.normalizer = t.normalizers.Sequence(
        [t.normalizers.NFKC(), t.normalizers.Replace(t.Regex(" {2,}"), " ")]
    )
    made.pre_tokenizer, made.decoder = t.pre_tokenizers.Metaspace(), t.decoders.Metaspace()
    trainer = t.trainers.UnigramTrainer(
        unk_token=r.UNK, vocab_size=size, special_tokens=list(r.SPECIALS), show_progress=False
    )
    try:
        made.train_from_iterator(_some(groups), trainer)
    except Exception as e:
        raise DataError(
            f"No tokenizer of {size} parts of words can be learned from these texts: {str(e)[:300]}"
        ) from None
    bos = r.SPECIALS.index(r.BOS)
    made.post_processor = t.processors.TemplateProcessing(f"{r.BOS} $A", None, [(r.BOS, bos)])
    text: str = made.to_str()
    return text


def _some(groups: Groups, most: int = UNIGRAM_CHARACTERS) -> Iterator[list[str]]:
    """The texts; of more than `most` characters every so-manieth, from the first to the last."""
    share = min(1.0, most / max(1, sum(len(t) for group in groups() for t in group)))
    if share < 1:
        note(
            f"parts of words are learned from {100 * share:.0f} % of the texts, {most:,} characters",
            once=True,
        )
    i = 0
    for group in groups():
        kept = [int((k + 1) * share) > int(k * share) for k in range(i, i + len(group))]
        yield [r.plain_html(text) for text, keep in zip(group, kept, strict=True) if keep]
        i += len(group)


def _n_words(groups: Groups, enough: int = 120_000) -> int:
    """How many different words there are, or more than `enough`."""
    seen: set[str] = set()
    for group in groups():
        for text in group:
            seen.update(text.split())
        if len(seen) > enough:
            break
    return len(seen)


def given(tokenizer: Any, max_len: int | None = None) -> SubwordTokenizer:
    """The tokenizer of a transformer: an object of `transformers` (a fast one) or of `tokenizers`.

    >>> from transformers import AutoTokenizer  # doctest: +SKIP
    >>> given(AutoTokenizer.from_pretrained("folder"))  # doctest: +SKIP
    """
    marks = None
    if hasattr(tokenizer, "backend_tokenizer"):  # of transformers
        longest = int(getattr(tokenizer, "model_max_length", 0) or 0)
        if max_len is None and 0 < longest < 1_000_000:
            max_len = longest
        first, last = tokenizer.cls_token or tokenizer.bos_token, tokenizer.sep_token or tokenizer.eos_token
        marks = (tokenizer.pad_token, tokenizer.unk_token, first, last)
        tokenizer = tokenizer.backend_tokenizer
    return SubwordTokenizer(None, "given", tokenizer.to_str(), max_len, marks)
