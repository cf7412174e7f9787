"""Finds a Neo4j server for tests and benchmarks, or starts one from the jars that `pom.xml` names.

| in this order | what is done |
|---|---|
| `TARGETGRAPH_TEST_NEO4J_URI` | that server, as `TARGETGRAPH_NEO4J_USER` with `_PASSWORD`; **its content is lost** |
| `NEO4J_HOME` | a server is started from that installation's jars, with settings and data of its own |
| Maven and Java | the jars are fetched once into the user's cache, then as above |
| Docker | a container of the same version |
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

POM = Path(__file__).with_name("pom.xml")
ROOT = POM.parents[2]
START_TIMEOUT_S = 180
STOP_TIMEOUT_S = 60
USER = "neo4j"
PASSWORD = "a-password-for-tests"
#: Neo4j's own, which must be changed.
_FIRST_PASSWORD = "neo4j"
_SERVER = "org.neo4j.server.CommunityEntryPoint"
_ADMIN = "org.neo4j.cli.AdminTool"
_OPENED = ("java.nio", "java.io", "sun.nio.ch", "java.util.concurrent")

#: Shut what a session that only reads may still do on a server with default settings: read files, reach the network.
SHUT = {
    "dbms.security.allow_csv_import_from_file_urls": "false",
    "internal.dbms.cypher_ip_blocklist": "0.0.0.0/0,::/0",
}


class NoServerError(Exception):
    """No server can be had here; the message says what is missing."""


@dataclass(frozen=True)
class Installation:
    """Where Neo4j's jars are.

    Args:
        jars: a folder of jars.
        version: what is in it.
    """

    jars: Path
    version: str

    def command(self, main: str, *arguments: str, heap: str = "512m", brief: bool = False) -> list[str]:
        """A Java command line; a `brief` process spends less on becoming fast, as it will not live to enjoy it."""
        opened = [f"--add-opens=java.base/{name}=ALL-UNNAMED" for name in _OPENED]
        options = [f"-Xms{heap}", f"-Xmx{heap}", "-XX:+ExitOnOutOfMemoryError", *opened]
        options += ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"] if brief else []
        return ["java", *options, "-cp", f"{self.jars}/*", main, *arguments]

    def admin_command(self, *arguments: str, heap: str = "512m") -> list[str]:
        """The command line of the admin tool; `environment` tells it the server's folder."""
        return self.command(_ADMIN, *arguments, heap=heap)

    def server_command(self, home: Path, heap: str = "512m", *, brief: bool = False) -> list[str]:
        """The command line of a server in a folder that `write_home` made."""
        return self.command(_SERVER, f"--home-dir={home}", f"--config-dir={home / 'conf'}", heap=heap, brief=brief)


def environment(home: Path) -> dict[str, str]:
    """The environment in which Java programs find the server's folder."""
    return {**os.environ, "NEO4J_HOME": str(home), "NEO4J_CONF": str(home / "conf")}


def installation() -> Installation:
    """Neo4j's jars: those of `NEO4J_HOME`, else from the cache, else fetched by Maven (once, 123 MB).

    Raises:
        NoServerError: there are none, or no Java.
    """
    if shutil.which("java") is None:
        raise NoServerError("Java 17 or 21 is needed and no `java` was found")
    home = os.environ.get("NEO4J_HOME")
    if home and any(Path(home, "lib").glob("neo4j-kernel-*.jar")):
        jar = next(Path(home, "lib").glob("neo4j-kernel-[0-9]*.jar"))
        return Installation(Path(home, "lib"), jar.stem.removeprefix("neo4j-kernel-"))
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "targetgraph"
    found = Installation(cache / f"neo4j-{pinned_version()}", pinned_version())
    if not found.jars.is_dir():
        _fetch_jars(found.jars)
    return found


def pinned_version() -> str:
    """The version that `pom.xml` names."""
    found = re.search(r"<neo4j.version>(.+?)<", POM.read_text(encoding="utf-8"))
    assert found is not None
    return found[1]


def _fetch_jars(jars: Path) -> None:
    if shutil.which("mvn") is None:
        raise NoServerError(f"Neo4j's jars are not in {jars} and no `mvn` was found to fetch them")
    jars.parent.mkdir(parents=True, exist_ok=True)
    # Workers of one run, or two runs, want them at once.
    with (jars.parent / "fetch.lock").open("w") as lock, tempfile.TemporaryDirectory(dir=jars.parent) as folder:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if jars.is_dir():
            return
        goal = ["dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={folder}/jars"]
        finished = subprocess.run(
            ["mvn", "-q", "-B", "-f", str(POM), *goal], capture_output=True, text=True, check=False
        )
        if finished.returncode:
            raise NoServerError(f"Maven could not fetch Neo4j's jars: {last_line(finished.stdout)}")
        Path(folder, "jars").rename(jars)


