"""How values are written: as JSON, and as the cells of text files and tables.

Dates, times and durations are ISO 8601, NaN and the infinities the texts `NaN`, `Infinity` and `-Infinity`: as Neo4j
writes them in JSON, which has no such numbers.
"""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeGuard

from warehouse.cypher.values.temporal import EPOCH, SECOND, Duration, Temporal, duration_of, from_python
from warehouse.cypher.values.values import Node, Path, Relationship

if TYPE_CHECKING:
    import polars as pl

_DAY_S = 86_400


def plain(value: Any) -> Any:  # noqa: PLR0911
    """A value made of what JSON has: lists, maps, text, finite numbers, booleans and null."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else number_text(value)
        case Node():
            return {"labels": sorted(value.labels), "properties": plain(dict(value))}
        case Relationship():
            return {"type": value.type, "properties": plain(dict(value))}
        case Path():
            return {"nodes": plain(list(value.nodes)), "relationships": plain(list(value.relationships))}
        case dict():
            return {str(key): plain(item) for key, item in value.items()}
        case bytes() | bytearray() | memoryview():
            return bytes(value).hex()
        case _ if is_temporal(value):
            return iso_text(value)
        case _ if hasattr(value, "srid"):
            return {"type": "Point", "coordinates": list(value), "crs": {"srid": value.srid}}
        case list() | tuple():
            return [plain(item) for item in value]
        case _:
            return str(value)


def json_text(value: Any, indent: int | None = None) -> str:
    """A value as JSON."""
    return json.dumps(plain(value), ensure_ascii=False, indent=indent, allow_nan=False)


def number_text(value: float) -> str:
    """A float as text; those that are not finite as Java, and so Cypher, writes them."""
    if math.isnan(value):
        return "NaN"
    return str(value) if math.isfinite(value) else "Infinity" if value > 0 else "-Infinity"


def is_temporal(value: object) -> TypeGuard[Any]:
    """Whether this is a date, a time, a duration or an interval, of Cypher, Python or Arrow."""
    return isinstance(value, (Temporal, Duration, dt.date, dt.time, dt.timedelta)) or _is_interval(value)


def _is_interval(value: object) -> bool:
    """Whether this is what Arrow gives for an interval: months, days and nanoseconds."""
    return isinstance(value, tuple) and hasattr(value, "nanoseconds")


def iso_text(value: Any) -> str:
    """A temporal value in ISO 8601: `2020-03-01T12:30`, `12:30+01:00`, `P1M2DT3S`."""
    match value:
        case dt.datetime() | dt.time() if value.utcoffset() is not None:
            offset = value.utcoffset()
            assert offset is not None
            local = _from_clock(value.replace(tzinfo=None))
            kind = local.kind.removeprefix("local")
            return str(Temporal(kind, local.days, local.nanos, int(offset.total_seconds())))
        case dt.date() | dt.time():
            return str(_from_clock(value))
        case dt.timedelta():
            return str(duration_of(0, 0, (value.days * _DAY_S + value.seconds) * SECOND + value.microseconds * 1000))
        case tuple() if _is_interval(value):
            return str(duration_of(value.months, value.days, value.nanoseconds))  # type: ignore[attr-defined]
        case _:
            return str(value)


def _from_clock(value: dt.date | dt.time) -> Temporal:
    if isinstance(value, dt.time):
        return Temporal("localtime", 0, from_python(dt.datetime.combine(dt.date.fromordinal(EPOCH), value)).nanos)
    return from_python(value)


# --- frames ----------------------------------------------------------------------------------------------------------


def flat(frame: pl.DataFrame, separator: str = "|") -> pl.DataFrame:
    """A frame whose every column can be a cell of a text file.

    Lists of texts are joined by the separator; a list in which an item is null, or holds the `|` that would separate
    it, is written as JSON, and so is anything deeper. Bytes become hexadecimal digits.
    """
    return frame.with_columns(
        column for series in frame.get_columns() if (column := _flat(series, separator)) is not None
    )


def _flat(series: pl.Series, separator: str) -> pl.Series | None:
    """A column as text; `None` where it can stay as it is."""
    import polars as pl

    dtype = series.dtype
    if dtype == pl.List(pl.String):
        return _joined(series, separator)
    if dtype == pl.Binary:
        return series.bin.encode("hex")
    if dtype.is_float():
        return None if (series.is_finite() | series.is_null()).all() else _texts(series, number_text)
    if dtype.is_temporal():
        # Nanoseconds, which Python lacks, are written by Polars: in ISO 8601 too.
        return None if dtype == pl.Datetime("ns") else _texts(series, iso_text)
    return _texts(series, json_text) if dtype.is_nested() else None


def _texts(series: pl.Series, write: Callable[[Any], str]) -> pl.Series:
    import polars as pl

    return pl.Series(series.name, [None if value is None else write(value) for value in series.to_list()], pl.String)


def _joined(series: pl.Series, separator: str) -> pl.Series:
    """Lists of texts as one text each; as JSON where a reader could not tell the items apart."""
    import polars as pl

    name = series.name
    lists = pl.col(name).list
    # On a page, where the separator is a comma, a person can tell.
    parts = pl.element().str.contains("|", literal=True) if separator == "|" else pl.lit(False)
    unclear = lists.eval(pl.element().is_null() | parts).list.any()
    frame = pl.DataFrame({name: series}).with_columns(text=lists.join(separator, ignore_nulls=True), unclear=unclear)
    if not frame["unclear"].any():
        return frame["text"].alias(name)
    rows = zip(series.to_list(), frame["text"].to_list(), frame["unclear"].to_list(), strict=True)
    return pl.Series(name, [json_text(items) if mark else text for items, text, mark in rows], pl.String)
