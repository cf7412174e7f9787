"""Metrics of predictions, each with a bootstrap interval over what was kept apart (patients, drugs, sections).

>>> auroc(np.array([0.9, 0.8, 0.3, 0.1]), np.array([True, False, True, False]))
0.75
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from warehouse.errors import AnalysisError

Floats = NDArray[np.float64]

#: Pairs of samples that `concordance` compares at a time.
_PAIRS_AT_A_TIME = 4_000_000
#: The least share of resamples on which a metric must be defined for an interval to be given.
_LEAST_DEFINED = 0.5


@dataclass(frozen=True)
class Estimate:
    """A metric with its interval.

    Args:
        value: the metric of all samples.
        lower, upper: the interval; NaN where too few groups could be resampled.
        level: how often such intervals hold the true value, 0 to 1.
    """

    value: float
    lower: float
    upper: float
    level: float = 0.95


def auroc(scores: ArrayLike, positive: ArrayLike) -> float:
    """The probability that a positive scores above a negative; equal scores count half.

    Args:
        scores: greater = more likely positive.
        positive: whether each sample is.

    Raises:
        AnalysisError: lengths differ, a score is missing, or there are no positives or no negatives.
    """
    hits, ranked, positives, negatives = _ranked(scores, positive)
    recall, fall_out = hits / positives, (ranked - hits) / negatives
    return float(np.trapezoid(np.append(0, recall), np.append(0, fall_out)))


def average_precision(scores: ArrayLike, positive: ArrayLike) -> float:
    """The area under the precision-recall curve as a step function; equal scores share one precision.

    By chance it is the share of positives.

    Raises:
        AnalysisError: as `auroc`.
    """
    hits, ranked, positives, _negatives = _ranked(scores, positive)
    return float(np.sum(np.diff(hits / positives, prepend=0) * hits / ranked))


def _ranked(scores: ArrayLike, positive: ArrayLike) -> tuple[Floats, Floats, int, int]:
    """Hits and samples up to the end of each run of equal scores, from the greatest score down; class sizes."""
    values, true = paired(scores, positive)
    true = true.astype(np.bool_)
    positives = int(true.sum())
    if positives in {0, len(true)}:
        raise AnalysisError("A ranking needs positive and negative samples.", "Check the labels of the test set.")
    order = np.argsort(-values, kind="stable")
    last_of_ties = np.flatnonzero(np.append(np.diff(values[order]) != 0, True))
    hits = np.cumsum(true[order])[last_of_ties].astype(np.float64)
    return hits, (last_of_ties + 1).astype(np.float64), positives, len(true) - positives


def mean_reciprocal_rank(ranks: ArrayLike) -> float:
    """The mean of 1 / rank; ranks begin at 1 (ties at the mean of their ranks)."""
    return float(np.mean(1.0 / _ranks(ranks)))


def hits_at(ranks: ArrayLike, k: int) -> float:
    """The share of ranks that are `k` or better."""
    return float(np.mean(_ranks(ranks) <= k))


def _ranks(ranks: ArrayLike) -> Floats:
    values = np.asarray(ranks, np.float64).ravel()
    if not len(values) or not np.all(values >= 1):
        raise AnalysisError("Ranks are numbers from 1 on, at least one of them.")
    return values


def ranks_of(target_scores: ArrayLike, candidate_scores: Sequence[ArrayLike]) -> Floats:
    """The rank of each target among its candidates; equal scores give the mean of the ranks that they share.

    Args:
        target_scores: one for each query.
        candidate_scores: for each query the scores of the other candidates, without the target.
    """
    targets = np.asarray(target_scores, np.float64)
    rows = [np.asarray(candidates, np.float64) for candidates in candidate_scores]
    pairs = zip(targets, rows, strict=True)
    return np.array([1 + np.sum(row > score) + np.sum(row == score) / 2 for score, row in pairs])


def concordance(risk: ArrayLike, time: ArrayLike, event: ArrayLike) -> float:
    """Harrell's C: of the pairs whose order is known, the share in which the earlier event has the greater risk.

    A pair is known where the earlier of the two had the event; at equal times an event comes before a censoring, and
    two events at one time are no pair. Equal risks count half. Harrell et al., JAMA 247:2543 (1982).

    Args:
        risk: greater = earlier event.
        time: to the event or to the last contact, in any one unit.
        event: whether the event was seen.

    Raises:
        AnalysisError: lengths differ, a value is missing, or no pair is known.
    """
    risks, times = paired(risk, time)
    _, events = paired(risk, event)
    seen = np.flatnonzero(events.astype(np.bool_))
    total = concordant = 0.0
    step = max(1, _PAIRS_AT_A_TIME // max(len(times), 1))
    for start in range(0, len(seen), step):
        first = seen[start : start + step, None]
        later = (times[first] < times) | ((times[first] == times) & (events == 0))
        total += float(later.sum())
        concordant += float(np.sum(later & (risks[first] > risks)) + 0.5 * np.sum(later & (risks[first] == risks)))
    if not total:
        raise AnalysisError("No pair of samples has a known order.", "There are too few events in the test set.")
    return concordant / total


def root_mean_squared_error(predicted: ArrayLike, observed: ArrayLike) -> float:
    """The root of the mean squared difference, in the unit of the values."""
    one, other = paired(predicted, observed)
    return float(np.sqrt(np.mean((one - other) ** 2)))


def pearson(predicted: ArrayLike, observed: ArrayLike) -> float:
    """Pearson's correlation.

    Raises:
        AnalysisError: fewer than two samples, or one side does not vary.
    """
    one, other = paired(predicted, observed)
    if len(one) < 2 or np.ptp(one) == 0 or np.ptp(other) == 0:
        raise AnalysisError("A correlation needs two samples that differ on both sides.")
    return float(np.corrcoef(one, other)[0, 1])


def spearman(predicted: ArrayLike, observed: ArrayLike) -> float:
    """Spearman's rank correlation; equal values share the mean of their ranks."""
    one, other = paired(predicted, observed)
    return pearson(_mean_ranks(one), _mean_ranks(other))


