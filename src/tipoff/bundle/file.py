"""Write and read a model file: a zip, or a folder, of JSON and safetensors. Nothing in it is code.

    spec.json            {"format": 1, "tipoff": "0.1.0", "plan": {...}, "model": {...}, "recipe": {...}, "facts": {...}}
    model.safetensors    the weights
    card.md              what it was trained on, figures, licence of the weights
    texts.json           long texts of the plan: vocabularies, tokenizers
    check.safetensors    a few inputs with the outputs they gave

Reading looks at names, sizes and shapes before it allocates anything, and imports only what the
catalog names.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from reprlib import repr as short
from typing import Any

import torch
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor, nn

import tipoff
from tipoff.bundle import texts
from tipoff.bundle.build_limits import at_most, check_buffers, check_image_sizes
from tipoff.bundle.catalog import CATALOG
from tipoff.bundle.container import read_members, write_members
from tipoff.data.plan import Plan
from tipoff.errors import BundleError, NotSetUp, SpecError, TipoffError, UsageError
from tipoff.spec import Catalog, Spec, dump, load
from tipoff.strict_json import need_plain

FORMAT = 1
MAX_HEADER_BYTES = 8 << 20  # the names and shapes of about 80,000 tensors


@dataclass
class Bundle:
    """What a model file holds. `facts` are JSON values: figures, dates, classes, the size of the data."""

    plan: Plan
    model: Spec
    weights: dict[str, Tensor]
    facts: dict[str, Any] = field(default_factory=dict)
    card: str = ""
    check: dict[str, Tensor] = field(default_factory=dict)
    recipe: Any = None  # JSON values, which only a learner understands; None in older files

    def build(self) -> nn.Module:
        """The network with its weights, in evaluation mode. Raises `BundleError` where they do not fit."""
        with torch.device("meta"), at_most(len(self.weights)):
            empty = self._made()
            fits(empty.state_dict(), self.weights)
            check_buffers(empty, self.weights)
        net = self._made()  # buffers outside the state (timm has some) are made again off the meta device
        net.load_state_dict(self.weights)
        if fold := getattr(self.model, "fold", None):
            fold(net)
        return net.eval()

    def _made(self) -> nn.Module:
        build = getattr(self.model, "build", None)
        if build is None:
            raise BundleError(
                f"The model file's model is a {type(self.model).__name__}, which cannot be built."
            )
        try:
            net: nn.Module = build()
            return net
        except UsageError as e:  # of arguments that a file holds, and nobody typed
            raise BundleError(f"The network of the model file cannot be built: {e}") from None
        except TipoffError:
            raise
        except Exception as e:  # whatever a library says to odd sizes
            raise BundleError(f"The network {short(self.model)} cannot be built: {str(e)[:400]}") from None


def fits(wanted: Mapping[str, Tensor], have: Mapping[str, Tensor]) -> None:
    """Raise `BundleError` unless `have` holds the tensors of `wanted`: by name, shape and kind of number.

    Floating-point numbers of any width go into those of another; whole numbers must be of the same type.
    """
    if missing := sorted(set(wanted) - set(have)):
        raise BundleError(f"The weights lack {len(missing)} tensors of the network, such as {missing[0]!r}.")
    if extra := sorted(set(have) - set(wanted)):
        raise BundleError(
            f"The weights hold {len(extra)} tensors that the network has not, such as {short(extra[0])}."
        )
    for name, t in wanted.items():
        if have[name].shape != t.shape:
            raise BundleError(
                f"The tensor {name!r} has the shape {short(tuple(have[name].shape))}; the network needs {tuple(t.shape)}."
            )
        if have[name].dtype != t.dtype and not (have[name].is_floating_point() and t.is_floating_point()):
            raise BundleError(f"The tensor {name!r} holds {have[name].dtype}; the network needs {t.dtype}.")


def write(path: str | Path, bundle: Bundle, catalog: Catalog | None = None) -> Path:
    """Write a model file; a zip, or a folder where `path` is one. Nothing half-written is left behind.

    Raises `SpecError` for a part that a model file cannot hold, before anything is written, and
    `BundleError` where `path` cannot be written.
    """
    path = Path(path)
    names = {**CATALOG, **(catalog or {})}
    parts = {"plan": dump(bundle.plan, names, "plan"), "model": dump(bundle.model, names, "model")}
    _rebuilt(parts, names)  # what could not be read again is not written
    long: list[str] = []
    kept = {name: texts.put_out(part, long) for name, part in parts.items()}
    recipe = {} if bundle.recipe is None else {"recipe": bundle.recipe}
    spec = {"format": FORMAT, "tipoff": tipoff.__version__, **kept, **recipe, "facts": bundle.facts}
    try:
        text = json.dumps(spec, indent=1, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError) as e:
        raise SpecError(f"The facts of the model cannot be written as JSON: {e}.") from None
    files = {
        "spec.json": text.encode(),
        "model.safetensors": _packed(bundle.weights),
        "card.md": bundle.card.encode(),
    }
    if long:
        files[texts.MEMBER] = texts.packed(long)
    if bundle.check:
        files["check.safetensors"] = _packed(bundle.check)
    write_members(path, files)
    return path


def read(path: str | Path, catalog: Catalog | None = None) -> Bundle:
    """Read a model file. Raises `BundleError` or `SpecError` with a sentence for anything wrong with it."""
    path = Path(path)
    files = read_members(path)
    spec = _spec(path, files["spec.json"])
    if texts.MEMBER in files:
        long = texts.unpacked(path, files[texts.MEMBER])
        spec |= {name: texts.put_back(path, spec[name], long) for name in ("plan", "model")}
    plan, model = _rebuilt(spec, {**CATALOG, **(catalog or {})})
    facts = spec.get("facts")
    try:
        need_plain([facts, spec.get("recipe")])
    except ValueError as e:
        raise BundleError(f"{path}: the facts or the recipe of spec.json cannot be used: {e}.") from None
    weights, check = _unpacked(path, "model.safetensors", files["model.safetensors"]), {}
    if "check.safetensors" in files:
        check = _unpacked(path, "check.safetensors", files["check.safetensors"])
    check_image_sizes(plan, check)
    return Bundle(
        plan,
        model,
        weights,
        facts if isinstance(facts, dict) else {},
        files.get("card.md", b"").decode("utf-8", "replace"),
        check,
        spec.get("recipe"),
    )


def _spec(path: Path, raw: bytes) -> dict[str, Any]:
    try:
        spec = json.loads(raw, parse_constant=_no_constant)
    except RecursionError:
        raise BundleError(f"{path}: spec.json is nested too deeply.") from None
    except ValueError as e:
        raise BundleError(f"{path}: spec.json is not JSON ({e}).") from None
    if not isinstance(spec, dict) or "plan" not in spec or "model" not in spec:
        raise BundleError(f"{path}: spec.json lacks the plan or the model; this is not a tipoff model file.")
    found = spec.get("format")
    if found != FORMAT:
        raise BundleError(
            f"{path} has the format {short(found)}, and this tipoff ({tipoff.__version__}) reads format {FORMAT}. "
            f"It was written by tipoff {short(spec.get('tipoff', '?'))}: install that version or a newer one."
        )
    return spec


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number of JSON")


def _rebuilt(spec: Mapping[str, Any], catalog: Catalog) -> tuple[Plan, Spec]:
    """The plan and the model, if they go together."""
    plan, model = load(spec["plan"], catalog, "plan"), load(spec["model"], catalog, "model")
    if not isinstance(plan, Plan) or not isinstance(model, Spec):
        raise SpecError("The model file does not hold a plan and a model.")
    if not plan.inputs or not plan.targets:
        raise SpecError("The plan of the model file lacks inputs or targets.")
    try:
        answers, gives = sum(t.n_out for t in plan.targets), getattr(model, "n_out", None)
    except NotSetUp as e:
        raise SpecError(f"A target of the plan is not complete: {e}") from None
    if gives is not None and gives != answers:
        raise SpecError(f"The network gives {gives} numbers, and the targets take {answers}.")
    return plan, model


def _packed(tensors: Mapping[str, Tensor]) -> bytes:
    seen: set[int] = set()
    plain: dict[str, Tensor] = {}
    for name, t in tensors.items():
        t = t.detach().cpu().contiguous()
        start = t.untyped_storage().data_ptr()
        plain[name] = t.clone() if start in seen else t  # shared weights are written once for each name
        seen.add(start)
    return save_tensors(plain)


def _unpacked(path: Path, name: str, raw: bytes) -> dict[str, Tensor]:
    header = int.from_bytes(raw[:8], "little")
    if len(raw) < 8 or header > min(len(raw) - 8, MAX_HEADER_BYTES):
        raise BundleError(f"{path}: {name} is damaged (its header claims {header:,} of {len(raw):,} bytes).")
    try:
        return load_tensors(raw)
    except Exception as e:  # whatever damaged bytes make the library say
        raise BundleError(f"{path}: {name} is damaged ({e}).") from None
