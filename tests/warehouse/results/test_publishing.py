"""Publishing is all or nothing: wrong findings, killed processes, lost files, folders that may not be written."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from tests.warehouse.results.conftest import PREDICTS, TABLES, Published, account, findings
from warehouse.errors import AnalysisError, BuildError, TargetGraphError
from warehouse.home import Home
from warehouse.results import store
from warehouse.results.findings import Findings
from warehouse.results.record import RunRecord, run_name
from warehouse.results.store import Results
from warehouse.warehouse import Warehouse


def _edges(**columns: object) -> Findings:
    ends = {"subject": ["hgnc:2"], "object": ["hgnc:1"]}
    return Findings(relationships={"REGULATES": pl.DataFrame({**ends, **columns})})


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (_edges(weight=[1.0]), "weight"),
        (_edges(frequency=[1.5]), "frequency=1.5"),
        (_edges(frequency=["often"]), "frequency=often"),
        (_edges(subject=["BBB"]), "subject=BBB"),
        (_edges(subject=["uniprot:P1"]), "subject=uniprot:P1"),
        (_edges(subject=["hgnc:2"] * 2, object=["hgnc:1"] * 2), "duplicate_key"),
        (_edges(subject_type=["Drug"]), "not Drug"),
        (Findings(relationships={"REGULATES": pl.DataFrame({"subject": ["hgnc:1"]})}), "no column object"),
        (Findings(relationships={"INTERACTS_WITH": pl.DataFrame()}), "INTERACTS_WITH"),
        (Findings(relationships={"PROXIMAL_TO": pl.DataFrame()}), "does not declare"),
        (Findings(entities={"Gene": pl.DataFrame({"id": ["hgnc:1"]})}), "Gene"),
        (Findings(entities={"Subnetwork": pl.DataFrame({"name": ["x"]})}), "no column id"),
        (Findings(tables={"My Table": pl.DataFrame()}), "My Table"),
        (
            Findings(
                {"Subnetwork": pl.DataFrame({"id": ["s"]})},
                {"HAS_MEMBER": pl.DataFrame({"subject": ["s"], "object": ["nonsense:1"]})},
            ),
            "object_type",
        ),
    ],
)
def test_findings_that_do_not_fit_are_refused_by_name(home: Home, wrong: Findings, message: str) -> None:
    results = Results(home)
    with pytest.raises(AnalysisError, match=message):
        results.publish(account(home), wrong, PREDICTS)
    assert results.active() == ()
    assert results.records() == []


def test_the_name_of_a_run_follows_from_what_fixes_its_results() -> None:
    given = ("ecv", {"cohort": "c", "top": 5}, 7, "1a2b", "0.1.0+3c4d")
    name = run_name(*given)
    assert name == run_name("ecv", {"top": 5, "cohort": "c"}, 7, "1a2b", "0.1.0+3c4d")
    others = [
        ("ecw", *given[1:]),
        ("ecv", {"cohort": "d", "top": 5}, *given[2:]),
        (*given[:2], 8, *given[3:]),
        (*given[:3], "1a2c", given[4]),
        (*given[:4], "0.1.0+3c4e"),
    ]
    assert len({name, *(run_name(*other) for other in others)}) == 6


def test_an_account_is_read_as_it_was_written(home: Home) -> None:
    record = replace(account(home), notes=("a",), tables=("t",), counts={"REGULATES": 2}, metrics={"auroc": 0.5})
    assert RunRecord.from_json(record.to_json()) == record
    later = json.dumps({**json.loads(record.to_json()), "added_later": 1})
    assert RunRecord.from_json(later) == record
    assert record.seconds == 9.0


_KILLED = """
import os, signal, sys
from pathlib import Path
from tests.warehouse.results.conftest import PREDICTS, TABLES, account, findings
from warehouse.home import Home
from warehouse.results import overlay, store

module, name, call = {"store": store, "overlay": overlay}[sys.argv[2]], sys.argv[3], int(sys.argv[4])
inner, calls = getattr(module, name), 0

def die(*given, **named):
    global calls
    calls += 1
    if calls == call:
        os.kill(os.getpid(), signal.SIGKILL)
    return inner(*given, **named)

