"""A small graph for the tests of Cypher: genes, drugs and diseases with loops, parallel relationships and nulls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pytest

from warehouse.cypher import Catalogue, CypherEngine, NodeType, PropertyType, RelationshipType, derive, lock

CORPUS = Path("../shared/data/cypher")
SHIFT = 40

GENES: Sequence[tuple[Any, ...]] = [
    ("g0", "KMT2A", 1991, 9.5, ["MLL", "HRX"], "2020-03-01"),
    ("g1", "MEN1", 1997, 2.5, None, None),
    ("g2", "TP53", None, None, [], "1999-12-31"),
    ("g3", "Été", 1997, -1.25, ["a", None], None),
]
DRUGS: Sequence[tuple[Any, ...]] = [("d0", "Revumenib", 2024), ("d1", "Aspirin", None)]
DISEASES: Sequence[tuple[Any, ...]] = [("x0", "leukaemia", True), ("x1", "tumour", None)]
# Type: rows of start, end, score; a loop and a parallel pair among them.
EDGES: Mapping[str, Sequence[tuple[str, str, float | None]]] = {
    "INTERACTS": [("g0", "g1", 0.5), ("g1", "g2", None), ("g0", "g2", 0.9), ("g2", "g2", 0.1), ("g0", "g1", 0.7)],
    "TARGETS": [("d0", "g0", 1.0), ("d1", "g2", 0.2)],
    "ASSOCIATES": [("g0", "x0", 0.8), ("g1", "x0", 0.4), ("g3", "x1", None)],
}
ENDS = {"INTERACTS": ("Gene", "Gene"), "TARGETS": ("Drug", "Gene"), "ASSOCIATES": ("Gene", "Disease")}


@dataclass(frozen=True)
class SmallGraph:
    """The rows of a graph: genes, drugs, diseases, and relationships by type."""

    genes: Sequence[tuple[Any, ...]] = tuple(GENES)
    drugs: Sequence[tuple[Any, ...]] = tuple(DRUGS)
    diseases: Sequence[tuple[Any, ...]] = tuple(DISEASES)
    edges: Mapping[str, Sequence[tuple[str, str, float | None]]] = field(default_factory=lambda: EDGES)


def build(connection: duckdb.DuckDBPyConnection, graph: SmallGraph | None = None) -> Catalogue:
    """Write the primary tables of a graph and derive the rest."""
    graph = graph or SmallGraph()
    connection.execute("CREATE SCHEMA graph")
    connection.execute(
        "CREATE TABLE graph.gene (_nid BIGINT, id VARCHAR, symbol VARCHAR, year BIGINT, score DOUBLE, "
        "aliases VARCHAR[], approved DATE)"
    )
    connection.execute("CREATE TABLE graph.drug (_nid BIGINT, id VARCHAR, name VARCHAR, year BIGINT)")
    connection.execute("CREATE TABLE graph.disease (_nid BIGINT, id VARCHAR, name VARCHAR, active BOOLEAN)")
    numbers: dict[str, int] = {}
    for ordinal, (table, rows) in enumerate(
        (("gene", graph.genes), ("drug", graph.drugs), ("disease", graph.diseases))
    ):
        for position, row in enumerate(rows):
            numbers[row[0]] = (ordinal << SHIFT) + position
            marks = ", ".join("?" * (len(row) + 1))
            connection.execute(f"INSERT INTO graph.{table} VALUES ({marks})", [numbers[row[0]], *row])
    for ordinal, (name, rows) in enumerate(graph.edges.items()):
        connection.execute(f"CREATE TABLE graph.{name.lower()} (_rid BIGINT, _s BIGINT, _o BIGINT, score DOUBLE)")
        for position, (start, end, score) in enumerate(rows):
            values = [(ordinal << SHIFT) + position, numbers[start], numbers[end], score]
            connection.execute(f"INSERT INTO graph.{name.lower()} VALUES (?, ?, ?, ?)", values)
    text, whole, real = PropertyType.STRING, PropertyType.INTEGER, PropertyType.FLOAT
    nodes = (
        NodeType(
            "Gene",
            "gene",
            0,
            {
                "id": text,
                "symbol": text,
                "year": whole,
                "score": real,
                "aliases": PropertyType.STRINGS,
                "approved": PropertyType.DATE,
            },
        ),
        NodeType("Drug", "drug", 1, {"id": text, "name": text, "year": whole}),
        NodeType("Disease", "disease", 2, {"id": text, "name": text, "active": PropertyType.BOOLEAN}),
    )
    relationships = tuple(
        RelationshipType(name, name.lower(), (ENDS[name],), {"score": real}, ordinal)
        for ordinal, name in enumerate(graph.edges)
    )
    catalogue = Catalogue(nodes, relationships)
    derive(connection, catalogue)
    return catalogue


@pytest.fixture(scope="session")
def engine() -> Iterator[CypherEngine]:
    """An engine over the small graph, locked as the warehouse locks its own."""
    connection = duckdb.connect(":memory:", config={"threads": 2, "memory_limit": "512MB"})
    catalogue = build(connection)
    lock(connection)
    made = CypherEngine(connection, catalogue)
    yield made
    made.close()
