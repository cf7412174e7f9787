"""Neo4j Community as a server of its own, from the jars that `pom.xml` names."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import socket
import subprocess
import tempfile
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

POM = Path(__file__).with_name("pom.xml")
START_TIMEOUT_S = 120


class Neo4j:
    """Neo4j Community from Maven Central's jars: bulk import, then a server on a loopback port."""

    dialect: Mapping[str, str] = {}
    _OPTIONS = (
        "-Xms1g",
        "-Xmx1g",
        "--add-opens=java.base/java.nio=ALL-UNNAMED",
        "--add-opens=java.base/java.io=ALL-UNNAMED",
        "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
        "--add-opens=java.base/java.util.concurrent=ALL-UNNAMED",
    )

    def __init__(self) -> None:
        self._peak_gb = 0.0
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        found = re.search(r"<neo4j.version>(.+?)<", POM.read_text(encoding="utf-8"))
        assert found is not None
        self.version = found[1]
        self.jars = cache / "targetgraph" / f"neo4j-{self.version}"

    def prepare(self) -> str:
        """Find the driver, Java and the jars, which Maven fetches into the user's cache the first time."""
        if importlib.util.find_spec("neo4j") is None:
            raise PeerError("the driver is not installed: pip install 'targetgraph[peers]'")
        if shutil.which("java") is None:
            raise PeerError("Java 17 or 21 is needed and no `java` was found")
        if not self.jars.is_dir():
            self._fetch_jars()
        return self.version

    def _fetch_jars(self) -> None:
        if shutil.which("mvn") is None:
            raise PeerError(f"its jars are not in {self.jars} and no `mvn` was found to fetch them")
        self.jars.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.jars.parent) as folder:
            goal = ["dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={folder}/jars"]
            finished = subprocess.run(
                ["mvn", "-q", "-B", "-f", str(POM), *goal], capture_output=True, text=True, check=False
            )
            if finished.returncode:
                raise PeerError(f"Maven could not fetch its jars: {last_line(finished.stdout)}")
            Path(folder, "jars").rename(self.jars)

    @contextmanager
    def built(self, files: Path, store: Path) -> Iterator[None]:
        """The bulk import of the admin tool, then a unique constraint on each label through the server."""
        self._write_home(store, port=0)
        nodes = [f"--nodes={label}={files / label}.csv" for label in NODES]
        relationships = [f"--relationships={name}={files / name}.csv" for name in RELATIONSHIPS]
        command = ["database", "import", "full", "neo4j", "--id-type=string", f"--threads={THREADS}"]
        with self._java(store, "org.neo4j.cli.AdminTool", *command, *nodes, *relationships) as importing:
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

        port = _free_port()
        self._write_home(store, port)
        with (
            self._java(
                store, "org.neo4j.server.CommunityEntryPoint", f"--home-dir={store}", f"--config-dir={store / 'conf'}"
            ) as server,
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
    def _java(self, store: Path, main: str, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
        """A Java process that never outlives its block."""
        command = ["java", *self._OPTIONS, "-cp", f"{self.jars}/*", main, *arguments]
        environment = {**os.environ, "NEO4J_HOME": str(store), "NEO4J_CONF": str(store / "conf")}
        with (store / "java.log").open("ab") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, env=environment, cwd=store)
        try:
            yield process
        finally:
            stop(process)

    def _write_home(self, store: Path, port: int) -> None:
        for name in ("conf", "data", "logs", "plugins", "import", "lib"):
            (store / name).mkdir(exist_ok=True)
        settings = {
            "server.bolt.listen_address": f"127.0.0.1:{port}",
            "server.http.enabled": "false",
            "server.https.enabled": "false",
            "server.memory.heap.max_size": "1g",
            "server.memory.pagecache.size": "1g",
            "dbms.security.auth_enabled": "false",
            "dbms.usage_report.enabled": "false",
        }
        lines = [f"{name}={value}\n" for name, value in settings.items()]
        (store / "conf" / "neo4j.conf").write_text("".join(lines), encoding="utf-8")

    def data(self, store: Path) -> list[Path]:
        """The database alone: its transaction log is set aside empty with 256 MB."""
        return [store / "data" / "databases" / "neo4j"]

    def _note_peak(self, process: subprocess.Popen[bytes]) -> None:
        self._peak_gb = max(self._peak_gb, peak_memory_gb(str(process.pid)))

    def peak_gb(self) -> float:
        """The largest of its Java processes."""
        return self._peak_gb


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
