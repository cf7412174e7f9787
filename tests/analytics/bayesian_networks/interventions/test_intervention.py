"""Simulated interventions: against path coefficients, against a plain forward simulation, and against the truth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from analytics.bayesian_networks.assessment.simulate import simulate
from analytics.bayesian_networks.curves.fit import ChildFitter, FitOptions, FittedNetwork, fit
from analytics.bayesian_networks.data.dataset import Dataset, Prepared, prepare
from analytics.bayesian_networks.interventions.simulation import (
    Effects,
    Intervention,
    SimulationOptions,
    knock_downs,
    simulate_interventions,
)
from analytics.bayesian_networks.network import Network
from warehouse.errors import AnalysisError

LINEAR = SimulationOptions(negligible=0.0, fit=FitOptions(coordinates=1, extrapolation="linear"))
EXACT = SimulationOptions(negligible=0.0)


def effect(effects: Effects, name: str, variable: str) -> float:
    row = [one.name for one in effects.interventions].index(name)
    return float(effects.matrix()[row, effects.variables.index(variable)])


@pytest.fixture(scope="module")
def linear() -> tuple[Prepared, Network]:
    truth = simulate("linear", 30, 400, seed=4)
    values = truth.values * np.linspace(0.1, 30, 30) + np.arange(30)
    return prepare(Dataset.of(values, truth.network.variables)), truth.network


@pytest.fixture(scope="module")
def curved() -> tuple[Prepared, Network]:
    truth = simulate("nonlinear", 40, 300, seed=5)
    return prepare(truth.dataset()), truth.network


def path_coefficients(prepared: Prepared, network: Network) -> NDArray[np.float64]:
    """Total effects of a unit of each variable (from x on), by (I − B)⁻¹ with least squares in units of the data."""
    values = prepared.z * prepared.scale + prepared.mean
    direct = np.zeros((len(network.variables),) * 2)
    for child, parents in enumerate(network.parent_lists()):
        if parents:
            design = np.column_stack([np.ones(len(values)), values[:, parents]])
            direct[parents, child] = np.linalg.lstsq(design, values[:, child])[0][1:]
    return np.asarray(np.linalg.inv(np.eye(len(direct)) - direct), np.float64)


def test_in_a_linear_network_the_effect_is_the_sum_over_paths(linear: tuple[Prepared, Network]) -> None:
    prepared, network = linear
    total = path_coefficients(prepared, network)
    effects = simulate_interventions(prepared, [network], knock_downs(prepared, rule="two_below_mean"), LINEAR)
    # All 200 drawn rows start elsewhere; the mean start is theirs.
    rows = np.sort(np.random.default_rng(0).permutation(400)[:200])
    start = (prepared.z[rows] * prepared.scale + prepared.mean).mean(axis=0)
    expected = total * (prepared.mean - 2 - start)[:, None]
    np.fill_diagonal(expected, 0)
    np.testing.assert_allclose(effects.matrix(), expected, atol=1e-6 * np.abs(expected).max())
    assert np.abs(expected).max() > 1
    assert not effects.deviation.any()


def test_two_variables_at_once(linear: tuple[Prepared, Network]) -> None:
    prepared, network = linear
    names = network.variables
    order = network.topological_order()
    upper = next(int(node) for node in order if len(network.children_of(int(node))))
    lower = int(network.children_of(upper)[0])
    levels = {names[upper]: prepared.mean[upper] - 5, names[lower]: prepared.mean[lower] + 1}
    alone = Network.of_names(names, [edge for edge in network.edges() if edge[1] != names[lower]])
    effects = simulate_interventions(prepared, [network], [Intervention("both", levels)], LINEAR)
    total = path_coefficients(prepared, alone)
    rows = np.sort(np.random.default_rng(0).permutation(400)[:200])
    start = (prepared.z[rows] * prepared.scale + prepared.mean).mean(axis=0)
    expected = sum(total[node] * (levels[names[node]] - start[node]) for node in (upper, lower))
    kept = [node for node in range(30) if node not in (upper, lower)]
    scale = np.abs(np.asarray(expected)).max()
    np.testing.assert_allclose(effects.matrix()[0, kept], np.asarray(expected)[kept], atol=1e-6 * scale)
    assert not effects.matrix()[0, [upper, lower]].any()


def forward(fitted: FittedNetwork, target: int, level: float, rows: NDArray[np.intp]) -> NDArray[np.float64]:
    """The plain way: every variable again from its parents and the residual of its row (samples x columns)."""
    prepared, network = fitted.prepared, fitted.network
    residuals = fitted.residuals()[:, rows]
    values = np.zeros((len(rows), len(network.variables)))
    for node in network.topological_order().tolist():
        if node == target:
            values[:, node] = level
            continue
        values[:, node] = prepared.mean[node] + residuals[node]
        for edge in range(network.parent_starts[node], network.parent_starts[node + 1]):
            values[:, node] += fitted.evaluate(edge, values[:, network.parents[edge]])
    return values


@pytest.mark.parametrize("extrapolation", ["clamp", "linear"])
def test_agrees_with_a_plain_forward_simulation(curved: tuple[Prepared, Network], extrapolation: str) -> None:
    prepared, network = curved
    options = FitOptions(extrapolation=extrapolation)  # type: ignore[arg-type]
    fitted = fit(prepared, network, options)
    rows = np.arange(len(prepared.z))
    setting = SimulationOptions(particles=10_000, negligible=0.0, fit=options)
    chosen = [name for name in network.variables if len(network.children_of(network.variables.index(name)))][:6]
    effects = simulate_interventions(prepared, [network], knock_downs(prepared, chosen), setting)
    observed = prepared.z * prepared.scale + prepared.mean
    for number, one in enumerate(effects.interventions):
        [(name, level)] = one.values.items()
        target = network.variables.index(name)
        expected = (forward(fitted, target, level, rows) - observed).mean(axis=0)
        expected[target] = 0
        np.testing.assert_allclose(effects.matrix()[number], expected, atol=1e-6)


def test_only_descendants_change_and_distance_counts_edges() -> None:
    generator = np.random.default_rng(1)
    a = generator.normal(size=200)
    b = a + 0.3 * generator.normal(size=200)
    c = b + 0.3 * generator.normal(size=200)
    other = generator.normal(size=200)
    prepared = prepare(Dataset.of(np.column_stack([a, b, c, other]), list("abcd")))
    network = Network.of_names("abcd", [("a", "b"), ("b", "c"), ("d", "b")])
    frame = simulate_interventions(prepared, [network], knock_downs(prepared, ["b", "a"])).frame()
    assert frame.select("intervention", "variable", "distance").rows() == [("b", "c", 1), ("a", "b", 1), ("a", "c", 2)]
    assert (frame["effect"] < 0).all()
    assert frame["sign_probability"].to_list() == [1.0, 1.0, 1.0]
    assert simulate_interventions(prepared, [network], knock_downs(prepared, ["a"])).frame(levels=1).height == 1


def test_the_spread_is_over_graphs(curved: tuple[Prepared, Network]) -> None:
    prepared, network = curved
    edges = network.edges()
    without = Network.of_names(network.variables, edges[:-1])
    parent = edges[-1][0]
    setting = knock_downs(prepared, [parent])
    parts = [simulate_interventions(prepared, [graph], setting, EXACT).matrix()[0] for graph in (network, without)]
    both = simulate_interventions(prepared, [network, without], setting, EXACT)
    np.testing.assert_allclose(both.matrix()[0], np.mean(parts, axis=0), atol=1e-12)
    np.testing.assert_allclose(both.deviation, np.std(parts, axis=0)[both.variable], atol=1e-9)
    np.testing.assert_allclose(both.rises + both.falls, np.mean(np.array(parts) != 0, axis=0)[both.variable])


def test_threads_and_blocks_change_nothing(curved: tuple[Prepared, Network], monkeypatch: pytest.MonkeyPatch) -> None:
    prepared, network = curved
    without = Network.of_names(network.variables, network.edges()[::2])
    setting = knock_downs(prepared)
    results = []
    for threads, block in ((1, 500 << 20), (2, 500 << 20), (2, 3 * 22 * 40)):
        monkeypatch.setattr("analytics.bayesian_networks.interventions.simulation._BLOCK_BYTES", block)
        options = SimulationOptions(fit=FitOptions(threads=threads))
        results.append(simulate_interventions(prepared, [network, without], setting, options).frame())
    assert results[0].equals(results[1])
    assert results[0].equals(results[2])


def test_negligible_changes_end_and_the_rest_stays_near(curved: tuple[Prepared, Network]) -> None:
    prepared, network = curved
    exact = simulate_interventions(prepared, [network], knock_downs(prepared), EXACT)
    short = simulate_interventions(prepared, [network], knock_downs(prepared), SimulationOptions(negligible=0.2))
    assert len(short.mean) < len(exact.mean)
    np.testing.assert_allclose(short.matrix(), exact.matrix(), atol=0.2)


def test_the_true_effects_are_found() -> None:
    truth = simulate("nonlinear", 60, 1000, seed=8)
    assert truth.model is not None
    prepared = prepare(truth.dataset())
    levels = {variable: float(np.quantile(truth.values[:, variable], 0.05)) for variable in range(60)}
    expected = truth.model.total_effects(levels, samples=4000)
    effects = simulate_interventions(prepared, [truth.network], knock_downs(prepared)).matrix()
    strong = np.abs(expected) > 0.1
    np.fill_diagonal(strong, val=False)
    assert strong.sum() > 100
    assert (np.sign(effects[strong]) == np.sign(expected[strong])).mean() > 0.95
    assert np.corrcoef(effects[strong], expected[strong])[0, 1] > 0.95


def test_intervened_rows_leave_the_fit_of_their_variable() -> None:
    """b follows a, but in half of the rows an experiment set b to 0: with those rows the slope is halved."""
    generator = np.random.default_rng(2)
    a = generator.normal(size=400)
    b = 2 * a + 0.1 * generator.normal(size=400)
    mask = np.zeros((400, 2), bool)
    mask[::2, 1] = True
    b[mask[:, 1]] = 0
    prepared = prepare(Dataset.of(np.column_stack([a, b]), ["a", "b"]))
    network = Network.of_names(["a", "b"], [("a", "b")])
    setting = [Intervention("low", {"a": -1.0}), Intervention("high", {"a": 1.0})]
    rows = np.flatnonzero(~mask[:, 1])
    kept = simulate_interventions(prepared, [network], setting, LINEAR, rows=rows, intervened=mask)
    assert effect(kept, "high", "b") - effect(kept, "low", "b") == pytest.approx(4.0, abs=0.05)
    naive = simulate_interventions(prepared, [network], setting, LINEAR, rows=rows)
    assert effect(naive, "high", "b") - effect(naive, "low", "b") == pytest.approx(2.0, abs=0.2)
    curves = replace(LINEAR, fit=FitOptions(coordinates=8))
    bent = simulate_interventions(prepared, [network], setting, curves, rows=rows, intervened=mask)
    assert effect(bent, "high", "b") - effect(bent, "low", "b") == pytest.approx(4.0, abs=0.1)


def test_an_empty_mask_is_no_mask(curved: tuple[Prepared, Network]) -> None:
    prepared, network = curved
    mask = np.zeros(prepared.z.shape, bool)
    plain = simulate_interventions(prepared, [network], knock_downs(prepared))
    masked = simulate_interventions(prepared, [network], knock_downs(prepared), intervened=mask)
    assert plain.frame().equals(masked.frame())


def test_each_child_and_parents_are_fitted_once(
    curved: tuple[Prepared, Network], monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared, network = curved
    fitted: list[int] = []
    original = ChildFitter.fit_many

    def counting(self: ChildFitter, children: NDArray[np.int32], *rest: NDArray[np.int64]) -> object:
        fitted.extend(children.tolist())
        return original(self, children, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(ChildFitter, "fit_many", counting)
    fewer = Network.of_names(network.variables, [edge for edge in network.edges() if edge[1] != network.edges()[0][1]])
    simulate_interventions(prepared, [network, network, fewer], knock_downs(prepared))
    with_parents = set(network.children.tolist())
    assert sorted(fitted) == sorted(with_parents)


def test_what_cannot_be_simulated(curved: tuple[Prepared, Network]) -> None:
    prepared, network = curved
    setting = knock_downs(prepared, ["x0"])
    with pytest.raises(AnalysisError, match="0 graphs and 1 interventions"):
        simulate_interventions(prepared, [], setting)
    with pytest.raises(AnalysisError, match="Not among the columns of the data: y9"):
        simulate_interventions(prepared, [network], [Intervention("y", {"y9": 0.0})])
    with pytest.raises(AnalysisError, match="Not among the columns of the data: GENE"):
        knock_downs(prepared, ["GENE"])
    with pytest.raises(AnalysisError, match="not a finite number"):
        simulate_interventions(prepared, [network], [Intervention("x0", {"x0": float("nan")})])
    cyclic = Network.of_names(network.variables, [("x0", "x1"), ("x1", "x0")])
    with pytest.raises(AnalysisError, match="Graph 2: The network has a cycle: x"):
        simulate_interventions(prepared, [network, cyclic], setting)
    with pytest.raises(AnalysisError, match="no row to follow"):
        simulate_interventions(prepared, [network], setting, rows=np.zeros(0, np.intp))
    child = network.edges()[0][1]
    mask = np.zeros(prepared.z.shape, bool)
    mask[:, network.variables.index(child)] = True
    with pytest.raises(AnalysisError, match=f"in which {child} was set, .* does not vary"):
        simulate_interventions(prepared, [network], knock_downs(prepared), intervened=mask)


def test_levels_that_were_measured(curved: tuple[Prepared, Network]) -> None:
    prepared, _network = curved
    known, guessed = knock_downs(prepared, ["x0", "x1"], levels={"x0": -3.5})
    assert known.values == {"x0": -3.5}
    assert guessed.values["x1"] == pytest.approx(np.quantile(prepared.dataset.values[:, 1], 0.05))
