"""Texts that try to write, to read files, to break out of names and strings, or to run for ever."""

from __future__ import annotations

import time

import pytest

from warehouse.cypher import CypherEngine
from warehouse.errors import QuestionError, QuestionMemoryError, QuestionTimeoutError

WRITES = [
    "CREATE (n:Gene {id: 'x'})",
    "MATCH (n) DELETE n",
    "MATCH (n) DETACH DELETE n",
    "MATCH (n) SET n.x = 1",
    "MATCH (n) SET n:Drug RETURN n",
    "MATCH (n) REMOVE n.id",
    "MERGE (n:Gene {id: 'x'}) RETURN n",
    "MATCH (a), (b) CREATE (a)-[:INTERACTS]->(b)",
    "MATCH (n) WITH n CREATE (m) RETURN m",
    "FOREACH (x IN [1] | CREATE (n))",
    "MATCH (n) FOREACH (x IN [1] | SET n.y = x)",
    "UNWIND [1] AS x CREATE (n {y: x}) RETURN n",
    "CALL { CREATE (n) RETURN n } RETURN n",
    "MATCH (n) CALL (n) { SET n.x = 1 } RETURN n",
    "RETURN EXISTS { CREATE (n) }",
    "INSERT (n:Gene)",
    "MATCH (n) NODETACH DELETE n",
]
ADMINISTRATION = [
    "CREATE INDEX FOR (n:Gene) ON (n.id)",
    "CREATE CONSTRAINT FOR (n:Gene) REQUIRE n.id IS UNIQUE",
    "CREATE USER bob SET PASSWORD 'x'",
    "DROP INDEX x",
    "DROP DATABASE neo4j",
    "SHOW DATABASES",
    "SHOW USERS",
    "SHOW INDEXES YIELD *",
    "ALTER USER neo4j SET PASSWORD 'x'",
    "GRANT ROLE admin TO bob",
    "REVOKE ROLE admin FROM bob",
    "DENY MATCH ON GRAPH * TO bob",
    "START DATABASE x",
    "STOP DATABASE x",
    "TERMINATE TRANSACTION 'x'",
    "RENAME USER a TO b",
    "USE system MATCH (n) RETURN n",
    "EXPLAIN MATCH (n) RETURN n",
    "PROFILE MATCH (n) RETURN n",
    "CYPHER runtime=slotted MATCH (n) RETURN n",
]
FILES_AND_NETWORK = [
    "LOAD CSV FROM 'file:///etc/passwd' AS row RETURN row",
    "LOAD CSV WITH HEADERS FROM 'http://localhost/x.csv' AS row RETURN row",
    "RETURN read_text('/etc/passwd')",
    "RETURN read_csv('/etc/passwd')",
    "RETURN getenv('HOME')",
    "RETURN glob('/*')",
    "RETURN read_blob('/etc/passwd') AS x",
    "RETURN query('SELECT 1')",
    "RETURN current_setting('memory_limit')",
    "RETURN pragma_version()",
    "RETURN duckdb_secrets()",
    "RETURN cypher_any(1, 2)",
    "RETURN cypher_paths(1, 2, 3)",
    "RETURN ` sum`([1])",
    "RETURN ` items`(1)",
    "RETURN error('x')",
    "RETURN sleep(10)",
    "RETURN nextval('x')",
    "RETURN apoc.load.json('http://localhost')",
    "CALL apoc.load.json('http://localhost') YIELD value RETURN value",
    "CALL dbms.listConfig()",
    "CALL dbms.security.listUsers()",
    "CALL db.createLabel('x')",
    "CALL gds.graph.list()",
    "CALL read_text('/etc/passwd') YIELD content RETURN content",
    "COPY graph.gene TO '/tmp/x'",
    "ATTACH '/tmp/x.db'",
    "INSTALL httpfs",
    "PRAGMA database_list",
    "SELECT * FROM graph.gene",
    "SET memory_limit = '1TB'",
]
SEVERAL_STATEMENTS = [
    "RETURN 1; RETURN 2",
    "RETURN 1; DROP TABLE graph.gene",
    "MATCH (n) RETURN n;;",
    "RETURN 1 MATCH (n)",
    "RETURN 1 UNION SELECT 2",
]
UNICODE = [
    "RETURN '\\u0027 + 1'",
    "RETURN '\\u005c'",
    "MATCH (n:`\\u0060`) RETURN n",
    "RETURN \\u0031",
    "ＲＥＴＵＲＮ 1",
    "RETURN ‘x’",
    "RETURN 'x\0y'",
    "MATCH (n:`a\0b`) RETURN n",
    "RETURN 1\u200b+ 1",
    "RETURN ''' OR 1=1",
]
BROKEN = [
    "",
    " ",
    "MATCH",
    "MATCH (n",
    "MATCH (n) RETURN",
    "MATCH n RETURN n",
    "RETURN (1",
    "RETURN [1, 2",
    "RETURN {a: 1",
    "RETURN 'x",
    'RETURN "x',
    "RETURN `x",
    "RETURN $",
    "RETURN 1 +",
    "RETURN 1 2",
    "RETURN 0x",
    "RETURN 12abc",
    "RETURN 9223372036854775808",
    "RETURN 1e400",
    "/* RETURN 1",
    "MATCH (n) WHERE RETURN n",
    "MATCH (n)-[r]>(m) RETURN n",
    "MATCH (n)-[*3..]-(m)-[ RETURN n",
    "RETURN CASE END",
    "RETURN missing",
    "MATCH (n) RETURN m",
    "MATCH (n) WITH n.id AS i RETURN n",
    "MATCH (a)-[r]->(b)-[r]->(c) RETURN a",
    "MATCH (n) RETURN n.year + count(*)",
    "MATCH (n) WHERE count(n) > 1 RETURN n",
    "RETURN count(count(1))",
    "RETURN nosuch(1)",
    "RETURN size()",
    "RETURN size(1)",
    "RETURN 1 AS a, 2 AS a",
    "MATCH (n) RETURN n UNION MATCH (m) RETURN m",
    "RETURN 1 AS a UNION RETURN 2 AS a UNION ALL RETURN 3 AS a",
    "MATCH (n) RETURN n LIMIT -1",
    "MATCH (n) RETURN n LIMIT 1.5",
    "MATCH (n) RETURN n LIMIT n.year",
    "RETURN 'a' - 1",
    "RETURN true + 1",
    "RETURN NOT 1",
    "RETURN [1] AND true",
    "MATCH (n) RETURN n.id.x",
    "MATCH p = (a)--(b) RETURN p.x",
    "UNWIND 1 RETURN 1",
    "WITH 1 RETURN 1",
    "RETURN 1 / 0",
    "RETURN 9223372036854775807 + 1",
    "RETURN 'a' =~ '(?<=a)b'",
    "RETURN 'a' =~ '(a)\\\\1'",
    "MATCH p = shortestPath((a)-->(b)-->(c)) RETURN p",
    "MATCH p = shortestPath((a:Gene {id: 'g0'})-[*]-(b:Gene {id: 'g0'})) RETURN p",
]
# What looks like an attack on SQL but is plain text or a plain name to Cypher: answered, and harmless.
INJECTIONS = [
    'RETURN "\'; DROP TABLE graph.gene; --" AS x',
    "RETURN 'x\\'; DROP TABLE graph.gene; --' AS x",
    'MATCH (n:`Gene"; DROP TABLE graph.gene; --`) RETURN n',
    'MATCH (n:Gene {id: "\' OR 1=1 --"}) RETURN n',
    "MATCH (n) WHERE n.`id\" = '' OR 1=1 --` = 1 RETURN n",
    'MATCH (n)-[r:`x" UNION SELECT 1`]->() RETURN r',
    'RETURN 1 AS `a"; DROP TABLE graph.gene; --`',
    "WITH 1 AS `x) FROM graph.gene --` RETURN `x) FROM graph.gene --`",
    "UNWIND ['$text0', '$given0'] AS x RETURN x",
    'RETURN {`a": 1, "b`: 2} AS m',
    'MATCH (n:Gene) RETURN n {.id, `x"y`: 1} AS m',
    "MATCH (n) RETURN n._nid AS a, n.`_nid` AS b LIMIT 1",
    "MATCH ()-[r]->() RETURN r._rid AS a, r._s AS b LIMIT 1",
    "MATCH (`select`:Gene) RETURN `select`.id AS `from` ORDER BY `from`",
    "RETURN [`x y` IN [1] | `x y`] AS `list`",
    "RETURN '{0} {python} %s $1 ?' AS x",
    "RETURN reduce(`a b` = 0, `self` IN [1, 2] | `a b` + `self`) AS total",
    "RETURN [self IN [1, 'a'] | self] AS x",
]
REFUSED = WRITES + ADMINISTRATION + FILES_AND_NETWORK + SEVERAL_STATEMENTS + UNICODE + BROKEN


