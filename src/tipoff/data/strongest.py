"""Which of very many columns move an answer most, found by halves."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

# K columns, G groups of them, M mixed rows, O outputs


def strongest(answer: Callable[[np.ndarray], Tensor], n_columns: int, most: int) -> list[int]:
    """The positions of `most` columns, in their order, among those whose values move the answer most.

    `answer` gets (M, K) of booleans, which say where a mixed row has the value of the row that is explained, and gives (M, O).
    Groups of columns are put into the other row, and taken out of this one; the groups that change most are halved until
    they are single columns. Two columns that only matter together, and in different groups, may be missed.

    >>> weights = torch.tensor([0.0, 3.0, 0.0, 0.0, -2.0, 0.1])
    >>> strongest(lambda mixed: torch.from_numpy(mixed).float() @ weights[:, None], 6, 2)
    [1, 4]
    """
    ends = answer(np.array([[False] * n_columns, [True] * n_columns]))
    groups = np.array_split(np.arange(n_columns), min(n_columns, 2 * most))
    while True:
        mixed = np.zeros((2 * len(groups), n_columns), bool)
        mixed[len(groups) :] = True
        for g, group in enumerate(groups):
            mixed[g, group], mixed[len(groups) + g, group] = True, False
        put_in, taken_out = torch.split(answer(mixed), len(groups))
        moved = ((put_in - ends[0]).abs() + (taken_out - ends[1]).abs()).sum(1)
        kept = [groups[g] for g in moved.argsort(descending=True, stable=True)[:most].tolist()]
        if all(len(group) == 1 for group in kept):
            return sorted(int(group[0]) for group in kept)
        groups = [half for group in kept for half in np.array_split(group, min(2, len(group)))]
