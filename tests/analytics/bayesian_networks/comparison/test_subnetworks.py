"""Subnetworks on networks that can be looked through by hand."""

from __future__ import annotations

import numpy as np
import pytest

from analytics.bayesian_networks.comparison.subnetworks import (
    common_network,
    components,
    group_network,
    missing_edges,
    pair_network,
)
from analytics.bayesian_networks.network import Network
from analytics.bayesian_networks.run_options import Link
from warehouse.errors import AnalysisError

#: Sorted by child: a>b, b>c, a>c, c>d | e>f | g>h
NETWORK = Network.of_names("abcdefgh", [("a", "b"), ("b", "c"), ("a", "c"), ("c", "d"), ("e", "f"), ("g", "h")])


def _edges(network: Network, edges: np.ndarray) -> list[str]:
    return [f"{parent}>{child}" for parent, child in np.array(network.edges())[edges]]


def _values(**given: float) -> np.ndarray:
    return np.array([given.get(parent + child, 0.0) for parent, child in NETWORK.edges()])


def test_a_pair_keeps_what_moved_far_enough() -> None:
    signed = _values(ab=1.0, bc=-2.0, ac=0.99, ef=3.0)
    part = pair_network(NETWORK, signed, name="patient 1")
    # e>f is a component of two nodes only.
    assert _edges(NETWORK, part.edges) == ["a>b", "b>c"]
    assert [NETWORK.variables[node] for node in part.nodes] == ["a", "b", "c"]
    assert _edges(NETWORK, pair_network(NETWORK, signed, smallest_component=2).edges) == ["a>b", "b>c", "e>f"]
    assert len(pair_network(NETWORK, signed, threshold=0.5).edges) == 3
    with pytest.raises(AnalysisError, match="must be above 0"):
        pair_network(NETWORK, signed, threshold=0)


def test_one_end_must_have_changed_itself() -> None:
    signed, shift = _values(ab=2, bc=2, cd=2), np.zeros(8)
    shift[0] = -1.5
    part = pair_network(NETWORK, signed, shift=shift, minimum_shift=1, smallest_component=2)
    assert _edges(NETWORK, part.edges) == ["a>b"]
    with pytest.raises(AnalysisError, match="needs the differences"):
        pair_network(NETWORK, signed, minimum_shift=1)


def test_responders_share_edges_and_others_lack_them() -> None:
    first, second = _values(ab=2, bc=2, ef=2), _values(ab=3, bc=-2, gh=2)
    pairs = [pair_network(NETWORK, signed, smallest_component=2) for signed in (first, second)]
    common = common_network(NETWORK, pairs)
    assert _edges(NETWORK, common.edges) == ["a>b", "b>c"]
    assert _edges(NETWORK, common_network(NETWORK, pairs, [first, second]).edges) == ["a>b"]
    other = pair_network(NETWORK, _values(bc=2), smallest_component=2)
    assert {name: lacks.tolist() for name, lacks in missing_edges(common, {"n1": other}).items()} == {
        "n1": [True, False]
    }
    with pytest.raises(AnalysisError, match="at least one pair"):
        common_network(NETWORK, [])
    with pytest.raises(AnalysisError, match="1 arrays of differences for 2"):
        common_network(NETWORK, pairs, [first])


def test_the_strongest_edges_of_groups_are_linked() -> None:
    delta = _values(ab=3, bc=-2, cd=0.1, ef=1)
    part = group_network(NETWORK, delta, top_percent=100 / 3)
    # a>c joins nodes of the two strongest; c>d leads away from them.
    assert _edges(NETWORK, part.edges) == ["a>b", "a>c", "b>c"]
    assert part.core.tolist() == [True, False, True]
    assert "the 2 edges" in part.description
    wider = group_network(NETWORK, delta, top_percent=100 / 3, link=Link.EXPAND1)
    assert _edges(NETWORK, wider.edges) == ["a>b", "a>c", "b>c", "c>d"]
    assert len(wider.nodes) == 4


def test_at_least_one_edge_and_equal_ones_by_their_place() -> None:
    part = group_network(NETWORK, np.ones(6), top_percent=0.001)
    assert part.edges.tolist() == [0]
    assert group_network(NETWORK, np.ones(6), top_percent=100).core.all()


@pytest.mark.parametrize(
    ("delta", "chosen", "message"),
    [
        (np.ones(6), {"top_percent": 0.0}, "more than 0"),
        (np.ones(6), {"top_percent": 101.0}, "at most 100"),
        (np.ones(6), {"link": "all"}, "induced, expand1"),
        (np.ones(0), {}, "no edges"),
    ],
)
def test_bad_choices_are_told(delta: np.ndarray, chosen: dict[str, float], message: str) -> None:
    with pytest.raises(AnalysisError, match=message):
        group_network(NETWORK, delta, **chosen)  # type: ignore[arg-type]


def test_components_are_weak() -> None:
    label = components(NETWORK, np.arange(6))
    assert label.tolist() == [0, 0, 0, 0, 1, 1, 2, 2]
    only = [i for i, edge in enumerate(NETWORK.edges()) if edge == ("e", "f")]
    assert components(NETWORK, np.array(only)).tolist() == [-1, -1, -1, -1, 0, 0, -1, -1]
