"""Which samples of a patient a question about a cohort uses, and that it says so."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl
import pytest

from tests.cohorts import built, write_study, write_xena
from tests.conftest import SmallBuild, stated
from warehouse.analyst.expression import cohorts_with_levels, levels_for
from warehouse.analyst.samples import Samples, select_samples
from warehouse.answer import Limits
from warehouse.errors import QuestionError
from warehouse.home import Home
from warehouse.statements import ROW, Matrix
from warehouse.warehouse import Warehouse

#: Three patients: the first with normal tissue and every kind of tumour, the second with normal tissue alone, the third
#: with a metastasis that is measured, and a primary that is not.
SAMPLES = {
    "A001-11": 1.0,
    "A001-06": 6.0,
    "A001-02": 2.0,
    "A001-01": 10.0,
    "A001-03": 3.0,
    "A002-11": 4.0,
    "A003-06": 7.0,
    "A003-20": 0.5,
}


def _id(name: str) -> str:
    return f"tcga.sample:TCGA-ZZ-{name}"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    folder = tmp_path_factory.mktemp("samples")
    names = [f"TCGA-ZZ-{name}" for name in SAMPLES]
    write_xena(folder / "raw", {"EGFR": list(SAMPLES.values())}, names)
    write_study(
        folder / "raw",
        clinical_sample=(
            "CLINICAL",
            "SAMPLE_ATTRIBUTES",
            ["SAMPLE_ID", "PATIENT_ID"],
            [["P1-T", "P1"], ["P1-U", "P1"], ["P2-T", "P2"]],
        ),
        mrna=("MRNA_EXPRESSION", "CONTINUOUS", ["Hugo_Symbol", "P1-U", "P1-T", "P2-T"], [["EGFR", 2, 1, 3]]),
    )
    return built(folder)


@pytest.fixture
def warehouse(home: Home) -> Iterator[Warehouse]:
    with Warehouse.open(home.root) as opened:
        yield opened


@pytest.mark.parametrize(
    ("samples", "each_tissue", "expected"),
    [
        # The primary before all others; a patient without a tumour has no value; a control never counts.
        (Samples.TUMOUR, False, ["A001-01", "A003-06"]),
        (Samples.NORMAL, False, ["A001-11", "A002-11"]),
        (Samples.BOTH, False, ["A001-01", "A002-11", "A003-06"]),
        (Samples.BOTH, True, ["A001-01", "A001-11", "A002-11", "A003-06"]),
    ],
)
def test_one_sample_stands_for_a_patient(
    warehouse: Warehouse, samples: Samples, each_tissue: bool, expected: list[str]
) -> None:
    found = select_samples(warehouse, "xena_luad_expression", samples, each_tissue=each_tissue)
    assert list(found.rows) == [_id(name) for name in expected]
    assert found.patients == {_id(name): f"tcga:TCGA-ZZ-{name[:4]}" for name in expected}
    assert sum(found.used.values()) + sum(found.left_out.values()) == len(SAMPLES)


def test_it_says_what_was_used_and_what_was_not(warehouse: Warehouse) -> None:
    assert str(select_samples(warehouse, "xena_luad_expression")) == (
        "Samples of xena_luad_expression: 2 tumour used; "
        "left out: 1 control, 2 normal, 3 tumour (further of the same patient)."
    )


def test_samples_that_a_user_names_are_used_instead(warehouse: Warehouse) -> None:
    named = [_id("A001-06"), _id("A001-02"), _id("A001-11")]
    found = select_samples(warehouse, "xena_luad_expression", named=named)
    assert list(found.rows) == [_id("A001-02"), _id("A001-06"), _id("A003-06")]


def test_an_unknown_tissue_type_is_used_only_where_none_is_known(warehouse: Warehouse, small: SmallBuild) -> None:
    found = select_samples(warehouse, "cbioportal_s_mrna")
    assert list(found.rows) == ["cbioportal.sample:s.P1-T", "cbioportal.sample:s.P2-T"]
    assert str(found) == (
        "Samples of cbioportal_s_mrna: 2 of unknown tissue type used; "
        "left out: 1 of unknown tissue type (further of the same patient)."
    )
    with pytest.raises(QuestionError, match=r"no sample of normal tissue. It has: 3 of unknown tissue type"):
        select_samples(warehouse, "cbioportal_s_mrna", Samples.NORMAL)


def test_a_matrix_that_is_not_there(warehouse: Warehouse) -> None:
    with pytest.raises(QuestionError, match="There is no matrix 'x'"):
        select_samples(warehouse, "x")


def test_the_views_of_matrices_say_which_rows_stand_for_their_patients(warehouse: Warehouse) -> None:
    rows = warehouse.sql(
        """SELECT sample_id, tissue_type, value FROM expression
        WHERE represents_patient AND matrix LIKE 'xena%' ORDER BY ALL"""
    ).rows()
    assert rows == [(_id("A001-01"), "tumour", 10.0), (_id("A003-06"), "tumour", 7.0)]
    types = warehouse.sql(
        "SELECT id[-2:], tissue_type, tumour_descriptor FROM sample WHERE id LIKE 'tcga%' ORDER BY id"
    )
    assert types.rows() == [
        ("01", "tumour", "primary"),
        ("02", "tumour", "recurrent"),
        ("03", "tumour", "primary blood-derived"),
        ("06", "tumour", "metastatic"),
        ("11", "normal", None),
        ("11", "normal", None),
        ("06", "tumour", "metastatic"),
        ("20", "control", None),
    ]


def test_a_matrix_whose_samples_nobody_states_sets_them_aside(small: SmallBuild) -> None:
    small.say("a", stated("Sample", id="tcga.sample:TCGA-ZZ-A001-01"))
    ids = ["tcga.sample:TCGA-ZZ-A001-01", "tcga.sample:TCGA-ZZ-A002-01"]
    frame = pl.DataFrame({"row_id": ids, "feature": ["EGFR"] * 2, "value": [1.0, 2.0], ROW: [2, 2]})
    small.writer.add_matrix(Matrix("zz_expression", "expression", "tcga.study:ZZ", "z", "Sample", frame), 1)
    small.finish()
    assert small.rows('SELECT reason, key, "row" FROM quarantine') == [("unknown_reference", ids[1], 2)]
    small.finish()
    assert small.rows("SELECT count(*) FROM quarantine") == [(1,)]
    assert small.rows("SELECT count(*) FROM zz_expression") == [(2,)]


def test_levels_are_those_of_tumours(small: SmallBuild) -> None:
    """log2(TPM + 1) of 3 in the primary tumour of two patients and 0 in their normal tissue: the median TPM is 7."""
    rows = {f"tcga.sample:TCGA-ZZ-A00{n}-{code}": value for n in (1, 2) for code, value in (("01", 3.0), ("11", 0.0))}
    small.say(
        "a",
        stated("Gene", id="hgnc:3236", symbol="EGFR"),
        stated("Sample", *({"id": one, "tissue_type": "tumour" if one.endswith("01") else "normal"} for one in rows)),
        stated("Patient", {"id": "tcga:TCGA-ZZ-A001"}, {"id": "tcga:TCGA-ZZ-A002"}),
        stated(
            "HAS_SAMPLE", *({"subject": "tcga:" + one[12:24], "object": one, "evidence": "asserted"} for one in rows)
        ),
    )
    frame = pl.DataFrame({"row_id": list(rows), "feature": "EGFR", "value": list(rows.values()), ROW: 2})
    unit = "log2(TPM + 1)"
    small.writer.add_matrix(Matrix("zz_expression", "expression", "tcga.study:ZZ", unit, "Sample", frame), 1)
    small.finish()
    with Warehouse(small.close()) as warehouse:
        [levels] = cohorts_with_levels(warehouse).values()
        assert levels.medians(warehouse, ["hgnc:3236"], Limits()) == {"hgnc:3236": 7.0}
        assert levels.measured(warehouse, "hgnc:3236").to_polars()["tpm"].to_list() == [7.0, 7.0]
        _levels, note = levels_for(warehouse, "doid:1", "tcga.study:ZZ")
        assert "2 tumour used; left out: 2 normal" in note
