"""Survival and molecular tables as an analysis needs them: the counts that are published, and what units turn into."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import duckdb
import polars as pl
import pytest

from etl.build import Plan, build
from etl.formats.workbook import Workbook
from etl.locate import Folder, find
from etl.reading import new_ledger, read
from etl.rows import Ledger
from etl.source import source
from tests.conftest import SmallBuild
from warehouse.errors import SourceError
from warehouse.home import Home
from warehouse.statements import ROW, Matrix

FIXTURES = Path(__file__).parent / "fixtures"


def _survival(name: str, folder: Path, *parts: str) -> pl.DataFrame:
    """The rows of the table `survival` that a source reads from some of its files."""
    declared = source(name)
    files = [file for file in find(declared, Folder(folder, subset=True)).files if file.part in parts]
    frames = [
        frame
        for file in files
        for batch in read(file, declared.part(file.part), new_ledger(file, declared.options))
        for type_name, frame in batch.statements
        if type_name == "survival"
    ]
    return pl.concat(frames)


@pytest.mark.parametrize(("study", "patients", "deaths"), [("luad", 453, 158), ("lusc", 450, 192), ("brca", 956, 130)])
def test_a_cancer_has_the_patients_and_deaths_that_are_published(
    real_data: Path, study: str, patients: int, deaths: int
) -> None:
    rows = _survival("tcga_molecular", real_data / "tcga" / "porpoise", study)
    assert rows["patient_id"].n_unique() == rows.height == patients
    assert rows["event"].sum() == deaths


def test_months_become_the_days_of_the_clinical_data_resource(real_data: Path) -> None:
    """PORPOISE rounds months to two digits and SurvPath does not round; both came from days."""
    key = ["patient_id", "endpoint"]
    days = _survival("tcga_clinical", real_data / "tcga", "clinical")
    for name, parts in (
        ("tcga_molecular", ["luad", "brca"]),
        ("tcga_xena", ["blca_slide_survival", "stad_slide_survival"]),
    ):
        both = _survival(name, real_data / "tcga", *parts).join(days, on=key, suffix="_cdr")
        same = both.select((pl.col("time_days") == pl.col("time_days_cdr")).mean()).item()
        assert both.height > 1000
        assert same > 0.999


def test_a_cohort_joins_survival_expression_and_mutation(tmp_path: Path) -> None:
    """A Kaplan-Meier input is one join: patient, time, event, expression of one gene, mutation of another."""
    made = build(
        Home(tmp_path), Plan(only=("tcga_molecular",), raw=FIXTURES / "tcga_molecular", subset=True, threads=1)
    )

    with duckdb.connect(made.database, read_only=True) as connection:
        rows = connection.execute(
            """SELECT s.patient_id, s.time_days, s.event, e.value, m.value
            FROM survival AS s
            JOIN tcga_luad_expression AS e ON e.patient_id = s.patient_id AND e.feature = 'KRAS'
            JOIN tcga_luad_mutation_status AS m ON m.patient_id = s.patient_id AND m.feature = 'KRAS'
            WHERE s.endpoint = 'OS' ORDER BY s.patient_id"""
        ).fetchall()
    # The copy number of A006 is out of range: its survival, expression and mutations are as good as any.
    assert rows == [
        ("tcga:TCGA-ZZ-A001", 700.0, 1, 0.5, 0.0),
        ("tcga:TCGA-ZZ-A002", 900.0, 0, -0.5, 1.0),
        ("tcga:TCGA-ZZ-A006", 304.0, 0, 0.5, 0.0),
    ]


def test_a_workbook_without_the_sheet_is_refused_with_the_sheets_it_has() -> None:
    path = FIXTURES / "tcga_clinical" / "TCGA-CDR-SupplementalTableS1.xlsx"
    with pytest.raises(SourceError, match="has no sheet 'Survival'; it has TCGA-CDR, TCGA-CDR_Notes"):
        list(Workbook("Survival", ()).read(path, Ledger(path.name)))


_VALUES = """(FROM matrix.tcga_zz_expression) AS x JOIN record.matrix_rows USING (row_code)
    JOIN record.matrix_features USING (feature_code)"""


def test_parts_of_a_matrix_are_joined_and_sorted(small: SmallBuild) -> None:
    def part(feature: str, row: int) -> Matrix:
        ids = ["tcga:TCGA-ZZ-A002", "tcga:TCGA-ZZ-A001"]
        frame = pl.DataFrame({"row_id": ids, "feature": [feature] * 2, "value": [1.0, 2.0], ROW: [row] * 2})
        return Matrix("tcga_zz_expression", "expression", "tcga.study:ZZ", "z-score", "Patient", frame)

    small.say("a")
    for name, row in (("TP53", 2), ("KRAS", 3)):
        small.writer.add_matrix(part(name, row), 1)
    small.writer.settle_matrices()
    assert small.rows(f"SELECT feature, row_id[-1:], x._row FROM {_VALUES}") == [
        ("KRAS", "1", 3),
        ("KRAS", "2", 3),
        ("TP53", "1", 2),
        ("TP53", "2", 2),
    ]
    assert small.rows("SELECT row_count, feature_count FROM record.matrices") == [(2, 2)]


@pytest.mark.parametrize("size", [200, 10**6])
def test_rows_are_compared_with_earlier_batches_too(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    """A table that is read in several batches gives the same rows as one that is read at once."""
    monkeypatch.setattr("etl.formats.delimited.BATCH_BYTES", size)
    monkeypatch.setattr("etl.formats.content._CHUNK_BYTES", size)
    declared = source("tcga_molecular")
    file = next(
        one for one in find(declared, Folder(FIXTURES / "tcga_molecular", subset=True)).files if one.part == "luad"
    )
    ledger = new_ledger(file, declared.options)
    batches = list(read(file, declared.part("luad"), ledger))
    assert (len(batches) > 1) is (size == 200)
    assert (ledger.rows_read, ledger.rows_kept, ledger.rows_quarantined, ledger.cells) == (
        *(10, 7, 3),
        {"bad_value": 2, "out_of_range": 2},
    )


def test_a_study_is_known_by_its_description_alone(tmp_path: Path) -> None:
    """Neither the folder's name nor that of a data file says what it is; what no description names is not taken."""
    folder = tmp_path / "another_name"
    folder.mkdir()
    for path in (FIXTURES / "cbioportal" / "lung_example").iterdir():
        (folder / path.name.replace("data_cna", "data_xyz")).write_bytes(path.read_bytes())
    downloads = Folder(tmp_path, subset=True)
    parts = {file.part for file in find(source("cbioportal"), downloads).files}
    assert parts == {"study", "descriptions", "patients", "samples", "profiles", "mutations"}
    assert {"another_name/data_xyz.txt", "another_name/data_sv.txt"} <= set(downloads.unused)
    rows = _survival("cbioportal", tmp_path, "patients")
    assert rows["patient_id"].to_list()[1] == "cbioportal.patient:lung_example_2020.P-1"


def test_a_packed_file_needs_no_suffix(tmp_path: Path) -> None:
    """Snapshots are kept under their checksums: what they are packed with is seen in their bytes."""
    declared = source("tcga_molecular")
    folder = FIXTURES / "tcga_molecular"
    file = next(one for one in find(declared, Folder(folder, subset=True)).files if one.part == "luad")
    snapshot = tmp_path / file.sha256
    snapshot.write_bytes(file.path.read_bytes())
    ledger = new_ledger(file, declared.options)
    assert list(read(replace(file, path=snapshot), declared.part("luad"), ledger))
    assert ledger.rows_read == 10
