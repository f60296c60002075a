"""Data, a model, and how it is trained."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple, overload

import torch
from torch import Tensor, nn

from tipoff.arguments import need_number, need_whole
from tipoff.bundle.file import Bundle
from tipoff.bundle.predictor import Predictor
from tipoff.callbacks.progress import Progress
from tipoff.callbacks.recorder import Recorder
from tipoff.callbacks.terminate import TerminateOnNaN
from tipoff.checked import checked as looked_at
from tipoff.data.block import Target
from tipoff.data.dataloaders import DataLoaders
from tipoff.data.kind import Kind as Field
from tipoff.data.transform import BatchTransform
from tipoff.errors import UsageError
from tipoff.learner import freeze as freezing
from tipoff.learner.align import aligned_dls, aligned_loader, norm_of
from tipoff.learner.arguments import need_classes, need_dls, need_learnable, need_outputs
from tipoff.learner.budget import plan_minutes
from tipoff.learner.calibrate import Calibration, calibrate
from tipoff.learner.call_arguments import (
    need_callbacks,
    need_epochs,
    need_file,
    need_labels,
    need_options,
    need_rate,
)
from tipoff.learner.execute import KeepNorms, execute, resume
from tipoff.learner.go_on import go_on
from tipoff.learner.lr_find import Suggestions, lr_find
from tipoff.learner.predictions import Predictions, predict_all, show_results, tta
from tipoff.learner.recipe import Recipe, older, recipe_of
from tipoff.learner.stages import Kind, Stage, fine_tune_stages, group_rates
from tipoff.learner.state import export
from tipoff.learner.suggest import valley
from tipoff.learner.summary import summary
from tipoff.learner.targets import agreed, called, checked, target_for
from tipoff.learner.weights import load_weights, save_weights
from tipoff.metrics.metric import Metric
from tipoff.metrics.resolve import as_metrics
from tipoff.near import names_keywords, no_attribute, note_near
from tipoff.nn.loss_weights import LossWeights
from tipoff.nn.packed import Watch, is_packed, packed
from tipoff.notes import note
from tipoff.spec import Catalog, Spec
from tipoff.train.callback import Callback
from tipoff.train.engine import TorchEngine
from tipoff.train.objective import Objective, supervised
from tipoff.train.optim import Adam

Rate = float | slice | Sequence[float]
SETTABLE = (
    "cbs",
    "dls",
    "loss_func",
    "lr",
    "metrics",
    "model",
    "model_dir",
    "moms",
    "opt_func",
    "path",
    "splitter",
    "train_bn",
    "wd",
)
Moms = tuple[float, float, float]
FINE_TUNE = {"lr_mult", "pct_start", "div", "div_final", "wd", "moms"}


class Prediction(NamedTuple):
    """(decoded, encoded, probabilities) of one item, as fastai gives them."""

    decoded: Any
    encoded: Tensor
    probabilities: Tensor


class Learner:
    """Data and a model, ready to be trained, looked at and exported.

    `loss_func` is any function of predictions and targets, by default that of the data's target; `opt_func`
    any optimizer called with parameter groups and `lr`; `splitter` divides the parameters into groups, from
    the input on; `metrics` are names, functions `f(preds, targs)` or `Metric`s. `wd` is the weight decay,
    which norms and biases are spared unless `wd_bn_bias`. With `train_bn`, batch norms learn in frozen
    layers too; without it, those outside the last group keep the statistics they came with, and frozen
    layers run without a backward pass.
    """

    dls_class: ClassVar[type[DataLoaders]] = DataLoaders  # what `load_learner` gives it
    goes_with_bs: ClassVar[tuple[str, ...]] = ()  # rates that grow with the root of the batch size

    @names_keywords()
    def __init__(
        self,
        dls: DataLoaders,
        model: nn.Module,
        loss_func: Callable[..., Tensor] | None = None,
        opt_func: Callable[..., Any] = Adam,
        lr: Rate = 0.001,
        splitter: freezing.Splitter = freezing.trainable_params,  # type: ignore[assignment]
        cbs: Any = None,
        metrics: Any = None,
        path: str | Path | None = None,
        model_dir: str | Path = "models",
        wd: float | None = None,
        wd_bn_bias: bool = False,
        train_bn: bool = True,
        moms: Moms = (0.95, 0.85, 0.95),
        default_cbs: bool = True,
        *,
        model_spec: Spec | None = None,
        norm: BatchTransform | None = None,
        facts: dict[str, Any] | None = None,
        precision: str = "float32",
        channels_last: bool = False,
    ) -> None:
        need_learnable(dls, model, lr, wd, moms, precision)
        need_outputs(dls, model_spec)
        if loss_func is None:
            need_classes(dls)
        its = (
            norm_of(dls.plan) if dls.added is None else None
        )  # the user's own goes before that of the weights
        self.norm: BatchTransform | None = norm if its is None else its
        self._dls = dls.take_norm(self.norm) if its is None else dls
        self.engine = TorchEngine(dls.device, precision, channels_last)
        self._target: Target = target_for(dls, loss_func)
        self.loss_func = loss_func
        self.opt_func, self.lr, self.splitter = opt_func, lr, splitter
        self.metrics = metrics
        self.loaded: Recipe | None = None  # the recipe of the model file that it comes from
        self.path = Path(path) if path is not None else dls.path
        self.model_dir = Path(model_dir)
        self.wd, self.wd_bn_bias, self.train_bn, self.moms = wd, wd_bn_bias, train_bn, moms
        self.model_spec, self.facts = model_spec, facts or {}
        self.model = self.engine.prepare(model)
        self.opt: Any = None
        self.frozen_to = 0
        self.n_epochs_done = 0
        self.reached: dict[str, float] = {}  # losses and metrics of the weights that the last fit ended with
        self._ready: tuple[Predictor, Watch, torch.dtype] | None = None
        self.recorder = Recorder()
        self.progress: Progress | None = Progress()
        self.groups = freezing.as_groups(splitter(self.model))
        self.keep_norms = KeepNorms([] if train_bn else freezing.kept_norms(self.model, self.groups))
        usual: list[Callback] = [TerminateOnNaN(), self.recorder, self.progress] if default_cbs else []
        self.cbs: list[Callback] = [self.keep_norms, *usual, *need_callbacks(cbs)]

    if not TYPE_CHECKING:  # a type checker knows what is there

        def __getattr__(self, name: str) -> Any:
            raise no_attribute(self, name, "Learner")

        def __setattr__(self, name: str, value: Any) -> None:
            if name not in self.__dict__:
                note_near(self, name, SETTABLE)
            object.__setattr__(self, name, value)

    def __repr__(self) -> str:
        """The network, its size, the precision, and the data."""
        arch = self.facts.get("arch") or type(self.model).__name__
        size = sum(p.numel() for p in self.model.parameters())
        return f"<{type(self).__name__}: {arch}, {size:,} parameters, {self.engine.precision}; {self._dls!r}>"

    # data and model ------------------------------------------------------------------------

    @property
    def dls(self) -> DataLoaders:
        """The data. Others may be put in their place: other sizes or augmentations, or new items to go on with.

        They are normalised as the network was trained; classes, columns and tokens that stand in another order are encoded
        again by name, and data that the network cannot know are refused with a `UsageError`.
        """
        return self._dls

    @dls.setter
    def dls(self, dls: DataLoaders) -> None:
        need_dls(dls)
        had = self._dls
        dls = aligned_dls(dls, had.plan, self.norm)
        if len(dls) and not len(had):
            go_on(self, dls.bs)
        self._dls = dls
        if dls.device != self.engine.device:
            self._precision(self.engine.precision)

    def aligned(self, dl: Any) -> Any:
        """`dl` as the network understands it: normalised, with classes, columns and tokens where it has them."""
        return aligned_loader(dl, self._dls.plan, self.norm)

    @property
    def target(self) -> Target:
        """What is predicted: that of the data, or what the loss implies where they do not say."""
        targets = self._dls.targets
        if targets:
            self._target = targets[0]
        return self._target

    def take_target(self, target: Target) -> None:
        """Read predictions with `target`, which has the same classes: its calibration is another."""
        plan = self._dls.plan
        assert plan is not None
        self._dls = self._dls.with_plan(plan.replace(targets=(target, *plan.targets[1:])))

    @classmethod
    def usual(cls, bundle: Bundle) -> Recipe:
        """The recipe for a model file of before recipes were kept."""
        scratch = str(bundle.facts.get("weights", "none")).startswith("none")
        images = bundle.plan.inputs[0].kind is Field.IMAGE
        return older(bundle, Recipe(train_bn=scratch, channels_last=images, norm=norm_of(bundle.plan)))

    def recipe(self, catalog: Catalog | None = None) -> Recipe:
        """How this learner trains, as a value: what a model file keeps for `load_learner`."""
        return recipe_of(self, catalog)

    def add_cb(self, cb: Callback) -> Learner:
        self.cbs += need_callbacks([cb])
        return self

    def remove_cb(self, cb: Callback | type[Callback]) -> Learner:
        """Remove a callback: the callback itself, or all of a class.

        Args:
            cb: One of `cbs`, or its class.

        Raises:
            UsageError: It is no callback.

        Example:
            >>> learn.remove_cb(TerminateOnNaN)  # doctest: +SKIP
        """
        if not isinstance(cb, Callback) and not (isinstance(cb, type) and issubclass(cb, Callback)):
            raise UsageError(f"cb is {cb!r}; a callback or its class is needed.")
        self.cbs = [c for c in self.cbs if c is not cb and not (isinstance(cb, type) and isinstance(c, cb))]
        return self

    def add_cbs(self, cbs: Any) -> Learner:
        """Add several callbacks, or one."""
        self.cbs += need_callbacks(cbs)
        return self

    def remove_cbs(self, cbs: Any) -> Learner:
        """Remove several callbacks, or one; each is the callback itself, or its class."""
        for cb in cbs if isinstance(cbs, (list, tuple)) else [cbs]:
            self.remove_cb(cb)
        return self

    def no_bar(self) -> _Quiet:
        """A context in which nothing is shown: `with learn.no_bar(): learn.fit(1)`."""
        return _Quiet(self)

    def no_logging(self) -> _Quiet:
        """As `no_bar`: progress and figures are shown by the same callback."""
        return _Quiet(self)

    def to_fp32(self) -> Learner:
        return self._precision("float32")

    def to_bf16(self) -> Learner:
        """Compute in bfloat16 where autocast says so; weights stay float32."""
        return self._precision("bfloat16")

    @names_keywords("backoff_factor", "device", "enabled", "growth_factor", "growth_interval", "init_scale")
    def to_fp16(self, **scaler: Any) -> Learner:
        """Compute in half precision: float16 with a gradient scaler on CUDA, bfloat16 elsewhere.

        The arguments of fastai's scaler are not used, which is noted.
        """
        if scaler:
            note(f"{', '.join(scaler)} of to_fp16 is not used: the gradient scaler keeps PyTorch's settings")
        return self._precision("float16" if self.dls.device.type == "cuda" else "bfloat16")

    def _precision(self, precision: str) -> Learner:
        before, self.engine = self.engine, TorchEngine(self.dls.device, precision, self.engine.channels_last)
        if before.device != self.engine.device:  # the network follows the data
            self.model = self.engine.prepare(self.model)
            self.loss_func = self.loss_func  # whose setter moves it
            self.opt = self._ready = None
        return self

    @property
    def loss_func(self) -> Any:
        """What compares predictions and targets; the weights of its classes are where the network is."""
        return self.target.loss if self.own_loss is None else self.own_loss

    @loss_func.setter
    def loss_func(self, loss_func: Any) -> None:
        if hasattr(loss_func, "to"):
            loss_func.to(self.engine.device)
        own = None if loss_func is None or loss_func == self.target.loss else loss_func
        if len(self._dls.targets) == 1 and (target := agreed(self.target, own)) != self.target:
            self.take_target(target)
        self.own_loss = own

    @property
    def metrics(self) -> list[Metric]:
        """What is measured at validation; others may be put in their place, by name, as functions, or as `Metric`s."""
        return self._metrics

    @metrics.setter
    def metrics(self, metrics: Any) -> None:
        self._metrics = as_metrics(metrics)

    @property
    def uses_target_loss(self) -> bool:
        """Whether the loss is the target's, and not one of the user's own."""
        return self.own_loss is None

    @property
    def final_record(self) -> list[float]:
        """[train_loss, valid_loss, *metrics] of the last epoch."""
        return self.recorder.final_record

    # which layers learn --------------------------------------------------------------------

    def freeze_to(self, n: int) -> None:
        """Let the groups of layers from `n` on learn, and none before; negative counts from the end."""
        self.frozen_to = freezing.freeze_to(self.model, self.groups, n, self.train_bn)
        self.opt = None

    def freeze(self) -> None:
        """Only the last group, the head, learns."""
        self.freeze_to(-1)

    def unfreeze(self) -> None:
        """Everything learns."""
        self.freeze_to(0)

    # training ------------------------------------------------------------------------------

    def objective(self) -> Objective:
        """What training minimises. A loss of the user's own compares with y what metrics do."""
        loss, target = self.loss_func, self.target
        weights = LossWeights(loss)
        used = checked(loss, target)
        if not self.uses_target_loss:
            own = used

            def used(pred: Any, *y: Tensor) -> Tensor:
                return own(target.for_metrics(pred), *y)

        return replace(supervised(used, target.for_metrics, weights), predict=called)

    def _rates(self, lr: Rate | None) -> tuple[float, ...]:
        return group_rates(need_rate("lr", self.lr if lr is None else lr, zero=True), len(self.groups))

    def _fit(
        self, kind: Kind, n_epoch: int, lr: Rate | None, cbs: Any, reset_opt: bool, **options: Any
    ) -> None:
        need_epochs("n_epoch", n_epoch, options["start_epoch"])
        need_options(options)
        if lr is not None:  # a constant rate of 0 measures without training; a cycle of it is a mistake
            lr = need_rate("lr_max" if kind in ("one_cycle", "sgdr") else "lr", lr, zero=kind == "constant")
        callbacks = need_callbacks(cbs)
        if reset_opt:
            self.opt = None
        execute(self, [Stage(kind, n_epoch, self._rates(lr), **options)], callbacks)

    @names_keywords()
    def fit(
        self,
        n_epoch: int,
        lr: Rate | None = None,
        wd: float | None = None,
        cbs: Any = None,
        reset_opt: bool = False,
        start_epoch: int = 0,
    ) -> None:
        """Train for `n_epoch` epochs at a constant learning rate; those before `start_epoch` count as done."""
        self._fit("constant", n_epoch, lr, cbs, reset_opt, start_epoch=start_epoch, wd=wd)

    @names_keywords()
    def fit_one_cycle(
        self,
        n_epoch: int,
        lr_max: Rate | None = None,
        div: float = 25.0,
        div_final: float = 1e5,
        pct_start: float = 0.25,
        wd: float | None = None,
        moms: Moms | None = None,
        cbs: Any = None,
        reset_opt: bool = False,
        start_epoch: int = 0,
    ) -> None:
        """Train with the one-cycle policy (Smith 2018): up to `lr_max` over `pct_start` of the run, then down."""
        options = {"div": div, "div_final": div_final, "pct_start": pct_start, "wd": wd, "moms": moms}
        self._fit("one_cycle", n_epoch, lr_max, cbs, reset_opt, start_epoch=start_epoch, **options)

    @names_keywords()
    def fit_flat_cos(
        self,
        n_epoch: int,
        lr: Rate | None = None,
        div_final: float = 1e5,
        pct_start: float = 0.75,
        wd: float | None = None,
        cbs: Any = None,
        reset_opt: bool = False,
        start_epoch: int = 0,
    ) -> None:
        """Train at a constant rate for `pct_start` of the run, then anneal along a cosine."""
        options = {"div_final": div_final, "pct_start": pct_start, "wd": wd}
        self._fit("flat_cos", n_epoch, lr, cbs, reset_opt, start_epoch=start_epoch, **options)

    @names_keywords()
    def fit_sgdr(
        self,
        n_cycles: int,
        cycle_len: int,
        lr_max: Rate | None = None,
        cycle_mult: int = 2,
        cbs: Any = None,
        reset_opt: bool = False,
        wd: float | None = None,
        start_epoch: int = 0,
    ) -> None:
        """Train with warm restarts (Loshchilov and Hutter 2017): cycles of `cycle_len` epochs, each longer."""
        need_options({"n_cycles": n_cycles, "cycle_len": cycle_len, "cycle_mult": cycle_mult})
        n = sum(cycle_len * cycle_mult**i for i in range(n_cycles))
        options = {"cycle_len": cycle_len, "cycle_mult": cycle_mult, "wd": wd}
        self._fit("sgdr", n, lr_max, cbs, reset_opt, start_epoch=start_epoch, **options)

    @names_keywords()
    def fine_tune(
        self,
        epochs: int | None = None,
        base_lr: float = 2e-3,
        freeze_epochs: int = 1,
        lr_mult: float = 100,
        pct_start: float = 0.3,
        div: float = 5.0,
        lr_max: Rate | None = None,
        div_final: float = 1e5,
        wd: float | None = None,
        moms: Moms | None = None,
        cbs: Any = None,
        reset_opt: bool = False,
        start_epoch: int = 0,
        *,
        minutes: float | None = None,
    ) -> None:
        """Train the head for `freeze_epochs`, then everything for `epochs`, at half the rate and less below.

        In each of the two parts, epochs before `start_epoch` count as done, as in fastai. With `minutes` instead of `epochs`, a few steps are measured, and as many epochs are planned as fit.
        """
        if (epochs is None) == (minutes is None):
            raise UsageError("fine_tune takes either a number of epochs or minutes=.")
        need_whole("freeze_epochs", freeze_epochs, at_least=0)
        need_whole("start_epoch", start_epoch, at_least=0)
        need_options({k: v for k, v in locals().items() if k in FINE_TUNE})
        base_lr = need_number("base_lr", need_rate("base_lr", base_lr), above=0)
        lr_max = None if lr_max is None else need_rate("lr_max", lr_max)
        callbacks = need_callbacks(cbs)
        if minutes is not None:
            epochs = plan_minutes(self, 60 * need_number("minutes", minutes, above=0), freeze_epochs)
        epochs = need_whole("epochs", epochs, at_least=0)
        if reset_opt:
            self.opt = None
        stages = fine_tune_stages(
            epochs,
            len(self.groups),
            base_lr=base_lr,
            freeze_epochs=freeze_epochs,
            lr_mult=lr_mult,
            pct_start=pct_start,
            div=div,
            div_final=div_final,
            lr_max=lr_max,
            wd=wd,
            moms=moms,
            start_epoch=start_epoch,
        )
        execute(self, stages, callbacks)

    @names_keywords()
    def resume(self, file: str | Path | None = None, cbs: Any = None) -> None:
        """Go on with the call that was cut off, from the checkpoint that `SaveCheckpoint` wrote, bit for bit."""
        resume(
            self,
            need_file("file", file) if file is not None else self.path / self.model_dir / "checkpoint.pt",
            need_callbacks(cbs),
        )

    @names_keywords()
    def lr_find(
        self,
        start_lr: float = 1e-7,
        end_lr: float = 10.0,
        num_it: int = 100,
        stop_div: bool = True,
        show_plot: bool = True,
        suggest_funcs: Any = valley,
    ) -> Suggestions:
        """Raise the learning rate step by step and watch the loss; weights are put back afterwards.

        Returns a named tuple of what each of `suggest_funcs` (minimum, steep, valley, slide) suggests.
        """
        return lr_find(self, start_lr, end_lr, num_it, stop_div, show_plot, suggest_funcs)

    # answers -------------------------------------------------------------------------------

    @names_keywords()
    def validate(self, ds_idx: int = 1, dl: Any = None) -> list[float]:
        """[loss, *metrics] on the validation items, or on `dl`: the same numbers as in the progress table.

        Args:
            ds_idx: 0 for the training items, 1 for the validation items.
            dl: Other items with labels, such as `learn.dls.test_dl(items, with_labels=True)`.
        """
        made = predict_all(self, ds_idx, dl, metrics=True)
        need_labels(made.targets)
        return [made.loss, *made.figures]

    @names_keywords()
    @looked_at
    def get_preds(
        self,
        ds_idx: int = 1,
        dl: Any = None,
        with_input: bool = False,
        with_decoded: bool = False,
        with_loss: bool = False,
        act: Callable[[Tensor], Tensor] | None = None,
        inner: bool = False,
        reorder: bool = True,
    ) -> tuple[Any, ...]:
        """(probabilities, targets), with inputs before, decoded answers and losses behind where asked for.

        In the order of the items; items that cannot be read are left out. Targets are None without labels.
        `inner` and `reorder` are taken for the sake of fastai's notebooks: here calls may be nested, and the order
        is always that of the items.

        The mean of the losses is the loss of `validate`: with weights of classes, each is multiplied by the weight of its class
        and divided by the mean weight of all items.
        """
        if act is not None and not callable(act):
            raise UsageError(f"act is {act!r}; a function of the outputs is needed, such as torch.sigmoid.")
        made = predict_all(self, ds_idx, dl, with_input=with_input, act=act, losses=with_loss)
        if with_loss:
            need_labels(made.targets)
        out: list[Any] = [*([made.inputs] if with_input else []), made.probs, made.targets]
        if with_decoded:
            out.append(self.target.decide(made.probs))
        if with_loss:
            out.append(made.losses)
        return tuple(out)

    @overload
    def predict(self, item: Any, with_input: Literal[False] = False) -> Prediction: ...

    @overload
    def predict(self, item: Any, with_input: Literal[True]) -> tuple[Tensor, Any, Tensor, Tensor]: ...

    def predict(self, item: Any, with_input: bool = False) -> tuple[Any, ...]:
        """(decoded, encoded, probabilities) of one item, such as a path, read as at validation.

        With `with_input`, what the network was shown comes first, as a person can look at it: (3, H, W) in [0, 1].
        """
        plan = self.dls.plan
        if plan is None:
            raise UsageError(
                "predict needs DataLoaders made from a DataBlock; call learn.model on a batch instead."
            )
        is_row = hasattr(item, "iloc") and plan.inputs[0].kind is Field.IMAGE
        read = self.dls.source.inputs_of(plan, item) if is_row else plan.parts(item)
        inputs = plan.inputs_of([plan.read(*read)])
        prob = self.predictor().probabilities(inputs)[0]
        encoded = self.target.decide(prob[None])[0]
        made = Prediction(self.target.decode(encoded), encoded, prob)
        return (plan.undo(plan.inputs[0].kind, inputs[0])[0], *made) if with_input else made

    def predictor(self) -> Predictor:
        """What answers one item: as `get_preds` where the network can be packed for a processor, else in float32."""
        plan, dtype = self.dls.plan, self.engine.dtype
        assert plan is not None
        if self._ready is not None:
            made, watch, then = self._ready
            same = made.plan is plan and made.device == self.dls.device and then is dtype
            if same and watch.unchanged(self.model):
                return made
        net = packed(self.model.eval(), dtype)
        made = Predictor(plan, net, self.facts, self.dls.device, dtype if is_packed(net) else torch.float32)
        self._ready = made, Watch(self.model), dtype
        return made

    def predictions(self, ds_idx: int = 1, dl: Any = None) -> Predictions:
        """Everything about the predictions on the validation items, for interpretation."""
        return predict_all(self, ds_idx, dl, metrics=True, losses=True)

    @names_keywords()
    @looked_at
    def tta(
        self,
        ds_idx: int = 1,
        dl: Any = None,
        n: int = 4,
        item_tfms: Any = None,
        batch_tfms: Any = None,
        beta: float | None = 0.25,
        use_max: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        """(probabilities, targets) averaged over `n` randomly changed versions, with a share `beta` of the plain one.

        They are changed as in training, or by `item_tfms` and `batch_tfms`.
        """
        return tta(self, ds_idx, dl, n, beta, use_max, item_tfms, batch_tfms)

    def show_results(
        self, ds_idx: int = 1, dl: Any = None, max_n: int = 9, shuffle: bool = True, **kwargs: Any
    ) -> Any:
        """Draw items with their truth and the answer; wrong ones in red. Returns the figure where `show=False`."""
        return show_results(self, ds_idx, dl, max_n, shuffle, **kwargs)

    def calibrate(self) -> Calibration:
        """Make probabilities mean what they say, and choose when to answer "not sure", on the validation items.

        Both go into the model file. Accuracy stays as it is. Returns what was chosen and what it promises.
        """
        return calibrate(self)

    def figures(self) -> dict[str, float]:
        """How good it is, by name, for the model file: the losses and metrics of the epoch that the weights are of."""
        return dict(self.reached)

    def summary(self) -> None:
        """Print layers, shapes of outputs and numbers of parameters."""
        print(summary(self))

    # files ---------------------------------------------------------------------------------

    def _file(self, file: str | Path) -> Path:
        name = need_file("file", file)
        return self.path / self.model_dir / (name if name.suffix else name.with_suffix(".pth"))

    @names_keywords()
    def save(self, file: str | Path, with_opt: bool = True) -> Path:
        """Write the weights, and the optimizer's state, to `path/model_dir/file.pth`.

        Args:
            file: A name, or a path; one that is absolute is taken as it is.
            with_opt: Whether the optimizer's state is written too.

        Returns:
            The path of the file.
        """
        return save_weights(self, self._file(file), with_opt)

    @names_keywords()
    def load(
        self, file: str | Path, device: str | None = None, with_opt: bool = True, strict: bool = True
    ) -> Learner:
        """Read weights, and the optimizer's state where it fits, from `path/model_dir/file.pth`.

        Reads what `save` or `SaveModel` wrote, a state dict of `torch.save`, and safetensors; no code runs. An optimizer state
        that does not fit, as when other layers are frozen now, is not loaded, and a note says so. Everything is compared
        before anything is changed.

        Args:
            file: A name, with or without its ending, or a path.
            device: Where the file is read to; the CPU's memory unless given.
            with_opt: Whether to load the optimizer's state.
            strict: Whether all tensors must fit; if False, those that fit by name and shape are loaded, and a note
                names the others.

        Raises:
            BundleError: The file is missing, cannot be read, or does not fit this model.

        Example:
            >>> learn.save("stage-1")  # doctest: +SKIP
            >>> learn.load("stage-1")  # doctest: +SKIP
        """
        path = self.path / self.model_dir / need_file("file", file)
        try:
            torch.device(device or "cpu")
        except (RuntimeError, TypeError):
            raise UsageError(f"device is {device!r}; the name of a device is needed, such as 'cpu' or 'cuda'.") from None
        load_weights(self, path, device or "cpu", with_opt, strict)
        return self

    @names_keywords()
    def export(self, fname: str | Path = "export.tipoff", *, catalog: Catalog | None = None) -> Path:
        """Write the model file: plan, network, weights, figures; no code and no pickle in it."""
        path = need_file("fname", fname)
        return export(
            self, path if path.is_absolute() or path.parent != Path() else self.path / path, catalog
        )


class _Quiet:
    def __init__(self, learn: Learner) -> None:
        self.learn = learn

    def __enter__(self) -> Learner:
        self.kept = self.learn.cbs
        self.learn.cbs = [c for c in self.kept if not isinstance(c, Progress)]
        return self.learn

    def __exit__(self, *_: object) -> None:
        self.learn.cbs = self.kept
