"""Long texts of a plan, such as vocabularies and tokenizers, in a member of their own: each once, however often it is used.

spec.json     ... "tokenizer": {"is": "text.words@1", "words": {"text": 0}, ...}
texts.json    ["xxunk\\nxxpad\\n..."]
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tipoff.errors import BundleError
from tipoff.spec import MAX_DEPTH
from tipoff.strict_json import read_json

MEMBER = "texts.json"
LONG = 32 << 10  # characters


def put_out(value: Any, texts: list[str]) -> Any:
    """JSON values with each long text moved to `texts`, and its place there instead.

    >>> long, kept = "x" * LONG, []
    >>> put_out({"is": "a@1", "words": long, "more": [long, "short"]}, kept)
    {'is': 'a@1', 'words': {'text': 0}, 'more': [{'text': 0}, 'short']}
    """
    if isinstance(value, str) and len(value) >= LONG:
        if value not in texts:
            texts.append(value)
        return {"text": texts.index(value)}
    if isinstance(value, list):
        return [put_out(v, texts) for v in value]
    if isinstance(value, dict):
        return {k: put_out(v, texts) for k, v in value.items()}
    return value


def put_back(path: Path, value: Any, texts: list[str], depth: int = MAX_DEPTH) -> Any:
    """What `put_out` was given. Raises `BundleError` where a text is not there."""
    if not depth:
        return value  # `load` refuses it
    if isinstance(value, list):
        return [put_back(path, v, texts, depth - 1) for v in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"text"}:
        i = value["text"]
        if type(i) is not int or not 0 <= i < len(texts):
            raise BundleError(f"{path}: spec.json asks for a text that {MEMBER} does not hold.")
        return texts[i]
    return {k: put_back(path, v, texts, depth - 1) for k, v in value.items()}


def packed(texts: list[str]) -> bytes:
    """The member of a model file that holds `texts`."""
    return json.dumps(texts, ensure_ascii=False).encode()


def unpacked(path: Path, raw: bytes) -> list[str]:
    """The texts of that member. Raises `BundleError` where it is damaged."""
    try:
        texts = read_json(raw)
    except ValueError as e:
        raise BundleError(f"{path}: {MEMBER} is damaged ({e}).") from None
    if not isinstance(texts, list) or not all(isinstance(t, str) for t in texts):
        raise BundleError(f"{path}: {MEMBER} is damaged (it is no list of texts).")
    return texts
