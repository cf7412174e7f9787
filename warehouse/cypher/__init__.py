"""Neo4j's Cypher, answered by DuckDB: a parser, a compiler to SQL, and an engine that runs it.

The package knows tables and a catalogue of them, and nothing of what they are about.
"""

from warehouse.cypher.catalogue import Catalogue, NodeType, PropertyType, RelationshipType
from warehouse.cypher.engine.layout import derive
from warehouse.cypher.engine.run import CypherEngine, Result, lock, open_locked
from warehouse.cypher.values.values import Node, Path, Relationship

__all__ = [
    "Catalogue",
    "CypherEngine",
    "Node",
    "NodeType",
    "Path",
    "PropertyType",
    "Relationship",
    "RelationshipType",
    "Result",
    "derive",
    "lock",
    "open_locked",
]
