"""`python -m benchmarks neo4j [--part NAME ...]`: Neo4j beside DuckDB: loads, refreshes, equal answers, latencies.

Each module of this package whose name has no underscore in front is a part: it has `run(small)`, which gives figures.
`--small` runs the same code on problems of a few seconds, to see that it works; its figures have no goals. Needs a
Neo4j that can be started here (see `tests/neo4j/server.py`) and the extra `neo4j`. Linux only: peak memory is read
from /proc.
"""

from __future__ import annotations

import argparse
import importlib
import os
import pkgutil
import sys
from dataclasses import replace

from benchmarks.harness import Figure


def parts() -> list[str]:
    """The names of all parts."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))


def run(arguments: list[str]) -> list[Figure]:
    """Run the parts that are named, or all of them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks neo4j")
    parser.add_argument("--part", action="append", choices=parts(), help="run only this part; may be repeated")
    parser.add_argument("--small", action="store_true", help="small problems, to see that everything runs")
    options = parser.parse_args(arguments)
    figures: list[Figure] = []
    for name in options.part or parts():
        print(f"{name} ... (load {os.getloadavg()[0]:.1f})", file=sys.stderr, flush=True)
        figures += importlib.import_module(f"benchmarks.neo4j.{name}").run(options.small)
    return [replace(figure, goal=None) for figure in figures] if options.small else figures
