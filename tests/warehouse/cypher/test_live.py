"""Generated queries on generated graphs, asked of the engine and of a real Neo4j; the docs' examples on both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from tests.neo4j.server import Server
from tests.warehouse.cypher.conformance import Outcome
from tests.warehouse.cypher.conftest import SmallGraph
from tests.warehouse.cypher.live import Live, engine_over, generated_graph, generated_queries
from tests.warehouse.cypher.test_docs import PARAMETERS as DOCS_PARAMETERS
from tests.warehouse.cypher.test_docs import examples
from tests.warehouse.cypher.test_random import PARAMETERS


def _judged(server: Server, graph: SmallGraph, texts: list[str], parameters: dict[str, object]) -> Iterator[Outcome]:
    server.clear()
    engine = engine_over(graph)
    try:
        with server.driver() as driver, driver.session(database="neo4j") as session:
            live = Live(session, engine)
            for text in texts:
                yield live.judge(text, {name: value for name, value in parameters.items() if f"${name}" in text})
    finally:
        engine.close()


@pytest.mark.parametrize("number", range(2))
def test_generated_queries_are_answered_alike(neo4j_server: Server, number: int) -> None:
    outcomes = list(_judged(neo4j_server, generated_graph(number), generated_queries(40, number), PARAMETERS))
    kinds = Counter(outcome.kind for outcome in outcomes)
    assert not [outcome for outcome in outcomes if outcome.kind in {"different", "laxer"}]
    assert kinds["equal"] >= 0.9 * len(outcomes), kinds


def test_the_examples_of_the_docs_run_on_both(neo4j_server: Server) -> None:
    genes = [(*row[:4], [one for one in row[4] if one] if row[4] else row[4], row[5]) for row in SmallGraph().genes]
    texts = [text for text, _answer in examples()]
    outcomes = list(_judged(neo4j_server, SmallGraph(genes=genes), texts, dict(DOCS_PARAMETERS)))
    assert len(outcomes) >= 15
    assert not [outcome for outcome in outcomes if outcome.kind != "equal"]
