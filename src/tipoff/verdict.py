"""How good a model is, as one value: results, interval, baseline, simplest guess, recall of each class, a sentence.

It is computed once, by `tipoff.interpret.judge`, and kept in the model file; the terminal, the page and the model card show
it, each in its own way. Plain values only, so that a server shows it without PyTorch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from tipoff.figures import column_head, name_in_words, span_in_words, value_in_words

Level = Literal["good", "caution", "bad"]
Who = Literal["model", "baseline", "simplest"]
LEVELS = ("good", "caution", "bad")
WHO: dict[str, str] = {"model": "", "baseline": " (baseline)", "simplest": ""}


@dataclass(frozen=True)
class Line:
    """The metrics of one of those who are compared, by name."""

    who: Who
    name: str
    values: dict[str, float]

    def __str__(self) -> str:
        return self.name + WHO[self.who]


@dataclass(frozen=True)
class Recall:
    """Of the `n` validation items of a class, `right` were predicted as it; `predicted` is how often it was predicted."""

    label: str
    right: int
    n: int
    predicted: int
    low: float  # of the 95 % interval of the share, in [0, 1]
    high: float

    @property
    def share(self) -> float | None:
        """The recall; None for a class without validation items."""
        return self.right / self.n if self.n else None


@dataclass(frozen=True)
class Verdict:
    """What a training came to.

    Attributes:
        metric: The name of the metric that is judged by, such as accuracy.
        interval: Its 95 % confidence interval; None of a number that was predicted for one item.
        n: How many validation items there are.
        things: What they are, such as photos.
        lines: The model first, then baselines and the simplest guess.
        recalls: One for each class; none where numbers are predicted.
        level: "good": better than the simplest guess and the baseline. "bad": useless as it is. "caution": between.
        sentence: The judgement.
        advice: What whoever trains it can do; empty where it is good.
        method: How intervals and comparisons were computed.
    """

    metric: str
    interval: tuple[float, float] | None
    n: int
    things: str
    lines: tuple[Line, ...]
    recalls: tuple[Recall, ...]
    level: Level
    sentence: str
    advice: str = ""
    method: str = ""

    @property
    def value(self) -> float:
        """The model's value of the metric that is judged by."""
        return self.lines[0].values[self.metric]

    @property
    def figure(self) -> str:
        """The same in words, such as 79.3 %."""
        return value_in_words(self.metric, self.value)

    @property
    def result(self) -> str:
        """The result in a line.

        >>> line = Line("model", "this network", {"accuracy": 0.8})
        >>> Verdict("accuracy", (0.627, 0.905), 30, "photos", (line,), (), "good", "It is better.").result
        'Accuracy 80.0 % (95 % CI 62.7 to 90.5 %) on 30 validation photos'
        """
        name = name_in_words(self.metric)
        span = f" (95 % CI {span_in_words(self.metric, *self.interval)})" if self.interval else ""
        more = [n for n in ("accuracy", "r2") if n != self.metric and n in self.lines[0].values]
        also = "".join(f", {name_in_words(n)} {value_in_words(n, self.lines[0].values[n])}" for n in more)
        what = self.things[:-1] if self.n == 1 else self.things
        where = f"{self.n:,} {what}" if self.things == "users" else f"{self.n:,} validation {what}"
        return f"{name[:1].upper()}{name[1:]} {self.figure}{span} on {where}{also}"

    @property
    def baseline(self) -> str:
        """The others in a line: each with its value of the metric."""
        return "; ".join(
            f"{line}: {name_in_words(self.metric)} {value_in_words(self.metric, line.values[self.metric])}"
            for line in self.lines[1:]
            if self.metric in line.values
        )

    def table(self) -> tuple[list[str], list[tuple[str, list[str]]]]:
        """The heads of the columns, and a row of texts for each of those who are compared."""
        names = list(dict.fromkeys(n for line in self.lines for n in line.values))
        rows = [
            (str(line), [value_in_words(n, line.values[n]) if n in line.values else "" for n in names])
            for line in self.lines
        ]
        return [column_head(n) for n in names], rows

    def recall_table(self) -> list[tuple[str, str, str, str, str]]:
        """Of each class: its name, recall, 95 % interval, how many of how many, how often it was predicted."""
        return [
            (
                r.label,
                "" if r.share is None else value_in_words("recall", r.share),
                "" if r.share is None else span_in_words("recall", r.low, r.high),
                f"{r.right:,} of {r.n:,}" if r.n else f"no validation {self.things}",
                f"{r.predicted:,}",
            )
            for r in self.recalls
        ]

    def to_json(self) -> dict[str, Any]:
        """JSON values, as the model file keeps them."""
        return asdict(self)

    @classmethod
    def from_json(cls, said: Any) -> Verdict | None:
        """The verdict that `to_json` wrote; None for anything else, since a model file may hold anything."""
        try:
            made = cls(
                metric=_text(said["metric"]),
                interval=_interval(said["interval"]),
                n=int(said["n"]),
                things=_text(said["things"]),
                lines=tuple(_line(v) for v in said["lines"]),
                recalls=tuple(_recall(v) for v in said["recalls"]),
                level=said["level"],
                sentence=_text(said["sentence"]),
                advice=_text(said.get("advice", "")),
                method=_text(said.get("method", "")),
            )
            return made if made.level in LEVELS and made.value is not None else None
        except (KeyError, IndexError, TypeError, ValueError, AttributeError, OverflowError):
            return None


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _interval(said: Any) -> tuple[float, float] | None:
    return None if said is None else (float(said[0]), float(said[1]))


def _line(said: Mapping[str, Any]) -> Line:
    if said["who"] not in WHO:
        raise ValueError(said["who"])
    return Line(said["who"], _text(said["name"]), {_text(k): float(v) for k, v in said["values"].items()})


def _recall(said: Mapping[str, Any]) -> Recall:
    right, n, predicted = (int(said[k]) for k in ("right", "n", "predicted"))
    return Recall(_text(said["label"]), right, n, predicted, float(said["low"]), float(said["high"]))


def markdown(verdict: Verdict) -> str:
    """The verdict as a part of the model card."""
    heads, rows = verdict.table()
    lines = [f"**{verdict.sentence}**", "", f"{verdict.result}.", ""]
    lines += [_cells(["", *heads]), _cells(["---"] * (1 + len(heads)))]
    lines += [_cells([who, *values]) for who, values in rows]
    if verdict.recalls:
        lines += ["", _cells(["class", "recall", "95 % CI", f"validation {verdict.things}", "predicted"])]
        lines += [_cells(["---"] * 5), *(_cells(list(row)) for row in verdict.recall_table())]
    return "\n".join([*lines, "", verdict.method]).rstrip()


def _cells(values: list[str]) -> str:
    plain = (" ".join(v.split()).replace("|", "\\|") for v in values)
    return "| " + " | ".join(plain) + " |"
