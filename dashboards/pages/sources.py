"""What the builds were made from: releases, licences, rows kept and set aside, and what changed between two builds."""

from __future__ import annotations

import json

import polars as pl
import streamlit as st

from dashboards.page import Page, View
from dashboards.parts.health import show_troubles
from dashboards.parts.receipts import show_builds, source_row
from dashboards.parts.state import tabs_of
from dashboards.parts.table import show_table
from warehouse.answer import to_polars
from warehouse.licences import conditions, may_be_passed_on


def render(view: View) -> None:
    """Draw the page."""
    show_troubles(view.home)
    _build_line(view)
    tabs = tabs_of(["Sources", "Licences", "Files", "Set aside", "Types", "Builds and changes"])
    for tab, draw in zip(tabs, (_sources, _licences, _files, _set_aside, _types, show_builds), strict=True):
        with tab:
            draw(view)


def _build_line(view: View) -> None:
    receipt = view.receipt
    made, content, rows, seconds = st.columns(4)
    made.metric("Made", str(receipt.get("made_at", ""))[:10], border=True)
    content.metric("Content", str(receipt.get("content_hash", ""))[:8], border=True, help="Equal for equal content.")
    rows.metric("Rows", f"{sum(receipt['counts'].values()):,}", border=True)
    seconds.metric("Seconds to build", f"{receipt.get('seconds', 0):,.0f}", border=True)


def _sources(view: View) -> None:
    rows = [source_row(source) for source in view.receipt["sources"]]
    show_table(
        view,
        pl.DataFrame(rows),
        "Sources of the build",
        key="sources",
        help_texts={
            "status": "Green: every file gave at least 95 % of the rows of its release. Unpinned: no count is known.",
            "kept": "Rows that became statements.",
            "set_aside": "Rows that are in quarantine, with a reason.",
            "values_set_aside": "Single values that could not be used; their rows were kept.",
            "out_of_scope": "Rows of other species, left out on purpose.",
        },
    )
    document = json.dumps(view.receipt, indent=1, ensure_ascii=False)
    st.download_button(
        "The whole receipt",
        document,
        "receipt.json",
        "application/json",
        on_click="ignore",
        icon=":material/receipt_long:",
    )


def _licences(view: View) -> None:
    found = to_polars(view.sql("FROM sources ORDER BY source").table)
    licences = found["licence"].to_list()
    told = found.with_columns(
        pl.Series("may_be_passed_on", ["yes" if may_be_passed_on(text or "") else "no" for text in licences]),
        pl.Series("on_condition", [", ".join(conditions(text or "")) for text in licences], pl.String),
    )
    show_table(view, told.drop("redistributable", strict=False), "Licences of the sources", key="licences")


def _files(view: View) -> None:
    answer = view.sql("FROM releases ORDER BY source, part, file")
    show_table(view, answer, "Files of the build", key="files")


def _set_aside(view: View) -> None:
    answer = view.sql(
        """SELECT source, stage, scope, reason, type, "column", count(*) AS entries, min(detail) AS example
        FROM quarantine GROUP BY ALL ORDER BY entries DESC, source, stage, scope, reason, "column", type"""
    )
    show_table(view, answer, "What was set aside, by reason", key="quarantine", empty="Nothing was set aside.")


def _types(view: View) -> None:
    counts = sorted(view.receipt["counts"].items(), key=lambda one: (-one[1], one[0]))
    show_table(view, pl.DataFrame(counts, schema=["type", "rows"], orient="row"), "Rows by type", key="types")


PAGE = Page("Sources and builds", "Data", ":material/database:", render)
