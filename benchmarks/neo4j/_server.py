"""A server of its own for a part, and generated states to fill it with."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import neo4j
from pydantic import SecretStr

from tests.neo4j.server import LocalServer, installation
from warehouse.graph.neo4j.connection import Target
from warehouse.home import Build

THREADS = 2
HEAP = "1g"
_SETTINGS = {"server.memory.pagecache.size": "1g"}


@contextmanager
def started() -> Iterator[LocalServer]:
    """A server with 1 GB of heap and 1 GB of page cache; its folder is that of an installation, too."""
    with LocalServer.started(heap=HEAP, settings=_SETTINGS) as server:
        (server.folder / "lib").rmdir()
        (server.folder / "lib").symlink_to(installation().jars)
        yield server


@contextmanager
def sessions(server: LocalServer) -> Iterator[tuple[neo4j.Session, neo4j.Session]]:
    """Two sessions: one that asks, as an analyst may, and one that writes, whose changes the first sees."""
    with neo4j.GraphDatabase.driver(
        server.uri, auth=(server.user, server.password), notifications_min_severity="OFF"
    ) as driver:
        marks = driver.execute_query_bookmark_manager
        with (
            driver.session(database="neo4j", default_access_mode=neo4j.READ_ACCESS, bookmark_manager=marks) as reading,
            driver.session(database="neo4j", bookmark_manager=marks) as writing,
        ):
            yield reading, writing


def target(server: LocalServer) -> Target:
    """How the store reaches it."""
    return Target(server.uri, server.user, SecretStr(server.password))


def generated(count: int, folder: Path) -> Build:
    """A build of generated relationships: the scale-free graph of `benchmarks.load`, through every step of a build."""
    made = child("benchmarks.load", str(count), str(folder))
    (folder / "receipt.json").write_text(json.dumps({"content_hash": "", "sources": [], "counts": {}, **made}))
    return Build(folder.name, folder)


def child(module: str, *arguments: str) -> dict[str, Any]:
    """Run a module in a process of its own and hear the JSON object that it prints last."""
    done = subprocess.run([sys.executable, "-m", module, *arguments], stdout=subprocess.PIPE, text=True, check=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))
