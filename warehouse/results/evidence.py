"""How good a run's predictions are: the same account for every analysis that predicts.

An analysis declares what is measured and against what (`EvidencePlan`); each run measures it and hands it back
(`Evidence`), or says why it cannot. It is kept with the run and shown with a word (`Verdict`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


@dataclass(frozen=True)
class EvidencePlan:
    """What every run of an analysis measures.

    Args:
        metric: what is measured, with its unit or range; greater is better.
        naive: the simplest method that ignores what the analysis uses.
        classical: a strong method of the field.
        permuted: what is exchanged at random in the permuted control.
        split: how what is tested is divided from what is learned from.
        kept_apart: what stands on one side only.
        cost: what bounds the time of measuring, and how long it takes.
    """

    metric: str
    naive: str
    classical: str
    permuted: str
    split: str
    kept_apart: str
    cost: str


@dataclass(frozen=True)
class Interval:
    """A figure with its 95 % interval; the ends are None where there is too little for one."""

    value: float
    lower: float | None = None
    upper: float | None = None

    def __post_init__(self) -> None:
        if not all(end is None or math.isfinite(end) for end in (self.value, self.lower, self.upper)):
            raise ValueError("An interval has finite numbers, or no ends.")


class Verdict(StrEnum):
    """What the figures say; the value is the word that a reader sees."""

    BETTER = "better than both baselines"
    NOT_CLASSICAL = "better than the naive baseline, no better than the classical one"
    NOT_NAIVE = "no better than the naive baseline"
    CHANCE = "no better than the permuted control"
    UNMEASURED = "not measured"


@dataclass(frozen=True)
class Measured:
    """The figures of a run.

    Args:
        model, naive, classical: the metric of each method, on the same samples.
        permuted: the metric of the model in the permuted control; over several controls their mean and range.
        over_naive, over_classical: how much more the model has, with the interval of the paired difference.
        tested: what was tested, in words: how many, of which kind.
        controls: how many permuted controls were made.
        seeds: that fix the split, the controls and the intervals.
    """

    model: Interval
    naive: Interval
    classical: Interval
    permuted: Interval
    over_naive: Interval
    over_classical: Interval
    tested: str
    controls: int
    seeds: tuple[int, ...]


@dataclass(frozen=True)
class Evidence:
    """What a run says of its quality.

    Args:
        plan: what was to be measured.
        measured: the figures; None where the input does not allow it.
        reason: why not; empty where it was measured.

    Raises:
        ValueError: there are neither figures nor a reason, or both.
    """

    plan: EvidencePlan
    measured: Measured | None = None
    reason: str = ""

    def __post_init__(self) -> None:
        if (self.measured is None) != bool(self.reason):
            raise ValueError("Evidence has either figures or the reason why there are none.")

    @property
    def verdict(self) -> Verdict:
        """The word for it: better only where the whole interval of the difference lies above 0."""
        if self.measured is None:
            return Verdict.UNMEASURED
        if not _above(self.measured.over_naive):
            return Verdict.NOT_NAIVE
        permuted = self.measured.permuted
        if self.measured.model.value <= max(permuted.value, permuted.upper or permuted.value):
            return Verdict.CHANCE
        return Verdict.BETTER if _above(self.measured.over_classical) else Verdict.NOT_CLASSICAL

    def rows(self) -> list[dict[str, Any]]:
        """Each method with its figures, for tables; empty where nothing was measured."""
        if self.measured is None:
            return []
        found, plan = self.measured, self.plan
        methods = [
            ("this run", "", found.model, None),
            ("naive baseline", plan.naive, found.naive, found.over_naive),
            ("classical baseline", plan.classical, found.classical, found.over_classical),
            ("permuted control", plan.permuted, found.permuted, None),
        ]
        return [_row(*method) for method in methods]

    def facts(self) -> dict[str, str]:
        """What must be known of the figures, by name."""
        plan = self.plan
        facts = {
            "verdict": str(self.verdict),
            "metric": plan.metric,
            "split": plan.split,
            "kept apart": plan.kept_apart,
        }
        if self.measured is None:
            return {**facts, "reason": self.reason}
        seeds = ", ".join(map(str, self.measured.seeds))
        return {
            **facts,
            "tested": self.measured.tested,
            "permuted controls": f"{self.measured.controls}",
            "seeds": seeds,
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Evidence:
        """The evidence from what `dataclasses.asdict` made of it."""
        given = document["measured"]
        measured = None
        if given is not None:
            intervals = {name: Interval(**value) for name, value in given.items() if isinstance(value, Mapping)}
            measured = Measured(**{**given, **intervals, "seeds": tuple(given["seeds"])})
        return cls(EvidencePlan(**document["plan"]), measured, document["reason"])


def _above(difference: Interval) -> bool:
    return difference.lower is not None and difference.lower > 0


def _row(method: str, meaning: str, figure: Interval, over: Interval | None) -> dict[str, Any]:
    ahead = {"value": None, "lower": None, "upper": None} if over is None else asdict(over)
    return {
        "method": method,
        **asdict(figure),
        "difference": ahead["value"],
        "difference_lower": ahead["lower"],
        "difference_upper": ahead["upper"],
        "meaning": meaning,
    }
