"""How a learner trains, as a value: kept in the model file, so that a loaded model goes on as it was.

Everything that decides what is minimised and how weights move stands here, besides the data, the plan and the network.
What a model file cannot hold, a function of the user's own, is named in `unknown` and said when training goes on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from tipoff.bundle.catalog import CATALOG
from tipoff.bundle.parts import CALLBACKS, LOSSES, OPTIMIZERS, SPLITTERS
from tipoff.data.transform import BatchTransform
from tipoff.errors import BundleError, SpecError
from tipoff.learner.named import Named, Table, as_named, rebuilt
from tipoff.learner.stages import group_rates
from tipoff.metrics.resolve import KNOWN, as_metric
from tipoff.spec import Catalog, Spec, dump, load

if TYPE_CHECKING:
    from tipoff.bundle.file import Bundle
    from tipoff.learner.learner import Learner

Moms = tuple[float, float, float]
Precision = Literal["float32", "bfloat16", "float16"]


@dataclass(frozen=True)
class Recipe(Spec):
    """How a learner trains.

    Args:
        lr: The learning rate that `fit` takes where none is given; one for each parameter group, or one for all.
        wd: The weight decay; None leaves it to the optimizer.
        moms: The momentum at the beginning, the middle and the end of a cycle.
        wd_bn_bias: Whether norms and biases decay too.
        train_bn: Whether batch norms of frozen layers train.
        precision: What the network computes in.
        channels_last: Whether images are kept with their channels last.
        bs: The batch size that `lr` was meant for; 0 where it is not known.
        norm: What normalises the inputs of the network.
        splitter: The name of what divides the parameters into groups; "" is the network's own.
        loss: The loss; None is that of the target.
        optimizer: What makes the optimizer.
        callbacks: Those that change what is minimised or how weights move.
        metrics: Metrics that are known by name.
        frozen_to: The first parameter group that trains.
        unknown: (what, its name) of what a model file cannot hold.
    """

    lr: float | tuple[float, ...] = 0.001
    wd: float | None = None
    moms: Moms = (0.95, 0.85, 0.95)
    wd_bn_bias: bool = False
    train_bn: bool = True
    precision: Precision = "float32"
    channels_last: bool = False
    bs: int = 0
    norm: BatchTransform | None = None
    splitter: str = ""
    loss: Named | None = None
    optimizer: Named = Named("opt.adam@1")  # noqa: RUF009  frozen
    callbacks: tuple[Named, ...] = ()
    metrics: tuple[Named, ...] = ()
    frozen_to: int = 0
    unknown: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        rates = self.lr if isinstance(self.lr, tuple) else (self.lr,)
        if not all(0 < r < 1e6 for r in rates) or not 0 <= (self.wd or 0) < 1e6 or not 0 <= self.bs < 2**40:
            raise SpecError(
                f"A recipe with lr={self.lr}, wd={self.wd} and bs={self.bs} cannot be trained by."
            )


def recipe_of(learn: Learner, catalog: Catalog | None = None) -> Recipe:
    """How `learn` trains now."""
    own = dict(catalog or {})
    unknown: list[tuple[str, str]] = []

    def named(what: str, thing: Any, table: Table) -> Named | None:
        made = as_named(thing, {**table, **own})
        if made is None:
            unknown.append((what, _called(thing)))
        return made

    model_own = getattr(learn.model_spec, "splitter", None)
    splitter = ""
    if model_own is None or learn.splitter != model_own:
        made = named("splitter", learn.splitter, SPLITTERS)
        splitter = made.name if made is not None else ""
    loss = None if learn.uses_target_loss else named("loss", learn.own_loss, LOSSES)
    optimizer = named("optimizer", learn.opt_func, OPTIMIZERS)
    loaded = learn.loaded if not len(learn.dls) else None  # nothing was trained since
    rates = learn.lr if isinstance(learn.lr, (int, float)) else group_rates(learn.lr, len(learn.groups))
    return Recipe(
        lr=rates,
        wd=learn.wd,
        moms=learn.moms,
        wd_bn_bias=learn.wd_bn_bias,
        train_bn=learn.train_bn,
        precision=loaded.precision if loaded else learn.engine.precision,  # type: ignore[arg-type]
        channels_last=learn.engine.channels_last,
        bs=learn.dls.bs if len(learn.dls) else loaded.bs if loaded else 0,
        norm=learn.norm,
        splitter=splitter,
        loss=loss,
        optimizer=optimizer or Recipe.optimizer,
        callbacks=tuple(n for cb in learn.cbs if (n := as_named(cb, {**CALLBACKS, **own})) is not None),
        metrics=tuple(n for m in learn.metrics if (n := _metric(m)) is not None),
        frozen_to=learn.frozen_to,
        unknown=loaded.unknown
        if loaded
        else (*unknown, *(("callback", _called(cb)) for cb in learn.cbs if _changes_training(cb, own))),
    )


def _called(thing: Any) -> str:
    return str(getattr(thing, "__name__", type(thing).__name__))


def _changes_training(cb: Any, own: Mapping[str, Any]) -> bool:
    """Whether a callback of the user's own class changes training: it is not tipoff's, and no table holds it."""
    return not type(cb).__module__.startswith("tipoff.") and as_named(cb, own) is None


def _metric(metric: Any) -> Named | None:
    """A metric by the name that `metrics=` takes, where that gives an equal one."""
    table = {name: known for name, known in KNOWN.items() if isinstance(known, type)}
    if type(metric) in table.values():
        return as_named(metric, table)
    known = KNOWN.get(metric.name)
    if known is None or isinstance(known, type):
        return None
    plain: Any = as_metric(metric.name)
    same = type(plain) is type(metric) and getattr(plain, "func", None) is getattr(metric, "func", None)
    return Named(metric.name) if same else None


def metrics_of(recipe: Recipe) -> list[Any]:
    """The metrics of `recipe`, new."""
    return [
        rebuilt(n, KNOWN, call=True) if n.keys else as_metric(n.name)
        for n in recipe.metrics
        if n.name in KNOWN
    ]


def callbacks_of(recipe: Recipe, catalog: Catalog | None = None) -> list[Any]:
    """The callbacks of `recipe`, new."""
    return [rebuilt(n, {**CALLBACKS, **(catalog or {})}, call=True) for n in recipe.callbacks]


def loss_of(recipe: Recipe, catalog: Catalog | None = None) -> Any:
    """The loss of `recipe`; None is that of the target."""
    return None if recipe.loss is None else rebuilt(recipe.loss, {**LOSSES, **(catalog or {})}, call=True)


def optimizer_of(recipe: Recipe, catalog: Catalog | None = None) -> Any:
    """What makes the optimizer of `recipe`."""
    return rebuilt(recipe.optimizer, {**OPTIMIZERS, **(catalog or {})}, call=False)


def splitter_of(recipe: Recipe, model: Spec, catalog: Catalog | None = None) -> Any:
    """What divides the parameters into groups, by `recipe`; by the network's own rule where it has one."""
    if not recipe.splitter:
        return getattr(model, "splitter", None) or rebuilt(Named("split.trainable@1"), SPLITTERS, call=False)
    return rebuilt(Named(recipe.splitter), {**SPLITTERS, **(catalog or {})}, call=False)


