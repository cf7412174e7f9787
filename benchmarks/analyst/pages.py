"""What the server takes for every page of the real build: from a click to the last part of the answer."""

from __future__ import annotations

from pathlib import Path

from benchmarks.analyst._percentiles import percentile
from benchmarks.analyst._visitor import Visitor
from benchmarks.analyst._visits import Visit, Visits, pay, publish_a_run
from benchmarks.harness import Figure, served

_ROUNDS, _STARTS = 4, 3


def run(home: Path, small: bool) -> list[Figure]:
    """Open and use all pages: the first time after a start (cold), and again and again (warm)."""
    publish_a_run(home)
    visits, faults = Visits(home), list[str]()
    planned = visits.of(0)
    # The first visit of each page after a start is the cold one.
    first = list({visit.page: visit for visit in planned}.values())
    cold = {
        (visit.page, start): seconds
        for start in range(1 if small else _STARTS)
        for visit, seconds in _taken(home, first, faults)
    }
    turns = [visit for turn in range(1 if small else _ROUNDS) for visit in visits.of(turn + 1)]
    warm = _taken(home, [*planned, *turns], faults)[len(planned) :]
    worst = max(warm, key=lambda one: one[1])
    print(f"slowest: {worst[1] * 1000:.0f} ms, {worst[0].name} {dict(worst[0].parameters)}")
    told = [
        Figure("page_p95_ms", _ms(seconds for _visit, seconds in warm), "ms", "<= 300"),
        Figure("page_p50_ms", round(percentile([seconds for _visit, seconds in warm], 0.5) * 1000, 1), "ms"),
        Figure("page_max_ms", round(worst[1] * 1000, 1), "ms"),
        Figure("page_cold_p95_ms", _ms(cold.values()), "ms", "<= 1000"),
        Figure("page_cold_max_ms", round(max(cold.values()) * 1000, 1), "ms"),
        Figure("page_faults", len(faults), "", "<= 0"),
        Figure("pages", len(first), ""),
        Figure("pages_opened_warm", len(warm), ""),
    ]
    names = list(dict.fromkeys(visit.name for visit in planned))
    by_name = {name: [seconds for visit, seconds in warm if visit.name == name] for name in names}
    return told + [Figure(f"page_p95_ms.{name}", _ms(taken), "ms") for name, taken in by_name.items()]


def _taken(home: Path, planned: list[Visit], faults: list[str]) -> list[tuple[Visit, float]]:
    """Visit pages one after the other at a dashboard that has just been started; each visit is a tab of its own."""
    taken = []
    with served(home) as address:
        for visit in planned:
            visitor = Visitor(address)
            drawn = pay(visit, visitor)
            visitor.close()
            for fault in drawn.faults:
                print(f"fault: {visit.name} {dict(visit.parameters)}: {fault}")
                faults.append(fault)
            taken.append((visit, drawn.seconds))
    return taken


def _ms(seconds: object) -> float:
    return round(percentile(list(seconds), 0.95) * 1000, 1)  # type: ignore[call-overload]
