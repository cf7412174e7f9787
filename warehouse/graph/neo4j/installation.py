"""A Neo4j server's files, where they are reachable: its admin tool, and what stands in its data folder."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from warehouse.errors import StoreError

_ADMIN = "org.neo4j.cli.AdminTool"
_OPENED = ("java.nio", "java.io", "sun.nio.ch", "java.util.concurrent")
#: Names under which a configuration may be elsewhere than in the home folder.
_CONFIGURATION = "NEO4J_CONF"


@dataclass(frozen=True)
class Installation:
    """The home folder of a server on this machine.

    Args:
        home: it holds `bin/neo4j-admin`, or at least the jars in `lib`.
        configuration: the folder of `neo4j.conf`.
    """

    home: Path
    configuration: Path

    @classmethod
    def at(cls, home: Path) -> Installation:
        """The installation in a folder.

        Raises:
            StoreError: there is no admin tool in it, or no Java to run it.
        """
        home = home.expanduser().resolve()
        named = os.environ.get(_CONFIGURATION)
        found = cls(home, Path(named) if named else home / "conf")
        if not found._script.exists() and not any((home / "lib").glob("neo4j-*.jar")):
            raise StoreError(
                f"There is no Neo4j in {home}: neither bin/neo4j-admin nor jars in lib.",
                "Set NEO4J_HOME to the folder of the server, or import with the command that is printed without it.",
            )
        if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
            raise StoreError("The admin tool of Neo4j needs Java, and no `java` was found.", "Install Java 17 or 21.")
        return found

    @property
    def _script(self) -> Path:
        return self.home / "bin" / "neo4j-admin"

    @property
    def data(self) -> Path:
        """The folder of the databases."""
        return self._folder("server.directories.data", self.home / "data")

    @property
    def transactions(self) -> Path:
        """The folder of the transaction logs."""
        return self._folder("server.directories.transaction.logs.root", self.data / "transactions")

    def _folder(self, setting: str, otherwise: Path) -> Path:
        named = self._settings().get(setting)
        return otherwise if named is None else self.home / named

    def _settings(self) -> dict[str, str]:
        path = self.configuration / "neo4j.conf"
        if not path.exists():
            return {}
        lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
        pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
        return {name.strip(): value.strip() for name, _, value in pairs}

    def command(self, arguments: Sequence[str]) -> list[str]:
        """The command line of the admin tool."""
        if self._script.exists():
            return [str(self._script), *arguments]
        opened = [f"--add-opens=java.base/{name}=ALL-UNNAMED" for name in _OPENED]
        return ["java", *opened, "-cp", f"{self.home / 'lib'}/*", _ADMIN, *arguments]

    def run(self, arguments: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
        """Run the admin tool; what it leaves behind (`import.report`) stands in the folder."""
        environment = {**os.environ, "NEO4J_HOME": str(self.home), _CONFIGURATION: str(self.configuration)}
        return subprocess.run(
            self.command(arguments), env=environment, cwd=folder, capture_output=True, text=True, check=False
        )

    def is_running(self) -> bool:
        """Whether a server holds the data folder: it locks a file there for as long as it lives."""
        lock = self.data / "databases" / "store_lock"
        if not lock.exists():
            return False
        try:
            with lock.open("r+b") as file:
                fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
        return False

    def verify_stopped(self) -> None:
        """Verify that no server uses the data folder.

        Raises:
            StoreError: one does.
        """
        if self.is_running():
            raise StoreError(
                f"The server in {self.home} is running; a database can only be replaced while it is stopped.",
                f"Stop it ({self.home / 'bin' / 'neo4j'} stop) and load again.",
            )
