"""A run's state on disk: written whole or not at all."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import torch

from tipoff.errors import BundleError


def write_checkpoint(path: str | Path, state: dict[str, Any]) -> None:
    """Write `state` to `path` by way of a temporary file; what was there stays until the new one is whole."""
    path = Path(path)
    temporary = path.with_name(f".{path.name}.part")  # one that a killed run left behind is written over
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(temporary, "wb") as file:
            torch.save(state, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except (OSError, RuntimeError) as e:
        home = next((p for p in path.absolute().parents if p.is_dir()), Path("/"))
        if home == path.absolute().parent:
            temporary.unlink(missing_ok=True)
        free = shutil.disk_usage(home).free / 2**20
        raise BundleError(f"The checkpoint {path} cannot be written: {e} ({free:,.0f} MB free).") from e


def read_checkpoint(path: str | Path) -> dict[str, Any]:
    """What `write_checkpoint` wrote; no code runs. Raises `BundleError` where there is none or it is damaged."""
    path = Path(path)
    if not path.exists():
        raise BundleError(f"There is no checkpoint {path}: nothing to resume.")
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as e:
        raise BundleError(
            f"The checkpoint {path} cannot be read ({type(e).__name__}); is it a checkpoint of tipoff?"
        ) from None
    if not isinstance(state, dict) or "run" not in state:
        raise BundleError(f"{path} is not a checkpoint of tipoff.")
    return state
