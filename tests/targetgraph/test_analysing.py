"""The verbs analyze, runs and retract, as a user meets them."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from targetgraph.cli import app
from tests.conftest import ROOT
from warehouse.errors import AnalysisError, TargetGraphError
from warehouse.home import Home
from warehouse.results.store import Results

PROXIMITY = ("analyze", "proximity", "--disease", "doid:1324", "--permutations", "30")


@pytest.fixture
def home(sample_home: Home, tmp_path: Path) -> Home:
    """A copy of the sample that a test may change."""
    shutil.copytree(sample_home.root / "builds", tmp_path / "home" / "builds")
    shutil.copy(sample_home.root / "current", tmp_path / "home" / "current")
    return Home(tmp_path / "home")


def _run(home: Home, *words: str, answer: str | None = None) -> Result:
    arguments = list(words)
    where = ["--home", str(home.root)]
    return CliRunner().invoke(app, [*arguments, *where], input=answer, catch_exceptions=True)


def _rows(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.output
    rows = json.loads(result.stdout)
    assert isinstance(rows, list)
    return rows


def test_the_analyses_are_listed() -> None:
    result = CliRunner().invoke(app, ["analyze", "--format", "json"])
    rows = {row["analysis"]: row for row in _rows(result)}
    assert "PROXIMAL_TO" in rows["proximity"]["predicts"]


def test_the_help_of_an_analysis_tells_its_options() -> None:
    result = CliRunner().invoke(app, ["analyze", "proximity", "--help"])
    for option in ("--disease", "--permutations", "--seed", "--workers", "--scheduler", "--no-resume", "--dry-run"):
        assert option in result.stdout
    assert "doid:1324" in result.stdout


def test_a_dry_run_tells_and_changes_nothing(home: Home) -> None:
    told = {row["what"]: row["value"] for row in _rows(_run(home, *PROXIMITY, "--dry-run", "--format", "json"))}
    assert told["state"] == "new"
    assert told["option disease"] == "doid:1324"
    assert told["run"].startswith("proximity-")
    assert not home.results.exists()


def test_a_run_from_its_publication_to_its_end(home: Home) -> None:
    published = _run(home, *PROXIMITY, "--format", "json")
    kinds = {(row["kind"], row["name"]) for row in _rows(published)}
    assert ("rows", "PROXIMAL_TO") in kinds
    assert ("metric", "auroc_of_known_drugs") in kinds
    assert "is published" in published.stderr
    assert "not published twice" in _run(home, *PROXIMITY).stderr
    (listed,) = _rows(_run(home, "runs", "--format", "json"))
    assert (listed["state"], listed["build"], listed["analysis"]) == ("active", "current", "proximity")
    run = listed["run"]
    told = _rows(_run(home, "runs", run[:12], "--format", "json"))
    assert {"part": "parameter", "name": "disease", "value": "doid:1324"} in told
    assert {"part": "run", "name": "reads the current build", "value": "yes"} in told
    count = ("sql", "SELECT count(*) AS n FROM proximal_to", "--format", "json")
    assert _rows(_run(home, *count))[0]["n"] > 0
    assert _rows(_run(home, *count, "--no-predictions"))[0]["n"] == 0
    retracted = _run(home, "retract", run, "--yes")
    assert f"targetgraph retract {run} --undo" in retracted.stderr
    assert _rows(_run(home, *count))[0]["n"] == 0
    assert "not active" in _run(home, "retract", run, "--yes").stderr
    assert _run(home, "retract", run, "--undo").exit_code == 0
    assert Results(home).active() == (run,)
    assert _run(home, "retract", run, "--delete", "--yes").exit_code == 0
    assert Results(home).records() == []


def test_retracting_asks_and_takes_no_for_an_answer(home: Home) -> None:
    assert _run(home, *PROXIMITY).exit_code == 0
    (run,) = Results(home).active()
    nobody = _run(home, "retract", run)
    assert nobody.exit_code == 2
    assert "--yes" in nobody.output
    assert Results(home).active() == (run,)


def test_a_question_about_predictions_without_a_run_says_so(home: Home) -> None:
    result = _run(home, "query", "MATCH (:Gene)-[r:REGULATES]->(:Gene) RETURN r")
    assert result.exit_code == 0
    assert "no run of an analysis is active, so there is no REGULATES" in result.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("analyze", "proximity", "--disease", "doid:0"), "has no gene in the network"),
        (("analyze", "proximity", "--disease", "doid:1324", "--minimum-targets", "9999"), "9999 targets"),
        (("analyze", "proximity", "--disease", "doid:1324", "--relationships", "NOTHING"), "NOTHING"),
        (("retract", "nothing", "--yes"), "names 0 runs"),
        (("runs", "nothing"), "names 0 runs"),
    ],
)
def test_what_cannot_be_done_is_told(home: Home, words: tuple[str, ...], message: str) -> None:
    result = _run(home, *words)
    assert isinstance(result.exception, TargetGraphError)
    assert message in str(result.exception)
    assert not Results(home).active()


def test_an_unknown_analysis_is_told() -> None:
    result = CliRunner().invoke(app, ["analyze", "proximitx"])
    assert isinstance(result.exception, AnalysisError)
    assert "Did you mean proximity?" in str(result.exception)


def test_an_interrupted_run_goes_on_from_its_checkpoint(home: Home) -> None:
    """Ctrl-C after the first checkpoint: nothing is published; the same command ends with the same result."""
    words = ["analyze", "proximity", "--disease", "doid:1324", "--permutations", "3000", "--home", str(home.root)]
    process = subprocess.Popen(
        [sys.executable, "-m", "targetgraph", *words], cwd=ROOT, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 60
    while not list(home.results.glob("checkpoints/*/null.npz")) and time.monotonic() < deadline:
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGINT)
    _out, told = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "nothing was published" in told.decode()
    assert Results(home).active() == ()
    resumed = CliRunner().invoke(app, words)
    assert resumed.exit_code == 0
    assert "goes on from its checkpoint" in resumed.stderr
    assert list(home.results.glob("checkpoints/*/*")) == []
