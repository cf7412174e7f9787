"""GraphML, the XML format of Gephi, yEd, igraph and networkx: read and write."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, cast
from xml.etree import ElementTree

import polars as pl

from analytics.bayesian_networks.interchange.graph_table import GraphTable
from warehouse.errors import AnalysisError
from warehouse.export.graph_files import attributes
from warehouse.export.graph_files import write_graphml as write

_TYPES = {
    "boolean": pl.Boolean,
    "int": pl.Int64,
    "long": pl.Int64,
    "float": pl.Float64,
    "double": pl.Float64,
    "string": pl.String,
}
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


def write_graphml(table: GraphTable, path: Path) -> None:
    """Write a graph as GraphML; lists are joined by `|`.

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


def read_graphml(path: Path, *, names: str | None = None) -> GraphTable:
    """Read a directed graph.

    Args:
        path: `.graphml`, `.xml`, also `.gz`.
        names: the node attribute that holds the names; None = the id of the node. Cytoscape and yEd count nodes
            and keep the name in an attribute.

    Raises:
        AnalysisError: not XML or not GraphML, an undirected graph, an attribute without declaration or of another
            type, an edge without its ends; with file, and node or edge.
    """
    reading = _Reading(path)
    try:
        with path.open("rb") as raw:
            file: IO[bytes] = cast("IO[bytes]", gzip.GzipFile(fileobj=raw)) if path.suffix == ".gz" else raw
            for event, element in ElementTree.iterparse(file, ("start", "end")):
                reading.take(event, element)
    except ElementTree.ParseError as error:
        line, _column = error.position
        raise AnalysisError(f"{path}, line {line}: not XML ({error.msg.split(':')[0]}).") from error
    except (OSError, EOFError) as error:
        raise AnalysisError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}.") from error
    return reading.table(names)


@dataclass
class _Reading:
    path: Path
    keys: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    defaults: dict[tuple[str, str], object] = field(default_factory=dict)
    nodes: list[tuple[str, dict[str, object]]] = field(default_factory=list)
    edges: list[tuple[str, str, dict[str, object]]] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    name: str = "graph"
    graphs: int = 0

    def take(self, event: str, element: ElementTree.Element) -> None:
        """Take one start or end of an element."""
        tag = element.tag.rpartition("}")[2]
        if event == "start":
            if tag == "graph":
                self._graph(element)
            return
        if tag == "key":
            self._key(element)
        elif tag == "node":
            self._node(element)
        elif tag == "edge":
            self._edge(element)
        elif tag == "hyperedge":
            raise AnalysisError(f"{self.path}: there is a hyperedge, which has no source and target.")

    def _graph(self, element: ElementTree.Element) -> None:
        self.graphs += 1
        if self.graphs > 1:
            raise AnalysisError(f"{self.path}: there are several graphs, or a graph inside a node.")
        self.name = element.get("id", "graph")
        if element.get("edgedefault") == "undirected":
            raise AnalysisError(
                f"{self.path}: the graph is undirected.", "A network needs directed edges: export it as directed."
            )

    def _key(self, element: ElementTree.Element) -> None:
        key = element.get("id", "")
        kind = element.get("attr.type", "string")
        name = element.get("attr.name", key)
        if kind not in _TYPES:
            raise AnalysisError(f"{self.path}, key {key}: unknown type {kind}.")
        self.keys[key] = (name, kind, element.get("for", "all"))
        default = next((child for child in element if child.tag.endswith("default")), None)
        if default is not None:
            self.defaults[key, name] = self._value(default.text, kind, f"key {key}")

    def _node(self, element: ElementTree.Element) -> None:
        name = element.get("id")
        if not name:
            raise AnalysisError(f"{self.path}, node {len(self.nodes) + 1}: no id.")
        self.nodes.append((name, self._data(element, "node", f"node {name}")))
        element.clear()

    def _edge(self, element: ElementTree.Element) -> None:
        place = f"edge {element.get('id') or len(self.edges) + 1}"
        source, target = element.get("source"), element.get("target")
        if not source or not target:
            raise AnalysisError(f"{self.path}, {place}: no source or no target.")
        if element.get("directed") == "false":
            raise AnalysisError(f"{self.path}, {place}: the edge is undirected.")
        self.edges.append((source, target, self._data(element, "edge", place)))
        self.places.append(place)
        element.clear()

    def _data(self, element: ElementTree.Element, kind: str, place: str) -> dict[str, object]:
        values = {name: value for (key, name), value in self.defaults.items() if self.keys[key][2] in (kind, "all")}
        for data in element:
            if not data.tag.endswith("data"):
                continue
            key = data.get("key", "")
            if key not in self.keys:
                raise AnalysisError(f"{self.path}, {place}: the key {key} is not declared.")
            name, type_name, _for = self.keys[key]
            values[name] = self._value(data.text, type_name, place)
        return values

    def _value(self, text: str | None, kind: str, place: str) -> object:
        text = text or ""
        try:
            if kind == "boolean":
                return _BOOLEANS[text.strip().lower()]
            if kind == "string":
                return text
            return int(text) if kind in ("int", "long") else float(text)
        except (ValueError, KeyError):
            raise AnalysisError(f"{self.path}, {place}: {text!r} is not of the type {kind}.") from None

    def table(self, names: str | None) -> GraphTable:
        """Everything that was read."""
        if not self.graphs:
            raise AnalysisError(f"{self.path}: there is no graph in it.", "Is it a GraphML file?")
        shown = {key: self._name(key, values, names) for key, values in self.nodes}
        for source, target, place in zip(*self._ends(), self.places, strict=True):
            for end in (source, target):
                if end not in shown:
                    raise AnalysisError(f"{self.path}, {place}: there is no node {end}.")
        nodes = {"id": [shown[key] for key, _values in self.nodes]}
        edges = {
            end: [shown[key] for key in keys] for end, keys in zip(("source", "target"), self._ends(), strict=True)
        }
        return GraphTable(
            self._frame(nodes, [values for _key, values in self.nodes], "node"),
            self._frame(edges, [values for _source, _target, values in self.edges], "edge"),
            self.name,
            self.path,
            tuple(self.places),
        )

    def _ends(self) -> tuple[list[str], list[str]]:
        return [source for source, _target, _values in self.edges], [target for _source, target, _values in self.edges]

    def _name(self, key: str, values: dict[str, object], names: str | None) -> str:
        if names is None:
            return key
        if not values.get(names):
            known = ", ".join(name for name, _kind, _for in self.keys.values())
            raise AnalysisError(f"{self.path}, node {key}: no value of {names}.", f"Attributes: {known}")
        return str(values[names])

    def _frame(self, ends: dict[str, list[str]], rows: list[dict[str, object]], kind: str) -> pl.DataFrame:
        columns = [pl.Series(name, values, dtype=pl.String) for name, values in ends.items()]
        columns.extend(_attribute_columns(self.keys, rows, kind, set(ends)))
        return pl.DataFrame(columns)


def _attribute_columns(
    keys: dict[str, tuple[str, str, str]], rows: list[dict[str, object]], kind: str, taken: set[str]
) -> Iterator[pl.Series]:
    for name, type_name, element in keys.values():
        if element in (kind, "all") and name not in taken:
            taken.add(name)
            yield pl.Series(name, [row.get(name) for row in rows], dtype=_TYPES[type_name])
