"""A neighbourhood drawn as a network: begin with entities, expand by a click, filter by type and source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl
import streamlit as st

from dashboards.page import Page, View
from dashboards.parts.network import MOST_NODES, Edge, Node, show_network
from dashboards.parts.table import show_table
from dashboards.parts.text import plain
from warehouse.answer import Limits, to_polars
from warehouse.model import FULL_MODEL

if TYPE_CHECKING:
    from warehouse.home import Build
    from warehouse.warehouse import Warehouse

_MOST_CENTRES = 20
_IDS = "ids"
_SCHEMA: dict[str, Any] = {
    "subject": pl.String,
    "type": pl.String,
    "object": pl.String,
    "centre": pl.String,
    "other": pl.String,
    "other_name": pl.String,
    "other_type": pl.String,
    "sources": pl.List(pl.String),
    "evidence": pl.String,
}


@dataclass(frozen=True)
class Centre:
    """An entity whose neighbours are drawn."""

    id: str
    type: str
    name: str


def render(view: View) -> None:
    """Draw the page."""
    given = st.text_input(
        "Begin with",
        key=_IDS,
        bind="query-params",
        placeholder="hgnc:11998, doid:162",
        help="Identifiers, with commas.",
    )
    centres = _centres(view, [one.strip() for one in given.split(",") if one.strip()][:_MOST_CENTRES])
    if not centres:
        st.info("Give one or more identifiers, as search gives them.", icon=":material/info:")
        return
    found = _neighbours(view, centres)
    if found.is_empty():
        st.info("Nothing is related to these.", icon=":material/inbox:")
        return
    kept = _filtered(found)
    nodes, edges = _picture(centres, kept)
    clicked = show_network(
        nodes, edges, key="network", description=f"{len(nodes)} entities and {len(edges)} relationships"
    )
    _act(view, clicked, given, nodes)
    with st.expander(f"The {kept.height:,} relationships as a table", icon=":material/table:"):
        question = f"Neighbours of {given}"
        show_table(view, kept.drop("centre", "other"), question, key="neighbours", entity_columns=("subject", "object"))


def _centres(view: View, ids: Sequence[str]) -> list[Centre]:
    known = {
        row[0]: Centre(*row)
        for row in view.sql(
            """SELECT e.id, e.type, coalesce(g.symbol, e.name, e.id) FROM entities AS e LEFT JOIN gene AS g USING (id)
            WHERE e.id IN (SELECT unnest($ids::VARCHAR[]))""",
            ids=list(ids),
        ).rows()
    }
    unknown = [one for one in ids if one not in known]
    if unknown:
        st.warning(f"This build has no entity {plain(', '.join(unknown))}.", icon=":material/search_off:")
    return [known[one] for one in dict.fromkeys(ids) if one in known]


def _neighbours(view: View, centres: Sequence[Centre]) -> pl.DataFrame:
    """Every relationship of the centres; kept, since filters are tried one after the other."""
    return _read(view.warehouse, view.warehouse.build, tuple(centres))


@st.cache_resource(max_entries=64, show_spinner="Reading the neighbours ...")
def _read(_warehouse: Warehouse, build: Build, centres: tuple[Centre, ...]) -> pl.DataFrame:
    frames = []
    for label in sorted({centre.type for centre in centres}):
        ids = [centre.id for centre in centres if centre.type == label]
        text = f"""MATCH (n:{label})-[r]-(x) WHERE n.id IN $ids
            RETURN startNode(r).id AS subject, type(r) AS type, endNode(r).id AS object, n.id AS centre, x.id AS other,
                coalesce(x.symbol, x.name) AS other_name, labels(x)[0] AS other_type,
                r.sources AS sources, r.evidence AS evidence
            ORDER BY size(sources) DESC, other"""
        limits = Limits(_warehouse.limits.timeout_s, 100_000, _warehouse.limits.memory_mb)
        answer = _warehouse.query(text, {"ids": ids}, limits=limits)
        frames.append(to_polars(answer.table).select(pl.col(name).cast(dtype) for name, dtype in _SCHEMA.items()))
    return pl.concat(frames).unique(["subject", "type", "object"], keep="first", maintain_order=True)


def _filtered(found: pl.DataFrame) -> pl.DataFrame:
    """What the visitor chose: by type of relationship, type of neighbour, source, and number."""
    sources = sorted(set(found["sources"].explode().drop_nulls()))
    first, second, third, fourth = st.columns(4)
    types = first.multiselect(
        "Relationships", sorted(set(found["type"])), key="types", bind="query-params", placeholder="All"
    )
    others = second.multiselect(
        "Neighbours", sorted(set(found["other_type"])), key="others", bind="query-params", placeholder="All"
    )
    stated_by = third.multiselect("Sources", sources, key="sources", bind="query-params", placeholder="All")
    most = fourth.slider(
        "At most of each type", 1, 100, 12, key="most", bind="query-params", help="The best supported come first."
    )
    chosen = found
    if types:
        chosen = chosen.filter(pl.col("type").is_in(types))
    if others:
        chosen = chosen.filter(pl.col("other_type").is_in(others))
    if stated_by:
        chosen = chosen.filter(pl.col("sources").list.eval(pl.element().is_in(stated_by)).list.any())
    place = pl.int_range(pl.len()).over("centre", "type")
    return chosen.filter(place < most).head(MOST_NODES * 4)


def _picture(centres: Sequence[Centre], kept: pl.DataFrame) -> tuple[list[Node], list[Edge]]:
    nodes = {centre.id: Node(centre.id, centre.name, centre.type, 0.8, ringed=True) for centre in centres}
    for row in kept.iter_rows(named=True):
        other = row["other"]
        nodes.setdefault(other, Node(other, row["other_name"] or other, row["other_type"], 0.25, note=other))
    edges = [_edge(row) for row in kept.iter_rows(named=True)]
    return list(nodes.values()), edges


def _edge(row: dict[str, Any]) -> Edge:
    sources = row["sources"] or []
    return Edge(
        row["subject"],
        row["object"],
        row["type"],
        min(len(sources), 4) / 6,
        note=", ".join(sources),
        directed=not FULL_MODEL.relationships[row["type"]].symmetric,
        dashed=row["evidence"] == "predicted",
    )


def _act(view: View, clicked: str | None, given: str, nodes: Sequence[Node]) -> None:
    node = next((node for node in nodes if node.id == clicked), None)
    if node is None:
        st.caption("Click a node to expand it or to open its report; drag to move, turn the wheel to come nearer.")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{plain(node.name)}** {plain(node.category)}")
        st.button(
            "Expand", icon=":material/add:", on_click=_begin_with, args=[f"{given}, {node.id}"], disabled=node.ringed
        )
        rest = ", ".join(one for one in (part.strip() for part in given.split(",")) if one != node.id)
        st.button("Take out", icon=":material/remove:", on_click=_begin_with, args=[rest], disabled=not node.ringed)
        st.button("Only this", icon=":material/center_focus_strong:", on_click=_begin_with, args=[node.id])
        st.link_button("Report", f"report?id={node.id}", icon=":material/lab_profile:")


def _begin_with(ids: str) -> None:
    st.session_state[_IDS] = ids


PAGE = Page("Network explorer", "Explore", ":material/hub:", render, sample={"ids": "hgnc:10899"})
