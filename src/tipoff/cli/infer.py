"""What a path holds, and what task that makes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tipoff.data.items import IMAGE_EXTENSIONS, get_files, get_image_files, need_images
from tipoff.data.labels import parent_label
from tipoff.data.splits import ColSplitter, GrandparentSplitter, Splitter, StratifiedSplitter
from tipoff.errors import DataError, did_you_mean, need_folder, some

VALID_NAMES = ("valid", "val", "validation", "test")
LABEL_NAMES = ("label", "labels", "class", "category", "target", "y", "breed", "species", "tag")
SPLIT_NAMES = ("is_valid", "valid", "is_val", "validation")
VALID_SHARE = 0.2


@dataclass
class Found:
    """Pictures and labels, and how they are divided, in words too."""

    files: list[Path]
    labels: list[str]
    splitter: Splitter
    how_split: str
    where: str
    not_pictures: list[Path]


def infer(path: Path, target: str | None, seed: int) -> Found:
    """Read what `path` holds. Raises `DataError` that says what was expected and what is there."""
    if path.suffix.lower() in (".csv", ".tsv") and path.is_file():
        return _from_table(path, target, seed)
    root = need_folder(path)
    inside = {p.name.lower(): p for p in root.iterdir() if p.is_dir() and not p.name.startswith(".")}
    valid = next((inside[v] for v in VALID_NAMES if v in inside), None)
    others = [p for p in get_files(root) if p.suffix.lower() not in IMAGE_EXTENSIONS]
    if "train" in inside and valid is not None:
        files = get_image_files(root, folders=[inside["train"].name, valid.name])
        if files:
            split = GrandparentSplitter(inside["train"].name, valid.name)
            how = f"as the folders {inside['train'].name}/ and {valid.name}/ say"
            return Found(files, [parent_label(f) for f in files], split, how, f"{root}/", others)
    tables = [p for p in others if p.suffix.lower() in (".csv", ".tsv") and p.parent == root]
    files = need_images(root)
    folders = sorted({parent_label(f) for f in files if f.parent != root})
    if tables and (target is not None or len(folders) < 2):
        return _from_table(tables[0], target, seed)
    if len(folders) < 2:
        one = f"one class folder, {folders[0]}/" if folders else "no class folders"
        raise DataError(
            f"{root} holds {len(files)} pictures and {one}; a classifier needs two classes or more. Put the pictures of "
            "each class into a folder of its name, or give a CSV with a column of file names and one of labels."
        )
    kept = [f for f in files if f.parent != root]
    labels = [parent_label(f) for f in kept]
    return Found(
        kept,
        labels,
        StratifiedSplitter(labels, VALID_SHARE, seed),
        f"chosen at random (seed {seed})",
        f"{root}/",
        others,
    )


def _from_table(file: Path, target: str | None, seed: int) -> Found:
    import pandas as pd

    try:
        df = pd.read_csv(
            file, sep="\t" if file.suffix.lower() == ".tsv" else ",", dtype=str, encoding="utf-8-sig"
        )
    except (pd.errors.EmptyDataError, pd.errors.ParserError, UnicodeDecodeError) as e:
        raise DataError(f"{file} cannot be read as a table: {e}") from None
    if df.empty:
        raise DataError(f"{file} has a header and no rows.")
    columns = list(map(str, df.columns))
    names = next((c for c in columns if _is_file_name(df[c])), None)
    if names is None:
        raise DataError(f"{file}: none of the columns {some(columns, 12)} holds names of pictures.")
    if target is not None and target not in columns:
        raise DataError(
            f"{file} has no column {target!r}; there are {some(columns, 12)}.{did_you_mean(target, columns)}"
        )
    label = target or _label_column(df, columns, names)
    splits = next((c for c in columns if c.lower() in SPLIT_NAMES), None)
    unlabelled = [i for i, v in enumerate(df[label]) if not isinstance(v, str) or not v.strip()]
    if unlabelled:
        from tipoff.notes import note

        note(
            f"{len(unlabelled)} rows without a label left out: rows {some((i + 2 for i in unlabelled), 6)} of {file.name}"
        )
        df = df.drop(index=df.index[unlabelled]).reset_index(drop=True)
    files = _locate(file, df[names])
    labels = [str(v).strip() for v in df[label]]
    if splits is not None:
        return Found(
            files, labels, lambda _: ColSplitter(splits)(df), f"as the column {splits} says", str(file), []
        )
    return Found(
        files,
        labels,
        StratifiedSplitter(labels, VALID_SHARE, seed),
        f"chosen at random (seed {seed})",
        str(file),
        [],
    )


def _is_file_name(column: Any) -> bool:
    values = [v for v in column.head(50) if isinstance(v, str)]
    return bool(values) and sum(Path(v).suffix.lower() in IMAGE_EXTENSIONS for v in values) > len(values) / 2


def _label_column(df: Any, columns: list[str], names: str) -> str:
    named = [c for c in columns if c.lower() in LABEL_NAMES]
    if named:
        return named[0]
    rest = [
        c
        for c in columns
        if c != names and c.lower() not in SPLIT_NAMES and 2 <= df[c].nunique() <= max(2, len(df) // 2)
    ]
    if len(rest) == 1:
        return rest[0]
    raise DataError(f"Which column holds the label? There are {some(columns, 12)}: pass --target NAME.")


def _locate(file: Path, names: Any) -> list[Path]:
    """The files that the table names, beside it or in one of the folders there."""
    for base in (file.parent, *sorted(p for p in file.parent.iterdir() if p.is_dir())):
        files = [base / str(n) for n in names]
        if files[0].exists() or sum(f.exists() for f in files[:100]) > min(len(files), 100) / 2:
            break
    else:
        files = [file.parent / str(n) for n in names]
    missing = [i for i, f in enumerate(files) if not f.exists()]
    if missing:
        there = (
            [p.name for p in files[missing[0]].parent.iterdir()] if files[missing[0]].parent.is_dir() else []
        )
        raise DataError(
            f"{file}: {len(missing)} of {len(files)} files are missing: rows {some((i + 2 for i in missing), 8)} (the header is row 1). "
            f"The first is {files[missing[0]]}.{did_you_mean(files[missing[0]].name, there)}"
        )
    return files
