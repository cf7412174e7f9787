"""What every analysis must do; the cases run over every analysis that is declared, on the generated sample."""

from __future__ import annotations

import dataclasses
import hashlib
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from polars.testing import assert_frame_equal

from analytics.analysis import Analysis, Findings, RunContext
from analytics.options import declared_options, parameters, read_options
from analytics.running import PlannedRun, Resources, plan_run
from tests.conftest import ROOT
from warehouse.graph.duckdb_store import DuckDBGraphStore
from warehouse.home import Home
from warehouse.model import FULL_MODEL
from warehouse.results.artefacts import take
from warehouse.results.check import checked
from warehouse.results.record import RunRecord
from warehouse.results.store import Results, with_active_runs
from warehouse.results.tables import conforming
from warehouse.warehouse import Warehouse

#: The most lines that an analysis may have beside its model.
LONGEST_BINDING = 130


#: Runs an analysis on the sample; its process dies when the analysis first tells of progress, or before it publishes.
_KILLED = """
import os, signal, sys
from contextlib import nullcontext
from analytics.analysis import analyses
from analytics.running import Resources, plan_run
from warehouse.results.store import Results

class Deadly:
    def task(self, *given, **named):
        return nullcontext(self)
    def describe(self, text):
        pass
    def advance(self, *given):
        os.kill(os.getpid(), signal.SIGKILL)

Results.publish = Deadly.advance
sample = analyses()[sys.argv[2]].sample
plan_run(sys.argv[2], sys.argv[1], seed=3, **sample).execute(Resources(workers=1), Deadly())
"""


@dataclass(frozen=True)
class Ran:
    """An analysis that was run on a sample of its own, and the fingerprint of the warehouse before."""

    home: Home
    planned: PlannedRun
    record: RunRecord
    before: dict[str, tuple[int, str]]


def fingerprint(home: Home) -> dict[str, tuple[int, str]]:
    """The fingerprint of what is asked by default."""
    store = DuckDBGraphStore(with_active_runs(home.current()))
    try:
        return store.fingerprint()
    finally:
        store.close()


def plan_on(home: Home, analysis: Analysis[Any], **others: Any) -> PlannedRun:
    """The run of an analysis on the sample."""
    return plan_run(analysis.name, home.root, **{**analysis.sample, **others})


def compute(planned: PlannedRun, folder: Path, workers: int) -> dict[str, pl.DataFrame]:
    """The findings of a run as they would be published, without publishing them."""
    folder.mkdir()
    with Warehouse(planned.build) as warehouse:
        context = RunContext(warehouse, planned.seed, folder, workers)
        found: Findings = planned.analysis.run(planned.options, context)
    frames = checked(found, planned.run, planned.analysis.name, planned.analysis.predicts)
    files = pl.DataFrame(
        [(one.name, one.sha256) for one in take(found.artefacts, folder / "taken", 1 << 40)],
        {"name": pl.String, "sha256": pl.String},
        orient="row",
    )
    tables = conforming(planned.analysis.name, found.tables, planned.analysis.tables)
    return {**frames, **{f"table {name}": frame for name, frame in tables.items()}, "artefacts": files}


def assert_same(one: pl.DataFrame, other: pl.DataFrame, tolerance: float) -> None:
    """Equal to the last digit, or decimals within a tolerance relative to the greater of the number and 1."""
    if tolerance == 0:
        assert one.equals(other)
    else:
        assert_frame_equal(one, other, check_exact=False, rel_tol=tolerance, abs_tol=tolerance)


