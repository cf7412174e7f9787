"""Cypher and SQL: what an analyst writes, asked read-only and within limits, never before a click."""

from __future__ import annotations

import streamlit as st

from dashboards.page import Page, View
from dashboards.parts.asking import answered, ask_limits, ask_parameters, explained
from dashboards.parts.messages import show_error
from dashboards.parts.state import chosen_of, entry_of
from dashboards.parts.table import show_table
from warehouse.answer import Answer
from warehouse.errors import TargetGraphError

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
    language = chosen_of("Language", list(_EXAMPLES), "language", draw=st.segmented_control, required=True)
    text = entry_of(
        "Question",
        "q",
        draw=st.text_area,
        height=180,
        placeholder=_EXAMPLES[language],
        help="It is asked when you press Ask; parameters are written $name.",
    )
    limits, parameters = ask_limits(view), ask_parameters()
    with st.container(horizontal=True):
        asked = st.button("Ask", type="primary", icon=":material/play_arrow:", shortcut="Ctrl+Enter")
        plan = st.button("Explain", icon=":material/account_tree:", disabled=language == "SQL")
        st.button("Take the example", type="tertiary", on_click=_take_example, args=[language])
    # What was asked is kept with its answer: the text may be edited after.
    if asked:
        st.session_state[_DONE] = (f"{language}: {text}", answered(view, language, text, parameters, limits))
    elif plan:
        st.session_state[_DONE] = (f"{language}: {text}", explained(view, text, parameters))
    if _DONE in st.session_state:
        _show(view, *st.session_state[_DONE])


def _take_example(language: str) -> None:
    st.session_state["q"] = _EXAMPLES[language]


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
