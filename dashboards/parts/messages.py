"""Errors as messages."""

from __future__ import annotations

import streamlit as st

from dashboards.parts.text import plain
from warehouse.errors import QuestionCancelledError, QuestionMemoryError, QuestionTimeoutError, TargetGraphError

_SLOW = (QuestionTimeoutError, QuestionMemoryError, QuestionCancelledError)


def show_error(error: TargetGraphError) -> None:
    """Tell what was wrong, and what to do about it: as a caution where the question was only too large."""
    text = "  \n".join(plain(line) for line in error.message.splitlines())
    if error.hint:
        text += "\n\n" + "  \n".join(plain(line) for line in error.hint.splitlines())
    if isinstance(error, _SLOW):
        st.warning(text, icon=":material/hourglass_disabled:")
    else:
        st.error(text, icon=":material/error:")


def show_message(message: str | TargetGraphError) -> None:
    """What a click did: that it was done, or why not."""
    if isinstance(message, TargetGraphError):
        show_error(message)
    else:
        st.success(plain(message), icon=":material/check:")


def show_warnings(warnings: tuple[str, ...]) -> None:
    """What an answer warns of."""
    for warning in warnings:
        st.warning(plain(warning), icon=":material/info:")
