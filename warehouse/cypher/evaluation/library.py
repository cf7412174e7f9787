"""The Python forms of functions on strings, numbers and lists."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable
from decimal import (
    ROUND_CEILING,
    ROUND_DOWN,
    ROUND_FLOOR,
    ROUND_HALF_DOWN,
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    ROUND_UP,
    Decimal,
)

from warehouse.cypher.evaluation.conversions import (
    LARGEST_INTEGER,
    SMALLEST_INTEGER,
    to_text,
    type_error,
    wrapped_integer,
)
from warehouse.cypher.values.values import CypherValue
from warehouse.errors import QuestionError, QuestionMemoryError

LONGEST_LIST = 10_000_000
_ROUNDINGS = {
    "UP": ROUND_UP,
    "DOWN": ROUND_DOWN,
    "CEILING": ROUND_CEILING,
    "FLOOR": ROUND_FLOOR,
    "HALF_UP": ROUND_HALF_UP,
    "HALF_DOWN": ROUND_HALF_DOWN,
    "HALF_EVEN": ROUND_HALF_EVEN,
}


def require_text(name: str, *values: CypherValue) -> None:
    """Refuse anything that is not text."""
    for value in values:
        if not isinstance(value, str):
            raise type_error(name, value)


def require_number(name: str, *values: CypherValue) -> None:
    """Refuse anything that is not a number."""
    for value in values:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise type_error(name, value)


def require_integer(name: str, *values: CypherValue) -> None:
    """Refuse anything that is not an integer."""
    for value in values:
        if isinstance(value, bool) or not isinstance(value, int):
            raise type_error(name, value)


def require_list(name: str, value: CypherValue) -> None:
    """Refuse anything that is not a list."""
    if not isinstance(value, list):
        raise type_error(name, value)


# --- strings ---------------------------------------------------------------------------------------------------------


def upper(value: CypherValue) -> str:
    """Text in capitals."""
    require_text("toUpper()", value)
    return str(value).upper()


def lower(value: CypherValue) -> str:
    """Text in small letters."""
    require_text("toLower()", value)
    return str(value).lower()


def substring(text: CypherValue, start: CypherValue, length: CypherValue = None) -> str:
    """The part of a text from `start`, counted from zero."""
    require_text("substring()", text)
    require_integer("substring()", start)
    if start < 0 or (length is not None and length < 0):
        raise QuestionError("substring() takes no negative start or length", "count from the end with right()")
    return str(text[start:] if length is None else text[start : start + length])


def left(text: CypherValue, length: CypherValue) -> str:
    """The first characters."""
    require_text("left()", text)
    require_integer("left()", length)
    if length < 0:
        raise QuestionError("left() takes no negative length")
    return str(text[:length])


def right(text: CypherValue, length: CypherValue) -> str:
    """The last characters."""
    require_text("right()", text)
    require_integer("right()", length)
    if length < 0:
        raise QuestionError("right() takes no negative length")
    return str(text[max(0, len(text) - length) :])


def split(text: CypherValue, delimiter: CypherValue) -> list[str]:
    """The parts between delimiters; an empty delimiter cuts after every character."""
    require_text("split()", text)
    if not isinstance(delimiter, str):
        raise QuestionError("split() takes one delimiter", "replace the other delimiters first")
    if text == "":
        return [""]
    return list(text) if delimiter == "" else str(text).split(delimiter)


def replace(text: CypherValue, old: CypherValue, new: CypherValue) -> str:
    """Every occurrence of `old` replaced."""
    require_text("replace()", text, old, new)
    return str(text).replace(old, new)


def _java_space(character: str) -> bool:
    return character in "\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f" or (
        unicodedata.category(character) in ("Zs", "Zl", "Zp") and character not in "\u00a0\u2007\u202f"
    )


def trim_left(text: CypherValue, characters: CypherValue = None) -> str:
    """Without white space (or `characters`) at the start."""
    require_text("ltrim()", text)
    unwanted = _unwanted(text, characters)
    return str(text).lstrip(unwanted) if unwanted else str(text)


def trim_right(text: CypherValue, characters: CypherValue = None) -> str:
    """Without white space (or `characters`) at the end."""
    require_text("rtrim()", text)
    unwanted = _unwanted(text, characters)
    return str(text).rstrip(unwanted) if unwanted else str(text)


def trim(text: CypherValue, characters: CypherValue = None) -> str:
    """Without white space (or `characters`) at both ends."""
    return trim_right(trim_left(text, characters), characters)


def _unwanted(text: CypherValue, characters: CypherValue) -> str:
    if characters is None:
        return "".join({character for character in text if _java_space(character)})
    require_text("trim()", characters)
    return str(characters)


def reverse(value: CypherValue) -> CypherValue:
    """Text or a list from its end."""
    if not isinstance(value, (str, list)):
        raise type_error("reverse()", value)
    return value[::-1]


def size(value: CypherValue) -> int:
    """The number of characters, or of items."""
    if not isinstance(value, (str, list)):
        raise type_error("size()", value)
    return len(value)


def character_length(value: CypherValue) -> int:
    """The number of characters."""
    require_text("char_length()", value)
    return len(value)


def is_empty(value: CypherValue) -> bool:
    """Whether text, a list or a map holds nothing."""
    if not isinstance(value, (str, list, dict)):
        raise type_error("isEmpty()", value)
    return len(value) == 0


def normalize(value: CypherValue) -> str:
    """Text in Unicode normal form C."""
    require_text("normalize()", value)
    return unicodedata.normalize("NFC", value)


# --- numbers ---------------------------------------------------------------------------------------------------------


def absolute(value: CypherValue) -> float:
    """The size of a number; that of the smallest integer is itself, as in Java."""
    require_number("abs()", value)
    return wrapped_integer(abs(value)) if isinstance(value, int) else abs(float(value))


def sign(value: CypherValue) -> int:
    """-1, 0 or 1."""
    require_number("sign()", value)
    return int(value > 0) - int(value < 0)


def ceil(value: CypherValue) -> float:
    """The next whole number upward, as a float."""
    require_number("ceil()", value)
    return float(math.ceil(value)) if math.isfinite(value) else float(value)


def floor(value: CypherValue) -> float:
    """The next whole number downward, as a float."""
    require_number("floor()", value)
    return float(math.floor(value)) if math.isfinite(value) else float(value)


def round_number(value: CypherValue, precision: CypherValue = 0, mode: CypherValue = None) -> float:
    """Round to `precision` digits; ties go up, and with a precision above zero away from zero.

    Without a precision the result is that of Java's whole numbers of 64 bits: none is beyond them.
    """
    require_number("round()", value, precision)
    if not math.isfinite(value):
        return float(value)
    number = Decimal(repr(float(value)))
    if precision == 0 and mode is None:
        return float(max(SMALLEST_INTEGER, min(LARGEST_INTEGER, math.floor(number + Decimal("0.5")))))
    rounding = "HALF_UP" if mode is None else mode
    if precision < 0 or (rounding not in _ROUNDINGS and rounding != "UNNECESSARY"):
        known = ", ".join([*_ROUNDINGS, "UNNECESSARY"])
        raise QuestionError(f"round() does not know precision {precision} or mode {mode}", f"modes: {known}")
    if -int(number.as_tuple().exponent) <= precision:
        return float(value) + 0.0
    if rounding == "UNNECESSARY":
        raise QuestionError(f"round() with mode UNNECESSARY would change {value}", "choose another mode")
    return float(number.quantize(Decimal(1).scaleb(-int(precision)), rounding=_ROUNDINGS[rounding])) + 0.0


def square_root(value: CypherValue) -> float:
    """The square root, NaN of a negative number."""
    require_number("sqrt()", value)
    return math.nan if value < 0 else math.sqrt(value)


def natural_logarithm(value: CypherValue) -> float:
    """The natural logarithm; minus infinity of zero, NaN of a negative number."""
    require_number("log()", value)
    return -math.inf if value == 0 else math.nan if value < 0 else math.log(value)


def decimal_logarithm(value: CypherValue) -> float:
    """The logarithm to base ten; minus infinity of zero, NaN of a negative number."""
    require_number("log10()", value)
    return -math.inf if value == 0 else math.nan if value < 0 else math.log10(value)


def exponential(value: CypherValue) -> float:
    """e to the power of a number."""
    require_number("exp()", value)
    return math.inf if value > 709.782712893384 else math.exp(value)


def is_nan(value: CypherValue) -> bool:
    """Whether a number is NaN."""
    require_number("isNaN()", value)
    return math.isnan(value)


def haversine(value: CypherValue) -> float:
    """Half the versine of an angle in radians; NaN of an infinity."""
    require_number("haversin()", value)
    return (1 - math.cos(value)) / 2 if math.isfinite(value) else math.nan


def cotangent(value: float) -> float:
    """The cotangent of an angle in radians: an infinity of zero, with its sign."""
    return math.copysign(math.inf, value) if value == 0 else 1 / math.tan(value)


def hyperbolic_cotangent(value: float) -> float:
    """The hyperbolic cotangent: NaN of zero."""
    return math.nan if value == 0 else 1 / math.tanh(value)


def real(compute: Callable[..., float]) -> Callable[..., float]:
    """A function of the standard library as Java has it: NaN outside its domain, an infinity beyond all floats."""

    def computed(*values: float) -> float:
        try:
            return compute(*values)
        except ValueError:
            return math.nan
        except OverflowError:
            return math.inf if values[0] > 0 or compute is math.cosh else -math.inf

    return computed


# --- lists -----------------------------------------------------------------------------------------------------------


def number_range(start: CypherValue, end: CypherValue, step: CypherValue = 1) -> list[int]:
    """The integers from `start` to `end`, both included."""
    require_integer("range()", start, end, step)
    if step == 0:
        raise QuestionError("range() takes no step of 0", "leave the step out to count by 1")
    # The length is that of Neo4j, whose division drops the fraction: range(0, 1, -123) is [0].
    span = end - start
    length = max(0, abs(span) // abs(step) * (1 if (span < 0) == (step < 0) else -1) + 1)
    if length > LONGEST_LIST:
        raise QuestionMemoryError(
            f"range({start}, {end}, {step}) has more than {LONGEST_LIST} items", "ask for a smaller range"
        )
    return list(range(start, start + length * step, step))


def head(values: CypherValue) -> CypherValue:
    """The first item."""
    require_list("head()", values)
    return values[0] if values else None


def last(values: CypherValue) -> CypherValue:
    """The last item."""
    require_list("last()", values)
    return values[-1] if values else None


def tail(values: CypherValue) -> CypherValue:
    """All items but the first."""
    require_list("tail()", values)
    return values[1:]


def keys(value: CypherValue) -> list[str]:
    """The keys of a map."""
    if not isinstance(value, dict):
        raise type_error("keys()", value)
    return list(value)


def properties(value: CypherValue) -> CypherValue:
    """A map itself."""
    if not isinstance(value, dict):
        raise type_error("properties()", value)
    return value


def coalesce(*values: CypherValue) -> CypherValue:
    """The first value that is not null."""
    return next((value for value in values if value is not None), None)


def concatenate(left_value: CypherValue, right_value: CypherValue) -> str:
    """Two scalars joined as text, for `+` where one of them is text."""
    return to_text(left_value) + to_text(right_value)
