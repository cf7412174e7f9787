"""A million relationships through the driver: into an empty server, and a change of a tenth of them."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from pydantic import SecretStr

from benchmarks.cypher_peers.engine import peak_memory_gb
from benchmarks.harness import Figure
from benchmarks.neo4j._server import child, generated, started
from warehouse.graph.neo4j.connection import Connection, Target
from warehouse.graph.neo4j.publication import publish, verify
from warehouse.home import Build


def run(small: bool) -> list[Figure]:
    """Publish one state, then another that shares nine tenths with it; each check of equal content counts."""
    count = 20_000 if small else 1_000_000
    with tempfile.TemporaryDirectory(prefix="targetgraph-") as folder, started() as server:
        states = [Path(folder, name) for name in ("first", "second")]
        for path, size in zip(states, (count, count * 11 // 10), strict=True):
            path.mkdir()
            generated(size, path)
        first, second = (child("benchmarks.neo4j.refresh", str(path), server.uri, server.password) for path in states)
    return [
        Figure("refresh_elements", first["elements"], ""),
        Figure("refresh_elements_per_second", round(first["elements"] / first["seconds"]), "1/s", ">= 20000"),
        Figure("refresh_seconds", round(first["seconds"], 2), "s"),
        Figure("refresh_peak_gb", round(max(first["peak_gb"], second["peak_gb"]), 3), "GB", "<= 2"),
        Figure("change_elements", second["elements"], ""),
        Figure("change_elements_per_second", round(second["elements"] / second["seconds"]), "1/s"),
        Figure("check_seconds", round(second["check_s"], 2), "s"),
    ]


def _publish(folder: Path, uri: str, password: str) -> dict[str, float]:
    import time

    build = Build(folder.name, folder)
    with Connection(Target(uri, password=SecretStr(password))) as connection:
        done = publish(connection, build)
        start = time.perf_counter()
        verify(connection, build)
        check_s = time.perf_counter() - start
    return {"elements": done.elements, "seconds": done.seconds, "check_s": check_s, "peak_gb": peak_memory_gb("self")}


if __name__ == "__main__":
    print(json.dumps(_publish(Path(sys.argv[1]), *sys.argv[2:])))
