"""How long questions take on both stores over the same graph: one asker, then eight at once."""

from __future__ import annotations

import itertools
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.harness import Figure, percentiles
from benchmarks.neo4j._server import generated, started, target
from warehouse.answer import Limits
from warehouse.graph.duckdb_store import DuckDBGraphStore
from warehouse.graph.neo4j.bulk import bulk_load
from warehouse.graph.neo4j.connection import Connection
from warehouse.graph.neo4j.installation import Installation
from warehouse.graph.neo4j.publication import adopt
from warehouse.graph.neo4j.store import Neo4jGraphStore

_READERS = 8
_LIMITS = Limits()
QUESTIONS = {
    "point": "MATCH (g:Gene {id: $id}) RETURN g.name",
    "one_hop": "MATCH (g:Gene {id: $id})-[:INTERACTS_WITH]-(h:Gene) RETURN h.id, h.name",
    "two_hops": "MATCH (g:Gene {id: $id})-[:INTERACTS_WITH]->()-[:INTERACTS_WITH]->(h) RETURN count(DISTINCT h) AS n",
    "shortest_path": ("MATCH p = shortestPath((a:Gene {id: $id})-[*..6]-(b:Gene {id: $other})) RETURN length(p) AS n"),
    "aggregate": "MATCH (d:Drug)-[:BINDS]->(g:Gene) RETURN g.id AS id, count(*) AS n ORDER BY n DESC, id LIMIT 20",
}
#: Full text is the search of each store: an index of Neo4j, the table of synonyms in DuckDB.
_FULL_TEXT = "CALL db.index.fulltext.queryNodes('names', $words) YIELD node RETURN node.id LIMIT 20"


def run(small: bool) -> list[Figure]:
    """Fill both stores with the same generated graph and ask both the same questions, in turns."""
    count, rounds = (20_000, 8) if small else (1_000_000, 100)
    with tempfile.TemporaryDirectory(prefix="targetgraph-") as folder, started() as server:
        server.stop()
        build = generated(count, Path(folder))
        bulk_load(build, Installation.at(server.folder))
        server.start()
        with Connection(target(server)) as connection:
            adopt(connection, build)
        genes = max(count // 50, 100)
        ours, theirs = DuckDBGraphStore(build), Neo4jGraphStore(target(server), build)
        try:
            asks = _asks(ours, theirs, genes)
            figures = [figure for name, both in asks.items() for figure in _alone(name, both, rounds)]
            figures += [figure for name, both in asks.items() for figure in _together(name, both, rounds)]
        finally:
            ours.close()
            theirs.close()
    return figures


Ask = Callable[[int], Any]


def _asks(ours: DuckDBGraphStore, theirs: Neo4jGraphStore, genes: int) -> dict[str, tuple[Ask, Ask]]:
    """For each question how to ask it of each store in a given round; both get the same."""

    def parameters(text: str, turn: int) -> dict[str, str]:
        ids = {
            "id": f"ncbigene:{turn * 7919 % genes + 1}",
            "other": f"ncbigene:{(turn * 104_729 + 17) % genes + 1}",
            "words": f'"name {turn * 7919 % genes + 1}"',
        }
        return {name: value for name, value in ids.items() if f"${name}" in text}

    def asker(store: DuckDBGraphStore | Neo4jGraphStore, text: str) -> Ask:
        return lambda turn: store.query(text, parameters(text, turn), _LIMITS).rows()

    asks = {name: (asker(ours, text), asker(theirs, text)) for name, text in QUESTIONS.items()}
    for name, (one, other) in asks.items():
        for turn in range(5):
            assert sorted(map(repr, one(turn))) == sorted(map(repr, other(turn))), name
    from warehouse.search import search

    def found(turn: int) -> Any:
        return search(ours.connection.cursor(), parameters("$words", turn)["words"].strip('"'), "Gene", 20).rows()

    return {**asks, "full_text": (found, asker(theirs, _FULL_TEXT))}


def _next(ask: Ask, turns: Iterator[int]) -> object:
    return ask(next(turns))


def _alone(name: str, both: tuple[Ask, Ask], rounds: int) -> list[Figure]:
    told = []
    for ask in both:
        turns = itertools.count()
        told.append(percentiles(partial(_next, ask, turns), rounds))
    return _figures(name, *told)


def _together(name: str, both: tuple[Ask, Ask], rounds: int) -> list[Figure]:
    """Eight threads ask at once; each answer is timed."""
    return _figures(f"{name}_8_readers", *(_crowd(ask, rounds) for ask in both))


def _crowd(ask: Ask, rounds: int) -> tuple[float, float, float]:
    taken: list[float] = []

    def read(first: int) -> None:
        for turn in range(first, first + max(rounds // _READERS, 2)):
            start = time.perf_counter()
            ask(turn)
            taken.append((time.perf_counter() - start) * 1000)

    threads = [threading.Thread(target=read, args=(number * 1000,)) for number in range(_READERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    taken.sort()
    return taken[len(taken) // 2], taken[min(int(len(taken) * 0.95), len(taken) - 1)], taken[-1]


def _figures(name: str, ours: tuple[float, ...], theirs: tuple[float, ...]) -> list[Figure]:
    return [
        Figure(f"{name}_{share}_ms", round(mine, 3), "ms", None, "neo4j", round(other, 3))
        for share, mine, other in zip(("p50", "p95", "max"), ours, theirs, strict=True)
    ]
