"""TCGA's expression and survival tables of UCSC Xena, as Xena serves them and as SurvPath re-saved them.

Xena has genes in rows and samples in columns, log2(RSEM + 1). SurvPath (Jaume et al., CVPR 2024) has a row for each
patient, log2(TPM + 0.001), a few genes, and survival in months with a row for each slide; its tables are for
non-commercial academic use. Rows that repeat what an earlier row says of a patient are kept and say nothing new; those
that contradict it go to quarantine. The clinical tables list patients of other projects too: they are out of scope.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import polars as pl

from etl.formats import csv, tsv
from etl.listings import Frozen
from etl.rows import Rows
from etl.source import Format, Licence, Pin, Remote, Source, SourceFile
from etl.sources._tcga import (
    cohort,
    diagnoses,
    first_of_each,
    is_unnamed,
    long_columns,
    long_rows,
    note_patients,
    one_column_each,
    one_of_each,
    samples,
    survival,
    with_numbers,
    with_patients,
    with_samples,
    without_missing,
)
from warehouse.barcodes import patient_of, sample_of
from warehouse.statements import ROW, Matrix, Reason, Stated, entities

_HUB = "https://tcga-xena-hub.s3.us-east-1.amazonaws.com/download"
_SURVPATH = "https://raw.githubusercontent.com/mahmoodlab/SurvPath"

#: The terms of what SurvPath re-saved; Xena's own files are TCGA's open-access data.
_SURVPATH_LICENCE = Licence(
    "SurvPath: non-commercial, academic", False, "https://github.com/mahmoodlab/SurvPath#license"
)

#: SurvPath's months are the days of the clinical data resource divided by this, without rounding.
_DAYS_PER_MONTH = 30

_ENDPOINTS = ("OS", "DSS", "DFI", "PFI")

#: The end of SurvPath's columns of months and censoring, by end point.
_MONTHS = {"OS": "", "DSS": "_dss", "PFI": "_pfi"}
_MONTHS_NUMBERS = (
    "age",
    "is_female",
    *(f"{column}{end}" for end in _MONTHS.values() for column in ("survival_months", "censorship")),
)


def expression(study: str, rows: Rows) -> Iterator[Stated]:
    """Xena's `HiSeqV2`: a gene in each row, a sample in each column."""
    columns = [name for name in rows.frame.columns if name not in {"sample", ROW} and not is_unnamed(name)]
    row_ids = _samples_of(rows, columns)
    rows = first_of_each(with_numbers(rows, list(row_ids), "sample"), "sample")
    # The header alone names the samples; a sound row of the batch stands for it.
    barcodes = pl.DataFrame({"barcode": list(row_ids)}, schema={"barcode": pl.String})
    header = rows.frame.select(pl.col(ROW).first()).join(barcodes, how="cross")
    if rows.frame.height:
        yield from samples(header, "barcode")
        yield from cohort(header, patient_of(pl.col("barcode")), pl.lit(study))
    values = long_columns(rows.frame, pl.col("sample"), row_ids)
    unit = "log2(RSEM normalised count + 1)"
    yield Matrix(f"xena_{study.lower()}_expression", "expression", f"tcga.study:{study}", unit, "Sample", values)


def _samples_of(rows: Rows, columns: list[str]) -> dict[str, str]:
    """The samples that the columns of a matrix name, one column for each; the others are set aside."""
    barcodes = pl.Series("barcode", columns, pl.String)
    note_patients(rows, barcodes)
    named = barcodes.to_frame().select("barcode", sample="tcga.sample:" + sample_of(pl.col("barcode")))
    for name in named.filter(pl.col("sample").is_null())["barcode"]:
        rows.ledger.reject_column(name, Reason.BAD_IDENTIFIER, f"{name} is not a barcode of TCGA")
    return one_column_each(rows, dict(named.drop_nulls("sample").iter_rows()))


def sample_survival(study: str, rows: Rows) -> Iterator[Stated]:
    """Xena's `*_survival.txt`: a row for each sample, end points in days."""
    rows = with_patients(with_samples(rows, "sample"), "_PATIENT")
    numbers = [name for endpoint in _ENDPOINTS for name in (endpoint, f"{endpoint}.time")]
    rows = without_missing(with_numbers(rows, numbers, "sample"), "Redaction")
    yield from samples(rows.frame, "sample")
    yield from cohort(rows.frame, pl.col("_PATIENT"), pl.lit(study))
    frame = one_of_each(rows, "_PATIENT", [*numbers, "Redaction"])
    patient = "tcga:" + pl.col("_PATIENT")
    yield entities("Patient", frame.select(ROW, id=patient, redaction="Redaction"))
    times = {endpoint: (pl.col(f"{endpoint}.time"), pl.col(endpoint)) for endpoint in _ENDPOINTS}
    yield survival(frame, patient, times)


