"""ECv and ΔECv: the invariants of the specification, on fitted networks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.bayesian_networks.comparison.delta_ecv import between_groups, between_samples, delta_ecv
from analytics.bayesian_networks.comparison.ecv import (
    decomposition,
    ecv,
    edge_curve,
    mean_absolute_ecv,
    relative_contribution,
)
from analytics.bayesian_networks.curves.fit import fit
from analytics.bayesian_networks.data.groups import Groups, average_replicates
from tests.analytics.bayesian_networks.curves.test_fit import NAMES, NETWORK, data
from warehouse.errors import AnalysisError


def test_a_measured_value_is_the_sum_of_its_terms() -> None:
    fitted = fit(data(), NETWORK)
    terms = decomposition(fitted, 3, 17)
    assert terms["term"].to_list() == ["intercept", "a", "b", "residual"]
    assert np.isclose(float(terms["contribution"].sum()), data().dataset.values[17, 3], atol=1e-6)
    assert np.isclose(float(terms["relative_contribution"].sum()), 1.0)
    assert np.isclose(terms["parent_value"][1], data().dataset.values[17, 0])


def test_the_mean_over_the_training_samples_is_zero() -> None:
    values = ecv(fit(data(), NETWORK))
    assert values.dtype == np.float32
    assert np.abs(values.mean(axis=1)).max() < 1e-5
    assert (mean_absolute_ecv(values) > 0).all()


@settings(max_examples=25)
@given(st.integers(0, 119), st.integers(0, 119), st.floats(-5, 5))
def test_delta_ecv_knows_no_centre_and_no_order(first: int, second: int, shift: float) -> None:
    values = ecv(fit(data(), NETWORK), dtype=np.float64)
    there = delta_ecv(between_samples(values, first, second))
    assert np.allclose(there, delta_ecv(between_samples(values, second, first)))
    assert np.allclose(there, delta_ecv(between_samples(values + shift, first, second)), atol=1e-9)
    assert not delta_ecv(between_samples(values, first, first)).any()


def test_groups_differ_by_their_means() -> None:
    values = np.array([[1.0, 3.0, 10.0, 20.0], [0.0, 0.0, 0.0, 0.0]])
    assert between_groups(values, np.array([0, 1]), np.array([2, 3])).tolist() == [13.0, 0.0]


def test_relative_contributions_of_a_child_sum_to_one() -> None:
    values = ecv(fit(data(), NETWORK), dtype=np.float64)
    share = relative_contribution(values, NETWORK.children)
    assert np.allclose(share[0], 1.0)
    assert np.allclose(share[1] + share[2], 1.0)
    assert ((share >= 0) & (share <= 1)).all()


def test_nothing_has_no_share() -> None:
    share = relative_contribution(np.array([[0.0, 2.0], [1e-12, -6.0]]), np.array([4, 4], np.int32))
    assert np.isnan(share[:, 0]).all()
    assert share[:, 1].tolist() == [0.25, 0.75]
    assert relative_contribution(np.empty((0, 3)), np.empty(0, np.int32)).shape == (0, 3)


def test_replicates_are_averaged() -> None:
    mean, names = average_replicates(np.array([[1.0, 2.0, 5.0], [0.0, 4.0, 8.0]]), ["p1", "p2", "p1"])
    assert names == ("p1", "p2")
    assert mean.tolist() == [[3.0, 2.0], [4.0, 4.0]]
    with pytest.raises(AnalysisError, match="2 units are named for 3 samples"):
        average_replicates(np.zeros((1, 3)), ["a", "b"])


def test_a_curve_has_its_samples_on_it() -> None:
    fitted = fit(data(), NETWORK)
    samples = data().dataset.samples
    groups = Groups.of({"low": samples[:5], "high": samples[5:9]}, samples)
    curve = edge_curve(fitted, 1, groups, points=400)
    assert (curve.parent, curve.child) == ("a", "d")
    assert np.abs(np.interp(curve.sample_x, curve.x, curve.y) - curve.sample_y).max() < 0.01
    # Partial residuals: what is left of the child without its other parents.
    others = fitted.contributions(edges=np.array([2]))[0] + fitted.intercepts[3]
    assert np.allclose(curve.partial_residual, data().dataset.values[:, 3] - others)
    points = curve.points()
    assert points.columns == ["parent", "child", "sample", "group", "x", "contribution", "partial_residual"]
    assert points["group"].to_list()[:10] == ["low"] * 5 + ["high"] * 4 + [""]
    assert curve.curve().columns == ["parent", "child", "x", "contribution"]
    assert curve.curve().height == 400


def test_names_of_the_columns() -> None:
    assert fit(data(), NETWORK).network.variables == NAMES
