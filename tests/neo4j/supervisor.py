"""Runs a command for as long as another process lives: `python -m tests.neo4j.supervisor PID FOLDER COMMAND...`.

A server serves all workers of a test run, so that none of them can own it; and a run may be killed. When the process
PID is gone the command is ended and the folder removed: nobody wants the data, so that Java is killed at once, but the
client of a container has to tell it to end. The command's output goes to `FOLDER/java.log`.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil

STOP_TIMEOUT_S = 20
POLL_S = 0.1


def supervise(owner: psutil.Process, folder: Path, command: list[str]) -> int:
    """Run a command until it ends or its owner does."""
    with (folder / "java.log").open("ab") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder)
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    while process.poll() is None:
        if not owner.is_running() or owner.status() == psutil.STATUS_ZOMBIE:
            _end(process, at_once=Path(command[0]).name == "java")
            shutil.rmtree(folder, ignore_errors=True)
            return 1
        time.sleep(POLL_S)
    return process.returncode


def _end(process: subprocess.Popen[bytes], at_once: bool) -> None:
    process.kill() if at_once else process.terminate()
    try:
        process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


if __name__ == "__main__":
    sys.exit(supervise(psutil.Process(int(sys.argv[1])), Path(sys.argv[2]), sys.argv[3:]))
