"""The few procedures that list what the graph holds."""

from __future__ import annotations

from warehouse.cypher.compiler.expressions import Expressions
from warehouse.cypher.compiler.projections import Select, project
from warehouse.cypher.compiler.relation import Relation, Value
from warehouse.cypher.syntax import tree as s
from warehouse.cypher.types import STRING

#: The column of each procedure.
COLUMNS = {"db.labels": "label", "db.relationshipTypes": "relationshipType", "db.propertyKeys": "propertyKey"}


def yielded_name(text: str, call: s.CallProcedure, *, alone: bool) -> str:
    """The name under which a call yields its one column.

    A call that is the whole query may leave out its parentheses and YIELD, and write `YIELD *`; one inside a query may
    not, as in Neo4j.

    Raises:
        QuestionError: there is no such procedure, or it is not called so.
    """
    column = COLUMNS.get(call.name)
    if column is None:
        raise s.refusal(text, call.at, f"there is no procedure {call.name}", f"known: {', '.join(COLUMNS)}")
    if call.arguments:
        raise s.refusal(text, call.at, f"{call.name}() takes no argument")
    if not alone and call.arguments is None:
        raise s.refusal(text, call.at, f"{call.name} lacks its parentheses", f"write CALL {call.name}()")
    if not alone and not call.yields:
        hint = f"write CALL {call.name}() YIELD {column}"
        raise s.refusal(text, call.at, "a call inside a query names what it yields", hint)
    if alone and call.where is not None:
        raise s.refusal(text, call.where.at, "WHERE after a call needs a RETURN", "add RETURN *")
    yields = call.yields or ((column, column),)
    if len(yields) > 1 or yields[0][0] != column:
        raise s.refusal(text, call.at, f"{call.name} yields {column!r}, once")
    return yields[0][1]


def call_procedure(relation: Relation, call: s.CallProcedure, *, alone: bool = False) -> Relation:
    """Join the rows of `db.labels()`, `db.relationshipTypes()` or `db.propertyKeys()`."""
    context, catalogue = relation.context, relation.context.catalogue
    name = yielded_name(context.text, call, alone=alone)
    if name in relation.scope:
        raise context.refuse(call.at, f"the variable {name!r} is already defined", "rename it with YIELD ... AS")
    listed = {
        "label": catalogue.labels,
        "relationshipType": catalogue.type_names,
        "propertyKey": catalogue.property_names,
    }
    alias = context.alias("u")
    values = ", ".join(context.bind_text(value) for value in sorted(listed[COLUMNS[call.name]]))
    relation.add(f"LATERAL (SELECT unnest(CAST([{values}] AS VARCHAR[])) AS item) AS {alias}")
    relation.scope[name] = Value(f"{alias}.item", STRING)
    if call.where is not None:
        relation.require(Expressions(relation).boolean(call.where))
    return relation


def project_call(relation: Relation, call: s.CallProcedure) -> Select:
    """The rows of a call that is the whole query: what it yields is returned."""
    call_procedure(relation, call, alone=True)
    return project(relation, s.Projection(call.at, False, True, (), (), None, None), named=False)
