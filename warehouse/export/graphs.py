"""The graph as one GraphML or CX2 file, written in batches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl

from warehouse.errors import TargetGraphError
from warehouse.export.graph_files import write_cx2 as write_cx2_file
from warehouse.export.graph_files import write_graphml
from warehouse.export.selection import Selection
from warehouse.export.tables import Written
from warehouse.model import ValueType
from warehouse.model.schema import Property
from warehouse.progress import Progress

#: The attributes that say what a node and an edge are; Cytoscape calls the latter so.
NODE_TYPE, EDGE_TYPE = "type", "interaction"

_TYPES: dict[ValueType, pl.DataType] = {
    ValueType.STRING: pl.String(),
    ValueType.INTEGER: pl.Int64(),
    ValueType.FLOAT: pl.Float64(),
    ValueType.BOOLEAN: pl.Boolean(),
    ValueType.DATE: pl.String(),
    ValueType.STRINGS: pl.List(pl.String()),
}


def write(selection: Selection, folder: Path, progress: Progress) -> Written:
    """Write `graph.graphml`; lists are joined by `|`."""
    return _write(selection, folder / "graph.graphml", write_graphml, progress)


def write_cx2(selection: Selection, folder: Path, progress: Progress) -> Written:
    """Write `graph.cx2`."""
    return _write(selection, folder / "graph.cx2", write_cx2_file, progress)


def _write(selection: Selection, path: Path, writer: Callable[..., tuple[int, int]], progress: Progress) -> Written:
    _verify_ids(selection)
    counts: Counter[str] = Counter()
    node_attributes = {NODE_TYPE: pl.String(), **_attributes(d.shown[1:] for d in selection.entity_types)}
    edge_attributes = {EDGE_TYPE: pl.String(), **_attributes(d.shown for d in selection.relationship_types)}
    with progress.task("export", total=None, unit="rows") as task:

        def told(frames: Iterator[tuple[Any, pl.DataFrame]], column: str) -> Iterator[pl.DataFrame]:
            for declared, frame in frames:
                name = declared.label if column == NODE_TYPE else declared.name
                counts[name] += frame.height
                task.advance(frame.height)
                yield frame.with_columns(pl.lit(name).alias(column))

        writer(
            path,
            told(selection.nodes(), NODE_TYPE),
            told(selection.relationships(), EDGE_TYPE),
            node_attributes=node_attributes,
            edge_attributes=edge_attributes,
            name="TargetGraph",
        )
    return Written([path], dict(counts))


def _attributes(groups: Iterator[tuple[Property, ...]]) -> dict[str, pl.DataType]:
    return {column.name: _TYPES[column.type] for columns in groups for column in columns}


def _verify_ids(selection: Selection) -> None:
    """Both formats know a node by its id alone, so that no two types may share one."""
    tables = " UNION ALL ".join(f"SELECT id FROM {selection.node_table(d)}" for d in selection.entity_types)
    if not tables:
        raise TargetGraphError("There is nothing to write: no node is of the types that were chosen.")
    query = f"SELECT id FROM ({tables}) GROUP BY id HAVING count(*) > 1 ORDER BY id LIMIT 1"
    shared = selection.connection.execute(query).fetchall()
    if shared:
        raise TargetGraphError(
            f"{shared[0][0]} is the id of nodes of two types, which this format cannot tell apart.",
            "Choose types with --type, or export as kgx or neo4j.",
        )
