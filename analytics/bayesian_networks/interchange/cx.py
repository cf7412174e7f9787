"""JSON formats of networks: CX2 and CX (NDEx, Cytoscape) and ING (INGOR); all are read, CX2 and ING written."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from analytics.bayesian_networks.interchange.graph_table import GraphTable
from analytics.bayesian_networks.interchange.text import read_text, write_text
from warehouse.errors import AnalysisError
from warehouse.export.graph_files import attributes
from warehouse.export.graph_files import write_cx2 as write

_CX_NUMBERS: Mapping[str, Callable[[Any], object]] = {
    "integer": int,
    "long": int,
    "double": float,
    "float": float,
    "boolean": lambda value: value if isinstance(value, bool) else str(value).lower() == "true",
}


def write_cx2(table: GraphTable, path: Path) -> None:
    """Write a graph as CX2, which NDEx and Cytoscape read.

    Raises:
        TargetGraphError: the file cannot be written.
    """
    write(
        path,
        [table.nodes],
        [table.edges],
        node_attributes=attributes(table.nodes, "id"),
        edge_attributes=attributes(table.edges, "source", "target"),
        name=table.name,
    )


def read_cx(path: Path) -> GraphTable:
    """Read a graph from CX2 or from CX (version 1), as the file says; names are the nodes' names.

    Raises:
        AnalysisError: not JSON, not CX, cut off, an edge between nodes that are not there; with file, and node or edge.
    """
    document = _json(path)
    if not isinstance(document, list) or not all(isinstance(part, dict) for part in document):
        raise AnalysisError(f"{path}: a CX file is a list of aspects.", "Is it the right file?")
    aspects = _aspects(path, document)
    _verify_status(path, document, aspects)
    version_2 = any(str(part.get("CXVersion", "")).startswith("2") for part in document)
    return _from_cx2(path, aspects) if version_2 else _from_cx(path, aspects)


def read_ing(path: Path) -> GraphTable:
    """Read an ING file of INGOR: `{"version": 1, "node": [...], "edge": [{"src": ..., "dst": ...}]}`.

    Raises:
        AnalysisError: not JSON or not ING; with file, and node or edge.
    """
    document = _json(path)
    if not isinstance(document, dict) or not {"node", "edge"} <= document.keys():
        raise AnalysisError(f"{path}: an ING file has the keys version, node and edge.", "Is it the right file?")
    nodes = [(_key(path, "node", node, "id"), node) for node in document["node"]]
    edges = [(_key(path, "edge", edge, "src"), _key(path, "edge", edge, "dst"), edge) for edge in document["edge"]]
    hidden = {"id", "name", "src", "dst"}
    return _table(
        path,
        path.stem,
        {key: (str(node.get("name", key)), _without(node, hidden)) for key, node in nodes},
        [(source, target, _without(edge, hidden)) for source, target, edge in edges],
        [f"edge {number}" for number in range(1, len(edges) + 1)],
    )


def write_ing(table: GraphTable, path: Path) -> None:
    """Write an ING file, version 1; values that are missing or not finite become null.

    Raises:
        AnalysisError: the file cannot be written.
    """
    numbers = {name: number for number, name in enumerate(table.nodes["id"])}
    nodes = [
        {"id": numbers[row.pop("id")], "name": name, **row}
        for name, row in zip(numbers, _rows(table.nodes), strict=True)
    ]
    edges = [
        {"src": numbers[row.pop("source")], "dst": numbers[row.pop("target")], **row} for row in _rows(table.edges)
    ]
    text = json.dumps({"version": 1, "node": nodes, "edge": edges}, ensure_ascii=False, allow_nan=False)
    write_text(path, text + "\n")


def _rows(frame: pl.DataFrame) -> list[dict[str, Any]]:
    numbers = [name for name, kind in frame.schema.items() if kind.is_float()]
    finite = [pl.when(pl.col(name).is_finite()).then(pl.col(name)).alias(name) for name in numbers]
    return frame.with_columns(finite).to_dicts()


def _json(path: Path) -> Any:
    try:
        return json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise AnalysisError(f"{path}, line {error.lineno}: not JSON ({error.msg}).") from error


def _aspects(path: Path, document: Sequence[Mapping[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """The fragments of each aspect, joined."""
    aspects: dict[str, list[dict[str, Any]]] = {}
    for part in document:
        for name, fragment in part.items():
            if isinstance(fragment, list):
                if not all(isinstance(one, dict) for one in fragment):
                    raise AnalysisError(f"{path}: the aspect {name} is not a list of objects.")
                aspects.setdefault(name, []).extend(fragment)
    if not {"nodes", "edges"} & aspects.keys():
        raise AnalysisError(f"{path}: there are neither nodes nor edges.", "Is it a CX or CX2 file?")
    return aspects


def _verify_status(path: Path, document: Sequence[Mapping[str, Any]], aspects: Mapping[str, list[Any]]) -> None:
    if "status" not in (document[-1] if document else {}):
        raise AnalysisError(f"{path}: the file ends without its status; it was cut off.", "Download it once more.")
    if any(status.get("success") is False for status in aspects.get("status", [])):
        raise AnalysisError(f"{path}: the sender marked the file as failed: {aspects['status'][0].get('error')}")


def _from_cx2(path: Path, aspects: Mapping[str, list[dict[str, Any]]]) -> GraphTable:
    declared: dict[str, Mapping[str, Mapping[str, Any]]] = {}
    for part in aspects.get("attributeDeclarations", []):
        declared.update(part)
    nodes: dict[object, tuple[str, dict[str, object]]] = {}
    for node in aspects.get("nodes", []):
        values = _cx2_values(node, declared.get("nodes", {}))
        nodes[_key(path, "node", node, "id")] = (_cx2_name(node, values), values)
    edges = [
        (_key(path, "edge", edge, "s"), _key(path, "edge", edge, "t"), _cx2_values(edge, declared.get("edges", {})))
        for edge in aspects.get("edges", [])
    ]
    places = [f"edge {edge.get('id', number)}" for number, edge in enumerate(aspects.get("edges", []))]
    shown = aspects.get("networkAttributes", [{}])
    return _table(path, str(shown[0].get("name", path.stem) if shown else path.stem), nodes, edges, places)


def _cx2_name(node: Mapping[str, Any], values: dict[str, object]) -> str:
    # What write_cx2 makes of a graph whose nodes have a name beside their id.
    key = "id" if isinstance(values.get("id"), str) else "name"
    return str(values.pop(key, node["id"]))


def _cx2_values(element: Mapping[str, Any], declared: Mapping[str, Mapping[str, Any]]) -> dict[str, object]:
    """The attributes of an element: aliases become names, and defaults are filled in."""
    values = {name: meaning["v"] for name, meaning in declared.items() if "v" in meaning}
    names = {meaning["a"]: name for name, meaning in declared.items() if "a" in meaning}
    values.update({names.get(name, name): value for name, value in element.get("v", {}).items()})
    return values


def _from_cx(path: Path, aspects: Mapping[str, list[dict[str, Any]]]) -> GraphTable:
    nodes = {_key(path, "node", node, "@id"): node for node in aspects.get("nodes", [])}
    node_values = _cx_attributes(path, aspects.get("nodeAttributes", []))
    edge_values = _cx_attributes(path, aspects.get("edgeAttributes", []))
    named = {
        key: (str(node.get("n", key)), {**_renamed(node, r="represents"), **node_values.get(key, {})})
        for key, node in nodes.items()
    }
    edges, places = [], []
    for edge in aspects.get("edges", []):
        values = {**_renamed(edge, i="interaction"), **edge_values.get(edge.get("@id"), {})}
        edges.append((_key(path, "edge", edge, "s"), _key(path, "edge", edge, "t"), values))
        places.append(f"edge {edge.get('@id')}")
    title = next((part["v"] for part in aspects.get("networkAttributes", []) if part.get("n") == "name"), path.stem)
    return _table(path, str(title), named, edges, places)


def _cx_attributes(path: Path, parts: Iterable[Mapping[str, Any]]) -> dict[object, dict[str, object]]:
    """Attributes by the element they belong to; CX writes numbers as texts with a type."""
    found: dict[object, dict[str, object]] = {}
    for part in parts:
        kind, value = part.get("d", "string"), part.get("v")
        try:
            if kind.startswith("list_of_"):
                convert = _CX_NUMBERS.get(kind.removeprefix("list_of_"), str)
                value = [convert(one) for one in value or []]
            elif kind in _CX_NUMBERS and value is not None:
                value = _CX_NUMBERS[kind](value)
        except (ValueError, TypeError):
            raise AnalysisError(
                f"{path}, attribute {part.get('n')} of {part.get('po')}: {value!r} is no {kind}."
            ) from None
        owners = part.get("po")
        for owner in owners if isinstance(owners, list) else [owners]:
            found.setdefault(owner, {})[str(part.get("n"))] = value
    return found


def _renamed(element: Mapping[str, Any], **names: str) -> dict[str, object]:
    return {name: element[key] for key, name in names.items() if key in element}


def _without(element: Mapping[str, Any], hidden: set[str]) -> dict[str, object]:
    return {key: value for key, value in element.items() if key not in hidden}


def _key(path: Path, kind: str, element: Mapping[str, Any], key: str) -> object:
    if not isinstance(element, dict) or not isinstance(element.get(key), int | str):
        raise AnalysisError(f"{path}: {kind} without {key}: {json.dumps(element)[:80]}")
    return element[key]


def _table(
    path: Path,
    name: str,
    nodes: Mapping[object, tuple[str, dict[str, object]]],
    edges: Sequence[tuple[object, object, dict[str, object]]],
    places: Sequence[str],
) -> GraphTable:
    for (source, target, _values), place in zip(edges, places, strict=True):
        for end in (source, target):
            if end not in nodes:
                raise AnalysisError(f"{path}, {place}: there is no node {end}.")
    ends = {
        "source": [nodes[source][0] for source, _target, _values in edges],
        "target": [nodes[target][0] for _source, target, _values in edges],
    }
    return GraphTable(
        _frame({"id": [shown for shown, _values in nodes.values()]}, [values for _shown, values in nodes.values()]),
        _frame(ends, [values for _source, _target, values in edges]),
        name,
        path,
        tuple(places),
    )


def _frame(keys: Mapping[str, list[str]], rows: Sequence[Mapping[str, object]]) -> pl.DataFrame:
    names = dict.fromkeys(name for row in rows for name in row if name not in keys)
    columns = [pl.Series(name, values, dtype=pl.String) for name, values in keys.items()]
    return pl.DataFrame([*columns, *(_column(name, [row.get(name) for row in rows]) for name in names)])


def _column(name: str, values: list[Any]) -> pl.Series:
    """Values of one JSON type as that type; mixed ones as texts."""
    kinds = {type(value) for value in values if value is not None}
    if kinds <= {int, float}:
        return pl.Series(name, values, dtype=pl.Float64 if float in kinds else pl.Int64)
    if len(kinds) == 1 and kinds <= {str, bool}:
        return pl.Series(name, values)
    if kinds == {list}:
        inner = _column("", [one for value in values if value is not None for one in value]).dtype
        return pl.Series(name, values, dtype=pl.List(inner), strict=False)
    return pl.Series(
        name, [value if value is None or isinstance(value, str) else json.dumps(value) for value in values]
    )
