"""What is wrong with the builds of a warehouse: failed builds, and a schedule that is late or silent."""

from __future__ import annotations

import streamlit as st

from dashboards.parts.text import plain
from warehouse.health.troubles import troubles
from warehouse.home import Home


def show_troubles(home: Home) -> None:
    """Say what failed, when and why; nothing where all is well."""
    for trouble in troubles(home):
        st.warning("  \n".join(plain(line) for line in trouble.splitlines()), icon=":material/error:")


def note_troubles(home: Home) -> None:
    """A line for every page where something failed, that names the page which says what."""
    wrong = troubles(home)
    if wrong:
        st.caption(f":material/error: {plain(_short(wrong))} See *Sources and builds*.")


def _short(wrong: list[str]) -> str:
    return "A build failed or is late." if len(wrong) == 1 else f"{len(wrong)} builds failed or are late."
