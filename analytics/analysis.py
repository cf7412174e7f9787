"""What an analysis declares: its name, its options, what it predicts, and the function that runs it.

An analysis is a folder in `analytics/`: the model (functions of arrays) and its binding to the warehouse, a module
`analysis.py` with `ANALYSIS`. Folders are discovered; adding one edits no other file. Analyses of one kind may stand
together in a folder, as `analytics/images/<analysis>/`.

    @dataclass(frozen=True)
    class Options:
        disease: str = option("The disease", example="doid:1324")
        permutations: int = option("Random sets of genes", default=1000, minimum=10)

    def run(options: Options, context: RunContext) -> Findings: ...

    ANALYSIS = Analysis("hubs", "Hubs of a disease", "...", Options, run, predicts=("Subnetwork",), sample={...})
"""

from __future__ import annotations

import dataclasses
import importlib
import importlib.util
import pkgutil
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from analytics.code_version import CodeVersion, code_version
from warehouse.errors import AnalysisError
from warehouse.progress import SILENT, Progress
from warehouse.results.evidence import EvidencePlan
from warehouse.results.findings import Findings
from warehouse.results.tables import ResultTable

if TYPE_CHECKING:
    import polars as pl

    from analytics.common.edges import EdgeArrays
    from warehouse.answer import Limits
    from warehouse.matrices import MatrixArrays
    from warehouse.warehouse import Warehouse

__all__ = ["Analysis", "Findings", "RunContext", "analyses", "option"]

OptionsT = TypeVar("OptionsT")


def option(
    meaning: str,
    *,
    default: Any = dataclasses.MISSING,
    example: object = None,
    minimum: float | None = None,
    maximum: float | None = None,
) -> Any:
    """A field of an analysis's options: `cohort: str = option("The cohort")`.

    The annotation is its type: `str`, `int`, `float`, `bool`, `Path`, a `StrEnum` for a few choices, `tuple[str, ...]`
    for one that may be given several times, each also with `| None`. On the command line `top_percent` is
    `--top-percent`.

    Args:
        meaning: one sentence for `--help` and the docs.
        default: what holds where it is not given; without one it must be given.
        example: a value as a user would write it.
        minimum, maximum: the closed range of a number.
    """
    about = {"meaning": meaning, "example": example, "minimum": minimum, "maximum": maximum}
    return field(default=default, metadata=about)


@dataclass(frozen=True)
class RunContext:
    """What a run works with.

    Args:
        warehouse: the build that is read, without the predictions of other runs.
        seed: fixes the result, whatever the number of workers.
        workers: processes of this machine; None = as many as it has cores.
        scheduler: the address of a Dask scheduler whose workers compute instead.
        checkpoint: a folder of this run alone; what is kept there is there again when the same run (analysis, options,
            seed, build, code) is started after an interruption. It is removed once the run is published.
        progress: told of the work.
    """

    warehouse: Warehouse
    seed: int
    checkpoint: Path
    workers: int | None = None
    scheduler: str | None = None
    progress: Progress = SILENT

    @property
    def artefacts(self) -> Path:
        """The folder for files that the run hands back; they count once they are named in `Findings.artefacts`."""
        folder = self.checkpoint / "artefacts"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def frame(self, sql: str, **parameters: Any) -> pl.DataFrame:
        """All rows of a reading SQL statement over the public tables; no limit of rows or time but memory.

        Raises:
            QuestionError: the statement is wrong.
        """
        return self.warehouse.sql(sql, parameters, limits=_unlimited()).to_polars()

    def matrix(self, name: str, **options: Any) -> MatrixArrays:
        """A matrix of the build as arrays, with the ids of rows and features (`warehouse.matrices.read_matrix`).

        Raises:
            QuestionError: there is no such matrix, layer, row or feature.
        """
        return self.warehouse.matrix(name, limits=_unlimited(), **options)

    def edges(self, *types: str, subject: str | None = None, object: str | None = None) -> EdgeArrays:  # noqa: A002
        """The relationships of some types as arrays with ids (`analytics.common.edges`).

        Args:
            types: relationship types.
            subject, object: the entity type of each end; None = any.

        Raises:
            QuestionError: there is no such type.
        """
        from analytics.common.edges import read_edges

        return read_edges(self, types, subject, object)


