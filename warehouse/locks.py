"""Locks between processes and threads: files that one holder locks, and that are free again when it ends or is killed.

Two locks are not of this kind: the shared one of `warehouse.results.attempts`, which others may ask about without
holding it, and the one by which a Neo4j server marks its own data folder.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path


class HeldError(Exception):
    """Another process or thread holds the lock."""


@contextlib.contextmanager
def held(path: Path, wait_s: float = 0, *, waiting: Callable[[], None] | None = None) -> Iterator[None]:
    """Hold a lock until the block ends.

    Args:
        path: the lock file; made where it is missing, and left in its place.
        wait_s: how long to wait for another holder.
        waiting: is called once when another holder has to be waited for; the wait then has no end.

    Raises:
        HeldError: another one holds it for longer.
        OSError: the file cannot be made or locked.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(path)
    try:
        lock.acquire(timeout=wait_s)
    except Timeout:
        if waiting is None:
            raise HeldError(str(path)) from None
        waiting()
        lock.acquire()
    try:
        yield
    finally:
        lock.release()
