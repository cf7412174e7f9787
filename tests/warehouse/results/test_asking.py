"""What a run predicts is seen by every door, and only while the run is active."""

from __future__ import annotations

import hashlib
from pathlib import Path

import duckdb
import polars as pl
import pytest

from tests.warehouse.results.conftest import PREDICTS, TABLES, Published, account, copy_of, findings, publish_build
from warehouse.answer import Limits
from warehouse.errors import QuestionError
from warehouse.graph.duckdb_store import DuckDBGraphStore
from warehouse.home import Home
from warehouse.results import overlay, tables
from warehouse.results.findings import Findings
from warehouse.results.store import Results, with_active_runs
from warehouse.results.tables import ResultTable, number, text, texts
from warehouse.warehouse import Warehouse


def _fingerprint(home: Home) -> dict[str, tuple[int, str]]:
    store = DuckDBGraphStore(with_active_runs(home.current()))
    try:
        return store.fingerprint()
    finally:
        store.close()


def _checksum(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_cypher_sees_the_run_its_subnetwork_and_its_relationships(asked: Published) -> None:
    with Warehouse.open(asked.home.root) as warehouse:
        found = warehouse.query(
            """MATCH (r:AnalysisRun)-[:PRODUCED]->(s:Subnetwork)-[m:HAS_MEMBER]->(x)
            RETURN r.name, r.seed, r.older_build, s.name, labels(x)[0], x.id, m.role, m.evidence ORDER BY x.id"""
        )
        run = asked.run.run
        assert found.rows() == [
            (run, 7, False, "Responders, common", "Gene", "hgnc:2", "hub", "predicted"),
            (run, 7, False, "Responders, common", "Protein", "uniprot:P1", None, "predicted"),
        ]
        edges = warehouse.query(
            """MATCH (g:Gene)-[r:REGULATES {run: $run}]->(h:Gene)
            RETURN g.symbol, h.symbol, r.rank, r.score, r.delta_ecv, r.sources ORDER BY r.rank""",
            run=run,
        )
        assert edges.rows() == [("CCC", "BBB", 1, 2.0, -1.5, ["ecv"]), ("BBB", "AAA", 2, 0.5, None, ["ecv"])]


def test_an_untyped_pattern_means_every_type(asked: Published) -> None:
    hops = "MATCH (:Gene {symbol: 'BBB'})-[r]-(x) RETURN type(r) AS type, r.evidence ORDER BY type, x.id"
    path = """MATCH p = shortestPath((:Gene {symbol: 'CCC'})-[*..4]->(:Protein))
        RETURN [r IN relationships(p) | type(r)]"""
    with Warehouse.open(asked.home.root) as warehouse:
        assert warehouse.query(hops).rows() == [
            ("HAS_MEMBER", "predicted"),
            ("INTERACTS_WITH", "asserted"),
            ("REGULATES", "predicted"),
            ("REGULATES", "predicted"),
        ]
        assert warehouse.query(path).rows() == [(["REGULATES", "REGULATES", "ENCODES"],)]
    with Warehouse.open(asked.home.root, predictions=False) as warehouse:
        assert warehouse.query(hops).rows() == [("INTERACTS_WITH", "asserted")]
        assert warehouse.query(path).rows() == []
        assert warehouse.runs == ()


@pytest.mark.parametrize(
    "question",
    [
        "MATCH (g:Gene)-[r:INTERACTS_WITH|ENCODES]-(x) RETURN g.id, type(r), x.id ORDER BY g.id, x.id",
        "MATCH (g:Gene)-[:INTERACTS_WITH*1..3]-(x:Gene) RETURN g.id, x.id ORDER BY g.id, x.id",
        "MATCH (g:Gene) RETURN g ORDER BY g.id",
    ],
)
def test_a_question_that_names_its_types_gets_no_prediction(asked: Published, question: str) -> None:
    with Warehouse.open(asked.home.root, predictions=False) as alone:
        expected = alone.query(question).rows()
    with Warehouse.open(asked.home.root) as warehouse:
        assert warehouse.query(question).rows() == expected


def test_sql_has_views_of_the_run_and_of_every_type(asked: Published) -> None:
    run = asked.run.run
    with Warehouse.open(asked.home.root) as warehouse:
        (told,) = warehouse.sql("FROM runs")
        assert (told["run"], told["analysis"], told["older_build"], told["vanished"]) == (run, "ecv", False, 0)
        assert told["parameters"] == '{"cohort": "c1", "top_percent": 5.0}'
        assert told["metrics"] == '{"auroc": 0.8}'
        assert told["notes"] == ["One gene was constant."]
        edges = warehouse.sql("SELECT subject, object, rank FROM regulates ORDER BY rank").rows()
        assert edges == [("hgnc:3", "hgnc:2", 1), ("hgnc:2", "hgnc:1", 2)]
        kinds = warehouse.sql(
            "SELECT predicate, evidence, count(*) FROM relationships GROUP BY ALL ORDER BY ALL"
        ).rows()
        assert kinds == [
            ("ENCODES", "asserted", 1),
            ("HAS_MEMBER", "predicted", 2),
            ("HAS_RELEASE", "asserted", 2),
            ("INTERACTS_WITH", "asserted", 1),
            ("PRODUCED", "predicted", 1),
            ("REGULATES", "predicted", 2),
        ]
        assert warehouse.sql("SELECT type FROM entities WHERE name = 'Responders, common'").rows() == [("Subnetwork",)]
        assert warehouse.sql("SELECT run, sample, value FROM ecv_samples ORDER BY ALL").rows() == [
            (run, "s1", 1.0),
            (run, "s2", 2.0),
        ]
        assert warehouse.sql("FROM gene ORDER BY id").to_polars().height == 3


def test_a_build_without_runs_has_the_views_and_no_rows(home: Home) -> None:
    with Warehouse.open(home.root) as warehouse:
        for view in ("runs", "regulates", "proximal_to", "analysis_run", "subnetwork", "vanished_members"):
            assert warehouse.sql(f"FROM {view}").rows() == []


def test_search_finds_subnetworks_and_runs(asked: Published) -> None:
    with Warehouse.open(asked.home.root) as warehouse:
        (found,) = warehouse.search("responders", "Subnetwork")
        assert (found["name"], found["match"]) == ("Responders, common", "beginning")
        assert warehouse.search(asked.run.run).rows()[0][1] == "AnalysisRun"
        assert warehouse.search("AAA").rows()[0][0] == "hgnc:1"


def test_after_retracting_everything_is_as_it_was(home: Home) -> None:
    results, before = Results(home), _fingerprint(home)
    bytes_before = _checksum(home.current().database)
    with Warehouse.open(home.root) as warehouse:
        plan = warehouse.explain("MATCH (g:Gene)-[r]->(x) RETURN g, r, x")
    record = results.publish(account(home), findings(), PREDICTS, TABLES)
    during = _fingerprint(home)
    assert {name: during[name] for name in before} == before
    assert set(during) - set(before) == {"AnalysisRun", "Subnetwork", "HAS_MEMBER", "PRODUCED", "REGULATES"}
    results.retract(record.run)
    assert _fingerprint(home) == before
    assert _checksum(home.current().database) == bytes_before
    assert list(results.folder.glob("overlays/*")) == []
    with Warehouse.open(home.root) as warehouse:
        assert warehouse.explain("MATCH (g:Gene)-[r]->(x) RETURN g, r, x") == plan
        assert warehouse.query("MATCH ()-[r:REGULATES]->() RETURN count(r)").rows() == [(0,)]
    results.activate(record.run)
    assert _fingerprint(home) == during


def test_the_fingerprint_does_not_depend_on_the_order_of_publication(bare_home: Home, tmp_path: Path) -> None:
    found = []
    for order in ((1, 2), (2, 1)):
        home = copy_of(bare_home, tmp_path / f"home{order[0]}")
        for seed in order:
            Results(home).publish(account(home, seed), findings(), PREDICTS, TABLES)
        found.append(_fingerprint(home))
    assert found[0] == found[1]
    assert found[0]["REGULATES"][0] == 4


def test_who_has_opened_a_warehouse_keeps_what_it_opened(published: Published) -> None:
    question = "MATCH ()-[r:REGULATES]->() RETURN count(r)"
    with Warehouse.open(published.home.root) as early:
        published.results.retract(published.run.run, delete=True)
        with Warehouse.open(published.home.root) as late:
            assert late.query(question).rows() == [(0,)]
        assert early.query(question).rows() == [(2,)]
        assert early.runs == (published.run.run,)


def test_the_doors_stay_shut(asked: Published, tmp_path: Path) -> None:
    build = with_active_runs(asked.home.current())
    connection = overlay.open_with_runs(build, Limits.memory_mb)
    attempts = [
        f"COPY graph.gene TO '{tmp_path}/stolen.csv'",
        f"ATTACH '{tmp_path}/other.duckdb'",
        "FROM read_csv('/etc/hostname')",
        "SET enable_external_access = true",
        "DROP VIEW main.gene",
        "DELETE FROM graph.regulates",
        "CREATE TABLE main.mine AS SELECT 1",
        f'DELETE FROM "{asked.run.run}".predicted.regulates',
        "DELETE FROM build.graph.gene",
        "INSTALL httpfs",
    ]
    try:
        for attempt in attempts:
            with pytest.raises(duckdb.Error):
                connection.cursor().execute(attempt)
    finally:
        connection.close()
    with Warehouse.open(asked.home.root) as warehouse, pytest.raises(QuestionError):
        warehouse.sql("DELETE FROM regulates")


def test_a_newer_build_finds_merged_members_and_lists_lost_ones(published: Published) -> None:
    """hgnc:3 is gone; hgnc:2 has become hgnc:9, to which the old symbol leads no reference: it is lost as well."""
    publish_build(published.home, {"hgnc:1": "AAA", "hgnc:2": "BBB"})
    with Warehouse.open(published.home.root) as warehouse:
        assert warehouse.runs == (published.run.run,)
        (told,) = warehouse.sql("SELECT older_build, vanished FROM runs").rows()
        assert told == (True, 1)
        lost = warehouse.sql("SELECT type, subject, object, reason FROM vanished_members").rows()
        assert lost == [("REGULATES", "hgnc:3", "hgnc:2", "the subject is not in this build")]
        assert warehouse.sql("SELECT subject, object FROM regulates").rows() == [("hgnc:2", "hgnc:1")]
    publish_build(published.home, {"hgnc:1": "AAA", "hgnc:2": "BBB", "hgnc:3": "CCC"})
    with Warehouse.open(published.home.root) as warehouse:
        assert warehouse.sql("SELECT older_build, vanished FROM runs").rows() == [(False, 0)]


def test_members_that_were_merged_are_found_once(home: Home) -> None:
    """A run names genes by symbol; in the next build two of the symbols are one gene."""
    edges = pl.DataFrame(
        {
            "subject": ["hgnc.symbol:BBB", "hgnc.symbol:CCC"],
            "object": ["hgnc.symbol:AAA", "hgnc.symbol:AAA"],
            "score": [1.0, 2.0],
        }
    )
    Results(home).publish(account(home), Findings(relationships={"REGULATES": edges}), PREDICTS)
    publish_build(home, {"hgnc:1": "AAA", "hgnc:2": "BBB"}, BBB="CCC")
    with Warehouse.open(home.root) as warehouse:
        assert warehouse.sql("SELECT subject, object, rank FROM regulates").rows() == [("hgnc:2", "hgnc:1", 1)]
        ((reason,),) = warehouse.sql("SELECT reason FROM vanished_members").rows()
        assert reason.startswith("identifiers were merged")


def test_a_declared_table_is_an_empty_view_in_a_build_that_was_made_before_it(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    columns = (text("drug", "The drug"), number("score", "Its score"), texts("genes", "Its genes"))
    late = {"late_drugs": ResultTable("drugs", "A drug.", columns)}
    monkeypatch.setattr(tables, "PROVIDERS", [lambda: late])
    expected = {"run": pl.String, "drug": pl.String, "score": pl.Float64, "genes": pl.List(pl.String)}
    with Warehouse.open(home.root) as warehouse:
        assert dict(warehouse.sql("FROM late_drugs").to_polars().schema) == expected
        assert warehouse.query("MATCH (g:Gene) RETURN count(g)").rows() == [(3,)]
    with Warehouse.open(home.root, predictions=False) as warehouse:
        assert warehouse.sql("FROM late_drugs").rows() == []
    Results(home).publish(account(home), findings(), PREDICTS, TABLES)
    with Warehouse.open(home.root) as warehouse:
        assert warehouse.sql("FROM late_drugs").rows() == []


def test_a_run_of_an_earlier_version_lacks_what_was_declared_since(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Results(home).publish(account(home), findings(), PREDICTS, TABLES).run
    newer = ResultTable("samples", "A sample.", (text("sample", "The sample"), number("weight", "Its weight")))
    monkeypatch.setattr(tables, "PROVIDERS", [lambda: {"ecv_samples": newer}])
    with Warehouse.open(home.root) as warehouse:
        asked = warehouse.sql("SELECT run, sample, weight, value FROM ecv_samples ORDER BY sample").rows()
    assert asked == [(run, "s1", None, 1.0), (run, "s2", None, 2.0)]
