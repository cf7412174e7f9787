"""The table that a network is learned from: what is refused, and what is made of the rest."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.bayesian_networks.data.dataset import Dataset, Kind, prepare
from warehouse.errors import AnalysisError

NAN = float("nan")


@pytest.mark.parametrize(
    ("values", "given_names", "message"),
    [
        ([[1, 2], [2, 2], [3, 2]], {"variables": ["A", "B"]}, "one and the same value in all samples: B"),
        ([[1, NAN], [2, NAN]], {"variables": ["A", "B"]}, "no value at all: B"),
        ([[1, 2], [2, 3]], {"variables": ["A", "A"]}, "Names of variables that occur more than once: A"),
        ([[1, 2], [2, 3]], {"samples": ["s", "s"]}, "Names of samples that occur more than once: s"),
        ([[1, 2], [2, 3]], {"variables": ["A"]}, "2 x 2, but 2 samples and 1 variables"),
        ([[1, np.inf], [2, 3]], {"variables": ["A", "B"]}, "Infinite values in B"),
        ([[1, "x"], [2, 3]], {}, "not all numbers"),
        ([[1, 2]], {}, "at least two samples"),
        ([[1, 2], [2, 3]], {"kinds": {"C": "binary"}}, "unknown variables: C"),
        ([[1, 2], [2, 3]], {"tiers": {"C": 0}}, "unknown variables: C"),
    ],
)
def test_bad_data_is_named(values: Any, given_names: dict[str, Any], message: str) -> None:
    with pytest.raises(AnalysisError, match=message):
        Dataset.of(values, **given_names)


def test_many_names_are_counted() -> None:
    with pytest.raises(AnalysisError, match=r"x0, .*, x9 and 90 more"):
        Dataset.of(np.ones((3, 100)))


def test_unusable_variables_are_left_out_on_request() -> None:
    dataset = Dataset.of([[1, 5, NAN], [2, 5, NAN]], ["A", "B", "C"], tiers={"A": 0}, drop_unusable=True)
    assert dataset.variables == ("A",)
    assert dataset.tiers.tolist() == [0]


def test_samples_in_which_a_variable_is_constant_are_refused() -> None:
    dataset = Dataset.of([[1, 5], [2, 5], [3, 6]], ["A", "B"])
    with pytest.raises(AnalysisError, match="B"):
        dataset.with_samples(np.array([0, 1]))


def test_missing_values_become_the_median_and_are_remembered() -> None:
    prepared = prepare(Dataset.of([[1, 1], [2, 5], [3, 2], [NAN, 7], [9, 0]], ["A", "B"]))
    assert prepared.imputed[:, 0].tolist() == [False, False, False, True, False]
    assert np.isclose(prepared.z[3, 0] * prepared.scale[0] + prepared.mean[0], 2.5)


def test_what_has_too_many_missing_values_is_dropped_with_the_reason() -> None:
    values = np.random.default_rng(0).normal(size=(10, 3))
    values[:4, 1] = NAN
    prepared = prepare(Dataset.of(values, ["A", "B", "C"]))
    assert prepared.columns == ("A", "C")
    assert prepared.origin.tolist() == [0, 2]
    assert prepared.dropped == {"B": "40% of its values are missing"}
    assert prepare(Dataset.of(values, ["A", "B", "C"]), maximum_missing=0.5).columns == ("A", "B", "C")


def test_categories_become_indicators() -> None:
    dataset = Dataset.of(
        [[0, 0, 1.5], [1, 1, 2.5], [2, 0, 0.5], [0, 1, 3.5]],
        ["stage", "sex", "TP53"],
        kinds={"stage": Kind.CATEGORICAL, "sex": Kind.CATEGORICAL},
        tiers={"sex": 0},
        levels={"stage": ("I", "II", "III"), "sex": ("f", "m")},
    )
    prepared = prepare(dataset)
    # Two levels are one indicator, three are three.
    assert prepared.columns == ("stage=I", "stage=II", "stage=III", "sex=m", "TP53")
    assert prepared.origin.tolist() == [0, 0, 0, 1, 2]
    assert prepared.tiers.tolist() == [1, 1, 1, 0, 1]
    assert np.allclose(prepared.z[:, 2] > 0, [False, False, True, False])


def test_missing_categories_become_the_most_frequent() -> None:
    values = [[0, 1], [0, 2], [1, 3], [NAN, 4], [0, 9], [1, 0]]
    prepared = prepare(Dataset.of(values, ["c", "x"], kinds={"c": "categorical"}))
    assert (prepared.z[3, 0] > 0) == (prepared.z[0, 0] > 0)


def test_log2_of_counts() -> None:
    prepared = prepare(Dataset.of([[0, 1], [3, 0], [7, 3]], ["A", "B"]), log2=True)
    assert np.allclose(prepared.z[:, 0] * prepared.scale[0] + prepared.mean[0], [0, 2, 3])
    with pytest.raises(AnalysisError, match="negative values in A"):
        prepare(Dataset.of([[-1, 1], [3, 0]], ["A", "B"]), log2=True)


def test_quantile_normalisation_gives_samples_one_distribution() -> None:
    values = np.random.default_rng(1).normal(size=(6, 8)) * np.arange(1, 7)[:, None]
    prepared = prepare(Dataset.of(values), quantile_normalise=True)
    back = prepared.z * prepared.scale + prepared.mean
    assert np.allclose(np.sort(back, axis=1), np.sort(back[0])[None])


def test_nothing_left_is_an_error_with_the_reasons() -> None:
    with pytest.raises(AnalysisError, match=r"1 usable columns.*\n.*B \(50% of its values are missing\)"):
        prepare(Dataset.of([[1, NAN], [2, 1], [3, NAN], [4, 2]], ["A", "B"]))


@settings(max_examples=20)
@given(st.integers(0, 1000), st.integers(3, 30), st.integers(2, 6))
def test_columns_are_standardised_and_rows_can_be_resampled(seed: int, samples: int, columns: int) -> None:
    random = np.random.default_rng(seed)
    prepared = prepare(Dataset.of(random.normal(3, 5, size=(samples, columns))))
    assert prepared.z.flags.f_contiguous
    assert np.allclose(prepared.z.mean(axis=0), 0)
    assert np.allclose(prepared.z.std(axis=0), 1)
    rows = random.integers(0, samples, samples)
    again = prepared.with_rows(rows)
    place = [prepared.columns.index(name) for name in again.columns]
    drawn = (prepared.z * prepared.scale + prepared.mean)[np.ix_(rows, np.array(place, np.intp))]
    assert np.allclose(again.z * again.scale + again.mean, drawn)
    assert set(prepared.columns) - set(again.columns) == set(again.dropped)
