"""The SQL of aggregating functions."""

from __future__ import annotations

from collections.abc import Callable

from warehouse.cypher import types
from warehouse.cypher.compiler.dynamic import GROUP_KEY
from warehouse.cypher.compiler.expressions import Expressions
from warehouse.cypher.compiler.operators import nan_test
from warehouse.cypher.compiler.relation import Context, Value, convert, tagged
from warehouse.cypher.syntax import tree as s
from warehouse.cypher.types import FLOAT, HOLLOW, INTEGER, Kind, Type, list_of

ORDER = "row_order"
_NUMBER_OF_ARGUMENTS = {"percentilecont": 2, "percentiledisc": 2}
_NUMERIC = frozenset({"sum", "avg", "stdev", "stdevp", "percentilecont", "percentiledisc"})
_COMPARABLE = (Kind.INTEGER, Kind.FLOAT, Kind.STRING, Kind.BOOLEAN, Kind.DATE, Kind.DATETIME)


def compile_aggregate(below: Expressions, call: s.Call, argument: Callable[[str], str]) -> Value:
    """An aggregate; `argument` makes an expression a column below the GROUP BY and gives its name."""
    name = call.name.lower()
    if call.star:
        return Value("count(*)", INTEGER)
    expected = _NUMBER_OF_ARGUMENTS.get(name, 1)
    if len(call.arguments) != expected:
        raise below.context.refuse(call.at, f"{call.name}() takes {expected} argument{'s' * (expected > 1)}")
    value = below.compile(call.arguments[0])
    if value.type.kind is Kind.NULL:
        value = Value("CAST(NULL AS BIGINT)", INTEGER if name != "collect" else types.NULL)
    if name in _NUMERIC and not value.type.is_number and value.type.kind is not Kind.ANY:
        raise below.mismatch(call.at, "INTEGER or FLOAT", value.type)
    if name in _NUMERIC | {"min", "max"} and (value.type.kind not in _COMPARABLE):
        return _in_python(below, call, name, value, argument)
    if name.startswith("percentile"):
        return _percentile(below, call, name, value, argument)
    column = argument(value.sql)
    if name in ("count", "collect"):
        return _collecting(below, call, name, Value(column, value.type))
    return _numeric(name, "DISTINCT " if call.distinct else "", column, value.type)


def _numeric(name: str, distinct: str, column: str, type_: Type) -> Value:  # noqa: PLR0911
    argument = f"{distinct}{column}"
    match name:
        case "sum" if type_.kind is Kind.INTEGER:
            return Value(f"CAST(coalesce(sum({argument}), 0) AS BIGINT)", INTEGER)
        case "sum":
            return Value(f"CASE WHEN count({column}) = 0 THEN CAST(-0e0 AS DOUBLE) ELSE sum({argument}) END", HOLLOW)
        case "avg" if type_.kind is Kind.INTEGER:
            return Value(f"CAST(avg({argument}) AS DOUBLE)", FLOAT)
        case "avg":
            return Value(_mean(distinct, column), FLOAT)
        case "stdev" | "stdevp":
            deviation = f"{'stddev_samp' if name == 'stdev' else 'stddev_pop'}({argument})"
            return Value(f"CASE WHEN count({column}) > 0 THEN coalesce({deviation}, 0e0) END", FLOAT)
        case "min" | "max" if type_.kind is Kind.FLOAT:
            return Value(_extreme(name, column), type_)
        case _:
            return Value(f"{name}({argument})", type_)


def _mean(distinct: str, column: str) -> str:
    """The mean of floats, also where their sum is beyond all floats: then it is that of values made smaller."""
    mean, smaller = f"avg({distinct}{column})", f"avg({distinct}{column} * 5.421010862427522e-20)"
    overflown = f"NOT isfinite({mean}) AND bool_and(isfinite({column}))"
    return f"CASE WHEN {overflown} THEN {smaller} * 1.8446744073709552e19 ELSE {mean} END"


def _extreme(name: str, column: str) -> str:
    """The smallest or largest float; -0.0 is smaller than 0.0, which to DuckDB are equal."""
    extreme, every = f"{name}({column})", "bool_or" if name == "min" else "bool_and"
    negative = f"{every}(signbit({column})) FILTER (WHERE {column} = 0)"
    return f"CASE WHEN {extreme} <> 0 THEN {extreme} WHEN {negative} THEN -0e0 WHEN {extreme} = 0 THEN 0e0 END"


