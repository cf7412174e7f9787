"""Constraints and indexes of the server, made from the data model.

| what | of | for |
|---|---|---|
| uniqueness of `id` | every label | looking up one node, and creating relationships |
| range index | every symbol and further identifier | looking up by them |
| full-text index `names` | symbols, synonyms and names of all labels | finding by words |
"""

from __future__ import annotations

from collections.abc import Iterator

from warehouse.graph.neo4j.connection import Connection
from warehouse.graph.neo4j.mark import LABEL
from warehouse.graph.neo4j.types import name
from warehouse.model import DataModel, SynonymKind, ValueType

FULL_TEXT = "names"
_PREFIX = "targetgraph_"
_AWAIT_S = 3600


def make_constraints(connection: Connection, model: DataModel) -> None:
    """Make the constraints that are missing; content that is there already is checked by the server."""
    _make_missing(connection, _constraints(model), "SHOW CONSTRAINTS YIELD name")


def make_indexes(connection: Connection, model: DataModel) -> None:
    """Make the indexes that are missing, and wait until they can be used."""
    _make_missing(connection, _indexes(model), "SHOW INDEXES YIELD name")
    _make_full_text(connection, model)
    connection.read("CALL db.awaitIndexes($seconds)", seconds=_AWAIT_S)


def searched(model: DataModel) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The labels and the properties of the full-text index."""
    named = {
        entity.label: [column.name for column in entity.columns if column.synonym is not None]
        for entity in model.entities.values()
    }
    labels = tuple(sorted(label for label, columns in named.items() if columns))
    return labels, tuple(sorted({column for columns in named.values() for column in columns}))


def _constraints(model: DataModel) -> Iterator[tuple[str, str]]:
    yield (
        f"{_PREFIX}mark",
        f"CREATE CONSTRAINT {_PREFIX}mark IF NOT EXISTS FOR (m:{LABEL}) REQUIRE m._key IS UNIQUE",
    )
    for entity in model.entities.values():
        given = f"{_PREFIX}{entity.table}_id"
        yield (
            given,
            f"CREATE CONSTRAINT {name(given)} IF NOT EXISTS FOR (n:{name(entity.label)}) REQUIRE n.id IS UNIQUE",
        )


def _indexes(model: DataModel) -> Iterator[tuple[str, str]]:
    wanted = (SynonymKind.SYMBOL, SynonymKind.IDENTIFIER)
    for entity in model.entities.values():
        for column in entity.properties:
            if column.synonym in wanted and column.type is ValueType.STRING:
                given = f"{_PREFIX}{entity.table}_{column.name}"
                on = f"FOR (n:{name(entity.label)}) ON (n.{name(column.name)})"
                yield given, f"CREATE INDEX {name(given)} IF NOT EXISTS {on}"


def _make_missing(connection: Connection, wanted: Iterator[tuple[str, str]], listing: str) -> None:
    there = {row[0] for row in connection.administer(listing)}
    for given, statement in wanted:
        if given not in there:
            connection.administer(statement)


def _make_full_text(connection: Connection, model: DataModel) -> None:
    labels, columns = searched(model)
    listing = f"SHOW INDEXES YIELD name, labelsOrTypes, properties WHERE name = '{FULL_TEXT}'"
    for _name, of, on in connection.administer(f"{listing} RETURN name, labelsOrTypes, properties"):
        if (sorted(of), sorted(on)) == (list(labels), list(columns)):
            return
        # The model has changed.
        connection.administer(f"DROP INDEX {FULL_TEXT}")
    of, on = "|".join(map(name, labels)), ", ".join(f"n.{name(column)}" for column in columns)
    connection.administer(f"CREATE FULLTEXT INDEX {FULL_TEXT} IF NOT EXISTS FOR (n:{of}) ON EACH [{on}]")