def patient_expression(study: str, rows: Rows) -> Iterator[Stated]:
    """SurvPath's `rna_clean.csv`: a patient in each row, a gene in each column; the patients' column has no name."""
    case = next(name for name in rows.frame.columns if name.startswith("_unnamed_"))
    genes = [name for name in rows.frame.columns if name not in {case, ROW}]
    frame = one_of_each(with_numbers(with_patients(rows, case, of_tumours=True), genes, case), case, genes)
    patient = "tcga:" + pl.col(case)
    yield entities("Patient", frame.select(ROW, id=patient, name=case))
    yield from cohort(frame, pl.col(case), pl.lit(study))
    values = long_rows(frame, patient, {name: name for name in genes})
    name = f"xena_{study.lower()}_patient_expression"
    yield Matrix(name, "expression", f"tcga.study:{study}", "log2(TPM + 0.001)", "Patient", values)


def slide_survival(study: str, rows: Rows) -> Iterator[Stated]:
    """SurvPath's `tcga_*.csv`: a row for each slide, end points in months, 1 = censored."""
    rows = with_numbers(with_patients(rows, "case_id"), _MONTHS_NUMBERS, "case_id")
    frame = one_of_each(rows, "case_id", [*_MONTHS_NUMBERS, "oncotree_code"])
    case, patient = pl.col("case_id"), "tcga:" + pl.col("case_id")
    sex = pl.col("is_female").replace_strict({1.0: "female", 0.0: "male"}, default=None, return_dtype=pl.String)
    yield entities("Patient", frame.select(ROW, id=patient, name=case, age_at_diagnosis_years="age", sex=sex))
    yield from cohort(frame, case, pl.lit(study))
    yield from diagnoses(frame, patient, pl.col("oncotree_code"))
    yield survival(frame, patient, {endpoint: _from_months(end) for endpoint, end in _MONTHS.items()})


def _from_months(end: str) -> tuple[pl.Expr, pl.Expr]:
    """Days and event of an end point, by the end of its columns' names."""
    return (pl.col(f"survival_months{end}") * _DAYS_PER_MONTH).round(), 1 - pl.col(f"censorship{end}")


def clinical(study: str, rows: Rows) -> Iterator[Stated]:
    """SurvPath's `tcga_*_clinical.csv`: stage, tumour type in OncoTree's codes, grade."""
    of_tcga = pl.col("case_id").str.to_uppercase().str.contains("^TCGA[-._]")
    rows = rows.only(of_tcga | pl.col("case_id").is_null())
    rows = without_missing(with_patients(rows, "case_id"), "stage", "subtype", "grade")
    frame = one_of_each(rows, "case_id", ["stage", "subtype", "grade"])
    case = pl.col("case_id")
    stage = "Stage " + pl.col("stage")
    yield entities("Patient", frame.select(ROW, "grade", id="tcga:" + case, name=case, stage=stage))
    yield from cohort(frame, case, pl.lit(study))
    yield from diagnoses(frame, "tcga:" + case, pl.col("subtype"))


_LATER_COLUMNS = tuple(name for endpoint in _ENDPOINTS[1:] for name in (endpoint, f"{endpoint}.time"))

#: The cohorts of which Xena's own files are read.
_COHORTS = ("BLCA", "BRCA", "COADREAD", "HNSC", "LUAD", "LUSC", "STAD")


def _xena(study: str) -> Iterator[SourceFile]:
    """The two files of a cohort that Xena serves."""
    yield SourceFile(
        f"{study.lower()}_expression",
        tuple(f"TCGA.{study}.sampleMap{mark}HiSeqV2" for mark in ("/", "_", "%2F")),
        tsv("sample", wide=True, row_names="sample"),
        partial(expression, study),
        remote=Remote(f"{_HUB}/TCGA.{study}.sampleMap%2FHiSeqV2.gz", "2021-04-08", rows=20530),
        required=False,
    )
    yield SourceFile(
        f"{study.lower()}_survival",
        tuple(f"{before}{study}_survival.txt" for before in ("", "survival_", "survival%2F")),
        tsv("sample", "_PATIENT", "OS", "OS.time", optional=(*_LATER_COLUMNS, "Redaction")),
        partial(sample_survival, study),
        remote=Remote(f"{_HUB}/survival%2F{study}_survival.txt", "2021-04-08"),
        required=False,
    )


