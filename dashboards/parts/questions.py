"""The inputs of a prepared question."""

from __future__ import annotations

import streamlit as st

from dashboards.parts.state import entry_of
from warehouse.analyst.template import Parameter, Template


def _key(name: str) -> str:
    return f"of_{name}"


def ask_for(chosen: Template, parameter: Parameter) -> str:
    """The value of a parameter, as the visitor writes it."""
    label = parameter.name.replace("_", " ").capitalize()
    draw = st.text_area if parameter.is_list else st.text_input
    return entry_of(
        label,
        _key(parameter.name),
        draw=draw,
        placeholder=chosen.example.get(parameter.name) or parameter.default or "",
        help=f"{parameter.type}: {parameter.meaning}",
    )


def take_example(chosen: Template) -> None:
    """Fill the example of a question in."""
    for name, value in chosen.example.items():
        st.session_state[_key(name)] = value


def told(chosen: Template, given: dict[str, str]) -> str:
    """The question as it stands in the header of downloads."""
    values = ", ".join(f"{name} = {value or chosen.parameters[name].default}" for name, value in given.items())
    return f"{chosen.title}: {values}"
