"""Against values that are in every textbook: the leukaemia trial of Freireich and others (1963)."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.common.survival import at_risk, chi_squared_tail, kaplan_meier, log_rank
from warehouse.errors import AnalysisError

#: Weeks in remission under 6-mercaptopurine, and whether it ended; under a placebo all ended.
TREATED = (
    [6, 6, 6, 7, 10, 13, 16, 22, 23, 6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35],
    [1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
)
PLACEBO = ([1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23], [1] * 21)


def test_the_curve_of_the_treated() -> None:
    curve = kaplan_meier(*TREATED)
    assert curve.times.tolist() == [0, 6, 7, 10, 13, 16, 22, 23]
    assert curve.at_risk.tolist() == [21, 21, 17, 15, 12, 11, 7, 6]
    assert curve.survival.round(4).tolist() == [1, 0.8571, 0.8067, 0.7529, 0.6902, 0.6275, 0.5378, 0.4482]
    assert curve.median == 23
    assert curve.patients == 21
    assert len(curve.censored_at) == 12
    # Greenwood's standard error at 23 weeks is 0.1346; on the scale of log(-log) that gives this interval.
    survival, spread = curve.survival[-1], 0.13459 / (curve.survival[-1] * abs(math.log(curve.survival[-1])))
    assert curve.lower[-1] == pytest.approx(survival ** math.exp(1.96 * spread), abs=1e-4)
    assert curve.upper[-1] == pytest.approx(survival ** math.exp(-1.96 * spread), abs=1e-4)
    assert curve.at([0, 5.9, 6, 100]).round(4).tolist() == [1, 1, 0.8571, 0.4482]


def test_the_curve_of_the_placebo_ends_at_zero() -> None:
    curve = kaplan_meier(*PLACEBO)
    assert curve.survival[-1] == 0
    assert curve.median == 8
    low, high = curve.median_interval
    assert (low, high) == (4, 11)
    assert np.isfinite(curve.lower).all()
    assert np.isfinite(curve.upper).all()


def test_the_log_rank_test_of_the_trial() -> None:
    found = log_rank({"placebo": PLACEBO, "treated": TREATED})
    assert found.statistic == pytest.approx(16.793, abs=5e-4)
    assert found.p_value == pytest.approx(4.17e-5, abs=5e-8)
    assert found.observed == {"treated": 9, "placebo": 21}
    assert found.expected["treated"] == pytest.approx(19.251, abs=5e-4)
    assert found.expected["placebo"] == pytest.approx(10.749, abs=5e-4)
    [treated] = found.hazard_ratios
    # The first group is the reference: treatment against placebo.
    assert (treated.group, treated.reference) == ("treated", "placebo")
    assert treated.ratio == pytest.approx(9 / 19.2505 / (21 / 10.7495), abs=1e-3)
    assert treated.lower < treated.ratio < treated.upper < 1


def test_three_groups_against_a_direct_sum() -> None:
    """The quadratic form with the last group left out, written as in the textbooks."""
    groups = {"a": TREATED, "b": PLACEBO, "c": ([2, 5, 9, 14, 30], [1, 0, 1, 1, 0])}
    found = log_rank(groups)
    steps = sorted({t for time, event in groups.values() for t, e in zip(time, event, strict=True) if e})
    difference, covariance = np.zeros(3), np.zeros((3, 3))
    for step in steps:
        n = np.array([sum(t >= step for t in time) for time, _event in groups.values()], float)
        d = np.array([sum(t == step and e for t, e in zip(*group, strict=True)) for group in groups.values()], float)
        total, died = n.sum(), d.sum()
        difference += d - n * died / total
        if total > 1:
            factor = died * (total - died) / (total - 1)
            covariance += factor * (np.diag(n / total) - np.outer(n, n) / total**2)
    expected = difference[:2] @ np.linalg.inv(covariance[:2, :2]) @ difference[:2]
    assert found.statistic == pytest.approx(expected, rel=1e-9)
    assert found.p_value == pytest.approx(math.exp(-expected / 2), rel=1e-9)
    # Each other group against the first, from the two alone.
    pairs = [log_rank({"a": TREATED, "b": PLACEBO}), log_rank({"a": TREATED, "c": groups["c"]})]
    assert found.hazard_ratios == tuple(ratio for pair in pairs for ratio in pair.hazard_ratios)
    assert [(one.group, one.reference) for one in found.hazard_ratios] == [("b", "a"), ("c", "a")]
    assert found.hazard_ratios[0].ratio > 1


@pytest.mark.parametrize("degrees", [1, 2, 3, 4, 5, 9])
@pytest.mark.parametrize("statistic", [0.0, 0.1, 1.0, 5.0, 30.0, 200.0])
def test_the_tail_is_that_of_scipy(statistic: float, degrees: int) -> None:
    from scipy.special import chdtrc

    assert chi_squared_tail(statistic, degrees) == pytest.approx(chdtrc(degrees, statistic), rel=1e-10, abs=1e-300)


_patients = st.lists(st.tuples(st.integers(0, 20), st.integers(0, 1)), min_size=1, max_size=25)


@settings(max_examples=40)
@given(_patients)
def test_a_curve_falls_within_its_interval(patients: list[tuple[int, int]]) -> None:
    times, events = zip(*patients, strict=True)
    curve = kaplan_meier(times, events)
    assert (np.diff(curve.survival) <= 1e-12).all()
    assert (curve.lower <= curve.survival + 1e-12).all()
    assert (curve.survival <= curve.upper + 1e-12).all()
    assert curve.events.sum() == sum(events)
    if all(events):
        expected = [sum(t > step for t in times) / len(times) for step in curve.times[1:]]
        assert curve.survival[1:].tolist() == pytest.approx(expected)


@settings(max_examples=40)
@given(_patients, _patients)
def test_the_test_is_symmetric_and_equal_groups_do_not_differ(
    one: list[tuple[int, int]], other: list[tuple[int, int]]
) -> None:
    a, b = tuple(zip(*one, strict=True)), tuple(zip(*other, strict=True))
    if not sum(a[1]) + sum(b[1]):
        return
    first, second = log_rank({"a": a, "b": b}), log_rank({"b": b, "a": a})  # type: ignore[dict-item]
    assert first.statistic == pytest.approx(second.statistic, abs=1e-9)
    assert sum(first.observed.values()) == pytest.approx(sum(first.expected.values()))
    if sum(a[1]):
        assert log_rank({"a": a, "b": a}).p_value == pytest.approx(1)  # type: ignore[dict-item]


def test_how_many_are_watched() -> None:
    assert at_risk(TREATED[0], [0, 6, 7, 23, 36]) == [21, 21, 17, 6, 0]


@pytest.mark.parametrize(
    ("time", "event", "message"),
    [
        ([], [], "no patient"),
        ([1, 2], [1], "2 times and 1 events"),
        ([-1], [1], "missing or negative"),
        ([math.nan], [1], "missing or negative"),
        ([1], [2], "neither 0"),
    ],
)
def test_what_cannot_be_used(time: list[float], event: list[int], message: str) -> None:
    with pytest.raises(AnalysisError, match=message):
        kaplan_meier(time, event)


def test_groups_that_cannot_be_compared() -> None:
    with pytest.raises(AnalysisError, match="at least two groups"):
        log_rank({"a": TREATED})
    with pytest.raises(AnalysisError, match="Nobody had the event"):
        log_rank({"a": ([1.0], [0]), "b": ([2.0], [0])})
