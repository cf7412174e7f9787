"""The door to the engine: results, frames, warnings, limits, caching, explaining, errors."""

from __future__ import annotations

import datetime as dt
import threading
from pathlib import Path as FilePath

import duckdb
import polars as pl
import pytest

from tests.warehouse.cypher.conformance import scenario_engine
from tests.warehouse.cypher.conftest import build
from warehouse.cypher import CypherEngine, Node, Path, Relationship, derive, open_locked
from warehouse.cypher.syntax.lexer import MAXIMUM_CHARACTERS
from warehouse.errors import QuestionCancelledError, QuestionError, QuestionTimeoutError


def test_nodes_relationships_and_paths_are_python_values(engine: CypherEngine) -> None:
    result = engine.query("MATCH p = (d:Drug {id: 'd0'})-[r:TARGETS]->(g:Gene) RETURN d, r, g, p, {n: g, k: 1} AS m")
    assert result.columns == ["d", "r", "g", "p", "m"]
    ((drug, relationship, gene, path, mapping),) = result.rows()
    assert isinstance(drug, Node)
    assert drug.labels == {"Drug"}
    assert dict(drug) == {"id": "d0", "name": "Revumenib", "year": 2024}
    assert isinstance(relationship, Relationship)
    assert (relationship.type, relationship["score"]) == ("TARGETS", 1.0)
    assert (relationship.start_node, relationship.end_node) == (drug, gene)
    assert gene["approved"] == dt.date(2020, 3, 1)
    assert isinstance(path, Path)
    assert path.nodes == (drug, gene)
    assert path.relationships == (relationship,)
    assert mapping == {"n": gene, "k": 1}


def test_null_properties_are_absent(engine: CypherEngine) -> None:
    ((gene, keys, mapping),) = engine.query("MATCH (g:Gene {id: 'g2'}) RETURN g, keys(g), g {.*, x: null}").rows()
    assert "year" not in gene
    assert set(keys) == set(gene) == {"id", "symbol", "aliases", "approved"}
    assert mapping == {**gene, "x": None}


def test_frames(engine: CypherEngine) -> None:
    result = engine.query("MATCH (g:Gene) RETURN g.id AS id, g.year AS year, g.aliases AS names, g AS node ORDER BY id")
    frame = result.to_polars()
    assert frame["id"].to_list() == ["g0", "g1", "g2", "g3"]
    assert frame.schema["year"] == pl.Int64
    assert frame.schema["names"] == pl.List(pl.String)
    assert '"labels": ["Gene"]' in frame["node"][0]
    assert result.to_arrow().column_names == ["id", "year", "names", "node"]


def test_an_empty_answer_is_a_frame_with_columns(engine: CypherEngine) -> None:
    frame = engine.query("MATCH (g:Gene {id: 'none'}) RETURN g.id AS id, g.year AS year").to_polars()
    assert frame.columns == ["id", "year"]
    assert len(frame) == 0


def test_a_misspelt_name_warns_with_the_nearest(engine: CypherEngine) -> None:
    warnings = engine.query("MATCH (g:Gnee)-[:INTERACT]->(h) RETURN h.symbl").warnings
    assert any("'Gnee'" in one and "'Gene'" in one for one in warnings)
    assert any("'INTERACT'" in one and "'INTERACTS'" in one for one in warnings)
    assert any("'symbl'" in one and "'symbol'" in one for one in warnings)


def test_the_row_limit_cuts_and_says_so(engine: CypherEngine) -> None:
    result = engine.query("UNWIND range(1, 5000) AS x RETURN x", row_limit=100)
    assert (len(result), result.truncated) == (100, True)
    assert not engine.query("UNWIND range(1, 100) AS x RETURN x", row_limit=100).truncated


def test_streaming_gives_every_row(engine: CypherEngine) -> None:
    rows = engine.stream("UNWIND range(1, 30000) AS x RETURN x, 'a' + x AS t")
    assert next(rows) == (1, "a1")
    assert sum(1 for _ in rows) == 29_999


def test_a_time_limit_stops_a_query(engine: CypherEngine) -> None:
    text = "UNWIND range(1, 3000000) AS a UNWIND range(1, 3000000) AS b RETURN count(a + b % 7)"
    with pytest.raises(QuestionTimeoutError):
        engine.query(text, timeout_s=0.3)


def test_compiled_text_is_kept_by_the_types_of_parameters(engine: CypherEngine) -> None:
    text = "RETURN $x AS x"
    assert engine.compile(text, {"x": 1}) is engine.compile(text, {"x": 2})
    assert engine.compile(text, {"x": 1}) is not engine.compile(text, {"x": "a"})


def test_explain_shows_sql_and_plan(engine: CypherEngine) -> None:
    shown = engine.explain("MATCH (g:Gene {id: $id}) RETURN g.symbol", {"id": "g0"})
    assert shown.startswith("SELECT")
    assert "Table: " in shown


