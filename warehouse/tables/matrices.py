"""How matrices are kept: each value under the number of its row and that of its feature, and the ids once beside them.

`matrix.<name>` has `row_code`, `feature_code`, `value`, a column for each layer, `_file` and `_row`, in the order of
features and, within a feature, of rows. `record.matrix_rows` and `record.matrix_features` have the ids. Codes count the
sorted ids from 0, so that equal content has equal codes, in whatever order a source gives it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import duckdb
import polars as pl

from warehouse.errors import BuildError, SourceError
from warehouse.model.schema import DataModel, MatrixKind
from warehouse.statements import ROW, Matrix
from warehouse.tables.schema import quoted


@dataclass(frozen=True)
class _Axis:
    """One side of a matrix: the column of a frame, the code, and the table that holds its ids."""

    id: str
    code: str
    table: str


_ROWS = _Axis("row_id", "row_code", "record.matrix_rows")
_FEATURES = _Axis("feature", "feature_code", "record.matrix_features")


class MatrixWriter:
    """Writes the matrices of one build.

    Args:
        connection: the build.
        model: the declarations.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, model: DataModel) -> None:
        self._connection = connection
        self._model = model
        self._in_parts: set[str] = set()

    def add(self, matrix: Matrix, file: int) -> None:
        """Store a matrix, or a further part of it from the same file.

        Raises:
            SourceError: another file already gave a matrix of this name.
            BuildError: it does not fit its kind.
        """
        kind = _verified(matrix, self._model)
        known = self._connection.execute("SELECT _file FROM record.matrices WHERE matrix = ?", [matrix.name]).fetchall()
        if known and known != [(file,)]:
            raise self._given_twice(matrix.name, file)
        frame = self._coded(matrix.name, matrix.frame, matrix.all_rows, _ROWS, file)
        frame = self._coded(matrix.name, frame, matrix.all_features, _FEATURES, file, numbered=kind.vector)
        # Sorted here, in half the time that DuckDB takes for it.
        frame = frame.sort("feature_code", "row_code")
        number = "FLOAT" if kind.vector else "DOUBLE"
        values = ", ".join(f"{quoted(name)}::{number} AS {quoted(name)}" for name in matrix.value_columns)
        select = f"SELECT row_code, feature_code, {values}, {file}::INTEGER AS _file, _row::INTEGER AS _row FROM frame"
        table = f"matrix.{quoted(matrix.name)}"
        if known:
            self._connection.execute(f"INSERT INTO {table} {select}")
            self._in_parts.add(matrix.name)
            return
        self._connection.execute(f"CREATE TABLE {table} AS {select}")
        self._record(matrix, kind, file)

    def settle(self) -> None:
        """Bring matrices that came in several parts in order, and count what each holds."""
        rows = self._connection.execute(
            "SELECT matrix, kind FROM record.matrices WHERE complete IS NULL ORDER BY matrix"
        ).fetchall()
        for matrix, kind in rows:
            vector = self._model.matrices[kind].vector
            if matrix in self._in_parts:
                self._sort_codes(matrix, vector=vector)
            self._measure(matrix)
            if vector:
                self._verify_vectors(matrix)
        self._in_parts.clear()

    def remove(self, matrices: Iterable[str]) -> None:
        """Take matrices out."""
        for matrix in matrices:
            self._in_parts.discard(matrix)
            self._connection.execute(f"DROP TABLE matrix.{quoted(matrix)}")
            for table in ("matrices", "matrix_rows", "matrix_features"):
                self._connection.execute(f"DELETE FROM record.{table} WHERE matrix = ?", [matrix])
            self._connection.execute("DELETE FROM record.fingerprints WHERE table_name = ?", [f"matrix.{matrix}"])

    def _coded(
        self,
        matrix: str,
        frame: pl.DataFrame,
        declared: pl.DataFrame | None,
        axis: _Axis,
        file: int,
        *,
        numbered: bool = False,
    ) -> pl.DataFrame:
        """A frame with codes in the place of ids; ids that are new get the codes that follow."""
        ids = frame.lazy().group_by(pl.col(axis.id).cast(pl.String)).agg(pl.col(ROW).min()).collect()
        if declared is not None:
            ids = pl.concat([declared.select(axis.id, pl.col(ROW).cast(ids.schema[ROW])), ids])
            ids = ids.unique(axis.id, keep="first", maintain_order=True)
        if ids[axis.id].null_count():
            raise BuildError(f"The matrix {matrix!r} has values without {axis.id} (file {file}).")
        if numbered and ids[axis.id].cast(pl.Int64, strict=False).null_count():
            raise BuildError(f"The vectors of {matrix!r} have components that are not numbered 0, 1, 2, ...")
        order = pl.col(axis.id).cast(pl.Int64) if numbered else pl.col(axis.id)
        known = self._connection.execute(
            f"SELECT {axis.id} FROM {axis.table} WHERE matrix = ? ORDER BY {axis.code}", [matrix]
        ).fetchall()
        seen = [one for (one,) in known]
        added = ids.filter(~pl.col(axis.id).is_in(seen)).sort(order).with_row_index("code", len(seen))
        self._connection.execute(
            f"INSERT INTO {axis.table} SELECT $matrix, code::INTEGER, {axis.id}, {ROW}::INTEGER FROM added",
            {"matrix": matrix},
        )
        codes = pl.col(axis.id).cast(pl.Enum([*seen, *added[axis.id]])).to_physical().cast(pl.Int32)
        return frame.with_columns(codes.alias(axis.code)).drop(axis.id)

    def _given_twice(self, matrix: str, file: int) -> SourceError:
        names = self._connection.execute(
            """SELECT name FROM record.files WHERE _file = $file
                OR _file = (SELECT _file FROM record.matrices WHERE matrix = $matrix) ORDER BY 1""",
            {"matrix": matrix, "file": file},
        ).fetchall()
        return SourceError(
            f"Two files give the matrix {matrix!r}: {' and '.join(name for (name,) in names)}.",
            "A matrix comes from one file. Rename one of the files or folders that it is named after.",
        )

    def _record(self, matrix: Matrix, kind: MatrixKind, file: int) -> None:
        self._connection.execute(
            """INSERT INTO record.matrices (matrix, kind, cohort_id, unit, row_type, feature_type, feature_prefix,
                layers, sparse, _file) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
            [
                matrix.name,
                matrix.kind,
                matrix.cohort,
                matrix.unit,
                matrix.row_type,
                kind.feature_type,
                matrix.feature_prefix,
                list(matrix.layers),
                kind.sparse if matrix.sparse is None else matrix.sparse,
                file,
            ],
        )

    def _sort_codes(self, matrix: str, *, vector: bool) -> None:
        """Number the ids of a matrix in their order, and store its values in that of their numbers."""
        self._recode(matrix, _ROWS)
        self._recode(matrix, _FEATURES, numbered=vector)
        table = f"matrix.{quoted(matrix)}"
        self._connection.execute(
            f"""CREATE OR REPLACE TABLE {table} AS
            SELECT x.* REPLACE (r.code AS row_code, f.code AS feature_code) FROM {table} AS x
            JOIN codes_row_code AS r ON r.before = x.row_code JOIN codes_feature_code AS f ON f.before = x.feature_code
            ORDER BY f.code, r.code, x._row"""
        )

    def _recode(self, matrix: str, axis: _Axis, *, numbered: bool = False) -> None:
        """Number the ids of one side anew; `codes_<code>` has the numbers before and after."""
        order = f"{axis.id}::BIGINT" if numbered else axis.id
        self._connection.execute(
            f"""CREATE OR REPLACE TEMP TABLE codes_{axis.code} AS
            SELECT {axis.code} AS before, (row_number() OVER (ORDER BY {order}) - 1)::INTEGER AS code
            FROM {axis.table} WHERE matrix = $matrix""",
            {"matrix": matrix},
        )
        self._connection.execute(
            f"""UPDATE {axis.table} SET {axis.code} = c.code FROM codes_{axis.code} AS c
            WHERE matrix = $matrix AND {axis.code} = c.before""",
            {"matrix": matrix},
        )

    def _measure(self, matrix: str) -> None:
        """Count rows, features and values; complete: a value of every row and feature, each in its place."""
        table = f"matrix.{quoted(matrix)}"
        axes = (_ROWS, _FEATURES)
        rows, features = (
            self._connection.execute(f"SELECT count(*) FROM {axis.table} WHERE matrix = ?", [matrix]).fetchall()[0][0]
            for axis in axes
        )
        self._connection.execute(
            f"""UPDATE record.matrices SET row_count = $rows, feature_count = $features, value_count = x.stored,
                complete = x.stored = $rows * $features AND x.present = x.stored AND x.misplaced = 0
            FROM (SELECT count(*) AS stored, count(value) AS present,
                count(*) FILTER (WHERE rowid <> feature_code::BIGINT * $rows + row_code) AS misplaced FROM {table}) AS x
            WHERE matrix = $matrix""",
            {"rows": rows, "features": features, "matrix": matrix},
        )

    def _verify_vectors(self, matrix: str) -> None:
        complete, features, last = self._connection.execute(
            """SELECT complete, feature_count, (SELECT max(feature::BIGINT) FROM record.matrix_features
                WHERE matrix = $matrix) FROM record.matrices WHERE matrix = $matrix""",
            {"matrix": matrix},
        ).fetchall()[0]
        if not complete or last != features - 1:
            raise BuildError(
                f"The vectors of {matrix!r} are not of one length, or a component is missing or repeated.",
                "Every row of a matrix of vectors has the components 0, 1, 2, ... up to the same number.",
            )


def _verified(matrix: Matrix, model: DataModel) -> MatrixKind:
    """The kind of a matrix, which allows what the matrix says of itself."""
    kind = model.matrices[matrix.kind]
    if matrix.row_type not in kind.row_types:
        raise BuildError(
            f"The matrix {matrix.name!r} has rows of {matrix.row_type!r}; "
            f"those of a matrix of {kind.name} are {_either(kind.row_types)}."
        )
    further = [layer for layer in matrix.layers if layer not in kind.layers]
    if further:
        raise BuildError(
            f"The matrix {matrix.name!r} has the layers {', '.join(further)}; "
            f"those of a matrix of {kind.name} are {_either(kind.layers)}."
        )
    return kind


def _either(names: Sequence[str]) -> str:
    return " or ".join(names) or "none"
