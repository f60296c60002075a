"""The course's steps from a text to batches, by hand: tokenizers that are called, `Numericalize`, `LMDataLoader`,
`SortedDL`."""

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
from torch.nn import functional as F

from tipoff.data.store import threads
from tipoff.errors import NotSetUp, UsageError
from tipoff.near import names_keywords
from tipoff.notebook import paths
from tipoff.notebook.lists import L
from tipoff.notebook.loaders import DataLoader, check_options
from tipoff.notebook.pictures import TitledStr
from tipoff.notebook.transforms import Transform
from tipoff.rng import fresh_seed
from tipoff.text import files, rules, words
from tipoff.text.classification import SortedLoader
from tipoff.text.field import TextField
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

    @names_keywords("cache_dir")
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

    @names_keywords("counter", "lengths", "mode", "n_workers", "output_dir", "skip_if_exists")  # of files that are not written here
    def __init__(
        self,
        tok: Any,
        rules: Any = None,
        sep: str = " ",
        text_cols: Any = None,
        mark_fields: Any = None,
        **_: Any,
    ) -> None:
        super().__init__()
        self.tok = tok() if isinstance(tok, type) else tok
        self.text_cols, self.mark_fields = text_cols, mark_fields
        self.rules, self.sep = L(defaults.text_proc_rules if rules is None else rules), sep

    @classmethod
    def from_folder(cls, path: Any, tok: Any = None, rules: Any = None, **kwargs: Any) -> Tokenizer:
        """Files are read when they are needed; nothing is written beside them."""
        return cls(WordTokenizer() if tok is None else tok, rules, **kwargs)

    @classmethod
    def from_df(cls, text_cols: Any, tok: Any = None, rules: Any = None, **kwargs: Any) -> Tokenizer:
        """Of the columns `text_cols` of a data frame, which `TfmdLists` and `Datasets` give it as the column `text`."""
        return cls(WordTokenizer() if tok is None else tok, rules, text_cols=text_cols, **kwargs)

    @property
    def spec(self) -> Any:
        """The tokenizer of `TextBlock` that does the same."""
        return self.tok.spec

    def of_frame(self, frame: Any) -> Any:
        """The data frame with the texts of `text_cols` in the column `text`."""
        if self.text_cols is None:
            return frame
        cols = (self.text_cols,) if isinstance(self.text_cols, (str, int)) else tuple(self.text_cols)
        return frame.assign(text=TextField(text_cols=cols, mark_fields=self.mark_fields).of_frame(frame))

    def setups(self, items: Any) -> None:
        if hasattr(self.tok, "setup"):
            self.tok.setup([files.text_of(o) for o in items], self.rules)

    def encodes(self, o: str | Path) -> Any:
        return next(iter(self.tok([_apply(self.rules, files.text_of(o))])))

    def decodes(self, o: Any) -> str:
        return TitledStr(self.sep.join(o))


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
        """The tokens, without padding."""
        names = self.vocab or []
        return L([names[int(i)] for i in o if names[int(i)] != rules.PAD])


def LMDataLoader(
    dataset: Sequence[Any],
    lens: Any = None,
    cache: int = 2,
    bs: int = 64,
    seq_len: int = 72,
    shuffle: bool = False,
    num_workers: int = 0,
    drop_last: bool = False,
    seed: int | None = None,
    **options: Any,
) -> LMLoader:
    """Batches for a language model of numbered texts (tensors, or tuples that begin with one), which are read once.

    `lens`, `cache`, `num_workers` and `drop_last` are taken for fastai's sake.

    >>> x, y = next(iter(LMDataLoader([torch.arange(9), torch.arange(9, 20)], bs=2, seq_len=4)))
    >>> x.tolist(), y.tolist()
    ([[0, 1, 2, 3], [9, 10, 11, 12]], [[1, 2, 3, 4], [10, 11, 12, 13]])
    """
    check_options("LMDataLoader", options)
    seed = fresh_seed() if seed is None else seed
    writer = IdsWriter()
    writer.add_each([np.asarray(o[0] if isinstance(o, tuple) else o, dtype=np.int32) for o in dataset])
    data = LMDataset(None, writer.done(), bs, seq_len=seq_len, training=shuffle, seed=seed)
    return LMLoader(data, shuffle=shuffle, seed=seed)


def pad_input(
    samples: Sequence[Sequence[Any]],
    pad_idx: int = 1,
    pad_fields: int | Sequence[int] = 0,
    pad_first: bool = False,
    backwards: bool = False,
) -> list[tuple[Any, ...]]:
    """Samples with their texts as long as the longest: `before_batch=pad_input`.

    `pad_fields` says which of a sample are texts. Padding stands behind, or in front with `pad_first`; `backwards` turns
    the texts around.

    >>> pad_input([(torch.tensor([5, 6, 7]), 0), (torch.tensor([8]), 1)])[1]
    (tensor([8, 1, 1]), 1)
    """
    fields = [pad_fields] if isinstance(pad_fields, int) else list(pad_fields)
    longest = {f: max(len(s[f]) for s in samples) for f in fields}

    def padded(field: int, x: Any) -> Any:
        if field not in longest:
            return x
        gap = longest[field] - len(x)
        return F.pad(x.flip(0) if backwards else x, (gap, 0) if pad_first else (0, gap), value=pad_idx)

    return [tuple(padded(f, x) for f, x in enumerate(s)) for s in samples]


def SortedDL(
    dataset: Any, sort_func: Any = None, res: Any = None, bs: int = 64, shuffle: bool = False, **options: Any
) -> SortedLoader:
    """A `DataLoader` of texts of about one length, so that little of a batch is padding: see `SortedLoader`.

    `res` are the lengths, else `sort_func` of each sample, by default how many tokens its text has: then each is read once
    before the first batch. Other options are those of `DataLoader`.

    >>> data = [(torch.arange(n), 0) for n in (2, 5, 3)]
    >>> [x.shape for x, y in SortedDL(data, bs=2, before_batch=pad_input)]
    [torch.Size([2, 5]), torch.Size([1, 2])]
    """
    made = DataLoader(dataset, bs, shuffle=shuffle, **options)
    if res is not None and len(res) != made.n:
        raise UsageError(f"res= holds {len(res)} lengths of {made.n} samples; it must hold one of each.")
    samples: Any = made.dataset
    samples.lens = np.array([(sort_func or _n_tokens)(o) for o in dataset] if res is None else res)
    return SortedLoader(
        samples,
        made.bs,
        shuffle=shuffle,
        drop_last=made.drop_last,
        seed=made.seed,
        num_workers=made.num_workers,
        finish=samples.finish,
    )


def _n_tokens(sample: Any) -> int:
    return len(sample[0] if isinstance(sample, tuple) else sample)
