"""What decides the result of a run, as text: kept in a checkpoint, and compared before the run goes on.

A run that goes on with other data, another order of them, another network, loss or optimizer ends as neither run would have.
"""

from __future__ import annotations

import hashlib
import inspect
import re
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from tipoff.errors import some
from tipoff.learner.recipe import recipe_of
from tipoff.train.callback import Callback

if TYPE_CHECKING:
    from tipoff.learner.learner import Learner

Conditions = dict[str, list[str]]  # name -> what it is, in the parts that a difference is told by

WHOLE = 64 << 20  # bytes of an array that are looked at one by one; of a longer one, a sum and some rows
SHOWN = 60  # letters of a value in a message
MOST = 4096  # parts of which each is kept; more are kept as one number
SETTINGS = ("lr", "wd", "moms", "wd_bn_bias", "train_bn", "precision")
LOADER = {
    "seed": "seed",
    "bs": "batch size",
    "shuffle": "shuffle",
    "drop_last": "drop_last",
    "weights": "weights of items",
    "partial_n": "partial_n",
}
DATASET = {"seq_len": "seq_len", "backwards": "backwards"}
PLAN = ("inputs", "targets", "item_tfms", "batch_tfms")
NEVER = {"fname", "path"}  # arguments of callbacks that change no weight


def conditions_of(learn: Learner, cbs: Sequence[Callback]) -> Conditions:
    """What decides how a call of `learn` with the callbacks `cbs` ends, besides its own arguments."""
    made: Conditions = {}
    for split, name in ((0, "training"), (1, "validation")):
        if split < len(learn.dls):
            loader = learn.dls[split]
            made[f"{name} items"] = [f"{len(loader.dataset):,}", _content(loader.dataset, learn.dls.path)]
            if split == 0:
                made["loader"] = [type(loader).__name__]
                for source, names in ((loader, LOADER), (loader.dataset, DATASET)):
                    made |= {
                        word: [text_of(getattr(source, k))] for k, word in names.items() if hasattr(source, k)
                    }
    if learn.dls.plan is not None:
        made |= {part: _parts(getattr(learn.dls.plan, part)) for part in PLAN}
    state = learn.model.state_dict()
    made["parameters"] = _kept(f"{k} {tuple(getattr(v, 'shape', ()))}" for k, v in state.items())
    made["network"] = _kept(line.strip() for line in _plain(repr(learn.model)).splitlines())
    made["groups of layers"] = [", ".join(str(len(g)) for g in learn.groups)]
    recipe = recipe_of(learn)
    made |= {name: [text_of(getattr(recipe, name))] for name in SETTINGS}
    made["loss"] = [text_of(learn.loss_func)]
    made["optimizer"] = [text_of(learn.opt_func)]
    made["metrics"] = [m.name for m in learn.metrics]
    made["callbacks"] = sorted(text_of(cb) for cb in cbs if not cb.only_watches and _is_ours(cb))
    return made


def differences(then: Conditions, now: Conditions) -> list[str]:
    """What is other `now`, one sentence each; nothing where all is as it was.

    >>> differences({"seed": ["1"]}, {"seed": ["2"]})
    ['seed: 1, now 2']
    """
    out = []
    for name in [*then, *(k for k in now if k not in then)]:
        before, after = then.get(name, []), now.get(name, [])
        if before != after and not (name == "network" and then["parameters"] != now["parameters"]):
            out.append(f"{name}: {_difference(name, before, after)}")
    return out


def own_callbacks(cbs: Iterable[Callback]) -> list[str]:
    """The names of the callbacks of classes of the user's, which may change what is trained or may not."""
    return sorted(type(cb).__name__ for cb in cbs if not cb.only_watches and not _is_ours(cb))


def _difference(name: str, before: list[str], after: list[str]) -> str:
    if name.endswith("items"):
        if before[:1] == after[:1]:
            return f"{after[0] if after else 'none'}, but others, or in another order"
        return f"{before[0] if before else 'none'}, now {after[0] if after else 'none'}"
    gone, new = ([p for p in a if p not in b] for a, b in ((before, after), (after, before)))
    if not gone and not new:
        return f"{some(before, 4)}, now in another order: {some(after, 4)}"
    if name == "callbacks":
        words = [*(f"{p} is missing" for p in gone), *(f"{p} is new" for p in new)]
        return "; ".join(words)
    at = _first_difference(gone[0], new[0]) if gone and new else 0
    return f"{_shown(gone, at)}, now {_shown(new, at)}"


def _first_difference(a: str, b: str) -> int:
    return next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


