"""Simulated interventions against experiments: labels, baselines, metrics with intervals.

The primary label is the direct contrast: the samples of a knock-down (all replicates) against controls. The secondary
one is matched: samples that happen to be low in the gene against samples near its median, from rows that neither
structure nor parameters were fitted on (`cross_fitted`). Only the first is interventional: matched labels also
"confirm" edges that are reversed or confounded. Nothing here may be tuned on: labels are for looking at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from analytics.bayesian_networks.assessment.metrics import ranking
from analytics.bayesian_networks.data.dataset import Prepared, named
from analytics.bayesian_networks.interventions.simulation import Effects, Intervention
from warehouse.errors import AnalysisError

__all__ = ["Assessment", "Interval", "Labels", "assess", "assess_by_distance", "cross_fitted", "direct", "matched"]

Floats = NDArray[np.float64]

#: A difference of at most so many standard deviations is no label.
THRESHOLD = 0.3

#: Samples of the matched reference for each low one.
_REFERENCE = 5


@dataclass(frozen=True)
class Labels:
    """What experiments say about each intervention and variable.

    Args:
        kind: "direct" (interventional) or "matched" (observational).
        interventions: names, in the order of the rows.
        sign: int8, interventions x variables: 1 up, -1 down, 0 no clear difference; 0 also for the variables set.
        known: where there is a contrast at all: everywhere but for the variables set.
        contrast: the difference, in units of the data.
        wrong: the probability that the sign of the contrast is not that of the true difference, by its standard error
            (normal); NaN where nothing tells it (one sample against one).
    """

    kind: Literal["direct", "matched"]
    interventions: tuple[str, ...]
    sign: NDArray[np.int8]
    known: NDArray[np.bool_]
    contrast: Floats
    wrong: Floats

    @property
    def noise(self) -> float:
        """The expected share of wrong signs among the labels that say up or down: accuracy cannot exceed 1 − noise."""
        clear = self.wrong[self.sign != 0]
        return float(np.nanmean(clear)) if np.isfinite(clear).any() else float("nan")


def direct(
    prepared: Prepared,
    interventions: Sequence[Intervention],
    samples: Mapping[str, Sequence[int]],
    controls: Sequence[int],
    *,
    threshold: float = THRESHOLD,
) -> Labels:
    """Labels by direct contrast: the mean of an intervention's samples against the mean of the controls.

    Args:
        prepared: the data, experiments included.
        interventions: what was done.
        samples: the rows of each intervention, by its name; replicates are averaged.
        controls: the rows without intervention.
        threshold: a difference of at most so many standard deviations of the variable is no label.

    Raises:
        AnalysisError: an intervention without samples, no control, or a row that is both.
    """
    missing = [one.name for one in interventions if not len(samples.get(one.name, ()))]
    if missing or not len(controls):
        raise AnalysisError(f"No samples of {named(missing) if missing else 'controls'}.", "A contrast needs both.")
    both = sorted(set(controls) & {row for one in interventions for row in samples[one.name]})
    if both:
        raise AnalysisError(f"{len(both)} samples are controls and interventions at once, the first: row {both[0]}.")
    groups = [list(samples[one.name]) for one in interventions]
    spread = _spread(prepared.z, [list(controls), *groups])
    rows = [_contrast(prepared.z, group, list(controls), spread) for group in groups]
    return _labels("direct", prepared, interventions, rows, threshold)


def matched(
    prepared: Prepared,
    interventions: Sequence[Intervention],
    rows: NDArray[np.intp],
    *,
    low: int = 10,
    threshold: float = THRESHOLD,
) -> Labels:
    """Labels by matching: the `low` samples nearest to a gene's level, against 5 x low samples near its median.

    These are no experiment. `rows` must not be among the rows that the model was learned and fitted on.

    Args:
        prepared: the data.
        interventions: of one variable each.
        rows: the held-out rows that samples are taken from.
        low: how many; 5 to 10.
        threshold: as in `direct`.

    Raises:
        AnalysisError: an intervention of several variables, or fewer than 3 x low rows.
    """
    if len(rows) < 3 * low:
        raise AnalysisError(f"{len(rows)} held-out samples; matching {low} needs at least {3 * low}.")
    several = [one.name for one in interventions if len(one.values) != 1]
    if several:
        raise AnalysisError(f"Matching is for one variable at a time; several are set in {named(several)}.")
    position = {name: number for number, name in enumerate(prepared.columns)}
    contrasts = []
    for one in interventions:
        [(name, value)] = one.values.items()
        column = position[name]
        x = prepared.z[rows, column]
        level = (value - prepared.mean[column]) / prepared.scale[column]
        nearest = np.argsort(np.abs(x - level), kind="stable")[:low]
        rest = np.setdiff1d(np.arange(len(rows)), nearest)
        reference = rest[np.argsort(np.abs(x[rest] - np.median(x)), kind="stable")[: _REFERENCE * low]]
        groups = [rows[nearest].tolist(), rows[reference].tolist()]
        contrasts.append(_contrast(prepared.z, groups[0], groups[1], _spread(prepared.z, groups)))
    return _labels("matched", prepared, interventions, contrasts, threshold)


def _spread(z: Floats, groups: Sequence[list[int]]) -> Floats:
    """Variance of each column within groups, pooled; NaN where no group has two samples."""
    free = sum(len(group) - 1 for group in groups)
    if not free:
        return np.full(z.shape[1], np.nan)
    squares = [((z[group] - z[group].mean(axis=0)) ** 2).sum(axis=0) for group in groups]
    return np.asarray(np.sum(squares, axis=0) / free)


def _contrast(z: Floats, group: list[int], reference: list[int], spread: Floats) -> tuple[Floats, Floats]:
    """The difference of means and its standard error, standardised."""
    difference = z[group].mean(axis=0) - z[reference].mean(axis=0)
    return difference, np.sqrt(spread * (1 / len(group) + 1 / len(reference)))


def _labels(
    kind: Literal["direct", "matched"],
    prepared: Prepared,
    interventions: Sequence[Intervention],
    rows: Sequence[tuple[Floats, Floats]],
    threshold: float,
) -> Labels:
    from scipy.special import ndtr

    difference = np.array([contrast for contrast, _error in rows])
    error = np.array([error for _contrast, error in rows])
    known = _not_set(prepared.columns, interventions)
    with np.errstate(divide="ignore", invalid="ignore"):
        wrong = ndtr(-np.abs(difference) / error)
    sign = np.where(known & (np.abs(difference) > threshold), np.sign(difference), 0).astype(np.int8)
    names = tuple(one.name for one in interventions)
    return Labels(kind, names, sign, known, difference * prepared.scale, wrong)


def _not_set(columns: tuple[str, ...], interventions: Sequence[Intervention]) -> NDArray[np.bool_]:
    position = {name: number for number, name in enumerate(columns)}
    free = np.ones((len(interventions), len(columns)), np.bool_)
    for number, one in enumerate(interventions):
        free[number, [position[name] for name in one.values]] = False
    return free


@dataclass(frozen=True)
class Interval:
    """A value with its 95 % bootstrap interval; NaN where there is nothing to measure it on."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Assessment:
    """How predicted signs and sizes agree with labels.

    Args:
        up, down: pairs that the labels call up and down.
        up_accuracy, down_accuracy: the share of them that is predicted up and down; a prediction of 0 is wrong.
        balanced_accuracy: the mean of the two; 0.5 by chance.
        auroc: probability that an up pair is predicted above a down pair.
    """

    up: int
    down: int
    up_accuracy: Interval
    down_accuracy: Interval
    balanced_accuracy: Interval
    auroc: Interval


