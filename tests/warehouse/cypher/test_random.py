"""Random queries: the engine and a naive interpreter must give the same rows."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.warehouse.cypher.conformance import close
from tests.warehouse.cypher.conftest import DISEASES, DRUGS, EDGES, GENES, SHIFT
from tests.warehouse.cypher.oracle import Graph, answer
from warehouse.cypher import CypherEngine, Node, Path, Relationship
from warehouse.cypher.values.temporal import from_python, to_python
from warehouse.cypher.values.values import NodeReference, PathReference, RelationshipReference, sort_key

SETTINGS = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
PARAMETERS: dict[str, Any] = {"year": 1997, "ids": ["g0", "g3", "d1"], "name": "MEN1", "none": None}


def _graph() -> Graph:
    import datetime as dt

    graph = Graph()
    names = {
        "Gene": ("id", "symbol", "year", "score", "aliases", "approved"),
        "Drug": ("id", "name", "year"),
        "Disease": ("id", "name", "active"),
    }
    numbers = {}
    for ordinal, (label, rows) in enumerate((("Gene", GENES), ("Drug", DRUGS), ("Disease", DISEASES))):
        for position, row in enumerate(rows):
            number = (ordinal << SHIFT) + position
            numbers[row[0]] = number
            values = {name: value for name, value in zip(names[label], row, strict=True) if value is not None}
            if "approved" in values:
                values["approved"] = from_python(dt.date.fromisoformat(values["approved"]))
            graph.nodes[number] = frozenset({label}), values
    for ordinal, (name, edges) in enumerate(EDGES.items()):
        for position, (start, end, score) in enumerate(edges):
            properties = {} if score is None else {"score": score}
            graph.relationships[(ordinal << SHIFT) + position] = name, numbers[start], numbers[end], properties
    return graph


GRAPH = _graph()

labels = st.sampled_from(["", ":Gene", ":Drug", ":Disease", ":Gene|Drug", ":!Gene", ":Gene&Drug", ":%"])
relationship_types = st.sampled_from(["", ":INTERACTS", ":TARGETS", ":INTERACTS|ASSOCIATES", ":!INTERACTS"])
lengths = st.sampled_from(["", "", "", "*", "*2", "*0..1", "*1..2", "*..3"])
maps = st.sampled_from(["", "", "", " {id: 'g0'}", " {year: 1997}", " {year: $year}", " {symbol: 'TP53'}"])


@st.composite
def node(draw: st.DrawFn, name: str) -> str:
    return f"({name}{draw(labels)}{draw(maps)})"


@st.composite
def relationship(draw: st.DrawFn, name: str) -> str:
    types, length = draw(relationship_types), draw(lengths)
    # Cypher takes no `!` beside `*`.
    body = f"[{name}{'' if length and '!' in types else types}{length}]"
    return draw(st.sampled_from([f"-{body}->", f"<-{body}-", f"-{body}-"]))


@st.composite
def match(draw: st.DrawFn) -> tuple[str, bool]:
    """A MATCH that binds `a` and `b`, and whether `r` is one relationship (not a list)."""
    middle = draw(relationship("r"))
    pattern = draw(node("a")) + middle + draw(node("b"))
    if draw(st.booleans()):
        pattern += draw(relationship("")) + draw(node(draw(st.sampled_from(["", "a", "c"]))))
    elif draw(st.booleans()):
        pattern += ", " + draw(node(draw(st.sampled_from(["c", "b"]))))
    return "MATCH p = " + pattern if "," not in pattern else "MATCH " + pattern, "*" not in middle


scalars = st.sampled_from(
    ["a.id", "b.id", "a.year", "b.year", "a.score", "a.symbol", "b.name", "a.active", "a.approved", "1", "1997",
     "2.5", "'MEN1'", "null", "true", "$year", "$name", "$none", "a.aliases[0]", "size(a.aliases)"]
)  # fmt: skip


@st.composite
def predicate(draw: st.DrawFn, depth: int = 0) -> str:
    left, right = draw(scalars), draw(scalars)
    simple = [
        f"{left} = {right}", f"{left} <> {right}", f"{left} < {right}", f"{left} >= {right}", f"{left} IS NULL",
        f"{left} IS NOT NULL", "a.id IN $ids", f"{left} IN ['g1', 1997, null]", f"{left} IN [{right}, {left}]",
        "a.symbol STARTS WITH 'M'", "toLower(a.symbol) CONTAINS 'e'", "a:Gene", "b:Drug|Disease", "a = b",
        "any(x IN a.aliases WHERE x = 'a')", "all(x IN a.aliases WHERE size(x) > 1)", "single(x IN [1, 2] WHERE x > 1)",
        "(a)-[:ASSOCIATES]->()", "EXISTS { (b)<--(x:Gene) WHERE x.year > 1990 }", "COUNT { (a)--() } > 2",
        "'Gene' IN labels(a)", f"coalesce({left}, {right}) = {right}", "none(x IN labels(b) WHERE x = 'Gene')",
    ]  # fmt: skip
    if depth < 2 and draw(st.booleans()):
        operator = draw(st.sampled_from(["AND", "OR", "XOR"]))
        return f"({draw(predicate(depth + 1))} {operator} {draw(predicate(depth + 1))})"
    chosen = draw(st.sampled_from(simple))
    return f"NOT ({chosen})" if draw(st.booleans()) else chosen


@st.composite
def plain_query(draw: st.DrawFn) -> str:
    clause, single = draw(match())
    where = f" WHERE {draw(predicate())}" if draw(st.booleans()) else ""
    optional = ""
    if draw(st.booleans()):
        optional = " OPTIONAL MATCH (b)" + draw(relationship("s")) + draw(node("o"))
    items = ["a", "b.id AS i", "labels(a)[0] AS l", "p" if "MATCH p" in clause else "1 AS one", "a {.id, .year} AS m"]
    items += ["type(r) AS t", "r.score AS w", "startNode(r) = a AS forward"] if single else ["size(r) AS n", "r"]
    items += ["o", "o.id AS oi"] if optional else []
    items += [f"CASE WHEN {draw(predicate())} THEN 1 ELSE 'x' END AS c", "[x IN a.aliases | x + '!'] AS xs"]
    chosen = draw(st.lists(st.sampled_from(items), min_size=1, max_size=4, unique=True))
    distinct = draw(st.sampled_from(["", "DISTINCT "]))
    return f"{clause}{where}{optional} RETURN {distinct}{', '.join(chosen)}"


@st.composite
def grouped_query(draw: st.DrawFn) -> str:
    clause, single = draw(match())
    where = f" WHERE {draw(predicate())}" if draw(st.booleans()) else ""
    keys = draw(
        st.lists(
            st.sampled_from(
                ["a", "a.id AS ai", "b.year AS y", "labels(b) AS l"] + (["type(r) AS t"] if single else [])
            ),
            max_size=2,
            unique=True,
        )
    )
    aggregates = [
        "count(*) AS n", "count(DISTINCT b) AS d", "collect(DISTINCT b.id) AS ids", "sum(a.year) AS s",
        "min(b.id) AS lo",
        "max(a.score) AS hi", "avg(b.year) AS mean", "sum(a.score) AS fs", "count(b.name) AS named",
        "collect(b.year) AS ys",
    ]  # fmt: skip
    chosen = draw(st.lists(st.sampled_from(aggregates), min_size=1, max_size=3, unique=True))
    return f"{clause}{where} RETURN {', '.join(keys + chosen)}"


@st.composite
def chained_query(draw: st.DrawFn) -> str:
    clause, _ = draw(match())
    order = draw(st.sampled_from(["a.id, b.id", "a.year DESC, a.id, b.id", "b.score, b.id DESC, a.id"]))
    cut = draw(st.sampled_from(["", " LIMIT 3", " SKIP 1 LIMIT 2"]))
    with_ = f" WITH DISTINCT a, b, a.year AS y ORDER BY {order.replace('b.score', 'y')}{cut}"
    after = draw(st.sampled_from(["", " WHERE y > 1990", " MATCH (a)--(c) WHERE c <> b", " UNWIND [1, null, y] AS u"]))
    last = "u" if "UNWIND" in after else "c.id AS c" if "(c)" in after else "y"
    return f"{clause}{with_}{after} RETURN a.id AS a, b.id AS b, {last}"


def _inward(value: Any) -> Any:
    """An answer of the engine in the interpreter's values."""
    match value:
        case Node():
            return NodeReference(value.number)
        case Relationship():
            return RelationshipReference(value.number)
        case Path():
            return PathReference(
                tuple(one.number for one in value.nodes), tuple(one.number for one in value.relationships)
            )
        case list():
            return [_inward(item) for item in value]
        case dict():
            return {key: _inward(item) for key, item in value.items()}
        case _:
            return value


