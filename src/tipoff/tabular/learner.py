"""A learner for tables: the network by name, sizes by rule, training that stops by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import torch
from torch import Tensor

from tipoff.arguments import need_number, need_whole
from tipoff.bundle.file import Bundle
from tipoff.bundle.parts import CALLBACKS, OPTIMIZERS
from tipoff.callbacks.gradients import GradientClip
from tipoff.checked import checked
from tipoff.data.batch import Batch
from tipoff.data.block import Target
from tipoff.data.dataloaders import DataLoaders
from tipoff.data.target import CategoryBlock, MultiCategoryBlock, RegressionBlock
from tipoff.display import show_frame
from tipoff.errors import UsageError
from tipoff.learner.arguments import need_dls
from tipoff.learner.budget import plan_minutes
from tipoff.learner.call_arguments import need_callbacks, need_file, need_rate
from tipoff.learner.execute import execute
from tipoff.learner.freeze import trainable_params
from tipoff.learner.learner import Learner
from tipoff.learner.named import as_named
from tipoff.learner.precision import auto_precision
from tipoff.learner.predictions import in_order
from tipoff.learner.recipe import Recipe, older
from tipoff.learner.stages import Stage
from tipoff.learner.until_best import lost_watchers, watchers
from tipoff.notes import note
from tipoff.tabular.config import Arch, choose_arch, default_bins, default_rate, sizes_of
from tipoff.tabular.loaders import TabularDataLoaders
from tipoff.tabular.model import Average, MLPSpec, TabM, TabMSpec
from tipoff.tabular.row import RowBlock
from tipoff.tabular.table import DEFAULT_BS
from tipoff.train.callback import Callback
from tipoff.train.objective import Objective
from tipoff.train.optim import Adam

if TYPE_CHECKING:
    from pandas import DataFrame

STEPS = 600  # that a table is worth, over all epochs
MAX_EPOCHS, MIN_EPOCHS = 40, 4


class RowPrediction(tuple[Any, Tensor, Tensor]):
    """(row, class, probabilities), as fastai gives them; `row.show()` shows the row with its answer.

    `decoded` is the answer as a person would write it, `encoded` and `probabilities` the second and the third.
    """

    decoded: Any

    @property
    def row(self) -> Any:
        return self[0]

    @property
    def encoded(self) -> Tensor:
        return self[1]

    @property
    def probabilities(self) -> Tensor:
        return self[2]


class TabularLearner(Learner):
    """A `Learner` whose items are rows. Its model may have members: each is trained on its own loss."""

    dls_class: ClassVar[type[DataLoaders]] = TabularDataLoaders
    goes_with_bs: ClassVar[tuple[str, ...]] = ("lr",)

    @property
    def rows(self) -> RowBlock:
        """What makes tensors of rows, and rows of tensors."""
        assert self.dls.plan is not None
        block = self.dls.plan.inputs[0]
        assert isinstance(block, RowBlock)
        return block

    def objective(self) -> Objective:
        made = super().objective()
        if getattr(self.model, "n_members", 1) == 1:
            return made

        def loss(pred: Tensor, batch: Batch) -> Tensor:
            """The mean of the members' losses, where there are members: not of what they say together."""
            if not self.model.training:
                return made.loss(pred, batch)
            n_members = pred.shape[1]
            y = tuple(t.repeat_interleave(n_members, 0) for t in batch.y)
            return made.loss(pred.flatten(0, 1), batch._replace(y=y))

        return replace(made, loss=loss)

    # training ------------------------------------------------------------------------------

    @classmethod
    def usual(cls, bundle: Bundle) -> Recipe:
        arch: Arch = "tabm" if isinstance(bundle.model, TabMSpec) else "mlp"
        callbacks = tuple(n for cb in _own(arch) if (n := as_named(cb, CALLBACKS)) is not None)
        optimizer = as_named(ADAM, OPTIMIZERS) or Recipe.optimizer
        return older(bundle, Recipe(default_rate(arch, DEFAULT_BS), optimizer=optimizer, callbacks=callbacks))

    def default_epochs(self) -> int:
        """How many epochs a table of this size is worth: the smaller, the more."""
        return min(max(round(STEPS / len(self.dls.train)), MIN_EPOCHS), MAX_EPOCHS)

    def fit_auto(
        self,
        minutes: float | None = None,
        epochs: int | None = None,
        lr: float | None = None,
        cbs: Any = None,
        patience: int | None = None,
    ) -> None:
        """Train until the validation loss stops falling, and keep the weights of the best epoch.

        At most `epochs`, by default as many as a table of this size is worth; fewer where `minutes` do not allow them.
        Without validation rows all epochs are trained.
        """
        if patience is not None:
            need_whole("patience", patience, at_least=1)
        its = need_callbacks(cbs)
        n = self.default_epochs() if epochs is None else need_whole("epochs", epochs, at_least=0)
        if minutes is not None:
            n = plan_minutes(self, 60 * need_number("minutes", minutes, above=0), 0, most=n)
        lr = None if lr is None else need_rate("lr", lr)
        stage = Stage("one_cycle", n, self._rates(lr), part="all")
        execute(self, [stage] if n else [], [*watchers(self, n, patience), *its])

    def resume(self, file: str | Path | None = None, cbs: Any = None) -> None:
        """As `Learner.resume`; a `fit_auto` goes on watching where it was cut off."""
        file = self.path / self.model_dir / "checkpoint.pt" if file is None else need_file("file", file)
        its = need_callbacks(cbs)
        super().resume(file, [*lost_watchers(self, file, its), *its])

    def figures(self) -> dict[str, float]:
        """The loss and the metrics of the weights as they are, on the validation rows."""
        if len(self.dls) < 2:
            return super().figures()
        return dict(zip(["valid_loss", *(m.name for m in self.metrics)], self.validate(), strict=True))

    # answers -------------------------------------------------------------------------------

    def predict(self, row: Any, with_input: bool = False) -> Any:
        """(row, class, probabilities) of one row: a dict, a Series or a frame of one row, such as `df.iloc[0]`.

        `row` is as the model understood it, with the answer; `with_input` puts the tensors of the row before.
        """
        plan = self.dls.plan
        if plan is None:
            raise UsageError("predict needs DataLoaders made from a table.")
        inputs = plan.inputs_of([plan.read(row)])
        prob = self.predictor().probabilities(inputs)[0]
        encoded = self.target.decide(prob[None])[0]
        shown = self._with_answers(self.rows.decode_all(*inputs), prob[None])
        made = RowPrediction((shown, encoded, prob))
        made.decoded = self.target.decode(encoded)
        return (inputs, *made) if with_input else made

    def _with_answers(self, frame: DataFrame, prob: Tensor, ending: str = "") -> Any:
        """`frame` with a column for what is answered."""
        from tipoff.tabular.shown import Shown

        said = [self.target.decode(v) for v in self.target.decide(prob)]
        return Shown(frame.assign(**_columns(self._names(), said, ending)))

    def _names(self) -> list[str]:
        return list(self.rows.y_names) or ["answer"]

    def show_results(
        self, ds_idx: int = 1, dl: Any = None, max_n: int = 9, shuffle: bool = True, **kwargs: Any
    ) -> Any:
        """Rows with their truth and, in columns ending in _pred, the answer. Returns the frame where `show=False`."""
        source = in_order(self, ds_idx, dl)
        at = (torch.randperm(source.n) if shuffle else torch.arange(source.n))[:max_n]
        batch = source.finish(source.dataset.batch(at, 0), 0)
        self.model.eval()
        with torch.no_grad():
            prob = self.target.activation(self.model(*self.engine.to_device(batch).x).float()).cpu()
        frame = self.rows.decode_all(*batch.x)
        if batch.y:
            frame = frame.assign(**_columns(self._names(), [self.target.decode(v) for v in batch.y[0]]))
        made = self._with_answers(frame, prob, "_pred")
        if not kwargs.get("show", True):
            return made
        show_frame(made)
        return None