def _shown(parts: list[str], at: int) -> str:
    """The first part, around the letter `at`."""
    if not parts:
        return "none"
    text = parts[0]
    begin = max(0, at - SHOWN // 2) if len(text) > SHOWN else 0
    cut = text[begin : begin + SHOWN]
    more = f" and {len(parts) - 1} more" if len(parts) > 1 else ""
    return f"{'…' if begin else ''}{cut}{'…' if begin + SHOWN < len(text) else ''}{more}"


def text_of(thing: Any) -> str:
    """What something is, in text that is the same in every process: functions by name, objects by their arguments."""
    if isinstance(thing, partial):
        given = [text_of(a) for a in thing.args] + [f"{k}={text_of(v)}" for k, v in thing.keywords.items()]
        return f"{text_of(thing.func)}({', '.join(given)})"
    if isinstance(thing, Tensor):
        return f"tensor({thing.tolist()})" if thing.numel() < 1000 else f"tensor {_hash(thing)}"
    if isinstance(thing, dict):
        return "{" + ", ".join(f"{k}: {text_of(v)}" for k, v in thing.items()) + "}"
    if inspect.ismethod(thing):
        return f"{type(thing.__self__).__name__}.{thing.__name__}"
    if inspect.isroutine(thing) or inspect.isclass(thing):
        return str(getattr(thing, "__qualname__", thing))
    if isinstance(thing, (Callback, torch.nn.Module)) or repr(thing) == object.__repr__(thing):
        names = [n for n in _arguments(type(thing)) if n not in NEVER and hasattr(thing, n)]
        given = [f"{n}={text_of(getattr(thing, n))}" for n in names]
        return f"{type(thing).__name__}({', '.join(given)})"
    return _plain(repr(thing))


def _arguments(kind: type) -> list[str]:
    try:
        return list(inspect.signature(kind).parameters)
    except (TypeError, ValueError):
        return []


def _is_ours(cb: Callback) -> bool:
    return type(cb).__module__.startswith("tipoff.")


def _plain(text: str) -> str:
    """`text` without addresses in memory."""
    return re.sub(r"(?: object)? at 0x[0-9a-fA-F]+", "", text)


def _parts(values: Any) -> list[str]:
    """The steps or blocks of a plan; of blocks, each field, so that a difference can be told."""
    made = []
    for v in values:
        fields = getattr(v, "__dataclass_fields__", {})
        its = [f"{type(v).__name__}.{name} {text_of(getattr(v, name))}" for name in fields]
        made += [type(v).__name__, *its] if fields else [text_of(v)]
    return _kept(made)


def _kept(parts: Iterable[str]) -> list[str]:
    """`parts`, those that are long as their beginning and a hash of the whole."""
    made = [p if len(p) <= MOST else f"{p[:MOST]} {_hash(p)}" for p in parts]
    return made if len(made) <= MOST else [*made[:SHOWN], _hash("\n".join(made))]


def _hash(*values: Any) -> str:
    digest = hashlib.blake2b(digest_size=12)
    for v in values:
        if isinstance(v, Tensor):
            v = v.detach().cpu()
            v = (v.float() if v.dtype is torch.bfloat16 else v).numpy()
        if isinstance(v, np.ndarray) and v.dtype != object:
            digest.update(f"{v.dtype}{v.shape}".encode())
            if v.nbytes > WHOLE:
                digest.update(repr(v.sum(dtype=np.float64)).encode())
                v = v[:: -(-v.nbytes // WHOLE)]
            digest.update(np.ascontiguousarray(v).tobytes())
        else:
            digest.update((v if isinstance(v, str) else repr(v)).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def _content(dataset: Any, home: Path) -> str:
    """A hash of the items as they were given: raw values, names and sizes of files, tensors in memory."""
    return _hash(*_values(dataset, home, 0))


def _values(thing: Any, home: Path, depth: int) -> Iterable[Any]:
    if isinstance(thing, (Tensor, np.ndarray, str, bytes, int, float, bool, type(None))):
        yield thing
    elif isinstance(thing, Path):
        # a folder that was moved as a whole holds the same files
        inside = thing.relative_to(home) if thing.is_relative_to(home) else Path(*thing.parts[-3:])
        yield inside.as_posix()
        try:
            yield thing.stat().st_size
        except OSError:
            yield -1
    elif isinstance(thing, (list, tuple)):
        yield len(thing)
        for v in thing:
            yield from _values(v, home, depth + 1)
    elif (
        depth <= 2
        and hasattr(thing, "__dict__")
        and type(thing).__module__.split(".")[0] in ("tipoff", "torch")
    ):
        for name, v in sorted(vars(thing).items()):
            if not name.startswith("_") and not isinstance(v, (bool, int)) and name not in OF_OTHERS:
                yield from _values(v, home, depth + 1)


OF_OTHERS = {
    "plan",
    "frame",
    "targets",
    "rows",
    "bad",
    "keep",
    "steps",
    "together",
    "at_end",
    "kinds",
}  # or derived
