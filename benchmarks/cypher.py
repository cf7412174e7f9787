"""How right and how fast Cypher is answered: `python -m benchmarks cypher [--corpus FOLDER] [--large] [--rounds N]`.

The corpus gives the shares of equal answers; a generated power-law graph gives latencies; `--large` repeats them on a
graph ten times the size.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import duckdb

from warehouse.cypher import Catalogue, CypherEngine, NodeType, PropertyType, RelationshipType, derive, open_locked
from warehouse.cypher.compiler import compile_text, parameter_type
from warehouse.cypher.conformance import (
    KIT_FILE,
    Report,
    has_several_labels,
    is_temporal,
    load_graph,
    read_lines,
    run_kit,
    run_queries,
)
from warehouse.errors import TargetGraphError

Figure: TypeAlias = dict[str, Any]
DEFAULT_CORPUS = Path("../shared/data/cypher")
NODES = {"Gene": 60_000, "Protein": 120_000, "Disease": 27_000, "Drug": 40_000, "Pathway": 70_000}
RELATIONSHIPS = {
    "INTERACTS": ("Gene", "Gene", 600_000),
    "ENCODES": ("Gene", "Protein", 120_000),
    "ASSOCIATES": ("Gene", "Disease", 350_000),
    "TARGETS": ("Drug", "Gene", 180_000),
    "PART_OF": ("Gene", "Pathway", 250_000),
}
PROPERTIES = {"id": PropertyType.STRING, "name": PropertyType.STRING, "year": PropertyType.INTEGER}
QUERIES = {
    "point": ("MATCH (g:Gene {id: $id}) RETURN g.name, g.year", 2.0),
    "one_hop": ("MATCH (g:Gene {id: $id})-[:INTERACTS]-(h:Gene) RETURN h.id, h.name", 5.0),
    "one_hop_any_type": ("MATCH (g:Gene {id: $id})-[r]-(x) RETURN type(r) AS t, count(*) AS n", None),
    "two_hops_distinct": ("MATCH (g:Gene {id: $id})-[:INTERACTS]->()-[:INTERACTS]->(h) RETURN count(DISTINCT h) AS n", 5.0),
    "count_by_type": ("MATCH ()-[r]->() RETURN type(r) AS t, count(*) AS n", 5.0),
    "repeated_1_to_3": ("MATCH (g:Gene {id: $id})-[:INTERACTS*1..3]->(h) RETURN count(DISTINCT h) AS n", 30.0),
    "top_20_degree": ("MATCH (g:Gene)-[:INTERACTS]-(h) RETURN g.id AS id, count(*) AS n ORDER BY n DESC, id LIMIT 20", 50.0),
    "shortest_path": (
        "MATCH p = shortestPath((a:Gene {id: $id})-[*..6]-(b:Gene {id: $other})) RETURN length(p) AS n", 5.0,
    ),
}  # fmt: skip


def run(arguments: list[str]) -> list[Figure]:
    """The figures of this benchmark."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks cypher")
    parser.add_argument("--corpus", type=Path, default=DEFAULT_CORPUS)
    parser.add_argument("--large", action="store_true", help="also on a graph ten times the size")
    parser.add_argument("--rounds", type=int, default=40)
    options = parser.parse_args(arguments)
    figures: list[Figure] = []
    if options.corpus.is_dir():
        figures += corpus_figures(options.corpus) + compile_figures(options.corpus)
    small = latency_figures(1, options.rounds, "")
    figures += small
    if options.large:
        figures += _with_growth(latency_figures(10, options.rounds, "_at_10_times"), small)
    return figures


def figure(metric: str, value: float, unit: str, goal: float | None = None, note: str = "") -> Figure:
    """One row of the table."""
    return {"metric": metric, "value": round(value, 4), "unit": unit, "goal": goal, "note": note}


# --- right answers ---------------------------------------------------------------------------------------------------


def corpus_figures(folder: Path) -> list[Figure]:
    """The shares of equal answers, the number of different ones, and what is answered though Neo4j refuses."""
    analysts = run_queries(folder)
    plain, temporal = Report(), Report()
    for entry, outcome in run_kit(folder):
        if not has_several_labels(entry):
            (temporal if is_temporal(entry) else plain).outcomes.append(outcome)
    reports = (analysts, plain, temporal)
    laxer = [outcome for report in reports for outcome in report.outcomes if outcome.kind == "laxer"]
    refused = len(laxer) + sum(report.count("strict") for report in reports)
    figures = [
        figure("analysts_equal_share", analysts.equal_share, "share", 0.98, f"{analysts.answered} queries"),
        figure("kit_equal_share", plain.equal_share, "share", 0.93, f"{plain.answered} scenarios"),
        figure("kit_temporal_equal_share", temporal.equal_share, "share", None, f"{temporal.answered} scenarios"),
        figure("different", sum(report.count("different") for report in reports), "queries", 0),
        figure("laxer_share", len(laxer) / refused if refused else 0.0, "share", 0.03, f"{len(laxer)} of {refused}"),
    ]
    return figures + [figure("laxer", 1, "query", None, f"{one.detail}: {one.query}") for one in laxer]


