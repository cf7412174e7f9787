"""A SELECT under construction: tables that are joined, conditions, and the Cypher variables that its columns carry.

Tables are rendered last of all, so a property that a later clause reads still becomes a column of the scan that the
MATCH made. Every alias is unique in the statement; a subquery therefore refers to outer columns by their plain names.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal as Choice
from typing import Protocol, TypeAlias

from warehouse.cypher import types
from warehouse.cypher.catalogue import ORDINAL_SHIFT, Catalogue, nearest
from warehouse.cypher.compiler.dynamic import Program
from warehouse.cypher.search import Search, Walk
from warehouse.cypher.syntax import tree as s
from warehouse.cypher.syntax.tree import refusal
from warehouse.cypher.types import Kind, Type
from warehouse.errors import QuestionError

SCHEMA = "graph"
FEW_TYPES = 4
CLOCK = "clock0"


def quote(name: str) -> str:
    """An identifier for SQL: the one way in which a name reaches a statement."""
    return '"' + name.replace('"', '""') + '"'


def table(name: str) -> str:
    """A table of the graph's schema."""
    return f"{SCHEMA}.{quote(name)}"


@dataclass
class Context:
    """What one compilation shares: the graph, the types of the parameters, and what the statement will need.

    `literals` are bound parameters for the constants of the query; `programs` are expressions that Python evaluates;
    `searches` are the path searches whose arrays must be loaded before the statement runs. `compile_subquery` compiles
    what looks at the graph from within an expression: it needs whole clauses, which in turn need expressions.
    """

    text: str
    catalogue: Catalogue
    parameters: Mapping[str, Type]
    compile_subquery: Callable[[Relation, s.PatternPredicate | s.PatternComprehension | s.Subquery], Value]
    literals: dict[str, str] = field(default_factory=dict)
    used_parameters: dict[str, str] = field(default_factory=dict)
    regex_parameters: set[str] = field(default_factory=set)
    programs: list[Program] = field(default_factory=list)
    searches: list[Search | Walk] = field(default_factory=list)
    shares: set[str] = field(default_factory=set)
    warnings: dict[str, None] = field(default_factory=dict)
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    def program(
        self, expression: s.Expression, names: tuple[str, ...], arguments: tuple[Type, ...], result: Type = types.ANY
    ) -> Program:
        """An expression for Python, which lives as long as the statement that calls it by its number."""
        self.programs.append(Program(expression, names, arguments, result))
        return self.programs[-1]

    def identity(self, type_: Type) -> Program:
        """The program that hands its one argument back as tagged text."""
        value = s.Variable(0, "value")
        for program in self.programs:
            if program.arguments == (type_,) and program.expression == value:
                return program
        return self.program(value, ("value",), (type_,))

    def alias(self, prefix: str = "t") -> str:
        """A name that nothing else in the statement has."""
        return f"{prefix}{next(self._numbers)}"

    def bind_text(self, value: str) -> str:
        """A text constant as a bound parameter."""
        for name, known in self.literals.items():
            if known == value:
                return f"${name}"
        name = f"text{len(self.literals)}"
        self.literals[name] = value
        return f"${name}"

    def clock(self) -> str:
        """The time at which the statement begins, in nanoseconds since 1970, as a bound parameter."""
        return f"${CLOCK}"

    def parameter(self, name: str) -> str:
        """A parameter of the user as a bound parameter with a name of ours."""
        return "$" + self.used_parameters.setdefault(name, f"given{len(self.used_parameters)}")

    def types_have_own_names(self, kind: Kind) -> bool:
        """Whether no two node types carry the same labels, or no two relationship types the same name."""
        if kind is Kind.RELATIONSHIP:
            return len(self.catalogue.type_names) == len(self.catalogue.relationships)
        return len({node.all_labels for node in self.catalogue.nodes}) == len(self.catalogue.nodes)

    def refuse(self, at: int, message: str, hint: str | None = None) -> QuestionError:
        """An error about a place in the query."""
        return refusal(self.text, at, message, hint)

    def warn_unknown(self, what: str, name: str, declared: frozenset[str]) -> None:
        """Note a label, type or property that the graph does not have, with the nearest name that it has."""
        if name in self.catalogue.absent:
            self.warnings[self.catalogue.absent[name]] = None
            return
        close = nearest(name, declared)
        meant = f"; did you mean {close!r}?" if close else ""
        self.warnings[f"the graph has no {what} {name!r}{meant}"] = None


class Source(Protocol):
    """An item of FROM that is written only when the statement is."""

    def render(self) -> str:
        """The item of FROM."""


@dataclass(frozen=True, slots=True)
class Deferred:
    """An item of FROM whose text another part of the compiler writes at the end."""

    write: Callable[[], str]

    def render(self) -> str:
        """The item of FROM."""
        return self.write()


