"""Publishing, listing and retracting the results of runs.

Results are published like builds: written aside, moved into place whole, and made active by swapping a pointer. A
publication that is killed at any point leaves the warehouse as it was.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from warehouse.atomic import put, write_text
from warehouse.errors import BuildError, TargetGraphError
from warehouse.home import Build, Home
from warehouse.locks import HeldError, held
from warehouse.model import FULL_MODEL
from warehouse.results import artefacts, overlay
from warehouse.results.attempts import Attempts
from warehouse.results.check import checked
from warehouse.results.files import active_runs, read_record, record_path, result_path, write_results
from warehouse.results.findings import Findings
from warehouse.results.record import RunRecord
from warehouse.results.tables import ResultTable, conforming
from warehouse.settings import Settings

#: How long a publication waits for another one, in seconds.
_WAIT_S = 60.0


def with_active_runs(build: Build) -> Build:
    """The build with the runs that are active now, as it is asked by default; a file apart from any home has none."""
    return build if build.home is None else replace(build, runs=active_runs(build.home.results))


class Results:
    """The results of the runs in the folder of a warehouse.

    Args:
        home: the folder of the warehouse.
    """

    def __init__(self, home: Home) -> None:
        self._home = home
        self.folder = home.results
        self.attempts = Attempts(self.folder / "checkpoints")

    def active(self) -> tuple[str, ...]:
        """The names of the active runs, sorted."""
        return active_runs(self.folder)

    def records(self) -> list[RunRecord]:
        """The accounts of all runs that are there, active or retracted, oldest first."""
        names = sorted(path.stem for path in self.folder.glob("*.json"))
        return sorted((read_record(self.folder, run) for run in names), key=lambda one: (one.started_at, one.run))

    def record(self, run: str) -> RunRecord:
        """The account of a run.

        Raises:
            BuildError: it is missing or cannot be read.
        """
        return read_record(self.folder, run)

    def has(self, run: str) -> bool:
        """Whether the whole results of a run are there, active or not."""
        if not (record_path(self.folder, run).is_file() and result_path(self.folder, run).is_file()):
            return False
        # Where the account cannot be read, whoever reads it says so.
        with contextlib.suppress(BuildError):
            return not artefacts.damaged(self.folder, read_record(self.folder, run))
        return True

    def find(self, name: str) -> str:
        """The run of that name, or the one whose name begins with it.

        Raises:
            TargetGraphError: none or several fit.
        """
        known = sorted(self.names())
        fitting = [run for run in known if run.startswith(name)]
        if name in known or len(fitting) == 1:
            return name if name in known else fitting[0]
        runs = ", ".join(fitting or known) or "none"
        raise TargetGraphError(f"{name!r} names {len(fitting)} runs.", f"Runs: {runs}")

    def names(self) -> set[str]:
        """The names of all runs of which anything is there: published, begun, or with files that are damaged."""
        files = {path.stem for ending in ("json", "duckdb") for path in self.folder.glob(f"*.{ending}")}
        folders = {path.name for path in self.folder.glob("artefacts/*")}
        return {*self.active(), *files, *folders, *self.attempts.names()}

    def publish(
        self, record: RunRecord, findings: Findings, predicts: Collection[str], declared: tuple[ResultTable, ...] = ()
    ) -> RunRecord:
        """Write the results of a run, and make it active.

        Args:
            record: its account; counts, tables, metrics and notes are filled in from the findings.
            findings: what it hands back.
            predicts: the types that it may write.
            declared: the further tables that it writes.

        Returns:
            The account as it is kept.

        Raises:
            AnalysisError: the findings do not fit what is declared, or an artefact is refused; nothing is written.
            BuildError: they could not be published; what was active before still is.
        """
        frames = checked(findings, record.run, record.analysis, predicts)
        tables = conforming(record.analysis, findings.tables, declared)
        whole = replace(
            record,
            metrics={name: float(value) for name, value in sorted(findings.metrics.items())},
            notes=findings.notes,
            evidence=findings.evidence,
            counts={name: frame.height for name, frame in sorted(frames.items())},
            tables=tuple(sorted(tables)),
        )
        with self._writing() as writer:
            making = writer.new_folder()
            try:
                taken = artefacts.take(findings.artefacts, making / "artefacts", Settings().artefact_mb * 1_000_000)
                whole = replace(whole, artefacts=taken)
                types = {name: (FULL_MODEL[name].table, frame) for name, frame in frames.items()}
                write_results(making / "results.duckdb", types, tables)
                (making / "account.json").write_text(whole.to_json(), encoding="utf-8")
                writer.move(making, whole.run)
                artefacts.forget_others(self.folder, whole)
            except (OSError, duckdb.IOException) as error:
                raise BuildError(
                    f"The results of the run {record.run} could not be published: {_first_line(error)}",
                    "Nothing was changed. Mend it and call again: the run goes on from its checkpoint.",
                ) from error
            finally:
                shutil.rmtree(making, ignore_errors=True)
            writer.point_to({*self.active(), whole.run})
        return whole

    def activate(self, run: str) -> None:
        """Make a run active again whose results are there.

        Raises:
            BuildError: they are not, or they cannot be laid over the current build.
        """
        artefacts.verify_whole(self.folder, read_record(self.folder, run))
        with self._writing() as writer:
            writer.point_to({*self.active(), run})

    def retract(self, run: str, *, delete: bool = False) -> None:
        """Take a run out of what is asked.

        Args:
            run: its name.
            delete: remove its files too; then it cannot be made active again.
        """
        with self._writing() as writer:
            writer.point_to({*self.active()} - {run}, must_lie=False)
            if delete:
                # The account goes first: a file without one is no run.
                record_path(self.folder, run).unlink(missing_ok=True)
                result_path(self.folder, run).unlink(missing_ok=True)
                artefacts.remove(self.folder, run)

    def drop(self, run: str) -> None:
        """Remove what a run that was begun and never published has left: its checkpoint, its account, a partial file.

        Raises:
            AnalysisError: a process makes the run now.
        """
        with self.attempts.making(run) as making:
            making.forget()
            if not record_path(self.folder, run).is_file():
                result_path(self.folder, run).unlink(missing_ok=True)
                artefacts.remove(self.folder, run)

    def follow(self) -> None:
        """Lay the active runs over the current build, so that no reader has to; a build does so when it is published.

        Where it fails, readers do it, or are told.
        """
        if self.active():
            with self._writing() as writer:
                writer.point_to(self.active(), must_lie=False)

    @contextlib.contextmanager
    def _writing(self) -> Iterator[_Writer]:
        """Be the one who publishes or retracts, for the length of the `with` block."""
        with contextlib.ExitStack() as stack:
            try:
                self.folder.mkdir(parents=True, exist_ok=True)
                stack.enter_context(held(self.folder / "write.lock", _WAIT_S))
            except HeldError:
                raise BuildError(
                    "Another run is being published or retracted.", "Call again when it is done."
                ) from None
            except OSError as error:
                raise BuildError(f"{self.folder} cannot be written: {error.strerror}") from error
            yield _Writer(self._home, self.folder)


@dataclass(frozen=True)
class _Writer:
    """What only the one who publishes or retracts may do."""

    home: Home
    folder: Path

    def point_to(self, runs: Collection[str], *, must_lie: bool = True) -> None:
        """Make these runs the active ones, in one step; the overlay of the current build is made before.

        Args:
            runs: their names.
            must_lie: whether a run that cannot be laid over the build is an error; to take one out it need not.
        """
        kept = [replace(build, runs=tuple(sorted(runs))) for build in self.home.builds()]
        if runs and kept:
            with contextlib.nullcontext() if must_lie else contextlib.suppress(BuildError):
                overlay.prepare(replace(self.home.current(), runs=tuple(sorted(runs))))
        write_text(self.folder / "active", "".join(f"{run}\n" for run in sorted(runs)), durable=True)
        overlay.forget_others(self.folder, kept if runs else ())

    def move(self, making: Path, run: str) -> None:
        """Move all files into place; the account last, for it says that the others are whole."""
        artefacts.settle(making / "artefacts", self.folder, run)
        for source, target in (
            (making / "results.duckdb", result_path(self.folder, run)),
            (making / "account.json", record_path(self.folder, run)),
        ):
            put(source, target, durable=True)

    def new_folder(self) -> Path:
        """An empty folder for a publication; what killed ones left is removed."""
        making = self.folder / "making"
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir()
        return making


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]
