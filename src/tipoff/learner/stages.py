"""What a call such as `fine_tune` will do, as values: they are planned, shown, saved and resumed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from tipoff.errors import UsageError

Kind = Literal["constant", "one_cycle", "flat_cos", "sgdr"]


@dataclass(frozen=True)
class Stage:
    """Some epochs under one schedule. `lr` has one peak a parameter group, the head's last."""

    kind: Kind
    n_epochs: int
    lr: tuple[float, ...]
    freeze_to: int | None = None  # None leaves what is frozen as it is
    part: str = ""  # what the progress table calls it: head, all
    wd: float | None = None
    moms: tuple[float, float, float] | None = None
    div: float = 25.0
    div_final: float = 1e5
    pct_start: float = 0.25
    cycle_len: int = 1
    cycle_mult: int = 2
    start_epoch: int = 0  # those before it count as done

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Stage:
        given: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
        return cls(**given)


def group_rates(lr: float | slice | Sequence[float], n_groups: int) -> tuple[float, ...]:
    """A learning rate for each parameter group, the first layers first, as fastai reads them.

    A number is for all; `slice(hi)` gives the last group `hi` and the others a tenth of it;
    `slice(lo, hi)` goes from `lo` to `hi` by even factors.

    >>> group_rates(slice(1e-5, 1e-3), 3)
    (1e-05, 0.0001, 0.001)
    """
    if isinstance(lr, slice):
        if lr.stop is None:
            raise UsageError("slice() needs a learning rate: slice(1e-3), or slice(1e-5, 1e-3).")
        if lr.start is None:
            return (lr.stop / 10,) * (n_groups - 1) + (float(lr.stop),)
        if n_groups == 1:
            return (float(lr.stop),)
        step = (lr.stop / lr.start) ** (1 / (n_groups - 1))
        return tuple(float(f"{lr.start * step**i:.12g}") for i in range(n_groups))
    if isinstance(lr, (int, float)):
        return (float(lr),) * n_groups
    rates = tuple(float(r) for r in lr)
    if len(rates) != n_groups:
        raise UsageError(f"There are {len(rates)} learning rates for {n_groups} groups of layers.")
    return rates


def fine_tune_stages(
    epochs: int,
    n_groups: int,
    *,
    base_lr: float = 2e-3,
    freeze_epochs: int = 1,
    lr_mult: float = 100,
    pct_start: float = 0.3,
    div: float = 5.0,
    div_final: float = 1e5,
    lr_max: float | slice | Sequence[float] | None = None,
    wd: float | None = None,
    moms: tuple[float, float, float] | None = None,
    start_epoch: int = 0,
) -> tuple[Stage, ...]:
    """fastai's recipe: the head alone first, then everything at half the rate, discriminatively."""
    if not 0 <= start_epoch <= max(epochs, freeze_epochs):
        raise UsageError(f"start_epoch is {start_epoch}; it lies between 0 and {max(epochs, freeze_epochs)}.")
    common: dict[str, Any] = {"wd": wd, "moms": moms, "div_final": div_final}
    head = Stage(
        "one_cycle",
        freeze_epochs,
        group_rates(slice(base_lr), n_groups),
        -1,
        "head",
        pct_start=0.99,
        **common,
    )
    rest = slice(base_lr / 2 / lr_mult, base_lr / 2) if lr_max is None else lr_max
    everything = Stage(
        "one_cycle", epochs, group_rates(rest, n_groups), 0, "all", pct_start=pct_start, div=div, **common
    )
    stages = (replace(s, start_epoch=min(start_epoch, s.n_epochs)) for s in (head, everything))
    return tuple(s for s in stages if s.n_epochs)
