"""Builds at fixed times: one process, one build at a time, and no failure that nobody hears of.

The scheduler writes what becomes of every build into the folder of the warehouse (`warehouse.health.schedule_state`),
so that `status` and a health check can tell, and so that the scheduler that comes next makes up for what was missed.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from etl.build import Plan, build
from etl.cron import Trigger, trigger
from etl.source import source
from warehouse.errors import BuildError, StoppedError, TargetGraphError
from warehouse.health.schedule_state import JobState, Outcome, ScheduleState, load, now_text, save, this_process
from warehouse.health.set_aside import set_aside
from warehouse.home import Build, Home
from warehouse.locks import HeldError, held
from warehouse.progress import SILENT, Progress, Task

_log = logging.getLogger(__name__)

#: How often the scheduler says that it lives, in seconds.
_HEARTBEAT_S = 30.0
_POLL_S = 0.2


@dataclass(frozen=True)
class Job:
    """What is built when.

    Args:
        cron: when, as `etl.cron` reads it.
        sources: the sources to refresh; empty = a full build.
    """

    cron: str
    sources: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """How it is called: by its sources."""
        return ", ".join(self.sources) or "all sources"


@dataclass(frozen=True)
class Failure:
    """What is passed on when a build failed.

    Args:
        job: the name of the job.
        reason: the words of the error.
        failed_at: ISO 8601 in UTC.
        failures: how many builds of the job have failed in a row; 0 = the build was published without what failed.
        home: the folder of the warehouse.
    """

    job: str
    reason: str
    failed_at: str
    failures: int
    home: str

    def sentence(self) -> str:
        """What a person reads of it."""
        became = "failed" if self.failures else "was published, but is incomplete"
        return f"the build of {self.job} {became}: {self.reason}"


class Scheduler:
    """Runs builds when they are due.

    Args:
        home: the warehouse.
        jobs: what is due when; each set of sources once.
        plan: how builds are made; `only` is taken from the job.
        timezone: the zone of the cron expressions; None = that of the machine.
        then: called with every build that was published; what it raises is a failure of the job.
        tell: called with every failure.
        progress: told of the work.
        make: how a build is made: `etl.build.build`, or `etl.update.updated`.

    Raises:
        TargetGraphError: a cron expression, a source or a time zone is wrong, or a job is named twice.
    """

    def __init__(
        self,
        home: Home,
        jobs: Sequence[Job],
        plan: Plan,
        *,
        timezone: str | None = None,
        then: Callable[[Build], None] = lambda made: None,
        tell: Callable[[Failure], None] = lambda failure: None,
        progress: Progress = SILENT,
        make: Callable[[Home, Plan, Progress], Build] = build,
    ) -> None:
        self._make = make
        self.home = home
        self._plan = plan
        self._then = then
        self._tell = tell
        self._progress = _Stoppable(progress, self)
        self._triggers: dict[Job, Trigger] = {job: trigger(job.cron, timezone) for job in jobs}
        for name in {name for job in jobs for name in job.sources}:
            source(name)
        if len({job.name for job in jobs}) < len(jobs):
            raise TargetGraphError("Two jobs build the same sources.", "Name each set of sources once.")
        self._state = ScheduleState()
        self._lock = threading.Lock()
        self._serves = False
        #: Set by a signal handler, where a lock could be held already: so it is a flag and no event.
        self.stopping = False

    def stop(self) -> None:
        """End: at once if nothing runs, else after the step of the build that runs. May be called anywhere."""
        self.stopping = True

    def run(self) -> None:
        """Run builds when they are due, until `stop`. A build that was missed is made up for once, at the start.

        Raises:
            BuildError: another scheduler serves this warehouse.
            TargetGraphError: the state cannot be read or written.
        """
        with self._alone():
            self._serves = True
            due = self._adopt()
            running = self._start(due)
            try:
                self._wait(running)
            finally:
                self.stop()
                running.shutdown(wait=True)

    def run_once(self) -> list[Build]:
        """Run every job now, one after another.

        Raises:
            TargetGraphError: a build failed; it has been recorded and told, and the jobs after it were run.
        """
        made: list[Build] = []
        failed: list[TargetGraphError] = []
        with self._alone():
            self._adopt()
            for job in self._triggers:
                try:
                    made.append(self._attempt(job))
                except StoppedError:
                    raise
                except TargetGraphError as error:
                    failed.append(error)
        if failed:
            raise failed[0]
        return made

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with ExitStack() as stack:
            try:
                self.home.state.mkdir(parents=True, exist_ok=True)
                stack.enter_context(held(self.home.state / "schedule.lock"))
                yield
            except HeldError:
                owner = load(self.home).owner
                raise BuildError(
                    f"Another scheduler serves {self.home.root}: process {owner.get('pid')} on {owner.get('host')}.",
                    "Stop it first, or give it this job too.",
                ) from None
            except OSError as error:
                raise TargetGraphError(f"The state of the scheduler cannot be written: {error}") from error

    def _adopt(self) -> list[Job]:
        """Take over what is known of the jobs; give those whose time passed while no scheduler ran."""
        found = load(self.home)
        known, self._state.owner, self._state.alive_at = found.jobs, found.owner, found.alive_at
        # What is run once leaves the schedule of others alone; a scheduler forgets what it no longer has.
        self._state.jobs = {} if self._serves else dict(known)
        now = datetime.now(UTC)
        due = []
        for job, when in self._triggers.items():
            state = self._state.jobs[job.name] = replace(known.get(job.name, JobState(job.cron)), cron=job.cron)
            if state.outcome is Outcome.RUNNING:
                self._record_failure(job, "The scheduler ended during it: killed, or out of memory.")
            if self._was_missed(state, when, now):
                due.append(job)
        self._save()
        return due

    def _was_missed(self, state: JobState, when: Trigger, now: datetime) -> bool:
        if state.outcome is Outcome.STOPPED:
            return True
        if not state.next_at:
            return False
        # The time that was promised may belong to an expression that has changed since.
        since = datetime.fromisoformat(state.started_at or state.next_at)
        following = when.get_next_fire_time(None, since)
        return datetime.fromisoformat(state.next_at) < now and following is not None and following < now

    def _start(self, due: Sequence[Job]) -> Any:
        from apscheduler.executors.pool import ThreadPoolExecutor
        from apscheduler.schedulers.background import BackgroundScheduler

        # Our own records tell of failures, with less than a traceback.
        logging.getLogger("apscheduler.executors").setLevel(logging.CRITICAL)
        running = BackgroundScheduler(executors={"default": ThreadPoolExecutor(1)}, timezone=UTC)
        now = datetime.now(UTC)
        for job, when in self._triggers.items():
            if job in due:
                _log.info("%s: a build was missed; it is made up for now", job.name)
            first = now if job in due else when.get_next_fire_time(None, now)
            options = {"coalesce": True, "misfire_grace_time": None, "max_instances": 1, "next_run_time": first}
            running.add_job(self._attempt, when, [job], id=job.name, **options)
        running.start()
        return running

    def _wait(self, running: Any) -> None:
        said = -_HEARTBEAT_S
        while not self.stopping:
            if time.monotonic() - said >= _HEARTBEAT_S:
                said = time.monotonic()
                self._note_next(running)
            time.sleep(_POLL_S)
        _log.info("told to stop")

    def _note_next(self, running: Any) -> None:
        for job in self._triggers:
            planned = running.get_job(job.name)
            if planned is not None and planned.next_run_time is not None:
                self._state.jobs[job.name].next_at = planned.next_run_time.astimezone(UTC).isoformat(timespec="seconds")
        self._save()

    def _attempt(self, job: Job) -> Build:
        """Make one build and record what becomes of it."""
        self._record(job, outcome=Outcome.RUNNING, started_at=now_text(), ended_at="", reason="")
        _log.info("%s: the build begins", job.name)
        try:
            made = self._make(self.home, replace(self._plan, only=job.sources), self._progress)
            self._then(made)
        except StoppedError as error:
            _log.warning("%s: %s", job.name, error)
            self._record(job, outcome=Outcome.STOPPED, ended_at=now_text(), reason=str(error))
            raise
        except BaseException as error:
            expected = isinstance(error, TargetGraphError)
            _log.error("%s: the build failed: %s", job.name, error, exc_info=None if expected else error)
            notes = getattr(error, "__notes__", ())
            self._record_failure(
                job, "\n".join([str(error) if expected else f"{type(error).__name__}: {error}", *notes])
            )
            raise
        self._record_success(job, made)
        return made

    def _record_success(self, job: Job, made: Build) -> None:
        at = now_text()
        self._record(job, outcome=Outcome.PUBLISHED, ended_at=at, published_at=at, build=made.id, reason="", failures=0)
        _log.info("%s: published as %s", job.name, made.id)
        receipt = made.receipt()
        missing = set_aside(receipt, receipt["refreshed"])
        for sentence in missing:
            _log.error("%s: %s", job.name, sentence)
        if missing:
            self._tell(Failure(job.name, "\n".join(missing), at, 0, str(self.home.root)))
        for one in receipt["sources"]:
            if one["status"] == "warning":
                _log.warning(
                    "%s: %s gave fewer rows than its release has; see `targetgraph status`", job.name, one["source"]
                )

    def _record_failure(self, job: Job, reason: str) -> None:
        at, failures = now_text(), self._state.jobs[job.name].failures + 1
        self._record(job, outcome=Outcome.FAILED, ended_at=at, reason=reason, failures=failures)
        self._tell(Failure(job.name, reason, at, failures, str(self.home.root)))

    def _record(self, job: Job, **changes: Any) -> None:
        with self._lock:
            for name, value in changes.items():
                setattr(self._state.jobs[job.name], name, value)
        self._save()

    def _save(self) -> None:
        with self._lock:
            # One that runs once has nothing to say about whether a scheduler lives.
            if self._serves:
                self._state.owner, self._state.alive_at = this_process(), now_text()
            save(self.home, self._state)


class _Stoppable:
    """A progress that ends the work at the next step once the scheduler is told to stop."""

    def __init__(self, inner: Progress, scheduler: Scheduler) -> None:
        self._inner = inner
        self._scheduler = scheduler

    @contextmanager
    def task(self, name: str, total: float | None = None, unit: str = "steps") -> Iterator[Task]:
        """Open a task, unless told to stop."""
        self.check()
        with self._inner.task(name, total, unit) as task:
            yield _StoppableTask(task, self)

    def check(self) -> None:
        """Go on, or not.

        Raises:
            StoppedError: the scheduler was told to stop.
        """
        if self._scheduler.stopping:
            raise StoppedError("The build was given up because the scheduler was stopped.", "The current build stays.")


class _StoppableTask:
    def __init__(self, inner: Task, progress: _Stoppable) -> None:
        self._inner = inner
        self._progress = progress

    def advance(self, amount: float = 1) -> None:
        """Move on, unless told to stop."""
        self._inner.advance(amount)
        self._progress.check()

    def describe(self, text: str) -> None:
        """Replace the text."""
        self._inner.describe(text)
