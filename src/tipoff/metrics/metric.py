"""What a metric is: figures gathered over batches, computed once."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor


class Metric:
    """`reset`, then `update(pred, *y)` with the raw outputs of each batch, then `compute`.

    `state` and `merge` bring several processes together. `higher_is_better` tells early stopping and
    best-model keeping which way is up.
    """

    name: str = "metric"
    higher_is_better: bool = True

    def reset(self) -> None:
        raise NotImplementedError

    def update(self, pred: Tensor, *y: Tensor) -> None:
        raise NotImplementedError

    def compute(self) -> float:
        raise NotImplementedError

    def state(self) -> dict[str, Tensor]:
        raise NotImplementedError

    def merge(self, states: Sequence[Mapping[str, Tensor]]) -> None:
        raise NotImplementedError


class Sums(Metric):
    """Metrics whose state is tensors that add up: `add(pred, *y)` gives what one batch adds."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self._total: dict[str, Tensor] = {}

    def add(self, pred: Tensor, *y: Tensor) -> dict[str, Tensor]:
        raise NotImplementedError

    def update(self, pred: Tensor, *y: Tensor) -> None:
        for key, value in self.add(pred, *y).items():
            value = value.detach()
            self._total[key] = self._total[key] + value if key in self._total else value

    def state(self) -> dict[str, Tensor]:
        return dict(self._total)

    def merge(self, states: Sequence[Mapping[str, Tensor]]) -> None:
        keys = {k for s in states for k in s}
        self._total = {k: torch.stack([s[k].cpu() for s in states if k in s]).sum(0) for k in keys}


class Scores(Metric):
    """Metrics that need every prediction: kept until `compute`, which calls `score(pred, y)`."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self._pred: list[Tensor] = []
        self._y: list[Tensor] = []

    def update(self, pred: Tensor, *y: Tensor) -> None:
        self._pred.append(pred.detach().float().cpu())
        self._y.append(y[0].detach().cpu())

    def score(self, pred: Tensor, y: Tensor) -> float:
        raise NotImplementedError

    def compute(self) -> float:
        return self.score(torch.cat(self._pred), torch.cat(self._y)) if self._pred else float("nan")

    def state(self) -> dict[str, Tensor]:
        return {"pred": torch.cat(self._pred), "y": torch.cat(self._y)} if self._pred else {}

    def merge(self, states: Sequence[Mapping[str, Tensor]]) -> None:
        self._pred = [s["pred"] for s in states if "pred" in s]
        self._y = [s["y"] for s in states if "y" in s]


class Mean(Sums):
    """The mean of `func(pred, *y)`, each batch counted by the numbers in its first target; then `finish` of that."""

    def __init__(
        self,
        func: Callable[..., Any],
        name: str | None = None,
        higher_is_better: bool = True,
        finish: Callable[[float], float] = float,
    ) -> None:
        super().__init__()
        self.func, self.finish = func, finish
        self.name, self.higher_is_better = name or name_of(func), higher_is_better

    def add(self, pred: Tensor, *y: Tensor) -> dict[str, Tensor]:
        size = y[0].numel() if y else len(pred)  # rows of a language model's last batch hold fewer tokens
        value = torch.as_tensor(self.func(pred, *y), dtype=torch.float32, device=pred.device).mean()
        return {"sum": value * size, "n": torch.tensor(float(size), device=pred.device)}

    def compute(self) -> float:
        return self.finish(float(self._total["sum"] / self._total["n"])) if self._total else float("nan")


def name_of(func: Any) -> str:
    """What a column of a table would call `func`."""
    if isinstance(func, partial):
        return name_of(func.func)
    name = getattr(func, "__name__", None) or getattr(func, "name", None) or type(func).__name__
    return "metric" if name == "<lambda>" else str(name)


def takes_no_arguments(cls: type) -> bool:
    """Whether `cls()` works."""
    try:
        inspect.signature(cls).bind()
    except TypeError:
        return False
    return True
