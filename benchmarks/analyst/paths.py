"""What links two entities: pairs of drugs, genes and diseases of the real build, one at a time and in a batch."""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.analyst._percentiles import percentile
from benchmarks.harness import Figure

if TYPE_CHECKING:
    import duckdb

    from analytics.interactive.paths.paths import Ends

_PAIRS, _ALONE = 1000, 200
_KINDS = (("Drug", "Disease"), ("Gene", "Disease"), ("Gene", "Gene"), ("Drug", "Gene"), ("Gene", "Pathway"))


def run(home: Path, small: bool) -> list[Figure]:
    """Three and four steps, with the null model; the arrays of the graph are read once, and that is told apart."""
    from analytics.interactive.paths.paths import Connections
    from warehouse.warehouse import Warehouse

    with Warehouse.open(home) as warehouse, warehouse.reading() as connection:
        start = time.perf_counter()
        connections = Connections(connection)
        read = time.perf_counter() - start
        pairs = _pairs(connection, (_PAIRS if not small else _PAIRS // 10))
        alone: dict[int, list[float]] = {3: [], 4: []}
        connections.types(connection, pairs[-3:], 4)
        for longest, taken in alone.items():
            for pair in pairs[: 20 if small else _ALONE]:
                start = time.perf_counter()
                connections.types(connection, [pair], longest)
                taken.append((time.perf_counter() - start) * 1000)
        batch = {}
        for longest in alone:
            fresh = Connections(connection)
            start = time.perf_counter()
            fresh.types(connection, pairs, longest)
            batch[longest] = time.perf_counter() - start
    return [
        Figure("path_ms", round(percentile(alone[4], 0.95), 1), "ms", "<= 200"),
        Figure("path_p50_ms", round(percentile(alone[4], 0.5), 1), "ms"),
        Figure("path_max_ms", round(max(alone[4]), 1), "ms"),
        Figure("path_three_steps_p95_ms", round(percentile(alone[3], 0.95), 1), "ms"),
        Figure("path_batch_s", round(batch[3], 2), "s", "<= 30"),
        Figure("path_batch_four_steps_s", round(batch[4], 2), "s", "<= 30"),
        Figure("path_batch_pairs", len(pairs), ""),
        Figure("path_read_s", round(read, 2), "s"),
    ]


def _pairs(connection: duckdb.DuckDBPyConnection, count: int) -> list[Ends]:
    """Different pairs, drawn among the entities of each type that one kind of relationship touches."""
    from analytics.interactive.paths.paths import Ends

    chooser = random.Random(5)
    text = """SELECT id FROM entities WHERE type = $type AND id IN
        (SELECT subject FROM {0} UNION SELECT object FROM {0}) ORDER BY id"""
    by_type = {"Drug": "binds", "Disease": "associates", "Gene": "associates", "Pathway": "participates_in"}
    pools = {
        label: [row[0] for row in connection.execute(text.format(table), {"type": label}).fetchall()]
        for label, table in by_type.items()
    }
    found: dict[tuple[str, str], None] = {}
    while len(found) < count:
        one, other = _KINDS[len(found) % len(_KINDS)]
        ends = chooser.choice(pools[one]), chooser.choice(pools[other])
        if ends[0] != ends[1]:
            found[ends] = None
    return [Ends(*ends) for ends in found]
