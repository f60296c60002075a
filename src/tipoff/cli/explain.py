"""`tipoff explain`: what spoke for an answer."""

from __future__ import annotations

from pathlib import Path

from tipoff.bundle.predictor import load_predictor
from tipoff.cli.kind import task_of
from tipoff.cli.screen import command, short
from tipoff.cli.verdict import tell_briefly
from tipoff.errors import UsageError


def run_explanation(model: Path, given: str, row: int | None, out: Path | None) -> None:
    """For a picture, draw where the model looked; for a row of a table, or a text, say what each value or word did."""
    predictor = load_predictor(model)
    task = task_of(predictor)
    if task == "pictures":
        from tipoff.cli.tasks.pictures.explain import run_explanation as draw

        if row is not None:
            raise UsageError("--row is the row of a table; a photo has none.")
        draw(predictor, Path(given), out)
    elif task == "tables":
        from tipoff.cli.tasks.tables.explain import run_row_explanation

        if out is not None:
            raise UsageError("--out is for the picture of a photo; a row is explained in words.")
        run_row_explanation(predictor, Path(given), row)
    elif task == "texts":
        from tipoff.cli.tasks.texts.explain import run_text_explanation

        if out is not None:
            raise UsageError("--out is for the picture of a photo; a text is explained here.")
        run_text_explanation(predictor, given, row)
    else:
        from tipoff.collab.recommender import Recommender

        someone = str(Recommender(predictor).users[0])
        raise UsageError(
            "A model of ratings says why with each recommendation:\n"
            + command("predict", short(model), "--user", someone)
        )
    tell_briefly(predictor.facts)
