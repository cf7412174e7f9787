"""Samples in which variables were set by an experiment: they leave the fit of what was set, and price directions.

A knocked-out gene tells nothing about what regulates it, but all about what it regulates (Cooper & Yoo 1999). So the
sufficient statistics of a child are taken over the samples in which it was not set; its score keeps the weight of all
samples, which matters little where few were set.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analytics.bayesian_networks.interventions.contrasts import Contrasts
from analytics.bayesian_networks.search.parents import Problem
from analytics.bayesian_networks.search.screening import Columns
from warehouse.errors import AnalysisError

#: The fewest samples in which a variable was not set.
FEWEST_SAMPLES = 8


def check_intervened(intervened: NDArray[np.bool_], columns: tuple[str, ...], samples: int) -> None:
    """Refuse a mask that does not fit the data, or leaves too few samples of a variable.

    Raises:
        AnalysisError: as said.
    """
    if intervened.shape != (samples, len(columns)) or intervened.dtype != np.bool_:
        given = f"{intervened.shape} {intervened.dtype}"
        raise AnalysisError(f"The mask of what was set is {given}; the data are {samples} x {len(columns)}.")
    left = samples - intervened.sum(axis=0)
    if left.min() < FEWEST_SAMPLES:
        column = int(left.argmin())
        raise AnalysisError(
            f"{columns[column]} was set in all but {left[column]} samples.",
            f"{FEWEST_SAMPLES} others are needed to learn of it.",
        )


def check_contrasts(contrasts: Contrasts, columns: tuple[str, ...]) -> None:
    """Refuse contrasts of other columns.

    Raises:
        AnalysisError: as said.
    """
    if contrasts.variables != columns:
        raise AnalysisError("The contrasts are of other columns than the data.", "Measure them on the same columns.")


def leave_out(problem: Problem, data: Columns, candidates: NDArray[np.int32], intervened: NDArray[np.bool_]) -> Problem:
    """The same problem with the statistics of each child over the samples in which it was not set.

    Args:
        problem: over all samples.
        data: the columns.
        candidates: of each child (children x slots).
        intervened: samples x columns.
    """
    starts, projections = problem.gram_start.copy(), problem.projections.copy()
    width = data.coordinates.shape[1]
    grams, used = [problem.gram], len(problem.gram)
    for child in np.flatnonzero(intervened.any(axis=0)).tolist():
        count = int(problem.counts[child])
        rows = np.flatnonzero(~intervened[:, child])
        chosen = np.maximum(candidates[child, :count], 0)
        stacked = data.coordinates[chosen][:, :, rows].reshape(count * width, len(rows))
        stacked -= stacked.mean(axis=1, keepdims=True)
        products = stacked @ stacked.T
        projections[child, :count] = (stacked @ _unit(data.children[rows, child])).reshape(count, width)
        grams += [products[slot * width : (slot + 1) * width, slot * width :].ravel() for slot in range(count)]
        starts[child] = used
        used += width * width * count * (count + 1) // 2
    return problem._replace(gram=np.concatenate(grams), gram_start=starts, projections=projections)


def weigh(problem: Problem, candidates: NDArray[np.int32], contrasts: Contrasts, penalty: float) -> Problem:
    """The same problem with prices of edges that follow what experiments say of their directions.

    Evidence for an edge takes away what it costs because there are many to choose from, and no more: a target is above
    everything that it moves, but the parent only of some, and these must explain something. Evidence against an edge
    adds to its price.

    Args:
        problem: whose costs hold the same penalty of every edge.
        candidates: of each child (children x slots).
        contrasts: of the same columns.
        penalty: what each parent costs beside its degrees of freedom.
    """
    row = np.full(len(contrasts.variables), -1)
    row[contrasts.targets] = np.arange(len(contrasts.targets))
    parents = np.maximum(candidates, 0)
    measured = (candidates >= 0) & (row[parents] >= 0)
    evidence = contrasts.evidence()[row[parents], np.arange(len(candidates))[:, None]]
    prices = np.where(measured, np.maximum(penalty - 2 * evidence, 0.0), penalty)
    costs = problem.costs - penalty + prices[:, :, None]
    return problem._replace(costs=costs, ridge=np.ascontiguousarray(np.broadcast_to(problem.ridge, costs.shape)))


def _unit(values: NDArray[np.float32]) -> NDArray[np.float32]:
    centred = values - values.mean()
    length = np.sqrt(centred @ centred)
    return np.asarray(centred / length if length > 1e-6 else np.zeros_like(centred))
