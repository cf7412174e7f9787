"""What every store of the graph does, whatever engine is behind it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from warehouse.answer import Answer, Limits
from warehouse.graph.state import Fingerprints
from warehouse.home import Build


class GraphStore(Protocol):
    """A store that answers Cypher over one build.

    One test suite runs over all implementations (`tests/warehouse/graph/cases.py`).
    """

    def query(self, text: str, parameters: Mapping[str, Any], limits: Limits) -> Answer:
        """Answer a reading Cypher query.

        Raises:
            QuestionError: the text is wrong, writes, or is not supported; the message says what to write instead.
            QuestionTimeoutError: it took too long.
            QuestionMemoryError: it needed too much memory.
        """

    def explain(self, text: str, parameters: Mapping[str, Any] | None = None) -> str:
        """What a query is turned into, and the engine's plan of it."""

    def cancel(self) -> int:
        """Stop, from another thread, every query that runs now; give their number."""

    def publish(self, build: Build) -> None:
        """Make a build the one that is asked."""

    def publish_changes(self, old: Build, new: Build) -> None:
        """Go from one build to another at the cost of their difference; afterwards as `publish(new)`."""

    def fingerprint(self) -> Fingerprints:
        """Rows and a hash of the content of every node and relationship type; empty types are left out."""

    def close(self) -> None:
        """Let go of connections and files."""
