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
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from analytics.bayesian_networks.curves.fit import FitOptions, numba_threads
from analytics.bayesian_networks.data.dataset import Prepared, named
from analytics.bayesian_networks.interventions.fits import Curves, fit_curves, layout_of
from analytics.bayesian_networks.interventions.kernels import (
    Changes,
    EdgeCurves,
    Layout,
    Targets,
    curves_at,
    follow_all,
)
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
    negligible: float = 5e-3
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
    """Simulate interventions in every graph.

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
    layouts = [layout_of(graph, number, prepared.columns) for number, graph in enumerate(graphs, 1)]
    with numba_threads(options.fit.threads):
        curves = fit_curves(prepared, layouts, setting.targets, options.fit, intervened, progress)
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


def _particles(prepared: Prepared, options: SimulationOptions, rows: NDArray[np.intp] | None) -> NDArray[np.float32]:
    """Values of the particles (columns x particles)."""
    allowed = np.arange(len(prepared.z)) if rows is None else np.asarray(rows)
    if not len(allowed) or options.particles < 1:
        raise AnalysisError("There is no row to follow an intervention in.")
    if options.particles < len(allowed):
        drawn = np.random.default_rng(options.seed).permutation(allowed)[: options.particles]
        allowed = np.sort(drawn)
    return np.ascontiguousarray(prepared.z[allowed].T, np.float32)


def _follow_block(
    prepared: Prepared,
    layouts: Sequence[Layout],
    curves: Curves,
    block: _Setting,
    values: NDArray[np.float32],
    options: SimulationOptions,
    progress: Progress,
) -> tuple[NDArray[np.generic], ...]:
    """Follow a block of interventions through all graphs: the seven columns of `Effects`."""
    changes = _no_changes(len(block.offsets) - 1, len(prepared.columns))
    targets = Targets(block.offsets, block.targets, block.levels)
    with progress.task("follow interventions", total=len(layouts), unit="graphs") as task:
        for number, layout in enumerate(layouts):
            along = _edge_curves(curves, number, values.shape[1], linear=options.fit.extrapolation == "linear")
            curves_at(layout.parents, curves.weights, values, along)
            follow_all(layout, along, values, targets, options.negligible, changes)
            task.advance()
    return _columns(changes, block.first, len(layouts), prepared.scale)


def _no_changes(interventions: int, variables: int) -> Changes:
    shape = (interventions, variables)
    return Changes(
        np.zeros(shape),
        np.zeros(shape),
        np.zeros(shape, np.uint16),
        np.zeros(shape, np.uint16),
        np.full(shape, np.iinfo(np.uint16).max, np.uint16),
    )


def _edge_curves(curves: Curves, graph: int, particles: int, *, linear: bool) -> EdgeCurves:
    """The curves along the edges of a graph, before they are filled in."""
    rows, functions = curves.rows[graph], curves.weights.shape[1]
    return EdgeCurves(
        rows,
        curves.low.astype(np.float32),
        ((functions - 3) / (curves.high - curves.low)).astype(np.float32),
        linear,
        np.empty((len(rows), 4, functions - 2), np.float32),
        np.empty((len(rows), particles), np.float32),
    )


def _columns(changes: Changes, first: int, count: int, scale: Floats) -> tuple[NDArray[np.generic], ...]:
    """The columns of `Effects`, of the variables that change in any of so many graphs."""
    rises, falls = changes.rises, changes.falls
    intervention, variable = np.nonzero((rises > 0) | (falls > 0))
    mean = changes.total[intervention, variable] / count
    variance = np.maximum(changes.squares[intervention, variable] / count - mean**2, 0.0)
    size = scale[variable]
    return (
        intervention + first,
        variable.astype(np.int32),
        mean * size,
        np.sqrt(variance) * size,
        rises[intervention, variable] / count,
        falls[intervention, variable] / count,
        changes.distance[intervention, variable].astype(np.int32),
    )
