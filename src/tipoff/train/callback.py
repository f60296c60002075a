"""The one way to add behaviour to a run."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any, ClassVar

from tipoff.train.events import EVENTS


class Callback:
    """Override the events you care about; each is called with the run.

    >>> class PrintLoss(Callback):
    ...     def after_batch(self, run): print(run.loss.item())

    Callbacks are called in the order of `order`, lowest first. One that has a method `attach(learner)` is given
    the learner before a fit. `state_dict` holds what a resumed run needs. One that `only_watches` changes neither weights nor
    when a run ends: a resumed run may do without it. Raises `TypeError` where a method is named like an event but is none.
    """

    order: ClassVar[int] = 0
    only_watches: ClassVar[bool] = False

    def __init_subclass__(cls) -> None:
        for name, value in vars(cls).items():
            if name in EVENTS or not callable(value) or name.startswith("_"):
                continue
            near = get_close_matches(name, EVENTS, n=1, cutoff=0.6)
            if name.startswith(("before_", "after_")) or get_close_matches(name, EVENTS, n=1, cutoff=0.85):
                hint = f" Did you mean '{near[0]}'?" if near else f" Events are: {', '.join(EVENTS)}."
                raise TypeError(f"{cls.__name__}.{name} is not an event of a run.{hint}")

    def state_dict(self) -> dict[str, Any]:
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None: ...
