"""The SQL of aggregating functions."""

from __future__ import annotations

from collections.abc import Callable

from warehouse.cypher import syntax as s
from warehouse.cypher import types
from warehouse.cypher.dynamic import SORT_KEY, Program
from warehouse.cypher.expressions import Expressions
from warehouse.cypher.relation import Value, convert, tagged
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
    distinct = "DISTINCT " if call.distinct else ""
    return _numeric(name, f"{distinct}{column}", column, value.type)


def _numeric(name: str, argument: str, column: str, type_: Type) -> Value:
    match name:
        case "sum" if type_.kind is Kind.INTEGER:
            return Value(f"CAST(coalesce(sum({argument}), 0) AS BIGINT)", INTEGER)
        case "sum":
            return Value(f"CASE WHEN count({column}) = 0 THEN CAST(-0e0 AS DOUBLE) ELSE sum({argument}) END", HOLLOW)
        case "avg":
            return Value(f"CAST(avg({argument}) AS DOUBLE)", FLOAT)
        case "stdev":
            return Value(f"coalesce(stddev_samp({argument}), 0e0)", FLOAT)
        case "stdevp":
            return Value(f"coalesce(stddev_pop({argument}), 0e0)", FLOAT)
        case _:
            return Value(f"{name}({argument})", type_)


def _collecting(below: Expressions, call: s.Call, name: str, value: Value) -> Value:
    context = below.context
    if name == "count":
        if not call.distinct and below.relation.never_null(call.arguments[0]):
            return Value("count(*)", INTEGER)
        if not call.distinct:
            return Value(f"count({value.sql})", INTEGER)
        if value.type.is_dynamic:
            key = f"CASE WHEN {value.sql} IS NOT NULL THEN {SORT_KEY}({tagged(value, context)}) END"
            return Value(f"count(DISTINCT {key})", INTEGER)
        return Value(f"count(DISTINCT {value.sql})", INTEGER)
    keys = [f"{ORDER}{n} {how}" for n, (_, how) in enumerate(below.relation.order)]
    ordered = f" ORDER BY {', '.join(keys)}" if keys else ""
    if call.distinct and (value.type.is_dynamic or ordered):
        return _distinct_in_order(below, value, ordered)
    distinct = "DISTINCT " if call.distinct else ""
    collected = f"list({distinct}{value.sql}{ordered}) FILTER (WHERE {value.sql} IS NOT NULL)"
    return Value(f"coalesce({collected}, [])", list_of(value.type))


def _distinct_in_order(below: Expressions, value: Value, ordered: str) -> Value:
    """Items once each, in the order in which they were met: one item for each key, by its first place."""
    context = below.context
    key = f"{SORT_KEY}({tagged(value, context)})" if value.type.is_dynamic else value.sql
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
    column = f"{distinct}{argument(value.sql)}"
    if name == "percentilecont":
        return Value(f"CAST(quantile_cont({column}, CAST({fraction.sql} AS DOUBLE)) AS DOUBLE)", FLOAT)
    return Value(f"quantile_disc({column}, CAST({fraction.sql} AS DOUBLE))", value.type)


def _in_python(below: Expressions, call: s.Call, name: str, value: Value, argument: Callable[[str], str]) -> Value:
    """An aggregate over values of unknown type: collected, then folded in Python."""
    if call.distinct or name.startswith(("percentile", "stdev")):
        raise below.context.refuse(
            call.at, f"{call.name}() over values of unknown type is not supported", "convert them first"
        )
    column = argument(convert(value, types.ANY, below.context))
    items = s.Call(0, f" {name}", (s.Variable(0, "items"),))
    program = Program(items, ("items",), (list_of(types.ANY),), types.ANY)
    below.context.programs.append(program)
    return Value(program.call([f"list({column})"]), types.ANY)
