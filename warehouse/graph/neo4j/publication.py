"""Brings a state to a server: whole, or by its differences to what is there; afterwards both hold the same.

| what changes | how |
|---|---|
| as much as the server's memory takes at once | one transaction, checked before its end: readers see old or new |
| more | batches under a mark: readers are told of it; it goes when the check is passed |

What an interrupted publication left is read from the server itself, so that it can be taken up from any point.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

import duckdb
import neo4j

from warehouse.errors import GateError, StoreError
from warehouse.graph.neo4j import content, mark, schema
from warehouse.graph.neo4j.connection import Connection, StoreMemoryError, reading, rows_of
from warehouse.graph.neo4j.differences import Change, Comparison, Difference
from warehouse.graph.neo4j.loading import apply
from warehouse.graph.neo4j.mark import Mark, Run
from warehouse.graph.neo4j.types import strands
from warehouse.graph.state import Fingerprints, fingerprints, model_of, open_state, state_name
from warehouse.home import Build
from warehouse.model import FULL_MODEL
from warehouse.progress import SILENT, Progress

_LOG = logging.getLogger(__name__)
Done = TypeVar("Done")


@dataclass(frozen=True)
class Published:
    """What a publication did.

    Args:
        state: the state that the server holds now.
        changes: nodes and relationships by what became of them.
        transactions: `none`, `one` or `batches`.
        seconds: how long it took, the check included.
        checked: the types whose content was compared.
    """

    state: str
    changes: dict[Change, int] = field(default_factory=dict)
    transactions: str = "none"
    seconds: float = 0.0
    checked: tuple[str, ...] = ()

    @property
    def elements(self) -> int:
        """How many nodes and relationships changed."""
        return sum(self.changes.values())


def publish(
    connection: Connection,
    build: Build,
    *,
    old: Build | None = None,
    check: bool = False,
    progress: Progress = SILENT,
) -> Published:
    """Make a server hold a state.

    Args:
        connection: to the server, as a user who may write.
        build: the state.
        old: the state that the server holds, if the caller knows its files; else they are looked for beside the build.
        check: compare all content with the server, not only what changed since the last publication.
        progress: told of each type.

    Raises:
        StoreError: the server cannot be reached, holds something else, or has no room.
        GateError: afterwards the two differ; the message names the types.
        BuildError: the build cannot be opened.
    """
    with open_state(build) as state:
        publisher = _Publisher(connection, build, state, progress)
        try:
            return publisher.publish(old, trusting=not check)
        except GateError as error:
            if check:
                raise
            # The server does not hold what it says, changed by other hands; what it does hold is compared in full.
            _LOG.warning("%s The content of the server is compared in full.", error.message)
            return publisher.publish(old, trusting=False)


def verify(connection: Connection, build: Build, progress: Progress = SILENT) -> tuple[str, ...]:
    """Compare counts and content hashes of all types; give the types that were compared.

    Raises:
        GateError: a type differs, and is named.
        StoreError: the server cannot be reached, or is being refreshed.
    """
    with open_state(build) as state:
        publisher = _Publisher(connection, build, state, progress)
        with connection.session() as session:
            return publisher.verify(reading(session), publisher.target)


def adopt(connection: Connection, build: Build, progress: Progress = SILENT) -> Published:
    """Take over a database that was filled by other means (an import): indexes, the check of everything, the mark.

    Raises:
        GateError: it does not hold the state.
    """
    start = time.perf_counter()
    schema.make_constraints(connection, FULL_MODEL)
    schema.make_indexes(connection, FULL_MODEL)
    checked = verify(connection, build, progress)
    with open_state(build) as state:
        publisher = _Publisher(connection, build, state, progress)
        connection.in_transaction(lambda transaction: mark.write(partial(rows_of, transaction), publisher.whole()))
    return Published(state_name(build), {}, "none", time.perf_counter() - start, checked)


class _Publisher:
    """Publishes one state that is open."""

    def __init__(
        self, connection: Connection, build: Build, state: duckdb.DuckDBPyConnection, progress: Progress
    ) -> None:
        self._connection = connection
        self._build = build
        self._state = state
        self._progress = progress
        self._strands = tuple(strands(FULL_MODEL))
        self.target = fingerprints(state, model_of(build))

    def publish(self, old: Build | None, *, trusting: bool) -> Published:
        start = time.perf_counter()
        known = self._require_ours(self._connection.read)
        if trusting and known is not None and known.is_whole and known.fingerprints == self.target:
            return self._rename(known, start)
        schema.make_constraints(self._connection, FULL_MODEL)
        before = known or Mark(0)
        changed = self._changed(before) if trusting else {strand.type for strand in self._strands}
        with self._compared(before, changed, old, trusting) as differences:
            found = self._bring(before, changed, differences)
        schema.make_indexes(self._connection, FULL_MODEL)
        changes = {change: sum(one.counts.get(change, 0) for one in differences) for change in Change}
        return Published(
            state_name(self._build),
            {change: count for change, count in changes.items() if count},
            found,
            time.perf_counter() - start,
            tuple(sorted(changed)),
        )

    def whole(self) -> Mark:
        """The mark of a server that holds this state."""
        build = self._build
        return Mark(0, state_name(build), build.id, build.runs, mark.now(), self.target)

    def verify(self, run: Run, types: Iterable[str]) -> tuple[str, ...]:
        """Compare the counts of all types and the content of some.

        Raises:
            GateError: a type differs, and is named.
        """
        compared = tuple(sorted(set(types)))
        failures = content.differing(content.counts(run, self.target), self.target)
        if not failures:
            with self._progress.task(f"check: {len(compared)} types"):
                failures = self._differing(run, compared)
        if failures:
            raise GateError(
                "Neo4j does not hold what the build holds:\n" + "\n".join(f"  {one}" for one in failures),
                "`targetgraph publish --check` compares everything and mends it.",
            )
        return compared

    def _differing(self, run: Run, types: Sequence[str]) -> list[str]:
        """Sentences about the types whose content differs; that nothing stands elsewhere, the counts have told."""
        of = [one for one in self._strands if one.type in types]
        here = content.sizes_here(self._state, of)
        found = content.fingerprints(self._state, run, [(one, here[one.name]) for one in of if one.name in here])
        return [
            f"{one}: {self.target[one][0]:,} rows in both, but their content differs"
            for one in types
            if found.get(one) != self.target.get(one)
        ]

    def _require_ours(self, ask: Callable[[str], list[list[object]]]) -> Mark | None:
        """The mark of the server; an unmarked database must be empty."""
        found = mark.read(lambda text, _parameters: ask(text))
        if found is None:
            there = ask("MATCH (n) RETURN count(n)")[0][0]
            if there:
                target = self._connection.target
                raise StoreError(
                    f"The database {target.database!r} at {target.uri} holds {there:,} nodes that TargetGraph did not "
                    "put there; nothing was changed.",
                    "Give TargetGraph a database of its own, or empty this one: MATCH (n) DETACH DELETE n",
                )
        elif found.version != mark.STORE_VERSION:
            raise StoreError(
                f"The Neo4j store was published by a version of TargetGraph with layout {found.version}; this one has "
                f"{mark.STORE_VERSION}.",
                "Empty the database and publish again.",
            )
        return found

    def _rename(self, known: Mark, start: float) -> Published:
        """The content is that of another state already; only the mark may have to change."""
        if known.state != state_name(self._build):
            self._connection.in_transaction(lambda tx: mark.write(partial(rows_of, tx), self.whole()))
        with self._connection.session() as session:
            self.verify(reading(session), ())
        return Published(state_name(self._build), seconds=time.perf_counter() - start)

    def _changed(self, before: Mark) -> set[str]:
        """The types whose content is another, or not known."""
        names = {*before.fingerprints, *self.target}
        differs = {name for name in names if before.fingerprints.get(name) != self.target.get(name)}
        return differs | set(before.refresh.types if before.refresh else ())

    @contextlib.contextmanager
    def _compared(
        self, before: Mark, changed: set[str], old: Build | None, trusting: bool
    ) -> Iterator[list[Difference]]:
        """The differences of all types that changed."""
        with contextlib.ExitStack() as stack:
            old_state = self._open_old(before, old, stack) if trusting else None
            session = stack.enter_context(self._connection.session())
            comparison = Comparison(self._state, old_state, reading(session))
            uncertain = set(before.refresh.types) if before.refresh else set()
            of = [one for one in self._strands if one.type in changed]
            asked = [one for one in of if not trusting or one.type in uncertain]
            empty = [one for one in of if one not in asked and one.type not in before.fingerprints]
            with self._progress.task(f"compare: {len(changed)} types"):
                found = comparison.to_server(asked) + comparison.to_nothing(empty)
                found += comparison.to_old(one for one in of if one not in asked and one not in empty)
            yield [one for one in found if one.elements]

    def _open_old(
        self, before: Mark, old: Build | None, stack: contextlib.ExitStack
    ) -> duckdb.DuckDBPyConnection | None:
        """The state that the server holds, where its files are still there and tell what the mark tells."""
        if not before.is_whole:
            return None
        beside = Build(before.build, self._build.folder.parent / before.build, before.runs)
        for candidate in (old, beside):
            if candidate is None or not candidate.database.is_file():
                continue
            state = stack.enter_context(open_state(candidate))
            if fingerprints(state, model_of(candidate)) == before.fingerprints:
                return state
        return None

    def _bring(self, before: Mark, changed: set[str], differences: Sequence[Difference]) -> str:
        """Apply the differences in one transaction where it fits, else in batches."""
        elements = sum(one.elements for one in differences)
        if elements <= self._connection.transaction_elements():
            with contextlib.suppress(StoreMemoryError):
                self._connection.in_transaction(partial(self._in_one, before, changed, differences))
                return "one"
            _LOG.warning("The server's memory does not hold one transaction; the refresh goes on in batches.")
        self._in_batches(before, changed, differences)
        return "batches"

    def _in_one(
        self,
        before: Mark,
        changed: set[str],
        differences: Sequence[Difference],
        transaction: neo4j.ManagedTransaction,
    ) -> None:
        run = partial(rows_of, transaction)
        found = mark.lock(run)
        if (found.revision if found else 0) != before.revision:
            raise StoreError("Another process has just published to the Neo4j store.", "Call again.")
        apply(self._state, differences, run, self._progress, self._numbers())
        self.verify(run, changed)
        mark.write(run, self.whole())

    def _in_batches(self, before: Mark, changed: set[str], differences: Sequence[Difference]) -> None:
        refresh = mark.new_refresh(state_name(self._build), changed)
        certain: Fingerprints = {name: one for name, one in before.fingerprints.items() if name not in changed}

        def begin(transaction: neo4j.ManagedTransaction) -> None:
            run = partial(rows_of, transaction)
            found = mark.lock(run)
            if (found.revision if found else 0) != before.revision:
                raise StoreError("Another process has just published to the Neo4j store.", "Call again.")
            mark.write(run, Mark(0, before.state, before.build, before.runs, before.published_at, certain, refresh))

        self._connection.in_transaction(begin)
        with self._connection.session(write=True) as session:
            apply(self._state, differences, self._batched(session, refresh.token), self._progress, self._numbers())
        with self._connection.session() as session:
            self.verify(reading(session), changed)
        self._connection.in_transaction(lambda tx: mark.write(_owned(tx, refresh.token), self.whole()))

    def _batched(self, session: neo4j.Session, token: str) -> Run:
        """Runs every statement in a transaction of its own, as long as the refresh is ours."""

        def run(text: str, parameters: object) -> list[list[object]]:
            return session.execute_write(lambda tx: _owned(tx, token)(text, parameters))  # type: ignore[arg-type]

        return run

    def _numbers(self) -> bool:
        """Whether nodes may be found by the server's numbers, which newer lines no longer offer."""
        return self._connection.version.startswith("5.")


def _owned(transaction: neo4j.ManagedTransaction, token: str) -> Run:
    run: Run = partial(rows_of, transaction)
    mark.require_owner(run, token)
    return run
