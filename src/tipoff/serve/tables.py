"""Answers of a model of tables as they are sent: by the row, or as the table with answers behind each row."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response

if TYPE_CHECKING:  # it needs PyTorch, which a server of exported files does without
    from tipoff.serve.rows import Answered


def wants_csv(request: Request) -> bool:
    """Whether the client would rather have a CSV than JSON."""
    return request.headers.get("accept", "").partition(",")[0].partition(";")[0].strip().lower() == "text/csv"


def as_csv(answer: dict[str, Any]) -> Response:
    """The table that was sent, with the answers behind each row; what is to be said of them is in the headers.

    `X-Rows`, `X-Columns` (of the answers), `X-Summary` and `X-Notes`, a list; the last two as JSON, which is ASCII.
    """
    answered: Answered = answer["table"]
    table = answered.table()
    headers = {
        "X-Rows": str(len(table)),
        "X-Columns": str(table.shape[1] - answered.frame.shape[1]),
        "X-Summary": json.dumps(answered.summary()),
        "X-Notes": json.dumps(list(answered.notes)[:20]),
        "X-Milliseconds": str(answer["milliseconds"]),
    }
    return Response(table.to_csv(index=False), media_type="text/csv", headers=headers)


def by_row(answers: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """An answer for each row, and what is wrong with a file that has none."""
    made: list[dict[str, Any]] = []
    for answer in answers:
        if "error" in answer:
            made.append(answer)
            continue
        answered: Answered = answer["table"]
        in_file = answered.frame.attrs.get("table") is not None and "file" in answer
        of_file = {"file": answer["file"]} if in_file else {}
        why = answer.get("why") or [None] * len(answered.frame)
        rest = {"milliseconds": answer["milliseconds"]}
        made += [
            {**of_file, **row, **({} if w is None else {"why": w}), **rest}
            for row, w in zip(answered.numbered(), why, strict=True)
        ]
    return made


def notes_of(answers: Sequence[dict[str, Any]]) -> list[str]:
    """What was ignored in the tables, or taken as unknown, each once."""
    return list(dict.fromkeys(n for a in answers if "table" in a for n in a["table"].notes))
