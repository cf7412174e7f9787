"""The catalogue by which the Cypher engine knows the graph, made from the data model."""

from __future__ import annotations

from warehouse.cypher.catalogue import Catalogue, NodeType, PropertyType, RelationshipType
from warehouse.model.schema import DataModel, Property
from warehouse.tables.schema import ordinals


def catalogue(model: DataModel) -> Catalogue:
    """The node types and relationship types of a model, with their tables and properties."""
    numbers = ordinals(model)
    nodes = tuple(
        NodeType(label, entity.table, numbers[entity.table], _properties(entity.shown))
        for label, entity in model.entities.items()
    )
    relationships = tuple(
        RelationshipType(name, declared.table, declared.ends, _properties(declared.shown), numbers[declared.table])
        for name, declared in model.relationships.items()
    )
    return Catalogue(nodes, relationships)


def _properties(columns: tuple[Property, ...]) -> dict[str, PropertyType]:
    return {column.name: PropertyType(column.type.value) for column in columns}
