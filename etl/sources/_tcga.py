"""What every source of TCGA data shares: barcodes, the names of the studies, statements about patients and samples.

A TCGA barcode names one person (`TCGA-05-4249`) or one specimen (`TCGA-05-4249-01`) wherever it stands, so it is a
declared reference: sources that use barcodes, of whatever level, speak of the same patients and samples.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import polars as pl

from etl.formats.delimited import UNNAMED
from etl.rows import Rows
from warehouse.barcodes import (
    is_barcode,
    names_patient,
    patient_of,
    preferred,
    sample_of,
    sample_type_of,
    tissue_type_of,
    tumour_descriptor_of,
)
from warehouse.statements import ROW, Reason, Stated, entities, relationships, table_rows

#: Texts that mean "no value" in tables of TCGA data.
MISSING = (
    "#N/A",
    "N/A",
    "NA",
    "NaN",
    "nan",
    "[Completed]",
    "[Discrepancy]",
    "[Not Applicable]",
    "[Not Available]",
    "[Not Evaluated]",
    "[Unknown]",
)

#: The studies with the disease that each is about; `COADREAD` and the like join two.
STUDIES = {
    "ACC": "Adrenocortical carcinoma",
    "BLCA": "Bladder urothelial carcinoma",
    "BRCA": "Breast invasive carcinoma",
    "CESC": "Cervical squamous cell carcinoma and endocervical adenocarcinoma",
    "CHOL": "Cholangiocarcinoma",
    "COAD": "Colon adenocarcinoma",
    "COADREAD": "Colorectal adenocarcinoma",
    "DLBC": "Lymphoid neoplasm diffuse large B-cell lymphoma",
    "ESCA": "Esophageal carcinoma",
    "GBM": "Glioblastoma multiforme",
    "HNSC": "Head and neck squamous cell carcinoma",
    "KICH": "Kidney chromophobe",
    "KIRC": "Kidney renal clear cell carcinoma",
    "KIRP": "Kidney renal papillary cell carcinoma",
    "LAML": "Acute myeloid leukemia",
    "LGG": "Brain lower grade glioma",
    "LIHC": "Liver hepatocellular carcinoma",
    "LUAD": "Lung adenocarcinoma",
    "LUSC": "Lung squamous cell carcinoma",
    "MESO": "Mesothelioma",
    "OV": "Ovarian serous cystadenocarcinoma",
    "PAAD": "Pancreatic adenocarcinoma",
    "PCPG": "Pheochromocytoma and paraganglioma",
    "PRAD": "Prostate adenocarcinoma",
    "READ": "Rectum adenocarcinoma",
    "SARC": "Sarcoma",
    "SKCM": "Skin cutaneous melanoma",
    "STAD": "Stomach adenocarcinoma",
    "TGCT": "Testicular germ cell tumors",
    "THCA": "Thyroid carcinoma",
    "THYM": "Thymoma",
    "UCEC": "Uterine corpus endometrial carcinoma",
    "UCS": "Uterine carcinosarcoma",
    "UVM": "Uveal melanoma",
}

#: OncoTree's names of the tumour types that the tables use.
ONCOTREE = {
    "ACRM": "Acral Melanoma",
    "BLCA": "Bladder Urothelial Carcinoma",
    "BRCA": "Invasive Breast Carcinoma",
    "COAD": "Colon Adenocarcinoma",
    "COADREAD": "Colorectal Adenocarcinoma",
    "DESM": "Desmoplastic Melanoma",
    "DSTAD": "Diffuse Type Stomach Adenocarcinoma",
    "FLC": "Fibrolamellar Carcinoma",
    "HCC": "Hepatocellular Carcinoma",
    "HCCIHCH": "Hepatocellular Carcinoma plus Intrahepatic Cholangiocarcinoma",
    "HNSC": "Head and Neck Squamous Cell Carcinoma",
    "IDC": "Breast Invasive Ductal Carcinoma",
    "ILC": "Breast Invasive Lobular Carcinoma",
    "IMMC": "Breast Invasive Mixed Mucinous Carcinoma",
    "LUAD": "Lung Adenocarcinoma",
    "LUSC": "Lung Squamous Cell Carcinoma",
    "MACR": "Mucinous Adenocarcinoma of the Colon and Rectum",
    "MBC": "Metaplastic Breast Cancer",
    "MDLC": "Breast Mixed Ductal and Lobular Carcinoma",
    "MEL": "Melanoma",
    "MSTAD": "Mucinous Stomach Adenocarcinoma",
    "PAAD": "Pancreatic Adenocarcinoma",
    "PANET": "Pancreatic Neuroendocrine Tumor",
    "PRCC": "Papillary Renal Cell Carcinoma",
    "PSTAD": "Papillary Stomach Adenocarcinoma",
    "READ": "Rectal Adenocarcinoma",
    "SKCM": "Cutaneous Melanoma",
    "SKLMM": "Lentigo Maligna Melanoma",
    "SSRCC": "Signet Ring Cell Carcinoma of the Stomach",
    "STAD": "Stomach Adenocarcinoma",
    "TSTAD": "Tubular Stomach Adenocarcinoma",
    "UCP": "Undifferentiated Carcinoma of the Pancreas",
}

ASSERTED = pl.lit("asserted")


def with_patients(rows: Rows, column: str, *, of_tumours: bool = False) -> Rows:
    """The rows whose barcode names a patient, or something of one, with the patient's barcode as TCGA writes it.

    Args:
        rows: any.
        column: holds the barcodes, of any level.
        of_tumours: the rows hold values of tumours: one whose barcode names normal tissue or a control is set aside.
    """
    rows = _with_barcodes(rows, column)
    if of_tumours:
        tissue = tissue_type_of(pl.col(column))
        detail = pl.format("{} is {}; a row of this table is the tumour of a patient", pl.col(column), tissue)
        rows = rows.reject(tissue != "tumour", Reason.BAD_VALUE, detail, pl.col(column))
    return rows.with_columns(patient_of(pl.col(column)).alias(column))


def with_samples(rows: Rows, column: str) -> Rows:
    """The rows whose barcode names a sample, or something of one, with the sample's barcode as TCGA writes it."""
    rows = _with_barcodes(rows, column)
    note_patients(rows, rows.frame[column])
    return rows.with_columns(sample_of(pl.col(column)).alias(column))


