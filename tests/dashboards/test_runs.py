"""The page of runs: the list, one run opened, what was killed, and who may take a run out."""

from __future__ import annotations

import fcntl
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from analytics.interactive.enrichment import enrich
from dashboards.page import Page, Role, View, pages
from dashboards.parts import runs
from tests.warehouse.results.conftest import (
    PREDICTS,
    TABLES,
    Published,
    account,
    copy_of,
    findings,
    make_home,
    publish_build,
)
from tests.warehouse.results.test_evidence import GOOD, PLAN
from warehouse.analyst.gene_sets import chosen
from warehouse.errors import QuestionError
from warehouse.model import FULL_MODEL
from warehouse.results.evidence import Evidence, Interval
from warehouse.results.listing import ListedRun, RunState, listed_runs
from warehouse.results.store import Results
from warehouse.warehouse import Warehouse

Draw = Callable[..., AppTest]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Published:
    """A small warehouse with an active run, made once; nobody changes it."""
    home = make_home(tmp_path_factory.mktemp("runs") / "home")
    results = Results(home)
    return Published(home, results, results.publish(account(home), findings(), PREDICTS, TABLES))


@pytest.fixture
def published(kept: Published, tmp_path: Path) -> Published:
    """A copy of it, to be changed."""
    home = copy_of(kept.home, tmp_path / "home")
    return Published(home, Results(home), kept.run)


def _page() -> Page:
    return next(page for page in pages() if page.path == "runs")


def _said(test: AppTest) -> str:
    kinds = [test.error, test.warning, test.info, test.success, test.markdown, test.caption]
    return "\n".join(str(one.value) for kind in kinds for one in kind).replace("\\", "")


def _labels(test: AppTest) -> list[str]:
    return [button.label for button in test.button]


def test_without_runs_the_page_says_how_to_make_one(draw: Draw) -> None:
    test = draw("runs")
    assert "targetgraph analyze" in test.info[0].value
    assert not test.dataframe


def test_a_run_is_listed_and_opened(draw: Draw, kept: Published) -> None:
    test = draw("runs", {"run": kept.run.run}, kept.home)
    assert not test.exception
    assert not test.error
    row = test.dataframe[0].value.iloc[0]
    assert (row["run"], row["state"], row["seed"], row["code_version"]) == (
        kept.run.run, "✓ active", 7, "0.1.0+abc",
    )  # fmt: skip
    assert "cohort c1" in row["parameters"]
    assert row["input_fingerprint"] == kept.run.build_content_hash[:16]
    assert row["input"].startswith("this build")
    metrics, predicted, options = (one.value for one in test.dataframe[1:4])
    assert metrics.to_dict("records") == [{"metric": "auroc", "value": 0.8}]
    assert list(predicted["score"]) == [2.0, 0.5]
    assert list(predicted["subject_name"]) == ["CCC", "BBB"]
    assert list(predicted["evidence"]) == ["predicted"] * 2
    assert kept.run.build_content_hash in set(options["value"])
    assert "One gene was constant." in _said(test)
    assert test.query_params["run"] in (kept.run.run, [kept.run.run])


def test_the_evidence_of_a_run_is_shown_with_a_word(draw: Draw, published: Published) -> None:
    assert "No evidence of quality" in _said(draw("runs", {"run": published.run.run}, published.home))
    weak = Evidence(PLAN, replace(GOOD, over_naive=Interval(0.2, -0.1, 0.5)))
    for seed, evidence in enumerate((weak, Evidence(PLAN, reason="3 of 9 drugs are known."))):
        given = replace(findings(), evidence=evidence)
        run = published.results.publish(account(published.home, seed), given, PREDICTS, TABLES).run
        test = draw("runs", {"run": run}, published.home)
        assert not test.exception
        assert str(evidence.verdict) in _said(test)
        assert str(evidence.verdict) in set(test.dataframe[0].value["evidence"])
        assert "Kept apart: Patients" in _said(test)
        if evidence.reason:
            assert evidence.reason in _said(test)
            continue
        figures = test.dataframe[1].value
        assert list(figures["method"]) == ["this run", "naive baseline", "classical baseline", "permuted control"]
        assert list(figures["value"]) == [0.8, 0.6, 0.7, 0.5]
        assert figures["difference_lower"][1] == -0.1


def test_subnetworks_and_tables_of_a_run(draw: Draw, kept: Published) -> None:
    address = {"run": kept.run.run, "kind": "Subnetwork"}
    subnetworks = draw("runs", address, kept.home).dataframe[2].value
    assert list(subnetworks["name"]) == ["Responders, common"]
    assert subnetworks["id"][0].startswith("report?id=targetgraph.subnetwork:")
    table = draw("runs", address | {"kind": "ecv_samples"}, kept.home).dataframe[2].value
    assert list(table["sample"]) == ["s1", "s2"]
    gone = draw("runs", address | {"kind": "vanished_members"}, kept.home)
    assert "every member of its predictions is in this build" in _said(gone)


def test_metrics_stand_beside_their_interval_baseline_and_permuted_control(kept: Published) -> None:
    figures = {"auroc": 0.85, "auroc_lower": 0.8, "auroc_upper": 0.9, "auroc_permuted": 0.43, "auroc_baseline": 0.7}
    rows = runs.metric_rows(replace(kept.run, metrics={**figures, "edges": 12.0, "edges_kept": 3.0}))
    assert rows.columns == ["metric", "value", "lower", "upper", "baseline", "permuted"]
    assert rows.rows()[0] == ("auroc", 0.85, 0.8, 0.9, 0.7, 0.43)
    assert rows["metric"].to_list() == ["auroc", "edges", "edges kept"]
    assert rows["permuted"].to_list() == [0.43, None, None]


