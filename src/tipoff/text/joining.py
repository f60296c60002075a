"""Words and marks back into a text as a person would write it."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Sequence
from unicodedata import combining

from tipoff.text.rules import BOS, EOS, FLD, PAD, TK_MAJ, TK_REP, TK_UP, TK_WREP, UNK

_SILENT = {BOS, EOS, PAD, "xxfake"}
_NO_SPACE_BEFORE = re.compile(r"[.,!?;:…%)\]}»”’]+|n['’]t|['’](?:s|m|d|re|ve|ll|em)")
_NO_SPACE_AFTER = frozenset("([{«“‘$£€#")
_CAPITALS = {TK_MAJ: lambda word: word[:1].upper() + word[1:], TK_UP: str.upper}
_REPEATED = {TK_REP, TK_WREP}
_NUMBERED = {FLD, *_REPEATED}  # marks that a number follows
_TIGHT = frozenset("-/–")
_ENDS = frozenset(".!?")


def join_words(tokens: Sequence[str]) -> str:
    """The text of tokens by fastai's rules: marks are obeyed, punctuation stands where it belongs.

    >>> join_words("xxbos xxmaj it 's xxrep 3 ! xxup bad , is n't it ?".split())
    "It's!!! BAD, isn't it?"
    """
    out: list[str] = []
    quoted = tight = False
    for word in _obeyed(tokens):
        opens = word == '"' and not quoted
        closes = word == '"' and quoted
        if len(word) == 1 and (
            not out or out[-1].strip() in _ENDS or word == "i"
        ):  # fastai's rules keep no mark for one
            word = word.upper()
        joined = tight or closes or bool(_NO_SPACE_BEFORE.fullmatch(word)) or (word in _TIGHT and bool(out))
        out.append(word if joined or not out else f" {word}")
        quoted = opens or (quoted and not closes)
        tight = opens or word in _NO_SPACE_AFTER or word in _TIGHT
    return "".join(out)


def _obeyed(tokens: Sequence[str]) -> list[str]:
    """The words after what the marks before them ask for; a mark that asks for what is not there is left out."""
    out: list[str] = []
    todo, capital = deque(token for token in tokens if token not in _SILENT), ""
    while todo:
        token = todo.popleft()
        if token in _CAPITALS:
            capital = token
            continue
        if token in _NUMBERED:
            n = todo.popleft() if todo and _is_number(todo[0]) else ""
            if n and token in _REPEATED and todo and _is_repeated(todo[0], token):
                times, what = min(int(n), 100), todo.popleft()
                out += [what * times] if token == TK_REP else [what] * times
        else:
            out.append(_CAPITALS[capital](token) if capital and token != UNK else token)
        capital = ""
    return [word for word in out if word]


def _is_number(token: str) -> bool:
    return token.isdigit() and token.isascii()


def _is_repeated(token: str, mark: str) -> bool:
    """Whether `mark` can have been written before `token`: a character, or a word, that is repeated."""
    if token in _CAPITALS or token in _NUMBERED:
        return False
    return mark == TK_WREP or sum(not combining(c) for c in token) == 1
