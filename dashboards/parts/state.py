"""The choices of a visitor, in the address of the page: all of them, so that it shows the same to anyone later.

A page asks for its choices with the functions below, never with Streamlit's own `bind`, which leaves defaults out of
the address: what is the first of a list today is the second tomorrow. What an address names and the warehouse no longer
has is reported, and nothing else is shown in its place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import streamlit as st

from dashboards.parts.text import plain
from warehouse.errors import QuestionError

_STATE = "address"
#: A longer text does not go into the address: proxies and servers refuse lines beyond 64 kB.
_LONGEST_TEXT = 12_000


class NotThereError(QuestionError):
    """What an address names is not among the choices; nothing is shown in its place."""


class _Address:
    """What stands in the address of the page that is drawn, as this session wrote it.

    Args:
        page: the path of the page.
    """

    def __init__(self, page: str) -> None:
        self.page = page
        self.drawn: set[str] = set()
        self.written: dict[str, list[str]] = {}
        #: On what a choice depended when it was made.
        self.of: dict[str, str] = {}

    def given(self, name: str) -> list[str] | None:
        """What the address said when the page was opened; None: nothing, or the choice was drawn before."""
        return None if name in self.drawn else _parameter(name)


def enter(page: str) -> None:
    """Begin to draw a page: where it is another one than before, its choices come from the address."""
    known = st.session_state.get(_STATE)
    if known is None or known.page != page:
        st.session_state[_STATE] = _Address(page)


def entry_of(label: str, name: str, *, draw: Callable[..., Any] = st.text_input, **options: Any) -> str:
    """A text; empty where there is none.

    Args:
        label: stands above it.
        name: of the query parameter and of the widget.
        draw: Streamlit's function of the widget.
        options: of that function.
    """
    address = _address()
    _start(address, name, lambda given: given[-1], "")
    text = str(draw(label, key=name, **options) or "")
    if len(text) > _LONGEST_TEXT:
        st.caption(f"{label}: too long for the address of this page, which does not carry it.")
    _write(address, name, [text] if 0 < len(text) <= _LONGEST_TEXT else [])
    return text


def number_of(
    label: str, low: float, high: float, default: float, name: str, *, draw: Callable[..., Any], **options: Any
) -> float:
    """A number from `low` to `high`, of the type of `default`; the default and a caution if the address has no such."""
    kind = type(default)

    def read(given: list[str]) -> float:
        number = kind(given[-1])
        if not low <= number <= high:
            raise ValueError
        return number

    address = _address()
    if not _start(address, name, read, default):
        st.warning(f"{label} is a number from {low:g} to {high:g}; {default:g} is taken.", icon=":material/warning:")
    within = min(max(st.session_state[name], kind(low)), kind(high))
    if within != st.session_state[name]:
        st.session_state[name] = within
    number = kind(draw(label, min_value=kind(low), max_value=kind(high), key=name, **options))
    _write(address, name, [f"{number:g}" if isinstance(number, float) else str(number)])
    return number


def flag_of(
    label: str, name: str, *, default: bool = False, draw: Callable[..., Any] = st.checkbox, **options: Any
) -> bool:
    """Yes or no."""
    address = _address()
    if not _start(address, name, lambda given: {"true": True, "false": False}[given[-1]], default):
        st.warning(f"{label} is true or false in an address.", icon=":material/warning:")
    flag = bool(draw(label, key=name, **options))
    _write(address, name, [str(flag).lower()])
    return flag


def tabs_of(titles: Sequence[str]) -> list[Any]:
    """The tabs of a page: containers, of which one is `open`; only that needs to be drawn."""
    address = _address()
    if not _start(address, "tab", lambda given: titles[titles.index(given[-1])], titles[0]):
        st.warning(plain(f"This page has no tab {(_parameter('tab') or [''])[-1]}; here is the first."))
    tabs = list(st.tabs(titles, key="tab", on_change="rerun"))
    _write(address, "tab", [next(title for title, tab in zip(titles, tabs, strict=True) if tab.open)])
    return tabs


def chosen_of(
    label: str,
    choices: Sequence[Any],
    name: str,
    *,
    names: Mapping[Any, str] | None = None,
    of: str = "",
    first: int = 0,
    draw: Callable[..., Any] = st.selectbox,
    **options: Any,
) -> Any:
    """One of several.

    Args:
        label: stands above the choice.
        choices: at least one.
        name: of the query parameter and of the widget.
        names: what is shown instead of a choice.
        of: another choice that decides what can be chosen here: with another one, the choice begins anew.
        first: the place of the choice that is taken where the address names none.
        draw: Streamlit's function of the widget.
        options: of that function.

    Raises:
        NotThereError: the address names something else, or what was chosen is no longer there. The widget is drawn, so
            that the visitor can choose.
    """
    address = _address()
    texts = {str(choice): choice for choice in choices}
    start = address.written.get(name) or _parameter(name) or [str(choices[first])]
    value = st.session_state.get(name)
    if name not in address.drawn or name not in st.session_state:
        value = texts.get(start[-1])
    elif str(value) not in texts:
        value = choices[first] if address.of.get(name) != of else None
    address.drawn.add(name)
    address.of[name] = of
    if value is None or st.session_state.get(name) != value:
        st.session_state[name] = value
    shown = names or {}
    place = {"index": 0 if value is not None else None, "placeholder": "Choose"} if draw is st.selectbox else {}
    chosen = draw(label, choices, format_func=lambda one: shown.get(one, str(one)), key=name, **place, **options)
    if chosen is None:
        # It stays in the address, and is asked for again until another one is chosen.
        raise NotThereError(f"{label}: there is no {start[-1]!r} here.", "Choose another.")
    _write(address, name, [str(chosen)])
    return chosen


def optional_of(
    label: str,
    choices: Sequence[str],
    name: str,
    *,
    draw: Callable[..., Any] = st.selectbox,
    **options: Any,
) -> str | None:
    """One of several or none; none is what an address without the parameter means.

    Raises:
        NotThereError: the address names something else. The widget is drawn, so that the visitor can choose.
    """
    address = _address()
    given = address.given(name)
    missing = given is not None and given[-1] not in choices
    _start(address, name, lambda given: choices[choices.index(given[-1])], None)
    if st.session_state[name] is not None and st.session_state[name] not in choices:
        st.session_state[name] = None
    place = {"index": None} if draw is st.selectbox else {}
    chosen = draw(label, choices, key=name, **place, **options)
    if missing and given is not None:
        raise NotThereError(f"{label}: there is no {given[-1]!r} here.", "Choose another.")
    _write(address, name, [] if chosen is None else [str(chosen)])
    return None if chosen is None else str(chosen)


def several_of(
    label: str, choices: Sequence[str], name: str, *, default: Sequence[str] = (), **options: Any
) -> list[str]:
    """Some of several; an address without the parameter means the default.

    Raises:
        NotThereError: the address names something else. The widget is drawn, so that the visitor can choose.
    """
    address = _address()
    given = [one for one in address.given(name) or [] if one]
    missing = [one for one in given if one not in choices]
    _start(address, name, lambda given: [one for one in given if one in choices], list(default))
    kept = [one for one in st.session_state[name] if one in choices]
    if kept != st.session_state[name]:
        st.session_state[name] = kept
    chosen = list(st.multiselect(label, choices, key=name, **options))
    if missing:
        raise NotThereError(f"{label}: there is no {', '.join(missing)} here.", "Choose again.")
    _write(address, name, chosen or ([""] if default else []))
    return chosen


def row_of(name: str, rows: Sequence[str], draw: Callable[..., Any]) -> int | None:
    """The place of the row that is selected in a table.

    Args:
        name: of the query parameter.
        rows: what stands for each row in the address.
        draw: draws the table, given how rows are selected and which is at the start.

    Raises:
        NotThereError: the address names a row that is not there. The table is drawn.
    """
    address = _address()
    given = address.given(name)
    address.drawn.add(name)
    start = (given or address.written.get(name) or [""])[-1]
    selected = {"rows": [rows.index(start)] if start in rows else []}
    state = draw(on_select="rerun", selection_mode="single-row", selection_default={"selection": selected})
    places = [place for place in state["selection"]["rows"] if place < len(rows)]
    if given and not places:
        raise NotThereError(f"The table has no row {start!r}.", "Select another.")
    _write(address, name, [rows[places[0]]] if places else [])
    return places[0] if places else None


def forget(name: str) -> None:
    """Begin a choice anew, after what was chosen is gone by the visitor's own doing."""
    address = _address()
    address.drawn.discard(name)
    address.written.pop(name, None)
    if name in st.query_params:
        del st.query_params[name]


def _address() -> _Address:
    if _STATE not in st.session_state:
        enter("")
    address: _Address = st.session_state[_STATE]
    return address


def _parameter(name: str) -> list[str] | None:
    return list(st.query_params.get_all(name)) or None


def _start(address: _Address, name: str, read: Callable[[list[str]], Any], default: Any) -> bool:
    """Set a widget before it is drawn for the first time, or again after it was not drawn; False: its text is wrong."""
    if name in address.drawn and name in st.session_state:
        return True
    given = address.written[name] if name in address.written else _parameter(name)
    address.drawn.add(name)
    st.session_state[name] = default
    if not given:
        return True
    with suppress(ValueError, KeyError):
        st.session_state[name] = read(given)
        return True
    return False


def _write(address: _Address, name: str, values: list[str]) -> None:
    """Keep what is chosen, in the address and for this session."""
    address.written[name] = values
    if (_parameter(name) or []) == values:
        return
    if values:
        st.query_params[name] = values
    else:
        del st.query_params[name]
