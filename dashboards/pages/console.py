"""Cypher and SQL: what an analyst writes, asked read-only and within limits, never before a click."""

from __future__ import annotations

import json
from typing import Any

import streamlit as st

from dashboards.page import Page, View
from dashboards.parts.messages import show_error
from dashboards.parts.table import show_table
from warehouse.answer import Answer, Limits
from warehouse.errors import QuestionError, TargetGraphError

_EXAMPLES = {
    "Cypher": """MATCH (d:Drug)-[:BINDS|TARGETS]->(g:Gene)
RETURN g.symbol AS gene, count(DISTINCT d) AS drugs
ORDER BY drugs DESC, gene LIMIT 20""",
    "SQL": """SELECT predicate, count(*) AS relationships
FROM relationships GROUP BY ALL ORDER BY relationships DESC""",
}
_DONE = "console_done"


def render(view: View) -> None:
    """Draw the page."""
    language = st.segmented_control(
        "Language", list(_EXAMPLES), default="Cypher", key="language", bind="query-params", required=True
    )
    text = st.text_area(
        "Question",
        key="q",
        bind="query-params",
        height=180,
        placeholder=_EXAMPLES[language],
        help="It is asked when you press Ask; parameters are written $name.",
    )
    limits, parameters = _limits(view), _parameters()
    with st.container(horizontal=True):
        asked = st.button("Ask", type="primary", icon=":material/play_arrow:", shortcut="Ctrl+Enter")
        explained = st.button("Explain", icon=":material/account_tree:", disabled=language == "SQL")
        st.button("Take the example", type="tertiary", on_click=_take_example, args=[language])
    # What was asked is kept with its answer: the text may be edited after.
    if asked:
        st.session_state[_DONE] = (f"{language}: {text}", _ask(view, language, text, parameters, limits))
    elif explained:
        st.session_state[_DONE] = (f"{language}: {text}", _explain(view, text, parameters))
    if _DONE in st.session_state:
        _show(view, *st.session_state[_DONE])


def _limits(view: View) -> Limits:
    """The limits of the visitor, who may lower those of the settings."""
    most = view.warehouse.limits
    with st.expander("Limits and parameters", icon=":material/tune:"):
        seconds, rows = st.columns(2)
        timeout_s = seconds.number_input(
            "Seconds", 1.0, max(most.timeout_s, 1.0), max(most.timeout_s, 1.0), key="seconds"
        )
        row_limit = rows.number_input("Rows", 1, most.rows, most.rows, key="rows")
        st.text_input("Parameters as JSON", key="parameters", bind="query-params", placeholder='{"symbol": "TP53"}')
    return Limits(timeout_s, row_limit, most.memory_mb)


def _parameters() -> str:
    return str(st.session_state.get("parameters") or "")


def _take_example(language: str) -> None:
    st.session_state["q"] = _EXAMPLES[language]


def _ask(view: View, language: str, text: str, parameters: str, limits: Limits) -> Answer | TargetGraphError:
    """Ask; an error is kept as the answer, so that it is shown as long as the question stands."""
    with st.spinner("Asking ...", show_time=True):
        try:
            door = view.warehouse.query if language == "Cypher" else view.warehouse.sql
            return door(_required(text), _parsed(parameters), limits=limits)
        except TargetGraphError as error:
            return error


def _explain(view: View, text: str, parameters: str) -> str | TargetGraphError:
    try:
        return view.warehouse.explain(_required(text), _parsed(parameters))
    except TargetGraphError as error:
        return error


def _required(text: str) -> str:
    if not text.strip():
        raise QuestionError("There is no question yet.", "Write one, or take the example.")
    return text


def _parsed(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text) if text.strip() else {}
    except ValueError as error:
        raise QuestionError(f"The parameters are no JSON: {error}", 'Write them as {"symbol": "TP53"}.') from None
    if not isinstance(found, dict):
        raise QuestionError("The parameters are no JSON object.", 'Write them as {"symbol": "TP53"}.')
    return found


def _show(view: View, question: str, done: object) -> None:
    if isinstance(done, TargetGraphError):
        show_error(done)
    elif isinstance(done, str):
        st.code(done, language="sql", wrap_lines=True, height=500)
    elif isinstance(done, Answer):
        st.caption(f"{done.seconds:.3f} s")
        ids = [name for name in done.columns if name == "id" or name.endswith(("_id", ".id"))]
        show_table(
            view,
            done,
            question,
            key="answer",
            entity_columns=_linked(done, ids),
            labels={name: name for name in done.columns},
        )


def _linked(done: Answer, names: list[str]) -> list[str]:
    """Of the columns of ids those that hold one id each."""
    import pyarrow as pa

    return [name for name in names if pa.types.is_string(done.table.schema.field(name).type)]


PAGE = Page(
    "Console",
    "Ask",
    ":material/terminal:",
    render,
    order=40,
    sample={"language": "SQL", "q": "SELECT count(*) FROM gene"},
)