def _outward(value: Any) -> Any:
    if isinstance(value, list):
        return [_outward(item) for item in value]
    return to_python(value) if hasattr(value, "instant") else value


def _comparable(rows: list[tuple[Any, ...]], text: str) -> list[Any]:
    def of(value: Any) -> Any:
        value = _outward(_inward(value))
        return sorted(value, key=repr) if isinstance(value, list) and "collect" in text else value

    return sorted(([of(value) for value in row] for row in rows), key=repr)


def _check(engine: CypherEngine, text: str) -> None:
    used = {name: value for name, value in PARAMETERS.items() if f"${name}" in text}
    expected = _comparable(answer(GRAPH, text, PARAMETERS), text)
    given_rows = _comparable(engine.query(text, used).rows(), text)
    assert len(given_rows) == len(expected), text
    for one, other in zip(given_rows, expected, strict=True):
        assert close(one, other) or one == other, (text, one, other)


@SETTINGS
@given(text=plain_query())
def test_matches_and_predicates(engine: CypherEngine, text: str) -> None:
    _check(engine, text)


@SETTINGS
@given(text=grouped_query())
def test_grouping(engine: CypherEngine, text: str) -> None:
    _check(engine, text)


@SETTINGS
@given(text=chained_query())
def test_chains_of_clauses(engine: CypherEngine, text: str) -> None:
    _check(engine, text)


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.sampled_from([0.5, 1.0, -2.0, 1e300])
    | st.sampled_from(["", "a", "é"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=2),
    max_leaves=5,
)


@SETTINGS
@given(left=values, right=values)
def test_order_is_total_and_agrees_with_equality(left: Any, right: Any) -> None:
    same = sort_key(left) == sort_key(right)
    assert (sort_key(left) < sort_key(right)) + (sort_key(right) < sort_key(left)) + same == 1


@SETTINGS
@given(items=st.lists(values, max_size=5))
def test_distinct_and_order_of_any_values(engine: CypherEngine, items: list[Any]) -> None:
    rows = engine.query("UNWIND $items AS x WITH DISTINCT x RETURN x ORDER BY x", {"items": items}).rows()
    keys = sorted({sort_key(item) for item in items})
    assert [sort_key(row[0]) for row in rows] == keys
