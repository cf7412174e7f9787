"""Calibration against scikit-learn and by hand: what it must keep, and what it must refuse."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as peer

from analytics.common.calibration import Method, brier_score, calibrate, calibration_error, reliability
from analytics.common.metrics import auroc
from warehouse.errors import AnalysisError


def _drawn(seed: int, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scores on a scale of their own, the probabilities behind them, and outcomes."""
    random = np.random.default_rng(seed)
    scores = random.normal(3, 2, size)
    probabilities = 1 / (1 + np.exp(-(scores - 4)))
    return scores, probabilities, random.random(size) < probabilities


@pytest.mark.parametrize("method", [Method.LOGISTIC, Method.ISOTONIC])
def test_held_out_probabilities_hold(method: Method) -> None:
    scores, truth, outcomes = _drawn(1, 6000)
    fitted = calibrate(scores[:3000], outcomes[:3000], method)
    given = fitted(scores[3000:])
    assert fitted.method is method
    assert calibration_error(given, outcomes[3000:]) < 0.03
    assert np.abs(given - truth[3000:]).mean() < 0.03
    # A scale of its own, squeezed into 0 to 1, does not hold.
    squeezed = (scores - scores.min()) / np.ptp(scores)
    assert calibration_error(squeezed[3000:], outcomes[3000:]) > 0.1
    assert brier_score(given, outcomes[3000:]) < brier_score(squeezed[3000:], outcomes[3000:])


def test_the_order_of_scores_is_kept() -> None:
    scores, _truth, outcomes = _drawn(2, 400)
    given = calibrate(scores, outcomes, Method.LOGISTIC)(scores)
    assert auroc(given, outcomes) == pytest.approx(auroc(scores, outcomes))
    steps = calibrate(scores, outcomes, Method.ISOTONIC)(np.sort(scores))
    assert (np.diff(steps) >= 0).all()


def test_permuted_outcomes_give_the_share_alone() -> None:
    scores, _truth, outcomes = _drawn(3, 4000)
    permuted = np.random.default_rng(0).permutation(outcomes)
    given = calibrate(scores, permuted, Method.LOGISTIC)(scores)
    assert np.abs(given - permuted.mean()).max() < 0.1


def test_a_score_that_divides_the_classes_is_not_certain() -> None:
    given = calibrate([1, 2, 3, 4, 5, 11, 12, 13, 14, 15], [0] * 5 + [1] * 5)([1, 15])
    assert 0 < given[0] < 0.2
    assert 0.8 < given[1] < 1


def test_the_method_follows_the_rarer_class() -> None:
    scores, _truth, outcomes = _drawn(4, 1000)
    assert calibrate(scores, outcomes).method is Method.ISOTONIC
    assert calibrate(scores[:60], outcomes[:60]).method is Method.LOGISTIC


def test_a_missing_score_has_no_probability() -> None:
    scores, _truth, outcomes = _drawn(5, 200)
    given = calibrate(scores, outcomes)([np.nan, 3.0])
    assert np.isnan(given).tolist() == [True, False]
    assert calibrate(scores, outcomes, Method.ISOTONIC)([]).tolist() == []


@pytest.mark.parametrize(
    ("scores", "outcomes", "words"),
    [
        ([1.0] * 10, [1] * 10, "of one there are 0"),
        ([1.0] * 10, [1] * 6 + [0] * 4, "of one there are 4"),
        ([1.0, np.nan] * 10, [1, 0] * 10, "missing"),
        ([1.0] * 3, [1] * 2, "3 values on one side"),
        ([], [], "no samples"),
    ],
)
def test_what_cannot_be_calibrated_is_refused(scores: list[float], outcomes: list[int], words: str) -> None:
    with pytest.raises(AnalysisError, match=words):
        calibrate(scores, outcomes)


@given(st.lists(st.tuples(st.sampled_from([0.0, 0.2, 0.5, 0.9, 1.0]), st.booleans()), min_size=1, max_size=50))
def test_the_metrics_by_definition(pairs: list[tuple[float, bool]]) -> None:
    probabilities, outcomes = map(np.array, zip(*pairs, strict=True))
    assert brier_score(probabilities, outcomes) == pytest.approx(peer.brier_score_loss(outcomes, probabilities))
    curve = reliability(probabilities, outcomes, bins=10)
    assert sum(size for *_shares, size in curve) == len(pairs)
    assert [given for given, *_rest in curve] == sorted(given for given, *_rest in curve)
    assert sum(share * size for _given, share, size in curve) == pytest.approx(outcomes.sum())
    assert 0 <= calibration_error(probabilities, outcomes) <= 1
    # One bin holds all: the error is the difference of the means.
    assert calibration_error(probabilities, outcomes, 1) == pytest.approx(abs(probabilities.mean() - outcomes.mean()))


def test_equal_probabilities_stand_in_one_bin() -> None:
    curve = reliability([0.25] * 10 + [0.75] * 10, [1] * 2 + [0] * 8 + [1] * 7 + [0] * 3)
    assert curve == [(0.25, 0.2, 10), (0.75, 0.7, 10)]


@pytest.mark.parametrize("value", [-0.1, 1.1])
def test_what_is_no_probability_is_refused(value: float) -> None:
    with pytest.raises(AnalysisError, match="between 0 and 1"):
        brier_score([value, 0.5], [0, 1])
    with pytest.raises(AnalysisError, match="bins"):
        reliability([0.5], [1], bins=0)
