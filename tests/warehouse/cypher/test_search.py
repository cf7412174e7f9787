"""Paths over arrays against plain searches in Python."""

from __future__ import annotations

import random
from collections import Counter, deque
from collections.abc import Iterator

import duckdb
import pytest

from warehouse.cypher import Catalogue, CypherEngine, NodeType, PropertyType, RelationshipType, derive

NODES, EDGES = 60, 130


@pytest.fixture(scope="module")
def graph() -> Iterator[tuple[CypherEngine, list[tuple[int, int]]]]:
    chance = random.Random(7)
    edges = sorted((chance.randrange(NODES), chance.randrange(NODES)) for _ in range(EDGES))
    connection = duckdb.connect(":memory:")
    connection.execute("CREATE SCHEMA graph")
    connection.execute("CREATE TABLE graph.n AS SELECT i AS _nid, 'n' || i AS id FROM range(?) t(i)", [NODES])
    connection.execute("CREATE TABLE graph.e (_rid BIGINT, _s BIGINT, _o BIGINT)")
    connection.executemany(
        "INSERT INTO graph.e VALUES (?, ?, ?)", [(number, start, end) for number, (start, end) in enumerate(edges)]
    )
    catalogue = Catalogue(
        (NodeType("N", "n", 0, {"id": PropertyType.STRING}),), (RelationshipType("E", "e", (("N", "N"),), {}, 0),)
    )
    derive(connection, catalogue)
    engine = CypherEngine(connection, catalogue)
    yield engine, edges
    engine.close()


def _steps(edges: list[tuple[int, int]], directed: bool) -> dict[int, list[tuple[int, int]]]:
    found: dict[int, list[tuple[int, int]]] = {node: [] for node in range(NODES)}
    for number, (start, end) in enumerate(edges):
        found[start].append((end, number))
        if not directed and start != end:
            found[end].append((start, number))
    return found


def _shortest(edges: list[tuple[int, int]], start: int, end: int, directed: bool) -> tuple[int, int] | None:
    """The least length and the number of paths that have it."""
    steps = _steps(edges, directed)
    distance, ways = {start: 0}, Counter({start: 1})
    waiting = deque([start])
    while waiting:
        here = waiting.popleft()
        for there, _ in steps[here]:
            if there not in distance:
                distance[there] = distance[here] + 1
                waiting.append(there)
            if distance[there] == distance[here] + 1:
                ways[there] += ways[here]
    return (distance[end], ways[end]) if end in distance else None


@pytest.mark.parametrize("directed", [True, False])
def test_shortest_paths(graph: tuple[CypherEngine, list[tuple[int, int]]], directed: bool) -> None:
    engine, edges = graph
    arrow = "->" if directed else "-"
    text = (
        "MATCH (a:N {id: $a}), (b:N {id: $b}) "
        f"MATCH p = allShortestPaths((a)-[:E*]{arrow}(b)) RETURN length(p) AS l, count(DISTINCT p) AS n, count(*) AS c"
    )
    one = f"MATCH p = shortestPath((a:N {{id: $a}})-[:E*..30]{arrow}(b:N {{id: $b}})) RETURN length(p), size(nodes(p))"
    chance = random.Random(3)
    for _ in range(60):
        start, end = chance.sample(range(NODES), 2)
        parameters = {"a": f"n{start}", "b": f"n{end}"}
        expected = _shortest(edges, start, end, directed)
        rows = engine.query(text, parameters).rows()
        assert rows == ([] if expected is None else [(expected[0], expected[1], expected[1])])
        single = engine.query(one, parameters).rows()
        assert single == ([] if expected is None else [(expected[0], expected[0] + 1)])


def _trails(edges: list[tuple[int, int]], start: int, low: int, high: int, directed: bool) -> Counter[int]:
    steps = _steps(edges, directed)
    found: Counter[int] = Counter()
    waiting: list[tuple[int, frozenset[int]]] = [(start, frozenset())]
    while waiting:
        here, used = waiting.pop()
        if len(used) >= low:
            found[here] += 1
        if len(used) < high:
            waiting += [(there, used | {number}) for there, number in steps[here] if number not in used]
    return found


@pytest.mark.parametrize("directed", [True, False])
@pytest.mark.parametrize(("low", "high"), [(0, 2), (1, 3), (2, 4), (3, 3)])
def test_repeated_relationships(
    graph: tuple[CypherEngine, list[tuple[int, int]]], directed: bool, low: int, high: int
) -> None:
    engine, edges = graph
    arrow = "->" if directed else "-"
    ends = f"MATCH (a:N {{id: $a}})-[:E*{low}..{high}]{arrow}(b) RETURN b.id, count(*)"
    walk = f"MATCH p = (a:N {{id: $a}})-[r:E*{low}..{high}]{arrow}(b)"
    walks = f"{walk} WHERE size(r) = length(p) RETURN b.id, count(DISTINCT p)"
    recursive = f"MATCH (a:N {{id: $a}}) ((x)-[r:E]{arrow}(y)){{{low},{high}}} (b) RETURN b.id, count(*)"
    for start in range(0, NODES, 7):
        expected = {f"n{node}": count for node, count in _trails(edges, start, low, high, directed).items()}
        for text in (ends, walks, recursive):
            assert dict(engine.query(text, {"a": f"n{start}"}).rows()) == expected, text


def test_more_searches_in_one_query_than_arrays_are_kept(engine: CypherEngine) -> None:
    types = [
        ":INTERACTS",
        ":TARGETS",
        ":ASSOCIATES",
        ":INTERACTS|TARGETS",
        ":INTERACTS|ASSOCIATES",
        ":TARGETS|ASSOCIATES",
        "",
    ]
    counts = [f"COUNT {{ (g)-[{one}*1..2]-() }} AS c{n}" for n, one in enumerate(types)]
    (row,) = engine.query(f"MATCH (g:Gene {{id: 'g0'}}) RETURN {', '.join(counts)}").rows()
    assert len(row) == len(types)
    assert row[-1] == max(row)
