"""The table of functions, by name in small letters."""

from __future__ import annotations

import math
import random
import re
import uuid
from collections.abc import Callable

from warehouse.cypher.evaluation import conversions as c
from warehouse.cypher.evaluation import library as lib
from warehouse.cypher.evaluation import temporal_functions as temporal
from warehouse.cypher.evaluation.registry import Function, SqlForm
from warehouse.cypher.types import BOOLEAN, FLOAT, INTEGER, STRING, Kind, Type, list_of
from warehouse.cypher.values.values import CypherValue

STRINGS = list_of(STRING)
_MARK = re.compile(r"\{(\d)\}")


def _filled(template: str, arguments: tuple[str, ...]) -> str:
    """The template with `{0}`, `{1}` replaced in one pass, so that nothing inside an argument is taken for a mark."""
    return _MARK.sub(lambda mark: arguments[int(mark.group(1))], template)


def _template(template: str, result: Type, *kinds: Kind) -> SqlForm:
    """An SQL form that fits when the arguments have exactly these kinds: `{0}` stands for the first of them."""

    def form(argument_types: tuple[Type, ...], arguments: tuple[str, ...]) -> tuple[str, Type] | None:
        if tuple(type_.kind for type_ in argument_types) != kinds:
            return None
        return _filled(template, arguments), result

    return form


def _either(*forms: SqlForm) -> SqlForm:
    """The first of several SQL forms that fits."""

    def form(argument_types: tuple[Type, ...], arguments: tuple[str, ...]) -> tuple[str, Type] | None:
        return next((found for each in forms if (found := each(argument_types, arguments)) is not None), None)

    return form


def _ascii(template: str) -> SqlForm:
    """An SQL form that is right for text of plain ASCII only; `{python}` stands for the Python form."""
    return _template(
        f"CASE WHEN strlen({{0}}) = length({{0}}) THEN {template} ELSE {{python}} END", STRING, Kind.STRING
    )


def _item(template: str) -> SqlForm:
    """An SQL form over a list that gives one of its items."""

    def form(argument_types: tuple[Type, ...], arguments: tuple[str, ...]) -> tuple[str, Type] | None:
        item = argument_types[0].item
        return None if item is None else (_filled(template, arguments), item)

    return form


def _same_list(template: str) -> SqlForm:
    """An SQL form over a list that gives a list of the same type."""

    def form(argument_types: tuple[Type, ...], arguments: tuple[str, ...]) -> tuple[str, Type] | None:
        return None if argument_types[0].item is None else (_filled(template, arguments), argument_types[0])

    return form


_SIZE = _either(_template("length({0})", INTEGER, Kind.STRING), _template("len({0})", INTEGER, Kind.LIST))
_IS_EMPTY = _either(_template("({0} = '')", BOOLEAN, Kind.STRING), _template("(len({0}) = 0)", BOOLEAN, Kind.LIST))
_TO_STRING = _either(
    _template("{0}", STRING, Kind.STRING),
    _template("CAST({0} AS VARCHAR)", STRING, Kind.INTEGER),
    _template("CAST({0} AS VARCHAR)", STRING, Kind.BOOLEAN),
    _template("CAST({0} AS VARCHAR)", STRING, Kind.DATE),
)
_TO_FLOAT = _either(_template("CAST({0} AS DOUBLE)", FLOAT, Kind.INTEGER), _template("{0}", FLOAT, Kind.FLOAT))
_TO_INTEGER = _either(
    _template("{0}", INTEGER, Kind.INTEGER),
    _template(
        "CASE WHEN regexp_full_match({0}, '[+-]?[0-9]{1,18}') THEN CAST({0} AS BIGINT) ELSE {python} END",
        INTEGER,
        Kind.STRING,
    ),
)
_SMALLEST = f"CAST({c.SMALLEST_INTEGER} AS BIGINT)"
_ABS = _either(
    # The size of the smallest integer is itself, as in Java.
    _template(f"CASE WHEN {{0}} = {_SMALLEST} THEN {{0}} ELSE abs({{0}}) END", INTEGER, Kind.INTEGER),
    _template("abs({0})", FLOAT, Kind.FLOAT),
)
_SIGN = _either(
    _template("CAST(sign({0}) AS BIGINT)", INTEGER, Kind.INTEGER),
    _template("CASE WHEN isnan({0}) THEN 0 ELSE CAST(sign({0}) AS BIGINT) END", INTEGER, Kind.FLOAT),
)
_SUBSTRING = _either(
    _template("CASE WHEN {1} >= 0 THEN substring({0}, {1} + 1) ELSE {python} END", STRING, Kind.STRING, Kind.INTEGER),
    _template(
        "CASE WHEN {1} >= 0 AND {2} >= 0 THEN substring({0}, {1} + 1, {2}) ELSE {python} END",
        STRING,
        Kind.STRING,
        Kind.INTEGER,
        Kind.INTEGER,
    ),
)
_CUT = "CASE WHEN {{1}} >= 0 THEN {}({{0}}, {{1}}) ELSE {{python}} END"


