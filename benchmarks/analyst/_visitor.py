"""Visitors of a served dashboard that speak to it as a browser does, without drawing."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

_ANSWER_S = 60.0
#: The format of an alert that is an error.
_ALERT_IS_ERROR = 1


@dataclass
class Drawn:
    """What came back for one click.

    Args:
        seconds: from sending the click to the last part of the page.
        faults: what the page shows as an error, in its words.
        widgets: the widgets of the page by their label.
        tables: how many tables it shows.
    """

    seconds: float = 0.0
    faults: list[str] = field(default_factory=list)
    widgets: dict[str, Any] = field(default_factory=dict)
    tables: int = 0


class Visitor:
    """A session: one web socket, as one tab of a browser has.

    Args:
        address: of the dashboard, `host:port`.
    """

    def __init__(self, address: str) -> None:
        from websockets.sync.client import connect

        self._closing = ExitStack()
        self._socket = self._closing.enter_context(
            connect(f"ws://{address}/_stcore/stream", max_size=None, open_timeout=_ANSWER_S)
        )

    def close(self) -> None:
        """Close the tab."""
        self._closing.close()

    def open(self, page: str, parameters: Mapping[str, str]) -> Drawn:
        """Open a page with the parameters of its address."""
        return self._ask(page, parameters, {})

    def use(
        self, page: str, parameters: Mapping[str, str], texts: Mapping[str, str], button: str, seen: Drawn
    ) -> Drawn:
        """Fill texts in by their labels, and press a button, on a page that was opened."""
        values: dict[str, str | bool] = {seen.widgets[label].id: text for label, text in texts.items()}
        return self._ask(page, parameters, {**values, seen.widgets[button].id: True})

    def _ask(self, page: str, parameters: Mapping[str, str], values: Mapping[str, str | bool]) -> Drawn:
        from streamlit.proto.BackMsg_pb2 import BackMsg

        message = BackMsg()
        message.rerun_script.page_name = page
        message.rerun_script.query_string = urlencode(parameters)
        for id_, value in values.items():
            state = message.rerun_script.widget_states.widgets.add(id=id_)
            if isinstance(value, str):
                state.string_value = value
            else:
                state.trigger_value = value
        start = time.perf_counter()
        self._socket.send(message.SerializeToString())
        drawn = Drawn()
        while not self._heard(drawn):
            pass
        drawn.seconds = time.perf_counter() - start
        return drawn

    def _heard(self, drawn: Drawn) -> bool:
        """Take in one message; whether the page is whole with it."""
        from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

        message = ForwardMsg.FromString(self._socket.recv(timeout=_ANSWER_S))
        kind = message.WhichOneof("type")
        if kind == "delta" and message.delta.WhichOneof("type") == "new_element":
            _note(message.delta.new_element, drawn)
        elif kind == "script_finished":
            if message.script_finished == ForwardMsg.FINISHED_WITH_COMPILE_ERROR:
                drawn.faults.append("the script of the dashboard does not compile")
            # A page that runs itself again is whole after the last time.
            return bool(message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN)
        elif kind == "page_not_found":
            drawn.faults.append("there is no such page")
        return False


def _note(element: Any, drawn: Drawn) -> None:
    kind = element.WhichOneof("type")
    shown = getattr(element, kind)
    if kind == "exception":
        drawn.faults.append(shown.message)
    elif kind == "alert" and shown.format == _ALERT_IS_ERROR:
        drawn.faults.append(shown.body)
    elif kind == "dataframe":
        drawn.tables += 1
    label = getattr(shown, "label", "")
    if isinstance(label, str) and label and getattr(shown, "id", ""):
        drawn.widgets[label] = shown
