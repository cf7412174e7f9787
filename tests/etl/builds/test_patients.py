"""Odd values of patients and of files of a cohort cost what they must and no more."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from etl.build import build
from tests.etl.builds.cases import plan
from warehouse.export import export
from warehouse.home import Home
from warehouse.warehouse import Warehouse


def _study(folder: Path, **files: str) -> Path:
    """A study of cBioPortal with one clinical sample table and others."""
    folder.mkdir(parents=True)
    kinds = {
        "samples": ("CLINICAL", "SAMPLE_ATTRIBUTES"),
        "patients": ("CLINICAL", "PATIENT_ATTRIBUTES"),
        "mutations": ("MUTATION_EXTENDED", "MAF"),
    }
    (folder / "meta_study.txt").write_text("cancer_study_identifier: mine\nname: Mine\n")
    files.setdefault("samples", "PATIENT_ID\tSAMPLE_ID\nP1\tS1\nP2\tS2\n")
    for name, text in files.items():
        kind, datatype = kinds[name]
        (folder / f"data_{name}.txt").write_text(text)
        (folder / f"meta_{name}.txt").write_text(
            f"cancer_study_identifier: mine\ngenetic_alteration_type: {kind}\ndatatype: {datatype}\n"
            f"data_filename: data_{name}.txt\n"
        )
    return folder.parent


def test_odd_values_of_patients_cost_nobody_their_survival(tmp_path: Path) -> None:
    """The oldest (`>89`), a negative time, a status in other words: what is good of each patient is there."""
    patients = "\n".join(
        [
            "PATIENT_ID\tAGE\tSEX\tOS_STATUS\tOS_MONTHS\tDFS_STATUS\tDFS_MONTHS",
            "P1\t60\tMale\t1:DECEASED\t12\t0:DiseaseFree\t6",
            "P2\t>89\tFemale\t0:LIVING\t24\t1:Recurred/Progressed\t3",
            "P3\t70\tMale\t0:LIVING\t-2\t0:DiseaseFree\t9",
            "P4\t71\tMale\tperhaps\t30\t0:DiseaseFree\t12.0 \t\t",
            "\t72\tMale\t0:LIVING\t30\t0:DiseaseFree\t12",
        ]
    )
    raw = _study(tmp_path / "raw" / "study", patients=patients + "\n")
    made = build(Home(tmp_path / "home"), plan(raw, only=("cbioportal",)))
    with Warehouse(made) as opened:
        shown = opened.sql("SELECT name, age_at_diagnosis_years FROM patient ORDER BY name").rows()
        assert shown == [("P1", 60.0), ("P2", None), ("P3", 70.0), ("P4", 71.0)]
        survival = opened.sql(
            "SELECT right(patient_id, 2), endpoint, time_days, event FROM survival ORDER BY 1, 2"
        ).rows()
        assert survival == [
            *(("P1", "DFS", 183.0, 0), ("P1", "OS", 365.0, 1), ("P2", "DFS", 91.0, 1), ("P2", "OS", 730.0, 0)),
            *(("P3", "DFS", 274.0, 0), ("P4", "DFS", 365.0, 0)),
        ]
        told = opened.sql('SELECT "row", scope, "column", value, reason FROM quarantine ORDER BY "row", scope').rows()
    assert told[:3] == [
        (3, "cell", "age_at_diagnosis_years", ">89", "bad_value"),
        (4, "cell", "time_days", "-61.0", "out_of_range"),
        (5, "cell", "OS_STATUS", "perhaps", "bad_value"),
    ]
    assert [(row, scope) for row, scope, *_rest in told[3:]] == [(6, "row")], "nobody's row leaves whole, and once"
    (account,) = made.receipt()["sources"]
    (file,) = (file for file in account["files"] if file["part"] == "patients")
    assert (file["rows_read"], file["rows_kept"], file["rows_quarantined"]) == (5, 4, 1)
    assert file["cells"] == {"bad_value": 2, "out_of_range": 1}


_MAF = "Hugo_Symbol\tChromosome\tStart_Position\tVariant_Classification\tReference_Allele\tTumor_Seq_Allele2\t"
_MAF += "Tumor_Sample_Barcode\n"
_VARIANTS = ("TP53\t17\t7577121\tMissense_Mutation\tG\tA\tS1", "KRAS\t12\t25398284\tMissense_Mutation\tC\tT\tS2")


@pytest.mark.parametrize(
    ("end", "rows", "status"), [("", 2, "unpinned"), ("\t\t", 2, "unpinned"), ("\tx\ty", 0, "failed")]
)
def test_a_file_of_which_nothing_is_kept_is_never_green(tmp_path: Path, end: str, rows: int, status: str) -> None:
    """Empty fields at the end of a MAF's rows are no fault; others set the rows aside, and the source says so."""
    raw = _study(tmp_path / "raw" / "study", mutations=_MAF + "".join(f"{row}{end}\n" for row in _VARIANTS))
    made = build(Home(tmp_path / "home"), plan(raw, only=("cbioportal",), subset=True))
    (account,) = made.receipt()["sources"]
    (file,) = (file for file in account["files"] if file["part"] == "mutations")
    assert (file["rows_kept"], file["status"]) == (rows, status)
    assert account["status"] == status


