"""A build as files for other tools: tables, or the graph as KGX, GraphML, CX2 or Neo4j's import files.

Every export has a manifest that names build, releases, licences and, where not everything may be passed on, what was
left out.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from warehouse.errors import TargetGraphError
from warehouse.export import graphs, kgx, neo4j_files
from warehouse.export import tables as table_files
from warehouse.export.manifest import write_manifest
from warehouse.export.redistributable import LeftOut
from warehouse.export.redistributable import redistributable as set_apart
from warehouse.export.selection import Selection
from warehouse.export.tables import Written
from warehouse.graph.state import model_of, open_state
from warehouse.home import Build
from warehouse.model import DataModel
from warehouse.progress import SILENT, Progress

_GRAPH_WRITERS: dict[str, Callable[[Selection, Path, Progress], Written]] = {
    "kgx": kgx.write,
    "graphml": graphs.write,
    "cx2": graphs.write_cx2,
    "neo4j": neo4j_files.write_export,
}
TABLE_FORMATS = ("parquet", "csv", "tsv")
GRAPH_FORMATS = tuple(_GRAPH_WRITERS)
FORMATS = (*TABLE_FORMATS, *GRAPH_FORMATS)

#: Megabytes DuckDB may hold while it writes; beyond, it spills to disk.
MEMORY_MB = 1500


@dataclass(frozen=True)
class Choice:
    """What to export.

    Args:
        file_format: one of `FORMATS`.
        tables: these public tables alone; of table formats.
        types: these entity and relationship types alone, with the nodes at the ends; of graph formats.
        redistributable: leave out what may not be passed on.

    Raises:
        TargetGraphError: there is no such format, or it cannot be limited so.
    """

    file_format: str = "parquet"
    tables: Collection[str] = ()
    types: Collection[str] = ()
    redistributable: bool = False

    def __post_init__(self) -> None:
        if self.file_format not in FORMATS:
            raise TargetGraphError(f"There is no format {self.file_format!r}.", f"Formats: {', '.join(FORMATS)}")
        if self.tables and self.holds_graph:
            raise TargetGraphError(
                f"{self.file_format} holds the graph, not tables.", "Choose types instead: --type TARGETS"
            )
        if self.types and not self.holds_graph:
            raise TargetGraphError(
                f"{self.file_format} holds tables, not the graph.", "Choose tables instead: --table targets"
            )

    @property
    def holds_graph(self) -> bool:
        """Whether the format holds nodes and relationships rather than tables."""
        return self.file_format in GRAPH_FORMATS


def export(
    build: Build,
    folder: Path,
    file_format: str = "parquet",
    *,
    tables: Collection[str] = (),
    types: Collection[str] = (),
    redistributable: bool = False,
    model: DataModel | None = None,
    progress: Progress = SILENT,
) -> list[Path]:
    """Write a build to a folder.

    Args:
        build: the build, and the runs whose predictions are written too (never with `redistributable`: what a run read
            is not known statement by statement).
        folder: made if it is not there; must be empty, so that no older export is mixed in.
        file_format: one of `FORMATS`; in text formats lists are joined by `|`.
        tables: which tables; empty = every typed table, relationships and records that have rows.
        types: of graph formats, which entity and relationship types; empty = all.
        redistributable: leave out what may not be passed on, and list in the manifest what was left out.
        model: the declarations; None = those of the build and its runs.
        progress: told of each table.

    Returns:
        The files, the manifest last.

    Raises:
        TargetGraphError: the folder is not empty, a table or type is not there, or a file cannot be written.
    """
    choice = Choice(file_format, tables, types, redistributable)
    build = replace(build, runs=()) if redistributable else build
    model = model or model_of(build)
    verify_empty(folder)
    with _opened(build, folder, choice, model=model, progress=progress) as (connection, left_out):
        written = _write(connection, folder, choice, model=model, progress=progress)
        manifest = write_manifest(connection, build, folder, written, left_out)
    return [*written.files, manifest]


def _write(
    connection: duckdb.DuckDBPyConnection, folder: Path, choice: Choice, *, model: DataModel, progress: Progress
) -> Written:
    if not choice.holds_graph:
        return table_files.write(connection, folder, choice.file_format, choice.tables, model=model, progress=progress)
    selection = Selection(connection, model, choice.types)
    return _GRAPH_WRITERS[choice.file_format](selection, folder, progress)


@contextmanager
def _opened(
    build: Build, folder: Path, choice: Choice, *, model: DataModel, progress: Progress
) -> Iterator[tuple[duckdb.DuckDBPyConnection, LeftOut | None]]:
    """What is written from: the build itself, or what of it may be passed on."""
    if choice.redistributable:
        matrices = not choice.holds_graph
        with set_apart(build, folder.parent, model, matrices=matrices, progress=progress) as free:
            yield free
        return
    with open_state(build) as connection:
        connection.execute("SET memory_limit = ?", [f"{MEMORY_MB}MB"])
        yield connection, None


def verify_empty(folder: Path) -> None:
    """Make a folder that holds nothing.

    Raises:
        TargetGraphError: it cannot be made, or is not empty.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TargetGraphError(f"{folder} cannot be made: {error.strerror}") from error
    if any(folder.iterdir()):
        raise TargetGraphError(f"{folder} is not empty.", "Name a new folder, so that no older export is mixed in.")
