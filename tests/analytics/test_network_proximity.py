"""The distance of drugs to diseases: by hand on a small graph, and against a search of its own."""

from __future__ import annotations

from collections import deque
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.network_proximity.assessment import LEAST, assess, visits
from analytics.network_proximity.model import Graph, Null, Proximity, auroc, scores
from warehouse.results.evidence import Verdict

#: A path a-b-c-d-e with a loop at a, an edge said twice, and two nodes apart.
LEFT = np.array(["a", "b", "c", "d", "a", "b", "x"])
RIGHT = np.array(["b", "c", "d", "e", "a", "a", "y"])


def _path() -> tuple[np.ndarray, Graph]:
    return Graph.largest(LEFT, RIGHT)


def test_the_largest_component_without_loops_and_repeats() -> None:
    names, graph = _path()
    assert names.tolist() == list("abcde")
    assert graph.degrees.tolist() == [1, 2, 2, 2, 1]
    assert graph.distances(np.array([0])).tolist() == [0, 1, 2, 3, 4]
    assert graph.distances(np.array([0, 4])).tolist() == [0, 1, 2, 1, 0]


def test_the_distance_of_a_drug_is_the_mean_of_its_targets() -> None:
    names, graph = _path()
    drugs, targets = np.array(["one", "one", "two"]), np.array(["b", "e", "d"])
    proximity = Proximity.of_names(names, graph, np.array(["a"]), drugs, targets, seed=1)
    assert proximity.observed().tolist() == [2.5, 3.0]


@given(st.integers(2, 30), st.integers(0, 60), st.integers(0, 2**32 - 1))
@settings(max_examples=40)
def test_distances_are_those_of_a_plain_search(nodes: int, edges: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    left, right = random.integers(0, nodes, edges), random.integers(0, nodes, edges)
    sources = np.unique(random.integers(0, nodes, 2))
    beside: dict[int, set[int]] = {node: set() for node in range(nodes)}
    for one, other in zip(left.tolist(), right.tolist(), strict=True):
        beside[one].add(other)
        beside[other].add(one)
    expected = np.full(nodes, np.inf)
    expected[sources] = 0
    waiting = deque(sources.tolist())
    while waiting:
        node = waiting.popleft()
        for other in beside[node]:
            if np.isinf(expected[other]):
                expected[other] = expected[node] + 1
                waiting.append(other)
    found = Graph.from_edges(left, right, nodes).distances(sources)
    assert np.array_equal(found, expected)


def _random_proximity(seed: int = 3) -> Proximity:
    random = np.random.default_rng(0)
    names, graph = Graph.largest(*np.array(list("abcdefghijklmnopqrstuvwxyz"))[random.integers(0, 26, (2, 60))])
    drugs = np.sort(random.choice(["p", "q", "r"], 9))
    return Proximity.of_names(names, graph, names[:4], drugs, random.choice(names, 9), seed)


def test_random_sets_do_not_depend_on_interruptions(tmp_path: Path) -> None:
    proximity = _random_proximity()
    whole = proximity.null(120)
    proximity.null(70, tmp_path / "null.npz")
    kept = Null.load(tmp_path / "null.npz")
    assert kept is not None
    assert kept.drawn == 50
    resumed = proximity.null(120, tmp_path / "null.npz")
    for name in ("drawn", "total", "squares", "as_near"):
        assert np.array_equal(getattr(whole, name), getattr(resumed, name)), name
    assert not np.array_equal(whole.total, _random_proximity(seed=4).null(120).total)


def test_random_sets_have_the_degrees_of_the_given_ones() -> None:
    degrees = np.random.default_rng(1).permutation(np.repeat(np.arange(1, 11), 60))
    ends = np.repeat(np.arange(len(degrees)), degrees)
    graph = Graph(np.concatenate([[0], np.cumsum(degrees)]), ends)
    proximity = Proximity(graph, np.array([0]), np.array([0]), np.array([0, 1]), 0)
    nodes = np.arange(len(degrees))
    alike = proximity._alike(nodes, np.random.default_rng(2))
    assert np.abs(graph.degrees[alike] - graph.degrees[nodes]).max() <= 2
    assert len(np.unique(alike)) > len(nodes) / 3


def test_scores_of_a_null_by_hand() -> None:
    observed = np.array([1.0, 2.0])
    null = Null(4, np.array([8.0, 8.0]), np.array([20.0, 16.0]), np.array([0.0, 4.0]))
    z_score, p_value = scores(observed, null)
    assert z_score == pytest.approx([-1.0, 0.0])
    assert p_value == pytest.approx([0.2, 1.0])


def test_the_area_under_the_curve() -> None:
    assert auroc(np.array([3.0, 2.0, 1.0]), np.array([True, False, False])) == 1.0
    assert auroc(np.array([1.0, 1.0, 0.0]), np.array([True, False, False])) == 0.75
    assert auroc(np.array([1.0]), np.array([True])) is None


def _planted(known: int) -> tuple[Proximity, np.ndarray]:
    """A ring of 400 genes with ten of the disease; the first drugs have their two targets beside one of these."""
    names = np.array([f"g{number:03}" for number in range(400)])
    ring = Graph.from_edges(np.arange(400), (np.arange(400) + 1) % 400, 400)
    drugs = np.repeat([f"d{number:02}" for number in range(40)], 2)
    disease = np.arange(10) * 40
    middle = np.concatenate(
        [disease[:known] + 1, np.arange(40 - known) * 37 % 10 * 40 + 12 + np.arange(40 - known) % 15]
    )
    targets = names[np.stack([middle, middle + 1], axis=1).ravel()]
    return Proximity.of_names(names, ring, names[disease], drugs, targets, seed=2), np.arange(40) < known


def test_evidence_finds_planted_drugs_and_nothing_in_the_permuted_control() -> None:
    proximity, known = _planted(10)
    null = proximity.null(50)
    evidence = assess(proximity, null, scores(proximity.observed(), null)[0], known)
    assert evidence.measured is not None
    assert evidence.measured.model.value > 0.95
    # All drugs have two targets: their number says nothing.
    assert evidence.measured.naive.value == 0.5
    assert evidence.measured.classical.value > 0.95
    assert abs(evidence.measured.permuted.value - 0.5) < 0.15
    assert evidence.verdict is Verdict.NOT_CLASSICAL
    assert evidence == assess(proximity, null, scores(proximity.observed(), null)[0], known)


def test_evidence_of_too_few_known_drugs_is_not_a_number() -> None:
    proximity, known = _planted(LEAST - 1)
    null = proximity.null(20)
    evidence = assess(proximity, null, scores(proximity.observed(), null)[0], known)
    assert evidence.verdict is Verdict.UNMEASURED
    assert "4 of 40 tested drugs are known to treat" in evidence.reason


def test_a_random_walk_is_where_linear_algebra_says() -> None:
    graph = Graph.from_edges(np.array([0, 1, 2]), np.array([1, 2, 3]), 4)
    proximity = Proximity(graph, np.array([0]), np.array([2]), np.array([0, 1]), seed=0)
    step = np.array([[0, 0.5, 0, 0], [1, 0, 0.5, 0], [0, 0.5, 0, 1], [0, 0, 0.5, 0]])
    share = np.linalg.solve(np.eye(4) - 0.7 * step, 0.3 * np.array([1.0, 0, 0, 0]))
    np.testing.assert_allclose(visits(proximity), share / [1, 2, 2, 1], atol=1e-7)
