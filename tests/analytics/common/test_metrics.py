"""Metrics against scikit-learn, scipy and hand calculations; intervals against what is known of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn import metrics as peer

from analytics.common.metrics import (
    auroc,
    average_precision,
    bootstrap,
    concordance,
    hits_at,
    mean_reciprocal_rank,
    pearson,
    ranks_of,
    root_mean_squared_error,
    spearman,
)
from warehouse.errors import AnalysisError

scored = st.lists(st.tuples(st.sampled_from([0.0, 0.25, 0.5, 1.0]), st.booleans()), min_size=2, max_size=40).filter(
    lambda pairs: 0 < sum(positive for _, positive in pairs) < len(pairs)
)


@given(scored)
def test_areas_equal_scikit_learns(pairs: list[tuple[float, bool]]) -> None:
    scores, positive = zip(*pairs, strict=True)
    assert auroc(scores, positive) == pytest.approx(peer.roc_auc_score(positive, scores), abs=1e-12)
    assert average_precision(scores, positive) == pytest.approx(
        peer.average_precision_score(positive, scores), abs=1e-12
    )


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=3, max_size=30))
def test_correlations_equal_scipys(pairs: list[tuple[int, int]]) -> None:
    first, second = zip(*pairs, strict=True)
    if len(set(first)) < 2 or len(set(second)) < 2:
        with pytest.raises(AnalysisError, match="differ on both sides"):
            pearson(first, second)
        return
    assert pearson(first, second) == pytest.approx(stats.pearsonr(first, second).statistic, abs=1e-9)
    assert spearman(first, second) == pytest.approx(stats.spearmanr(first, second).statistic, abs=1e-9)
    assert root_mean_squared_error(first, second) == pytest.approx(peer.root_mean_squared_error(first, second))


def test_concordance_by_hand() -> None:
    # Known pairs: (1,2), (1,3), (1,4), (3,4); 2 is censored at 4, so (2,3) and (2,4) are not known.
    time, event = [2, 4, 5, 8], [1, 0, 1, 1]
    assert concordance([4, 1, 3, 2], time, event) == 1.0
    assert concordance([4, 1, 2, 3], time, event) == 0.75
    assert concordance([1, 1, 1, 1], time, event) == 0.5
    # An event at the time of a censoring is the earlier of the two; two events at one time are no pair.
    assert concordance([2, 1], [3, 3], [1, 0]) == 1.0
    with pytest.raises(AnalysisError, match="too few events"):
        concordance([2, 1], [3, 3], [1, 1])


def test_ranks_share_ties() -> None:
    ranks = ranks_of([0.9, 0.5, 0.1], [[0.1, 0.2], [0.5, 0.5], [0.5, 0.9]])
    assert ranks.tolist() == [1.0, 2.0, 3.0]
    assert mean_reciprocal_rank(ranks) == pytest.approx((1 + 1 / 2 + 1 / 3) / 3)
    assert hits_at(ranks, 2) == pytest.approx(2 / 3)
    with pytest.raises(AnalysisError, match="from 1 on"):
        hits_at([0.0], 1)


def test_an_interval_holds_the_truth_as_often_as_it_says() -> None:
    random = np.random.default_rng(5)
    held = 0
    for trial in range(60):
        positive = np.arange(120) % 2 == 0
        scores = random.normal(size=120) + positive
        estimate = bootstrap(auroc, scores, positive, resamples=200, seed=trial)
        held += estimate.lower <= stats.norm.cdf(1 / np.sqrt(2)) <= estimate.upper
    assert 50 <= held <= 60


def test_repeated_samples_of_a_group_do_not_narrow_the_interval() -> None:
    random = np.random.default_rng(2)
    positive = np.arange(40) % 2 == 0
    scores = random.normal(size=40) + positive
    alone = bootstrap(auroc, scores, positive, seed=1)
    repeated, labels = np.repeat(scores, 10), np.repeat(positive, 10)
    grouped = bootstrap(auroc, repeated, labels, groups=np.repeat(np.arange(40), 10), seed=1)
    naive = bootstrap(auroc, repeated, labels, seed=1)
    assert grouped.upper - grouped.lower == pytest.approx(alone.upper - alone.lower, rel=0.15)
    assert naive.upper - naive.lower < 0.5 * (grouped.upper - grouped.lower)
    assert bootstrap(auroc, scores, positive, seed=1) == alone


def test_one_group_has_no_interval() -> None:
    estimate = bootstrap(auroc, [1.0, 0.0], [True, False], groups=["a", "a"])
    assert estimate.value == 1.0
    assert np.isnan(estimate.lower)


@pytest.mark.parametrize(
    ("scores", "positive", "message"),
    [
        ([], [], "no samples"),
        ([1.0], [True], "positive and negative"),
        ([1.0, 2.0], [True], "2 values on one side and 1"),
        ([np.nan, 2.0], [True, False], "missing"),
    ],
)
def test_what_has_no_metric_is_refused(scores: list[float], positive: list[bool], message: str) -> None:
    with pytest.raises(AnalysisError, match=message):
        auroc(scores, positive)
