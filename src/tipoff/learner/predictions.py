"""Predictions over a whole data set, in the order of its items."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from tipoff.arguments import need_number, need_whole
from tipoff.data.batch import Batch
from tipoff.data.datablock import as_tuple
from tipoff.data.dataset import SampleDataset
from tipoff.data.kind import SPATIAL
from tipoff.data.loader import Loader
from tipoff.data.plan import Plan
from tipoff.data.show import show_sample
from tipoff.display import entitle, get_grid, shown
from tipoff.errors import UsageError
from tipoff.learner.call_arguments import need_loader, need_split
from tipoff.learner.sample_losses import SampleLosses
from tipoff.nn.lanes import Lanes
from tipoff.nn.packed import WORTH_PACKING, packed

if TYPE_CHECKING:
    from tipoff.learner.learner import Learner

AHEAD = 1  # batches that are begun before the answers to one are waited for


@dataclass
class Predictions:
    """What the network says of each item, (N, ...), on the CPU; `items` are positions in the data set."""

    probs: Tensor
    targets: Tensor | None
    losses: Tensor | None
    items: Tensor
    inputs: Any = None  # a tensor; a list of them where their sizes differ
    figures: list[float] = field(default_factory=list)
    dataset: Any = None
    loss: float = float("nan")  # the mean, as the progress table has it; `losses` have the same mean


def in_order(learn: Learner, ds_idx: int, dl: Any) -> Any:
    """`dl`, or the loader of one split, in order and without random changes."""
    if dl is not None:
        return learn.aligned(need_loader(dl))
    found = learn.dls[need_split(ds_idx, len(learn.dls))]
    if not isinstance(found, Loader):
        return found
    plain = (
        found.dataset.view(training=False)
        if found.training and hasattr(found.dataset, "view")
        else found.dataset
    )
    return found.replace(dataset=plain, shuffle=False, drop_last=False)


@torch.no_grad()
def predict_all(
    learn: Learner,
    ds_idx: int = 1,
    dl: Any = None,
    *,
    with_input: bool = False,
    metrics: bool = False,
    losses: bool = False,
    act: Callable[[Tensor], Tensor] | None = None,
) -> Predictions:
    """Run the network over a loader and gather what it says; with `losses`, the loss of each sample too."""
    source, target = in_order(learn, ds_idx, dl), learn.target
    objective, of_samples = learn.objective(), SampleLosses(learn)
    loss_sum: Tensor | float = 0.0  # on the device, and in float32, as the loop sums up
    weight_sum: Tensor | float = 0.0
    learn.model.eval()
    probs: list[Tensor] = []
    ys: list[Tensor] = []
    shares: list[Tensor] = []
    items: list[Tensor] = []
    inputs: list[Tensor] = []
    for metric in learn.metrics if metrics else ():
        metric.reset()
    for batch, pred in _answered(learn, source):
        if batch.y:
            with learn.engine.autocast():
                total, weight = objective.sum_of(objective.loss(pred, batch), batch)
                if losses:
                    shares.append(of_samples(pred.float(), *batch.y)[0].cpu())
            loss_sum, weight_sum = loss_sum + total, weight_sum + weight
        pred = pred.float()
        probs.append((act or target.activation)(pred).cpu())
        items.append(batch.items)
        if with_input:
            inputs.append(batch.x[0].cpu())
        if batch.y:
            ys.append(batch.y[0].cpu())
            measured = target.for_metrics(pred)
            for metric in learn.metrics if metrics else ():
                metric.update(measured, *batch.y)
    figures = [m.compute() for m in learn.metrics] if metrics and ys else []
    at = torch.cat(items)
    # shares of a sum, so that their mean is the loss
    weight_sum = float(weight_sum)
    each = torch.cat(shares) * (len(at) / weight_sum) if shares and weight_sum else None
    order = at.argsort(stable=True)  # loaders that group items by length give them in another order
    return Predictions(
        torch.cat(probs)[order],
        torch.cat(ys)[order] if ys else None,
        each[order] if each is not None else None,
        at[order],
        _rows(inputs, order) if inputs else None,
        figures,
        getattr(source, "dataset", None),
        float(loss_sum) / weight_sum if weight_sum else float("nan"),
    )


def _answered(learn: Learner, source: Any) -> Iterator[tuple[Batch, Tensor]]:
    """The batches and what the network says of them; on a processor the batch after is read and begun meanwhile."""
    net = packed(learn.model, learn.engine.dtype) if len(source) >= WORTH_PACKING else learn.model
    batches = (source.finish(learn.engine.to_device(raw), 0) for raw in source.batches(0))
    if net is learn.model:
        for batch in batches:
            with learn.engine.autocast():
                pred = net(*batch.x)
            yield batch, pred
        return
    with Lanes(net, learn.engine.autocast) as lanes:
        begun: deque[tuple[Batch, Callable[[], Tensor]]] = deque()
        for batch in batches:
            begun.append((batch, lanes.submit(batch.x)))
            if len(begun) > AHEAD:
                done, answer = begun.popleft()
                yield done, answer()
        for done, answer in begun:
            yield done, answer()


def _rows(inputs: list[Tensor], order: Tensor) -> Any:
    """The inputs of all batches as one tensor; a list of them where their sizes differ."""
    if len({t.shape[1:] for t in inputs}) == 1:
        return torch.cat(inputs)[order]
    rows = [row for t in inputs for row in t]
    return [rows[i] for i in order.tolist()]


def tta(
    learn: Learner,
    ds_idx: int,
    dl: Any,
    n: int,
    beta: float | None,
    use_max: bool,
    item_tfms: Any = None,
    batch_tfms: Any = None,
) -> tuple[Tensor, Tensor | None]:
    """Probabilities over `n` random versions of each item, mixed with those of the plain one."""
    need_whole("n", n, at_least=1)
    if beta is not None:
        need_number("beta", beta, at_least=0, at_most=1)
    plain_loader = in_order(learn, ds_idx, dl)
    plain = predict_all(learn, dl=plain_loader)
    if not isinstance(plain_loader.dataset, SampleDataset):
        raise UsageError("tta needs DataLoaders made from a DataBlock, which know how to change their items.")
    if learn.target.kind in SPATIAL:
        raise UsageError(
            f"tta averages predictions of changed images, and a {learn.target.kind.value} lies elsewhere in each of them."
        )
    changed = _Changed(plain_loader, _with_tfms(learn, plain_loader.dataset.plan, item_tfms, batch_tfms))
    total = torch.stack([predict_all(learn, dl=changed.version(i)).probs for i in range(n)])
    if use_max:
        return torch.cat([total, plain.probs[None]]).amax(0), plain.targets
    mean = total.mean(0)
    return (mean if beta is None else torch.lerp(mean, plain.probs, beta)), plain.targets


def _with_tfms(learn: Learner, plan: Plan, item_tfms: Any, batch_tfms: Any) -> Plan:
    """`plan` with other transforms where they are given, normalised as before."""
    if item_tfms is not None:
        plan = plan.replace(item_tfms=as_tuple(item_tfms))
    if batch_tfms is not None:
        plan = plan.replace(batch_tfms=as_tuple(batch_tfms))
    return plan if learn.norm is None else plan.with_norm(learn.norm)


class _Changed:
    """A loader in order whose items are changed at random by `plan`, another way for each version."""

    def __init__(self, loader: Loader, plan: Plan) -> None:
        self.loader = loader
        self.dataset = loader.dataset.with_plan(plan).view(training=True)  # type: ignore[attr-defined]
        self.epoch = 0

    def version(self, i: int) -> _Changed:
        self.epoch = i
        return self

    def __len__(self) -> int:
        return len(self.loader)

    def batches(self, _: int) -> Any:
        return (self.dataset.batch(positions, self.epoch) for positions in self.loader.order(0))

    def finish(self, batch: Batch, _: int) -> Batch:
        made: Batch = self.dataset.plan.finish(batch, (self.dataset.seed, self.epoch))
        return made


def show_results(
    learn: Learner, ds_idx: int, dl: Any, max_n: int, shuffle: bool, show: bool = True, **kwargs: Any
) -> Any:
    """Draw `max_n` items with truth and answer."""
    need_whole("max_n", max_n, at_least=1)
    source, plan = in_order(learn, ds_idx, dl), learn.dls.plan
    if plan is None:
        raise UsageError(
            "show_results needs DataLoaders made from a DataBlock, which know how to draw their items."
        )
    order = torch.randperm(source.n) if shuffle else torch.arange(source.n)
    with torch.no_grad():
        raw = source.dataset.batch(order[:max_n], 0)
        batch = source.finish(learn.engine.to_device(raw), 0)
        learn.model.eval()
        probs = learn.target.activation(learn.model(*batch.x).float()).cpu()
    figure, axes = get_grid(batch.size, return_fig=True, **kwargs)
    for i, ax in enumerate(axes):
        show_sample(plan, tuple(t[i] for t in batch.x), (), ax)
        if batch.y:
            learn.target.show_result(batch.y[0][i].cpu(), probs[i], ax)
        else:
            entitle(ax, learn.target.sentence(probs[i]))
    figure.tight_layout()
    return shown(figure, show)
