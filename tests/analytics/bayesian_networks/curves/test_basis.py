"""Splines, their penalty and the coordinates in which it is diagonal."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.bayesian_networks.curves.basis import (
    BSplineBasis,
    demmler_reinsch,
    log_penalty_determinant,
    penalty_matrix,
)


@pytest.mark.parametrize(
    ("x", "first", "weights"),
    [
        (0.0, 0, (1 / 6, 2 / 3, 1 / 6, 0)),
        (0.5 / 17, 0, (1 / 48, 23 / 48, 23 / 48, 1 / 48)),
        (1.0, 16, (0, 1 / 6, 2 / 3, 1 / 6)),
    ],
)
def test_values_at_the_ends_and_between_knots(x: float, first: int, weights: tuple[float, ...]) -> None:
    start, values = BSplineBasis(0.0, 1.0).evaluate(np.array([x]))
    assert start[0] == first
    assert values[0] == pytest.approx(weights, abs=1e-12)


@settings(max_examples=50)
@given(
    st.floats(-1e3, 1e3), st.floats(1e-2, 1e3), st.integers(4, 30), st.floats(-0.5, 1.5),
    st.sampled_from(["clamp", "linear"]),
)  # fmt: skip
def test_splines_sum_to_one(low: float, width: float, functions: int, share: float, beyond: str) -> None:
    basis = BSplineBasis(low, low + width, functions, beyond)  # type: ignore[arg-type]
    values = basis.dense(np.array([low + share * width]))
    assert values.sum() == pytest.approx(1, abs=1e-9)
    assert (values != 0).sum() <= 4


def test_beyond_the_range_a_curve_stays_or_runs_on_straight() -> None:
    weights = np.arange(20.0)
    x = np.array([-0.5, 1.5])
    assert BSplineBasis(0.0, 1.0).dense(x) @ weights == pytest.approx([1.0, 18.0])
    assert BSplineBasis(0.0, 1.0, extrapolation="linear").dense(x) @ weights == pytest.approx([-7.5, 26.5])


@pytest.mark.parametrize("functions", [5, 12, 20])
def test_determinant_of_the_penalty(functions: int) -> None:
    eigenvalues = np.linalg.eigvalsh(penalty_matrix(functions))
    assert eigenvalues[:2] == pytest.approx(0, abs=1e-10)
    assert np.log(eigenvalues[2:]).sum() == pytest.approx(log_penalty_determinant(functions))
    assert np.exp(log_penalty_determinant(20)) == pytest.approx(13_300)


@pytest.fixture(scope="module")
def columns() -> np.ndarray:
    random = np.random.default_rng(1)
    z = random.standard_normal((300, 5))
    z[:, 1] = z[:, 1] > 0
    z[:, 2] = random.integers(0, 3, 300)
    z[:, 3] = random.standard_t(2, 300)
    return z


@pytest.mark.parametrize("reach", [None, 2.5])
def test_coordinates_are_orthonormal_and_centred(columns: np.ndarray, reach: float | None) -> None:
    bases = demmler_reinsch(columns, 8, reach=reach)
    assert bases.ranks.tolist() == [8, 1, 2, 8, 8]
    for values, rank in zip(bases.values, bases.ranks, strict=True):
        assert values @ values.T == pytest.approx(np.diag(np.arange(8) < rank).astype(float), abs=1e-7)
        assert values.sum(axis=1) == pytest.approx(0, abs=1e-6)


def test_the_first_coordinate_is_the_straight_line(columns: np.ndarray) -> None:
    bases = demmler_reinsch(columns, 8)
    for column in range(5):
        assert np.corrcoef(bases.values[column, 0], columns[:, column])[0, 1] == pytest.approx(1, abs=1e-9)
        assert (np.diff(bases.penalties[column, : bases.ranks[column]]) > 0).all()
    assert (bases.penalties[:, 0] == 0).all()


def test_coordinates_at_training_values_are_those_that_were_kept(columns: np.ndarray) -> None:
    bases = demmler_reinsch(columns, 19)
    for column in range(5):
        assert bases.evaluate(column, columns[:, column]) == pytest.approx(bases.values[column].T, abs=1e-6)


def test_all_coordinates_span_the_splines(columns: np.ndarray) -> None:
    """A penalised fit in all 19 coordinates is the one in 20 splines."""
    x = columns[:, 0]
    y = np.sin(2 * x) - np.sin(2 * x).mean()
    bases = demmler_reinsch(columns, 19)
    shrinkage = 1 / (1 + 3.0 * bases.penalties[0])
    in_coordinates = bases.values[0].T @ (shrinkage * (bases.values[0] @ y))
    splines = bases.spline(0).dense(x)
    splines -= splines.mean(axis=0)
    matrix = splines.T @ splines + 3.0 * penalty_matrix() + 1e-9
    assert in_coordinates == pytest.approx(splines @ np.linalg.lstsq(matrix, splines.T @ y)[0], abs=1e-6)


def test_a_column_without_variance_has_no_coordinates() -> None:
    z = np.column_stack([np.zeros(20), np.arange(20.0)])
    bases = demmler_reinsch(z, 4)
    assert not bases.values[0].any()
    assert bases.ranks[1] == 4


def test_values_that_nearly_coincide_make_no_wild_curve() -> None:
    """Hardly expressed: two levels a hair apart and a few high values. No curve explodes in the gap between them."""
    random = np.random.default_rng(3)
    column = np.where(random.random(400) < 0.5, -0.1, -0.1003)
    column[:3] = [4.0, 9.0, 20.0]
    ordinary = random.normal(size=400)
    bases = demmler_reinsch(np.column_stack([column, ordinary]))
    between = np.linspace(bases.low[0], bases.high[0], 500)
    assert 1 <= bases.ranks[0] < 8
    assert np.abs(bases.evaluate(0, between)).max() <= 20
    assert bases.ranks[1] == 8
