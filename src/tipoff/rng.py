"""Random numbers that depend on a key alone, so that nothing has a state to save or to share.

The order of an epoch is a function of (seed, epoch), and the randomness of an item a function of
(seed, epoch, position). The number of workers therefore cannot change a result, and resuming in the
middle of an epoch is arithmetic.

Source: splitmix64, Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014.
"""

from __future__ import annotations

import random

import numpy as np
import torch
from torch import Tensor

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_M1, _M2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


def _mix(z: np.ndarray) -> np.ndarray:
    """The output function of splitmix64, elementwise on uint64."""
    z = (z ^ (z >> np.uint64(30))) * _M1
    z = (z ^ (z >> np.uint64(27))) * _M2
    return np.asarray(z ^ (z >> np.uint64(31)))


def _hash(key: tuple[int, ...]) -> np.ndarray:
    h = np.zeros(1, dtype=np.uint64)
    for part in key:
        h = _mix(h + _GOLDEN + np.array([part], dtype=np.int64).astype(np.uint64))
    return h


def uniform(key: tuple[int, ...], positions: Tensor, n: int) -> Tensor:  # (B,) -> (B, n)
    """`n` numbers in [0, 1) for each position, the same for the same key and position, float32.

    >>> uniform((42, 0), torch.tensor([3, 1]), 2).shape
    torch.Size([2, 2])
    """
    rows = _mix(_hash(key) + _GOLDEN * (positions.cpu().numpy().astype(np.uint64) + np.uint64(1)))
    bits = _mix(rows[:, None] + _GOLDEN * np.arange(1, n + 1, dtype=np.uint64)[None])
    # the upper 24 bits: as many as a float32 holds exactly
    return torch.from_numpy(((bits >> np.uint64(40)).astype(np.float32)) * np.float32(2**-24))


def permutation(key: tuple[int, ...], n: int) -> Tensor:  # -> (n,) long
    """The order of `n` things that belongs to `key`."""
    return torch.randperm(n, generator=generator(*key))


def generator(*key: int) -> torch.Generator:
    """A CPU generator whose stream depends on the key alone."""
    return torch.Generator().manual_seed(int(_hash(key)[0] >> np.uint64(1)))


def fresh_seed() -> int:
    """A seed drawn from torch's global generator, so that `set_seed` decides it."""
    return int(torch.randint(2**31, ()).item())


def set_seed(seed: int, reproducible: bool = False) -> None:
    """Seed Python, NumPy and torch; `reproducible` also asks cuDNN for deterministic kernels."""
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)
    if reproducible:
        torch.backends.cudnn.deterministic = True
        torch.backends.cudnn.benchmark = False
