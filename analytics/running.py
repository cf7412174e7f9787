"""Running an analysis: what it would be, the run itself, and the publication of what it finds.

from targetgraph import analyze

record = analyze("proximity", disease="doid:1324")
record.run  # "proximity-3f2a9c41b7d0", as `targetgraph runs` lists it
"""

from __future__ import annotations

import difflib
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from analytics.analysis import Analysis, Findings, RunContext, analyses
from analytics.inputs import identity
from analytics.options import input_stamps, parameters, read_options
from warehouse.errors import AnalysisError, TargetGraphError
from warehouse.extras import require_extra
from warehouse.home import Build, Home
from warehouse.progress import SILENT, Progress
from warehouse.results.attempts import Attempt, Making
from warehouse.results.listing import listed_runs
from warehouse.results.record import RunRecord, run_name
from warehouse.results.store import Results
from warehouse.settings import Settings
from warehouse.warehouse import Warehouse


@dataclass(frozen=True)
class Resources:
    """What a run may use; none of it changes the result.

    Args:
        workers: processes of this machine; None = as many as it has cores.
        scheduler: the address of a Dask scheduler whose workers compute instead.
        checkpoint: where the run keeps what an interruption must not lose; None = in the warehouse's folder.
        resume: go on from what an interrupted run left; else begin anew.
    """

    workers: int | None = None
    scheduler: str | None = None
    checkpoint: Path | None = None
    resume: bool = True


@dataclass(frozen=True)
class PlannedRun:
    """A run before it is made.

    Args:
        analysis: what runs.
        options: its options.
        seed: fixes the result.
        home: the warehouse that is read and to which the results go.
        build: the build that is read.
        progress: told of the reading of files and folders that options name.
    """

    analysis: Analysis[Any]
    options: Any
    seed: int
    home: Home
    build: Build
    progress: Progress = SILENT

    @cached_property
    def parameters(self) -> dict[str, Any]:
        """The options as they are recorded."""
        # Taken before the files are read, so that a change from here on is seen.
        self._stamps  # noqa: B018
        return parameters(self.options, self.progress)

    @cached_property
    def _stamps(self) -> list[tuple[object, ...]]:
        return input_stamps(self.options)

    @cached_property
    def content_hash(self) -> str:
        """The content of the build."""
        return str(self.build.receipt()["content_hash"])

    @cached_property
    def run(self) -> str:
        """The name of the run: that of any run that must give the same results."""
        fixed = identity(self.parameters)
        return run_name(self.analysis.name, fixed, self.seed, self.content_hash, self.analysis.code.text)

    @property
    def state(self) -> str:
        """What is there of it already (`warehouse.results.listing.RunState`), or `new`."""
        return next((str(one.state) for one in listed_runs(Results(self.home)) if one.run == self.run), "new")

    def context(self, warehouse: Warehouse, checkpoint: Path, resources: Resources, progress: Progress) -> RunContext:
        """What the run works with."""
        return RunContext(warehouse, self.seed, checkpoint, resources.workers, resources.scheduler, progress)

    def details(self) -> dict[str, Any]:
        """What the analysis itself tells of the run before it is made."""
        if self.analysis.plan is None:
            return {}
        with Warehouse(self.build, Settings().limits) as warehouse:
            context = self.context(warehouse, Results(self.home).attempts.checkpoint(self.run), Resources(), SILENT)
            return dict(self.analysis.plan(self.options, context))

    def execute(self, resources: Resources = Resources(), progress: Progress = SILENT) -> RunRecord:
        """Run and publish. What is active already is not computed again; what was retracted is made active again.

        Raises:
            AnalysisError: the analysis cannot use what it was given, or another process makes the same run.
            BuildError: the results could not be published; what was active before still is.
            MissingExtraError: the extra that the analysis needs is not installed.
        """
        results = Results(self.home)
        if self.analysis.extra is not None and not results.has(self.run):
            # Before anything of the run exists.
            require_extra(self.analysis.extra, f"targetgraph analyze {self.analysis.name}")
        with results.attempts.making(self.run) as making:
            if self.run in results.active() or results.has(self.run):
                results.activate(self.run)
                return results.record(self.run)
            kept = resources.checkpoint or making.checkpoint
            if not resources.resume:
                shutil.rmtree(kept, ignore_errors=True)
            kept.mkdir(parents=True, exist_ok=True)
            about = (self.run, self.analysis.name, self.parameters, self.seed, self.build.id, _now())
            attempt = Attempt(*about, str(kept.absolute()))
            making.begin(attempt)
            try:
                record = self._compute(kept, resources, progress, results)
            except Exception as error:
                _give_up(making, attempt, error)
                raise
            # What was given by the user is the user's: only what the run itself made is removed.
            making.forget()
        return record

    def _compute(self, kept: Path, resources: Resources, progress: Progress, results: Results) -> RunRecord:
        started = _now()
        with Warehouse(self.build, Settings().limits) as warehouse:
            findings = self.analysis.run(self.options, self.context(warehouse, kept, resources, progress))
        if input_stamps(self.options) != self._stamps:
            raise AnalysisError(
                "A file or folder that an option names was changed while the run was computed; nothing is published.",
                "Run it again.",
            )
        _verify_evidence(self.analysis, findings)
        record = RunRecord(
            run=self.run,
            analysis=self.analysis.name,
            title=self.analysis.title,
            parameters=self.parameters,
            seed=self.seed,
            code_version=self.analysis.code.text,
            libraries=self.analysis.code.libraries,
            build=self.build.id,
            build_content_hash=self.content_hash,
            started_at=started,
            ended_at=_now(),
        )
        return results.publish(record, findings, self.analysis.predicts, self.analysis.tables)


