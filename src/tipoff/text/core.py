"""Tokenizers, and the rules before them: `fastai.text.core`."""

from typing import TYPE_CHECKING

from tipoff.lazy import missing
from tipoff.notebook.texts import (
    BaseTokenizer,
    SentencePieceTokenizer,
    SpacyTokenizer,
    SubwordTokenizer,
    Tokenizer,
    WordTokenizer,
)
from tipoff.text.rules import (
    BOS,
    EOS,
    FLD,
    PAD,
    TK_MAJ,
    TK_REP,
    TK_UP,
    TK_WREP,
    UNK,
    fix_html,
    lowercase,
    replace_all_caps,
    replace_maj,
    replace_rep,
    replace_space,
    replace_wrep,
    rm_useless_spaces,
    spec_add_spaces,
)

__all__ = [
    "BOS",
    "EOS",
    "FLD",
    "PAD",
    "TK_MAJ",
    "TK_REP",
    "TK_UP",
    "TK_WREP",
    "UNK",
    "BaseTokenizer",
    "SentencePieceTokenizer",
    "SpacyTokenizer",
    "SubwordTokenizer",
    "Tokenizer",
    "WordTokenizer",
    "fix_html",
    "lowercase",
    "replace_all_caps",
    "replace_maj",
    "replace_rep",
    "replace_space",
    "replace_wrep",
    "rm_useless_spaces",
    "spec_add_spaces",
]

if not TYPE_CHECKING:
    __getattr__ = missing(__name__, __all__)
