"""A picture of a network: nodes where we put them, edges by colour and width, a click that chooses a node."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import streamlit as st

from dashboards.parts.legend import DASHED, Line, edge_styles, legend_of_edges, node_styles

#: More is no picture.
MOST_NODES = 500
_HEIGHT_PIXELS = 640
#: Names are written beside so many nodes; beyond, only beside the largest.
_NAMED_NODES = 60
#: The colour of an edge of no category.
_GREY = "#7F7F7F"
_STEPS = 120
_BLOCK = 128
_CUT = {"width": 170, "overflow": "truncate"}
#: The name of a node that stands out: above it, where the edges of others do not begin.
_RINGED = {"position": "top", "fontSize": 14, "fontWeight": "bold"}


@dataclass(frozen=True)
class Node:
    """A node.

    Args:
        id: tells it from others.
        name: is written beside it.
        category: gives its colour, its shape and its entry in the legend.
        size: from 0 to 1.
        colour: instead of the category's, as `#RRGGBB`.
        note: a line for its tooltip.
        ringed: drawn with a ring, to stand out.
    """

    id: str
    name: str
    category: str
    size: float = 0.3
    colour: str | None = None
    note: str = ""
    ringed: bool = False


@dataclass(frozen=True)
class Edge:
    """An edge.

    Args:
        start, end: ids of nodes.
        category: gives its colour and line, its entry in the legend, and stands in its tooltip.
        width: from 0 to 1.
        colour: instead of the category's, as `#RRGGBB`.
        note: a line for its tooltip.
        directed: drawn with an arrow.
        dashed: drawn dashed, with an entry of its own in the legend: a prediction beside assertions.
    """

    start: str
    end: str
    category: str = ""
    width: float = 0.3
    colour: str | None = None
    note: str = ""
    directed: bool = True
    dashed: bool = False

    @property
    def label(self) -> str:
        """What the legend calls it."""
        return f"{self.category} (predicted)" if self.dashed and self.category else self.category


def show_network(nodes: Sequence[Node], edges: Sequence[Edge], *, key: str, description: str) -> str | None:
    """Draw a network; a click chooses a node.

    Args:
        nodes: at most `MOST_NODES` are drawn: those that come first; the page says how many are left out.
        edges: those whose ends are drawn.
        key: the name of this picture on its page.
        description: what is to be seen, in words, for those who do not see it.

    Returns:
        The id of the node that was clicked last, if any.
    """
    drawn = list(nodes)[:MOST_NODES]
    if len(nodes) > MOST_NODES:
        st.caption(f"The first {MOST_NODES} of {len(nodes):,} nodes are drawn; the table has all.")
    ids = {node.id for node in drawn}
    inner = [edge for edge in edges if edge.start in ids and edge.end in ids]
    dark = st.context.theme.type == "dark"
    if styles := _styles_of([edge for edge in inner if edge.colour is None], dark=dark):
        st.html(legend_of_edges(styles))
    spec = specification(drawn, inner, dark=dark)
    state = st.echarts_chart(spec, height=_HEIGHT_PIXELS, key=key, on_select="rerun", alt=description)
    return _chosen(state, drawn)


def specification(nodes: Sequence[Node], edges: Sequence[Edge], *, dark: bool = False) -> dict[str, Any]:
    """The picture as ECharts takes it."""
    places = positions([node.id for node in nodes], [(edge.start, edge.end) for edge in edges])
    categories = node_styles((node.category for node in nodes), dark=dark)
    named = {node.id for node in sorted(nodes, key=lambda node: (not node.ringed, -node.size, node.id))[:_NAMED_NODES]}
    ink, ground = ("#E6EBF0", "#12171D") if dark else ("#10181F", "#FFFFFF")
    styles = _styles_of(edges, dark=dark)
    data = [_node(node, places[node.id], node.id in named, ink) for node in nodes]
    number = {node.id: index for index, node in enumerate(nodes)}
    series = {
        "type": "graph",
        "layout": "none",
        "data": data,
        "links": [_edge(edge, number, styles) for edge in edges],
        "categories": [
            {"name": name, "symbol": shape, "itemStyle": {"color": colour}}
            for name, (colour, shape) in categories.items()
        ],
        "roam": True,
        "selectedMode": "single",
        "select": {"itemStyle": {"borderColor": ink, "borderWidth": 3}},
        "emphasis": {"focus": "adjacency", "label": {"show": True}},
        "label": {"position": "right", "color": ink, "textBorderColor": ground, "textBorderWidth": 2, "fontSize": 12}
        | _CUT,
        "labelLayout": {"hideOverlap": True},
        "edgeSymbolSize": 7,
        "scaleLimit": {"min": 0.3, "max": 8},
        "preserveAspect": "contain",
        "left": 130,
        "right": 190,
        "top": 50,
        "bottom": 20,
    }
    marks = [{"name": name, "icon": shape} for name, (_colour, shape) in categories.items()]
    legend = {"data": marks, "top": 0, "textStyle": {"color": ink}, "type": "scroll"}
    return {"series": [series], "legend": [legend], "tooltip": {"confine": True}, "animation": False}


def _node(node: Node, place: tuple[float, float], named: bool, ink: str) -> dict[str, Any]:
    style: dict[str, Any] = {} if node.colour is None else {"color": node.colour}
    style |= {"borderColor": ink, "borderWidth": 2.5} if node.ringed else {}
    return {
        # ECharts tells nodes apart by `id`; `name` is what is written.
        "id": node.id,
        "name": node.name,
        "x": place[0],
        "y": place[1],
        "category": node.category,
        "symbolSize": 8 + 26 * min(max(node.size, 0.0), 1.0),
        "itemStyle": style,
        "label": {"show": named} | (_RINGED if node.ringed else {}),
        "tooltip": {"formatter": _tooltip(node.name, node.category, node.note)},
    }


def _edge(edge: Edge, number: dict[str, int], styles: dict[str, tuple[str, Line]]) -> dict[str, Any]:
    colour, line = styles.get(edge.label, (_GREY, DASHED if edge.dashed else ()))
    style = {
        "color": edge.colour or colour,
        "width": 0.8 + 5 * min(max(edge.width, 0.0), 1.0),
        "opacity": 0.9,
        "curveness": 0.12 if edge.directed else 0,
        "type": "dashed" if line == DASHED else list(line) or "solid",
    }
    return {
        "source": number[edge.start],
        "target": number[edge.end],
        "symbol": ["none", "arrow"] if edge.directed else ["none", "none"],
        "lineStyle": style,
        "tooltip": {"formatter": _tooltip(edge.label, "", edge.note)},
    }


def _tooltip(*lines: str) -> str:
    """Lines of a tooltip, which ECharts reads as HTML with templates in braces."""
    return "<br>".join(_inert(line) for line in lines if line)


def _inert(text: str) -> str:
    for sign, entity in (
        ("&", "&amp;"),
        ("<", "&lt;"),
        (">", "&gt;"),
        ("{", "&#123;"),
        ("}", "&#125;"),
        ('"', "&quot;"),
    ):
        text = text.replace(sign, entity)
    return text


def _styles_of(edges: Sequence[Edge], *, dark: bool) -> dict[str, tuple[str, Line]]:
    labels = {edge.label: edge.dashed for edge in edges if edge.label}
    return edge_styles(labels, [label for label, dashed in labels.items() if dashed], dark=dark)


def _chosen(state: Any, nodes: Sequence[Node]) -> str | None:
    """The node of the last click, as Streamlit tells it."""
    for one in state["selection"].get("selected", ()):
        if one.get("data_type") == "node" and one.get("data_indices"):
            index = one["data_indices"][-1]
            return nodes[index].id if index < len(nodes) else None
    return None


def positions(nodes: Sequence[str], edges: Sequence[tuple[str, str]]) -> dict[str, tuple[float, float]]:
    """Where nodes stand: springs along edges, repulsion between all (Fruchterman and Reingold, 1991).

    The start is a spiral in the order of the ids, so that one network always has one picture, in any order of its
    nodes and edges.

    Returns:
        A place for each node, within a square from 0 to 1000.
    """
    names = sorted(set(nodes))
    number = {name: index for index, name in enumerate(names)}
    pairs = sorted({(number[min(a, b)], number[max(a, b)]) for a, b in edges if a != b})
    return dict(zip(names, _placed(len(names), tuple(pairs)), strict=True))


@lru_cache(maxsize=64)
def _placed(count: int, pairs: tuple[tuple[int, int], ...]) -> tuple[tuple[float, float], ...]:
    """Places of nodes by number; kept, since every click draws the same picture anew."""
    if count < 2:
        return ((500.0, 500.0),) * count
    ends = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    places = _spiral(count)
    rest = 1.0 / math.sqrt(count)
    for step in range(_STEPS):
        moves = _repulsion(places, rest)
        along = places[ends[:, 0]] - places[ends[:, 1]]
        pull = along * (np.linalg.norm(along, axis=1, keepdims=True) / rest)
        np.add.at(moves, ends[:, 0], -pull)
        np.add.at(moves, ends[:, 1], pull)
        # Parts that no edge holds must not fly apart.
        moves -= 0.6 * places
        length = np.maximum(np.linalg.norm(moves, axis=1, keepdims=True), 1e-9)
        places = places + moves / length * np.minimum(length, 0.12 * (1 - step / _STEPS))
    low, span = places.min(axis=0), max(float(np.ptp(places, axis=0).max()), 1e-9)
    return tuple((float(x), float(y)) for x, y in np.round((places - low) / span * 1000, 1))


def _spiral(count: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Evenly spread points: the sunflower's."""
    index = np.arange(count) + 0.5
    radius, angle = np.sqrt(index / count) * 0.5, index * math.pi * (3 - math.sqrt(5))
    return np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])


def _repulsion(places: np.ndarray[Any, Any], rest: float) -> np.ndarray[Any, np.dtype[np.float64]]:
    """How far each node is pushed by all others: in blocks of nodes, which stay in the processor's cache."""
    x, y = (np.ascontiguousarray(places[:, axis], dtype=np.float32) for axis in (0, 1))
    moves = np.empty_like(places)
    for start in range(0, len(places), _BLOCK):
        block = slice(start, start + _BLOCK)
        weight = np.square(x[block, None] - x)
        weight += np.square(y[block, None] - y)
        np.maximum(weight, 1e-6, out=weight)
        np.divide(np.float32(rest**2), weight, out=weight)
        total = weight.sum(axis=1)
        # The sum of w (a - b) over b is a times the sum of w, less the sum of w b.
        moves[block, 0] = x[block] * total - np.einsum("ij,j->i", weight, x)
        moves[block, 1] = y[block] * total - np.einsum("ij,j->i", weight, y)
    return moves
