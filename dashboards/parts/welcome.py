"""What the warehouse holds, for one who has asked nothing yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from dashboards.parts.text import plain
from warehouse.model import FULL_MODEL, Use

if TYPE_CHECKING:
    from dashboards.page import View

_IN_A_ROW = 4


def show_welcome(view: View) -> None:
    """Counts of the main types, and the sources."""
    counts = view.receipt["counts"]
    kinds = [name for name in FULL_MODEL.labels_for(Use.OVERVIEW) if counts.get(name)]
    st.markdown("Search above, or ask a question on the pages at the left. Every answer names its sources.")
    for begin in range(0, len(kinds), _IN_A_ROW):
        for column, name in zip(st.columns(_IN_A_ROW), kinds[begin : begin + _IN_A_ROW], strict=False):
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
