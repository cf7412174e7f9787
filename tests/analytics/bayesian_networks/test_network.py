from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.bayesian_networks.network import Network
from warehouse.errors import AnalysisError

Pairs = list[tuple[int, int]]


def _network(edges: Pairs, variables: int = 4) -> Network:
    names = [f"v{index}" for index in range(variables)]
    return Network.of_edges(names, [k for k, _ in edges], [j for _, j in edges])


@st.composite
def edge_lists(draw: st.DrawFn) -> tuple[int, Pairs]:
    count = draw(st.integers(2, 8))
    pairs = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)).filter(lambda pair: pair[0] != pair[1])
    return count, draw(st.lists(pairs, unique=True, max_size=20))


def test_edges_are_sorted_by_child_and_parent() -> None:
    network = _network([(2, 3), (0, 3), (1, 0)])
    assert network.edges() == (("v1", "v0"), ("v0", "v3"), ("v2", "v3"))
    assert network.parents_of(3).tolist() == [0, 2]
    assert network.children_of(0).tolist() == [3]
    assert network.parent_lists() == [[1], [], [], [0, 2]]
    assert network.frequency.tolist() == [1, 1, 1]


def test_frequencies_follow_their_edges() -> None:
    network = Network.of_edges("abc", [2, 0], [1, 1], [0.25, 0.75])
    assert dict(zip(network.edges(), network.frequency, strict=True)) == {("a", "b"): 0.75, ("c", "b"): 0.25}
    assert network.with_frequency_at_least(0.5).edges() == (("a", "b"),)


def test_names_make_the_same_network_as_indices() -> None:
    by_names = Network.of_names("abc", {("c", "b"): 0.25, ("a", "b"): 0.75})
    assert by_names.parents.tolist() == [0, 2]
    assert by_names.frequency.tolist() == [0.75, 0.25]
    assert Network.of_names("ab", []).count == 0


def test_a_subgraph_keeps_names_and_frequencies() -> None:
    network = Network.of_edges("abcd", [0, 1, 2], [1, 2, 3], [0.1, 0.2, 0.3]).subgraph([3, 1, 2])
    assert network.variables == ("b", "c", "d")
    assert network.edges() == (("b", "c"), ("c", "d"))
    assert network.frequency.tolist() == [0.2, 0.3]


@given(edge_lists())
@settings(max_examples=60)
def test_topological_order_puts_parents_first_or_names_a_cycle(case: tuple[int, Pairs]) -> None:
    count, edges = case
    network = _network(edges, count)
    assert Network.from_parent_lists(network.variables, network.parent_lists()).edges() == network.edges()
    if network.is_acyclic():
        place = np.argsort(network.topological_order())
        assert (place[network.parents] < place[network.children]).all()
        return
    with pytest.raises(AnalysisError, match="cycle") as raised:
        network.topological_order()
    cycle = raised.value.message.removeprefix("The network has a cycle: ").removesuffix(".").split(" -> ")
    assert cycle[0] == cycle[-1]
    assert set(pairwise(cycle)) <= set(network.edges())


@pytest.mark.parametrize(
    ("parents", "children", "message"),
    [
        ([1, 0], [2, 2], "not sorted"),
        ([0, 0], [2, 2], "v0 -> v2 occurs more than once"),
        ([1], [1], "v1 is its own parent"),
        ([0], [7], "does not exist"),
        ([0, 1], [2], "one parent, one child"),
    ],
)
def test_wrong_edges_are_refused(parents: list[int], children: list[int], message: str) -> None:
    with pytest.raises(AnalysisError, match=message):
        Network(("v0", "v1", "v2"), np.array(parents), np.array(children), np.ones(len(parents)))


def test_unknown_and_repeated_names_are_refused() -> None:
    with pytest.raises(AnalysisError, match="unknown variables: x"):
        Network.of_names("ab", [("a", "x")])
    with pytest.raises(AnalysisError, match="more than once"):
        Network.of_names("aa", [])
