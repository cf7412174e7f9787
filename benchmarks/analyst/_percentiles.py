"""Percentiles of times that were taken one by one."""

from __future__ import annotations

from collections.abc import Iterable


def percentile(taken: Iterable[float], share: float) -> float:
    """The value that so many of the values do not exceed: nearest rank.

    >>> percentile([3.0, 1.0, 2.0], 0.5)
    2.0
    """
    ordered = sorted(taken)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]
