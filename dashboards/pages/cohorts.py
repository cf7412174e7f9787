"""Survival of the patients of a cohort, divided by the expression, mutation or copy number of a gene."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import streamlit as st

from analytics.interactive.survival_groups import SPLITS, Split, grouped, values
from dashboards.page import Page, View
from dashboards.parts.state import chosen_of, entry_of
from dashboards.parts.survival import show_survival
from dashboards.parts.text import plain
from warehouse.analyst.identifiers import Outcome, resolve
from warehouse.analyst.samples import Samples, select_samples
from warehouse.answer import to_polars

if TYPE_CHECKING:
    from warehouse.home import Build
    from warehouse.warehouse import Warehouse

_ENDPOINTS = {
    "OS": "Overall survival",
    "DSS": "Disease-specific survival",
    "PFI": "Progression-free interval",
    "DFI": "Disease-free interval",
    "DFS": "Disease-free survival",
    "PFS": "Progression-free survival",
    "RFS": "Recurrence-free survival",
    "EFS": "Event-free survival",
    "MFS": "Metastasis-free survival",
}
_SAMPLES: dict[str, str] = {
    Samples.TUMOUR: "Tumour",
    Samples.NORMAL: "Normal tissue",
    Samples.BOTH: "Tumour, else normal tissue",
}


def render(view: View) -> None:
    """Draw the page."""
    matrices = _matrices(view.warehouse, view.warehouse.build)
    if matrices.is_empty():
        st.info("This build has no cohort with molecular values.", icon=":material/inbox:")
        return
    first, second, third = st.columns(3)
    with first:
        cohort = chosen_of("Cohort", matrices["cohort_id"].unique(maintain_order=True).to_list(), "cohort")
        symbol = entry_of("Gene", "gene", placeholder="A symbol: TP53").strip()
    kinds = {row["matrix"]: row["kind"] for row in matrices.iter_rows(named=True) if row["cohort_id"] == cohort}
    kinds = dict(sorted(kinds.items(), key=lambda one: (list(SPLITS).index(one[1]), one[0])))
    with second:
        matrix = chosen_of("Values", list(kinds), "matrix", of=cohort)
        split = Split(chosen_of("Groups", [one.value for one in SPLITS[kinds[matrix]]], "split", of=kinds[matrix]))
    with third:
        ends = _endpoints(view.warehouse, view.warehouse.build, cohort)
        endpoint = chosen_of("End point", ends, "endpoint", names=_ENDPOINTS, of=cohort)
        samples = Samples(chosen_of("Samples", [one.value for one in Samples], "samples", names=_SAMPLES))
    gene = _gene(view, symbol)
    if gene is None:
        return
    selection = select_samples(view.warehouse, matrix, samples)
    found = grouped(values(view.warehouse, matrix, gene, endpoint, samples), split)
    question = f"{_ENDPOINTS.get(endpoint, endpoint)} in {cohort} by {symbol} ({matrix}), {split}. {selection}"
    show_survival(view, found, selection, question)


@st.cache_data(max_entries=2, show_spinner=False)
def _matrices(_warehouse: Warehouse, build: Build) -> pl.DataFrame:
    found = to_polars(_warehouse.sql("FROM matrices ORDER BY cohort_id, matrix").table)
    return found.filter(pl.col("kind").is_in(list(SPLITS)))


@st.cache_data(max_entries=64, show_spinner=False)
def _endpoints(_warehouse: Warehouse, build: Build, cohort: str) -> list[str]:
    rows = _warehouse.sql(
        """SELECT endpoint FROM survival JOIN has_patient ON object = patient_id
        WHERE subject = $cohort GROUP BY endpoint ORDER BY endpoint <> 'OS', endpoint""",
        cohort=cohort,
    ).rows()
    return [row[0] for row in rows] or ["OS"]


def _gene(view: View, symbol: str) -> str | None:
    if not symbol:
        st.info("Name a gene to divide the patients by.", icon=":material/info:")
        return None
    with view.warehouse.reading() as connection:
        [found] = resolve(connection, [symbol])
    if found.id is None:
        several = "means several genes" if found.outcome is Outcome.AMBIGUOUS else "is no gene of this build"
        near = f" Perhaps: {', '.join(found.candidates)}." if found.candidates else ""
        st.warning(plain(f"{symbol} {several}.{near}"), icon=":material/search_off:")
    return found.id


PAGE = Page(
    "Cohorts", "Analyses", ":material/ssid_chart:", render, sample={"gene": "SMPK1", "cohort": "tcga.study:LUAD"}
)
