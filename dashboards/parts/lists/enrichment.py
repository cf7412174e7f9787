"""The test of a list for enrichment, drawn: a table, and the strongest sets as dots."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import polars as pl
import streamlit as st

from analytics.interactive.enrichment import ANNOTATED, COLUMNS, Enrichment, enrich
from dashboards.parts.lists.shelf import Shelf
from dashboards.parts.lists.uploads import checked_content
from dashboards.parts.messages import show_error
from dashboards.parts.state import chosen_of, optional_of, several_of
from dashboards.parts.table import show_table
from dashboards.parts.text import plain
from warehouse.analyst.gene_sets import Collection, GeneSet, collections, notes_on_sets, parse_gmt
from warehouse.analyst.identifiers import Resolved
from warehouse.analyst.lists import follow
from warehouse.errors import TargetGraphError
from warehouse.model import FULL_MODEL, MODEL

if TYPE_CHECKING:
    import altair as alt

    from dashboards.page import View

_ALL_ANNOTATED = "All annotated genes"
_DONE, _READ = "enrichment_done", "enrichment_read"
_MOST_MB = 25
_KINDS = ("gmt", "txt", "tsv")
_DRAWN = 20


def show_enrichment(view: View, shelf: Shelf) -> None:
    """Ask for a list, a background and sets; test; show."""
    names = shelf.names_of("Gene")
    if not names:
        st.info("A list of genes is needed; make one first.", icon=":material/inbox:")
        return
    own = _own_sets(view)
    known = collections(FULL_MODEL if view.warehouse.runs else MODEL)
    titles = shelf.titles()
    columns = st.columns(3)
    with columns[0]:
        name = chosen_of("List of genes", names, "tested", names=titles)
    with columns[1]:
        background = optional_of(
            "Background",
            [*names, _ALL_ANNOTATED],
            "background",
            placeholder="Choose one",
            format_func=lambda one: titles.get(one, one),
            help="The genes that could have been detected: those that were measured. Results depend on it.",
        )
    with columns[2]:
        sets = _ask_sets(own, known)
    if st.button("Test", type="primary", icon=":material/science:"):
        chosen_sets = ([known[one] for one in sets if one in known], [s for one in sets for s in own.get(one, ())])
        question = f"{name} against {background} in {', '.join(sets)}"
        st.session_state[_DONE] = (question, _test(view, shelf, (name, background), chosen_sets))
    if _DONE in st.session_state:
        _show(view, *st.session_state[_DONE])


def _ask_sets(own: dict[str, list[GeneSet]], known: Mapping[str, Collection]) -> list[str]:
    """Collections, in the address; with files of one visitor, which are in no address, the choice is another one."""
    titles = {name: name for name in own} | {name: _called(one) for name, one in known.items()}
    if own:
        return st.multiselect(
            "Gene sets", list(titles), list(own), key=f"sets_{'|'.join(own)}", format_func=titles.__getitem__
        )
    default = ["PARTICIPATES_IN:Pathway"]
    return several_of("Gene sets", list(known), "sets", default=default, format_func=titles.get)


def _called(one: Collection) -> str:
    return f"{one.name} (predicted)" if one.predicted else one.name


def _own_sets(view: View) -> dict[str, list[GeneSet]]:
    """The gene sets of uploaded files, by the name of the file; what is wrong with one is said."""
    files = st.file_uploader(
        f"Gene sets of your own (GMT files; at most {_MOST_MB} MB each)",
        type=_KINDS,
        accept_multiple_files=True,
        max_upload_size=_MOST_MB,
        key="gmt",
        help="A line has a name, a description and genes of any kind of identifier, with tabs between. "
        "They are kept for this visit only, and nobody else sees them.",
    )
    kept = st.session_state.get(_READ, {})
    # What was read of a file is kept as long as the file and the build stay.
    read = {(view.warehouse.build, one.file_id): one for one in files}
    st.session_state[_READ] = {key: kept.get(key) or _read(view, one) for key, one in read.items()}
    found: dict[str, list[GeneSet]] = {}
    for key, file in read.items():
        sets = st.session_state[_READ][key]
        if isinstance(sets, TargetGraphError):
            show_error(sets)
        else:
            name = file.name if file.name not in found else f"{file.name} ({len(found) + 1})"
            found[name] = [replace(one, collection=name) for one in sets[0]]
            _say_read(name, *sets)
    return found


def _read(view: View, file: Any) -> tuple[list[GeneSet], list[Resolved]] | TargetGraphError:
    try:
        content = checked_content(file, _MOST_MB, _KINDS)
        with st.spinner(f"Reading {plain(file.name)} ...", show_time=True), view.warehouse.reading() as connection:
            return parse_gmt(connection, content, file.name)
    except TargetGraphError as error:
        return error


def _say_read(name: str, sets: list[GeneSet], lost: list[Resolved]) -> None:
    told = f"{name}: {len(sets):,} gene sets."
    if lost:
        shown = ", ".join(one.given[:30] for one in lost[:5])
        more = " and others" if len(lost) > 5 else ""
        told += f" {len(lost):,} texts are no genes of this build or mean several, and do not count: {shown}{more}."
    st.caption(plain(told))
    for note in notes_on_sets(sets):
        st.caption(plain(note))


def _test(
    view: View,
    shelf: Shelf,
    asked: tuple[str, str | None],
    sets: tuple[list[Collection], list[GeneSet]],
) -> Enrichment | TargetGraphError | str:
    name, background = asked
    if background is None:
        return "Choose a background: the genes that could have been found."
    try:
        with st.spinner("Testing ...", show_time=True), view.warehouse.reading() as connection:
            members, _changes = follow(connection, shelf.get(name), view.warehouse.build.id)
            universe: list[str] | str = ANNOTATED
            if background != _ALL_ANNOTATED:
                universe = follow(connection, shelf.get(background), view.warehouse.build.id)[0].ids
            return enrich(connection, members.ids, universe, *sets)
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
        shown = _named(done.table)
        show_table(
            view, shown, f"Enrichment of {question}", key="enriched", entity_columns=["set_id"], help_texts=COLUMNS
        )


def _named(table: pl.DataFrame) -> pl.DataFrame:
    """The table with the sets of files under their names: they have no report to which an id could lead."""
    own = ~pl.col("collection").is_in(list(collections(FULL_MODEL)))
    named = pl.concat_str("set_id", "set_name", separator=": ", ignore_nulls=True)
    return table.with_columns(
        set_id=pl.when(~own).then("set_id"), set_name=pl.when(own).then(named).otherwise("set_name")
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
