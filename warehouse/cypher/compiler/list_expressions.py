"""List comprehensions and quantifiers as DuckDB's list functions.

A list of nodes or relationships of which only properties are read becomes a list of those properties, fetched once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from warehouse.cypher import types
from warehouse.cypher.compiler import operators
from warehouse.cypher.compiler.operators import NeedsPython
from warehouse.cypher.compiler.relation import NULL_VALUE, Relation, Value
from warehouse.cypher.syntax import tree as s
from warehouse.cypher.syntax.walk import only_properties_of, variables, walk
from warehouse.cypher.types import BOOLEAN, Kind, Type, list_of

if TYPE_CHECKING:
    from warehouse.cypher.compiler.expressions import Expressions

Binding = s.ListComprehension | s.Quantifier | s.Reduce


def fetched(expressions: Expressions, node: s.ListComprehension | s.Quantifier | s.Reduce) -> Value | None:
    """For a list of entities of which only properties are read: the list of those properties as maps."""
    source = expressions.compile(node.source)
    item = source.type.item
    if source.type.kind is not Kind.LIST or item is None or not item.is_entity or expressions.local:
        return None
    bodies = [body for body in _bodies(node) if body is not None]
    if isinstance(node, s.ListComprehension) and node.result is None:
        return None
    keys: set[str] = set()
    for body in bodies:
        read = only_properties_of(body, node.variable)
        if read is None:
            return None
        keys |= read
    return _fetch(expressions, source, item, sorted(keys)) if keys else None


def _fetch(expressions: Expressions, source: Value, item: Type, keys: list[str]) -> Value:
    inner = Relation(expressions.context)
    name = expressions.context.alias("u")
    inner.add(f"(SELECT unnest({source.sql}) AS e, generate_subscripts({source.sql}, 1) AS i) AS {name}")
    entity = inner.entity(f"{name}.e", item, True)
    reader = type(expressions)(inner)
    packed = reader.struct({key: reader.property_of(entity, key, 0) for key in keys})
    sql = f"(SELECT list({packed.sql} ORDER BY {name}.i){inner.body()})"
    return Value(f"CASE WHEN {source.sql} IS NOT NULL THEN coalesce({sql}, []) END", list_of(packed.type))


def _items(expressions: Expressions, node: s.ListComprehension | s.Quantifier | s.Reduce) -> Value:
    source = fetched(expressions, node) or expressions.compile(node.source)
    if source.type.kind is Kind.ANY:
        raise NeedsPython
    if source.type.kind not in (Kind.LIST, Kind.NULL):
        raise expressions.mismatch(node.source.at, "LIST", source.type)
    return source


def comprehension(expressions: Expressions, node: s.ListComprehension) -> Value:
    """`[x IN list WHERE predicate | result]`."""
    if _looks_at_graph(expressions, node):
        return _unnested_comprehension(expressions, node)
    source = _items(expressions, node)
    if source.type.kind is Kind.NULL:
        return NULL_VALUE
    name = expressions.context.alias("x")
    inner = expressions.with_local({node.variable: Value(name, source.type.item or types.NULL)})
    sql, type_ = source.sql, source.type
    if node.where is not None:
        sql = f"list_filter({sql}, lambda {name}: {inner.boolean(node.where)})"
    if node.result is not None:
        result = inner.compile(node.result)
        body = result.sql if result.type.kind is not Kind.NULL else "CAST(NULL AS INTEGER)"
        sql, type_ = f"list_transform({sql}, lambda {name}: {body})", list_of(result.type)
    return Value(sql, type_)


def quantifier(expressions: Expressions, node: s.Quantifier) -> Value:
    """`any(x IN list WHERE predicate)` and its kind."""
    if _looks_at_graph(expressions, node):
        seen = _unnested(expressions, node, lambda inner: (inner.boolean(node.where), BOOLEAN), None)
        return Value(operators.quantified(node.kind, seen.sql, expressions.context.alias("x")), BOOLEAN)
    source = _items(expressions, node)
    if source.type.kind is Kind.NULL:
        return Value("CAST(NULL AS BOOLEAN)", BOOLEAN)
    name = expressions.context.alias("x")
    inner = expressions.with_local({node.variable: Value(name, source.type.item or types.NULL)})
    truths = f"list_transform({source.sql}, lambda {name}: {inner.boolean(node.where)})"
    return Value(operators.quantified(node.kind, truths, expressions.context.alias("x")), BOOLEAN)


def reduction(expressions: Expressions, node: s.Reduce) -> Value:
    """`reduce(...)`: left to Python, for the type of its total may change from step to step."""
    raise NeedsPython


def _bodies(node: s.ListComprehension | s.Quantifier | s.Reduce) -> tuple[s.Expression | None, ...]:
    if isinstance(node, s.ListComprehension):
        return node.where, node.result
    return (node.where,) if isinstance(node, s.Quantifier) else (node.step,)


_GRAPH = (s.Subquery, s.PatternPredicate, s.PatternComprehension)


def _looks_at_graph(expressions: Expressions, node: Binding) -> bool:
    """Whether a pattern or subquery inside uses the variable of the list: DuckDB's lambdas cannot hold one."""
    inside = [part for body in _bodies(node) if body is not None for part in walk(body)]
    return not expressions.local and any(
        isinstance(part, _GRAPH) and node.variable in variables(part) for part in inside
    )


def _unnested_comprehension(expressions: Expressions, node: s.ListComprehension) -> Value:
    chosen = node.result or s.Variable(node.at, node.variable)

    def result(inner: Expressions) -> tuple[str, Type]:
        value = inner.compile(chosen)
        return ("CAST(NULL AS INTEGER)" if value.type.kind is Kind.NULL else value.sql), value.type

    return _unnested(expressions, node, result, node.where)


def _unnested(
    expressions: Expressions,
    node: Binding,
    result: Callable[[Expressions], tuple[str, Type]],
    where: s.Expression | None,
) -> Value:
    """The list taken apart into rows, each of which may look at the graph, and put together again."""
    source = expressions.compile(node.source)
    if source.type.kind is not Kind.LIST or source.type.item is None:
        raise NeedsPython
    inner = expressions.relation.child()
    name = expressions.context.alias("u")
    inner.add(f"(SELECT unnest({source.sql}) AS e, generate_subscripts({source.sql}, 1) AS i) AS {name}")
    item = source.type.item
    inner.scope[node.variable] = inner.entity(f"{name}.e", item, True) if item.is_entity else Value(f"{name}.e", item)
    compiler = type(expressions)(inner)
    if where is not None:
        inner.require(compiler.boolean(where))
    sql, type_ = result(compiler)
    collected = f"(SELECT list({sql} ORDER BY {name}.i){inner.body()})"
    return Value(f"CASE WHEN {source.sql} IS NOT NULL THEN coalesce({collected}, []) END", list_of(type_))
