"""Data loaders of texts, and how they are made of raw texts and labels."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from tipoff.checked import checked
from tipoff.data.block import Target
from tipoff.data.cells import is_blank
from tipoff.data.dataloaders import DataLoaders, Source
from tipoff.data.items import rows_of
from tipoff.data.loader import IDLE, Loader
from tipoff.data.plan import Plan, Vocab
from tipoff.errors import DataError, UsageError, some
from tipoff.near import names_keywords
from tipoff.notes import note
from tipoff.rng import fresh_seed
from tipoff.text.classification import SortedLoader, TextDataset
from tipoff.text.field import TextField
from tipoff.text.files import grouped
from tipoff.text.ids import Ids
from tipoff.text.lm import LMDataset, LMLoader
from tipoff.text.remembered import without_collecting
from tipoff.text.show import show_texts
from tipoff.text.target import NextToken
from tipoff.text.tokenizer import Tokenizer

UNKNOWN_TOLD = 0.25  # share of the tokens


@dataclass
class Texts:
    """Raw texts (strings or files), one column of raw labels a target, and what a person calls each row."""

    texts: list[Any]
    labels: list[list[Any]] = field(default_factory=list)
    places: list[Any] = field(default_factory=list)

    def take(self, at: Sequence[int]) -> Texts:
        """Some of the rows."""
        return Texts(
            [self.texts[i] for i in at],
            [[c[i] for i in at] for c in self.labels],
            [self.places[i] for i in at],
        )


class TextLoaders(DataLoaders):
    """`DataLoaders` of texts: they know their tokens, and show them."""

    @property
    def block(self) -> TextField:
        """What makes numbers of the texts."""
        assert self.plan is not None
        block = self.plan.inputs[0]
        assert isinstance(block, TextField)
        return block

    @property
    def tokenizer(self) -> Tokenizer:
        return self.block.tokens

    @property
    def is_lm(self) -> bool:
        return self.block.is_lm

    @property
    def seq_len(self) -> int:
        return self.block.seq_len

    @property
    def vocab(self) -> Any:
        """The tokens for a language model; for a classifier [tokens, classes]."""
        tokens = self.tokenizer.vocab
        names = [Vocab(t.names) for t in self.targets if hasattr(t, "names")]
        return tokens if self.is_lm or not names else [tokens, *names]

    @names_keywords(*IDLE, "rm_type_tfms")
    def test_dl(
        self,
        test_items: Any,
        with_labels: bool = False,
        bs: int | None = None,
        num_workers: int = 0,
        **_: Any,
    ) -> Loader:
        """Batches of other texts, the longest first: a list, a series, or a data frame with the columns of the training texts.

        `get_preds` gives answers in the order of the texts. With `with_labels` the labels are read too.
        """
        if self.plan is None:
            raise UsageError("test_dl needs DataLoaders made of texts.")
        items = _as_items(test_items)
        rows = rows_of(items)
        if not rows:
            raise UsageError("There are no texts to predict: the list is empty.")
        names = places(items) if hasattr(items, "columns") else [f"text {i}" for i in range(len(rows))]
        get_x = self.source.get_x[0] if self.source.get_x else None
        part = Texts([self.block.raw(row if get_x is None else get_x(row)) for row in rows], places=names)
        ids = self.tokenizer.number(grouped(part.texts))
        if self.is_lm:
            options: dict[str, Any] = {"seq_len": self.seq_len, "backwards": self.block.backwards}
            return LMLoader(LMDataset(self.plan, ids, bs or self.bs, training=False, **options))
        if with_labels:
            if not self.source.get_y:
                raise UsageError(
                    "These DataLoaders do not know how to read labels (they come from a model file)."
                )
            part.labels = [[get(row) for row in rows] for get in self.source.get_y]
        return SortedLoader(_dataset(self.plan, ids, part, False), bs or self.bs)

    @names_keywords()
    def show_batch(
        self, b: Any = None, max_n: int = 9, *, split: int = 0, trunc_at: int = 150, **_: Any
    ) -> None:
        """A table of texts as the network sees them: their first `trunc_at` tokens, with the answer."""
        got = self.loaders[split].one_batch() if b is None else b
        tokens = self.tokenizer
        rows = [[" ".join(tokens.tokens(x.tolist())[:trunc_at])] for x in got[0][:max_n].cpu()]
        for target, y in zip(self.targets, got[1:], strict=False):
            for row, one in zip(rows, y.cpu(), strict=False):
                row.append(
                    " ".join(tokens.tokens(one.tolist())[:trunc_at])
                    if isinstance(target, NextToken)
                    else str(target.decode(one))
                )
        show_texts(
            ["text", *("text_" if isinstance(t, NextToken) else "category" for t in self.targets)], rows
        )


def _as_items(items: Any) -> Any:
    if isinstance(items, (str, Path)):
        return [items]
    return items.tolist() if hasattr(items, "iloc") and not hasattr(items, "columns") else items


@without_collecting()
@checked
def text_loaders(
    block: TextField,
    targets: Sequence[Target],
    train: Texts,
    valid: Texts,
    *,
    source: Source | None = None,
    path: str | Path = ".",
    bs: int = 64,
    val_bs: int | None = None,
    shuffle: bool = True,
    device: str | torch.device | None = None,
    seed: int | None = None,
    drop_last: bool = False,
    num_workers: int = 0,
) -> TextLoaders:
    """Batches of raw texts: tokens are learned from those of `train`, all are numbered, labels are read.

    Raises `DataError`, naming the rows, for what cannot be read. `num_workers` is taken and not needed.
    """
    seed = fresh_seed() if seed is None else seed
    train, valid = _kept(train, "learn from"), _kept(valid, "check on")
    bad: dict[int, str] = {}
    block, ids = block.learn(train.texts, bad)
    train, ids = _readable(train, ids, bad, "learn from")
    _say_unknown(block.tokens, ids)
    valid, valid_ids = _numbered(block, valid, "check on")
    if block.is_lm:
        plan = Plan((block,), (NextToken(block.tokens),))
        options: dict[str, Any] = {"seq_len": block.seq_len, "seed": seed, "backwards": block.backwards}
        sets: list[Any] = [
            LMDataset(plan, ids, bs, training=shuffle, **options),
            LMDataset(plan, valid_ids, val_bs or bs, training=False, **options),
        ]
        loaders: list[Loader] = [
            LMLoader(sets[0], shuffle=shuffle, seed=seed), LMLoader(sets[1], seed=seed)
        ]  # fmt: skip
    else:
        made = tuple(t.setup(labels) for t, labels in zip(targets, train.labels, strict=True))
        plan = Plan((block,), made)
        sets = [_dataset(plan, ids, train, True), _dataset(plan, valid_ids, valid, False)]
        if block.tokens.kind != "given":  # else it is the network that says how much it reads
            say_cut(block, sets)
        loaders = [
            SortedLoader(sets[0], bs, shuffle=shuffle, drop_last=drop_last, seed=seed),
            SortedLoader(sets[1], val_bs or bs, seed=seed),
        ]
    return TextLoaders(*loaders, path=path, device=device, plan=plan, source=source or Source())


def _numbered(block: TextField, part: Texts, what: str) -> tuple[Texts, Ids]:
    bad: dict[int, str] = {}
    return _readable(part, block.tokens.number(grouped(part.texts, bad)), bad, what)


def _readable(part: Texts, ids: Ids, bad: dict[int, str], what: str) -> tuple[Texts, Ids]:
    """Without the texts that could not be read, which is said."""
    if not bad:
        return part, ids
    n, first = len(part.texts), bad[min(bad)]
    good = [i for i in range(n) if i not in bad]
    if not good:
        raise DataError(f"None of the {n} texts to {what} can be read. The first: {first}")
    note(f"{len(bad)} of {n} texts could not be read and were left out. The first: {first}")
    return part.take(good), ids.take(good)


def _dataset(plan: Plan, ids: Ids, part: Texts, training: bool) -> TextDataset:
    try:
        return TextDataset(plan, ids, [part.texts, *part.labels], training=training)
    except DataError as e:
        wrong = [p for *labels, p in zip(*part.labels, part.places, strict=True) if _refused(plan, labels)]
        raise DataError(f"{e} ({some(wrong, 3)})") from None


def _refused(plan: Plan, labels: Sequence[Any]) -> bool:
    """Whether a target cannot take its label."""
    try:
        for target, label in zip(plan.targets, labels, strict=True):
            target.encode(label)
    except DataError:
        return True
    return False


def _say_unknown(tokens: Tokenizer, ids: Ids) -> None:
    """Say when much of the texts is not in the vocabulary: few texts, another language, or one that writes no spaces."""
    some_of = ids.flat.data[:1_000_000]
    share = float((some_of == tokens.unk_id).mean())
    if share > UNKNOWN_TOLD:
        way = (
            "min_freq=1 learns rarer words, and tok_tfm='bpe' knows all parts of words"
            if tokens.kind == "words"
            else "choose a pretrained network for this language, or a multilingual one (arch; --arch on the command line)"
        )
        note(f"{100 * share:.0f} % of the tokens are not in the vocabulary: {way}")


def say_cut(block: TextField, datasets: Sequence[TextDataset]) -> None:
    """Say how many texts are longer than what is read of them."""
    most, lens = block.most, [n for d in datasets for n in d.ids.lens.tolist()]
    n = 0 if most is None else sum(length > most for length in lens)
    if n:
        note(f"{n:,} of {len(lens):,} texts are longer than {most:,} tokens; {block.what_is_read} are read")


def _kept(part: Texts, what: str) -> Texts:
    """Without rows that have no label or no text, which is said."""
    n = len(part.texts)
    names = part.places or [f"row {i}" for i in range(n)]
    part = Texts(part.texts, part.labels, names)
    for what_lacks, lacks in (
        ("a label", [i for i in range(n) if any(is_blank(c[i]) for c in part.labels)]),
        ("text", [i for i in range(n) if is_blank(part.texts[i])]),
    ):
        if lacks:
            where = some(sorted((names[i] for i in lacks), key=_row_number), 3)
            note(f"{len(lacks)} row{'s' * (len(lacks) > 1)} without {what_lacks} left out: {where}")
    good = [
        i for i in range(n) if not is_blank(part.texts[i]) and not any(is_blank(c[i]) for c in part.labels)
    ]
    if not good:
        raise DataError(f"None of the {n} rows to {what} has both a text and a label.")
    return part if len(good) == n else part.take(good)


def _row_number(name: object) -> tuple[int, str]:
    """By the number of a row, otherwise by the name."""
    found = re.match(r"row (\d+)", str(name))
    return (int(found[1]) if found else 0, str(name))


def places(df: Any) -> list[str]:
    """What a person calls each row: the line of the file that was read, or the label in the index."""
    table = df.attrs.get("table")
    if table is None:
        return [f"row {label}" for label in df.index]
    name, first = table
    return [
        f"row {label + first} of {name}" if isinstance(label, int) else f"row {label}" for label in df.index
    ]


def check_split(n_train: int, n_valid: int, n: int) -> None:
    """Raise `DataError` where a splitter left nothing to learn from or to check on."""
    for what, k in (("learn from", n_train), ("check on", n_valid)):
        if not k:
            raise DataError(f"The splitter left no texts to {what}, of {n}.")
