"""Scheduled builds: nothing fails silently, nothing runs twice, nothing is left half done."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from etl.build import Plan
from etl.notify import Notifier
from etl.schedule import Failure, Job, Scheduler
from tests.etl.conftest import FOLDER
from warehouse.errors import BuildError, SourceError, StoppedError, TargetGraphError
from warehouse.health.schedule_state import JobState, Outcome, ScheduleState, load, save
from warehouse.home import Build, Home
from warehouse.progress import SILENT

REACTOME = Job("0 3 * * 1", ("reactome",))
ROOT = Path(__file__).parent.parent.parent


def _scheduler(home: Home, raw: Path, *jobs: Job, tell: Callable[[Failure], None] = lambda failure: None) -> Scheduler:
    return Scheduler(home, jobs or [REACTOME], Plan(raw=raw, threads=1), timezone="UTC", tell=tell)


def _damage(raw: Path) -> None:
    path = raw / FOLDER / "reactome" / "ReactomePathways.txt"
    path.write_text("\n".join(path.read_text().splitlines()[:1]))


def _ago(**time_: float) -> str:
    return (datetime.now(UTC) - timedelta(**time_)).isoformat(timespec="seconds")


def _until(what: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.05)


# -- what becomes of a build ---------------------------------------------------------------------------------------


def test_a_build_is_published_and_recorded(home: Home, raw: Path) -> None:
    before = home.current().id
    made = _scheduler(home, raw).run_once()
    state = load(home).jobs["reactome"]
    assert home.current().id == made[0].id != before
    assert (state.outcome, state.build, state.failures) == (Outcome.PUBLISHED, made[0].id, 0)
    assert made[0].id in state.sentence("reactome")


def test_a_failed_build_is_told_in_the_log_the_state_and_to_the_operator(
    home: Home, raw: Path, caplog: pytest.LogCaptureFixture
) -> None:
    before, told = home.current().id, list[Failure]()
    _damage(raw)
    scheduler = _scheduler(home, raw, REACTOME, Job("@daily", ("hgnc",)), tell=told.append)
    with pytest.raises(SourceError, match=r"nothing was kept of .*ReactomePathways\.txt"):
        scheduler.run_once()
    with pytest.raises(SourceError):
        _scheduler(home, raw, tell=told.append).run_once()
    state = load(home)
    assert state.jobs["reactome"].failures == 2
    assert "failed at" in state.troubles()[0]
    assert "2 times in a row" in state.troubles()[0]
    assert "nothing was kept of" in state.troubles()[0]
    assert [failure.failures for failure in told] == [1, 2]
    assert [record.levelno for record in caplog.records if "failed" in record.message] == [logging.ERROR] * 2
    # The job after the one that failed was run all the same, and what is run once leaves the others' state alone.
    assert state.jobs["hgnc"].outcome is Outcome.PUBLISHED
    assert home.current().id == state.jobs["hgnc"].build != before


def test_what_went_well_again_is_no_trouble(home: Home, raw: Path) -> None:
    path = raw / FOLDER / "reactome" / "ReactomePathways.txt"
    whole = path.read_text()
    _damage(raw)
    with pytest.raises(SourceError):
        _scheduler(home, raw).run_once()
    path.write_text(whole)
    _scheduler(home, raw).run_once()
    state = load(home)
    assert state.jobs["reactome"].failures == 0
    assert not state.troubles()


def test_what_follows_a_build_is_a_part_of_it(home: Home, raw: Path) -> None:
    def refuse(made: Build) -> None:
        raise BuildError(f"{made.id} does not reach the server.")

    scheduler = Scheduler(home, [REACTOME], Plan(raw=raw, threads=1), then=refuse)
    with pytest.raises(BuildError, match="does not reach the server"):
        scheduler.run_once()
    assert "does not reach the server" in load(home).troubles()[0]


def test_told_to_stop_it_ends_after_the_step_and_the_current_build_stays(home: Home, raw: Path) -> None:
    before = home.current().id
    scheduler = _scheduler(home, raw)

    class StopsAtFirst:
        def task(self, name: str, total: float | None = None, unit: str = "steps") -> object:
            scheduler.stop()
            return SILENT.task(name, total, unit)

    scheduler._progress._inner = StopsAtFirst()  # type: ignore[assignment]
    with pytest.raises(StoppedError):
        scheduler.run_once()
    assert home.current().id == before
    assert not list((home.root / "making").iterdir())
    assert load(home).jobs["reactome"].outcome is Outcome.STOPPED


# -- the clock -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("known", "due"),
    [
        (None, False),
        (JobState("0 3 * * 1", next_at=_ago(days=30)), True),
        (JobState("0 3 * * 1", Outcome.PUBLISHED, started_at=_ago(days=37), next_at=_ago(days=30)), True),
        (JobState("0 3 * * 1", Outcome.PUBLISHED, started_at=_ago(minutes=1), next_at=_ago(days=-6)), False),
        (JobState("0 3 * * 1", Outcome.STOPPED, started_at=_ago(minutes=1), next_at=_ago(days=-6)), True),
        (JobState("0 3 * * 1", Outcome.FAILED, started_at=_ago(minutes=1), next_at=_ago(days=-6)), False),
        # Run by hand after the time that had been missed.
        (JobState("0 3 * * 1", Outcome.PUBLISHED, started_at=_ago(seconds=1), next_at=_ago(seconds=5)), False),
    ],
)
def test_what_was_missed_is_due(tmp_path: Path, known: JobState | None, due: bool) -> None:
    home = Home(tmp_path)
    save(home, ScheduleState({} if known is None else {"reactome": known}))
    scheduler = _scheduler(home, tmp_path)
    assert scheduler._adopt() == ([REACTOME] if due else [])


def test_a_missed_build_is_made_up_for_once_and_sigterm_ends_the_scheduler(home: Home, raw: Path) -> None:
    save(home, ScheduleState({"reactome": JobState("0 3 * * 1", next_at=_ago(days=30)), "gone": JobState("@daily")}))
    before = len(home.builds())
    scheduler = _scheduler(home, raw)
    thread = threading.Thread(target=scheduler.run)
    thread.start()
    _until(lambda: load(home).jobs["reactome"].outcome is Outcome.PUBLISHED)
    with pytest.raises(BuildError, match=f"Another scheduler serves .*: process {os.getpid()}"):
        _scheduler(home, raw).run_once()
    scheduler.stop()
    thread.join(timeout=20)
    assert not thread.is_alive()
    state = load(home)
    assert len(home.builds()) == before + 1
    assert list(state.jobs) == ["reactome"]
    assert datetime.fromisoformat(state.jobs["reactome"].next_at) > datetime.now(UTC)
    assert not state.troubles()


def test_a_scheduler_that_was_killed_in_a_build_is_told(tmp_path: Path) -> None:
    home, told = Home(tmp_path), list[Failure]()
    save(home, ScheduleState({"reactome": JobState("0 3 * * 1", Outcome.RUNNING, started_at=_ago(hours=1))}))
    _scheduler(home, tmp_path, tell=told.append)._adopt()
    assert "killed, or out of memory" in load(home).troubles()[0]
    assert len(told) == 1


def test_troubles_of_a_silent_or_late_scheduler() -> None:
    job = JobState("@daily", Outcome.PUBLISHED, next_at=_ago(hours=2))
    assert ScheduleState({"a": job}, {"pid": 7, "host": "h"}, _ago(hours=3)).troubles() == [
        f"The scheduler (process 7 on h) has said nothing since {_ago(hours=3)}.",
        f"The build of a that was due at {job.next_at} has not started.",
    ]
    job.outcome = Outcome.RUNNING
    assert not ScheduleState({"a": job}, {}, _ago(seconds=1)).troubles()


# -- bad input -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("jobs", "message"),
    [
        ([Job("0 3 * *")], "no cron expression"),
        ([Job("@daily", ("nothing",))], "nothing"),
        ([Job("@daily", ("hgnc",)), Job("@weekly", ("hgnc",))], "same sources"),
    ],
)
def test_a_wrong_job_is_told_before_anything_starts(tmp_path: Path, jobs: list[Job], message: str) -> None:
    with pytest.raises(TargetGraphError, match=message):
        Scheduler(Home(tmp_path), jobs, Plan())
    assert not list(tmp_path.iterdir())


def test_a_damaged_state_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "schedule.json").write_text("{")
    with pytest.raises(TargetGraphError, match="Remove it"):
        load(Home(tmp_path))


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file")
    with pytest.raises(TargetGraphError, match="cannot be written"):
        _scheduler(Home(tmp_path / "home"), tmp_path).run_once()


def test_a_build_that_lacks_a_source_is_published_and_told(
    home: Home, raw: Path, caplog: pytest.LogCaptureFixture
) -> None:
    told = list[Failure]()
    _damage(raw)
    (made,) = _scheduler(home, raw, Job("@daily"), tell=told.append).run_once()
    assert home.current().id == made.id
    (failure,) = told
    assert failure.sentence().startswith("the build of all sources was published, but is incomplete: Reactome failed.")
    assert "nothing was kept of 2026-07-07/reactome/ReactomePathways.txt" in caplog.text


# -- telling people ------------------------------------------------------------------------------------------------

FAILURE = Failure("reactome", "no <rows>", "2026-11-21T03:00:00+00:00", 1, "/srv/targetgraph")


def test_a_command_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    script = tmp_path / "tell.py"
    script.write_text(
        "import os, sys, pathlib\n"
        "pathlib.Path(sys.argv[1]).write_text(os.environ['TARGETGRAPH_FAILED_JOB'] + sys.stdin.read())"
    )
    Notifier(f"{sys.executable} '{script}' '{tmp_path / 'told'}'")(FAILURE)
    told = (tmp_path / "told").read_text()
    assert told.startswith("reactome{")
    assert json.loads(told.removeprefix("reactome"))["reason"] == "no <rows>"
    assert not caplog.records


@pytest.mark.parametrize(
    ("command", "message"),
    [("/nothing/there", "could not be run"), ("false", "ended with status 1"), ("a 'b", "could not be run")],
)
def test_a_command_that_fails_is_an_error_in_the_log(
    command: str, message: str, caplog: pytest.LogCaptureFixture
) -> None:
    Notifier(command)(FAILURE)
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert message in caplog.text


def test_a_webhook_is_told_and_its_address_stays_secret(caplog: pytest.LogCaptureFixture) -> None:
    told: list[dict[str, object]] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200 if len(told) == 1 else 500)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Hook) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/hook"
        Notifier(webhook=address)(FAILURE)
        assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
        Notifier(webhook=address)(FAILURE)
        server.shutdown()
    Notifier(webhook=address)(FAILURE)
    assert told[0]["text"] == "TargetGraph: the build of reactome failed: no <rows>"
    errors = [record.message for record in caplog.records if record.levelno >= logging.ERROR]
    assert errors[0] == "the webhook for failures answered with status 500"
    assert errors[1].startswith("the webhook for failures could not be reached: ")
    assert not any("hook" in error.removeprefix("the webhook") for error in errors)


# -- the verb ------------------------------------------------------------------------------------------------------


def _verb(home: Home, *arguments: str) -> subprocess.Popen[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TARGETGRAPH_")}
    environment |= {"TARGETGRAPH_HOME": str(home.root), "PYTHONPATH": str(ROOT), "TARGETGRAPH_THREADS": "1"}
    command = [sys.executable, "-m", "targetgraph", *arguments]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=environment, cwd=home.root)


def test_the_verb_waits_tells_its_health_and_ends_on_sigterm(home: Home, raw: Path) -> None:
    running = _verb(home, "schedule", "--job", "0 3 29 2 * reactome", "--raw", str(raw), "--timezone", "UTC")
    try:
        _until(lambda: bool(load(home).jobs) and bool(load(home).jobs["reactome"].next_at))
        health = _verb(home, "schedule", "--check", "--format", "json")
        rows, errors = health.communicate(timeout=60)
        assert (health.returncode, errors) == (0, "")
        assert [(row["job"], row["outcome"]) for row in json.loads(rows)] == [("reactome", "waiting")]
        running.send_signal(signal.SIGTERM)
        _rows, log = running.communicate(timeout=60)
        assert running.returncode == 0, log
        assert "told to stop" in log
    finally:
        running.kill()
        running.wait()


def test_the_verb_fails_loudly(home: Home, raw: Path) -> None:
    _damage(raw)
    once = _verb(home, "schedule", "--once", "--source", "reactome", "--raw", str(raw))
    _rows, errors = once.communicate(timeout=60)
    assert once.returncode == 1
    assert "ERROR reactome: the build failed" in errors
    assert "Traceback" not in errors
    for arguments, status in ((("schedule", "--check"), 1), (("status",), 1)):
        told = _verb(home, *arguments)
        _rows, errors = told.communicate(timeout=60)
        assert told.returncode == status
        assert "The last scheduled build of reactome failed at" in errors


@pytest.mark.parametrize(
    "arguments", [(), ("--source", "hgnc"), ("--job", "@daily hgnc", "--source", "hgnc"), ("--job", "")]
)
def test_the_verb_wants_to_know_when(home: Home, arguments: tuple[str, ...]) -> None:
    from typer.testing import CliRunner

    from targetgraph.cli import app

    called = CliRunner().invoke(app, ["schedule", *arguments, "--home", str(home.root)])
    assert called.exit_code != 0
    assert load(home).jobs == {}
