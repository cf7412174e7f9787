"""Survival of the patients of a cohort, divided by the expression, mutation or copy number of a gene."""

from __future__ import annotations

import polars as pl
import streamlit as st

from analytics.survival.estimators import Curve, kaplan_meier, log_rank
from analytics.survival.groups import SMALLEST_GROUP, SPLITS, Grouped, Split, grouped, values
from dashboards.page import Page, View
from dashboards.parts.state import chosen_of
from dashboards.parts.survival import curve_table, risk_table, show_curves
from dashboards.parts.table import show_table
from dashboards.parts.text import plain
from warehouse.answer import to_polars

_ENDPOINTS = {
    "OS": "Overall survival",
    "DSS": "Disease-specific survival",
    "PFI": "Progression-free interval",
    "DFI": "Disease-free interval",
    "DFS": "Disease-free survival",
}


def render(view: View) -> None:
    """Draw the page."""
    matrices = to_polars(view.sql("FROM matrices ORDER BY cohort_id, matrix").table)
    matrices = matrices.filter(pl.col("kind").is_in(list(SPLITS)))
    if matrices.is_empty():
        st.info("This build has no cohort with molecular values.", icon=":material/inbox:")
        return
    first, second, third = st.columns(3)
    with first:
        cohort = chosen_of("Cohort", matrices["cohort_id"].unique(maintain_order=True).to_list(), "cohort")
        symbol = st.text_input("Gene", key="gene", bind="query-params", placeholder="A symbol: TP53")
    kinds = {row["matrix"]: row["kind"] for row in matrices.iter_rows(named=True) if row["cohort_id"] == cohort}
    kinds = dict(sorted(kinds.items(), key=lambda one: (list(SPLITS).index(one[1]), one[0])))
    with second:
        matrix = chosen_of("Values", list(kinds), "matrix")
        split = Split(chosen_of("Groups", [one.value for one in SPLITS[kinds[matrix]]], "split"))
    with third:
        endpoint = chosen_of("End point", _endpoints(view, cohort), "endpoint", names=_ENDPOINTS)
    gene = _gene(view, symbol.strip())
    if gene is None:
        return
    found = grouped(values(view.warehouse, matrix, gene, endpoint), split)
    _results(view, found, f"{_ENDPOINTS.get(endpoint, endpoint)} in {cohort} by {symbol} ({matrix}), {split}")


def _endpoints(view: View, cohort: str) -> list[str]:
    rows = view.sql(
        """SELECT endpoint, count(*) AS n FROM survival JOIN has_patient ON object = patient_id
        WHERE subject = $cohort GROUP BY endpoint ORDER BY endpoint <> 'OS', endpoint""",
        cohort=cohort,
    ).rows()
    return [row[0] for row in rows] or ["OS"]


def _gene(view: View, symbol: str) -> str | None:
    if not symbol:
        st.info("Name a gene to divide the patients by.", icon=":material/info:")
        return None
    found = list(view.warehouse.search(symbol, "Gene", 1))
    if not found or found[0]["match"] not in {"symbol", "identifier", "previous symbol or alias"}:
        st.warning(f"No gene is called {plain(symbol)}.", icon=":material/search_off:")
        return None
    return str(found[0]["id"])


def _results(view: View, found: Grouped, question: str) -> None:
    parts = {name: found.patients.filter(pl.col("group") == name) for name in found.names}
    arrays = {name: (part["time_days"].to_numpy(), part["event"].to_numpy()) for name, part in parts.items()}
    curves: dict[str, Curve] = {name: kaplan_meier(*both) for name, both in arrays.items()}
    test = log_rank(arrays)
    p_value, ratio, patients = st.columns(3)
    p_value.metric("Log-rank p", f"{test.p_value:.3g}", help=f"Chi-squared {test.statistic:.3f}", border=True)
    if test.hazard_ratio is not None and test.hazard_ratio_interval is not None:
        low, high = test.hazard_ratio_interval
        ratio.metric(
            f"Hazard ratio, {found.names[0]} / {found.names[1]}",
            f"{test.hazard_ratio:.2f}",
            help=f"From observed and expected events; 95 % interval {low:.2f} to {high:.2f}",
            border=True,
        )
    patients.metric(
        "Patients", f"{found.patients.height:,}", help=f"{found.without_value:,} have no value.", border=True
    )
    show_curves(curves)
    for name in found.suppressed:
        st.caption(f"The group {plain(name)} has fewer than {SMALLEST_GROUP} patients and is not shown.")
    show_table(view, risk_table(curves, arrays, test), question, key="groups")
    with st.expander("The curves as a table", icon=":material/table:"):
        show_table(view, curve_table(curves), f"Kaplan-Meier curves: {question}", key="curves")


PAGE = Page(
    "Cohorts", "Analyses", ":material/ssid_chart:", render, sample={"gene": "SMPK1", "cohort": "tcga.study:LUAD"}
)
