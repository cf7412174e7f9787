"""py2neo over the published graph, for notebooks that already use it: read-only, behind the door of questions.

    from warehouse.graph.py2neo import graph

    graph().run("MATCH (g:Gene {symbol: $symbol}) RETURN g.name", symbol="TP53").to_data_frame()

py2neo has reached its end of life: its author has ended the project, 2021.2.4 is its last release, and whether it
speaks to a future Neo4j is nobody's promise. New work should use `Warehouse.query`, which also limits time and rows;
py2neo can do neither. Needs the extras `py2neo` and `neo4j`.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from functools import partial
from typing import Any

import py2neo
from py2neo.errors import Neo4jError

from warehouse.errors import QuestionError
from warehouse.graph.catalogue import catalogue
from warehouse.graph.neo4j import mark
from warehouse.graph.neo4j.connection import Connection, Target
from warehouse.graph.neo4j.door import admit, require_harmless
from warehouse.model import FULL_MODEL
from warehouse.settings import Settings

END_OF_LIFE = "py2neo has reached its end of life (last release 2021.2.4); use Warehouse.query for new work."


def graph(settings: Settings | None = None) -> ReadingGraph:
    """The graph of the server that the settings name.

    Raises:
        StoreError: no server is set, or it cannot be reached; told by the official driver, whose words are clearer.
    """
    target = Target.from_settings(settings or Settings())
    Connection(target).close()
    warnings.warn(END_OF_LIFE, FutureWarning, stacklevel=2)
    return ReadingGraph(target)


class ReadingTransaction(py2neo.Transaction):  # type: ignore[misc]
    """A transaction of which every statement passes the door of questions first."""

    def run(self, cypher: str, parameters: Mapping[str, Any] | None = None, **further: Any) -> py2neo.Cursor:
        """Ask in Cypher (see `py2neo.Transaction.run`).

        Raises:
            QuestionError: the text writes, is wrong, or does what is not open to questions.
            StoreChangingError: a refresh of the server is under way.
        """
        given = {**(parameters or {}), **further}
        admitted = admit(str(cypher), given, self.graph.catalogue)
        self.graph.require_whole()
        bound = {**given, **admitted.parameters}
        plan = self.graph.ask(f"EXPLAIN {admitted.text}", bound)
        require_harmless(plan.plan(), plan.summary().get("type"))
        return super().run(admitted.text, bound)


class ReadingGraph(py2neo.Graph):  # type: ignore[misc]
    """A `py2neo.Graph` that only reads.

    Queries, matchers, the names of the schema and data frames work; everything that writes is refused.

    Args:
        target: the server.
    """

    def __init__(self, target: Target) -> None:
        password = target.password.get_secret_value()
        super().__init__(target.uri, auth=(target.user, password), name=target.database)
        self.catalogue = catalogue(FULL_MODEL)
        self.schema = _Schema(self)

    def auto(self, readonly: bool = True) -> ReadingTransaction:
        """A transaction for one question; it only reads, whatever is asked for."""
        return ReadingTransaction(self, autocommit=True, readonly=True)

    def begin(self, readonly: bool = True) -> ReadingTransaction:
        """A transaction for several questions; it only reads, whatever is asked for."""
        return ReadingTransaction(self, autocommit=False, readonly=True)

    def ask(self, text: str, parameters: Mapping[str, Any]) -> py2neo.Cursor:
        """Run a statement of ours, in a transaction that only reads.

        Raises:
            QuestionError: the server refuses it.
        """
        try:
            return py2neo.Transaction(self, autocommit=True, readonly=True).run(text, dict(parameters))
        except Neo4jError as error:
            raise QuestionError(f"Neo4j refuses: {error.message}") from error

    def close(self) -> None:
        """Close the connections, which py2neo would leave to the garbage collector; not to be used afterwards."""
        self.service.connector.close()

    def require_whole(self) -> None:
        """Refuse to answer from a mixture.

        Raises:
            StoreChangingError: a refresh is under way.
        """
        found = mark.read(partial(_rows, self))
        if found is not None:
            found.require_whole()


class _Schema(py2neo.Schema):  # type: ignore[misc]
    """What the graph has: asked through the door, which keeps the mark out."""

    @property
    def node_labels(self) -> frozenset[str]:
        """The labels of the data model."""
        return frozenset(self._names("CALL db.labels() YIELD label AS name RETURN name"))

    @property
    def relationship_types(self) -> frozenset[str]:
        """The relationship types of the data model."""
        return frozenset(self._names("CALL db.relationshipTypes() YIELD relationshipType AS name RETURN name"))

    def _names(self, text: str) -> list[str]:
        return [record["name"] for record in self.graph.run(text)]


def _rows(asked: ReadingGraph, text: str, parameters: Mapping[str, Any]) -> list[list[Any]]:
    return [list(record.values()) for record in asked.ask(text, parameters)]
