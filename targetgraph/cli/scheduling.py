"""The verb that makes builds at fixed times: schedule."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from targetgraph.cli.building import exit_if_incomplete
from targetgraph.cli.options import Format, HomeFolder, Output, OutputFormat, Raw, Sample, Strict
from targetgraph.cli.output import say, write_rows
from targetgraph.cli.places import home_folder
from targetgraph.cli.plans import plan_of
from targetgraph.cli.publishing import publish_beside_build

if TYPE_CHECKING:
    from etl.schedule import Job, Scheduler
    from warehouse.home import Build, Home
    from warehouse.settings import Settings


def add_verbs(app: typer.Typer) -> None:
    """Add the verbs of this group."""
    app.command()(schedule)


def schedule(
    cron: Annotated[
        str | None, typer.Option("--cron", help='When: minute, hour, day, month, weekday, e.g. "0 3 * * 1".')
    ] = None,
    source: Annotated[
        list[str] | None, typer.Option("--source", "-s", help="Refresh this source; may be repeated. Else all.")
    ] = None,
    job: Annotated[
        list[str] | None,
        typer.Option("--job", help='A line as in a crontab: "0 3 * * 1 reactome pdb"; may be repeated.'),
    ] = None,
    raw: Raw = None,
    strict: Strict = False,
    newer: Annotated[
        bool,
        typer.Option(
            "--update", help="Bring newer releases in, as `targetgraph update` does, instead of building anew."
        ),
    ] = False,
    timezone: Annotated[
        str | None, typer.Option("--timezone", help="The zone of the times, e.g. UTC; else the machine's.")
    ] = None,
    wait: Annotated[float, typer.Option("--wait", help="Seconds to wait for another build.", min=0)] = 3600,
    once: Annotated[bool, typer.Option("--once", help="Build now, once, and exit with what became of it.")] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Show what became of each job; exit status 1 when something is wrong.")
    ] = False,
    file_format: Format = OutputFormat.TABLE,
    output: Output = None,
    sample: Sample = False,
    home: HomeFolder = None,
) -> None:
    """Make builds when they are due: in one process, one at a time; what was missed is made up for once."""
    from warehouse.home import Home

    place = Home(home_folder(home, sample=sample))
    if check:
        _check(place, file_format, output)
        return
    if newer and (raw or sample):
        raise typer.BadParameter("--update fetches from the publishers; it goes with neither --raw nor --sample.")
    jobs = _jobs(cron, source, job, once=once)
    scheduler = _scheduler(place, jobs, raw, timezone, wait, sample=sample, strict=strict, newer=newer)
    _log_to_standard_error()
    with _stopped_by_signals(scheduler):
        if once:
            made = scheduler.run_once()
            for one in made:
                say(f"The current build is now {one.id}.")
            exit_if_incomplete(*made)
        else:
            scheduler.run()


def _jobs(cron: str | None, sources: list[str] | None, lines: list[str] | None, *, once: bool) -> list[Job]:
    from etl.schedule import Job

    found = [] if cron is None else [Job(cron, tuple(sorted(set(sources or ()))))]
    for line in lines or []:
        # A crontab's short forms stand for all five fields.
        words = line.split()
        fields = 1 if line.strip().startswith("@") else 5
        found.append(Job(" ".join(words[:fields]), tuple(sorted(set(words[fields:])))))
    if once and not found:
        # What is run now needs no time.
        return [Job("@daily", tuple(sorted(set(sources or ()))))]
    if not found:
        raise typer.BadParameter('Say when: --cron "0 3 * * 1", or --job "0 3 * * 1 reactome".')
    if sources and cron is None:
        raise typer.BadParameter("--source belongs to --cron; in a --job the sources follow the times.")
    return found


def _scheduler(
    place: Home,
    jobs: list[Job],
    raw: list[Path] | None,
    timezone: str | None,
    wait_s: float,
    *,
    sample: bool,
    strict: bool,
    newer: bool,
) -> Scheduler:
    from etl.build import build
    from etl.notify import Notifier
    from etl.schedule import Scheduler
    from etl.update import UpdateLimits, updated
    from warehouse.progress import TerminalProgress
    from warehouse.settings import Settings

    settings = Settings()
    plan = replace(plan_of(settings, wait_s), raw=tuple(raw) if raw else None, strict=strict)
    webhook = settings.failure_webhook
    tell = Notifier(settings.failure_command, None if webhook is None else webhook.get_secret_value())
    progress = TerminalProgress()
    limits = UpdateLimits(settings.update_rows_lost, settings.update_entities_vanished)
    return Scheduler(
        place,
        jobs,
        plan,
        timezone=timezone,
        then=partial(_then, settings, sample=sample),
        tell=tell,
        progress=progress,
        make=partial(updated, limits=limits) if newer else build,
    )


def _then(settings: Settings, made: Build, *, sample: bool) -> None:
    """As `build` does: a server that holds the graph too gets the build, but never the sample."""
    if not sample:
        publish_beside_build(made, settings)


@contextmanager
def _stopped_by_signals(scheduler: Scheduler) -> Iterator[None]:
    import signal

    stopping = (signal.SIGTERM, signal.SIGINT)
    before = [signal.signal(number, lambda _number, _frame: scheduler.stop()) for number in stopping]
    try:
        yield
    finally:
        for number, handler in zip(stopping, before, strict=True):
            signal.signal(number, handler)


def _log_to_standard_error() -> None:
    import logging

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
    # A library that logs addresses would log the webhook's.
    logging.getLogger("httpx2").setLevel(logging.WARNING)


def _check(place: Home, file_format: OutputFormat, output: Path | None) -> None:
    from dataclasses import fields

    from warehouse.errors import TargetGraphError
    from warehouse.health.schedule_state import JobState, load

    state = load(place)
    write_rows(state.rows(), file_format, output, ("job", *(field.name for field in fields(JobState))))
    # A job that was run once, by cron or by hand, needs no scheduler that stays.
    troubles = state.troubles() if state.jobs else [*state.troubles(), "Nothing was ever scheduled here."]
    if troubles:
        raise TargetGraphError("\n".join(troubles))
