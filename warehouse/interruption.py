"""Lets Ctrl-C stop a question at once while DuckDB computes.

Python raises `KeyboardInterrupt` only when its main thread comes back from the library that it called, and DuckDB comes
back at the end of a long piece of work. So the interpreter is asked to write each signal to a pipe
(`signal.set_wakeup_fd`), and a thread that reads the pipe stops what the main thread waits for.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class _Keyboard:
    """The thread that hears Ctrl-C, and what it stops: whatever the main thread runs now."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: list[Callable[[], None]] = []
        self._written: int | None = None

    @contextmanager
    def stops(self, stop: Callable[[], None]) -> Iterator[None]:
        if not self._listens():
            yield
            return
        with self._lock:
            self._running.append(stop)
        try:
            yield
        finally:
            with self._lock:
                self._running.remove(stop)
            if not self._running and threading.current_thread() is threading.main_thread():
                self._release()

    def _listens(self) -> bool:
        """Start to listen, where a signal ends what runs and nobody else listens."""
        if threading.current_thread() is not threading.main_thread():
            return False
        if self._written is None:
            read, self._written = os.pipe()
            os.set_blocking(self._written, False)
            threading.Thread(target=self._watch, args=(read,), name="keyboard", daemon=True).start()
        before = signal.set_wakeup_fd(self._written, warn_on_full_buffer=False)
        if before in {-1, self._written}:
            return True
        signal.set_wakeup_fd(before)
        return False

    def _release(self) -> None:
        before = signal.set_wakeup_fd(-1)
        if before not in {-1, self._written}:
            signal.set_wakeup_fd(before)

    def _watch(self, read: int) -> None:
        while True:
            pressed = signal.SIGINT in os.read(read, 64)
            if pressed and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
                self._stop_all()

    def _stop_all(self) -> None:
        # Not in the loop of the thread, which never ends and would hold on to the connection.
        with self._lock:
            for stop in self._running:
                stop()


_KEYBOARD = _Keyboard()


@contextmanager
def interruptible(stop: Callable[[], None]) -> Iterator[None]:
    """Call `stop` when Ctrl-C is pressed while the main thread is in the body; other threads are left alone.

    Args:
        stop: ends what runs, from another thread: `connection.interrupt`.

    Raises:
        KeyboardInterrupt: Ctrl-C was pressed, and the body ended with an error.
    """
    pressed = threading.Event()

    def heard() -> None:
        pressed.set()
        stop()

    try:
        with _KEYBOARD.stops(heard):
            yield
    except Exception as error:
        if pressed.is_set() or heard_by_duckdb(error):
            raise KeyboardInterrupt from error
        raise


def heard_by_duckdb(error: Exception) -> bool:
    """Whether DuckDB itself heard Ctrl-C, between two pieces of its work, and made an error of it."""
    return isinstance(error, RuntimeError) and str(error) == "Query interrupted"
