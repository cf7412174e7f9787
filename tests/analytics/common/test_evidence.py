"""The figures of evidence: paired on the same resamples, and from controls."""

from __future__ import annotations

import numpy as np
import pytest

from analytics.common.evidence import over_controls, paired
from analytics.common.metrics import auroc, bootstrap
from warehouse.errors import AnalysisError
from warehouse.results.evidence import Interval, Measured

CHANCE = Interval(0.5, 0.4, 0.6)


def _measured(model: np.ndarray, naive: np.ndarray, positive: np.ndarray, **others: np.ndarray) -> Measured:
    return paired(auroc, (model, naive, model), positive, permuted=CHANCE, tested="", controls=1, seed=3, **others)


def test_each_figure_is_the_metric_and_its_bootstrap_interval() -> None:
    random = np.random.default_rng(0)
    positive = np.arange(80) < 30
    model, naive = positive + random.normal(size=80), random.normal(size=80)
    measured = _measured(model, naive, positive)
    expected = bootstrap(auroc, model, positive, seed=3)
    assert measured.model == Interval(expected.value, expected.lower, expected.upper)
    assert measured.over_naive.value == pytest.approx(auroc(model, positive) - auroc(naive, positive))
    assert measured.over_classical == Interval(0.0, 0.0, 0.0)


def test_the_difference_is_of_the_same_samples() -> None:
    random = np.random.default_rng(1)
    positive = np.arange(60) < 20
    naive = positive + random.normal(size=60)
    model = naive + np.where(positive, 0.4, 0.0)
    measured = _measured(model, naive, positive)
    assert measured.naive.upper is not None
    assert measured.model.lower is not None
    assert measured.over_naive.lower is not None
    # The intervals of both overlap, that of their difference lies above 0.
    assert measured.model.lower < measured.naive.upper
    assert measured.over_naive.lower > 0


def test_one_group_gives_no_interval_and_no_classes_no_figure() -> None:
    positive = np.array([True, False, True])
    scores = np.array([3.0, 2.0, 1.0])
    assert _measured(scores, scores, positive, groups=np.zeros(3)).model == Interval(0.5)
    with pytest.raises(AnalysisError, match="not defined"):
        _measured(scores, scores, np.ones(3, np.bool_))


def test_controls_give_their_mean_and_range() -> None:
    controls = over_controls(np.arange(101))
    assert controls == Interval(50.0, 2.5, 97.5)
