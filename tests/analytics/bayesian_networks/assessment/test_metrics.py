from itertools import product

import numpy as np
import pytest

from analytics.bayesian_networks.assessment import metrics
from analytics.bayesian_networks.network import Network
from warehouse.errors import AnalysisError


def _network(edges: str, variables: str = "abcd") -> Network:
    """`ab cb` is a -> b and c -> b."""
    return Network.of_names(variables, [(edge[0], edge[1]) for edge in edges.split()])


TRUE = _network("ab bc cd")


@pytest.mark.parametrize(
    ("found", "skeleton", "directed", "distance"),
    [
        ("ab bc cd", (1, 1), (1, 1), 0),
        ("ab cb", (1, 2 / 3), (1 / 2, 1 / 3), 2),
        ("ab bc cd ad", (3 / 4, 1), (3 / 4, 1), 1),
        ("", (1, 0), (1, 0), 3),
        ("ba cb dc", (1, 1), (0, 0), 3),
    ],
)
def test_agreement(found: str, skeleton: tuple[float, float], directed: tuple[float, float], distance: int) -> None:
    network = _network(found)
    pairs, edges = metrics.skeleton_agreement(network, TRUE), metrics.directed_agreement(network, TRUE)
    assert (pairs.precision, pairs.recall) == pytest.approx(skeleton)
    assert (edges.precision, edges.recall) == pytest.approx(directed)
    assert metrics.structural_hamming_distance(network, TRUE) == distance


def test_f1_and_jaccard() -> None:
    assert metrics.Agreement(0.5, 0.25).f1 == pytest.approx(1 / 3)
    assert metrics.Agreement(0, 0).f1 == 0
    assert metrics.jaccard(_network("ab cb"), TRUE) == pytest.approx(1 / 4)
    assert metrics.jaccard(_network(""), _network("")) == 1


def test_both_directions_count_as_one_pair() -> None:
    assert metrics.skeleton_agreement(_network("ab ba"), TRUE).precision == 1
    assert metrics.structural_hamming_distance(_network("ab ba bc cd"), TRUE) == 1


@pytest.mark.parametrize(
    ("first", "second", "distance"),
    [
        ("ab bc cd", "ba cb dc", 0),
        ("ab cb", "ab cb", 0),
        ("ab cb", "ba bc", 2),
        ("ab cb bd", "ab cb db", 1),
        ("ab ac bc", "cb ca ba", 0),
    ],
)
def test_equivalent_graphs_have_no_distance(first: str, second: str, distance: int) -> None:
    assert metrics.equivalence_class_distance(_network(first), _network(second)) == distance


def test_completed_graph_equals_the_union_of_all_equivalent_graphs() -> None:
    random = np.random.default_rng(3)
    pairs = [(k, j) for j in range(5) for k in range(j)]
    for _ in range(25):
        true = [pair for pair in pairs if random.random() < 0.5]
        network = Network.of_edges("abcde", [k for k, _ in true], [j for _, j in true])
        expected = set()
        for turned in product([False, True], repeat=len(true)):
            edges = [(j, k) if turn else (k, j) for (k, j), turn in zip(true, turned, strict=True)]
            other = Network.of_edges("abcde", [k for k, _ in edges], [j for _, j in edges])
            if other.is_acyclic() and _colliders(other) == _colliders(network):
                expected |= {k * 5 + j for k, j in edges}
        assert set(metrics.completed(network).tolist()) == expected


def _colliders(network: Network) -> set[tuple[int, int, int]]:
    joined = {frozenset(pair) for pair in zip(network.parents.tolist(), network.children.tolist(), strict=True)}
    return {
        (k, child, other)
        for child, parents in enumerate(network.parent_lists())
        for k in parents
        for other in parents
        if k < other and frozenset((k, other)) not in joined
    }


def test_ranking_equals_its_definitions() -> None:
    scores, true = np.array([0.9, 0.8, 0.7, 0.1]), np.array([True, False, True, False])
    result = metrics.ranking(scores, true)
    assert result.auroc == pytest.approx(3 / 4)
    assert result.aupr == pytest.approx((1 + 2 / 3) / 2)
    equal = metrics.ranking(np.zeros(4), true)
    assert (equal.auroc, equal.aupr) == pytest.approx((0.5, 0.5))


@pytest.mark.parametrize(
    ("scores", "true"),
    [([0.9, 0.8], [True]), ([0.9, 0.8], [True, True]), ([0.9, 0.8], [False, False]), ([np.nan, 0.8], [True, False])],
)
def test_a_ranking_without_a_measure_is_refused(scores: list[float], true: list[bool]) -> None:
    with pytest.raises(AnalysisError):
        metrics.ranking(np.array(scores), np.array(true))


def test_edges_are_ranked_by_frequency() -> None:
    found = Network.of_names("abc", {("a", "b"): 0.9, ("c", "b"): 0.4})
    true = _network("ab", "abc")
    assert metrics.edge_ranking(found, true).aupr == 1
    assert metrics.edge_ranking(found, _network("ba", "abc")).auroc < 0.5
    assert metrics.edge_ranking(found, _network("ba", "abc"), directed=False).auroc == 1


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(AnalysisError, match="different variables"):
        metrics.directed_agreement(TRUE, _network("ab", "abc"))
    with pytest.raises(AnalysisError, match="cycle"):
        metrics.completed(_network("ab ba"))
    with pytest.raises(AnalysisError, match="positive and negative"):
        metrics.ranking(np.ones(3), np.zeros(3, np.bool_))
