"""What the page of targets asks for and shows: weights, the cohort, the table, and what a cell of it counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import streamlit as st

from analytics.interactive.prioritisation import BY_NAME, CRITERIA, Prioritised, explain, general_counts, prioritise
from dashboards.parts.state import chosen_of, flag_of, number_of
from dashboards.parts.table import show_table
from dashboards.parts.text import plain, report_address
from warehouse.analyst.expression import cohorts_with_levels

if TYPE_CHECKING:
    from dashboards.page import View
    from warehouse.home import Build
    from warehouse.warehouse import Warehouse


@st.cache_data(max_entries=32, show_spinner=False)
def prioritised(
    _warehouse: Warehouse,
    build: Build,
    disease: str,
    weights: tuple[tuple[str, float], ...],
    neighbours: int | None,
    cohort: str | None,
) -> Prioritised:
    """The table, kept for the clicks that only open its cells."""
    known = counts_of_all_genes(_warehouse, build)
    return prioritise(_warehouse, disease, dict(weights), with_neighbours_of=neighbours, cohort=cohort, known=known)


@st.cache_resource(max_entries=2, show_spinner=False)
def counts_of_all_genes(_warehouse: Warehouse, build: Build) -> dict[str, dict[str, float]]:
    """What is counted alike for every disease, once for a build."""
    return general_counts(_warehouse)


def ask_weights() -> tuple[Mapping[str, float], int | None]:
    """The weight of each criterion; and with how many of the disease's genes others must interact to be there too."""
    with st.expander("Weights", icon=":material/tune:"):
        columns = st.columns(4)
        weights = {}
        for place, one in enumerate(CRITERIA):
            with columns[place % 4]:
                label, draw = one.name.replace("_", " ").capitalize(), st.slider
                weights[one.name] = number_of(
                    label, 0.0, 5.0, float(one.weight), one.name, draw=draw, step=0.5, help=one.meaning
                )
        also = flag_of("Include genes with at least N disease-gene partners", "also")
        least = number_of("Minimum partners", 1, 100, 8, "least", draw=st.number_input, disabled=not also)
    return weights, int(least) if also else None


def ask_cohort(view: View) -> str | None:
    """The cohort whose tumours tell how strongly genes are expressed; None = one that studies the disease."""
    known = ["", *_cohorts(view.warehouse, view.warehouse.build)]
    if len(known) == 1:
        return None
    names = {"": "Matching cohort (automatic)", **{one: one for one in known if one}}
    return chosen_of("Expression in the tumours of", known, "cohort", names=names) or None


@st.cache_data(max_entries=2, show_spinner=False)
def _cohorts(_warehouse: Warehouse, build: Build) -> list[str]:
    return list(cohorts_with_levels(_warehouse))


def show_targets(view: View, text: str, found: Prioritised) -> None:
    """The table; of the row that is chosen, what its cells count."""
    used = ", ".join(f"{name} {weight:g}" for name, weight in found.weights.items() if weight)
    named = [name for (name,) in view.sql("SELECT name FROM disease WHERE id = $id", id=found.disease).rows() if name]
    title = plain(named[0] if named else found.disease)
    st.subheader(f"[{title}]({report_address(found.disease)})", anchor=False)
    st.caption("Select a row to see its evidence. The score ranks a reading list; it is not a probability.")
    for note in found.notes:
        st.caption(plain(note))
    row = show_table(
        view,
        found.table,
        f"Targets of {text} ({found.disease}), weights: {used}",
        key="targets",
        entity_columns=["gene_id"],
        help_texts={one.name: one.meaning for one in CRITERIA},
        select=["gene_id"],
    )
    if row is not None:
        _open_cells(view, found, row)


def _open_cells(view: View, found: Prioritised, row: Mapping[str, Any]) -> None:
    counted = [one.name for one in CRITERIA if row.get(one.name)]
    if not counted:
        return
    label, draw = f"What is counted for {plain(row['gene'])}", st.pills
    names = {one: f"{one.replace('_', ' ')} {row[one]:,}" for one in counted}
    name = chosen_of(label, counted, "cell", names=names, of=str(row["gene_id"]), draw=draw, required=True)
    answer = explain(view.warehouse, found.disease, str(row["gene_id"]), name, found.cohort)
    ids = [column for column in answer.columns if column.endswith("_id")]
    st.markdown(plain(BY_NAME[name].meaning))
    show_table(view, answer, f"{BY_NAME[name].meaning}: {row['gene']}", key="opened", entity_columns=ids)
