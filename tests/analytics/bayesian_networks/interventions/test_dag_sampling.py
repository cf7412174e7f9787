"""Acyclic graphs from edge frequencies."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.bayesian_networks.interventions.dag_sampling import replicates, sample_graphs
from analytics.bayesian_networks.network import Network
from warehouse.errors import AnalysisError


@st.composite
def frequency_networks(draw: st.DrawFn) -> Network:
    count = draw(st.integers(2, 12))
    names = [f"g{number}" for number in range(count)]
    ends = st.tuples(st.sampled_from(names), st.sampled_from(names)).filter(lambda pair: pair[0] != pair[1])
    edges = draw(st.dictionaries(ends, st.floats(0, 1), max_size=40))
    return Network.of_names(names, edges)


@settings(max_examples=60)
@given(network=frequency_networks(), seed=st.integers(0, 2**32), most=st.none() | st.integers(1, 3))
def test_graphs_are_acyclic_parts_of_the_network(network: Network, seed: int, most: int | None) -> None:
    known = dict(zip(network.edges(), network.frequency.tolist(), strict=True))
    for graph in sample_graphs(network, 3, seed=seed, maximum_parents=most):
        assert graph.is_acyclic()
        assert all(known[edge] == share for edge, share in zip(graph.edges(), graph.frequency, strict=True))
        assert most is None or np.diff(graph.parent_starts).max() <= most


@settings(max_examples=20)
@given(network=frequency_networks(), seed=st.integers(0, 2**32))
def test_a_seed_fixes_each_graph(network: Network, seed: int) -> None:
    three = sample_graphs(network, 3, seed=seed, threads=1)
    five = sample_graphs(network, 5, seed=seed, threads=4)
    assert [graph.edges() for graph in three] == [graph.edges() for graph in five[:3]]


def test_edges_on_no_cycle_come_with_their_frequency() -> None:
    network = Network.of_names("abcd", {("a", "b"): 0.3, ("b", "a"): 0.5, ("b", "c"): 0.9, ("c", "d"): 1.0})
    graphs = sample_graphs(network, 2000, seed=1)
    shares = {edge: sum(edge in graph.edges() for graph in graphs) / 2000 for edge in network.edges()}
    assert shares == pytest.approx({("a", "b"): 0.3, ("b", "a"): 0.5, ("b", "c"): 0.9, ("c", "d"): 1.0}, abs=0.04)


def test_two_directions_that_exceed_one_share_it() -> None:
    network = Network.of_names("ab", {("a", "b"): 0.9, ("b", "a"): 0.6})
    graphs = sample_graphs(network, 2000, seed=2)
    assert all(graph.count == 1 for graph in graphs)
    assert sum(graph.edges() == (("a", "b"),) for graph in graphs) / 2000 == pytest.approx(0.6, abs=0.04)


def test_the_weakest_edge_of_a_cycle_stays_out() -> None:
    network = Network.of_names("abc", {("a", "b"): 1.0, ("b", "c"): 1.0, ("c", "a"): 0.99})
    [graph] = sample_graphs(network, 1, disturbance=0)
    assert graph.edges() == (("a", "b"), ("b", "c"))


def test_replicates() -> None:
    first = Network.of_names("abc", [("a", "b")])
    cyclic = Network.of_names("abc", [("a", "b"), ("b", "a")])
    assert replicates([first, cyclic], 1) == (first,)
    with pytest.raises(AnalysisError, match=r"Replicate 2: The network has a cycle: [ab] -> "):
        replicates([first, cyclic])
    with pytest.raises(AnalysisError, match="3 graphs are asked for; the ensemble has 2"):
        replicates([first, first], 3)
    with pytest.raises(AnalysisError, match="Replicate 2 is over other variables"):
        replicates([first, Network.of_names("ab", [])])
    with pytest.raises(AnalysisError, match="At least one graph"):
        sample_graphs(first, 0)
