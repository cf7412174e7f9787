"""The data model: one declaration of what the warehouse holds.

>>> from warehouse.model import MODEL
>>> MODEL.entities["Gene"].prefixes[0]
'hgnc'
"""

from warehouse.model.entities import ENTITIES
from warehouse.model.predictions import PREDICTED_ENTITIES, PREDICTED_RELATIONSHIPS
from warehouse.model.relationships import RELATIONSHIPS
from warehouse.model.schema import (
    BIOLOGY,
    Combine,
    DataModel,
    EntityType,
    MatrixKind,
    Property,
    RelationshipType,
    StatedType,
    SynonymKind,
    TableType,
    Use,
    ValueType,
)
from warehouse.model.tables import MATRICES, TABLES

#: Everything a build holds: what sources state.
MODEL = DataModel(ENTITIES, RELATIONSHIPS, TABLES, MATRICES)

#: The same, and what runs of analyses predict.
FULL_MODEL = DataModel((*ENTITIES, *PREDICTED_ENTITIES), (*RELATIONSHIPS, *PREDICTED_RELATIONSHIPS), TABLES, MATRICES)

__all__ = [
    "BIOLOGY",
    "FULL_MODEL",
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
    "Use",
    "ValueType",
]
