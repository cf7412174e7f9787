"""Runs a corpus of queries with the answers that Neo4j recorded, and compares.

A corpus is a folder: Parquet files of one graph with `analysts.jsonl` and `edge_cases.jsonl`, and `tck.jsonl.gz`, in
which every scenario carries a small graph of its own.
"""

from __future__ import annotations

import gzip
import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

import duckdb

from warehouse.cypher.catalogue import ORDINAL_SHIFT, Catalogue, NodeType, PropertyType, RelationshipType
from warehouse.cypher.compiler.relation import quote
from warehouse.cypher.engine.layout import derive
from warehouse.cypher.engine.run import CypherEngine, lock
from warehouse.cypher.values.temporal import SECOND, Duration, Temporal
from warehouse.cypher.values.temporal_text import from_text
from warehouse.cypher.values.values import CypherValue, Node, Path, Relationship, encode
from warehouse.errors import TargetGraphError

QUERY_FILES = ("analysts.jsonl", "edge_cases.jsonl")
KIT_FILE = "tck.jsonl.gz"
TIMEOUT_S = 20.0


@dataclass
class Outcome:
    """What became of one query.

    `equal`, `different`, `refused` (only here), `strict` (by both), `laxer` (only by Neo4j), or `unrecorded` where the
    corpus lacks what the answer needs.
    """

    kind: str
    name: str
    query: str
    detail: str = ""


@dataclass
class Report:
    """The outcomes of a corpus."""

    outcomes: list[Outcome] = field(default_factory=list)

    def count(self, kind: str) -> int:
        """How many queries ended so."""
        return Counter(outcome.kind for outcome in self.outcomes)[kind]

    @property
    def answered(self) -> int:
        """How many queries Neo4j answered."""
        return len(self.outcomes) - sum(map(self.count, ("strict", "laxer", "unrecorded")))

    @property
    def equal_share(self) -> float:
        """The share of those that gave the same answer here."""
        return self.count("equal") / self.answered if self.answered else math.nan


def run_queries(folder: FilePath) -> Report:
    """Run the analysts' queries over the graph in the folder's Parquet files."""
    engine = load_graph(folder)
    report = Report()
    for name in QUERY_FILES:
        for entry in read_lines(folder / name):
            report.outcomes.append(judge(engine, entry, name))
    return report


def run_kit(
    folder: FilePath, entries: Iterable[Mapping[str, Any]] | None = None
) -> Iterator[tuple[Mapping[str, Any], Outcome]]:
    """Run the scenarios of the kit, each over its own graph."""
    engines: dict[str, tuple[CypherEngine, dict[int, int]]] = {}
    for entry in read_lines(folder / KIT_FILE) if entries is None else entries:
        key = json.dumps([entry["nodes"], entry["relationships"]], sort_keys=True)
        if key not in engines:
            engines[key] = scenario_engine(entry)
        engine, numbers = engines[key]
        yield entry, judge(engine, entry, f"{entry['feature']} {entry['scenario']}", numbers)


def is_temporal(entry: Mapping[str, Any]) -> bool:
    """Whether a scenario is about dates, times or durations."""
    words = json.dumps([entry["query"], entry.get("rows"), entry["nodes"]])
    return "temporal" in entry["feature"] or any(
        f'"{tag}":' in words for tag in ("datetime", "time", "duration", "date")
    )


def has_several_labels(entry: Mapping[str, Any]) -> bool:
    """Whether a node of the scenario carries several labels."""
    return any(len(node["labels"]) > 1 for node in entry["nodes"])


def read_lines(path: FilePath) -> list[dict[str, Any]]:
    """The JSON documents of a file, one on each line."""
    text = gzip.decompress(path.read_bytes()).decode() if path.suffix == ".gz" else path.read_text("utf-8")
    return [json.loads(line) for line in text.splitlines()]


# --- judging ---------------------------------------------------------------------------------------------------------


def judge(
    engine: CypherEngine, entry: Mapping[str, Any], name: str, numbers: Mapping[int, int] | None = None
) -> Outcome:
    """Run one query and compare with what was recorded."""
    query = entry["query"]
    try:
        parameters = {key: _parameter(value) for key, value in entry["parameters"].items()}
        result = engine.query(query, parameters, timeout_s=TIMEOUT_S, row_limit=None)
        rows = [tuple(comparable(value, numbers) for value in row) for row in result.rows()]
    except TargetGraphError as error:
        return Outcome("strict" if "error" in entry else "refused", name, query, str(error))
    if ".timezone" in query and _has_zone(entry):
        return Outcome("unrecorded", name, query, "the record of the graph has lost the name of a zone")
    if "error" in entry:
        return Outcome("laxer", name, query, entry["error"])
    wanted = [tuple(recorded(value) for value in row) for row in entry["rows"]]
    if result.columns != entry["columns"]:
        return Outcome("different", name, query, f"columns {result.columns} instead of {entry['columns']}")
    if same_rows(rows, wanted, entry["ordered"], query):
        return Outcome("equal", name, query)
    return Outcome("different", name, query, f"{rows[:5]}\n   instead of {wanted[:5]}")


