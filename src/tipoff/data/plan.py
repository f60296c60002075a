"""How raw values become a batch: blocks and transforms, frozen, and JSON by construction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tipoff.data.batch import Batch
from tipoff.data.block import Block, Target
from tipoff.data.kind import SPATIAL, Kind
from tipoff.data.steps import (
    BATCH_ORDER,
    ITEM_ORDER,
    apply_to_item,
    is_of_training,
    need_use,
    order_of,
)
from tipoff.data.transform import BatchTransform, ItemTransform, need_movable, run_batch_transforms
from tipoff.errors import UsageError
from tipoff.spec import Spec

ItemStep = ItemTransform | Callable[[Any], Any]
BatchStep = BatchTransform | Callable[[Tensor], Tensor]


class Vocab(list[Any]):
    """The names of the classes, in the order of the network's outputs; `o2i` is where each of them is."""

    @property
    def o2i(self) -> dict[Any, int]:
        return {name: i for i, name in enumerate(self)}


@dataclass(frozen=True)
class Plan(Spec):
    """The whole way from raw inputs and labels to the tensors that the network and the loss take.

    Functions, and transforms of fastai's kind, among the transforms work in training; writing a model file refuses them,
    unless they are for training only (`split_idx` 0).
    """

    inputs: tuple[Block, ...]
    targets: tuple[Target, ...] = ()
    item_tfms: tuple[ItemStep, ...] = ()
    batch_tfms: tuple[BatchStep, ...] = ()

    def __post_init__(self) -> None:
        need_movable((*self.every_item_tfm(), *self.batch_tfms), {b.kind for b in self.blocks})
        is_grey = any(getattr(b, "mode", None) == "L" for b in self.blocks)
        for steps, where, kinds in (
            (self.item_tfms, "item_tfms", {b.kind for b in self.blocks if not b.is_cheap}),
            (self.batch_tfms, "batch_tfms", {b.kind for b in self.blocks}),
        ):
            own = [t for t in steps if not isinstance(t, (ItemTransform, BatchTransform))]
            need_use(own, kinds, where, is_item=where == "item_tfms", is_grey=is_grey)
        for where, steps, other, kind in (
            ("item_tfms", self.item_tfms, "batch_tfms", BatchTransform),
            ("batch_tfms", self.batch_tfms, "item_tfms", ItemTransform),
        ):
            if misplaced := next((t for t in steps if isinstance(t, kind)), None):
                raise UsageError(f"{type(misplaced).__name__} belongs into {other}, and stands in {where}.")

    @property
    def blocks(self) -> tuple[Block, ...]:
        return (*self.inputs, *self.targets)

    @property
    def kinds(self) -> list[Kind]:
        """The kind of each tensor of a batch: those of the inputs, then those of the targets."""
        return [b.kind for b in self.blocks for _ in range(b.n_tensors)]

    @property
    def vocab(self) -> Any:
        """The names of the classes; a list of lists where there are several targets."""
        names = [Vocab(t.names) for t in self.targets if hasattr(t, "names")]
        if not names:
            raise AttributeError("these data have no vocab: their target has no classes")
        return names[0] if len(self.targets) == 1 else names

    @property
    def n_x(self) -> int:
        """How many tensors the network takes."""
        return sum(b.n_tensors for b in self.inputs)

    def with_norm(self, norm: BatchTransform) -> Plan:
        """A copy that normalises with `norm`, unless it does so already."""
        if any(type(t) is type(norm) for t in self.batch_tfms):
            return self
        return self.replace(batch_tfms=(*self.batch_tfms, norm))

    # item transforms -----------------------------------------------------------------------

    def train_steps(self) -> tuple[ItemStep, ...]:
        """The item transforms in their parts, as in training."""
        return tuple(
            part
            for t in self.every_item_tfm()
            for part in (t.parts() if isinstance(t, ItemTransform) else (t,))
        )

    def head(self) -> tuple[ItemTransform, ...]:
        """The leading steps of training that give the same result every time: these are cached."""
        head: list[ItemTransform] = []
        for step in self.train_steps():
            if not isinstance(step, ItemTransform) or step.n_draws:
                break
            head.append(step)
        return tuple(head)

    def every_item_tfm(self) -> tuple[ItemStep, ...]:
        """Those of the blocks and of the user, in the order in which they run."""
        of_blocks = {t: None for block in self.blocks for t in block.item_tfms}
        return tuple(sorted((*of_blocks, *self.item_tfms), key=lambda t: order_of(t, ITEM_ORDER)))

    def for_prediction(self) -> Plan:
        """A copy without the steps that are for training only: those are no specs, and a model file has no use for them."""
        return self.replace(
            item_tfms=tuple(t for t in self.item_tfms if not is_of_training(t)),
            batch_tfms=tuple(t for t in self.batch_tfms if not is_of_training(t)),
        )

    @staticmethod
    def apply(steps: Sequence[ItemStep], kind: Kind, x: Any, u: np.ndarray | None) -> Any:
        """Run training steps on one value; `u` holds the draws of all of them."""
        at = 0
        for step in steps:
            if not isinstance(step, ItemTransform):
                x = apply_to_item(step, kind, x, training=True)
                continue
            mine = None if u is None or not step.n_draws else u[at : at + step.n_draws]
            at += step.n_draws
            x = step.apply(kind, x, mine)
        return x

    def exact(self, kind: Kind, x: Any) -> Any:
        """Run the item transforms on one value as at validation and prediction: nothing is drawn."""
        for t in self.every_item_tfm():
            x = (
                t.exact(kind, x)
                if isinstance(t, ItemTransform)
                else apply_to_item(t, kind, x, training=False)
            )
        return x

    # batch transforms ----------------------------------------------------------------------

    def every_batch_tfm(self) -> list[BatchStep]:
        """Those of the blocks and of the user, in the order in which they run."""
        given = {type(t) for t in self.batch_tfms}  # what a user lists takes the place of the block's own
        of_blocks = {t: None for block in self.blocks for t in block.batch_tfms if type(t) not in given}
        return sorted((*of_blocks, *self.batch_tfms), key=lambda t: order_of(t, BATCH_ORDER))

    def finish(self, batch: Batch, key: tuple[int, ...] | None) -> Batch:
        """The batch transforms, on whatever device the batch is on; `key` is (seed, epoch) in training."""
        steps = self.every_batch_tfm()
        if not steps:
            return batch
        n = len(batch.x)
        kinds = self.kinds[: n + len(batch.y)]
        fields = run_batch_transforms(steps, kinds, (*batch.x, *batch.y), batch.items, key)
        return Batch(tuple(fields[:n]), tuple(fields[n:]), batch.items)

    def undo(self, kind: Kind, x: Tensor) -> Tensor:
        """From what the network sees back to what a person can look at."""
        for t in reversed(self.every_batch_tfm()):
            if isinstance(t, BatchTransform):
                x = t.undo(kind, x)
        return x

    # prediction ----------------------------------------------------------------------------

    def parts(self, item: Any) -> tuple[Any, ...]:
        """One raw value for each input; a tuple may also be the value of a single one, such as (user, item)."""
        return item if isinstance(item, tuple) and len(self.inputs) > 1 else (item,)

    def read(self, *raw: Any) -> tuple[Any, ...]:
        """The inputs of one sample, as at prediction, before they are put into a batch."""
        return tuple(
            self.exact(b.kind, self.encode(b, b.raw(r))) for b, r in zip(self.inputs, raw, strict=True)
        )

    def encode(self, block: Block, value: Any) -> Any:
        """A raw value as at validation and prediction; whole where places in a picture are predicted, which lie in its pixels."""
        places = any(t.kind in SPATIAL for t in self.targets)
        return block.encode(value) if places else block.encode_exact(value)

    def collate(self, samples: Sequence[tuple[Any, ...]]) -> tuple[Tensor, ...]:
        """Inputs read by `read`, put into one batch, before the batch transforms."""
        made: list[Tensor] = []
        for i, block in enumerate(self.inputs):
            tensors = block.collate([s[i] for s in samples])
            made += tensors if isinstance(tensors, tuple) else (tensors,)
        return tuple(made)

    def inputs_of(self, samples: Sequence[tuple[Any, ...]]) -> tuple[Tensor, ...]:
        """Inputs read by `read`, as the network takes them, on the CPU."""
        return self.finish(Batch(self.collate(samples), (), torch.arange(len(samples))), None).x
