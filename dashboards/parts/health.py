"""What an operator should see of the builds: what failed or is missing, a late schedule, an update that waits."""

from __future__ import annotations

import streamlit as st

from dashboards.parts.text import plain
from warehouse.health.troubles import troubles
from warehouse.home import Home


def show_troubles(home: Home) -> None:
    """Say what is wrong, when and why; nothing where all is well."""
    for trouble in troubles(home):
        st.warning("  \n".join(plain(line) for line in trouble.splitlines()), icon=":material/error:")


def note_troubles(home: Home) -> None:
    """A line for every page that names the page which says what is wrong; nothing where all is well."""
    wrong = troubles(home)
    if wrong:
        st.caption(f":material/error: {plain(_short(wrong))} See *Sources and builds*.")


def _short(wrong: list[str]) -> str:
    return "The builds need attention." if len(wrong) == 1 else f"{len(wrong)} builds or sources need attention."