def assess(
    predicted: Floats,
    labels: Labels,
    among: NDArray[np.bool_] | None = None,
    *,
    resamples: int = 500,
    seed: int = 0,
) -> Assessment:
    """Compare predictions with the labels that say up or down.

    Intervals are percentiles over resampled interventions: the pairs of one intervention share its samples.

    Args:
        predicted: the signed change (interventions x variables).
        labels: what was observed.
        among: only these pairs (interventions x variables); None = all.
        resamples: of the bootstrap.
        seed: fixes it.

    Raises:
        AnalysisError: shapes differ.
    """
    chosen = labels.sign != 0 if among is None else (labels.sign != 0) & among
    if predicted.shape != labels.sign.shape or chosen.shape != labels.sign.shape:
        raise AnalysisError(f"Predictions {predicted.shape} do not fit labels {labels.sign.shape}.")
    row, column = np.nonzero(chosen)
    pairs = _Pairs(row, predicted[row, column], labels.sign[row, column] > 0, len(predicted))
    random = np.random.default_rng(seed)
    drawn = [pairs.metrics(random.multinomial(len(predicted), pairs.shares)) for _ in range(resamples)]
    values = pairs.metrics(np.ones(len(predicted), np.int64))
    intervals = [_interval(value, column) for value, column in zip(values, np.array(drawn).T, strict=True)]
    return Assessment(int(pairs.up.sum()), int((~pairs.up).sum()), *intervals)


