"""Compiles clauses in the order in which they are written, and whole queries out of them."""

from __future__ import annotations

from warehouse.cypher import types
from warehouse.cypher.compiler.expressions import Expressions
from warehouse.cypher.compiler.lifting import in_python
from warehouse.cypher.compiler.patterns import PatternCompiler, conjuncts
from warehouse.cypher.compiler.procedures import call_procedure, project_call
from warehouse.cypher.compiler.projections import Column, Select, bring_into_scope, distinct_rows, project
from warehouse.cypher.compiler.relation import Relation, Value, convert
from warehouse.cypher.syntax import tree as s
from warehouse.cypher.types import Kind, join


def compile_query(relation: Relation, query: s.Query, nested: bool = False, rows_only: bool = False) -> Select:
    """A query, or several joined by UNION, over the variables that `relation` has in scope.

    Args:
        relation: what the query begins with; empty for a whole query.
        query: what was written.
        nested: whether this stands inside another query.
        rows_only: whether only the number of rows matters, so that RETURN may be left out.
    """
    lone = query.parts[0].lone_call
    if lone is not None and len(query.parts) == 1 and not nested and not rows_only:
        return project_call(relation, lone)
    parts = [_single(relation.child(), part, nested, rows_only) for part in query.parts]
    return parts[0] if len(parts) == 1 else _union(relation, query, parts)


def _single(relation: Relation, query: s.SingleQuery, nested: bool, rows_only: bool) -> Select:
    for clause in query.clauses:
        if isinstance(clause, s.Return):
            return project(relation, clause.projection, named=False)
        relation = _clause(relation, clause)
    last = query.clauses[-1]
    if not rows_only:
        raise relation.context.refuse(last.at, "the query does not end with RETURN", "add RETURN")
    if isinstance(last, s.With):
        raise relation.context.refuse(last.at, "a query cannot end with WITH", "write RETURN")
    return Select(f"SELECT 1 AS one{relation.body()}", (Column("one", "one", types.INTEGER),))


def _clause(relation: Relation, clause: s.Clause) -> Relation:
    match clause:
        case s.Match():
            return _match(relation, clause)
        case s.Unwind():
            return _unwind(relation, clause)
        case s.With():
            return _with(relation, clause)
        case s.CallSubquery():
            return _call(relation, clause)
        case s.CallProcedure():
            return call_procedure(relation, clause)
        case s.Return():
            raise AssertionError("RETURN is the end of a query")


def _match(relation: Relation, clause: s.Match) -> Relation:
    if not clause.optional:
        PatternCompiler(relation).compile(clause.patterns, clause.where)
        return relation
    inner = relation.child()
    PatternCompiler(inner).compile(clause.patterns, clause.where)
    fresh = [name for name in inner.scope if name not in relation.scope]
    alias = relation.context.alias("m")
    columns, selected = [], []
    for name in fresh:
        value = inner.scope[name]
        column = relation.context.alias("c")
        columns.append(Column(column, name, value.type))
        selected.append(f"{value.sql} AS {column}")
    relation.join(
        f"LATERAL (SELECT {', '.join(selected) or '1 AS one'}{inner.body()}) AS {alias}", "TRUE", optional=True
    )
    bring_into_scope(relation, alias, columns)
    return relation


def _unwind(relation: Relation, clause: s.Unwind) -> Relation:
    context = relation.context
    if clause.name in relation.scope:
        raise context.refuse(clause.at, f"the variable {clause.name!r} is already defined", "use another name")
    source = Expressions(relation).compile(clause.source)
    if source.type.kind is Kind.ANY:
        source = in_python(
            Expressions(relation, named={" list": source}),
            s.Call(0, " items", (s.Variable(0, " list"),)),
            types.list_of(types.ANY),
        )
    item = source.type.item or types.NULL
    sql = source.sql
    if source.type.kind is Kind.NULL:
        sql, item = "CAST([] AS INTEGER[])", types.NULL
    elif source.type.kind is not Kind.LIST:
        sql, item = f"CASE WHEN {source.sql} IS NOT NULL THEN [{source.sql}] ELSE [] END", source.type
    alias = context.alias("u")
    relation.add(f"LATERAL (SELECT unnest({sql}) AS item, generate_subscripts({sql}, 1) AS place) AS {alias}")
    bring_into_scope(relation, alias, [Column("item", clause.name, item)])
    return relation