def plan_run(
    name: str,
    home: str | Path | None = None,
    build: str | None = None,
    *,
    seed: int = 0,
    progress: Progress = SILENT,
    **options: Any,
) -> PlannedRun:
    """Say what a run would be, without making it.

    Args:
        name: the analysis.
        home: the folder of the warehouse; None = `TARGETGRAPH_HOME`.
        build: the build that is read; None = the current one.
        seed: fixes the result.
        progress: told of the reading of files and folders that options name.
        options: the options of the analysis.

    Raises:
        AnalysisError: there is no such analysis, or an option is wrong or names what is not there.
        BuildError: there is no such build.
    """
    place = Home(Settings().home if home is None else Path(home))
    analysis = find_analysis(name)
    chosen = place.current() if build is None else place.build(build)
    given = read_options(analysis, options)
    if analysis.check is not None:
        if analysis.extra is not None:
            require_extra(analysis.extra, f"targetgraph analyze {name}")
        with Warehouse(chosen, Settings().limits) as warehouse:
            given = analysis.check(given, RunContext(warehouse, seed, place.results / "checkpoints"))
    return PlannedRun(analysis, given, seed, place, chosen, progress)


def analyze(
    name: str,
    home: str | Path | None = None,
    build: str | None = None,
    *,
    seed: int = 0,
    resources: Resources = Resources(),
    progress: Progress = SILENT,
    **options: Any,
) -> RunRecord:
    """Run an analysis and publish what it finds; the arguments are those of `plan_run` and `PlannedRun.execute`."""
    return plan_run(name, home, build, seed=seed, progress=progress, **options).execute(resources, progress)


def _verify_evidence(analysis: Analysis[Any], findings: Findings) -> None:
    if (None if findings.evidence is None else findings.evidence.plan) != analysis.evidence:
        raise AnalysisError(
            f"A run of {analysis.name} does not hand back the evidence of quality that the analysis declares.",
            "Give `Findings.evidence`: the figures of the declared plan, or the reason why there are none.",
        )


def _give_up(making: Making, attempt: Attempt, error: Exception) -> None:
    """A mistake that was met before anything was worth keeping leaves nothing; all else is kept, with its reason."""
    if isinstance(error, TargetGraphError) and not attempt.resumable:
        making.forget()
        return
    lines = str(error).splitlines() or [""]
    told = isinstance(error, TargetGraphError)
    making.fail(lines[0] if told else f"{type(error).__name__}: {lines[0]}".rstrip(": ") + ".")


def find_analysis(name: str) -> Analysis[Any]:
    """The analysis of that name.

    Raises:
        AnalysisError: there is none; the message lists those that exist.
    """
    known = analyses()
    if name not in known:
        near = difflib.get_close_matches(name, known, 1)
        hint = f"Did you mean {near[0]}? " if near else ""
        raise AnalysisError(f"There is no analysis {name!r}.", f"{hint}The analyses are: {', '.join(known) or 'none'}.")
    return known[name]


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
