"""Procedures, called alone and inside a query, in the forms that Neo4j 5.26 takes and refuses."""

from __future__ import annotations

import pytest

from tests.neo4j.server import Server
from warehouse.cypher import CypherEngine
from warehouse.errors import QuestionError

LABELS = [("Disease",), ("Drug",), ("Gene",)]
ALONE = (
    "CALL db.labels()", "CALL db.labels", "CALL db.labels();", "CALL `db`.`labels`()", "OPTIONAL CALL db.labels()",
    "CALL db.labels() YIELD label", "CALL db.labels YIELD label", "CALL db.labels() YIELD *", "CALL db.labels YIELD *",
)  # fmt: skip
INSIDE = (
    "CALL db.labels() YIELD label RETURN label",
    "CALL db.labels() YIELD label AS label RETURN *",
    "OPTIONAL CALL db.labels() YIELD label RETURN label",
    "CALL { CALL db.labels() YIELD label RETURN label } RETURN label",
    "UNWIND [1] AS x CALL db.labels() YIELD label WITH label RETURN label",
    "CALL db.labels() YIELD label WHERE size(label) > 0 RETURN label",
)
REFUSED = {
    "CALL db.labels() YIELD label WHERE label = 'Gene'": "needs a RETURN",
    "CALL db.labels() YIELD label LIMIT 1": "expected the end",
    "CALL db.labels() WHERE label = 'x'": "expected the end",
    "CALL db.labels() YIELD *, label": "expected the end",
    "CALL db.labels() YIELD x": "yields 'label', once",
    "CALL db.labels() YIELD label, label": "yields 'label', once",
    "CALL db.labels(1)": "takes no argument",
    "CALL db.nope()": "there is no procedure",
    "CALL DB.Labels()": "there is no procedure",
    "CALL db.labels() YIELD * RETURN label": "names what it yields",
    "CALL db.labels() RETURN label": "names what it yields",
    "CALL db.labels() RETURN 1 AS x": "names what it yields",
    "CALL db.labels() MATCH (n) RETURN n": "names what it yields",
    "MATCH (g:Gene) CALL db.labels() RETURN g.id": "names what it yields",
    "MATCH (g:Gene) CALL db.labels YIELD label RETURN label": "lacks its parentheses",
    "CALL db.labels() CALL db.labels()": "names what it yields",
    "CALL db.labels() UNION CALL db.labels()": "must end with RETURN",
    "CALL { CALL db.labels() } RETURN 1 AS x": "names what it yields",
    "WITH 1 AS label CALL db.labels() YIELD label RETURN label": "already defined",
}
OTHERS = (
    "CALL db.relationshipTypes()", "CALL db.propertyKeys()", "CALL db.labels() YIELD label AS l",
    "CALL db.labels() YIELD label AS `my label`",
    "CALL db.relationshipTypes() YIELD relationshipType RETURN count(*) AS n",
    "CALL db.labels() YIELD label AS a CALL db.labels() YIELD label AS b WHERE a < b RETURN a, b",
    "CALL db.labels() YIELD label MATCH (g) WHERE label IN labels(g) RETURN label, count(*) AS n",
    "CALL db.propertyKeys() YIELD propertyKey WHERE propertyKey = 'symbol' RETURN propertyKey",
    "RETURN EXISTS { CALL db.labels() YIELD label RETURN label } AS x",
)  # fmt: skip


@pytest.mark.parametrize("text", [*ALONE, *INSIDE])
def test_labels_are_listed(engine: CypherEngine, text: str) -> None:
    result = engine.query(text)
    assert result.columns == ["label"]
    assert sorted(result.rows()) == LABELS


def test_the_other_procedures_and_names(engine: CypherEngine) -> None:
    types = engine.query("CALL db.relationshipTypes()")
    assert (types.columns, types.rows()) == (["relationshipType"], [("ASSOCIATES",), ("INTERACTS",), ("TARGETS",)])
    keys = engine.query("CALL db.propertyKeys() YIELD *")
    assert keys.columns == ["propertyKey"]
    assert ("symbol",) in keys.rows()
    assert engine.query("CALL db.labels() YIELD label AS `my label`").columns == ["my label"]


@pytest.mark.parametrize(("text", "message"), REFUSED.items())
def test_what_neo4j_refuses_is_refused(engine: CypherEngine, text: str, message: str) -> None:
    with pytest.raises(QuestionError, match=message):
        engine.query(text)


def test_a_server_answers_and_refuses_alike(neo4j_server: Server, engine: CypherEngine) -> None:
    """Only the columns are compared: a server also lists the names of what it once held."""
    from neo4j.exceptions import Neo4jError

    with neo4j_server.driver() as driver, driver.session(database="neo4j") as session:
        for text in (*ALONE, *INSIDE, *OTHERS):
            assert list(session.run(text).keys()) == engine.query(text).columns, text
        for text in REFUSED:
            with pytest.raises(Neo4jError):
                session.run(text).consume()