class Columns(Protocol):
    """Where the properties of one entity can be read."""

    def column(self, name: str) -> Value | None:
        """The property as an expression; `None` when the entity cannot have it."""


@dataclass(frozen=True, slots=True)
class Value:
    """A compiled expression: SQL and its type; for an entity also where its properties are."""

    sql: str
    type: Type
    columns: Columns | None = None


Order: TypeAlias = tuple[tuple[str, str], ...]
NULL_VALUE = Value("NULL", types.NULL)


def entity_test(sql: str, ordinals: frozenset[int]) -> str:
    """A test that an id belongs to one of these types."""
    if not ordinals:
        return "FALSE"
    if len(ordinals) == 1:
        (only,) = ordinals
        return f"({sql} BETWEEN {only << ORDINAL_SHIFT} AND {((only + 1) << ORDINAL_SHIFT) - 1})"
    return f"(({sql} >> {ORDINAL_SHIFT}) IN ({', '.join(map(str, sorted(ordinals)))}))"


class Scan:
    """A table of nodes or relationships, or several of them united, as one item of FROM.

    Args:
        context: the compilation.
        kind: nodes or relationships.
        ordinals: the types whose tables are read.
        direction: for relationships, from which end to which the columns `_a` and `_b` lead.
    """

    def __init__(
        self,
        context: Context,
        kind: Choice[Kind.NODE, Kind.RELATIONSHIP],
        ordinals: frozenset[int],
        direction: Choice["out", "in", "both"] = "out",
    ) -> None:
        self.context = context
        self.kind = kind
        self.ordinals = ordinals
        self.direction = direction
        self.alias = context.alias("n" if kind is Kind.NODE else "r")
        self._needed: dict[str, Type] = {}

    @property
    def id(self) -> str:
        """The id column."""
        return f"{self.alias}.{'_nid' if self.kind is Kind.NODE else '_rid'}"

    @property
    def near(self) -> str:
        """The end at which the hop begins."""
        return f"{self.alias}.{self._near}"

    @property
    def far(self) -> str:
        """The end to which the hop leads."""
        return f"{self.alias}.{self._far}"

    @property
    def _near(self) -> str:
        return {"out": "_s", "in": "_o", "both": "_a"}[self.direction]

    @property
    def _far(self) -> str:
        return {"out": "_o", "in": "_s", "both": "_b"}[self.direction]

    @property
    def ordinal(self) -> str:
        """The ordinal of the type of the entity, from a column where the tables of several types are united."""
        united = self.kind is Kind.RELATIONSHIP and (len(self.ordinals) != 1 or self.direction == "both")
        return f"{self.alias}._t" if united else f"({self.id} >> {ORDINAL_SHIFT})"

    def end(self, which: Choice["_s", "_o"]) -> str:
        """The start or end node as stored, whatever the direction of the hop."""
        return f"{self.alias}.{which}"

    def column(self, name: str) -> Value | None:
        """A property of the entity."""
        found = [type_ for ordinal in self.ordinals if (type_ := self._property_type(ordinal, name)) is not None]
        if not found:
            return None
        joined = found[0]
        for other in found[1:]:
            joined = types.join(joined, other)
        self._needed[name] = joined
        return Value(f"{self.alias}.{quote(name)}", joined)

    def _property_type(self, ordinal: int, name: str) -> Type | None:
        kinds = self.context.catalogue
        of = kinds.node_by_ordinal[ordinal] if self.kind is Kind.NODE else kinds.relationship_by_ordinal[ordinal]
        declared = of.properties.get(name)
        return None if declared is None else declared.type

    def _table(self, ordinal: int) -> str:
        kinds = self.context.catalogue
        of = kinds.node_by_ordinal[ordinal] if self.kind is Kind.NODE else kinds.relationship_by_ordinal[ordinal]
        return of.table

    def tables(self) -> list[tuple[int, str]]:
        """The tables that are read, with the ordinals of their types."""
        return [(ordinal, table(self._table(ordinal))) for ordinal in sorted(self.ordinals)]

    def render(self) -> str:
        """The item of FROM."""
        if self.kind is Kind.NODE:
            return self._render_nodes()
        if not self._needed and len(self.ordinals) > FEW_TYPES:
            return self._render_narrow()
        return self._render_relationships()

    def _render_nodes(self) -> str:
        if len(self.ordinals) == 1:
            (only,) = self.ordinals
            return f"{table(self._table(only))} AS {self.alias}"
        parts = [
            f"SELECT _nid{self._properties(ordinal)} FROM {table(self._table(ordinal))}"
            for ordinal in sorted(self.ordinals)
        ]
        return self._union(parts, "_nid")

    def _properties(self, ordinal: int) -> str:
        """The needed properties as columns of one branch of a union, each in the type of all branches."""
        columns = []
        for name, joined in self._needed.items():
            own = self._property_type(ordinal, name)
            if own is None:
                columns.append(f", CAST(NULL AS {joined.sql}) AS {quote(name)}")
            else:
                columns.append(f", {convert(Value(quote(name), own), joined, self.context)} AS {quote(name)}")
        return "".join(columns)

    def _union(self, parts: list[str], empty: str) -> str:
        if not parts:
            columns = [f"CAST(NULL AS BIGINT) AS {name}" for name in empty.split()]
            columns += [f"CAST(NULL AS {type_.sql}) AS {quote(name)}" for name, type_ in self._needed.items()]
            parts = [f"SELECT {', '.join(columns)} WHERE FALSE"]
        return f"({' UNION ALL '.join(parts)}) AS {self.alias}"

    def _render_relationships(self) -> str:
        if len(self.ordinals) == 1 and self.direction != "both":
            (only,) = self.ordinals
            name = self._table(only)
            if self.direction == "in" and not self._needed:
                return f"{table(by_end(name))} AS {self.alias}"
            return f"{table(name)} AS {self.alias}"
        parts = []
        for ordinal in sorted(self.ordinals):
            name = self._table(ordinal)
            end_first = name if self._needed else by_end(name)
            rest = f", CAST({ordinal} AS SMALLINT) AS _t{self._properties(ordinal)}"
            if self.direction != "both":
                source = end_first if self.direction == "in" else name
                parts.append(f"SELECT _s, _o, _rid{rest} FROM {table(source)}")
                continue
            parts.append(f"SELECT _s AS _a, _o AS _b, _s, _o, _rid{rest} FROM {table(name)}")
            parts.append(f"SELECT _o AS _a, _s AS _b, _s, _o, _rid{rest} FROM {table(end_first)} WHERE _s <> _o")
        return self._union(parts, "_s _o _rid _a _b _t")

    def _render_narrow(self) -> str:
        """The tables of all types together, with nothing but ids."""
        all_types = self.ordinals == self.context.catalogue.all_relationships
        test = "TRUE" if all_types else f"_t IN ({', '.join(map(str, sorted(self.ordinals)))})"
        if self.direction == "both":
            return self._union(
                [
                    f"SELECT _s AS _a, _o AS _b, _s, _o, _rid, _t FROM {table('_out')} WHERE {test}",
                    f"SELECT _o AS _a, _s AS _b, _s, _o, _rid, _t FROM {table('_in')} WHERE {test} AND _s <> _o",
                ],
                "",
            )
        source = table("_out" if self.direction == "out" else "_in")
        return self._union([f"SELECT _s, _o, _rid, _t FROM {source} WHERE {test}"], "")


