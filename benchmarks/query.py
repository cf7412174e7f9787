"""`python -m benchmarks query`: questions on the real build through the whole door: parse, compile, run, frame."""

from __future__ import annotations

import argparse
import random
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from benchmarks.harness import DATA, Figure, percentiles, targetgraph

_REPEATS = 200


def run(arguments: list[str]) -> list[Figure]:
    """Measure look-ups, hops, paths and a matrix; other parameters each time, so that no answer is remembered."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks query")
    parser.add_argument("--raw", type=Path, default=DATA, help="the folder of downloads")
    parser.add_argument("--home", type=Path, help="a warehouse that is already built")
    options = parser.parse_args(arguments)
    if options.home is not None:
        return _measure(options.home)
    with tempfile.TemporaryDirectory(prefix="targetgraph-") as folder:
        targetgraph("build", "--raw", str(options.raw), "--home", folder, "--format", "json")
        return _measure(Path(folder))


def _measure(home: Path) -> list[Figure]:
    from warehouse.warehouse import Warehouse

    figures: list[Figure] = []
    with Warehouse.open(home) as warehouse:
        for name, (work, goal, repeats) in questions(warehouse).items():
            p50, p95, worst = percentiles(work, repeats)
            figures += [
                Figure(f"{name}_p50_ms", round(p50, 2), "ms"),
                Figure(f"{name}_p95_ms", round(p95, 2), "ms", goal),
                Figure(f"{name}_max_ms", round(worst, 2), "ms"),
            ]
    return figures


def questions(warehouse: object) -> dict[str, tuple[Callable[[], object], str | None, int]]:
    """By name: what is asked, its goal, and how often."""
    from warehouse.warehouse import Warehouse

    assert isinstance(warehouse, Warehouse)
    found = "MATCH (g:Gene)-[:IN_COMPLEX_WITH]-(x) WITH g, count(x) AS n WHERE n > 3 RETURN g.symbol ORDER BY g.symbol"
    symbols = [symbol for (symbol,) in warehouse.query(found).rows()]
    chooser = random.Random(7)
    large = replace(warehouse.limits, rows=2_000_000)

    def cypher(text: str) -> Callable[[], object]:
        return lambda: warehouse.query(text, {"a": chooser.choice(symbols), "b": chooser.choice(symbols)}).to_polars()

    point = cypher("MATCH (g:Gene {symbol: $a}) WHERE $b <> '' RETURN g.id, g.name, g.location")
    one_hop = cypher(
        "MATCH (g:Gene {symbol: $a})-[r:IN_COMPLEX_WITH]-(h:Gene) WHERE $b <> '' RETURN h.symbol, r.sources"
    )
    any_hop = cypher("MATCH (g:Gene {symbol: $a})-[r]-(x) WHERE $b <> '' RETURN type(r) AS type, count(*) AS n")
    two_hop = cypher(
        """MATCH (g:Gene {symbol: $a})-[:CONTROLS_EXPRESSION_OF]->(:Gene)<-[:BINDS]-(d:Drug)
        WHERE $b <> '' RETURN count(DISTINCT d) AS drugs"""
    )
    path = cypher(
        """MATCH p = shortestPath((a:Gene {symbol: $a})-[*..6]-(b:Gene {symbol: $b}))
        WHERE $a <> $b RETURN length(p) AS length"""
    )
    matrix = "SELECT patient_id, feature, value FROM tcga_luad_expression"
    return {
        "point": (point, "<= 10", _REPEATS),
        "one_hop": (one_hop, "<= 10", _REPEATS),
        "two_hop": (two_hop, "<= 10", _REPEATS),
        "one_hop_any_type": (any_hop, None, _REPEATS),
        "shortest_path": (path, None, _REPEATS),
        "expression_matrix": (lambda: warehouse.sql(matrix, limits=large).to_polars(), "<= 300", 30),
        "search": (lambda: warehouse.search(chooser.choice(symbols)), None, _REPEATS),
    }