def free_port() -> int:
    """A port of the loopback address that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def last_line(text: str) -> str:
    """The last line that says anything, which is where programs put their error."""
    return next((line for line in reversed(text.splitlines()) if line.strip()), "no message")


def write_home(home: Path, port: int, settings: Mapping[str, str] | None = None) -> None:
    """Make the folders of a server and write its settings; data that are there stay."""
    for name in ("conf", "data", "logs", "plugins", "import", "lib"):
        (home / name).mkdir(parents=True, exist_ok=True)
    given = {
        "server.bolt.listen_address": f"127.0.0.1:{port}",
        "server.http.enabled": "false",
        "server.https.enabled": "false",
        "server.memory.pagecache.size": "128m",
        "dbms.usage_report.enabled": "false",
        # Else 256 MB are set aside for each of two databases.
        "db.tx_log.preallocate": "false",
        **SHUT,
        **(settings or {}),
    }
    lines = "".join(f"{name}={value}\n" for name, value in given.items())
    (home / "conf" / "neo4j.conf").write_text(lines, encoding="utf-8")


@dataclass
class Server:
    """A running server.

    Args:
        uri, user, password: how it is reached.
        home: its folder, with `conf/neo4j.conf` and `data`; None = it is not ours.
    """

    uri: str
    user: str = USER
    password: str = field(default=PASSWORD, repr=False)
    home: Path | None = None

    def driver(self) -> Any:
        """A driver of the official package; close it."""
        import neo4j

        auth = (self.user, self.password)
        return neo4j.GraphDatabase.driver(self.uri, auth=auth, notifications_min_severity="OFF")

    def run(self, text: str, **parameters: Any) -> list[list[Any]]:
        """Run one statement, writes too, and give its rows."""
        with self.driver() as driver, driver.session(database="neo4j") as session:
            return list(session.run(text, parameters).values())

    def clear(self) -> None:
        """Remove every node, relationship, constraint and index."""
        self.run("MATCH (n) CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 10000 ROWS")
        for (name,) in self.run("SHOW CONSTRAINTS YIELD name"):
            self.run(f"DROP CONSTRAINT `{name}`")
        for (name,) in self.run("SHOW INDEXES YIELD name, type WHERE type <> 'LOOKUP' RETURN name"):
            self.run(f"DROP INDEX `{name}`")


class LocalServer(Server):
    """A server in a folder of its own that can be started, stopped, killed and imported into.

    with LocalServer.started() as server:
        server.run("RETURN 1")

    Args:
        home: an empty folder, or that of a server that was stopped; it is removed with the owner's end.
        owner: the process with which the server ends; None = this one.
        heap: the heap of the server and of the admin tool.
        settings: lines of `neo4j.conf`, beside or instead of the usual ones.
        brief: for tests: less work is spent on becoming fast.
    """

    def __init__(
        self,
        home: Path,
        owner: int | None = None,
        heap: str = "512m",
        settings: Mapping[str, str] | None = None,
        brief: bool = False,
    ) -> None:
        self._brief = brief
        self._installation = installation()
        self.port = free_port()
        super().__init__(f"bolt://127.0.0.1:{self.port}", home=home)
        self.folder = home
        self._owner = owner or os.getpid()
        self._heap = heap
        self._settings = dict(settings or {})
        self._process: subprocess.Popen[bytes] | None = None
        write_home(home, self.port, self._settings)

    @classmethod
    @contextlib.contextmanager
    def started(
        cls, heap: str = "512m", settings: Mapping[str, str] | None = None, *, brief: bool = False
    ) -> Iterator[LocalServer]:
        """A server of its own that ends with the block."""
        server = cls(Path(tempfile.mkdtemp(prefix="targetgraph-neo4j-")), heap=heap, settings=settings, brief=brief)
        try:
            server.start()
            yield server
        finally:
            server.kill()
            shutil.rmtree(server.folder, ignore_errors=True)

    @property
    def pid(self) -> int:
        """The process id of the group in which Java runs."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start it and wait until it answers; the first start sets the password.

        Raises:
            NoServerError: it did not start; the message has the last line of its log.
        """
        command = self._installation.server_command(self.folder, self._heap, brief=self._brief)
        self._process = _supervised(self._owner, self.folder, command)
        _await(self, self._process)

    def stop(self) -> None:
        """End it in order; its data stay."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self.kill()
            self._process = None

    def kill(self) -> None:
        """End it at once, as a loss of power would."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def admin_command(self, *arguments: str) -> list[str]:
        """The command line of the admin tool; run it with `environment(server.folder)`."""
        return self._installation.admin_command(*arguments, heap=self._heap)

    def admin(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the admin tool on this server's data; most of its commands need it to be stopped."""
        return subprocess.run(
            self.admin_command(*arguments),
            env=environment(self.folder),
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )


