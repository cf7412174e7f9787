"""Writes what sources say into a build that nobody reads yet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import duckdb
import polars as pl

from warehouse.model import MODEL, DataModel
from warehouse.statements import FILE, Matrix
from warehouse.tables import schema
from warehouse.tables.matrices import MatrixWriter
from warehouse.tables.schema import quoted


@dataclass(frozen=True)
class SourceRecord:
    """What the warehouse keeps of a source: its name, terms and priority."""

    name: str
    title: str
    homepage: str
    licence: str
    redistributable: bool
    rank: int


@dataclass(frozen=True)
class FileRecord:
    """What the warehouse keeps of a file.

    Args:
        source, release, part, name, sha256, size_bytes, url: what it is, and its bytes.
        rank: its priority within the source.
        media_type: what it holds, unpacked, where it is a document; None = it is none.
        document_of: the type of the entity that it is a document of; its statements say which; None = of none.
        licence: its terms, where they are not those of its source.
        redistributable: whether these allow to pass it on.
    """

    source: str
    release: str
    part: str
    name: str
    sha256: str
    size_bytes: int
    url: str | None = None
    rank: int = 0
    media_type: str | None = None
    document_of: str | None = None
    licence: str | None = None
    redistributable: bool | None = None


#: The columns of the record of files that are known when a file is read.
_FILES = pl.Schema(
    {
        FILE: pl.Int64(),
        "source": pl.String(),
        "release": pl.String(),
        "part": pl.String(),
        "name": pl.String(),
        "sha256": pl.String(),
        "size_bytes": pl.Int64(),
        "url": pl.String(),
        "rank": pl.Int64(),
        "media_type": pl.String(),
        "document_of": pl.String(),
        "licence": pl.String(),
        "redistributable": pl.Boolean(),
    }
)


class BuildWriter:
    """One build in the making: a DuckDB file that is written by this object alone.

    Args:
        path: the file; created where it does not exist.
        model: the declarations that shape its tables.
        memory_mb: what DuckDB may hold in memory, in megabytes; beyond it, it spills to `spill`.
        threads: DuckDB's threads; None = all cores.

    Raises:
        BuildError: the file has a layout that this version does not write.
    """

    def __init__(
        self, path: Path, model: DataModel = MODEL, *, memory_mb: int = 3000, threads: int | None = None
    ) -> None:
        fresh = not path.exists()
        self.model = model
        self.connection = duckdb.connect(path)
        self._matrices = MatrixWriter(self.connection, model)
        self._configure(path.parent / "spill", memory_mb, threads)
        if fresh:
            schema.create(self.connection, model)
        schema.require_layout(self.connection)
        if not fresh:
            schema.create_later_tables(self.connection, model)
        self.connection.execute(schema.FILE_LICENCES)

    def __enter__(self) -> BuildWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.close()
        else:
            # What failed is thrown away; writing it out could only fail again and hide the cause.
            self.connection.close()

    def close(self) -> None:
        """Write everything to the file and let go of it."""
        self.connection.execute("CHECKPOINT")
        self.connection.close()

    def add_source(self, source: SourceRecord) -> bool:
        """Make a source known; a source of the same name is replaced.

        Returns:
            Whether its rank is another than before, so that other values may be shown.
        """
        before = self._column("SELECT rank FROM record.sources WHERE source = ?", source.name)
        self.connection.execute(
            "INSERT OR REPLACE INTO record.sources VALUES (?, ?, ?, ?, ?, ?)",
            [source.name, source.title, source.homepage, source.licence, source.redistributable, source.rank],
        )
        return bool(before) and before[0] != source.rank

    def add_file(self, file: FileRecord) -> int:
        """Make a file known and return the number under which its rows are kept."""
        return self.add_files([file])

    def add_files(self, files: Sequence[FileRecord]) -> int:
        """Make many files known and return the number of the first; the others follow it in their order."""
        first = self._value("SELECT coalesce(max(_file), 0) + 1 FROM record.files")
        frame = pl.DataFrame([{FILE: first + index, **vars(file)} for index, file in enumerate(files)], _FILES)
        self._append("record.files", frame.drop("media_type", "document_of", "licence", "redistributable"))
        documents = frame.filter(pl.col("media_type").is_not_null())
        self._append("record.documents", documents.select(FILE, "media_type", entity_type="document_of"))
        licensed = frame.filter(pl.col("licence").is_not_null())
        self._append("record.file_licences", licensed.select(FILE, "licence", "redistributable"))
        return first

    def add_statements(self, type_name: str, frame: pl.DataFrame, file: int | None = None) -> None:
        """Append checked statements of one type (see `warehouse.checks`).

        Args:
            type_name: the name of the type in the model.
            frame: the statements.
            file: the file that they were read from; None = the column `FILE` says it for each.
        """
        if frame.is_empty():
            return
        self._append(f"stated.{quoted(self.model[type_name].table)}", _of_file(frame, file))

    def add_matrix(self, matrix: Matrix, file: int) -> None:
        """Store a matrix as a table of its own; further parts of it, from the same file, are appended.

        Raises:
            SourceError: another file already gave a matrix of this name.
            BuildError: it does not fit its kind.
        """
        self._matrices.add(matrix, file)

    def settle_matrices(self) -> None:
        """Sort the matrices that came in several parts, as those that came in one, and count what all of them hold.

        Raises:
            BuildError: vectors are not of one length.
        """
        self._matrices.settle()

    def quarantine(self, frame: pl.DataFrame, file: int | None) -> None:
        """Record what was set aside: rows, statements, values.

        Args:
            frame: the entries, as `warehouse.checks.REJECTED_SCHEMA` has them.
            file: the file that they were read from; None = the column `FILE` says it for each.
        """
        if frame.is_empty():
            return
        self._append("record.quarantine", _of_file(frame, file).with_columns(stage=pl.lit("read")))

    def has_source(self, name: str) -> bool:
        """Whether the build has files of a source."""
        return bool(self._value("SELECT count(*) FROM record.files WHERE source = ?", name))

    @contextmanager
    def all_or_nothing(self) -> Iterator[None]:
        """Take back all that the `with` block writes where it ends with an error."""
        self.connection.execute("BEGIN TRANSACTION")
        try:
            yield
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")

    def remove_source(self, name: str) -> set[str]:
        """Take out all that a source said and return the names of the types that it had spoken of."""
        self.connection.execute("DELETE FROM record.sources WHERE source = ?", [name])
        return self.remove_files(self._column("SELECT _file FROM record.files WHERE source = ?", name))

    def remove_files(self, files: Sequence[object]) -> set[str]:
        """Take out all that files said, by their numbers, and return the names of the types that they had spoken of."""
        if not files:
            return set()
        touched = {
            declared.table for declared in self.model if self._remove_rows(f"stated.{quoted(declared.table)}", files)
        }
        self._remove_rows("record.quarantine", files)
        matrices = self._column("SELECT matrix FROM record.matrices WHERE list_contains(?, _file)", files)
        self._matrices.remove(str(matrix) for matrix in matrices)
        self._remove_rows("record.documents", files)
        self._remove_rows("record.file_licences", files)
        self._remove_rows("record.files", files)
        return touched

    def unresolved_by_source(self) -> dict[str, dict[str, int]]:
        """How many statements were set aside after reading, by source and reason."""
        rows = self.connection.execute(
            """SELECT f.source, q.reason, count(*) FROM record.quarantine AS q JOIN record.files AS f USING (_file)
            WHERE q.stage <> 'read' GROUP BY ALL ORDER BY ALL"""
        ).fetchall()
        found: dict[str, dict[str, int]] = {}
        for name, reason, count in rows:
            found.setdefault(name, {})[reason] = count
        return found

    def _append(self, table: str, frame: pl.DataFrame) -> None:
        """Append a frame to a table; columns that only the table has become null."""
        names = ", ".join(quoted(column) for column in frame.columns)
        self.connection.execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM frame")

    def _remove_rows(self, table: str, files: Sequence[object]) -> int:
        return self._value(f"DELETE FROM {table} WHERE _file IN (SELECT unnest(?))", files)

    def _configure(self, spill: Path, memory_mb: int, threads: int | None) -> None:
        self.connection.execute("SET autoinstall_known_extensions = false; SET autoload_known_extensions = false")
        self.connection.execute("SET memory_limit = ?", [f"{memory_mb}MB"])
        self.connection.execute("SET temp_directory = ?", [str(spill)])
        self.connection.execute("SET enable_progress_bar = false")
        if threads is not None:
            self.connection.execute("SET threads = ?", [threads])

    def _value(self, sql: str, *parameters: object) -> int:
        return int(self.connection.execute(sql, list(parameters)).fetchall()[0][0])

    def _column(self, sql: str, *parameters: object) -> list[object]:
        return [row[0] for row in self.connection.execute(sql, list(parameters)).fetchall()]


def _of_file(frame: pl.DataFrame, file: int | None) -> pl.DataFrame:
    return frame if file is None else frame.with_columns(pl.lit(file).alias(FILE))
