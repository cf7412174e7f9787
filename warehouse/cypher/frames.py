"""Rows of Cypher values as data frames: scalars and lists as typed columns, nodes and maps as structs or JSON text."""

from __future__ import annotations

import json
from collections.abc import Sequence

import polars as pl

from warehouse.cypher.values import CypherValue, Entity, Node, Path, Relationship


def to_polars(columns: Sequence[str], rows: Sequence[tuple[CypherValue, ...]]) -> pl.DataFrame:
    """A Polars frame of the rows."""
    data = {name: _series(name, [row[position] for row in rows]) for position, name in enumerate(columns)}
    return pl.DataFrame(data)


def _series(name: str, values: list[CypherValue]) -> pl.Series:
    if any(isinstance(value, (dict, Entity, Path)) or _holds_objects(value) for value in values):
        return pl.Series(name, [None if value is None else _json(value) for value in values], dtype=pl.String)
    kinds = {type(value) for value in values if value is not None}
    if kinds <= {int, float} and kinds:
        return pl.Series(name, values, dtype=pl.Float64 if float in kinds else pl.Int64)
    if len(kinds) > 1:
        return pl.Series(name, [None if value is None else _json(value) for value in values], dtype=pl.String)
    return pl.Series(name, values)


def _holds_objects(value: CypherValue) -> bool:
    return isinstance(value, list) and any(isinstance(item, (dict, list, Entity, Path)) for item in value)


def _json(value: CypherValue) -> str:
    return json.dumps(plain(value), ensure_ascii=False, default=str)


def plain(value: CypherValue) -> object:
    """A value made of lists, maps and scalars only."""
    match value:
        case Node():
            return {"labels": sorted(value.labels), "properties": plain(dict(value))}
        case Relationship():
            return {"type": value.type, "properties": plain(dict(value))}
        case Path():
            return {"nodes": plain(list(value.nodes)), "relationships": plain(list(value.relationships))}
        case dict():
            return {key: plain(item) for key, item in value.items()}
        case list():
            return [plain(item) for item in value]
        case _:
            return value
