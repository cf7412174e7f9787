"""Turns rows of ids and tagged text into Python values: nodes, relationships and paths with their properties."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import duckdb

from warehouse.cypher.catalogue import ORDINAL_SHIFT, Catalogue, PropertyType
from warehouse.cypher.compiler.dynamic import decoder
from warehouse.cypher.compiler.projections import Column
from warehouse.cypher.compiler.relation import quote, table
from warehouse.cypher.types import Kind, Type
from warehouse.cypher.values.temporal import Duration, Temporal, from_python, to_python
from warehouse.cypher.values.values import (
    CypherValue,
    Node,
    NodeReference,
    Path,
    PathReference,
    Relationship,
    RelationshipReference,
    decode,
)

MOST_SEEN = 50_000
_PLAIN = frozenset({Kind.NULL, Kind.BOOLEAN, Kind.INTEGER, Kind.STRING, Kind.DATE, Kind.DATETIME})


class SeenNodes:
    """The properties of nodes that an engine has read, for the next query; a build never changes."""

    def __init__(self) -> None:
        self._found: dict[int, dict[str, CypherValue]] = {}

    def get(self, number: int) -> dict[str, CypherValue] | None:
        """A copy of the properties, which the owner of the result may change."""
        found = self._found.get(number)
        return None if found is None else _copied(found)

    def keep(self, number: int, properties: dict[str, CypherValue]) -> None:
        """Remember the properties of a node."""
        if len(self._found) >= MOST_SEEN:
            self._found = {}
        self._found[number] = _copied(properties)


def _copied(properties: dict[str, CypherValue]) -> dict[str, CypherValue]:
    return {key: list(value) if isinstance(value, list) else value for key, value in properties.items()}


class Entities:
    """Reads nodes and relationships by id, each at most once.

    Args:
        connection: where they are read; a connection of its own, for the query may still be running.
        catalogue: their types.
        seen: nodes that were read before.
    """

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, catalogue: Catalogue, seen: SeenNodes | None = None
    ) -> None:
        self.connection = connection
        self.catalogue = catalogue
        self.seen = SeenNodes() if seen is None else seen
        self._known: dict[CypherValue, _Known] = {}
        self.nodes: dict[int, Node] = {}
        self.relationships: dict[int, Relationship] = {}

    def load(self, nodes: Iterable[int], relationships: Iterable[int]) -> None:
        """Read what is not known yet, and the end nodes of relationships."""
        missing = {number for number in relationships if number not in self.relationships}
        rows = {}
        ends: set[int] = set(nodes)
        for ordinal, numbers in _by_ordinal(missing).items():
            kind = self.catalogue.relationship_by_ordinal[ordinal]
            for number, start, end, *values in self._read(kind.table, ("_rid", "_s", "_o"), kind.properties, numbers):
                rows[number] = kind.name, start, end, self._properties(kind.properties, values)
                ends |= {start, end}
        for ordinal, numbers in _by_ordinal(number for number in ends if not self._is_known(number)).items():
            node_kind = self.catalogue.node_by_ordinal[ordinal]
            labels = frozenset(node_kind.all_labels)
            for number, *values in self._read(node_kind.table, ("_nid",), node_kind.properties, numbers):
                self.nodes[number] = Node(number, labels, self._properties(node_kind.properties, values))
                self.seen.keep(number, dict(self.nodes[number]))
        for number, (name, start, end, properties) in rows.items():
            self.relationships[number] = Relationship(number, name, self.nodes[start], self.nodes[end], properties)

    def _is_known(self, number: int) -> bool:
        """Whether a node need not be read; one that an earlier query read is taken over."""
        if number not in self.nodes:
            properties = self.seen.get(number)
            if properties is None:
                return False
            labels = frozenset(self.catalogue.node_by_ordinal[number >> ORDINAL_SHIFT].all_labels)
            self.nodes[number] = Node(number, labels, properties)
        return True

    def _read(
        self, name: str, ids: tuple[str, ...], properties: Mapping[str, object], numbers: list[int]
    ) -> list[tuple[CypherValue, ...]]:
        columns = ", ".join([*ids, *map(quote, properties)])
        if len(numbers) == 1:
            return self.connection.execute(
                f"SELECT {columns} FROM {table(name)} WHERE {ids[0]} = ?", numbers
            ).fetchall()
        return self.connection.execute(
            f"SELECT {columns} FROM {table(name)} WHERE {ids[0]} IN (SELECT unnest(CAST(? AS BIGINT[])))", [numbers]
        ).fetchall()

    def _properties(self, declared: Mapping[str, object], values: Sequence[CypherValue]) -> dict[str, CypherValue]:
        """The properties that are there: Neo4j does not store null."""
        found = {}
        for (name, type_), value in zip(declared.items(), values, strict=True):
            if value is not None:
                found[name] = resolved(decode(value), self) if type_ is PropertyType.MIXED else value
        return found

    def lookup(self, reference: CypherValue) -> Mapping[str, CypherValue]:
        """The properties of a reference for an expression that Python evaluates, and what its id says."""
        if reference not in self._known:
            if len(self._known) >= MOST_SEEN:
                self._known, self.nodes, self.relationships = {}, {}, {}
            self._known[reference] = self._look_up(reference)
        return self._known[reference]

    def _look_up(self, reference: CypherValue) -> _Known:
        if isinstance(reference, NodeReference):
            self.load([reference.number], [])
            node = self.nodes[reference.number]
            labels = self.catalogue.node_by_ordinal[reference.number >> ORDINAL_SHIFT].all_labels
            return _Known(_inward(node), {" labels": list(labels), " elementId": node.element_id})
        self.load([], [reference.number])
        found = self.relationships[reference.number]
        return _Known(
            _inward(found),
            {
                " type": found.type,
                " elementId": found.element_id,
                " startNode": NodeReference(found.start_node.number),
                " endNode": NodeReference(found.end_node.number),
            },
        )


class _Known(dict[str, CypherValue]):
    """Properties of an entity; what is not a property is found by name but never listed."""

    def __init__(self, properties: Mapping[str, CypherValue], hidden: dict[str, CypherValue]) -> None:
        super().__init__(properties)
        self._hidden = hidden

    def __missing__(self, key: str) -> CypherValue:
        return self._hidden[key]


def _inward(entity: Mapping[str, CypherValue]) -> dict[str, CypherValue]:
    """Properties with dates as the running query holds them."""
    return {key: _date_inward(value) for key, value in entity.items()}


def _date_inward(value: CypherValue) -> CypherValue:
    if isinstance(value, list):
        return [_date_inward(item) for item in value]
    return from_python(value) if hasattr(value, "toordinal") else value


def _by_ordinal(numbers: Iterable[int]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for number in numbers:
        found.setdefault(number >> ORDINAL_SHIFT, []).append(number)
    return found


def _is_plain(type_: Type) -> bool:
    """Whether DuckDB's own Python values are the result's."""
    if type_.kind is Kind.LIST:
        return type_.item is not None and _is_plain(type_.item)
    return type_.kind in _PLAIN or (type_.kind is Kind.FLOAT and not type_.hollow)


class RowReader:
    """Turns batches of raw rows into rows of Python values."""

    def __init__(self, columns: Sequence[Column], entities: Entities) -> None:
        self.entities = entities
        self._decoders: list[Callable[[CypherValue], CypherValue] | None] = [
            None if _is_plain(column.type) else decoder(column.type) for column in columns
        ]

    def read(self, rows: list[tuple[CypherValue, ...]]) -> list[tuple[CypherValue, ...]]:
        """The rows with every id replaced by what it stands for."""
        if all(decode_one is None for decode_one in self._decoders):
            return rows
        halfway = [
            tuple(
                value if decode_one is None else decode_one(value)
                for decode_one, value in zip(self._decoders, row, strict=True)
            )
            for row in rows
        ]
        nodes: set[int] = set()
        relationships: set[int] = set()
        for row in halfway:
            for decode_one, value in zip(self._decoders, row, strict=True):
                if decode_one is not None:
                    _collect(value, nodes, relationships)
        self.entities.load(nodes, relationships)
        return [
            tuple(
                value if decode_one is None else resolved(value, self.entities)
                for decode_one, value in zip(self._decoders, row, strict=True)
            )
            for row in halfway
        ]


def _collect(value: CypherValue, nodes: set[int], relationships: set[int]) -> None:
    match value:
        case NodeReference():
            nodes.add(value.number)
        case RelationshipReference():
            relationships.add(value.number)
        case PathReference():
            nodes.update(value.nodes)
            relationships.update(value.relationships)
        case list():
            for item in value:
                _collect(item, nodes, relationships)
        case dict():
            for item in value.values():
                _collect(item, nodes, relationships)


def resolved(value: CypherValue, entities: Entities) -> CypherValue:  # noqa: PLR0911
    """A value with references replaced by loaded nodes and relationships."""
    match value:
        case NodeReference():
            return entities.nodes[value.number]
        case RelationshipReference():
            return entities.relationships[value.number]
        case PathReference():
            return Path(
                tuple(entities.nodes[number] for number in value.nodes),
                tuple(entities.relationships[number] for number in value.relationships),
            )
        case list():
            return [resolved(item, entities) for item in value]
        case dict():
            return {key: resolved(item, entities) for key, item in value.items()}
        case Temporal() | Duration():
            return to_python(value)
        case _:
            return value
