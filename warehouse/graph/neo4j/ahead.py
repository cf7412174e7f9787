"""Working on one thing while the next is made."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")


def ahead(items: Iterator[Item]) -> Iterator[Item]:
    """The items in order; a thread makes the next one while the last is worked on.

    What makes them (a session, a connection) belongs to that thread until the last item is taken.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="ahead") as making:
        waiting = making.submit(_following, items)
        while (found := waiting.result()) is not None:
            waiting = making.submit(_following, items)
            yield found[0]


def _following(items: Iterator[Item]) -> tuple[Item] | None:
    for item in items:
        return (item,)
    return None
