"""Evaluates expressions in Python, with the exact meaning that Cypher gives to values of any type.

The compiler sends here what DuckDB's typed SQL cannot express: lists of mixed types, maps with unknown keys, values
whose type only the run tells. The rest of a query stays SQL.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from warehouse.cypher import library as lib
from warehouse.cypher import syntax as s
from warehouse.cypher import temporal_functions as temporal
from warehouse.cypher.conversions import checked_integer, describe, to_text, type_error
from warehouse.cypher.function_table import FUNCTIONS
from warehouse.cypher.temporal import Duration, Temporal, duration_of
from warehouse.cypher.values import (
    CypherValue,
    NodeReference,
    PathReference,
    RelationshipReference,
    compare,
    equals,
    sort_key,
)
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


def truth(value: CypherValue) -> bool | None:
    """A value as a predicate."""
    if value is None or isinstance(value, bool):
        return value
    raise QuestionError(f"expected true, false or null, met {describe(value)}", "compare it: x <> 0, x <> ''")


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


# --- operators -------------------------------------------------------------------------------------------------------


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


def negate(value: CypherValue) -> CypherValue:
    """Minus a value."""
    if isinstance(value, Duration):
        return duration_of(-value.months, -value.days, -value.nanoseconds)
    lib.require_number("-", value)
    return checked_integer(-value) if isinstance(value, int) else -value


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
    return operate(expression.operator, evaluate(expression.left, env), evaluate(expression.right, env))


def operate(operator: str, left: CypherValue, right: CypherValue) -> CypherValue:
    """Apply an operator to two values."""
    if operator == "IN":
        return contains(right, left)
    if left is None or right is None:
        return None
    return OPERATORS[operator](left, right)


def contains(values: CypherValue, value: CypherValue) -> bool | None:
    """Cypher's IN: null when the list holds a null and no equal value."""
    if values is None:
        return None
    lib.require_list("IN", values)
    unknown = False
    for item in values:
        same = equals(item, value)
        if same:
            return True
        unknown = unknown or same is None
    return None if unknown else False


def _not_equal(left: CypherValue, right: CypherValue) -> bool | None:
    same = equals(left, right)
    return None if same is None else not same


def _ordered(test: Callable[[int], bool], left: CypherValue, right: CypherValue) -> bool | None:
    order = compare(left, right)
    if order is None and _has_nan(left, right):
        return False
    return None if order is None else test(order)


def _has_nan(left: CypherValue, right: CypherValue) -> bool:
    numbers = [value for value in (left, right) if isinstance(value, (int, float)) and not isinstance(value, bool)]
    return len(numbers) == 2 and any(math.isnan(number) for number in numbers)


def add(left: CypherValue, right: CypherValue) -> CypherValue:
    """Cypher's `+`: numbers, text with any scalar, lists with lists or items."""
    if isinstance(left, list):
        return left + right if isinstance(right, list) else [*left, right]
    if isinstance(right, list):
        return [left, *right]
    if isinstance(left, str) or isinstance(right, str):
        return to_text(left) + to_text(right)
    if isinstance(left, Duration) and isinstance(right, Duration):
        return temporal.add_durations(left, right)
    if isinstance(left, Temporal) and isinstance(right, Duration):
        return temporal.shift(left, right)
    if isinstance(left, Duration) and isinstance(right, Temporal):
        return temporal.shift(right, left)
    lib.require_number("+", left, right)
    return _arithmetic(left + right)


def concatenate(left: CypherValue, right: CypherValue) -> CypherValue:
    """Cypher's `||`: two texts or two lists."""
    if isinstance(left, list) and isinstance(right, list):
        return left + right
    lib.require_text("||", left, right)
    return left + right


def _arithmetic(value: CypherValue) -> CypherValue:
    return checked_integer(value) if isinstance(value, int) else value


def subtract(left: CypherValue, right: CypherValue) -> CypherValue:
    """Cypher's `-`."""
    if isinstance(left, Duration) and isinstance(right, Duration):
        return temporal.add_durations(left, right, -1)
    if isinstance(left, Temporal) and isinstance(right, Duration):
        return temporal.shift(left, negate(right))
    lib.require_number("-", left, right)
    return _arithmetic(left - right)


def multiply(left: CypherValue, right: CypherValue) -> CypherValue:
    """Cypher's `*`."""
    if isinstance(left, Duration) and isinstance(right, (int, float)):
        return temporal.scale(left, right)
    if isinstance(right, Duration) and isinstance(left, (int, float)):
        return temporal.scale(right, left)
    lib.require_number("*", left, right)
    return _arithmetic(left * right)


