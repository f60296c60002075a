"""The next token as what is predicted: the target of language models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import torch
from torch import Tensor
from torch.nn import functional as F

from tipoff.data.block import Target
from tipoff.display import entitle
from tipoff.errors import DataError, NotSetUp, did_you_mean
from tipoff.nn.next_word import next_word_loss
from tipoff.text.tokenizer import Tokenizer

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# shapes: B batch, T tokens, V tokens of the vocabulary


@dataclass(frozen=True)
class NextToken(Target):
    """The token that follows each token of a text."""

    tokenizer: Tokenizer | None = None

    default_metrics: ClassVar[tuple[str, ...]] = ("accuracy", "perplexity")
    default_loss: ClassVar[str] = "CrossEntropyLossFlat()"

    @property
    def tokens(self) -> Tokenizer:
        if self.tokenizer is None:
            raise NotSetUp("NextToken has no tokenizer; TextBlock(is_lm=True) makes one that has.")
        return self.tokenizer

    @property
    def names(self) -> tuple[str, ...]:
        return self.tokens.names

    @property
    def n_out(self) -> int:
        return len(self.names)

    def encode(self, value: Any) -> Tensor:  # a token -> long ()
        found = self.tokens.id_of(str(value))
        if found is None:
            near = did_you_mean(str(value), self.names)
            raise DataError(f"{value!r} is not among the {self.n_out} tokens of the vocabulary.{near}")
        return torch.tensor(found)

    def decode(self, value: Tensor) -> str:  # long () or (T,)
        ids = value.reshape(-1).tolist()
        return self.names[ids[0]] if value.ndim == 0 else self.tokens.decode(ids)

    def loss(self, pred: Tensor, y: Tensor) -> Tensor:  # (B, T, V), (B, T) -> ()
        return next_word_loss(pred.flatten(0, -2), y.flatten())

    def loss_each(self, pred: Tensor, y: Tensor) -> Tensor:  # (B, T, V), (B, T) -> (B,)
        each = F.cross_entropy(pred.flatten(0, -2), y.flatten(), reduction="none")
        return each.reshape(len(y), -1).mean(1)

    def activation(self, pred: Tensor) -> Tensor:
        return pred.softmax(-1)

    def decide(self, prob: Tensor) -> Tensor:  # (B, T, V) -> (B, T)
        return prob.argmax(-1)

    def answer(self, prob: Tensor) -> dict[str, Any]:  # (T, V) or (V,): what follows the last token
        best = prob.reshape(-1, prob.shape[-1])[-1].topk(min(10, prob.shape[-1]))
        named = {self.names[int(i)]: float(p) for p, i in zip(*best, strict=True)}
        return {"next": next(iter(named)), "probabilities": named}

    def sentence(self, prob: Tensor) -> str:
        best = self.answer(prob)["probabilities"]
        return ", ".join(f"{name} {100 * p:.0f} %" for name, p in list(best.items())[:3])

    def show_result(self, truth: Tensor, prob: Tensor, ax: Axes) -> None:
        entitle(ax, f"{self.decode(truth)}\n{self.decode(prob.argmax(-1))}")
