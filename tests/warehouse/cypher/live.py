"""The engine beside a real Neo4j: the same graph in both, the same query to both, one judgement.

with server.driver() as driver, driver.session(database="neo4j") as session:
    live = Live(session, engine)          # copies the graph of the engine into the empty database
    outcome = live.judge("MATCH (g:Gene) RETURN g.id", {})

Outcomes are those of `conformance.py`: `equal`, `different`, `refused` (only by us), `strict` (by both), `laxer` (only
by Neo4j). `generated_graph` and `generated_queries` make as many cases as are wanted; a seed fixes them.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import duckdb
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.warehouse.cypher.conformance import Outcome, comparable, same_rows
from tests.warehouse.cypher.conftest import ENDS, SmallGraph, build
from warehouse.cypher import CypherEngine, PropertyType, lock
from warehouse.cypher.compiler.relation import quote
from warehouse.cypher.values.temporal import Duration, Temporal
from warehouse.cypher.values.values import decode
from warehouse.errors import TargetGraphError

TIMEOUT_S = 20.0
_ROWS = 2_000
_SYMBOLS = ("KMT2A", "MEN1", "TP53", "Été", "a", "", None)


class Live:
    """An engine and a Neo4j session over the same graph.

    Args:
        session: of the official driver, over a database that is empty and may be written.
        engine: its graph is copied.
    """

    def __init__(self, session: Any, engine: CypherEngine) -> None:
        self._session = session
        self._engine = engine
        self._numbers: dict[str, dict[int, int]] = {"node": {}, "relationship": {}}
        self._copy()

    def judge(self, text: str, parameters: Mapping[str, Any], name: str = "") -> Outcome:
        """Ask both, and compare."""
        theirs, their_error = self._theirs(text, parameters)
        try:
            result = self._engine.query(text, dict(parameters), timeout_s=TIMEOUT_S, row_limit=None)
        except TargetGraphError as error:
            return Outcome("strict" if their_error else "refused", name, text, str(error))
        if their_error:
            return Outcome("laxer", name, text, their_error)
        assert theirs is not None
        columns, rows = theirs
        if result.columns != columns:
            return Outcome("different", name, text, f"columns {result.columns} instead of {columns}")
        ours = [tuple(self._compared(value, self._identity) for value in row) for row in result.rows()]
        if same_rows(ours, rows, ordered=False, query=text):
            return Outcome("equal", name, text)
        return Outcome("different", name, text, f"{ours[:5]}\n   instead of {rows[:5]}")

    def _theirs(
        self, text: str, parameters: Mapping[str, Any]
    ) -> tuple[tuple[list[str], list[tuple[Any, ...]]] | None, str]:
        import neo4j
        from neo4j.exceptions import DriverError, Neo4jError

        from warehouse.graph.neo4j.values import inward

        try:
            result = self._session.run(neo4j.Query(text, timeout=TIMEOUT_S), dict(parameters))
            columns = list(result.keys())
            rows = [[inward(value, {}) for value in record.values()] for record in result]
        except (Neo4jError, DriverError) as error:
            return None, str(getattr(error, "message", None) or error).splitlines()[0]
        return (columns, [tuple(self._compared(value, self._known) for value in row) for row in rows]), ""

    def _compared(self, value: Any, known: Callable[[str, int], int]) -> Any:
        """A value in the form of `comparable`, nodes and relationships by our numbers."""
        if isinstance(value, list):
            return [self._compared(item, known) for item in value]
        if isinstance(value, dict):
            return {"map": {key: self._compared(item, known) for key, item in value.items()}}
        if type(value).__name__ in {"Node", "Relationship"}:
            kind = type(value).__name__.lower()
            return {kind: known(kind, value.number)}
        if type(value).__name__ == "Path":
            nodes = [known("node", one.number) for one in value.nodes]
            return {"path": {"nodes": nodes, "relationships": [known("relationship", r.number) for r in value]}}
        return comparable(value, {})

    @staticmethod
    def _identity(_kind: str, number: int) -> int:
        return number

    def _known(self, kind: str, number: int) -> int:
        return self._numbers[kind][number]

    def _copy(self) -> None:
        """Create the nodes and relationships, and remember which of theirs is which of ours."""
        theirs: dict[int, int] = {}
        for node in self._engine.catalogue.nodes:
            labels = "".join(f":`{label}`" for label in node.all_labels)
            text = f"UNWIND $rows AS r CREATE (n{labels}) SET n = r RETURN id(n)"
            for numbers, rows in self._rows(node.table, ("_nid",), node.properties):
                found = self._session.run(text, rows=rows).value()
                theirs |= dict(zip((number for (number,) in numbers), found, strict=True))
        self._numbers["node"] = {number: ours for ours, number in theirs.items()}
        for one in self._engine.catalogue.relationships:
            text = (
                "UNWIND $rows AS r MATCH (s) WHERE id(s) = r.s MATCH (o) WHERE id(o) = r.o "
                f"CREATE (s)-[x:`{one.name}`]->(o) SET x = r.p RETURN id(x)"
            )
            for numbers, rows in self._rows(one.table, ("_rid", "_s", "_o"), one.properties):
                sent = [
                    {"s": theirs[s], "o": theirs[o], "p": row} for (_r, s, o), row in zip(numbers, rows, strict=True)
                ]
                found = self._session.run(text, rows=sent).value()
                ours = (number for number, _s, _o in numbers)
                self._numbers["relationship"] |= dict(zip(found, ours, strict=True))

    def _rows(
        self, table: str, ids: tuple[str, ...], properties: Mapping[str, PropertyType]
    ) -> Iterator[tuple[list[tuple[int, ...]], list[dict[str, Any]]]]:
        columns = ", ".join([*ids, *map(quote, properties)])
        cursor = self._engine.connection.cursor()
        cursor.execute(f"SELECT {columns} FROM graph.{quote(table)} ORDER BY {ids[0]}")
        while batch := cursor.fetchmany(_ROWS):
            numbers = [row[: len(ids)] for row in batch]
            yield numbers, [_stored(properties, row[len(ids) :]) for row in batch]


def _stored(properties: Mapping[str, PropertyType], values: tuple[Any, ...]) -> dict[str, Any]:
    """The properties of a row as the driver takes them; null cannot be stored, nor can it inside a list."""
    found = {}
    for (name, type_), value in zip(properties.items(), values, strict=True):
        given = decode(value) if type_ is PropertyType.MIXED and value is not None else value
        if given is not None:
            found[name] = _sent(given)
    return found


def _sent(value: Any) -> Any:
    from neo4j.time import Duration as TheirDuration

    if isinstance(value, list):
        return [_sent(item) for item in value if item is not None]
    if isinstance(value, Duration):
        return TheirDuration(value.months, value.days, value.seconds, value.nanos)
    return _their_temporal(value) if isinstance(value, Temporal) else value


def _their_temporal(value: Temporal) -> Any:
    from neo4j.time import Date, DateTime, Time

    kinds: dict[str, Any] = {
        "date": Date,
        "localtime": Time,
        "time": Time,
        "localdatetime": DateTime,
        "datetime": DateTime,
    }
    return kinds[value.kind].from_iso_format(str(value).partition("[")[0])


# --- cases -----------------------------------------------------------------------------------------------------------


def generated_graph(number: int) -> SmallGraph:
    """A small graph with nulls, loops and parallel relationships; the number fixes it. Lists hold no null."""
    draw = random.Random(number)
    genes = [
        (f"g{n}", draw.choice(_SYMBOLS), draw.choice((1991, 1997, 2001, None)), draw.choice((9.5, 2.5, -1.25, None)),
         draw.choice((["MLL", "HRX"], ["a"], [], None)), draw.choice(("2020-03-01", "1999-12-31", None)))
        for n in range(draw.randint(1, 8))
    ]  # fmt: skip
    drugs = [(f"d{n}", draw.choice(("Revumenib", "Aspirin", None)), draw.choice((2024, 1997, None))) for n in range(3)]
    diseases = [(f"x{n}", draw.choice(("leukaemia", "tumour")), draw.choice((True, False, None))) for n in range(3)]
    ids = {
        "Gene": [row[0] for row in genes],
        "Drug": [row[0] for row in drugs],
        "Disease": [row[0] for row in diseases],
    }
    edges = {
        name: [
            (draw.choice(ids[start]), draw.choice(ids[end]), draw.choice((0.5, 0.1, 0.9, None)))
            for _ in range(draw.randint(0, 8))
        ]
        for name, (start, end) in ENDS.items()
    }
    return SmallGraph(genes, drugs, diseases, edges)


def engine_over(graph: SmallGraph) -> CypherEngine:
    """An engine over a generated graph; close it."""
    connection = duckdb.connect(":memory:", config={"threads": 1, "memory_limit": "512MB"})
    catalogue = build(connection, graph)
    lock(connection)
    return CypherEngine(connection, catalogue)


def generated_queries(count: int, number: int) -> list[str]:
    """About so many different queries of the random tests' generators; the number fixes them."""
    from tests.warehouse.cypher.test_random import chained_query, grouped_query, plain_query

    found: dict[str, None] = {}

    @seed(number)
    @settings(
        max_examples=count,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        deadline=None,
    )
    @given(text=st.one_of(plain_query(), grouped_query(), chained_query()))
    def collect(text: str) -> None:
        found[text] = None

    collect()
    return list(found)
