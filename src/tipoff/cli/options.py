"""Which options of `tipoff train` each task takes: the others are refused, with what to do in their place."""

from __future__ import annotations

from typing import Any

from tipoff.cli.settings import Settings
from tipoff.errors import UsageError

_NO_IMAGES = "--size is the size of images, and there are none"
_FROM_SCRATCH = "the network for {} is always trained from scratch"

# (option, task) -> why it is refused; every other pair is honoured, or refused where the data are read
REFUSED = {
    ("--size", "tables"): _NO_IMAGES,
    ("--size", "texts"): _NO_IMAGES,
    ("--size", "ratings"): _NO_IMAGES,
    ("--pretrained", "tables"): _FROM_SCRATCH.format("tables"),
    ("--pretrained", "ratings"): _FROM_SCRATCH.format("ratings"),
    ("--no-pretrained", "tables"): _FROM_SCRATCH.format("tables"),
    ("--no-pretrained", "ratings"): _FROM_SCRATCH.format("ratings"),
    ("--sheet", "pictures in folders"): "--sheet names a sheet of an Excel file, and there is none",
}


def check_options(settings: Settings) -> None:
    """Raise `UsageError` for an option that the task of `settings` has no use for."""
    given: dict[str, Any] = {
        "--size": settings.size,
        "--pretrained": settings.pretrained or None,
        "--no-pretrained": settings.pretrained is False or None,
        "--sheet": settings.sheet,
    }
    where = " in folders" if settings.data.is_dir() and settings.task == "pictures" else ""
    for (option, task), why in REFUSED.items():
        if given[option] is not None and task in (settings.task, f"{settings.task}{where}"):
            raise UsageError(f"{option} is not for {settings.task}: {why}.")
