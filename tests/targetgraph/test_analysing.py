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

PROXIMITY = ("analyze", "proximity", "--disease", "doid:1324", "--permutations", "30", "--significance", "1")


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
        (("analyze", "proximity", "--disease", "doid:0"), "doid:0 has no gene in this build"),
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


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("ecv", "--groups", "sex"), "either --cohort or --matrix"),
        (("ecv", "--cohort", "tcga_luad", "--matrix", "FILE", "--groups", "sex"), "either --cohort or --matrix"),
        (("ecv", "--cohort", "tcga_luad"), "either --groups"),
        (("ecv", "--cohort", "tcga_xyz", "--groups", "sex"), "no matrix of 'tcga_xyz'"),
        (("ecv", "--cohort", "tcga_luad", "--groups", "sex", "--top-percent", "0"), "--top-percent is 0"),
        (("ecv", "--cohort", "tcga_luad", "--groups", "sex", "--contrast", "male"), "two groups, not 1"),
        (("ecv", "--cohort", "tcga_luad", "--groups", "sex", "--clinical", "age:old"), "'old' is not a tier"),
        (("ecv", "--cohort", "tcga_luad", "--groups", "sex", "--strata", "(a"), "not a regular expression"),
        (("ecv", "--cohort", "tcga_luad", "--groups", "sex", "--network", "none.tsv"), "none.tsv cannot be read"),
        (("ecv", "--cohort", "tcga_luad", "--groups", "sex", "--genes", "none.txt"), "none.txt cannot be read"),
        (("ecv", "--cohort", "tcga_luad", "--groups", "shoe_size"), "'shoe_size' is no column"),
        (("ecv", "--cohort", "tcga_luad", "--groups", "sex", "--genes", "XYZ1"), "0 of the 1 genes of --genes"),
        (("ecv", "--matrix", "none.tsv", "--groups", "sex"), "none.tsv cannot be read"),
        (("ecv", "--matrix", "FILE", "--sample-table", "none.csv"), "none.csv cannot be read"),
        (("ecv", "--matrix", "FILE", "--sample-table", "FILE"), "columns named more than once: S1"),
        (("proximity", "--disease", "doid:0"), "no gene"),
        (("proximity", "--disease", "doid:1324", "--relationships", "NOTHING"), "NOTHING"),
    ],
)
def test_a_mistake_leaves_no_run(home: Home, tmp_path: Path, words: tuple[str, ...], message: str) -> None:
    file = tmp_path / "matrix.tsv"
    file.write_text("gene\tS1\tS2\tS1\nTP53\t1\t2\t3\n")
    result = _run(home, "analyze", *(str(file) if word == "FILE" else word for word in words))
    assert isinstance(result.exception, TargetGraphError)
    assert result.exception.exit_code == 2
    assert message in str(result.exception)
    assert _rows(_run(home, "runs", "--format", "json")) == []
    header = _run(home, "runs", "--format", "csv").stdout
    assert header == "run,state,analysis,build,started_at,seconds,predictions,parameters,remark\n"
    assert not list(home.results.glob("checkpoints/*"))


def _kill_after_first_checkpoint(home: Home, *words: str) -> None:
    command = [sys.executable, "-m", "targetgraph", *words, "--home", str(home.root)]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not list(home.results.glob("checkpoints/*/*.npz")) and time.monotonic() < deadline:
        time.sleep(0.02)
    process.kill()
    assert process.wait(timeout=60) == -signal.SIGKILL


def test_a_run_that_was_killed_is_listed_and_dropped_or_goes_on(home: Home) -> None:
    words = ("analyze", "proximity", "--disease", "doid:1324", "--permutations", "3000")
    _kill_after_first_checkpoint(home, *words)
    (listed,) = _rows(_run(home, "runs", "--format", "json"))
    assert (listed["state"], listed["analysis"], listed["predictions"]) == ("interrupted", "proximity", None)
    assert '"permutations": 3000' in listed["parameters"]
    assert "goes on from its checkpoint" in listed["remark"]
    run = listed["run"]
    told = {row["name"]: row["value"] for row in _rows(_run(home, "runs", run[:12], "--format", "json"))}
    assert (told["state"], told["disease"]) == ("interrupted", "doid:1324")
    assert "never published" in _run(home, "retract", run).stderr
    assert "dropped" in _run(home, "retract", run, "--delete", "--yes").stderr
    assert _rows(_run(home, "runs", "--format", "json")) == []
    assert list(home.results.glob("checkpoints/*")) == []
    _kill_after_first_checkpoint(home, *words)
    again = _run(home, *words)
    assert again.exit_code == 0
    assert "was interrupted; it goes on from its checkpoint" in again.stderr
    assert list(home.results.glob("checkpoints/*")) == []
    assert [row["state"] for row in _rows(_run(home, "runs", "--format", "json"))] == ["active"]


