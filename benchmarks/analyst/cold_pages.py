"""What the server takes for the first visit of each page after the dashboard was started."""

from __future__ import annotations

from pathlib import Path

from benchmarks.analyst._percentiles import percentile
from benchmarks.analyst._visits import Visits
from benchmarks.analyst.pages import taken
from benchmarks.harness import Figure

_STARTS = 4


def run(home: Path, small: bool) -> list[Figure]:
    """Start the dashboard, and open every page once, in the order of the navigation; again and again."""
    visits, faults = Visits(home), list[str]()
    cold = []
    for turn in range(1 if small else _STARTS):
        first = list({visit.page: visit for visit in visits.of(turn)}.values())
        cold += taken(home, first, faults)
    worst = max(cold, key=lambda one: one[1])
    print(f"slowest: {worst[1] * 1000:.0f} ms, {worst[0].name} {dict(worst[0].parameters)}")
    return [
        Figure("page_cold_p95_ms", round(percentile([one for _visit, one in cold], 0.95) * 1000, 1), "ms", "<= 1000"),
        Figure("page_cold_max_ms", round(worst[1] * 1000, 1), "ms"),
        Figure("page_cold_faults", len(faults), "", "<= 0"),
    ]
