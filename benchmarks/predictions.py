"""`python -m benchmarks predictions`: what a run of 60,000 predicted edges costs, and what it costs the questions.

Every question is asked of the build with the run and of the build alone, in turns, in one process.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.harness import DATA, Figure, percentiles, targetgraph
from benchmarks.query import questions

if TYPE_CHECKING:
    from warehouse.home import Home
    from warehouse.results.findings import Findings
    from warehouse.results.record import RunRecord

_EDGES = 60_000
_ROUNDS = 5


def run(arguments: list[str]) -> list[Figure]:
    """Measure publishing, opening and retracting, and the latencies beside those of the build alone."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks predictions")
    parser.add_argument("--raw", type=Path, default=DATA, help="the folder of downloads")
    parser.add_argument("--home", type=Path, help="a warehouse that is already built; it is copied")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="targetgraph-") as folder:
        home = Path(folder) / "home"
        if options.home is None:
            targetgraph("build", "--raw", str(options.raw), "--home", str(home), "--format", "json")
        else:
            _copy(options.home, home)
        return _measure(home)


def _copy(source: Path, home: Path) -> None:
    """The current build alone; a file that is never written may be linked."""
    name = (source / "current").read_text(encoding="utf-8").strip()
    shutil.copytree(source / "builds" / name, home / "builds" / name, copy_function=_link_or_copy)
    shutil.copy(source / "current", home / "current")


def _link_or_copy(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _measure(root: Path) -> list[Figure]:
    from warehouse.home import Home
    from warehouse.results.store import Results
    from warehouse.warehouse import Warehouse

    home = Home(root)
    results, record, found = Results(home), _account(home), _findings(root)
    publish_s = _seconds(lambda: results.publish(record, found, ("REGULATES",)))
    beside = sum(path.stat().st_size for path in results.folder.glob("**/*.duckdb"))
    figures = [
        Figure("publish_seconds", publish_s, "s", "<= 10"),
        Figure("run_and_overlay_mb", beside / 2**20, "MB", None, "the build", _size_mb(home)),
        Figure(
            "open_ms",
            1000 * _seconds(lambda: Warehouse.open(root).close()),
            "ms",
            None,
            "the build alone",
            1000 * _seconds(lambda: Warehouse.open(root, predictions=False).close()),
        ),
    ]
    with Warehouse.open(root) as warehouse, Warehouse.open(root, predictions=False) as alone:
        figures += _latencies(warehouse, alone)
    return [*figures, Figure("retract_seconds", _seconds(lambda: results.retract(record.run)), "s", "<= 2")]


def _latencies(warehouse: object, alone: object) -> list[Figure]:
    figures = []
    ours, theirs = questions(warehouse), questions(alone)
    for name, (work, _goal, repeats) in ours.items():
        measured: dict[str, list[tuple[float, float]]] = {"ours": [], "theirs": []}
        for _ in range(_ROUNDS):
            for side, ask in (("ours", work), ("theirs", theirs[name][0])):
                p50, p95, _worst = percentiles(ask, max(repeats // _ROUNDS, 3))
                measured[side].append((p50, p95))
        for place, what in ((0, "p50"), (1, "p95")):
            mine, other = (sorted(one[place] for one in measured[side])[_ROUNDS // 2] for side in ("ours", "theirs"))
            figures.append(Figure(f"{name}_{what}_ms", round(mine, 2), "ms", None, "the build alone", round(other, 2)))
    return figures


def _account(home: Home) -> RunRecord:
    from warehouse.results.record import RunRecord

    build, now = home.current(), "2026-01-01T00:00:00+00:00"
    content = str(build.receipt()["content_hash"])
    return RunRecord("benchmark-000000000000", "benchmark", "Random edges", {}, 0, "0", build.id, content, now, now)


def _findings(root: Path) -> Findings:
    """Random edges between the genes of the build."""
    import polars as pl

    from warehouse.results.findings import Findings
    from warehouse.warehouse import Warehouse

    with Warehouse.open(root) as warehouse:
        genes = [gene for (gene,) in warehouse.sql("SELECT id FROM gene ORDER BY id LIMIT 10000").rows()]
    chooser = random.Random(7)
    pairs = sorted({(chooser.choice(genes), chooser.choice(genes)) for _ in range(_EDGES)})
    scores = [chooser.random() for _ in pairs]
    columns = {"subject": [a for a, _b in pairs], "object": [b for _a, b in pairs], "score": scores}
    return Findings(relationships={"REGULATES": pl.DataFrame(columns)})


def _size_mb(home: Home) -> float:
    return home.current().database.stat().st_size / 2**20


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
