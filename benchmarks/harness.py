"""What every benchmark shares: figures with goals, runs in a process of their own, percentiles, the results file."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

RESULTS = Path("results")
#: Where the real data lie, seen from the root of the project.
DATA = Path(os.environ.get("TARGETGRAPH_DATA", "../shared/data"))
_START_S = 60.0


@dataclass(frozen=True)
class Figure:
    """One measured value.

    Args:
        metric: its name.
        value: what was measured.
        unit: of the value.
        goal: what it must reach, with the sign (`<= 180`); None = reported only.
        peer: what ran beside it in the same call.
        peer_value: what the peer reached.
    """

    metric: str
    value: float
    unit: str
    goal: str | None = None
    peer: str | None = None
    peer_value: float | None = None

    @property
    def reached(self) -> bool | None:
        """Whether the goal is reached; None without a goal."""
        if self.goal is None:
            return None
        sign, limit = self.goal.split()
        return self.value <= float(limit) if sign == "<=" else self.value >= float(limit)


@dataclass(frozen=True)
class Finished:
    """A command that ran in a process of its own: seconds, peak memory in GB, what it printed."""

    seconds: float
    peak_gb: float
    output: str


#: Starts a command from a small process and writes seconds, peak memory in kB and status. A process counts as its own
#: peak what the process that started it held: started from a benchmark that holds gigabytes, any command seems to.
_LAUNCHER = """
import os, subprocess, sys, time
start = time.perf_counter()
process = subprocess.Popen(sys.argv[2:])
_pid, status, usage = os.wait4(process.pid, 0)
process.returncode = os.waitstatus_to_exitcode(status)
with open(sys.argv[1], "w", encoding="utf-8") as file:
    file.write(f"{time.perf_counter() - start} {usage.ru_maxrss} {process.returncode}")
"""


def run_command(command: Sequence[str]) -> Finished:
    """Run a command and measure the whole process.

    Raises:
        subprocess.CalledProcessError: it failed; its error output is attached as a note.
    """
    # As on a user's machine, compiled modules are kept from one run to the next.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    # Errors go to a file: a child that fills a pipe nobody reads would wait for ever.
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as kept,
        tempfile.NamedTemporaryFile("r", encoding="utf-8") as measured,
    ):
        launch = [sys.executable, "-I", "-S", "-c", _LAUNCHER, measured.name, *command]
        launched = subprocess.run(launch, stdout=subprocess.PIPE, stderr=kept, text=True, env=environment, check=False)
        kept.seek(0)
        errors, measures = kept.read(), measured.read().split()
    returncode = int(measures[2]) if len(measures) == 3 else launched.returncode or 1
    if returncode:
        error = subprocess.CalledProcessError(returncode, list(command), launched.stdout, errors)
        error.add_note(errors[-2000:])
        raise error
    return Finished(float(measures[0]), int(measures[1]) / 1e6, launched.stdout)


def targetgraph(*arguments: str) -> Finished:
    """Run the command line and measure it."""
    return run_command([sys.executable, "-m", "targetgraph", *arguments])


@contextmanager
def served(home: Path, *words: str) -> Iterator[str]:
    """The address (`127.0.0.1:PORT`) of a dashboard that the verb serves in a process of its own.

    Args:
        home: the folder of the warehouse.
        words: further options of the verb.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    port = address.rpartition(":")[2]
    command = [sys.executable, "-m", "targetgraph", "dashboard", "--home", str(home), "--port", port, *words]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment) as process:
        try:
            _await(process, address)
            yield address
        finally:
            process.terminate()


def _await(process: subprocess.Popen[bytes], address: str) -> None:
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the dashboard ended with status {process.returncode} before it was ready")
        try:
            with urlopen(f"http://{address}/_stcore/health", timeout=5):
                return
        except (URLError, OSError):
            time.sleep(0.05)
    raise RuntimeError(f"the dashboard was not ready after {_START_S:g} s")


def percentiles(work: Callable[[], object], repeats: int, warm_up: int = 3) -> tuple[float, float, float]:
    """Milliseconds of repeated work: median, 95th percentile, maximum."""
    for _ in range(warm_up):
        work()
    taken = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        taken.append((time.perf_counter() - start) * 1000)
    taken.sort()
    return taken[len(taken) // 2], taken[min(int(len(taken) * 0.95), len(taken) - 1)], taken[-1]


def report(name: str, figures: Sequence[Figure]) -> Path:
    """Print a table and write `results/<name>.json`."""
    width = max(len(figure.metric) for figure in figures)
    for figure in figures:
        mark = {True: "reached", False: "MISSED", None: ""}[figure.reached]
        peer = f"  {figure.peer}: {figure.peer_value:g}" if figure.peer and figure.peer_value is not None else ""
        print(f"{figure.metric:<{width}}  {figure.value:>12.6g} {figure.unit:<6} {figure.goal or '':<10} {mark}{peer}")
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps({"figures": [asdict(figure) for figure in figures]}, indent=1), encoding="utf-8")
    return path
