"""The figures of a run's evidence: intervals of metrics, and of the difference of two methods on the same samples."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analytics.common.metrics import bootstrap, percentiles, resampled
from warehouse.errors import AnalysisError
from warehouse.results.evidence import Interval, Measured

__all__ = ["alone", "over_controls", "paired"]

Floats = NDArray[np.float64]

_RESAMPLES = 1000
_LEVEL = 0.95


def paired(
    metric: Callable[..., float],
    scores: tuple[ArrayLike, ArrayLike, ArrayLike],
    *others: ArrayLike,
    permuted: Interval,
    tested: str,
    controls: int,
    seed: int,
    groups: ArrayLike | None = None,
) -> Measured:
    """The figures of a model and its baselines on the same samples.

    Args:
        metric: of scores and `others`; greater is better.
        scores: of the model, the naive and the classical baseline, one for each sample.
        others: what else the metric takes, such as labels.
        permuted: the figure of the permuted control.
        tested: what was tested, in words.
        controls: how many permuted controls were made.
        seed: fixes the intervals; also recorded as that of the split and the controls.
        groups: of samples that are not independent.

    Raises:
        AnalysisError: the metric is not defined on these samples.
    """
    columns = [np.asarray(each) for each in (*scores, *others)]
    labels = np.arange(len(columns[0])) if groups is None else np.asarray(groups)
    figures = _figures(metric, columns)
    if figures is None:
        raise AnalysisError("The metric is not defined on these samples.")
    drawn = [_figures(metric, [each[rows] for each in columns]) for rows in resampled(labels, _RESAMPLES, seed)]
    defined = np.array([each for each in drawn if each is not None]).reshape(-1, len(figures))
    alone = len(np.unique(labels)) < 2
    intervals = [_interval(figure, defined[:0, 0] if alone else defined[:, i]) for i, figure in enumerate(figures)]
    model, naive, classical, over_naive, over_classical = intervals
    return Measured(model, naive, classical, permuted, over_naive, over_classical, tested, controls, (seed,))


def alone(metric: Callable[..., float], *arrays: ArrayLike, seed: int, groups: ArrayLike | None = None) -> Interval:
    """A metric of one method with its interval, for a control that is made once; arguments as in `paired`."""
    estimate = bootstrap(metric, *arrays, groups=groups, resamples=_RESAMPLES, level=_LEVEL, seed=seed)
    return Interval(estimate.value, *(() if np.isnan(estimate.lower) else (estimate.lower, estimate.upper)))


def over_controls(figures: ArrayLike) -> Interval:
    """The mean of a metric over permuted controls, with the range of the middle 95 % of them."""
    values = np.asarray(figures, np.float64)
    lower, upper = np.quantile(values, [0.025, 0.975])
    return Interval(float(values.mean()), float(lower), float(upper))


def _figures(metric: Callable[..., float], columns: list[NDArray[Any]]) -> tuple[float, ...] | None:
    """The metric of the model and both baselines, and by how much the model is ahead; None where it is not defined."""
    try:
        model, naive, classical = (metric(scores, *columns[3:]) for scores in columns[:3])
    except AnalysisError:
        return None
    return model, naive, classical, model - naive, model - classical


def _interval(figure: float, drawn: Floats) -> Interval:
    lower, upper = percentiles(drawn.tolist(), _RESAMPLES, _LEVEL)
    return Interval(figure) if np.isnan(lower) else Interval(figure, lower, upper)
