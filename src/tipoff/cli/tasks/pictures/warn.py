"""What a careful person would notice in the data before training."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from tipoff.data.store import pool
from tipoff.decode import decode_image, read_pixels
from tipoff.deep_images import range_of
from tipoff.errors import DataError

RARE = 10  # times fewer pictures than the largest class


def imbalance(labels: Sequence[str]) -> str | None:
    """A sentence when one class has `RARE` times as many items as another."""
    counts = Counter(labels).most_common()
    (large, n_large), (small, n_small) = counts[0], counts[-1]
    if n_large < RARE * n_small:
        return None
    return f"{large} has {n_large} pictures, {small} {n_small}: the rare classes will be guessed less well than the figures say"


def fingerprint(path: Path) -> np.ndarray | None:
    """256 bits of what a picture looks like (difference hash): near pictures have near bits."""
    try:
        pixels = read_pixels(path)
    except DataError:
        return None
    deep = pixels.dtype != np.uint8
    levels = range_of(pixels) if deep else None
    if deep and (levels is None or levels[0] == levels[1]):
        return None
    grey = cv2.cvtColor(decode_image(pixels, levels=levels), cv2.COLOR_RGB2GRAY)
    small = cv2.resize(grey, (17, 16), interpolation=cv2.INTER_AREA).astype(np.int16)
    return np.packbits(small[:, 1:] > small[:, :-1])


def twins(train: Sequence[Path], valid: Sequence[Path], most_bits: int = 10) -> list[tuple[Path, Path]]:
    """Pairs of a training and a validation picture that are the same or nearly the same."""
    prints = list(pool().map(fingerprint, [*train, *valid]))
    of_train = [(p, f) for p, f in zip(train, prints, strict=False) if f is not None]
    of_valid = [(p, f) for p, f in zip(valid, prints[len(train) :], strict=True) if f is not None]
    if not of_train:
        return []
    table = np.stack([f for _, f in of_train])
    found = []
    for path, bits in of_valid:
        off = np.bitwise_count(table ^ bits).sum(1)
        best = int(off.argmin())
        if off[best] <= most_bits:
            found.append((of_train[best][0], path))
    return found
