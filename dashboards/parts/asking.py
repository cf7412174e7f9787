"""Questions of the console: what is asked for beside their text, and their answers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import streamlit as st

from dashboards.parts.state import entry_of, number_of
from warehouse.answer import Answer, Limits
from warehouse.errors import QuestionError, TargetGraphError

if TYPE_CHECKING:
    from dashboards.page import View


def ask_limits(view: View) -> Limits:
    """The limits of the visitor, who may lower those of the settings."""
    most = view.warehouse.limits
    with st.expander("Limits and parameters", icon=":material/tune:"):
        seconds, rows = st.columns(2)
        longest = max(most.timeout_s, 1.0)
        with seconds:
            timeout_s = number_of("Seconds", 1.0, longest, longest, "seconds", draw=st.number_input)
        with rows:
            row_limit = number_of("Rows", 1, most.rows, most.rows, "rows", draw=st.number_input)
        entry_of("Parameters as JSON", "parameters", placeholder='{"symbol": "TP53"}')
    return Limits(timeout_s, int(row_limit), most.memory_mb)


def ask_parameters() -> str:
    """The parameters of a question, as they were written."""
    return str(st.session_state.get("parameters") or "")


def answered(view: View, language: str, text: str, parameters: str, limits: Limits) -> Answer | TargetGraphError:
    """Ask; an error is kept as the answer, so that it is shown as long as the question stands."""
    with st.spinner("Asking ...", show_time=True):
        try:
            door = view.warehouse.query if language == "Cypher" else view.warehouse.sql
            return door(_required(text), _parsed(parameters), limits=limits)
        except TargetGraphError as error:
            return error


def explained(view: View, text: str, parameters: str) -> str | TargetGraphError:
    """The SQL and the plan of a Cypher query, or what is wrong with it."""
    try:
        return view.warehouse.explain(_required(text), _parsed(parameters))
    except TargetGraphError as error:
        return error


def _required(text: str) -> str:
    """The text of a question.

    Raises:
        QuestionError: there is none.
    """
    if not text.strip():
        raise QuestionError("There is no question yet.", "Write one, or take the example.")
    return text


def _parsed(text: str) -> dict[str, Any]:
    """Parameters that were written as JSON.

    Raises:
        QuestionError: they are no JSON object.
    """
    try:
        found = json.loads(text) if text.strip() else {}
    except ValueError as error:
        raise QuestionError(f"The parameters are no JSON: {error}", 'Write them as {"symbol": "TP53"}.') from None
    if not isinstance(found, dict):
        raise QuestionError("The parameters are no JSON object.", 'Write them as {"symbol": "TP53"}.')
    return found
