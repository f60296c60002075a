"""The JSON of `/predict`, as the reference describes it."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Heat(BaseModel):
    """Where the model looked."""

    rows: int
    columns: int
    values: list[float] = Field(description="Row by row, each in [0, 1].")
    box: tuple[float, float, float, float] = Field(
        description="The part of the picture that the model saw: left, top, right, bottom, as shares of width and height."
    )


class Answer(BaseModel):
    """One file's answer, or its error. Which of the fields are there depends on what the model predicts."""

    model_config = ConfigDict(extra="allow")

    file: str
    label: str | None = Field(None, description="The most probable class.")
    probability: float | None = Field(None, description="Of `label`, in [0, 1].")
    sure: bool | None = Field(None, description="False where the model says 'not sure'.")
    probabilities: dict[str, float] | None = Field(
        None, description="Of all classes, the most probable first."
    )
    sentence: str | None = None
    milliseconds: float | None = Field(None, description="From the whole upload to the answer.")
    heat: Heat | None = Field(None, description="Only where heat=true was asked and the model can tell.")
    error: str | None = Field(None, description="Why this file was not answered; the others are.")


class Answers(BaseModel):
    """The answers, in the order of the files."""

    model: str
    answers: list[Answer]


class Problem(BaseModel):
    """Why a request was refused."""

    error: str


_FILE = {"type": "string", "format": "binary"}
BODY: dict[str, Any] = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["file"],
                "properties": {"file": {"type": "array", "items": _FILE, "description": "One file or many."}},
            }
        },
        "application/octet-stream": {"schema": {**_FILE, "description": "One file as the whole body."}},
    },
}
PROBLEMS: dict[int | str, dict[str, Any]] = {
    400: {"model": Problem, "description": "There is no file in the request, or the form is broken."},
    401: {"model": Problem, "description": "The token is missing or wrong."},
    408: {"model": Problem, "description": "The upload took too long."},
    413: {"model": Problem, "description": "The request is too large, or holds too many files."},
    422: {"model": Answers, "description": "None of the files could be answered; each says why."},
    503: {"model": Problem, "description": "Too much is under way; Retry-After says when to try again."},
}
