"""Compiles expressions to SQL, and hands to Python what SQL cannot say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from warehouse.cypher import operators, types
from warehouse.cypher import syntax as s
from warehouse.cypher.catalogue import ORDINAL_SHIFT
from warehouse.cypher.dynamic import Program
from warehouse.cypher.function_table import AGGREGATES, FUNCTIONS
from warehouse.cypher.functions import Function
from warehouse.cypher.labels import matching
from warehouse.cypher.operators import NeedsPython
from warehouse.cypher.relation import NULL_VALUE, Context, Facet, Relation, Scan, Value, convert, entity_test
from warehouse.cypher.types import BOOLEAN, FLOAT, INTEGER, STRING, Kind, Type, list_of, map_of
from warehouse.cypher.walk import only_properties_of, rebuild, variables

if TYPE_CHECKING:
    from warehouse.cypher.projections import Aggregation

_DATE_PARTS = {"year": "year", "month": "month", "day": "day", "quarter": "quarter", "week": "week",
               "dayOfWeek": "isodow", "weekDay": "isodow", "ordinalDay": "doy", "weekYear": "isoyear"}  # fmt: skip
_TIME_PARTS = {"hour": "hour", "minute": "minute", "second": "second"}
_CLOCKS = frozenset({"date", "time", "localtime", "datetime", "localdatetime", "timestamp"})
_GRAPH_FUNCTIONS = frozenset(
    {
        "labels",
        "type",
        "id",
        "elementid",
        "properties",
        "keys",
        "startnode",
        "endnode",
        "nodes",
        "relationships",
        "length",
    }
)


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
            return self.in_python(expression)

    def boolean(self, expression: s.Expression) -> str:
        """The SQL of a predicate; anything but a truth is refused."""
        if isinstance(expression, s.PatternPredicate):
            return self._pattern(expression).sql
        if isinstance(expression, s.MapLiteral):
            raise self.context.refuse(expression.at, "type mismatch: expected BOOLEAN, met MAP")
        value = self.compile(expression)
        if value.type.kind is Kind.ANY:
            program = Program(
                s.Unary(0, "NOT", s.Unary(0, "NOT", s.Variable(0, "value"))), ("value",), (types.ANY,), BOOLEAN
            )
            self.context.programs.append(program)
            return program.call([value.sql])
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

    # --- Python ---

    def in_python(self, expression: s.Expression, result: Type = types.ANY) -> Value:
        """Hand an expression to Python, with what it needs from the graph as arguments."""
        arguments: dict[str, Value] = {}
        lifted = self._lift(expression, frozenset(), arguments, outermost=True)
        names = tuple(arguments)
        program = Program(
            lifted, names, tuple(value.type for value in arguments.values()), _python_result(expression, result)
        )
        self.context.programs.append(program)
        return Value(program.call([value.sql for value in arguments.values()]), program.result)

    def _lift(
        self, node: s.Syntax, bound: frozenset[str], arguments: dict[str, Value], outermost: bool = False
    ) -> s.Syntax:
        """`node` with every part that SQL must compute replaced by an argument of the program."""
        free = not (variables(node) & bound)
        if free and not outermost and self._is_sql(node):
            name = f" {len(arguments)}"
            arguments[name] = self.compile(node)  # type: ignore[arg-type]  # only expressions are of the graph
            return s.Variable(node.at, name)
        if isinstance(node, (s.Subquery, s.PatternComprehension, s.PatternPredicate)):
            raise self.context.refuse(
                node.at, "a pattern or subquery cannot use the variable of a list expression around it",
                "UNWIND the list first, then match",
            )  # fmt: skip
        if isinstance(node, (s.ListComprehension, s.Quantifier, s.Reduce)):
            return self._lift_binding(node, bound, arguments)
        if isinstance(node, s.HasLabels):
            raise self.context.refuse(node.at, "labels cannot be tested here", "write 'Label' IN labels(n)")
        if isinstance(node, s.Call):
            self._function(node)
        return rebuild(node, lambda child: self._lift(child, bound, arguments))  # type: ignore[no-any-return]

    def _lift_binding(
        self, node: s.ListComprehension | s.Quantifier | s.Reduce, bound: frozenset[str], arguments: dict[str, Value]
    ) -> s.Syntax:
        names = {node.variable} | ({node.accumulator} if isinstance(node, s.Reduce) else set())
        inner = bound | names
        start_of_reduce = node.start if isinstance(node, s.Reduce) else None

        def change(child: s.Syntax) -> s.Syntax:
            outside = child is node.source or child is start_of_reduce
            return self._lift(child, bound if outside else inner, arguments)

        if not (variables(node.source) & bound):
            fetched = self._fetched(node)
            if fetched is not None:
                name = f" {len(arguments)}"
                arguments[name] = fetched
                source = s.Variable(node.source.at, name)
                return rebuild(node, lambda child: source if child is node.source else change(child))  # type: ignore[no-any-return]
        return rebuild(node, change)  # type: ignore[no-any-return]

    def _is_sql(self, node: s.Syntax) -> bool:
        """Whether SQL must compute this: variables, parameters and whatever reads the graph."""
        if isinstance(
            node, (s.Variable, s.Parameter, s.Subquery, s.PatternComprehension, s.PatternPredicate, s.HasLabels)
        ):
            return True
        if isinstance(node, s.Call):
            is_clock = not node.arguments and node.name.lower() in _CLOCKS
            return is_clock or node.name.lower() in _GRAPH_FUNCTIONS | AGGREGATES
        return isinstance(node, (s.Property, s.MapProjection)) and self.compile(node.subject).type.is_entity

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
                        return self._struct_field(subject, position, type_)
                return NULL_VALUE
            case Kind.NULL:
                return NULL_VALUE
            case Kind.DATE | Kind.DATETIME:
                return self._component(subject, key)
            case Kind.ANY:
                raise NeedsPython
            case _:
                raise self.mismatch(at, "a node, relationship, map or date", subject.type)

    def _struct_field(self, subject: Value, position: int, type_: Type) -> Value:
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
                everything = self.all_properties(subject)
                fields.update(everything)
                sparse.update(everything if subject.type.is_entity else subject.type.sparse)
            else:
                fields[key] = self.compile(expression)
                sparse.discard(key)
        packed = self.struct(fields, frozenset(sparse))
        return Value(f"CASE WHEN {subject.sql} IS NOT NULL THEN {packed.sql} END", packed.type)

    def all_properties(self, subject: Value) -> dict[str, Value]:
        """Every property that an entity may have, or every key of a map."""
        if subject.type.kind is Kind.MAP:
            return {key: self._struct_field(subject, n, type_) for n, (key, type_) in enumerate(subject.type.fields)}
        if subject.columns is None:
            raise NeedsPython
        catalogue = self.context.catalogue
        kinds = catalogue.node_by_ordinal if subject.type.kind is Kind.NODE else catalogue.relationship_by_ordinal
        ordinals = sorted(kinds if subject.type.of is None else subject.type.of)
        names = {name: None for ordinal in ordinals for name in kinds[ordinal].properties}
        return {name: value for name in names if (value := subject.columns.column(name)) is not None}

    # --- operators ---

    def _unary(self, node: s.Unary) -> Value:
        if node.operator == "NOT":
            return Value(f"(NOT {self.boolean(node.operand)})", BOOLEAN)
        value = self.compile(node.operand)
        if value.type.kind is Kind.ANY:
            raise NeedsPython
        if value.type.kind is not Kind.NULL and not value.type.is_number:
            raise self.mismatch(node.at, "INTEGER or FLOAT", value.type)
        return Value(f"(- {value.sql})", value.type) if node.operator == "-" and value.type.is_number else value

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
        every = found == self._types_of(value)
        test = f"({value.sql} IS NOT NULL OR NULL)" if every else entity_test(value.sql, found)
        return Value(f"({test} AND ({value.sql} IS NOT NULL OR NULL))" if not found else test, BOOLEAN)

    def _types_of(self, value: Value) -> frozenset[int]:
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
        return f"({found.sql} OR ({subject.sql} IS NULL AND {value.sql} IS NULL))"

    # --- calls ---

    def _call(self, node: s.Call) -> Value:
        name = node.name.lower()
        if name in AGGREGATES:
            raise self.context.refuse(
                node.at, f"{node.name}() is not allowed here", "aggregate in WITH or RETURN and use its name after that"
            )
        if name == "exists" and len(node.arguments) == 1:
            if isinstance(node.arguments[0], s.PatternPredicate):
                return self._pattern(node.arguments[0])
            raise self.context.refuse(node.at, "exists() takes a pattern", "write x IS NOT NULL, or EXISTS { ... }")
        function = self._function(node)
        arguments = [self.compile(argument) for argument in node.arguments]
        for position, argument in enumerate(arguments):
            if argument.type.kind not in function.accepts(position):
                raise self.mismatch(
                    node.arguments[position].at,
                    function.signature[min(position, len(function.signature) - 1)],
                    argument.type,
                )
        if name in _CLOCKS and not arguments:
            return self._clock(name)
        if name == "coalesce":
            return self._coalesce(arguments)
        if arguments and any(argument.type.kind is Kind.NULL for argument in arguments) and not function.null_aware:
            return NULL_VALUE
        if name in _GRAPH_FUNCTIONS and arguments[0].type.kind is not Kind.ANY:
            return self._graph_function(name, arguments[0])
        return self._table_function(node, function, arguments)

    def _clock(self, name: str) -> Value:
        """The time at which the statement began: the same wherever it is read."""
        now = f"CAST({self.context.clock()} AS BIGINT)"
        if name == "timestamp":
            return Value(f"({now} // 1000000)", INTEGER)
        program = Program(s.Call(0, " at", (s.Literal(0, name), s.Variable(0, "now"))), ("now",), (INTEGER,))
        self.context.programs.append(program)
        return Value(program.call([now]), types.ANY)

    def _function(self, node: s.Call) -> Function:
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
            program = Program(call, names, given[0], found[1])
            self.context.programs.append(program)
            found = found[0].replace("{python}", program.call(list(given[1]))), found[1]
        if found is not None:
            return Value(*found)
        if self.local:
            raise NeedsPython
        return self.in_python(node, function.result or types.ANY)

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

    def _graph_function(self, name: str, subject: Value) -> Value:
        match name:
            case "labels" | "type":
                known = subject.columns.ordinal if isinstance(subject.columns, Scan) else None
                return self.type_names(subject, known or f"({subject.sql} >> {ORDINAL_SHIFT})")
            case "id":
                return Value(subject.sql, INTEGER)
            case "elementid":
                word = "node" if subject.type.kind is Kind.NODE else "relationship"
                return Value(f"('{word}:' || CAST({subject.sql} AS VARCHAR))", STRING)
            case "properties":
                packed = self.struct(
                    fields := self.all_properties(subject),
                    frozenset(fields) if subject.type.is_entity else subject.type.sparse,
                )
                return Value(f"CASE WHEN {subject.sql} IS NOT NULL THEN {packed.sql} END", packed.type)
            case "keys":
                return self._keys(subject)
            case "startnode" | "endnode":
                return self._end_node(subject, "_s" if name == "startnode" else "_o")
            case "nodes":
                return Value(f"struct_extract({subject.sql}, 'ns')", list_of(Type(Kind.NODE)))
            case "relationships":
                return Value(f"struct_extract({subject.sql}, 'rs')", list_of(Type(Kind.RELATIONSHIP)))
            case _:
                return Value(f"len(struct_extract({subject.sql}, 'rs'))", INTEGER)

    def type_names(self, subject: Value, ordinal_sql: str) -> Value:
        """`labels(n)` or `type(r)`: both follow from the ordinal, the upper bits of the id."""
        catalogue = self.context.catalogue
        of_node = subject.type.kind is Kind.NODE
        result = list_of(STRING) if of_node else STRING
        names: dict[str, list[int]] = {}
        for ordinal in sorted(self._types_of(subject)):
            if of_node:
                labels = ", ".join(
                    self.context.bind_text(label) for label in catalogue.node_by_ordinal[ordinal].all_labels
                )
                text = f"CAST([{labels}] AS VARCHAR[])"
            else:
                text = self.context.bind_text(catalogue.relationship_by_ordinal[ordinal].name)
            names.setdefault(text, []).append(ordinal)
        whens = " ".join(f"WHEN {ordinal} THEN {text}" for text, ordinals in names.items() for ordinal in ordinals)
        return Value(f"CASE {ordinal_sql} {whens or 'WHEN 0 THEN NULL'} END", result)

    def _keys(self, subject: Value) -> Value:
        pairs = [
            f"CASE WHEN {value.sql} IS NOT NULL THEN {self.context.bind_text(key)} END"
            if subject.type.is_entity or key in subject.type.sparse
            else self.context.bind_text(key)
            for key, value in self.all_properties(subject).items()
        ]
        name = self.context.alias("x")
        keys = f"list_filter(CAST([{', '.join(pairs)}] AS VARCHAR[]), lambda {name}: {name} IS NOT NULL)"
        return Value(f"CASE WHEN {subject.sql} IS NOT NULL THEN {keys} END", list_of(STRING))

    def _end_node(self, subject: Value, which: str) -> Value:
        if not isinstance(subject.columns, (Scan, Facet)):
            raise NeedsPython
        pairs = [pair for ordinal in self._types_of(subject) for pair in self.context.catalogue.ends[ordinal]]
        found = frozenset(pair[0 if which == "_s" else 1] for pair in pairs)
        nullable = isinstance(subject.columns, Facet) and subject.columns.nullable
        sql = subject.columns.end("_s" if which == "_s" else "_o")
        return self.relation.entity(sql, Type(Kind.NODE, of=found), nullable)

    # --- lists ---

    def _fetched(self, node: s.ListComprehension | s.Quantifier | s.Reduce) -> Value | None:
        """For a list of entities of which only properties are read: the list of those properties as maps."""
        source = self.compile(node.source)
        item = source.type.item
        if source.type.kind is not Kind.LIST or item is None or not item.is_entity or self.local:
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
        return self._fetch(source, item, sorted(keys)) if keys else None

    def _fetch(self, source: Value, item: Type, keys: list[str]) -> Value:
        inner = Relation(self.context)
        name = self.context.alias("u")
        inner.add(f"(SELECT unnest({source.sql}) AS e, generate_subscripts({source.sql}, 1) AS i) AS {name}")
        entity = inner.entity(f"{name}.e", item, True)
        reader = Expressions(inner)
        packed = reader.struct({key: reader.property_of(entity, key, 0) for key in keys})
        sql = f"(SELECT list({packed.sql} ORDER BY {name}.i){inner.body()})"
        return Value(f"CASE WHEN {source.sql} IS NOT NULL THEN coalesce({sql}, []) END", list_of(packed.type))

    def _items(self, node: s.ListComprehension | s.Quantifier | s.Reduce) -> Value:
        source = self._fetched(node) or self.compile(node.source)
        if source.type.kind is Kind.ANY:
            raise NeedsPython
        if source.type.kind not in (Kind.LIST, Kind.NULL):
            raise self.mismatch(node.source.at, "LIST", source.type)
        return source

    def _comprehension(self, node: s.ListComprehension) -> Value:
        source = self._items(node)
        if source.type.kind is Kind.NULL:
            return NULL_VALUE
        name = self.context.alias("x")
        inner = self.with_local({node.variable: Value(name, source.type.item or types.NULL)})
        sql, type_ = source.sql, source.type
        if node.where is not None:
            sql = f"list_filter({sql}, lambda {name}: {inner.boolean(node.where)})"
        if node.result is not None:
            result = inner.compile(node.result)
            body = result.sql if result.type.kind is not Kind.NULL else "CAST(NULL AS INTEGER)"
            sql, type_ = f"list_transform({sql}, lambda {name}: {body})", list_of(result.type)
        return Value(sql, type_)

    def _quantifier(self, node: s.Quantifier) -> Value:
        source = self._items(node)
        if source.type.kind is Kind.NULL:
            return Value("CAST(NULL AS BOOLEAN)", BOOLEAN)
        name = self.context.alias("x")
        inner = self.with_local({node.variable: Value(name, source.type.item or types.NULL)})
        truths = f"list_transform({source.sql}, lambda {name}: {inner.boolean(node.where)})"
        return Value(operators.quantified(node.kind, truths, self.context.alias("x")), BOOLEAN)

    def _reduce(self, node: s.Reduce) -> Value:
        raise NeedsPython

    # --- patterns ---

    def _bare_pattern(self, node: s.PatternPredicate) -> Value:
        raise self.context.refuse(
            node.at, "a pattern can only be a predicate", "write EXISTS { ... }, COUNT { ... } or [pattern | value]"
        )

    def _pattern(self, node: s.PatternPredicate | s.PatternComprehension | s.Subquery) -> Value:
        from warehouse.cypher.subqueries import compile_subquery

        if self.local:
            raise NeedsPython
        if self.aggregation is not None:
            raise self.aggregation.ungrouped(node)
        return compile_subquery(self.relation, node)


def _bodies(node: s.ListComprehension | s.Quantifier | s.Reduce) -> tuple[s.Expression | None, ...]:
    if isinstance(node, s.ListComprehension):
        return node.where, node.result
    return (node.where,) if isinstance(node, s.Quantifier) else (node.step,)


_BOOLEAN_OPERATORS = ("=", "<>", "<", "<=", ">", ">=", "IN", "STARTS WITH", "ENDS WITH", "CONTAINS")


def _python_result(expression: s.Expression, result: Type) -> Type:
    """What an expression gives whatever its operands are."""
    if isinstance(expression, (s.Quantifier, s.IsNull, s.Logic)):
        return BOOLEAN
    if isinstance(expression, s.Binary) and expression.operator in _BOOLEAN_OPERATORS:
        return BOOLEAN
    return list_of(types.ANY) if isinstance(expression, (s.ListComprehension, s.Slice)) else result


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
    s.ListComprehension: Expressions._comprehension,
    s.Quantifier: Expressions._quantifier,
    s.Reduce: Expressions._reduce,
    s.PatternPredicate: Expressions._bare_pattern,
    s.PatternComprehension: Expressions._pattern,
    s.Subquery: Expressions._pattern,
}
