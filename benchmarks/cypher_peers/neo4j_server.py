"""Neo4j Community as a server of its own, from the jars that the tests use too."""

from __future__ import annotations

import importlib.util
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.cypher import NODES, RELATIONSHIPS
from benchmarks.cypher_peers.engine import (
    QUESTION_TIMEOUT_S,
    THREADS,
    Ask,
    PeerError,
    last_line,
    peak_memory_gb,
    stop,
)
from tests.neo4j.server import Installation, NoServerError, environment, free_port, installation, write_home

HEAP = "1g"
START_TIMEOUT_S = 120


class Neo4j:
    """Neo4j Community from Maven Central's jars: bulk import, then a server on a loopback port."""

    dialect: Mapping[str, str] = {}

    def __init__(self) -> None:
        self._peak_gb = 0.0
        self._installed: Installation | None = None

    @property
    def _installation(self) -> Installation:
        if self._installed is None:
            try:
                self._installed = installation()
            except NoServerError as error:
                raise PeerError(str(error)) from error
        return self._installed

    def prepare(self) -> str:
        """Find the driver, Java and the jars, which Maven fetches into the user's cache the first time."""
        if importlib.util.find_spec("neo4j") is None:
            raise PeerError("the driver is not installed: pip install 'targetgraph[neo4j]'")
        return self._installation.version

    @contextmanager
    def built(self, files: Path, store: Path) -> Iterator[None]:
        """The bulk import of the admin tool, then a unique constraint on each label through the server."""
        self._write_home(store, port=0)
        nodes = [f"--nodes={label}={files / label}.csv" for label in NODES]
        relationships = [f"--relationships={name}={files / name}.csv" for name in RELATIONSHIPS]
        importer = ["database", "import", "full", "neo4j", "--id-type=string", f"--threads={THREADS}"]
        command = self._installation.admin_command(*importer, *nodes, *relationships, heap=HEAP)
        with self._java(store, command) as importing:
            while importing.poll() is None:
                self._note_peak(importing)
                time.sleep(0.02)
            if importing.returncode:
                raise PeerError(f"the import failed: {last_line((store / 'java.log').read_text(encoding='utf-8'))}")
        with self.answering(store, access_mode="WRITE") as ask:
            for label in NODES:
                ask(f"CREATE CONSTRAINT FOR (n:{label}) REQUIRE n.id IS UNIQUE", {})
            ask("CALL db.awaitIndexes(300)", {})
            yield

    @contextmanager
    def answering(self, store: Path, access_mode: str = "READ") -> Iterator[Ask]:
        """A server on a free loopback port that ends with the block, and one session of the driver."""
        import neo4j

        port = free_port()
        self._write_home(store, port)
        with (
            self._java(store, self._installation.server_command(store, HEAP)) as server,
            neo4j.GraphDatabase.driver(f"bolt://127.0.0.1:{port}") as driver,
        ):
            self._await(server, driver, store)
            with driver.session(database="neo4j", default_access_mode=access_mode) as session:
                yield lambda text, parameters: session.run(
                    neo4j.Query(text, timeout=QUESTION_TIMEOUT_S), dict(parameters)
                ).values()
            self._note_peak(server)

    def _await(self, server: subprocess.Popen[bytes], driver: Any, store: Path) -> None:
        """Wait until the server answers."""
        from neo4j.exceptions import DriverError, Neo4jError

        end = time.monotonic() + START_TIMEOUT_S
        while True:
            try:
                # Unlike a transaction function this does not wait longer and longer between its attempts.
                with driver.session(database="neo4j") as session:
                    session.run("RETURN 1").consume()
                return
            except (DriverError, Neo4jError) as error:
                if server.poll() is not None or time.monotonic() > end:
                    log = last_line((store / "java.log").read_text(encoding="utf-8"))
                    raise PeerError(f"the server did not start: {log}") from error
                time.sleep(0.1)

    @contextmanager
    def _java(self, store: Path, command: list[str]) -> Iterator[subprocess.Popen[bytes]]:
        """A Java process that never outlives its block."""
        with (store / "java.log").open("ab") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, env=environment(store), cwd=store)
        try:
            yield process
        finally:
            stop(process)

    def _write_home(self, store: Path, port: int) -> None:
        settings = {
            "server.memory.heap.max_size": HEAP,
            "server.memory.pagecache.size": "1g",
            "dbms.security.auth_enabled": "false",
        }
        write_home(store, port, settings)

    def data(self, store: Path) -> list[Path]:
        """The database alone, without its transaction log."""
        return [store / "data" / "databases" / "neo4j"]

    def _note_peak(self, process: subprocess.Popen[bytes]) -> None:
        self._peak_gb = max(self._peak_gb, peak_memory_gb(str(process.pid)))

    def peak_gb(self) -> float:
        """The largest of its Java processes."""
        return self._peak_gb