def test_a_reader_retracts_nothing_however_it_is_asked(draw: Draw, published: Published) -> None:
    test = draw("runs", {"run": published.run.run}, published.home)
    assert not [label for label in _labels(test) if "etract" in label]
    assert "An operator may take a run out." in _said(test)
    # A browser may send the click of a button that was never drawn for it: the one that an operator has.
    operators = draw("runs", {"run": published.run.run}, published.home, "operator")
    next(one for one in operators.button if one.key == "retract").click()
    forged = test._run(operators._tree.get_widget_states())
    assert not forged.exception
    assert published.results.active() == (published.run.run,)
    with Warehouse.open(published.home.root) as warehouse:
        view = View(published.home, warehouse, Role.READER, _page())
        for what in ("retract", "activate"):
            with pytest.raises(QuestionError, match="Only an operator"):
                runs.change(view, published.run.run, what)
    assert published.results.active() == (published.run.run,)


def test_an_operator_retracts_after_a_question_that_names_what_goes(draw: Draw, published: Published) -> None:
    test = draw("runs", {"run": published.run.run}, published.home, "operator")
    assert "2 HAS_MEMBER, 2 REGULATES, 1 Subnetwork, the table ecv_samples" in _said(test)
    assert published.results.active() == (published.run.run,)
    next(one for one in test.button if one.label == f"Retract {published.run.run}").click().run()
    assert not test.exception
    assert published.results.active() == ()
    assert test.success[0].value.replace("\\", "") == f"{published.run.run} is retracted."
    assert test.dataframe[0].value["state"][0] == "– retracted"
    assert "the run is not active" in _said(test)
    next(one for one in test.button if one.label == "Make it active again").click().run()
    assert published.results.active() == (published.run.run,)
    assert test.dataframe[0].value["state"][0] == "✓ active"


def test_what_cannot_be_done_is_told(draw: Draw, published: Published) -> None:
    test = draw("runs", {"run": published.run.run}, published.home, "operator")
    # Another operator removed it meanwhile.
    published.results.retract(published.run.run, delete=True)
    next(one for one in test.button if one.label == f"Retract {published.run.run}").click().run()
    assert not test.exception
    assert "names 0 runs" in test.error[0].value


def test_what_was_killed_or_is_damaged_is_listed_as_such(draw: Draw, published: Published) -> None:
    folder = published.results.folder
    killed = published.results.attempts.checkpoint("ecv-000000000001")
    killed.mkdir(parents=True)
    (killed / "part").write_text("x")
    now = published.results.attempts.checkpoint("proximity-000000000002")
    now.mkdir()
    (folder / "ecv-000000000003.duckdb").write_bytes(b"half")
    (folder / "ecv-000000000004.json").write_text("{")
    with (now.parent / f"{now.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        test = draw("runs", {"run": "ecv-000000000001"}, published.home, "operator")
        assert not test.exception
        states = dict(zip(test.dataframe[0].value["run"], test.dataframe[0].value["state"], strict=True))
        assert states == {
            published.run.run: "✓ active",
            "ecv-000000000001": "⚠ interrupted",
            "proximity-000000000002": "… running",
            "ecv-000000000003": "⚠ partial",
            "ecv-000000000004": "✗ damaged",
        }
    assert "The same command goes on from its checkpoint" in _said(test)
    next(one for one in test.button if one.key == "drop").click().run()
    assert test.success[0].value.replace("\\", "") == "ecv-000000000001 is dropped."
    assert not killed.exists()
    assert not [label for label in _labels(test) if "etract" in label]
    assert "cannot be read" in _said(draw("runs", {"run": "ecv-000000000004"}, published.home))
    by_name = {one.run: one for one in listed_runs(published.results)}
    assert by_name["proximity-000000000002"].state is RunState.INTERRUPTED
    assert by_name["ecv-000000000004"].analysis == "ecv"


def test_a_run_that_is_not_there_is_named(draw: Draw, kept: Published) -> None:
    test = draw("runs", {"run": "<b>ecv-nothing</b>"}, kept.home)
    assert "Run: there is no '<b>ecv-nothing</b>' here" in test.error[0].value.replace("\\", "")
    assert not test.subheader, "another run is shown in its place"
    assert test.selectbox(key="run").set_value(kept.run.run).run().subheader[0].value.replace("\\", "") == kept.run.run


def test_a_run_on_an_older_build_says_so(draw: Draw, published: Published) -> None:
    publish_build(published.home, {"hgnc:1": "AAA", "hgnc:2": "BBB"})
    test = draw("runs", {"run": published.run.run, "kind": "vanished_members"}, published.home)
    assert "whose content differs" in _said(test)
    assert test.dataframe[0].value["input"][0].startswith("an older build")
    assert list(test.dataframe[2].value["subject"]) == ["report?id=hgnc:3"]


def test_a_list_of_runs_is_sorted_and_typed(kept: Published) -> None:
    with Warehouse.open(kept.home.root) as warehouse:
        view = View(kept.home, warehouse, Role.READER, _page())
        frame = runs.list_of(view, [ListedRun("ecv-1", RunState.PARTIAL)])
    assert frame.schema["seed"] == pl.Int64
    assert frame["analysis"].to_list() == ["ecv"]


def test_predicted_subnetworks_are_gene_sets_while_the_run_is_active(kept: Published) -> None:
    with Warehouse.open(kept.home.root) as warehouse, warehouse.reading() as connection:
        sets = chosen(["Subnetwork"], FULL_MODEL)
        found = enrich(connection, ["hgnc:2"], ["hgnc:1", "hgnc:2", "hgnc:3"], sets).table
    assert found.select("collection", "set_name", "hits", "set_size").rows() == [
        ("HAS_MEMBER:Subnetwork", "Responders, common", 1, 1)
    ]
