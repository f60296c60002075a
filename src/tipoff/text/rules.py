"""What is changed in a text before it is cut into words, with a mark for what would be lost: fastai's rules.

Source: fastai's text.core (Howard and Ruder 2018, ULMFiT); every rule is a function from text to text.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Sequence

UNK, PAD, BOS, EOS, FLD, TK_REP, TK_WREP, TK_UP, TK_MAJ = (
    "xxunk", "xxpad", "xxbos", "xxeos", "xxfld", "xxrep", "xxwrep", "xxup", "xxmaj"
)  # fmt: skip
SPECIALS = (UNK, PAD, BOS, EOS, FLD, TK_REP, TK_WREP, TK_UP, TK_MAJ)

Rule = Callable[[str], str]

_MESS = {
    "#39;": "'", "amp;": "&", "#146;": "'", "nbsp;": " ", "#36;": "$", "\\n": "\n", "quot;": "'", "<br />": "\n",
    '\\"': '"', "<unk>": UNK, " @.@ ": ".", " @-@ ": "-", "...": " …",
}  # fmt: skip
REPEATED = re.compile(r"(\S)(\1{2,})")
_WREP = re.compile(r"(?:\s|^)(\w+)\s+((?:\1\s+)+)\1(\s|\W|$)")
_SPEC = re.compile(r"([/#\\])")
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_LONE = re.compile("[\ud800-\udfff]")
_SPACES = re.compile(" {2,}")
_ALL_CAPS = re.compile(r"(\s|^)([A-Z]+[^a-z\s]*)(?=(\s|$))")
_MAJ = re.compile(r"(\s|^)([A-Z][^A-Z\s]*)(?=(\s|$))")


def fix_html(x: str) -> str:
    """Entities and line breaks of HTML, and marks that corpora are known for, as plain text.

    As in fastai to the letter, so that its vocabularies fit: `&amp;` becomes two signs. `plain_html` does not.

    >>> fix_html("caf&eacute;<br />open #39;til late...")
    "café\\nopen 'til late …"
    """
    for mess, plain in _MESS.items():
        x = x.replace(mess, plain)
    return html.unescape(x)


def plain_html(text: str) -> str:
    """Entities and line breaks of HTML as plain text.

    >>> plain_html("salt &amp; pepper<br>again")
    'salt & pepper\\nagain'
    """
    return html.unescape(_BREAK.sub("\n", without_lone(text)))


def without_lone(text: str) -> str:
    """Halves of characters, which no encoding can write, as the sign for what cannot be shown."""
    return _LONE.sub("\ufffd", text)


def replace_rep(t: str) -> str:
    """A character that comes three times or more in a row: `xxrep`, how often, the character.

    >>> replace_rep("cccc")
    ' xxrep 4 c '
    """
    return REPEATED.sub(lambda m: f" {TK_REP} {len(m[2]) + 1} {m[1]} ", t)


def replace_wrep(t: str) -> str:
    """A word that comes three times or more in a row: `xxwrep`, how often, the word.

    >>> replace_wrep("word word word word word ")
    ' xxwrep 5 word  '
    """
    return _WREP.sub(lambda m: f" {TK_WREP} {len(m[2].split()) + 2} {m[1]} {m[3]}", t)


def spec_add_spaces(t: str) -> str:
    """Spaces around slashes and number signs.

    >>> spec_add_spaces("and/or")
    'and / or'
    """
    return _SPEC.sub(r" \1 ", t)


def rm_useless_spaces(t: str) -> str:
    """One space for several."""
    return _SPACES.sub(" ", t)


def replace_all_caps(t: str) -> str:
    """A word in capitals in small letters, with `xxup` before it where it has more than one.

    >>> replace_all_caps("I'M SHOUTING")
    "xxup i'm xxup shouting"
    """
    return _ALL_CAPS.sub(lambda m: f"{m[1]}{f'{TK_UP} ' if len(m[2]) > 1 else ''}{m[2].lower()}", t)


def replace_maj(t: str) -> str:
    """A capitalised word in small letters, with `xxmaj` before it where it has more than one.

    >>> replace_maj("Jeremy Howard")
    'xxmaj jeremy xxmaj howard'
    """
    return _MAJ.sub(lambda m: f"{m[1]}{f'{TK_MAJ} ' if len(m[2]) > 1 else ''}{m[2].lower()}", t)


def lowercase(t: str, add_bos: bool = True, add_eos: bool = False) -> str:
    """Small letters, with `xxbos` at the beginning and, if asked for, `xxeos` at the end."""
    return (f"{BOS} " if add_bos else "") + t.lower().strip() + (f" {EOS}" if add_eos else "")


def replace_space(t: str) -> str:
    """A space within a token as a visible mark, so that tokens can be joined and split."""
    return t.replace(" ", "▁")


RULES: tuple[Rule, ...] = (
    fix_html, replace_rep, replace_wrep, spec_add_spaces, rm_useless_spaces, replace_all_caps, replace_maj, lowercase
)  # fmt: skip
BY_NAME: dict[str, Rule] = {rule.__name__: rule for rule in RULES}


def apply_rules(text: str, rules: Sequence[Rule] = RULES) -> str:
    """`text` after each of `rules`, in order.

    >>> apply_rules("Great!!!")
    'xxbos xxmaj great xxrep 3 !'
    """
    for rule in rules:
        text = rule(text)
    return text
