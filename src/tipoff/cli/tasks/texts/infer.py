"""What texts a path holds, in which classes, and how they are divided."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tipoff.cli.settings import Settings
from tipoff.cli.tasks.read import is_of_text, read
from tipoff.cli.tasks.recognise import LOOKED_AT, target_of
from tipoff.cli.tasks.recognise_texts import files_of, text_column
from tipoff.cli.tasks.split import SHARE, divided, need_named, way_of
from tipoff.data.labels import parent_label
from tipoff.data.splits import GrandparentSplitter, Splitter, StratifiedSplitter
from tipoff.errors import DataError, UsageError
from tipoff.notes import note

FEWEST = 10  # texts
VALID = "is_valid"  # the column that says so
VALID_NAMES = ("valid", "val", "validation", "test")


@dataclass(frozen=True)
class Found:
    """Texts (or their files), labels and `is_valid` as the columns of a frame; where they were, and how they are divided."""

    frame: Any
    text: str
    label: str
    where: str
    left_out: list[str]
    how_split: str


def infer(settings: Settings) -> Found:
    """Read the path and decide. Raises `DataError` that says what was expected and what is there."""
    found = _from_folder(settings) if settings.data.is_dir() else _from_table(settings)
    labels = found.frame[found.label].dropna()
    if labels.nunique() < 2:
        only = repr(labels.iloc[0]) if len(labels) else "nothing"
        raise DataError(f"{found.where}: all labels are {only}; a classifier needs two classes.")
    return found


def _from_folder(settings: Settings) -> Found:
    import pandas as pd

    if settings.how_split or settings.leave_out or settings.sheet:
        raise UsageError(
            "--group, --time, --valid-col, --leave-out and --sheet are for tables; text files are split by folders."
        )
    if settings.kind == "number":
        raise UsageError("--kind number is for tables; text files are in classes, by their folders.")
    if settings.target is not None:
        raise UsageError("--target names a column of a table; text files get their class from their folder.")
    root = settings.data
    files = [
        f
        for f in files_of(root)
        if f.parent != root and settings.folder.absolute() not in f.absolute().parents
    ]
    folders = {p.name.lower(): p.name for p in root.iterdir() if p.is_dir()}
    held_out = [folders[v] for v in VALID_NAMES if v in folders]
    if "train" in folders and held_out:
        parts = (folders["train"], held_out[0])
        files = [f for f in files if f.relative_to(root).parts[0] in parts]
        splitter: Splitter = GrandparentSplitter(*parts)
        how = f"as the folders {parts[0]}/ and {parts[1]}/ say"
    else:
        splitter = StratifiedSplitter(parent_label, SHARE, settings.seed)
        how = f"chosen at random (seed {settings.seed})"
    if len(files) < FEWEST:
        raise DataError(
            f"{root} holds {len(files) or 'no'} text files in class folders; {FEWEST} are the least to learn from and check on."
        )
    frame = pd.DataFrame({"text": pd.Series(files, dtype=object), "label": [parent_label(f) for f in files]})
    return _divided(
        frame, "text", "label", splitter, files, Found(frame, "text", "label", f"{root}/", [], how)
    )


def _from_table(settings: Settings) -> Found:
    path = settings.data
    options: dict[str, Any] = {"skipinitialspace": True} if is_of_text(path) else {}
    frame = read(path, settings.sheet, **options)
    if len(frame) < FEWEST:
        raise DataError(
            f"{path} has {len(frame) or 'no'} rows; {FEWEST} are the least to learn from and check on."
        )
    columns = [str(c) for c in frame.columns]
    label = target_of(columns, settings.target)
    need_named(frame, settings, label)
    text = text_column(frame.head(LOOKED_AT), label, settings.kind, settings.leave_out)
    if text is None or label is None:
        raise DataError(f"{path} has no column of free text any more.")
    if settings.target is None:
        note(f"{label} is predicted, by its name; --target chooses another column")
    way = way_of(frame, settings, [text, label])
    splitter = way.splitter
    if splitter is None:
        labels = frame[label].astype(object).where(frame[label].notna(), None).tolist()
        splitter = lambda _: StratifiedSplitter(labels, SHARE, settings.seed)(labels)  # noqa: E731
    rest = [c for c in columns if c not in (text, label, *way.spare)]
    return _divided(
        frame[[text, label]].copy(),
        text,
        label,
        splitter,
        frame,
        Found(frame, text, label, str(path), rest, way.how),
    )


def _divided(frame: Any, text: str, label: str, splitter: Splitter, items: Any, found: Found) -> Found:
    """With a column that says which rows are for validation."""
    frame, valid = divided(frame, label, splitter(items), True)
    mask = np.zeros(len(frame), bool)
    mask[valid] = True
    return Found(frame.assign(**{VALID: mask}), text, label, found.where, found.left_out, found.how_split)


def twins(found: Found) -> int:
    """How many texts to check on are also among those to learn from."""
    if found.frame[found.text].map(lambda v: isinstance(v, Path)).any():
        return 0
    valid = found.frame[VALID]
    learned = set(found.frame[found.text][~valid].dropna())
    return int(found.frame[found.text][valid].dropna().isin(learned).sum())
