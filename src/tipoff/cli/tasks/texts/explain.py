"""`tipoff explain` with a model of texts: the words that mattered, in colour and with signs."""

from __future__ import annotations

import textwrap
from pathlib import Path

from rich.text import Text

from tipoff.bundle.predictor import Predictor
from tipoff.cli.screen import WIDTH, console, field, say
from tipoff.cli.tasks.tables.explain import row_of
from tipoff.cli.tasks.texts.predict import are_tables, text_or_file
from tipoff.data.words import WordShares, word_shares
from tipoff.errors import DataError, UsageError
from tipoff.serve.texts import TextPredictor
from tipoff.text.files import read_text

SHOWN = 8  # words in the list
BAR = 20  # characters of the longest bar
FAINT = 0.12  # of the strongest share, below which a word is not marked
SMALL = 0.002  # the strongest share, below which nothing is said to have mattered
TINY = 0.0005  # a share that would be shown as 0.0 %
UP, DOWN = "bold dark_orange3", "bold steel_blue"


def run_text_explanation(predictor: Predictor, given: str, row: int | None = None) -> None:
    """Say the answer for a text, a file that holds one, or the text in the `row` of a table, and what each word did to it."""
    text = _text(predictor, given, row)
    found = word_shares(predictor.plan, predictor.probabilities, text)
    say(predictor.target.sentence(found.end))
    say()
    strongest = max((abs(s) for _, s in found.ranked()), default=0.0)
    if strongest < SMALL:
        say("None of its words alone changes the answer.")
        return
    console().print(_marked(found, strongest))
    say()
    what = "A few words" if any(len(p.split()) > 1 for p in found.pieces) else "Each word"
    is_class = hasattr(predictor.target, "names")
    towards = f"“{found.names[found.output()]}”" if is_class else "the number"
    say(f"{what} taken away, and asked again: + spoke for {towards}, − against it.")
    for word, share in found.ranked()[:SHOWN]:
        if abs(share) < max(TINY, FAINT * strongest):
            break
        size = f"{100 * abs(share):.1f} %" if is_class else f"{abs(share):.4g}"
        bar = "█" * max(1, round(BAR * abs(share) / strongest))
        field(f"  {'+' if share > 0 else '−'}{size}", f"{_bare(word)}  {bar}")


def _bare(word: str) -> str:
    """Words without the marks around them."""
    word = " ".join(word.split())
    return word.strip(".,;:!?()\"'“”„‘’…") or word


def _text(predictor: Predictor, given: str, row: int | None) -> str:
    item = text_or_file(given)
    if isinstance(item, Path) and are_tables([item]):
        frame, number = row_of(item, row)
        say(f"row {number}")
        return TextPredictor(predictor).inputs(frame)[0]
    if row is not None:
        raise UsageError("--row is the row of a table; name one in place of the text.")
    if isinstance(item, str):
        return item
    if not item.is_file():
        raise DataError(f"There is no file {given}.")
    text = read_text(item)
    if not text.strip():
        raise DataError(f"{given} holds no text.")
    return text


def _marked(found: WordShares, strongest: float) -> Text:
    """The text, wrapped, with a sign behind each word that mattered."""
    out, signs = Text(), {True: "[+]", False: "[−]"}
    line = 0
    for piece in found.answer():
        share = piece["share"]
        matters = abs(share) >= max(TINY, FAINT * strongest)
        for word in textwrap.wrap(piece["word"], WIDTH - 4) or [""]:
            shown = word + (signs[share > 0] if matters else "")
            if line and line + 1 + len(shown) > WIDTH:
                out.append("\n")
                line = 0
            out.append(" " if line else "").append(
                shown, style=(UP if share > 0 else DOWN) if matters else ""
            )
            line += len(shown) + 1
    return out