def _mean_ranks(values: Floats) -> Floats:
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return (ends - (counts - 1) / 2)[places]


def bootstrap(
    metric: Callable[..., float],
    *arrays: ArrayLike,
    groups: ArrayLike | None = None,
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> Estimate:
    """A metric with its percentile interval, from resampling whole groups with replacement (Efron 1979).

    Samples of one patient (section, drug) are not independent: name them by `groups`, or the interval is too narrow.
    Resamples on which the metric is not defined (no positive sample) are left out.

    Args:
        metric: takes the arrays, in their order.
        arrays: one entry for each sample, all of one length.
        groups: the group of each sample; None = each sample is its own.
        resamples: how many.
        level: of the interval, 0 to 1.
        seed: fixes the interval.

    Raises:
        AnalysisError: the arrays differ in length, or the metric is not defined on all samples.
    """
    columns = [np.asarray(array) for array in arrays]
    labels = np.arange(len(columns[0])) if groups is None else np.asarray(groups)
    if any(len(column) != len(labels) for column in columns):
        raise AnalysisError("The arrays of a metric differ in length.")
    value = metric(*columns)
    if len(np.unique(labels)) < 2:
        return Estimate(value, np.nan, np.nan, level)
    drawn = [_if_defined(metric, [column[rows] for column in columns]) for rows in resampled(labels, resamples, seed)]
    lower, upper = percentiles([each for each in drawn if each is not None], resamples, level)
    return Estimate(value, lower, upper, level)


def resampled(groups: ArrayLike, resamples: int, seed: int) -> Iterator[NDArray[np.intp]]:
    """The rows of each resample: as many groups as there are, drawn with replacement, each with all its samples."""
    _, codes, sizes = np.unique(np.asarray(groups), return_inverse=True, return_counts=True)
    order = np.argsort(codes, kind="stable")
    members = np.split(order, np.cumsum(sizes)[:-1])
    random = np.random.default_rng(seed)
    for _ in range(resamples):
        chosen = random.integers(0, len(members), len(members))
        yield order[chosen] if sizes.max() == 1 else np.concatenate([members[group] for group in chosen])


def percentiles(defined: Sequence[float], resamples: int, level: float) -> tuple[float, float]:
    """The interval of a metric over resamples; NaN where it is defined on too few of them."""
    if len(defined) < _LEAST_DEFINED * resamples:
        return np.nan, np.nan
    lower, upper = np.quantile(defined, [(1 - level) / 2, (1 + level) / 2])
    return float(lower), float(upper)


def _if_defined(metric: Callable[..., float], columns: list[NDArray[np.generic]]) -> float | None:
    try:
        return metric(*columns)
    except AnalysisError:
        return None


def paired(first: ArrayLike, second: ArrayLike) -> tuple[Floats, Floats]:
    """Two columns of numbers of one length.

    Raises:
        AnalysisError: lengths differ, there is none, or a value is missing or infinite.
    """
    one, other = np.asarray(first, np.float64).ravel(), np.asarray(second, np.float64).ravel()
    if len(one) != len(other):
        raise AnalysisError(f"There are {len(one)} values on one side and {len(other)} on the other.")
    if not len(one):
        raise AnalysisError("There are no samples.")
    if not (np.isfinite(one).all() and np.isfinite(other).all()):
        raise AnalysisError("A value is missing or infinite.", "Leave these samples out, and say how many.")
    return one, other
