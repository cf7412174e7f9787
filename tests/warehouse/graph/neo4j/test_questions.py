"""The questions of the docs, asked of the sample in both stores."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.neo4j.server import Server
from tests.pages import examples
from tests.warehouse.cypher.conformance import comparable, same_rows
from tests.warehouse.graph.neo4j import published_store
from warehouse.answer import Limits
from warehouse.graph.duckdb_store import DuckDBGraphStore
from warehouse.graph.store import GraphStore
from warehouse.home import Home

DOCS = Path(__file__).parents[4] / "docs"
LIMITS = Limits()


def _questions() -> list[str]:
    """Every Cypher question of the docs that is about the warehouse's own model and stands complete."""
    found = [one.text for one in examples((DOCS / "questions.md").read_text(encoding="utf-8"))]
    for page in sorted(DOCS.glob("*.md")):
        if page.name not in {"questions.md", "cypher-examples.md"}:
            found += re.findall(r"```cypher\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    return [text for text in dict.fromkeys(found) if "MATCH" in text and "$" not in text]


@pytest.fixture
def stores(sample_home: Home, neo4j_server: Server) -> Iterator[tuple[GraphStore, GraphStore]]:
    build = sample_home.current()
    opened = DuckDBGraphStore(build), published_store(neo4j_server, build)
    yield opened
    for store in opened:
        store.close()


def test_the_questions_of_the_docs_are_answered_alike(stores: tuple[GraphStore, GraphStore]) -> None:
    by_build, by_server = stores
    questions = _questions()
    assert len(questions) >= 4
    for text in questions:
        expected, found = by_build.query(text, {}, LIMITS), by_server.query(text, {}, LIMITS)
        assert found.columns == expected.columns, text
        theirs, ours = (
            [tuple(comparable(value, None) for value in row) for row in answer.rows()] for answer in (found, expected)
        )
        assert same_rows(theirs, ours, ordered=False, query=text), text
    assert by_build.fingerprint() == by_server.fingerprint()
