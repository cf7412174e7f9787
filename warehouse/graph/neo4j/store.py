"""The store that a Neo4j server is: questions through the door that only reads, and publishing."""

from __future__ import annotations

import re
import threading
import time
import uuid
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from typing import Any

import duckdb
import neo4j
from neo4j.exceptions import DriverError, Neo4jError, ServiceUnavailable, SessionExpired

from warehouse.answer import Answer, Limits
from warehouse.cypher.compiler.query import parameter_type
from warehouse.cypher.engine.frames import to_polars
from warehouse.cypher.values.values import CypherValue, Node
from warehouse.errors import (
    QuestionCancelledError,
    QuestionError,
    QuestionMemoryError,
    QuestionTimeoutError,
    StoreChangingError,
    StoreError,
)
from warehouse.graph.catalogue import catalogue
from warehouse.graph.neo4j import content, mark, publication, schema
from warehouse.graph.neo4j.connection import Connection, Target, explained, first_line, reading, rows_of
from warehouse.graph.neo4j.door import Admitted, admit, require_harmless
from warehouse.graph.neo4j.mark import Mark
from warehouse.graph.neo4j.types import strands
from warehouse.graph.neo4j.values import hollow_nodes, inward, outward
from warehouse.graph.state import Fingerprints, model_of, open_state, state_name
from warehouse.home import Build
from warehouse.model import FULL_MODEL

_CACHED_QUESTIONS = 256
_ATTEMPTS = 3
_PLACE = re.compile(r"\s*\(line \d+, column \d+ \(offset: \d+\)\)")


