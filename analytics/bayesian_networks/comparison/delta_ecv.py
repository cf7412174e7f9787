"""ΔECv: by how much the contribution of an edge differs between two samples or two groups.

The recipe of comparing contributions between conditions (Tanaka et al. 2020). It stands in a module of its own, apart
from the contributions themselves; `docs/gene-networks.md` says why. Every function gives the signed difference, the
second minus the first; ΔECv is its absolute value. Constants cancel, so the centring of the curves does not matter.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["between_groups", "between_samples", "by_evidence", "delta_ecv"]


def between_samples(values: NDArray[np.floating], first: int, second: int) -> NDArray[np.floating]:
    """ECv in the second sample minus ECv in the first, of every edge: before and after a drug, normal and patient.

    Args:
        values: ECv, edges x samples (or units, after `groups.average_replicates`).
        first, second: their columns.
    """
    return np.asarray(values[:, second] - values[:, first])


def between_groups(
    values: NDArray[np.floating], first: NDArray[np.intp], second: NDArray[np.intp]
) -> NDArray[np.float64]:
    """Mean ECv of the second group minus mean ECv of the first, of every edge.

    Args:
        values: ECv, edges x samples.
        first, second: their columns.
    """
    return np.asarray(
        values[:, second].mean(axis=1, dtype=np.float64) - values[:, first].mean(axis=1, dtype=np.float64)
    )


def delta_ecv(signed: NDArray[np.floating]) -> NDArray[np.floating]:
    """ΔECv of a signed difference; on log2 data 1.0 is a contribution that changes the child twofold."""
    return np.asarray(np.abs(signed))


def by_evidence(signed: NDArray[np.floating], significant: NDArray[np.bool_] | None = None) -> NDArray[np.intp]:
    """The edges in the order in which they are worth looking at: significant ones first, then by falling ΔECv.

    Args:
        signed: the difference of each edge.
        significant: which edges pass the threshold of the test; None = nothing was tested.

    Returns:
        Numbers of edges; of equal ones the first first.

    >>> by_evidence(np.array([23.0, -1.0, 0.5]), np.array([False, True, True])).tolist()
    [1, 2, 0]
    """
    passed = np.zeros(len(signed), bool) if significant is None else significant
    return np.lexsort((-np.abs(signed), ~passed))
