"""Compiles what stands inside expressions and looks at the graph: EXISTS, COUNT, COLLECT, patterns, comprehensions."""

from __future__ import annotations

from warehouse.cypher.compiler.clauses import compile_query
from warehouse.cypher.compiler.expressions import Expressions
from warehouse.cypher.compiler.patterns import PatternCompiler
from warehouse.cypher.compiler.projections import order_by
from warehouse.cypher.compiler.relation import Relation, Value
from warehouse.cypher.syntax import tree as s
from warehouse.cypher.types import BOOLEAN, INTEGER, list_of


def compile_subquery(relation: Relation, node: s.PatternPredicate | s.PatternComprehension | s.Subquery) -> Value:
    """A subquery that sees the variables of `relation`, as an expression."""
    match node:
        case s.PatternPredicate():
            return _predicate(relation, node)
        case s.PatternComprehension():
            return _comprehension(relation, node)
        case s.Subquery():
            return _query(relation, node)


def _predicate(relation: Relation, node: s.PatternPredicate) -> Value:
    for element in node.pattern.elements:
        name = None if isinstance(element, s.Group) else element.name
        if name is not None and name not in relation.scope:
            raise relation.context.refuse(
                element.at, f"a pattern that is a predicate cannot introduce the variable {name!r}",
                "write EXISTS { ... }, where it can",
            )  # fmt: skip
    inner = relation.child()
    PatternCompiler(inner).compile((node.pattern,))
    return Value(f"EXISTS (SELECT 1{inner.body()})", BOOLEAN)


def _comprehension(relation: Relation, node: s.PatternComprehension) -> Value:
    inner = relation.child()
    PatternCompiler(inner).compile((node.pattern,), node.where)
    result = Expressions(inner).compile(node.result)
    sql = "CAST(NULL AS INTEGER)" if result.sql == "NULL" else result.sql
    return Value(f"coalesce((SELECT list({sql}){inner.body()}), [])", list_of(result.type))


def _query(relation: Relation, node: s.Subquery) -> Value:
    select = compile_query(relation.child(), node.query, nested=True, rows_only=node.kind != "COLLECT")
    alias = relation.context.alias("q")
    if node.kind == "EXISTS":
        return Value(f"EXISTS ({select.sql})", BOOLEAN)
    if node.kind == "COUNT":
        return Value(f"(SELECT count(*) FROM ({select.sql}) AS {alias})", INTEGER)
    if len(select.columns) != 1:
        raise relation.context.refuse(node.at, "COLLECT { } must return exactly one column")
    column = select.columns[0]
    order = order_by(select.order, f"{alias}.")
    sql = f"coalesce((SELECT list({alias}.{column.column}{order}) FROM ({select.sql}) AS {alias}), [])"
    return Value(sql, list_of(column.type))
