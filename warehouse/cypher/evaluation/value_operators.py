"""Operators over values of any type, as Cypher defines them for each pair of types."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable

from warehouse.cypher.evaluation import library as lib
from warehouse.cypher.evaluation import temporal_functions as temporal
from warehouse.cypher.evaluation.conversions import (
    LARGEST_INTEGER,
    SMALLEST_INTEGER,
    checked_integer,
    describe,
    to_text,
    type_error,
    wrapped_integer,
)
from warehouse.cypher.values.temporal import Duration, Temporal, duration_of
from warehouse.cypher.values.values import CypherValue, compare, equals, sort_key
from warehouse.errors import QuestionError


def truth(value: CypherValue) -> bool | None:
    """A value as a predicate."""
    if value is None or isinstance(value, bool):
        return value
    raise QuestionError(f"expected true, false or null, met {describe(value)}", "compare it: x <> 0, x <> ''")


def negate(value: CypherValue) -> CypherValue:
    """Minus a value."""
    if isinstance(value, Duration):
        return duration_of(-value.months, -value.days, -value.nanoseconds)
    lib.require_number("-", value)
    # Zero minus the value, as Neo4j computes it: the negative of 0.0 is 0.0.
    return _arithmetic(0 - value)


def operate(operator: str, left: CypherValue, right: CypherValue) -> CypherValue:
    """Apply an operator to two values."""
    if operator == "IN":
        return contains(right, left)
    if left is None or right is None:
        if operator == "/" and _is_integer_zero(right):
            raise division_by_zero()
        return None
    return OPERATORS[operator](left, right)


def _is_integer_zero(value: CypherValue) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value == 0


def division_by_zero() -> QuestionError:
    """The refusal of a division by the integer zero, whatever is divided: by 0.0 it gives an infinity or NaN."""
    return QuestionError("division by zero", "guard it: CASE WHEN x <> 0 THEN y / x END")


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


def add(left: CypherValue, right: CypherValue) -> CypherValue:  # noqa: PLR0911
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
    if isinstance(left, Duration) and isinstance(right, (int, float)):
        return temporal.divide(left, right)
    lib.require_number("/", left, right)
    if _is_integer_zero(right):
        raise division_by_zero()
    if isinstance(left, int) and isinstance(right, int):
        quotient = abs(left) // abs(right)
        return wrapped_integer(quotient if (left < 0) == (right < 0) else -quotient)
    if right == 0:
        return math.nan if left == 0 or math.isnan(left) else math.copysign(math.inf, left) * math.copysign(1, right)
    return left / right


def modulo(left: CypherValue, right: CypherValue) -> CypherValue:
    """Cypher's `%`: the sign is that of the left side."""
    lib.require_number("%", left, right)
    if isinstance(left, int) and isinstance(right, int):
        if right == 0:
            raise division_by_zero()
        return int(math.copysign(1, left)) * (abs(left) % abs(right))
    return math.nan if right == 0 or math.isinf(left) else math.fmod(left, right)


def power(left: CypherValue, right: CypherValue) -> float:
    """Cypher's `^`: always a float."""
    lib.require_number("^", left, right)
    base, exponent = float(left), float(right)
    if math.isnan(exponent) or (abs(base) == 1 and math.isinf(exponent)):
        return math.nan
    try:
        result = base**exponent
    except (ZeroDivisionError, OverflowError):
        return math.copysign(math.inf, base) if math.fmod(exponent, 2) in (1, -1) else math.inf
    return math.nan if isinstance(result, complex) else result


def exclusive_or(left: CypherValue, right: CypherValue) -> bool:
    """Cypher's XOR of two known truths."""
    return truth(left) is not truth(right)


def matches(left: CypherValue, right: CypherValue) -> bool | None:
    """Cypher's `=~`: only DuckDB has the engine for it, so a value of unknown type must be made text first."""
    if not isinstance(left, str) or not isinstance(right, str):
        return None
    raise QuestionError("=~ over values of unknown type is not supported", "write toString(x) =~ 'pattern'")


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


def _items(value: CypherValue) -> list[CypherValue] | None:
    """What UNWIND makes of a value: the items of a list, or the value alone."""
    return value if value is None or isinstance(value, list) else [value]


def _sum(values: list[CypherValue] | None) -> CypherValue:
    known = [value for value in values or [] if value is not None]
    return functools.reduce(_plus, known) if any(isinstance(value, Duration) for value in known) else _total(known)


def _plus(total: CypherValue, value: CypherValue) -> CypherValue:
    if not (isinstance(total, Duration) and isinstance(value, Duration)):
        raise type_error("sum() of durations", value if isinstance(total, Duration) else total)
    return add(total, value)


def _total(values: list[CypherValue]) -> float:
    """The sum of numbers; one of integers that leaves 64 bits goes on as a float."""
    lib.require_number("sum()", *values)
    total: float = 0
    for value in values:
        total += value
        if isinstance(total, int) and not SMALLEST_INTEGER <= total <= LARGEST_INTEGER:
            total = float(total)
    return total


def _average(values: list[CypherValue] | None) -> CypherValue:
    """The mean, kept while the values pass by: it does not overflow where their sum would."""
    known = [value for value in values or [] if value is not None]
    if any(isinstance(value, Duration) for value in known):
        return temporal.divide(functools.reduce(_plus, known), len(known))
    lib.require_number("avg()", *known)
    mean = 0.0
    for count, value in enumerate(known, start=1):
        mean += (value - mean) / count
    return mean if known else None


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
