"""The table of targets of a disease: counts, weights, and what stands behind each cell."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl
import pytest

from analytics.interactive.prioritisation import (
    CRITERIA,
    SAID_BY,
    TUMOUR_TPM,
    NoGenesError,
    explain,
    general_counts,
    prioritise,
)
from tests.conftest import SmallBuild, stated
from warehouse.errors import QuestionError
from warehouse.home import Home
from warehouse.statements import ROW, Matrix
from warehouse.warehouse import Warehouse


@pytest.fixture(scope="module")
def sample(sample_home: Home) -> Iterator[Warehouse]:
    with Warehouse.open(sample_home.root) as opened:
        yield opened


@pytest.fixture(scope="module")
def disease(sample: Warehouse) -> str:
    asked = (
        "MATCH (d:Disease)-[:ASSOCIATES]->(g:Gene) RETURN d.id AS id, count(g) AS genes ORDER BY genes DESC, id LIMIT 1"
    )
    return str(sample.query(asked).rows()[0][0])


def test_every_cell_counts_what_its_explanation_lists(sample: Warehouse, disease: str) -> None:
    table = prioritise(sample, disease).table
    for row in table.head(3).to_dicts():
        for one in CRITERIA:
            if one.name == TUMOUR_TPM:
                continue
            listed = list(explain(sample, disease, row["gene_id"], one.name))
            databases = [stated.get("databases") or stated.get("sources") or [] for stated in listed]
            count = sum(map(len, databases)) if one.name == "evidence" else len(listed)
            assert count == row[one.name], (row["gene"], one.name)
        assert sum(count for name, count in row.items() if name.startswith(SAID_BY)) == row["evidence"]


def test_the_score_is_the_weighted_mean_of_the_parts(sample: Warehouse, disease: str) -> None:
    found = prioritise(sample, disease, {"drugs": 3, "evidence": 1, **dict.fromkeys(_all_but("drugs", "evidence"), 0)})
    for row in found.table.to_dicts():
        parts = {one.name: row[one.name] / (row[one.name] + one.half) for one in CRITERIA if one.name in row}
        assert row["score"] == pytest.approx((3 * parts["drugs"] + parts["evidence"]) / 4)
    assert found.table["score"].to_list() == sorted(found.table["score"], reverse=True)
    assert found.table["rank"].to_list() == list(range(1, len(found.table) + 1))


def test_neighbours_come_on_request(sample: Warehouse, disease: str) -> None:
    alone = set(prioritise(sample, disease).table["gene_id"])
    assert alone < set(prioritise(sample, disease, with_neighbours_of=1).table["gene_id"])


def test_counts_that_hang_on_no_disease_are_had_once(sample: Warehouse, disease: str) -> None:
    known = general_counts(sample)
    assert {one.name for one in CRITERIA if one.general} == set(known)
    assert known["drugs"]
    # What is given is taken, not asked again.
    first = prioritise(sample, disease).table
    assert prioritise(sample, disease, known=known).table.equals(first)
    none = {name: dict[str, float]() for name in known}
    assert set(prioritise(sample, disease, known=none).table["structures"]) == {0}


def test_what_makes_no_table_is_refused(sample: Warehouse, disease: str) -> None:
    with pytest.raises(NoGenesError, match="No gene is linked with doid:0"):
        prioritise(sample, "doid:0")
    with pytest.raises(QuestionError, match="no criterion 'huh'"):
        prioritise(sample, disease, {"huh": 1})
    with pytest.raises(QuestionError, match="no criterion 'huh'"):
        explain(sample, disease, "hgnc:1", "huh")
    for weights in ({"drugs": -1.0}, {"drugs": float("nan")}, dict.fromkeys(_all_but(), 0.0)):
        with pytest.raises(QuestionError, match="not negative"):
            prioritise(sample, disease, weights)


def _all_but(*names: str) -> list[str]:
    return [one.name for one in CRITERIA if one.name not in names]


# -- how strongly genes are expressed in tumours ---------------------------------------------------------------------


def _matrix(name: str, cohort: str, unit: str, values: dict[str, list[float | None]]) -> Matrix:
    rows = [
        {"row_id": f"tcga:TCGA-ZZ-A00{place}", "feature": gene, "value": value, ROW: place}
        for gene, given in values.items()
        for place, value in enumerate(given, 1)
    ]
    return Matrix(name, "expression", cohort, unit, "Patient", pl.DataFrame(rows))


@pytest.fixture(scope="module")
def tumours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """Two diseases with the genes A, B and C; of one disease a cohort has levels, of the other z-scores."""
    small = SmallBuild(tmp_path_factory.mktemp("tumours"))
    genes = [{"id": f"hgnc:{n}", "symbol": symbol} for n, symbol in enumerate("ABC", 1)]
    small.say("x", stated("Gene", *genes), stated("Disease", *({"id": f"doid:{n}", "name": f"d{n}"} for n in (1, 2))))
    small.say("x", stated("Cohort", *({"id": f"tcga.study:{name}", "name": name} for name in ("YY", "ZZ"))))
    patients = [{"id": f"tcga:TCGA-ZZ-A00{n}", "name": f"TCGA-ZZ-A00{n}"} for n in (1, 2, 3)]
    small.say("x", stated("Patient", *patients))
    links = [{"subject": f"doid:{d}", "object": f"hgnc:{g}", "evidence": "asserted"} for d in (1, 2) for g in (1, 2, 3)]
    small.say("x", stated("ASSOCIATES", *links))
    studies = [{"subject": f"tcga.study:{c}", "object": f"doid:{d}", "evidence": "asserted"} for c, d in _STUDIES]
    small.say("x", stated("STUDIES", *studies))
    levels: dict[str, list[float | None]] = {"A": [3.0, 1.0, 2.0], "B": [-9.9658, -9.9658, 5.0]}
    small.writer.add_matrix(_matrix("zz_levels", "tcga.study:ZZ", "log2(TPM + 0.001)", levels), 1)
    small.writer.add_matrix(_matrix("yy_scores", "tcga.study:YY", "z-score", {"A": [0.0, 1.0]}), 1)
    small.finish()
    with Warehouse(small.close()) as opened:
        yield opened


_STUDIES = (("ZZ", 1), ("YY", 2))


def test_the_cohort_that_studies_the_disease_tells_the_levels(tumours: Warehouse) -> None:
    found = prioritise(tumours, "doid:1")
    levels = dict(found.table.select("gene", TUMOUR_TPM).iter_rows())
    assert levels == {"A": pytest.approx(3.999), "B": 0.0, "C": None}
    assert found.cohort == "tcga.study:ZZ"
    assert "zz_levels" in found.notes[0]
    # What was not measured gets nothing for it, and takes nothing from the others.
    scores = dict(found.table.select("gene", "score").iter_rows())
    assert scores["A"] > scores["B"] == scores["C"]
    listed = explain(tumours, "doid:1", "hgnc:1", TUMOUR_TPM)
    assert [row["tpm"] for row in listed] == [7.999, 3.999, 1.999]
    assert [row["row"] for row in listed] == [1, 3, 2]


def test_a_disease_without_levels_says_so(tumours: Warehouse) -> None:
    found = prioritise(tumours, "doid:2")
    assert TUMOUR_TPM not in found.table.columns
    assert found.weights[TUMOUR_TPM] == 0
    assert "tcga.study:YY studies doid:2, but holds z-scores" in found.notes[0]
    assert "Cohorts with levels: tcga.study:ZZ" in found.notes[0]
    chosen = prioritise(tumours, "doid:2", cohort="tcga.study:ZZ")
    assert chosen.table[TUMOUR_TPM].count() == 2
    with pytest.raises(QuestionError, match=r"no expression levels \(TPM\) of tcga\.study:YY"):
        prioritise(tumours, "doid:2", cohort="tcga.study:YY")
    with pytest.raises(QuestionError, match="tumour expression is left out"):
        explain(tumours, "doid:2", "hgnc:1", TUMOUR_TPM)
    with pytest.raises(QuestionError, match="not all of them are zero"):
        prioritise(tumours, "doid:2", {TUMOUR_TPM: 1.0, **dict.fromkeys(_all_but(TUMOUR_TPM), 0.0)})
