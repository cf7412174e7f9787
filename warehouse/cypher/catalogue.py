"""What a graph holds: node types, relationship types, their tables and typed properties.

The compiler knows a graph only by its catalogue: labels, types and properties that are not in it have no rows.

    Catalogue(
        nodes=(NodeType("Gene", "gene", 0, {"id": PropertyType.STRING, "symbol": PropertyType.STRING}),),
        relationships=(RelationshipType("INTERACTS_WITH", "interacts_with", (("Gene", "Gene"),), {}, 0),),
    )
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property

from warehouse.cypher import types
from warehouse.cypher.types import Type

ORDINAL_SHIFT = 40


class PropertyType(Enum):
    """The type of a property; the value is the DuckDB type of its column.

    `MIXED` is for graphs without a schema: tagged text as `values.encode` writes it, compared in Python.
    """

    STRING = "VARCHAR"
    INTEGER = "BIGINT"
    FLOAT = "DOUBLE"
    BOOLEAN = "BOOLEAN"
    DATE = "DATE"
    DATETIME = "TIMESTAMP"
    STRINGS = "VARCHAR[]"
    INTEGERS = "BIGINT[]"
    FLOATS = "DOUBLE[]"
    BOOLEANS = "BOOLEAN[]"
    DATES = "DATE[]"
    DATETIMES = "TIMESTAMP[]"
    MIXED = "ANY"

    @property
    def type(self) -> Type:
        """The type of an expression that reads such a property."""
        return _TYPES[self]


_TYPES = {
    PropertyType.STRING: types.STRING,
    PropertyType.INTEGER: types.INTEGER,
    PropertyType.FLOAT: types.FLOAT,
    PropertyType.BOOLEAN: types.BOOLEAN,
    PropertyType.DATE: types.DATE,
    PropertyType.DATETIME: types.DATETIME,
    PropertyType.STRINGS: types.list_of(types.STRING),
    PropertyType.INTEGERS: types.list_of(types.INTEGER),
    PropertyType.FLOATS: types.list_of(types.FLOAT),
    PropertyType.BOOLEANS: types.list_of(types.BOOLEAN),
    PropertyType.DATES: types.list_of(types.DATE),
    PropertyType.DATETIMES: types.list_of(types.DATETIME),
    PropertyType.MIXED: types.ANY,
}


@dataclass(frozen=True)
class NodeType:
    """A kind of node: one table.

    Args:
        label: its label, or the name of the kind where `labels` is given.
        table: its table in schema `graph`.
        ordinal: its number, the upper bits of every `_nid` in the table.
        properties: name to type; the key is one of them.
        key: the property that is unique over all node types, or `None`.
        labels: all labels of such a node where they are not exactly `label`: several, or none.
    """

    label: str
    table: str
    ordinal: int
    properties: Mapping[str, PropertyType] = field(hash=False)
    key: str | None = "id"
    labels: tuple[str, ...] | None = None

    @property
    def all_labels(self) -> tuple[str, ...]:
        """Every label of such a node."""
        return (self.label,) if self.labels is None else self.labels


@dataclass(frozen=True)
class RelationshipType:
    """A kind of relationship: one table.

    Args:
        name: its type in Cypher.
        table: its table in schema `graph`.
        ends: the pairs of node types (by `NodeType.label`) that it may join, subject first.
        properties: name to type.
        ordinal: its number, the upper bits of every `_rid` in the table.
    """

    name: str
    table: str
    ends: tuple[tuple[str, str], ...]
    properties: Mapping[str, PropertyType] = field(hash=False)
    ordinal: int = 0


@dataclass(frozen=True)
class Catalogue:
    """The node and relationship types of a graph, found by ordinal, label and name.

    Args:
        nodes: the node types.
        relationships: the relationship types.
        absent: labels and types that the graph has at other times, with the sentence that a query for one warns of.
    """

    nodes: tuple[NodeType, ...]
    relationships: tuple[RelationshipType, ...]
    absent: Mapping[str, str] = field(default_factory=dict, hash=False)

    @cached_property
    def node_by_ordinal(self) -> dict[int, NodeType]:
        """Node types by the upper bits of their ids."""
        return {node.ordinal: node for node in self.nodes}

    @cached_property
    def relationship_by_ordinal(self) -> dict[int, RelationshipType]:
        """Relationship types by the upper bits of their ids."""
        return {relationship.ordinal: relationship for relationship in self.relationships}

    @cached_property
    def all_nodes(self) -> frozenset[int]:
        """The ordinals of all node types."""
        return frozenset(self.node_by_ordinal)

    @cached_property
    def all_relationships(self) -> frozenset[int]:
        """The ordinals of all relationship types."""
        return frozenset(self.relationship_by_ordinal)

    @cached_property
    def labels(self) -> frozenset[str]:
        """Every declared label."""
        return frozenset(label for node in self.nodes for label in node.all_labels)

    @cached_property
    def type_names(self) -> frozenset[str]:
        """Every declared relationship type."""
        return frozenset(relationship.name for relationship in self.relationships)

    @cached_property
    def property_names(self) -> frozenset[str]:
        """Every declared property, of nodes or relationships."""
        kinds: Iterable[NodeType | RelationshipType] = (*self.nodes, *self.relationships)
        return frozenset(name for kind in kinds for name in kind.properties)

    @cached_property
    def ends(self) -> dict[int, frozenset[tuple[int, int]]]:
        """For each relationship type the pairs of node ordinals that it may join."""
        ordinals = {node.label: node.ordinal for node in self.nodes}
        return {
            relationship.ordinal: frozenset(
                (ordinals[subject], ordinals[object_]) for subject, object_ in relationship.ends
            )
            for relationship in self.relationships
        }

    @cached_property
    def keys(self) -> frozenset[str]:
        """The properties that identify a node of some type."""
        return frozenset(node.key for node in self.nodes if node.key is not None)


def nearest(name: str, declared: Collection[str]) -> str | None:
    """The declared name that a misspelt one most resembles, if any does.

    nearest("Gnee", {"Gene", "Drug"})  # "Gene"
    """
    folded = {candidate.lower(): candidate for candidate in sorted(declared)}
    found = difflib.get_close_matches(name.lower(), list(folded), n=1, cutoff=0.6)
    return folded[found[0]] if found else None
