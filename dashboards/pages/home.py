"""Search by symbol, synonym, identifier or name, and what the warehouse holds."""

from __future__ import annotations

from collections import Counter

import polars as pl
import streamlit as st

from dashboards.page import Page, View
from dashboards.parts.state import remember
from dashboards.parts.table import show_table
from dashboards.parts.text import plain
from warehouse.answer import to_polars
from warehouse.model import FULL_MODEL

_MOST = 500
#: The types that are counted on the first page; the page of sources has all.
_COUNTED = ("Gene", "Protein", "Pathway", "Disease", "Drug", "Structure", "Cohort", "Patient")


def render(view: View) -> None:
    """Draw the page."""
    text = st.text_input(
        "Search",
        key="q",
        bind="query-params",
        type="search",
        placeholder="A symbol, an old symbol, a synonym, an identifier or a name: TP53, MLL, uniprot:P04637, asthma",
        icon=":material/search:",
    )
    if text.strip():
        _results(view, text)
    else:
        _welcome(view)


def _results(view: View, text: str) -> None:
    found = to_polars(view.warehouse.search(text, None, _MOST).table)
    counts = Counter(found["type"].to_list())
    chosen = None
    if len(counts) > 1:
        names = [name for name, _count in counts.most_common()]
        wanted = st.query_params.get("type")
        chosen = st.pills(
            "Types",
            names,
            default=wanted if wanted in names else None,
            format_func=lambda name: f"{name} {counts[name]:,}",
        )
        remember("type", chosen)
    shown = found if chosen not in counts else found.filter(pl.col("type") == chosen)
    if found.height == _MOST:
        st.caption(f"The best {_MOST} are shown; a longer text finds less.")
    show_table(
        view,
        shown.select("id", "name", "type", "matched", "match"),
        f"Search for {text}" + (f" among {chosen}" if chosen else ""),
        key="found",
        entity_columns=("id",),
        help_texts={"id": "Opens the report.", "matched": "The name that fitted.", "match": "How it fitted."},
        empty=f"Nothing is called {plain(text)}. Try a part of the name, or another spelling.",
    )


def _welcome(view: View) -> None:
    counts = view.receipt["counts"]
    kinds = [name for name in _COUNTED if counts.get(name)]
    st.markdown("Search above, or ask a question on the pages at the left. Every answer names its sources.")
    for row in (kinds[:4], kinds[4:]):
        for column, name in zip(st.columns(4), row, strict=False):
            meaning = FULL_MODEL.entities[name].meaning
            column.metric(
                FULL_MODEL.entities[name].table.replace("_", " ").capitalize(),
                f"{counts[name]:,}",
                help=meaning,
                border=True,
            )
    relationships = sum(count for name, count in counts.items() if name in FULL_MODEL.relationships)
    sources = len(view.receipt["sources"])
    st.caption(f"{relationships:,} relationships from {sources} sources: {plain(', '.join(view.releases))}")


PAGE = Page("Search", "Ask", ":material/search:", render, order=0, sample={"q": "SKP1"})
