"""The door for questions on a real server: what may not pass does not, and what passes is not changed by it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.neo4j.server import Server
from tests.warehouse.cypher.test_ways_out import SCALARS
from tests.warehouse.graph.cases import OLD, make_build
from tests.warehouse.graph.neo4j import published_store
from warehouse.answer import Limits
from warehouse.errors import QuestionError, TargetGraphError
from warehouse.graph.catalogue import catalogue
from warehouse.graph.duckdb_store import DuckDBGraphStore
from warehouse.graph.neo4j.door import admit, require_harmless
from warehouse.graph.neo4j.store import Neo4jGraphStore
from warehouse.home import Build
from warehouse.model import MODEL

CATALOGUE = catalogue(MODEL)
LIMITS = Limits(timeout_s=20)


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    return make_build(tmp_path_factory.mktemp("door") / "old", OLD)


@pytest.fixture
def store(neo4j_server: Server, build: Build) -> Iterator[Neo4jGraphStore]:
    opened = published_store(neo4j_server, build)
    yield opened
    opened.close()


# Each must be refused, or do nothing but read the graph. {port} is that of a listener which nobody may reach.
ATTEMPTS = [
    # writing
    "CREATE (n:Evil)",
    "CREATE (n:Evil) RETURN n",
    "MERGE (n:Evil {id: 'x'}) RETURN n",
    "MATCH (n) SET n.evil = 1",
    "MATCH (n) SET n:Evil RETURN n",
    "MATCH (n) REMOVE n.id RETURN n",
    "MATCH (n) DELETE n",
    "MATCH (n) DETACH DELETE n",
    "MATCH (n) NODETACH DELETE n",
    "FOREACH (x IN [1] | CREATE (:Evil))",
    "MATCH (g:Gene) CALL (g) { SET g.evil = 1 } RETURN g",
    "CALL { CREATE (:Evil) } IN TRANSACTIONS RETURN 1",
    "UNWIND [1] AS x CALL (x) { CREATE (:Evil) } IN CONCURRENT TRANSACTIONS RETURN x",
    "MATCH (a:Gene), (b:Protein) CREATE (a)-[:EVIL]->(b)",
    "INSERT (n:Evil)",
    "RETURN 1; CREATE (n:Evil)",
    "RETURN 1 UNION CREATE (n:Evil) RETURN 1",
    "EXPLAIN CREATE (n:Evil)",
    "PROFILE CREATE (n:Evil)",
    "CYPHER 25 CREATE (n:Evil)",
    "CYPHER runtime=slotted CREATE (n:Evil)",
    "USE neo4j CREATE (n:Evil)",
    "WITH 1 AS x CREATE (n:Evil) RETURN n",
    "RETURN EXISTS { CREATE (n:Evil) }",
    "RETURN COLLECT { CREATE (n:Evil) RETURN n }",
    # escapes that a server reads before it reads the text
    "RETURN 'a\\u0027 AS x CREATE (n:Evil) RETURN \\u0027b' AS y",
    "RETURN 1 AS x /* \\u002a\\u002f CREATE (n:Evil) WITH 1 AS x RETURN x /* */",
    "RETURN 1 AS x // \\u000a CREATE (n:Evil)",
    "RETURN 1 AS `a\\u0060 CREATE (n:Evil) RETURN 1 AS \\u0060b`",
    'RETURN "a\\u0022 CREATE (n:Evil) RETURN \\u0022b" AS y',
    "MATCH (n:`Gene\\u0060) DETACH DELETE n //`) RETURN n",
    "\\u0043REATE (n:Evil)",
    # schema and administration
    "CREATE INDEX evil FOR (n:Gene) ON (n.symbol)",
    "CREATE CONSTRAINT evil FOR (n:Gene) REQUIRE n.symbol IS UNIQUE",
    "DROP INDEX names",
    "DROP CONSTRAINT targetgraph_gene_id",
    "CREATE USER evil SET PASSWORD 'evil12345'",
    "ALTER CURRENT USER SET PASSWORD FROM 'a' TO 'b'",
    "ALTER USER neo4j SET PASSWORD 'evil12345'",
    "DROP USER neo4j",
    "SHOW USERS",
    "SHOW DATABASES",
    "SHOW TRANSACTIONS",
    "TERMINATE TRANSACTIONS 'neo4j-transaction-1'",
    "SHOW SETTINGS",
    "STOP DATABASE neo4j",
    "DROP DATABASE neo4j",
    "GRANT ROLE admin TO neo4j",
    "CALL dbms.listConfig()",
    "CALL dbms.listConfig() YIELD name, value RETURN name, value",
    "CALL dbms.setConfigValue('db.logs.query.enabled', 'OFF') YIELD x RETURN x",
    "CALL dbms.queryJmx('*:*') YIELD name RETURN name",
    "CALL dbms.security.createUser('evil', 'evil12345', false) YIELD x RETURN x",
    "CALL db.createLabel('Evil') YIELD x RETURN x",
    "CALL db.createProperty('evil') YIELD x RETURN x",
    "CALL db.clearQueryCaches() YIELD value RETURN value",
    "CALL db.checkpoint() YIELD success RETURN success",
    "CALL tx.setMetaData({evil: 1}) YIELD x RETURN x",
    "CALL `dbms.listConfig`() YIELD name RETURN name",
    "CALL dbms . listConfig ( ) YIELD name RETURN name",
    # files and the network
    "LOAD CSV FROM 'file:///etc/passwd' AS line RETURN line",
    "LOAD CSV FROM 'http://127.0.0.1:{port}/' AS line RETURN line",
    "WITH 1 AS x LOAD CSV FROM 'http://127.0.0.1:{port}/' AS line RETURN line",
    "CALL { LOAD CSV FROM 'http://127.0.0.1:{port}/' AS line RETURN line } RETURN line",
    "RETURN COLLECT { LOAD CSV FROM 'http://127.0.0.1:{port}/' AS line RETURN line } AS lines",
    "LOAD CSV WITH HEADERS FROM $url AS line RETURN line",
    "RETURN 1 AS x /* \\u002a\\u002f LOAD CSV FROM 'http://127.0.0.1:{port}/' AS line RETURN line /* */",
    "CALL apoc.load.json('http://127.0.0.1:{port}/') YIELD value RETURN value",
    "CALL apoc.cypher.runWrite('CREATE (:Evil)', {}) YIELD value RETURN value",
    "RETURN apoc.cypher.runFirstColumnSingle('LOAD CSV FROM \"file:///etc/passwd\" AS l RETURN l', {}) AS x",
    "RETURN gds.version() AS x",
    "RETURN file() AS f",
    "RETURN linenumber() AS n",
    "RETURN graph.byName('system') AS x",
]


@pytest.mark.parametrize("text", ATTEMPTS)
def test_no_attempt_gets_through(text: str) -> None:
    """Without a server: the parser, the functions and the procedures refuse; what passes only reads."""
    try:
        admitted = admit(text.replace("{port}", "1"), {"url": "http://127.0.0.1:1/"}, CATALOGUE)
    except QuestionError:
        return
    sent = admitted.text.upper()
    assert not any(word in sent for word in ("CREATE", "DELETE", "LOAD", "\\U", "/*", "//"))


def test_there_are_enough_attempts() -> None:
    assert len(set(ATTEMPTS)) >= 50


def test_no_attempt_changes_the_server_or_reaches_out(store: Neo4jGraphStore, neo4j_server: Server) -> None:
    import socket

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        listener.settimeout(0.2)
        before, schema = store.fingerprint(), neo4j_server.run("SHOW INDEXES YIELD name RETURN count(name)")
        users = neo4j_server.run("SHOW USERS YIELD user")
        for text in ATTEMPTS:
            refused = _ask(store, text.replace("{port}", str(listener.getsockname()[1])))
            assert refused or "\\u" in text, text
        assert store.fingerprint() == before
        assert neo4j_server.run("SHOW INDEXES YIELD name RETURN count(name)") == schema
        assert neo4j_server.run("SHOW USERS YIELD user") == users
        assert neo4j_server.run("MATCH (n:Evil) RETURN count(n)") == [[0]]
        with pytest.raises(TimeoutError):
            listener.accept()


def _ask(store: Neo4jGraphStore, text: str) -> bool:
    """Whether a question is refused; what it answers must be harmless."""
    try:
        answer = store.query(text, {"url": "file:///etc/passwd"} if "$url" in text else {}, LIMITS)
    except TargetGraphError:
        return True
    assert "root:" not in str(answer.rows())
    return False


@pytest.mark.parametrize(
    "text",
    [
        "LOAD CSV FROM 'file:///etc/passwd' AS line RETURN line",
        "CALL dbms.listConfig() YIELD name RETURN name",
        "SHOW USERS",
        "CREATE (n:Evil)",
        "MATCH (n:Gene) SET n.evil = 1",
        "MATCH (n) CALL (n) { DETACH DELETE n } IN TRANSACTIONS",
    ],
)
def test_the_plan_alone_refuses_too(neo4j_server: Server, text: str) -> None:
    """Where the parser had let it in, the plan of the server would not."""
    with neo4j_server.driver() as driver, driver.session(database="neo4j", default_access_mode="READ") as session:
        summary = session.run("EXPLAIN " + text).consume()
    with pytest.raises(QuestionError):
        require_harmless(summary.plan, summary.query_type)


@pytest.mark.parametrize(
    "text",
    [
        "MATCH (n) RETURN count(n) AS n",
        "MATCH () RETURN count(*) AS n",
        "MATCH (n:!Gene) RETURN count(n) AS n",
        "MATCH (n:%) RETURN count(n) AS n",
        "MATCH (n WHERE n.symbol IS NULL) RETURN count(n) AS n",
        "MATCH (n IS !Gene|Protein WHERE n.symbol IS NULL) RETURN count(n) AS n",
        "MATCH (n:_TargetGraph) RETURN count(n) AS n",
        "MATCH (n {_key: 'graph'}) RETURN count(n) AS n",
        "MATCH (a)-[*0..1]-(b) RETURN count(*) AS n",
        "MATCH (a) ((x)-->(y)){0,1} (b) RETURN count(*) AS n",
        "MATCH ((x)-->(y)){0,1} (b) RETURN count(*) AS n",
        "RETURN COUNT { (n) } AS n",
        "RETURN COUNT { MATCH (n) } AS n",
        "MATCH (g:Gene), (n) RETURN count(*) AS n",
        "OPTIONAL MATCH (n) WHERE n._key IS NOT NULL RETURN count(n) AS n",
        "MATCH (n) UNWIND keys(n) AS k WITH DISTINCT k WHERE k STARTS WITH '_' RETURN count(k) AS n",
        "CALL db.labels() YIELD label RETURN collect(label) AS n",
        "CALL db.labels() YIELD label AS l RETURN collect(l) AS n",
        "CALL db.relationshipTypes() YIELD relationshipType AS t WITH t ORDER BY t RETURN collect(t) AS n",
        "CALL db.propertyKeys() YIELD propertyKey RETURN count(propertyKey) AS n",
        "CALL db.labels()",
        "CALL db.labels;",
        "CALL `db`.`labels` YIELD *",
        "CALL db.relationshipTypes YIELD relationshipType AS `a type`",
        "OPTIONAL CALL db.labels() YIELD label WHERE label STARTS WITH 'G' RETURN label",
        "CALL db.labels() YIELD label AS a CALL db.labels() YIELD label AS b WHERE a < b RETURN a, b ORDER BY a, b",
        r"RETURN 'it\'s \\ a \u0041 \n line' AS text, '\\u0041' AS other",
        "RETURN 1 + /* a comment */ 2, 'x' // the end",
        'MATCH (g:Gene) WHERE g.symbol =~ "M\\\\w+" RETURN g.symbol',
        "MATCH (g:Gene)-[r:ENCODES]->(p) RETURN r, g, p",
        "MATCH p = (:Gene)-[:ENCODES]->() RETURN p, nodes(p), relationships(p)",
        "MATCH (s:Source {id: 'targetgraph.source:hgnc'}) RETURN properties(s) AS p, s {.*} AS q",
        "RETURN date('2024-02-29') AS d, localdatetime('2024-02-29T12:30:01.5') AS t, duration('P1M2DT3S') AS x",
        "RETURN time('10:00:01+01:00') AS t, datetime('2024-02-29T12:00Z') AS u, localtime('01:02') AS l",
        "MATCH (g:Gene) RETURN * ORDER BY g.id",
    ],
)
def test_both_stores_answer_alike(store: Neo4jGraphStore, build: Build, text: str) -> None:
    by_build = DuckDBGraphStore(build)
    try:
        expected, found = by_build.query(text, {}, LIMITS), store.query(text, {}, LIMITS)
    finally:
        by_build.close()
    assert found.columns == expected.columns
    assert _plain(found.rows()) == _plain(expected.rows())


def test_both_stores_give_the_same_frames(store: Neo4jGraphStore, build: Build) -> None:
    expressions = [one for one in SCALARS if one not in {"g", "r", "p", "h"}]
    lists = ["[1, 2.5]", "['a', 1]", "[[1], []]", "{a: [0.0 / 0.0, null]}", "[duration('P1D'), date('2020-01-01')]"]
    columns = ", ".join(f"{one} AS c{number}" for number, one in enumerate([*expressions, *lists]))
    by_build = DuckDBGraphStore(build)
    try:
        expected = by_build.query(f"RETURN {columns}", {}, LIMITS)
    finally:
        by_build.close()
    assert store.query(f"RETURN {columns}", {}, LIMITS).to_polars().equals(expected.to_polars())


@pytest.mark.parametrize("text", ["CALL db.labels() YIELD label, label", "MATCH (n) CALL db.labels() RETURN n"])
def test_calls_that_neo4j_refuses_are_refused(store: Neo4jGraphStore, text: str) -> None:
    with pytest.raises(QuestionError, match="yields"):
        store.query(text, {}, LIMITS)


def _plain(rows: object) -> object:
    from tests.warehouse.cypher.conformance import comparable

    return [comparable(list(row), None) for row in rows]  # type: ignore[attr-defined]


def test_words_are_found_by_the_full_text_index(store: Neo4jGraphStore) -> None:
    assert store.full_text("signaling")[0][:2] == ("reactome:R-HSA-1", "Signaling")
    text = "CALL db.index.fulltext.queryNodes('names', $words) YIELD node RETURN node.id AS id"
    assert store.query(text, {"words": "HGFR"}, LIMITS).rows() == [("hgnc:7029",)]


def test_what_we_refuse_is_told_in_our_words(store: Neo4jGraphStore) -> None:
    with pytest.raises(QuestionError, match="line 1, column 24"):
        store.query("MATCH (g:Gene) RETURN  h.id", {}, LIMITS)
    with pytest.raises(QuestionError, match="no function"):
        store.query("RETURN apoc.version() AS v", {}, LIMITS)


def test_explain_shows_what_is_sent_and_the_plan(store: Neo4jGraphStore) -> None:
    told = store.explain("MATCH (g:Gene {id: $id}) RETURN g.symbol", {"id": "hgnc:7029"})
    assert told.startswith("MATCH (g:Gene {id: $id}) RETURN g.symbol\n")
    assert "NodeUniqueIndexSeek" in told


def test_passwords_show_nowhere(neo4j_server: Server, tmp_path: Path) -> None:
    from pydantic import SecretStr

    from warehouse.graph.neo4j.connection import Target

    target = Target(neo4j_server.uri, "neo4j", SecretStr("a-wrong-secret"))
    assert "a-wrong-secret" not in repr(target)
    with pytest.raises(TargetGraphError) as caught:
        Neo4jGraphStore(target)
    assert "a-wrong-secret" not in str(caught.value)
    assert "does not take the user 'neo4j'" in str(caught.value)
    with pytest.raises(TargetGraphError) as caught:
        Target("bolt://neo4j:a-secret@localhost:7687")
    assert "a-secret" not in str(caught.value)
