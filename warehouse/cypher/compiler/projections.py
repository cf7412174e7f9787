"""Compiles the body of WITH and RETURN: what is projected, grouped, ordered and cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from warehouse.cypher.catalogue import ORDINAL_SHIFT
from warehouse.cypher.compiler import aggregates
from warehouse.cypher.compiler.dynamic import GROUP_KEY, SORT_KEY
from warehouse.cypher.compiler.expressions import Expressions
from warehouse.cypher.compiler.graph_functions import type_names
from warehouse.cypher.compiler.operators import nan_test, never_nan
from warehouse.cypher.compiler.relation import Context, Deferred, Order, Relation, Scan, Value, tagged
from warehouse.cypher.evaluation.function_table import AGGREGATES
from warehouse.cypher.syntax import tree as s
from warehouse.cypher.syntax.walk import children, contains_call, rebuild, variables, walk
from warehouse.cypher.types import INTEGER, Kind, Type


@dataclass(frozen=True)
class Column:
    """One column of a finished SELECT: its name in SQL, its name in Cypher and its type."""

    column: str
    name: str
    type: Type
    nullable: bool = True


@dataclass(frozen=True)
class Select:
    """A finished SELECT.

    `order` are the columns by which its rows are ordered, each with its direction; `kept` is a column that is true for
    the rows which the WHERE after WITH keeps; `where` is that WHERE when it is still to be applied to the columns.
    """

    sql: str
    columns: tuple[Column, ...]
    order: Order = ()
    kept: str | None = None
    where: s.Expression | None = None


@dataclass
class Aggregation:
    """What stands for grouped and aggregated expressions above a GROUP BY.

    `below` compiles what is grouped; `keys` are the grouped expressions with their columns; each aggregate becomes a
    column of `selected` over the argument columns in `arguments`.
    """

    below: Expressions
    above: Relation
    alias: str
    keys: dict[s.Expression, Value] = field(default_factory=dict)
    arguments: list[str] = field(default_factory=list)
    selected: list[str] = field(default_factory=list)
    whole: bool = False
    _done: dict[s.Expression, Value] = field(default_factory=dict)

    def item(self, expressions: Expressions, expression: s.Expression) -> Value:
        """A projected item: a grouped expression as a whole, or one made of aggregates and simple grouped ones."""
        self.whole = expression in self.keys
        value = expressions.compile(expression)
        self.whole = False
        return value

    def known(self, expression: s.Expression) -> Value | None:
        """The column of a grouped or aggregated expression."""
        if expression in self.keys and (self.whole or _is_simple(expression)):
            return self.keys[expression]
        if not isinstance(expression, s.Call) or expression.name.lower() not in AGGREGATES:
            return None
        if expression not in self._done:
            self._done[expression] = self._aggregate(expression)
        return self._done[expression]

    def ungrouped(self, node: s.Expression) -> Exception:
        """The refusal of a variable beside an aggregate by which nothing is grouped."""
        what = f"{node.name!r}" if isinstance(node, s.Variable) else "a subquery"
        return self.below.context.refuse(
            node.at, f"{what} stands beside an aggregate but is not grouped by",
            "project it in a column of its own, or in a WITH before this",
        )  # fmt: skip

    def _aggregate(self, call: s.Call) -> Value:
        if any(contains_call(argument, _CHANCE) for argument in call.arguments):
            raise self.below.context.refuse(call.at, "an aggregate over random values", "WITH the values first")
        if any(contains_call(argument, AGGREGATES) for argument in call.arguments):
            raise self.below.context.refuse(
                call.at, "an aggregate inside an aggregate", "aggregate twice, with WITH between"
            )
        found = aggregates.compile_aggregate(self.below, call, self._argument)
        name = self.below.context.alias("g")
        self.selected.append(f"{found.sql} AS {name}")
        return self._above(f"{self.alias}.{name}", found.type)

    def _argument(self, sql: str) -> str:
        """An argument as a column below the GROUP BY."""
        name = self.below.context.alias("a")
        self.arguments.append(f"{sql} AS {name}")
        return name

    def _above(self, sql: str, type_: Type) -> Value:
        return self.above.entity(sql, type_, True) if type_.is_entity else Value(sql, type_)


_CHANCE = frozenset({"rand", "randomuuid"})


def _is_simple(expression: s.Expression) -> bool:
    """Whether Neo4j recognises a grouped expression inside a larger one: a variable or one of its properties."""
    return isinstance(expression, s.Variable) or (
        isinstance(expression, s.Property) and isinstance(expression.subject, s.Variable)
    )


def project(relation: Relation, projection: s.Projection, named: bool, where: s.Expression | None = None) -> Select:
    """Compile a projection.

    Args:
        relation: what is projected.
        projection: the body of WITH or RETURN.
        named: whether every column must have a name, as in WITH.
        where: the WHERE of a WITH.
    """
    items = _items(relation, projection, named)
    for item in items:
        _refuse_hidden_aggregates(relation.context, item.expression)
    grouped = any(contains_call(item.expression, AGGREGATES) for item in items)
    if not grouped and any(contains_call(key.expression, AGGREGATES) for key in projection.order):
        raise relation.context.refuse(
            projection.at, "ORDER BY aggregates what is not aggregated", "project the aggregate"
        )
    maker = (_Grouped if grouped else _Plain)(relation, projection, items, where)
    return maker.select()


def _refuse_hidden_aggregates(context: Context, expression: s.Expression) -> None:
    for node in walk(expression):
        if isinstance(node, (s.ListComprehension, s.Quantifier, s.Reduce)) and contains_call(node, AGGREGATES):
            inside = [part for part in children(node) if part is not node.source]
            if any(contains_call(part, AGGREGATES) for part in inside):
                raise context.refuse(node.at, "an aggregate inside a list expression", "aggregate in a WITH before it")


def _items(relation: Relation, projection: s.Projection, named: bool) -> list[s.Item]:
    context = relation.context
    items = []
    if projection.star:
        names = sorted(name for name in relation.scope if not name.startswith(" "))
        if not names and not named:
            raise context.refuse(projection.at, "RETURN * has no variable to return")
        items = [s.Item(projection.at, s.Variable(projection.at, name), name, True) for name in names]
    items += projection.items
    seen: set[str] = set()
    for item in items:
        if named and not item.named and not isinstance(item.expression, s.Variable):
            raise context.refuse(item.at, "an expression in WITH needs a name", "write: expression AS name")
        if item.name in seen:
            raise context.refuse(item.at, f"two columns are called {item.name!r}", "give one another name with AS")
        seen.add(item.name)
    return items


def group_key(value: Value, context: Context) -> str:
    """What GROUP BY compares: the value itself, or its key where equal values can be written in several ways.

    No NaN is in a group with another.
    """
    if value.type.is_dynamic:
        return f"{GROUP_KEY}({tagged(value, context)})"
    test = nan_test(value, context)
    return value.sql if test is None else f"{value.sql}, CASE WHEN {test} THEN uuid() END"


def distinct_rows(inner: str, columns: Sequence[Column], context: Context) -> str:
    """Every row of a SELECT once."""
    alias = context.alias("s")
    values = [Value(f"{alias}.{column.column}", column.type) for column in columns]
    keys = [group_key(value, context) for value in values]
    if keys == [value.sql for value in values]:
        return f"SELECT DISTINCT {', '.join(keys)} FROM ({inner}) AS {alias}"
    chosen = [f"first({value.sql}) AS {column.column}" for value, column in zip(values, columns, strict=True)]
    return f"SELECT {', '.join(chosen)} FROM ({inner}) AS {alias} GROUP BY {', '.join(keys)}"


def sort_sqls(value: Value, context: Context) -> list[str]:
    """What ORDER BY compares, one after the other."""
    if value.type.kind in (Kind.LIST, Kind.MAP, Kind.PATH, Kind.ANY):
        return [f"{SORT_KEY}({tagged(value, context)})"]
    if value.type.kind is Kind.FLOAT and not never_nan(value.sql):
        # -0.0, which only a computation gives, comes before 0.0; to DuckDB they are equal.
        return [value.sql, f"CASE WHEN {value.sql} = 0 THEN NOT signbit({value.sql}) END"]
    return [value.sql]


def direction(key: s.SortKey) -> str:
    """How Cypher orders: null is the largest value."""
    return "DESC NULLS FIRST" if key.descending else "ASC NULLS LAST"


def order_by(order: Order, prefix: str = "") -> str:
    """The ORDER BY clause, or nothing."""
    return " ORDER BY " + ", ".join(f"{prefix}{name} {how}" for name, how in order) if order else ""


class _Maker:
    """What both kinds of projection share."""

    def __init__(
        self, relation: Relation, projection: s.Projection, items: list[s.Item], where: s.Expression | None
    ) -> None:
        self.where = where
        self.relation = relation
        self.context = relation.context
        self.projection = projection
        self.items = items

    def finish(self, inner: str, columns: list[Column], order: Order) -> Select:
        """Cut the rows of an inner SELECT whose columns include the sort keys."""
        cut = self._cut()
        if cut:
            inner = f"SELECT * FROM ({inner}) AS {self.context.alias('s')}{order_by(order)}{cut}"
        where = None if self.kept is not None or self.where is None else _replace(self.where, self.aliases())
        return Select(inner, tuple(columns), order, self.kept, where)

    kept: str | None = None

    def aliases(self) -> dict[s.Expression, s.Variable]:
        """The name under which each expression is projected."""
        return {item.expression: s.Variable(item.at, item.name) for item in self.items}

    def _cut(self) -> str:
        parts = []
        for word, expression in (("LIMIT", self.projection.limit), ("OFFSET", self.projection.skip)):
            if expression is not None:
                parts.append(f" {word} {self._count(expression, 'SKIP' if word == 'OFFSET' else word)}")
        return "".join(parts)

    def _count(self, expression: s.Expression, word: str) -> str:
        """A number of rows: it must not depend on a row, nor be negative."""
        if any(isinstance(node, (s.Subquery, s.PatternPredicate, s.PatternComprehension)) for node in walk(expression)):
            raise self.context.refuse(expression.at, f"{word} takes a constant or a parameter")
        if variables(expression) or contains_call(expression, AGGREGATES):
            raise self.context.refuse(
                expression.at, f"{word} must not depend on a row", "use a constant or a parameter"
            )
        if isinstance(expression, s.Literal) and isinstance(expression.value, int) and expression.value < 0:
            raise self.context.refuse(expression.at, f"{word} takes no negative number")
        value = Expressions(Relation(self.context)).compile(expression)
        if value.type.kind is not Kind.INTEGER:
            raise self.context.refuse(expression.at, f"{word} takes an integer, met {value.type}")
        return f"({value.sql})"

    def columns_of(self, values: list[Value]) -> tuple[list[Column], list[str]]:
        """Columns with names of ours, and the SELECT items that make them."""
        columns, selected = [], []
        for item, value in zip(self.items, values, strict=True):
            name = self.context.alias("c")
            columns.append(Column(name, item.name, value.type))
            selected.append(f"{'CAST(NULL AS INTEGER)' if value.type.kind is Kind.NULL else value.sql} AS {name}")
        return columns, selected

    def over(self, inner: str, columns: list[Column]) -> Relation:
        """A relation over a finished SELECT, with its columns in scope."""
        relation = Relation(self.context)
        alias = self.context.alias("q")
        relation.add(f"({inner}) AS {alias}")
        bring_into_scope(relation, alias, columns)
        return relation

    def _sort(self, value: Value, key: s.SortKey, keys: list[tuple[str, str]], selected: list[str]) -> None:
        """Add the columns by which a value sorts."""
        for sql in sort_sqls(value, self.context):
            name = self.context.alias("k")
            selected.append(f"{sql} AS {name}")
            keys.append((name, direction(key)))

    def outer_sort(self, inner: str, columns: list[Column]) -> Select:
        """Sort by expressions over the projected columns, once rows are grouped or made distinct."""
        if not self.projection.order:
            return self.finish(inner, columns, ())
        relation = self.over(inner, columns)
        expressions = Expressions(relation)
        keys: list[tuple[str, str]] = []
        selected = [relation.scope[column.name].sql + f" AS {column.column}" for column in columns]
        for key in self.projection.order:
            value = expressions.compile(_replace(key.expression, self.aliases()))
            self._sort(value, key, keys, selected)
        return self.finish(f"SELECT {', '.join(selected)}{relation.body()}", columns, tuple(keys))


def _replace(expression: s.Expression, aliases: dict[s.Expression, s.Variable]) -> s.Expression:
    """The expression with every projected part replaced by the name it was projected as."""

    def change(node: s.Syntax) -> s.Syntax:
        if node in aliases:
            return aliases[node]
        return rebuild(node, change)  # type: ignore[no-any-return]

    return change(expression)  # type: ignore[return-value]  # an expression stays an expression


def bring_into_scope(relation: Relation, alias: str, columns: list[Column] | tuple[Column, ...]) -> None:
    """Make the columns of a subselect the variables of a relation."""
    for column in columns:
        sql = f"{alias}.{column.column}"
        if column.type.is_entity:
            relation.scope[column.name] = relation.entity(sql, column.type, column.nullable)
        elif column.type.kind is Kind.NULL:
            relation.scope[column.name] = Value("NULL", column.type)
        else:
            relation.scope[column.name] = Value(sql, column.type)


class _Plain(_Maker):
    """A projection without aggregates."""

    def select(self) -> Select:
        """The SELECT of this projection."""
        expressions = Expressions(self.relation)
        values = [expressions.compile(item.expression) for item in self.items]
        columns, selected = self.columns_of(values)
        if self.projection.distinct:
            inner = f"SELECT {', '.join(selected)}{self.relation.body()}"
            return self.outer_sort(distinct_rows(inner, columns, self.context), columns)
        named = {item.name: value for item, value in zip(self.items, values, strict=True)}
        sorting = Expressions(self.relation, named=named)
        keys: list[tuple[str, str]] = []
        for key in self.projection.order:
            self._sort(sorting.compile(key.expression), key, keys, selected)
        if self.where is not None and variables(self.where) & self.relation.scope.keys() - named.keys():
            self.kept = self.context.alias("w")
            selected.append(f"{sorting.boolean(self.where)} AS {self.kept}")
        for sql, how in self.relation.order if not keys else ():
            name = self.context.alias("o")
            selected.append(f"{sql} AS {name}")
            keys.append((name, how))
        return self.finish(
            f"SELECT {', '.join(selected) or '1 AS nothing'}{self.relation.body()}", columns, tuple(keys)
        )


class _Grouped(_Maker):
    """A projection with aggregates: what is grouped below, the groups, and what is made of them above."""

    def select(self) -> Select:
        """The SELECT of this projection."""
        below = Expressions(self.relation)
        above = Relation(self.context)
        alias = self.context.alias("q")
        aggregation = Aggregation(below, above, alias)
        keys: list[tuple[str, Value]] = []
        above.add(Deferred(lambda: f"({self._groups(aggregation, keys)}) AS {alias}"))
        keys += self._keys(aggregation)
        expressions = Expressions(above, aggregation=aggregation)
        columns, selected = self.columns_of([aggregation.item(expressions, item.expression) for item in self.items])
        inner = f"SELECT {', '.join(selected)}{above.body()}"
        if self.projection.distinct:
            inner = distinct_rows(inner, columns, self.context)
        return self.outer_sort(inner, columns)

    def _keys(self, aggregation: Aggregation) -> list[tuple[str, Value]]:
        found = []
        for item in self.items:
            if contains_call(item.expression, AGGREGATES) or item.expression in aggregation.keys:
                continue
            name = self.context.alias("k")
            value, above = self._key(aggregation, item.expression, f"{aggregation.alias}.{name}")
            aggregation.keys[item.expression] = above
            found.append((name, value))
        return found

    def _key(self, aggregation: Aggregation, expression: s.Expression, sql: str) -> tuple[Value, Value]:
        """What is grouped by, and what the expression is above the groups."""
        cheaper = self._by_id(aggregation, expression, sql)
        if cheaper is not None:
            return cheaper
        value = aggregation.below.compile(expression)
        if value.type.kind is Kind.NULL:
            return Value("CAST(NULL AS INTEGER)", value.type), value
        if value.type.is_entity:
            return value, aggregation.above.entity(sql, value.type, True)
        return value, Value(sql, value.type)

    def _by_id(self, aggregation: Aggregation, expression: s.Expression, sql: str) -> tuple[Value, Value] | None:
        """Group by the id of an entity, or by its type, instead of by text that follows from it."""
        if isinstance(expression, s.Property):
            subject: s.Expression = expression.subject
        elif isinstance(expression, s.Call) and expression.name.lower() in ("type", "labels") and expression.arguments:
            subject = expression.arguments[0]
        else:
            return None
        entity = self.relation.scope.get(subject.name) if isinstance(subject, s.Variable) else None
        if entity is None or not entity.type.is_entity:
            return None
        if isinstance(expression, s.Call):
            return self._by_type(aggregation, entity, sql)
        kinds = self.context.catalogue.node_by_ordinal
        of = kinds.keys() if entity.type.of is None else entity.type.of
        if entity.type.kind is not Kind.NODE or not all(kinds[ordinal].key == expression.key for ordinal in of):
            return None
        above = aggregation.above.entity(sql, entity.type, True)
        return Value(entity.sql, entity.type), Expressions(aggregation.above).property_of(
            above, expression.key, expression.at
        )

    def _by_type(self, aggregation: Aggregation, entity: Value, sql: str) -> tuple[Value, Value] | None:
        if not self.context.types_have_own_names(entity.type.kind):
            return None
        # A small type lets DuckDB count in an array instead of a hash table.
        known = entity.columns.ordinal if isinstance(entity.columns, Scan) else f"({entity.sql} >> {ORDINAL_SHIFT})"
        ordinal = f"CAST({known} AS SMALLINT)"
        return Value(ordinal, INTEGER), type_names(Expressions(aggregation.above), Value(sql, entity.type), sql)

    def _counted_tables(self, aggregation: Aggregation, keys: list[tuple[str, Value]]) -> str | None:
        """Whole tables counted by type: DuckDB knows the number of rows of a table without reading it."""
        scan = self.relation.only_scan()
        if scan is None or len(keys) != 1 or keys[0][1].sql != f"CAST({scan.ordinal} AS SMALLINT)":
            return None
        counts = [one.removeprefix("count(*) AS ") for one in aggregation.selected if one.startswith("count(*) AS ")]
        if not counts or len(counts) != len(aggregation.selected):
            return None
        key, first = keys[0][0], counts[0]
        columns = ", ".join([key, *(f"{first} AS {other}" if other != first else first for other in counts)])
        parts = [
            f"SELECT CAST({ordinal} AS SMALLINT) AS {key}, count(*) AS {first} FROM {name}"
            for ordinal, name in scan.tables()
        ]
        return f"SELECT {columns} FROM ({' UNION ALL '.join(parts)}) AS {self.context.alias('b')} WHERE {first} > 0"

    def _groups(self, aggregation: Aggregation, keys: list[tuple[str, Value]]) -> str:
        below = [f"{value.sql} AS {name}" for name, value in keys] + aggregation.arguments
        below += [f"{sql} AS {aggregates.ORDER}{n}" for n, (sql, _) in enumerate(self.relation.order)]
        alias = self.context.alias("b")
        inner = f"(SELECT {', '.join(below) or '1 AS nothing'}{self.relation.body()}) AS {alias}"
        grouped, chosen = [], []
        for name, value in keys:
            key = group_key(Value(f"{alias}.{name}", value.type), self.context)
            grouped.append(key)
            chosen.append(f"{alias}.{name}" if key == f"{alias}.{name}" else f"first({alias}.{name}) AS {name}")
        counted = self._counted_tables(aggregation, keys)
        if counted is not None:
            return counted
        by = f" GROUP BY {', '.join(grouped)}" if grouped else ""
        return f"SELECT {', '.join(chosen + aggregation.selected)} FROM {inner}{by}"