class AnalysisCases:
    """The cases; the fixtures `analysis`, `ran` and `sample_copy` stand in `test_analyses.py`."""

    def test_it_says_what_it_is(self, analysis: Analysis[Any]) -> None:
        """Title, description, options with a meaning, declared predictions, a sample that can be read."""
        assert analysis.name.isidentifier()
        assert analysis.name.islower()
        assert analysis.title
        assert analysis.description.endswith(".")
        assert all(one.meaning for one in declared_options(analysis))
        assert all(FULL_MODEL[name].predicted for name in analysis.predicts)  # type: ignore[union-attr]
        assert not analysis.predicts or analysis.evidence is not None, "what predicts says how well"
        assert analysis.evidence is None or all(dataclasses.asdict(analysis.evidence).values())
        assert parameters(read_options(analysis, analysis.sample))

    def test_its_binding_is_short(self, analysis: Analysis[Any]) -> None:
        """An analysis is its model and a little beside it."""
        binding = Path(str(sys.modules[analysis.run.__module__].__file__))
        assert binding.name == "analysis.py"
        assert len(binding.read_text(encoding="utf-8").splitlines()) <= LONGEST_BINDING

    def test_its_tables_are_declared_and_there_without_a_run(self, analysis: Analysis[Any], sample_home: Home) -> None:
        """Every column says what it holds; SQL gives an empty view with these columns where no run is."""
        with Warehouse.open(sample_home.root, predictions=False) as warehouse:
            for table in analysis.tables:
                assert table.meaning.endswith(".")
                assert all(column.meaning for column in table.columns), table.name
                frame = warehouse.sql(f"FROM {analysis.name}_{table.name}").to_polars()
                assert frame.columns == ["run", *(column.name for column in table.columns)]
                assert frame.is_empty()

    def test_a_run_publishes_the_tables_that_are_declared(self, ran: Ran) -> None:
        """All but the optional ones, with their columns; a number that is never filled need not be declared."""
        declared = {table.name: table for table in ran.planned.analysis.tables}
        assert {name for name, table in declared.items() if not table.optional} <= set(ran.record.tables)
        with Warehouse.open(ran.home.root) as warehouse:
            for name, table in declared.items():
                frame = warehouse.sql(f"FROM {ran.record.analysis}_{name}").to_polars()
                assert frame.columns == ["run", *(column.name for column in table.columns)]
                assert (frame.height > 0) == (name in ran.record.tables), name

    def test_what_it_finds_is_published_and_seen(self, ran: Ran) -> None:
        """Every type that was written is there in Cypher and in SQL, and so are the further tables."""
        assert ran.record.counts, "the sample gives no predictions"
        with Warehouse.open(ran.home.root) as warehouse:
            assert warehouse.runs == (ran.record.run,)
            for name, count in ran.record.counts.items():
                pattern = (
                    f"(x:{name} {{run: $run}})" if name in FULL_MODEL.entities else f"()-[x:{name} {{run: $run}}]->()"
                )
                answer = warehouse.query(f"MATCH {pattern} RETURN count(x)", run=ran.record.run)
                assert answer.rows() == [(count,)], name
            assert warehouse.sql("SELECT count(*) FROM vanished_members").rows() == [(0,)]
            assert warehouse.sql("SELECT run, older_build FROM runs").rows() == [(ran.record.run, False)]
            for table in ran.record.tables:
                assert len(warehouse.sql(f"FROM {ran.record.analysis}_{table} LIMIT 1")) == 1, table
            listed = warehouse.sql("SELECT name, sha256 FROM artefacts ORDER BY name").rows()
            assert listed == [(one.name, one.sha256) for one in ran.record.artefacts]
            for name, sha256 in listed:
                with warehouse.open_artefact(ran.record.run, name) as file:
                    assert hashlib.sha256(file.read()).hexdigest() == sha256, name

    def test_a_run_says_how_good_it_is_or_why_it_cannot(self, ran: Ran) -> None:
        """The declared evidence is kept with the run, and the same again with the same seed."""
        evidence = ran.record.evidence
        assert (None if evidence is None else evidence.plan) == ran.planned.analysis.evidence
        if evidence is not None and evidence.measured is None:
            assert evidence.reason.endswith(".")
        elif evidence is not None and evidence.measured is not None:
            assert evidence.measured.tested
            assert evidence.measured.controls > 0
            assert ran.planned.seed in evidence.measured.seeds

    def test_the_same_run_is_not_published_twice(self, ran: Ran) -> None:
        """What is active is neither computed nor written again."""
        path = Results(ran.home).folder / f"{ran.record.run}.duckdb"
        written = path.stat().st_mtime_ns
        assert ran.planned.state == "active"
        assert ran.planned.execute() == ran.record
        assert path.stat().st_mtime_ns == written
        assert Results(ran.home).active() == (ran.record.run,)

    def test_retracting_restores_the_fingerprint(self, ran: Ran) -> None:
        """Afterwards everything is as before the run; taking it back needs no computation."""
        during = fingerprint(ran.home)
        assert during != ran.before
        Results(ran.home).retract(ran.record.run)
        assert fingerprint(ran.home) == ran.before
        assert ran.planned.state == "retracted"
        assert ran.planned.execute() == ran.record
        assert fingerprint(ran.home) == during

    def test_a_seed_fixes_the_result_whatever_the_workers(self, ran: Ran, tmp_path: Path) -> None:
        """One worker and two find the same, to the last digit or within the tolerance that is declared."""
        one = compute(ran.planned, tmp_path / "one", 1)
        two = compute(ran.planned, tmp_path / "two", 2)
        assert one.keys() == two.keys()
        for name, frame in one.items():
            assert_same(frame, two[name], ran.planned.analysis.tolerance)
        assert {name: one[name].height for name in ran.record.counts} == dict(ran.record.counts)

    def test_a_run_that_is_killed_leaves_nothing_and_can_be_made(
        self, analysis: Analysis[Any], sample_copy: Home
    ) -> None:
        """A process that is killed while it computes, or before it publishes, has published nothing."""
        before = fingerprint(sample_copy)
        command = [sys.executable, "-c", _KILLED, str(sample_copy.root), analysis.name]
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=False)
        assert done.returncode == -signal.SIGKILL
        assert Results(sample_copy).active() == ()
        assert fingerprint(sample_copy) == before
        planned = plan_on(sample_copy, analysis, seed=3)
        record = planned.execute(Resources(workers=1))
        assert Results(sample_copy).active() == (record.run,)
        assert Results(sample_copy).attempts.names() == set()
