"""Splits of what users did."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from pandas import DataFrame


def leave_last_out(frame: DataFrame, user: Any, time: Any = None) -> tuple[list[int], list[int]]:
    """Positions of all rows but each user's last by `time`, or by order, and of those last ones.

    A user with one row keeps it for training.

    >>> import pandas as pd
    >>> leave_last_out(pd.DataFrame({"who": ["a", "b", "a", "a", "b", "c"]}), "who")
    ([0, 1, 2, 5], [3, 4])
    """
    order = np.arange(len(frame)) if time is None else np.argsort(frame[time].to_numpy(), kind="stable")
    who = frame[user].iloc[order]
    is_last = ~who.duplicated(keep="last").to_numpy() & who.duplicated(keep="first").to_numpy()
    last = order[is_last]
    left = np.setdiff1d(np.arange(len(frame)), last)
    return left.tolist(), sorted(last.tolist())
