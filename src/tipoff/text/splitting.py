"""A piece of text without spaces, cut into words, numbers, marks and emoji, much as spaCy's English rules do.

What is no mark is part of a word, so that the vowel signs of Hindi, Hebrew or Arabic stay where they belong.
"""

from __future__ import annotations

import re

_QUOTES = "'\"”“`‘´’‚,„»«「」『』（）〔〕【】《》〈〉"
_HYPHENS = "(?:-|–|—|--|---|——|~)"
_ELLIPSIS = r"\.\.+|…"
_CURRENCY = "[$£€¥฿₽₴₠₡₢₣₤₥₦₧₨₩₪₫₭₮₯₰₱₲₳₵₶₷₸₹₺₻₼₾₿]"
_EMOJI = "[\u2190-\u27bf\u2900-\u2bff\u3030\U0001f000-\U0001faff]"
_JOINED = "[\u200d\ufe0f\u20e3\U0001f3fb-\U0001f3ff\U0001f1e6-\U0001f1ff]"  # what makes one of several
_PICTURE = f"{_EMOJI}(?:{_JOINED}|(?<=\u200d){_EMOJI})*"
_SIGNS = ",:;!?¿؟¡()[]{}<>_#*&।、。，！？；：～·।،؛٪۔"
_PUNCT = f"[{re.escape(_SIGNS)}]"
_MARKS = frozenset(_QUOTES + _SIGNS)  # each of which ends a word by itself
_ENDS = frozenset('.,!?;:)"')
MAX_PIECE = 200  # characters
_A = r"[^\W\d_]"  # a letter

_PREFIX = re.compile(rf"{_ELLIPSIS}|[§%=—–|•]|\+(?![0-9])|{_PUNCT}|[{_QUOTES}]+?|{_CURRENCY}|{_PICTURE}")
_SUFFIX = re.compile(
    rf"(?:{_ELLIPSIS}|{_PUNCT}|[{_QUOTES}]|{_PICTURE}|['’]s|[—–|•]|(?<=[0-9])\+|(?<=[0-9])%|(?<=[0-9]){_CURRENCY}"
    rf"|(?<=[0-9])(?:km|m|cm|mm|kg|g|mg|lb|oz|mph|hz|gb|mb|kb|tb)|(?<![\s.A-Z])\.|(?<=[A-Z][A-Z])\.)$"
)
_INFIX = re.compile(
    rf"({_ELLIPSIS}|{_PICTURE}|(?<=[0-9])[+\-*^](?=[0-9-])|(?<={_A})\.(?=[{_QUOTES}])|(?<={_A}),(?={_A})"
    rf"|(?<={_A}){_HYPHENS}(?={_A})|(?<=[^\W_])[:<>=/](?={_A}))"
)
_URL = re.compile(
    r"(?:https?://|ftp://|mailto:)\S+|(?:[\w-]+\.)*[\w-]+\.(?:com|org|net|edu|gov|info|ai|io|de|uk|co|tv|fr|us|ca)(?:[/?#]\S*)?|[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
)
_MAY_BE_URL = re.compile(r"\w[.@:][\w/]").search
_SHORT = re.compile(r"(.+?)(n['’]t|['’](?:s|m|d|re|ve|ll|em|cause))$")
_KEPT = frozenset(  # faces, and words that a mark is part of
    [":)", ":(", ";)", ":-)", ":-(", ";-)", ":d", ":-d", ":p", ":-p", ":/", ":o", ":'(", ":*", "<3", "^_^", "-_-", "o_o", "=)", "=(", "(:", "):", ":-/", "8)", "xd", "e.g.", "i.e.", "a.m.", "p.m.", "v.s.", "vs.", "3-d", "'em", "'cause", "'s", "''", "ol'", "o'clock", "ma'am"]
) | {f"{letter}." for letter in "abcdefghijklmnopqrstuvwxyz"}  # fmt: skip
_TWO = {
    "cannot": ("can", "not"), "gonna": ("gon", "na"), "gotta": ("got", "ta"), "lemme": ("lem", "me"), "gimme": ("gim", "me"),
    **{f"{w}nt": (w, "nt") for w in ["do", "did", "does", "is", "was", "were", "have", "has", "had", "could", "should", "would", "are", "ai", "ca", "wo"]},
    **{f"{w}s": (w, "s") for w in ["that", "what", "there", "he"]}, "im": ("i", "m"),
}  # fmt: skip


def split_piece(piece: str) -> list[str]:
    """The words and marks of `piece`, which holds no spaces and, as a rule, small letters.

    >>> split_piece("(isn't"), split_piece("well-known,"), split_piece("3.50$!")
    (['(', 'is', "n't"], ['well', '-', 'known', ','], ['3.50', '$', '!'])
    """
    if piece.isalpha():
        return list(_TWO.get(piece, (piece,)))
    if len(piece) > MAX_PIECE:  # no word
        return [t for i in range(0, len(piece), MAX_PIECE) for t in split_piece(piece[i : i + MAX_PIECE])]
    if piece[:-1].isalpha() and piece[-1] in _ENDS and piece not in _KEPT:  # most of them: a word and a mark
        return [*split_piece(piece[:-1]), piece[-1]]
    return _peeled(piece)


def _peeled(piece: str) -> list[str]:
    """Marks are taken from the beginning and the end until none is left."""
    before: list[str] = []
    after: list[str] = []
    while piece:
        last = piece[-1]
        if piece in _KEPT or (_MAY_BE_URL(piece) and _URL.fullmatch(piece)):
            before.append(piece)
            break
        if not _in_word(piece[0]) and (found := _PREFIX.match(piece)):
            before.append(found[0])
            piece = piece[found.end() :]
        elif last in _MARKS:
            after.append(last)
            piece = piece[:-1]
        elif _may_end(piece, last) and (found := _SUFFIX.search(piece, max(0, len(piece) - 16))):
            after.append(found[0])
            piece = piece[: found.start()]
        else:
            before += _inside(piece)
            break
    return before + after[::-1]


def _in_word(character: str) -> bool:
    """Whether it is a letter or a digit, with which no mark begins or ends but a unit and an 's."""
    return character.isalpha() or character.isdecimal()


def _may_end(piece: str, last: str) -> bool:
    """Whether a mark, a unit or an 's can be at the end of `piece`, whose last character is `last`."""
    return not _in_word(last) or (last in "smghbz" and not piece[-4:-1].isalpha())


def _inside(piece: str) -> list[str]:
    """What is left between marks: a word, or several that a mark joins."""
    if piece.isalpha():
        return list(_TWO.get(piece, (piece,)))
    if ("'" in piece or "’" in piece) and (found := _SHORT.fullmatch(piece)):
        return [*_inside(found[1]), found[2]]
    return [part for part in _INFIX.split(piece) if part]
