"""The warehouse that all visitors share: opened once, and again when another build or another run is published."""

from __future__ import annotations

import threading
from collections import OrderedDict

from dashboards.configuration import configured
from warehouse.home import Build, Home
from warehouse.results.store import with_active_runs
from warehouse.settings import Settings
from warehouse.warehouse import Warehouse

#: How many builds stay open: questions that began on the one before end on it.
_KEPT = 2
_OPENED: OrderedDict[Build, Warehouse] = OrderedDict()
_LOCK = threading.Lock()


def home() -> Home:
    """The folder of the warehouse that is shown."""
    return Home(configured().home)


def opened() -> Warehouse:
    """The current build with its active runs.

    Raises:
        BuildError: there is none, or it cannot be opened.
    """
    wanted = with_active_runs(home().current())
    with _LOCK:
        if wanted not in _OPENED:
            _OPENED[wanted] = Warehouse(wanted, Settings().limits)
            while len(_OPENED) > _KEPT:
                _build, former = _OPENED.popitem(last=False)
                former.close()
        return _OPENED[wanted]


def close_all() -> None:
    """Let go of every build."""
    with _LOCK:
        while _OPENED:
            _build, former = _OPENED.popitem()
            former.close()
