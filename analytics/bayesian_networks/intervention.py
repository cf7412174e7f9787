"""What follows when genes are knocked down: interventions followed through sampled acyclic graphs.

do(x_g = v) cuts every edge into g and sets it; every graph's curves are those of its own parent sets, refitted once for
each (child, parents) that any graph has. The particles are rows of the data: a variable keeps the residual of its row,
so the run without intervention is the data themselves and noise cancels (common random numbers). The spread is over
graphs: what the data leave open about the structure, and nothing else.

A simulated effect is causal only as far as the graph is: hidden causes and edges drawn the wrong way round give effects
that no experiment will show. `evaluation` compares with experiments.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from analytics.bayesian_networks.dataset import Prepared, named
from analytics.bayesian_networks.fit import ChildFitter, FitOptions, aligned, numba_threads
from analytics.bayesian_networks.intervention_kernels import curves_at, follow_all, reachable
from analytics.bayesian_networks.network import Network
from warehouse.errors import AnalysisError
from warehouse.progress import SILENT, Progress

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Effects", "Intervention", "SimulationOptions", "knock_downs", "simulate_interventions"]

Floats = NDArray[np.float64]

#: Bytes that the sums of one block of interventions may take.
_BLOCK_BYTES = 500 << 20

#: Bytes of the sums of one intervention and variable.
_BYTES_A_CELL = 22

#: Fits that are made at once: bounds the memory of their coefficients.
_FITS_AT_ONCE = 100_000


@dataclass(frozen=True)
class Intervention:
    """Variables that are set to values: `Intervention("siTP53", {"TP53": 3.1})`.

    Args:
        name: as results call it.
        values: column -> value, in units of the data after their transformation.
    """

    name: str
    values: Mapping[str, float]


@dataclass(frozen=True)
class SimulationOptions:
    """How interventions are simulated.

    Args:
        particles: rows that are followed; all rows where there are no more. Drawn without replacement.
        seed: fixes the rows.
        negligible: a change whose root mean square over particles is at most this share of the variable's standard
            deviation ends there; 0 follows everything.
        fit: how curves are fitted, how they go on outside of the training range, and how many threads are used.
    """

    particles: int = 200
    seed: int = 0
    negligible: float = 1e-3
    fit: FitOptions = FitOptions()  # noqa: RUF009


@dataclass(frozen=True)
class Effects:
    """What interventions change, one entry for each intervention and variable that changes in any graph.

    Args:
        interventions: as they were given.
        variables: of the data.
        graphs: how many were followed.
        intervention, variable: int32, positions in the two lists above; sorted by both.
        mean: of the change, over graphs and particles, in units of the variable; a graph that does not lead from the
            intervention to the variable counts as 0.
        deviation: standard deviation of the change over graphs.
        rises, falls: the share of graphs in which the mean over particles rises and falls.
        distance: the fewest edges from an intervened variable in any graph.
    """

    interventions: tuple[Intervention, ...]
    variables: tuple[str, ...]
    graphs: int
    intervention: NDArray[np.int32]
    variable: NDArray[np.int32]
    mean: Floats
    deviation: Floats
    rises: Floats
    falls: Floats
    distance: NDArray[np.int32]

    @property
    def sign_probability(self) -> Floats:
        """The share of graphs in which the change has the sign of the mean."""
        return np.where(self.mean >= 0, self.rises, self.falls)

    def matrix(self) -> Floats:
        """The mean change of every variable (interventions x variables), 0 where nothing changes."""
        dense = np.zeros((len(self.interventions), len(self.variables)))
        dense[self.intervention, self.variable] = self.mean
        return dense

    def frame(self, levels: int | None = None) -> pl.DataFrame:
        """One row for each entry: intervention, variable, effect, deviation, sign_probability, rises, falls, distance.

        Args:
            levels: only variables at most so many edges away.
        """
        import polars as pl

        chosen = slice(None) if levels is None else np.flatnonzero(self.distance <= levels)
        names = np.array([one.name for one in self.interventions], object)
        return pl.DataFrame(
            {
                "intervention": names[self.intervention[chosen]],
                "variable": np.array(self.variables, object)[self.variable[chosen]],
                "effect": self.mean[chosen],
                "deviation": self.deviation[chosen],
                "sign_probability": self.sign_probability[chosen],
                "rises": self.rises[chosen],
                "falls": self.falls[chosen],
                "distance": self.distance[chosen],
            },
            schema_overrides={"intervention": pl.String, "variable": pl.String},
        )


def knock_downs(
    prepared: Prepared,
    variables: Sequence[str] | None = None,
    *,
    levels: Mapping[str, float] | None = None,
    rule: Literal["quantile", "two_below_mean"] = "quantile",
) -> tuple[Intervention, ...]:
    """One knock-down for each variable.

    Args:
        prepared: the data.
        variables: which; None = all columns.
        levels: the measured level of a variable in its knock-down, where it is known; in units of the data.
        rule: where it is not: the 5 % quantile, or the mean − 2 (a quarter, on log2 data).

    Raises:
        AnalysisError: a variable or a level's variable is not among the columns.
    """
    names = tuple(variables) if variables is not None else prepared.columns
    known = levels or {}
    columns = _columns_of(prepared, (*names, *known))
    if rule == "quantile":
        lowest = np.quantile(prepared.z, 0.05, axis=0) * prepared.scale + prepared.mean
    else:
        lowest = prepared.mean - 2.0
    return tuple(
        Intervention(name, {name: float(known[name]) if name in known else float(lowest[columns[name]])})
        for name in names
    )


def simulate_interventions(
    prepared: Prepared,
    graphs: Sequence[Network],
    interventions: Sequence[Intervention],
    options: SimulationOptions = SimulationOptions(),
    *,
    rows: NDArray[np.intp] | None = None,
    intervened: NDArray[np.bool_] | None = None,
    progress: Progress = SILENT,
) -> Effects:
    """Simulate interventions in every graph (network_analytics.md 8.2, 8.3).

    The result depends on the data, the graphs and the options, and not on the number of threads.

    Args:
        prepared: the data that curves are fitted on.
        graphs: acyclic, over columns of the data: replicates of an ensemble, or `dag_sampling.sample_graphs`.
        interventions: what is set.
        options: particles, seed, fits.
        rows: the rows that particles are drawn from; None = all.
        intervened: samples x columns, where a sample's value was set by the experiment: that row is left out of the
            fit of that variable.
        progress: told of each graph.

    Raises:
        AnalysisError: no graph or intervention, an unknown variable, a cycle (named, with the number of the graph),
            or too few rows to fit a variable on.
    """
    if not graphs or not interventions:
        raise AnalysisError(
            f"{len(graphs)} graphs and {len(interventions)} interventions: there is nothing to simulate."
        )
    setting = _Setting.of(prepared, interventions)
    layouts = [_Layout.of(graph, number, prepared.columns) for number, graph in enumerate(graphs, 1)]
    with numba_threads(options.fit.threads):
        curves = _fit_curves(prepared, layouts, setting.targets, options.fit, intervened, progress)
        values = _particles(prepared, options, rows)
        parts = [
            _follow_block(prepared, layouts, curves, block, values, options, progress)
            for block in setting.blocks(len(prepared.columns))
        ]
    columns = [np.concatenate([part[number] for part in parts]) for number in range(7)]
    columns[0] = columns[0].astype(np.int32)
    return Effects(tuple(interventions), prepared.columns, len(graphs), *columns)


def _columns_of(prepared: Prepared, names: Sequence[str]) -> dict[str, int]:
    position = {name: number for number, name in enumerate(prepared.columns)}
    unknown = sorted({name for name in names if name not in position})
    if unknown:
        reasons = [f"{name} ({prepared.dropped[name]})" for name in unknown if name in prepared.dropped]
        hint = f"Left out while preparing: {named(reasons)}." if reasons else "Columns are named as in the data."
        raise AnalysisError(f"Not among the columns of the data: {named(unknown)}.", hint)
    return {name: position[name] for name in names}


@dataclass(frozen=True)
class _Setting:
    """The interventions as arrays: intervention i sets `targets[offsets[i]:offsets[i + 1]]`, standardised."""

    first: int
    offsets: NDArray[np.int64]
    targets: NDArray[np.int32]
    levels: Floats

    @classmethod
    def of(cls, prepared: Prepared, interventions: Sequence[Intervention]) -> _Setting:
        columns = _columns_of(prepared, [name for one in interventions for name in one.values])
        pairs = [(columns[name], value) for one in interventions for name, value in one.values.items()]
        targets = np.array([column for column, _value in pairs], np.int32)
        levels = (np.array([value for _column, value in pairs]) - prepared.mean[targets]) / prepared.scale[targets]
        if not np.isfinite(levels).all():
            raise AnalysisError("An intervention sets a value that is not a finite number.")
        return cls(0, np.cumsum([0, *(len(one.values) for one in interventions)]), targets, levels)

    def blocks(self, columns: int) -> Iterator[_Setting]:
        """Interventions whose sums fit into memory together."""
        size = max(1, _BLOCK_BYTES // (_BYTES_A_CELL * columns))
        for start in range(0, len(self.offsets) - 1, size):
            offsets = self.offsets[start : start + size + 1]
            part = slice(offsets[0], offsets[-1])
            yield _Setting(start, offsets - offsets[0], self.targets[part], self.levels[part])


@dataclass(frozen=True)
class _Layout:
    """One graph as the kernels read it; `rows` of its edges is set when the curves are fitted."""

    order: NDArray[np.int32]
    position: NDArray[np.int32]
    child_offsets: NDArray[np.int64]
    children: NDArray[np.int32]
    edge_offsets: NDArray[np.int64]
    parents: NDArray[np.int32]

    @classmethod
    def of(cls, graph: Network, number: int, columns: tuple[str, ...]) -> _Layout:
        graph = aligned(graph, columns)
        try:
            order = graph.topological_order().astype(np.int32)
        except AnalysisError as error:
            raise AnalysisError(f"Graph {number}: {error.message}", error.hint) from error
        position = np.empty_like(order)
        position[order] = np.arange(len(order), dtype=np.int32)
        by_parent = np.argsort(graph.parents, kind="stable")
        ends = np.arange(len(columns) + 1)
        return cls(
            order,
            position,
            np.searchsorted(graph.parents[by_parent], ends).astype(np.int64),
            np.ascontiguousarray(graph.children[by_parent], np.int32),
            np.searchsorted(graph.children, ends).astype(np.int64),
            np.ascontiguousarray(graph.parents, np.int32),
        )


@dataclass(frozen=True)
class _Curves:
    """The fitted curves of all graphs: row r has `weights[r]` between `low[r]` and `high[r]`; `rows` of each graph's
    edges, -1 where no intervention reaches the child."""

    weights: Floats
    low: Floats
    high: Floats
    rows: list[NDArray[np.int64]]


def _fit_curves(
    prepared: Prepared,
    layouts: Sequence[_Layout],
    targets: NDArray[np.int32],
    options: FitOptions,
    intervened: NDArray[np.bool_] | None,
    progress: Progress,
) -> _Curves:
    """Fit every (child, parents) below a target in any graph, once."""
    starts: dict[tuple[int, bytes], int] = {}
    tasks: list[tuple[int, NDArray[np.int32]]] = []
    all_rows, used = [], 0
    for layout in layouts:
        rows = np.full(len(layout.parents), -1, np.int64)
        below = reachable(layout.children, layout.child_offsets, np.unique(targets))
        for child in np.flatnonzero(below).tolist():
            low, high = layout.edge_offsets[child], layout.edge_offsets[child + 1]
            parents = layout.parents[low:high]
            key = (child, parents.tobytes())
            if key not in starts:
                starts[key] = used
                tasks.append((child, parents))
                used += len(parents)
            rows[low:high] = starts[key] + np.arange(high - low)
        all_rows.append(rows)
    weights, low, high = _fit_tasks(prepared, tasks, options, intervened, progress)
    return _Curves(weights, low, high, all_rows)


def _fit_tasks(
    prepared: Prepared,
    tasks: Sequence[tuple[int, NDArray[np.int32]]],
    options: FitOptions,
    intervened: NDArray[np.bool_] | None,
    progress: Progress,
) -> tuple[Floats, Floats, Floats]:
    """Weights and range of every curve, in the order of the tasks."""
    groups = _groups(tasks, intervened)
    sizes = np.array([len(parents) for _child, parents in tasks], np.int64)
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    weights, low, high = np.empty((offsets[-1], 0)), np.empty(offsets[-1]), np.empty(offsets[-1])
    with progress.task("fit", total=len(tasks), unit="fits") as task:
        for kept, members in groups:
            fitting = _Fitting.of(prepared, options, kept, [tasks[member] for member in members])
            for start in range(0, len(members), _FITS_AT_ONCE):
                part = members[start : start + _FITS_AT_ONCE]
                fitted = fitting.fit([tasks[member] for member in part])
                if not weights.shape[1]:
                    weights = np.empty((offsets[-1], fitted[0].shape[1]))
                places = np.concatenate([np.arange(offsets[member], offsets[member + 1]) for member in part])
                weights[places], low[places], high[places] = fitted
                task.advance(len(part))
    return weights, low, high


def _groups(
    tasks: Sequence[tuple[int, NDArray[np.int32]]], intervened: NDArray[np.bool_] | None
) -> list[tuple[NDArray[np.intp] | None, list[int]]]:
    """Tasks that are fitted on the same rows: the rows (None = all) and the tasks."""
    if intervened is None:
        return [(None, list(range(len(tasks))))] if tasks else []
    groups: dict[bytes, list[int]] = {}
    for number, (child, _parents) in enumerate(tasks):
        groups.setdefault(intervened[:, child].tobytes(), []).append(number)
    return [
        (np.flatnonzero(~np.frombuffer(pattern, np.bool_)) if any(pattern) else None, members)
        for pattern, members in groups.items()
    ]


@dataclass(frozen=True)
class _Fitting:
    """Fits on some rows: their columns, standardised over these rows, and the way back."""

    fitter: ChildFitter
    place: NDArray[np.int32]
    mean: Floats
    scale: Floats

    @classmethod
    def of(
        cls,
        prepared: Prepared,
        options: FitOptions,
        kept: NDArray[np.intp] | None,
        tasks: Sequence[tuple[int, NDArray[np.int32]]],
    ) -> _Fitting:
        columns = len(prepared.columns)
        if kept is None:
            every = np.arange(columns, dtype=np.int32)
            return cls(ChildFitter(prepared, options), every, np.zeros(columns), np.ones(columns))
        used = np.unique(np.concatenate([[child, *parents] for child, parents in tasks])).astype(np.intp)
        z = prepared.z[np.ix_(kept, used)]
        mean, scale = (z.mean(axis=0), z.std(axis=0)) if len(kept) else (np.zeros(len(used)), np.zeros(len(used)))
        flat = [prepared.columns[column] for column in used[scale < 1e-9]]
        if flat:
            raise AnalysisError(
                f"Without the samples in which {prepared.columns[tasks[0][0]]} was set, {named(flat)} does not vary.",
                "It cannot be fitted: leave it out, or add samples.",
            )
        place = np.full(columns, -1, np.int32)
        place[used] = np.arange(len(used), dtype=np.int32)
        part = replace(
            prepared,
            z=np.asfortranarray((z - mean) / scale),
            columns=tuple(prepared.columns[column] for column in used),
        )
        return cls(ChildFitter(part, options), place, mean, scale)

    def fit(self, tasks: Sequence[tuple[int, NDArray[np.int32]]]) -> tuple[Floats, Floats, Floats]:
        """Weights, low and high end of every curve, standardised over all rows."""
        children = self.place[np.array([child for child, _parents in tasks])]
        sizes = np.array([len(parents) for _child, parents in tasks])
        parents = self.place[np.concatenate([parents for _child, parents in tasks])]
        offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        fits = self.fitter.fit_many(children, offsets, parents)
        size, shift = self.scale[parents], self.mean[parents]
        bases = self.fitter.bases
        weights = fits.weights * np.repeat(self.scale[children], sizes)[:, None]
        return weights, bases.low[parents] * size + shift, bases.high[parents] * size + shift


def _particles(prepared: Prepared, options: SimulationOptions, rows: NDArray[np.intp] | None) -> Floats:
    """Values of the particles (columns x particles)."""
    allowed = np.arange(len(prepared.z)) if rows is None else np.asarray(rows)
    if not len(allowed) or options.particles < 1:
        raise AnalysisError("There is no row to follow an intervention in.")
    if options.particles < len(allowed):
        drawn = np.random.default_rng(options.seed).permutation(allowed)[: options.particles]
        allowed = np.sort(drawn)
    return np.ascontiguousarray(prepared.z[allowed].T)


def _follow_block(
    prepared: Prepared,
    layouts: Sequence[_Layout],
    curves: _Curves,
    block: _Setting,
    values: Floats,
    options: SimulationOptions,
    progress: Progress,
) -> tuple[NDArray[np.generic], ...]:
    """Follow a block of interventions through all graphs: the seven columns of `Effects`."""
    shape = (len(block.offsets) - 1, len(prepared.columns))
    total, squares = np.zeros(shape), np.zeros(shape)
    rises, falls = np.zeros(shape, np.uint16), np.zeros(shape, np.uint16)
    distance = np.full(shape, np.iinfo(np.uint16).max, np.uint16)
    linear = options.fit.extrapolation == "linear"
    with progress.task("follow interventions", total=len(layouts), unit="graphs") as task:
        for layout, rows in zip(layouts, curves.rows, strict=True):
            before = np.empty((len(rows), values.shape[1]))
            curves_at(rows, layout.parents, curves.weights, curves.low, curves.high, values, linear, before)
            follow_all(
                layout.order,
                layout.position,
                layout.child_offsets,
                layout.children,
                layout.edge_offsets,
                layout.parents,
                rows,
                curves.weights,
                curves.low,
                curves.high,
                values,
                before,
                block.offsets,
                block.targets,
                block.levels,
                options.negligible,
                linear,
                total,
                squares,
                rises,
                falls,
                distance,
            )
            task.advance()
    count = len(layouts)
    intervention, variable = np.nonzero((rises > 0) | (falls > 0))
    mean = total[intervention, variable] / count
    variance = np.maximum(squares[intervention, variable] / count - mean**2, 0.0)
    size = prepared.scale[variable]
    return (
        intervention + block.first,
        variable.astype(np.int32),
        mean * size,
        np.sqrt(variance) * size,
        rises[intervention, variable] / count,
        falls[intervention, variable] / count,
        distance[intervention, variable].astype(np.int32),
    )
