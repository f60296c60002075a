"""Texts from folders, tables and files of tables, in one call: for language models and for classifiers."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from tipoff.checked import checked
from tipoff.data.block import Target
from tipoff.data.datablock import as_block, as_tuple
from tipoff.data.dataloaders import Source
from tipoff.data.frame import as_frame
from tipoff.data.labels import ColReader, need_label_columns, parent_label
from tipoff.data.splits import (
    ColSplitter,
    GrandparentSplitter,
    RandomSplitter,
    Splitter,
    as_split,
    need_one_split,
)
from tipoff.data.table import read_table
from tipoff.data.target import CategoryBlock, MultiCategoryBlock
from tipoff.errors import DataError, UsageError, did_you_mean, need_folder, some
from tipoff.near import names_keywords
from tipoff.text.block import TextBlock
from tipoff.text.dls import TextLoaders, Texts, check_split, places, text_loaders
from tipoff.text.files import get_text_files

if TYPE_CHECKING:
    from pandas import DataFrame

_MORE = ("path", "bs", "val_bs", "shuffle", "device", "seed", "drop_last", "num_workers")


class TextDataLoaders(TextLoaders):
    """`DataLoaders` of texts, made in one call.

    With `is_lm=True` they are for a language model, else for a classifier. `text_vocab` is the vocabulary of another
    model (`dls.vocab` of its data loaders), `tok_tfm` the tokenizer: None for words, "bpe" or "unigram" for parts of
    words, or that of a transformer. `seq_len` is how many tokens a language model sees at a time, `backwards` turns
    texts around. Words that come less than `min_freq` times are not learned.
    """

    @classmethod
    @checked
    @names_keywords(*_MORE)
    def from_df(
        cls,
        df: DataFrame,
        path: str | Path = ".",
        valid_pct: float = 0.2,
        seed: int | None = None,
        text_col: str | int | Sequence[str | int] = 0,
        label_col: str | int | Sequence[str | int] = 1,
        label_delim: str | None = None,
        y_block: Any = None,
        text_vocab: Sequence[str] | None = None,
        is_lm: bool = False,
        valid_col: str | int | None = None,
        tok_tfm: Any = None,
        tok_text_col: str = "text",
        seq_len: int = 72,
        backwards: bool = False,
        *,
        min_freq: int = 3,
        max_vocab: int = 60000,
        **kwargs: Any,
    ) -> Self:
        """From a data frame: texts in `text_col` (several are joined), labels in `label_col`, as names or numbers."""
        df = as_frame(df)
        names = [_column(df, c) for c in _listed(text_col)]
        block = TextBlock.from_df(names, text_vocab, is_lm, seq_len, backwards, min_freq, max_vocab, tok_tfm)
        if not is_lm:
            need_label_columns(label_col, label_delim)
        labels = [] if is_lm else [_column(df, c) for c in _listed(label_col)]
        if clash := set(names) & set(labels):
            raise UsageError(
                f"The column {min(clash)!r} is both text and label; pass text_col= and label_col=."
            )
        targets = [] if is_lm else [_target(y_block, labels, label_delim)]
        rows = Texts(block.of_frame(df), [_labels(df, labels, label_delim)] if labels else [], places(df))
        splitter = RandomSplitter(valid_pct, seed) if valid_col is None else ColSplitter(valid_col)
        return cls._made(
            block,
            targets,
            rows,
            splitter,
            df,
            path=path,
            seed=seed,
            label_cols=labels,
            label_delim=label_delim,
            **kwargs,
        )

    @classmethod
    @checked
    @names_keywords(from_df)
    def from_csv(
        cls,
        path: str | Path,
        csv_fname: str | Path = "labels.csv",
        header: int | Literal["infer"] | None = "infer",
        delimiter: str | None = None,
        quoting: int = 0,
        **kwargs: Any,
    ) -> Self:
        """As `from_df`, from the file `path/csv_fname`."""
        df = read_table(Path(path) / csv_fname, delimiter, header=header, quoting=quoting)
        return cls.from_df(df, path=path, **kwargs)

    @classmethod
    @checked
    @names_keywords(*_MORE)
    def from_folder(
        cls,
        path: str | Path,
        train: str = "train",
        valid: str = "valid",
        valid_pct: float | None = None,
        seed: int | None = None,
        vocab: Sequence[str] | None = None,
        text_vocab: Sequence[str] | None = None,
        is_lm: bool = False,
        tok_tfm: Any = None,
        seq_len: int = 72,
        splitter: Splitter | None = None,
        backwards: bool = False,
        *,
        min_freq: int = 3,
        max_vocab: int = 60000,
        **kwargs: Any,
    ) -> Self:
        """Text files in class folders, in `train` and `valid` folders or, with `valid_pct`, split at random."""
        root = need_folder(path)
        files = get_text_files(
            root, folders=[train, valid] if valid_pct is None and splitter is None else None
        )
        if not files:
            raise DataError(_no_texts(root, train, valid))
        if valid_pct is not None:
            need_one_split(train, valid, valid_pct)
        if splitter is not None and valid_pct is not None:
            raise UsageError("valid_pct and splitter each say how to split; pass one of them.")
        if splitter is None:
            splitter = (
                GrandparentSplitter(train, valid) if valid_pct is None else RandomSplitter(valid_pct, seed)
            )
        block = TextBlock.from_folder(
            root, text_vocab, is_lm, seq_len, backwards, min_freq, max_vocab, tok_tfm
        )
        targets = [] if is_lm else [CategoryBlock(vocab=None if vocab is None else tuple(vocab))]
        labels = [] if is_lm else [[parent_label(f) for f in files]]
        rows = Texts(list(files), labels, list(files))
        return cls._made(block, targets, rows, splitter, files, path=root, seed=seed, **kwargs)

    @classmethod
    def _made(
        cls,
        block: TextBlock,
        targets: Sequence[Target],
        rows: Texts,
        splitter: Splitter,
        items: Any,
        label_cols: Sequence[str] = (),
        label_delim: str | None = None,
        **kwargs: Any,
    ) -> Self:
        if len(rows.texts) < 2:
            raise DataError(
                f"There is {len(rows.texts) or 'no'} text; at least two are needed, one to check on."
            )
        train, valid = as_split(splitter(items), len(rows.texts))
        check_split(len(train), len(valid), len(rows.texts))
        get_y = (
            (ColReader(list(label_cols), label_delim=label_delim),)
            if label_cols
            else (parent_label,) * len(targets)
        )
        source = Source((), get_y)
        made = text_loaders(block, targets, rows.take(train), rows.take(valid), source=source, **kwargs)
        return cls._from(made)


def _listed(cols: Any) -> tuple[Any, ...]:
    return as_tuple(cols) if not isinstance(cols, (str, int)) else (cols,)


def _column(df: Any, col: str | int) -> Any:
    """The name of a column that is there."""
    columns = list(df.columns)
    if isinstance(col, Hashable) and col in columns:
        return col
    if isinstance(col, int) and -len(columns) <= col < len(columns):
        return columns[col]
    raise DataError(
        f"There is no column {col!r}; there are {some(map(repr, columns), 12)}.{did_you_mean(str(col), map(str, columns))}"
    )


def _labels(df: Any, names: Sequence[Any], delim: str | None) -> list[Any]:
    if len(names) > 1:
        return df[list(names)].to_numpy().tolist()  # type: ignore[no-any-return]
    values = df[names[0]].tolist()
    if delim is None:
        return values  # type: ignore[no-any-return]
    return [v.split(delim) if isinstance(v, str) and v else [] for v in values]


def _target(y_block: Any, labels: Sequence[Any], delim: str | None) -> Target:
    if y_block is None:
        if len(labels) > 1:
            return MultiCategoryBlock(encoded=True, vocab=tuple(map(str, labels)))
        return MultiCategoryBlock() if delim is not None else CategoryBlock()
    block = as_block(y_block, "y_block")
    if not isinstance(block, Target):
        raise UsageError(
            f"y_block is a {type(block).__name__}; it takes CategoryBlock, RegressionBlock or MultiCategoryBlock."
        )
    return block


def _no_texts(root: Path, train: str, valid: str) -> str:
    others = get_text_files(root)
    if others:
        found = some(sorted({str(f.relative_to(root).parent) for f in others}), 6)
        return (
            f"There are text files in {root}, but neither in {train}/ nor in {valid}/; they are in {found}. Pass "
            "valid_pct=0.2 to split at random, or train= and valid= with the names of the folders."
        )
    return f"Looked in {root} and the folders below it, and found no files that end in .txt."