def _with_barcodes(rows: Rows, column: str) -> Rows:
    fits = is_barcode(pl.col(column))
    detail = pl.format("{} is not a barcode of TCGA", pl.col(column).fill_null("an empty field"))
    return rows.reject(~fits | fits.is_null(), Reason.BAD_IDENTIFIER, detail, pl.col(column))


def note_patients(rows: Rows, names: pl.Series) -> None:
    """Say in the receipt that barcodes of patients stand where samples are expected."""
    if pl.select(names_patient(pl.lit(names)).any()).item():
        rows.ledger.note(
            "barcodes that name a patient and no sample stand for the primary solid tumour (-01), as in cBioPortal"
        )


def with_sex(rows: Rows, column: str, key: str) -> Rows:
    """The same rows, sex as `female` or `male`; a word that is neither, nor says that it is unknown, is set aside."""
    word = pl.col(column).str.strip_chars().str.to_lowercase()
    sex = word.replace_strict(_SEX, default=None, return_dtype=pl.String)
    wrong = sex.is_null() & word.is_not_null() & ~word.is_in(_UNKNOWN)
    rows = rows.blank({column: wrong}, Reason.BAD_VALUE, pl.col(key))
    return rows.with_columns(sex.alias(column))


_SEX = {"female": "female", "f": "female", "woman": "female", "male": "male", "m": "male", "man": "male"}
_UNKNOWN = ["", "unknown", "not reported", "not available", "not applicable", "unspecified", "missing"]
_UNKNOWN += [text.lower() for text in MISSING]


