"""What a path holds, and what task that makes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from tipoff.cli.screen import command
from tipoff.cli.settings import Settings
from tipoff.cli.tasks.read import is_of_text, read
from tipoff.cli.tasks.recognise import is_file_name
from tipoff.cli.tasks.split import SHARE, divided, need_named, way_of
from tipoff.data.formats import EXCEL, PARQUET
from tipoff.data.items import IMAGE_EXTENSIONS, get_files, get_image_files, need_images
from tipoff.data.labels import parent_label
from tipoff.data.split_column import split_columns
from tipoff.data.splits import GrandparentSplitter, IndexSplitter, Splitter, StratifiedSplitter
from tipoff.errors import DataError, UsageError, did_you_mean, need_folder, some
from tipoff.notes import note

VALID_NAMES = ("valid", "val", "validation", "test")
LABEL_NAMES = ("label", "labels", "class", "category", "target", "y", "breed", "species", "tag")
LISTS = (".csv", ".tsv", ".tab", *PARQUET, *EXCEL)  # in a folder of photos; a .txt may be anything


@dataclass
class Found:
    """Pictures and labels, and how they are divided, in words too; `left_out` holds files and why."""

    files: list[Path]
    labels: list[str]
    splitter: Splitter
    how_split: str
    where: str
    left_out: list[tuple[Path, str]]


def infer(settings: Settings) -> Found:
    """Read what the path holds, but nothing below the folder of the results.

    Raises `DataError` that says what was expected and what is there, `UsageError` for an option that is for tables without a table.
    """
    path, target, skip = settings.data, settings.target, settings.folder
    if settings.kind == "number":
        raise UsageError(
            "--kind number is for tables; a number is predicted from photos in Python: ImageDataLoaders.from_df(..., y_block=RegressionBlock)."
        )
    if path.is_file():
        return _from_table(path, settings)
    root = need_folder(path)
    every = [p for p in get_files(root) if skip.absolute() not in p.absolute().parents]
    others = [(p, "not a picture, by its ending") for p in every if p.suffix.lower() not in IMAGE_EXTENSIONS]
    found = _from_splits(root, others)
    tables = [p for p, _ in others if p.suffix.lower() in LISTS and p.parent == root]
    asked = {
        "--target": target,
        settings.how_split: settings.how_split,
        "--leave-out": settings.leave_out or None,
    }
    named = [option for option, value in asked.items() if value is not None]
    if named and not tables:
        raise UsageError(
            f"{named[0]} names a column of a CSV, and {root} holds none; photos in folders are split by train/ and valid/, or at random."
        )
    if found is not None and not named:
        return found
    files = [p for p in every if p.suffix.lower() in IMAGE_EXTENSIONS]
    if tables and not files:
        raise DataError(
            f"{root} holds no pictures, and {some(sorted(p.name for p in tables))}. To learn from a table, name it:\n"
            + command("train", str(sorted(tables)[0]))
        )
    files = files or need_images(root)
    folders = sorted({parent_label(f) for f in files if f.parent != root})
    if tables and (named or len(folders) < 2):
        return _from_table(tables[0], settings)
    if len(folders) < 2:
        one = f"one class folder, {folders[0]}/" if folders else "no class folders"
        raise DataError(
            f"{root} holds {len(files)} pictures and {one}; a classifier needs two classes or more. Put the pictures of "
            "each class into a folder of its name, or give a CSV with a column of file names and one of labels."
        )
    kept = [f for f in files if f.parent != root]
    labels = [parent_label(f) for f in kept]
    outside = [(f, "in no class folder") for f in files if f.parent == root]
    return Found(kept, labels, *_at_random(labels, settings.seed), _folder(root), [*outside, *others])


def _folder(root: Path) -> str:
    return "this folder" if root == Path() else f"{root}/"


def _at_random(labels: list[str], seed: int) -> tuple[Splitter, str]:
    return StratifiedSplitter(labels, SHARE, seed), f"chosen at random (seed {seed})"


def _from_splits(root: Path, others: list[tuple[Path, str]]) -> Found | None:
    """What lies in train/ and valid/ folders, or None where there are no such folders, or no pictures in them."""
    inside = {p.name.lower(): p.name for p in root.iterdir() if p.is_dir() and not p.name.startswith(".")}
    held_out = [inside[v] for v in VALID_NAMES if v in inside]
    if "train" not in inside or not held_out:
        return None
    train, valid = inside["train"], held_out[0]
    files = get_image_files(root, folders=[train, valid])
    if not files:
        return None
    if unused := [name for name in sorted(inside.values()) if name not in (train, valid)]:
        note(f"only {train}/ and {valid}/ are used, not {some(f'{name}/' for name in unused)}")
    how = f"as the folders {train}/ and {valid}/ say"
    labels = [parent_label(f) for f in files]
    return Found(files, labels, GrandparentSplitter(train, valid), how, _folder(root), others)


class Row(NamedTuple):
    """A row of the table: its number, as a spreadsheet counts, its cells, and where it is in the data frame."""

    number: int
    name: str
    label: str
    at: int


def _from_table(file: Path, settings: Settings) -> Found:
    target = settings.target
    df = _read(file, settings.sheet)
    columns = list(map(str, df.columns))
    if df.empty:
        raise DataError(f"{file} has a header and no rows.")
    names = next((c for c in columns if is_file_name(df[c])), None)
    if names is None:
        raise DataError(
            f"{file}: none of the columns {some(columns, 12)} holds names of pictures, such as photo_1.jpg. "
            f"To learn from the table itself, name it:\n" + command("train", str(file))
        )
    need_named(df, settings, target)
    label = target or _label_column(df, columns, names, settings)
    first = df.attrs.get("table", (file.name, 2))[1]
    rows = [
        Row(int(df.index[i]) + first, _text(name), _text(value), i)
        for i, (name, value) in enumerate(zip(df[names], df[label], strict=True))
    ]
    rows = _complete(rows, file.name)
    if not rows:
        raise DataError(f"{file}: no row has both a file name in {names} and a label in {label}.")
    rows = _once(rows, file.name)
    if len({r.label for r in rows}) < 2:
        raise DataError(
            f"{file}: the column {label} holds one class, {rows[0].label!r}; a classifier needs two."
        )
    files, labels = _locate(file, rows), [r.label for r in rows]
    _say_if_several(labels)
    kept = df.iloc[[r.at for r in rows]]
    way = way_of(kept, settings, [names, label])
    if way.splitter is None:
        return Found(files, labels, *_at_random(labels, settings.seed), str(file), [])
    frame, valid = divided(kept.assign(**{label: labels}), label, way.splitter(kept), True)
    of = dict(zip(kept.index, files, strict=True))
    return Found(
        [of[i] for i in frame.index], frame[label].tolist(), IndexSplitter(valid), way.how, str(file), []
    )


def _read(file: Path, sheet: str | None) -> Any:
    """The table, each cell as text."""
    if is_of_text(file):
        return read(file, sheet, dtype=str)
    return read(file, sheet).map(str, na_action="ignore")


def _text(cell: Any) -> str:
    return cell.strip() if isinstance(cell, str) else ""


def _complete(rows: list[Row], table: str) -> list[Row]:
    """The rows with a file name and a label; the others are said."""
    for what, lacking in (
        ("a file name", [r for r in rows if not r.name]),
        ("a label", [r for r in rows if r.name and not r.label]),
    ):
        if lacking:
            note(f"{_rows(lacking, table)} without {what} left out")
    return [r for r in rows if r.name and r.label]


def _once(rows: list[Row], table: str) -> list[Row]:
    """Each file once: repeated rows are left out, and so is a file with two labels, which nothing can be learned from."""
    labels: dict[str, set[str]] = {}
    for r in rows:
        labels.setdefault(r.name, set()).add(r.label)
    unclear = [r for r in rows if len(labels[r.name]) > 1]
    if unclear:
        note(
            f"{_rows(unclear, table)} left out: the same file with different labels, such as {unclear[0].name}"
        )
    clear = [r for r in rows if len(labels[r.name]) == 1]
    seen: set[str] = set()
    kept: list[Row] = []
    repeated: list[Row] = []
    for r in clear:
        (repeated if r.name in seen else kept).append(r)
        seen.add(r.name)
    if repeated:
        note(f"{_rows(repeated, table)} left out: the file is named before, such as {repeated[0].name}")
    return kept


def _say_if_several(labels: list[str]) -> None:
    """A note where labels look like lists of labels."""
    single = set(labels)
    for delimiter in " ;,|":
        lists = [v for v in sorted(single) if delimiter in v and single.issuperset(v.split(delimiter))]
        if len(lists) > 1:
            note(
                f"labels such as {lists[0]!r} look like several labels; each is taken as a class of its own. For any "
                f"number of labels a photo, in Python: ImageDataLoaders.from_csv(..., label_delim={delimiter!r})"
            )
            return


def _rows(rows: list[Row], table: str) -> str:
    numbers = some((r.number for r in rows), 6)
    return f"{len(rows)} row{'s' * (len(rows) > 1)} of {table} ({numbers})"


def _label_column(df: Any, columns: list[str], names: str, settings: Settings) -> str:
    named = [c for c in columns if c.lower() in LABEL_NAMES]
    if named:
        return named[0]
    asked = {settings.valid_col, settings.group, settings.time, *settings.leave_out}
    others = [c for c in columns if c not in {names, *asked, *split_columns(df)}]
    rest = [c for c in others if 2 <= df[c].nunique() <= max(2, len(df) // 2)] or others
    if len(rest) == 1:
        return rest[0]
    raise DataError(f"Which column holds the label? There are {some(columns, 12)}: pass --target NAME.")


def _locate(file: Path, rows: list[Row]) -> list[Path]:
    """The files that the table names, beside it or in one of the folders there."""
    places = (file.parent, *sorted(p for p in file.parent.iterdir() if p.is_dir()))
    few = rows[:: max(1, len(rows) // 100)]
    base = max(places, key=lambda place: sum((place / r.name).exists() for r in few))
    missing = [r for r in rows if not (base / r.name).exists()]
    if missing:
        folder = (base / missing[0].name).parent
        there = [p.name for p in folder.iterdir()] if folder.is_dir() else []
        raise DataError(
            f"{file}: {len(missing)} of {len(rows)} files are missing: rows {some((r.number for r in missing), 8)} "
            f"(the header is row 1). The first is {base / missing[0].name}."
            f"{did_you_mean(Path(missing[0].name).name, there)} To learn from the other columns, leave that of the files out: "
            "--target COLUMN --leave-out COLUMN."
        )
    return [base / r.name for r in rows]
