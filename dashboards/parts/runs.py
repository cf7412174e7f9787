"""Runs of analyses on a page: the list, one of them opened, and taking one out, which is the operator's to do."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Literal

import polars as pl
import streamlit as st

from dashboards.page import Role, View
from dashboards.parts.table import show_table
from dashboards.parts.text import plain
from warehouse.answer import Answer
from warehouse.errors import QuestionError, TargetGraphError
from warehouse.graph.stores import publish_beside
from warehouse.model import FULL_MODEL
from warehouse.results.evidence import Evidence, Verdict
from warehouse.results.listing import MEANING, ListedRun, RunState
from warehouse.results.record import RunRecord
from warehouse.results.store import Results, with_active_runs
from warehouse.settings import Settings

#: What stands beside a metric `m` in the account of a run, under `m_lower` and so on.
BESIDE_A_METRIC = {
    "lower": "Lower end of its interval",
    "upper": "Upper end",
    "baseline": "The same figure of a simple method",
    "permuted": "The same figure with permuted labels: what chance gives",
    "p_value": "How often permuted labels give as much",
}
_ICONS = {
    RunState.ACTIVE: "✓",
    RunState.RETRACTED: "–",
    RunState.RUNNING: "…",
    RunState.INTERRUPTED: "⚠",
    RunState.FAILED: "✗",
    RunState.PARTIAL: "⚠",
    RunState.DAMAGED: "✗",
}
_COLOURS: dict[RunState, Literal["green", "gray", "blue"]] = {
    RunState.ACTIVE: "green",
    RunState.RETRACTED: "gray",
    RunState.RUNNING: "blue",
}
#: The colour of a verdict; orange for those that call for care.
_VERDICTS: dict[Verdict, Literal["green", "gray"]] = {Verdict.BETTER: "green", Verdict.UNMEASURED: "gray"}
_ENDS = {
    "lower": "95 % from",
    "upper": "to",
    "difference": "This run minus method",
    "difference_lower": "95 % from ",
    "difference_upper": "to ",
}
_FIGURES = {
    "value": "The metric; greater is better.",
    "lower": "Lower end of its 95 % interval",
    "upper": "Upper end",
    "difference": "By how much this run is ahead of the method, on the same samples",
    "difference_lower": "Lower end of its 95 % interval: above 0, the run is better",
    "difference_upper": "Upper end",
}
_TOLD = "runs_told"
_DONE = {"retract": "retracted", "activate": "active again", "drop": "dropped"}


def list_of(view: View, listed: list[ListedRun]) -> pl.DataFrame:
    """One row for each run."""
    content = view.receipt.get("content_hash")
    rows = [_row(one, content) for one in listed]
    return pl.DataFrame(rows, schema_overrides={"seed": pl.Int64, "predictions": pl.Int64, "seconds": pl.Float64})


def _row(one: ListedRun, content: object) -> dict[str, Any]:
    record = one.record
    same = record is not None and record.build_content_hash == content
    seen = "" if one.seen_at is None else one.seen_at.isoformat(timespec="seconds")
    known = record or one.attempt
    return {
        "run": one.run,
        "state": f"{_ICONS[one.state]} {one.state}",
        "analysis": one.analysis,
        "seed": None if known is None else known.seed,
        "predictions": None if record is None else sum(record.counts.values()),
        "evidence": "" if record is None or record.evidence is None else str(record.evidence.verdict),
        "input": "" if record is None else f"{'this build' if same else 'an older build'} {record.build}",
        "input_fingerprint": "" if record is None else record.build_content_hash[:16],
        "code_version": "" if record is None else record.code_version,
        "started_at": seen if known is None else known.started_at,
        "seconds": None if record is None else round(record.seconds, 1),
        "parameters": "" if known is None else told_parameters(known.parameters),
        "remark": one.remark,
    }


def told_parameters(parameters: Mapping[str, Any]) -> str:
    """The options of a run on one line; a file by its name, what was not given left out."""
    said = {name: _said(value) for name, value in parameters.items() if value not in (None, "", [], False)}
    return ", ".join(f"{name} {value}" for name, value in said.items())


def _said(value: object) -> str:
    if isinstance(value, Mapping) and "sha256" in value:
        return str(value.get("file") or value.get("folder"))
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def parameter_rows(record: RunRecord) -> pl.DataFrame:
    """Every option, also those that were not given, and what else fixes the result."""
    fixed = {
        "seed": record.seed,
        "software version": record.code_version,
        "libraries": ", ".join(f"{name} {version}" for name, version in record.libraries.items()),
        "build that was read": record.build,
        "fingerprint of that build": record.build_content_hash,
    }
    options = {f"option {name}": value for name, value in record.parameters.items()}
    times = {"started at": record.started_at, "ended at": record.ended_at, "seconds": round(record.seconds, 1)}
    rows = {**fixed, **options, **times}.items()
    return pl.DataFrame([{"what": name, "value": "" if value is None else _said(value)} for name, value in rows])


def artefact_rows(record: RunRecord) -> pl.DataFrame:
    """The files that a run handed back."""
    schema = {"name": pl.String, "media_type": pl.String, "size_bytes": pl.Int64, "sha256": pl.String}
    return pl.DataFrame([asdict(one) for one in record.artefacts], schema=schema)


def metric_rows(record: RunRecord) -> pl.DataFrame:
    """One row for each metric, with its interval, baseline and permuted control where the run has them."""
    metrics = record.metrics
    pairs = [(name, ending) for name in metrics for ending in BESIDE_A_METRIC]
    beside = {f"{name}_{ending}": (name, ending) for name, ending in pairs if f"{name}_{ending}" in metrics}
    rows: dict[str, dict[str, Any]] = {
        name: {"metric": name.replace("_", " "), "value": float(value)}
        for name, value in metrics.items()
        if name not in beside
    }
    for key, (name, ending) in beside.items():
        rows[name][ending] = float(metrics[key])
    used = [ending for ending in BESIDE_A_METRIC if any(ending in row for row in rows.values())]
    schema = {"metric": pl.String, "value": pl.Float64, **dict.fromkeys(used, pl.Float64)}
    return pl.DataFrame(list(rows.values()), schema=schema)


def show_evidence(view: View, run: str, evidence: Evidence | None) -> None:
    """How good the predictions are, in a word, with the figures of both baselines and of the permuted control."""
    if evidence is None:
        st.caption("No evidence of quality: this run predicts nothing, or was made by an earlier version.")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.badge(str(evidence.verdict), color=_VERDICTS.get(evidence.verdict, "orange"))
        st.markdown(plain(evidence.plan.metric))
    if evidence.reason:
        st.info(plain(evidence.reason), icon=":material/info:")
    else:
        frame = pl.DataFrame(evidence.rows(), infer_schema_length=None).drop("meaning")
        show_table(view, frame, f"Evidence of {run}", key="evidence", labels=_ENDS, help_texts=_FIGURES)
    said = {row["method"]: row["meaning"] for row in evidence.rows() if row["meaning"]}
    said |= {name: text for name, text in evidence.facts().items() if name not in {"verdict", "metric", "reason"}}
    st.caption("\n".join(f"- {plain(name.capitalize())}: {plain(text)}" for name, text in said.items()))


def show_head(view: View, one: ListedRun) -> None:
    """The name of a run, its state and what that means."""
    record = one.record
    st.subheader(plain(one.run), anchor=False)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.badge(str(one.state), color=_COLOURS.get(one.state, "orange"))
        st.markdown(plain(record.title if record else one.analysis))
    st.caption(plain(f"{MEANING[one.state]} {one.problem}"))
    if record is not None and record.build_content_hash != view.receipt.get("content_hash"):
        st.caption(plain(f"It read the build {record.build}, whose content differs from that of the current one."))
    if one.state is RunState.ACTIVE and record is not None and not record.counts:
        st.info("This run predicts nothing: nothing passed its threshold.", icon=":material/inbox:")
    for note in record.notes if record else ():
        st.markdown(f":material/info: {plain(note)}")


def kinds_of(record: RunRecord) -> dict[str, str]:
    """The types that a run predicts and its further tables, each with the text of its choice."""
    types = {name: f"{name} ({count:,})" for name, count in record.counts.items() if name != "PRODUCED"}
    tables = {f"{record.analysis}_{name}": f"Table {record.analysis}_{name}" for name in record.tables}
    vanished = {"vanished_members": "Members that this build does not have"}
    last = ("HAS_MEMBER", "Subnetwork")
    return {**dict(sorted(types.items(), key=lambda named: named[0] in last)), **tables, **vanished}


def rows_of(view: View, run: str, kind: str) -> Answer:
    """The rows of a kind of an active run: predictions by rank, with the names of both ends."""
    if kind not in FULL_MODEL.relationships:
        table = FULL_MODEL.entities[kind].table if kind in FULL_MODEL.entities else kind
        return view.sql(f'SELECT * EXCLUDE (run) FROM "{table}" WHERE run = $run ORDER BY ALL', run=run)
    declared = FULL_MODEL.relationships[kind]
    return view.sql(
        f"""SELECT p.rank, coalesce(sg.symbol, s.name, p.subject) AS subject_name, p.subject,
            coalesce(og.symbol, o.name, p.object) AS object_name, p.object,
            p.* EXCLUDE (subject, object, rank, run, sources)
        FROM "{declared.table}" AS p
        LEFT JOIN entities AS s ON s.id = p.subject LEFT JOIN gene AS sg ON sg.id = p.subject
        LEFT JOIN entities AS o ON o.id = p.object LEFT JOIN gene AS og ON og.id = p.object
        WHERE p.run = $run ORDER BY p.rank NULLS LAST, p.subject, p.object""",
        run=run,
    )


def show_links(run: ListedRun, row: Mapping[str, Any]) -> None:
    """Where a chosen subnetwork is drawn, and its report."""
    id_ = str(row["id"])
    with st.container(horizontal=True):
        if run.analysis == "ecv":
            address = f"gene_networks?run={run.run}&subnetwork={id_}"
            st.link_button("Draw the subnetwork", address, icon=":material/account_tree:")
        st.link_button(f"Report of {plain(row['name'] or id_)}", f"report?id={id_}", icon=":material/lab_profile:")


def show_retracting(view: View, one: ListedRun) -> None:
    """What an operator may do with a run, after a question that names what goes; a reader is told who may."""
    if one.state is RunState.RUNNING:
        return
    if not view.role.may(Role.OPERATOR):
        st.caption("An operator may take a run out.")
        return
    if not one.published:
        with st.popover("Drop this run", icon=":material/delete:"):
            st.markdown("It was never published. Its checkpoint is deleted: the same command then begins anew.")
            st.button(f"Drop {one.run}", type="primary", key="drop", on_click=_act, args=[view, one.run, "drop"])
        return
    if one.state is RunState.RETRACTED:
        button = "Make it active again"
        st.button(button, icon=":material/undo:", key="activate", on_click=_act, args=[view, one.run, "activate"])
        return
    with st.popover("Retract this run", icon=":material/delete:"):
        st.markdown(plain(f"These go from every answer, for everybody: {what_goes(one)}."))
        st.caption("The results are kept: it can be made active again.")
        st.button(f"Retract {one.run}", type="primary", key="retract", on_click=_act, args=[view, one.run, "retract"])


def what_goes(one: ListedRun) -> str:
    """What a run takes with it."""
    if one.record is None:
        return f"everything of {one.run}"
    parts = [f"{count:,} {name}" for name, count in one.record.counts.items() if name != "PRODUCED"]
    parts += [f"the table {one.record.analysis}_{name}" for name in one.record.tables]
    return ", ".join(parts) or "its metrics"


def _act(view: View, run: str, what: str) -> None:
    """A click; its outcome is shown when the page is drawn next."""
    try:
        change(view, run, what)
        st.session_state[_TOLD] = f"{run} is {_DONE[what]}."
    except TargetGraphError as error:
        st.session_state[_TOLD] = error


def change(view: View, run: str, what: str) -> None:
    """Retract a run, or make it active again, here and in the Neo4j server of the settings.

    Args:
        view: says who does it, and where.
        run: its name.
        what: `retract`, `activate`, or `drop` for one that was never published.

    Raises:
        QuestionError: the one who asks is no operator.
        TargetGraphError: it could not be done; what was active still is.
    """
    # Buttons that are not drawn protect nothing: whoever comes here is asked again.
    if not view.role.may(Role.OPERATOR):
        raise QuestionError("Only an operator may take a run out or make it active.", "Ask one, or sign in as one.")
    results = Results(view.home)
    name = results.find(run)
    if what == "drop":
        results.drop(name)
        return
    if what == "retract":
        results.retract(name)
    else:
        results.activate(name)
    try:
        publish_beside(with_active_runs(view.home.current()), Settings())
    except TargetGraphError as error:
        raise TargetGraphError(
            f"{name} is {_DONE[what]} here, but Neo4j still holds what it held: {error.message}",
            "`targetgraph publish` brings it there.",
        ) from error


def taken_message() -> str | TargetGraphError | None:
    """What the last click did, once."""
    told = st.session_state.pop(_TOLD, None)
    return told if isinstance(told, str | TargetGraphError) else None