def _float(name: str, evaluate: Callable[..., float], example: str, gives: str, *words: str) -> Function:
    computed = lib.real(evaluate)

    def called(*values: CypherValue) -> CypherValue:
        lib.require_number(f"{name}()", *values)
        return computed(*values)

    return Function(name, words or ("number",), called, "mathematical", example, gives, result=FLOAT)


def _scalars() -> list[Function]:
    return [
        Function("coalesce", ("any*",), lib.coalesce, "scalar", "coalesce(null, 2)", "2", null_aware=True),
        Function("size", ("sized",), lib.size, "scalar", "size([1, 2])", "2", _SIZE, INTEGER),
        Function("isEmpty", ("empty",), lib.is_empty, "predicate", "isEmpty([])", "true", _IS_EMPTY, BOOLEAN),
        Function("head", ("list",), lib.head, "scalar", "head([1, 2])", "1", _item("{0}[1]")),
        Function("last", ("list",), lib.last, "scalar", "last([1, 2])", "2", _item("{0}[-1]")),
        Function("tail", ("list",), lib.tail, "list", "tail([1, 2, 3])", "[2, 3]", _same_list("{0}[2:]")),
        Function("range", ("integer", "integer", "integer?"), lib.number_range, "list", "range(0, 6, 3)", "[0, 3, 6]",
                 result=list_of(INTEGER), null_aware=True),
        Function("reverse", ("sized",), lib.reverse, "list", "reverse([1, 2])", "[2, 1]",
                 _either(_ascii("reverse({0})"), _same_list("list_reverse({0})"))),
        Function("toString", ("text",), c.to_text, "scalar", "toString(1.0)", "'1.0'", _TO_STRING, STRING),
        Function("toInteger", ("scalar",), c.to_integer, "scalar", "toInteger('3.7')", "3", _TO_INTEGER, INTEGER),
        Function("toFloat", ("scalar",), c.to_float, "scalar", "toFloat('1.5')", "1.5", _TO_FLOAT, FLOAT),
        Function("toBoolean", ("flag",), c.to_boolean, "scalar", "toBoolean('true')", "true", result=BOOLEAN),
        Function("toStringOrNull", ("any",), c.or_null(c.to_text),
                 "scalar", "toStringOrNull([1])", "null", result=STRING),
        Function("toIntegerOrNull", ("any",), c.or_null(c.to_integer),
                 "scalar", "toIntegerOrNull([1])", "null", result=INTEGER),
        Function("toFloatOrNull", ("any",), c.or_null(c.to_float),
                 "scalar", "toFloatOrNull('x')", "null", result=FLOAT),
        Function("toBooleanOrNull", ("any",), c.or_null(c.to_boolean),
                 "scalar", "toBooleanOrNull(1.5)", "null", result=BOOLEAN),
        Function("toStringList", ("list",), c.each(c.to_text), "list", "toStringList([1, 2.0])", "['1', '2.0']"),
        Function("toIntegerList", ("list",), c.each(c.to_integer), "list", "toIntegerList(['1', 'x'])", "[1, null]"),
        Function("toFloatList", ("list",), c.each(c.to_float), "list", "toFloatList(['1', 2])", "[1.0, 2.0]"),
        Function("toBooleanList", ("list",), c.each(c.to_boolean),
                 "list", "toBooleanList(['true', 0])", "[true, false]"),
        Function("randomUUID", (), lambda: str(uuid.uuid4()), "scalar", "size(randomUUID())", "36", result=STRING),
        Function("timestamp", (), None, "scalar", "timestamp() > 0", "true", result=INTEGER),
    ]  # fmt: skip


