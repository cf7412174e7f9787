"""A network always has the same picture, whatever the order of its parts; nothing in a name is run."""

from __future__ import annotations

import json
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboards.parts.legend import edge_styles, legend_of_edges, node_styles
from dashboards.parts.network import MOST_NODES, Edge, Node, _repulsion, _spiral, positions, specification
from dashboards.theme import CATEGORIES, ON_DARK, ON_WHITE
from warehouse.model import FULL_MODEL

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
        (link["lineStyle"]["color"], str(link["lineStyle"]["type"]))
        for link in specification(nodes, edges)["series"][0]["links"]
    }
    assert len(styles) == len(edges)


# -- colours, lines and shapes --------------------------------------------------------------------------------------


@pytest.mark.parametrize("dark", [False, True])
def test_no_two_types_of_the_model_look_alike_in_one_picture(dark: bool) -> None:
    types = list(FULL_MODEL.relationships)
    predicted = [f"{name} (predicted)" for name in types]
    edges = edge_styles([*types, *predicted], predicted, dark=dark)
    assert len(edges) == len(set(edges.values())) == 2 * len(types)
    nodes = node_styles(FULL_MODEL.entities, dark=dark)
    assert len(nodes) == len(set(nodes.values())) == len(FULL_MODEL.entities)
    spec = specification([Node(name, name, name) for name in FULL_MODEL.entities], [], dark=dark)
    colours = {one["name"]: one["itemStyle"]["color"] for one in spec["series"][0]["categories"]}
    legend = {one["name"]: (colours[one["name"]], one["icon"]) for one in spec["legend"][0]["data"]}
    assert legend == nodes, "the legend draws the shape, too"


@settings(max_examples=30)
@given(st.sets(st.sampled_from(sorted(FULL_MODEL.relationships)), min_size=1), st.data())
def test_the_legend_draws_what_the_picture_draws(types: set[str], data: st.DataObject) -> None:
    predicted = data.draw(st.sets(st.sampled_from(sorted(types))))
    edges = [Edge("1", "2", name) for name in types] + [Edge("2", "1", name, dashed=True) for name in predicted]
    spec = specification([Node("1", "A", "Gene"), Node("2", "B", "Drug")], edges)
    drawn = {(link["lineStyle"]["color"], str(link["lineStyle"]["type"])) for link in spec["series"][0]["links"]}
    assert len(drawn) == len(edges), "two types have one colour and line"
    labels = {edge.label for edge in edges}
    html = legend_of_edges(edge_styles(labels, {edge.label for edge in edges if edge.dashed}))
    assert all(f">{label}</span>" in html for label in labels)


def test_a_prediction_is_dashed_and_nothing_else_is() -> None:
    edges = [Edge("1", "2", "BINDS"), Edge("1", "2", "BINDS", dashed=True)]
    links = specification([Node("1", "A", "Drug"), Node("2", "B", "Gene")], edges)["series"][0]["links"]
    assert [link["lineStyle"]["type"] for link in links] == ["solid", "dashed"]
    assert "BINDS (predicted)" in links[1]["tooltip"]["formatter"]


def _linear(colour: str) -> np.ndarray:
    value = np.array([int(colour[place : place + 2], 16) for place in (1, 3, 5)]) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def _contrast(first: str, second: str) -> float:
    low, high = sorted(float(_linear(one) @ [0.2126, 0.7152, 0.0722]) + 0.05 for one in (first, second))
    return high / low


def _lab(linear: np.ndarray) -> np.ndarray:
    matrix = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    xyz = np.array(matrix) @ np.clip(linear, 0, 1) / np.array([0.9505, 1.0, 1.089])
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


#: Machado, Oliveira and Fernandes (2009), severity 1: no long, no medium, no short cones.
_SIGHT = {
    "all": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}


@pytest.mark.parametrize(("colours", "ground"), [(ON_WHITE, "#FFFFFF"), (ON_DARK, "#12171D")])
def test_colours_are_read_on_their_ground_and_told_apart(colours: tuple[str, ...], ground: str) -> None:
    assert all(_contrast(colour, ground) >= 3 for colour in colours)
    for sight in _SIGHT.values():
        seen = [_lab(sight @ _linear(colour)) for colour in colours]
        apart = [float(np.linalg.norm(a - b)) for n, a in enumerate(seen) for b in seen[:n]]
        assert min(apart) >= 10