def _columns(names: Sequence[str], said: Sequence[Any], ending: str = "") -> dict[str, Any]:
    """Answers as columns: one, or one for each of several numbers."""
    if len(names) == 1:
        return {names[0] + ending: list(said)}
    if isinstance(said[0], list) and len(said[0]) == len(names):
        return {n + ending: [row[i] for row in said] for i, n in enumerate(names)}
    return {(" ".join(names)) + ending: list(said)}


ADAM = partial(Adam, eps=1e-8)  # the gradient of one member in many is small


@checked
def tabular_learner(
    dls: DataLoaders,
    layers: Sequence[int] | None = None,
    emb_szs: Mapping[str, int] | Sequence[tuple[int, int]] | None = None,
    config: Mapping[str, Any] | None = None,
    n_out: int | None = None,
    y_range: tuple[float, float] | None = None,
    loss_func: Callable[..., Any] | None = None,
    opt_func: Callable[..., Any] = ADAM,
    lr: float | None = None,
    splitter: Callable[..., Any] = trainable_params,
    cbs: Any = None,
    metrics: Any = None,
    path: str | Path | None = None,
    model_dir: str | Path = "models",
    wd: float | None = None,
    wd_bn_bias: bool = False,
    train_bn: bool = True,
    moms: tuple[float, float, float] = (0.95, 0.85, 0.95),
    *,
    arch: Arch | None = None,
    precision: str = "auto",
    **kwargs: Any,
) -> TabularLearner:
    """A `Learner` for a table, with fastai's arguments.

    `arch` is tabm, the default, members that share their weights on piecewise-linear embeddings of the numbers (Gorishniy et al.
    2025 and 2022), or mlp, fastai's network. `layers` are the widths, `emb_szs` the sizes of embeddings by name, and
    `config` or further arguments what `tabular_config` takes. Numbers are learned as deviations from their mean, and
    answered in their own unit; `y_range` bounds them. `lr` None is what suits network and batch size; `precision` is
    float32, bfloat16, float16, or auto.

    >>> learn = tabular_learner(dls, metrics="accuracy")  # doctest: +SKIP
    >>> learn.fit_auto()  # doctest: +SKIP
    """
    need_dls(dls)
    rows = dls.plan.inputs[0] if dls.plan is not None else None
    if not isinstance(rows, RowBlock):
        raise UsageError(
            "tabular_learner needs DataLoaders of a table, such as TabularDataLoaders.from_df(...)."
        )
    options = {**(config or {}), **kwargs}
    y_range = options.pop("y_range", y_range)
    dls = _with_target(dls, y_range)
    target = dls.targets[0] if dls.targets else None
    sizes = sizes_of(dls, emb_szs)
    n_cont, c = len(rows.cont_names), dls.c if n_out is None else n_out
    if layers is not None:
        options["layers"] = tuple(layers)
    if isinstance(options.get("ps"), list):
        options["ps"] = tuple(options["ps"])
    arch = choose_arch(arch, options)
    spec: MLPSpec | TabMSpec
    if arch == "mlp":
        spec = MLPSpec(sizes, n_cont, c, **options)
    else:
        n_bins = default_bins(dls.train.n if len(dls) else 0)
        spec = TabMSpec(sizes, n_cont, c, **{"average": _average(target), "n_bins": n_bins, **options})
    model = spec.build()
    if len(dls) and isinstance(model, TabM):
        model.fit(dls.train.dataset.conts)
    if precision == "auto":
        # the members' products are large; those of an mlp are small, and converting them would cost more than it saves
        precision = auto_precision(dls.device, "products") if arch == "tabm" else "float32"
    return TabularLearner(
        dls,
        model,
        loss_func,
        opt_func,
        default_rate(arch, dls.bs) if lr is None else lr,
        splitter,
        [*_own(arch), *need_callbacks(cbs)],
        metrics,
        path,
        model_dir,
        wd,
        wd_bn_bias,
        train_bn,
        moms,
        model_spec=spec,
        facts={"arch": arch, "weights": "none: trained from the beginning"},
        precision=precision,
    )


