"""`tipoff predict`: answers for any number of files, as they come."""

from __future__ import annotations

import csv
import json
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tipoff.cli.ask import Answer, Remote
from tipoff.cli.kind import KINDS
from tipoff.cli.screen import counted
from tipoff.errors import DataError, UsageError

if TYPE_CHECKING:
    from tipoff.bundle.predictor import Predictor
    from tipoff.cli.tasks.ratings.known import Known
    from tipoff.cli.tasks.tables.predict import Answering

WIDEST = 44  # of the column of names; a longer name pushes its answer to the right


@dataclass(frozen=True)
class Asked:
    """What `tipoff predict` was asked for; `out` is for tables, `user` and `n` for ratings."""

    form: str  # text, json, csv
    out: Path | None = None
    user: str | None = None
    n: int | None = None

    def only(self, task: str, takes: Sequence[str]) -> None:
        """Raise `UsageError` for what a model of this task has no use for."""
        for name in ("out", "user", "n"):
            if getattr(self, name) is not None and name not in takes:
                raise UsageError(f"{'-n' if name == 'n' else '--' + name} is not for a model of {task}.")


def run_prediction(model: Path, files: Sequence[Path], asked: Asked) -> int:
    """Print or write the answers; the exit code: 0 where at least one was given."""
    from tipoff.bundle.predictor import load_predictor
    from tipoff.cli.kind import task_of

    predictor = load_predictor(model)
    task = task_of(predictor)
    _need_files(files, task, model.name)
    if task == "tables":
        from tipoff.cli.tasks.tables.predict import run_table
        from tipoff.serve.rows import RowPredictor

        asked.only(task, ("out",))
        return run_table(RowPredictor(predictor), list(files), asked.out, asked.form)
    if task == "ratings":
        from tipoff.cli.tasks.ratings.known import OfFile
        from tipoff.collab.recommender import Recommender

        return _recommend(OfFile(Recommender(predictor)), files, asked)
    if task == "texts":
        from tipoff.cli.tasks.texts.predict import without_empty
        from tipoff.serve.texts import TextPredictor

        return _read_texts(
            TextPredictor(predictor),
            lambda paths: _one_by_one(predictor, paths, asked.form, without_empty),
            files,
            asked,
        )
    asked.only(task, ())
    return _one_by_one(predictor, _each(files), asked.form)


def run_remote(url: str, token: str | None, files: Sequence[Path], asked: Asked) -> int:
    """The same from a server at `url`."""
    remote = Remote(url, token)
    task = KINDS.get(remote.input)
    if task is None:
        raise UsageError(
            f"The command line has nothing to ask a model of {remote.input!r}; see {remote.url}/card."
        )
    _need_files(files, task, remote.url)
    if task == "ratings":
        from tipoff.cli.tasks.ratings.known import OfServer

        return _recommend(OfServer(remote), files, asked)
    if task == "pictures":
        asked.only(task, ())
        return _from_server(remote, _each(files), asked.form)
    from tipoff.cli.ask_rows import RemoteRows

    if task == "tables":
        from tipoff.cli.tasks.tables.predict import run_table

        asked.only(task, ("out",))
        return run_table(RemoteRows(remote), list(files), asked.out, asked.form)
    return _read_texts(
        RemoteRows(remote), lambda paths: _from_server(remote, paths, asked.form), files, asked
    )


def _need_files(files: Sequence[Path], task: str, model: str) -> None:
    if not files and task != "ratings":
        what = {"pictures": "pictures", "texts": "texts"}.get(task, "table")
        raise UsageError(f"Which {what} shall {model} look at? Name it after the model.")


def _recommend(known: Known, files: Sequence[Path], asked: Asked) -> int:
    from tipoff.cli.tasks.ratings.predict import run_recommendation

    asked.only("ratings", ("user", "n"))
    return run_recommendation(known, asked.user, list(files), asked.n or 10, asked.form)


def _read_texts(
    rows: Answering, one_by_one: Callable[[Sequence[Path]], int], files: Sequence[Path], asked: Asked
) -> int:
    """Tables of texts by the row, text files one by one."""
    from tipoff.cli.tasks.tables.predict import run_table
    from tipoff.cli.tasks.texts.predict import are_tables, texts_in

    asked.only("texts", ("out",))
    if are_tables(files):
        return run_table(rows, list(files), asked.out, asked.form)
    asked.only("texts, where these are no table,", ())
    return one_by_one(texts_in(files))