def without_missing(rows: Rows, *columns: str) -> Rows:
    """The same rows; texts that mean "no value" are null in the columns."""
    return rows.with_columns(
        *(pl.when(~pl.col(column).is_in(MISSING)).then(pl.col(column)).alias(column) for column in columns)
    )


def with_numbers(rows: Rows, columns: Sequence[str], key: str) -> Rows:
    """The same rows, their columns as finite numbers; a text that is none is set aside and null.

    Blanks around a number do not count; a number is never guessed (`>89`, `1,234`).
    """
    numbers = rows.frame.select(_number(pl.col(column)) for column in columns)
    odd = [name for name in columns if numbers[name].null_count() > rows.frame[name].null_count()]
    for name in columns:
        if name not in odd:
            rows.ledger.count_values(name, rows.frame.height - rows.frame[name].null_count(), 0)
    texts = [pl.col(name).str.strip_chars() for name in odd]
    rows = without_missing(rows.with_columns(*(pl.when(text != "").then(text) for text in texts)), *odd)
    wrong = {name: _number(pl.col(name)).is_null() & pl.col(name).is_not_null() for name in odd}
    rows = rows.blank(wrong, Reason.BAD_VALUE, pl.col(key))
    numbers = numbers.with_columns(rows.frame.select(_number(pl.col(name)) for name in odd))
    return Rows(rows.frame.with_columns(numbers), rows.ledger)


_FIRST_ROW = pl.col("first").struct.field("row")
_AGREES = pl.col("first").struct.field("agrees")


def first_of_each(rows: Rows, key: str) -> Rows:
    """The rows whose key stands in no earlier row of the file."""
    rows = rows.reject(pl.col(key).is_null(), Reason.MISSING_VALUE, key)
    detail = pl.format("row {} has it too", _FIRST_ROW)
    again = pl.col(ROW) != _FIRST_ROW
    return rows.against_first(key, [key]).reject(again, Reason.DUPLICATE_KEY, detail, pl.col(key))


def one_of_each(rows: Rows, key: str, content: Sequence[str]) -> pl.DataFrame:
    """The first row of each patient; a later one that repeats it says nothing new.

    A later row that contradicts the first is set aside.

    Args:
        rows: rows of which several may describe one patient, as those of slides do.
        key: the column of the patient.
        content: the columns in which they have to agree.
    """
    rows = rows.against_first(key, content)
    detail = pl.format("it differs from row {} of the same patient", _FIRST_ROW)
    rows = rows.reject(~_AGREES, Reason.CONFLICTING_ROWS, detail, pl.col(key))
    return rows.frame.filter(pl.col(ROW) == _FIRST_ROW)


def _number(text: pl.Expr) -> pl.Expr:
    number = text.cast(pl.Float64, strict=False)
    return pl.when(number.is_finite()).then(number)


def cohort(frame: pl.DataFrame, patient: pl.Expr, study: pl.Expr) -> Iterator[Stated]:
    """The study as a cohort that includes a patient; each row states it, so that none depends on another row.

    A row that names no study says the rest of what it says.
    """
    named = frame.select(ROW, _study=study, patient="tcga:" + patient)
    cohort_id = "tcga.study:" + pl.col("_study")
    description = pl.col("_study").replace_strict(STUDIES, default=None, return_dtype=pl.String)
    study_name = "TCGA " + pl.col("_study")
    yield entities("Cohort", named.select(ROW, id=cohort_id, name=study_name, description=description), listed=True)
    patients = named.select(ROW, subject=cohort_id, object="patient", evidence=ASSERTED)
    yield relationships("HAS_PATIENT", patients, listed=True)


def diagnoses(frame: pl.DataFrame, patient: pl.Expr, code: pl.Expr) -> Iterator[Stated]:
    """The tumour types of patients, by their codes in OncoTree; a row without a code states none."""
    coded = frame.select(ROW, subject=patient, _code=code).filter(pl.col("_code").is_not_null())
    coded = coded.with_columns(object="oncotree:" + pl.col("_code"), evidence=ASSERTED)
    name = pl.col("_code").replace_strict(ONCOTREE, default=None, return_dtype=pl.String)
    yield entities("Disease", coded.select(ROW, id="object", name=name), listed=True)
    yield relationships("HAS_DIAGNOSIS", coded.drop("_code"), listed=True)


