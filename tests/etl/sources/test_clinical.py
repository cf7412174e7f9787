"""Clinical tables as studies write them: end points, sex, columns that nothing reads, barcodes of every level."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.build import Plan, build
from etl.sources._endpoints import read_status
from etl.sources._sample_types import read_sample_type
from tests.cohorts import Cells, built, write_genes, write_study, write_xena
from warehouse.home import Home
from warehouse.warehouse import Warehouse

MONTH = 365.25 / 12


def _patients(header: Sequence[str], *rows: Sequence[object]) -> tuple[str, str, Sequence[str], Cells]:
    return "CLINICAL", "PATIENT_ATTRIBUTES", ["PATIENT_ID", *header], rows


def _samples(*rows: Sequence[object], header: Sequence[str] = ()) -> tuple[str, str, Sequence[str], Cells]:
    return "CLINICAL", "SAMPLE_ATTRIBUTES", ["SAMPLE_ID", "PATIENT_ID", *header], rows


def _ask(home: Home, sql: str) -> list[tuple[Any, ...]]:
    with Warehouse.open(home.root) as warehouse:
        return warehouse.sql(sql).rows()


def _file(home: Home, part: str) -> dict[str, Any]:
    with Warehouse.open(home.root) as warehouse:
        files = [file for one in warehouse.receipt()["sources"] for file in one["files"]]
    return next(file for file in files if file["part"] == part)


def test_every_pair_of_status_and_months_is_an_end_point(tmp_path: Path) -> None:
    header = [
        "PFS_STATUS",
        "PFS_MONTHS",
        "OS_STATUS",
        "OS_MONTHS",
        "RFS_STATUS",
        "RFS_MONTHS",
        "LAST_STATUS",
        "X_MONTHS",
    ]
    rows = [
        ["P1", "1:PROGRESSED", 10, "Dead", 20, "1:Recurred", 6, "seen", 1],
        ["P2", "0:CENSORED", 12, "alive", 12, None, None, None, None],
        ["P3", "Not Progressed", 5, "1:LIVING", 7, "0:Not Recurred", 7, "seen", None],
    ]
    write_study(tmp_path / "raw", clinical_patient=_patients(header, *rows))
    home = built(tmp_path)
    found = _ask(home, "SELECT endpoint, patient_id[-1:], time_days, event FROM survival ORDER BY ALL")
    # The status of P3 contradicts itself: it is set aside, and the patient's other end points stay.
    assert found == [
        ("OS", "1", round(20 * MONTH), 1),
        ("OS", "2", round(12 * MONTH), 0),
        ("PFS", "1", round(10 * MONTH), 1),
        ("PFS", "2", round(12 * MONTH), 0),
        ("PFS", "3", round(5 * MONTH), 0),
        ("RFS", "1", round(6 * MONTH), 1),
        ("RFS", "3", round(7 * MONTH), 0),
    ]
    assert _ask(home, 'SELECT key, "column", value FROM quarantine') == [("P3", "OS_STATUS", "1:LIVING")]
    # Halves of a pair that is not there.
    assert _file(home, "patients")["unused_columns"] == {"LAST_STATUS": 2, "X_MONTHS": 1}


@pytest.mark.parametrize(
    ("text", "event"),
    [
        ("0:LIVING", 0), ("1:DECEASED", 1), ("LIVING", 0), ("deceased", 1), ("Alive", 0), ("DEAD", 1), ("0", 0),
        ("1", 1), ("1.0", 1), (" 1 : Recurred/Progressed ", 1), ("DiseaseFree", 0), ("0:ALIVE OR DEAD TUMOR FREE", 0),
        ("1:DEAD WITH TUMOR", 1), ("0:CENSORED", 0), ("1:PROGRESSION", 1), ("0:Not Progressed", 0), ("Progressed", 1),
        ("1:something else", 1), ("2:OTHER", None), ("perhaps", None), ("1:ALIVE", None), ("12", None), ("", None),
    ],
)  # fmt: skip
def test_what_a_status_says(text: str, event: int | None) -> None:
    assert read_status(text) == event


@given(st.text())
def test_any_text_is_a_status_or_not(text: str) -> None:
    assert read_status(text) in {0, 1, None}
    read_sample_type(text)


@pytest.mark.parametrize("column", ["SEX", "GENDER"])
def test_sex_in_every_spelling_and_what_is_not_understood(tmp_path: Path, column: str) -> None:
    words = ["F", "M", "Female", "MALE", "male ", "Unknown", "", "other", "3"]
    write_study(
        tmp_path / "raw", clinical_patient=_patients([column], *([f"P{n}", word] for n, word in enumerate(words)))
    )
    home = built(tmp_path)
    sexes = [sex for (sex,) in _ask(home, "SELECT sex FROM patient ORDER BY id")]
    assert sexes == ["female", "male", "female", "male", "male", None, None, None, None]
    rejected = _ask(home, 'SELECT key, "column", value, scope FROM quarantine ORDER BY key')
    assert rejected == [("P7", column, "other", "cell"), ("P8", column, "3", "cell")]


def test_columns_that_nothing_reads_are_in_the_receipt(tmp_path: Path) -> None:
    rows = [["P1", 60, "x", None], ["P2", 70, None, None]]
    write_study(tmp_path / "raw", clinical_patient=_patients(["AGE", "SMOKER", "EMPTY"], *rows))
    file = _file(built(tmp_path), "patients")
    assert file["unused_columns"] == {"SMOKER": 1, "EMPTY": 0}


def test_types_of_samples_from_words_and_from_barcodes(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        ["P1-T", "P1", "Primary"],
        ["P1-N", "P1", "Solid Tissue Normal"],
        ["P1-X", "P1", "cfDNA"],
        ["TCGA-ZZ-A001-11A", "TCGA-ZZ-A001", None],
        ["TCGA-ZZ-A002-11A", "TCGA-ZZ-A002", "Primary"],
    ]
    write_study(tmp_path / "raw", clinical_sample=_samples(*rows, header=["SAMPLE_TYPE"]))
    home = built(tmp_path)
    assert _ask(home, "SELECT id, sample_type, tissue_type, tumour_descriptor FROM sample ORDER BY id") == [
        ("cbioportal.sample:s.P1-N", "Solid Tissue Normal", "normal", None),
        ("cbioportal.sample:s.P1-T", "Primary", "tumour", "primary"),
        ("cbioportal.sample:s.P1-X", "cfDNA", None, None),
        ("tcga.sample:TCGA-ZZ-A001-11", "Solid Tissue Normal", "normal", None),
        ("tcga.sample:TCGA-ZZ-A002-11", "Solid Tissue Normal", "normal", None),
    ]
    # The words contradict the barcode, which is believed.
    assert _ask(home, "SELECT key, value FROM quarantine") == [("TCGA-ZZ-A002-11A", "Primary")]


LEVELS = [
    "TCGA-ZZ-A001",
    "TCGA-ZZ-A001-01",
    "TCGA-ZZ-A001-01A",
    "TCGA-ZZ-A001-01A-11D",
    "TCGA-ZZ-A001-01A-11D-A24H-08",
    "TCGA.ZZ.A001.01A.11D.A24H.08",
    "tcga-zz-a001-01a",
]


@pytest.mark.parametrize("declared", LEVELS[1:4])
def test_variants_find_their_sample_at_every_level(tmp_path: Path, declared: str) -> None:
    header = [
        "Hugo_Symbol",
        "Entrez_Gene_Id",
        "Chromosome",
        "Start_Position",
        "Variant_Classification",
        "Reference_Allele",
    ]
    header += ["Tumor_Seq_Allele2", "Tumor_Sample_Barcode"]
    rows = [["EGFR", 1956, 7, 100 + n, "Silent", "A", "C", name] for n, name in enumerate(LEVELS)]
    write_study(
        tmp_path / "raw",
        clinical_sample=_samples([declared, "TCGA-ZZ-A001"]),
        mutations=("MUTATION_EXTENDED", "MAF", header, rows),
    )
    home = built(tmp_path)
    found = _ask(home, "SELECT sample_id, count(*) FROM mutations GROUP BY ALL")
    assert found == [("tcga.sample:TCGA-ZZ-A001-01", len(LEVELS))]
    assert any("primary solid tumour (-01)" in note for note in _file(home, "mutations")["notes"])


def test_a_table_of_variants_as_other_programs_write_it(tmp_path: Path) -> None:
    """Entrez ids as floats, where a program knows no missing integer; a dot where no protein changes."""
    header = ["Hugo_Symbol", "Entrez_Gene_Id", "Chromosome", "Start_Position", "Variant_Classification"]
    header += ["Reference_Allele", "Tumor_Seq_Allele2", "Tumor_Sample_Barcode", "HGVSp_Short"]
    genes = [("OLDNAME", "1956.0", "."), (None, "1956.0", "p.L858R"), ("EGFR", "0.0", "-"), ("EGFR", None, None)]
    rows = [
        [symbol, entrez, 7, 100 + n, "Silent", "A", "C", "P1-T", change]
        for n, (symbol, entrez, change) in enumerate(genes)
    ]
    write_study(
        tmp_path / "raw",
        clinical_sample=_samples(["P1-T", "P1"]),
        mutations=("MUTATION_EXTENDED", "MAF", header, rows),
    )
    found = _ask(built(tmp_path), "SELECT gene_id, protein_change FROM mutations ORDER BY start_position")
    assert found == [("hgnc:3236", None), ("hgnc:3236", "p.L858R"), ("hgnc:3236", None), ("hgnc:3236", None)]


@pytest.mark.parametrize("name", LEVELS)
def test_columns_of_a_matrix_find_their_sample_at_every_level(tmp_path: Path, name: str) -> None:
    write_study(
        tmp_path / "raw",
        clinical_sample=_samples(["TCGA-ZZ-A001-01", "TCGA-ZZ-A001"]),
        mrna=("MRNA_EXPRESSION", "CONTINUOUS", ["Hugo_Symbol", name], [["EGFR", 2.5]]),
        cna=("COPY_NUMBER_ALTERATION", "DISCRETE_LONG", ["Hugo_Symbol", "Sample_Id", "Value"], [["EGFR", name, 1]]),
    )
    write_xena(tmp_path / "raw", {"EGFR": [9.5]}, [name], [[name, "TCGA-ZZ-A001", 1, 30]])
    home = built(tmp_path)
    for matrix in ("cbioportal_s_mrna", "cbioportal_s_cna", "xena_luad_expression"):
        rows = _ask(home, f"SELECT patient_id, sample_id, tissue_type FROM {matrix}")
        assert rows == [("tcga:TCGA-ZZ-A001", "tcga.sample:TCGA-ZZ-A001-01", "tumour")]
    assert _ask(home, "SELECT patient_id, time_days FROM survival") == [("tcga:TCGA-ZZ-A001", 30.0)]


def test_one_aliquot_of_a_sample_gives_the_values_and_the_others_are_set_aside(tmp_path: Path) -> None:
    names = ["TCGA-ZZ-A001-01B-01R-A999-07", "TCGA-ZZ-A001-01A-01R-A100-07", "TCGA-ZZ-A001-01A-01R-A200-07"]
    long = [["EGFR", name, level] for name, level in zip(names, (-1, 1, 2), strict=True)]
    write_study(
        tmp_path / "raw",
        clinical_sample=_samples(["TCGA-ZZ-A001-01", "TCGA-ZZ-A001"]),
        mrna=("MRNA_EXPRESSION", "CONTINUOUS", ["Hugo_Symbol", *names], [["EGFR", 1, 2, 3]]),
        cna=("COPY_NUMBER_ALTERATION", "DISCRETE_LONG", ["Hugo_Symbol", "Sample_Id", "Value"], long),
    )
    write_xena(tmp_path / "raw", {"EGFR": [4, 5, 6], "KRAS": [1, 1, 1]}, names)
    home = built(tmp_path)
    for matrix, value in (("cbioportal_s_mrna", 3.0), ("cbioportal_s_cna", 2.0), ("xena_luad_expression", 6.0)):
        assert _ask(
            home, f"SELECT sample_id, value FROM {matrix} WHERE feature LIKE '%EGFR%' OR feature LIKE '%1956%'"
        ) == [("tcga.sample:TCGA-ZZ-A001-01", value)]
    rejected = _ask(home, "SELECT scope, reason, key FROM quarantine ORDER BY ALL")
    others = sorted(names[:2])
    assert rejected == sorted(
        [("column", "duplicate_key", name) for name in others * 2] + [("row", "duplicate_key", name) for name in others]
    )


def test_what_is_not_a_sample_of_tcga_in_a_matrix_of_xena_is_set_aside(tmp_path: Path) -> None:
    write_xena(tmp_path / "raw", {"EGFR": [1, 2]}, ["TCGA-ZZ-A001-01", "probe"])
    home = built(tmp_path)
    assert _ask(home, "SELECT scope, reason, key FROM quarantine") == [("column", "bad_identifier", "probe")]


def test_normal_tissue_in_a_table_of_patients_is_not_the_patients_tumour(tmp_path: Path) -> None:
    rows = [["TCGA-ZZ-A001-11", 1.0], ["TCGA-ZZ-A001-01", 9.0], ["tcga.zz.a002", 5.0]]
    path = tmp_path / "raw" / "raw_rna_data" / "blca" / "rna_clean.csv"
    path.parent.mkdir(parents=True)
    path.write_text(",EGFR\n" + "".join(f"{name},{value}\n" for name, value in rows))
    write_genes(tmp_path / "raw")
    home = Home(tmp_path / "home")
    build(home, Plan(raw=tmp_path / "raw", subset=True, threads=1))
    values = _ask(home, "SELECT patient_id, value FROM xena_blca_patient_expression ORDER BY ALL")
    assert values == [("tcga:TCGA-ZZ-A001", 9.0), ("tcga:TCGA-ZZ-A002", 5.0)]
    assert _ask(home, "SELECT key, detail[:26] FROM quarantine") == [("TCGA-ZZ-A001-11", "TCGA-ZZ-A001-11 is normal;")]