@pytest.mark.parametrize(
    ("columns", "values"),
    [
        ("AGE\tSEX\tRACE\tAJCC_PATHOLOGIC_TUMOR_STAGE\tGRADE", "60\tFemale\tWHITE\tStage II\tG2"),
        ("AGE_AT_DIAGNOSIS\tGENDER\tPRIMARY_RACE\tTUMOR_STAGE\tHISTOLOGIC_GRADE", "60\tFEMALE\tWHITE\tStage II\tG2"),
        ("DIAGNOSIS_AGE\tGENDER\tRACE\tCLINICAL_STAGE\tTUMOR_GRADE", "60\tfemale\tWHITE\tStage II\tG2"),
    ],
)
def test_columns_are_known_by_every_usual_name(tmp_path: Path, columns: str, values: str) -> None:
    raw = _study(tmp_path / "raw" / "study", patients=f"PATIENT_ID\t{columns}\nP1\t{values}\n")
    made = build(Home(tmp_path / "home"), plan(raw, only=("cbioportal",), subset=True))
    with Warehouse(made) as opened:
        rows = opened.sql(
            "SELECT age_at_diagnosis_years, sex, race, stage, grade FROM patient WHERE name = 'P1'"
        ).rows()
    assert rows == [(60.0, "female", "WHITE", "Stage II", "G2")]


@pytest.mark.parametrize(
    ("line", "licence", "allowed"),
    [
        ("description: Targeted sequencing.", "ODbL-1.0 unless a study states its own", True),
        ("description: Available under the Creative Commons BY-NC-ND 4.0 license.", "mine: CC BY-NC-ND 4.0", False),
        ("license: CC BY-NC 4.0", "mine: CC BY-NC 4.0", True),
        ("license: for members only", "mine: for members only", False),
    ],
)
def test_a_study_stands_under_the_licence_that_it_states(
    tmp_path: Path, line: str, licence: str, allowed: bool
) -> None:
    raw = _study(tmp_path / "raw" / "study")
    with (raw / "study" / "meta_study.txt").open("a") as meta:
        meta.write(line + "\n")
    made = build(Home(tmp_path / "home"), plan(raw, only=("cbioportal",), subset=True))
    with Warehouse(made) as opened:
        assert opened.sql("SELECT DISTINCT licence, redistributable FROM releases").rows() == [(licence, allowed)]
    manifest = json.loads(export(made, tmp_path / "out", redistributable=True)[-1].read_text())
    left_out = {file["file"] for file in manifest["left_out"]["files"]}
    assert left_out == (set() if allowed else {f"study/{path.name}" for path in (raw / "study").iterdir()})
