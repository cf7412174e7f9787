"""Additive fits: against a dense solution, exact decomposition, smoothing, alignment, threads."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.bayesian_networks.curves.basis import demmler_reinsch
from analytics.bayesian_networks.curves.fit import ChildFitter, FitOptions, aligned, fit
from analytics.bayesian_networks.data.dataset import Dataset, Kind, Prepared, prepare
from analytics.bayesian_networks.network import Network
from warehouse.errors import AnalysisError

NAMES = ("a", "b", "c", "d")


@cache
def data(seed: int = 0, samples: int = 120) -> Prepared:
    """d = sin(2a) + 0.7 b + noise, in units of its own; c = a² + noise."""
    random = np.random.default_rng(seed)
    a, b = random.uniform(-2, 2, samples), random.normal(size=samples)
    c = a**2 + 0.3 * random.normal(size=samples)
    d = 5 + 3 * (np.sin(2 * a) + 0.7 * b + 0.2 * random.normal(size=samples))
    return prepare(Dataset.of(np.column_stack([a, b, c, d]), NAMES))


NETWORK = Network.of_names(NAMES, [("a", "c"), ("a", "d"), ("b", "d")])


@pytest.mark.parametrize("coordinates", [1, 8, 19])
def test_a_fit_is_the_dense_penalised_solution(coordinates: int) -> None:
    prepared = data()
    bases = demmler_reinsch(prepared.z, coordinates)
    fitted = fit(prepared, NETWORK, FitOptions(coordinates=coordinates), bases=bases)
    edges = [1, 2]
    parents = NETWORK.parents[edges]
    design = np.hstack([bases.values[k].T for k in parents])
    penalty = np.concatenate(
        [fitted.fits.smoothing[e] * bases.penalties[k] for e, k in zip(edges, parents, strict=True)]
    )
    solution = np.linalg.solve(design.T @ design + np.diag(penalty), design.T @ prepared.z[:, 3])
    curves = np.stack([(design[:, part] * solution[part]).sum(axis=1) for part in np.split(np.arange(len(penalty)), 2)])
    assert np.allclose(curves * prepared.scale[3], fitted.contributions(edges=np.array(edges)), atol=1e-6)
    rest = prepared.z[:, 3] - design @ solution
    assert np.isclose(rest @ rest, fitted.fits.rss[3], rtol=1e-6)


def test_curves_are_found_in_units_of_the_child() -> None:
    prepared = data()
    fitted = fit(prepared, NETWORK)
    x = np.linspace(-1.8, 1.8, 50)
    wanted = 3 * np.sin(2 * x)
    found = fitted.evaluate(1, x)
    assert np.corrcoef(found, wanted)[0, 1] > 0.99
    assert np.abs((found - found.mean()) - (wanted - wanted.mean())).max() < 0.6
    assert np.isclose(fitted.slopes(edges=np.array([2])).mean(), 2.1, atol=0.15)
    assert fitted.edf[2] < 1.5 < fitted.edf[1]
    assert fitted.explained[3] > 0.9
    assert np.isclose(fitted.sigma[3], 0.6, atol=0.1)


@settings(max_examples=15)
@given(st.integers(0, 30), st.lists(st.sampled_from(NAMES), min_size=2, max_size=4, unique=True), st.integers(1, 8))
def test_intercept_contributions_and_residual_are_the_value(seed: int, family: list[str], coordinates: int) -> None:
    prepared = data(seed, 60)
    child, *parents = family
    fitted = fit(
        prepared, Network.of_names(NAMES, [(name, child) for name in parents]), FitOptions(coordinates=coordinates)
    )
    j = NAMES.index(child)
    total = fitted.intercepts[j] + fitted.contributions().sum(axis=0) + fitted.residuals()[j]
    assert np.abs(total - prepared.dataset.values[:, j]).max() < 1e-6
    assert np.abs(fitted.contributions().mean(axis=1)).max() < 1e-6 * prepared.scale[j]
    assert np.isclose(fitted.residuals()[j].std(), fitted.sigma[j], rtol=1e-5)


def test_a_straight_line_is_slope_times_deviation() -> None:
    prepared = data()
    fitted = fit(prepared, NETWORK, FitOptions(coordinates=1))
    for edge in range(NETWORK.count):
        parent = int(NETWORK.parents[edge])
        x = prepared.dataset.values[:, parent]
        slope = fitted.slopes(edges=np.array([edge]))[0]
        assert np.allclose(slope, slope[0])
        assert np.allclose(fitted.contributions(edges=np.array([edge]))[0], slope[0] * (x - x.mean()), atol=1e-9)


def test_slopes_are_the_derivative() -> None:
    fitted = fit(data(), NETWORK)
    x = np.linspace(-1.5, 1.5, 7)
    z = np.zeros((7, 4))
    z[:, 0] = (x - fitted.prepared.mean[0]) / fitted.prepared.scale[0]
    step = 1e-6
    numeric = (fitted.evaluate(1, x + step) - fitted.evaluate(1, x - step)) / (2 * step)
    assert np.allclose(fitted.slopes(z, edges=np.array([1]))[0], numeric, atol=1e-5)


@pytest.mark.parametrize(("extrapolation", "grows"), [("clamp", False), ("linear", True)])
def test_outside_of_the_data(extrapolation: str, grows: bool) -> None:
    fitted = fit(data(), NETWORK, FitOptions(extrapolation=extrapolation))  # type: ignore[arg-type]
    near, far = fitted.evaluate(2, np.array([data().dataset.values[:, 1].max(), 50.0]))
    assert (far > near + 50) if grows else np.isclose(far, near)


def test_a_cycle_is_two_regressions() -> None:
    both = Network.of_names(NAMES, [("a", "c"), ("c", "a")])
    fitted = fit(data(), both)
    assert fitted.explained[2] > 0.8
    assert np.isclose(
        fitted.intercepts[0] + fitted.contributions(edges=np.array([0]))[0] + fitted.residuals()[0],
        data().dataset.values[:, 0],
    ).all()


def test_indicators_of_one_category_share_their_weight() -> None:
    random = np.random.default_rng(0)
    stage = random.integers(0, 3, 90)
    values = np.column_stack([stage, stage**2 + 0.1 * random.normal(size=90)])
    prepared = prepare(Dataset.of(values, ["stage", "x"], kinds={"stage": Kind.CATEGORICAL}))
    network = Network.of_names(prepared.columns, [(name, "x") for name in prepared.columns[:3]])
    fitted = fit(prepared, network)
    assert fitted.explained[3] > 0.99
    assert np.isfinite(fitted.contributions()).all()
    assert np.abs(fitted.contributions()).max() < 10


def test_few_samples_are_not_fitted_by_rough_curves() -> None:
    """Thirty samples of noise with six parents: what is explained must stay near what straight lines explain."""
    explained = []
    for seed in range(5):
        random = np.random.default_rng(seed)
        prepared = prepare(Dataset.of(random.normal(size=(30, 7))))
        network = Network.of_edges(prepared.columns, range(6), [6] * 6)
        explained.append(fit(prepared, network, FitOptions(coordinates=19)).explained[6])
    assert np.mean(explained) < 0.45


def test_one_child_at_a_time_is_the_same_and_is_kept() -> None:
    prepared = data()
    fitter, whole = ChildFitter(prepared), fit(data(), NETWORK)
    one = fitter.fit(3, [1, 0])
    assert one.parents == (0, 1)
    assert np.allclose(one.weights, whole.fits.weights[1:])
    assert np.allclose(one.residuals * prepared.scale[3], whole.residuals()[3])
    assert fitter.fit(3, (0, 1)) is one
    alone = fitter.fit(0, [])
    assert alone.weights.shape == (0, 20)
    assert np.allclose(alone.residuals, prepared.z[:, 0])
    with pytest.raises(AnalysisError, match="d is named as a parent of itself"):
        fitter.fit(3, [3])


def test_the_number_of_threads_changes_nothing() -> None:
    one, two = (fit(data(), NETWORK, FitOptions(threads=threads)) for threads in (1, 2))
    assert np.array_equal(one.fits.weights, two.fits.weights)
    assert np.array_equal(one.contributions(), two.contributions())


def test_single_precision_is_enough() -> None:
    prepared = data()
    double = fit(prepared, NETWORK)
    single = fit(prepared, NETWORK, bases=demmler_reinsch(prepared.z, 8, dtype=np.float32))
    assert np.abs(double.contributions() - single.contributions()).max() < 1e-4 * prepared.scale.max()


def test_a_network_is_brought_onto_the_columns() -> None:
    turned = Network.of_names(("d", "a", "b", "zz"), [("a", "d"), ("b", "d")])
    there = aligned(turned, NAMES)
    assert there.variables == NAMES
    assert there.edges() == (("a", "d"), ("b", "d"))
    with pytest.raises(AnalysisError, match="do not have: zz"):
        aligned(Network.of_names(("zz", "a"), [("zz", "a")]), NAMES)


def test_the_frame_has_what_evaluates_an_edge_again() -> None:
    fitted = fit(data(), NETWORK)
    frame = fitted.frame()
    assert frame.columns == ["parent", "child", "frequency", "edf", "smoothing", "mean_slope", "weights"]
    assert frame["weights"].list.len().to_list() == [20, 20, 20]
    assert frame.select("parent", "child").rows() == [("a", "c"), ("a", "d"), ("b", "d")]
