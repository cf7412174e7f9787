"""Stops work that runs past its deadline.

One thread watches all of it: starting a timer for every query would cost more than many a query takes.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

TICK_S = 0.02
IDLE_TICKS = 50


class Watchdog:
    """Calls a function for every piece of work that is not done by its deadline."""

    def __init__(self) -> None:
        self._work: dict[int, tuple[float, Callable[[], None]]] = {}
        self._numbers = itertools.count()
        self._busy = threading.Event()
        self._lock = threading.Lock()
        # What is done is not stopped any more: its connection may be closed by then.
        self._ending = threading.Lock()
        self._thread: threading.Thread | None = None

    @contextmanager
    def limit(self, timeout_s: float, stop: Callable[[], None]) -> Iterator[None]:
        """Call `stop` if the body runs longer than `timeout_s`."""
        number = next(self._numbers)
        self._work[number] = (time.monotonic() + timeout_s, stop)
        self._wake()
        try:
            yield
        finally:
            with self._ending:
                self._work.pop(number, None)

    def _wake(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            with self._lock:
                if self._thread is None or not self._thread.is_alive():
                    self._thread = threading.Thread(target=self._watch, name="query-watchdog", daemon=True)
                    self._thread.start()
        if not self._busy.is_set():
            self._busy.set()

    def _watch(self) -> None:
        quiet = 0
        while True:
            self._busy.wait()
            time.sleep(TICK_S)
            quiet = 0 if self._work else quiet + 1
            if quiet > IDLE_TICKS:
                self._busy.clear()
                # Work that began between the look above and the clearing must not be forgotten.
                if self._work:
                    self._busy.set()
            self._stop_late()

    def _stop_late(self) -> None:
        now = time.monotonic()
        for number, (deadline, stop) in list(self._work.items()):
            if now > deadline:
                with self._ending:
                    if self._work.pop(number, None) is not None:
                        stop()


WATCHDOG = Watchdog()
