"""Lists of entities: pasted or uploaded, resolved with a report, saved, combined, tested for enrichment."""

from __future__ import annotations

import polars as pl
import streamlit as st

from dashboards.page import Page, View
from dashboards.parts.lists.enrichment import show_enrichment
from dashboards.parts.lists.making import combine_lists, make_list
from dashboards.parts.lists.shelf import SESSION, Shelf, shown_name
from dashboards.parts.messages import show_error, show_message
from dashboards.parts.state import chosen_of, forget, tabs_of
from dashboards.parts.table import show_table
from dashboards.parts.text import plain
from warehouse.analyst.lists import Change, EntityList, as_json, follow
from warehouse.errors import TargetGraphError

_MESSAGE = "lists_message"


def render(view: View) -> None:
    """Draw the page."""
    shelf = Shelf(view)
    tabs = tabs_of(["Make a list", "Lists", "Combine", "Enrichment"])
    for tab, draw in zip(tabs, (make_list, _look, combine_lists, show_enrichment), strict=True):
        with tab:
            # What one tab cannot show hides nothing of the others.
            try:
                draw(view, shelf)
            except TargetGraphError as error:
                show_error(error)
                if SESSION in error.message:
                    st.caption("Only its maker sees a list of a session, until the session ends. Ask for a file.")


def _look(view: View, shelf: Shelf) -> None:
    if (message := st.session_state.pop(_MESSAGE, None)) is not None:
        show_message(message)
    names = shelf.names()
    if not names and "list" not in st.query_params:
        st.info("There are no lists yet.", icon=":material/inbox:")
        return
    name = chosen_of("List", names, "list", names=shelf.titles())
    kept = shelf.get(name)
    with view.warehouse.reading() as connection:
        now, changes = follow(connection, kept, view.warehouse.build.id)
    _show_owner(shelf, name, kept)
    _show_members(view, now, changes)
    st.download_button(
        "JSON", as_json(kept), f"{kept.name}.json", "application/json", on_click="ignore", icon=":material/download:",
        help="The list with the texts that were given for its members.",
    )  # fmt: skip
    if shelf.may_change(name):
        with st.popover("Delete list", icon=":material/delete:"):
            st.button("Delete permanently", on_click=_remove, args=[shelf, name], key="remove")


def _show_owner(shelf: Shelf, name: str, kept: EntityList) -> None:
    if name.startswith(SESSION):
        st.info("This list is in your session only. Download it before you close or reload the page.")
    else:
        only = "" if shelf.may_change(name) else " Only its owner and operators can change it."
        st.caption(plain(f"Owner: {kept.owner or 'the operator'}.{only}"))


def _remove(shelf: Shelf, name: str) -> None:
    try:
        shelf.remove(name)
        forget("list")
        st.session_state[_MESSAGE] = f"The list {shown_name(name)} is deleted."
    except TargetGraphError as error:
        st.session_state[_MESSAGE] = error


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
        with st.expander(f"{lost.height:,} identifiers not added", icon=":material/help:"):
            show_table(view, lost, f"Identifiers not added to {now.name}", key="unresolved")


PAGE = Page("Lists", "Explore", ":material/checklist:", render, order=20, sample={"type": "Gene"})
