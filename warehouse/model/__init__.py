"""The data model: one declaration of what the warehouse holds.

>>> from warehouse.model import MODEL
>>> MODEL.entities["Gene"].prefixes[0]
'hgnc'
"""

from warehouse.model.entities import ENTITIES
from warehouse.model.relationships import RELATIONSHIPS
from warehouse.model.schema import (
    Combine,
    DataModel,
    EntityType,
    MatrixKind,
    Property,
    RelationshipType,
    StatedType,
    SynonymKind,
    TableType,
    ValueType,
)
from warehouse.model.tables import MATRICES, TABLES

#: Everything the warehouse holds.
MODEL = DataModel(ENTITIES, RELATIONSHIPS, TABLES, MATRICES)

__all__ = [
    "MODEL",
    "Combine",
    "DataModel",
    "EntityType",
    "MatrixKind",
    "Property",
    "RelationshipType",
    "StatedType",
    "SynonymKind",
    "TableType",
    "ValueType",
]
