"""A learner's weights and its model file, on disk and back."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

import tipoff
from tipoff.bundle.file import Bundle, read, write
from tipoff.bundle.predictor import Predictor
from tipoff.errors import BundleError, UsageError, did_you_mean
from tipoff.figures import name_in_words, value_in_words
from tipoff.learner.again import KEY
from tipoff.spec import Catalog, Spec
from tipoff.train.checkpoint import write_checkpoint

if TYPE_CHECKING:
    from tipoff.learner.learner import Learner

N_CHECK = 3


def save_weights(learn: Learner, path: Path, with_opt: bool) -> Path:
    """Weights, and the optimizer's state, in one file that holds no code."""
    state: dict[str, Any] = {"model": learn.model.state_dict()}
    if with_opt and learn.opt is not None:
        state["opt"] = learn.opt.state_dict()
    write_checkpoint(path, state)
    return path


def load_weights(learn: Learner, path: Path, device: str, with_opt: bool, strict: bool) -> None:
    """Read what `save_weights` wrote. Raises `BundleError` where there is none or it does not fit."""
    if not path.exists():
        near = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
        raise BundleError(f"There is no file {path}.{did_you_mean(path.name, near)}")
    try:
        state = torch.load(path, map_location=device, weights_only=True)
        learn.model.load_state_dict(state["model"], strict=strict)
    except Exception as e:
        raise BundleError(f"{path} does not hold weights of this model: {str(e)[:300]}") from None
    if with_opt and learn.opt is not None and "opt" in state:
        learn.opt.load_state_dict(state["opt"])


def export(learn: Learner, path: Path, catalog: Catalog | None) -> Path:
    """Write the model file of `learn`."""
    if learn.dls.plan is None or learn.model_spec is None:
        raise UsageError(
            "export needs DataLoaders made from a DataBlock and a model that is known by name (vision_learner makes "
            "one). For a model of your own pass model_spec=, a frozen Spec with build(), and name it in catalog=."
        )
    facts = {**learn.facts, **_facts(learn)}
    bundle = Bundle(
        learn.dls.plan,
        learn.model_spec,
        learn.model.state_dict(),
        facts,
        card(facts, learn.dls.plan.inputs[0].things),
        _check(learn),
    )
    return write(path, bundle, catalog)


def _facts(learn: Learner) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "date": datetime.date.today().isoformat(),
        "torch": torch.__version__,
        "tipoff": tipoff.__version__,
        "epochs": learn.n_epochs_done,
    }
    if len(learn.dls):
        facts["items"] = {
            "train": learn.dls.train.n,
            "valid": learn.dls.valid.n if learn.dls.valid is not None else 0,
        }
    if training := learn.how_trained():
        facts[KEY] = training
    if figures := learn.figures():
        facts["figures"] = figures
    return {k: _finite(v) for k, v in facts.items()}


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _finite(v) for k, v in value.items()}
    return None if isinstance(value, float) and (value != value or abs(value) == float("inf")) else value


def _check(learn: Learner) -> dict[str, torch.Tensor]:
    """A few validation inputs and what the network says of them."""
    if learn.dls.plan is None or learn.dls.valid is None or not hasattr(learn.dls.valid.dataset, "plan"):
        return {}
    data = learn.dls.valid.dataset
    batch = learn.dls.plan.finish(data.batch(torch.arange(min(N_CHECK, len(data))), 0), None)
    with _exact():
        prob = Predictor(learn.dls.plan, learn.model, device=learn.dls.device).probabilities(batch.x)
    return {**{f"x{i}": t for i, t in enumerate(batch.x)}, "prob": prob}


@contextmanager
def _exact() -> Iterator[None]:
    """Convolutions in whole float32 on a GPU too, which rounds them to 10 bits by default: a processor is to agree."""
    before = torch.backends.cudnn.allow_tf32
    torch.backends.cudnn.allow_tf32 = False
    try:
        yield
    finally:
        torch.backends.cudnn.allow_tf32 = before


def card(facts: dict[str, Any], things: str = "items") -> str:
    """The model card: what it was trained on (so many `things`), how good it is, on what terms its weights came."""
    lines = ["# Model card", ""]
    if "task" in facts:
        lines += [str(facts["task"]), ""]
    if "items" in facts:
        lines.append(
            f"Trained on {facts['items']['train']:,} {things}, checked on {facts['items']['valid']:,}, {facts['epochs']} epochs."
        )
    for name, value in (facts.get("figures") or {}).items():
        lines.append(f"- {name_in_words(name)}: {value_in_words(name, value)}")
    for key in ("arch", "weights", "licence", "baseline", "result"):
        if facts.get(key):
            lines.append(f"- {key}: {facts[key]}")
    return "\n".join([*lines, "", f"Written by tipoff {facts.get('tipoff')} on {facts.get('date')}.", ""])


def load_learner(fname: str | Path, cpu: bool = True, *, catalog: Catalog | None = None) -> Learner:
    """A learner from a model file: `predict`, `get_preds(dl=learn.dls.test_dl(items))`, or set `learn.dls` and train on.

    A learner of a table or of ratings goes on with the rates it was made with, and reads other rows as it read those.

    Reading runs no code of the file. Raises `BundleError` or `SpecError` for anything wrong with it.
    """
    bundle = read(fname, catalog)
    kind = _learner_class(bundle.model)
    dls = kind.dls_class(plan=bundle.plan, device="cpu" if cpu else None, path=Path(fname).parent)
    splitter = getattr(bundle.model, "splitter", None)
    extra: dict[str, Any] = {"splitter": splitter} if splitter is not None else {}
    extra |= kind.again(bundle.model, bundle.facts.get(KEY) or {})
    return kind(dls, bundle.build(), model_spec=bundle.model, facts=bundle.facts, **extra)


def _learner_class(model: Spec) -> type[Learner]:
    """The learner of an application's own, where its model names one."""
    from tipoff.learner.learner import Learner

    made: type[Learner] = getattr(model, "learner_class", lambda: Learner)()
    return made
