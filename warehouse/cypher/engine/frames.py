"""Rows of Cypher values as data frames: a column of one type is typed, any other is JSON text."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence

import polars as pl

from warehouse.cypher.values.temporal import Duration, Temporal
from warehouse.cypher.values.values import CypherValue
from warehouse.cypher.values.writing import iso_text, json_text

#: Floats hold every integer up to this one.
_LARGEST_EXACT = 2**53
_TYPES: dict[type, pl.DataType] = {
    bool: pl.Boolean(),
    int: pl.Int64(),
    float: pl.Float64(),
    str: pl.String(),
    dt.date: pl.Date(),
    dt.datetime: pl.Datetime("us"),
}
_TEMPORAL = frozenset({Temporal, Duration, dt.date, dt.datetime})


def to_polars(columns: Sequence[str], rows: Sequence[tuple[CypherValue, ...]]) -> pl.DataFrame:
    """A Polars frame of the rows.

    | column of | becomes |
    |---|---|
    | booleans, integers, floats, texts, dates, local date-times | the type that Polars has for them |
    | integers and floats | floats, where these hold every integer exactly |
    | other times, date-times and durations, or several kinds of them | ISO 8601 text |
    | lists of one of these types | lists |
    | anything else: maps, nodes, relationships, paths, points, mixed lists, lists of lists, mixed types | JSON text |
    """
    data = {name: _series(name, [row[position] for row in rows]) for position, name in enumerate(columns)}
    return pl.DataFrame(data)


def _series(name: str, values: list[CypherValue]) -> pl.Series:
    known = [value for value in values if value is not None]
    kinds = {type(value) for value in known}
    if kinds == {int, float} and all(abs(value) <= _LARGEST_EXACT for value in known if isinstance(value, int)):
        return pl.Series(name, [None if value is None else float(value) for value in values], pl.Float64())
    if kinds == {list}:
        return _lists(name, values, [item for value in known for item in value if item is not None])
    return _typed(name, values, kinds)


def _lists(name: str, values: list[CypherValue], items: list[CypherValue]) -> pl.Series:
    inner = _type_of({type(item) for item in items})
    if inner is None:
        return _texts(name, values, json_text)
    if items and inner == pl.String() and not isinstance(items[0], str):
        values = [
            None if value is None else [None if item is None else iso_text(item) for item in value] for value in values
        ]
    return pl.Series(name, values, pl.List(inner))


def _typed(name: str, values: list[CypherValue], kinds: set[type]) -> pl.Series:
    dtype = _type_of(kinds)
    if dtype is None:
        return _texts(name, values, json_text)
    if dtype == pl.String() and kinds != {str}:
        return _texts(name, values, iso_text)
    return pl.Series(name, values, dtype)


def _type_of(kinds: set[type]) -> pl.DataType | None:
    """The type that holds values of these kinds; `None` where only JSON does."""
    if not kinds:
        return pl.Null()
    if len(kinds) == 1 and (found := _TYPES.get(next(iter(kinds)))) is not None:
        return found
    return pl.String() if kinds <= _TEMPORAL else None


def _texts(name: str, values: list[CypherValue], write: Callable[[CypherValue], str]) -> pl.Series:
    return pl.Series(name, [None if value is None else write(value) for value in values], pl.String())
