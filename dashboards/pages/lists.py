"""Lists of entities: pasted or uploaded, resolved with a report, combined, tested for enrichment."""

from __future__ import annotations

import polars as pl
import streamlit as st

from dashboards.page import Page, View
from dashboards.parts.enrichment import show_enrichment
from dashboards.parts.list_making import combine_lists, make_list
from dashboards.parts.messages import show_error
from dashboards.parts.table import show_table
from dashboards.parts.text import plain
from warehouse.analyst.lists import Change, EntityList, Lists, follow
from warehouse.errors import TargetGraphError

_TOLD = "lists_told"


def render(view: View) -> None:
    """Draw the page."""
    lists = Lists(view.home)
    make, look, join, test = st.tabs(["Make a list", "Lists", "Combine", "Enrichment"], key="tab", bind="query-params")
    with make:
        make_list(view, lists)
    with look:
        _look(view, lists)
    with join:
        combine_lists(lists)
    with test:
        show_enrichment(view, lists)


def _look(view: View, lists: Lists) -> None:
    names = lists.names()
    if not names:
        st.info("There are no lists yet.", icon=":material/inbox:")
        return
    if (told := st.session_state.pop(_TOLD, None)) is not None:
        show_error(told)
    name = st.selectbox("List", names, key="list", bind="query-params")
    with view.warehouse.reading() as connection:
        now, changes = follow(connection, lists.get(name), view.warehouse.build.id)
    _show_members(view, now, changes)
    with st.popover("Forget this list", icon=":material/delete:"):
        st.button("Forget it for good", on_click=_remove, args=[lists, name], key="remove")


def _remove(lists: Lists, name: str) -> None:
    try:
        lists.remove(name)
    except TargetGraphError as error:
        st.session_state[_TOLD] = error


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
    if now.unresolved:
        lost = pl.DataFrame(now.unresolved, schema=["given", "why"], orient="row")
        with st.expander(f"{lost.height:,} texts became no member", icon=":material/help:"):
            show_table(view, lost, f"What became no member of {now.name}", key="unresolved")


PAGE = Page("Lists", "Explore", ":material/checklist:", render, order=20, sample={"type": "Gene"})
