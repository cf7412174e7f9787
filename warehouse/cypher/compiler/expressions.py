"""Compiles expressions to SQL, and hands to Python what SQL cannot say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from warehouse.cypher import types
from warehouse.cypher.compiler import operators
from warehouse.cypher.compiler.graph_functions import GRAPH_FUNCTIONS, all_properties, graph_function
from warehouse.cypher.compiler.labels import matching
from warehouse.cypher.compiler.lifting import CLOCKS, in_python
from warehouse.cypher.compiler.list_expressions import comprehension, quantifier, reduction
from warehouse.cypher.compiler.operators import NeedsPython, constant_date
from warehouse.cypher.compiler.relation import NULL_VALUE, Context, Relation, Value, convert, entity_test
from warehouse.cypher.evaluation.function_table import AGGREGATES, FUNCTIONS
from warehouse.cypher.evaluation.registry import Function
from warehouse.cypher.syntax import tree as s
from warehouse.cypher.syntax.walk import is_arithmetic_of_literals
from warehouse.cypher.types import BOOLEAN, FLOAT, INTEGER, STRING, Kind, Type, list_of, map_of

if TYPE_CHECKING:
    from warehouse.cypher.compiler.projections import Aggregation

_DATE_PARTS = {"year": "year", "month": "month", "day": "day", "quarter": "quarter", "week": "week",
               "dayOfWeek": "isodow", "weekDay": "isodow", "ordinalDay": "doy", "weekYear": "isoyear"}  # fmt: skip
_TIME_PARTS = {"hour": "hour", "minute": "minute", "second": "second"}


@dataclass
class Expressions:
    """Compiles the expressions of one SELECT.

    Args:
        relation: the SELECT, whose variables are in scope.
        local: the variables of list comprehensions around the expression.
        aggregation: where aggregating functions are allowed, what they become.
        named: names that hide the variables in scope: those that RETURN gives, for its ORDER BY.
    """

    relation: Relation
    local: dict[str, Value] = field(default_factory=dict)
    aggregation: Aggregation | None = None
    named: dict[str, Value] = field(default_factory=dict)

    def compile(self, expression: s.Expression) -> Value:
        """The SQL and type of an expression."""
        if self.aggregation is not None:
            known = self.aggregation.known(expression)
            if known is not None:
                return known
        rule = _RULES[type(expression)]
        try:
            return rule(self, expression)
        except NeedsPython:
            if self.local:
                raise
            return in_python(self, expression)

    def boolean(self, expression: s.Expression) -> str:
        """The SQL of a predicate; anything but a truth is refused."""
        if isinstance(expression, s.PatternPredicate):
            return self._pattern(expression).sql
        if isinstance(expression, s.MapLiteral):
            raise self.context.refuse(expression.at, "type mismatch: expected BOOLEAN, met MAP")
        value = self.compile(expression)
        if value.type.kind is Kind.ANY:
            truth = s.Unary(0, "NOT", s.Unary(0, "NOT", s.Variable(0, "value")))
            return self.context.program(truth, ("value",), (types.ANY,), BOOLEAN).call([value.sql])
        if value.type.kind is Kind.NULL:
            return "CAST(NULL AS BOOLEAN)"
        if value.type.kind is not Kind.BOOLEAN:
            raise self.mismatch(expression.at, "BOOLEAN", value.type)
        return value.sql

    @property
    def context(self) -> Context:
        """The compilation."""
        return self.relation.context

    def mismatch(self, at: int, expected: str, met: Type) -> Exception:
        """The refusal of a type."""
        return self.context.refuse(at, f"type mismatch: expected {expected}, met {met}")

    def with_local(self, more: dict[str, Value]) -> Expressions:
        """The same place, inside a comprehension that brings variables of its own."""
        return Expressions(self.relation, {**self.local, **more}, self.aggregation, self.named)

    # --- simple forms ---

    def _literal(self, node: s.Literal) -> Value:
        match node.value:
            case None:
                return NULL_VALUE
            case bool():
                return Value("TRUE" if node.value else "FALSE", BOOLEAN)
            case int():
                return Value(f"CAST({node.value} AS BIGINT)", INTEGER)
            case float():
                return Value(operators.float_literal(node.value), FLOAT)
            case str():
                return Value(self.context.bind_text(node.value), STRING)

    def _variable(self, node: s.Variable) -> Value:
        found = self.local.get(node.name) or self.named.get(node.name) or self.relation.scope.get(node.name)
        if found is None:
            close = operators.nearest_name(node.name, {*self.relation.scope, *self.local})
            raise self.context.refuse(node.at, f"the variable {node.name!r} is not defined", close)
        if self.aggregation is not None and node.name not in (*self.local, *self.named):
            raise self.aggregation.ungrouped(node)
        return found

    def _parameter(self, node: s.Parameter) -> Value:
        type_ = self.context.parameters.get(node.name)
        if type_ is None:
            raise self.context.refuse(node.at, f"the parameter ${node.name} is missing", "pass it with the query")
        if type_.kind is Kind.NULL:
            return NULL_VALUE
        return Value(f"CAST({self.context.parameter(node.name)} AS {type_.sql})", type_)

    def _property(self, node: s.Property) -> Value:
        return self.property_of(self.compile(node.subject), node.key, node.at)

    def property_of(self, subject: Value, key: str, at: int) -> Value:
        """A property of an entity, a key of a map or a component of a date."""
        match subject.type.kind:
            case Kind.NODE | Kind.RELATIONSHIP:
                return self._entity_property(subject, key)
            case Kind.MAP:
                for position, (name, type_) in enumerate(subject.type.fields):
                    if name == key:
                        return self.struct_field(subject, position, type_)
                return NULL_VALUE
            case Kind.NULL:
                return NULL_VALUE
            case Kind.DATE | Kind.DATETIME:
                return self._component(subject, key)
            case Kind.ANY:
                raise NeedsPython
            case _:
                raise self.mismatch(at, "a node, relationship, map or date", subject.type)

    def struct_field(self, subject: Value, position: int, type_: Type) -> Value:
        """A key of a map whose keys are known."""
        if type_.kind is Kind.NULL:
            return NULL_VALUE
        return Value(f"struct_extract({subject.sql}, 'f{position}')", type_)

    def _entity_property(self, subject: Value, key: str) -> Value:
        if key not in self.context.catalogue.property_names:
            self.context.warn_unknown("property", key, self.context.catalogue.property_names)
            return NULL_VALUE
        if subject.columns is None:
            raise NeedsPython
        return subject.columns.column(key) or NULL_VALUE

    def _component(self, subject: Value, key: str) -> Value:
        part = _DATE_PARTS.get(key) or (_TIME_PARTS.get(key) if subject.type.kind is Kind.DATETIME else None)
        if part is None:
            raise NeedsPython
        return Value(f"datepart('{part}', {subject.sql})", INTEGER)

    def _index(self, node: s.Index) -> Value:
        subject, index = self.compile(node.subject), self.compile(node.index)
        if Kind.NULL in (subject.type.kind, index.type.kind):
            return NULL_VALUE
        if subject.type.kind is Kind.LIST and index.type.kind is Kind.INTEGER:
            item = subject.type.item or types.NULL
            position = f"CASE WHEN {index.sql} >= 0 THEN {index.sql} + 1 ELSE {index.sql} END"
            if isinstance(node.index, s.Literal) and isinstance(node.index.value, int):
                position = str(node.index.value + 1 if node.index.value >= 0 else node.index.value)
            found = f"list_extract({subject.sql}, {position})"
            return self.relation.entity(found, item, True) if item.is_entity and not self.local else Value(found, item)
        if (
            isinstance(node.index, s.Literal)
            and isinstance(node.index.value, str)
            and subject.type.kind is not Kind.LIST
        ):
            return self.property_of(subject, node.index.value, node.at)
        if subject.type.kind is Kind.LIST and index.type.kind is not Kind.ANY:
            raise self.mismatch(node.index.at, "INTEGER", index.type)
        if subject.type.kind not in (Kind.LIST, Kind.MAP, Kind.ANY, Kind.NODE, Kind.RELATIONSHIP):
            raise self.mismatch(node.at, "a list, map, node or relationship", subject.type)
        raise NeedsPython

    def _slice(self, node: s.Slice) -> Value:
        subject = self.compile(node.subject)
        bounds = [None if part is None else self.compile(part) for part in (node.start, node.end)]
        if any(bound is not None and bound.type.kind is Kind.NULL for bound in bounds):
            return NULL_VALUE
        if subject.type.kind is not Kind.LIST or any(b is not None and b.type.kind is not Kind.INTEGER for b in bounds):
            raise NeedsPython
        return Value(operators.list_slice(subject.sql, *(None if b is None else b.sql for b in bounds)), subject.type)

    def _list(self, node: s.ListLiteral) -> Value:
        items = [self.compile(item) for item in node.items]
        if not items:
            return Value("[]", list_of(types.NULL))
        joined = operators.join_all(item.type for item in items)
        return Value(f"[{', '.join(convert(item, joined, self.context) for item in items)}]", list_of(joined))

    def _map(self, node: s.MapLiteral) -> Value:
        return self.struct({key: self.compile(value) for key, value in node.items})

    def struct(self, fields: dict[str, Value], sparse: frozenset[str] = frozenset()) -> Value:
        """A map with known keys; null values of `sparse` keys count as absent."""
        if not fields:
            return Value("'{\"m\":{}}'", types.ANY)
        packed = [
            f"f{n} := {'CAST(NULL AS INTEGER)' if value.type.kind is Kind.NULL else value.sql}"
            for n, value in enumerate(fields.values())
        ]
        type_ = map_of({key: value.type for key, value in fields.items()}, sparse)
        return Value(f"struct_pack({', '.join(packed)})", type_)

    def _map_projection(self, node: s.MapProjection) -> Value:
        subject = self.compile(node.subject)
        if subject.type.kind is Kind.NULL:
            return NULL_VALUE
        if subject.type.kind not in (Kind.NODE, Kind.RELATIONSHIP, Kind.MAP):
            raise NeedsPython
        fields: dict[str, Value] = {}
        sparse: set[str] = set()
        for key, expression in node.items:
            if expression is None:
                everything = all_properties(self, subject)
                fields.update(everything)
                sparse.update(everything if subject.type.is_entity else subject.type.sparse)
            else:
                fields[key] = self.compile(expression)
                sparse.discard(key)
        packed = self.struct(fields, frozenset(sparse))
        return Value(f"CASE WHEN {subject.sql} IS NOT NULL THEN {packed.sql} END", packed.type)

    # --- operators ---

    def _unary(self, node: s.Unary) -> Value:
        if node.operator == "NOT":
            return Value(f"(NOT {self.boolean(node.operand)})", BOOLEAN)
        value = self.compile(node.operand)
        if value.type.kind is Kind.ANY:
            raise NeedsPython
        if value.type.kind is not Kind.NULL and not value.type.is_number:
            raise self.mismatch(node.at, "INTEGER or FLOAT", value.type)
        # Zero minus the value, as Neo4j computes it: the negative of 0.0 is 0.0.
        return operators.negated(value) if node.operator == "-" and value.type.is_number else value

    def _logic(self, node: s.Logic) -> Value:
        return Value("(" + f" {node.operator} ".join(self.boolean(operand) for operand in node.operands) + ")", BOOLEAN)

    def _is_null(self, node: s.IsNull) -> Value:
        value = self.compile(node.operand)
        return Value(f"({value.sql} IS {'NOT ' if node.negated else ''}NULL)", BOOLEAN)

    def _binary(self, node: s.Binary) -> Value:
        if node.operator == "XOR":
            return Value(f"({self.boolean(node.left)} <> {self.boolean(node.right)})", BOOLEAN)
        if node.operator == "=~":
            return self._matches(node)
        left, right = self.compile(node.left), self.compile(node.right)
        if node.operator == "IN" and isinstance(node.right, s.Parameter) and not self.local:
            found = operators.in_parameter(left, right)
            if found is not None:
                return found
        if node.operator == "/" and left.type.kind is FLOAT.kind and is_arithmetic_of_literals(node):
            # Neo4j computes constants beforehand, and then 1.0 / 0 is Infinity.
            right = Value(f"CAST({right.sql} AS DOUBLE)", FLOAT)
        found = operators.binary(node.operator, left, right, self.context)
        if found is None:
            raise self.context.refuse(node.at, f"type mismatch: {left.type} {node.operator} {right.type}")
        return found

    def _matches(self, node: s.Binary) -> Value:
        left, right = self.compile(node.left), self.compile(node.right)
        if Kind.NULL in (left.type.kind, right.type.kind):
            return NULL_VALUE
        if left.type.kind is not Kind.STRING or right.type.kind is not Kind.STRING:
            raise self.mismatch(node.at, "STRING =~ STRING", right.type)
        if isinstance(node.right, s.Literal) and isinstance(node.right.value, str):
            problem = operators.regex_problem(node.right.value)
            if problem is not None:
                raise self.context.refuse(node.right.at, *problem)
        elif isinstance(node.right, s.Parameter):
            self.context.regex_parameters.add(node.right.name)
        else:
            raise self.context.refuse(
                node.right.at, "a pattern must be a constant or a parameter", "pass it as $pattern"
            )
        return Value(f"regexp_full_match({left.sql}, {right.sql})", BOOLEAN)

    def _has_labels(self, node: s.HasLabels) -> Value:
        value = self.compile(node.operand)
        if value.type.kind is Kind.NULL:
            return Value("CAST(NULL AS BOOLEAN)", BOOLEAN)
        if not value.type.is_entity:
            raise self.mismatch(node.at, "a node or relationship", value.type)
        found = matching(node.labels, value.type, self.context)
        every = found == self.types_of(value)
        test = f"({value.sql} IS NOT NULL OR NULL)" if every else entity_test(value.sql, found)
        return Value(f"({test} AND ({value.sql} IS NOT NULL OR NULL))" if not found else test, BOOLEAN)

    def types_of(self, value: Value) -> frozenset[int]:
        """The ordinals of the types that an entity may have."""
        catalogue = self.context.catalogue
        every = catalogue.all_nodes if value.type.kind is Kind.NODE else catalogue.all_relationships
        return every if value.type.of is None else value.type.of

    def _case(self, node: s.Case) -> Value:
        results = [self.compile(result) for _, result in node.branches]
        results.append(NULL_VALUE if node.otherwise is None else self.compile(node.otherwise))
        joined = operators.join_all(result.type for result in results)
        sql = [convert(result, joined, self.context) for result in results]
        subject = None if node.subject is None else self.compile(node.subject)
        conditions = [self._condition(subject, condition) for condition, _ in node.branches]
        whens = " ".join(f"WHEN {test} THEN {result}" for test, result in zip(conditions, sql, strict=False))
        if joined.kind is Kind.NULL:
            return NULL_VALUE
        found = f"CASE {whens} ELSE {sql[-1]} END"
        return (
            self.relation.entity(found, joined, True) if joined.is_entity and not self.local else Value(found, joined)
        )

    def _condition(self, subject: Value | None, condition: s.Expression) -> str:
        if subject is None:
            return self.boolean(condition)
        value = self.compile(condition)
        found = operators.binary("=", subject, value, self.context)
        if found is None:
            raise NeedsPython
        return found.sql

    # --- calls ---

    def _call(self, node: s.Call) -> Value:  # noqa: PLR0911
        name = node.name.lower()
        if name in AGGREGATES:
            raise self.context.refuse(
                node.at, f"{node.name}() is not allowed here", "aggregate in WITH or RETURN and use its name after that"
            )
        if name == "exists" and len(node.arguments) == 1:
            if isinstance(node.arguments[0], s.PatternPredicate):
                return self._pattern(node.arguments[0])
            raise self.context.refuse(node.at, "exists() takes a pattern", "write x IS NOT NULL, or EXISTS { ... }")
        function = self.function(node)
        arguments = [self.compile(argument) for argument in node.arguments]
        for position, argument in enumerate(arguments):
            if argument.type.kind not in function.accepts(position):
                raise self.mismatch(
                    node.arguments[position].at,
                    function.signature[min(position, len(function.signature) - 1)],
                    argument.type,
                )
        if name in ("date", "localdatetime") and isinstance(node.arguments[0] if arguments else None, s.Literal):
            return constant_date(name, node.arguments[0], self.context)
        if name in CLOCKS and not arguments:
            return self._clock(name)
        if name == "coalesce":
            return self._coalesce(arguments)
        if arguments and any(argument.type.kind is Kind.NULL for argument in arguments) and not function.null_aware:
            return NULL_VALUE
        if name in GRAPH_FUNCTIONS and arguments[0].type.kind is not Kind.ANY:
            return graph_function(self, name, arguments[0])
        return self._table_function(node, function, arguments)

    def _clock(self, name: str) -> Value:
        """The time at which the statement began: the same wherever it is read."""
        now = f"CAST({self.context.clock()} AS BIGINT)"
        if name == "timestamp":
            return Value(f"({now} // 1000000)", INTEGER)
        then = s.Call(0, " at", (s.Literal(0, name), s.Variable(0, "now")))
        program = self.context.program(then, ("now",), (INTEGER,))
        return Value(program.call([now]), types.ANY)

    def function(self, node: s.Call) -> Function:
        """The function that a call names, with its number of arguments checked."""
        function = FUNCTIONS.get(node.name.lower())
        if function is None:
            close = operators.nearest_name(node.name, {known.name for known in FUNCTIONS.values()} | AGGREGATES)
            raise self.context.refuse(node.at, f"there is no function {node.name}()", close)
        count = len(node.arguments)
        if count < function.least or (function.most is not None and count > function.most) or node.distinct:
            raise self.context.refuse(
                node.at, f"{function.name}() takes {' , '.join(function.signature) or 'no argument'}"
            )
        return function

    def _table_function(self, node: s.Call, function: Function, arguments: list[Value]) -> Value:
        given = tuple(argument.type for argument in arguments), tuple(argument.sql for argument in arguments)
        found = None if function.sql is None else function.sql(*given)
        if found is not None and "{python}" in found[0]:
            names = tuple(f"v{n}" for n in range(len(arguments)))
            call = s.Call(node.at, node.name, tuple(s.Variable(node.at, each) for each in names))
            program = self.context.program(call, names, given[0], found[1])
            found = found[0].replace("{python}", program.call(list(given[1]))), found[1]
        if found is not None:
            return Value(*found)
        if self.local:
            raise NeedsPython
        return in_python(self, node, function.result or types.ANY)

    def _coalesce(self, arguments: list[Value]) -> Value:
        joined = operators.join_all(argument.type for argument in arguments)
        if joined.kind is Kind.NULL:
            return NULL_VALUE
        parts = [
            convert(argument, joined, self.context) for argument in arguments if argument.type.kind is not Kind.NULL
        ]
        found = f"coalesce({', '.join(parts)})"
        return (
            self.relation.entity(found, joined, True) if joined.is_entity and not self.local else Value(found, joined)
        )

    # --- patterns ---

    def _bare_pattern(self, node: s.PatternPredicate) -> Value:
        raise self.context.refuse(
            node.at, "a pattern can only be a predicate", "write EXISTS { ... }, COUNT { ... } or [pattern | value]"
        )

    def _pattern(self, node: s.PatternPredicate | s.PatternComprehension | s.Subquery) -> Value:
        if self.local:
            raise NeedsPython
        if self.aggregation is not None:
            raise self.aggregation.ungrouped(node)
        return self.context.compile_subquery(self.relation, node)


_RULES: dict[type, Callable[..., Value]] = {
    s.Literal: Expressions._literal,
    s.Variable: Expressions._variable,
    s.Parameter: Expressions._parameter,
    s.Property: Expressions._property,
    s.Index: Expressions._index,
    s.Slice: Expressions._slice,
    s.ListLiteral: Expressions._list,
    s.MapLiteral: Expressions._map,
    s.MapProjection: Expressions._map_projection,
    s.Unary: Expressions._unary,
    s.Logic: Expressions._logic,
    s.IsNull: Expressions._is_null,
    s.Binary: Expressions._binary,
    s.HasLabels: Expressions._has_labels,
    s.Case: Expressions._case,
    s.Call: Expressions._call,
    s.ListComprehension: comprehension,
    s.Quantifier: quantifier,
    s.Reduce: reduction,
    s.PatternPredicate: Expressions._bare_pattern,
    s.PatternComprehension: Expressions._pattern,
    s.Subquery: Expressions._pattern,
}
