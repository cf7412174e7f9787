"""Lists of entities: pasted or uploaded, resolved with a report, combined, tested for enrichment."""

from __future__ import annotations

import polars as pl
import streamlit as st

from dashboards.page import Page, View
from dashboards.parts.enrichment import show_enrichment
from dashboards.parts.messages import show_error
from dashboards.parts.table import show_table
from dashboards.parts.text import plain
from warehouse.analyst.identifiers import Outcome, Resolved, resolve, split
from warehouse.analyst.lists import OPERATIONS, Change, EntityList, Lists, combine, follow, from_report
from warehouse.errors import TargetGraphError

_TYPES = ("Gene", "Protein", "Drug", "Disease", "Pathway")
_REPORT = "lists_report"


def render(view: View) -> None:
    """Draw the page."""
    lists = Lists(view.home)
    make, look, join, test = st.tabs(["Make a list", "Lists", "Combine", "Enrichment"], key="tab")
    with make:
        _make(view, lists)
    with look:
        _look(view, lists)
    with join:
        _join(lists)
    with test:
        show_enrichment(view, lists)


def _make(view: View, lists: Lists) -> None:
    label = st.segmented_control("Type", _TYPES, default="Gene", key="type", bind="query-params", required=True)
    text = st.text_area(
        "Identifiers",
        key="ids",
        height=160,
        placeholder="TP53, MLL, P04637, ENSG00000146648, 7157\nor one a line, of any kind",
    )
    file = st.file_uploader("Or a file with one a line (CSV, TSV, text)", type=["txt", "csv", "tsv", "list"])
    if st.button("See what they mean", type="primary", icon=":material/fact_check:"):
        st.session_state[_REPORT] = _resolved(view, label, f"{text}\n{_read(file)}")
    report = st.session_state.get(_REPORT)
    if isinstance(report, TargetGraphError):
        show_error(report)
    elif report:
        _show_report(view, report)
        _offer_to_keep(view, lists, label, report)


def _read(file: object) -> str:
    """The text of an upload; bytes that are no UTF-8 are shown as such, and so resolve to nothing."""
    return "" if file is None else file.getvalue().decode("utf-8-sig", errors="replace")  # type: ignore[attr-defined]


def _resolved(view: View, label: str, text: str) -> list[Resolved] | TargetGraphError:
    try:
        with view.warehouse.reading() as connection:
            return resolve(connection, split(text), label)
    except TargetGraphError as error:
        return error


def _show_report(view: View, report: list[Resolved]) -> None:
    columns = st.columns(len(Outcome))
    for column, outcome in zip(columns, Outcome, strict=True):
        column.metric(outcome.capitalize(), f"{sum(one.outcome is outcome for one in report):,}", border=True)
    rows = [
        {"given": one.given, "outcome": str(one.outcome), "id": one.id, "name": one.name, "how": one.how,
         "candidates": list(one.candidates)}
        for one in sorted(report, key=lambda one: list(Outcome).index(one.outcome), reverse=True)
    ]  # fmt: skip
    frame = pl.DataFrame(rows, schema_overrides={"id": pl.String, "name": pl.String, "candidates": pl.List(pl.String)})
    show_table(view, frame, "What the identifiers mean", key="report", entity_columns=["id"])


def _offer_to_keep(view: View, lists: Lists, label: str, report: list[Resolved]) -> None:
    with st.form("keep", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.text_input("Name of the list", key="name")
        replacing = st.checkbox("Replace the one of that name", key="replacing")
        if not st.form_submit_button("Keep the list", icon=":material/save:"):
            return
    try:
        kept = from_report(name.strip(), label, report, view.warehouse.build.id)
        lists.save(kept, replacing=replacing)
        st.success(f"{plain(kept.name)} has {len(kept.members):,} members.", icon=":material/check:")
    except TargetGraphError as error:
        show_error(error)


def _look(view: View, lists: Lists) -> None:
    names = lists.names()
    if not names:
        st.info("There are no lists yet.", icon=":material/inbox:")
        return
    name = st.selectbox("List", names, key="list", bind="query-params")
    with view.warehouse.reading() as connection:
        now, changes = follow(connection, lists.get(name), view.warehouse.build.id)
    _show_members(view, now, changes)
    with st.popover("Forget this list", icon=":material/delete:"):
        st.button("Forget it for good", on_click=lists.remove, args=[name], key="remove")


def _show_members(view: View, now: EntityList, changes: list[Change]) -> None:
    if now.description:
        st.markdown(plain(now.description))
    for change in changes:
        became = "" if change.id is None else f", now {change.name} ({change.id})"
        st.warning(plain(f"{change.member.name} ({change.member.id}) is {change.what}{became}."))
    frame = pl.DataFrame(
        [{"id": one.id, "name": one.name, "given": list(one.given)} for one in now.members],
        schema={"id": pl.String, "name": pl.String, "given": pl.List(pl.String)},
    )
    show_table(view, frame, f"The list {now.name}", key="members", entity_columns=["id"])


def _join(lists: Lists) -> None:
    names = lists.names()
    if len(names) < 2:
        st.info("Two lists are needed.", icon=":material/inbox:")
        return
    with st.form("join", border=False):
        columns = st.columns(3)
        first = columns[0].selectbox("First list", names, key="first")
        operation = columns[1].selectbox("Operation", list(OPERATIONS), key="operation")
        second = columns[2].selectbox("Second list", names, index=1, key="second")
        name = st.text_input("Name of the new list", key="joined")
        if not st.form_submit_button("Combine", icon=":material/join:"):
            return
    try:
        made = combine(name.strip(), operation, lists.get(first), lists.get(second))
        lists.save(made)
        st.success(f"{plain(made.name)} has {len(made.members):,} members.", icon=":material/check:")
    except TargetGraphError as error:
        show_error(error)


PAGE = Page("Lists", "Explore", ":material/checklist:", render, order=20, sample={"type": "Gene"})
