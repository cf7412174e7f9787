"""SIF, the simple interaction format of Cytoscape: `source relation target [target ...]`, or a node alone."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from analytics.bayesian_networks.interchange.graph_table import GraphTable, graph_table
from analytics.bayesian_networks.interchange.text import read_text, write_text
from warehouse.errors import AnalysisError


def read_sif(path: Path) -> GraphTable:
    """Read a SIF file; names are separated by tabs where the file has any, else by blanks.

    Raises:
        AnalysisError: a line has a source and a relation but no target, or an empty name.
    """
    text = read_text(path)
    separator = "\t" if "\t" in text else None
    nodes: dict[str, None] = {}
    rows: list[tuple[str, str, str]] = []
    lines: list[int] = []
    # Only line feeds end a line: a name may hold other characters that Python counts as line ends.
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        words = [word.strip(" ") for word in line.split(separator)] if line.strip() else []
        if not words:
            continue
        if len(words) == 2 or "" in words:
            raise AnalysisError(f"{path}, line {number}: expected SOURCE RELATION TARGET, found {line!r}.")
        nodes.update(dict.fromkeys((words[0], *words[2:])))
        for target in words[2:]:
            rows.append((words[0], target, words[1]))
            lines.append(number)
    schema = {"source": pl.String, "target": pl.String, "relation": pl.String}
    frame = pl.DataFrame({"id": list(nodes)}, schema={"id": pl.String})
    edges = pl.DataFrame(rows, schema=schema, orient="row")
    return graph_table(edges, frame, name=path.stem, path=path, place=lambda row: f"line {lines[row]}")


def write_sif(table: GraphTable, path: Path, relation: str = "regulates") -> None:
    """Write a SIF file, tab-separated; nodes without an edge stand alone on a line.

    Args:
        table: the graph; its column `relation` names the relation of each edge, where there is one.
        path: the file.
        relation: what stands between the names otherwise.

    Raises:
        AnalysisError: a name holds a tab or a line break, which SIF cannot write.
    """
    shown = table.edges if "relation" in table.edges.columns else table.edges.with_columns(relation=pl.lit(relation))
    linked = set(shown["source"]) | set(shown["target"])
    alone = [name for name in table.nodes["id"] if name not in linked]
    for name in (*table.nodes["id"], *shown["relation"].fill_null(relation)):
        if not name or name != name.strip(" ") or any(character in name for character in "\t\n\r"):
            raise AnalysisError(f"SIF cannot hold the name {name!r}.", "Write CX2 or GraphML instead.")
    columns = shown.select("source", pl.col("relation").fill_null(relation), "target").iter_rows()
    lines = ["\t".join(row) for row in columns] + alone
    write_text(path, "".join(f"{line}\n" for line in lines))
