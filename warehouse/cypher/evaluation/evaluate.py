"""Evaluates expressions in Python, with the exact meaning that Cypher gives to values of any type.

The compiler sends here what DuckDB's typed SQL cannot express: lists of mixed types, maps with unknown keys, values
whose type only the run tells. The rest of a query stays SQL.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from warehouse.cypher.evaluation import library as lib
from warehouse.cypher.evaluation import temporal_functions as temporal
from warehouse.cypher.evaluation.conversions import describe, type_error
from warehouse.cypher.evaluation.function_table import FUNCTIONS
from warehouse.cypher.evaluation.value_operators import INTERNAL, negate, operate, truth
from warehouse.cypher.syntax import tree as s
from warehouse.cypher.syntax.walk import is_arithmetic_of_literals
from warehouse.cypher.values.temporal import Duration, Temporal
from warehouse.cypher.values.values import CypherValue, NodeReference, PathReference, RelationshipReference, equals
from warehouse.errors import QuestionError, QuestionTimeoutError

Lookup = Callable[[CypherValue], Mapping[str, CypherValue]]


def _no_graph(value: CypherValue) -> Mapping[str, CypherValue]:
    raise QuestionError(f"the properties of {describe(value)} cannot be read here")


@dataclass
class Run:
    """One run of a statement; lists that are walked in Python look here whether they should go on."""

    stopped: bool = False


@dataclass(frozen=True, slots=True)
class Environment:
    """The variables in sight, and how to read the properties of a node or relationship."""

    variables: Mapping[str, CypherValue]
    properties: Lookup = field(default=_no_graph)
    run: Run = field(default_factory=Run)

    def bind(self, more: Mapping[str, CypherValue]) -> Environment:
        """This environment with more variables."""
        if self.run.stopped:
            raise QuestionTimeoutError("the question was stopped")
        return Environment({**self.variables, **more}, self.properties, self.run)


def evaluate(expression: s.Expression, env: Environment) -> CypherValue:
    """The value of an expression."""
    return _RULES[type(expression)](expression, env)


# --- simple forms ----------------------------------------------------------------------------------------------------


def _literal(expression: s.Literal, env: Environment) -> CypherValue:
    return expression.value


def _variable(expression: s.Variable, env: Environment) -> CypherValue:
    return env.variables[expression.name]


def _parameter(expression: s.Parameter, env: Environment) -> CypherValue:
    return env.variables["$" + expression.name]


def _list(expression: s.ListLiteral, env: Environment) -> CypherValue:
    return [evaluate(item, env) for item in expression.items]


def _map(expression: s.MapLiteral, env: Environment) -> CypherValue:
    return {key: evaluate(value, env) for key, value in expression.items}


def _map_projection(expression: s.MapProjection, env: Environment) -> CypherValue:
    subject = evaluate(expression.subject, env)
    if subject is None:
        return None
    found: dict[str, CypherValue] = {}
    for key, value in expression.items:
        if value is None:
            found.update(_mapping(subject, env))
        else:
            found[key] = evaluate(value, env)
    return found


def _mapping(value: CypherValue, env: Environment) -> Mapping[str, CypherValue]:
    if isinstance(value, dict):
        return value
    if isinstance(value, (NodeReference, RelationshipReference)):
        return env.properties(value)
    raise type_error("reading a property", value)


def _property(expression: s.Property, env: Environment) -> CypherValue:
    subject = evaluate(expression.subject, env)
    if subject is None:
        return None
    if isinstance(subject, (Temporal, Duration)):
        return temporal.component(subject, expression.key)
    return _mapping(subject, env).get(expression.key)


def _index(expression: s.Index, env: Environment) -> CypherValue:
    subject, index = evaluate(expression.subject, env), evaluate(expression.index, env)
    if subject is None or index is None:
        return None
    if isinstance(subject, list):
        lib.require_integer("a list index", index)
        return subject[index] if -len(subject) <= index < len(subject) else None
    if not isinstance(index, str):
        raise type_error("a key", index)
    return _mapping(subject, env).get(index)


def _slice(expression: s.Slice, env: Environment) -> CypherValue:
    subject = evaluate(expression.subject, env)
    bounds = [None if part is None else evaluate(part, env) for part in (expression.start, expression.end)]
    missing = [
        part is not None and bound is None
        for part, bound in zip((expression.start, expression.end), bounds, strict=True)
    ]
    if subject is None or any(missing):
        return None
    lib.require_list("a slice", subject)
    lib.require_integer("a slice", *(bound for bound in bounds if bound is not None))
    return subject[slice(*bounds)]


def _unary(expression: s.Unary, env: Environment) -> CypherValue:
    value = evaluate(expression.operand, env)
    if value is None:
        return None
    if expression.operator == "NOT":
        return not truth(value)
    if expression.operator == "-":
        return negate(value)
    lib.require_number("+", value)
    return value


def _logic(expression: s.Logic, env: Environment) -> CypherValue:
    decisive = expression.operator == "OR"
    unknown = False
    for operand in expression.operands:
        value = truth(evaluate(operand, env))
        if value is decisive:
            return decisive
        unknown = unknown or value is None
    return None if unknown else not decisive


def _is_null(expression: s.IsNull, env: Environment) -> CypherValue:
    return (evaluate(expression.operand, env) is None) != expression.negated


def _binary(expression: s.Binary, env: Environment) -> CypherValue:
    left, right = evaluate(expression.left, env), evaluate(expression.right, env)
    if expression.operator == "/" and right == 0 and isinstance(left, float) and is_arithmetic_of_literals(expression):
        # Neo4j computes constants beforehand, and then 1.0 / 0 is Infinity.
        right = float(right)
    return operate(expression.operator, left, right)


# --- conditions, calls and lists -------------------------------------------------------------------------------------


def _case(expression: s.Case, env: Environment) -> CypherValue:
    subject = None if expression.subject is None else evaluate(expression.subject, env)
    for condition, result in expression.branches:
        value = evaluate(condition, env)
        chosen = truth(value) if expression.subject is None else equals(subject, value)
        if chosen is True:
            return evaluate(result, env)
    return None if expression.otherwise is None else evaluate(expression.otherwise, env)


def _call(expression: s.Call, env: Environment) -> CypherValue:
    arguments = [evaluate(argument, env) for argument in expression.arguments]
    if expression.name in INTERNAL:
        return INTERNAL[expression.name](*arguments)
    function = FUNCTIONS[expression.name.lower()]
    if not function.null_aware and any(argument is None for argument in arguments):
        return None
    found = _of_graph(function.name, arguments, env)
    if found is not _NOT_OF_GRAPH:
        return found
    if function.evaluate is None:
        raise type_error(f"{function.name}()", arguments[0])
    return function.evaluate(*arguments)


_NOT_OF_GRAPH = object()


def _of_graph(name: str, arguments: list[CypherValue], env: Environment) -> CypherValue:
    """Functions of nodes, relationships and paths that need no table."""
    first = arguments[0] if arguments else None
    if isinstance(first, PathReference):
        return _of_path(name, first)
    if isinstance(first, (NodeReference, RelationshipReference)):
        if name == "id":
            return first.number
        if name in ("properties", "keys"):
            found = env.properties(first)
            return dict(found) if name == "properties" else list(found)
        if name in ("labels", "type", "elementId", "startNode", "endNode"):
            return env.properties(first)[f" {name}"]
    return _NOT_OF_GRAPH


def _of_path(name: str, path: PathReference) -> CypherValue:
    match name:
        case "length":
            return len(path.relationships)
        case "nodes":
            return [NodeReference(number) for number in path.nodes]
        case "relationships":
            return [RelationshipReference(number) for number in path.relationships]
        case _:
            return _NOT_OF_GRAPH


def _source(expression: s.Expression, env: Environment) -> list[CypherValue] | None:
    values = evaluate(expression, env)
    if values is None:
        return None
    lib.require_list("a list expression", values)
    return list(values)


def _comprehension(expression: s.ListComprehension, env: Environment) -> CypherValue:
    values = _source(expression.source, env)
    if values is None:
        return None
    found = []
    for value in values:
        inner = env.bind({expression.variable: value})
        if expression.where is None or truth(evaluate(expression.where, inner)) is True:
            found.append(value if expression.result is None else evaluate(expression.result, inner))
    return found


def _quantifier(expression: s.Quantifier, env: Environment) -> CypherValue:
    values = _source(expression.source, env)
    if values is None:
        return None
    truths = [truth(evaluate(expression.where, env.bind({expression.variable: value}))) for value in values]
    return quantify(expression.kind, truths)


def quantify(kind: str, truths: list[bool | None]) -> bool | None:
    """The truth of a quantifier over the truths of its predicate."""
    if kind == "single":
        if truths.count(True) > 1:
            return False
        return None if None in truths else truths.count(True) == 1
    decisive = kind != "all"
    if decisive in truths:
        return kind == "any"
    if None in truths:
        return None
    return kind != "any"


def _reduce(expression: s.Reduce, env: Environment) -> CypherValue:
    values, total = _source(expression.source, env), evaluate(expression.start, env)
    if values is None:
        return None
    for value in values:
        total = evaluate(expression.step, env.bind({expression.accumulator: total, expression.variable: value}))
    return total


_RULES: dict[type, Callable[..., CypherValue]] = {
    s.Literal: _literal,
    s.Variable: _variable,
    s.Parameter: _parameter,
    s.ListLiteral: _list,
    s.MapLiteral: _map,
    s.MapProjection: _map_projection,
    s.Property: _property,
    s.Index: _index,
    s.Slice: _slice,
    s.Unary: _unary,
    s.Logic: _logic,
    s.IsNull: _is_null,
    s.Binary: _binary,
    s.Case: _case,
    s.Call: _call,
    s.ListComprehension: _comprehension,
    s.Quantifier: _quantifier,
    s.Reduce: _reduce,
}
