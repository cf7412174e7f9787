"""A neighbourhood drawn as a network: start with entities, expand by a click, filter by type and source."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboards.page import Page, View
from dashboards.parts.neighbours import (
    ask_filters,
    between,
    centres_of,
    edges_of,
    neighbours,
    picture,
    strongest,
)
from dashboards.parts.network import Node, show_network
from dashboards.parts.state import entry_of
from dashboards.parts.table import show_table
from dashboards.parts.text import plain

_MOST_CENTRES = 20
_IDS = "ids"


def render(view: View) -> None:
    """Draw the page."""
    given = entry_of(
        "Starting entities", _IDS, placeholder="hgnc:11998, doid:162", help="Identifiers, separated by commas."
    )
    centres = centres_of(view, [one.strip() for one in given.split(",") if one.strip()][:_MOST_CENTRES])
    if not centres:
        st.info("Give one or more identifiers, as search gives them.", icon=":material/info:")
        return
    known = neighbours(view, centres)
    if known.relationships.is_empty():
        st.info("This build has no relationship of these.", icon=":material/inbox:")
        return
    filters = ask_filters(known.relationships)
    kept = strongest(known, filters)
    nodes, edges = picture(centres, kept)
    among = between(view, centres, nodes, filters) if filters.between else None
    if among is not None:
        edges += edges_of(among)
    clicked = show_network(
        nodes, edges, key="network", description=f"{len(nodes)} entities and {len(edges)} relationships"
    )
    _act(view, clicked, given, nodes)
    with st.expander(f"The {kept.height:,} relationships as a table", icon=":material/table:"):
        question = f"Neighbours of {given}"
        show_table(view, kept.drop("centre", "other"), question, key="neighbours", entity_columns=("subject", "object"))
    if among is not None and not among.is_empty():
        with st.expander(f"The {among.height:,} relationships between neighbours as a table", icon=":material/table:"):
            question = f"Relationships between the neighbours of {given}"
            show_table(view, among, question, key="between", entity_columns=("subject", "object"))


def _act(view: View, clicked: str | None, given: str, nodes: Sequence[Node]) -> None:
    node = next((node for node in nodes if node.id == clicked), None)
    if node is None:
        st.caption("Click a node to expand it or to open its report; drag to move, scroll to zoom.")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{plain(node.name)}** {plain(node.category)}")
        st.button(
            "Expand", icon=":material/add:", on_click=_begin_with, args=[f"{given}, {node.id}"], disabled=node.ringed
        )
        rest = ", ".join(one for one in (part.strip() for part in given.split(",")) if one != node.id)
        st.button("Remove", icon=":material/remove:", on_click=_begin_with, args=[rest], disabled=not node.ringed)
        st.button("Only this", icon=":material/center_focus_strong:", on_click=_begin_with, args=[node.id])
        st.link_button("Report", f"report?id={node.id}", icon=":material/lab_profile:")


def _begin_with(ids: str) -> None:
    st.session_state[_IDS] = ids


PAGE = Page("Network explorer", "Explore", ":material/hub:", render, sample={"ids": "hgnc:10899"})
