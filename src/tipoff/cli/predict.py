"""`tipoff predict`: answers for any number of files, as they come."""

from __future__ import annotations

import csv
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len, set_cell_size

from tipoff.answer import counted_answers, json_value, unsure
from tipoff.cli.ask import Answer, Item, Remote
from tipoff.cli.kind import KINDS
from tipoff.cli.screen import counted, note
from tipoff.errors import DataError, UsageError
from tipoff.verdict import Verdict

if TYPE_CHECKING:
    from tipoff.bundle.predictor import Predictor
    from tipoff.cli.tasks.ratings.known import Known
    from tipoff.cli.tasks.tables.predict import Answering

WIDEST = 44  # of the column of names; a longer name of a file pushes its answer to the right


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


def run_prediction(model: Path, given: Sequence[str], asked: Asked) -> int:
    """Print or write the answers; the exit code: 0 where at least one was given."""
    from tipoff.bundle.predictor import load_predictor
    from tipoff.cli.kind import task_of

    predictor = load_predictor(model)
    task = task_of(predictor)
    _need_files(given, task, model.name)
    code = _predict(predictor, task, given, asked)
    _warn(predictor.facts, asked.form)
    return code


def _warn(facts: Any, form: str) -> None:
    """Say it where the model is no better than a guess; to people, not to programs."""
    verdict = Verdict.from_json(facts.get("verdict")) if isinstance(facts, dict) else None
    if verdict is not None and verdict.level == "bad" and form == "text":
        note(verdict.sentence)


def _predict(predictor: Predictor, task: str, given: Sequence[str], asked: Asked) -> int:
    files = [Path(f) for f in given]
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
            lambda items: _one_by_one(predictor, items, asked.form, without_empty),
            given,
            asked,
        )
    asked.only(task, ())
    return _one_by_one(predictor, _each(files), asked.form)


def run_remote(url: str, token: str | None, given: Sequence[str], asked: Asked) -> int:
    """The same from a server at `url`."""
    remote = Remote(url, token)
    code = _ask(remote, given, asked)
    _warn(remote.about.get("facts"), asked.form)
    return code


def _ask(remote: Remote, given: Sequence[str], asked: Asked) -> int:
    task = KINDS.get(remote.input)
    if task is None:
        raise UsageError(
            f"The command line has nothing to ask a model of {remote.input!r}; see {remote.url}/card."
        )
    _need_files(given, task, remote.url)
    files = [Path(f) for f in given]
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
        RemoteRows(remote), lambda items: _from_server(remote, items, asked.form), given, asked
    )


def _need_files(files: Sequence[str], task: str, model: str) -> None:
    if not files and task != "ratings":
        what = {"pictures": "pictures", "texts": "texts"}.get(task, "table")
        raise UsageError(f"Which {what} shall {model} look at? Name it after the model.")


def _recommend(known: Known, files: Sequence[Path], asked: Asked) -> int:
    from tipoff.cli.tasks.ratings.predict import run_recommendation

    asked.only("ratings", ("user", "n"))
    return run_recommendation(known, asked.user, list(files), asked.n or 10, asked.form)


def _read_texts(
    rows: Answering, one_by_one: Callable[[Sequence[Item]], int], given: Sequence[str], asked: Asked
) -> int:
    """Tables of texts by the row, text files and texts one by one."""
    from tipoff.cli.tasks.tables.predict import run_table
    from tipoff.cli.tasks.texts.predict import are_tables, text_or_file, texts_in

    asked.only("texts", ("out",))
    items = [text_or_file(g) for g in given]
    if are_tables(items):
        return run_table(rows, [Path(g) for g in given], asked.out, asked.form)
    asked.only("texts, where these are no table,", ())
    return one_by_one(texts_in(items))


def _one_by_one(
    predictor: Predictor,
    items: Sequence[Item],
    form: str,
    checked: Callable[[Iterable[Any]], Iterable[Any]] = iter,
) -> int:
    """An answer a file; `checked` may put errors in the place of answers."""
    target = predictor.target
    names = [str(n) for n in getattr(target, "names", [])]
    answers = (
        (
            item,
            got if isinstance(got, DataError) else {**target.answer(got), "sentence": target.sentence(got)},
        )
        for item, got in checked(predictor.stream(items))
    )
    return _print(answers, items, names, form)


def _from_server(remote: Remote, items: Sequence[Item], form: str) -> int:
    return _print(remote.stream(items), items, remote.names, form)


def _each(paths: Sequence[Path]) -> list[Path]:
    """The files, and the pictures in the folders, among `paths`."""
    if not any(p.is_dir() for p in paths):
        return list(paths)
    from tipoff.data.items import get_image_files

    return [file for path in paths for file in (get_image_files(path) if path.is_dir() else [path])]


def _print(
    answers: Iterable[tuple[Item, Answer | DataError]], items: Sequence[Item], names: list[str], form: str
) -> int:
    began, answered = time.perf_counter(), 0
    printer = _FORMS[form](items, names)
    for item, got in answers:
        if isinstance(got, DataError):
            printer.skipped(item, got)
        else:
            answered += 1
            printer.answered(item, got)
        sys.stdout.flush()
    printer.end(answered, time.perf_counter() - began)
    return 0 if answered else 1


