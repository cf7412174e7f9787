"""What of a build may be passed on, as a build of its own.

The statements that may not are left out and everything else is resolved anew from those that stay. So nothing of a
closed source survives in what is shown: no value that it won, no merge of identifiers that it claimed, no paper that it
alone names. What a free source states too is there with that statement alone.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from warehouse.errors import BuildError, TargetGraphError
from warehouse.home import DATABASE, Build
from warehouse.interruption import interruptible
from warehouse.licences import conditions, may_be_passed_on
from warehouse.model import DataModel, StatedType
from warehouse.model.schema import EntityType, RelationshipType
from warehouse.progress import SILENT, Progress
from warehouse.tables.finish import finish
from warehouse.tables.schema import LAYOUT_VERSION, literal, quoted, resolved_table
from warehouse.tables.writer import BuildWriter

_MEMORY_MB = 1500


@dataclass(frozen=True)
class LeftOut:
    """What may not be passed on, in counts: a list of the statements themselves would pass them on.

    Args:
        sources: whole sources: name, title, licence, and how many statements of each type.
        files: whole files of other sources: source, name, licence.
        statements: single statements of sources that may be passed on otherwise: source, type, licence, number.
        types: for each type, how many nodes or relationships the build has and how many were written.
        narrowed: relationships that were written with fewer sources than the build has, by type.
        kept_licences: licences on statements that were written, what they ask for, and how many statements.
    """

    sources: list[dict[str, Any]]
    files: list[dict[str, Any]]
    statements: list[dict[str, Any]]
    types: dict[str, dict[str, int]]
    narrowed: dict[str, int]
    kept_licences: list[dict[str, Any]]

    def as_json(self) -> dict[str, Any]:
        """As the manifest has it."""
        return dict(vars(self))


@contextmanager
def redistributable(
    build: Build, folder: Path, model: DataModel, *, matrices: bool = True, progress: Progress = SILENT
) -> Iterator[tuple[duckdb.DuckDBPyConnection, LeftOut]]:
    """Make the part of a build that may be passed on, for as long as the block lasts.

    Args:
        build: the build; it is only read.
        folder: where the part may stand meanwhile; it takes up to the build's own size.
        model: the declarations.
        matrices: whether omics matrices are wanted too.
        progress: told of each type.

    Raises:
        TargetGraphError: there is no room, or the build cannot be opened.
    """
    try:
        with (
            tempfile.TemporaryDirectory(prefix=".redistributable-", dir=folder) as made,
            BuildWriter(Path(made, DATABASE), model, memory_mb=_MEMORY_MB) as writer,
            interruptible(writer.connection.interrupt),
        ):
            part = _Part(writer, build)
            part.copy(matrices=matrices)
            finished = finish(writer, undone_merges=part.undone_merges(), progress=progress)
            left_out = part.left_out(finished.counts)
            writer.connection.execute("DETACH whole")
            yield writer.connection, left_out
    except (OSError, duckdb.IOException) as error:
        cause = str(error).splitlines()[0]
        raise TargetGraphError(f"What may be passed on cannot be set apart: {cause}") from error


class _Part:
    """Copies what may be passed on from a build (attached as `whole`) into one that is being written."""

    def __init__(self, writer: BuildWriter, build: Build) -> None:
        self._connection = writer.connection
        self._model = writer.model
        self._connection.execute(f"ATTACH {literal(str(build.database))} AS whole (READ_ONLY)")
        version = self._rows("SELECT version FROM whole.record.layout")[0][0]
        if version != LAYOUT_VERSION:
            raise BuildError(f"Build {build.id} has layout {version}, not {LAYOUT_VERSION}.", "Build it anew.")
        tables = self._rows("SELECT table_name FROM duckdb_tables() WHERE database_name = 'whole'")
        if ("file_licences",) not in tables:
            raise BuildError(f"Build {build.id} does not record the licences of its files.", "Build it anew.")
        self._closed = sorted(
            s for (s,) in self._rows("SELECT source FROM whole.record.sources WHERE NOT redistributable")
        )
        told = {text for declared in self._licensed() for text in self._licences(declared)}
        self._barred = sorted(text for text in told if not may_be_passed_on(text))
        self._stated = [
            declared for declared in model_types(self._model) if self._has(f"whole.stated.{_name(declared)}")
        ]

    def copy(self, *, matrices: bool) -> None:
        """Copy sources, files and statements; what is resolved is not copied."""
        self._run("INSERT INTO record.sources SELECT * FROM whole.record.sources WHERE redistributable")
        self._run(
            """INSERT INTO record.files SELECT f.* FROM whole.record.files AS f SEMI JOIN record.sources USING (source)
            WHERE _file NOT IN (SELECT _file FROM whole.record.file_licences WHERE NOT redistributable)"""
        )
        self._run(
            "INSERT INTO record.file_licences FROM whole.record.file_licences SEMI JOIN record.files USING (_file)"
        )
        self._run("INSERT INTO record.documents FROM whole.record.documents SEMI JOIN record.files USING (_file)")
        self._run(
            """INSERT INTO record.quarantine SELECT q.* FROM whole.record.quarantine AS q
            SEMI JOIN record.files USING (_file) WHERE stage = 'read'"""
        )
        for declared in self._stated:
            self._run(
                f"""INSERT INTO stated.{_name(declared)} BY NAME SELECT x.* FROM whole.stated.{_name(declared)} AS x
                SEMI JOIN record.files USING (_file) WHERE NOT {self._is_barred(declared)}"""
            )
        if matrices:
            self._copy_matrices()

    def _copy_matrices(self) -> None:
        self._run(
            """INSERT INTO record.matrices SELECT m.* REPLACE (NULL AS complete) FROM whole.record.matrices AS m
            SEMI JOIN record.files USING (_file)"""
        )
        for axis in ("matrix_rows", "matrix_features"):
            self._run(f"INSERT INTO record.{axis} FROM whole.record.{axis} SEMI JOIN record.matrices USING (matrix)")
        for (name,) in self._rows("SELECT matrix FROM record.matrices ORDER BY 1"):
            self._run(f"CREATE TABLE matrix.{quoted(name)} AS FROM whole.matrix.{quoted(name)}")

    def undone_merges(self) -> list[tuple[str, str]]:
        """The merges that a user has undone."""
        rows = self._rows("SELECT merged_id, canonical_id FROM whole.record.merges WHERE NOT active ORDER BY ALL")
        return [(merged, canonical) for merged, canonical in rows]

    def left_out(self, kept: dict[str, int]) -> LeftOut:
        """Count what was not copied, and what became of it."""
        return LeftOut(
            [self._closed_source(name) for name in self._closed],
            self._closed_files(),
            [one for declared in self._licensed() for one in self._by_licence(declared, barred=True)],
            {name: {"build": count, "written": kept[name]} for name, count in self._whole_counts().items()},
            {d.name: n for d in self._relationships() if (n := self._narrowed(d))},
            [one for declared in self._licensed() for one in self._by_licence(declared, barred=False)],
        )

    def _closed_source(self, name: str) -> dict[str, Any]:
        title, licence = self._rows("SELECT title, licence FROM whole.record.sources WHERE source = ?", name)[0]
        counts = {}
        for declared in self._stated:
            stated = f"whole.stated.{_name(declared)} JOIN whole.record.files USING (_file)"
            counts[type_name(declared)] = int(self._rows(f"SELECT count(*) FROM {stated} WHERE source = ?", name)[0][0])
        return {
            "source": name,
            "title": title,
            "licence": licence,
            "statements": {k: n for k, n in counts.items() if n},
        }

    def _closed_files(self) -> list[dict[str, Any]]:
        """Files that may not be passed on, of sources of which others may."""
        rows = self._rows(
            """SELECT source, name, l.licence FROM whole.record.files JOIN whole.record.file_licences AS l USING (_file)
            WHERE NOT l.redistributable AND NOT list_contains(?, source) ORDER BY ALL""",
            self._closed,
        )
        return [{"source": source, "file": file, "licence": licence} for source, file, licence in rows]

    def _by_licence(self, declared: StatedType, *, barred: bool) -> list[dict[str, Any]]:
        """Statements of free sources by the licence that each has of its own."""
        rows = self._rows(
            f"""SELECT source, licence, count(*) FROM (
                SELECT source, unnest(licences) AS licence FROM whole.stated.{_name(declared)} AS x
                JOIN whole.record.files USING (_file)
                WHERE NOT list_contains(?, source) AND {"" if barred else "NOT"} {self._is_barred(declared)})
            GROUP BY ALL ORDER BY ALL""",
            self._closed,
        )
        found = [{"source": s, "type": type_name(declared), "licence": text, "statements": n} for s, text, n in rows]
        return found if barred else [{**one, "conditions": conditions(one["licence"])} for one in found]

    def _whole_counts(self) -> dict[str, int]:
        named = [(type_name(d), d) for d in self._model if self._has(f"whole.{resolved_table(d)}")]
        return {name: int(self._rows(f"SELECT count(*) FROM whole.{resolved_table(d)}")[0][0]) for name, d in named}

    def _narrowed(self, declared: RelationshipType) -> int:
        return int(
            self._rows(
                f"""SELECT count(*) FROM whole.graph.{_name(declared)}
                WHERE list_has_any(sources, ?) AND NOT list_has_all(?, sources)""",
                self._closed,
                self._closed,
            )[0][0]
        )

    def _is_barred(self, declared: StatedType) -> str:
        """Whether a statement's own licence forbids it; of several licences, each must allow it."""
        if not self._barred or declared not in self._licensed():
            return "false"
        return f"coalesce(list_has_any(x.licences, [{', '.join(map(literal, self._barred))}]), false)"

    def _licences(self, declared: StatedType) -> list[str]:
        rows = self._rows(f"SELECT DISTINCT unnest(licences) FROM whole.stated.{_name(declared)}")
        return [text for (text,) in rows]

    def _licensed(self) -> list[StatedType]:
        """The types whose statements may have a licence of their own, and that are stated."""
        return [d for d in model_types(self._model) if "licences" in {column.name for column in d.columns}]

    def _relationships(self) -> list[RelationshipType]:
        return [d for d in self._model.relationships.values() if not d.derived]

    def _has(self, table: str) -> bool:
        return bool(self._rows(f"SELECT EXISTS (FROM {table})")[0][0])

    def _run(self, sql: str) -> None:
        self._connection.execute(sql)

    def _rows(self, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
        return self._connection.execute(sql, list(parameters)).fetchall()


def model_types(model: DataModel) -> list[StatedType]:
    """The types that sources state."""
    return [declared for declared in model if not (isinstance(declared, RelationshipType) and declared.derived)]


def type_name(declared: StatedType) -> str:
    """The name of a type as users write it."""
    return declared.label if isinstance(declared, EntityType) else declared.name


def _name(declared: StatedType) -> str:
    return quoted(declared.table)