@pytest.mark.parametrize("text", REFUSED)
def test_hostile_text_is_refused(engine: CypherEngine, text: str) -> None:
    with pytest.raises(QuestionError) as caught:
        engine.query(text)
    assert caught.value.message
    assert "Binder Error" not in str(caught.value)
    assert engine.query("MATCH (g:Gene) RETURN count(*) AS n").rows() == [(4,)]


@pytest.mark.parametrize("text", INJECTIONS)
def test_text_that_attacks_sql_is_only_text(engine: CypherEngine, text: str) -> None:
    engine.query(text)
    assert engine.query("MATCH (g:Gene) RETURN count(*) AS n").rows() == [(4,)]


def test_there_are_at_least_a_hundred_of_them() -> None:
    assert len(REFUSED) + len(INJECTIONS) >= 100


def test_a_write_says_that_questions_only_read(engine: CypherEngine) -> None:
    with pytest.raises(QuestionError, match=r"line 1, column 11: SET would change the graph"):
        engine.query("MATCH (n) SET n.x = 1")


@pytest.mark.parametrize(
    "text",
    [
        "RETURN " + "(" * 10_000 + "1" + ")" * 10_000,
        "RETURN " + "[" * 10_000 + "]" * 10_000,
        "RETURN " + "NOT " * 20_000 + "true",
        "RETURN 1" + " + 1" * 20_000,
        "RETURN " + "x" * 100_000,
        "RETURN " + " AND ".join(["true"] * 15_000) + " AND missing",
        "MATCH " + "(n)--" * 5_000 + "(m) RETURN n",
    ],
)
def test_huge_texts_are_refused_quickly(engine: CypherEngine, text: str) -> None:
    started = time.monotonic()
    with pytest.raises(QuestionError):
        engine.query(text, timeout_s=5)
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    "text",
    [
        "UNWIND range(1, 2000000000) AS i RETURN count(i)",
        "RETURN size(range(1, 2000000000)) AS n",
        "RETURN [x IN range(1, 3000000) | [y IN range(1, 3000000) | x * y]] AS n",
        "UNWIND range(1, 100000) AS a UNWIND range(1, 100000) AS b UNWIND range(1, 99) AS c RETURN sum(a * b % 7 + c)",
    ],
)
def test_runaway_queries_stop_and_the_next_is_served(engine: CypherEngine, text: str) -> None:
    with pytest.raises((QuestionTimeoutError, QuestionMemoryError)):
        engine.query(text, timeout_s=1)
    assert engine.query("RETURN 1 AS n").rows() == [(1,)]


