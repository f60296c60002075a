"""`tipoff predict`: answers for any number of files, as they come."""

from __future__ import annotations

import csv
import json
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from tipoff.bundle.predictor import load_predictor
from tipoff.data.items import get_image_files
from tipoff.errors import DataError


def _each(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from get_image_files(path)
        else:
            yield path


def _line(answer: dict[str, Any]) -> str:
    if answer["sure"]:
        return f"{answer['label']!s:<12} {answer['probability']:6.1%}".replace("%", " %")
    best = list(answer["probabilities"].items())[:2]
    return f"{'not sure':<12} {', '.join(f'{name} {100 * p:.0f} %' for name, p in best)}"


def run_prediction(model: Path, files: list[Path], form: str) -> int:
    """Print an answer a file; returns the exit code: 0 where at least one was answered."""
    predictor = load_predictor(model)
    target, began, answered, skipped = predictor.target, time.perf_counter(), 0, 0
    names = [str(n) for n in getattr(target, "names", [])]
    writer = csv.writer(sys.stdout)
    if form == "csv":
        writer.writerow(["file", "label", "probability", *names, "error"])
    for path, got in predictor.stream(_each(files)):
        if isinstance(got, DataError):
            skipped += 1
            why = str(got).removeprefix(str(path)).strip()
            if form == "json":
                print(json.dumps({"file": str(path), "error": str(got)}, ensure_ascii=False))
            elif form == "csv":
                writer.writerow([path, "", "", *("" for _ in names), str(got)])
            else:
                print(f"{path!s:<28} skipped      {why}")
            continue
        answered += 1
        answer = target.answer(got)
        if form == "json":
            print(json.dumps({"file": str(path), **answer}, ensure_ascii=False))
        elif form == "csv":
            each = answer.get("probabilities", {})
            writer.writerow(
                [
                    path,
                    answer.get("label", answer.get("value")),
                    answer.get("probability", ""),
                    *(each.get(n, "") for n in names),
                    "",
                ]
            )
        elif "label" in answer:
            print(f"{path!s:<28} {_line(answer)}")
        else:
            print(f"{path!s:<28} {target.sentence(got)}")
        sys.stdout.flush()
    if form == "text":
        total, spent = answered + skipped, time.perf_counter() - began
        print(f"{total} file{'s' * (total != 1)}, {answered} answered, {skipped} skipped, {spent:.1f} s")
    return 0 if answered else 1
