"""The additive model of every child on all its parents: curves, contributions, residuals.

For child j with parents P: x_j = a_j + Σ m_jk(x_k) + e (Imoto et al. 2002), the curves m centred over the training
samples, all of them solved for together by Cholesky instead of backfitting. A network may have cycles: each child is a
regression of its own. Fitting works on standardised columns; everything that is handed out is in units of the data
after their transformation, unless it says `standardised`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numba
import numpy as np
from numpy.typing import NDArray

from analytics.bayesian_networks.curves.basis import Bases, Extrapolation, demmler_reinsch
from analytics.bayesian_networks.curves.kernels import evaluate_edge, evaluate_edges, fit_task, fit_tasks
from analytics.bayesian_networks.data.dataset import Prepared, named
from analytics.bayesian_networks.network import Network
from analytics.bayesian_networks.search.scores import SMOOTHING_GRID
from warehouse.errors import AnalysisError

if TYPE_CHECKING:
    import polars as pl

__all__ = ["ChildFit", "ChildFitter", "FitOptions", "FittedNetwork", "fit"]

Floats = NDArray[np.float64]

#: Coordinates are held in single precision above this size of theirs.
_DOUBLE_UP_TO_BYTES = 256 << 20

#: The smoothing that leaves a straight line.
_STRAIGHT = 1e12

#: Edges whose contributions are summed at once for residuals.
_EDGES_AT_ONCE = 4096


@dataclass(frozen=True)
class FitOptions:
    """How children are fitted.

    Args:
        coordinates: of each curve, 1 (straight lines) to 19 (exact for 20 splines).
        sweeps: how often the smoothing of a child's parents is chosen again on what the others leave.
        extrapolation: what holds outside of the training range: the value of its end, or a straight line on.
        threads: None = all.
    """

    coordinates: int = 8
    sweeps: int = 2
    extrapolation: Extrapolation = "clamp"
    threads: int | None = None


@dataclass(frozen=True)
class Fits:
    """Fitted tasks in standardised units; rows belong to the parents of task 0, of task 1, ...

    Args:
        children: int32, of each task.
        offsets: int64; task t has the rows `offsets[t]` to `offsets[t + 1]`.
        parents: int32, of each row.
        weights: of the splines (rows x functions).
        constants: added to each row's spline.
        smoothing: n·β of each row; 1e12 is a straight line.
        edf: effective degrees of freedom of each row's curve.
        rss: residual sum of squares of each task.
    """

    children: NDArray[np.int32]
    offsets: NDArray[np.int64]
    parents: NDArray[np.int32]
    weights: Floats
    constants: Floats
    smoothing: Floats
    edf: Floats
    rss: Floats


@dataclass(frozen=True)
class ChildFit:
    """One child on one set of parents, standardised.

    Args:
        child: its column.
        parents: their columns, ascending.
        weights: of the splines of each parent (parents x functions).
        constants: added to each parent's spline.
        sigma: standard deviation of the residuals.
        residuals: of the training samples.
    """

    child: int
    parents: tuple[int, ...]
    weights: Floats
    constants: Floats
    sigma: float
    residuals: Floats


class ChildFitter:
    """Fits of any child on any parents; each is made once.

    Args:
        prepared: the training columns.
        options: how to fit.
        bases: their coordinates, if they are there already; else they are computed.
    """

    def __init__(self, prepared: Prepared, options: FitOptions = FitOptions(), bases: Bases | None = None) -> None:
        self.prepared = prepared
        self.options = options
        self.bases = bases if bases is not None else bases_of(prepared, options.coordinates)
        self.z = np.ascontiguousarray(prepared.z.T)
        self._grid = np.append(SMOOTHING_GRID, _STRAIGHT)
        self._made: dict[tuple[int, tuple[int, ...]], ChildFit] = {}

    def fit_many(self, children: NDArray[np.int32], offsets: NDArray[np.int64], parents: NDArray[np.int32]) -> Fits:
        """Fit many tasks in parallel (not kept): task t is `children[t]` on `parents[offsets[t]:offsets[t + 1]]`."""
        rows, kept = len(parents), self.bases.penalties.shape[1]
        coefficients, smoothing = np.zeros((rows, kept)), np.zeros(rows)
        rss = np.zeros(len(children))
        with numba_threads(self.options.threads):
            fit_tasks(
                self.bases.values,
                self.bases.penalties,
                self.bases.ranks,
                self._targets,
                children,
                offsets,
                parents,
                self._grid,
                self.options.sweeps,
                coefficients,
                smoothing,
                rss,
            )
        return self._finished(children, offsets, parents, coefficients, smoothing, rss)

    def _finished(
        self,
        children: NDArray[np.int32],
        offsets: NDArray[np.int64],
        parents: NDArray[np.int32],
        coefficients: Floats,
        smoothing: Floats,
        rss: Floats,
    ) -> Fits:
        """From coordinates to splines; by parts, because every edge has a map of its own."""
        weights = np.empty((len(parents), self.bases.functions))
        for start in range(0, len(parents), _EDGES_AT_ONCE):
            part = slice(start, start + _EDGES_AT_ONCE)
            weights[part] = np.matmul(self.bases.maps[parents[part]], coefficients[part, :, None])[:, :, 0]
        constants = -np.einsum("em,em->e", weights, self.bases.means[parents])
        edf = (1.0 / (1.0 + smoothing[:, None] * self.bases.penalties[parents])).sum(axis=1)
        return Fits(children, offsets, parents, weights, constants, smoothing, edf, rss)

    def fit(self, child: int, parents: Sequence[int]) -> ChildFit:
        """Fit one child; the order of the parents does not matter.

        Raises:
            AnalysisError: a child among its own parents.
        """
        key = (child, tuple(sorted(parents)))
        if key not in self._made:
            self._made[key] = self._fit(*key)
        return self._made[key]

    def _fit(self, child: int, parents: tuple[int, ...]) -> ChildFit:
        if child in parents:
            raise AnalysisError(f"{self.prepared.columns[child]} is named as a parent of itself.")
        index, bases = np.array(parents, np.int32), self.bases
        coefficients, smoothing = np.zeros((len(parents), bases.penalties.shape[1])), np.zeros(len(parents))
        if parents:
            target, sweeps = self._targets[child], self.options.sweeps
            fit_task(
                bases.values, bases.penalties, bases.ranks, target, index, self._grid, sweeps, coefficients, smoothing
            )
        weights = np.matmul(bases.maps[index], coefficients[:, :, None])[:, :, 0]
        constants = -np.einsum("em,em->e", weights, bases.means[index])
        residuals, curve = self.z[child].copy(), np.empty(self.z.shape[1])
        for row, parent in enumerate(parents):
            low, high = bases.low[parent], bases.high[parent]
            evaluate_edge(weights[row], constants[row], low, high, self.z[parent], False, False, curve)
            residuals -= curve
        return ChildFit(child, parents, weights, constants, float(residuals.std()), residuals)

    @cached_property
    def _targets(self) -> NDArray[np.floating]:
        return self.z.astype(self.bases.values.dtype, copy=False)


@dataclass(frozen=True)
class FittedNetwork:
    """A network with a curve on every edge.

    Args:
        prepared: the training columns.
        network: over exactly these columns; row e of what follows belongs to its edge e.
        fits: standardised; task j is column j.
        low, high: the training range of each edge's parent, standardised.
        extrapolation: what holds outside of it.
    """

    prepared: Prepared
    network: Network
    fits: Fits
    low: Floats
    high: Floats
    extrapolation: Extrapolation = "clamp"

    @property
    def edf(self) -> Floats:
        """Effective degrees of freedom of each edge's curve; 1 is a straight line."""
        return self.fits.edf

    @property
    def intercepts(self) -> Floats:
        """a_j: the mean of each column."""
        return self.prepared.mean

    @property
    def sigma(self) -> Floats:
        """Standard deviation of each column's residuals."""
        return np.asarray(np.sqrt(self.fits.rss / len(self.prepared.z)) * self.prepared.scale)

    @property
    def explained(self) -> Floats:
        """Share of each column's variance that its parents explain (R²)."""
        return np.asarray(1.0 - self.fits.rss / len(self.prepared.z))

    def contributions(
        self,
        z: Floats | None = None,
        *,
        edges: NDArray[np.intp] | None = None,
        dtype: type[np.floating] = np.float64,
    ) -> NDArray[np.floating]:
        """m_jk(x_k) of every edge and sample, in units of the child: ECv (edges x samples).

        Args:
            z: standardised columns of other samples (samples x columns); None = the training samples.
            edges: only these.
            dtype: float32 halves the memory.
        """
        return self._evaluate(z, edges, dtype, derivative=False)

    def slopes(
        self,
        z: Floats | None = None,
        *,
        edges: NDArray[np.intp] | None = None,
        dtype: type[np.floating] = np.float64,
    ) -> NDArray[np.floating]:
        """The derivative of every edge's curve at every sample: units of the child for one of the parent."""
        return self._evaluate(z, edges, dtype, derivative=True)

    def residuals(self, z: Floats | None = None) -> Floats:
        """x_j − a_j − Σ m_jk(x_k) of every column and sample (columns x samples)."""
        values = self.prepared.z if z is None else z
        rest = np.ascontiguousarray((values * self.prepared.scale).T)
        for start in range(0, len(self.network.parents), _EDGES_AT_ONCE):
            edges = np.arange(start, min(start + _EDGES_AT_ONCE, len(self.network.parents)))
            children, first = np.unique(self.network.children[edges], return_index=True)
            rest[children] -= np.add.reduceat(self.contributions(z, edges=edges), first, axis=0)
        return rest

    def evaluate(self, edge: int, x: Floats) -> Floats:
        """One edge's curve at values of its parent in units of the data, in units of the child."""
        parent = int(self.network.parents[edge])
        standardised = (np.asarray(x, np.float64) - self.prepared.mean[parent]) / self.prepared.scale[parent]
        out = np.empty((1, standardised.size))
        self._run(np.array([edge]), np.zeros(1, np.int32), standardised[None], out, derivative=False)
        return np.asarray(out[0], np.float64)

    def standardise(self, x: Floats) -> Floats:
        """Values of all columns in units of the data (samples x columns) as this network reads them."""
        return np.asarray((x - self.prepared.mean) / self.prepared.scale)

    def frame(self) -> pl.DataFrame:
        """One row for each edge: parent, child, frequency, edf, smoothing, mean slope, weights of the splines."""
        import polars as pl

        names = np.array(self.prepared.columns, object)
        return pl.DataFrame(
            {
                "parent": names[self.network.parents].tolist(),
                "child": names[self.network.children].tolist(),
                "frequency": self.network.frequency,
                "edf": self.edf,
                "smoothing": self.fits.smoothing,
                "mean_slope": self.slopes(dtype=np.float32).mean(axis=1).astype(np.float64),
                "weights": list(self.fits.weights * self.prepared.scale[self.network.children, None]),
            },
            schema_overrides={"parent": pl.String, "child": pl.String, "weights": pl.List(pl.Float64)},
        )

    def _evaluate(
        self, z: Floats | None, edges: NDArray[np.intp] | None, dtype: type[np.floating], *, derivative: bool
    ) -> NDArray[np.floating]:
        if edges is None:
            edges = np.arange(len(self.network.parents))
        values = np.ascontiguousarray((self.prepared.z if z is None else z).T)
        out = np.empty((len(edges), values.shape[1]), dtype)
        self._run(edges, self.network.parents[edges], values, out, derivative=derivative)
        return out

    def _run(
        self,
        edges: NDArray[np.intp],
        rows: NDArray[np.int32],
        values: Floats,
        out: NDArray[np.floating],
        *,
        derivative: bool,
    ) -> None:
        size = self.prepared.scale[self.network.children[edges]]
        if derivative:
            size = size / self.prepared.scale[self.network.parents[edges]]
        weights, constants = self.fits.weights[edges] * size[:, None], self.fits.constants[edges] * size
        linear = self.extrapolation == "linear"
        evaluate_edges(weights, constants, self.low[edges], self.high[edges], rows, values, linear, derivative, out)