def compile_figures(folder: Path) -> list[Figure]:
    """How long compiling takes, parsing included."""
    catalogue = load_graph(folder).catalogue
    durations = []
    for name in ("analysts.jsonl", "edge_cases.jsonl"):
        for entry in read_lines(folder / name):
            types = {key: parameter_type(key, value) for key, value in entry["parameters"].items()}
            durations += _compile_times(entry["query"], catalogue, types)
    return [
        figure("compile_ms_median", statistics.median(durations), "ms"),
        figure("compile_ms", _p95(durations), "ms", 1.0, "p95"),
    ]


def _compile_times(query: str, catalogue: Catalogue, types: dict[str, Any]) -> list[float]:
    found = []
    for _ in range(3):
        started = time.perf_counter()
        try:
            compile_text(query, catalogue, types)
        except TargetGraphError:
            return []
        found.append((time.perf_counter() - started) * 1000)
    return [min(found)]


def _p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1] if len(values) > 1 else values[0]


# --- speed -----------------------------------------------------------------------------------------------------------


def generate(connection: duckdb.DuckDBPyConnection, scale: int) -> Catalogue:
    """Write the primary tables of a power-law graph: few nodes have many relationships."""
    connection.execute("CREATE SCHEMA graph")
    connection.execute("SELECT setseed(0.42)")
    nodes, relationships = [], []
    for ordinal, (label, count) in enumerate(NODES.items()):
        connection.execute(
            f"CREATE TABLE graph.{label.lower()} AS SELECT {ordinal << 40} + i AS _nid, '{label}:' || i AS id, "
            f"'{label.lower()} ' || md5(i::VARCHAR)[:8] AS name, 1950 + i % 75 AS year FROM range({count * scale}) t(i)"
        )
        nodes.append(NodeType(label, label.lower(), ordinal, PROPERTIES))
    ordinals = {label: ordinal for ordinal, label in enumerate(NODES)}
    for ordinal, (name, (start, end, count)) in enumerate(RELATIONSHIPS.items()):
        connection.execute(
            f"CREATE TABLE graph.{name.lower()} AS SELECT {ordinal << 40} + row_number() OVER (ORDER BY _s, _o) - 1 AS _rid, * "
            f"FROM (SELECT {ordinals[start] << 40} + floor({NODES[start] * scale} * pow(random(), 1.6))::BIGINT AS _s, "
            f"{ordinals[end] << 40} + floor({NODES[end] * scale} * pow(random(), 1.6))::BIGINT AS _o, "
            f"random() AS score FROM range({count * scale})) ORDER BY _s, _o, _rid"
        )
        relationships.append(
            RelationshipType(name, name.lower(), ((start, end),), {"score": PropertyType.FLOAT}, ordinal)
        )
    return Catalogue(tuple(nodes), tuple(relationships))


def latency_figures(scale: int, rounds: int, suffix: str) -> list[Figure]:
    """Latencies through the whole door: text in, rows out."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "store.duckdb"
        connection = duckdb.connect(str(path), config={"threads": 2})
        catalogue = generate(connection, scale)
        derived_s = _timed(lambda: derive(connection, catalogue))
        connection.close()
        locked = open_locked(path)
        engine = CypherEngine(locked, catalogue)
        figures = [
            figure(f"derive_s{suffix}", derived_s, "s"),
            figure(f"file_mb{suffix}", path.stat().st_size / 2**20, "MB"),
        ]
        for name, (query, goal) in QUERIES.items():
            figures += _latency(engine, name + suffix, query, None if suffix else goal, rounds, scale)
        engine.close()
        return figures


def _latency(engine: CypherEngine, name: str, query: str, goal: float | None, rounds: int, scale: int) -> list[Figure]:
    durations = []
    for turn in range(-3, rounds):
        parameters = {
            "id": f"Gene:{(turn * 7919) % 50_000 * scale}",
            "other": f"Gene:{(turn * 104_729 + 17) % 50_000 * scale}",
        }
        used = {key: value for key, value in parameters.items() if f"${key}" in query}
        duration = _timed(lambda used=used: engine.query(query, used)) * 1000
        if turn >= 0:
            durations.append(duration)
    return [
        figure(f"{name}_median_ms", statistics.median(durations), "ms"),
        figure(f"{name}_p95_ms", _p95(durations), "ms", goal),
    ]


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _with_growth(large: list[Figure], small: list[Figure]) -> list[Figure]:
    """The figures of the larger graph, each with how many times it is that of the smaller one."""
    before = {row["metric"]: row["value"] for row in small}
    for row in large:
        base = before.get(row["metric"].replace("_at_10_times", ""))
        if base:
            row["note"] = f"{row['value'] / base:.1f} times"
    return large


if __name__ == "__main__":
    import sys

    for row in run(sys.argv[1:]):
        print(f"{row['metric']:40} {row['value']:>12} {row['unit']:10} goal {row['goal']}  {row['note']}")
