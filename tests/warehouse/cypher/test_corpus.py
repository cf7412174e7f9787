"""The recorded answers of Neo4j: analysts' queries, edge cases and the conformance kit."""

from __future__ import annotations

import pytest

from tests.warehouse.cypher.conformance import (
    KIT_FILE,
    Report,
    has_several_labels,
    is_temporal,
    read_lines,
    run_kit,
    run_queries,
)
from tests.warehouse.cypher.conftest import CORPUS

pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason=f"the corpus is not at {CORPUS}")
PARTS = 4
# Queries that Neo4j refuses when they run and we answer, each with the reason.
KNOWN_LAXER = {"reverse(g.nums)": "Neo4j does not take a stored list of integers in reverse()"}


def test_analysts_queries_are_equal() -> None:
    report = run_queries(CORPUS)
    assert report.count("different") == 0, [one for one in report.outcomes if one.kind == "different"]
    assert report.equal_share >= 0.99
    laxer = [one.query for one in report.outcomes if one.kind == "laxer"]
    assert all(any(known in query for known in KNOWN_LAXER) for query in laxer)


@pytest.mark.parametrize("part", range(PARTS))
def test_kit_is_equal(part: int) -> None:
    entries = read_lines(CORPUS / KIT_FILE)[part::PARTS]
    plain, temporal = Report(), Report()
    for entry, outcome in run_kit(CORPUS, entries):
        (temporal if is_temporal(entry) else plain).outcomes.append(outcome)
        assert outcome.kind not in ("different", "laxer"), outcome
        assert not (outcome.kind == "refused" and "Error:" in outcome.detail and "UDF" in outcome.detail), outcome
    assert plain.equal_share >= 0.99
    assert temporal.equal_share >= 0.97


def test_a_kit_graph_with_several_labels_is_answered() -> None:
    entries = [entry for entry in read_lines(CORPUS / KIT_FILE) if has_several_labels(entry)]
    kinds = {outcome.kind for _, outcome in run_kit(CORPUS, entries)}
    assert kinds <= {"equal", "strict"}
