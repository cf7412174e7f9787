"""Ctrl-C while DuckDB computes in the main thread: it ends at once, and nothing else is stopped."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import duckdb
import pytest

from warehouse.answer import Limits
from warehouse.home import Home
from warehouse.interruption import interruptible
from warehouse.warehouse import Warehouse

#: Hours of work; the first in one long piece, in which DuckDB itself hears of no signal.
SQL = "SELECT count(*) FROM range(1000000) AS a, range(1000000) AS b WHERE a.range < b.range"
CYPHER = "UNWIND range(1, 100000) AS a UNWIND range(1, 100000) AS b RETURN sum(a * b % 7) AS s"
LONG = Limits(timeout_s=60)


@pytest.fixture(autouse=True)
def _hears_the_keyboard() -> Iterator[None]:
    """A shell that starts the tests in the background has them ignore Ctrl-C, and a browser's loop listens itself."""
    before, listener = signal.signal(signal.SIGINT, signal.default_int_handler), signal.set_wakeup_fd(-1)
    blocked = signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    yield
    signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
    signal.set_wakeup_fd(listener)
    signal.signal(signal.SIGINT, before)


@contextmanager
def pressed(after_s: float = 0.3) -> Iterator[None]:
    """Press Ctrl-C after a time; the body must end with it, long before the limit of time."""
    timer = threading.Timer(after_s, os.kill, (os.getpid(), signal.SIGINT))
    start = time.monotonic()
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        yield
    assert time.monotonic() - start < 20
    timer.join()


def _read(warehouse: Warehouse) -> None:
    with warehouse.reading(LONG) as connection:
        connection.execute(SQL).fetchall()


ASKED: dict[str, Callable[[Warehouse], object]] = {
    "sql": lambda warehouse: warehouse.sql(SQL, limits=LONG),
    "cypher": lambda warehouse: warehouse.query(CYPHER, limits=LONG),
    "reading": _read,
}


@pytest.mark.parametrize("name", ASKED)
def test_a_question_is_stopped_and_the_next_is_answered(sample_home: Home, name: str) -> None:
    with Warehouse(sample_home.current()) as warehouse:
        with pressed():
            ASKED[name](warehouse)
        assert warehouse.sql("SELECT 1").rows() == [(1,)]
        assert warehouse.query("RETURN 1").rows() == [(1,)]
    assert signal.set_wakeup_fd(-1) == -1, "nothing listens outside of a question"


def test_a_question_of_another_thread_goes_on() -> None:
    answers: list[object] = []
    with duckdb.connect() as connection:
        other = connection.cursor()

        def ask() -> None:
            with interruptible(other.interrupt):
                answers.append(other.execute("SELECT sleep_ms(1500)").fetchall())

        thread = threading.Thread(target=ask)
        thread.start()
        with pressed(), interruptible(connection.interrupt):
            connection.execute(SQL)
        thread.join()
    assert len(answers) == 1


def test_who_listens_to_signals_already_is_left_alone() -> None:
    """An event loop has a pipe of its own for them."""
    read, written = os.pipe()
    os.set_blocking(written, False)
    signal.set_wakeup_fd(written)
    try:
        with interruptible(pytest.fail):
            assert signal.set_wakeup_fd(written) == written
        assert signal.set_wakeup_fd(-1) == written
    finally:
        signal.set_wakeup_fd(-1)
        os.close(read)
        os.close(written)


def test_a_handler_of_the_programs_own_decides_for_itself() -> None:
    heard, stopped = threading.Event(), threading.Event()
    before = signal.signal(signal.SIGINT, lambda _number, _frame: heard.set())
    try:
        with interruptible(stopped.set):
            signal.raise_signal(signal.SIGINT)
            time.sleep(0.1)
    finally:
        signal.signal(signal.SIGINT, before)
    assert heard.is_set()
    assert not stopped.is_set()


def test_an_error_without_ctrl_c_stays_what_it_is() -> None:
    with pytest.raises(ValueError, match="mine"), interruptible(lambda: None):
        raise ValueError("mine")
    with pytest.raises(KeyboardInterrupt), interruptible(lambda: None):
        raise RuntimeError("Query interrupted")
