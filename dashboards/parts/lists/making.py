"""Making a list on a page: of identifiers pasted or uploaded, with a report of what each means, or of two lists."""

from __future__ import annotations

import polars as pl
import streamlit as st

from dashboards.page import View
from dashboards.parts.lists.shelf import Shelf
from dashboards.parts.lists.uploads import checked_content
from dashboards.parts.messages import show_error
from dashboards.parts.state import chosen_of, entry_of
from dashboards.parts.table import show_table
from dashboards.parts.text import plain
from warehouse.analyst.columns import first_column, identifiers_of, table_columns, text_of
from warehouse.analyst.identifiers import Outcome, Resolved
from warehouse.analyst.lists import OPERATIONS, combine, from_report
from warehouse.analyst.name_lists import NamesRead, read_names
from warehouse.errors import QuestionError, TargetGraphError
from warehouse.model import MODEL, Use

_REPORT = "lists_report"
_MOST_MB = 10
_KINDS = ("txt", "csv", "tsv", "list")


def make_list(view: View, shelf: Shelf) -> None:
    """Ask for identifiers, report what they mean, and offer to save them as a list."""
    label = chosen_of("Type", MODEL.labels_for(Use.CHOICES), "type", draw=st.segmented_control, required=True)
    text = entry_of(
        "Identifiers",
        "ids",
        draw=st.text_area,
        height=160,
        placeholder="TP53, MLL, P04637, ENSG00000146648, 7157\nor one a line, of any kind",
        help="Names with commas, semicolons or tabs between, or one a line. A name may have blanks in it.",
    )
    try:
        uploaded = _uploaded()
    except TargetGraphError as error:
        show_error(error)
        uploaded = []
    if st.button("See what they mean", type="primary", icon=":material/fact_check:"):
        st.session_state[_REPORT] = _resolved(view, label, text, uploaded)
    report = st.session_state.get(_REPORT)
    if isinstance(report, TargetGraphError):
        show_error(report)
    elif report:
        for note in report.notes:
            st.caption(plain(note))
        _show_report(view, report.report)
        _offer_to_save(view, shelf, label, report.report)


def _uploaded() -> list[str]:
    """The identifiers in an uploaded file: of a table those in the column that the visitor chooses."""
    file = st.file_uploader(
        f"Or a file: one a line, or a table (CSV, TSV, text; at most {_MOST_MB} MB)",
        type=_KINDS, max_upload_size=_MOST_MB, key="file",
    )  # fmt: skip
    if file is None:
        return []
    text = text_of(checked_content(file, _MOST_MB, _KINDS), file.name)
    columns = table_columns(text)
    if not columns:
        return identifiers_of(text)[0]
    names = list(columns)
    name = st.selectbox(
        "Column of identifiers", names, key="column", index=names.index(first_column(columns)),
        help="The file is a table; one column of it is read.",
    )  # fmt: skip
    return columns[name]


def _resolved(view: View, label: str, pasted: str, uploaded: list[str]) -> NamesRead | TargetGraphError:
    try:
        given, taken = identifiers_of(pasted)
        if not given and not uploaded:
            raise QuestionError("There are no identifiers yet.", "Paste some, or upload a file.")
        with view.warehouse.reading() as connection:
            read = read_names(connection, [*given, *uploaded], label)
        column = () if taken is None else (f"The pasted text is a table: its column {taken!r} was read.",)
        return NamesRead(read.report, (*column, *read.notes))
    except TargetGraphError as error:
        return error


def _show_report(view: View, report: list[Resolved]) -> None:
    counts = {outcome: sum(one.outcome is outcome for one in report) for outcome in Outcome}
    shown = [outcome for outcome in Outcome if outcome is not Outcome.MISSING or counts[outcome]]
    for column, outcome in zip(st.columns(len(shown)), shown, strict=True):
        column.metric(outcome.capitalize(), f"{counts[outcome]:,}", border=True)
    rows = [
        {"given": one.given, "outcome": str(one.outcome), "id": one.id, "name": one.name, "how": one.how,
         "candidates": list(one.candidates)}
        for one in sorted(report, key=lambda one: list(Outcome).index(one.outcome), reverse=True)
    ]  # fmt: skip
    frame = pl.DataFrame(rows, schema_overrides={"id": pl.String, "name": pl.String, "candidates": pl.List(pl.String)})
    show_table(view, frame, "What the identifiers mean", key="report", entity_columns=["id"])


def _offer_to_save(view: View, shelf: Shelf, label: str, report: list[Resolved]) -> None:
    with st.form("keep", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.text_input("Name of the list", key="name")
        replacing = st.checkbox("Overwrite existing list", key="replacing")
        saved = st.form_submit_button("Save list", icon=":material/save:")
    if shelf.is_of_session:
        st.caption("You have no account here: the list stays in this session. Download it in the tab Lists to keep it.")
    if not saved:
        return
    try:
        kept = from_report(name.strip(), label, report, view.warehouse.build.id)
        shelf.save(kept, replacing=replacing)
        st.success(f"{plain(kept.name)} has {kept.size}.", icon=":material/check:")
    except TargetGraphError as error:
        show_error(error)


def combine_lists(_view: View, shelf: Shelf) -> None:
    """Make a list of two: their union, intersection or difference."""
    names = shelf.names()
    if len(names) < 2:
        st.info("Two lists are needed.", icon=":material/inbox:")
        return
    columns = st.columns(3)
    with columns[0]:
        first = chosen_of("First list", names, "first", names=shelf.titles())
    with columns[1]:
        operation = chosen_of("Operation", list(OPERATIONS), "operation")
    with columns[2]:
        second = chosen_of("Second list", names, "second", names=shelf.titles(), first=1)
    with st.form("join", border=False):
        name = st.text_input("Name of the new list", key="joined")
        if not st.form_submit_button("Combine", icon=":material/join:"):
            return
    try:
        made = combine(name.strip(), operation, shelf.get(first), shelf.get(second))
        shelf.save(made)
        st.success(f"{plain(made.name)} has {made.size}.", icon=":material/check:")
    except TargetGraphError as error:
        show_error(error)
