"""A learner for ratings: predictions, recommendations, and what the factors mean."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor, nn

from tipoff.collab.block import RatingBlock
from tipoff.collab.dataset import pairs_of
from tipoff.collab.fill import FillUnknown
from tipoff.collab.loaders import CollabDataLoaders
from tipoff.collab.model import CollabModel, EmbeddingDotBias, EmbeddingNN, Range
from tipoff.collab.recommender import Answer, Recommender
from tipoff.collab.seen import Seen
from tipoff.data.dataloaders import DataLoaders
from tipoff.display import show_frame
from tipoff.errors import UsageError, did_you_mean
from tipoff.learner.budget import plan_minutes
from tipoff.learner.freeze import trainable_params
from tipoff.learner.learner import Learner
from tipoff.learner.predictions import in_order
from tipoff.nn.embedding import emb_sz_rule
from tipoff.spec import Spec
from tipoff.train.optim import Adam

FACTORS_A_MEMBER = 5
STEPS, MIN_EPOCHS, MAX_EPOCHS = 400, 5, 20
LR, WD, BS = 5e-3, 0.1, 64  # fastai's recipe for batches of 64


class CollabLearner(Learner):
    """A `Learner` of ratings or clicks; `collab_learner` makes one, and `load_learner` of a model file of ratings."""

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
        """Train with one cycle for `epochs`, by default as many as are worth it; fewer where `minutes` do not allow them."""
        if minutes is not None and minutes <= 0:
            raise UsageError(f"minutes is {minutes:g}; it is a time above 0.")
        n = self.default_epochs() if epochs is None else epochs
        if minutes is not None:
            n = min(n, plan_minutes(self, minutes * 60, 0))
        self.fit_one_cycle(n, lr, cbs=cbs)

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
    splitter: Any = trainable_params,
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
    if dls.plan is None:
        raise UsageError("collab_learner needs CollabDataLoaders; pass a model of your own to Learner.")
    spec = _spec(dls, n_factors, use_nn, emb_szs, layers, dict(config or {}), y_range, members)
    model = spec.build()
    _give_tables(model, dls)
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
        facts=_facts(dls, spec),
    )


class EachMember:
    """A loss of predictions (B, 1) and ratings, made one of (B, K): every member's answers count by themselves."""

    def __init__(self, loss_func: Any) -> None:
        self.loss_func = loss_func
        self.__name__ = getattr(loss_func, "__name__", type(loss_func).__name__)

    @property
    def reduction(self) -> str:
        return str(self.loss_func.reduction)

    @reduction.setter
    def reduction(self, value: str) -> None:
        self.loss_func.reduction = value

    def __call__(self, pred: Tensor, y: Tensor) -> Tensor:
        made: Tensor = self.loss_func(pred.reshape(-1, 1), y.expand_as(pred).reshape(-1, 1))
        return made


def _spec(
    dls: CollabDataLoaders,
    n_factors: int,
    use_nn: bool,
    emb_szs: Mapping[str, int] | None,
    layers: list[int] | None,
    config: dict[str, Any],
    y_range: Any,
    members: int | None,
) -> CollabModel:
    pairs = dls.pairs
    n_users, n_items = len(pairs.user_names), len(pairs.item_names)
    given = config.pop("y_range", y_range)
    if unknown := sorted(set(config) - {"ps", "embed_p", "use_bn"}):
        raise UsageError(
            f"config has {unknown[0]!r}; a network for ratings takes ps, embed_p, use_bn and y_range."
        )
    target = dls.targets[0]
    onto = _range(target, given, dls) if isinstance(target, RatingBlock) else None
    common: dict[str, Any] = {"y_range": onto, "n_seen": _n_seen(dls)}
    if use_nn:
        if pairs.user_features is not None or pairs.item_features is not None:
            raise UsageError("Features go with the dot product: leave out use_nn=True, or the features.")
        names = (pairs.user_name, pairs.item_name)
        if unknown := [n for n in emb_szs or {} if n not in names]:
            raise UsageError(f"emb_szs names {unknown[0]!r}.{did_you_mean(unknown[0], names)}")
        sizes = [
            (emb_szs or {}).get(k, emb_sz_rule(n)) for k, n in zip(names, (n_users, n_items), strict=True)
        ]
        drop = config.pop("ps", None)
        return CollabModel(
            n_users, n_items, layers=tuple(layers or [n_factors]), emb_szs=(sizes[0], sizes[1]),
            ps=float(drop or 0.0), members=1, **config, **common,
        )  # fmt: skip
    return CollabModel(
        n_users,
        n_items,
        n_factors,
        default_members(n_factors) if members is None else members,
        n_user_features=pairs.user_features.size if pairs.user_features else 0,
        n_item_features=pairs.item_features.size if pairs.item_features else 0,
        **common,
    )


def default_members(n_factors: int) -> int:
    """As many members as there can be with five factors or more each, all the same number.

    >>> [default_members(n) for n in (50, 40, 16, 7)]
    [10, 8, 2, 1]
    """
    return max(
        m
        for m in range(1, n_factors + 1)
        if n_factors % m == 0 and (m == 1 or n_factors // m >= FACTORS_A_MEMBER)
    )


def _range(target: RatingBlock, given: Any, dls: CollabDataLoaders) -> Range | None:
    low, high = target.range
    if given is None:
        return None
    if given == "auto":
        span = high - low
        return low - span / 4, high + span / 8  # (0, 5.5) for 1 to 5 stars, as in the lesson
    floor, ceiling = float(given[0]), float(given[1])
    if not floor <= low <= high <= ceiling:
        wrong = low if low < floor else high
        rows = [
            int(part.dataset.rows[int((part.dataset.y == wrong).nonzero()[0, 0])])
            for part in dls.loaders
            if bool((part.dataset.y == wrong).any())
        ]
        where = f" (row {rows[0]})" if rows else ""
        raise UsageError(
            f"y_range is {floor:g} to {ceiling:g}, and there is the {target.name} {wrong:g}{where}: no answer could reach it. "
            "Widen y_range, or correct the table."
        )
    return floor, ceiling


def _pairs_of_all(dls: CollabDataLoaders) -> Tensor:
    return torch.cat([dl.dataset.x for dl in dls.loaders])


def _n_seen(dls: CollabDataLoaders) -> int:
    return int((_pairs_of_all(dls) > 0).all(1).sum())


def _give_tables(model: EmbeddingDotBias | EmbeddingNN, dls: CollabDataLoaders) -> None:
    """Put into the model what it keeps of the data: who rated what, and the features."""
    pairs = dls.pairs
    made = Seen.of_pairs(_pairs_of_all(dls), len(pairs.user_names), len(pairs.item_names))
    model.seen.load_state_dict(made.state_dict())
    if isinstance(model, EmbeddingDotBias):
        for tower, table in zip((model.u_tower, model.i_tower), dls.tables, strict=True):
            if tower is not None and table is not None:
                tower.table.copy_(table)


def _facts(dls: CollabDataLoaders, spec: Spec) -> dict[str, Any]:
    pairs = dls.pairs
    n = sum(dl.n for dl in dls.loaders)
    what = "ratings" if isinstance(dls.targets[0], RatingBlock) else "pairs"
    users, items = len(pairs.user_names) - 1, len(pairs.item_names) - 1
    return {
        "arch": "embeddings with layers" if getattr(spec, "layers", None) else "dot product with biases",
        "task": f"{n:,} {what} of {users:,} {pairs.user_name}s and {items:,} {pairs.item_name}s",
    }
