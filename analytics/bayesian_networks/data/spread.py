"""How values are spread: counts and skew, and the limit on outliers, which holds for every variable."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Skew", "limit_outliers", "skew_of", "skewness"]

Floats = NDArray[np.float64]

#: No amount is as large on a log2 scale: 2^50 molecules are more than a cell holds.
_LARGEST_LOGARITHM = 50.0
#: Half of the variables are skewed by more than this where amounts or counts were measured.
_SKEWED = 0.5

#: Distances between outer quantiles as multiples of the distance of the quartiles, for a normal variable:
#: z(0.75) / z(0.90) and z(0.75) / z(0.975).
_TENTHS = (0.1, 0.6744898 / 1.2815516)
_FORTIETHS = (0.025, 0.6744898 / 1.9599640)
#: Quartiles this much nearer to one another than the outer tenths suggest lie in a heap of equal values.
_HEAPED = 0.25


@dataclass(frozen=True)
class Skew:
    """Whether a table holds counts or other amounts, which are compared on a log scale.

    Args:
        largest: the largest value.
        counts: every value is a whole number.
        before, after: the median skewness of the variables, as they are and after log2(x + 1).
    """

    largest: float
    counts: bool
    before: float
    after: float

    @property
    def asks_for_log(self) -> bool:
        """Values are too large to be logarithms, and the logarithm makes the typical variable more symmetric."""
        return self.largest > _LARGEST_LOGARITHM and self.before > _SKEWED and abs(self.after) < self.before

    def __str__(self) -> str:
        what = "counts" if self.counts else "amounts"
        return f"{what} (largest {self.largest:,.6g}; median skewness {self.before:.2f}, {self.after:.2f} as log2)"


def skew_of(table: Floats) -> Skew:
    """What the values of a table of samples x variables look like; NaN = missing.

    >>> skew_of(np.array([[0.0, 3], [1, 0], [2, 9], [900, 800]])).asks_for_log
    True
    """
    present = table[np.isfinite(table)]
    if not present.size or present.min() < 0:
        return Skew(float(present.max(initial=0.0)), False, 0.0, 0.0)
    with np.errstate(all="ignore"):
        before, after = (float(np.median(skewness(part))) for part in (table, np.log2(table + 1.0)))
    return Skew(float(present.max()), bool((present == np.round(present)).all()), before, after)


def skewness(table: Floats) -> Floats:
    """The third standardised moment of each column over its values that are not missing; 0 where it is constant."""
    count = np.isfinite(table).sum(axis=0).clip(1)
    centred = table - np.nansum(table, axis=0) / count
    variance = np.nansum(centred**2, axis=0) / count
    third = np.nansum(centred**3, axis=0) / count
    return np.asarray(np.divide(third, variance**1.5, out=np.zeros_like(third), where=variance > 1e-12))


def limit_outliers(part: Floats, distance: float) -> tuple[Floats, NDArray[np.bool_]]:
    """Move values that lie farther from the median than so many quartile distances to that distance.

    Where quartiles lie in a heap of equal values (zeros, as a rule) they say nothing of the spread: then the outer
    tenths take their place, and after these the outer fortieths, each scaled to the quartiles of a normal variable.

    Args:
        part: samples x variables, nothing missing.
        distance: how many quartile distances.

    Returns:
        The limited values, and which variables have no spread: fewer than one in forty of their values differ from the
        heap on one side, so that single samples would decide what is learned of them.
    """
    lower, middle, upper = np.quantile(part, [0.25, 0.5, 0.75], axis=0)
    quartiles, tenths = upper - lower, _spread(part, *_TENTHS)
    scale = np.where(quartiles > _HEAPED * tenths, quartiles, tenths)
    scale = np.where(scale > 0, scale, _spread(part, *_FORTIETHS))
    reach = distance * scale
    return np.clip(part, middle - reach, middle + reach), scale <= 0


def _spread(part: Floats, share: float, factor: float) -> Floats:
    """The distance of two outer quantiles in quartile distances; no interpolation, which would reach for outliers."""
    low = np.quantile(part, share, axis=0, method="higher")
    high = np.quantile(part, 1 - share, axis=0, method="lower")
    return np.asarray(np.maximum(high - low, 0.0) * factor)