def by_end(name: str) -> str:
    """The copy of a relationship table that is sorted by the end node."""
    return f"_by_end_{name}"


class Facet:
    """The properties of an entity of which a relation holds only the id: its tables are joined when one is read."""

    def __init__(self, relation: Relation, sql: str, type_: Type, nullable: bool) -> None:
        self.relation = relation
        self.sql = sql
        self.type = type_
        self.nullable = nullable
        self._scan: Scan | None = None

    def column(self, name: str) -> Value | None:
        """A property of the entity."""
        if self._scan is None:
            self._scan = self._join()
        return self._scan.column(name)

    def end(self, which: Choice["_s", "_o"]) -> str:
        """The start or end node of a relationship."""
        if self._scan is None:
            self._scan = self._join()
        return self._scan.end(which)

    def _join(self) -> Scan:
        catalogue = self.relation.context.catalogue
        kind: Choice[Kind.NODE, Kind.RELATIONSHIP]
        kind = Kind.NODE if self.type.kind is Kind.NODE else Kind.RELATIONSHIP
        every = catalogue.all_nodes if kind is Kind.NODE else catalogue.all_relationships
        scan = Scan(self.relation.context, kind, every if self.type.of is None else self.type.of)
        self.relation.join(scan, f"{scan.id} = {self.sql}", optional=self.nullable)
        return scan


