from itertools import product

import numpy as np
import pytest

from analytics.bayesian_networks.assessment import metrics
from analytics.bayesian_networks.assessment.simulate import simulate
from analytics.bayesian_networks.data.dataset import Dataset, Kind, Prepared, prepare
from analytics.bayesian_networks.network import Network
from analytics.bayesian_networks.search import hill_climbing
from analytics.bayesian_networks.search.acyclic import reaches
from analytics.bayesian_networks.search.first_screen import screen_candidates
from analytics.bayesian_networks.search.learn import learn
from analytics.bayesian_networks.search.options import LearningOptions
from analytics.bayesian_networks.search.order_search import new_scratch
from analytics.bayesian_networks.search.parents import Problem
from analytics.bayesian_networks.search.scores import linear_bic
from analytics.bayesian_networks.search.threads import on_threads
from warehouse.errors import AnalysisError

LINEAR = LearningOptions(functions="linear", score="bic", threads=1)


def _problem(prepared: Prepared, options: LearningOptions) -> Problem:
    options = hill_climbing.with_lists(options, len(prepared.columns))
    with on_threads(1) as run:
        return hill_climbing.screened_problem(prepared, options, run, screen_candidates(prepared, options))


def _score(prepared: Prepared, network: Network) -> float:
    z = prepared.z
    return sum(linear_bic(z[:, j], z[:, network.parents_of(j)]) for j in range(z.shape[1]))


def _all_graphs(variables: tuple[str, ...]) -> list[Network]:
    pairs = [(k, j) for j in range(len(variables)) for k in range(j)]
    graphs = []
    for choice in product(range(3), repeat=len(pairs)):
        edges = [pair[:: 1 if way == 1 else -1] for pair, way in zip(pairs, choice, strict=True) if way]
        network = Network.of_edges(variables, [k for k, _ in edges], [j for _, j in edges])
        graphs += [network] if network.is_acyclic() else []
    return graphs


def test_climbing_finds_the_best_of_all_graphs_of_four_variables_nearly_always() -> None:
    graphs = _all_graphs(("x0", "x1", "x2", "x3"))
    assert len(graphs) == 543
    hits = 0
    for seed in range(12):
        prepared = prepare(simulate("linear", 4, 150, seed=seed, mean_parents=1.5).dataset())
        best = min(_score(prepared, graph) for graph in graphs)
        found = _score(prepared, hill_climbing.learn_hill_climbing(prepared, LINEAR))
        assert found > best - 0.05
        hits += found < best + 0.2
    assert hits >= 9


@pytest.mark.parametrize("categorical", [False, True])
def test_the_graph_is_acyclic_after_every_move(categorical: bool) -> None:
    simulation = simulate("discrete" if categorical else "nonlinear", 14, 200, seed=4)
    prepared = prepare(simulation.dataset())
    problem = _problem(prepared, LearningOptions(edge_penalty=0.0, threads=1))
    units = hill_climbing.units_of(prepared.origin)
    columns = len(prepared.columns)
    parents, dag = hill_climbing.no_parents(columns, 10), hill_climbing.room_for_edges(problem, units)
    everywhere, scratch = np.ones(columns, np.bool_), new_scratch(problem)
    score, moves = hill_climbing.total_score(problem, parents, scratch), 0
    for child in np.random.default_rng(0).permutation(columns).tolist() * 8:
        gain = hill_climbing.move(problem, parents, units, dag, everywhere, child, scratch)
        now = hill_climbing.total_score(problem, parents, scratch)
        assert now == pytest.approx(score - gain, abs=0.05)
        score, moves = now, moves + (gain > 0)
        network = hill_climbing.network_of(hill_climbing.edges_of(problem, parents), prepared.columns)
        ends = units.unit_of[network.parents], units.unit_of[network.children]
        assert (dag.place[ends[0]] < dag.place[ends[1]]).all()
        assert all(reaches(dag, start, end) for start, end in zip(*ends, strict=True))
        assert network.is_acyclic()
    assert moves > 10


def test_networks_are_found_again() -> None:
    simulation = simulate("nonlinear", 40, 400, seed=2)
    found = hill_climbing.learn_hill_climbing(prepare(simulation.dataset()))
    assert metrics.skeleton_agreement(found, simulation.network).f1 > 0.9
    assert metrics.directed_agreement(found, simulation.network).f1 > 0.85


def test_threads_do_not_change_the_result() -> None:
    prepared = prepare(simulate("nonlinear", 30, 120, seed=3).dataset())
    alone, both, other = (
        hill_climbing.learn_hill_climbing(prepared, LearningOptions(threads=threads, seed=seed, restarts=4))
        for threads, seed in ((1, 5), (2, 5), (2, 6))
    )
    assert alone.edges() == both.edges()
    assert metrics.jaccard(alone, other) > 0.5


def test_nothing_points_into_the_lowest_tier_and_categories_are_no_parents_of_one_another() -> None:
    random = np.random.default_rng(0)
    stage = random.integers(0, 3, 300)
    values = np.column_stack([stage, stage == 2, np.zeros((300, 2))]).astype(float)
    values[:, 2] = values[:, 0] + random.normal(size=300)
    values[:, 3] = np.sin(values[:, 2]) + 0.3 * random.normal(size=300)
    dataset = Dataset.of(
        values, ["stage", "late", "a", "b"], kinds={"stage": Kind.CATEGORICAL, "late": "binary"}, tiers={"stage": 0}
    )
    network = hill_climbing.learn_hill_climbing(prepare(dataset))
    assert not any(child.startswith("stage") for _, child in network.edges())
    assert any(parent.startswith("stage") for parent, _ in network.edges())
    assert ("a", "b") in network.edges() or ("b", "a") in network.edges()


def test_learn_takes_the_method_by_its_name_and_any_screen() -> None:
    prepared = prepare(simulate("nonlinear", 20, 200, seed=3).dataset())
    by_name = LearningOptions(method="hill_climbing", threads=1)
    assert learn(prepared, by_name).edges() == hill_climbing.learn_hill_climbing(prepared, by_name).edges()
    everything = screen_candidates(prepared, LearningOptions(threads=1))
    assert metrics.jaccard(learn(prepared, by_name, candidates=everything), learn(prepared, by_name)) > 0.6
    assert learn(prepared, LearningOptions(method="nnsr", threads=1)).frequency.min() < 1
    with pytest.raises(AnalysisError, match="method is 'odd'"):
        LearningOptions(method="odd")  # type: ignore[arg-type]


def test_samples_in_which_a_variable_was_set_leave_its_own_fit() -> None:
    random = np.random.default_rng(0)
    z = random.normal(size=(400, 3))
    z[:, 1] += 2 * z[:, 0]
    set_by_hand = np.zeros((400, 3), np.bool_)
    set_by_hand[:200, 1] = True
    z[:200, 1] = random.normal(size=200)
    prepared = prepare(Dataset.of(z, ["a", "b", "c"]))
    found = hill_climbing.learn_hill_climbing(prepared, LINEAR, intervened=set_by_hand)
    assert found.edges() == (("a", "b"),)
