"""What a run says of its quality: the word for its figures, and the account that is kept."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.warehouse.results.conftest import PREDICTS, TABLES, account, findings
from warehouse.home import Home
from warehouse.results.evidence import Evidence, EvidencePlan, Interval, Measured, Verdict
from warehouse.results.store import Results

PLAN = EvidencePlan(
    metric="AUROC, 0 to 1",
    naive="Degree",
    classical="Random walk",
    permuted="Labels are exchanged",
    split="Five folds",
    kept_apart="Patients",
    cost="Five fits: 1 s",
)
GOOD = Measured(
    model=Interval(0.8, 0.75, 0.85),
    naive=Interval(0.6, 0.5, 0.7),
    classical=Interval(0.7, 0.6, 0.8),
    permuted=Interval(0.5, 0.4, 0.6),
    over_naive=Interval(0.2, 0.1, 0.3),
    over_classical=Interval(0.1, 0.02, 0.18),
    tested="100 drugs",
    controls=20,
    seeds=(7,),
)


@pytest.mark.parametrize(
    ("measured", "verdict"),
    [
        (GOOD, Verdict.BETTER),
        (replace(GOOD, over_classical=Interval(0.1, -0.02, 0.18)), Verdict.NOT_CLASSICAL),
        (replace(GOOD, over_classical=Interval(0.1)), Verdict.NOT_CLASSICAL),
        (replace(GOOD, over_naive=Interval(0.2, 0.0, 0.3)), Verdict.NOT_NAIVE),
        (replace(GOOD, over_naive=Interval(-0.2, -0.3, -0.1)), Verdict.NOT_NAIVE),
        (replace(GOOD, over_naive=Interval(0.2)), Verdict.NOT_NAIVE),
        (replace(GOOD, permuted=Interval(0.7, 0.5, 0.81)), Verdict.CHANCE),
        (replace(GOOD, permuted=Interval(0.8)), Verdict.CHANCE),
        (replace(GOOD, model=Interval(-1.0, -1.1, -0.9), permuted=Interval(-1.2, -1.3, -1.1)), Verdict.BETTER),
    ],
)
def test_the_word_follows_from_the_whole_interval(measured: Measured, verdict: Verdict) -> None:
    assert Evidence(PLAN, measured).verdict is verdict


def test_what_cannot_be_measured_says_why() -> None:
    evidence = Evidence(PLAN, reason="3 of 9 drugs are known.")
    assert evidence.verdict is Verdict.UNMEASURED
    assert evidence.rows() == []
    assert evidence.facts()["reason"] == "3 of 9 drugs are known."
    for wrong in ({}, {"measured": GOOD, "reason": "both"}):
        with pytest.raises(ValueError, match="either figures or the reason"):
            Evidence(PLAN, **wrong)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="finite"):
        Interval(0.5, float("nan"))


@pytest.mark.parametrize("evidence", [Evidence(PLAN, GOOD), Evidence(PLAN, reason="Too few samples."), None])
def test_it_is_kept_with_the_run(home: Home, evidence: Evidence | None) -> None:
    results = Results(home)
    published = results.publish(account(home), replace(findings(), evidence=evidence), PREDICTS, TABLES)
    assert results.record(published.run) == published
    assert published.evidence == evidence
