"""All that is known of one entity: properties, relationships, and who says so. Made from the data model."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import polars as pl
import streamlit as st

from dashboards.page import Page, View
from dashboards.parts.entity import (
    Entity,
    find_entity,
    relationship_counts,
    show_properties,
    show_relationships,
    show_what_is_said,
)
from dashboards.parts.state import entry_of, tabs_of
from dashboards.parts.structure import show_structure
from dashboards.parts.table import show_table
from dashboards.parts.text import plain, source_address
from warehouse.model import FULL_MODEL

#: The panels that a type of the model may name, by name: each takes the view and the id of an entity.
PANELS: Mapping[str, Callable[[View, str], None]] = {"structure": show_structure}


def render(view: View) -> None:
    """Draw the page."""
    wanted = entry_of("Identifier", "id", placeholder="hgnc:11998", help="An identifier, as search gives it.").strip()
    if not wanted:
        st.info("Give an identifier, or come here from a search.", icon=":material/info:")
        return
    entity = find_entity(view, wanted)
    if entity is None:
        _say_unknown(view, wanted)
        return
    _head(entity)
    # Only what is looked at is drawn; the address says which it is.
    about, related, said = tabs_of(["About", "Relationships", "Who says so"])
    if about.open:
        with about:
            _about(view, entity)
    if related.open:
        with related:
            show_relationships(view, entity)
    if said.open:
        with said:
            show_what_is_said(view, entity)


def _say_unknown(view: View, wanted: str) -> None:
    st.warning(f"This build has no entity {plain(wanted)}.", icon=":material/search_off:")
    near = view.warehouse.search(wanted.rpartition(":")[2] or wanted, None, 10)
    if len(near):
        st.markdown("Did you mean one of these?")
        show_table(view, near, f"Search for {wanted}", key="near", entity_columns=("id",))


def _head(entity: Entity) -> None:
    meaning = FULL_MODEL.entities[entity.type].meaning
    name = entity.values.get("name") or ""
    title = f"{plain(entity.name)} :gray[{plain(name)}]" if name and name != entity.name else plain(entity.name)
    st.header(title, anchor=False, help=plain(meaning))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.badge(entity.type, color="blue")
        st.markdown(f"`{entity.id}`")
        for source in entity.values.get("sources") or ():
            st.badge(source, color="gray")
        st.link_button("At its source", source_address(entity.id), icon=":material/open_in_new:", type="tertiary")


def _about(view: View, entity: Entity) -> None:
    panels = FULL_MODEL.entities[entity.type].panels
    for panel in panels:
        PANELS[panel](view, entity.id)
    if panels:
        st.subheader("Properties", anchor=False)
    show_properties(view, entity)
    st.subheader("What it is related with", anchor=False)
    counted = relationship_counts(view, entity).select(
        "type", "direction", pl.col("other").alias("with"), pl.col("n").alias("count")
    )
    show_table(
        view,
        counted,
        f"Relationships of {entity.id}, counted",
        key="counted",
        empty="No relationship of it is known.",
        help_texts={"direction": "From it (to), to it (from), or both ways (with)."},
    )


PAGE = Page("Report", "Ask", ":material/lab_profile:", render, order=10, sample={"id": "hgnc:10899"})
