"""Texts numbered by a tokenizer of `tokenizers`, which sees every different piece of text between spaces once.

Byte-level BPE (GPT-2, RoBERTa, those trained here) never joins what a space divides, so the result is that of the whole
text; other kinds must see it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from tipoff.text.remembered import Remembered

FIRST = "\ud800"  # before the first piece of a text: half a character, which no text holds
_AFTER_SPACE = re.compile(r"\s ")
_DIVIDES = re.compile(r"(?<!\s) ")  # the first of several spaces


def at_spaces(text: str) -> list[str]:
    """The pieces of a text, each but the first without the space before it."""
    pieces = _DIVIDES.split(text) if _AFTER_SPACE.search(text) else text.split(" ")
    pieces[0] = FIRST + pieces[0]
    return pieces


def with_spaces(pieces: Sequence[str]) -> list[str]:
    """Pieces as they stand in the text."""
    return [piece[1:] if piece[:1] == FIRST else " " + piece for piece in pieces]


def divides_at_spaces(tokenizer: str) -> bool:
    """Whether a tokenizer, by its JSON, says of a text what it says of its pieces."""
    made = json.loads(tokenizer)
    if any(t["rstrip"] or any(map(str.isspace, t["content"])) for t in made.get("added_tokens") or ()):
        return False
    cut = made.get("pre_tokenizer") or {}
    by_bytes = cut.get("type") == "ByteLevel" and cut.get("use_regex", True)
    return bool(by_bytes and not cut.get("add_prefix_space") and not made.get("normalizer"))


class Encoded(Remembered):
    """From texts to the numbers of their parts of words by `made`, a `tokenizers.Tokenizer`, without marks at the ends."""

    def __init__(self, made: Any) -> None:
        self.made = made
        super().__init__()

    def pieces(self, text: str) -> list[str]:
        return at_spaces(text)

    def tokens(self, new: Sequence[str]) -> list[list[int]]:
        made = self.made.encode_batch_fast(with_spaces(new), add_special_tokens=False)
        return [e.ids for e in made]
