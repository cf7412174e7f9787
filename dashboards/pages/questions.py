"""Prepared questions: choose one, say of what, and ask."""

from __future__ import annotations

import streamlit as st

from dashboards.page import Page, View
from dashboards.parts.messages import show_error
from dashboards.parts.questions import ask_for, take_example, told
from dashboards.parts.state import chosen_of
from dashboards.parts.table import show_table
from dashboards.parts.text import plain
from warehouse.analyst.template import templates
from warehouse.answer import Answer
from warehouse.errors import TargetGraphError

_DONE = "questions_done"


def render(view: View) -> None:
    """Draw the page."""
    known = templates()
    titles = {name: one.title for name, one in known.items()}
    help_text = "Type to find one; each is a file in the folder of templates."
    name = chosen_of("Question", list(known), "template", names=titles, help=help_text)
    chosen = known[name]
    st.markdown(plain(chosen.question))
    given = {parameter.name: ask_for(chosen, parameter) for parameter in chosen.parameters.values()}
    with st.container(horizontal=True):
        asked = st.button("Ask", type="primary", icon=":material/play_arrow:")
        st.button("Take the example", type="tertiary", on_click=take_example, args=[chosen])
    with st.expander("The Cypher behind it", icon=":material/code:"):
        st.code(chosen.query, language="cypher", wrap_lines=True)
    if asked:
        st.session_state[_DONE] = (name, told(chosen, given), _ask(view, name, given))
    if _DONE in st.session_state and st.session_state[_DONE][0] == name:
        _show(view, *st.session_state[_DONE][1:])


def _ask(view: View, name: str, given: dict[str, str]) -> Answer | TargetGraphError:
    """Ask; an error is kept as the answer, so that it is shown as long as the question stands."""
    with st.spinner("Asking ...", show_time=True):
        try:
            return view.warehouse.ask(name, {key: value for key, value in given.items() if value.strip()})
        except TargetGraphError as error:
            return error


def _show(view: View, question: str, done: Answer | TargetGraphError) -> None:
    if isinstance(done, TargetGraphError):
        show_error(done)
        return
    ids = [name for name in done.columns if name.endswith("_id")]
    show_table(
        view, done, question, key="answer", entity_columns=ids, empty="The sources of this build say nothing of it."
    )


PAGE = Page(
    "Questions",
    "Ask",
    ":material/quiz:",
    render,
    order=20,
    sample={"template": "pathways_of_gene", "of_gene": "SKP1"},
)
