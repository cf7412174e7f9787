"""Every run that has left something: published, retracted, in the making, killed, or with files that are damaged."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from warehouse.errors import BuildError
from warehouse.results.artefacts import damaged
from warehouse.results.attempts import Attempt
from warehouse.results.files import read_record
from warehouse.results.record import RunRecord
from warehouse.results.store import Results


class RunState(StrEnum):
    """What is to be said of a run."""

    ACTIVE = "active"
    RETRACTED = "retracted"
    RUNNING = "running"
    INTERRUPTED = "interrupted"
    FAILED = "failed"
    PARTIAL = "partial"
    DAMAGED = "damaged"


#: What each state means, and what to do.
MEANING = {
    RunState.ACTIVE: "Its predictions are asked.",
    RunState.RETRACTED: "Its predictions are kept, but not asked.",
    RunState.RUNNING: "A process computes it now; nothing is published yet.",
    RunState.INTERRUPTED: "It was stopped before it was published.",
    RunState.FAILED: "An error ended it before it was published.",
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
        problem: what is wrong with its files, why it failed, or how it goes on.
        attempt: what is known of it where it is begun and not published.
    """

    run: str
    state: RunState
    record: RunRecord | None = None
    seen_at: datetime | None = None
    problem: str = ""
    attempt: Attempt | None = None

    @property
    def analysis(self) -> str:
        """The analysis: as its account says, or as its name begins."""
        known = self.record or self.attempt
        return known.analysis if known else self.run.rpartition("-")[0]

    @property
    def published(self) -> bool:
        """Whether it was ever published, whole or not any more."""
        return self.state in {RunState.ACTIVE, RunState.RETRACTED, RunState.DAMAGED}

    @property
    def remark(self) -> str:
        """What a reader of the list must know: why it is not asked, or that it predicts nothing."""
        if self.state is RunState.ACTIVE and self.record is not None:
            return "" if self.record.counts else " ".join(["No predictions.", *self.record.notes[:1]])
        return f"{MEANING[self.state]} {self.problem}".strip()


def listed_runs(results: Results) -> list[ListedRun]:
    """Every run of which something is there, the latest first; a damaged one hides no other."""
    accounts = {path.stem for path in results.folder.glob("*.json")}
    found = sorted(_listed(results, run, has_account=run in accounts) for run in sorted(results.names()))
    return [one for _time, _name, one in reversed(found)]


def _listed(results: Results, run: str, *, has_account: bool) -> tuple[str, str, ListedRun]:
    """The run with what it is sorted by."""
    seen = _last_written(results, run)
    is_published = has_account or run in results.active()
    one = _published(results, run, seen) if is_published else _unpublished(results, run, seen)
    known = one.record or one.attempt
    return known.started_at if known else seen.isoformat() if seen else "", run, one


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


def _unpublished(results: Results, run: str, seen: datetime | None) -> ListedRun:
    attempts = results.attempts
    attempt = attempts.get(run)
    if attempts.is_made(run):
        return ListedRun(run, RunState.RUNNING, seen_at=seen, attempt=attempt)
    if run not in attempts.names():
        return ListedRun(run, RunState.PARTIAL, seen_at=seen)
    state = RunState.FAILED if attempt is not None and attempt.reason else RunState.INTERRUPTED
    resumable = any(attempts.checkpoint(run).glob("*")) if attempt is None else attempt.resumable
    how = "goes on from its checkpoint" if resumable else "begins anew, for it had kept nothing"
    reason = f"{attempt.reason} " if attempt is not None and attempt.reason else ""
    problem = f"{reason}The same command {how}; `targetgraph retract {run} --delete` drops it."
    return ListedRun(run, state, seen_at=seen, problem=problem, attempt=attempt)


def _last_written(results: Results, run: str) -> datetime | None:
    checkpoint = results.attempts.checkpoint(run)
    paths = [results.folder / f"{run}.duckdb", checkpoint, *checkpoint.glob("*")]
    times = []
    for path in paths:
        try:
            times.append(path.stat().st_mtime)
        except OSError:
            # A run that ends now takes its checkpoint away while we look.
            continue
    return datetime.fromtimestamp(max(times), UTC) if times else None
