"""What a tokenizer is: from texts to numbers and back, as a value that a model file can hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from tipoff.data.plan import Vocab
from tipoff.errors import NotSetUp
from tipoff.spec import Spec
from tipoff.text.ids import Ids, IdsWriter
from tipoff.text.rules import BOS, EOS, FLD, PAD, UNK

Groups = Callable[
    [], Iterable[list[str]]
]  # the texts, some at a time; called once for each time they are read


@dataclass(frozen=True)
class Tokenizer(Spec):
    """From texts to numbers and back. Before it has seen texts it has gaps; `learn` gives a complete one."""

    @property
    def kind(self) -> str:
        """ "words", "bpe", "unigram" or "given"."""
        raise NotImplementedError

    @property
    def is_trained(self) -> bool:
        raise NotImplementedError

    def learn(self, groups: Groups) -> tuple[Self, Ids]:
        """A complete tokenizer, and the numbers of the texts that it has learned from."""
        raise NotImplementedError

    def encode_all(self, texts: Sequence[str]) -> list[np.ndarray]:  # each int32 (T,)
        """The numbers of each text."""
        raise NotImplementedError

    def number(self, groups: Iterable[list[str]]) -> Ids:
        """The numbers of all texts."""
        writer = IdsWriter()
        for group in groups:
            writer.add_each(self.encode_all(group))
        return writer.done()

    def split_all(self, texts: Sequence[str]) -> list[list[str]]:
        """The tokens of each text, as they are written."""
        raise NotImplementedError

    def join(self, tokens: Sequence[str]) -> str:
        """Tokens as a person would write the text."""
        raise NotImplementedError

    @property
    def names(self) -> tuple[str, ...]:
        """Every token, in the order of the numbers."""
        raise NotImplementedError

    def encode(self, text: str) -> np.ndarray:  # int32 (T,)
        return self.encode_all([text])[0]

    def tokens(self, ids: Iterable[int]) -> list[str]:
        """The tokens of numbers, without padding."""
        names, pad = self.names, self.pad_id
        return [names[int(i)] for i in ids if int(i) != pad]

    def decode(self, ids: Iterable[int]) -> str:
        """Numbers as a person would write the text: marks at the beginning and the end, and padding, are left out."""
        return self.join(self.tokens(ids))

    @property
    def vocab(self) -> TokenVocab:
        """Every token as a list that knows its tokenizer."""
        return TokenVocab(self)

    def id_of(self, token: str) -> int | None:
        """The number of a token; None where there is none."""
        return self.vocab_index.get(token)

    @property
    def vocab_index(self) -> dict[str, int]:
        raise NotImplementedError

    def _special(self, *names: str) -> int | None:
        return next((i for n in names if (i := self.id_of(n)) is not None), None)

    @property
    def pad_id(self) -> int:
        return self._special(PAD) or 0

    @property
    def unk_id(self) -> int | None:
        return self._special(UNK)

    @property
    def bos_id(self) -> int | None:
        return self._special(BOS)

    @property
    def eos_id(self) -> int | None:
        return self._special(EOS)

    @property
    def max_len(self) -> int | None:
        """How many tokens the network can read that the tokenizer belongs to; None where there is no bound."""
        return None

    @property
    def n_closing(self) -> int:
        """How many marks are put behind each text."""
        return 0

    @property
    def special_ids(self) -> frozenset[int]:
        """Numbers of marks that stand for no text of their own: beginning, end, padding, the unknown, a field."""
        marks = (self.pad_id, self.unk_id, self.bos_id, self.eos_id, self.id_of(FLD))
        return frozenset(i for i in marks if i is not None)

    def _untrained(self) -> NotSetUp:
        return NotSetUp(
            f"This {type(self).__name__} has no vocabulary yet: data loaders learn it from the training texts, or pass "
            "text_vocab= with that of another model."
        )


class TokenVocab(Vocab):
    """The tokens of `tokenizer`; given as `text_vocab=` or `vocab=`, it brings the tokenizer along."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        super().__init__(tokenizer.names)
        self.tokenizer = tokenizer