def fit(
    prepared: Prepared,
    network: Network,
    options: FitOptions = FitOptions(),
    *,
    bases: Bases | None = None,
) -> FittedNetwork:
    """Fit every child of a network on all its parents.

    Args:
        prepared: the columns.
        network: over columns of `prepared`, in any order; cycles do not matter.
        options: how to fit.
        bases: the coordinates of the columns, if they are there already.

    Raises:
        AnalysisError: the network names columns that the data do not have.
    """
    network = aligned(network, prepared.columns)
    fitter = ChildFitter(prepared, options, bases)
    columns = len(prepared.columns)
    offsets = np.searchsorted(network.children, np.arange(columns + 1)).astype(np.int64)
    parents = np.ascontiguousarray(network.parents, np.int32)
    fits = fitter.fit_many(np.arange(columns, dtype=np.int32), offsets, parents)
    low, high = fitter.bases.low[parents], fitter.bases.high[parents]
    return FittedNetwork(prepared, network, fits, low, high, options.extrapolation)


def aligned(network: Network, columns: tuple[str, ...]) -> Network:
    """The same edges over these columns.

    Raises:
        AnalysisError: an edge names a column that is not among them.
    """
    if network.variables == columns:
        return network
    position = {name: i for i, name in enumerate(columns)}
    place = np.array([position.get(name, -1) for name in network.variables], np.int64)
    parents, children = place[network.parents], place[network.children]
    used = np.union1d(network.parents[parents < 0], network.children[children < 0])
    if used.size:
        names = named([network.variables[i] for i in used])
        raise AnalysisError(
            f"The network names variables that the data do not have: {names}.",
            "Take the part of the network that the data cover, or name the variables as the data do.",
        )
    order = np.lexsort((parents, children))
    return Network(columns, parents[order].astype(np.int32), children[order].astype(np.int32), network.frequency[order])


def bases_of(prepared: Prepared, coordinates: int) -> Bases:
    """Coordinates of all columns, in single precision where they would take too much memory."""
    size = prepared.z.size * coordinates * 8
    return demmler_reinsch(prepared.z, coordinates, dtype=np.float64 if size <= _DOUBLE_UP_TO_BYTES else np.float32)


@contextmanager
def numba_threads(threads: int | None) -> Iterator[None]:
    """Compiled loops on this many threads, for a while."""
    before = numba.get_num_threads()
    numba.set_num_threads(min(threads or before, before))
    try:
        yield
    finally:
        numba.set_num_threads(before)
