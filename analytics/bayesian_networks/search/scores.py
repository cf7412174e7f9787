"""Scores of a child and its parents; all are sums over children, and lower is better.

| score | what it is |
|---|---|
| sBIC | n·log(RSS/n) + (edf·log n + 2γ·parents·log p)·n/(n − edf − 2): a curve costs its degrees of freedom |
| BNRC | −2 log marginal likelihood by Laplace's approximation (Imoto et al. 2002), one determinant for each parent |
| BNRC-c | the same in centred coordinates with the joint determinant |
| BIC, EBIC | the same as sBIC for straight lines (Schwarz 1978; Chen & Chen 2008) |

The functions here are the plain definitions in double precision: what tests and fitted models use. The learner computes
the same numbers by rank updates (`parents.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log, pi

import numpy as np
from numpy.typing import NDArray

from analytics.bayesian_networks.curves.basis import log_penalty_determinant, penalty_matrix

#: n·β that smoothing is chosen from: from a curve of all coordinates to a straight line.
SMOOTHING_GRID: NDArray[np.float64] = np.logspace(-5, 5, 21)


def sbic(rss: float, samples: int, edf: float, *, parents: int = 0, variables: int = 1, gamma: float = 0.0) -> float:
    """n·log(RSS/n) + (edf·log n + 2γ·parents·log p)·n/(n − edf − 2).

    The last factor matters for small samples, where chance fits well: that of Hurvich & Tsai (1989) for Akaike's
    criterion.

    Args:
        rss: residual sum of squares.
        samples: n.
        edf: effective degrees of freedom of all curves, without the intercept.
        parents: how many.
        variables: p, among which the parents were chosen.
        gamma: weight of the choice among p variables, 0 (BIC) to 1 (EBIC, Chen & Chen 2008).
    """
    costs = edf * log(samples) + 2 * gamma * parents * log(variables)
    return samples * log(rss / samples) + costs * samples / max(samples - edf - 2, 1.0)


def linear_bic(y: NDArray[np.float64], parents: NDArray[np.float64], variables: int = 1, gamma: float = 0.0) -> float:
    """BIC (gamma 0) or EBIC of a straight-line regression with intercept (parents: samples x parents)."""
    design = np.column_stack([np.ones(len(y)), parents])
    residual = y - design @ np.linalg.lstsq(design, y)[0]
    count = design.shape[1] - 1
    rss = float(residual @ residual)
    return sbic(rss, len(y), count, parents=count, variables=variables, gamma=gamma)


@dataclass(frozen=True)
class PenalisedFit:
    """A child fitted on penalised curves of its parents.

    Args:
        coefficients: one vector for each parent.
        rss: residual sum of squares.
        edf: effective degrees of freedom of each parent's curve, each as if it were alone.
    """

    coefficients: tuple[NDArray[np.float64], ...]
    rss: float
    edf: float


def fit_penalised(
    y: NDArray[np.float64],
    designs: Sequence[NDArray[np.float64]],
    penalties: Sequence[NDArray[np.float64]],
) -> PenalisedFit:
    """Least squares with a quadratic penalty on each parent's coefficients (Eilers & Marx 1996).

    Args:
        y: the child, centred.
        designs: one for each parent (samples x functions).
        penalties: n·β·K of each parent (functions x functions).
    """
    if not designs:
        return PenalisedFit((), float(y @ y), 0.0)
    joint = np.hstack(list(designs))
    ends = np.cumsum([design.shape[1] for design in designs])
    matrix = joint.T @ joint + _block_diagonal(penalties)
    # Uncentred splines of several parents share the constant, which nothing penalises: the shortest solution is taken.
    solution = np.linalg.lstsq(matrix, joint.T @ y)[0]
    residual = y - joint @ solution
    edf = sum(
        float(np.trace(np.linalg.lstsq(design.T @ design + penalty, design.T @ design)[0]))
        for design, penalty in zip(designs, penalties, strict=True)
    )
    return PenalisedFit(tuple(np.split(solution, ends[:-1])), float(residual @ residual), edf)


def _block_diagonal(blocks: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    size = sum(len(block) for block in blocks)
    joint, start = np.zeros((size, size)), 0
    for block in blocks:
        end = start + len(block)
        joint[start:end, start:end] = block
        start = end
    return joint


def bnrc(
    y: NDArray[np.float64],
    splines: Sequence[NDArray[np.float64]],
    smoothing: Sequence[float],
    structure_penalty: float = 0.0,
) -> float:
    """BNRC in its classical form (Imoto, Goto & Miyano 2002).

    Args:
        y: the child, centred.
        splines: the splines of each parent at the samples (samples x functions), not centred.
        smoothing: β of each parent.
        structure_penalty: ζ; every parent adds 2ζ.
    """
    samples = len(y)
    functions = splines[0].shape[1] if splines else 0
    roughness = penalty_matrix(functions) if splines else np.empty((0, 0))
    penalties = [samples * beta * roughness for beta in smoothing]
    fit = fit_penalised(y, splines, penalties)
    variance = fit.rss / samples
    score = _without_parents(samples, variance) + 2 * structure_penalty * len(splines)
    for design, penalty, beta, coefficients in zip(splines, penalties, smoothing, fit.coefficients, strict=True):
        score += float(np.linalg.slogdet(design.T @ design + penalty)[1]) - 2 * log(2 * pi * variance)
        score -= (functions - 2) * log(samples * beta) + log_penalty_determinant(functions)
        score += float(coefficients @ penalty @ coefficients) / variance
    return score


def bnrc_centred(
    y: NDArray[np.float64],
    coordinates: Sequence[NDArray[np.float64]],
    penalties: Sequence[NDArray[np.float64]],
    smoothing: Sequence[float],
    structure_penalty: float = 0.0,
) -> float:
    """BNRC-c: the same in Demmler-Reinsch coordinates, with the determinant of all parents together.

    The straight line of each parent has a flat prior in units of the parent's standard deviation.

    Args:
        y: the child, centred.
        coordinates: orthonormal coordinates of each parent (samples x coordinates).
        penalties: their roughness, the first 0.
        smoothing: n·β of each parent.
        structure_penalty: ζ; every parent adds 2ζ.
    """
    samples = len(y)
    weights = [beta * roughness for beta, roughness in zip(smoothing, penalties, strict=True)]
    fit = fit_penalised(y, coordinates, [np.diag(weight) for weight in weights])
    penalty = sum(
        float(weight @ coefficients**2) for weight, coefficients in zip(weights, fit.coefficients, strict=True)
    )
    variance = (fit.rss + penalty) / samples
    score = _without_parents(samples, variance) + 2 * structure_penalty * len(coordinates)
    if coordinates:
        joint = np.hstack(list(coordinates))
        score += float(np.linalg.slogdet(joint.T @ joint + np.diag(np.concatenate(weights)))[1])
    for weight in weights:
        score += log(samples) - log(2 * pi * variance) - float(np.log(weight[1:]).sum())
    return score


def _without_parents(samples: int, variance: float) -> float:
    return samples * log(2 * pi * variance) + samples - log(2 * pi / samples) - log(2) - 2 * log(variance)


def choose_smoothing(
    y: NDArray[np.float64],
    coordinates: NDArray[np.float64],
    penalties: NDArray[np.float64],
    grid: NDArray[np.float64] = SMOOTHING_GRID,
) -> tuple[float, float, float]:
    """The n·β with the lowest sBIC of one parent.

    Args:
        y: the child, centred.
        coordinates: orthonormal coordinates of the parent (samples x coordinates).
        penalties: their roughness; infinite for coordinates that do not exist.
        grid: values of n·β to choose from.

    Returns:
        n·β, the score, and the effective degrees of freedom.
    """
    samples = len(y)
    projections = (coordinates.T @ y) ** 2
    shrinkage = 1 / (1 + grid[:, None] * np.where(np.isfinite(penalties), penalties, 1e300))
    rss = np.maximum(y @ y - (2 * shrinkage - shrinkage**2) @ projections, np.finfo(float).tiny)
    edf = shrinkage.sum(axis=1)
    scores = samples * np.log(rss / samples) + edf * log(samples)
    best = int(scores.argmin())
    return float(grid[best]), float(scores[best]), float(edf[best])
