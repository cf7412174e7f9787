"""`python -m benchmarks build`: the full real build, twice; time, memory, provenance, equal content."""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.harness import DATA, Figure, Finished, targetgraph


def run(arguments: list[str]) -> list[Figure]:
    """Measure two builds from the same files."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks build")
    parser.add_argument("--raw", type=Path, default=DATA, help="the folder of downloads")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="targetgraph-") as folder:
        runs = [_build(options.raw, Path(folder) / str(number)) for number in (1, 2)]
    (first, receipt), (second, again) = runs
    sources = receipt["sources"]
    return [
        Figure("seconds", round(min(first.seconds, second.seconds), 2), "s", "<= 180"),
        Figure("peak_gb", round(max(first.peak_gb, second.peak_gb), 3), "GB", "<= 6"),
        Figure("sources", len(sources), ""),
        Figure("sources_not_green", sum(source["status"] != "green" for source in sources), "", "<= 0"),
        Figure("provenance_share", receipt["provenance_share"], "", ">= 1"),
        Figure("hash_equal", float(receipt["content_hash"] == again["content_hash"]), "", ">= 1"),
        Figure("statements", sum(source["statements"] for source in sources), ""),
        *(Figure(f"{phase}_seconds", seconds, "s") for phase, seconds in receipt["phases"].items()),
    ]


def _build(raw: Path, home: Path) -> tuple[Finished, dict[str, Any]]:
    finished = targetgraph("build", "--raw", str(raw), "--home", str(home), "--format", "json")
    receipt = json.loads(targetgraph("status", "--receipt", "--home", str(home)).output)
    return finished, receipt
