"""The test of a list for enrichment, drawn: a table, and the strongest sets as dots."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import streamlit as st

from dashboards.parts.messages import show_error
from dashboards.parts.table import show_table
from warehouse.analyst.enrichment import ANNOTATED, COLUMNS, Enrichment, enrich
from warehouse.analyst.gene_sets import chosen, collections
from warehouse.analyst.lists import Lists, follow
from warehouse.errors import TargetGraphError

if TYPE_CHECKING:
    import altair as alt

    from dashboards.page import View

_ALL_ANNOTATED = "All annotated genes"
_DONE = "enrichment_done"
_DRAWN = 20


def show_enrichment(view: View, lists: Lists) -> None:
    """Ask for a list, a background and sets; test; show."""
    names = [name for name in lists.names() if lists.get(name).type == "Gene"]
    if not names:
        st.info("A list of genes is needed; make one first.", icon=":material/inbox:")
        return
    with st.form("enrichment", border=False):
        columns = st.columns(3)
        name = columns[0].selectbox("List of genes", names, key="tested")
        background = columns[1].selectbox(
            "Background",
            [*names, _ALL_ANNOTATED],
            index=None,
            key="background",
            placeholder="Choose one",
            help="The genes that could have been found: those that were measured. The answer hangs on it.",
        )
        sets = columns[2].multiselect("Gene sets", list(collections()), ["PARTICIPATES_IN:Pathway"], key="sets")
        asked = st.form_submit_button("Test", type="primary", icon=":material/science:")
    if asked:
        st.session_state[_DONE] = (f"{name} against {background}", _test(view, lists, (name, background), sets))
    if _DONE in st.session_state:
        _show(view, *st.session_state[_DONE])


def _test(
    view: View, lists: Lists, asked: tuple[str, str | None], sets: list[str]
) -> Enrichment | TargetGraphError | str:
    name, background = asked
    if background is None:
        return "Choose a background: the genes that could have been found."
    try:
        with st.spinner("Testing ...", show_time=True), view.warehouse.reading() as connection:
            members, _changes = follow(connection, lists.get(name), view.warehouse.build.id)
            universe: list[str] | str = ANNOTATED
            if background != _ALL_ANNOTATED:
                universe = follow(connection, lists.get(background), view.warehouse.build.id)[0].ids
            return enrich(connection, members.ids, universe, chosen(sets))
    except TargetGraphError as error:
        return error


def _show(view: View, question: str, done: Enrichment | TargetGraphError | str) -> None:
    if isinstance(done, str):
        st.warning(done, icon=":material/info:")
    elif isinstance(done, TargetGraphError):
        show_error(done)
    else:
        left_out = f" {len(done.outside):,} genes of the list are not in it and did not count." if done.outside else ""
        st.caption(f"{done.tested:,} sets against a background of {done.background_size:,} genes.{left_out}")
        if len(done.table):
            st.altair_chart(_dots(done.table.head(_DRAWN)))
        show_table(
            view, done.table, f"Enrichment of {question}", key="enriched", entity_columns=["set_id"], help_texts=COLUMNS
        )


def _dots(table: pl.DataFrame) -> alt.LayerChart:
    """The strongest sets: fold enrichment with its interval, the size of a dot for its hits."""
    import altair as alt

    drawn = table.select(
        pl.coalesce("set_name", "set_id").alias("set"), "fold_enrichment", "fold_low", "fold_high", "hits", "fdr"
    ).with_columns(log_fdr=-pl.max_horizontal(pl.col("fdr"), 1e-300).log10())
    base = alt.Chart(drawn.to_arrow()).encode(
        y=alt.Y("set:N", sort=None, title=None, axis=alt.Axis(labelLimit=320)),
        tooltip=["set:N", "hits:Q", alt.Tooltip("fold_enrichment:Q", format=".3g"), alt.Tooltip("fdr:Q", format=".2e")],
    )
    scale = alt.Scale(type="log", nice=False)
    lines = base.mark_rule(opacity=0.5).encode(
        x=alt.X("fold_low:Q", scale=scale, title="Fold enrichment, with its 95 % interval"), x2="fold_high:Q"
    )
    dots = base.mark_circle(opacity=1).encode(
        x=alt.X("fold_enrichment:Q", scale=scale),
        size=alt.Size("hits:Q", title="Hits"),
        color=alt.Color("log_fdr:Q", title="-log10 FDR", scale=alt.Scale(scheme="viridis")),
    )
    drawn_together: alt.LayerChart = lines + dots
    return drawn_together
