"""Metrics as course notebooks write them: `accumulate(learn)` for each batch, and a property `value`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from torch import Tensor

from tipoff.errors import UsageError
from tipoff.metrics import metric as core


class Metric(core.Metric):
    """fastai's three parts of a metric: `reset`, `accumulate` with what the batch gave, and `value`.

    `accumulate` reads `learn.pred`, `learn.y` and `learn.yb`. The name in the table is that of the class, or `name`. Higher
    is better unless `higher_is_better = False` is set in the class. Metrics with `update` and `compute` are
    `tipoff.metrics.Metric`.

    >>> class Largest(Metric):
    ...     def reset(self): self.most = 0.0
    ...     def accumulate(self, learn): self.most = max(self.most, float((learn.pred - learn.y).abs().max()))
    ...     @property
    ...     def value(self): return self.most
    """

    def __init_subclass__(cls) -> None:
        if "name" not in vars(cls) and "update" not in vars(cls) and cls.name == "metric":
            cls.name = cls.__name__.lower()

    @property
    def value(self) -> Any:
        raise NotImplementedError

    def accumulate(self, learn: Any) -> None:
        raise NotImplementedError

    def reset(self) -> None:
        """Forget what was seen."""

    def update(self, pred: Tensor, *y: Tensor) -> None:
        self.accumulate(
            SimpleNamespace(
                pred=pred.detach(),
                y=y[0] if len(y) == 1 else y,
                yb=y,
                training=False,
                to_detach=lambda x: x.detach().cpu() if isinstance(x, Tensor) else x,
            )
        )

    def compute(self) -> float:
        value = self.value
        return float("nan") if value is None else float(value)

    def state(self) -> dict[str, Tensor]:
        return {}

    def merge(self, states: Sequence[Mapping[str, Tensor]]) -> None:
        if len(states) > 1:
            raise UsageError(
                f"The metric {self.name} cannot be gathered from {len(states)} processes: derive it from "
                "tipoff.metrics.Metric, with state and merge."
            )
