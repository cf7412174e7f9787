"""The views of matrices in schema `main`: one for each matrix, and one for each kind over all matrices of that kind."""

from __future__ import annotations

import duckdb

from warehouse.model.schema import DataModel, MatrixKind
from warehouse.tables.schema import literal, quoted

#: The row types whose rows stand for patients.
_PEOPLE = {"Patient", "Sample"}

_OF_PATIENTS = {
    "patient_id": "VARCHAR",
    "sample_id": "VARCHAR",
    "tissue_type": "VARCHAR",
    "represents_patient": "BOOLEAN",
}
_OF_OTHERS = {"row_id": "VARCHAR"}
_PROVENANCE = {"source": "VARCHAR", "release": "VARCHAR", "file": "VARCHAR", "row": "INTEGER"}


def views(connection: duckdb.DuckDBPyConnection, model: DataModel) -> dict[str, str]:
    """The body of each view, by name."""
    rows = connection.execute(
        "SELECT matrix, kind, cohort_id, row_type, layers FROM record.matrices ORDER BY matrix"
    ).fetchall()
    made: dict[str, str] = {}
    of_kind: dict[str, list[str]] = {name: [] for name in model.matrices}
    for matrix, kind, cohort, row_type, layers in rows:
        columns = _columns(model.matrices[kind], row_type, layers)
        made[matrix] = _matrix(matrix, columns, is_of_patients=row_type in _PEOPLE)
        every = _all_columns(model.matrices[kind])
        given = ", ".join(
            quoted(name) if name in columns else f"NULL::{type_} AS {quoted(name)}" for name, type_ in every.items()
        )
        of_kind[kind].append(
            f"SELECT {literal(cohort)} AS cohort_id, {literal(matrix)} AS matrix, {given} FROM main.{quoted(matrix)}"
        )
    return made | {
        name: " UNION ALL ".join(parts or [_nothing(model.matrices[name])]) for name, parts in of_kind.items()
    }


def _columns(kind: MatrixKind, row_type: str, layers: list[str]) -> dict[str, str]:
    """The columns of a matrix, with their types."""
    rows = _OF_PATIENTS if row_type in _PEOPLE else _OF_OTHERS
    meaning = "gene_id" if kind.feature_type == "Gene" else "feature_id"
    number = "FLOAT" if kind.vector else "DOUBLE"
    values = {"feature": "VARCHAR", meaning: "VARCHAR", **dict.fromkeys(("value", *layers), number)}
    return {**rows, **values, **_PROVENANCE}


def _all_columns(kind: MatrixKind) -> dict[str, str]:
    """The columns of all matrices that a kind may have."""
    every: dict[str, str] = {}
    for row_type in kind.row_types:
        every |= _columns(kind, row_type, list(kind.layers))
    # Rows of several types have columns of several kinds; those of rows go first, as in each matrix.
    first = [name for name in (*_OF_PATIENTS, *_OF_OTHERS) if name in every]
    return {name: every[name] for name in [*first, *(name for name in every if name not in first)]}


def _matrix(matrix: str, columns: dict[str, str], *, is_of_patients: bool) -> str:
    """A row for each value: every join gives one row, so that none multiplies it."""
    rows = "record.matrix_samples" if is_of_patients else "record.matrix_rows"
    places = {
        **{name: f"s.{name}" for name in (_OF_PATIENTS if is_of_patients else _OF_OTHERS)},
        "feature": "g.feature",
        "gene_id": "g.used_id AS gene_id",
        "feature_id": "g.used_id AS feature_id",
        "source": "f.source",
        "release": "f.release",
        "file": "f.name AS file",
        "row": 'x._row AS "row"',
    }
    selected = ", ".join(places.get(name, f"x.{quoted(name)}") for name in columns)
    return f"""SELECT {selected} FROM matrix.{quoted(matrix)} AS x JOIN record.files AS f USING (_file)
        JOIN {rows} AS s ON s.matrix = {literal(matrix)} AND s.row_code = x.row_code
        JOIN record.feature_meanings AS g ON g.matrix = {literal(matrix)} AND g.feature_code = x.feature_code"""


def _nothing(kind: MatrixKind) -> str:
    columns = {"cohort_id": "VARCHAR", "matrix": "VARCHAR", **_all_columns(kind)}
    return f"SELECT {', '.join(f'NULL::{type_} AS {quoted(name)}' for name, type_ in columns.items())} WHERE false"
