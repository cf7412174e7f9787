"""What every graph file becomes: a frame of nodes, a frame of edges, and the place of each edge in its file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl

from analytics.bayesian_networks.network import Network
from warehouse.errors import AnalysisError

#: The column of an edge's frequency over replicates, from 0 to 1.
FREQUENCY = "freq"


@dataclass(frozen=True)
class GraphTable:
    """A directed graph with attributes.

    Args:
        nodes: `id` and attributes, one row a node, in the order of the file.
        edges: `source`, `target` and attributes, one row an edge; parallel edges and self-loops are possible here.
        name: of the graph.
        path: the file it was read from.
        places: where each edge stands in that file ("line 7", "edge e3").
    """

    nodes: pl.DataFrame
    edges: pl.DataFrame
    name: str = "graph"
    path: Path | None = None
    places: tuple[str, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        known = set(self.nodes["id"])
        if len(known) < self.nodes.height:
            twice = self.nodes.filter(pl.col("id").is_duplicated())["id"][0]
            raise AnalysisError(f"{self._file()}the node {twice} is there twice.", "Nodes need names of their own.")
        for end in ("source", "target"):
            for row, name in enumerate(self.edges[end]):
                if name not in known:
                    raise AnalysisError(f"{self.place(row)}the {end} {name} is not among the nodes.")

    def place(self, edge: int) -> str:
        """Where an edge stands: `FILE, line 7: `; empty where the graph is from no file."""
        return f"{self.path}, {self.places[edge]}: " if self.places else self._file()

    def _file(self) -> str:
        return "" if self.path is None else f"{self.path}: "

    def only(self, **values: object) -> GraphTable:
        """The edges whose attributes have these values, and their ends: `only(drug="cetuximab")`.

        Raises:
            AnalysisError: no such attribute, or no edge with the value.
        """
        chosen = np.ones(self.edges.height, dtype=bool)
        for name, value in values.items():
            if name not in self.edges.columns:
                columns = ", ".join(self.edges.columns)
                raise AnalysisError(f"{self._file()}edges have no column {name}.", f"Columns: {columns}")
            chosen &= (self.edges[name] == value).fill_null(value=False).to_numpy()
        if not chosen.any():
            raise AnalysisError(f"{self._file()}no edge has {_listed(values)}.", self._values_hint(next(iter(values))))
        edges = self.edges.filter(pl.Series(chosen))
        ends = set(edges["source"]) | set(edges["target"])
        places = tuple(place for place, keep in zip(self.places, chosen, strict=False) if keep)
        return GraphTable(self.nodes.filter(pl.col("id").is_in(list(ends))), edges, self.name, self.path, places)

    def _values_hint(self, column: str) -> str:
        found = self.edges[column].unique().sort().to_list()
        return f"Values of {column}: {', '.join(map(str, found[:10]))}{', ...' if len(found) > 10 else ''}"

    def to_network(
        self,
        variables: Sequence[str] | None = None,
        *,
        acyclic: bool = False,
        drop_unknown: bool = False,
        drop_self_loops: bool = False,
    ) -> Network:
        """The graph as a network; frequencies come from the column `freq`, and are 1 without it.

        Args:
            variables: the variables of a data set, which the nodes must be among; None = the nodes.
            acyclic: refuse a cycle.
            drop_unknown: leave out edges whose ends are not among the variables, instead of refusing them.
            drop_self_loops: leave out edges from a node to itself, instead of refusing them.

        Raises:
            AnalysisError: an edge is there twice, a self-loop, an unknown node, a frequency outside [0, 1], a cycle
                (named); with the place in the file.
        """
        names = tuple(self.nodes["id"]) if variables is None else tuple(variables)
        number = {name: position for position, name in enumerate(names)}
        kept: dict[tuple[int, int], int] = {}
        for row, (source, target) in enumerate(self.edges.select("source", "target").iter_rows()):
            edge = self._edge(row, source, target, number, drop_unknown=drop_unknown, drop_self_loops=drop_self_loops)
            if edge is None:
                continue
            if edge in kept:
                raise AnalysisError(
                    f"{self.place(row)}the edge {source} -> {target} is there twice"
                    f"{f' (first: {self.places[kept[edge]]})' if self.places else ''}.",
                    "Choose one of several networks in a file by a column, as in only(drug=...).",
                )
            kept[edge] = row
        return self._network(names, kept, acyclic)

    def _edge(
        self,
        row: int,
        source: str,
        target: str,
        number: Mapping[str, int],
        *,
        drop_unknown: bool,
        drop_self_loops: bool,
    ) -> tuple[int, int] | None:
        if source == target:
            if drop_self_loops:
                return None
            raise AnalysisError(
                f"{self.place(row)}{source} is its own parent.", "drop_self_loops leaves such edges out."
            )
        for name in (source, target):
            if name not in number:
                if drop_unknown:
                    return None
                raise AnalysisError(
                    f"{self.place(row)}{name} is not a variable of the data.", "drop_unknown leaves such edges out."
                )
        return number[target], number[source]

    def _network(self, names: tuple[str, ...], kept: Mapping[tuple[int, int], int], acyclic: bool) -> Network:
        ordered = sorted(kept)
        rows = [kept[edge] for edge in ordered]
        ends = np.array(ordered, dtype=np.int32).reshape(-1, 2)
        network = Network(names, ends[:, 1].copy(), ends[:, 0].copy(), self._frequencies(rows))
        if acyclic:
            try:
                network.topological_order()
            except AnalysisError as error:
                raise AnalysisError(f"{self._file()}{error.message}", error.hint) from error
        return network

    def _frequencies(self, rows: Sequence[int]) -> np.ndarray:
        if FREQUENCY not in self.edges.columns:
            return np.ones(len(rows))
        frequency = self.edges[FREQUENCY].cast(pl.Float64).to_numpy()[list(rows)]
        for row, value in zip(rows, frequency, strict=True):
            if not 0 <= value <= 1:
                raise AnalysisError(f"{self.place(row)}the frequency {value:g} is not between 0 and 1.")
        return np.asarray(frequency)


def graph_table(
    edges: pl.DataFrame,
    nodes: pl.DataFrame | None = None,
    *,
    name: str = "graph",
    path: Path | None = None,
    place: Callable[[int], str] | None = None,
) -> GraphTable:
    """A graph from its edges; without nodes these are the ends, in the order of their first appearance."""
    if nodes is None:
        ends = dict.fromkeys(end for row in edges.select("source", "target").iter_rows() for end in row)
        nodes = pl.DataFrame({"id": list(ends)}, schema={"id": pl.String})
    places = () if place is None else tuple(place(row) for row in range(edges.height))
    return GraphTable(nodes, edges, name, path, places)


def from_network(
    network: Network, edge_attributes: Mapping[str, Sequence[object] | np.ndarray] | None = None, name: str = "network"
) -> GraphTable:
    """A network as a table: source, target, freq, and attributes given in the order of its edges."""
    names = np.array(network.variables, dtype=object)
    edges = pl.DataFrame(
        {
            "source": names[network.parents],
            "target": names[network.children],
            FREQUENCY: np.asarray(network.frequency, dtype=np.float64),
            **{key: pl.Series(values) for key, values in (edge_attributes or {}).items()},
        },
        schema_overrides={"source": pl.String, "target": pl.String},
    )
    return GraphTable(pl.DataFrame({"id": list(network.variables)}, schema={"id": pl.String}), edges, name)


def column_values(values: Sequence[object]) -> pl.Series:
    """Texts as the narrowest type that holds them all: integers, numbers, truth values, else texts; "" is no value.

    Values that are no texts are kept as they are.
    """
    if any(value is not None and not isinstance(value, str) for value in values):
        return pl.Series(values=list(values), strict=False)
    texts = pl.Series(values=list(values), dtype=pl.String)
    texts = texts.set(texts == "", None)
    for kind in (pl.Int64, pl.Float64):
        numbers = texts.cast(kind, strict=False)
        if numbers.null_count() == texts.null_count():
            return numbers
    return texts


def _listed(values: Mapping[str, object]) -> str:
    return ", ".join(f"{name} = {value}" for name, value in values.items())