def _has_zone(entry: Mapping[str, Any]) -> bool:
    values = [value for node in entry.get("nodes", ()) for value in node["properties"].values()]
    return any(isinstance(value, dict) and "datetime" in value for value in values)


def same_rows(rows: list[CypherValue], wanted: list[CypherValue], ordered: bool, query: str) -> bool:
    """Whether two answers are the same; lists that `collect` made may differ in order where nothing orders them."""
    loose = any(word in query.lower() for word in ("collect", "keys(", "labels(", "[("))
    if len(rows) != len(wanted):
        return False
    if not ordered:
        rows, wanted = sorted(rows, key=_pairing_key), sorted(wanted, key=_pairing_key)
    return all(
        close(row, other) or (loose and _loose_key(row) == _loose_key(other))
        for row, other in zip(rows, wanted, strict=True)
    )


def _pairing_key(row: CypherValue) -> tuple[str, str]:
    return _loose_key(row), repr(row)


def _loose_key(value: CypherValue) -> str:
    """Text by which rows are paired: lists without order, floats rounded."""
    if isinstance(value, (list, tuple)):
        parts = [_loose_key(item) for item in value]
        return "[" + ",".join(sorted(parts) if isinstance(value, list) else parts) + "]"
    if isinstance(value, dict):
        return "{" + ",".join(f"{key}:{_loose_key(item)}" for key, item in sorted(value.items())) + "}"
    if isinstance(value, float):
        return f"{value:.9g}f"
    return repr(value)


def close(left: CypherValue, right: CypherValue) -> bool:
    """Equality with floats to nine digits; an integer is no float."""
    if type(left) is not type(right):
        return False
    if isinstance(left, float):
        return math.isclose(left, right, rel_tol=1e-9, abs_tol=1e-12) or (math.isnan(left) and math.isnan(right))
    if isinstance(left, (list, tuple)):
        return len(left) == len(right) and all(map(close, left, right))
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(close(left[key], right[key]) for key in left)
    return bool(left == right)


def comparable(value: CypherValue, numbers: Mapping[int, int] | None) -> CypherValue:  # noqa: PLR0911
    """A value of ours in the form in which both sides are compared.

    Args:
        value: the value.
        numbers: the scenario's numbers of nodes and relationships by their ids here; `None` to compare them whole.
    """
    match value:
        case Node() if numbers is None:
            return {"node": {"labels": sorted(value.labels), "properties": comparable(dict(value), None)["map"]}}
        case Relationship() if numbers is None:
            return {"relationship": {"type": value.type, "properties": comparable(dict(value), None)["map"]}}
        case Node() | Relationship():
            return {type(value).__name__.lower(): (numbers or {})[value.number]}
        case Path():
            return {
                "path": {
                    "nodes": [_inside(node, numbers) for node in value.nodes],
                    "relationships": [_inside(one, numbers) for one in value.relationships],
                }
            }
        case list():
            return [comparable(item, numbers) for item in value]
        case dict():
            return {"map": {key: comparable(item, numbers) for key, item in value.items()}}
        case None | bool() | int() | float() | str():
            return value
        case _:
            return {"temporal": _canonical(_iso(value))}


def _inside(value: CypherValue, numbers: Mapping[int, int] | None) -> CypherValue:
    """A node or relationship inside a path, which is recorded without its tag."""
    (found,) = comparable(value, numbers).values()
    return found


_TEMPORAL = frozenset({"date", "time", "localtime", "datetime", "localdatetime", "duration"})


def recorded(value: Any) -> CypherValue:  # noqa: PLR0911
    """A recorded value in the form in which both sides are compared."""
    if isinstance(value, list):
        return [recorded(item) for item in value]
    if not isinstance(value, dict):
        return value
    ((tag, content),) = value.items()
    if tag == "map":
        return {"map": {key: recorded(item) for key, item in content.items()}}
    if tag == "float":
        return float(content)
    if tag in _TEMPORAL:
        return {"temporal": _canonical(content)}
    if tag in ("node", "relationship") and isinstance(content, dict):
        inner = {key: recorded(item) for key, item in content["properties"].items()}
        return {tag: {**content, "properties": inner}}
    return value