def _strings() -> list[Function]:
    return [
        Function("toUpper", ("string",), lib.upper, "string", "toUpper('ab')", "'AB'", _ascii("upper({0})"), STRING),
        Function("upper", ("string",), lib.upper, "string", "upper('ab')", "'AB'", _ascii("upper({0})"), STRING),
        Function("toLower", ("string",), lib.lower, "string", "toLower('AB')", "'ab'", _ascii("lower({0})"), STRING),
        Function("lower", ("string",), lib.lower, "string", "lower('AB')", "'ab'", _ascii("lower({0})"), STRING),
        Function("substring", ("string", "integer", "integer?"), lib.substring, "string", "substring('hello', 1, 3)",
                 "'ell'", _SUBSTRING, STRING),
        Function("left", ("string", "integer"), lib.left, "string", "left('abc', 2)", "'ab'",
                 _template(_CUT.format("left"), STRING, Kind.STRING, Kind.INTEGER), STRING),
        Function("right", ("string", "integer"), lib.right, "string", "right('abc', 2)", "'bc'",
                 _template(_CUT.format("right"), STRING, Kind.STRING, Kind.INTEGER), STRING),
        Function("split", ("string", "string"), lib.split, "string", "split('a,b', ',')", "['a', 'b']",
                 _template("CASE WHEN {1} <> '' THEN string_split({0}, {1}) ELSE {python} END", STRINGS,
                           Kind.STRING, Kind.STRING),
                 STRINGS),
        Function("replace", ("string", "string", "string"), lib.replace, "string", "replace('aba', 'a', 'c')", "'cbc'",
                 _template("CASE WHEN {1} <> '' THEN replace({0}, {1}, {2}) ELSE {python} END", STRING,
                           Kind.STRING, Kind.STRING, Kind.STRING), STRING),
        Function("trim", ("string", "string?"), lib.trim, "string", "trim('  x ')", "'x'", result=STRING),
        Function("btrim", ("string", "string?"), lib.trim, "string", "btrim('xxaxx', 'x')", "'a'", result=STRING),
        Function("ltrim", ("string", "string?"), lib.trim_left, "string", "ltrim('  x ')", "'x '", result=STRING),
        Function("rtrim", ("string", "string?"), lib.trim_right, "string", "rtrim('  x ')", "'  x'", result=STRING),
        Function("char_length", ("string",), lib.character_length, "scalar", "char_length('ab')", "2",
                 _template("length({0})", INTEGER, Kind.STRING), INTEGER),
        Function("character_length", ("string",), lib.character_length, "scalar", "character_length('ab')", "2",
                 _template("length({0})", INTEGER, Kind.STRING), INTEGER),
        Function("normalize", ("string",), lib.normalize, "string", "normalize('a')", "'a'", result=STRING),
    ]  # fmt: skip


def _numbers() -> list[Function]:
    return [
        Function("abs", ("number",), lib.absolute, "mathematical", "abs(-3)", "3", _ABS),
        Function("sign", ("number",), lib.sign, "mathematical", "sign(-3)", "-1", _SIGN, INTEGER),
        Function("ceil", ("number",), lib.ceil, "mathematical", "ceil(1.2)", "2.0",
                 _template("ceil({0})", FLOAT, Kind.FLOAT), FLOAT),
        Function("floor", ("number",), lib.floor, "mathematical", "floor(1.8)", "1.0",
                 _template("floor({0})", FLOAT, Kind.FLOAT), FLOAT),
        Function("round", ("number", "number?", "string?"), lib.round_number, "mathematical", "round(2.5)", "3.0",
                 result=FLOAT),
        Function("sqrt", ("number",), lib.square_root, "mathematical", "sqrt(16)", "4.0", result=FLOAT),
        Function("log", ("number",), lib.natural_logarithm, "mathematical", "log(1)", "0.0", result=FLOAT),
        Function("log10", ("number",), lib.decimal_logarithm, "mathematical", "log10(100)", "2.0", result=FLOAT),
        Function("exp", ("number",), lib.exponential, "mathematical", "exp(0)", "1.0", result=FLOAT),
        Function("isNaN", ("number",), lib.is_nan, "mathematical", "isNaN(1.0)", "false", result=BOOLEAN),
        Function("haversin", ("number",), lib.haversine, "mathematical", "haversin(0)", "0.0", result=FLOAT),
        Function("rand", (), random.random, "mathematical", "rand() < 1", "true", result=FLOAT),
        Function("pi", (), lambda: math.pi, "mathematical", "pi()", "3.141592653589793", result=FLOAT),
        Function("e", (), lambda: math.e, "mathematical", "e()", "2.718281828459045", result=FLOAT),
        _float("sin", math.sin, "sin(0)", "0.0"),
        _float("cos", math.cos, "cos(0)", "1.0"),
        _float("tan", math.tan, "tan(0)", "0.0"),
        _float("cot", lib.cotangent, "cot(pi() / 4) > 0.99", "true"),
        _float("sinh", math.sinh, "sinh(0)", "0.0"),
        _float("cosh", math.cosh, "cosh(0)", "1.0"),
        _float("tanh", math.tanh, "tanh(0)", "0.0"),
        _float("coth", lib.hyperbolic_cotangent, "coth(1) > 1", "true"),
        _float("asin", math.asin, "asin(0)", "0.0"),
        _float("acos", math.acos, "acos(1)", "0.0"),
        _float("atan", math.atan, "atan(0)", "0.0"),
        _float("atan2", math.atan2, "atan2(0, 1)", "0.0", "number", "number"),
        _float("degrees", math.degrees, "degrees(0)", "0.0"),
        _float("radians", math.radians, "radians(0)", "0.0"),
    ]  # fmt: skip


