"""`tipoff predict`: answers for any number of files, as they come."""

from __future__ import annotations

import csv
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

from tipoff.bundle.predictor import load_predictor
from tipoff.cli.screen import counted
from tipoff.data.block import Target
from tipoff.data.items import get_image_files
from tipoff.errors import DataError

WIDEST = 44  # of the column of names; a longer name pushes its answer to the right


def run_prediction(model: Path, files: list[Path], form: str) -> int:
    """Print an answer a file, as `form` (text, json, csv) asks; the exit code: 0 where at least one was answered."""
    predictor = load_predictor(model)
    began, answered = time.perf_counter(), 0
    paths = _each(files)
    printer = _FORMS[form](predictor.target, paths)
    for path, got in predictor.stream(paths):
        if isinstance(got, DataError):
            printer.skipped(path, got)
        else:
            answered += 1
            printer.answered(path, got)
        sys.stdout.flush()
    printer.end(answered, time.perf_counter() - began)
    return 0 if answered else 1


def _each(paths: Sequence[Path]) -> list[Path]:
    return [file for path in paths for file in (get_image_files(path) if path.is_dir() else [path])]


class _Text:
    """For people: a line a file, and one for all."""

    def __init__(self, target: Target, paths: Sequence[Path]) -> None:
        self.target, self.n = target, len(paths)
        self.width = min(WIDEST, max((len(str(p)) for p in paths), default=0))

    def skipped(self, path: Path, why: DataError) -> None:
        text = str(why).removeprefix(str(path)).strip().removesuffix(".")
        print(f"{path!s:<{self.width}}  skipped       {text}")

    def answered(self, path: Path, prob: Tensor) -> None:
        answer = self.target.answer(prob)
        print(f"{path!s:<{self.width}}  {_line(answer) if 'label' in answer else self.target.sentence(prob)}")

    def end(self, answered: int, seconds: float) -> None:
        print(f"{counted(self.n, 'file')}, {answered} answered, {self.n - answered} skipped, {seconds:.1f} s")


def _line(answer: dict[str, Any]) -> str:
    if answer["sure"]:
        return f"{answer['label']!s:<12}  {100 * answer['probability']:5.1f} %"
    best = list(answer["probabilities"].items())[:2]
    return f"{'not sure':<12}  {', '.join(f'{name} {100 * p:.0f} %' for name, p in best)}"


class _Json:
    """For programs: an object a line."""

    def __init__(self, target: Target, paths: Sequence[Path]) -> None:
        self.target = target

    def skipped(self, path: Path, why: DataError) -> None:
        self._print(path, {"error": str(why)})

    def answered(self, path: Path, prob: Tensor) -> None:
        self._print(path, self.target.answer(prob))

    def end(self, answered: int, seconds: float) -> None: ...

    @staticmethod
    def _print(path: Path, values: dict[str, Any]) -> None:
        print(json.dumps({"file": str(path), **values}, ensure_ascii=False))


class _Csv:
    """For spreadsheets: a row a file, a column for each class."""

    def __init__(self, target: Target, paths: Sequence[Path]) -> None:
        self.target, self.names = target, [str(n) for n in getattr(target, "names", [])]
        self.writer = csv.writer(sys.stdout, lineterminator="\n")
        self.writer.writerow(["file", "label", "probability", *self.names, "error"])

    def skipped(self, path: Path, why: DataError) -> None:
        self.writer.writerow([path, "", "", *("" for _ in self.names), str(why)])

    def answered(self, path: Path, prob: Tensor) -> None:
        answer = self.target.answer(prob)
        said = answer.get("label", answer.get("value"))
        if "labels" in answer:
            said = ";".join(map(str, answer["labels"]))
        each = answer.get("probabilities", {})
        row = [said, answer.get("probability", ""), *(each.get(n, "") for n in self.names)]
        self.writer.writerow([path, *row, ""])

    def end(self, answered: int, seconds: float) -> None: ...


_FORMS: dict[str, type[_Text] | type[_Json] | type[_Csv]] = {"text": _Text, "json": _Json, "csv": _Csv}