def _collecting(below: Expressions, call: s.Call, name: str, value: Value) -> Value:
    context = below.context
    if name == "count":
        if not call.distinct and below.relation.never_null(call.arguments[0]):
            return Value("count(*)", INTEGER)
        if not call.distinct:
            return Value(f"count({value.sql})", INTEGER)
        return Value(f"count(DISTINCT {_distinct_key(value, context)})", INTEGER)
    keys = [f"{ORDER}{n} {how}" for n, (_, how) in enumerate(below.relation.order)]
    ordered = f" ORDER BY {', '.join(keys)}" if keys else ""
    if call.distinct and (ordered or _distinct_key(value, context) != value.sql):
        return _distinct_in_order(below, value, ordered)
    distinct = "DISTINCT " if call.distinct else ""
    collected = f"list({distinct}{value.sql}{ordered}) FILTER (WHERE {value.sql} IS NOT NULL)"
    return Value(f"coalesce({collected}, [])", list_of(value.type))


def _distinct_key(value: Value, context: Context) -> str:
    """What DISTINCT compares: null for null, and something else for every NaN."""
    if value.type.is_dynamic:
        return f"CASE WHEN {value.sql} IS NOT NULL THEN {GROUP_KEY}({tagged(value, context)}) END"
    test = nan_test(value, context)
    if test is None:
        return value.sql
    apart = f"CASE WHEN {test} THEN uuid() END"
    return f"CASE WHEN {value.sql} IS NOT NULL THEN {{'value': {value.sql}, 'nan': {apart}}} END"


def _distinct_in_order(below: Expressions, value: Value, ordered: str) -> Value:
    """Items once each, in the order in which they were met: one item for each key, by its first place."""
    context = below.context
    key = _distinct_key(value, context)
    pairs = f"list({{'k': {key}, 'v': {value.sql}}}{ordered}) FILTER (WHERE {value.sql} IS NOT NULL)"
    x, i = context.alias("x"), context.alias("x")
    keys = f"list_transform({pairs}, lambda {x}: {x}.k)"
    first = f"list_filter({pairs}, lambda {x}, {i}: list_position({keys}, {x}.k) = {i})"
    return Value(f"coalesce(list_transform({first}, lambda {x}: {x}.v), [])", list_of(value.type))


def _percentile(below: Expressions, call: s.Call, name: str, value: Value, argument: Callable[[str], str]) -> Value:
    share = call.arguments[1]
    if not isinstance(share, (s.Literal, s.Parameter)):
        raise below.context.refuse(share.at, "the percentile must be a constant or a parameter")
    if isinstance(share, s.Literal) and not (isinstance(share.value, (int, float)) and 0 <= share.value <= 1):
        raise below.context.refuse(share.at, f"a percentile is between 0.0 and 1.0, met {share.value}")
    fraction = below.compile(share)
    if not fraction.type.is_number:
        raise below.mismatch(share.at, "FLOAT", fraction.type)
    if isinstance(share, s.Parameter):
        below.context.shares.add(share.name)
    distinct = "DISTINCT " if call.distinct else ""
    column, part = argument(value.sql), f"CAST({fraction.sql} AS DOUBLE)"
    if name == "percentiledisc":
        return Value(f"quantile_disc({distinct}{column}, {part})", value.type)
    if value.type.kind is Kind.INTEGER:
        return _percentile_of_integers(below.context, distinct, column, part)
    return Value(f"CAST(quantile_cont({distinct}{column}, {part}) AS DOUBLE)", FLOAT)


def _percentile_of_integers(context: Context, distinct: str, column: str, fraction: str) -> Value:
    """`percentileCont` of integers: one of them where the place is exact, else a float between two."""
    place = f"({fraction} * (count({distinct}{column}) - 1))"
    # As decimals they keep all their digits.
    member = f"quantile_cont({distinct}CAST({column} AS DECIMAL(19, 0)), {fraction})"
    between = Value(f"CAST(quantile_cont({distinct}{column}, {fraction}) AS DOUBLE)", FLOAT)
    exact = f"CAST(CAST({member} AS BIGINT) AS VARCHAR)"
    return Value(f"CASE WHEN {place} = floor({place}) THEN {exact} ELSE {tagged(between, context)} END", types.ANY)


def _in_python(below: Expressions, call: s.Call, name: str, value: Value, argument: Callable[[str], str]) -> Value:
    """An aggregate over values of unknown type: collected, then folded in Python."""
    if call.distinct or name.startswith(("percentile", "stdev")):
        raise below.context.refuse(
            call.at, f"{call.name}() over values of unknown type is not supported", "convert them first"
        )
    column = argument(convert(value, types.ANY, below.context))
    items = s.Call(0, f" {name}", (s.Variable(0, "items"),))
    program = below.context.program(items, ("items",), (list_of(types.ANY),))
    return Value(program.call([f"list({column})"]), types.ANY)