setattr(module, name, die)
home = Home(Path(sys.argv[1]))
store.Results(home).publish(account(home, seed=8), findings(), PREDICTS, TABLES)
"""


@pytest.mark.parametrize(
    ("module", "name", "call"),
    [("store", "write_results", 1), ("store", "put", 2), ("overlay", "_fill", 1), ("store", "write_text", 1)],
)
def test_a_publication_that_is_killed_leaves_what_was(published: Published, module: str, name: str, call: int) -> None:
    home, results = published.home, published.results
    question = "MATCH (g:Gene)-[r:REGULATES]->(h) RETURN r.run, g.id, h.id ORDER BY g.id"
    with Warehouse.open(home.root) as warehouse:
        before = warehouse.query(question).rows()
    arguments = [sys.executable, "-c", _KILLED, str(home.root), module, name, str(call)]
    done = subprocess.run(arguments, cwd=Path(__file__).parents[3], capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert results.active() == (published.run.run,)
    with Warehouse.open(home.root) as warehouse:
        assert warehouse.query(question).rows() == before
    second = results.publish(account(home, seed=8), findings(), PREDICTS, TABLES)
    assert set(results.active()) == {published.run.run, second.run}
    assert not (results.folder / "making").exists()


def test_a_full_disk_is_told_and_leaves_what_was(published: Published, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_given: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store, "write_results", full)
    with pytest.raises(BuildError, match="No space left") as told:
        published.results.publish(account(published.home, seed=8), findings(), PREDICTS, TABLES)
    assert "Nothing was changed" in str(told.value)
    assert published.results.active() == (published.run.run,)
    assert not (published.results.folder / "making").exists()


def test_an_overlay_that_was_deleted_is_made_again(published: Published) -> None:
    (path,) = published.results.folder.glob("overlays/*.duckdb")
    path.unlink()
    with Warehouse.open(published.home.root) as warehouse:
        assert warehouse.query("MATCH ()-[r:REGULATES]->() RETURN count(r)").rows() == [(2,)]
    assert path.is_file()


def test_a_reader_who_may_not_write_makes_an_overlay_of_its_own(
    published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    (path,) = published.results.folder.glob("overlays/*.duckdb")
    path.unlink()
    monkeypatch.setattr(os, "access", lambda *_given: False)
    with Warehouse.open(published.home.root) as warehouse:
        assert warehouse.query("MATCH ()-[r:REGULATES]->() RETURN count(r)").rows() == [(2,)]
        assert not path.exists()


def test_a_new_build_is_laid_under_the_active_runs(published: Published) -> None:
    from tests.warehouse.results.conftest import GENES, publish_build

    publish_build(published.home, {**GENES, "hgnc:4": "DDD"})
    published.results.follow()
    current = published.home.current()
    names = sorted(path.name for path in published.results.folder.glob("overlays/*.duckdb"))
    assert len(names) == 2
    assert any(name.startswith(current.id) for name in names)


@pytest.mark.parametrize("suffix", [".duckdb", ".json"])
def test_results_that_are_missing_are_told_and_can_be_retracted(published: Published, suffix: str) -> None:
    run = published.run.run
    (published.results.folder / f"{run}{suffix}").unlink()
    for path in published.results.folder.glob("overlays/*"):
        path.unlink()
    with pytest.raises(BuildError, match=run) as told:
        Warehouse.open(published.home.root)
    assert f"targetgraph retract {run}" in str(told.value)
    published.results.retract(published.results.find(run[:7]))
    with Warehouse.open(published.home.root) as warehouse:
        assert warehouse.runs == ()


def test_a_run_is_found_by_the_beginning_of_its_name(published: Published) -> None:
    other = published.results.publish(account(published.home, seed=8), findings(), PREDICTS, TABLES)
    assert published.results.find(other.run[:8]) == other.run
    with pytest.raises(TargetGraphError, match="names 2 runs"):
        published.results.find("ecv")
    with pytest.raises(TargetGraphError, match="names 0 runs"):
        published.results.find("nothing")


def test_what_was_deleted_cannot_be_made_active(published: Published) -> None:
    published.results.retract(published.run.run, delete=True)
    assert published.results.records() == []
    with pytest.raises(BuildError, match="cannot be read"):
        published.results.activate(published.run.run)
    assert published.results.active() == ()


def test_a_run_is_made_by_one_process_at_a_time(home: Home) -> None:
    results = Results(home)
    making = results.attempts.making
    with making("ecv-1"), pytest.raises(AnalysisError, match="another process"):  # noqa: SIM117
        with making("ecv-1"):
            pass
    with making("ecv-1") as made:
        made.checkpoint.mkdir()
    # Nothing was kept: nothing stays, not even the lock.
    assert list(results.attempts.folder.iterdir()) == []
    assert os.path.commonpath([made.checkpoint, home.root]) == str(home.root)
