"""The catalogue by which the Cypher engine knows the graph, made from the data model."""

from __future__ import annotations

from warehouse.cypher.catalogue import Catalogue, NodeType, PropertyType, RelationshipType
from warehouse.model import FULL_MODEL
from warehouse.model.schema import DataModel, EntityType, Property
from warehouse.tables.schema import ordinals

_ABSENT = "no run of an analysis is active, so there is no {}; `targetgraph analyze` lists the analyses"


def catalogue(model: DataModel) -> Catalogue:
    """The node types and relationship types of a model, with their tables and properties.

    Predicted types that the model does not hold are noted as absent: no run is active.
    """
    numbers = ordinals(model)
    nodes = tuple(
        NodeType(label, entity.table, numbers[entity.table], _properties(entity.shown))
        for label, entity in model.entities.items()
    )
    relationships = tuple(
        RelationshipType(name, declared.table, declared.ends, _properties(declared.shown), numbers[declared.table])
        for name, declared in model.relationships.items()
    )
    names = {one.label if isinstance(one, EntityType) else one.name for one in FULL_MODEL.predicted}
    absent = {name: _ABSENT.format(name) for name in names - model.entities.keys() - model.relationships.keys()}
    return Catalogue(nodes, relationships, absent)


def _properties(columns: tuple[Property, ...]) -> dict[str, PropertyType]:
    return {column.name: PropertyType(column.type.value) for column in columns}
