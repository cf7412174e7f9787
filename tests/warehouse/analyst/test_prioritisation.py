"""The table of targets of a disease: counts, weights, and what stands behind each cell."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from warehouse.analyst.prioritisation import CRITERIA, explain, prioritise
from warehouse.errors import QuestionError
from warehouse.home import Home
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
            listed = list(explain(sample, disease, row["gene_id"], one.name))
            count = sum(len(stated["sources"]) for stated in listed) if one.name == "evidence" else len(listed)
            assert count == row[one.name], (row["gene"], one.name)


def test_the_score_is_the_weighted_mean_of_the_parts(sample: Warehouse, disease: str) -> None:
    found = prioritise(sample, disease, {"drugs": 3, "evidence": 1, **dict.fromkeys(_all_but("drugs", "evidence"), 0)})
    for row in found.table.to_dicts():
        parts = {one.name: row[one.name] / (row[one.name] + one.half) for one in CRITERIA}
        assert row["score"] == pytest.approx((3 * parts["drugs"] + parts["evidence"]) / 4)
    assert found.table["score"].to_list() == sorted(found.table["score"], reverse=True)
    assert found.table["rank"].to_list() == list(range(1, len(found.table) + 1))


def test_neighbours_come_on_request(sample: Warehouse, disease: str) -> None:
    alone = set(prioritise(sample, disease).table["gene_id"])
    assert alone < set(prioritise(sample, disease, with_neighbours_of=1).table["gene_id"])


def test_what_makes_no_table_is_refused(sample: Warehouse, disease: str) -> None:
    with pytest.raises(QuestionError, match="No gene is linked with doid:0"):
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
