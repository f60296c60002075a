"""Texts: tokenizers, a block, data loaders, language models and classifiers.

Names are loaded when first used, so that serving a model never imports the training code.
"""

from __future__ import annotations

import importlib
from typing import Any

from tipoff.optional import require

require("torch", "tipoff.text")

_PLACES = {
    "tipoff.text.block": ("TextBlock",),
    "tipoff.text.files": ("get_text_files",),
    "tipoff.text.loaders": ("TextDataLoaders",),
    "tipoff.text.pieces": ("SubwordTokenizer",),
    "tipoff.text.target": ("NextToken",),
    "tipoff.text.tokenizer": ("Tokenizer",),
    "tipoff.text.words": ("WordTokenizer",),
}
_WHERE = {name: module for module, names in _PLACES.items() for name in names}
__all__ = sorted(_WHERE)


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'tipoff.text' has no attribute {name!r}")
    return getattr(importlib.import_module(_WHERE[name]), name)


def __dir__() -> list[str]:
    return list(__all__)
