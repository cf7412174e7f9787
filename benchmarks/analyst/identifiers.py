"""A list of 500 mixed identifiers: how long it takes to say what they mean, and what became of each kind."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from benchmarks.analyst._identifiers import mixed
from benchmarks.harness import Figure, percentiles


def run(home: Path, small: bool) -> list[Figure]:
    """Resolve the list again and again; the outcomes of each kind are printed."""
    from warehouse.analyst.identifiers import Outcome, resolve
    from warehouse.warehouse import Warehouse

    given = mixed(home, 500)
    kinds = dict(given)
    with Warehouse.open(home) as warehouse, warehouse.reading() as connection:
        report = resolve(connection, [text for text, _kind in given])
        taken = percentiles(lambda: resolve(connection, [text for text, _kind in given]), 3 if small else 20)
    found = Counter((kinds[one.given], one.outcome) for one in report)
    for kind in dict.fromkeys(kinds.values()):
        print(
            f"{kind}: " + ", ".join(f"{found[kind, outcome]} {outcome}" for outcome in Outcome if found[kind, outcome])
        )
    return [
        Figure("identifiers_p95_ms", round(taken[1], 1), "ms"),
        Figure("identifiers", len(report), ""),
        *(Figure(f"identifiers.{outcome}", sum(one.outcome is outcome for one in report), "") for outcome in Outcome),
    ]