#: SurvPath's tables: study, where it stands in the repository, checksum and rows.
_EXPRESSION = (
    (
        "BLCA",
        "4c8b7fca5b68b54b494d6de7bc58c6c56ce304a2/datasets_csv/raw_rna_data/xena/blca/rna_clean.csv",
        "ac606737d57ff0a5dc7f2c1c1901704ee46bbae0336a081ded1715540dcb5535",
        360,
    ),
    (
        "COADREAD",
        "4c8b7fca5b68b54b494d6de7bc58c6c56ce304a2/datasets_csv/raw_rna_data/xena/coadread/rna_clean.csv",
        "f0788c6bf91e6d72d7aaeaafa9beb421174baeb4d467614fde1c058af626daec",
        320,
    ),
    (
        "STAD",
        "c1092dbead7b74baf53674ebfc4c686e1f0fdbbc/datasets_csv/raw_rna_data/xena/stad/rna_clean.csv",
        "a3044a51c98fdd08bcc589252abb95bfd7844b7d0f53464c9739d7dacc2356d1",
        336,
    ),
)
_SURVIVAL = (
    (
        "BLCA",
        "529420fa5c8b4d346b6da1fab12d0794b0b02cc7/survpath/datasets_csv/metadata/tcga_blca.csv",
        "e221adff81ce0dd61e3de54521415a495c2a0579cfc0638a69fb74e5052ecc8c",
        423,
    ),
    (
        "BRCA",
        "529420fa5c8b4d346b6da1fab12d0794b0b02cc7/survpath/datasets_csv/metadata/tcga_brca.csv",
        "0bcaea23c01d65c927d108549feeb4744cbd95f33981181eee14c05f33404e61",
        931,
    ),
    (
        "COADREAD",
        "4c8b7fca5b68b54b494d6de7bc58c6c56ce304a2/datasets_csv/metadata/tcga_coadread.csv",
        "7a39ada35e7a30fc4585c1119a8fa6401d5e59592e3baa02d12f598ac4c35d9e",
        301,
    ),
    (
        "HNSC",
        "4c8b7fca5b68b54b494d6de7bc58c6c56ce304a2/datasets_csv/metadata/tcga_hnsc.csv",
        "f7f6ed2985e121fdec270caea15ebd6a7d69e7791bb81432e84ea4b4375db4fb",
        414,
    ),
    (
        "STAD",
        "c1092dbead7b74baf53674ebfc4c686e1f0fdbbc/datasets_csv/metadata/tcga_stad.csv",
        "d8244da5ef41502c2be4fd3acf3c61856fab0ce7358540da62eeee75fd6ec8b8",
        343,
    ),
)
_CLINICAL = (
    (
        "BRCA",
        "529420fa5c8b4d346b6da1fab12d0794b0b02cc7/survpath/datasets_csv/clinical_data/tcga_brca_clinical.csv",
        "a2e4d91b7f0f75963d91440794c9d484995e8f54277d9192fb64c6a33a0ba880",
        1108,
    ),
    (
        "COADREAD",
        "c1092dbead7b74baf53674ebfc4c686e1f0fdbbc/datasets_csv/clinical_data/tcga_coadread_clinical.csv",
        "54501834376f93d52fb5d218d28eef9b3ab6c18aa86a367a790f234716a52131",
        1441,
    ),
)


def _survpath(
    part: str, layout: Format, parse: Callable[[str, Rows], Iterator[Stated]], *pinned: tuple[str, str, str, int]
) -> Iterator[SourceFile]:
    """Tables of one kind that SurvPath re-saved; all expression tables have one name, so their folder counts too."""
    for study, path, content_sha256, rows in pinned:
        folder, name = path.split("/")[-2:]
        patterns = (f"{folder}/{name}", f"{folder}_{name}") if name == "rna_clean.csv" else (name,)
        yield SourceFile(
            f"{study.lower()}_{part}",
            patterns,
            layout,
            partial(parse, study),
            remote=Remote(f"{_SURVPATH}/{path}", "2024", rows=rows),
            required=False,
            pins=(Pin("2024", content_sha256, rows),),
            licence=_SURVPATH_LICENCE,
        )


SOURCE = Source(
    name="tcga_xena",
    title="TCGA on UCSC Xena",
    description="Expression of TCGA samples and patients with survival, as Xena serves it and SurvPath re-saved it.",
    homepage="https://xenabrowser.net",
    listing=Frozen("The hub of TCGA's legacy data is final."),
    licence=Licence("TCGA open access", True, "https://gdc.cancer.gov/access-data/data-access-policies"),
    rank=45,
    files=(
        *(file for study in _COHORTS for file in _xena(study)),
        *_survpath("patient_expression", csv("", wide=True), patient_expression, *_EXPRESSION),
        *_survpath("slide_survival", csv("case_id", *_MONTHS_NUMBERS, "oncotree_code"), slide_survival, *_SURVIVAL),
        *_survpath("clinical", csv("case_id", "stage", "subtype", "grade"), clinical, *_CLINICAL),
    ),
)
