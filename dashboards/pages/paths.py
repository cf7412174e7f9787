"""What links two entities: types of paths against chance, and the paths themselves."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

import polars as pl
import streamlit as st

from dashboards.page import Page, View
from dashboards.parts.state import chosen_of, entry_of
from dashboards.parts.table import show_table
from dashboards.parts.text import plain
from warehouse.analyst.identifiers import require
from warehouse.answer import Answer
from warehouse.model import MODEL, Use

if TYPE_CHECKING:
    from analytics.interactive.paths.paths import Connections
    from warehouse.home import Build
    from warehouse.warehouse import Warehouse

#: What is chosen at first: from a gene to a disease.
_FIRST = ("Gene", "Disease")
_EXAMPLES = 50


def render(view: View) -> None:
    """Draw the page."""
    from analytics.interactive.paths.paths import COLUMNS, Ends

    columns = st.columns([1, 2, 1, 2])
    kinds, texts = [], []
    types = MODEL.labels_for(Use.CHOICES)
    for place, (name, key) in enumerate((("From", "from"), ("To", "to"))):
        with columns[2 * place]:
            kinds.append(chosen_of(f"{name} a", types, f"{key}_type", first=types.index(_FIRST[place])))
        with columns[2 * place + 1]:
            texts.append(entry_of(name, key, placeholder="Symbol, name or id"))
    lengths = {n: f"{n} step{'s' if n > 1 else ''}" for n in (1, 2, 3, 4)}
    draw = st.segmented_control
    longest = chosen_of("Longest path", list(lengths), "longest", names=lengths, first=2, draw=draw, required=True)
    if not all(text.strip() for text in texts):
        st.info("Name two entities.", icon=":material/route:")
        return
    with view.warehouse.reading() as connection:
        ends = Ends(*(require(connection, text, kind) for text, kind in zip(texts, kinds, strict=True)))
    with st.spinner("Counting paths ...", show_time=True), view.warehouse.reading() as connection:
        connections = _read(view.warehouse, view.warehouse.build)
        table = connections.types(connection, [ends], longest).drop("source_id", "target_id")
    st.caption("Select a row to see its paths. *Expected* is what a graph with the same degrees would have.")
    row = show_table(
        view, table, f"Paths from {texts[0]} to {texts[1]}", key="types", help_texts=COLUMNS, select=["path_type"],
        empty="No path links the two.",
    )  # fmt: skip
    if row is not None:
        with view.warehouse.reading() as connection:
            found = connections.examples(connection, ends, row["path_type"], _EXAMPLES)
        st.markdown(plain(row["path_type"]))
        steps = pl.DataFrame([{f"step_{place}": name for place, name in enumerate(names)} for names in found.paths])
        shown = Answer(steps.to_arrow(), truncated=found.total > len(found.paths) or not found.complete)
        show_table(view, shown, f"Paths {row['path_type']}", key="paths")


@st.cache_resource(max_entries=2, show_spinner=False)
def _read(_warehouse: Warehouse, build: Build) -> Connections:
    """The arrays of a build, shared by all visitors."""
    from analytics.interactive.paths.paths import Connections

    with _warehouse.reading() as connection:
        return Connections(connection)


def _prepare(warehouse: Warehouse) -> None:
    _read(warehouse, warehouse.build)
    importlib.import_module("scipy.special")


PAGE = Page(
    "Paths",
    "Explore",
    ":material/route:",
    render,
    order=40,
    sample={"from": "SKP1", "to": "lung cancer"},
    prepare=_prepare,
)
