"""`python -m benchmarks refresh`: Reactome alone against the full build, and the same content as a full rebuild."""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

from benchmarks.harness import DATA, Figure, targetgraph


def run(arguments: list[str]) -> list[Figure]:
    """Measure a full build, then refreshes of one source on top of it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks refresh")
    parser.add_argument("--raw", type=Path, default=DATA, help="the folder of downloads")
    parser.add_argument("--source", default="reactome", help="the source to refresh")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="targetgraph-") as folder:
        place = ("--raw", str(options.raw), "--home", folder, "--format", "json")
        full = targetgraph("build", *place)
        before = _content_hash(folder)
        refreshes = [targetgraph("build", "--source", options.source, *place) for _ in range(3)]
        equal = _content_hash(folder) == before
    seconds = sorted(refresh.seconds for refresh in refreshes)[1]
    return [
        Figure("full_seconds", round(full.seconds, 2), "s"),
        Figure(f"{options.source}_seconds", round(seconds, 2), "s"),
        Figure(f"{options.source}_share_of_build", round(seconds / full.seconds, 4), "", "<= 0.10"),
        Figure("peak_gb", round(max(refresh.peak_gb for refresh in refreshes), 3), "GB"),
        Figure("hash_equal", float(equal), "", ">= 1"),
    ]


def _content_hash(folder: str) -> str:
    return str(json.loads(targetgraph("status", "--receipt", "--home", folder).output)["content_hash"])
