"""Targets of a disease, ordered by evidence with the visitor's weights; every cell can be opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from analytics.interactive.prioritisation import NoGenesError
from dashboards.page import Page, View
from dashboards.parts.state import entry_of
from dashboards.parts.targets import ask_cohort, ask_weights, counts_of_all_genes, prioritised, show_targets
from dashboards.parts.text import plain
from warehouse.analyst.identifiers import require

if TYPE_CHECKING:
    from warehouse.warehouse import Warehouse


def render(view: View) -> None:
    """Draw the page."""
    text = entry_of("Disease", "disease", placeholder="lung cancer", icon=":material/search:")
    if not text.strip():
        st.info("Name a disease; its genes are ordered by what speaks for them as targets.", icon=":material/target:")
        return
    with view.warehouse.reading() as connection:
        disease = require(connection, text, "Disease")
    weights, neighbours = ask_weights()
    cohort = ask_cohort(view)
    try:
        with st.spinner("Counting ...", show_time=True):
            asked = (disease, tuple(weights.items()), neighbours, cohort)
            found = prioritised(view.warehouse, view.warehouse.build, *asked)
    except NoGenesError:
        named = disease if text.strip() == disease else f"{text.strip()} ({disease})"
        st.info(
            f"No source of this build links a gene with {plain(named)}, so there is nothing "
            "to order. A broader name of the disease may have genes.",
            icon=":material/inbox:",
        )
        return
    show_targets(view, text, found)


def _prepare(warehouse: Warehouse) -> None:
    counts_of_all_genes(warehouse, warehouse.build)


PAGE = Page(
    "Targets",
    "Explore",
    ":material/target:",
    render,
    order=30,
    sample={"disease": "lung cancer"},
    prepare=_prepare,
)
