"""What `tipoff train` was asked to do, and whether there is room to do it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tipoff.cli.screen import command
from tipoff.errors import UsageError

if TYPE_CHECKING:
    from tipoff.learner.learner import Learner


@dataclass(frozen=True)
class Settings:
    """What is None is chosen by the task that the path makes."""

    path: str
    target: str | None = None
    arch: str | None = None
    minutes: float | None = None
    epochs: int | None = None
    out: str | None = None
    size: int | None = None
    bs: int | None = None
    seed: int = 42
    pretrained: bool | None = None
    quiet: bool = False
    group: str | None = None
    time: str | None = None
    leave_out: tuple[str, ...] = ()
    valid_col: str | None = None
    kind: str | None = None  # class, number
    sheet: str | None = None
    task: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "leave_out", tuple(self.leave_out))  # a list, from a checkpoint
        if self.epochs is not None and self.epochs < 0:
            raise UsageError(f"--epochs is {self.epochs}; it is a number from 0 on (0 fits the head only).")
        if self.minutes is not None and self.minutes <= 0:
            raise UsageError(f"--minutes is {self.minutes:g}; it is a time above 0, such as 5 or 0.5.")
        if len(ways := self._ways()) > 1:
            raise UsageError(f"{' and '.join(ways)} each say how to split; give one of them.")
        if self.size is not None and self.size < 1:
            raise UsageError(f"--size is {self.size}; it is a number of pixels, such as 224.")
        if not 0 <= self.seed < 2**63:
            raise UsageError(f"--seed is {self.seed}; it is a whole number from 0 on.")
        if self.kind not in (None, "class", "number"):
            raise UsageError(f"--kind is class or number, not {self.kind!r}.")

    def _ways(self) -> list[str]:
        given = {"--valid-col": self.valid_col, "--group": self.group, "--time": self.time}
        return [option for option, value in given.items() if value is not None]

    @property
    def how_split(self) -> str | None:
        """The option that says how to split."""
        return next(iter(self._ways()), None)

    @property
    def data(self) -> Path:
        return Path(self.path)

    @property
    def model_file(self) -> Path:
        if self.out is not None:
            return Path(self.out) if self.out.endswith(".tipoff") else Path(self.out + ".tipoff")
        return Path(f"{self._name()}.tipoff")

    def _name(self) -> str:
        """That of the folder; of a table of pictures, the folder that it is in; of another table, its own."""
        if not self.data.is_file():
            return self.data.resolve().name
        return self.data.resolve().parent.name if self.task == "pictures" else self.data.stem

    @property
    def folder(self) -> Path:
        """Where pictures, the checkpoint and the list of skipped files go: never into the data."""
        return self.model_file.with_name(f"{self.model_file.stem}_results")

    def as_facts(self) -> dict[str, Any]:
        """As a model file holds them: names, and not where these lie on the machine of who trained it.

        >>> Settings("/home/ann/photos", out="models/pets.tipoff").as_facts()["path"]
        'photos'
        """
        out = None if self.out is None else Path(self.out).name
        return {**asdict(self), "path": self.data.resolve().name, "out": out}

    def from_anywhere(self) -> Settings:
        """The same with whole paths, for a resume from another folder."""
        return replace(self, path=str(self.data.absolute()), out=str(self.model_file.absolute()))


def one_target(path: Path, asked: Sequence[str]) -> str | None:
    """The column that --target names. Raises `UsageError`, with the commands that do it, where it names several."""
    if len(asked) < 2:
        return asked[0] if asked else None
    each = [
        command(
            "train",
            str(path),
            "--target",
            a,
            *(s for b in asked if b != a for s in ("--leave-out", b)),
            "--out",
            a,
        )
        for a in asked
    ]
    raise UsageError(
        f"A model predicts one column, and --target names {len(asked)}. Train one for each; leave the others out unless you know them when "
        "you ask:\n" + "\n".join(each)
    )


def check_place(settings: Settings) -> None:
    """Refuse before training, not after it, when the model file cannot be written."""
    file, parent = settings.model_file, settings.model_file.absolute().parent
    if not parent.is_dir():
        raise UsageError(f"There is no folder {parent} to write {file.name} to.")
    if file.is_dir():
        raise UsageError(f"{file} is a folder. Choose another name: --out NAME.tipoff")
    for place in (parent, settings.folder):
        if place.exists() and not os.access(place, os.W_OK):
            raise UsageError(
                f"The folder {place} may not be written to. Choose another place: --out FOLDER/{file.name}"
            )


def check_room(learn: Learner, file: Path) -> None:
    """Refuse before training, not after it, when the disk is too full for checkpoint and model file."""
    weights = sum(t.numel() * t.element_size() for t in learn.model.state_dict().values())
    # a checkpoint is weights and Adam's two averages; a new one is written beside the old one
    needed = 7 * weights
    free = shutil.disk_usage(file.absolute().parent).free
    if free < needed:
        raise UsageError(
            f"There are {free / 1e6:,.0f} MB free in {file.absolute().parent}; the checkpoint and the model file need "
            f"{needed / 1e6:,.0f}. Make room, or choose another place: --out FOLDER/{file.name}"
        )
