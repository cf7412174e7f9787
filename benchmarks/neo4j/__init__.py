"""`python -m benchmarks neo4j [--part NAME ...]`: Neo4j beside DuckDB: loads, refreshes, equal answers, latencies.

Each module of this package whose name has no underscore in front is a part: it has `run(small)`, which gives figures.
`--small` runs the same code on problems of a few seconds, to see that it works; its figures have no goals. Needs a
Neo4j that can be started here (see `tests/neo4j/server.py`) and the extra `neo4j`. Linux only: peak memory is read
from /proc.
"""

from __future__ import annotations

from benchmarks.harness import Figure
from benchmarks.parts import parser_of, run_parts


def run(arguments: list[str]) -> list[Figure]:
    """Run the parts that are named, or all of them."""
    return run_parts(__name__, parser_of(__name__).parse_args(arguments))
