import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.bayesian_networks.network import Network
from analytics.bayesian_networks.search.acyclic import (
    Dag,
    closes_cycle,
    has_edge,
    insert,
    new_dag,
    reaches,
    remove,
    reversal_closes_cycle,
    without_cycles,
)
from warehouse.errors import AnalysisError

VARIABLES = 7
Edge = tuple[int, int]
edge = st.tuples(st.integers(0, VARIABLES - 1), st.integers(0, VARIABLES - 1))


def _reachable(edges: set[Edge], start: int) -> set[int]:
    met, waiting = {start}, [start]
    while waiting:
        index = waiting.pop()
        more = {child for parent, child in edges if parent == index} - met
        met |= more
        waiting += more
    return met


def _in_order(dag: Dag, edges: set[Edge]) -> bool:
    inverse = (dag.at[dag.place] == np.arange(VARIABLES)).all()
    return bool(inverse) and all(dag.place[parent] < dag.place[child] for parent, child in edges)


@given(st.lists(st.tuples(st.sampled_from(["insert", "remove", "reverse"]), edge), max_size=60))
@settings(max_examples=80, deadline=None)
def test_the_order_holds_after_every_change(changes: list[tuple[str, Edge]]) -> None:
    dag, edges = new_dag(VARIABLES, VARIABLES**2), set[Edge]()
    for kind, (parent, child) in changes:
        known = (parent, child) in edges
        assert has_edge(dag, parent, child) == known
        if kind == "insert" and not known:
            legal = parent != child and parent not in _reachable(edges, child)
            assert closes_cycle(dag, parent, child) != legal
            assert insert(dag, parent, child) == legal
            edges |= {(parent, child)} if legal else set()
        elif kind == "remove":
            assert remove(dag, parent, child) == known
            edges -= {(parent, child)}
        elif kind == "reverse" and known:
            rest = edges - {(parent, child)}
            cyclic = child in _reachable(rest, parent)
            assert reversal_closes_cycle(dag, parent, child) == cyclic
            if not cyclic:
                assert remove(dag, parent, child)
                assert insert(dag, child, parent)
                edges = rest | {(child, parent)}
        assert _in_order(dag, edges)
        assert not dag.marks.any()
    for start in range(VARIABLES):
        assert {goal for goal in range(VARIABLES) if reaches(dag, start, goal)} == _reachable(edges, start)


def test_cycles_are_opened_at_their_least_frequent_edge() -> None:
    network = Network.of_edges("abc", [0, 1, 2], [1, 2, 0], [0.9, 0.2, 0.8])
    assert without_cycles(network).edges() == (("c", "a"), ("a", "b"))
    assert without_cycles(network, np.array([1, 2, 0])).edges() == (("a", "b"), ("b", "c"))
    with pytest.raises(AnalysisError, match="does not exist"):
        without_cycles(network, np.array([3]))


def test_large_networks_keep_most_of_their_edges() -> None:
    random = np.random.default_rng(0)
    pairs = np.unique(random.integers(0, 400, (900, 2)), axis=0)
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    network = Network.of_edges(
        [str(index) for index in range(400)], pairs[:, 0], pairs[:, 1], random.random(len(pairs))
    )
    kept = without_cycles(network)
    assert not network.is_acyclic()
    assert kept.is_acyclic()
    assert network.count * 0.8 < kept.count < network.count
