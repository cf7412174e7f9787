"""Progress: silent unless it is a terminal."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

import pytest

from warehouse.progress import SILENT, TerminalProgress

WORK = """
from warehouse.progress import TerminalProgress
progress = TerminalProgress()
with progress.task("outer", total=2, unit="files") as outer:
    outer.describe("[red]outer[/red] now")
    with progress.task("inner", total=10, unit="bytes") as inner:
        inner.advance(10)
    outer.advance(1)
with progress.task("unknown") as task:
    task.advance(1)
"""


def test_silent_progress_takes_everything(capfd: pytest.CaptureFixture[str]) -> None:
    with SILENT.task("a", total=1) as task:
        task.describe("b")
        task.advance(0.5)
    assert capfd.readouterr() == ("", "")


def test_nothing_is_written_into_a_pipe() -> None:
    done = subprocess.run([sys.executable, "-c", WORK], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")


def test_bars_are_drawn_on_a_terminal() -> None:
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "120"}
    done = subprocess.run(
        [sys.executable, "-c", WORK], stdout=subprocess.PIPE, stderr=theirs, check=True, env=environment
    )
    os.close(theirs)
    drawn = os.read(ours, 100_000).decode()
    os.close(ours)
    assert done.stdout == b""
    assert "[red]outer[/red] now" in drawn
    assert "inner" in drawn


def test_an_error_inside_a_task_ends_it() -> None:
    progress = TerminalProgress()
    try:
        with progress.task("a"):
            raise KeyError
    except KeyError:
        pass
    assert progress._open == 0
