"""What is predicted: a category, several categories, or numbers."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from reprlib import repr as short
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from tipoff.answer import Category, MultiCategory, Regression
from tipoff.checked import checked
from tipoff.data.block import Block, Target
from tipoff.data.cells import note_words
from tipoff.data.similar_labels import also_written, note_similar_labels
from tipoff.display import INK, NO, entitle
from tipoff.errors import DataError, NotSetUp, UsageError, did_you_mean, some
from tipoff.notes import note

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# shapes: B batch, C classes, n numbers

NA = "#na#"
MAX_LOG = 88.0  # exp of more is no float32


def _vocab(vocab: Sequence[Any] | None, seen: Sequence[Any], sort: bool, add_na: bool) -> tuple[Any, ...]:
    _need_labels(seen if vocab is None else vocab)
    if vocab is None:
        unique = list(dict.fromkeys(seen))
        note_similar_labels(unique)
        note_words(unique, "the label")
        vocab = sorted(unique, key=lambda v: (str(type(v)), v)) if sort else unique
    names = tuple(v.item() if hasattr(v, "item") else v for v in vocab)
    return (NA, *names) if add_na and NA not in names else names


def _need_labels(values: Sequence[Any]) -> None:
    """Raise `DataError` unless each of `values` can be the name of a class."""
    for value in values:
        if isinstance(value, PurePath):
            way = "Which label a file has is said by get_y, such as get_y=parent_label."
        elif hasattr(value, "iloc"):
            way = "Which label a row has is said by get_y, such as get_y=ColReader('label')."
        elif isinstance(value, (list, set)):
            way = "For several labels an item, use MultiCategoryBlock."
        elif isinstance(value, Hashable):
            continue
        else:
            way = "Is the label function right?"
        raise DataError(
            f"The label of an item is a text or a number, and here a {type(value).__name__}: {short(value)}. {way}"
        )


def _need_known(names: Sequence[Any], trained: Sequence[Any]) -> None:
    """Raise `UsageError` unless every class of other data is one that the network was trained on."""
    other = [n for n in names if n not in set(trained) and n != NA]
    if other:
        raise UsageError(
            f"The network was trained on {len(trained)} classes ({some(trained, 12)}), and these data have {len(names)} "
            f"({some(names, 12)}): it does not know {some(map(repr, other))}. Leave these items out, or make a new learner."
        )


def _index(names: tuple[Any, ...], label: Any) -> int:
    try:
        return names.index(label)
    except ValueError:
        near = also_written(label, names) or did_you_mean(str(label), [str(n) for n in names])
        raise DataError(
            f"The label {label!r} is not among the {len(names)} of the training set: {some(names, 12)}.{near}"
        ) from None


@checked
@dataclass(frozen=True)
class CategoryBlock(Target):
    """One label out of a fixed list.

    `vocab` is read from the training labels where it is not given, in order of the alphabet when
    `sort`; `add_na` puts a class for anything unknown in front. `smoothing` in [0, 1) softens the
    targets of the loss (Szegedy et al. 2016); `weight` makes classes count more or less. Probabilities are
    softmax(outputs / temperature) (Guo et al. 2017); an answer whose probability is below `sure_above` is "not
    sure". `learn.calibrate()` sets both.
    """

    vocab: tuple[Any, ...] | None = None
    sort: bool = True
    add_na: bool = False
    smoothing: float = 0.0
    weight: tuple[float, ...] | None = None
    temperature: float = 1.0
    sure_above: float = 0.0

    default_metrics: ClassVar[tuple[str, ...]] = ("accuracy",)
    default_loss: ClassVar[str] = "CrossEntropyLossFlat()"

    def __post_init__(self) -> None:
        if self.vocab is not None:
            object.__setattr__(self, "vocab", _vocab(self.vocab, (), False, self.add_na))
            if len(set(self.names)) < len(self.names):
                twice = [v for v, n in Counter(self.names).items() if n > 1]
                raise DataError(f"vocab names {twice[0]!r} twice.")

    def setup(self, values: Sequence[Any]) -> Self:
        block = (
            self
            if self.vocab is not None
            else self.replace(vocab=_vocab(None, values, self.sort, self.add_na))
        )
        real = [n for n in block.names if n != NA]
        if not real:
            raise DataError("There is no class in the training items. Is the label function right?")
        if len(real) < 2:
            note(f"there is one class in the training items, {real[0]!r}; a classifier needs two or more")
        if block.weight is not None and len(block.weight) != len(block.names):
            raise UsageError(
                f"weight has {len(block.weight)} numbers, and there are {len(block.names)} classes: {some(block.names, 12)}."
            )
        return block

    @property
    def names(self) -> tuple[Any, ...]:
        if self.vocab is None:
            raise NotSetUp(
                "CategoryBlock has no vocab yet: DataBlock.dataloaders(source) reads it from the training labels, "
                "or pass vocab=(...)."
            )
        return self.vocab

    @property
    def n_out(self) -> int:
        return len(self.names)

    def encode(self, value: Any) -> Tensor:  # -> long ()
        if self.add_na and value not in self.names:
            return torch.tensor(0)
        return torch.tensor(_index(self.names, value))

    def encode_all(self, values: Sequence[Any]) -> Tensor:  # -> long (N,)
        at = {name: i for i, name in enumerate(self.names)}
        other = 0 if self.add_na else -1
        codes = np.fromiter((at.get(v, other) for v in values), np.int64, len(values))
        if codes.min(initial=0) < 0:
            label, n = Counter(v for v in values if v not in at).most_common(1)[0]
            raise DataError(
                f"{n} item{'s have' if n > 1 else ' has'} the label {label!r}, which is not among the {len(at)} of the training set: "
                f"{some(at, 12)}.{also_written(label, at) or did_you_mean(str(label), map(str, at))} Split again so that every class has items "
                "to learn from, or pass CategoryBlock(vocab=[...]) with all of them."
            )
        return torch.from_numpy(codes)

    def decode(self, value: Tensor) -> Any:
        return self.names[int(value)]

    def aligned(self, trained: Block) -> Block:
        """The classes in the order of the network's outputs, and its calibration; weights and smoothing that were given stay."""
        made = super().aligned(trained)
        assert isinstance(made, CategoryBlock)
        if self.vocab is None or made.vocab is None:
            return made
        _need_known(self.names, made.names)
        if self.weight is not None:
            counts = dict(zip(self.names, self.weight, strict=True))
            made = made.replace(weight=tuple(counts.get(name, 1.0) for name in made.names))
        return made.replace(smoothing=self.smoothing) if self.smoothing else made

    def _weight(self, pred: Tensor) -> Tensor | None:
        return None if self.weight is None else pred.new_tensor(self.weight)

    def loss(self, pred: Tensor, y: Tensor) -> Tensor:  # (B, C), (B,) -> ()
        return F.cross_entropy(pred, y, self._weight(pred), label_smoothing=self.smoothing)

    def loss_each(self, pred: Tensor, y: Tensor) -> Tensor:  # (B, C), (B,) -> (B,)
        return F.cross_entropy(pred, y, self._weight(pred), label_smoothing=self.smoothing, reduction="none")

    def activation(self, pred: Tensor) -> Tensor:
        return (pred / self.temperature).softmax(-1)

    def decide(self, prob: Tensor) -> Tensor:  # (B, C) -> (B,)
        return prob.argmax(-1)

    @property
    def answers(self) -> Category:
        """How probabilities become an answer."""
        return Category(self.names, self.sure_above)

    def answer(self, prob: Tensor) -> dict[str, Any]:
        return self.answers.answer(prob.tolist())

    def sentence(self, prob: Tensor) -> str:
        return self.answers.sentence(prob.tolist())

    def show_result(self, truth: Tensor, prob: Tensor, ax: Axes) -> None:
        right = int(truth) == int(prob.argmax())
        entitle(ax, f"{self.decode(truth)}\n{self.sentence(prob)}", INK if right else NO)


