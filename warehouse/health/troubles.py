"""Everything that an operator should look at, as sentences: for `status`, the health check and the pages."""

from __future__ import annotations

from warehouse.candidates import candidate
from warehouse.errors import BuildError
from warehouse.graph.duckdb_store import DuckDBGraphStore
from warehouse.health.failed_builds import failed_builds
from warehouse.health.schedule_state import Outcome, load
from warehouse.health.set_aside import set_aside
from warehouse.home import Build, Home


def troubles(home: Home) -> list[str]:
    """Failed builds, what is wrong with the schedule, what the current build set aside, an update that waits.

    Empty where all is well.

    Raises:
        TargetGraphError: a file of the state is damaged.
    """
    schedule = load(home)
    # What failed on a schedule is recorded as a build too: it is said once, by the schedule, which knows how often.
    said = {job for job, state in schedule.jobs.items() if state.outcome is Outcome.FAILED}
    failed = [one for one in failed_builds(home) if (", ".join(one.sources) or "all sources") not in said]
    return [*schedule.troubles(), *(one.sentence() for one in failed), *_missing_from_build(home), *_waiting(home)]


def _missing_from_build(home: Home) -> list[str]:
    try:
        return set_aside(home.current().receipt())
    except BuildError:
        # Without a build there is nothing that it lacks; one that cannot be read is told by whoever opens it.
        return []


def _waiting(home: Home) -> list[str]:
    waiting = candidate(home)
    return [] if waiting is None else [waiting.sentence()]


def unreadable(build: Build, memory_mb: int) -> str | None:
    """Why this version cannot answer from a build; None where it can."""
    try:
        DuckDBGraphStore(build, memory_mb=memory_mb).close()
    except BuildError as error:
        return f"Build {build.id}: {error}" if build.id not in error.message else str(error)
    return None