def _one_by_one(
    predictor: Predictor,
    paths: Sequence[Path],
    form: str,
    checked: Callable[[Iterable[Any]], Iterable[Any]] = iter,
) -> int:
    """An answer a file; `checked` may put errors in the place of answers."""
    target = predictor.target
    names = [str(n) for n in getattr(target, "names", [])]
    answers = (
        (
            path,
            got if isinstance(got, DataError) else {**target.answer(got), "sentence": target.sentence(got)},
        )
        for path, got in checked(predictor.stream(paths))
    )
    return _print(answers, paths, names, form)


def _from_server(remote: Remote, paths: Sequence[Path], form: str) -> int:
    return _print(remote.stream(paths), paths, remote.names, form)


def _each(paths: Sequence[Path]) -> list[Path]:
    """The files, and the pictures in the folders, among `paths`."""
    if not any(p.is_dir() for p in paths):
        return list(paths)
    from tipoff.data.items import get_image_files

    return [file for path in paths for file in (get_image_files(path) if path.is_dir() else [path])]


def _print(
    answers: Iterable[tuple[Path, Answer | DataError]], paths: Sequence[Path], names: list[str], form: str
) -> int:
    began, answered = time.perf_counter(), 0
    printer = _FORMS[form](paths, names)
    for path, got in answers:
        if isinstance(got, DataError):
            printer.skipped(path, got)
        else:
            answered += 1
            printer.answered(path, got)
        sys.stdout.flush()
    printer.end(answered, time.perf_counter() - began)
    return 0 if answered else 1


class _Text:
    """For people: a line a file, and one for all."""

    def __init__(self, paths: Sequence[Path], names: list[str]) -> None:
        self.n = len(paths)
        self.width = min(WIDEST, max((len(str(p)) for p in paths), default=0))

    def skipped(self, path: Path, why: DataError) -> None:
        text = str(why).removeprefix(str(path)).strip().removesuffix(".")
        print(f"{path!s:<{self.width}}  skipped       {text}")

    def answered(self, path: Path, answer: Answer) -> None:
        print(f"{path!s:<{self.width}}  {_line(answer) if 'label' in answer else answer['sentence']}")

    def end(self, answered: int, seconds: float) -> None:
        print(f"{counted(self.n, 'file')}, {answered} answered, {self.n - answered} skipped, {seconds:.1f} s")


def _line(answer: Answer) -> str:
    if answer["sure"]:
        p = answer["probability"]
        return f"{answer['label']!s:<12}  {f'{100 * p:5.1f} %' if p < 0.9995 else 'over 99.9 %'}"
    best = list(answer["probabilities"].items())[:2]
    return f"{'not sure':<12}  {', '.join(f'{name} {100 * p:.0f} %' for name, p in best)}"


class _Json:
    """For programs: an object a line."""

    def __init__(self, paths: Sequence[Path], names: list[str]) -> None: ...

    def skipped(self, path: Path, why: DataError) -> None:
        self._print(path, {"error": str(why)})

    def answered(self, path: Path, answer: Answer) -> None:
        self._print(path, answer)

    def end(self, answered: int, seconds: float) -> None: ...

    @staticmethod
    def _print(path: Path, values: dict[str, Any]) -> None:
        print(json.dumps({"file": str(path), **values}, ensure_ascii=False))


class _Csv:
    """For spreadsheets: a row a file, a column for each class."""

    def __init__(self, paths: Sequence[Path], names: list[str]) -> None:
        self.names = names
        self.writer = csv.writer(sys.stdout, lineterminator="\n")
        self.writer.writerow(["file", "label", "probability", *self.names, "error"])

    def skipped(self, path: Path, why: DataError) -> None:
        self.writer.writerow([path, "", "", *("" for _ in self.names), str(why)])

    def answered(self, path: Path, answer: Answer) -> None:
        said = answer.get("label", answer.get("value"))
        if "labels" in answer:
            said = ";".join(map(str, answer["labels"]))
        each = answer.get("probabilities", {})
        row = [said, answer.get("probability", ""), *(each.get(n, "") for n in self.names)]
        self.writer.writerow([path, *row, ""])

    def end(self, answered: int, seconds: float) -> None: ...


_FORMS: dict[str, type[_Text] | type[_Json] | type[_Csv]] = {"text": _Text, "json": _Json, "csv": _Csv}
