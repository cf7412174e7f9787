"""TCGA's clinical data resource: every patient of the 33 studies, with four curated end points.

Liu et al., Cell 2018, table S1. The end points of the sheet `ExtraEndpoints` (PFS, competing risks) are not read.
Patients whom TCGA withdrew are kept and say so in `redaction`.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from etl.formats import Workbook
from etl.listings import Frozen
from etl.rows import Rows
from etl.source import Licence, Remote, Source, SourceFile
from etl.sources._tcga import ASSERTED, MISSING, STUDIES, cohort, survival, with_patients, with_sex
from warehouse.statements import ROW, Stated, entities, relationships

_ENDPOINTS = ("OS", "DSS", "DFI", "PFI")

_PROPERTIES = {
    "age_at_diagnosis_years": pl.col("age_at_initial_pathologic_diagnosis"),
    "sex": pl.col("gender"),
    "race": pl.col("race"),
    "stage": pl.coalesce("ajcc_pathologic_tumor_stage", "clinical_stage"),
    "grade": pl.col("histological_grade"),
    "histological_type": pl.col("histological_type"),
    "vital_status": pl.col("vital_status"),
    "tumour_status": pl.col("tumor_status"),
    "diagnosis_year": pl.col("initial_pathologic_dx_year"),
    "redaction": pl.col("Redaction"),
}

_COLUMNS = (
    "bcr_patient_barcode",
    "type",
    *(expression for column in _PROPERTIES.values() for expression in column.meta.root_names()),
    *(name for endpoint in _ENDPOINTS for name in (endpoint, f"{endpoint}.time")),
)


def patients(rows: Rows) -> Iterator[Stated]:
    """The sheet `TCGA-CDR`: one row for each patient."""
    frame = with_sex(with_patients(rows, "bcr_patient_barcode"), "gender", "bcr_patient_barcode").frame
    barcode, study = pl.col("bcr_patient_barcode"), pl.col("type")
    yield entities("Patient", frame.select(ROW, id="tcga:" + barcode, name=barcode, **_PROPERTIES), unique=True)
    yield from cohort(frame, barcode, study)
    yield from _diseases(frame.select(ROW, _study=study, patient="tcga:" + barcode))
    times = {endpoint: (pl.col(f"{endpoint}.time"), pl.col(endpoint)) for endpoint in _ENDPOINTS}
    yield survival(frame, "tcga:" + barcode, times)


def _diseases(frame: pl.DataFrame) -> Iterator[Stated]:
    """The disease that each study is about, and that its patients have."""
    disease = "tcga.disease:" + pl.col("_study")
    name = pl.col("_study").replace_strict(STUDIES, default=None, return_dtype=pl.String)
    yield entities("Disease", frame.select(ROW, id=disease, name=name), listed=True)
    cohort_id = "tcga.study:" + pl.col("_study")
    studies = frame.select(ROW, subject=cohort_id, object=disease, evidence=ASSERTED)
    yield relationships("STUDIES", studies, listed=True)
    diagnoses = frame.select(ROW, subject="patient", object=disease, evidence=ASSERTED)
    yield relationships("HAS_DIAGNOSIS", diagnoses, listed=True)


SOURCE = Source(
    name="tcga_clinical",
    title="TCGA Pan-Cancer Clinical Data Resource",
    description="Clinical data and curated survival end points of all TCGA patients.",
    homepage="https://gdc.cancer.gov/about-data/publications/PanCan-Clinical-2018",
    listing=Frozen("The resource was published with a paper of 2018 and is final."),
    licence=Licence("TCGA open access", True, "https://gdc.cancer.gov/access-data/data-access-policies"),
    rank=20,
    files=(
        SourceFile(
            "clinical",
            ("TCGA-CDR*.xlsx",),
            Workbook("TCGA-CDR", _COLUMNS, MISSING),
            patients,
            remote=Remote(
                "https://api.gdc.cancer.gov/data/1b5f413e-a8d1-4d10-92eb-7c4ae739ed81",
                "2018",
                size_bytes=2_945_129,
                md5="a4591b2dcee39591f59e5e25a6ce75fa",
                rows=11160,
            ),
        ),
    ),
)
