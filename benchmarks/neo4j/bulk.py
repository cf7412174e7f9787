"""Ten million relationships from DuckDB into Neo4j by files and the server's import."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from benchmarks.cypher_peers.engine import peak_memory_gb
from benchmarks.harness import Figure
from benchmarks.neo4j._server import THREADS, child, generated, started
from warehouse.graph.neo4j.bulk import bulk_load
from warehouse.graph.neo4j.installation import Installation
from warehouse.home import Build


def run(small: bool) -> list[Figure]:
    """Generate, then load with the clock; files, import and swap count."""
    count = 100_000 if small else 10_000_000
    with tempfile.TemporaryDirectory(prefix="targetgraph-") as folder, started() as server:
        server.stop()
        build = generated(count, Path(folder))
        told = child("benchmarks.neo4j.bulk", folder, str(server.folder))
        server.start()
        there = server.run("MATCH ()-[r]->() RETURN count(r)")[0][0]
    assert there == told["relationships"], f"{there} of {told['relationships']} relationships are there ({build.id})"
    seconds = told["files_s"] + told["import_s"]
    return [
        Figure("bulk_relationships", told["relationships"], ""),
        Figure("bulk_relationships_per_second", round(told["relationships"] / seconds), "1/s", ">= 150000"),
        Figure("bulk_files_seconds", round(told["files_s"], 2), "s"),
        Figure("bulk_import_seconds", round(told["import_s"], 2), "s"),
        Figure("bulk_peak_gb", round(told["peak_gb"], 3), "GB", "<= 2"),
    ]


def _load(folder: Path, home: Path) -> dict[str, float]:
    done = bulk_load(Build(folder.name, folder), Installation.at(home), threads=THREADS)
    return {
        "relationships": done.relationships,
        "files_s": done.files_s,
        "import_s": done.import_s,
        "peak_gb": peak_memory_gb("self"),
    }


if __name__ == "__main__":
    print(json.dumps(_load(Path(sys.argv[1]), Path(sys.argv[2]))))
