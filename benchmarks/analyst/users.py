"""Eight users at once on a served dashboard: each goes through all pages in an order of their own, without a pause."""

from __future__ import annotations

import random
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.analyst._percentiles import percentile
from benchmarks.analyst._visitor import Visitor
from benchmarks.analyst._visits import Visit, Visits, pay
from benchmarks.harness import Figure, served

_USERS = 8


def run(home: Path, small: bool) -> list[Figure]:
    """Errors, and how long a click takes while seven others click too."""
    visits, share = Visits(home), 6 if small else 1
    with served(home) as address:
        _one(address, visits.of(0)[::share])
        start = time.perf_counter()
        with ThreadPoolExecutor(_USERS) as users:
            orders = [visits.of(number + 1)[::share] for number in range(_USERS)]
            for number, order in enumerate(orders):
                random.Random(number).shuffle(order)
            told = [one for user in users.map(lambda order: _one(address, order), orders) for one in user]
        seconds = time.perf_counter() - start
    faults = [fault for _seconds, found in told for fault in found]
    for fault in dict.fromkeys(faults):
        print(f"fault: {fault}")
    taken = [one for one, _found in told]
    return [
        Figure("eight_users_errors", len(faults), "", "<= 0"),
        Figure("eight_users_clicks", len(taken), ""),
        Figure("eight_users_p95_ms", round(percentile(taken, 0.95) * 1000), "ms"),
        Figure("eight_users_p50_ms", round(percentile(taken, 0.5) * 1000), "ms"),
        Figure("eight_users_clicks_per_s", round(len(taken) / seconds, 1), "1/s"),
    ]


def _one(address: str, order: list[Visit]) -> list[tuple[float, list[str]]]:
    """One user: page after page, each in a tab of its own."""
    told = []
    for visit in order:
        try:
            visitor = Visitor(address)
            drawn = pay(visit, visitor)
            visitor.close()
            told.append((drawn.seconds, [f"{visit.name}: {fault}" for fault in drawn.faults]))
        except (OSError, TimeoutError, KeyError) as error:
            told.append((0.0, [f"{visit.name}: {error!r}"]))
    return told
