"""Kaplan-Meier curves and the log-rank test, on arrays.

Kaplan and Meier (1958) for the curve, Greenwood (1926) for its variance, Kalbfleisch and Prentice (2002, section 1.4)
for intervals on the scale of log(-log), which stay between 0 and 1; Mantel (1966) and Peto and Peto (1972) for the
test.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from warehouse.errors import AnalysisError

Floats = np.ndarray[Any, np.dtype[np.float64]]

#: The 97.5 % point of the normal distribution.
_Z95 = 1.959963984540054


@dataclass(frozen=True)
class Curve:
    """A Kaplan-Meier curve: a step at every time at which somebody had the event.

    Args:
        times: the times of events, rising, from 0; in the unit of the data.
        survival: the share still without the event just after each time, from 1 falling.
        lower, upper: the pointwise 95 % interval.
        at_risk: how many were watched just before each time.
        events: how many had the event at each time.
        censored_at: the times at which somebody was last seen without it, rising; one for each of them.
        patients: how many there are.
    """

    times: Floats
    survival: Floats
    lower: Floats
    upper: Floats
    at_risk: Floats
    events: Floats
    censored_at: Floats
    patients: int

    @property
    def median(self) -> float | None:
        """The time at which half have had the event; None where the curve stays above one half."""
        return _first_below_half(self.times, self.survival)

    @property
    def median_interval(self) -> tuple[float | None, float | None]:
        """The 95 % interval of the median (Brookmeyer and Crowley, 1982); None where it is open."""
        return _first_below_half(self.times, self.lower), _first_below_half(self.times, self.upper)

    def at(self, times: Sequence[float] | Floats) -> Floats:
        """The survival at given times; what it was last, after the last event."""
        return self.survival[np.searchsorted(self.times, np.asarray(times, dtype=float), side="right") - 1]


@dataclass(frozen=True)
class HazardRatio:
    """The hazard of a group divided by that of the reference group, from observed and expected events of the two.

    Above 1: the event comes earlier in the group than in the reference.

    Args:
        group, reference: the names of the groups.
        ratio: (observed / expected) of the group over that of the reference (Peto et al., 1977).
        lower, upper: its 95 % interval.
    """

    group: str
    reference: str
    ratio: float
    lower: float
    upper: float


@dataclass(frozen=True)
class Comparison:
    """The log-rank test of groups.

    Args:
        statistic: chi-squared, with one degree of freedom less than there are groups.
        p_value: the probability of at least such a statistic where all groups are alike.
        observed: events by group.
        expected: events that each group would have had if all were alike.
        hazard_ratios: of each other group against the first, the reference, each from a test of these two groups alone;
            a group is missing where one of the two had no event.
    """

    statistic: float
    p_value: float
    observed: dict[str, float]
    expected: dict[str, float]
    hazard_ratios: tuple[HazardRatio, ...]


def kaplan_meier(time: Sequence[float] | Floats, event: Sequence[int] | Floats) -> Curve:
    """Estimate the share that has not had the event yet, over time.

    Args:
        time: until the event or the last contact, not negative; one for each patient.
        event: 1 = the event was seen, 0 = censored.

    Raises:
        AnalysisError: there are no patients, a time is negative or missing, or an event is neither 0 nor 1.

    >>> kaplan_meier([1, 2, 2, 3], [1, 1, 0, 1]).survival.tolist()
    [1.0, 0.75, 0.5, 0.0]
    """
    times, events = _checked(time, event)
    steps = np.unique(times[events == 1])
    at_risk, died = _risk_sets(times, events, steps)
    survival: Floats = np.cumprod(1 - died / at_risk, dtype=np.float64)
    lower, upper = _interval(survival, at_risk, died)
    start = np.array([1.0])
    return Curve(
        np.concatenate([[0.0], steps]),
        np.concatenate([start, survival]),
        np.concatenate([start, lower]),
        np.concatenate([start, upper]),
        np.concatenate([[float(len(times))], at_risk]),
        np.concatenate([[0.0], died]),
        np.sort(times[events == 0]),
        len(times),
    )


def log_rank(groups: Mapping[str, tuple[Sequence[float] | Floats, Sequence[int] | Floats]]) -> Comparison:
    """Test whether groups differ in survival.

    Args:
        groups: time and event of each, by name; at least two. The first is the reference of hazard ratios: the wild
            type, the unaltered, the low.

    Raises:
        AnalysisError: there are fewer than two groups, nobody had the event, or a value is wrong.
    """
    checked = {name: _checked(*values) for name, values in groups.items()}
    reference = next(iter(checked), "")
    if len(checked) < 2:
        raise AnalysisError("The log-rank test compares at least two groups.", "Split the patients otherwise.")
    if not any(event.any() for _time, event in checked.values()):
        raise AnalysisError("Nobody had the event, so that groups cannot be compared.", "Choose another end point.")
    observed, expected, covariance = _observed_and_expected(list(checked.values()))
    statistic = _chi_squared(observed - expected, covariance)
    pairs = (_hazard_ratio(name, reference, checked) for name in checked if name != reference)
    names = list(checked)
    return Comparison(
        statistic,
        chi_squared_tail(statistic, len(names) - 1),
        dict(zip(names, observed.tolist(), strict=True)),
        dict(zip(names, expected.tolist(), strict=True)),
        tuple(ratio for ratio in pairs if ratio is not None),
    )


def at_risk(time: Sequence[float] | Floats, at: Sequence[float] | Floats) -> list[int]:
    """How many are still watched at given times.

    >>> at_risk([1, 2, 2, 3], [0, 2, 3.5])
    [4, 3, 0]
    """
    times = np.sort(np.asarray(time, dtype=float))
    return [int(count) for count in len(times) - np.searchsorted(times, np.asarray(at, dtype=float), side="left")]


def chi_squared_tail(statistic: float, degrees: int) -> float:
    """The probability that chi-squared is at least `statistic`, for whole degrees of freedom.

    The known forms for one and two degrees, and the step from k to k + 2 (Abramowitz and Stegun 26.4, 1964).

    >>> round(chi_squared_tail(3.841458820694124, 1), 12)
    0.05
    """
    if statistic <= 0:
        return 1.0
    half = statistic / 2
    tail = math.erfc(math.sqrt(half)) if degrees % 2 else math.exp(-half)
    for degree in range(2 - degrees % 2, degrees, 2):
        tail += math.exp(degree / 2 * math.log(half) - half - math.lgamma(degree / 2 + 1))
    return min(tail, 1.0)


def _checked(time: Sequence[float] | Floats, event: Sequence[int] | Floats) -> tuple[Floats, Floats]:
    times, events = np.asarray(time, dtype=float), np.asarray(event, dtype=float)
    if times.shape != events.shape or times.ndim != 1:
        raise AnalysisError(f"There are {times.size} times and {events.size} events; each patient has one of both.")
    if not len(times):
        raise AnalysisError("There is no patient in a group.", "Choose larger groups.")
    if not np.isfinite(times).all() or (times < 0).any():
        raise AnalysisError("A time is missing or negative.", "Leave such patients out.")
    if not np.isin(events, (0, 1)).all():
        raise AnalysisError("An event is neither 0 (censored) nor 1 (seen).")
    return times, events


def _risk_sets(times: Floats, events: Floats, steps: Floats) -> tuple[Floats, Floats]:
    """At each step: how many were watched just before, and how many had the event."""
    ordered, happened = np.sort(times), np.sort(times[events == 1])
    watched = len(ordered) - np.searchsorted(ordered, steps, side="left")
    died = np.searchsorted(happened, steps, side="right") - np.searchsorted(happened, steps, side="left")
    return watched.astype(float), died.astype(float)


def _interval(survival: Floats, at_risk: Floats, died: Floats) -> tuple[Floats, Floats]:
    left = at_risk - died
    with np.errstate(divide="ignore", invalid="ignore"):
        summed = np.cumsum(died / (at_risk * left))
        logged = np.log(survival)
        spread = _Z95 * np.sqrt(summed) / np.abs(logged)
        lower, upper = np.exp(logged * np.exp(spread)), np.exp(logged * np.exp(-spread))
    # At 0 the variance is not known: the interval is that of the step before.
    known = np.isfinite(lower) & np.isfinite(upper) & (survival > 0)
    lower = np.where(known, lower, 0.0)
    last = np.maximum.accumulate(np.where(known, np.arange(len(survival)), -1))
    upper = np.where(known, upper, np.where(last >= 0, upper[last], 1.0))
    return lower, upper


def _observed_and_expected(groups: Sequence[tuple[Floats, Floats]]) -> tuple[Floats, Floats, Floats]:
    """Events of each group, those that it would have had if all were alike, and the covariance of the difference."""
    times = np.concatenate([time for time, _event in groups])
    events = np.concatenate([event for _time, event in groups])
    steps = np.unique(times[events == 1])
    at_risk, died = _risk_sets(times, events, steps)
    each = [_risk_sets(*values, steps) for values in groups]
    risk = np.stack([watched for watched, _died in each])
    observed = np.array([deaths.sum() for _watched, deaths in each])
    expected: Floats = (risk * died / at_risk).sum(axis=1)
    return observed, expected, _covariance(risk, at_risk, died)


def _covariance(risk: Floats, at_risk: Floats, died: Floats) -> Floats:
    """The covariance of observed minus expected events: hypergeometric, summed over steps."""
    share = risk / at_risk
    spread = np.where(at_risk > 1, died * (at_risk - died) / np.maximum(at_risk - 1, 1), 0.0)
    covariance: Floats = np.diag((share * spread).sum(axis=1)) - (share * spread) @ share.T
    return covariance


def _chi_squared(difference: Floats, covariance: Floats) -> float:
    """Of the differences, which sum to zero, all but one are free; a group that is never at risk says nothing."""
    return max(float(difference @ np.linalg.pinv(covariance, rtol=1e-10, hermitian=True) @ difference), 0.0)


def _hazard_ratio(group: str, reference: str, groups: Mapping[str, tuple[Floats, Floats]]) -> HazardRatio | None:
    observed, expected, _covariance = _observed_and_expected([groups[group], groups[reference]])
    if (observed <= 0).any() or (expected <= 0).any():
        return None
    logged = math.log(observed[0] / expected[0]) - math.log(observed[1] / expected[1])
    spread = _Z95 * math.sqrt(1 / expected[0] + 1 / expected[1])
    return HazardRatio(group, reference, math.exp(logged), math.exp(logged - spread), math.exp(logged + spread))


def _first_below_half(times: Floats, shares: Floats) -> float | None:
    below = np.flatnonzero(shares <= 0.5 + 1e-12)
    return float(times[below[0]]) if len(below) else None
