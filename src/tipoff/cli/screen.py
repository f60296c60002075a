"""How the command line speaks: 80 columns, plain where output is not a terminal, `NO_COLOR` respected."""

from __future__ import annotations

import shlex
import sys
import textwrap
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path

from rich.console import Console
from rich.text import Text

WIDTH = 80
BOX_WIDTH = WIDTH - 4  # inside of a box
STYLES = {"strong": "bold", "note": "yellow", "error": "bold red", "good": "green", "quiet": "dim"}
_silent: ContextVar[bool] = ContextVar("tipoff_silent", default=False)


@cache
def console(error: bool = False) -> Console:
    """The terminal, or where its output goes; with `error`, standard error."""
    return Console(stderr=error, highlight=False, soft_wrap=True)


@contextmanager
def silence(silent: bool = True) -> Iterator[None]:
    """Where `silent`, nothing that is said inside the block is shown; errors are."""
    token = _silent.set(silent)
    try:
        yield
    finally:
        _silent.reset(token)


def say(text: str = "", *, indent: str = "", style: str | None = None, of: str | None = None) -> None:
    """Print `text`, wrapped, later lines behind `indent`; `style` is for all of it, or for `of` in it."""
    if _silent.get():
        return
    wrapped = textwrap.fill(
        text, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
    shown = Text(wrapped, style="" if style is None or of is not None else STYLES[style])
    if style is not None and of is not None:
        shown.highlight_words([of], STYLES[style])
    console().print(shown)


def wrapped(text: str, width: int = WIDTH) -> list[str]:
    """A text as lines of at most `width` columns."""
    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)


def box(lines: Sequence[tuple[str, str | None]], style: str) -> None:
    """Lines, each with its style, in a frame of `style`; without the frame where output is not a terminal."""
    if _silent.get():
        return
    framed = console().is_terminal
    border = STYLES[style]
    if framed:
        console().print(Text(f"╭{'─' * (BOX_WIDTH + 2)}╮", style=border))
    for text, its in lines:
        shown = Text(text, style=STYLES[its] if its else "")
        if framed:
            room = Text(" " * max(0, BOX_WIDTH - shown.cell_len))
            shown = Text.assemble(("│ ", border), shown, room, (" │", border))
        console().print(shown)
    if framed:
        console().print(Text(f"╰{'─' * (BOX_WIDTH + 2)}╯", style=border))


def field(name: str, text: str) -> None:
    """A line of a name and what it is, the names in one column."""
    say(f"{name:<16} {text}", indent=" " * 17)


def note(text: str) -> None:
    """Something that was done or seen, and that the user should know."""
    say(f"  note  {text}", indent=" " * 8, style="note", of="note")


def each_once() -> Callable[[str], None]:
    """`note`, but nothing twice: what is looked at first and read later is noted once."""
    seen: set[str] = set()

    def hear(text: str) -> None:
        if text not in seen:
            seen.add(text)
            note(text)

    return hear


def error(text: str) -> None:
    """What went wrong, where, what to do: one block, to standard error; a command keeps its line, to be copied."""
    sys.stdout.flush()
    blocks = [
        line
        if line.startswith("tipoff ")
        else textwrap.fill(line, WIDTH, break_long_words=False, break_on_hyphens=False)
        for line in text.splitlines()
    ]
    first, *rest = "\n".join(blocks).split(". ", 1)
    console(error=True).print(Text.assemble("\n", (first, STYLES["error"]), *(". " + r for r in rest)))


def command(*parts: str) -> str:
    """A command of tipoff's that can be copied and run, whatever is in its names.

    >>> command("predict", "films of 1994.tipoff", "--user", "42")
    "tipoff predict 'films of 1994.tipoff' --user 42"
    """
    return shlex.join(["tipoff", *parts])


def tell_next(*commands: str) -> None:
    """What to do next: commands, each on one line so that it can be copied."""
    if _silent.get():
        return
    say()
    for i, line in enumerate(commands):
        console().print(Text(f"{'' if i else 'next':<16} {line}"))


def percent(share: float, digits: int = 1) -> str:
    """A share in [0, 1] as text.

    >>> percent(0.929)
    '92.9 %'
    """
    return f"{share * 100:.{digits}f} %"


def counted(n: int, noun: str) -> str:
    """A number of things.

    >>> counted(1, "file"), counted(2, "file")
    ('1 file', '2 files')
    """
    return f"{n:,} {noun}{'s' * (n != 1)}"


def in_words(n: int) -> str:
    """A large number, such as that of parameters.

    >>> in_words(3_412_000), in_words(75_300), in_words(640)
    ('3.4 M', '75 k', '640')
    """
    return f"{n / 1e6:.1f} M" if n >= 1e6 else f"{n / 1e3:.0f} k" if n >= 1e4 else f"{n:,}"


def short(path: Path) -> str:
    """A path as a person would type it: from the present folder, where it lies below that."""
    try:
        return str(path.absolute().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