class _Text:
    """For people: a line an item, and one for all."""

    def __init__(self, items: Sequence[Item], names: list[str]) -> None:
        self.n, self.what = len(items), _what(items)
        self.sure: Counter[str] = Counter()
        self.not_sure: Counter[str] = Counter()
        self.width = min(WIDEST, max((cell_len(_named(i)) for i in items), default=0))

    def skipped(self, item: Item, why: DataError) -> None:
        text = str(why).removeprefix(str(item)).strip().removesuffix(".")
        print(f"{self._first(item)}  skipped       {text}")

    def answered(self, item: Item, answer: Answer) -> None:
        if "label" in answer:
            (self.sure if answer["sure"] else self.not_sure)[str(answer["label"])] += 1
        print(f"{self._first(item)}  {_line(answer) if 'label' in answer else answer['sentence']}")

    def end(self, answered: int, seconds: float) -> None:
        labels = counted_answers(self.sure, self.not_sure) if self.sure or self.not_sure else ""
        parts = [labels or f"{answered} answered" if answered else "none answered"]
        if skipped := self.n - answered:
            parts.append(f"{skipped:,} skipped")
        print(f"{counted(self.n, self.what)}: {', '.join(parts)}  ({seconds:.1f} s)")

    def _first(self, item: Item) -> str:
        name = _named(item)
        return name + " " * (self.width - cell_len(name))


def _what(items: Sequence[Item]) -> str:
    return "text" if any(isinstance(i, str) for i in items) else "file"


def _named(item: Item) -> str:
    """A file by its name, a text by its beginning."""
    if isinstance(item, Path):
        return str(item)
    text = " ".join(item.split())
    return text if cell_len(text) <= WIDEST else set_cell_size(text, WIDEST - 1).rstrip() + "…"


def _line(answer: Answer) -> str:
    if answer["sure"]:
        p = answer["probability"]
        return f"{answer['label']!s:<12}  {f'{100 * p:5.1f} %' if p < 0.9995 else 'over 99.9 %'}"
    return f"{'not sure':<12}  {unsure(answer['probabilities'].items())}"


class _Json:
    """For programs: an object a line."""

    def __init__(self, items: Sequence[Item], names: list[str]) -> None: ...

    def skipped(self, item: Item, why: DataError) -> None:
        self._print(item, {"error": str(why)})

    def answered(self, item: Item, answer: Answer) -> None:
        self._print(item, answer)

    def end(self, answered: int, seconds: float) -> None: ...

    @staticmethod
    def _print(item: Item, values: dict[str, Any]) -> None:
        print(json.dumps({_what([item]): str(item), **json_value(values)}, ensure_ascii=False))


class _Csv:
    """For spreadsheets: a row an item, a column for each class or each value of the answer."""

    def __init__(self, items: Sequence[Item], names: list[str]) -> None:
        self.names, self.what = names, _what(items)
        self.writer = csv.writer(sys.stdout, lineterminator="\n")
        self.columns: list[str] | None = None
        self.waiting: list[
            tuple[Item, str]
        ] = []  # skipped before the first answer, which says what columns there are

    def skipped(self, item: Item, why: DataError) -> None:
        self.waiting.append((item, str(why)))
        if self.columns is not None:
            self._write_waiting()

    def answered(self, item: Item, answer: Answer) -> None:
        cells = self._cells(answer)
        if self.columns is None:
            self._begin(list(cells))
        self.writer.writerow([item, *(cells.get(c, "") for c in self.columns or ()), ""])

    def end(self, answered: int, seconds: float) -> None:
        if self.columns is None:
            self._begin(["label", "probability", *self.names] if self.names else ["value"])

    def _begin(self, columns: list[str]) -> None:
        self.columns = columns
        self.writer.writerow([self.what, *columns, "error"])
        self._write_waiting()

    def _write_waiting(self) -> None:
        for item, why in self.waiting:
            self.writer.writerow([item, *("" for _ in self.columns or ()), why])
        self.waiting.clear()

    def _cells(self, answer: Answer) -> dict[str, Any]:
        each = answer.get("probabilities", {})
        of_classes = {n: each.get(n, "") for n in self.names}
        if "label" in answer:
            return {"label": answer["label"], "probability": answer["probability"], **of_classes}
        if "labels" in answer:
            return {"labels": ";".join(map(str, answer["labels"])), **of_classes}
        made: dict[str, Any] = {}
        for name, value in json_value(answer).items():
            if isinstance(value, list) and value and all(isinstance(v, (int, float)) for v in value):
                made |= {f"{name}_{i}": v for i, v in enumerate(value, 1)}
            elif name != "sentence":
                made[name] = (
                    json.dumps(value, ensure_ascii=False) if isinstance(value, (list, dict)) else value
                )
        return made


_FORMS: dict[str, type[_Text] | type[_Json] | type[_Csv]] = {"text": _Text, "json": _Json, "csv": _Csv}
