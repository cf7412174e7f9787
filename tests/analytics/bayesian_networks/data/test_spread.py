"""Counts, skew and outliers: what is seen, what is transformed, and that no variable escapes the limit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.bayesian_networks.comparison.delta_ecv import by_evidence
from analytics.bayesian_networks.comparison.findings import findings
from analytics.bayesian_networks.comparison.recipe import Compared, RecipeOptions, compare
from analytics.bayesian_networks.data.dataset import Dataset, Kind, prepare
from analytics.bayesian_networks.data.groups import Groups
from analytics.bayesian_networks.data.spread import limit_outliers, skew_of, skewness
from analytics.bayesian_networks.network import Network
from warehouse.errors import AnalysisError


def _counts(samples: int = 120) -> Dataset:
    """Counts: TP53 differs between the halves and MDM2 follows it; a child that is 0 in nine tenths of the samples has
    a maximum of 7,378 and hangs on one sample of its parent."""
    random = np.random.default_rng(4)
    tp53 = random.normal(8, 0.6, samples) + np.repeat([0.0, 1.5], samples // 2)
    mdm2 = 0.9 * tp53 + random.normal(1, 0.3, samples)
    parent = random.normal(7, 1, samples)
    spike = np.where(random.random(samples) < 0.1, np.exp(random.normal(3, 1, samples)), 0.0)
    spike[parent.argmax()] = 7378
    table = np.column_stack([2**tp53, 2**mdm2, 2**parent, spike])
    return Dataset.of(np.round(table), ["TP53", "MDM2", "PARENT", "SPIKE"])


def _compared(**chosen: object) -> Compared:
    dataset = _counts()
    groups = Groups.of({"A": dataset.samples[:60], "B": dataset.samples[60:]}, dataset.samples)
    network = Network.of_names(dataset.variables, [("TP53", "MDM2"), ("PARENT", "SPIKE")])
    options = RecipeOptions(permutations=200, top_percent=50, **chosen)  # type: ignore[arg-type]
    return compare(dataset, groups=groups, network=network, options=options)


def test_a_child_with_equal_quartiles_does_not_escape_the_limit() -> None:
    values = _counts().values[:, 3]
    assert np.quantile(values, [0.25, 0.75]).tolist() == [0, 0]
    assert values.max() == 7378
    prepared = prepare(_counts(), log2=False, outlier_distance=5.0)
    shown = prepared.z[:, 3] * prepared.scale[3] + prepared.mean[3]
    # Outer tenths 0 and the 0.9 quantile, scaled by z(0.75) / z(0.9).
    tenths = 5 * np.quantile(values, 0.9, method="lower") * 0.6744898 / 1.2815516
    fortieths = 5 * np.quantile(values, 0.975, method="lower") * 0.6744898 / 1.9599640
    assert shown.max() == pytest.approx(tenths or fortieths)
    assert shown.max() < 500


def test_significant_edges_stand_first_in_tables_curves_and_predictions() -> None:
    # Without any limit the artefact has by far the largest difference.
    compared = _compared(outlier_distance=0.0, log2=False)
    found = findings(compared, {"TP53": "hgnc:1", "MDM2": "hgnc:2", "PARENT": "hgnc:3", "SPIKE": "hgnc:4"})
    edges = found.tables["edges"]
    assert edges.select("rank", "parent", "significant").rows() == [(1, "TP53", True), (2, "PARENT", False)]
    regulates = found.relationships["REGULATES"]
    assert regulates.select("rank", "subject").rows() == [(1, "hgnc:1"), (2, "hgnc:3")]
    part = compared.contrasts[0].subnetwork
    assert compared.fitted.network.edges()[part.edges[0]] == ("TP53", "MDM2")
    assert "significant ones first" in part.description
    assert found.metrics["b_against_a_significant_edges"] == 1


def test_the_order_of_edges() -> None:
    difference, passed = np.array([0.5, -23.0, 1.0, -2.0, 1.0]), np.array([True, False, True, False, True])
    assert by_evidence(difference, passed).tolist() == [2, 4, 0, 1, 3]
    assert by_evidence(difference).tolist() == [1, 3, 2, 4, 0]


def test_counts_are_seen_and_transformed_unless_switched_off() -> None:
    compared = _compared()
    prepared = compared.fitted.prepared
    assert prepared.log2
    assert prepared.skew is not None
    assert prepared.skew.counts
    assert np.median(prepared.z[:, 0] * prepared.scale[0] + prepared.mean[0]) == pytest.approx(8.7, abs=0.5)
    found = findings(compared, {})
    assert any("counts (largest 7,378" in note and "log2(x + 1) was taken" in note for note in found.notes)
    assert found.metrics["log2"] == 1
    kept = findings(_compared(log2=False), {})
    assert kept.metrics["log2"] == 0
    assert any("kept as they are (--no-log2)" in note for note in kept.notes)


def test_only_what_was_measured_is_transformed() -> None:
    counts = _counts()
    age = np.linspace(30, 90, len(counts.samples))
    dataset = Dataset.of(np.column_stack([counts.values, age]), [*counts.variables, "age"], tiers={"age": 0})
    prepared = prepare(dataset, log2=None)
    assert prepared.log2
    assert prepared.mean[4] == pytest.approx(60)


@pytest.mark.parametrize(
    "table",
    [
        np.random.default_rng(0).normal(8, 2, (60, 5)).clip(0),  # log2 expression
        np.random.default_rng(0).normal(0, 200, (60, 5)),  # negative values
        np.random.default_rng(0).uniform(0, 100, (60, 5)),  # per cent
        np.random.default_rng(0).normal(1000, 50, (60, 5)),  # large, not skewed
        np.random.default_rng(0).poisson(2, (60, 5)),  # small whole numbers
        np.full((5, 2), np.nan),
    ],
)
def test_what_is_no_count_is_left_as_it_is(table: np.ndarray) -> None:
    assert not skew_of(np.asarray(table, float)).asks_for_log


@pytest.mark.parametrize("scale", [1.0, 1000.0])
def test_amounts_and_their_logarithms(scale: float) -> None:
    table = scale * np.random.default_rng(1).lognormal(3, 1, (80, 6))
    assert skew_of(table).asks_for_log
    assert not skew_of(np.log2(table + 1)).asks_for_log


def test_skewness_by_hand() -> None:
    # Of 0, 0, 0, 4: mean 1, variance 3, third moment (−1−1−1+27)/4 = 6, so 6 / 3^1.5.
    column = np.array([[0.0, 1.0], [0.0, 1.0], [0.0, np.nan], [4.0, 1.0]])
    assert skewness(column).tolist() == pytest.approx([6 / 3**1.5, 0.0])


def test_values_that_single_samples_differ_in_are_left_out() -> None:
    table = np.random.default_rng(2).normal(size=(80, 3))
    table[:, 2] = 0
    table[5, 2] = 7378
    prepared = prepare(Dataset.of(table, ["A", "B", "SPIKE"]), outlier_distance=5.0)
    assert prepared.columns == ("A", "B")
    assert prepared.dropped == {"SPIKE": "all but 1 of its 80 values are equal"}
    # Categories and codes are not measured values: nothing is limited there.
    kept = prepare(Dataset.of(table, ["A", "B", "SPIKE"], kinds={"SPIKE": Kind.BINARY}), outlier_distance=5.0)
    assert kept.columns == ("A", "B", "SPIKE")
    with pytest.raises(AnalysisError, match="a network needs two"):
        prepare(Dataset.of(table[:, 1:], ["B", "SPIKE"]), outlier_distance=5.0)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.sampled_from([0.0, 0.0, 0.0, 1.0, 2.0, 5.0, 30.0]), min_size=60, max_size=90),
    st.integers(0, 59),
    st.sampled_from([1e3, 7378.0]),
)
def test_a_wild_value_never_decides_its_own_limit(column: list[float], place: int, wild: float) -> None:
    """However far away a single value lies, the limited column is the same: for any share of equal values."""
    one, other = (np.array(column)[:, None] for _ in range(2))
    one[place], other[place] = wild, 1000 * wild
    limited, heaped = limit_outliers(one, 5.0)
    again, same = limit_outliers(other, 5.0)
    assert heaped.tolist() == same.tolist()
    if not heaped[0]:
        assert np.array_equal(limited, again)
        assert limited.max() <= 5 * 30 + np.median(one)
