"""The curves that an intervention is followed along: every (child, parents) of any graph, fitted once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from analytics.bayesian_networks.curves.basis import FUNCTIONS
from analytics.bayesian_networks.curves.fit import ChildFitter, FitOptions, aligned
from analytics.bayesian_networks.data.dataset import Prepared, named
from analytics.bayesian_networks.interventions.kernels import Layout, reachable
from analytics.bayesian_networks.network import Network
from warehouse.errors import AnalysisError
from warehouse.progress import Progress

Floats = NDArray[np.float64]

#: Fits that are made at once: bounds the memory of their coefficients.
_FITS_AT_ONCE = 100_000


def layout_of(graph: Network, number: int, columns: tuple[str, ...]) -> Layout:
    """Lay out the graph with this number.

    Raises:
        AnalysisError: it has a cycle, or names columns that the data do not have.
    """
    graph = aligned(graph, columns)
    try:
        order = graph.topological_order().astype(np.int32)
    except AnalysisError as error:
        raise AnalysisError(f"Graph {number}: {error.message}", error.hint) from error
    position = np.empty_like(order)
    position[order] = np.arange(len(order), dtype=np.int32)
    by_parent = np.argsort(graph.parents, kind="stable")
    ends = np.arange(len(columns) + 1)
    return Layout(
        order,
        position,
        np.searchsorted(graph.parents[by_parent], ends).astype(np.int64),
        np.ascontiguousarray(graph.children[by_parent], np.int32),
        np.searchsorted(graph.children, ends).astype(np.int64),
        np.ascontiguousarray(graph.parents, np.int32),
    )


@dataclass(frozen=True)
class Curves:
    """The fitted curves of all graphs.

    Args:
        weights: of the splines, one row for each curve.
        low, high: the range of each curve's parent, standardised.
        rows: of each graph, the curve of each edge; -1 where no intervention reaches the child.
    """

    weights: Floats
    low: Floats
    high: Floats
    rows: list[NDArray[np.int64]]


def fit_curves(
    prepared: Prepared,
    layouts: Sequence[Layout],
    targets: NDArray[np.int32],
    options: FitOptions,
    intervened: NDArray[np.bool_] | None,
    progress: Progress,
) -> Curves:
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
    return Curves(weights, low, high, all_rows)


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
    weights, low, high = np.empty((offsets[-1], FUNCTIONS)), np.empty(offsets[-1]), np.empty(offsets[-1])
    with progress.task("fit", total=len(tasks), unit="fits") as task:
        for kept, members in groups:
            fitting = _Fitting.of(prepared, options, kept, [tasks[member] for member in members])
            for start in range(0, len(members), _FITS_AT_ONCE):
                part = members[start : start + _FITS_AT_ONCE]
                fitted = fitting.fit([tasks[member] for member in part])
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
