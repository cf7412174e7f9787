"""Matrices as arrays, with the ids of their rows and features.

with Warehouse.open() as warehouse:
    matrix = warehouse.matrix("tcga_luad_expression")
    matrix.dense()  # patients x genes
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import duckdb
import numpy as np
from numpy.typing import NDArray

from warehouse.errors import QuestionError
from warehouse.model import FULL_MODEL
from warehouse.tables.schema import quoted, require_layout

__all__ = ["MatrixArrays", "SparseColumns", "read_matrix"]

Floats = NDArray[np.float32] | NDArray[np.float64]

#: About how many values are fetched at a time.
_SLICE = 24_000_000

#: How many unknown ids a message names.
_NAMED = 5


@dataclass(frozen=True)
class SparseColumns:
    """Values of a sparse matrix, compressed by columns (CSC): what is not stored is 0.

    Args:
        indptr: column `j` has the entries from `indptr[j]` to `indptr[j + 1]`.
        indices: the row of each entry, ascending within a column.
        data: the value of each entry.
    """

    indptr: NDArray[np.int64]
    indices: NDArray[np.int32]
    data: Floats


@dataclass(frozen=True)
class MatrixArrays:
    """A matrix of the warehouse, or a part of it.

    Args:
        name: of the matrix.
        kind: the name of its `MatrixKind`.
        cohort: the id of the cohort.
        unit: of the values, in words.
        row_type: what the rows are: the label of an entity type, or a word such as `cell`.
        feature_type: what the features are: likewise.
        layer: the layer that was read; None = the values themselves.
        rows: the id of each row.
        features: the name of each feature, as its file has it.
        feature_ids: the id of the entity that each feature means; None where it means none. No id occurs twice.
        values: rows x features with NaN where there is no value, or columns of a sparse matrix.
    """

    name: str
    kind: str
    cohort: str
    unit: str
    row_type: str
    feature_type: str
    layer: str | None
    rows: tuple[str, ...]
    features: tuple[str, ...]
    feature_ids: tuple[str | None, ...]
    values: Floats | SparseColumns

    @property
    def shape(self) -> tuple[int, int]:
        """How many rows and features it has."""
        return len(self.rows), len(self.features)

    @property
    def is_sparse(self) -> bool:
        """Whether what is not stored is 0."""
        return isinstance(self.values, SparseColumns)

    def dense(self) -> Floats:
        """Rows x features as one array; for a sparse matrix a new one, with zeros."""
        if not isinstance(self.values, SparseColumns):
            return self.values
        columns = np.repeat(np.arange(len(self.features)), np.diff(self.values.indptr))
        whole: Floats = np.zeros(self.shape, dtype=self.values.data.dtype, order="F")
        whole[self.values.indices, columns] = self.values.data
        return whole

    def to_scipy(self) -> Any:
        """A sparse matrix as `scipy.sparse.csc_array`, sharing its memory.

        Raises:
            MissingExtraError: the extra `analytics` is not installed.
            QuestionError: the matrix is dense.
        """
        from warehouse.extras import require_extra

        if not isinstance(self.values, SparseColumns):
            raise QuestionError(f"{self.name} is dense: it has missing values, not zeros.", "Use dense().")
        require_extra("analytics", "A matrix of SciPy")
        from scipy.sparse import csc_array

        return csc_array((self.values.data, self.values.indices, self.values.indptr), shape=self.shape)


def read_matrix(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    *,
    layer: str | None = None,
    rows: Sequence[str] | None = None,
    features: Sequence[str] | None = None,
    dtype: Literal["float32", "float64"] | None = None,
) -> MatrixArrays:
    """Read a matrix, or some of its rows and features, as arrays.

    Args:
        connection: to a build, as `Warehouse.reading` gives it.
        name: of the matrix; the table `matrices` lists them.
        layer: a further value of each row and feature (`spliced`); None = the values themselves.
        rows: ids of rows, in the order in which they are to come; None = all, sorted.
        features: names of features, likewise; None = all, sorted.
        dtype: of the values; None = `float32` for vectors, else `float64`.

    Raises:
        QuestionError: there is no such matrix, layer, row or feature; an id is given twice; the build has two values of
            one row and feature.
        BuildError: another version made the build; the message says to rebuild.
    """
    require_layout(connection)
    stored = _Stored.of(connection, name, layer)
    row_ids = _ids(connection, "matrix_rows", "row_code", "row_id", name)
    names = _ids(connection, "matrix_features", "feature_code", "feature", name)
    row_places = _places(row_ids, rows, f"rows of {name}")
    feature_places = _places(names, features, f"features of {name}")
    kind = np.dtype(dtype or ("float32" if stored.is_vector else "float64"))
    reader = _Reader(connection, stored, row_places, feature_places, kind)
    meant = dict(
        connection.execute(
            "SELECT feature, used_id FROM record.feature_meanings WHERE matrix = $name", {"name": name}
        ).fetchall()
    )
    chosen = tuple(names if features is None else features)
    return MatrixArrays(
        name,
        stored.kind,
        stored.cohort,
        stored.unit,
        stored.row_type,
        stored.feature_type,
        layer,
        tuple(row_ids if rows is None else rows),
        chosen,
        tuple(meant[one] for one in chosen),
        reader.sparse() if stored.sparse else reader.dense(),
    )


@dataclass(frozen=True)
class _Stored:
    """What the build records of a matrix, and the column that is read."""

    name: str
    kind: str
    cohort: str
    unit: str
    row_type: str
    feature_type: str
    sparse: bool
    row_count: int
    feature_count: int
    value_count: int
    complete: bool
    column: str

    @classmethod
    def of(cls, connection: duckdb.DuckDBPyConnection, name: str, layer: str | None) -> _Stored:
        found = connection.execute(
            """SELECT layers, kind, cohort_id, unit, row_type, feature_type, sparse, row_count, feature_count,
                value_count, complete AND $layer::VARCHAR IS NULL, coalesce($layer, 'value')
            FROM record.matrices WHERE matrix = $name""",
            {"name": name, "layer": layer},
        ).fetchall()
        if not found:
            raise _no_matrix(connection, name)
        layers, *about = found[0]
        if layer is not None and layer not in layers:
            raise QuestionError(
                f"{name} has no layer {layer!r}.",
                f"Its layers: {', '.join(layers) or 'none'}; without one, its values.",
            )
        return cls(name, *about)

    @property
    def is_vector(self) -> bool:
        """Whether its features are the components of vectors."""
        return FULL_MODEL.matrices[self.kind].vector


def _no_matrix(connection: duckdb.DuckDBPyConnection, name: str) -> QuestionError:
    known = [one for (one,) in connection.execute("SELECT matrix FROM record.matrices ORDER BY 1").fetchall()]
    near = difflib.get_close_matches(name, known, 1)
    hint = "The table `matrices` lists them."
    return QuestionError(f"There is no matrix {name!r}.", f"Did you mean {near[0]}? {hint}" if near else hint)


def _ids(connection: duckdb.DuckDBPyConnection, table: str, code: str, column: str, name: str) -> list[str]:
    """The ids of one side, by code."""
    text = f"SELECT {column} FROM record.{table} WHERE matrix = $name ORDER BY {code}"
    ids: list[str] = connection.sql(text, params={"name": name}).to_arrow_table().column(0).to_pylist()
    return ids


def _places(known: Sequence[str], asked: Sequence[str] | None, what: str) -> NDArray[np.int32] | None:
    """For each code its place in what is asked for, -1 where it is not; None = all of them, as they are."""
    if asked is None:
        return None
    if isinstance(asked, str):
        raise QuestionError(f"The {what} are given as one text.", "Give a list of ids.")
    codes = {one: code for code, one in enumerate(known)}
    unknown = [one for one in asked if one not in codes]
    if unknown:
        more = f" and {len(unknown) - _NAMED:,} more" if len(unknown) > _NAMED else ""
        raise QuestionError(f"These are not {what}: {', '.join(map(str, unknown[:_NAMED]))}{more}.")
    if len(set(asked)) < len(asked):
        repeated = sorted({one for one in asked if list(asked).count(one) > 1})
        raise QuestionError(f"These {what} are given more than once: {', '.join(repeated[:_NAMED])}.")
    places = np.full(len(known), -1, dtype=np.int32)
    places[[codes[one] for one in asked]] = np.arange(len(asked), dtype=np.int32)
    return places


@dataclass(frozen=True)
class _Reader:
    """Reads the values of a matrix in the order in which they are stored: by feature, then by row."""

    connection: duckdb.DuckDBPyConnection
    stored: _Stored
    rows: NDArray[np.int32] | None
    features: NDArray[np.int32] | None
    dtype: np.dtype[Any]

    def dense(self) -> Floats:
        """Rows x features, NaN where there is no value."""
        if self.stored.complete and self.rows is None and self.features is None:
            return self._complete()
        flat = np.full(int(np.prod(self._shape())), np.nan, dtype=self.dtype)
        count = 0
        for row, feature, value in self._entries():
            flat[feature * np.int64(self._shape()[0]) + row] = value
            count += len(value)
        self._refuse_repeated(count > int(np.count_nonzero(~np.isnan(flat))))
        return flat.reshape(self._shape()[::-1]).T

    def sparse(self) -> SparseColumns:
        """Columns of what is stored."""
        parts = list(self._entries())
        rows, columns, values = (
            np.concatenate([part[side] for part in parts]) if parts else np.empty(0, dtype)
            for side, dtype in enumerate((np.int32, np.int32, self.dtype))
        )
        place = columns.astype(np.int64) * self._shape()[0] + rows
        if place.size and not np.all(place[1:] > place[:-1]):
            order = np.argsort(place, kind="stable")
            rows, values, place = rows[order], values[order], place[order]
            self._refuse_repeated(bool(np.any(place[1:] == place[:-1])))
        counts = np.bincount(columns, minlength=self._shape()[1])
        return SparseColumns(np.concatenate([[0], np.cumsum(counts)]).astype(np.int64), rows, values)

    def _complete(self) -> Floats:
        """A matrix of which every value is there: its values alone, in the order in which they are stored."""
        flat = np.empty(int(np.prod(self._shape())), dtype=self.dtype)
        start = 0
        for (value,) in self._slices((self._value(),)):
            flat[start : start + len(value)] = value
            start += len(value)
        assert start == flat.size, f"{self.stored.name} has {start} values, not {flat.size}"
        return flat.reshape(self._shape()[::-1]).T

    def _entries(self) -> Iterator[tuple[NDArray[Any], ...]]:
        """Row, feature and value of what is stored, in parts; rows and features by their place in what is asked for."""
        for rows, features, values in self._slices(("row_code", "feature_code", self._value())):
            places = features if self.features is None else self.features[features]
            if self.rows is None:
                yield rows, places, values
            else:
                asked = self.rows[rows]
                kept = asked >= 0
                yield asked[kept], places[kept], values[kept]

    def _value(self) -> str:
        number = "FLOAT" if self.dtype == np.float32 else "DOUBLE"
        return f"{quoted(self.stored.column)}::{number}"

    def _slices(self, columns: Sequence[str]) -> Iterator[list[NDArray[Any]]]:
        """Columns of the values that are there, some features at a time, so that not all need be held twice."""
        text = f"""SELECT {", ".join(columns)} FROM matrix.{quoted(self.stored.name)}
            WHERE {quoted(self.stored.column)} IS NOT NULL"""
        if self.features is not None:
            codes = np.flatnonzero(self.features >= 0).tolist()
            yield self._fetch(f"{text} AND feature_code IN (SELECT unnest($codes))", {"codes": codes})
            return
        count = self.stored.feature_count
        width = max(1, count * _SLICE // max(1, self.stored.value_count))
        if width >= count:
            yield self._fetch(text, {})
            return
        for first in range(0, count, width):
            between = {"first": first, "last": first + width - 1}
            yield self._fetch(f"{text} AND feature_code BETWEEN $first AND $last", between)

    def _fetch(self, text: str, parameters: dict[str, Any]) -> list[NDArray[Any]]:
        # Twice as fast as by way of Arrow.
        return list(self.connection.execute(text, parameters).fetchnumpy().values())

    def _shape(self) -> tuple[int, int]:
        rows, features = (
            count if places is None else int((places >= 0).sum())
            for count, places in ((self.stored.row_count, self.rows), (self.stored.feature_count, self.features))
        )
        return rows, features

    def _refuse_repeated(self, is_repeated: bool) -> None:
        if is_repeated:
            raise QuestionError(
                f"{self.stored.name} has several values of one row and feature, so that none of them can be chosen.",
                f"`SELECT * FROM {self.stored.name}` has them all, each with its file and row.",
            )
