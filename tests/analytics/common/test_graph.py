"""The compressed graph: by hand, against a plain search, and against scipy."""

from __future__ import annotations

from collections import deque

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csgraph

from analytics.common.graph import CompressedGraph
from warehouse.errors import AnalysisError

#: A path a-b-c-d-e with a loop at a, an edge said twice, and two nodes apart.
LEFT = np.array(["a", "b", "c", "d", "a", "b", "x"])
RIGHT = np.array(["b", "c", "d", "e", "a", "a", "y"])


def test_the_largest_component_without_loops_and_repeats() -> None:
    names, graph = CompressedGraph.largest(LEFT, RIGHT)
    assert names.tolist() == list("abcde")
    assert graph.degrees.tolist() == [1, 2, 2, 2, 1]
    assert graph.distances(np.array([0])).tolist() == [0, 1, 2, 3, 4]
    assert graph.distances(np.array([0, 4])).tolist() == [0, 1, 2, 1, 0]


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
    found = CompressedGraph.undirected(left, right, nodes).distances(sources)
    assert np.array_equal(found, expected)


@given(st.integers(1, 30), st.integers(0, 40), st.integers(0, 2**32 - 1))
@settings(max_examples=40)
def test_the_largest_component_is_that_of_scipy(nodes: int, edges: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    graph = CompressedGraph.undirected(random.integers(0, nodes, edges), random.integers(0, nodes, edges), nodes)
    _count, labels = csgraph.connected_components(graph.matrix(), directed=False)
    assert graph.largest_component().tolist() == np.flatnonzero(labels == np.bincount(labels).argmax()).tolist()
    assert graph.degrees.tolist() == graph.matrix().sum(axis=1).tolist()


def test_steps_of_several_nodes_in_their_order() -> None:
    graph = CompressedGraph.undirected(np.array([0, 0, 1]), np.array([1, 2, 2]), 4)
    places, rows = graph.expand(np.array([2, 3, 0]))
    assert graph.neighbours[places].tolist() == [0, 1, 1, 2]
    assert rows.tolist() == [0, 0, 2, 2]
    assert graph.neighbours[graph.beside(1)].tolist() == [0, 2]


def test_a_graph_without_edges_and_one_without_nodes() -> None:
    nothing = np.empty(0, np.int64)
    assert CompressedGraph.undirected(nothing, nothing, 2).largest_component().tolist() == [0]
    assert CompressedGraph.undirected(nothing, nothing, 0).largest_component().tolist() == []


@pytest.mark.parametrize(("left", "right"), [([0], [2]), ([-1], [0]), ([0, 1], [1])])
def test_edges_that_end_nowhere_are_refused(left: list[int], right: list[int]) -> None:
    with pytest.raises(AnalysisError):
        CompressedGraph.undirected(np.array(left), np.array(right), 2)