@dataclass(frozen=True)
class _Pairs:
    """The pairs that are compared: the row of each, its prediction, and whether it is up."""

    row: NDArray[np.intp]
    predicted: Floats
    up: NDArray[np.bool_]
    rows: int

    @property
    def shares(self) -> Floats:
        return np.full(self.rows, 1 / self.rows)

    def metrics(self, weights: NDArray[np.int64]) -> tuple[float, float, float, float]:
        """Accuracy of up and down, their mean, AUROC; every row counts as often as its weight says."""
        weight = weights[self.row].astype(np.float64)
        right = np.where(self.up, self.predicted > 0, self.predicted < 0)
        shares = [_mean(right[side], weight[side]) for side in (self.up, ~self.up)]
        return (*shares, (shares[0] + shares[1]) / 2, self._auroc(weight))  # type: ignore[return-value]

    def _auroc(self, weight: Floats) -> float:
        kept = np.repeat(np.arange(len(weight)), weight.astype(np.intp))
        up = self.up[kept]
        if up.all() or not up.any():
            return float("nan")
        return ranking(self.predicted[kept], up).auroc


def _mean(values: NDArray[np.bool_], weight: Floats) -> float:
    total = weight.sum()
    return float((values * weight).sum() / total) if total else float("nan")


def _interval(value: float, drawn: Floats) -> Interval:
    finite = drawn[np.isfinite(drawn)]
    if not len(finite) or not np.isfinite(value):
        return Interval(value, float("nan"), float("nan"))
    low, high = np.quantile(finite, [0.025, 0.975])
    return Interval(value, float(low), float(high))


def assess_by_distance(
    effects: Effects, labels: Labels, *, levels: int = 3, resamples: int = 500, seed: int = 0
) -> dict[str, Assessment]:
    """Assess what the graphs reach, by the fewest edges between: "1", "2", ..., and "1-3" together."""
    distance = np.zeros(labels.sign.shape, np.int32)
    distance[effects.intervention, effects.variable] = effects.distance
    predicted = effects.matrix()
    groups = {str(level): distance == level for level in range(1, levels + 1)}
    groups[f"1-{levels}"] = (distance >= 1) & (distance <= levels)
    return {name: assess(predicted, labels, among, resamples=resamples, seed=seed) for name, among in groups.items()}


def cross_fitted(
    prepared: Prepared,
    interventions: Sequence[Intervention],
    predict: Callable[[Prepared], Floats],
    *,
    folds: int = 5,
    low: int = 5,
    threshold: float = THRESHOLD,
    seed: int = 0,
) -> list[tuple[Floats, Labels]]:
    """Matched labels of each fold of the samples, and predictions of a model that never saw that fold.

    Args:
        prepared: the data.
        interventions: of one variable each.
        predict: learns structure and parameters on the rows it is given, and predicts (interventions x variables).
        folds: parts of the samples.
        low: samples of the low group in each fold; 5 to 10.
        threshold: as in `direct`.
        seed: fixes the folds.

    Returns:
        Predictions and labels of each fold, for `assess`.

    Raises:
        AnalysisError: fewer than two folds, or folds too small for `low`.
    """
    if folds < 2:
        raise AnalysisError("Cross-fitting needs at least two folds.")
    order = np.random.default_rng(seed).permutation(len(prepared.z))
    results = []
    for part in np.array_split(order, folds):
        held_out = np.sort(part)
        labels = matched(prepared, interventions, held_out, low=low, threshold=threshold)
        training = np.setdiff1d(np.arange(len(prepared.z)), held_out)
        results.append((predict(prepared.with_rows(training)), labels))
    return results
