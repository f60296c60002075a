"""The block for texts of a `DataBlock`: from columns of a table, or from files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from tipoff.checked import checked
from tipoff.data.dataloaders import Source
from tipoff.data.items import rows_of
from tipoff.data.splits import as_split
from tipoff.errors import DataError, UsageError, did_you_mean
from tipoff.text.choose import as_tokenizer
from tipoff.text.dls import TextLoaders, Texts, check_split, places, text_loaders
from tipoff.text.field import TextField

_OF_FASTAI = frozenset(
    [
        "sep",
        "n_workers",
        "tok_text_col",
        "extensions",
        "folders",
        "output_dir",
        "skip_if_exists",
        "output_names",
        "encoding",
    ]
)
_KNOWN = ("vocab", "is_lm", "seq_len", "backwards", "min_freq", "max_vocab", "tok", "rules", "mark_fields")


@dataclass(frozen=True)
class TextBlock(TextField):
    """A text, for `DataBlock(blocks=(TextBlock.from_df("text"), CategoryBlock), ...)`; alone and with `is_lm=True`, for
    a language model.
    """

    @classmethod
    @checked
    def from_df(
        cls,
        text_cols: str | int | Sequence[str | int],
        vocab: Sequence[str] | None = None,
        is_lm: bool = False,
        seq_len: int = 72,
        backwards: bool = False,
        min_freq: int = 3,
        max_vocab: int = 60000,
        tok: Any = None,
        rules: Sequence[Callable[[str], str]] | None = None,
        mark_fields: bool | None = None,
        **fastai: Any,
    ) -> Self:
        """Of the columns `text_cols` of a data frame. Arguments that only fastai's way to work needs do nothing."""
        _check_names("from_df", fastai)
        cols = (text_cols,) if isinstance(text_cols, (str, int)) else tuple(text_cols)
        tokenizer = as_tokenizer(tok, vocab, min_freq, max_vocab, rules)
        return cls(tokenizer, is_lm, seq_len, backwards, text_cols=cols, mark_fields=mark_fields)

    @classmethod
    @checked
    def from_folder(
        cls,
        path: str | Path,
        vocab: Sequence[str] | None = None,
        is_lm: bool = False,
        seq_len: int = 72,
        backwards: bool = False,
        min_freq: int = 3,
        max_vocab: int = 60000,
        tok: Any = None,
        rules: Sequence[Callable[[str], str]] | None = None,
        **fastai: Any,
    ) -> Self:
        """Of text files, which are read when they are needed; `path` and what else fastai's copies need do nothing."""
        _check_names("from_folder", fastai)
        return cls(as_tokenizer(tok, vocab, min_freq, max_vocab, rules), is_lm, seq_len, backwards)

    def dataloaders(
        self, dblock: Any, source: Any, *, seq_len: int | None = None, **options: Any
    ) -> TextLoaders:
        """What `DataBlock.dataloaders` gives where the first block is a text."""
        if len(dblock.inputs) > 1:
            raise UsageError(
                "A text cannot be one of several inputs yet; join the columns: TextBlock.from_df([...])."
            )
        block = self if seq_len is None else self.replace(seq_len=seq_len)
        items = dblock.items(source)
        train, valid = as_split(dblock.splitter(items), len(items))
        check_split(len(train), len(valid), len(items))
        in_columns = bool(block.text_cols) and hasattr(items, "columns")
        rows = [] if in_columns and not dblock.targets else rows_of(items)
        names = places(items) if hasattr(items, "columns") else list(items)
        texts = block.of_frame(items) if in_columns else [block.raw(dblock.get_x[0](row)) for row in rows]
        labels = [
            [_read(get, row, name) for row, name in zip(rows, names, strict=True)] for get in dblock.get_y
        ]
        every = Texts(texts, labels if dblock.targets else [], names)
        read = Source(() if in_columns else dblock.get_x, dblock.get_y)
        return text_loaders(
            block, dblock.targets, every.take(train), every.take(valid), source=read, **options
        )


def _check_names(called: str, given: Iterable[str]) -> None:
    """Raise `TypeError` for an argument that fastai has not either."""
    if unknown := sorted(set(given) - _OF_FASTAI):
        raise TypeError(
            f"TextBlock.{called}() got an unexpected keyword argument {unknown[0]!r}.{did_you_mean(unknown[0], _KNOWN)}"
        )


def _read(get: Callable[[Any], Any], row: Any, name: str) -> Any:
    try:
        return get(row)
    except DataError as e:
        raise DataError(f"{e} (of {name:.200})") from None
