"""What the server takes for every page of the real build: from a click to the last part of the answer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks.analyst._percentiles import percentile
from benchmarks.analyst._visitor import Visitor
from benchmarks.analyst._visits import Visit, Visits, pay, publish_a_run
from benchmarks.harness import Figure, served

_ROUNDS = 3


def run(home: Path, small: bool) -> list[Figure]:
    """Open and use all pages again and again, each turn with something else."""
    publish_a_run(home)
    visits, faults = Visits(home), list[str]()
    first = visits.of(0)
    turns = [visit for turn in range(1 if small else _ROUNDS) for visit in visits.of(turn + 1)]
    warm = taken(home, [*first, *turns], faults)[len(first) :]
    worst = max(warm, key=lambda one: one[1])
    print(f"slowest: {worst[1] * 1000:.0f} ms, {worst[0].name} {dict(worst[0].parameters)}")
    seconds = [one for _visit, one in warm]
    by_name: dict[str, list[float]] = {}
    for visit, one in warm:
        by_name.setdefault(visit.name, []).append(one)
    return [
        Figure("page_p95_ms", _ms(seconds, 0.95), "ms", "<= 300"),
        Figure("page_p50_ms", _ms(seconds, 0.5), "ms"),
        Figure("page_max_ms", _ms(seconds, 1), "ms"),
        Figure("page_faults", len(faults), "", "<= 0"),
        Figure("pages_opened", len(warm), ""),
        *(Figure(f"page_p95_ms.{name}", _ms(one, 0.95), "ms") for name, one in by_name.items()),
    ]


def taken(home: Path, planned: Sequence[Visit], faults: list[str]) -> list[tuple[Visit, float]]:
    """Visit pages one after the other at a dashboard that has just been started; each visit is a tab of its own."""
    found = []
    with served(home) as address:
        for visit in planned:
            visitor = Visitor(address)
            drawn = pay(visit, visitor)
            visitor.close()
            for fault in drawn.faults:
                print(f"fault: {visit.name} {dict(visit.parameters)}: {fault}")
                faults.append(fault)
            found.append((visit, drawn.seconds))
    return found


def _ms(seconds: Sequence[float], share: float) -> float:
    return round(percentile(seconds, share) * 1000, 1)
