"""Subnetworks that a run of `ecv` found: drawn, as tables, with the curve of an edge and the drugs of its genes."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dashboards.page import Page, View
from dashboards.parts import gene_networks as networks
from dashboards.parts.network import show_network
from dashboards.parts.state import chosen_of, flag_of, number_of, tabs_of
from dashboards.parts.table import show_table
from dashboards.parts.text import plain


def render(view: View) -> None:
    """Draw the page."""
    known = networks.runs(view)
    if not known:
        st.info(
            "No run of `ecv` is active yet. An operator makes one: `targetgraph analyze ecv --cohort ... --groups ...`"
        )
        return
    first, second = st.columns(2)
    with first:
        run = chosen_of("Run", list(known), "run", names=known)
    parts = networks.subnetworks(view, run)
    if not parts:
        st.info("This run found no subnetwork.", icon=":material/inbox:")
        return
    with second:
        names = {id_: f"{part['name']} ({part['edges']:,} edges)" for id_, part in parts.items()}
        chosen = chosen_of("Subnetwork", list(names), "subnetwork", names=names, of=run)
    found = networks.read(view, run, parts[chosen])
    st.markdown(plain(f"{found.name}: {found.description}."))
    _draw(found)
    edges, targets, pairs = tabs_of(["Edges", "Candidate targets", "Responders and non-responders"])
    with edges:
        shown, links = networks.shown_edges(found), ("parent_id", "child_id")
        row = show_table(
            view, shown, f"Edges of {found.id}", key="edges", select=["parent", "child"], entity_columns=links
        )
        _curve(view, found, row or next(found.edges.iter_rows(named=True), None))
    with targets:
        answer = view.query(networks.CANDIDATES, subnetwork=found.id)
        show_table(view, answer, networks.CANDIDATES, key="targets", entity_columns=("gene_id",))
    with pairs:
        _pairs(view, found)


def _draw(found: networks.Found) -> None:
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    with left:
        most = number_of("Edges drawn, significant first", 5, 300, 80, "most", draw=st.slider)
    with right:
        with_drugs = flag_of("Draw drugs", "drugs", draw=st.toggle)
    nodes, edges = networks.picture(found, int(most), with_drugs=with_drugs)
    networks.show_scale(found)
    clicked = show_network(nodes, edges, key="network", description=f"{len(nodes)} variables, {len(edges)} edges")
    node = next((one for one in nodes if one.id == clicked), None)
    if node is not None and ":" in node.id:
        st.link_button(f"Report of {node.name}", f"report?id={node.id}", icon=":material/lab_profile:")


def _curve(view: View, found: networks.Found, row: dict[str, Any] | None) -> None:
    if row is None:
        return
    parent, child = row["parent"], row["child"]
    line, samples = networks.curve(view, found, parent, child)
    st.subheader(plain(f"{parent} to {child}"))
    if line.is_empty():
        st.info("The run kept no curve of this edge: it keeps those of the largest differences.")
        return
    st.vega_lite_chart(networks.curve_chart(line, samples, parent, child), key="curve")
    st.caption(networks.CURVE)


def _pairs(view: View, found: networks.Found) -> None:
    differences = networks.pairs(view, found.run)
    if differences.is_empty():
        st.info(
            "This run compared groups, not pairs; the curve of an edge shows its groups. `--pairs FILE` compares pairs."
        )
        return
    st.vega_lite_chart(networks.pairs_chart(differences), key="pairs_chart", width="content")
    show_table(view, differences, f"Pairs of {found.run}", key="pairs")


PAGE = Page("Gene networks", "Analyses", ":material/account_tree:", render)
