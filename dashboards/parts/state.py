"""The state of a page in its address, so that it can be sent to someone.

A widget whose choices are written as they are takes `bind="query-params"`; where what is shown differs from what is
meant (a name with a count), the page reads `st.query_params` for the start and remembers the choice here.
"""

from __future__ import annotations

import streamlit as st


def remember(name: str, value: str | None) -> None:
    """Write a choice into the address of the page, or take it out."""
    if value:
        st.query_params[name] = value
    elif name in st.query_params:
        del st.query_params[name]
