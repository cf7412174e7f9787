"""Numbers at their edges, as Neo4j has them: alone, in lists and maps, in aggregates, in ORDER BY and DISTINCT."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest

from tests.neo4j.server import Server
from tests.warehouse.cypher.numbers import Ask, agree, answers, asking, recorded, written
from warehouse.cypher import CypherEngine
from warehouse.errors import QuestionError

_PARAMETER = re.compile(r"\$[xy]")


def of_engine(engine: CypherEngine, *, typed: bool) -> Ask:
    """Ask the engine; with types that are known before the run, or known by nobody."""

    def ask(text: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]] | None:
        asked = text if typed else _PARAMETER.sub(lambda name: f"[{name[0]}, {{a: 1}}, 'a'][0]", text)
        try:
            return engine.query(asked, parameters).rows()
        except QuestionError as error:
            for word in ("Error: ", "math domain", "Fraction", "UDF"):
                assert word not in str(error), (asked, str(error))
            return None

    return ask


@pytest.mark.parametrize("typed", [True, False])
def test_every_case_is_answered_as_neo4j_answers(engine: CypherEngine, typed: bool) -> None:
    expected = recorded()
    found = dict(answers(of_engine(engine, typed=typed)))
    assert found.keys() == expected.keys()
    different = {name: (found[name], expected[name]) for name in found if not agree(found[name], expected[name])}
    assert different == {}


def test_the_record_is_what_a_server_answers(neo4j_server: Server) -> None:
    with neo4j_server.driver() as driver, driver.session(database="neo4j") as session:
        found = dict(answers(asking(session)))
    assert found == recorded()


def test_stored_numbers_at_their_edges(engine: CypherEngine) -> None:
    """The values of the small graph, computed by hand: scores 9.5, 2.5, null and -1.25."""
    text = (
        "MATCH (g:Gene) RETURN sum(sqrt(g.score - 5)) AS a, avg(log(g.score)) AS b, min(sqrt(g.score)) AS c, "
        "max(sqrt(g.score)) AS d, count(sqrt(g.score)) AS e, stDev(log10(g.score)) AS f"
    )
    assert written(engine.query(text).rows()) == "[(NaN, NaN, 1.5811388300841898, NaN, 3i, NaN)]"
    text = "MATCH (g:Gene) WITH sqrt(g.score) AS s, collect(g.id) AS ids RETURN s, ids ORDER BY s"
    assert written(engine.query(text).rows()) == (
        "[(1.5811388300841898, ['g1']), (3.082207001484488, ['g0']), (NaN, ['g3']), (None, ['g2'])]"
    )
    text = "MATCH (g:Gene) WHERE NOT (sqrt(g.score - 5) > 1) RETURN g.id AS id ORDER BY id"
    assert engine.query(text).rows() == [("g1",), ("g3",)]


@pytest.mark.parametrize("expression", ["sum(x)", "sum(DISTINCT x)"])
def test_a_sum_of_integers_beyond_64_bits_is_refused_in_words(engine: CypherEngine, expression: str) -> None:
    with pytest.raises(QuestionError, match="does not fit into 64 bits"):
        engine.query(f"UNWIND [9223372036854775807, 1] AS x RETURN {expression} AS s")
    assert engine.query("UNWIND [9223372036854775807, 1] AS x RETURN sum(toFloat(x)) AS s").rows() == [(2.0**63,)]