@pytest.mark.parametrize(
    ("text", "parameters"),
    [
        ("RETURN $x", {}),
        ("RETURN $x", {"x": object()}),
        ("RETURN $x", {"x": 2**70}),
        ("RETURN $x", {"x": {1: 2}}),
        ("MATCH (g:Gene) WHERE g.symbol =~ $x RETURN g", {"x": "(?=a)"}),
        ("MATCH (g:Gene) RETURN g LIMIT $x", {"x": -1}),
        ("MATCH (g:Gene) RETURN g LIMIT $x", {"x": "3"}),
        ("MATCH (g:Gene) RETURN percentileCont(g.year, $x) AS p", {"x": 2.0}),
    ],
)
def test_bad_parameters_are_refused(engine: CypherEngine, text: str, parameters: dict[str, object]) -> None:
    with pytest.raises(QuestionError):
        engine.query(text, parameters)


@pytest.mark.parametrize(
    "value", [[1, "a", None, 2.5], float("nan"), {}, [], "'; --", "\u2028", True, {"a": [{"b": 1}]}]
)
def test_odd_parameters_come_back_as_they_are(engine: CypherEngine, value: object) -> None:
    (row,) = engine.query("RETURN $x AS x", {"x": value}).rows()
    assert repr(row[0]) == repr(value)
