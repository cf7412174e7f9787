"""The few procedures that list what the graph holds."""

from __future__ import annotations

from warehouse.cypher import syntax as s
from warehouse.cypher.relation import Relation, Value
from warehouse.cypher.types import STRING

_COLUMNS = {"db.labels": "label", "db.relationshiptypes": "relationshipType", "db.propertykeys": "propertyKey"}


def call_procedure(relation: Relation, clause: s.CallProcedure) -> Relation:
    """Join the rows of `db.labels()`, `db.relationshipTypes()` or `db.propertyKeys()`."""
    context = relation.context
    column = _COLUMNS.get(clause.name.lower())
    if column is None:
        raise context.refuse(
            clause.at, f"there is no procedure {clause.name}", "known: db.labels, db.relationshipTypes, db.propertyKeys"
        )
    if clause.arguments:
        raise context.refuse(clause.at, f"{clause.name}() takes no argument")
    catalogue = context.catalogue
    found = {
        "label": catalogue.labels,
        "relationshipType": catalogue.type_names,
        "propertyKey": catalogue.property_names,
    }
    alias = context.alias("u")
    values = ", ".join(context.bind_text(value) for value in sorted(found[column]))
    relation.add(f"LATERAL (SELECT unnest(CAST([{values}] AS VARCHAR[])) AS item) AS {alias}")
    for wanted, name in clause.yields or ((column, column),):
        if wanted != column or name in relation.scope:
            raise context.refuse(clause.at, f"{clause.name} yields {column!r}, once")
        relation.scope[name] = Value(f"{alias}.item", STRING)
    return relation