def samples(frame: pl.DataFrame, barcode: str) -> Iterator[Stated]:
    """Samples by their barcodes, and the patients who gave them."""
    written = pl.col(barcode)
    patient, sample = patient_of(written), "tcga.sample:" + sample_of(written)
    types = {
        "sample_type": sample_type_of(written),
        "tissue_type": tissue_type_of(written),
        "tumour_descriptor": tumour_descriptor_of(written),
    }
    yield entities("Patient", frame.select(ROW, id="tcga:" + patient, name=patient))
    yield entities("Sample", frame.select(ROW, id=sample, name=sample_of(written), **types))
    yield relationships("HAS_SAMPLE", frame.select(ROW, subject="tcga:" + patient, object=sample, evidence=ASSERTED))


def survival(frame: pl.DataFrame, patient: pl.Expr, endpoints: dict[str, tuple[pl.Expr, pl.Expr]]) -> Stated:
    """Rows of the table `survival`; where a time or an event is missing there is none.

    Args:
        frame: a row for each patient.
        patient: the reference to the patient.
        endpoints: for each end point the days and the event.
    """
    parts = [
        frame.select(ROW, patient_id=patient, endpoint=pl.lit(endpoint), time_days=days, event=event)
        for endpoint, (days, event) in endpoints.items()
    ]
    return table_rows("survival", pl.concat(parts).drop_nulls(["time_days", "event"]))


def is_unnamed(column: str) -> bool:
    """Whether the header gives a column no name, so that it is no sample and no gene."""
    return column.startswith(UNNAMED)


def one_name_each(rows: Rows, row_ids: Mapping[str, str]) -> dict[str, str]:
    """The names of samples in a matrix, one for each sample: the values of the others are not used.

    Of barcodes of one sample the preferred (`warehouse.barcodes.preferred`), of other names the first.

    Args:
        rows: of the file; its ledger remembers the choice for later batches.
        row_ids: the sample of each name.
    """
    chosen = rows.ledger.names
    best = preferred(row_ids)
    for name, row_id in row_ids.items():
        chosen.setdefault(row_id, best.get(row_id.partition(":")[2], name))
    return {name: row_id for name, row_id in row_ids.items() if chosen[row_id] == name}


def one_column_each(rows: Rows, row_ids: Mapping[str, str]) -> dict[str, str]:
    """The columns of a matrix with their samples, one for each sample; the others are set aside, each by name."""
    kept = one_name_each(rows, row_ids)
    for name, row_id in row_ids.items():
        if name not in kept:
            detail = f"{row_id} has the values of {rows.ledger.names[row_id]}"
            rows.ledger.reject_column(name, Reason.DUPLICATE_KEY, detail)
    return kept


def long_rows(frame: pl.DataFrame, row_id: pl.Expr, features: dict[str, str]) -> pl.DataFrame:
    """The values of a table with a row for each patient or sample, in long form.

    Args:
        frame: the table, its features as numbers.
        row_id: the identifier of the patient or sample.
        features: the name of each feature by its column.
    """
    values = [pl.col(column).alias(name) for column, name in features.items()]
    wide = frame.select(ROW, row_id.alias("row_id"), *values)
    return wide.unpivot(list(features.values()), index=["row_id", ROW], variable_name="feature")


def long_columns(frame: pl.DataFrame, feature: pl.Expr, row_ids: dict[str, str]) -> pl.DataFrame:
    """The values of a table with a row for each gene and a column for each sample, in long form.

    Args:
        frame: the table, its samples as numbers.
        feature: the name of the gene.
        row_ids: the identifier of each sample by its column.
    """
    values = [pl.col(column).alias(name) for column, name in row_ids.items()]
    wide = frame.select(ROW, feature.alias("feature"), *values)
    return wide.unpivot(list(row_ids.values()), index=["feature", ROW], variable_name="row_id")
