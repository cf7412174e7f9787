"""What every engine of the comparison can do, and the limits that all of them keep."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

Parameters = Mapping[str, str]
Rows = list[Any]
Ask = Callable[[str, Parameters], Rows]

THREADS = 2
MEMORY_MB = 2_048
QUESTION_TIMEOUT_S = 30


class PeerError(Exception):
    """A peer cannot run here; the message says why."""


class Engine(Protocol):
    """What can build a store from the files and answer questions about it.

    Attributes:
        dialect: the questions that it spells otherwise, by name.
    """

    dialect: Mapping[str, str]

    def prepare(self) -> str:
        """Fetch what is missing, outside any measurement, and tell the version; `PeerError` if it cannot run."""

    def built(self, files: Path, store: Path) -> AbstractContextManager[None]:
        """Load the files, indexes included; the block begins when it is ready to answer, its end shuts down."""

    def answering(self, store: Path) -> AbstractContextManager[Ask]:
        """A context that hands out the function to ask with."""

    def data(self, store: Path) -> list[Path]:
        """The files and folders that count as its disk space."""

    def peak_gb(self) -> float:
        """The most memory that the process held so far."""


def peak_memory_gb(process: str) -> float:
    """The peak of a process's own memory: unlike `ru_maxrss` it does not start with that of its parent."""
    try:
        status = Path("/proc", process, "status").read_text(encoding="utf-8")
    except FileNotFoundError:
        return 0.0
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) * 1024 / 1e9 if found else 0.0


def stop(process: subprocess.Popen[Any]) -> None:
    """Ask a process to end, wait, and insist."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def last_line(text: str) -> str:
    """The last line that says anything, which is where programs put their error."""
    return next((line for line in reversed(text.splitlines()) if line.strip()), "no message")


def exit_on_terminate() -> None:
    """Let a terminated process leave through its `finally` blocks, which stop servers and remove folders."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
