"""A text as an input: how it is cut into tokens, numbered, padded and shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self, get_args

import numpy as np
import torch
from torch import Tensor

from tipoff.data.block import Block
from tipoff.display import entitle
from tipoff.errors import DataError, NotSetUp, UsageError, did_you_mean, some
from tipoff.text.choose import as_tokenizer
from tipoff.text.files import grouped, text_of
from tipoff.text.ids import Ids
from tipoff.text.rules import FLD
from tipoff.text.tokenizer import Tokenizer

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MAX_LEN = 4096  # tokens of a text that are read, but for language models
Keep = Literal["start", "ends"]


@dataclass(frozen=True)
class TextField(Block):
    """A text. `tokenizer` cuts and numbers it; without a vocabulary it learns one from the training texts.

    With `is_lm` all texts are one stream that a language model learns to go on with, `seq_len` tokens at a time. Else
    each is a sample: `x` is (B, T), padded to the longest. Padding stands in front, in whole windows of `seq_len`
    tokens and the rest behind, as fastai has it, or behind with `pad_first=False`, which is right for transformers and
    the default where the tokenizer is one of theirs. `backwards` turns each text around. `text_cols` are the columns of a
    table, joined, marked by `xxfld` where there are several.

    At most `max_len` tokens are read of a text that is no part of a stream, or as many as the tokenizer's network can: of
    more, with `keep="start"`, the first; with `keep="ends"` a quarter from the beginning and the others from the end, so
    that marks at both ends stay (Sun et al. 2019, "How to Fine-Tune BERT for Text Classification?", section 5.3.1).
    """

    tokenizer: Tokenizer | None = None
    is_lm: bool = False
    seq_len: int = 72
    backwards: bool = False
    pad_first: bool | None = None
    max_len: int | None = MAX_LEN
    text_cols: tuple[str | int, ...] = ()
    mark_fields: bool | None = None
    keep: Keep = "start"

    things: ClassVar[str] = "texts"
    is_cheap: ClassVar[bool] = False
    is_ragged: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if self.keep not in get_args(Keep):
            raise UsageError(f"keep={self.keep!r}; it is 'start' or 'ends'.")

    @property
    def tokens(self) -> Tokenizer:
        """The trained tokenizer."""
        if self.tokenizer is None or not self.tokenizer.is_trained:
            raise NotSetUp(
                "A text has no vocabulary yet: data loaders learn it from the training texts, or pass vocab=."
            )
        return self.tokenizer

    @property
    def pads_first(self) -> bool:
        return self.tokens.kind != "given" if self.pad_first is None else self.pad_first

    @property
    def most(self) -> int | None:
        """How many tokens of a text are read; None where all are."""
        limits = (None, None) if self.is_lm else (self.max_len, self.tokens.max_len)
        return min((n for n in limits if n is not None), default=None)

    @property
    def what_is_read(self) -> str:
        """Of a text that is longer than `most`, in words."""
        most = self.most or 0
        if self.keep == "start":
            return f"the first {most:,} of them"
        return f"{self._first:,} from the beginning and {most - self._first:,} from the end"

    @property
    def _first(self) -> int:
        return max(1, (self.most or 0) // 4)

    def cut(self, ids: np.ndarray) -> np.ndarray:  # (T,) -> (most,) where there are more
        """What is read of the numbers of a text."""
        most = self.most
        if most is None or len(ids) <= most:
            return ids
        if self.keep == "ends":
            return np.concatenate([ids[: self._first], ids[len(ids) - (most - self._first) :]])
        own, n = self.tokens.max_len, self.tokens.n_closing
        if own is not None and len(ids) > own:  # as a transformer's tokenizer cuts by itself
            ids = np.concatenate([ids[: own - n], ids[len(ids) - n :]])
        return ids[:most]

    def learn(self, values: Sequence[Any], bad: dict[int, str] | None = None) -> tuple[Self, Ids]:
        """A complete block, and the numbers of the texts that it learned from; `bad` is that of `grouped`."""
        tokenizer, ids = (self.tokenizer or as_tokenizer()).learn(lambda: grouped(values, bad))
        return self.replace(tokenizer=tokenizer), ids

    def setup(self, values: Sequence[Any]) -> Self:
        if self.tokenizer is not None and self.tokenizer.is_trained:
            return self
        return self.learn([self.raw(v) for v in values])[0]

    def raw(self, value: Any) -> Any:
        """A text, or the file that holds it; of a row its columns, joined."""
        if (
            self.text_cols
            and not isinstance(value, (str, bytes, Path, list, tuple))
            and hasattr(value, "keys")
        ):
            row = (
                value.iloc
                if all(isinstance(c, int) for c in self.text_cols) and hasattr(value, "iloc")
                else value
            )
            value = [row[c] for c in self.text_cols]
            if len(value) == 1:
                value = value[0]
        if isinstance(value, (list, tuple)):
            return self.joined(value)
        return value

    def of_frame(self, frame: Any) -> list[Any]:
        """The texts of a data frame's rows."""
        by_name = [
            c if c in frame.columns or not isinstance(c, int) else frame.columns[c] for c in self.text_cols
        ]
        if lacks := [c for c in by_name if c not in frame.columns]:
            columns = list(map(str, frame.columns))
            raise DataError(
                f"There is no column {lacks[0]!r}; there are {some(columns, 12)}.{did_you_mean(str(lacks[0]), columns)}"
            )
        if len(by_name) == 1 and not self.mark_fields:
            return list(frame[by_name[0]])
        return [self.joined(row) for row in zip(*(frame[c] for c in by_name), strict=True)]

    def joined(self, texts: Sequence[Any]) -> str:
        """The texts of several fields as one."""
        marked = len(texts) > 1 if self.mark_fields is None else self.mark_fields
        parts = [f"{FLD} {i} {text_of(t)}" if marked else text_of(t) for i, t in enumerate(texts, 1)]
        return " ".join(parts)

    def encode(self, value: Any) -> Tensor:  # -> long (T,)
        ids = torch.from_numpy(self.cut(self.tokens.encode(text_of(self.raw(value))))).long()
        return ids.flip(0) if self.backwards else ids

    def encode_all(self, values: Sequence[Any]) -> Tensor:
        return self.collate([self.encode(v) for v in values])

    def collate(self, values: Sequence[Any]) -> Tensor:  # each (T,) -> long (B, T)
        longest = max(len(v) for v in values)
        out = torch.full((len(values), longest), self.tokens.pad_id, dtype=torch.long)
        for row, ids in zip(out, values, strict=True):
            gap = longest - len(ids)
            front = gap // self.seq_len * self.seq_len if self.pads_first else 0
            row[front : front + len(ids)] = torch.as_tensor(ids)
        return out

    def aligned(self, trained: Block) -> Block:
        """The tokens that the network knows; a language model may read longer or shorter pieces than in training."""
        if isinstance(trained, TextField) and trained.is_lm != self.is_lm:
            its, mine = ("a language model", "labels") if trained.is_lm else ("labels", "a language model")
            raise UsageError(f"The network was trained for {its}, and these DataLoaders are for {mine}.")
        made = super().aligned(trained)
        assert isinstance(made, TextField)
        return made.replace(seq_len=self.seq_len) if made.is_lm else made

    def decode(self, value: Any) -> str:
        ids = value.tolist()
        return self.tokens.decode(ids[::-1] if self.backwards else ids)

    def show(self, value: Any, ax: Axes) -> None:
        text = self.decode(value)
        entitle(ax, text if len(text) <= 300 else text[:297] + "...")