def _iso(value: CypherValue) -> str:
    """A temporal value as Neo4j's driver writes it, which differs from Cypher's own text."""
    if not isinstance(value, Temporal):
        return str(value) if isinstance(value, Duration) else value.isoformat()
    seconds, fraction = divmod(value.nanos, SECOND)
    time = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{fraction:09}" if value.has_time else ""
    # The driver drops the seconds of an offset, downward.
    minutes = value.offset_s // 60
    zone = f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}" if value.has_zone else ""
    day = value.date.isoformat() if value.has_date else ""
    return f"{day}{'T' if day and time else ''}{time}{zone}"


def _canonical(text: str) -> str:
    """The text of a time without trailing zeros of its fraction, as Cypher writes it."""
    shorter = re.sub(r"(\.\d*?)0+(?=\D|$)", r"\1", text)
    return re.sub(r"\.(?=\D|$)", "", shorter)


def _parameter(value: Any) -> CypherValue:
    if isinstance(value, dict):
        if set(value) == {"map"}:
            return {key: _parameter(item) for key, item in value["map"].items()}
        return {key: _parameter(item) for key, item in value.items()}
    return [_parameter(item) for item in value] if isinstance(value, list) else value


# --- graphs ----------------------------------------------------------------------------------------------------------

_FROM_DUCKDB = {type_.value: type_ for type_ in PropertyType}


def load_graph(folder: FilePath) -> CypherEngine:
    """The graph of a folder: a Parquet file for each node type, and `relationships.parquet`."""
    connection = duckdb.connect(":memory:", config={"threads": 2})
    connection.execute("CREATE SCHEMA graph")
    files = sorted(path for path in folder.glob("*.parquet") if path.stem != "relationships")
    nodes = tuple(_load_nodes(connection, path, ordinal) for ordinal, path in enumerate(files))
    keys = " UNION ALL ".join(f"SELECT id, _nid FROM graph.{quote(node.table)}" for node in nodes)
    connection.execute(f"CREATE TEMP TABLE keys AS {keys}")
    connection.execute(
        "CREATE TEMP TABLE raw AS SELECT * FROM read_parquet(?)", [str(folder / "relationships.parquet")]
    )
    found = connection.execute("SELECT DISTINCT type FROM raw ORDER BY type").fetchall()
    relationships = tuple(_load_relationships(connection, name, ordinal) for ordinal, (name,) in enumerate(found))
    return _opened(connection, Catalogue(nodes, relationships))


def _opened(connection: duckdb.DuckDBPyConnection, catalogue: Catalogue) -> CypherEngine:
    derive(connection, catalogue)
    lock(connection)
    return CypherEngine(connection, catalogue)


def _properties(connection: duckdb.DuckDBPyConnection, name: str, without: tuple[str, ...]) -> dict[str, PropertyType]:
    described = connection.execute(f"DESCRIBE {name}").fetchall()
    return {row[0]: _FROM_DUCKDB[row[1]] for row in described if row[0] not in without and not row[0].startswith("_")}


def _load_nodes(connection: duckdb.DuckDBPyConnection, path: FilePath, ordinal: int) -> NodeType:
    name = f"graph.{quote(path.stem)}"
    connection.execute(
        f"CREATE TABLE {name} AS SELECT {ordinal << ORDINAL_SHIFT} + row_number() OVER (ORDER BY id) - 1 AS _nid, * "
        "FROM read_parquet(?) ORDER BY _nid",
        [str(path)],
    )
    return NodeType(path.stem, path.stem, ordinal, _properties(connection, name, ()))


def _load_relationships(connection: duckdb.DuckDBPyConnection, type_name: str, ordinal: int) -> RelationshipType:
    name = f"graph.{quote(type_name)}"
    described = ("type", "start_label", "end_label", "start", "end")
    connection.execute(
        f"CREATE TABLE {name} AS SELECT "
        f"{ordinal << ORDINAL_SHIFT} + row_number() OVER (ORDER BY s._nid, o._nid, raw.rid) - 1 "
        'AS _rid, s._nid AS _s, o._nid AS _o, raw.* EXCLUDE (type, start_label, end_label, start, "end") '
        'FROM raw JOIN keys s ON s.id = raw.start JOIN keys o ON o.id = raw."end" WHERE raw.type = ? ORDER BY _rid',
        [type_name],
    )
    ends = connection.execute(
        "SELECT DISTINCT start_label, end_label FROM raw WHERE type = ? ORDER BY ALL", [type_name]
    ).fetchall()
    properties = _properties(connection, name, described)
    return RelationshipType(type_name, type_name, tuple((a, b) for a, b in ends), properties, ordinal)


