"""Runs of analyses: what was computed with which options, its figures, what it predicts; an operator takes it out."""

from __future__ import annotations

import streamlit as st

from dashboards.page import Page, View
from dashboards.parts import runs
from dashboards.parts.messages import show_error
from dashboards.parts.state import chosen_of, tabs_of
from dashboards.parts.table import show_table
from dashboards.parts.text import plain
from warehouse.results.listing import ListedRun, RunState, listed_runs
from warehouse.results.store import Results

_HOW = """No analysis was run on this warehouse yet. An operator runs one on the command line, for example
`targetgraph analyze proximity --disease doid:1324`; `targetgraph analyze` lists the analyses."""
_HELP = {
    "predictions": "Rows that it published.",
    "remark": "Why it is not asked, or that it predicts nothing.",
    "evidence": "How good its predictions are against two baselines; open the run for the figures.",
    "input": "The build that it read, and whether the current one has the same content.",
    "input_fingerprint": "The first digits of the hash of that build's content.",
    "code_version": "The version of the software, with a hash of the code of the analysis.",
}


def render(view: View) -> None:
    """Draw the page."""
    _tell()
    listed = {one.run: one for one in listed_runs(Results(view.home))}
    if not listed:
        st.info(_HOW, icon=":material/science:")
        return
    show_table(view, runs.list_of(view, list(listed.values())), "Runs of analyses", key="runs", help_texts=_HELP)
    chosen = listed[chosen_of("Run", list(listed), "run")]
    runs.show_head(view, chosen)
    runs.show_retracting(view, chosen)
    if chosen.record is not None:
        _open(view, chosen)


def _tell() -> None:
    told = runs.taken_message()
    if isinstance(told, str):
        st.success(plain(told), icon=":material/check:")
    elif told is not None:
        show_error(told)


def _open(view: View, one: ListedRun) -> None:
    assert one.record is not None
    figures, found, options = tabs_of(["Metrics", "Predictions", "Options and input"])
    with figures:
        runs.show_evidence(view, one.run, one.record.evidence)
        metrics = runs.metric_rows(one.record)
        show_table(view, metrics, f"Metrics of {one.run}", key="metrics", help_texts=runs.BESIDE_A_METRIC)
    with found:
        _predictions(view, one)
    with options:
        show_table(view, runs.parameter_rows(one.record), f"Options of {one.run}", key="options")
        if one.record.artefacts:
            show_table(view, runs.artefact_rows(one.record), f"Files of {one.run}", key="artefacts")


def _predictions(view: View, one: ListedRun) -> None:
    if one.state is not RunState.ACTIVE or one.record is None:
        st.info("Its predictions are not asked: the run is not active.", icon=":material/visibility_off:")
        return
    kinds = runs.kinds_of(one.record)
    kind = chosen_of("What it predicts", list(kinds), "kind", names=kinds, of=one.run)
    row = show_table(
        view,
        runs.rows_of(view, one.run, kind),
        f"{kind} of {one.run}",
        key=f"predicted_{kind}",
        entity_columns=("subject", "object", "id"),
        select=["id"] if kind == "Subnetwork" else (),
        empty="Nothing: every member of its predictions is in this build."
        if kind == "vanished_members"
        else "It predicts nothing of this kind.",
    )
    if row is not None:
        runs.show_links(one, row)


PAGE = Page("Runs and predictions", "Analyses", ":material/science:", render, order=60)
