"""From prepared columns to what the search works on: coordinates, candidates, sufficient statistics, prices.

Up to `WHOLE` coordinates, every variable is a candidate of every other one and all children share one Gram matrix:
nothing is screened away, and orders that are still wrong are scored truly. Beyond, each child has its own candidates.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log, pi

import numpy as np
from numpy.typing import NDArray

from analytics.bayesian_networks.curves.basis import demmler_reinsch
from analytics.bayesian_networks.data.dataset import Prepared
from analytics.bayesian_networks.search.grams import compute_grams
from analytics.bayesian_networks.search.options import LearningOptions
from analytics.bayesian_networks.search.parents import Problem
from analytics.bayesian_networks.search.scores import SMOOTHING_GRID
from analytics.bayesian_networks.search.screening import Columns
from analytics.bayesian_networks.search.threads import Run

#: The most coordinates of all variables together with which all pairs stay candidates.
WHOLE = 4096

#: The most candidates of a child beyond that: of straight lines, and of curves.
LINES, CURVES = 64, 28

#: Knots of a curve end so many quartile distances from the median: outliers do not get curves of their own.
_REACH = 2.5

#: The parents of a child may take this share of the samples as coordinates.
_SHARE_OF_SAMPLES = 1 / 3


@dataclass(frozen=True)
class Material:
    """What learning starts from.

    Args:
        columns: coordinates, children and their limits.
        penalties: roughness of the coordinates (columns x coordinates), infinite where there is none.
    """

    columns: Columns
    penalties: NDArray[np.float64]


def width_of(options: LearningOptions) -> int:
    """Coordinates of each variable."""
    return 1 if options.linear else options.coordinates


def is_whole(columns: int, options: LearningOptions) -> bool:
    """Whether every variable stays a candidate of every other one."""
    return options.candidates is None and columns * width_of(options) <= WHOLE


def most_candidates(columns: int, options: LearningOptions) -> int:
    """Candidates that one child may have."""
    return min(options.candidates or (LINES if options.linear else CURVES), columns)


def material(prepared: Prepared, options: LearningOptions) -> Material:
    """Compute the coordinates of all columns."""
    samples = len(prepared.z)
    children = np.asfortranarray(prepared.z, dtype=np.float32)
    children -= children.mean(axis=0)
    lengths = np.sqrt(np.einsum("ij,ij->j", children, children))
    # A column that has become constant in a resample explains nothing and needs no parents.
    children /= np.where(lengths > 1e-6 * np.sqrt(samples), lengths, np.inf)
    if options.linear:
        coordinates = np.ascontiguousarray(children.T)[:, None, :]
        penalties = np.zeros((children.shape[1], 1))
    else:
        bases = demmler_reinsch(prepared.z, options.coordinates, reach=_REACH, dtype=np.float32)
        coordinates, penalties = np.asarray(bases.values, np.float32), bases.penalties
    ranks = np.isfinite(penalties).sum(axis=1)
    fewest = np.minimum(ranks, 2 if options.functions == "additive" and not options.linear else 1)
    columns = Columns(
        coordinates, children, fewest.astype(np.int8), prepared.tiers, prepared.origin.astype(np.int32)
    )  # fmt: skip
    return Material(columns, penalties)


def all_pairs(data: Columns) -> NDArray[np.int32]:
    """Every column as a candidate of every other one (children x columns); -1 where that is not allowed."""
    candidates = np.tile(np.arange(data.count, dtype=np.int32), (data.count, 1))
    tiers, origin = data.tiers, data.origin
    forbidden = (origin[:, None] == origin) | (tiers > tiers[:, None]) | (tiers[:, None] <= 0)
    candidates[forbidden] = -1
    return candidates


def problem_of(
    source: Material, candidates: NDArray[np.int32], whole: bool, options: LearningOptions, run: Run
) -> Problem:
    """Sufficient statistics and prices of these candidates."""
    data = source.columns
    if whole:
        counts = np.full(data.count, data.count, np.int32)
        gram, starts, projections = _whole_gram(data)
    else:
        counts = (candidates >= 0).sum(axis=1).astype(np.int32)
        gram, starts, projections = compute_grams(data, candidates, counts, run)
    fewest = data.fewest[np.maximum(candidates, 0)]
    most = max(1, int(data.samples * _SHARE_OF_SAMPLES))
    if options.score == "bnrc" and not options.linear:
        ridge, costs = _bayesian_prices(projections, source.penalties, candidates, data.samples)
        fewest = np.full_like(fewest, projections.shape[2])
        most = options.maximum_parents * projections.shape[2]
    else:
        width = projections.shape[2]
        ridge = np.zeros((1, 1, width), np.float32)
        costs = (np.arange(1, width + 1) * log(data.samples))[None, None, :]
    joint = int(options.score == "bnrc")
    if joint and options.linear:
        costs = costs - log(2 * pi)
    return Problem(
        float(data.samples),
        candidates,
        counts,
        gram,
        starts,
        projections,
        ridge,
        costs + options.penalty_of_an_edge(data.count),
        fewest,
        joint,
        options.maximum_parents,
        most,
    )


def _whole_gram(data: Columns) -> tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.float32]]:
    count, width, samples = data.coordinates.shape
    stacked = data.coordinates.reshape(count * width, samples)
    products = stacked @ stacked.T
    rows = [products[slot * width : (slot + 1) * width, slot * width :].ravel() for slot in range(count)]
    with_children = np.ascontiguousarray((stacked @ data.children).T).reshape(count, count, width)
    return np.concatenate(rows), np.zeros(count, np.int64), with_children


def _bayesian_prices(
    projections: NDArray[np.float32], penalties: NDArray[np.float64], candidates: NDArray[np.int32], samples: int
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Penalties and prices of BNRC-c; each curve has the smoothing that is best for it as the only parent."""
    roughness = penalties[np.maximum(candidates, 0)]
    exists = np.isfinite(roughness)
    rough = np.where(exists, roughness, 1)
    best = np.full(candidates.shape, np.inf)
    chosen = np.ones(candidates.shape)
    for smoothing in SMOOTHING_GRID:
        weight = smoothing * rough
        left = 1 - (projections**2 / (1 + weight)).sum(axis=2)
        prior = np.where(exists, np.log1p(weight), 0)
        prior[:, :, 1:] -= np.where(exists, np.log(weight, where=weight > 0, out=np.zeros_like(weight)), 0)[:, :, 1:]
        score = (samples - 3) * np.log(np.maximum(left, 1e-9)) + prior.sum(axis=2)
        better = score < best
        best[better], chosen[better] = score[better], smoothing
    ridge = np.where(exists, chosen[:, :, None] * rough, 1)
    prices = log(samples) - log(2 * pi) - np.log(ridge[:, :, 1:]).sum(axis=2)
    costs = np.full(projections.shape, np.inf)
    costs[:, :, -1] = prices
    return ridge.astype(np.float32), costs
