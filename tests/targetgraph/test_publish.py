"""The command line beside a real Neo4j: publish, ask, and what it says when the server is not there."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from targetgraph import Warehouse
from targetgraph.cli import app
from tests.neo4j.server import Server, free_port
from warehouse.errors import StoreError, TargetGraphError
from warehouse.home import Home

QUESTION = "MATCH (g:Gene) RETURN count(g) AS genes"


@pytest.fixture
def place(sample_home: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Home:
    for name in [name for name in os.environ if name.startswith("TARGETGRAPH_") and "TEST" not in name]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("TARGETGRAPH_HOME", str(sample_home.root))
    monkeypatch.setenv("TARGETGRAPH_NEO4J_PASSWORD", "a-secret")
    monkeypatch.chdir(tmp_path)
    return sample_home


def test_publish_and_ask(place: Home, neo4j_server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    if neo4j_server.run("MATCH (n) WHERE NOT n:_TargetGraph RETURN count(n) > 0 AS used")[0][0]:
        neo4j_server.clear()
    monkeypatch.setenv("TARGETGRAPH_NEO4J_URI", neo4j_server.uri)
    monkeypatch.setenv("TARGETGRAPH_NEO4J_USER", neo4j_server.user)
    monkeypatch.setenv("TARGETGRAPH_NEO4J_PASSWORD", neo4j_server.password)
    published = CliRunner().invoke(app, ["publish"])
    assert published.exit_code == 0, published.output
    assert f"Neo4j holds {place.current().id}" in published.stderr
    answers = [
        json.loads(CliRunner().invoke(app, ["query", QUESTION, "--store", store, "--format", "json"]).stdout)
        for store in ("duckdb", "neo4j")
    ]
    assert answers[0] == answers[1] != []
    monkeypatch.setenv("TARGETGRAPH_STORE", "neo4j")
    with Warehouse.open() as warehouse:
        assert [dict(row) for row in warehouse.query(QUESTION)] == answers[0]
        assert "NodeCountFromCountStore" in warehouse.explain(QUESTION)
        assert len(warehouse.sql("FROM gene LIMIT 1")) == 1


def test_without_a_server(place: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StoreError, match="No Neo4j server is set"):
        CliRunner().invoke(app, ["publish"], catch_exceptions=False)
    monkeypatch.setenv("TARGETGRAPH_NEO4J_URI", f"bolt://127.0.0.1:{free_port()}")
    with pytest.raises(StoreError, match="No Neo4j server answers") as caught:
        CliRunner().invoke(app, ["query", QUESTION, "--store", "neo4j"], catch_exceptions=False)
    assert "a-secret" not in str(caught.value)
    # The build answers whatever is wrong with the server.
    assert CliRunner().invoke(app, ["query", QUESTION]).exit_code == 0
    with pytest.raises(TargetGraphError, match="There is no store 'oracle'"):
        Warehouse(place.current(), store="oracle")


def test_a_build_that_cannot_be_published_is_current_all_the_same(place: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TARGETGRAPH_NEO4J_URI", f"bolt://127.0.0.1:{free_port()}")
    current = place.current().id
    with pytest.raises(StoreError) as caught:
        CliRunner().invoke(app, ["rollback", current], catch_exceptions=False)
    assert caught.value.__notes__ == [f"The build {current} is current; `targetgraph publish` brings it to Neo4j."]
    assert place.current().id == current
