"""One field of a sample: how a raw value becomes a tensor, and how it is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import torch
from torch import Tensor

from tipoff.data.kind import Kind
from tipoff.data.transform import BatchTransform, ItemTransform
from tipoff.display import entitle
from tipoff.errors import UsageError
from tipoff.lazy import attach
from tipoff.spec import Spec

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class Block(Spec):
    """How one field of a sample is read, encoded and shown.

    A block may have gaps before it has seen data (`vocab=None`); `setup` reads the training values
    and returns a complete one. Nothing is fitted in place.
    """

    kind: ClassVar[Kind] = Kind.LABEL
    is_cheap: ClassVar[bool] = True  # encoded for all items at once and kept in memory
    things: ClassVar[str] = "items"  # what samples that begin with it are called
    is_ragged: ClassVar[bool] = False  # encoded values differ in length, and `collate` pads them
    item_tfms: ClassVar[tuple[ItemTransform, ...]] = ()  # always, before those of the user
    batch_tfms: ClassVar[tuple[BatchTransform, ...]] = ()  # always, after those of the user

    @property
    def n_tensors(self) -> int:
        """How many tensors `encode` makes of one value: where more than one, it and `collate` give a tuple."""
        return 1

    def setup(self, values: Sequence[Any]) -> Self:
        """A complete block, from the training values."""
        return self

    def raw(self, value: Any) -> Any:
        """A raw value in the one form that the rest takes it in: a file's name as a path, for blocks that read files."""
        return value

    def sample(self, value: Any) -> Any:
        """One raw value as a person holds it, before any transform: what `dls.train_ds[0]` is made of."""
        return self.encode(value)

    def encode(self, value: Any) -> Any:
        """One raw value as a tensor; for kinds that transforms change, as an array; a tuple of `n_tensors`."""
        raise NotImplementedError

    def encode_exact(self, value: Any) -> Any:
        """What `encode` gives at validation and prediction, where the size of the raw value does not matter."""
        return self.encode(value)

    def encode_all(self, values: Sequence[Any]) -> Any:  # -> (N, ...)
        return torch.stack([self.encode(v) for v in values])

    def check(self, value: Any) -> str | None:
        """Why `encode` would refuse this raw value, found cheaply, or None."""
        return None

    def collate(self, values: Sequence[Any]) -> Any:  # -> (B, ...)
        return torch.stack([torch.as_tensor(v) for v in values])

    def aligned(self, trained: Block) -> Block:
        """The block for the data of this one that a network trained with `trained` understands.

        What was fitted on the training data belongs to the network. Raises `UsageError` where no values of this block
        mean anything to it.
        """
        if type(self) is not type(trained):
            raise UsageError(
                f"These data are made by {type(self).__name__}, and the network was trained on those of "
                f"{type(trained).__name__}. Make a new learner for them."
            )
        return trained

    def decode(self, value: Any) -> Any:
        """What `encode` made, as a person would write it."""
        return value

    def show(self, value: Any, ax: Axes) -> None:
        """Draw one encoded value into `ax`."""
        entitle(ax, str(self.decode(value)))


@dataclass(frozen=True)
class Target(Block):
    """What is predicted. Everything about a kind of label lives here: the number of outputs, the
    loss, the activation, decoding, default metrics, how it is drawn.

    A user's own loss changes the loss only; activation and decoding stay with the target, so a
    custom loss cannot silently break prediction.
    """

    default_metrics: ClassVar[tuple[str, ...]] = ()
    default_loss: ClassVar[str] = ""  # what an error message suggests

    @property
    def n_out(self) -> int:
        """How many numbers the network gives for one sample."""
        raise NotImplementedError

    def loss(self, pred: Tensor, y: Tensor) -> Tensor:  # (B, n_out), (B, ...) -> ()
        raise NotImplementedError

    def loss_each(self, pred: Tensor, y: Tensor) -> Tensor:  # (B, n_out), (B, ...) -> (B,)
        """The loss of each sample."""
        raise NotImplementedError

    def activation(self, pred: Tensor) -> Tensor:  # (B, n_out) -> (B, n_out)
        """From raw outputs to probabilities or numbers."""
        return pred

    def for_metrics(self, pred: Tensor) -> Tensor:  # (B, n_out) -> (B, n_out)
        """What metrics, and a loss of the user's own, compare with y: raw outputs, which they turn into probabilities."""
        return pred

    def decide(self, prob: Tensor) -> Tensor:  # (B, n_out) -> (B, ...), the shape of y
        """From probabilities to an encoded answer."""
        return prob

    def answer(self, prob: Tensor) -> dict[str, Any]:  # (n_out,) -> JSON values
        """One prediction as a program would want it."""
        return {"value": self.decode(self.decide(prob[None])[0])}

    def sentence(self, prob: Tensor) -> str:  # (n_out,)
        """One prediction as a person would say it."""
        return str(self.decode(self.decide(prob[None])[0]))

    def show_result(self, truth: Tensor, prob: Tensor, ax: Axes) -> None:
        """Draw the truth and the prediction into the title of `ax`."""
        entitle(ax, f"{self.decode(truth)}\n{self.sentence(prob)}")


# fastai's users look for these here; their modules import this one
__getattr__, _, _LATER = attach(
    __name__,
    {
        "tipoff.data.datablock": ("DataBlock",),
        "tipoff.data.target": ("CategoryBlock", "MultiCategoryBlock", "RegressionBlock"),
    },
)
__all__ = ["Block", "Target", *_LATER]