def _own(arch: Arch) -> list[Callback]:
    """What is watched in training by itself: at high rates a step of members may be far too long."""
    return [GradientClip(1.0)] if arch == "tabm" else []


def _with_target(dls: DataLoaders, y_range: tuple[float, float] | None) -> DataLoaders:
    """The same rows; numbers learned as deviations from the mean of the training rows, or within `y_range`."""
    plan = dls.plan
    assert plan is not None
    target = plan.targets[0] if plan.targets else None
    if not isinstance(target, RegressionBlock):
        if y_range is not None:
            raise UsageError("y_range is for numbers, and this table predicts categories.")
        return dls
    new = target if y_range is None else target.replace(y_range=(float(y_range[0]), float(y_range[1])))
    if len(dls) and not target.scale:
        new = new.standardized(dls.train.dataset.ys[0])
        note("losses are in squared deviations of what is predicted, metrics in its own unit", once=True)
    return dls if new == target else dls.with_plan(plan.replace(targets=(new, *plan.targets[1:])))


def _average(target: Target | None) -> Average:
    """What of the members is averaged: what the target makes of an output."""
    if isinstance(target, CategoryBlock):
        return "softmax"
    ranged = isinstance(target, RegressionBlock) and target.y_range is not None
    return "sigmoid" if ranged or isinstance(target, MultiCategoryBlock) else "mean"