def divide(left: CypherValue, right: CypherValue) -> CypherValue:
    """Cypher's `/`: integers lose the fraction toward zero."""
    if isinstance(left, Duration) and isinstance(right, (int, float)) and right != 0:
        return temporal.divide(left, right)
    lib.require_number("/", left, right)
    if isinstance(left, int) and isinstance(right, int):
        if right == 0:
            raise QuestionError("division by zero", "guard it: CASE WHEN x <> 0 THEN y / x END")
        quotient = abs(left) // abs(right)
        return checked_integer(quotient if (left < 0) == (right < 0) else -quotient)
    if right == 0:
        return math.nan if left == 0 or math.isnan(left) else math.copysign(math.inf, left) * math.copysign(1, right)
    return left / right


def modulo(left: CypherValue, right: CypherValue) -> CypherValue:
    """Cypher's `%`: the sign is that of the left side."""
    lib.require_number("%", left, right)
    if isinstance(left, int) and isinstance(right, int):
        if right == 0:
            raise QuestionError("division by zero", "guard it: CASE WHEN x <> 0 THEN y % x END")
        return int(math.copysign(1, left)) * (abs(left) % abs(right))
    return math.nan if right == 0 or math.isinf(left) else math.fmod(left, right)


def power(left: CypherValue, right: CypherValue) -> float:
    """Cypher's `^`: always a float."""
    lib.require_number("^", left, right)
    try:
        result = float(left) ** float(right)
    except ZeroDivisionError:
        return math.inf
    except OverflowError:
        return math.inf
    return math.nan if isinstance(result, complex) else result


def exclusive_or(left: CypherValue, right: CypherValue) -> bool:
    """Cypher's XOR of two known truths."""
    return truth(left) is not truth(right)


def matches(left: CypherValue, right: CypherValue) -> bool | None:
    """Cypher's `=~` over the whole text."""
    if not isinstance(left, str) or not isinstance(right, str):
        return None
    return compiled_pattern(right).fullmatch(left) is not None


@functools.lru_cache(maxsize=256)
def compiled_pattern(pattern: str) -> re.Pattern[str]:
    """A regular expression; one that could take time without bound, or means another thing to Java, is refused."""
    raise QuestionError("a regular expression over values of unknown type", f"write toString(x) =~ '{pattern[:30]}'")


def _text_test(test: Callable[[str, str], bool]) -> Callable[[CypherValue, CypherValue], bool | None]:
    def tested(left: CypherValue, right: CypherValue) -> bool | None:
        return test(left, right) if isinstance(left, str) and isinstance(right, str) else None

    return tested


OPERATORS: dict[str, Callable[[CypherValue, CypherValue], CypherValue]] = {
    "=": equals,
    "<>": _not_equal,
    "<": functools.partial(_ordered, lambda order: order < 0),
    "<=": functools.partial(_ordered, lambda order: order <= 0),
    ">": functools.partial(_ordered, lambda order: order > 0),
    ">=": functools.partial(_ordered, lambda order: order >= 0),
    "+": add,
    "-": subtract,
    "*": multiply,
    "/": divide,
    "%": modulo,
    "^": power,
    "||": concatenate,
    "XOR": exclusive_or,
    "=~": matches,
    "STARTS WITH": _text_test(lambda text, part: text.startswith(part)),
    "ENDS WITH": _text_test(lambda text, part: text.endswith(part)),
    "CONTAINS": _text_test(lambda text, part: part in text),
}


# --- conditions, calls and lists -------------------------------------------------------------------------------------


def _case(expression: s.Case, env: Environment) -> CypherValue:
    subject = None if expression.subject is None else evaluate(expression.subject, env)
    for condition, result in expression.branches:
        value = evaluate(condition, env)
        if expression.subject is None:
            chosen = truth(value) is True
        else:
            chosen = equals(subject, value) is True or (subject is None and value is None)
        if chosen:
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


def _items(value: CypherValue) -> list[CypherValue] | None:
    """What UNWIND makes of a value: the items of a list, or the value alone."""
    return value if value is None or isinstance(value, list) else [value]


def _sum(values: list[CypherValue] | None) -> CypherValue:
    total: CypherValue = 0
    for value in values or []:
        if value is not None:
            total = (
                add(total, value) if isinstance(total, Duration) or isinstance(value, Duration) else _plus(total, value)
            )
    return total


def _plus(total: CypherValue, value: CypherValue) -> CypherValue:
    lib.require_number("sum()", value)
    return _arithmetic(total + value)


def _average(values: list[CypherValue] | None) -> CypherValue:
    known = [value for value in values or [] if value is not None]
    lib.require_number("avg()", *known)
    return float(sum(known) / len(known)) if known else None


def _least(values: list[CypherValue] | None) -> CypherValue:
    return min((value for value in values or [] if value is not None), key=sort_key, default=None)


def _greatest(values: list[CypherValue] | None) -> CypherValue:
    return max((value for value in values or [] if value is not None), key=sort_key, default=None)


# Steps of the compiler itself; their names begin with a space, so no query can call them.
INTERNAL: dict[str, Callable[..., CypherValue]] = {
    " items": _items,
    " at": temporal.at_instant,
    " sum": _sum,
    " avg": _average,
    " min": _least,
    " max": _greatest,
}

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
