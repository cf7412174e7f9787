"""Every option of a comparison reaches what it is about."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from analytics.analysis import RunContext
from analytics.bayesian_networks.analysis import _recipe
from analytics.bayesian_networks.choices import wanted_of
from analytics.bayesian_networks.run_options import Functions, Link, Method, Options
from warehouse.analyst.samples import Samples

#: Another value than the default of each option.
OTHER: dict[str, Any] = {
    "cohort": "c",
    "matrix": Path("m.csv"),
    "samples": Samples.BOTH,
    "groups": "g",
    "sample_table": Path("s.csv"),
    "contrast": ("a", "b"),
    "strata": "patient",
    "pairs": Path("p.csv"),
    "clinical": ("sex",),
    "variables": 7,
    "genes": ("EGFR",),
    "log2": True,
    "quantile_normalise": True,
    "outlier_distance": 3.0,
    "maximum_missing": 0.1,
    "drop_unusable": True,
    "method": Method.NNSR,
    "functions": Functions.LINEAR,
    "edge_penalty": 1.5,
    "maximum_parents": 3,
    "replicates": 4,
    "least_frequency": 0.25,
    "permutations": 77,
    "significance": 0.01,
    "top_percent": 12.0,
    "link": Link.EXPAND1,
    "threshold": 2.0,
    "minimum_shift": 0.5,
    "same_sign": True,
}
#: Options that are read where they are used.
ELSEWHERE = {"network"}


def _used(options: Options) -> tuple[Any, Any]:
    context = RunContext(None, 0, Path())  # type: ignore[arg-type] # nothing is read
    return wanted_of(options), _recipe(options, context)


def test_every_option_is_tried() -> None:
    assert {field.name for field in dataclasses.fields(Options)} == set(OTHER) | ELSEWHERE


@pytest.mark.parametrize("name", OTHER)
def test_an_option_changes_what_is_done(name: str) -> None:
    default = Options()
    assert getattr(default, name) != OTHER[name]
    assert _used(dataclasses.replace(default, **{name: OTHER[name]})) != _used(default)