def test_a_crash_is_kept_with_its_reason(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_given: object) -> None:
        raise RuntimeError("the disk is gone\nand more")

    with monkeypatch.context() as patch:
        patch.setattr(Results, "publish", broken)
        assert isinstance(_run(home, *PROXIMITY).exception, RuntimeError)
    (listed,) = _rows(_run(home, "runs", "--format", "json"))
    assert listed["state"] == "failed"
    assert "RuntimeError: the disk is gone." in listed["remark"]
    assert "retract" in listed["remark"]
    again = _run(home, *PROXIMITY)
    assert "failed before" in again.stderr
    assert [row["state"] for row in _rows(_run(home, "runs", "--format", "json"))] == ["active"]


def test_a_run_that_is_made_now_is_not_dropped(home: Home) -> None:
    attempts = Results(home).attempts
    with attempts.making("ecv-000000000001") as making:
        making.checkpoint.mkdir()
        (listed,) = _rows(_run(home, "runs", "--format", "json"))
        assert listed["state"] == "running"
        refused = _run(home, "retract", "ecv-000000000001", "--delete", "--yes")
        assert "made by another process" in str(refused.exception)


def test_proximity_publishes_what_passes_and_says_when_nothing_does(home: Home) -> None:
    words = ("analyze", "proximity", "--disease", "doid:1324", "--permutations", "40")
    nothing = _run(home, *words, "--format", "json")
    metrics = {row["name"]: float(row["value"]) for row in _rows(nothing)}
    assert metrics["drugs_tested"] > 20
    assert (metrics["drugs_significant"], metrics["drugs_published"]) == (0, 0)
    assert "predicts nothing" in nothing.stderr
    assert "No drug is significantly near" in nothing.stderr
    assert "single drug cannot reach a q-value" in nothing.stderr
    (listed,) = _rows(_run(home, "runs", "--format", "json"))
    assert listed["predictions"] == 0
    assert listed["remark"].startswith("No predictions. No drug is significantly near")
    assert "Evidence of quality: not measured." in nothing.stderr
    details = _rows(_run(home, "runs", listed["run"], "--format", "json"))
    evidence = {row["name"]: row["value"] for row in details if row["part"] == "evidence"}
    assert evidence["verdict"] == "not measured"
    assert "an AUROC needs at least 5 that are" in evidence["reason"]
    # The table of all that were tested stays: ranked, and marked.
    table = _rows(_run(home, "sql", "FROM proximity_drugs ORDER BY rank", "--format", "json"))
    assert len(table) == metrics["drugs_tested"]
    assert not any(row["significant"] for row in table)
    assert min(row["targets"] for row in table) == 2
    assert _run(home, "retract", listed["run"], "--delete", "--yes").exit_code == 0
    some = _rows(_run(home, *words, "--significance", "0.5", "--minimum-targets", "1", "--format", "json"))
    found = {row["name"]: float(row["value"]) for row in some}
    assert found["drugs_tested"] > metrics["drugs_tested"]
    predicted = _rows(_run(home, "sql", "SELECT * FROM proximal_to ORDER BY rank", "--format", "json"))
    assert len(predicted) == found["drugs_published"] > 0
    assert [row["rank"] for row in predicted] == list(range(1, len(predicted) + 1))
    assert max(row["q_value"] for row in predicted) <= 0.5
    few = {row["name"]: row["value"] for row in _rows(
        _run(home, *words, "--significance", "1", "--most", "3", "--format", "json"))}  # fmt: skip
    assert (few["PROXIMAL_TO"], few["drugs_published"]) == ("3", "3")


def test_genes_of_a_list_a_file_and_a_symbol(home: Home, tmp_path: Path) -> None:
    measured = """SELECT DISTINCT g.symbol FROM expression e JOIN gene g ON g.id = e.gene_id
        WHERE matrix = 'tcga_luad_expression' ORDER BY 1 LIMIT 12"""
    genes = [row["symbol"] for row in _rows(_run(home, "sql", measured, "--format", "json"))]
    file = tmp_path / "genes.txt"
    file.write_text("\n".join([*genes[:8], "ABSENT1"]) + "\n")
    assert _run(home, "list", "make", "panel", "--file", str(file)).exit_code == 0
    words = ["analyze", "ecv", "--cohort", "tcga_luad", "--groups", "vital_status", "--dry-run", "--format", "json"]
    by_file = {row["what"]: row["value"] for row in _rows(_run(home, *words, "--genes", str(file)))}
    assert by_file["variables"] == "8"
    both = {row["what"]: row["value"] for row in _rows(_run(home, *words, "--genes", str(file), "--genes", genes[9]))}
    assert both["variables"] == "9"
    # What the file holds is part of the run, not where it lies.
    other = file.rename(tmp_path / "other.txt")
    assert {row["what"]: row["value"] for row in _rows(_run(home, *words, "--genes", str(other)))} == by_file
    other.write_text("\n".join(genes[:7]))
    fewer = {row["what"]: row["value"] for row in _rows(_run(home, *words, "--genes", str(other)))}
    assert fewer["variables"] == "7"
    assert fewer["run"] != by_file["run"]
    listed = {row["what"]: row["value"] for row in _rows(_run(home, *words, "--genes", "panel"))}
    assert listed["variables"] == "8"
