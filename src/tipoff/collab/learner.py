"""A learner for ratings: predictions, recommendations, and what the factors mean."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor, nn

from tipoff.arguments import need_number, need_whole
from tipoff.bundle.file import Bundle
from tipoff.checked import checked
from tipoff.collab.choose import choose_model, facts_of, give_tables
from tipoff.collab.dataset import pairs_of
from tipoff.collab.fill import FillUnknown
from tipoff.collab.loaders import MAX_BS, CollabDataLoaders
from tipoff.collab.model import EmbeddingDotBias
from tipoff.collab.recommender import Answer, Recommender
from tipoff.data.dataloaders import DataLoaders
from tipoff.display import show_frame
from tipoff.errors import UsageError
from tipoff.learner.arguments import need_dls
from tipoff.learner.budget import plan_minutes
from tipoff.learner.call_arguments import need_callbacks, need_file
from tipoff.learner.freeze import trainable_params
from tipoff.learner.learner import Learner
from tipoff.learner.predictions import in_order
from tipoff.learner.recipe import Recipe, older
from tipoff.learner.until_best import lost_watchers, watchers
from tipoff.notes import note
from tipoff.train.optim import Adam

STEPS, MIN_EPOCHS, MAX_EPOCHS = 400, 5, 20
LR, FINE_LR, WD, BS = 5e-3, 2e-3, 0.1, 64  # fastai's recipe for batches of 64


class CollabLearner(Learner):
    """A `Learner` of ratings or clicks; `collab_learner` makes one, and `load_learner` of a model file of ratings."""

    goes_with_bs: ClassVar[tuple[str, ...]] = ("lr", "wd")

    def __init__(self, dls: DataLoaders, model: nn.Module, *args: Any, **kwargs: Any) -> None:
        if not len(dls) and not isinstance(dls, CollabDataLoaders):  # from a model file
            dls = CollabDataLoaders(plan=dls.plan, path=dls.path, device=dls.device)
        super().__init__(dls, model, *args, **kwargs)
        if isinstance(model, EmbeddingDotBias) and dls.plan is not None:
            pairs = pairs_of(dls.plan)
            model.name(pairs.classes, pairs.user_name, pairs.item_name)
        self.add_cb(FillUnknown())
        self._recommender: Recommender | None = None

    # training ------------------------------------------------------------------------------

    @classmethod
    def usual(cls, bundle: Bundle) -> Recipe:
        scale = math.sqrt(MAX_BS / BS)
        return older(bundle, Recipe(LR * scale, WD * scale))

    @property
    def _scale(self) -> float:
        """How much higher rates are than at fastai's batch size."""
        return math.sqrt(self.dls.bs / BS)

    def _rates(self, lr: Any) -> tuple[float, ...]:
        if lr is not None and getattr(self.dls, "chose_bs", False) and self.dls.bs > BS:
            note(
                f"batches of {self.dls.bs:,}, as none were asked for; a rate that was typed for fastai's batches of {BS} goes "
                f"with bs={BS}, or here with {self._scale:.1f} times as much",
                once=True,
            )
        return super()._rates(lr)

    def fine_tune(
        self, epochs: int | None = None, base_lr: float | None = None, *args: Any, **kwargs: Any
    ) -> None:
        """As `Learner.fine_tune`; without `base_lr` it is 2e-3 for batches of 64, and goes with the root of their size."""
        super().fine_tune(epochs, FINE_LR * self._scale if base_lr is None else base_lr, *args, **kwargs)

    def default_epochs(self) -> int:
        """How many epochs ratings of this number are worth: the fewer, the more."""
        return min(max(round(STEPS / len(self.dls.train)), MIN_EPOCHS), MAX_EPOCHS)

    def fit_auto(
        self,
        minutes: float | None = None,
        epochs: int | None = None,
        lr: float | None = None,
        cbs: Any = None,
    ) -> None:
        """Train with one cycle until the validation loss stops falling, and keep the weights of the best epoch.

        Args:
            minutes: Time to spend; fewer epochs are planned where it does not allow them all.
            epochs: At most so many; by default as many as ratings of this number are worth.
            lr: The highest learning rate; by default what suits the batch size.
            cbs: Further callbacks.
        """
        its = need_callbacks(cbs)
        n = self.default_epochs() if epochs is None else need_whole("epochs", epochs, at_least=0)
        if minutes is not None:
            n = plan_minutes(self, 60 * need_number("minutes", minutes, above=0), 0, most=n)
        self.fit_one_cycle(n, lr, cbs=[*watchers(self, n), *its])

    def resume(self, file: str | Path | None = None, cbs: Any = None) -> None:
        """As `Learner.resume`; a `fit_auto` goes on watching where it was interrupted."""
        file = self.path / self.model_dir / "checkpoint.pt" if file is None else need_file("file", file)
        its = need_callbacks(cbs)
        super().resume(file, [*lost_watchers(self, file, its), *its])

    # answers -------------------------------------------------------------------------------

    @property
    def recommender(self) -> Recommender:
        """What answers, as it would from the exported file."""
        predictor = self.predictor()
        if self._recommender is None or self._recommender.predictor is not predictor:
            self._recommender = Recommender(predictor)
        return self._recommender

    def recommend(
        self,
        user: Any = None,
        n: int = 10,
        exclude_seen: bool = True,
        *,
        exclude: Iterable[Any] = (),
        features: Mapping[str, Any] | None = None,
    ) -> list[Answer]:
        """The `n` items that `user` would like best: see `Recommender.recommend`."""
        return self.recommender.recommend(
            user, n, exclude_seen=exclude_seen, exclude=exclude, features=features
        )

    def fold_in(
        self, ratings: Mapping[Any, float], n: int = 10, *, features: Mapping[str, Any] | None = None
    ) -> list[Answer]:
        """What somebody new would like who gave these `ratings`; nothing is trained: see `Recommender.rate`."""
        return self.recommender.rate(ratings, n, features=features)

    def similar(self, item: Any, n: int = 10) -> list[Answer]:
        """What the same people like: see `Recommender.similar`."""
        return self.recommender.similar(item, n)

    def show_results(
        self, ds_idx: int = 1, dl: Any = None, max_n: int = 9, shuffle: bool = True, **kwargs: Any
    ) -> Any:
        """A table of pairs with their ratings and, in the last column, the answers. Returns it where `show=False`."""
        source: Any = in_order(self, ds_idx, dl)
        at = (torch.randperm(source.n) if shuffle else torch.arange(source.n))[:max_n]
        batch = source.dataset.batch(at, 0)
        frame = source.dataset.show_rows(batch, len(batch.x[0]), show=False)
        name = getattr(self.target, "name", "taken")
        probs = self.predictor().probabilities(batch.x)
        frame[f"{name}_pred"] = [self.target.decode(p) for p in probs]
        if not kwargs.get("show", True):
            return frame
        show_frame(frame)
        return None

    # what was learned ------------------------------------------------------------------------

    def extremes(self, n: int = 5, *, lowest: bool = False) -> list[tuple[Any, float]]:
        """The items of the highest (or lowest) bias: liked (or not) beyond what their kind explains."""
        names = pairs_of(self.dls.plan).item_names if self.dls.plan is not None else []
        bias = self._dot().bias(names[1:])
        order = bias.argsort(descending=not lowest)[:n]
        return [(names[1 + i], float(bias[i])) for i in order.tolist()]

    def plot_items(self, items: Iterable[Any] | None = None, n: int = 50, show: bool = True) -> Any:
        """Draw the items, by default the `n` that most people rated, where their factors put them: see `collab.plots`."""
        from tipoff.collab.plots import plot_items

        return plot_items(self.recommender, self._dot(), items, n, show)

    def _dot(self) -> EmbeddingDotBias:
        if not isinstance(self.model, EmbeddingDotBias):
            raise UsageError("A network with layers (use_nn=True) has no biases and factors of items.")
        return self.model