#: What serves the whole run, and is not waited for.
_STARTED: list[object] = []


def _supervised(owner: int, folder: Path, command: list[str]) -> subprocess.Popen[bytes]:
    """Start a server that ends with its owner, as a group of processes of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.neo4j.supervisor", str(owner), str(folder), *command],
        env={**environment(folder), "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _await(server: Server, process: subprocess.Popen[bytes]) -> None:
    """Wait until a server answers; on its first start change the password that Neo4j gives."""
    import neo4j
    from neo4j.exceptions import AuthError, DriverError, Neo4jError

    end = time.monotonic() + START_TIMEOUT_S
    while True:
        try:
            # Unlike a transaction function this does not wait longer and longer between its attempts.
            with server.driver() as driver, driver.session(database="neo4j") as session:
                session.run("RETURN 1").consume()
            return
        except AuthError:
            first = neo4j.GraphDatabase.driver(server.uri, auth=(USER, _FIRST_PASSWORD))
            with first, first.session(database="system") as session:
                change = "ALTER CURRENT USER SET PASSWORD FROM $old TO $new"
                session.run(change, old=_FIRST_PASSWORD, new=server.password).consume()
        except (DriverError, Neo4jError) as error:
            if process.poll() is not None or time.monotonic() > end:
                log = server.home / "java.log" if server.home else None
                told = last_line(log.read_text(encoding="utf-8")) if log and log.exists() else "no log"
                raise NoServerError(f"the server did not start: {told}") from error
            time.sleep(0.1)


@contextlib.contextmanager
def shared(folder: Path, owner: int) -> Iterator[Server]:
    """The one server of a run, for one user at a time; the first starts it, the owner's end stops it.

    Args:
        folder: common to all who share it; holds the lock and the server's address.
        owner: the process with which the server ends.

    Raises:
        NoServerError: none can be had here.
    """
    named = os.environ.get("TARGETGRAPH_TEST_NEO4J_URI")
    with (folder / "neo4j.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if named:
            user = os.environ.get("TARGETGRAPH_NEO4J_USER", USER)
            yield Server(named, user, os.environ.get("TARGETGRAPH_NEO4J_PASSWORD", ""))
            return
        address = folder / "neo4j.uri"
        if not address.exists():
            try:
                started = _start_shared(owner)
            except NoServerError as error:
                started = f"! {error}"
            address.write_text(started, encoding="utf-8")
        told = address.read_text(encoding="utf-8")
        if told.startswith("! "):
            raise NoServerError(told[2:])
        yield Server(told)


def _start_shared(owner: int) -> str:
    try:
        server = LocalServer(Path(tempfile.mkdtemp(prefix="targetgraph-neo4j-")), owner, brief=True)
    except NoServerError as error:
        return _start_container(owner, error)
    _STARTED.append(server)
    server.start()
    return server.uri


def _start_container(owner: int, missing: NoServerError) -> str:
    """A container of the pinned version, where Docker runs."""
    docker = shutil.which("docker")
    if docker is None or subprocess.run([docker, "info"], capture_output=True, check=False).returncode:
        raise NoServerError(f"{missing}; nor does Docker run")
    port, folder = free_port(), Path(tempfile.mkdtemp(prefix="targetgraph-neo4j-"))
    options = [f"--publish=127.0.0.1:{port}:7687", f"--env=NEO4J_AUTH={USER}/{PASSWORD}"]
    options += [f"--env=NEO4J_{_as_variable(name)}={value}" for name, value in SHUT.items()]
    process = _supervised(owner, folder, [docker, "run", "--rm", *options, f"neo4j:{pinned_version()}-community"])
    _STARTED.append(process)
    server = Server(f"bolt://127.0.0.1:{port}", home=folder)
    _await(server, process)
    return server.uri


def _as_variable(setting: str) -> str:
    """The name of a setting as the image's environment variables write it."""
    return setting.replace("_", "__").replace(".", "_")