@checked
@dataclass(frozen=True)
class MultiCategoryBlock(Target):
    """Any number of labels out of a fixed list; `threshold` is where a probability counts as yes."""

    encoded: bool = False
    vocab: tuple[Any, ...] | None = None
    add_na: bool = False
    threshold: float = 0.5

    default_metrics: ClassVar[tuple[str, ...]] = ("accuracy_multi",)
    default_loss: ClassVar[str] = "BCEWithLogitsLossFlat()"

    def __post_init__(self) -> None:
        if self.vocab is not None:
            object.__setattr__(self, "vocab", _vocab(self.vocab, (), False, self.add_na))

    def setup(self, values: Sequence[Any]) -> Self:
        if self.vocab is not None:
            return self
        if self.encoded:
            raise NotSetUp(
                "MultiCategoryBlock(encoded=True) needs vocab=[...] with the names of the columns."
            )
        strings = [v for v in values if isinstance(v, str)]
        if strings:
            raise DataError(
                f"MultiCategoryBlock needs a list of labels for each item, and got the text {strings[0]!r}. "
                "Split it: label_delim=' ', or get_y=ColReader('labels', label_delim=' ')."
            )
        return self.replace(
            vocab=_vocab(None, [label for labels in values for label in labels], True, self.add_na)
        )

    @property
    def names(self) -> tuple[Any, ...]:
        if self.vocab is None:
            raise NotSetUp(
                "MultiCategoryBlock has no vocab yet: DataBlock.dataloaders(source) reads it, or pass vocab=."
            )
        return self.vocab

    @property
    def n_out(self) -> int:
        return len(self.names)

    def encode(self, value: Any) -> Tensor:  # -> float (C,)
        if self.encoded:
            return torch.as_tensor(value, dtype=torch.float32)
        y = torch.zeros(self.n_out)
        for label in value:
            y[0 if self.add_na and label not in self.names else _index(self.names, label)] = 1.0
        return y

    def decode(self, value: Tensor) -> list[Any]:
        return [n for n, v in zip(self.names, value.tolist(), strict=True) if v]

    def aligned(self, trained: Block) -> Block:
        """The labels in the order of the network's outputs."""
        made = super().aligned(trained)
        assert isinstance(made, MultiCategoryBlock)
        if self.vocab is None or made.vocab is None or self.names == made.names:
            return made
        _need_known(self.names, made.names)
        if self.encoded:
            raise UsageError(
                f"The labels are encoded for {some(self.names, 12)}, and the network answers {some(made.names, 12)}: put "
                "the columns into that order."
            )
        return made

    def loss(self, pred: Tensor, y: Tensor) -> Tensor:  # (B, C), (B, C) -> ()
        return F.binary_cross_entropy_with_logits(pred, y)

    def loss_each(self, pred: Tensor, y: Tensor) -> Tensor:  # (B, C), (B, C) -> (B,)
        return F.binary_cross_entropy_with_logits(pred, y, reduction="none").mean(-1)

    def activation(self, pred: Tensor) -> Tensor:
        return pred.sigmoid()

    def decide(self, prob: Tensor) -> Tensor:  # (B, C) -> (B, C)
        return (prob > self.threshold).to(prob.dtype)

    @property
    def answers(self) -> MultiCategory:
        """How probabilities become an answer."""
        return MultiCategory(self.names, self.threshold)

    def answer(self, prob: Tensor) -> dict[str, Any]:
        return self.answers.answer(prob.tolist())

    def sentence(self, prob: Tensor) -> str:
        return self.answers.sentence(prob.tolist())