def written(recipe: Recipe, catalog: Catalog | None = None) -> dict[str, Any]:
    """`recipe` as JSON values."""
    made: dict[str, Any] = dump(recipe, {**CATALOG, **_specs(catalog)}, "recipe")
    return made


def read(value: Any, catalog: Catalog | None = None) -> Recipe:
    """What `written` gave. Raises `SpecError` or `BundleError` for anything else."""
    made = load(value, {**CATALOG, **_specs(catalog)}, "recipe")
    if not isinstance(made, Recipe):
        raise BundleError(f"The recipe of the model file is a {type(made).__name__}.")
    return made


OLDER = ("lr", "wd", "moms", "wd_bn_bias", "train_bn", "precision", "bs")  # that facts held before recipes


def older(bundle: Bundle, usual: Recipe) -> Recipe:
    """`usual` with what the facts of an older model file say. Raises `SpecError` for values that cannot be."""
    said = bundle.facts.get("training")
    if not isinstance(said, dict):
        return usual
    values = {k: said[k] for k in OLDER if k in said}
    unknown = [[what, said[what]] for what in ("loss", "optimizer") if what in said]
    return read({**written(usual), **values, "unknown": unknown})


def _specs(catalog: Catalog | None) -> dict[str, Any]:
    """Those of the user's parts that are specs; losses and callbacks may be any class."""
    return {k: v for k, v in (catalog or {}).items() if isinstance(v, str) or issubclass(v, Spec)}
