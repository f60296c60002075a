"""Texts as a table to be read: HTML in a notebook, wrapped lines in a terminal."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Sequence
from html import escape
from typing import Any

SHORT = 20  # characters; longer texts are wrapped


def show_texts(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Show rows of texts where the user looks: under the notebook's cell, or on the terminal."""
    shell = sys.modules.get("IPython")
    kernel = getattr(shell.get_ipython(), "kernel", None) if shell is not None else None
    if kernel is not None:
        from IPython.display import HTML, display

        display(HTML(as_html(head, rows)))  # type: ignore[no-untyped-call]
    else:
        print(as_lines(head, rows, shutil.get_terminal_size().columns))


def as_html(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """The rows as a table of HTML; what the texts hold is shown, not obeyed."""
    cells = "".join(f"<th {_style(h)}>{escape(h)}</th>" for h in head)
    lines = ("".join(f'<td dir="auto" {_style(str(v))}>{escape(str(v))}</td>' for v in row) for row in rows)
    return f"<table><thead><tr>{cells}</tr></thead><tbody>{''.join(f'<tr>{line}</tr>' for line in lines)}</tbody></table>"


def _style(text: str) -> str:
    wrap = "white-space: nowrap" if len(text) <= SHORT else "white-space: pre-wrap; overflow-wrap: anywhere"
    return f'style="text-align: start; vertical-align: top; padding: 4px 8px; {wrap}"'


def as_lines(head: Sequence[str], rows: Sequence[Sequence[Any]], width: int = 100) -> str:
    """The rows as lines of at most `width` characters, the columns side by side; short columns stay short.

    >>> print(as_lines(["text", "category"], [["a fine film", "pos"]], 40))
    text                          category
    a fine film                   pos
    """
    cells = [list(map(str, head)), *([" ".join(str(v).split()) for v in row] for row in rows)]
    longest = [max(len(row[k]) for row in cells) for k in range(len(head))]
    wide = [k for k, n in enumerate(longest) if n > SHORT] or [0]
    spare = width - sum(n + 2 for k, n in enumerate(longest) if k not in wide)
    share = max(20, spare // len(wide) - 2)
    widths = [share if k in wide else n for k, n in enumerate(longest)]
    out = []
    for row in cells:
        parts = [textwrap.wrap(value, w) or [""] for value, w in zip(row, widths, strict=True)]
        for i in range(max(map(len, parts))):
            line = "  ".join(
                (p[i] if i < len(p) else "").ljust(w) for p, w in zip(parts, widths, strict=True)
            )
            out.append(line.rstrip())
        out += [""] if len(row[wide[0]]) > share else []
    return "\n".join(out).rstrip()