def _entities() -> list[Function]:
    """Functions of the graph: the compiler knows them, for they need its tables."""
    return [
        Function("labels", ("node",), None, "list", "labels(n)", "['Gene']"),
        Function("type", ("relationship",), None, "scalar", "type(r)", "'INTERACTS_WITH'"),
        Function("id", ("entity",), None, "scalar", "id(n)", "an integer of this build"),
        Function("elementId", ("entity",), None, "scalar", "elementId(n)", "text of this build"),
        Function("properties", ("owner",), lib.properties, "scalar", "properties({a: 1})", "{a: 1}"),
        Function("keys", ("owner",), lib.keys, "list", "keys({a: 1})", "['a']", result=STRINGS),
        Function("startNode", ("relationship",), None, "scalar", "startNode(r)", "a node"),
        Function("endNode", ("relationship",), None, "scalar", "endNode(r)", "a node"),
        Function("nodes", ("path",), None, "path", "nodes(p)", "a list of nodes"),
        Function("relationships", ("path",), None, "path", "relationships(p)", "a list of relationships"),
        Function("length", ("path",), None, "path", "length(p)", "2"),
    ]


def _temporal() -> list[Function]:
    examples = {
        "date": ("toString(date('2020-03-01'))", "'2020-03-01'"),
        "localtime": ("toString(localtime('12:30'))", "'12:30:00'"),
        "time": ("toString(time('12:30+01:00'))", "'12:30:00+01:00'"),
        "localdatetime": ("toString(localdatetime('2020-03-01T12:30'))", "'2020-03-01T12:30:00'"),
        "datetime": ("toString(datetime('2020-03-01T12:30Z'))", "'2020-03-01T12:30:00Z'"),
    }
    made = [
        Function(kind, ("any?",), temporal.constructor(kind), "temporal", example, gives)
        for kind, (example, gives) in examples.items()
    ]
    cut = [
        Function(f"{kind}.truncate", ("string", "any", "any?"), temporal.truncation(kind), "temporal",
                 f"toString({kind}.truncate('hour', {kind}('12:30')))" if "date" not in kind
                 else f"toString({kind}.truncate('year', date('2020-03-01')))",
                 {"date": "'2020-01-01'", "localtime": "'12:00:00'", "time": "'12:00:00Z'"}.get(
                         kind, "'2020-01-01T00:00:00" + ("'" if kind != "datetime" else "Z'")), null_aware=True)
        for kind in examples
    ]  # fmt: skip
    differences = [
        ("between", temporal.between, "'P2M'"), ("inMonths", temporal.in_months, "'P2M'"),
        ("inDays", temporal.in_days, "'P60D'"), ("inSeconds", temporal.in_seconds, "'PT1440H'"),
    ]  # fmt: skip
    lengths = [
        Function(f"duration.{name}", ("any", "any"), work, "temporal",
                 f"toString(duration.{name}(date('2020-01-01'), date('2020-03-01')))", gives)
        for name, work, gives in differences
    ]  # fmt: skip
    whole = Function("duration", ("any",), temporal.duration, "temporal", "toString(duration('P1Y2M'))", "'P1Y2M'")
    return [*made, *cut, *lengths, whole]


AGGREGATES = frozenset(
    {"count", "collect", "sum", "avg", "min", "max", "stdev", "stdevp", "percentilecont", "percentiledisc"}
)

FUNCTIONS: dict[str, Function] = {
    function.name.lower(): function for function in (*_scalars(), *_strings(), *_numbers(), *_temporal(), *_entities())
}
FUNCTIONS["nullif"] = Function(
    "nullIf", ("any", "any"), lambda one, other: None if c.equal(one, other) else one, "scalar", "nullIf(1, 1)", "null",
    null_aware=True,
)  # fmt: skip
