"""Groups of the sample's patients by a gene, small groups left out."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl
import pytest

from analytics.survival.groups import SMALLEST_GROUP, Split, grouped, values
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


def test_samples_of_a_patient_are_averaged(warehouse: Warehouse) -> None:
    assert values(warehouse, "xena_luad_expression", GENE, "OS")["value"].drop_nulls().len() > 50


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
    assert found.names == ["lost", "as usual"]
    assert found.suppressed == {"gained": SMALLEST_GROUP - 1}
    assert "gained" not in found.patients["group"]


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
