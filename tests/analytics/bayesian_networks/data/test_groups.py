"""Groups of samples: what is refused, and how they are compared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from analytics.bayesian_networks.data.groups import Groups
from warehouse.errors import AnalysisError

SAMPLES = ["a", "b", "c", "d", "e"]


@pytest.mark.parametrize(
    ("groups", "strata", "message"),
    [
        ({"A": ["a", "b"]}, None, "1 group given: a comparison needs two"),
        ({}, None, "no groups given"),
        ({"A": ["a", "b"], "B": ["c"]}, None, "The group 'B' has 1 sample: a group needs two"),
        ({"A": ["a", "b"], "B": []}, None, "The group 'B' has no samples"),
        ({"A": ["a", "b"], "B": ["b", "c", "a"]}, None, "The groups 'A' and 'B' overlap: both have a, b"),
        ({"A": ["a", "x"], "B": ["c", "y"]}, None, "unknown samples: x, y"),
        ({"A": ["a", "a"], "B": ["c", "d"]}, None, "'A' names samples more than once: a"),
        ({"A": ["a", "b"], "B": ["c", "d"]}, {"a": "p", "b": "p", "c": "q"}, "Samples without a stratum: d"),
        ({"A": ["a", "b"], "B": ["c", "d"]}, dict(zip("abcd", "ppqq", strict=True)), "nothing can be exchanged"),
    ],
)
def test_bad_groups_are_named(groups: Mapping[str, Any], strata: Mapping[str, str] | None, message: str) -> None:
    with pytest.raises(AnalysisError, match=message):
        Groups.of(groups, SAMPLES, strata)


def test_every_pair_is_compared_the_later_against_the_earlier() -> None:
    groups = Groups.of({"mild": ["a", "b"], "severe": ["d", "c"]}, SAMPLES)
    assert [one.name for one in groups.contrasts()] == ["severe against mild"]
    assert groups.contrasts()[0].first.tolist() == [0, 1]
    assert groups.contrasts()[0].second.tolist() == [2, 3]
    assert groups.contrast("severe", "mild").name == "mild against severe"
    with pytest.raises(AnalysisError, match=r"no group 'none'(.|\n)*mild, severe"):
        groups.contrast("mild", "none")
    assert groups.labels(5).tolist() == ["mild", "mild", "severe", "severe", ""]


def test_strata_are_numbered_by_sample() -> None:
    strata = {"a": "p1", "b": "p2", "c": "p1", "d": "p2"}
    groups = Groups.of({"A": ["a", "b"], "B": ["c", "d"]}, SAMPLES, strata)
    assert groups.strata is not None
    assert groups.strata[:4].tolist() == [0, 1, 0, 1]
