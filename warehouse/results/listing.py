"""Every run that has left something: published, retracted, in the making, killed, or with files that are damaged."""

from __future__ import annotations

import fcntl
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from warehouse.errors import BuildError
from warehouse.results.artefacts import damaged
from warehouse.results.files import read_record
from warehouse.results.record import RunRecord
from warehouse.results.store import Results


class RunState(StrEnum):
    """What is to be said of a run."""

    ACTIVE = "active"
    RETRACTED = "retracted"
    RUNNING = "running"
    INTERRUPTED = "interrupted"
    PARTIAL = "partial"
    DAMAGED = "damaged"


#: What each state means, and what to do.
MEANING = {
    RunState.ACTIVE: "Its predictions are asked.",
    RunState.RETRACTED: "Its predictions are kept, but not asked.",
    RunState.RUNNING: "A process computes it now; nothing is published yet.",
    RunState.INTERRUPTED: "It was killed before it was published. The same command goes on from its checkpoint.",
    RunState.PARTIAL: "It was killed while it was published; nothing of it is asked. Run the same command again.",
    RunState.DAMAGED: "Its files are missing or cannot be read. Put them back, or take it out for good.",
}


@dataclass(frozen=True)
class ListedRun:
    """One line of the list.

    Args:
        run: its name.
        state: what is to be said of it.
        record: its account, where it can be read.
        seen_at: when something of it was last written; None where nothing is left.
        problem: what is wrong with its files.
    """

    run: str
    state: RunState
    record: RunRecord | None = None
    seen_at: datetime | None = None
    problem: str = ""

    @property
    def analysis(self) -> str:
        """The analysis: as its account says, or as its name begins."""
        return self.record.analysis if self.record else self.run.rpartition("-")[0]


def listed_runs(results: Results) -> list[ListedRun]:
    """Every run of which something is there, the latest first; a damaged one hides no other."""
    folder = results.folder
    accounts = {path.stem for path in folder.glob("*.json")}
    begun = {path.name for path in (folder / "checkpoints").glob("*") if path.is_dir()}
    published = {*(path.stem for path in folder.glob("*.duckdb")), *(path.name for path in folder.glob("artefacts/*"))}
    names = {*accounts, *results.active(), *begun, *published}
    found = sorted(_listed(results, run, has_account=run in accounts) for run in sorted(names))
    return [one for _time, _name, one in reversed(found)]


def _listed(results: Results, run: str, *, has_account: bool) -> tuple[str, str, ListedRun]:
    """The run with what it is sorted by."""
    seen = _last_written(results, run)
    one = ListedRun(run, _unpublished(results, run), seen_at=seen)
    if has_account or run in results.active():
        one = _published(results, run, seen)
    started = one.record.started_at if one.record else seen.isoformat() if seen else ""
    return started, run, one


def _published(results: Results, run: str, seen: datetime | None) -> ListedRun:
    try:
        record = read_record(results.folder, run)
    except BuildError as error:
        return ListedRun(run, RunState.DAMAGED, seen_at=seen, problem=error.message)
    if names := damaged(results.folder, record):
        return ListedRun(run, RunState.DAMAGED, record, seen, f"Artefacts are missing or damaged: {', '.join(names)}.")
    if not results.has(run):
        return ListedRun(run, RunState.DAMAGED, record, seen, f"{results.folder / run}.duckdb is missing.")
    return ListedRun(run, RunState.ACTIVE if run in results.active() else RunState.RETRACTED, record, seen)


def _unpublished(results: Results, run: str) -> RunState:
    checkpoint = results.checkpoint(run)
    if _is_held(checkpoint.parent / f"{run}.lock"):
        return RunState.RUNNING
    return RunState.INTERRUPTED if checkpoint.is_dir() else RunState.PARTIAL


def _is_held(lock: Path) -> bool:
    """Whether a process makes the run; it is asked for an instant, which the makers of runs wait for."""
    try:
        with lock.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return False
    except BlockingIOError:
        return True
    except OSError:
        return False


def _last_written(results: Results, run: str) -> datetime | None:
    checkpoint = results.checkpoint(run)
    paths = [results.folder / f"{run}.duckdb", checkpoint, *checkpoint.glob("*")]
    times = []
    for path in paths:
        try:
            times.append(path.stat().st_mtime)
        except OSError:
            # A run that ends now takes its checkpoint away while we look.
            continue
    return datetime.fromtimestamp(max(times), UTC) if times else None
