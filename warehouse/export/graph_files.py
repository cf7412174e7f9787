"""Graphs as files for Cytoscape, NDEx, Gephi, yEd and igraph: GraphML and CX2, written in batches.

Nodes and edges come as frames, so that a graph larger than memory can be written: a node frame has a column `id`, an
edge frame `source` and `target`; every other column is an attribute. An attribute without a value is left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import polars as pl

from warehouse.atomic import new_file
from warehouse.errors import TargetGraphError

Schema = Mapping[str, pl.DataType]

#: Characters that XML 1.0 cannot hold; they become the replacement character.
_NOT_XML = "[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]"
#: White space that a reader would change inside an attribute or at the end of a line is written as a reference.
_XML_REFERENCES = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "\t": "&#9;",
    "\n": "&#10;",
    "\r": "&#13;",
}
#: Digits that are kept free for a count which is known only at the end.
_COUNT_WIDTH = 12


def attributes(frame: pl.DataFrame, *keys: str) -> dict[str, pl.DataType]:
    """The columns of a frame that are attributes: all but the keys."""
    return {name: kind for name, kind in frame.schema.items() if name not in keys}


def write_graphml(
    path: Path,
    nodes: Iterable[pl.DataFrame],
    edges: Iterable[pl.DataFrame],
    *,
    node_attributes: Schema,
    edge_attributes: Schema,
    name: str = "graph",
) -> tuple[int, int]:
    """Write a directed graph as GraphML.

    Args:
        path: the file; it appears when it is complete, and replaces an older one.
        nodes: frames with `id` and any of the attributes.
        edges: frames with `source`, `target` and any of the attributes.
        node_attributes: name and type of every attribute that a node may have.
        edge_attributes: the same for edges. Lists are joined by `|`.
        name: of the graph.

    Returns:
        The number of nodes and of edges.

    Raises:
        TargetGraphError: the file cannot be written.
    """
    node_keys = {attribute: f"n{number}" for number, attribute in enumerate(node_attributes)}
    edge_keys = {attribute: f"e{number}" for number, attribute in enumerate(edge_attributes)}
    with _new_file(path) as file:
        file.write(b'<?xml version="1.0" encoding="UTF-8"?>\n<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n')
        file.write(_graphml_keys("node", node_keys, node_attributes))
        file.write(_graphml_keys("edge", edge_keys, edge_attributes))
        file.write(f'<graph id="{_xml_text(name)}" edgedefault="directed">\n'.encode())
        node_count = sum(_write_lines(file, frame, _graphml_node(frame, node_keys)) for frame in nodes)
        edge_count = sum(_write_lines(file, frame, _graphml_edge(frame, edge_keys)) for frame in edges)
        file.write(b"</graph>\n</graphml>\n")
    return node_count, edge_count


def _graphml_keys(element: str, keys: Mapping[str, str], schema: Schema) -> bytes:
    lines = (
        f'<key id="{key}" for="{element}" attr.name="{_xml_text(name)}" attr.type="{_graphml_type(schema[name])}"/>\n'
        for name, key in keys.items()
    )
    return "".join(lines).encode()


def _graphml_type(kind: pl.DataType) -> str:
    if kind.is_integer():
        return "long"
    if kind.is_float():
        return "double"
    return "boolean" if kind == pl.Boolean else "string"


def _graphml_node(frame: pl.DataFrame, keys: Mapping[str, str]) -> pl.Expr:
    return pl.concat_str(
        pl.lit('<node id="'), _xml(frame, "id"), pl.lit('">'), *_graphml_data(frame, keys), pl.lit("</node>\n")
    )


def _graphml_edge(frame: pl.DataFrame, keys: Mapping[str, str]) -> pl.Expr:
    ends = (pl.lit('<edge source="'), _xml(frame, "source"), pl.lit('" target="'), _xml(frame, "target"))
    return pl.concat_str(*ends, pl.lit('">'), *_graphml_data(frame, keys), pl.lit("</edge>\n"))


def _graphml_data(frame: pl.DataFrame, keys: Mapping[str, str]) -> Iterator[pl.Expr]:
    for name in frame.columns:
        if name in keys:
            yield pl.concat_str(pl.lit(f'<data key="{keys[name]}">'), _xml(frame, name), pl.lit("</data>")).fill_null(
                ""
            )


def _xml(frame: pl.DataFrame, name: str) -> pl.Expr:
    kind, column = frame.schema[name], pl.col(name)
    if isinstance(kind, pl.List):
        column = column.cast(pl.List(pl.String)).list.join("|", ignore_nulls=True)
    elif kind.is_float():
        column = column.cast(pl.Float64)
        text = column.cast(pl.String)
        return (
            pl.when(column.is_infinite())
            .then(pl.when(column > 0).then(pl.lit("INF")).otherwise(pl.lit("-INF")))
            .otherwise(text)
        )
    text = column.cast(pl.String).str.replace_all(_NOT_XML, "\ufffd")
    for character, reference in _XML_REFERENCES.items():
        text = text.str.replace_all(character, reference, literal=True)
    return text


def _xml_text(text: str) -> str:
    return str(pl.DataFrame({"text": [text]}).select(_xml(pl.DataFrame({"text": [text]}), "text")).item())


def write_cx2(
    path: Path,
    nodes: Iterable[pl.DataFrame],
    edges: Iterable[pl.DataFrame],
    *,
    node_attributes: Schema,
    edge_attributes: Schema,
    name: str = "graph",
) -> tuple[int, int]:
    """Write a directed graph as CX2, the format of NDEx and Cytoscape.

    CX2 counts nodes; the `id` of a node becomes its attribute `name` (and `id`, where it has a `name` of its own).
    Numbers that are not finite are left out: JSON has none.

    Args:
        path: the file; it appears when it is complete, and replaces an older one.
        nodes: frames with `id` and any of the attributes.
        edges: frames with `source`, `target` and any of the attributes.
        node_attributes: name and type of every attribute that a node may have.
        edge_attributes: the same for edges.
        name: of the graph.

    Returns:
        The number of nodes and of edges.

    Raises:
        TargetGraphError: the file cannot be written, or an edge names a node that no frame holds.
    """
    declared = {"id" if "name" in node_attributes else "name": pl.String(), **node_attributes}
    with _new_file(path) as file:
        places = _cx2_head(file, declared, edge_attributes, name)
        file.write(b'{"nodes":[\n')
        numbers = _cx2_nodes(file, nodes, declared)
        file.write(b'\n]},\n{"edges":[\n')
        edge_count = _cx2_edges(file, edges, edge_attributes, numbers)
        file.write(b'\n]},\n{"status":[{"error":"","success":true}]}]\n')
        for place, count in zip(places, (numbers.height, edge_count), strict=True):
            file.seek(place)
            file.write(f"{count:>{_COUNT_WIDTH}}".encode())
    return numbers.height, edge_count


def _cx2_head(file: IO[bytes], nodes: Schema, edges: Schema, name: str) -> tuple[int, int]:
    declared = {
        "networkAttributes": {"name": {"d": "string"}},
        "nodes": {attribute: {"d": _cx2_type(kind)} for attribute, kind in nodes.items()},
        "edges": {attribute: {"d": _cx2_type(kind)} for attribute, kind in edges.items()},
    }
    counted = [{"name": aspect, "elementCount": 1} for aspect in ("attributeDeclarations", "networkAttributes")]
    file.write(b'[{"CXVersion":"2.0","hasFragments":false},\n{"metaData":[')
    file.write(json.dumps(counted)[1:-1].encode())
    places = []
    for aspect in ("nodes", "edges"):
        file.write(f',{{"name":"{aspect}","elementCount":'.encode())
        places.append(file.tell())
        file.write(b" " * _COUNT_WIDTH + b"}")
    file.write(b']},\n{"attributeDeclarations":[' + json.dumps(declared).encode() + b"]},\n")
    file.write(b'{"networkAttributes":[' + json.dumps({"name": name}).encode() + b"]},\n")
    return places[0], places[1]


def _cx2_type(kind: pl.DataType) -> str:
    if isinstance(kind, pl.List):
        inner = kind.inner
        return f"list_of_{_cx2_type(inner if isinstance(inner, pl.DataType) else inner())}"
    if kind.is_integer():
        return "long"
    if kind.is_float():
        return "double"
    return "boolean" if kind == pl.Boolean else "string"


def _cx2_nodes(file: IO[bytes], frames: Iterable[pl.DataFrame], declared: Schema) -> pl.DataFrame:
    """Write the nodes, whose id is the first declared attribute; the number of each id."""
    id_name = next(iter(declared))
    numbered: list[pl.DataFrame] = []
    count = 0
    for frame in frames:
        numbers = frame.select("id", number=pl.int_range(pl.len(), dtype=pl.Int64) + count)
        shown = frame.rename({"id": id_name}) if id_name != "id" else frame
        body = pl.concat_str(
            pl.lit('{"id":'),
            pl.Series(numbers["number"]).cast(pl.String),
            pl.lit(","),
            _cx2_values(shown, declared),
            pl.lit("}"),
        )
        _write_rows(file, shown, body, first=count == 0)
        numbered.append(numbers)
        count += frame.height
    return pl.concat(numbered) if numbered else pl.DataFrame(schema={"id": pl.String, "number": pl.Int64})


def _cx2_edges(file: IO[bytes], frames: Iterable[pl.DataFrame], declared: Schema, numbers: pl.DataFrame) -> int:
    count = 0
    for frame in frames:
        ends = {
            end: frame.select(pl.col(end).alias("id")).join(numbers, on="id", how="left", maintain_order="left")[
                "number"
            ]
            for end in ("source", "target")
        }
        _verify_ends(frame, ends)
        body = pl.concat_str(
            pl.lit('{"id":'),
            (pl.int_range(pl.len(), dtype=pl.Int64) + count).cast(pl.String),
            pl.lit(',"s":'),
            ends["source"].cast(pl.String),
            pl.lit(',"t":'),
            ends["target"].cast(pl.String),
            pl.lit(","),
            _cx2_values(frame, declared),
            pl.lit("}"),
        )
        _write_rows(file, frame, body, first=count == 0)
        count += frame.height
    return count


def _verify_ends(frame: pl.DataFrame, ends: Mapping[str, pl.Series]) -> None:
    for end, numbers in ends.items():
        missing = frame.filter(numbers.is_null())
        if missing.height:
            raise TargetGraphError(
                f"{missing.height} edges name a {end} that is not among the nodes, the first: {missing[end][0]}."
            )


def _cx2_values(frame: pl.DataFrame, declared: Schema) -> pl.Expr:
    """The attributes of each row as `"v":{...}`, without those that have no value."""
    parts = [_cx2_value(name, kind) for name, kind in frame.schema.items() if name in declared]
    if not parts:
        return pl.lit('"v":{}')
    return pl.concat_str(pl.lit('"v":{'), pl.concat_str(parts).str.strip_suffix(","), pl.lit("}"))


def _cx2_value(name: str, kind: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    present = column.is_not_null()
    if kind.is_float():
        present = column.is_finite().fill_null(False)
    elif isinstance(kind, pl.List):
        column = column.list.drop_nulls()
    elif not (kind.is_integer() or kind == pl.Boolean):
        column = column.cast(pl.String)
    # {"x":VALUE} without its frame: Polars has no encoder of single values.
    value = pl.struct(column.alias("x")).struct.json_encode().str.slice(5).str.strip_suffix("}")
    return (
        pl.when(present).then(pl.concat_str(pl.lit(json.dumps(name) + ":"), value, pl.lit(","))).otherwise(pl.lit(""))
    )


def _write_lines(file: IO[bytes], frame: pl.DataFrame, line: pl.Expr) -> int:
    file.write("".join(frame.select(line.alias("line"))["line"]).encode())
    return frame.height


def _write_rows(file: IO[bytes], frame: pl.DataFrame, row: pl.Expr, *, first: bool) -> None:
    if frame.height:
        file.write((b"" if first else b",\n") + ",\n".join(frame.select(row.alias("row"))["row"]).encode())


@contextmanager
def _new_file(path: Path) -> Iterator[IO[bytes]]:
    """A file that takes its name when it is complete."""
    try:
        with new_file(path, durable=False) as unfinished, unfinished.open("wb") as file:
            yield file
    except OSError as error:
        raise TargetGraphError(f"{path} cannot be written: {error.strerror}") from error
