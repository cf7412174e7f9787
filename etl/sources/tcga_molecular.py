"""TCGA's per-cancer tables of PORPOISE: expression, mutation, copy number and survival in one row for each slide.

Chen et al., Cancer Cell 2022. The values of a slide are those of its patient: the first row of a patient is read; a
later row that repeats it is kept and says nothing new, one that contradicts it goes to quarantine.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import polars as pl

from etl.formats import csv
from etl.listings import Frozen
from etl.rows import Rows
from etl.source import Licence, Pin, Remote, Source, SourceFile
from etl.sources._tcga import cohort, diagnoses, long_rows, one_of_each, survival, with_numbers, with_patients
from warehouse.statements import ROW, Matrix, Reason, Stated, entities

_COMMIT = "8ddca09b6812df7a0a643126a8b08cc3ec2e7d23"
_FOLDER = f"https://raw.githubusercontent.com/mahmoodlab/PORPOISE/{_COMMIT}/datasets_csv_mutsig"

#: Of 4,324 patients that the clinical data resource knows too, this factor gives the same day for all but two.
_DAYS_PER_MONTH = 30.44

#: What a column is, by the end of its name: kind and unit of the matrix.
_SUFFIXES = {
    "_rnaseq": ("expression", "z-score of RNA-seq abundance within the cohort"),
    "_mut": ("mutation_status", "1 = mutated, 0 = not"),
    "_cnv": ("copy_number", "GISTIC level: -2, -1, 0, 1, 2"),
}
_NUMBERS = ("age", "survival_months", "censorship", "is_female")
_COLUMNS = ("case_id", "slide_id", *_NUMBERS, "oncotree_code")
_READ = {*_COLUMNS, ROW}


def patients(study: str, rows: Rows) -> Iterator[Stated]:
    """`tcga_*_all_clean.csv`: a row for each slide, clinical columns, then `GENE_rnaseq`, `GENE_mut`, `GENE_cnv`."""
    features = [name for name in rows.frame.columns if _suffix(name)]
    rows.ledger.count_unused(rows.frame, [name for name in rows.frame.columns if name not in {*_READ, *features}])
    rows = _numbers(with_patients(rows, "case_id", of_tumours=True), features)
    frame = one_of_each(rows, "case_id", [*_NUMBERS, "oncotree_code", *features])
    case, patient = pl.col("case_id"), "tcga:" + pl.col("case_id")
    sex = pl.col("is_female").replace_strict({1.0: "female", 0.0: "male"}, default=None, return_dtype=pl.String)
    yield entities("Patient", frame.select(ROW, id=patient, name=case, age_at_diagnosis_years="age", sex=sex))
    yield from cohort(frame, case, pl.lit(study))
    yield from diagnoses(frame, patient, pl.col("oncotree_code"))
    days = (pl.col("survival_months") * _DAYS_PER_MONTH).round()
    yield survival(frame, patient, {"OS": (days, 1 - pl.col("censorship"))})
    for suffix, (kind, unit) in _SUFFIXES.items():
        genes = {name: name.removesuffix(suffix) for name in features if name.endswith(suffix)}
        if genes:
            name = f"tcga_{study.lower()}_{kind}"
            yield Matrix(name, kind, f"tcga.study:{study}", unit, "Patient", long_rows(frame, patient, genes))


def _suffix(name: str) -> str | None:
    return next((suffix for suffix in _SUFFIXES if name.endswith(suffix) and name != suffix), None)


def _numbers(rows: Rows, features: list[str]) -> Rows:
    """The rows with their numbers, and 0 or 1 where nothing else makes sense."""
    rows = with_numbers(rows, [*_NUMBERS, *features], "case_id")
    wrong = {column: ~pl.col(column).is_in([0.0, 1.0]) for column in ("censorship", "is_female")}
    return rows.blank(wrong, Reason.BAD_VALUE, pl.col("case_id"))


#: For each cohort the checksum and the rows of its table.
_TABLES = {
    "BLCA": ("14491b3ad805697c1f89eaa5fad740257ee7b4a3507d32656803ff96ba305864", 437),
    "BRCA": ("052637f2a69c515812796d9638566cb75299b6a3571dbdc5363496f12665027d", 1022),
    "COADREAD": ("6e3a64c1417dfd5f654ca376d30df521acbea435579a100de47b23247ce9faa8", 345),
    "HNSC": ("512ec22abb4912f230ccb9b05224ea5fe2562d7c45fd46dc5c9bb414c1a9acd5", 437),
    "KIRP": ("dc7e585b4a8e3e29b3894c323a203c9ef39cea58c4fc204f329f7f2be2db685f", 284),
    "LIHC": ("42c1d82a61c2a05c50e0d8bdc45dc0cb6f5b909963280a95e04630b550a7b6d5", 347),
    "LUAD": ("9bbb0025e41726fdfef40afe4c6b775de3f48d6334ff450c229b259bdd951cf7", 515),
    "LUSC": ("b5f4ae1d48e941024ac094b9fae06854c7aad2f9036c166b09d267d45438b1ac", 484),
    "PAAD": ("295507796dd62d0395dd05577e907735426f533905e892686824e0e15f5528e3", 180),
    "SKCM": ("15dad03046c94a222d903f4d54aa9857a41bff34a2c3989e6de541ded9d40516", 268),
    "STAD": ("3dcbbc766df184e8c9f620ded72b78173b098edd0e171ba4f5b78c48f91ed802", 374),
}


def _table(study: str, content_sha256: str, rows: int) -> SourceFile:
    name = f"tcga_{study.lower()}_all_clean.csv"
    return SourceFile(
        study.lower(),
        (name,),
        csv(*_COLUMNS, wide=True),
        partial(patients, study),
        remote=Remote(f"{_FOLDER}/{name}.zip", "2022", rows=rows),
        required=False,
        pins=(Pin("2022", content_sha256, rows),),
    )


SOURCE = Source(
    name="tcga_molecular",
    title="TCGA molecular profiles (PORPOISE)",
    description="Expression, mutation, copy number and overall survival of TCGA patients, a table for each cancer.",
    homepage="https://github.com/mahmoodlab/PORPOISE",
    listing=Frozen("The tables were published with a paper of 2022 and are final."),
    licence=Licence(
        "PORPOISE: GPL-3.0, for non-commercial academic purposes",
        False,
        "https://github.com/mahmoodlab/PORPOISE#license",
    ),
    rank=40,
    files=tuple(_table(study, *pinned) for study, pinned in _TABLES.items()),
)
