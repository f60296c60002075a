"""The course's steps from a text to batches, by hand: tokenizers that are called, `Numericalize`, `LMDataLoader`."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tipoff.data.store import threads
from tipoff.errors import NotSetUp
from tipoff.notebook import paths
from tipoff.notebook.lists import L
from tipoff.notebook.transforms import Transform
from tipoff.text import files, rules, words
from tipoff.text.ids import IdsWriter
from tipoff.text.lm import LMDataset, LMLoader
from tipoff.text.pieces import SubwordTokenizer as Subwords
from tipoff.text.splitting import split_piece
from tipoff.text.words import make_vocab

defaults = SimpleNamespace(
    text_proc_rules=L(rules.RULES),
    text_postproc_rules=L(rules.replace_space),
    text_spec_tok=L(rules.SPECIALS),
    cpus=threads(),
)


def get_text_files(path: Any, recurse: bool = True, folders: Any = None) -> L:
    """As `tipoff.text.get_text_files`."""
    return L([paths.Path(p) for p in files.get_text_files(path, recurse, folders)])


def coll_repr(c: Sequence[Any], max_n: int = 10) -> str:
    """How many there are, and the first `max_n`.

    >>> coll_repr(["a", "b", "c"], 2)
    "(#3) ['a','b'...]"
    """
    some = ",".join(map(repr, itertools.islice(c, max_n)))
    return f"(#{len(c)}) [{some}{'...' if len(c) > max_n else ''}]"


class WordTokenizer:
    """Texts as words and marks, without any rule.

    >>> next(WordTokenizer()(["The U.S. dollar $1 is $1.00."]))
    (#9) ['The','U.S.','dollar','$','1','is','$','1.00','.']
    """

    def __init__(self, lang: str = "en", special_toks: Any = None, buf_sz: int = 5000) -> None:
        self.spec = words.WordTokenizer()

    def __call__(self, items: Iterable[Any]) -> Iterator[L]:
        return (L([t for piece in str(o).split() for t in split_piece(piece)]) for o in items)


class SubwordTokenizer:
    """Texts as parts of words, which `setup` learns from texts; ▁ stands for a space."""

    def __init__(
        self,
        lang: str = "en",
        vocab_sz: int | None = None,
        max_vocab_sz: int = 30000,
        model_type: Any = "unigram",
        **_: Any,
    ) -> None:
        self.spec = Subwords(min(vocab_sz or max_vocab_sz, max_vocab_sz) if vocab_sz else None, model_type)

    def setup(self, items: Iterable[Any], rules: Any = None) -> None:
        """Learn from the texts of `items`."""
        texts = [_apply(rules, str(o)) for o in items]
        if not self.spec.is_trained:
            self.spec = self.spec.learn(lambda: [texts])[0]

    def __call__(self, items: Iterable[Any]) -> Iterator[L]:
        items = list(items)
        self.setup(items)
        return (
            L([t for t in tokens if t != rules.BOS]) for tokens in self.spec.split_all(list(map(str, items)))
        )


BaseTokenizer = SpacyTokenizer = WordTokenizer
SentencePieceTokenizer = SubwordTokenizer


def _apply(rules: Any, text: str) -> str:
    for rule in rules or ():
        text = rule(text)
    return text


class Tokenizer(Transform):
    """A text, or the file that holds it, as tokens: `rules` (fastai's), then `tok`.

    >>> Tokenizer(WordTokenizer())("&copy;   Fast.ai www.fast.ai/INDEX")
    (#11) ['xxbos','©','xxmaj','fast.ai','xxrep','3','w','.fast.ai','/','xxup'...]
    """

    def __init__(self, tok: Any, rules: Any = None, sep: str = " ", **_: Any) -> None:
        super().__init__()
        self.tok = tok() if isinstance(tok, type) else tok
        self.rules, self.sep = L(defaults.text_proc_rules if rules is None else rules), sep

    @classmethod
    def from_folder(cls, path: Any, tok: Any = None, rules: Any = None, **kwargs: Any) -> Tokenizer:
        """Files are read when they are needed; nothing is written beside them."""
        return cls(WordTokenizer() if tok is None else tok, rules, **kwargs)

    @classmethod
    def from_df(cls, text_cols: Any, tok: Any = None, rules: Any = None, **kwargs: Any) -> Tokenizer:
        """Of texts; `text_cols` is taken for fastai's sake."""
        return cls(WordTokenizer() if tok is None else tok, rules, **kwargs)

    @property
    def spec(self) -> Any:
        """The tokenizer of `TextBlock` that does the same."""
        return self.tok.spec

    def setups(self, items: Any) -> None:
        if hasattr(self.tok, "setup"):
            self.tok.setup([files.text_of(o) for o in items], self.rules)

    def encodes(self, o: str | Path) -> Any:
        return next(iter(self.tok([_apply(self.rules, files.text_of(o))])))

    def decodes(self, o: Any) -> str:
        return self.sep.join(o)


class Numericalize(Transform):
    """Tokens as numbers of `vocab`, which is made by `setup` of lists of tokens, as `make_vocab` does."""

    def __init__(
        self, vocab: Any = None, min_freq: int = 3, max_vocab: int = 60000, special_toks: Any = None
    ) -> None:
        super().__init__()
        self.vocab = None if vocab is None else list(vocab)
        self.min_freq, self.max_vocab = min_freq, max_vocab

    @property
    def o2i(self) -> dict[str, int]:
        """The numbers of the tokens; unknown ones have 0."""
        return {w: i for i, w in enumerate(self.vocab or ()) if w != words.FAKE}

    def setups(self, items: Any) -> None:
        if self.vocab is None:
            counted = Counter(token for tokens in items for token in tokens).most_common()
            self.vocab = L(make_vocab(counted, self.min_freq, self.max_vocab))
        self._index = self.o2i

    def encodes(self, o: Any) -> Tensor:
        if self.vocab is None:
            raise NotSetUp("Numericalize has no vocab yet: num.setup(lists_of_tokens) makes it.")
        index = self.__dict__.setdefault("_index", self.o2i)
        return torch.tensor([index.get(token, 0) for token in o], dtype=torch.long)

    def decodes(self, o: Any) -> L:
        return L([(self.vocab or [])[int(i)] for i in o])


def LMDataLoader(
    dataset: Sequence[Any], lens: Any = None, bs: int = 64, seq_len: int = 72, shuffle: bool = False, **_: Any
) -> LMLoader:
    """Batches for a language model of numbered texts (tensors, or tuples that begin with one).

    >>> x, y = next(iter(LMDataLoader([torch.arange(9), torch.arange(9, 20)], bs=2, seq_len=4)))
    >>> x.tolist(), y.tolist()
    ([[0, 1, 2, 3], [9, 10, 11, 12]], [[1, 2, 3, 4], [10, 11, 12, 13]])
    """
    writer = IdsWriter()
    writer.add_each([np.asarray(o[0] if isinstance(o, tuple) else o, dtype=np.int32) for o in dataset])
    return LMLoader(LMDataset(None, writer.done(), bs, seq_len=seq_len, training=shuffle), shuffle=shuffle)
