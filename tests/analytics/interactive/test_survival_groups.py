"""Groups of the sample's patients by a gene, small groups left out."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl
import pytest

from analytics.common.survival import log_rank
from analytics.interactive.survival_groups import SMALLEST_GROUP, Split, grouped, values
from tests.cohorts import built, write_xena
from warehouse.analyst.samples import Samples
from warehouse.errors import AnalysisError
from warehouse.home import Home
from warehouse.warehouse import Warehouse

GENE = "hgnc:990001"


@pytest.fixture(scope="module")
def warehouse(sample_home: Home) -> Iterator[Warehouse]:
    with Warehouse.open(sample_home.root) as opened:
        yield opened


def _patients(*told: float | None) -> pl.DataFrame:
    rows = [{"patient_id": f"p{n:02}", "time_days": 10.0 + n, "event": n % 2, "value": v} for n, v in enumerate(told)]
    return pl.DataFrame(rows, schema_overrides={"value": pl.Float64})


def test_values_of_a_matrix(warehouse: Warehouse) -> None:
    found = values(warehouse, "tcga_luad_expression", GENE, "OS")
    assert found.columns == ["patient_id", "time_days", "event", "value"]
    assert found.height == 120
    assert found["patient_id"].is_unique().all()
    one = found.row(0, named=True)
    stated = warehouse.sql(
        "SELECT value FROM tcga_luad_expression WHERE gene_id = $gene AND patient_id = $patient",
        gene=GENE,
        patient=one["patient_id"],
    )
    assert stated.rows() == [(one["value"],)]


@pytest.fixture(scope="module")
def paired(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """Ten tumours whose value rises with the patient's number; the last five have normal tissue of value 1 too."""
    folder = tmp_path_factory.mktemp("paired")
    patients = [f"TCGA-ZZ-A{n:03d}" for n in range(10)]
    samples = [*(f"{one}-01" for one in patients), *(f"{one}-11" for one in patients[5:])]
    levels = [*(10 + n / 10 for n in range(10)), *[1.0] * 5]
    survival = [[one, one[:12], 1, 2000 - 150 * int(one[9:12])] for one in samples]
    write_xena(folder / "raw", {"EGFR": levels}, samples, survival)
    with Warehouse.open(built(folder).root) as opened:
        yield opened


def test_normal_tissue_does_not_count_as_tumour(paired: Warehouse) -> None:
    """The five tumours with the highest values are `high`, whatever their patients' normal tissue has."""
    found = grouped(values(paired, "xena_luad_expression", "hgnc:3236", "OS"), Split.MEDIAN)
    assert found.patients["value"].to_list() == pytest.approx([10 + n / 10 for n in range(10)])
    assert found.patients["group"].to_list() == ["low"] * 5 + ["high"] * 5
    # The high die first: against the low their hazard is above 1. Expected events by hand: at the k-th death all ten
    # minus k are at risk, of whom 5 - k are high for the first five.
    groups = {name: found.patients.filter(group=name).select("time_days", "event").to_numpy().T for name in found.names}
    [ratio] = log_rank({name: (time, event) for name, (time, event) in groups.items()}).hazard_ratios
    expected = sum((5 - k) / (10 - k) for k in range(5))
    assert (ratio.group, ratio.reference) == ("high", "low")
    assert ratio.ratio == pytest.approx((5 / expected) / (5 / (10 - expected)))
    assert ratio.ratio > 2


def test_normal_tissue_or_both_when_asked(paired: Warehouse) -> None:
    normal = values(paired, "xena_luad_expression", "hgnc:3236", "OS", Samples.NORMAL)
    assert normal["value"].to_list() == [None] * 5 + [1.0] * 5
    both = values(paired, "xena_luad_expression", "hgnc:3236", "OS", Samples.BOTH)
    assert np.allclose(both["value"].to_numpy(), [10 + n / 10 for n in range(10)])


def test_the_documented_sql_is_right_with_normal_tissue(paired: Warehouse) -> None:
    """One row for each patient, with the tumour's value."""
    rows = paired.sql(
        """SELECT s.patient_id, s.time_days, k.value FROM survival AS s
        JOIN xena_luad_expression AS k ON k.patient_id = s.patient_id AND k.feature = 'EGFR' AND k.represents_patient
        WHERE s.endpoint = 'OS' ORDER BY s.patient_id"""
    ).rows()
    assert rows == [(f"tcga:TCGA-ZZ-A{n:03d}", 2000 - 150 * n, pytest.approx(10 + n / 10)) for n in range(10)]


@pytest.mark.parametrize(
    ("split", "sizes"),
    [
        (Split.MEDIAN, {"low": 10, "high": 10}),
        (Split.THIRDS, {"low": 7, "high": 7}),
        (Split.QUARTERS, {"low": 5, "high": 5}),
    ],
)
def test_groups_by_expression(split: Split, sizes: dict[str, int]) -> None:
    found = grouped(_patients(*map(float, range(20)), None), split)
    assert dict(found.patients["group"].value_counts().iter_rows()) == sizes
    assert found.names == ["low", "high"]
    assert found.without_value == 1
    low, high = (found.patients.filter(pl.col("group") == name)["value"] for name in ("low", "high"))
    assert low.max() < high.min()  # type: ignore[operator]


def test_groups_by_mutation_and_copies() -> None:
    assert grouped(_patients(*[0.0] * 6, *[1.0] * 5), Split.MUTATED).names == ["not mutated", "mutated"]
    found = grouped(_patients(*[-2.0] * 5, *[0.0] * 6, *[1.0] * (SMALLEST_GROUP - 1)), Split.COPIES)
    assert found.names == ["neutral", "loss"]
    assert found.suppressed == {"gain": SMALLEST_GROUP - 1}
    assert "gain" not in found.patients["group"]


@pytest.mark.parametrize(
    ("told", "split", "message"),
    [
        ([None] * 8, Split.MEDIAN, "no value of this gene"),
        ([1.0] * 20, Split.MEDIAN, "same value"),
        ([0.0] * 20, Split.MUTATED, "Fewer than two groups"),
        ([0.0] * 20 + [1.0] * 4, Split.MUTATED, "mutated: fewer than 5"),
    ],
)
def test_groups_that_cannot_be_made(told: list[float | None], split: Split, message: str) -> None:
    with pytest.raises(AnalysisError, match=message):
        grouped(_patients(*told), split)


def test_what_is_not_there(warehouse: Warehouse) -> None:
    with pytest.raises(AnalysisError, match="no matrix 'x\"; DROP'"):
        values(warehouse, 'x"; DROP', GENE, "OS")
    with pytest.raises(AnalysisError, match="has the end point DFS"):
        values(warehouse, "tcga_luad_expression", GENE, "DFS")