class Neo4jGraphStore:
    """Cypher over the graph that a Neo4j server holds.

    Args:
        target: the server.
        build: the build that is expected there; an answer from another one carries a warning.
        pinned: refuse to answer from another one instead.

    Raises:
        StoreError: the server cannot be reached, or refuses.
    """

    def __init__(self, target: Target, build: Build | None = None, *, pinned: bool = False) -> None:
        self._connection = Connection(target)
        self._build = build
        self._pinned = pinned
        self._catalogue = catalogue(FULL_MODEL if build is None else model_of(build))
        self._admitted: OrderedDict[tuple[object, ...], Admitted] = OrderedDict()
        self._lock = threading.Lock()
        self._mark: Mark | None = None
        self._running: set[str] = set()
        self._cancelled: set[str] = set()

    def query(self, text: str, parameters: Mapping[str, Any], limits: Limits) -> Answer:
        """Answer a reading Cypher query (see `GraphStore.query`).

        Raises:
            StoreChangingError: the content is between two builds.
            StoreError: the server cannot be reached.
        """
        start = time.perf_counter()
        given = {name: outward(value) for name, value in parameters.items()}
        admitted = self._let_in(text, given)
        with self._connection.session() as session:
            columns, rows, truncated, warnings = self._answered(session, admitted, given, limits)
        table = to_polars(columns, rows).to_arrow()
        return Answer(table, truncated, (*admitted.warnings, *warnings), time.perf_counter() - start, rows)

    def explain(self, text: str, parameters: Mapping[str, Any] | None = None) -> str:
        """The text that is sent to the server, and its plan."""
        given = {name: outward(value) for name, value in (parameters or {}).items()}
        admitted = self._let_in(text, given)
        with self._connection.session() as session:
            plan = session.run(neo4j.Query(f"EXPLAIN {admitted.text}")).consume().plan
        return "\n".join([admitted.text, "", *_outline(plan, 0)])

    def full_text(self, words: str, limit: int = 20) -> list[tuple[str, str | None, float]]:
        """Entities whose names or synonyms hold words: id, name and score, the best first, from the full-text index."""
        found = self._connection.read(
            f"CALL db.index.fulltext.queryNodes('{schema.FULL_TEXT}', $words, {{limit: $limit}}) YIELD node, score "
            "RETURN node.id, node.name, score ORDER BY score DESC, node.id",
            words=words,
            limit=limit,
        )
        return [(row[0], row[1], row[2]) for row in found]

    def cancel(self) -> int:
        """Stop every question of this store that runs now; give their number."""
        with self._lock:
            running = sorted(self._running)
            self._cancelled |= self._running
        if not running:
            return 0
        listing = "SHOW TRANSACTIONS YIELD transactionId, metaData WHERE metaData.question IN $running"
        with self._connection.session() as session:
            found = session.run(f"{listing} RETURN transactionId", running=running).value()
            if found:
                session.run("TERMINATE TRANSACTIONS $found", found=found).consume()
        return len(found)

    def publish(self, build: Build) -> None:
        """Make the server hold a build, and ask it from now on."""
        self._publish(build, None)

    def publish_changes(self, old: Build, new: Build) -> None:
        """As `publish`; the files of the old build save asking the server what it holds."""
        self._publish(new, old)

    def fingerprint(self) -> Fingerprints:
        """Rows and a hash of the content of every type, computed from what the server holds."""
        everything = list(strands(FULL_MODEL))
        with ExitStack() as stack:
            session = stack.enter_context(self._connection.session())
            run = reading(session)
            sizes = content.sizes_there(run, everything)
            state = stack.enter_context(duckdb.connect() if self._build is None else open_state(self._build))
            there = [(one, sizes[one.name]) for one in everything if one.name in sizes]
            return content.fingerprints(state, run, there)

    def mark(self) -> Mark | None:
        """What the server says of its content."""
        return self._read_mark()

    def close(self) -> None:
        """Let go of the connections."""
        self._connection.close()

    def __enter__(self) -> Neo4jGraphStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _publish(self, build: Build, old: Build | None) -> None:
        publication.publish(self._connection, build, old=old)
        self._build = build
        self._catalogue = catalogue(model_of(build))
        with self._lock:
            self._admitted.clear()
            self._mark = None

    def _let_in(self, text: str, parameters: Mapping[str, Any]) -> Admitted:
        """The question as it is sent; what was let in before is remembered."""
        known = tuple(sorted((name, str(parameter_type(name, value))) for name, value in parameters.items()))
        with self._lock:
            found = self._admitted.get((text, known))
        if found is None:
            found = admit(text, parameters, self._catalogue)
            self._look_at_plan(found)
            with self._lock:
                self._admitted[text, known] = found
                while len(self._admitted) > _CACHED_QUESTIONS:
                    self._admitted.popitem(last=False)
        return found

    def _look_at_plan(self, admitted: Admitted) -> None:
        try:
            with self._connection.session() as session:
                summary = session.run(neo4j.Query(f"EXPLAIN {admitted.text}")).consume()
        except StoreError as error:
            raise self._told(error, admitted, Limits(), "") from error
        require_harmless(summary.plan, summary.query_type)

    def _answered(
        self, session: neo4j.Session, admitted: Admitted, parameters: Mapping[str, Any], limits: Limits
    ) -> tuple[list[str], list[tuple[CypherValue, ...]], bool, list[str]]:
        """The answer of one state: where the mark has changed meanwhile, the question is asked again."""
        for _attempt in range(_ATTEMPTS):
            known = self._known_mark()
            warnings = self._require_state(known)
            columns, rows, truncated = self._run(session, admitted, parameters, limits)
            if session.execute_read(lambda tx: mark.read_revision(partial(rows_of, tx))) == known.revision:
                return columns, rows, truncated, warnings
            with self._lock:
                self._mark = None
        raise StoreChangingError("The Neo4j store changes faster than it answers.", "Ask again.")

    def _run(
        self, session: neo4j.Session, admitted: Admitted, parameters: Mapping[str, Any], limits: Limits
    ) -> tuple[list[str], list[tuple[CypherValue, ...]], bool]:
        name = uuid.uuid4().hex
        query = neo4j.Query(admitted.text, timeout=limits.timeout_s, metadata={"question": name})
        with self._lock:
            self._running.add(name)
        try:
            try:
                result = session.run(query, {**parameters, **admitted.parameters})
            except (ServiceUnavailable, SessionExpired):
                # A connection that was kept may have died with a server that has been started again.
                result = session.run(query, {**parameters, **admitted.parameters})
            columns = list(admitted.columns or result.keys())
            found = [record.values() for record in result.fetch(limits.rows + 1)]
            result.consume()
        except (Neo4jError, DriverError) as error:
            raise self._told(error, admitted, limits, name) from error
        finally:
            with self._lock:
                self._running.discard(name)
                self._cancelled.discard(name)
        truncated = len(found) > limits.rows
        shown = found[: limits.rows]
        nodes = self._end_nodes(session, shown)
        return columns, [tuple(inward(value, nodes) for value in row) for row in shown], truncated

    def _end_nodes(self, session: neo4j.Session, rows: Sequence[Sequence[Any]]) -> dict[str, Node]:
        """The nodes at the ends of relationships, which a result does not bring along."""
        wanted = sorted(set().union(*(hollow_nodes(row) for row in rows)))
        if not wanted:
            return {}
        found = session.execute_read(
            rows_of, "MATCH (n) WHERE elementId(n) IN $ids RETURN elementId(n), n", {"ids": wanted}
        )
        return {element_id: inward(node, {}) for element_id, node in found}

    def _known_mark(self) -> Mark:
        with self._lock:
            known = self._mark
        if known is None or not known.is_whole:
            known = self._read_mark()
            if known is None:
                raise StoreError(
                    f"Nothing is published to the Neo4j server at {self._connection.target.uri}.",
                    "Publish the current build: `targetgraph publish`.",
                )
            known.require_whole()
            with self._lock:
                self._mark = known
        return known

    def _read_mark(self) -> Mark | None:
        return mark.read(lambda text, _parameters: self._connection.read(text))

    def _require_state(self, known: Mark) -> list[str]:
        """A warning where the server holds another build than is expected."""
        if self._build is None or known.state == state_name(self._build):
            return []
        differs = f"the Neo4j store holds {known.state}, not {state_name(self._build)}"
        if self._pinned:
            raise StoreError(f"{differs[0].upper()}{differs[1:]}.", "Ask the build itself: --store duckdb.")
        return [f"{differs}; `targetgraph publish` brings it there"]

    def _told(self, error: Exception, admitted: Admitted, limits: Limits, name: str) -> Exception:
        """An error of the server as one of ours; where we would have refused too, in our words."""
        cause = error.__cause__ if isinstance(error, StoreError) and error.__cause__ else error
        code = str(getattr(cause, "code", None) or "")
        if name in self._cancelled:
            return QuestionCancelledError("the question was cancelled")
        if "TimedOut" in code or "Transaction.Terminated" in code or "LockClientStopped" in code:
            return QuestionTimeoutError(
                f"the question ran longer than {limits.timeout_s:g} s and was stopped", "narrow it, or raise the limit"
            )
        if "OutOfMemory" in code or "MemoryLimit" in code:
            return QuestionMemoryError("the question needed more memory than the server has for it", "narrow it")
        if code.startswith(("Neo.ClientError.Statement", "Neo.ClientError.Procedure")):
            said = QuestionError(_PLACE.sub("", first_line(cause if isinstance(cause, Exception) else error)))
            return admitted.refusal or said
        return error if isinstance(error, StoreError) else explained(error, self._connection.target)


def _outline(plan: Any, depth: int) -> list[str]:
    """A plan as indented lines."""
    details = plan.get("args", {}).get("Details", "")
    lines = [f"{'  ' * depth}{str(plan['operatorType']).partition('@')[0]} {details}".rstrip()]
    for child in plan.get("children", ()):
        lines += _outline(child, depth + 1)
    return lines
