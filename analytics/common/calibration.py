"""Scores turned into probabilities that hold: of predictions at 0.3, three in ten come true.

A calibration is fitted on samples that the model was not trained on, and judged on others again
(`analytics.common.splits` keeps them apart): one that is judged on its own samples always looks right.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analytics.common.metrics import paired
from warehouse.errors import AnalysisError

Floats = NDArray[np.float64]

#: Fewer samples of a class than this say too little of a curve of steps.
_FEW_FOR_STEPS = 50
#: The fewest samples of a class from which any calibration is fitted.
_FEWEST = 5


class Method(StrEnum):
    """How scores become probabilities.

    `logistic` fits two numbers (Platt, Advances in Large Margin Classifiers, 1999) and suits few samples; `isotonic`
    fits any curve that never falls (Zadrozny & Elkan, KDD 2002) and needs many; `automatic` takes the second where
    there are 50 samples of each class.
    """

    AUTOMATIC = "automatic"
    LOGISTIC = "logistic"
    ISOTONIC = "isotonic"


@dataclass(frozen=True)
class Calibration:
    """A curve from scores to probabilities.

    Args:
        method: how it was fitted, never `automatic`.
        samples: on how many.
        curve: gives the probabilities of scores.
    """

    method: Method
    samples: int
    curve: Callable[[Floats], Floats]

    def __call__(self, scores: ArrayLike) -> Floats:
        """The probability of each score, 0 to 1; a score without a value has none (NaN)."""
        values = np.asarray(scores, np.float64)
        found = np.full(values.shape, np.nan)
        known = np.isfinite(values)
        found[known] = self.curve(values[known])
        return found


def calibrate(scores: ArrayLike, outcomes: ArrayLike, method: Method = Method.AUTOMATIC) -> Calibration:
    """Fit a calibration on held-out samples.

    Args:
        scores: of samples that the model was not trained on, greater = more likely.
        outcomes: whether each came true.
        method: how.

    Raises:
        AnalysisError: lengths differ, a score is missing, or a class has fewer than five samples.

    >>> scores = np.tile([0.1, 0.9], 50)
    >>> outcomes = np.tile([False, True, False, False], 25)
    >>> calibrate(scores, outcomes, Method.ISOTONIC)([0.1, 0.9]).tolist()
    [0.0, 0.5]
    """
    values, true = paired(scores, outcomes)
    rarer = int(min(true.sum(), len(true) - true.sum()))
    if rarer < _FEWEST:
        raise AnalysisError(
            f"A calibration needs {_FEWEST} samples of each class; of one there are {rarer}.",
            "Hold more samples out, or show scores instead of probabilities.",
        )
    if method is Method.AUTOMATIC:
        method = Method.ISOTONIC if rarer >= _FEW_FOR_STEPS else Method.LOGISTIC
    fit = _isotonic if method is Method.ISOTONIC else _logistic
    return Calibration(method, len(values), fit(values, true))


def _isotonic(scores: Floats, true: Floats) -> Callable[[Floats], Floats]:
    from sklearn.isotonic import IsotonicRegression

    fitted = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(scores, true)
    return lambda values: np.asarray(fitted.predict(values), np.float64) if len(values) else values


def _logistic(scores: Floats, true: Floats) -> Callable[[Floats], Floats]:
    from scipy.special import expit
    from sklearn.linear_model import LogisticRegression

    centre, spread = float(scores.mean()), float(scores.std()) or 1.0
    # Platt's targets: outcomes that are never quite certain keep the slope finite where a score divides the classes.
    positives = float(true.sum())
    certain = (positives + 1) / (positives + 2)
    rare = 1 / (len(true) - positives + 2)
    share = np.where(true > 0, certain, rare)
    twice = np.tile((scores - centre) / spread, 2)[:, None]
    labels = np.repeat([True, False], len(scores))
    fitted = LogisticRegression(C=np.inf, max_iter=1000).fit(twice, labels, np.concatenate([share, 1 - share]))
    slope, offset = float(fitted.coef_[0, 0]), float(fitted.intercept_[0])
    return lambda values: np.asarray(expit(offset + slope * (values - centre) / spread), np.float64)


def brier_score(probabilities: ArrayLike, outcomes: ArrayLike) -> float:
    """The mean squared difference of probability and outcome, 0 (best) to 1. Brier, Mon. Weather Rev. 78:1 (1950).

    Raises:
        AnalysisError: lengths differ, or a value is not between 0 and 1.
    """
    given, true = _probabilities(probabilities, outcomes)
    return float(np.mean((given - true) ** 2))


def calibration_error(probabilities: ArrayLike, outcomes: ArrayLike, bins: int = 10) -> float:
    """How far probabilities are from the shares that came true, 0 (best) to 1, over bins of about equal size.

    Equal probabilities stand in one bin. Naeini et al., AAAI 2015, with bins of equal size instead of equal width.

    Raises:
        AnalysisError: lengths differ, or a value is not between 0 and 1.
    """
    curve = reliability(probabilities, outcomes, bins)
    sizes = np.array([size for _given, _share, size in curve], np.float64)
    apart = np.array([abs(given - share) for given, share, _size in curve])
    return float(np.sum(apart * sizes) / sizes.sum())


def reliability(probabilities: ArrayLike, outcomes: ArrayLike, bins: int = 10) -> list[tuple[float, float, int]]:
    """For each bin, from the least probability up: the mean probability, the share that came true, the samples.

    Raises:
        AnalysisError: lengths differ, a value is not between 0 and 1, or there is no bin.
    """
    if bins < 1:
        raise AnalysisError(f"There are at least one and not {bins} bins.")
    given, true = _probabilities(probabilities, outcomes)
    order = np.argsort(given, kind="stable")
    edges = np.quantile(given, np.linspace(0, 1, bins + 1)[1:-1], method="higher")
    parts = np.split(order, np.unique(np.searchsorted(given[order], edges, side="left")))
    return [(float(given[rows].mean()), float(true[rows].mean()), len(rows)) for rows in parts if len(rows)]


def _probabilities(probabilities: ArrayLike, outcomes: ArrayLike) -> tuple[Floats, Floats]:
    given, true = paired(probabilities, outcomes)
    if given.min() < 0 or given.max() > 1:
        raise AnalysisError("A probability is not between 0 and 1.", "Calibrate scores first.")
    return given, (true > 0).astype(np.float64)
