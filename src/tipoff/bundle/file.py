"""Write and read a model file: a zip, or a folder, of JSON and safetensors. Nothing in it is code.

    spec.json            {"format": 1, "tipoff": "0.1.0", "plan": {...}, "model": {...}, "facts": {...}}
    model.safetensors    the weights
    card.md              what it was trained on, figures, licence of the weights
    check.safetensors    a few inputs with the outputs they gave

Reading looks at names, sizes and shapes before it allocates anything, and imports only what the
catalog names.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor, nn

import tipoff
from tipoff.bundle.catalog import CATALOG
from tipoff.data.plan import Plan
from tipoff.errors import BundleError, SpecError, did_you_mean
from tipoff.spec import Catalog, Spec, dump, load

FORMAT = 1
MAX_SPEC_BYTES = 16 << 20
MAX_CARD_BYTES = 1 << 20
MAX_WEIGHT_BYTES = 32 << 30
MAX_CHECK_BYTES = 256 << 20
LIMITS = {
    "spec.json": MAX_SPEC_BYTES,
    "card.md": MAX_CARD_BYTES,
    "model.safetensors": MAX_WEIGHT_BYTES,
    "check.safetensors": MAX_CHECK_BYTES,
}


@dataclass
class Bundle:
    """What a model file holds. `facts` are JSON values: figures, dates, classes, the size of the data."""

    plan: Plan
    model: Spec
    weights: dict[str, Tensor]
    facts: dict[str, Any] = field(default_factory=dict)
    card: str = ""
    check: dict[str, Tensor] = field(default_factory=dict)

    def build(self) -> nn.Module:
        """The network with its weights, in evaluation mode. Raises `BundleError` where they do not fit."""
        build = getattr(self.model, "build", None)
        if build is None:
            raise BundleError(
                f"The model file's model is a {type(self.model).__name__}, which cannot be built."
            )
        with torch.device("meta"):
            net: nn.Module = build()
        wanted = {k: tuple(v.shape) for k, v in net.state_dict().items()}
        have = {k: tuple(v.shape) for k, v in self.weights.items()}
        if missing := sorted(set(wanted) - set(have)):
            raise BundleError(
                f"The weights lack {len(missing)} tensors of the network, such as {missing[0]!r}."
            )
        if extra := sorted(set(have) - set(wanted)):
            raise BundleError(
                f"The weights hold {len(extra)} tensors that the network has not, such as {extra[0]!r}."
            )
        for name, shape in wanted.items():
            if have[name] != shape:
                raise BundleError(
                    f"The tensor {name!r} has the shape {have[name]}; the network needs {shape}."
                )
        net = build()  # buffers outside the state (timm has some) are made again off the meta device
        net.load_state_dict(self.weights)
        return net.eval()


def write(path: str | Path, bundle: Bundle, catalog: Catalog | None = None) -> Path:
    """Write a model file; a zip, or a folder where `path` is one. Nothing half-written is left behind.

    Raises `SpecError` for a part that a model file cannot hold, before anything is written.
    """
    path = Path(path)
    names = {**CATALOG, **(catalog or {})}
    spec = {
        "format": FORMAT,
        "tipoff": tipoff.__version__,
        "plan": dump(bundle.plan, names, "plan"),
        "model": dump(bundle.model, names, "model"),
        "facts": bundle.facts,
    }
    files = {
        "spec.json": json.dumps(spec, indent=1, ensure_ascii=False, allow_nan=False).encode(),
        "model.safetensors": save_tensors(
            {k: v.detach().cpu().contiguous() for k, v in bundle.weights.items()}
        ),
        "card.md": bundle.card.encode(),
    }
    if bundle.check:
        files["check.safetensors"] = save_tensors(
            {k: v.detach().cpu().contiguous() for k, v in bundle.check.items()}
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        if path.is_dir():
            _write_folder(path, files)
        else:
            _write_zip(path, files)
    except OSError as e:
        free = shutil.disk_usage(path.parent).free / 2**20
        raise BundleError(
            f"{path} cannot be written: {e.strerror or e} ({free:,.0f} MB free). The model in memory is whole."
        ) from e
    return path


def _write_zip(path: Path, files: Mapping[str, bytes]) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as raw:
            with zipfile.ZipFile(raw, "w", zipfile.ZIP_STORED) as archive:
                for name, data in files.items():
                    archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), data)
            raw.flush()
            os.fsync(raw.fileno())
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(temporary, 0o666 & ~umask)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _write_folder(path: Path, files: Mapping[str, bytes]) -> None:
    for name, data in files.items():
        temporary = path / f".{name}.part"
        temporary.write_bytes(data)
        os.replace(temporary, path / name)


def read(path: str | Path, catalog: Catalog | None = None) -> Bundle:
    """Read a model file. Raises `BundleError` or `SpecError` with a sentence for anything wrong with it."""
    path = Path(path)
    files = _read_folder(path) if path.is_dir() else _read_zip(path)
    spec = _spec(path, files["spec.json"])
    names = {**CATALOG, **(catalog or {})}
    try:
        plan, model = load(spec["plan"], names, "plan"), load(spec["model"], names, "model")
    except RecursionError:
        raise BundleError(f"{path}: spec.json is nested too deeply.") from None
    if not isinstance(plan, Plan) or not isinstance(model, Spec):
        raise SpecError(f"{path}: spec.json does not hold a plan and a model.")
    facts = spec.get("facts")
    return Bundle(
        plan,
        model,
        _tensors(path, "model.safetensors", files["model.safetensors"]),
        facts if isinstance(facts, dict) else {},
        files.get("card.md", b"").decode("utf-8", "replace"),
        _tensors(path, "check.safetensors", files["check.safetensors"])
        if "check.safetensors" in files
        else {},
    )


def _spec(path: Path, raw: bytes) -> dict[str, Any]:
    try:
        spec = json.loads(raw)
    except (ValueError, RecursionError) as e:
        raise BundleError(f"{path}: spec.json is not JSON ({e}).") from None
    if not isinstance(spec, dict) or "plan" not in spec or "model" not in spec:
        raise BundleError(f"{path}: spec.json lacks the plan or the model; this is not a tipoff model file.")
    found = spec.get("format")
    if found != FORMAT:
        raise BundleError(
            f"{path} has the format {found!r}, and this tipoff ({tipoff.__version__}) reads format {FORMAT}. "
            f"It was written by tipoff {spec.get('tipoff', '?')}: install that version or a newer one."
        )
    return spec


def _tensors(path: Path, name: str, raw: bytes) -> dict[str, Tensor]:
    try:
        return load_tensors(raw)
    except (SafetensorError, ValueError, KeyError, RuntimeError) as e:
        raise BundleError(f"{path}: {name} is damaged ({e}).") from None


def _missing(path: Path) -> BundleError:
    near = [p.name for p in path.parent.glob("*.tipoff")] if path.parent.is_dir() else []
    return BundleError(f"There is no model file {path}.{did_you_mean(path.name, near)}")


def _read_folder(path: Path) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    for name, limit in LIMITS.items():
        file = path / name
        if not file.exists():
            continue
        if not stat.S_ISREG(file.stat().st_mode) or file.stat().st_size > limit:
            raise BundleError(f"{file} is not a plain file of at most {limit:,} bytes.")
        files[name] = file.read_bytes()
    return _complete(path, files)


def _read_zip(path: Path) -> dict[str, bytes]:
    if not path.exists():
        raise _missing(path)
    total = path.stat().st_size
    files: dict[str, bytes] = {}
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if len(members) > 2 * len(LIMITS) or len({m.filename for m in members}) < len(members):
                raise BundleError(
                    f"{path} holds {len(members)} members; a model file holds a few, each once."
                )
            for m in members:
                if m.filename not in LIMITS:
                    continue  # a later version may add files
                if m.compress_type != zipfile.ZIP_STORED or m.flag_bits & 1:
                    raise BundleError(
                        f"{path}: {m.filename} is compressed or encrypted; a model file's members are stored plainly."
                    )
                # stored plainly, a member can't be larger than the file that holds it
                if m.file_size > min(LIMITS[m.filename], total) or m.file_size != m.compress_size:
                    raise BundleError(
                        f"{path}: {m.filename} claims {m.file_size:,} bytes in a file of {total:,}."
                    )
                files[m.filename] = archive.read(m)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, OSError, ValueError) as e:
        if isinstance(e, BundleError):
            raise
        raise BundleError(
            f"{path} is not a whole model file ({e}); it has {total:,} bytes. Was it copied or downloaded completely?"
        ) from None
    return _complete(path, files)


def _complete(path: Path, files: dict[str, bytes]) -> dict[str, bytes]:
    for name in ("spec.json", "model.safetensors"):
        if name not in files:
            raise BundleError(f"{path} lacks {name}; this is not a tipoff model file.")
    return files
