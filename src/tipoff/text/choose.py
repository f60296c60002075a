"""From what people write for a tokenizer to the tokenizer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tipoff.errors import UsageError
from tipoff.text import rules as r
from tipoff.text.pieces import SubwordTokenizer, given
from tipoff.text.tokenizer import Tokenizer
from tipoff.text.weights import pretrained_tokenizer
from tipoff.text.words import WordTokenizer


def as_tokenizer(
    tok: Any = None,
    vocab: Any = None,
    min_freq: int = 3,
    max_vocab: int = 60000,
    rules: Sequence[Callable[[str], str]] | None = None,
) -> Tokenizer:
    """A tokenizer from None (words), "words", "bpe" or "unigram", the name of a transformer such as "minilm", a tokenizer of
    ours, of `transformers` or of `tokenizers`.

    `vocab` is the vocabulary of another model: `dls.vocab` of its data loaders, which brings the tokenizer along, or a
    list of tokens in the order of their numbers.
    """
    brought = getattr(vocab, "tokenizer", None)
    if isinstance(brought, Tokenizer):
        return brought
    tok = tok() if isinstance(tok, type) else tok
    tok = getattr(tok, "spec", tok)  # of a notebook
    if tok is None or (isinstance(tok, str) and tok == "words") or isinstance(tok, WordTokenizer):
        names = _names(rules)
        if vocab is not None:
            return WordTokenizer.of(list(vocab)).replace(rules=names)
        return tok if isinstance(tok, WordTokenizer) else WordTokenizer(None, min_freq, max_vocab, names)
    if vocab is not None:
        raise UsageError(
            "A list of tokens is a vocabulary of words; for parts of words pass text_vocab=dls.vocab of the other data "
            "loaders, which knows its tokenizer, or tok_tfm= alone."
        )
    for model_type in ("bpe", "unigram"):
        if isinstance(tok, str) and tok == model_type:
            return SubwordTokenizer(model_type=model_type)
    if isinstance(tok, Tokenizer):
        return tok
    if isinstance(tok, (str, Path)):  # the name or the folder of a transformer
        tok = pretrained_tokenizer(tok)
    if hasattr(tok, "backend_tokenizer") or hasattr(tok, "to_str"):
        return given(tok)
    raise UsageError(
        f"A tokenizer is 'words', 'bpe', 'unigram', the name of a transformer, or a tokenizer; got {tok!r:.80}."
    )


def _names(rules: Sequence[Callable[[str], str]] | None) -> tuple[str, ...] | None:
    if rules is None or tuple(rules) == r.RULES:
        return None
    for rule in rules:
        if rule not in r.RULES:
            raise UsageError(
                f"The rule {getattr(rule, '__name__', rule)!r} is not one of tipoff's, so a model file could not hold it. "
                f"Change the texts before they are read, or choose from {', '.join(r.BY_NAME)}."
            )
    return tuple(rule.__name__ for rule in rules)
