"""The JSON of `/predict`, as the reference describes it."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from tipoff.answer import number
from tipoff.errors import some
from tipoff.serve.about import About
from tipoff.serve.inputs.pair import MOST, USUAL


class Heat(BaseModel):
    """Where the model looked."""

    rows: int
    columns: int
    values: list[float] = Field(description="Row by row, each in [0, 1].")
    box: tuple[float, float, float, float] = Field(
        description="The part of the picture that the model saw: left, top, right, bottom, as shares of width and height."
    )


class Why(BaseModel):
    """What one value did to the answer."""

    column: str
    value: str | float | bool | None
    typical: str | float | bool = Field(description="The median or the most frequent value in training.")
    share: float = Field(
        description="Its part in what the answer differs by from that of the typical row (Shapley value): in probability of "
        "the label, or in the unit of `value`."
    )


class Word(BaseModel):
    """One word of a text, or a run of words of a long one."""

    word: str = Field(description="With the space behind it; all of them, one after the other, are the text.")
    share: float = Field(
        description="What the probability of the label, or the number, loses when the word is taken away; below 0 it spoke "
        "against the answer."
    )


class Recommendation(BaseModel):
    """One title that somebody would like."""

    item: str | int | float | bool
    predicted: float = Field(description="The rating that they would give.")
    why: str


class Answer(BaseModel):
    """One answer, or the error of a file. Which of the fields are there depends on what the model predicts."""

    model_config = ConfigDict(extra="allow")

    file: str | None = None
    row: int | None = Field(
        None,
        description="Of a table: from 1 in JSON; in a CSV as a spreadsheet counts, where the header is row 1.",
    )
    label: str | None = Field(None, description="The most probable class.")
    probability: float | None = Field(None, description="Of `label`, in [0, 1].")
    sure: bool | None = Field(None, description="False where the model says 'not sure'.")
    probabilities: dict[str, float] | None = Field(
        None, description="Of all classes, the most probable first."
    )
    value: float | list[float] | None = Field(None, description="Of a model that predicts numbers.")
    sentence: str | None = None
    milliseconds: float | None = Field(None, description="From the whole upload to the answer.")
    heat: Heat | None = Field(None, description="Only where heat=true was asked and the model can tell.")
    why: list[Why] | list[Word] | None = Field(
        None, description="Only where why=true was asked for a few rows in JSON, or a few texts."
    )
    recommendations: list[Recommendation] | None = Field(
        None, description="Of a model of ratings, the best first."
    )
    error: str | None = Field(None, description="Why this file was not answered; the others are.")


class Answers(BaseModel):
    """The answers, in the order of the files or rows."""

    model: str
    answers: list[Answer]
    notes: list[str] | None = Field(None, description="Of tables: what was ignored, or taken as unknown.")


class Problem(BaseModel):
    """Why a request was refused."""

    error: str


# by the kind of input: the parameter that asks for an explanation, and what it does
EXPLAIN = {
    "image": ("heat", "Say where the model looked, too."),
    "row": ("why", "Say what moved the answer, too; of a few rows in JSON."),
    "text": ("why", "Say which words mattered, too; of a few texts."),
    "pair": ("why", "Changes nothing: each recommendation says why."),
}
_FILE = {"type": "string", "format": "binary"}
_FORM = {
    "multipart/form-data": {
        "schema": {
            "type": "object",
            "required": ["file"],
            "properties": {"file": {"type": "array", "items": _FILE, "description": "One file or many."}},
        }
    }
}


def how_to_ask(about: About) -> str:
    """What `/predict` takes, in a sentence or two."""
    if about.input == "row":
        return (
            "Send one row as a JSON object, several as a list of them, or a CSV file, as the body or as the form field "
            "`file`. With the header `Accept: text/csv` a CSV comes back as it was, with the answers behind each row."
        )
    if about.input == "text":
        return (
            "Send a text as JSON, several as a list of them, text files, or a CSV with a column of texts, as the body or as the "
            "form field `file`. With the header `Accept: text/csv` a CSV comes back with the answers behind each row."
        )
    if about.input == "pair":
        gave = "took some titles" if about.ratings["rating"] is None else "gave some ratings"
        return f"Send a question as JSON: for a user of the model, for somebody new who {gave}, or for everybody."
    return "Send files as the form field `file`, or one file as the body."


def body_of(about: About) -> dict[str, Any]:
    """What `/predict` takes, for the reference."""
    if about.input == "row":
        row = {"type": "object", "properties": {c["name"]: _value(c) for c in about.columns}}
        row["required"] = [c["name"] for c in about.columns]
        several = {"type": "array", "items": row, "description": "One answer each, in their order."}
        example = {c["name"]: c["typical"] for c in about.columns}
        table = {"schema": {**_FILE, "description": "A table with a header; other columns are ignored."}}
        as_json = {"schema": {"oneOf": [row, several]}, "example": example}
        return {"required": True, "content": {"application/json": as_json, "text/csv": table, **_FORM}}
    if about.input == "pair":
        return {"required": True, "content": {"application/json": _question(about)}}
    if about.input == "text":
        text = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}}
        several = {"type": "array", "items": text, "description": "One answer each, in their order."}
        as_json = {"schema": {"oneOf": [text, several]}, "example": {"text": "A text to ask about."}}
        plain = {"schema": {"type": "string", "description": "One text as the whole body."}}
        return {"required": True, "content": {"application/json": as_json, "text/plain": plain, **_FORM}}
    one = {"schema": {**_FILE, "description": "One file as the whole body."}}
    return {"required": True, "content": {**_FORM, "application/octet-stream": one}}


def _question(about: About) -> dict[str, Any]:
    r = about.ratings
    span = "" if r["low"] is None else f", from {r['low']:g} to {r['high']:g}"
    is_rated = r["rating"] is not None
    what = f"and what somebody new gave them{span}" if is_rated else "that somebody new took, each with 1"
    verb = "like" if is_rated else "take"
    properties = {
        "user": {"type": "string", "description": f"One of the {r['users']:,} of the model ({r['user']})."},
        "ratings": {
            "type": "object",
            "additionalProperties": {"type": "number"},
            "description": f"Titles ({r['item']}) {what}. Without user and ratings, what most people {verb} is answered.",
        },
        "n": {"type": "integer", "minimum": 1, "maximum": MOST, "default": USUAL, "description": "How many."},
    }
    example = {"ratings": dict.fromkeys(r["example"], r["high"] or 1), "n": 5}
    return {"schema": {"type": "object", "properties": properties}, "example": example}


def _value(column: dict[str, Any]) -> dict[str, Any]:
    """A column as JSON Schema; null is taken everywhere, and so is a category that was not in training, as unknown."""
    if column["kind"] == "number":
        seen = (
            f"{number(column['low'])} to {number(column['high'])} in training."
            if column["low"] is not None
            else ""
        )
        return {"type": ["number", "null"], "description": seen}
    if column["kind"] == "date":
        return {
            "type": ["string", "null"],
            "description": f"A date, {column['low']} to {column['high']} in training.",
        }
    kind = "boolean" if column["kind"] == "flag" else "string"
    return {"type": [kind, "null"], "description": f"In training: {some(column['choices'], 12)}."}


PROBLEMS: dict[int | str, dict[str, Any]] = {
    400: {"model": Problem, "description": "There is no file in the request, or the form is broken."},
    401: {"model": Problem, "description": "The token is missing or wrong."},
    408: {"model": Problem, "description": "The upload took too long."},
    413: {"model": Problem, "description": "The request is too large, or holds too many files."},
    422: {"model": Answers, "description": "None of the files could be answered; each says why."},
    503: {"model": Problem, "description": "Too much is under way; Retry-After says when to try again."},
}
