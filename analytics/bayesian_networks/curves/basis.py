"""Cubic B-splines of one variable, and the orthogonal coordinates in which smoothing is diagonal.

A parent's contribution is a curve in `functions` cubic B-splines on equally spaced knots (Imoto et al. 2002, Eilers &
Marx 1996). Every spline is centred over the training samples, so that curves of several parents are identifiable. In
the coordinates of Demmler & Reinsch (1975) the centred splines are orthonormal and the roughness penalty is diagonal:
the first coordinate is the straight line, each further one is rougher than the last.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

#: Splines of one curve, as in Imoto et al. (2002).
FUNCTIONS = 20

#: Splines of degree three that are not zero at one value.
_ACTIVE = 4

#: Columns whose coordinates are computed together: bounds the memory that this takes.
_COLUMNS_AT_ONCE = 256

#: Weight of the variance beside the penalty where both are made one metric; any positive number gives the same result.
_SHARE = 0.01

#: Directions of the spline space with less variance, in that metric, than this share of the largest are empty.
_EMPTY = 1e-9

#: A share of the variance that is rounding: the column is constant.
_NO_VARIANCE = 1e-12

#: Points at which curves are looked at between the data, and how much larger they may be there.
_GRID, _OVERSHOOT = 101, 20.0

Extrapolation = Literal["clamp", "linear"]


@dataclass(frozen=True)
class BSplineBasis:
    """Cubic B-splines on equally spaced knots over `[low, high]`.

    Args:
        low: the smallest training value.
        high: the largest training value; larger than `low`.
        functions: how many splines, at least 4.
        extrapolation: what holds outside `[low, high]`: the value of the nearer end, or the straight line through it.

    Example:
        >>> BSplineBasis(0.0, 1.0).evaluate(np.array([0.0]))[1].round(4)
        array([[0.1667, 0.6667, 0.1667, 0.    ]])
    """

    low: float
    high: float
    functions: int = FUNCTIONS
    extrapolation: Extrapolation = "clamp"

    @property
    def knot_distance(self) -> float:
        """The distance of two neighbouring knots."""
        return (self.high - self.low) / (self.functions - 3)

    def evaluate(self, x: NDArray[np.float64]) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """The splines that are not zero at each value.

        Returns:
            The index of the first of four splines (values), and the four values (values x 4); each row sums to one.
        """
        inside = np.clip(x, self.low, self.high)
        steps = (inside - self.low) / self.knot_distance
        first = np.minimum(steps.astype(np.intp), self.functions - _ACTIVE)
        within = steps - first
        weights = _cubic(within)
        if self.extrapolation == "linear":
            beyond = (x - inside) / self.knot_distance
            weights += beyond[:, None] * _cubic_slope(within)
        return first, weights

    def dense(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """All splines at each value (values x functions)."""
        first, weights = self.evaluate(x)
        values = np.zeros((len(x), self.functions))
        np.put_along_axis(values, first[:, None] + np.arange(_ACTIVE), weights, axis=1)
        return values


def _cubic(t: NDArray[np.float64]) -> NDArray[np.float64]:
    """The four cubic splines at a share t (0 to 1) of the way between two knots."""
    s = 1 - t
    return np.stack(
        [s**3, 3 * t**3 - 6 * t**2 + 4, 3 * s**3 - 6 * s**2 + 4, t**3],
        axis=-1,
    ) / 6  # fmt: skip


def _cubic_slope(t: NDArray[np.float64]) -> NDArray[np.float64]:
    """The derivatives of the four splines, for one knot distance."""
    s = 1 - t
    return np.stack([-(s**2), 3 * t**2 - 4 * t, 4 * s - 3 * s**2, t**2], axis=-1) / 2


def penalty_matrix(functions: int = FUNCTIONS) -> NDArray[np.float64]:
    """K = DᵀD of the second differences D (functions x functions): γᵀKγ is the roughness of a curve."""
    differences = np.diff(np.eye(functions), n=2, axis=0)
    return np.asarray(differences.T @ differences)


def log_penalty_determinant(functions: int = FUNCTIONS) -> float:
    """The logarithm of the product of K's eigenvalues that are not zero: M²(M² − 1) / 12."""
    return float(np.log(functions**2 * (functions**2 - 1) / 12))


@dataclass(frozen=True)
class Bases:
    """Demmler-Reinsch coordinates of every column.

    Args:
        values: orthonormal coordinates (columns x coordinates x samples); zero where a column has fewer.
        penalties: roughness of each coordinate (columns x coordinates), ascending, the first 0 (the straight line);
            infinite where a column has fewer coordinates.
        ranks: how many coordinates each column has: a binary one has a single one.
        low, high: the range of each column's training values.
        means: the mean of each spline over the training samples (columns x functions).
        maps: from centred splines to coordinates (columns x functions x coordinates).
    """

    values: NDArray[np.floating]
    penalties: NDArray[np.float64]
    ranks: NDArray[np.int16]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    means: NDArray[np.float64]
    maps: NDArray[np.float64]

    @property
    def functions(self) -> int:
        """Splines of one curve."""
        return int(self.means.shape[1])

    def spline(self, column: int, extrapolation: Extrapolation = "clamp") -> BSplineBasis:
        """The splines of one column."""
        return BSplineBasis(float(self.low[column]), float(self.high[column]), self.functions, extrapolation)

    def evaluate(
        self, column: int, x: NDArray[np.float64], extrapolation: Extrapolation = "clamp"
    ) -> NDArray[np.float64]:
        """The coordinates of one column at new values (values x coordinates)."""
        splines = self.spline(column, extrapolation).dense(x)
        return np.asarray((splines - self.means[column]) @ self.maps[column])


