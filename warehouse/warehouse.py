"""The warehouse as a Python object: open it, ask it in Cypher or SQL, search it.

from targetgraph import Warehouse

with Warehouse.open() as warehouse:
    genes = warehouse.query("MATCH (g:Gene {symbol: $symbol}) RETURN g.id, g.name", symbol="TP53")
    print(genes.to_polars())
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

import duckdb

from warehouse.analyst.template import template
from warehouse.answer import Answer, Limits
from warehouse.documents.document import Document, documents
from warehouse.documents.opening import open_document
from warehouse.errors import BuildError, StoreError, TargetGraphError
from warehouse.graph.duckdb_store import DuckDBGraphStore
from warehouse.graph.store import GraphStore
from warehouse.graph.stores import STORES, open_beside
from warehouse.home import DATABASE, Build, Home
from warehouse.matrices import MatrixArrays, read_matrix
from warehouse.results.artefacts import open_artefact
from warehouse.results.files import read_record
from warehouse.results.record import Artefact, RunRecord
from warehouse.results.store import with_active_runs
from warehouse.search import Found, search
from warehouse.settings import Settings
from warehouse.sql import ask_sql, asking


class Warehouse:
    """One build with the predictions of its active runs, opened for questions.

    A build or a run that is published later is not seen: open again.

    Args:
        build: the build; its `runs` are those whose predictions are asked beside it.
        limits: what a question may take, unless it says otherwise.
        store: who answers Cypher: `duckdb`, the build itself, or `neo4j`, the server of the settings; None = what the
            settings say. SQL and search are always answered by the build.
        pinned: refuse to answer from a store that holds another build; else the answer carries a warning.

    Raises:
        BuildError: the build cannot be opened.
        StoreError: the store cannot be reached.
    """

    def __init__(
        self, build: Build, limits: Limits | None = None, *, store: str | None = None, pinned: bool = False
    ) -> None:
        self.build = build
        self.limits = limits or Limits()
        self._build = DuckDBGraphStore(build, memory_mb=self.limits.memory_mb)
        try:
            self._graph = self._graph_store(store, pinned)
        except TargetGraphError:
            self._build.close()
            raise

    def _graph_store(self, store: str | None, pinned: bool) -> GraphStore:
        settings = Settings()
        chosen = store or settings.store
        if chosen not in STORES:
            raise StoreError(f"There is no store {chosen!r}.", f"Stores are: {', '.join(STORES)}.")
        return self._build if chosen == "duckdb" else open_beside(self.build, settings, pinned=pinned)

    @classmethod
    def open(
        cls,
        path: str | Path | None = None,
        build: str | None = None,
        limits: Limits | None = None,
        *,
        predictions: bool = True,
        store: str | None = None,
    ) -> Warehouse:
        """Open a warehouse.

        Args:
            path: the folder of the warehouse, or one `warehouse.duckdb`; None = `TARGETGRAPH_HOME`.
            build: the id of a build, or its beginning; None = the current one.
            limits: what a question may take; None = what the settings say.
            predictions: ask the active runs of analyses too; without them there is nothing but what sources state.
            store: who answers Cypher: `duckdb` or `neo4j`; None = what the settings say.

        Raises:
            BuildError: there is no such build, or it cannot be opened.
            StoreError: the store cannot be reached.
        """
        limits = limits or Settings().limits
        root = Settings().home if path is None else Path(path).expanduser()
        if root.is_file():
            chosen = Build(root.parent.name, root.parent) if root.name == DATABASE else _no_database(root)
        else:
            home = Home(root)
            chosen = home.current() if build is None else home.build(build)
        state = with_active_runs(chosen) if predictions else chosen
        return cls(state, limits, store=store, pinned=build is not None)

    @property
    def runs(self) -> tuple[str, ...]:
        """The runs of analyses whose predictions are asked, sorted; `sql("FROM runs")` tells more of each."""
        return self.build.runs

    def __enter__(self) -> Warehouse:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def query(
        self,
        text: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        limits: Limits | None = None,
        **named: Any,
    ) -> Answer:
        """Ask in Cypher.

        Args:
            text: a reading query; parameters are written `$name`.
            parameters: their values; those given by name are added.
            limits: what this question may take.
            named: further parameters.

        Raises:
            QuestionError: the text is wrong, writes, or is not supported.
            QuestionTimeoutError: it took too long.
            QuestionMemoryError: it needed too much memory.
        """
        return self._graph.query(text, {**(parameters or {}), **named}, limits or self.limits)

    def sql(
        self,
        text: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        limits: Limits | None = None,
        **named: Any,
    ) -> Answer:
        """Ask in SQL: DuckDB's dialect over the public tables and views; else as `query`."""
        return ask_sql(self._build.connection, text, {**(parameters or {}), **named}, limits or self.limits)

    def search(self, text: str, type_name: str | None = None, limit: int = 20, *, source: str | None = None) -> Found:
        """Find entities by symbol, synonym, identifier or name, with counts by type and source (`warehouse.search`)."""
        with asking(self._build.connection, self.limits.timeout_s) as cursor:
            return search(cursor, text, type_name, limit, source=source)

    @contextmanager
    def reading(self, limits: Limits | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
        """A locked connection to the build for the length of a `with` block, stopped after the time of the limits.

        The functions of `warehouse.analyst` take it.

        Raises:
            QuestionTimeoutError, QuestionMemoryError, QuestionError: what runs on it met a limit, or is wrong.
        """
        with asking(self._build.connection, (limits or self.limits).timeout_s) as cursor:
            yield cursor

    def ask(
        self,
        template_name: str,
        parameters: Mapping[str, object] | None = None,
        *,
        limits: Limits | None = None,
        **named: object,
    ) -> Answer:
        """Ask a question of `warehouse/analyst/templates/`, e.g. `warehouse.ask("drugs_of_gene", gene="EGFR")`.

        Raises:
            QuestionError: there is no such template, or a parameter is missing or is no value of its type.
        """
        chosen = template(template_name)
        with self.reading(limits) as connection:
            bound = chosen.bind(connection, {**(parameters or {}), **named})
        return self.query(chosen.query, bound, limits=limits)

    def explain(self, text: str, parameters: Mapping[str, Any] | None = None) -> str:
        """The SQL to which a Cypher query is compiled, and DuckDB's plan of it."""
        return self._graph.explain(text, parameters)

    def cancel(self) -> int:
        """Stop every Cypher question that runs now, from another thread; each raises `QuestionCancelledError`.

        Returns:
            How many were stopped.
        """
        return self._graph.cancel()

    def documents(
        self,
        entity_id: str | None = None,
        *,
        entity_type: str | None = None,
        media_type: str | None = None,
        source: str | None = None,
    ) -> list[Document]:
        """The documents of this build that fit (`warehouse.documents.document`)."""
        return documents(self, entity_id, entity_type=entity_type, media_type=media_type, source=source)

    def open_document(self, document: Document, **options: Any) -> AbstractContextManager[BinaryIO]:
        """Open a document to read it; the options are those of `warehouse.documents.opening.open_document`."""
        return open_document(self, document, **options)

    def matrix(self, name: str, *, limits: Limits | None = None, **options: Any) -> MatrixArrays:
        """A matrix as arrays; the options are those of `warehouse.matrices.read_matrix`: `layer`, `rows`, `features`.

        Raises:
            QuestionError: there is no such matrix, layer, row or feature.
            QuestionTimeoutError: it took too long.
        """
        with self.reading(limits) as connection:
            return read_matrix(connection, name, **options)

    def artefacts(self, run: str) -> tuple[Artefact, ...]:
        """The files that a run handed back, by name; the run may be active or not.

        Raises:
            BuildError: there is no such run.
        """
        return self._record(run)[1].artefacts

    def open_artefact(self, run: str, name: str) -> AbstractContextManager[BinaryIO]:
        """Open an artefact of a run to read it; its bytes are compared with the checksum first.

        Raises:
            BuildError: there is no such run or artefact, or it is missing or damaged.
        """
        results, record = self._record(run)
        return open_artefact(results, record, name)

    def _record(self, run: str) -> tuple[Path, RunRecord]:
        home = self.build.home
        if home is None:
            raise BuildError(f"{self.build.folder} is a build alone, without the results of runs.")
        return home.results, read_record(home.results, run)

    def receipt(self) -> dict[str, Any]:
        """What the build was made from, and what was set aside, by source."""
        return self.build.receipt()

    def close(self) -> None:
        """Let go of the file."""
        self._graph.close()
        self._build.close()


def _no_database(path: Path) -> Build:
    raise BuildError(f"{path} is no warehouse.", f"Give the folder of a warehouse, or a file named {DATABASE}.")