def test_no_text_of_the_user_is_in_the_statement(engine: CypherEngine) -> None:
    text = (
        "MATCH (g:Gene {id: 'sekret1'}) WHERE g.symbol = $x AND g.nosekret2 IS NULL "
        "RETURN g.id AS sekret3, {sekret4: 1} AS m"
    )
    sql = engine.compile(text, {"x": "sekret5"}).sql
    assert "sekret" not in sql


def test_errors_name_line_and_column(engine: CypherEngine) -> None:
    with pytest.raises(QuestionError) as caught:
        engine.query("MATCH (g:Gene)\nWHERE g.id = = 1\nRETURN g")
    assert (caught.value.line, caught.value.column) == (2, 14)
    assert "met '='" in caught.value.message
    assert "expected" in caught.value.message


def test_text_that_is_too_long_is_refused(engine: CypherEngine) -> None:
    with pytest.raises(QuestionError, match="parameter"):
        engine.query("RETURN '" + "x" * MAXIMUM_CHARACTERS + "'")


def test_queries_of_several_threads_do_not_disturb_each_other(engine: CypherEngine) -> None:
    found: list[object] = []

    def ask(number: int) -> None:
        text = "MATCH (g:Gene)-[:INTERACTS*1..3]-(h) RETURN $n AS n, count(*) AS c, [x IN [1, 'a'] | x] AS l"
        found.append(engine.query(text, {"n": number}).rows()[0][0])

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, found)) == [str(number) for number in range(8)]


def test_a_locked_file_cannot_be_written_or_unlocked(tmp_path: FilePath) -> None:
    path = tmp_path / "store.duckdb"
    with duckdb.connect(str(path)) as connection:
        catalogue = build(connection)
    engine = CypherEngine(open_locked(path, memory_mb=256), catalogue)
    assert engine.query("MATCH (n) RETURN count(*) AS n").rows() == [(8,)]
    for statement in (
        "CREATE TABLE x (a INT)",
        "SET enable_external_access = true",
        "SELECT * FROM read_text('/etc/hostname')",
        "ATTACH '/tmp/other.duckdb'",
    ):
        with pytest.raises(duckdb.Error):
            engine.connection.execute(statement)
    engine.close()


def test_a_refresh_derives_only_what_changed(tmp_path: FilePath) -> None:
    with duckdb.connect(str(tmp_path / "store.duckdb")) as connection:
        catalogue = build(connection)
        connection.execute("DELETE FROM graph.targets WHERE score < 0.5")
        connection.execute("INSERT INTO graph.targets SELECT 1099511627790, 1099511627777, 3, 0.3")
        derive(connection, catalogue, ["targets"])
        engine = CypherEngine(connection, catalogue)
        text = "MATCH (d)-[:TARGETS]->(g) RETURN d.id, g.id ORDER BY d.id"
        assert engine.query(text).rows() == [("d0", "g0"), ("d1", "g3")]
        backward = "MATCH (g:Gene {id: 'g3'})<-[r]-(d) RETURN d.id, type(r)"
        assert engine.query(backward).rows() == [("d1", "TARGETS")]
        assert engine.query("MATCH ()-[r]->() RETURN count(r)").rows() == [(10,)]


def test_public_values_hide_internal_columns(engine: CypherEngine) -> None:
    ((gene,),) = engine.query("MATCH (g:Gene {id: 'g0'}) RETURN g").rows()
    assert not any(name.startswith("_") for name in gene)
    assert engine.query("MATCH (g:Gene {id: 'g0'}) RETURN g._nid, g['_nid']").rows() == [(None, None)]


def test_a_running_query_is_cancelled_from_another_thread(engine: CypherEngine) -> None:
    told: list[Exception] = []

    def ask() -> None:
        try:
            engine.query(
                "UNWIND range(1, 9000) AS a UNWIND range(1, 9000) AS b UNWIND range(1, 9000) AS c RETURN sum(a * b)",
                timeout_s=60,
            )
        except QuestionCancelledError as error:
            told.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    stopped = 0
    for _ in range(2000):
        stopped += engine.cancel()
        asking.join(0.01)
        if not asking.is_alive():
            break
    assert not asking.is_alive()
    assert stopped >= 1
    assert len(told) == 1
    assert engine.cancel() == 0
    assert engine.query("RETURN 1 AS one").rows() == [(1,)]


def test_a_list_of_any_values_is_unwound() -> None:
    nodes = [
        {"id": 1, "labels": ["N"], "properties": {"tags": ["b", "a"]}},
        {"id": 2, "labels": ["N"], "properties": {"tags": []}},
        {"id": 3, "labels": ["N"], "properties": {}},
        {"id": 4, "labels": ["N"], "properties": {"tags": "one"}},
    ]
    engine, _numbers = scenario_engine({"nodes": nodes, "relationships": []})
    found = engine.query("MATCH (n:N) UNWIND n.tags AS tag RETURN tag, count(*) AS c ORDER BY tag").rows()
    assert found == [("a", 1), ("b", 1), ("one", 1)]
    with pytest.raises(QuestionError, match="no function"):
        engine.query("MATCH (n:N) RETURN any(t IN n.tags WHERE ` items`(t) = 1)")
    engine.close()