def scenario_engine(entry: Mapping[str, Any]) -> tuple[CypherEngine, dict[int, int]]:
    """The graph of a scenario of the kit: a node type for each set of labels, all properties as found."""
    connection = duckdb.connect(":memory:", config={"threads": 1})
    connection.execute("CREATE SCHEMA graph")
    numbers: dict[int, int] = {}
    ids: dict[int, int] = {}
    nodes = []
    groups: dict[tuple[str, ...], list[Any]] = {}
    for node in entry["nodes"]:
        groups.setdefault(tuple(sorted(node["labels"])), []).append(node)
    for ordinal, members in enumerate(groups.values()):
        labels = tuple(members[0]["labels"])
        properties = _property_types(members)
        rows = []
        for position, member in enumerate(members):
            number = (ordinal << ORDINAL_SHIFT) + position
            ids[member["id"]], numbers[number] = number, member["id"]
            rows.append([number, *_stored(member, properties)])
        _create(connection, f"n{ordinal}", ("_nid",), properties, rows)
        nodes.append(NodeType(f"kind{ordinal}", f"n{ordinal}", ordinal, properties, None, labels))
    kinds = {number >> ORDINAL_SHIFT: f"kind{number >> ORDINAL_SHIFT}" for number in ids.values()}
    relationships = _scenario_relationships(connection, entry, ids, numbers, kinds, len(nodes))
    return _opened(connection, Catalogue(tuple(nodes), relationships)), numbers


def _scenario_relationships(  # noqa: PLR0917
    connection: duckdb.DuckDBPyConnection,
    entry: Mapping[str, Any],
    ids: Mapping[int, int],
    numbers: dict[int, int],
    kinds: Mapping[int, str],
    first: int,
) -> tuple[RelationshipType, ...]:
    groups: dict[str, list[Any]] = {}
    for one in entry["relationships"]:
        groups.setdefault(one["type"], []).append(one)
    found = []
    for ordinal, (name, members) in enumerate(groups.items(), start=first):
        properties = _property_types(members)
        rows: list[list[CypherValue]] = []
        ends: dict[tuple[str, str], None] = {}
        for position, member in enumerate(sorted(members, key=lambda one: (ids[one["start"]], ids[one["end"]]))):
            number = (ordinal << ORDINAL_SHIFT) + position
            numbers[number] = member["id"]
            start, end = ids[member["start"]], ids[member["end"]]
            ends[kinds[start >> ORDINAL_SHIFT], kinds[end >> ORDINAL_SHIFT]] = None
            rows.append([number, start, end, *_stored(member, properties)])
        _create(connection, f"r{ordinal}", ("_rid", "_s", "_o"), properties, rows)
        found.append(RelationshipType(name, f"r{ordinal}", tuple(ends), properties, ordinal))
    return tuple(found)


_PYTHON_TYPES = {
    str: PropertyType.STRING,
    bool: PropertyType.BOOLEAN,
    int: PropertyType.INTEGER,
    float: PropertyType.FLOAT,
}


def _property_types(members: list[Any]) -> dict[str, PropertyType]:
    kinds: dict[str, set[type]] = {}
    for member in members:
        for key, value in member["properties"].items():
            kinds.setdefault(key, set()).add(type(value))
    return {
        key: _PYTHON_TYPES.get(next(iter(found)), PropertyType.MIXED) if len(found) == 1 else PropertyType.MIXED
        for key, found in kinds.items()
    }


def _stored(member: Any, properties: Mapping[str, PropertyType]) -> list[CypherValue]:
    values = []
    for key, type_ in properties.items():
        value = member["properties"].get(key)
        values.append(encode(_from_record(value)) if type_ is PropertyType.MIXED else value)
    return values


def _from_record(value: Any) -> CypherValue:
    if isinstance(value, list):
        return [_from_record(item) for item in value]
    if isinstance(value, dict):
        ((tag, content),) = value.items()
        zoned = re.search(r"(Z|[+-]\d\d:\d\d(:\d\d)?)$", content[10:] if tag == "datetime" else content)
        local = tag in ("time", "datetime") and zoned is None
        return from_text(f"local{tag}" if local else tag, content)
    return value


def _create(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    ids: tuple[str, ...],
    properties: Mapping[str, PropertyType],
    rows: list[list[CypherValue]],
) -> None:
    columns = [f"{one} BIGINT" for one in ids]
    columns += [f"{quote(key)} {type_.type.sql}" for key, type_ in properties.items()]
    connection.execute(f"CREATE TABLE graph.{name} ({', '.join(columns)})")
    if rows:
        marks = ", ".join("?" * len(columns))
        connection.executemany(f"INSERT INTO graph.{name} VALUES ({marks})", rows)
