"""What the receipts of builds tell, and what changed between two builds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl
import streamlit as st

from dashboards.parts.state import chosen_of
from dashboards.parts.table import show_table
from warehouse.answer import Answer
from warehouse.diff import difference

if TYPE_CHECKING:
    from dashboards.page import View

_STATE_ICONS = {"green": "✓ green", "warning": "⚠ warning", "failed": "✗ failed", "unpinned": "? unpinned"}


def source_row(source: dict[str, Any]) -> dict[str, Any]:
    """What a build read of a source, from its receipt."""
    files = source["files"]
    return {
        "source": source["title"],
        "status": _STATE_ICONS.get(source["status"], source["status"]),
        "release": ", ".join(sorted({file["release"] for file in files})),
        "files": len(files),
        "read": sum(file["rows_read"] for file in files),
        "kept": sum(file["rows_kept"] for file in files),
        "set_aside": sum(file["rows_quarantined"] for file in files),
        "values_set_aside": sum(sum(file.get("cells", {}).values()) for file in files),
        "out_of_scope": sum(file["rows_out_of_scope"] for file in files),
        "statements": source["statements"],
        "missing": ", ".join(source["missing"]),
    }


def _build_row(name: str, receipt: dict[str, Any], current: str) -> dict[str, Any]:
    """What a build is; `current` is the one that is shown."""
    return {
        "build": name,
        "current": "yes" if name == current else "",
        "made_at": receipt.get("made_at"),
        "refreshed": ", ".join(receipt.get("refreshed", [])) or "all",
        "rows": sum(receipt["counts"].values()),
        "content_hash": str(receipt.get("content_hash", ""))[:16],
    }


def show_builds(view: View) -> None:
    """The builds that are kept; on a click, what changed between two of them."""
    builds = view.home.builds()
    rows = [_build_row(build.id, build.receipt(), view.warehouse.build.id) for build in reversed(builds)]
    show_table(view, pl.DataFrame(rows, infer_schema_length=None), "Builds that are kept", key="builds")
    if len(builds) < 2:
        st.caption("With a second build, what changed between the two is shown here.")
        return
    names = [build.id for build in builds]
    before, after = st.columns(2)
    with before:
        old = chosen_of("Before", names, "before", first=len(names) - 2)
    with after:
        new = chosen_of("After", names, "after", first=len(names) - 1)
    if st.button("Compare", icon=":material/difference:"):
        with st.spinner("Comparing ..."):
            found = difference(view.home.build(old), view.home.build(new))
        question = f"What differs between {old} and {new}"
        show_table(view, found.by_source, question, key="by_source", empty="Nothing differs.")
        if found.rows.height:
            most = view.warehouse.limits.rows
            listed = Answer(found.rows.head(most).to_arrow(), truncated=found.rows.height > most)
            show_table(view, listed, f"{question}, row by row", key="rows")