def _unlimited() -> Limits:
    """Thousands of rows on a busy machine take longer than a question may."""
    from warehouse.answer import Limits

    return Limits(timeout_s=threading.TIMEOUT_MAX, rows=1 << 40)


@dataclass(frozen=True)
class Analysis(Generic[OptionsT]):
    """An analysis.

    Args:
        name: lower snake case; its name on the command line, in run ids and in `runs`.
        title: its name as a person writes it.
        description: one or two sentences: what it finds, from what.
        options: a frozen dataclass whose fields are made by `option`.
        run: computes the findings; writes nothing but its checkpoint.
        predicts: the entity and relationship types that it may write, as declared in `warehouse.model.predictions`.
        sample: options with which it runs on the generated sample within seconds: for tests and docs.
        tables: what it publishes beside entities and relationships, in SQL `<analysis>_<table>`.
        evidence: what every run measures of the quality of its predictions; every analysis that predicts has it.
        reference: the paper or specification, with its year.
        extra: the extra that it needs installed (`analytics`), if any.
        check: refuses options that cannot be run on the build, before a run exists, and gives them as they are
            recorded: stored lists and files of names replaced by what they hold. Cheap: it reads no matrix.
        tolerance: by how much numbers of two runs that differ in workers alone may differ, relative to the
            greater of the number and 1; 0 = they are equal to the last digit.
        plan: what a dry run tells beside the parameters, such as the size of what is read; nothing heavy.
    """

    name: str
    title: str
    description: str
    options: type[OptionsT]
    run: Callable[[OptionsT, RunContext], Findings]
    predicts: tuple[str, ...]
    sample: Mapping[str, Any]
    tables: tuple[ResultTable, ...] = ()
    evidence: EvidencePlan | None = None
    reference: str = ""
    extra: str | None = None
    plan: Callable[[OptionsT, RunContext], Mapping[str, Any]] | None = None
    check: Callable[[OptionsT, RunContext], OptionsT] | None = None
    tolerance: float = 0.0

    @cached_property
    def code(self) -> CodeVersion:
        """The version of the code of the analysis and of all that it imports, with the libraries behind it."""
        return code_version(self.run.__module__)


@cache
def analyses() -> dict[str, Analysis[Any]]:
    """Every analysis, by name, in the order of their names.

    Raises:
        AnalysisError: two analyses have one name.
    """
    found: dict[str, Analysis[Any]] = {}
    for name in sorted(_declaring("analytics", deeper=True)):
        declared = importlib.import_module(name).ANALYSIS
        assert isinstance(declared, Analysis)
        if declared.name in found:
            raise AnalysisError(
                f"{name} declares an analysis {declared.name!r}, and so does {found[declared.name].run.__module__}.",
                "Give it another name.",
            )
        found[declared.name] = declared
    return dict(sorted(found.items()))


def result_tables() -> dict[str, ResultTable]:
    """The declared tables of every analysis, by the name of their view."""
    return {f"{analysis.name}_{table.name}": table for analysis in analyses().values() for table in analysis.tables}


def _declaring(package: str, *, deeper: bool) -> Iterator[str]:
    """The modules `analysis` in the packages of a package, and one level deeper in those that are no analysis."""
    for module in pkgutil.iter_modules(importlib.import_module(package).__path__):
        inner = f"{package}.{module.name}"
        if not module.ispkg:
            continue
        if importlib.util.find_spec(f"{inner}.analysis") is not None:
            yield f"{inner}.analysis"
        elif deeper:
            yield from _declaring(inner, deeper=False)
