"""The SQL of operators over values whose types are known."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Collection, Iterable

from warehouse.cypher import types
from warehouse.cypher.catalogue import nearest
from warehouse.cypher.compiler.relation import NULL_VALUE, Context, Value, convert
from warehouse.cypher.syntax import tree as s
from warehouse.cypher.types import BOOLEAN, DATE, DATETIME, FLOAT, INTEGER, STRING, Kind, Type
from warehouse.cypher.values.temporal import to_python
from warehouse.cypher.values.temporal_text import from_text
from warehouse.errors import QuestionError

_SCALARS = frozenset({Kind.BOOLEAN, Kind.INTEGER, Kind.FLOAT, Kind.STRING, Kind.DATE, Kind.DATETIME})
_NULL_TRUTH = Value("CAST(NULL AS BOOLEAN)", BOOLEAN)
_TEXT_TESTS = {"STARTS WITH": "starts_with", "ENDS WITH": "ends_with", "CONTAINS": "contains"}


class NeedsPython(Exception):  # noqa: N818  # a signal between compiler stages, not an error
    """SQL cannot say this with the types at hand; the expression goes to Python."""


def float_literal(value: float) -> str:
    """A float for SQL; without an exponent DuckDB would read a decimal."""
    if math.isnan(value) or math.isinf(value):
        return f"CAST('{value}' AS DOUBLE)"
    text = repr(value)
    return f"CAST({text if 'e' in text else text + 'e0'} AS DOUBLE)"


def nearest_name(name: str, known: Collection[str]) -> str | None:
    """A hint that names the nearest known name."""
    close = nearest(name, known)
    return None if close is None else f"did you mean {close!r}?"


def join_all(found: Iterable[Type]) -> Type:
    """The narrowest type that holds values of all of these."""
    joined = types.NULL
    for type_ in found:
        joined = types.join(joined, type_)
    return joined


def binary(operator: str, left: Value, right: Value, context: Context) -> Value | None:  # noqa: PLR0911
    """An operator over two values; `None` where Cypher does not allow these types together."""
    if operator == "IN":
        return _contains(left, right)
    kinds = left.type.kind, right.type.kind
    if Kind.NULL in kinds:
        if operator == "/" and right.type.kind is Kind.INTEGER:
            # Neo4j refuses a division by the integer 0 even where nothing is divided.
            return Value(f"CASE WHEN {right.sql} = 0 THEN {_BY_ZERO} END", INTEGER)
        return _NULL_TRUTH if operator in ("=", "<>", "<", "<=", ">", ">=") else NULL_VALUE
    if operator in ("=", "<>"):
        return _exact(operator, left, right, _equality(operator, left, right), context)
    if operator in ("<", "<=", ">", ">="):
        return _exact(operator, left, right, _order(operator, left, right), context)
    if operator in _TEXT_TESTS:
        return _text_test(operator, left, right)
    if Kind.ANY in kinds:
        raise NeedsPython
    if operator == "+":
        return _add(left, right, context)
    if operator == "||":
        return _join_texts(left, right, context)
    return _arithmetic(operator, left, right)


# --- comparison ------------------------------------------------------------------------------------------------------


def _equality(operator: str, left: Value, right: Value) -> Value:
    kinds = {left.type.kind, right.type.kind}
    if kinds & {Kind.ANY, Kind.LIST, Kind.MAP, Kind.PATH}:
        raise NeedsPython
    if left.type.kind is right.type.kind or (left.type.is_number and right.type.is_number):
        return Value(_guard_nan(operator, left, right, f"({left.sql} {operator} {right.sql})"), BOOLEAN)
    outcome = "FALSE" if operator == "=" else "TRUE"
    return Value(f"CASE WHEN {left.sql} IS NOT NULL AND {right.sql} IS NOT NULL THEN {outcome} END", BOOLEAN)


def _order(operator: str, left: Value, right: Value) -> Value:
    kinds = {left.type.kind, right.type.kind}
    if kinds & {Kind.ANY, Kind.LIST}:
        raise NeedsPython
    if (left.type.kind is right.type.kind and left.type.kind in _SCALARS) or (
        left.type.is_number and right.type.is_number
    ):
        return Value(_guard_nan(operator, left, right, _in_order(operator, left, right)), BOOLEAN)
    return _NULL_TRUTH


def _in_order(operator: str, left: Value, right: Value) -> str:
    """The comparison, for which -0.0 comes before 0.0, as in Java; to DuckDB they are equal."""
    if operator in (">", "<="):
        return _in_order({">": "<", "<=": ">="}[operator], right, left)
    a, b = left.sql, right.sql
    if not (_may_be_zero(left, negative=True) and _may_be_zero(right, negative=False)):
        return f"({a} {operator} {b})"
    apart = f"({a} = 0 AND {b} = 0 AND signbit({a}) AND NOT signbit(CAST({b} AS DOUBLE)))"
    return f"({a} < {b} OR {apart})" if operator == "<" else f"({a} >= {b} AND NOT {apart})"


def _may_be_zero(value: Value, *, negative: bool) -> bool:
    """Whether this can be 0.0, or -0.0, which no integer is."""
    constant = _CONSTANT.fullmatch(value.sql)
    if constant is None:
        return value.type.kind is Kind.FLOAT or (value.type.kind is Kind.INTEGER and not negative)
    number = float(constant.group(1))
    return number == 0 and (math.copysign(1, number) < 0) == negative


def _exact(operator: str, left: Value, right: Value, plain: Value, context: Context) -> Value:
    """An integer beside a float: beyond 2^53 a float does not hold every integer, so Python compares exactly."""
    if {left.type.kind, right.type.kind} != {Kind.INTEGER, Kind.FLOAT}:
        return plain
    whole = left.sql if left.type.kind is Kind.INTEGER else right.sql
    constant = _INTEGER_CONSTANT.fullmatch(whole)
    if constant is not None and abs(int(constant.group(1))) <= LARGEST_EXACT:
        return plain
    compared = s.Binary(0, operator, s.Variable(0, "left"), s.Variable(0, "right"))
    program = context.program(compared, ("left", "right"), (left.type, right.type), BOOLEAN)
    exact = program.call([left.sql, right.sql])
    small = f"{whole} BETWEEN -{LARGEST_EXACT} AND {LARGEST_EXACT}"
    return Value(f"CASE WHEN {whole} IS NULL OR {small} THEN {plain.sql} ELSE {exact} END", BOOLEAN)


def _guard_nan(operator: str, left: Value, right: Value, plain: str) -> str:
    """The comparison; where a side was computed as a float it may be NaN, which equals and precedes nothing."""
    suspects = [v.sql for v in (left, right) if v.type.kind is Kind.FLOAT and not never_nan(v.sql)]
    if not suspects:
        return plain
    test = " OR ".join(f"isnan({sql})" for sql in suspects)
    known = f"{left.sql} IS NOT NULL AND {right.sql} IS NOT NULL"
    outcome = "TRUE" if operator == "<>" else "FALSE"
    return f"CASE WHEN {test} THEN CASE WHEN {known} THEN {outcome} END ELSE {plain} END"


LARGEST_EXACT = 2**53
_INTEGER_CONSTANT = re.compile(r"CAST\((-?\d+) AS BIGINT\)")
_CONSTANT = re.compile(r"CAST\((-?[0-9.e+-]+) AS (?:BIGINT|DOUBLE)\)")
_PLAIN_COLUMN = re.compile(r'[a-z]+\d+\."(?:[^"]|"")*"|CAST\(-?[0-9.e+-]+ AS DOUBLE\)')


def never_nan(sql: str) -> bool:
    """Stored floats and constants are never NaN; anything else may be."""
    return _PLAIN_COLUMN.fullmatch(sql) is not None


def nan_test(value: Value, context: Context) -> str | None:
    """A test for NaN in a value of a known type, or inside it; `None` where there can be none."""
    match value.type.kind:
        case Kind.FLOAT:
            return None if never_nan(value.sql) else f"isnan({value.sql})"
        case Kind.LIST:
            name = context.alias("x")
            inner = nan_test(Value(name, value.type.item or types.NULL), context)
            return None if inner is None else f"(len(list_filter({value.sql}, lambda {name}: {inner})) > 0)"
        case Kind.MAP:
            fields = [
                Value(f"struct_extract({value.sql}, 'f{n}')", type_) for n, (_, type_) in enumerate(value.type.fields)
            ]
            tests = [test for field in fields if (test := nan_test(field, context)) is not None]
            return f"({' OR '.join(tests)})" if tests else None
        case _:
            return None


def _text_test(operator: str, left: Value, right: Value) -> Value:
    if Kind.ANY in (left.type.kind, right.type.kind):
        raise NeedsPython
    if left.type.kind is not Kind.STRING or right.type.kind is not Kind.STRING:
        return _NULL_TRUTH
    return Value(f"{_TEXT_TESTS[operator]}({left.sql}, {right.sql})", BOOLEAN)


def _contains(left: Value, right: Value) -> Value | None:
    """`x IN list`, three-valued: null when the list holds a null and no equal item."""
    if right.type.kind is Kind.NULL:
        return _NULL_TRUTH
    if right.type.kind is Kind.ANY:
        raise NeedsPython
    if right.type.kind is not Kind.LIST:
        return None
    item = right.type.item or types.NULL
    x, values = left.sql, right.sql
    if item.kind is Kind.NULL or left.type.kind is Kind.NULL:
        return Value(f"CASE WHEN len({values}) = 0 THEN FALSE END", BOOLEAN)
    if not _comparable(left.type, item):
        raise NeedsPython
    return Value(
        f"CASE WHEN len({values}) = 0 THEN FALSE WHEN list_contains({values}, {x}) THEN TRUE "
        f"WHEN {x} IS NULL OR {values} IS NULL OR list_count({values}) < len({values}) THEN NULL ELSE FALSE END",
        BOOLEAN,
    )


def _comparable(left: Type, right: Type) -> bool:
    return left.kind is right.kind and (left.kind in _SCALARS or left.is_entity) and left.kind is not Kind.FLOAT


def in_parameter(left: Value, right: Value) -> Value | None:
    """`x IN $list` as a join, which stays fast for long lists; `None` where the types do not allow it."""
    item = right.type.item
    if right.type.kind is not Kind.LIST or item is None or not _comparable(left.type, item):
        return None
    return Value(f"({left.sql} IN (SELECT unnest({right.sql})))", BOOLEAN)


# --- arithmetic ------------------------------------------------------------------------------------------------------


def _add(left: Value, right: Value, context: Context) -> Value | None:
    if Kind.LIST in (left.type.kind, right.type.kind):
        return _add_lists(left, right, context)
    if Kind.STRING in (left.type.kind, right.type.kind):
        other = right if left.type.kind is Kind.STRING else left
        if other.type.kind in (Kind.FLOAT, Kind.DATE, Kind.DATETIME, Kind.BOOLEAN):
            raise NeedsPython
        if other.type.kind not in (Kind.STRING, Kind.INTEGER):
            return None
        parts = [v.sql if v.type.kind is Kind.STRING else f"CAST({v.sql} AS VARCHAR)" for v in (left, right)]
        return Value(f"({parts[0]} || {parts[1]})", STRING)
    if {left.type.kind, right.type.kind} & {Kind.DATE, Kind.DATETIME}:
        raise NeedsPython
    return _arithmetic("+", left, right)


def _add_lists(left: Value, right: Value, context: Context) -> Value:
    if left.type.kind is not Kind.LIST:
        left = Value(f"[{left.sql}]", types.list_of(left.type))
    if right.type.kind is not Kind.LIST:
        right = Value(f"[{right.sql}]", types.list_of(right.type))
    return _join_lists(left, right, context)


def _join_lists(left: Value, right: Value, context: Context) -> Value:
    joined = types.join(left.type, right.type)
    a, b = convert(left, joined, context), convert(right, joined, context)
    return Value(f"CASE WHEN {left.sql} IS NOT NULL AND {right.sql} IS NOT NULL THEN list_concat({a}, {b}) END", joined)


def _join_texts(left: Value, right: Value, context: Context) -> Value | None:
    if left.type.kind is Kind.STRING and right.type.kind is Kind.STRING:
        return Value(f"({left.sql} || {right.sql})", STRING)
    if left.type.kind is Kind.LIST and right.type.kind is Kind.LIST:
        return _join_lists(left, right, context)
    return None


def _arithmetic(operator: str, left: Value, right: Value) -> Value | None:
    kinds = {left.type.kind, right.type.kind}
    if kinds & {Kind.DATE, Kind.DATETIME} or left.type.hollow or right.type.hollow:
        raise NeedsPython
    if not (left.type.is_number and right.type.is_number):
        return None
    a, b = left.sql, right.sql
    if operator == "^":
        raise NeedsPython
    if kinds != {Kind.INTEGER}:
        if operator == "%":
            raise NeedsPython
        computed = f"(CAST({a} AS DOUBLE) {operator} CAST({b} AS DOUBLE))"
        if operator == "/" and right.type.kind is Kind.INTEGER and not _is_safe_divisor(b):
            computed = f"CASE WHEN {b} = 0 THEN {_BY_ZERO} ELSE {computed} END"
        return Value(computed, FLOAT)
    if operator in ("/", "%"):
        return Value(_whole_division(operator, a, b), INTEGER)
    return Value(f"({a} {operator} {b})", INTEGER)


def negated(value: Value) -> Value:
    """Minus a number."""
    return Value(f"(CAST(0 AS {value.type.sql}) - {value.sql})", value.type)


_BY_ZERO = "error('division by zero')"
_SMALLEST_INTEGER = f"CAST({-(2**63)} AS BIGINT)"


def _is_safe_divisor(sql: str) -> bool:
    constant = _INTEGER_CONSTANT.fullmatch(sql)
    return constant is not None and int(constant.group(1)) not in (0, -1)


def _whole_division(operator: str, a: str, b: str) -> str:
    """`/` and `%` of integers; the smallest integer divided by -1 is itself, as in Java."""
    plain = f"({a} {'//' if operator == '/' else '%'} {b})"
    if _is_safe_divisor(b):
        return plain
    negative = f"CASE WHEN {a} = {_SMALLEST_INTEGER} THEN {a} ELSE CAST(0 AS BIGINT) - {a} END"
    by_minus_one, zero = (negative, f"{b} = 0") if operator == "/" else (f"{a} - {a}", f"{b} = 0 AND {a} IS NOT NULL")
    return f"CASE WHEN {zero} THEN {_BY_ZERO} WHEN {b} = -1 THEN {by_minus_one} ELSE {plain} END"


# --- lists -----------------------------------------------------------------------------------------------------------


def list_slice(values: str, start: str | None, end: str | None) -> str:
    """`list[start..end]`, counted from zero, negative from the end, the end not included."""
    first = (
        "0" if start is None else f"CASE WHEN {start} < 0 THEN greatest(len({values}) + {start}, 0) ELSE {start} END"
    )
    last = f"len({values})" if end is None else f"CASE WHEN {end} < 0 THEN len({values}) + {end} ELSE {end} END"
    given = " AND ".join(f"{bound} IS NOT NULL" for bound in (values, start, end) if bound is not None)
    return (
        f"CASE WHEN {given} THEN CASE WHEN ({last}) > ({first}) "
        f"THEN list_slice({values}, ({first}) + 1, {last}) ELSE list_slice({values}, 1, 0) END END"
    )


def quantified(kind: str, truths: str, name: str) -> str:
    """A quantifier over the list of the truths of its predicate."""
    unknown = f"list_count({truths}) < len({truths})"
    if kind == "single":
        count = f"len(list_filter({truths}, lambda {name}: {name}))"
        return f"CASE WHEN {count} > 1 THEN FALSE WHEN {unknown} THEN NULL ELSE {count} = 1 END"
    decisive = "FALSE" if kind == "all" else "TRUE"
    met, otherwise = {"all": ("FALSE", "TRUE"), "any": ("TRUE", "FALSE"), "none": ("FALSE", "TRUE")}[kind]
    return (
        f"CASE WHEN list_contains({truths}, {decisive}) THEN {met} "
        f"WHEN {unknown} OR {truths} IS NULL THEN NULL ELSE {otherwise} END"
    )


# --- regular expressions ---------------------------------------------------------------------------------------------

_UNSUPPORTED_REGEX = (
    (re.compile(r"\(\?<?[=!]"), "look-around"),
    (re.compile(r"\\[1-9]|\\k<"), "a back-reference"),
    (re.compile(r"&&"), "an intersection of character classes"),
    (re.compile(r"\[:"), "a POSIX character class"),
    (re.compile(r"\(\?[a-zA-Z-]*[^imsa:<>=!)-][a-zA-Z-]*[:)]"), "a flag other than i, m and s"),
    (re.compile(r"[*+?}]\+"), "a possessive quantifier"),
    (re.compile(r"\(\?>"), "an atomic group"),
    (re.compile(r"\\[hHvVRXGZ]|\\p\{(?:java|Is|In|Lower|Upper|Alpha|Digit|Alnum|Punct)"), "a class that only Java has"),
)


def regex_problem(pattern: str) -> tuple[str, str] | None:
    """Why a regular expression is refused, with a hint; `None` for one that means the same to Java and RE2."""
    for forbidden, what in _UNSUPPORTED_REGEX:
        if forbidden.search(pattern):
            return f"the pattern uses {what}, which is not supported", "use CONTAINS, or filter the result"
    if "(?i" in pattern and not pattern.isascii():
        return "(?i) with letters outside ASCII is not supported", "write toLower(x) =~ 'pattern in small letters'"
    return None


# --- dates -----------------------------------------------------------------------------------------------------------


def constant_date(kind: str, text: s.Expression, context: Context) -> Value:
    """`date('2020-01-01')` as a constant of DuckDB, so that comparisons with stored dates stay in SQL."""
    if not isinstance(text, s.Literal) or not isinstance(text.value, str):
        raise NeedsPython
    try:
        found = to_python(from_text(kind, text.value))
    except QuestionError as error:
        raise context.refuse(text.at, error.message, error.hint) from None
    if isinstance(found, dt.datetime):
        return Value(f"CAST({context.bind_text(found.isoformat(sep=' '))} AS TIMESTAMP)", DATETIME)
    if isinstance(found, dt.date):
        return Value(f"CAST({context.bind_text(found.isoformat())} AS DATE)", DATE)
    raise NeedsPython
