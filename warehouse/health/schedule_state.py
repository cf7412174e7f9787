"""What became of scheduled builds: one small file that `status`, the health check and the next scheduler read."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from warehouse import atomic
from warehouse.errors import TargetGraphError
from warehouse.home import Home

_FILE = "schedule.json"
#: A scheduler that has said nothing for so long is held to be dead.
SILENT_AFTER_S = 150.0
#: How late a build may start before somebody should look: another build may be running.
LATE_AFTER_S = 3600.0


class Outcome(StrEnum):
    """What became of the last build of a job."""

    WAITING = "waiting"
    RUNNING = "running"
    PUBLISHED = "published"
    FAILED = "failed"
    STOPPED = "stopped"


@dataclass
class JobState:
    """What is known of a job.

    Args:
        cron: when it is due.
        outcome: what became of its last build.
        reason: why it failed, in the words of the error.
        build: the build that it published last.
        started_at, ended_at: the last build, ISO 8601 in UTC.
        published_at: when it last published.
        next_at: when it is due next.
        failures: how many builds have failed since it last published.
    """

    cron: str
    outcome: Outcome = Outcome.WAITING
    reason: str = ""
    build: str = ""
    started_at: str = ""
    ended_at: str = ""
    published_at: str = ""
    next_at: str = ""
    failures: int = 0

    def sentence(self, job: str) -> str:
        """What a person is told of it."""
        if self.outcome is Outcome.FAILED:
            times = f" ({self.failures} times in a row)" if self.failures > 1 else ""
            return f"The last scheduled build of {job} failed at {self.ended_at}{times} because: {self.reason}"
        if self.outcome is Outcome.RUNNING:
            return f"A scheduled build of {job} runs since {self.started_at}."
        if self.outcome is Outcome.STOPPED:
            return (
                f"The last scheduled build of {job} was stopped at {self.ended_at}; it starts again with the scheduler."
            )
        if self.outcome is Outcome.PUBLISHED:
            return f"The last scheduled build of {job} was published at {self.ended_at}: {self.build}."
        return f"{job} has had no scheduled build yet."


@dataclass
class ScheduleState:
    """The state of a scheduler: its jobs by name, and who it is."""

    jobs: dict[str, JobState] = field(default_factory=dict)
    owner: dict[str, Any] = field(default_factory=dict)
    alive_at: str = ""

    def troubles(self, now: datetime | None = None) -> list[str]:
        """What somebody should look at: a silent scheduler, failed builds, builds that did not start."""
        now = now or datetime.now(UTC)
        found = [state.sentence(job) for job, state in self.jobs.items() if state.outcome is Outcome.FAILED]
        if not self.alive_at:
            return found
        silent_s = (now - datetime.fromisoformat(self.alive_at)).total_seconds()
        if silent_s > SILENT_AFTER_S:
            found.append(f"The scheduler ({_name(self.owner)}) has said nothing since {self.alive_at}.")
        for job, state in self.jobs.items():
            late_s = 0.0 if not state.next_at else (now - datetime.fromisoformat(state.next_at)).total_seconds()
            if state.outcome is not Outcome.RUNNING and late_s > LATE_AFTER_S:
                found.append(f"The build of {job} that was due at {state.next_at} has not started.")
        return found

    def rows(self) -> list[dict[str, Any]]:
        """One row for each job, for people."""
        return [{"job": job, **asdict(state), "outcome": state.outcome.value} for job, state in self.jobs.items()]


def load(home: Home) -> ScheduleState:
    """The state as it was last written; empty where nothing was ever scheduled.

    Raises:
        TargetGraphError: the file is damaged.
    """
    path = home.state / _FILE
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        jobs = {name: _job(plain) for name, plain in document["jobs"].items()}
        return ScheduleState(jobs, dict(document["owner"]), str(document["alive_at"]))
    except FileNotFoundError:
        return ScheduleState()
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise TargetGraphError(f"{path} cannot be read: {error}", "Remove it; the scheduler writes it anew.") from error


def save(home: Home, state: ScheduleState) -> None:
    """Write the state in one step.

    Raises:
        OSError: it cannot be written.
    """
    home.state.mkdir(parents=True, exist_ok=True)
    atomic.write_text(home.state / _FILE, json.dumps(asdict(state), indent=1, ensure_ascii=False) + "\n", durable=True)


def this_process() -> dict[str, Any]:
    """Who writes."""
    return {"pid": os.getpid(), "host": socket.gethostname()}


def now_text() -> str:
    """The time, ISO 8601 in UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _job(plain: Mapping[str, Any]) -> JobState:
    return JobState(**{**plain, "outcome": Outcome(plain["outcome"])})


def _name(owner: Mapping[str, Any]) -> str:
    return f"process {owner.get('pid', '?')} on {owner.get('host', '?')}"