def _with(relation: Relation, clause: s.With) -> Relation:
    select = project(relation, clause.projection, named=True, where=clause.where)
    after = _over(relation, select)
    for condition in conjuncts(select.where):
        after.require(Expressions(after).boolean(condition))
    return after


def _over(relation: Relation, select: Select) -> Relation:
    after = Relation(relation.context)
    alias = relation.context.alias("q")
    after.add(f"({select.sql}) AS {alias}")
    bring_into_scope(after, alias, select.columns)
    if select.kept is not None:
        after.require(f"{alias}.{select.kept}")
    after.order = tuple((f"{alias}.{column}", how) for column, how in select.order)
    return after


def _call(relation: Relation, clause: s.CallSubquery) -> Relation:
    context = relation.context
    inner, query = _imported(relation, clause)
    select = compile_query(inner, query, nested=True)
    for column in select.columns:
        if column.name in relation.scope:
            raise context.refuse(
                clause.at, f"the variable {column.name!r} is already defined outside CALL", "rename it"
            )
    alias = context.alias("q")
    relation.join(f"LATERAL ({select.sql}) AS {alias}", "TRUE", optional=clause.optional)
    bring_into_scope(relation, alias, select.columns)
    return relation


def _imported(relation: Relation, clause: s.CallSubquery) -> tuple[Relation, s.Query]:
    """The relation that a subquery begins with: only the variables that it imports are in scope."""
    context = relation.context
    if clause.imports is not None:
        names = tuple(relation.scope) if "*" in clause.imports else clause.imports
        for name in names:
            if name not in relation.scope:
                raise context.refuse(clause.at, f"the variable {name!r} is not defined")
        return Relation(context, {name: relation.scope[name] for name in names}), clause.query
    parts = []
    scope: dict[str, Value] = {}
    for part in clause.query.parts:
        first = part.clauses[0]
        imports = isinstance(first, s.With)
        if isinstance(first, s.With):
            scope.update(_simple_imports(relation, first))
        parts.append(s.SingleQuery(part.at, part.clauses[1:]) if imports else part)
    return Relation(context, scope), s.Query(clause.query.at, tuple(parts), clause.query.keep_all)


def _simple_imports(relation: Relation, clause: s.With) -> dict[str, Value]:
    """The variables that the first WITH of a subquery imports; it may do nothing else."""
    projection = clause.projection
    plain = all(
        isinstance(item.expression, s.Variable) and item.expression.name == item.name for item in projection.items
    )
    if not plain or projection.order or projection.skip or projection.limit or projection.distinct or clause.where:
        raise relation.context.refuse(
            clause.at, "the first WITH of a subquery may only import variables", "write CALL (a, b) { ... }"
        )
    names = list(relation.scope) if projection.star else [item.name for item in projection.items]
    for name in names:
        if name not in relation.scope:
            raise relation.context.refuse(clause.at, f"the variable {name!r} is not defined")
    return {name: relation.scope[name] for name in names}


def _union(relation: Relation, query: s.Query, parts: list[Select]) -> Select:
    context = relation.context
    names = [column.name for column in parts[0].columns]
    for part, written in zip(parts, query.parts, strict=True):
        if [column.name for column in part.columns] != names:
            raise context.refuse(
                written.at, "all parts of a UNION must return the same columns", f"here: {', '.join(names)}"
            )
    joined = [types.NULL] * len(names)
    for part in parts:
        joined = [join(type_, column.type) for type_, column in zip(joined, part.columns, strict=True)]
    columns = [Column(context.alias("c"), name, type_) for name, type_ in zip(names, joined, strict=True)]
    selects = []
    for part in parts:
        alias = context.alias("s")
        items = [
            f"{convert(Value(f'{alias}.{old.column}', old.type), new.type, context)} AS {new.column}"
            for old, new in zip(part.columns, columns, strict=True)
        ]
        selects.append(f"SELECT {', '.join(items)} FROM ({part.sql}) AS {alias}")
    if query.keep_all:
        return Select(" UNION ALL ".join(selects), tuple(columns))
    return Select(distinct_rows(" UNION ALL ".join(selects), columns, context), tuple(columns))
