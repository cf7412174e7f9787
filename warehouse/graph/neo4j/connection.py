"""The server: where it is, sessions with it, and its errors in our words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlsplit

import neo4j
from neo4j.exceptions import AuthError, ClientError, ConfigurationError, DriverError, Neo4jError, ServiceUnavailable
from pydantic import SecretStr

from warehouse.errors import StoreError
from warehouse.settings import Settings

SCHEMES = ("bolt", "bolt+s", "bolt+ssc", "neo4j", "neo4j+s", "neo4j+ssc")
LEAST_VERSION = 5
_CONNECT_TIMEOUT_S = 10.0
_RETRY_S = 30.0

Done = TypeVar("Done")


@dataclass(frozen=True)
class Target:
    """Which database of which server.

    Args:
        uri: `bolt://host:7687`, `neo4j://...` for a cluster, `+s` for an encrypted connection.
        user, password: of one who may write, where something is published.
        database: it holds nothing but the graph.
        transaction_elements: nodes and relationships changed in one transaction; None = by the server's heap.
        retry_s: how long a transaction is tried again after errors that may pass.

    Raises:
        StoreError: the address is none.
    """

    uri: str
    user: str = "neo4j"
    password: SecretStr = field(default_factory=lambda: SecretStr(""))
    database: str = "neo4j"
    transaction_elements: int | None = None
    retry_s: float = _RETRY_S

    def __post_init__(self) -> None:
        parts = urlsplit(self.uri)
        if "@" in parts.netloc:
            # The address is not repeated: it holds a password.
            raise StoreError(
                "The address of the Neo4j server holds a user or a password.",
                "Set TARGETGRAPH_NEO4J_USER and TARGETGRAPH_NEO4J_PASSWORD instead.",
            )
        if parts.scheme not in SCHEMES or not parts.hostname:
            raise StoreError(
                f"{self.uri!r} is no address of a Neo4j server.",
                f"Write bolt://HOST:7687 or neo4j+s://HOST; schemes are: {', '.join(SCHEMES)}.",
            )

    @classmethod
    def from_settings(cls, settings: Settings) -> Target:
        """The server that the settings name.

        Raises:
            StoreError: they name none, or no password.
        """
        if settings.neo4j_uri is None:
            raise StoreError("No Neo4j server is set.", "Set TARGETGRAPH_NEO4J_URI, _USER and _PASSWORD.")
        if settings.neo4j_password is None:
            raise StoreError(
                f"No password is set for the Neo4j server at {_shown(settings.neo4j_uri)}.",
                "Set TARGETGRAPH_NEO4J_PASSWORD in the environment or in the file .env.",
            )
        return cls(
            settings.neo4j_uri,
            settings.neo4j_user,
            settings.neo4j_password,
            settings.neo4j_database,
            settings.neo4j_transaction_elements,
        )


class Connection:
    """A checked connection to a server; close it.

    Args:
        target: the server.

    Raises:
        StoreError: it cannot be reached, refuses the user, is too old, or has no such database.
    """

    def __init__(self, target: Target) -> None:
        self.target = target
        with told(target):
            self._driver = neo4j.GraphDatabase.driver(
                target.uri,
                auth=(target.user, target.password.get_secret_value()),
                # What an analyst must know of a query is told by our own warnings.
                notifications_min_severity="OFF",
                connection_timeout=_CONNECT_TIMEOUT_S,
                max_transaction_retry_time=target.retry_s,
                user_agent="targetgraph",
            )
        try:
            self.version = self._verified_version()
        except BaseException:
            self._driver.close()
            raise

    def close(self) -> None:
        """Close every connection to the server."""
        self._driver.close()

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def session(self, *, write: bool = False) -> Iterator[neo4j.Session]:
        """A session with the database; errors of the server are told as ours."""
        mode = neo4j.WRITE_ACCESS if write else neo4j.READ_ACCESS
        with (
            told(self.target),
            self._driver.session(database=self.target.database, default_access_mode=mode) as session,
        ):
            yield session

    def read(self, text: str, **parameters: Any) -> list[list[Any]]:
        """The rows of a statement of ours, in a transaction that is tried again after errors that may pass."""
        with self.session() as session:
            return session.execute_read(rows_of, text, parameters)

    def write(self, text: str, **parameters: Any) -> list[list[Any]]:
        """As `read`, for a statement that changes the graph."""
        with self.session(write=True) as session:
            return session.execute_write(rows_of, text, parameters)

    def in_transaction(self, work: Callable[[neo4j.ManagedTransaction], Done]) -> Done:
        """Do work in one writing transaction; after an error that may pass it is done again from its start."""
        with self.session(write=True) as session:
            return session.execute_write(work)

    def administer(self, text: str) -> list[list[Any]]:
        """Run a statement that must be in a transaction of its own, such as one that makes an index."""
        with self.session(write=True) as session:
            return list(session.run(neo4j.Query(text)).values())

    def transaction_elements(self) -> int:
        """How many nodes and relationships may be changed in one transaction: set, or found from the heap."""
        if self.target.transaction_elements is not None:
            return self.target.transaction_elements
        try:
            found = self.read("CALL dbms.queryJmx('java.lang:type=Memory') YIELD attributes RETURN attributes")
            heap_bytes = int(found[0][0]["HeapMemoryUsage"]["value"]["properties"]["max"])
        except (StoreError, LookupError, TypeError, ValueError):
            # Not every user may ask; 512 MB is what the smallest servers have.
            heap_bytes = 2**29
        return max(heap_bytes * ELEMENTS_PER_GB // 2**30, 1000)

    def _verified_version(self) -> str:
        with told(self.target):
            agent = str(self._driver.get_server_info().agent)
        version = agent.partition("/")[2]
        require_version(self.target, version)
        try:
            self.read("RETURN 1")
        except StoreError as error:
            if "has no database" not in error.message:
                raise
            raise StoreError(error.message, self._known_databases()) from error
        return version

    def _known_databases(self) -> str:
        with told(self.target), self._driver.session(database="system") as session:
            known = session.run("SHOW DATABASES YIELD name WHERE name <> 'system' RETURN name ORDER BY name").value()
        return f"TARGETGRAPH_NEO4J_DATABASE may be: {', '.join(known)}. Neo4j Community has one database."


#: What a server answers whose disk is full, and after that until it is started again.
_BROKEN = frozenset(
    {
        "DatabaseUnavailable",
        "OutOfDiskSpace",
        "TransactionCommitFailed",
        "TransactionLogError",
        "TransactionStartFailed",
    }
)

#: Relationships with some properties that a transaction holds for each GB of heap; measured at 300,000, with some room.
ELEMENTS_PER_GB = 250_000


def rows_of(transaction: neo4j.ManagedTransaction, text: str, parameters: Mapping[str, Any]) -> list[list[Any]]:
    """The rows of a statement within a transaction."""
    return list(transaction.run(text, dict(parameters)).values())


def reading(session: neo4j.Session) -> Callable[[str, Mapping[str, Any]], list[list[Any]]]:
    """Runs every reading statement in a transaction of its own, tried again after errors that may pass."""
    return lambda text, parameters: session.execute_read(rows_of, text, parameters)


def require_version(target: Target, version: str) -> None:
    """Refuse a server that is too old.

    Raises:
        StoreError: its version is below `LEAST_VERSION`.
    """
    leading = re.match(r"\d+", version)
    if leading is None or int(leading[0]) < LEAST_VERSION:
        raise StoreError(
            f"The server at {target.uri} is Neo4j {version or 'of an unknown version'}; "
            f"TargetGraph needs {LEAST_VERSION} or newer.",
            "Upgrade it; 5.26 is the line with long support.",
        )


@contextmanager
def told(target: Target) -> Iterator[None]:
    """Tell the driver's and the server's errors as ours; a question's own errors are told by the store."""
    try:
        yield
    except (Neo4jError, DriverError, OSError, ValueError) as error:
        raise explained(error, target) from error


