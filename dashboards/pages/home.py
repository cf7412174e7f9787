"""Search by symbol, synonym, identifier or name, and what the warehouse holds."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from dashboards.page import Page, View
from dashboards.parts.state import entry_of, optional_of
from dashboards.parts.table import show_table
from dashboards.parts.text import plain
from dashboards.parts.welcome import show_welcome
from warehouse.model import FULL_MODEL
from warehouse.search import Found

_MOST = 500


def render(view: View) -> None:
    """Draw the page."""
    text = entry_of(
        "Search",
        "q",
        type="search",
        placeholder="A symbol, an old symbol, a synonym, an identifier or a name: TP53, MLL, uniprot:P04637, asthma",
        icon=":material/search:",
    )
    if text.strip():
        _results(view, text)
    else:
        show_welcome(view)


def _results(view: View, text: str) -> None:
    # What is asked for is known from the address before the choices can be drawn, which need the counts.
    wanted = {name: st.query_params.get(name) for name in ("type", "source")}
    found = _found(view, text, wanted)
    chosen = {
        "type": _choice("Types", found.types, "type", wanted["type"]),
        "source": _choice("Sources", found.sources, "source", wanted["source"]),
    }
    if chosen != wanted:
        found = _found(view, text, chosen)
    if found.total > len(found):
        st.caption(f"The best {len(found):,} of {found.total:,} are shown; a longer text finds less.")
    among = "".join(f", {name} {value}" for name, value in chosen.items() if value)
    show_table(
        view,
        found,
        f"Search for {text}{among}",
        key="found",
        entity_columns=("id",),
        help_texts={
            "id": "Opens the report.",
            "matched": "The name that fitted.",
            "match": "How it fitted.",
            "sources": "Who uses a name that fitted.",
        },
        empty=f"Nothing is called {plain(text)}. Try a part of the name, or another spelling.",
    )


def _found(view: View, text: str, chosen: Mapping[str, str | None]) -> Found:
    known = chosen["type"] if chosen["type"] in FULL_MODEL.entities else None
    return view.warehouse.search(text, known, _MOST, source=chosen["source"])


def _choice(label: str, counts: Mapping[str, int], name: str, wanted: str | None) -> str | None:
    """One of the types or sources of the matches, in the address; None = all."""
    if not counts or (len(counts) < 2 and wanted is None):
        return None
    return optional_of(label, list(counts), name, draw=st.pills, format_func=lambda one: f"{one} {counts[one]:,}")


PAGE = Page("Search", "Ask", ":material/search:", render, order=0, sample={"q": "SKP1"})
