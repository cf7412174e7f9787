"""The state of a page in its address, so that it can be sent to someone.

A widget whose choices are written as they are takes `bind="query-params"`; where what is shown differs from what is
meant (a name with a count), the page reads `st.query_params` for the start and remembers the choice here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st


def remember(name: str, value: str | None) -> None:
    """Write a choice into the address of the page, or take it out."""
    if value:
        st.query_params[name] = value
    elif name in st.query_params:
        del st.query_params[name]


def chosen_of(label: str, choices: Sequence[str], name: str, *, names: Mapping[str, str] | None = None) -> str:
    """One of several, remembered in the address of the page.

    Args:
        label: stands above the choice.
        choices: at least one.
        name: of the query parameter.
        names: what is shown instead of a choice.
    """
    wanted = st.query_params.get(name)
    shown = names or {}
    chosen = st.selectbox(
        label,
        choices,
        index=choices.index(wanted) if wanted in choices else 0,
        format_func=lambda choice: shown.get(choice, choice),
        # What fits one choice need not fit another: the widget is another one where the choices are.
        key=f"{name}_{'|'.join(choices)}",
    )
    remember(name, chosen)
    return chosen
