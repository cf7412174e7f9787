"""A network always has the same picture, whatever the order of its parts; nothing in a name is run."""

from __future__ import annotations

import json
import time

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboards.parts.network import MOST_NODES, Edge, Node, _repulsion, _spiral, positions, specification
from dashboards.theme import CATEGORIES

_graphs = st.lists(st.tuples(st.sampled_from("abcdefgh"), st.sampled_from("abcdefgh")), max_size=12)


@settings(max_examples=25)
@given(_graphs, st.randoms(use_true_random=False))
def test_the_order_does_not_matter(edges: list[tuple[str, str]], random: object) -> None:
    nodes = sorted({end for edge in edges for end in edge} | {"z"})
    shuffled, turned = list(nodes), [(b, a) for a, b in edges]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    random.shuffle(turned)  # type: ignore[attr-defined]
    first = positions(nodes, edges)
    assert positions(shuffled, turned) == first
    assert set(first) == set(nodes)
    assert all(0 <= x <= 1000 and 0 <= y <= 1000 for x, y in first.values())


def test_neighbours_stand_nearer_than_strangers() -> None:
    edges = [(f"a{n}", f"a{n + 1}") for n in range(7)] + [(f"b{n}", f"b{n + 1}") for n in range(7)]
    places = positions([end for edge in edges for end in edge], edges)
    near = [np.hypot(*np.subtract(places[a], places[b])) for a, b in edges]
    far = [np.hypot(*np.subtract(places[f"a{n}"], places[f"b{m}"])) for n in range(8) for m in range(8)]
    assert np.mean(near) < np.mean(far) / 2


def test_the_largest_picture_is_made_in_a_moment() -> None:
    names = [f"n{n}" for n in range(MOST_NODES)]
    edges = [(names[n], names[(n * 7 + 1) % MOST_NODES]) for n in range(MOST_NODES)]
    start = time.process_time()
    places = positions(names, edges)
    assert time.process_time() - start < 5
    assert len(set(places.values())) == MOST_NODES


def test_each_node_is_pushed_by_all_others() -> None:
    places = _spiral(300)
    apart = places[:, None, :] - places[None, :, :]
    weight = 0.01 / np.maximum((apart**2).sum(axis=2, keepdims=True), 1e-6)
    assert np.allclose(_repulsion(places, 0.1), (apart * weight).sum(axis=1), rtol=1e-3, atol=1e-3)


def test_no_network_and_one_node() -> None:
    assert positions([], []) == {}
    assert positions(["a"], [("a", "a")]) == {"a": (500.0, 500.0)}


def test_the_picture_is_json_and_runs_nothing() -> None:
    hostile = "<img src=x onerror=alert(1)>{b}"
    nodes = [Node("1", hostile, "Gene", note=hostile, ringed=True), Node("2", "B", "Drug", colour="#000000")]
    spec = specification(nodes, [Edge("1", "2", "BINDS", 2.0, note=hostile, dashed=True)], dark=True)
    series = spec["series"][0]
    assert json.loads(json.dumps(spec)) == spec
    for part in (series["data"][0], series["links"][0]):
        assert "<img" not in part["tooltip"]["formatter"]
        assert "{" not in part["tooltip"]["formatter"]
    assert series["links"][0]["lineStyle"]["type"] == "dashed"
    assert series["links"][0]["lineStyle"]["width"] <= 6
    assert series["layout"] == "none"
    assert [one["itemStyle"]["color"] for one in series["categories"]] == list(CATEGORIES[:2])


def test_kinds_of_edges_are_told_apart_beyond_the_palette() -> None:
    nodes = [Node("1", "A", "Gene"), Node("2", "B", "Gene")]
    edges = [Edge("1", "2", f"KIND_{n:02}") for n in range(len(CATEGORIES) * 2)]
    styles = {
        (link["lineStyle"]["color"], link["lineStyle"]["type"])
        for link in specification(nodes, edges)["series"][0]["links"]
    }
    assert len(styles) == len(edges)