@checked
@dataclass(frozen=True)
class RegressionBlock(Target):
    """One number or several, in the user's `unit`.

    `y_range` puts a sigmoid onto that range on the network's output. With `log`, what is learned are logarithms, so
    that errors count by their share of the number, and every number is above 0. `shift` and `scale`, one for each
    number, are what the network's output is multiplied by and moved to; `standardized` reads them from the training
    values, so that the network learns numbers of mean 0 and deviation 1.
    """

    n: int | None = None
    y_range: tuple[float, float] | None = None
    unit: str = ""
    log: bool = False
    shift: tuple[float, ...] = ()
    scale: tuple[float, ...] = ()

    default_metrics: ClassVar[tuple[str, ...]] = ("mae",)
    default_loss: ClassVar[str] = "MSELossFlat()"

    def __post_init__(self) -> None:
        if self.log and self.y_range is not None and self.y_range[0] <= 0:
            raise UsageError(f"With log=True, y_range must begin above 0, and it is {self.y_range}.")
        if not all(s > 0 for s in self.scale):
            raise UsageError(f"scale is {self.scale}; it must be above 0.")

    def setup(self, values: Sequence[Any]) -> Self:
        if self.n is not None:
            return self
        first = values[0]
        return self.replace(n=len(first) if hasattr(first, "__len__") and not isinstance(first, str) else 1)

    def standardized(self, y: Tensor) -> Self:  # (N, n)
        """A copy whose network learns numbers of mean 0 and deviation 1, by the encoded training values `y`.

        >>> RegressionBlock(1).standardized(torch.tensor([[10.0], [30.0]])).activation(torch.tensor([[0.0]]))
        tensor([[20.]])
        """
        learned = self._learned(y).double()
        deviation = learned.std(0, correction=0)
        deviation = torch.where(deviation > 1e-12 * learned.abs().amax(0), deviation, 1.0)
        return self.replace(shift=tuple(learned.mean(0).tolist()), scale=tuple(deviation.tolist()))

    @property
    def n_out(self) -> int:
        if self.n is None:
            raise NotSetUp("RegressionBlock does not know yet how many numbers there are; pass n=.")
        return self.n

    def encode(self, value: Any) -> Tensor:  # -> float (n,)
        try:
            y = torch.as_tensor(value, dtype=torch.float32).reshape(-1)
        except (TypeError, ValueError):
            raise DataError(f"{value!r} is not a number.") from None
        if not all(map(math.isfinite, y.tolist())):
            raise DataError(f"{value!r} is not a finite number.")
        if self.log and not all(v > 0 for v in y.tolist()):
            raise DataError(f"{value!r} has no logarithm: log=True needs numbers above 0.")
        return y

    def encode_all(self, values: Sequence[Any]) -> Tensor:  # -> float (N, n)
        try:
            y: Tensor = torch.as_tensor(np.asarray(values, dtype=np.float32)).reshape(len(values), -1)
        except (TypeError, ValueError):
            return torch.stack([self.encode(v) for v in values])  # which says of what value
        fine = y.isfinite() & (y > 0) if self.log else y.isfinite()
        return y if bool(fine.all()) else torch.stack([self.encode(v) for v in values])

    def _learned(self, y: Tensor) -> Tensor:
        """A number as it is learned: its logarithm, with `log`."""
        return y.log() if self.log else y

    def _output(self, pred: Tensor) -> Tensor:
        """What the network says, as numbers that are learned."""
        pred = pred.float()  # prices are beyond what half precision can say
        if self.y_range is not None:
            low, high = map(math.log, self.y_range) if self.log else self.y_range
            return pred.sigmoid() * (high - low) + low
        if self.scale:
            return torch.addcmul(pred.new_tensor(self.shift), pred, pred.new_tensor(self.scale))
        return pred

    def _both(self, pred: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """What the network says and the truth, as they are learned, in deviations."""
        out, truth = self._output(pred), self._learned(y)
        if not self.scale:
            return out, truth
        scale = out.new_tensor(self.scale)
        return out / scale, truth / scale

    def loss(self, pred: Tensor, y: Tensor) -> Tensor:  # (B, n), (B, n) -> ()
        return F.mse_loss(*self._both(pred, y))

    def loss_each(self, pred: Tensor, y: Tensor) -> Tensor:  # (B, n), (B, n) -> (B,)
        return F.mse_loss(*self._both(pred, y), reduction="none").mean(-1)

    def activation(self, pred: Tensor) -> Tensor:
        out = self._output(pred)
        return out.clamp(max=MAX_LOG).exp() if self.log else out

    def for_metrics(self, pred: Tensor) -> Tensor:
        return self.activation(pred)

    def aligned(self, trained: Block) -> Block:
        """The numbers in the scale that the network learned them in."""
        made = super().aligned(trained)
        assert isinstance(made, RegressionBlock)
        if self.n is not None and made.n is not None and self.n != made.n:
            raise UsageError(f"These data have {self.n} numbers an item, and the network answers {made.n}.")
        for name in ("y_range", "log", "unit"):
            mine, its = getattr(self, name), getattr(made, name)
            if mine and mine != its:
                raise UsageError(
                    f"These data have {name}={mine!r}, and the network was trained with {name}={its!r}: make a new learner, "
                    f"or leave {name} as it was."
                )
        return made

    def decode(self, value: Tensor) -> float | list[float]:
        numbers = [float(v) for v in value.reshape(-1)]
        return numbers[0] if len(numbers) == 1 else numbers

    @property
    def answers(self) -> Regression:
        """How numbers become an answer."""
        return Regression(self.unit)

    def answer(self, prob: Tensor) -> dict[str, Any]:
        return self.answers.answer(prob.reshape(-1).tolist())

    def sentence(self, prob: Tensor) -> str:
        return self.answers.sentence(prob.reshape(-1).tolist())
