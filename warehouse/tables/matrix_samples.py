"""Which sample of a patient stands for the patient in a matrix: one rule, kept with the build.

In each matrix the samples of a patient are ordered within their tissue type: primary solid tumour, primary
blood-derived tumour, new primary, recurrent, metastatic, tumour of unknown kind, then by id. The first (`place` 1) is
used; values of several samples are never averaged. A patient is represented by the first tumour; where a matrix has no
sample of a known tissue type, by the first sample. A matrix with a row for each patient has one value for each, and
represents them all.
"""

from __future__ import annotations

import duckdb

from warehouse.barcodes import TUMOUR_DESCRIPTORS
from warehouse.model.schema import DataModel
from warehouse.statements import Reason, Scope
from warehouse.tables.schema import literal, quoted

#: The columns of the view `matrix_samples`.
COLUMNS = (
    "matrix, cohort_id, patient_id, sample_id, sample_type, tissue_type, tumour_descriptor, place, represents_patient"
)

_DESCRIPTORS = f"[{', '.join(map(literal, TUMOUR_DESCRIPTORS))}]"


def derive(connection: duckdb.DuckDBPyConnection, model: DataModel) -> None:
    """List the patients or samples of every matrix anew, with tissue type and place.

    A row that is an entity which no source states is set aside by name and keeps its values.
    """
    connection.execute("DELETE FROM record.matrix_samples")
    connection.execute("DELETE FROM record.quarantine WHERE stage = 'resolve' AND type = 'matrix'")
    matrices = connection.execute("SELECT matrix, row_type, _file FROM record.matrices ORDER BY matrix").fetchall()
    for matrix, row_type, file in matrices:
        if row_type in _ROWS:
            connection.execute(_ROWS[row_type], {"matrix": matrix})
        if row_type not in model.entities:
            continue
        entity = model.entities[row_type].table
        connection.execute(
            f"""INSERT INTO record.quarantine (_file, _row, stage, type, reason, key, detail, scope)
            SELECT $file, x._row, 'resolve', 'matrix', $reason, x.row_id, $detail, $scope
            FROM record.matrix_rows AS x ANTI JOIN graph.{quoted(entity)} AS n ON n.id = x.row_id
            WHERE x.matrix = $matrix ORDER BY x.row_id""",
            {
                "matrix": matrix,
                "file": file,
                "scope": Scope.COLUMN.code,
                "reason": Reason.UNKNOWN_REFERENCE.code,
                "detail": f"the matrix {matrix} has values of a {entity.replace('_', ' ')} that no source states",
            },
        )


# A sample of no known patient, or of several, is one of its own.
_SAMPLES = f"""INSERT INTO record.matrix_samples
        WITH rows AS (SELECT row_code, row_id FROM record.matrix_rows WHERE matrix = $matrix),
        patients AS (
            SELECT s.id AS sample_id, CASE WHEN min(p.id) = max(p.id) THEN min(p.id) END AS patient_id
            FROM graph.has_sample AS h
            JOIN graph.sample AS s ON s._nid = h._o JOIN graph.patient AS p ON p._nid = h._s GROUP BY s.id
        ),
        placed AS (
            SELECT r.row_code, r.row_id, p.patient_id, s.sample_type, s.tissue_type, s.tumour_descriptor,
                row_number() OVER (
                    PARTITION BY coalesce(p.patient_id, r.row_id), s.tissue_type
                    ORDER BY list_position({_DESCRIPTORS}, s.tumour_descriptor) NULLS LAST, r.row_id
                )::INTEGER AS place
            FROM rows AS r LEFT JOIN graph.sample AS s ON s.id = r.row_id
            LEFT JOIN patients AS p ON p.sample_id = r.row_id
        )
        SELECT $matrix, row_code, row_id, patient_id, row_id, sample_type, tissue_type, tumour_descriptor, place,
            place = 1 AND coalesce(tissue_type = 'tumour', NOT bool_or(tissue_type IS NOT NULL) OVER ())
        FROM placed ORDER BY row_code"""

_PATIENTS = """INSERT INTO record.matrix_samples
        SELECT $matrix, row_code, row_id, row_id, NULL, NULL, NULL, NULL, 1, true
        FROM record.matrix_rows WHERE matrix = $matrix ORDER BY row_code"""

#: What lists the rows of a matrix, by what a row is; others are neither patients nor samples.
_ROWS = {"Patient": _PATIENTS, "Sample": _SAMPLES}