def explained(error: Exception, target: Target) -> StoreError:  # noqa: PLR0911
    """An error of the driver or the server in words that say what to do."""
    code, cause = getattr(error, "code", None) or "", first_line(error)
    where = f"the Neo4j server at {target.uri}"
    if isinstance(error, AuthError):
        return _refused(code, target, where)
    if isinstance(error, ServiceUnavailable | OSError):
        if any(word in cause.lower() for word in ("protocol", "handshake", "http")):
            return StoreError(
                f"At {target.uri} there is no Neo4j server of version {LEAST_VERSION} or newer: {cause}",
                "Is this the Bolt port (7687 by default, not 7474)? Is the server old?",
            )
        return StoreError(
            f"No Neo4j server answers at {target.uri}: {cause}",
            "Is it running, and is TARGETGRAPH_NEO4J_URI right? The build in DuckDB is not touched by this.",
        )
    if isinstance(error, ConfigurationError | ValueError):
        return StoreError(f"The driver cannot use {target.uri}: {cause}", "Check TARGETGRAPH_NEO4J_URI.")
    if code.endswith("DatabaseNotFound"):
        return StoreError(f"{_capital(where)} has no database {target.database!r}.")
    if "Forbidden" in code:
        return StoreError(
            f"The user {target.user!r} may not do this on {where}: {cause}",
            "To publish, a user must be allowed to write and to make constraints and indexes.",
        )
    if "OutOfMemory" in code or "MemoryLimit" in code:
        return StoreMemoryError(
            f"{_capital(where)} has too little memory for this transaction.",
            "Raise its heap (server.memory.heap.max_size), or set TARGETGRAPH_NEO4J_TRANSACTION_ELEMENTS lower.",
        )
    if code.rpartition(".")[2] in _BROKEN:
        return StoreError(
            f"{_capital(where)} cannot go on: {cause} ({code})",
            "Is its disk full? Look into its logs, make room, start it again, then `targetgraph publish`.",
        )
    return StoreError(f"{_capital(where)} refuses: {cause}" + (f" ({code})" if code else ""))


class StoreMemoryError(StoreError):
    """A transaction was too large for the memory of the server; nothing of it was kept."""


def _refused(code: str, target: Target, where: str) -> StoreError:
    if "RateLimit" in code:
        return StoreError(f"{_capital(where)} was asked with wrong passwords too often.", "Wait some seconds.")
    if "CredentialsExpired" in code:
        return StoreError(
            f"{_capital(where)} wants the password of {target.user!r} to be changed first.",
            "ALTER CURRENT USER SET PASSWORD FROM 'old' TO 'new', on its database `system`.",
        )
    return StoreError(
        f"{_capital(where)} does not take the user {target.user!r} with the password that is set.",
        "Check TARGETGRAPH_NEO4J_USER and TARGETGRAPH_NEO4J_PASSWORD.",
    )


def first_line(error: Exception) -> str:
    """What an error says, without the codes around it; of a lost connection also why."""
    message = getattr(error, "message", None) if isinstance(error, Neo4jError) else None
    lines = (message or str(error) or type(error).__name__).strip().splitlines()
    return " ".join(dict.fromkeys(lines[:: len(lines) - 1 or 1])) if isinstance(error, ServiceUnavailable) else lines[0]


def is_client_error(error: Exception) -> bool:
    """Whether the text or its parameters are at fault, not the server."""
    return isinstance(error, ClientError)


def _shown(uri: str) -> str:
    return uri.rpartition("@")[2]


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]