@dataclass
class Relation:
    """The FROM and WHERE of one SELECT, and the Cypher variables in scope.

    `order` are the expressions by which an earlier clause ordered the rows, each with its direction.
    """

    context: Context
    scope: dict[str, Value] = field(default_factory=dict)
    order: Order = ()
    conditions: list[str] = field(default_factory=list)
    _sources: list[tuple[str, str | Source, str]] = field(default_factory=list)

    def child(self) -> Relation:
        """A subquery that sees the variables of this one."""
        return Relation(self.context, dict(self.scope))

    def add(self, source: str | Source) -> None:
        """Join a source with every row."""
        self._sources.append(("CROSS JOIN", source, ""))

    def join(self, source: str | Source, on: str, optional: bool = False) -> None:
        """Join a source by a condition; `optional` keeps rows without a partner."""
        self._sources.append(("LEFT JOIN" if optional else "JOIN", source, f" ON {on}"))

    def require(self, condition: str) -> None:
        """Keep only rows for which the condition is true."""
        if condition not in ("TRUE", *self.conditions):
            self.conditions.append(condition)

    @property
    def is_empty(self) -> bool:
        """Whether nothing has been joined yet."""
        return not self._sources

    def never_null(self, expression: s.Expression) -> bool:
        """Whether this is a variable that a scan of this very SELECT gives."""
        value = self.scope.get(expression.name) if isinstance(expression, s.Variable) else None
        return value is not None and isinstance(value.columns, Scan)

    def only_scan(self) -> Scan | None:
        """The one scan that is all there is, of whole tables and in one direction; `None` otherwise."""
        if len(self._sources) != 1 or self.conditions:
            return None
        source = self._sources[0][1]
        return source if isinstance(source, Scan) and source.direction != "both" and source.ordinals else None

    def body(self) -> str:
        """FROM and WHERE."""
        parts = []
        for position, (how, source, on) in enumerate(self._sources):
            rendered = source if isinstance(source, str) else source.render()
            if position == 0:
                start = "(SELECT 1) AS one LEFT JOIN " if how == "LEFT JOIN" else ""
                parts.append(f" FROM {start}{rendered}" + (on if start else ""))
                if on and not start:
                    self.conditions.insert(0, on.removeprefix(" ON "))
            else:
                parts.append(f" {how} {rendered}{on}")
        where = f" WHERE {' AND '.join(self.conditions)}" if self.conditions else ""
        return "".join(parts) + where

    def entity(self, sql: str, type_: Type, nullable: bool) -> Value:
        """An id column of this relation as a node or relationship."""
        return Value(sql, type_, Facet(self, sql, type_, nullable))


def convert(value: Value, target: Type, context: Context) -> str:
    """The SQL of a value in a wider type: null to anything, anything to tagged text."""
    if value.type == target or (value.type.kind is target.kind and value.type.kind not in (Kind.LIST, Kind.MAP)):
        return value.sql
    if value.type.kind is Kind.NULL:
        return f"CAST(NULL AS {target.sql})"
    if target.kind is Kind.LIST and value.type.kind is Kind.LIST:
        return _convert_list(value, target, context)
    if target.kind is Kind.MAP and value.type.kind is Kind.MAP:
        return _convert_map(value, target, context)
    if target.kind is Kind.ANY:
        return tagged(value, context)
    raise AssertionError(f"no conversion from {value.type} to {target}")


def _convert_list(value: Value, target: Type, context: Context) -> str:
    item = value.type.item or types.NULL
    if item.sql == (target.item or types.NULL).sql and not target.is_dynamic:
        return value.sql
    if item.kind is Kind.NULL:
        return f"list_transform({value.sql}, lambda unused_item: CAST(NULL AS {(target.item or types.NULL).sql}))"
    name = context.alias("x")
    inner = convert(Value(name, item), target.item or types.NULL, context)
    return f"list_transform({value.sql}, lambda {name}: {inner})"


def _convert_map(value: Value, target: Type, context: Context) -> str:
    fields = [
        f"f{n} := " + convert(Value(f"struct_extract({value.sql}, 'f{n}')", own), wide, context)
        for n, ((_, own), (_, wide)) in enumerate(zip(value.type.fields, target.fields, strict=True))
    ]
    return f"CASE WHEN {value.sql} IS NOT NULL THEN struct_pack({', '.join(fields)}) END"


def tagged(value: Value, context: Context) -> str:  # noqa: PLR0911
    """A value as tagged text: in SQL where that is simple, else by Python."""
    match value.type.kind:
        case Kind.NULL:
            return "CAST(NULL AS VARCHAR)"
        case Kind.INTEGER | Kind.BOOLEAN:
            return f"CAST({value.sql} AS VARCHAR)"
        case Kind.STRING:
            return f"CAST(to_json({value.sql}) AS VARCHAR)"
        case Kind.NODE:
            return f"('{{\"n\":' || CAST({value.sql} AS VARCHAR) || '}}')"
        case Kind.RELATIONSHIP:
            return f"('{{\"r\":' || CAST({value.sql} AS VARCHAR) || '}}')"
        case Kind.ANY:
            return value.sql
        case _:
            return context.identity(value.type).call([value.sql])
