"""The engines that run inside the process that asks: ours and Ladybug."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.cypher import NODES, RELATIONSHIPS, generate
from benchmarks.cypher_peers.engine import (
    MEMORY_MB,
    QUESTION_TIMEOUT_S,
    THREADS,
    Ask,
    Parameters,
    PeerError,
    Rows,
    peak_memory_gb,
)
from warehouse.cypher import CypherEngine, derive, open_locked


class _Embedded:
    """The process is its own, so its memory is the engine's, and the whole store is data."""

    def data(self, store: Path) -> list[Path]:
        """The whole store."""
        return [store]

    def peak_gb(self) -> float:
        """The peak of this process."""
        return peak_memory_gb("self")


class TargetGraph(_Embedded):
    """This project: the DuckDB layout and the Cypher compiler."""

    dialect: Mapping[str, str] = {}

    def prepare(self) -> str:
        """Always there; DuckDB's version tells."""
        return f"on DuckDB {duckdb.__version__}"

    @contextmanager
    def built(self, files: Path, store: Path) -> Iterator[None]:
        """Find the internal ids of the ends, sort, and derive what the compiler reads."""
        settings: dict[str, Any] = {"threads": THREADS, "memory_limit": f"{MEMORY_MB}MB"}
        with duckdb.connect(str(store / "store.duckdb"), config=settings) as connection:
            catalogue = generate(connection, scale=0)
            for node in catalogue.nodes:
                connection.execute(
                    f"INSERT INTO graph.{node.table} BY NAME SELECT {node.ordinal << 40} + row_number() OVER () - 1 "
                    f"AS _nid, id, name, year FROM read_parquet('{files / node.label}.parquet')"
                )
            for one in catalogue.relationships:
                start, end, _ = RELATIONSHIPS[one.name]
                connection.execute(
                    f"INSERT INTO graph.{one.table} BY NAME "
                    f"SELECT {one.ordinal << 40} + row_number() OVER (ORDER BY _s, _o) - 1 AS _rid, * FROM ("
                    f"SELECT s._nid AS _s, o._nid AS _o, score FROM read_parquet('{files / one.name}.parquet') "
                    f"JOIN graph.{start.lower()} s ON s.id = start_id JOIN graph.{end.lower()} o ON o.id = end_id"
                    ") ORDER BY _s, _o, _rid"
                )
            derive(connection, catalogue)
        yield

    @contextmanager
    def answering(self, store: Path) -> Iterator[Ask]:
        """The engine over a locked connection."""
        catalogue = generate(duckdb.connect(), scale=0)
        engine = CypherEngine(open_locked(store / "store.duckdb", MEMORY_MB, THREADS), catalogue)
        try:
            yield lambda text, parameters: engine.query(
                text, parameters, timeout_s=QUESTION_TIMEOUT_S, row_limit=None
            ).rows()
        finally:
            engine.close()


class Ladybug(_Embedded):
    """Ladybug, the embedded graph engine that continues Kuzu."""

    dialect: Mapping[str, str] = {
        "one_hop_any_type": "MATCH (g:Gene {id: $id})-[r]-(x) RETURN label(r) AS t, count(*) AS n",
        "count_by_type": "MATCH ()-[r]->() RETURN label(r) AS t, count(*) AS n",
        "shortest_path": "MATCH p = (a:Gene {id: $id})-[* SHORTEST 1..6]-(b:Gene {id: $other}) RETURN length(p) AS n",
    }

    def prepare(self) -> str:
        """Ask whether the package is there."""
        if importlib.util.find_spec("ladybug") is None:
            raise PeerError("not installed: pip install '.[peers]' in the folder of the project")
        import ladybug

        return str(ladybug.__version__)

    @contextmanager
    def _connection(self, store: Path, read_only: bool) -> Iterator[Any]:
        import ladybug

        database = ladybug.Database(
            str(store / "store.lbug"),
            buffer_pool_size=MEMORY_MB * 2**20,
            max_num_threads=THREADS,
            read_only=read_only,
        )
        connection = ladybug.Connection(database, num_threads=THREADS)
        try:
            yield connection
        finally:
            connection.close()
            database.close()

    @contextmanager
    def built(self, files: Path, store: Path) -> Iterator[None]:
        """One COPY a table; the primary key is the index."""
        with self._connection(store, read_only=False) as connection:
            for label in NODES:
                connection.execute(f"CREATE NODE TABLE {label}(id STRING, name STRING, year INT64, PRIMARY KEY(id))")
                connection.execute(f"COPY {label} FROM '{files / label}.parquet'")
            for name, (start, end, _) in RELATIONSHIPS.items():
                connection.execute(f"CREATE REL TABLE {name}(FROM {start} TO {end}, score DOUBLE)")
                connection.execute(f"COPY {name} FROM '{files / name}.parquet'")
        yield

    @contextmanager
    def answering(self, store: Path) -> Iterator[Ask]:
        """A read-only connection and statements prepared once."""
        with self._connection(store, read_only=True) as connection:
            connection.set_query_timeout(QUESTION_TIMEOUT_S * 1000)
            prepared: dict[str, Any] = {}

            def ask(text: str, parameters: Parameters) -> Rows:
                # The others keep what they have compiled; here the caller does.
                if text not in prepared:
                    prepared[text] = connection.prepare(text, dict(parameters))
                return list(connection.execute(prepared[text], dict(parameters)).get_all())

            yield ask