def demmler_reinsch(
    z: NDArray[np.float64],
    coordinates: int = 8,
    *,
    functions: int = FUNCTIONS,
    reach: float | None = None,
    dtype: type[np.floating] = np.float64,
) -> Bases:
    """Compute the coordinates of every column (Demmler & Reinsch 1975).

    Args:
        z: training values (samples x columns), none missing, no column constant.
        coordinates: how many to keep, the smoothest first; `functions` − 1 is exact.
        functions: splines of one curve.
        reach: the farthest that knots lie from the median, in quartile distances (1.35 standard deviations of a normal
            variable); farther values lie on the straight line that each curve ends in. None = as far as the values.
        dtype: of `Bases.values`; the learner takes float32.
    """
    samples, columns = z.shape
    kept = min(coordinates, functions - 1)
    values = np.zeros((columns, kept, samples), dtype)
    penalties = np.full((columns, kept), np.inf)
    maps = np.zeros((columns, functions, kept))
    means = np.empty((columns, functions))
    low, high = _range(z, reach)
    for part in _parts(columns):
        splines = _dense_of_columns(z[:, part], low[part], high[part], functions)
        means[part] = splines.mean(axis=1)
        splines -= means[part][:, None, :]
        maps[part], penalties[part] = _coordinates(splines, kept)
        values[part] = (splines @ maps[part]).transpose(0, 2, 1)
        wild = _wild(values[part], maps[part], means[part])
        values[part][wild], penalties[part][wild] = 0, np.inf
        maps[part].transpose(0, 2, 1)[wild] = 0
    ranks = np.isfinite(penalties).sum(axis=1).astype(np.int16)
    return Bases(values, penalties, ranks, low, high, means, maps)


def _wild(values: NDArray[np.floating], maps: NDArray[np.float64], means: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Coordinates (columns x coordinates) that are far larger between the data than at them, and all rougher ones.

    Values that nearly coincide allow a curve that jumps between them, at the price of anything in the next gap: it fits
    the data and says nonsense of every other sample.
    """
    grid = BSplineBasis(0.0, 1.0, maps.shape[1]).dense(np.linspace(0, 1, _GRID))
    between = np.abs(grid @ maps - (means[:, None, :] @ maps)).max(axis=1)
    found = between > _OVERSHOOT * np.maximum(np.abs(values).max(axis=2), 1e-12)
    return np.asarray(np.logical_or.accumulate(found, axis=1))


def _parts(columns: int) -> Iterator[slice]:
    return (slice(start, start + _COLUMNS_AT_ONCE) for start in range(0, columns, _COLUMNS_AT_ONCE))


def _range(z: NDArray[np.float64], reach: float | None) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where the knots of each column begin and end."""
    low, high = z.min(axis=0), z.max(axis=0)
    if reach is None:
        return low, high
    lower, middle, upper = np.quantile(z, [0.25, 0.5, 0.75], axis=0)
    # Where half of the values are equal, quartiles say nothing of the spread.
    distance = np.where(upper > lower, reach * (upper - lower), np.inf)
    return np.maximum(low, middle - distance), np.minimum(high, middle + distance)


def _dense_of_columns(
    z: NDArray[np.float64], low: NDArray[np.float64], high: NDArray[np.float64], functions: int
) -> NDArray[np.float64]:
    """The splines of several columns (columns x samples x functions)."""
    unit = BSplineBasis(0.0, 1.0, functions, "linear")
    # A column that is constant in a resample has no coordinates, and is no error here.
    scaled = ((z - low) / np.where(high > low, high - low, 1)).T
    return unit.dense(scaled.ravel()).reshape(*scaled.shape, functions)


def _coordinates(centred: NDArray[np.float64], kept: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Maps (columns x functions x kept) and penalties (columns x kept) from centred splines.

    A column of few distinct values leaves some weights free: relative to penalty plus variance these directions have
    no variance and come last, and each curve is as smooth as its values at the data allow.
    """
    functions = centred.shape[2]
    variance = centred.transpose(0, 2, 1) @ centred
    both = penalty_matrix(functions) + _SHARE * variance + 1 / functions
    sizes, directions = np.linalg.eigh(both)
    whitening = directions / np.sqrt(sizes)[:, None, :]
    shares, rotation = np.linalg.eigh(whitening.transpose(0, 2, 1) @ variance @ whitening)
    shares, rotation = shares[:, ::-1][:, :kept], rotation[:, :, ::-1][:, :, :kept]
    exists = (shares > _EMPTY * shares[:, :1]) & (shares > _NO_VARIANCE)
    lengths = np.where(exists, np.sqrt(np.where(exists, shares, 1)), np.inf)
    maps = (whitening @ rotation) / lengths[:, None, :]
    penalties = np.where(exists, np.maximum(1 / np.where(exists, shares, 1) - _SHARE, 0), np.inf)
    penalties[:, 0] = 0
    return maps * _signs(maps), penalties


def _signs(maps: NDArray[np.float64]) -> NDArray[np.float64]:
    """Signs that make the last spline's weight positive: the straight line rises, and runs on one machine agree."""
    return np.where(maps[:, -1:, :] < 0, -1.0, 1.0)
