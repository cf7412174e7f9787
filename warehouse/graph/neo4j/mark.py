"""The one node that says which state a server holds, and whether it is whole.

The node stands in the database of the graph itself, so that it changes in the transaction that changes the content: who
sees the new mark sees the new content. It has no relationships, its label and properties begin with `_`, and questions
through the warehouse never see it (`door`).
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from warehouse.errors import StoreChangingError, StoreError
from warehouse.graph.state import Fingerprints

LABEL = "_TargetGraph"

#: Raised when what is stored, or how, changes: a server that was published by other code is compared in full.
STORE_VERSION = 1

Run = Callable[[str, Mapping[str, Any]], list[list[Any]]]


@dataclass(frozen=True)
class Refresh:
    """A change that is under way in several transactions.

    Args:
        token: who makes it; another who takes it up has another.
        since: when it began, ISO 8601, UTC.
        state: the state that it leads to.
        types: the types whose content is not known until it ends.
    """

    token: str
    since: str
    state: str
    types: tuple[str, ...]


@dataclass(frozen=True)
class Mark:
    """What a server says of its content.

    Args:
        revision: counts the transactions that changed the mark.
        state: the name of the state that was whole last; empty before the first.
        build, runs: the build and the runs of that state.
        published_at: when it became whole, ISO 8601, UTC.
        fingerprints: rows and hash of the types whose content is known.
        refresh: what is under way; None = the content is whole.
        version: `STORE_VERSION` of the code that published it.
    """

    revision: int
    state: str = ""
    build: str = ""
    runs: tuple[str, ...] = ()
    published_at: str = ""
    fingerprints: Fingerprints = field(default_factory=dict)
    refresh: Refresh | None = None
    version: int = STORE_VERSION

    @property
    def is_whole(self) -> bool:
        """Whether all content is of one state."""
        return self.refresh is None and bool(self.state)

    def require_whole(self) -> None:
        """Refuse to answer from a mixture.

        Raises:
            StoreChangingError: a refresh is under way.
        """
        if self.refresh is not None:
            was = f"{self.state} and " if self.state else ""
            raise StoreChangingError(
                f"A refresh of the Neo4j store is under way since {self.refresh.since}; "
                f"an answer would mix {was}{self.refresh.state}.",
                "Wait until it ends, or ask the build itself: --store duckdb. If it was interrupted, "
                "`targetgraph publish` takes it up.",
            )


_READ = f"MATCH (m:{LABEL}) RETURN m._revision, m._content"
_WRITE = f"MERGE (m:{LABEL} {{_key: 'graph'}}) SET m._revision = coalesce(m._revision, 0) + 1, m._content = $content"
_LOCK = f"MATCH (m:{LABEL}) SET m._revision = m._revision RETURN m._revision, m._content"


def read(run: Run) -> Mark | None:
    """The mark, or None where nothing was ever published.

    Raises:
        StoreError: the mark cannot be read by this version.
    """
    return _parsed(run(_READ, {}))


def read_revision(run: Run) -> int:
    """How often the mark was changed; 0 where there is none."""
    rows = run(f"MATCH (m:{LABEL}) RETURN m._revision", {})
    return int(rows[0][0]) if rows else 0


def lock(run: Run) -> Mark | None:
    """The mark, which no other transaction can change until this one ends."""
    return _parsed(run(_LOCK, {}))


def write(run: Run, mark: Mark) -> None:
    """Replace the mark; its revision is counted by the server."""
    content = {name: value for name, value in asdict(mark).items() if name != "revision"}
    run(_WRITE, {"content": json.dumps(content, sort_keys=True)})


def new_refresh(state: str, types: Iterable[str]) -> Refresh:
    """A refresh that begins now."""
    return Refresh(uuid.uuid4().hex, now(), state, tuple(sorted(types)))


def require_owner(run: Run, token: str) -> None:
    """Refuse to go on when another process has taken the refresh up.

    Raises:
        StoreError: it has.
    """
    found = read(run)
    if found is None or found.refresh is None or found.refresh.token != token:
        raise StoreError("Another process has taken up this refresh of the Neo4j store.", "Let it finish.")


def now() -> str:
    """The time as marks and messages have it."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _parsed(rows: list[list[Any]]) -> Mark | None:
    if not rows:
        return None
    try:
        revision, content = rows[0]
        given = json.loads(content)
        refresh = given.pop("refresh")
        hashes = {name: (int(count), str(hash_)) for name, (count, hash_) in given.pop("fingerprints").items()}
        under_way = None if refresh is None else Refresh(**{**refresh, "types": tuple(refresh["types"])})
        given["runs"] = tuple(given["runs"])
        return Mark(**given, revision=revision, fingerprints=hashes, refresh=under_way)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise StoreError(
            f"The mark of the Neo4j store cannot be read: {error}",
            f"It was written by another version, or by hand: MATCH (m:{LABEL}) DELETE m, and empty the database.",
        ) from error
