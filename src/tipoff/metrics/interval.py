"""How sure a share is, given how few items it was seen on."""

from __future__ import annotations

from statistics import NormalDist


def interval(k: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """The range in which the true share lies, having seen `k` of `n` (Wilson 1927), both in [0, 1].

    >>> [round(100 * v) for v in interval(39, 42)]
    [81, 98]
    """
    if not n:
        return 0.0, 1.0
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    p = k / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * (p * (1 - p) / n + z * z / (4 * n * n)) ** 0.5
    return max(0.0, middle - half), min(1.0, middle + half)
