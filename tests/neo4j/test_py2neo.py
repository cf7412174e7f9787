"""py2neo over a published graph: what notebooks do with it, and that nothing gets through that writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from pydantic import SecretStr

from tests.conftest import SmallBuild, stated
from tests.neo4j.server import Server
from warehouse.errors import QuestionError, StoreChangingError, StoreError
from warehouse.graph.neo4j import mark
from warehouse.graph.neo4j.connection import Connection, Target
from warehouse.graph.neo4j.publication import publish
from warehouse.settings import Settings

py2neo_graph = pytest.importorskip("warehouse.graph.py2neo", reason="the extra py2neo is not installed")


@pytest.fixture
def graph(empty_neo4j: Server, new_small: Callable[[], SmallBuild]) -> Iterator[object]:
    small = new_small()
    small.say(
        "one",
        stated("Gene", {"id": "hgnc:1", "symbol": "A", "aliases": ["x"]}, {"id": "hgnc:2", "symbol": "B"}),
        stated("INTERACTS_WITH", {"subject": "hgnc:1", "object": "hgnc:2", "evidence": "asserted"}),
    )
    small.finish()
    with Connection(Target(empty_neo4j.uri, empty_neo4j.user, SecretStr(empty_neo4j.password))) as connection:
        publish(connection, small.close())
    settings = Settings(neo4j_uri=empty_neo4j.uri, neo4j_password=empty_neo4j.password)
    with pytest.warns(FutureWarning, match="end of life"):
        opened = py2neo_graph.graph(settings)
    yield opened
    opened.close()


def test_what_notebooks_do(graph: object, empty_neo4j: Server) -> None:
    import py2neo

    asked: py2neo.Graph = graph
    frame = asked.run("MATCH (g:Gene) RETURN g.symbol AS symbol, g.aliases AS aliases ORDER BY symbol").to_data_frame()
    assert frame["symbol"].to_list() == ["A", "B"]
    assert frame["aliases"][0] == ["x"]
    assert asked.evaluate("MATCH (g:Gene {id: $id}) RETURN g.symbol", id="hgnc:2") == "B"
    assert asked.query("MATCH (g:Gene) RETURN count(g) AS n").data() == [{"n": 2}]
    node = asked.nodes.match("Gene", symbol="A").first()
    assert dict(node)["id"] == "hgnc:1"
    assert len(asked.nodes.match("Gene")) == 2
    assert "Gene" in asked.schema.node_labels
    assert "_TargetGraph" not in asked.schema.node_labels
    assert "INTERACTS_WITH" in asked.schema.relationship_types
    transaction = asked.begin()
    assert transaction.run("MATCH (:Gene)-[r]->(:Gene) RETURN type(r) AS t").data() == [{"t": "INTERACTS_WITH"}]
    asked.commit(transaction)

    before = empty_neo4j.run("MATCH (n) OPTIONAL MATCH (n)-[r]->() RETURN count(n), count(r), sum(size(keys(n)))")
    for attempt in (
        lambda: asked.run("CREATE (n:Gene)"),
        lambda: asked.begin(readonly=False).run("MATCH (n) DETACH DELETE n"),
        lambda: asked.update("MATCH (n) SET n.x = 1"),
        lambda: asked.create(py2neo.Node("Gene", id="new")),
        lambda: asked.merge(py2neo.Node("Gene", id="new"), "Gene", "id"),
        asked.delete_all,
        lambda: asked.call("dbms.listConfig"),
        lambda: asked.run("LOAD CSV FROM 'file:///etc/passwd' AS l RETURN l"),
        lambda: asked.run("SHOW USERS"),
        lambda: asked.schema.create_index("Gene", "name"),
    ):
        with pytest.raises((QuestionError, AttributeError)):
            attempt()
    assert (
        empty_neo4j.run("MATCH (n) OPTIONAL MATCH (n)-[r]->() RETURN count(n), count(r), sum(size(keys(n)))") == before
    )

    empty_neo4j.run("MATCH (m:_TargetGraph) SET m._revision = 0")
    half = mark.Mark(0, refresh=mark.new_refresh("next", ["Gene"]))
    mark.write(lambda text, parameters: empty_neo4j.run(text, **parameters), half)
    with pytest.raises(StoreChangingError, match="under way"):
        asked.run("MATCH (g:Gene) RETURN g")


def test_a_server_that_is_not_set_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TARGETGRAPH_NEO4J_URI", raising=False)
    with pytest.raises(StoreError, match="No Neo4j server is set"):
        py2neo_graph.graph(Settings(neo4j_uri=None))