@checked
def collab_learner(
    dls: CollabDataLoaders,
    n_factors: int = 50,
    use_nn: bool = False,
    emb_szs: Mapping[str, int] | None = None,
    layers: list[int] | None = None,
    config: Mapping[str, Any] | None = None,
    y_range: tuple[float, float] | Literal["auto"] | None = "auto",
    loss_func: Callable[..., Tensor] | None = None,
    opt_func: Callable[..., Any] = Adam,
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
    members: int | None = None,
) -> CollabLearner:
    """A `Learner` with a dot product of factors and biases; with `use_nn`, embeddings and `layers`.

    The factors are dealt out to `members` of five or more each, see `EmbeddingDotBias`; with `members=1` the model is fastai's.
    `y_range` is where a sigmoid puts the answers: a little beyond the ratings that there are, unless given; None leaves
    it out. Without `lr` and `wd` they are fastai's recipe, 5e-3 and 0.1 for batches of 64, and grow with the root of the
    batch size. Features that `dls` hold are learned from as well. `emb_szs` gives sizes by name, `config` the `ps`,
    `embed_p` and `use_bn` of `use_nn`. Raises `UsageError` where a rating lies outside of `y_range`.

    >>> learn = collab_learner(dls, n_factors=50, y_range=(0, 5.5))  # doctest: +SKIP
    >>> learn.fit_one_cycle(5, 5e-3, wd=0.1)  # doctest: +SKIP
    """
    need_dls(dls)
    if dls.plan is None:
        raise UsageError("collab_learner needs CollabDataLoaders; pass a model of your own to Learner.")
    spec = choose_model(dls, n_factors, use_nn, emb_szs, layers, dict(config or {}), y_range, members)
    model = spec.build()
    give_tables(model, dls)
    scale = math.sqrt(dls.bs / BS)
    if loss_func is not None and model.members > 1:
        loss_func = EachMember(loss_func)
    return CollabLearner(
        dls,
        model,
        loss_func,
        opt_func,
        LR * scale if lr is None else lr,
        splitter,
        cbs,
        metrics,
        path,
        model_dir,
        WD * scale if wd is None else wd,
        wd_bn_bias,
        train_bn,
        moms,
        model_spec=spec,
        facts=facts_of(dls, spec),
    )


class EachMember:
    """A loss of predictions (B, 1) and ratings, made one of (B, K): every member's answers count by themselves."""

    def __init__(self, loss_func: Any) -> None:
        self.loss_func = loss_func
        self.__name__ = getattr(loss_func, "__name__", type(loss_func).__name__)

    def to(self, device: Any) -> None:
        if hasattr(self.loss_func, "to"):
            self.loss_func.to(device)

    @property
    def reduction(self) -> str:
        return str(self.loss_func.reduction)

    @reduction.setter
    def reduction(self, value: str) -> None:
        self.loss_func.reduction = value

    def __call__(self, pred: Tensor, y: Tensor) -> Tensor:
        made: Tensor = self.loss_func(pred.reshape(-1, 1), y.expand_as(pred).reshape(-1, 1))
        return made
