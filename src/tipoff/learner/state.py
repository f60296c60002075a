"""A learner's model file, on disk and back."""

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
from tipoff.checked import checked
from tipoff.errors import UsageError
from tipoff.figures import name_in_words, value_in_words
from tipoff.learner import recipe as recipes
from tipoff.spec import Catalog, Spec
from tipoff.verdict import Verdict, markdown

if TYPE_CHECKING:
    from tipoff.learner.learner import Learner

N_CHECK = 3


def export(learn: Learner, path: Path, catalog: Catalog | None) -> Path:
    """Write the model file of `learn`."""
    if learn.dls.plan is None or learn.model_spec is None:
        raise UsageError(
            "export needs DataLoaders made from a DataBlock and a model that is known by name (vision_learner makes "
            "one). For a model of your own pass model_spec=, a frozen Spec with build(), and name it in catalog=."
        )
    facts = {**learn.facts, **_facts(learn)}
    bundle = Bundle(
        learn.dls.plan.for_prediction(),
        learn.model_spec,
        learn.model.state_dict(),
        facts,
        card(facts, learn.dls.plan.inputs[0].things),
        _check(learn),
        recipes.written(learn.recipe(catalog), catalog),
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
    verdict = Verdict.from_json(facts.get("verdict"))
    if verdict is not None:
        lines += ["", "## Results", "", markdown(verdict), "", "## Made of", ""]
    told = ("result", "baseline") if verdict is not None else ()
    for key in ("arch", "weights", "licence", "baseline", "result"):
        if facts.get(key) and key not in told:
            lines.append(f"- {key}: {facts[key]}")
    return "\n".join([*lines, "", f"Written by tipoff {facts.get('tipoff')} on {facts.get('date')}.", ""])


@checked
def load_learner(fname: str | Path, cpu: bool = True, *, catalog: Catalog | None = None) -> Learner:
    """Read a learner from a model file: to predict with, or to train on with new data.

    It trains as it did: the same parameter groups, rates, loss and callbacks, normalised alike. What a model file cannot
    hold, such as a loss that is a function of your own, is said when data are set.

    Args:
        fname: The model file, as `learn.export` wrote it.
        cpu: Whether the network is put on the CPU; False takes the GPU where there is one.
        catalog: Parts of your own by the names that `export` was given.

    Raises:
        BundleError: The file is damaged, too large, or no model file.
        SpecError: A part of it cannot be rebuilt. No code of the file is run, whatever it holds.

    >>> learn = load_learner("pets.tipoff")  # doctest: +SKIP
    >>> learn.dls = ImageDataLoaders.from_folder("more_photos")  # doctest: +SKIP
    >>> learn.fine_tune(1)  # doctest: +SKIP
    """
    bundle = read(fname, catalog)
    kind = _learner_class(bundle.model)
    recipe = kind.usual(bundle) if bundle.recipe is None else recipes.read(bundle.recipe, catalog)
    dls = kind.dls_class(plan=bundle.plan, device="cpu" if cpu else None, path=Path(fname).parent)
    learn = kind(
        dls,
        bundle.build(),
        loss_func=recipes.loss_of(recipe, catalog),
        opt_func=recipes.optimizer_of(recipe, catalog),
        lr=recipe.lr,
        splitter=recipes.splitter_of(recipe, bundle.model, catalog),
        metrics=recipes.metrics_of(recipe),
        wd=recipe.wd,
        wd_bn_bias=recipe.wd_bn_bias,
        train_bn=recipe.train_bn,
        moms=recipe.moms,
        model_spec=bundle.model,
        norm=recipe.norm,
        facts=bundle.facts,
        channels_last=recipe.channels_last,
    )
    its = recipes.callbacks_of(recipe, catalog)
    learn.cbs = [cb for cb in learn.cbs if type(cb) not in set(map(type, its))] + its
    if recipe.frozen_to:
        learn.freeze_to(recipe.frozen_to)
    epochs = bundle.facts.get("epochs")
    learn.n_epochs_done = epochs if isinstance(epochs, int) and 0 <= epochs < 2**31 else 0
    learn.loaded = recipe
    return learn


def _learner_class(model: Spec) -> type[Learner]:
    """The learner of an application's own, where its model names one."""
    from tipoff.learner.learner import Learner

    made: type[Learner] = getattr(model, "learner_class", lambda: Learner)()
    return made
