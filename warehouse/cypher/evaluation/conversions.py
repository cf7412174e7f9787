"""Functions that turn a value of one type into another, and numbers into the text that Java would write."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation

from warehouse.cypher.values.temporal import SECOND, Duration, Temporal
from warehouse.cypher.values.values import CypherValue, equals
from warehouse.errors import QuestionError

SMALLEST_INTEGER, LARGEST_INTEGER = -(2**63), 2**63 - 1
_FLOAT = re.compile(r"[+-]?(NaN|Infinity|([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?[fFdD]?)")
_JAVA_SPACES = "".join(map(chr, range(33)))


def type_error(name: str, value: CypherValue) -> QuestionError:
    """The refusal of a value whose type a function or operator cannot take."""
    return QuestionError(f"{name} cannot take {describe(value)}", "convert it first, or filter by type with CASE")


def describe(value: CypherValue) -> str:
    """A value's type and a short look at it, for messages."""
    return f"{type_name(value)} {str(value)[:40]!r}"


def type_name(value: CypherValue) -> str:
    """The name of a value's type as Cypher spells it."""
    names = {bool: "BOOLEAN", int: "INTEGER", float: "FLOAT", str: "STRING", list: "LIST", dict: "MAP"}
    if value is None:
        return "NULL"
    return names.get(type(value), type(value).__name__.upper().removesuffix("REFERENCE"))


def checked_integer(value: int) -> int:
    """The integer itself when 64 bits hold it."""
    if not SMALLEST_INTEGER <= value <= LARGEST_INTEGER:
        raise QuestionError(f"the integer {value} does not fit into 64 bits", "use floats: multiply by 1.0")
    return value


def wrapped_integer(value: int) -> int:
    """The integer in 64 bits, as Java wraps it: 2^63 becomes -2^63."""
    return (value - SMALLEST_INTEGER) % 2**64 + SMALLEST_INTEGER


def java_float(value: float) -> str:
    """A float as `toString` gives it: `1.0`, `1.0E10`, `NaN`."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return (
            str(Decimal(repr(value)).normalize().__format__("f")) if not float(value).is_integer() else f"{value:.1f}"
        )
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    text = "".join(map(str, digits))
    power = int(exponent) + len(text) - 1
    return f"{'-' if sign else ''}{text[0]}.{text[1:] or '0'}E{power}"


def to_text(value: CypherValue) -> str:
    """`toString` of a scalar."""
    match value:
        case bool():
            return "true" if value else "false"
        case float():
            return java_float(value)
        case Temporal() if value.has_time and value.nanos % (60 * SECOND) == 0:
            # Here, unlike in an answer, Neo4j writes seconds also where they are zero.
            minute = len("2020-01-01T12:30" if value.has_date else "12:30")
            return f"{str(value)[:minute]}:00{str(value)[minute:]}"
        case int() | str() | Temporal() | Duration():
            return str(value)
        case _:
            raise type_error("toString()", value)


def to_integer(value: CypherValue) -> int | None:
    """`toInteger`: floats lose their fraction, text that is no number gives null."""
    match value:
        case bool() | int():
            return int(value)
        case float():
            return _saturate(value)
        case str():
            return _parse_integer(value)
        case _:
            raise type_error("toInteger()", value)


def _saturate(value: float) -> int:
    """Java's cast of a double to a long."""
    if math.isnan(value):
        return 0
    return int(max(SMALLEST_INTEGER, min(LARGEST_INTEGER, value))) if not math.isinf(value) else _infinite(value)


def _infinite(value: float) -> int:
    return LARGEST_INTEGER if value > 0 else SMALLEST_INTEGER


def _parse_integer(text: str) -> int | None:
    if (
        not text.isascii()
        or "_" in text
        or text != text.strip()
        or text.strip("+-").lower() in ("nan", "inf", "infinity")
    ):
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    if not number.is_finite():
        return None
    if not SMALLEST_INTEGER <= number <= LARGEST_INTEGER:
        raise QuestionError(f"the integer {text} does not fit into 64 bits", "read it as a float: toFloat(x)")
    return int(number)


def to_float(value: CypherValue) -> float | None:
    """`toFloat`: text that is no number gives null."""
    match value:
        case bool():
            raise type_error("toFloat()", value)
        case int() | float():
            return float(value)
        case str():
            stripped = value.strip(_JAVA_SPACES)
            return (
                float(stripped.rstrip("fFdD"))
                if _FLOAT.fullmatch(stripped) and stripped[-1] != "y"
                else _word(stripped)
            )
        case _:
            raise type_error("toFloat()", value)


def _word(text: str) -> float | None:
    return float(text) if text.lstrip("+-") in ("NaN", "Infinity") else None


def to_boolean(value: CypherValue) -> bool | None:
    """`toBoolean`: text other than true and false gives null; an integer is true unless it is 0."""
    match value:
        case bool():
            return value
        case int():
            return value != 0
        case str():
            return {"true": True, "false": False}.get(value.strip().lower())
        case _:
            raise type_error("toBoolean()", value)


def or_null(convert: Callable[[CypherValue], CypherValue]) -> Callable[[CypherValue], CypherValue]:
    """The variant that gives null where `convert` refuses."""

    def converted(value: CypherValue) -> CypherValue:
        try:
            return convert(value)
        except QuestionError:
            return None

    return converted


def each(convert: Callable[[CypherValue], CypherValue]) -> Callable[[CypherValue], CypherValue]:
    """The variant that converts every item of a list, with null where an item has no such form."""
    one = or_null(convert)

    def converted(values: CypherValue) -> CypherValue:
        if not isinstance(values, list):
            raise type_error("a list conversion", values)
        return [None if value is None else one(value) for value in values]

    return converted


def equal(left: CypherValue, right: CypherValue) -> bool:
    """Whether two values are certainly equal."""
    return equals(left, right) is True
