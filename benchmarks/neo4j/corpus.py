"""The corpus of Cypher on both engines in one run: analysts' queries, and the openCypher kit with its own graphs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

import duckdb
import neo4j

from benchmarks.harness import DATA, Figure
from benchmarks.neo4j._answers import Comparison, compare
from benchmarks.neo4j._server import sessions, started
from tests.warehouse.cypher.conformance import (
    KIT_FILE,
    QUERY_FILES,
    load_graph,
    read_lines,
    scenario_engine,
)

_FOLDER = DATA / "cypher"
_TEMPORAL = frozenset({"date", "time", "localtime", "datetime", "localdatetime", "duration"})
#: An offset or a zone at the end of a text.
_ZONE = re.compile(r"(?:Z|[+-]\d\d:\d\d(?::\d\d)?(?:\[[^]]+\])?)$")


def run(small: bool) -> list[Figure]:
    """Ask both engines everything that the corpus asks, whatever was recorded."""
    analysts, kit = Comparison(), Comparison()
    with started() as server, sessions(server) as (reading, writing):
        _ask_analysts(analysts, reading, writing)
        server.clear()
        _ask_kit(kit, reading, writing, read_lines(_FOLDER / KIT_FILE)[:: 20 if small else 1])
    return analysts.figures("analysts") + kit.figures("kit")


def _ask_analysts(found: Comparison, reading: neo4j.Session, writing: neo4j.Session) -> None:
    engine = load_graph(_FOLDER)
    _fill(writing)
    for name in QUERY_FILES:
        for entry in read_lines(_FOLDER / name):
            parameters = {key: _parameter(value) for key, value in entry["parameters"].items()}
            compare(found, engine, reading, entry["query"], parameters, ordered=entry.get("ordered", False))
    engine.close()


def _fill(session: neo4j.Session) -> None:
    """The graph of the folder's Parquet files, in Neo4j."""
    with duckdb.connect() as connection:
        for path in sorted(_FOLDER.glob("*.parquet")):
            cursor = connection.execute("FROM read_parquet(?)", [str(path)])
            names = [column[0] for column in cursor.description]
            rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
            if path.stem == "relationships":
                _fill_relationships(session, rows)
            else:
                session.run(f"UNWIND $rows AS row CREATE (n:`{path.stem}`) SET n = row", rows=rows).consume()


def _fill_relationships(session: neo4j.Session, rows: list[dict[str, Any]]) -> None:
    about = ("type", "start_label", "end_label", "start", "end")
    groups: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault((row["type"], row["start_label"], row["end_label"]), []).append(row)
    for (name, start, end), group in groups.items():
        told = [
            {"start": r["start"], "end": r["end"], "p": {k: v for k, v in r.items() if k not in about}} for r in group
        ]
        session.run(
            f"""UNWIND $rows AS row MATCH (a:`{start}` {{id: row.start}}), (b:`{end}` {{id: row.end}})
            CREATE (a)-[r:`{name}`]->(b) SET r = row.p""",
            rows=told,
        ).consume()


def _ask_kit(
    found: Comparison, reading: neo4j.Session, writing: neo4j.Session, entries: Iterable[Mapping[str, Any]]
) -> None:
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for entry in entries:
        groups.setdefault(json.dumps([entry["nodes"], entry["relationships"]], sort_keys=True), []).append(entry)
    for group in groups.values():
        engine, numbers = scenario_engine(group[0])
        theirs = make_graph(writing, group[0])
        for entry in group:
            parameters = {key: _parameter(value) for key, value in entry["parameters"].items()}
            both = (numbers, theirs)
            ordered = entry.get("ordered", False)
            compare(found, engine, reading, entry["query"], parameters, ordered=ordered, numbers=both)
        engine.close()


def make_graph(session: neo4j.Session, entry: Mapping[str, Any]) -> dict[str, int]:
    """The graph of a scenario, instead of the one before; the numbers of its nodes and relationships."""
    session.run("MATCH (n) DETACH DELETE n").consume()
    nodes: dict[int, str] = {}
    numbers: dict[str, int] = {}
    for node in entry["nodes"]:
        labels = "".join(f":`{label}`" for label in node["labels"])
        sets, values = _assignments("n", node["properties"])
        made = session.run(f"CREATE (n{labels}) {sets} RETURN elementId(n)", values).single(strict=True)[0]
        nodes[node["id"]], numbers[made] = made, node["id"]
    for one in entry["relationships"]:
        sets, values = _assignments("r", one["properties"])
        made = session.run(
            f"""MATCH (a), (b) WHERE elementId(a) = $_start AND elementId(b) = $_end
            CREATE (a)-[r:`{one["type"]}`]->(b) {sets} RETURN elementId(r)""",
            {**values, "_start": nodes[one["start"]], "_end": nodes[one["end"]]},
        ).single(strict=True)[0]
        numbers[made] = one["id"]
    return numbers


def _assignments(variable: str, properties: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Clauses that set properties; temporal values are made by the server from their text."""
    clauses, values = [], {}
    for index, (key, value) in enumerate(properties.items()):
        values[f"p{index}"], shown = _said(value, f"$p{index}")
        clauses.append(f"SET {variable}.`{key}` = {shown}")
    return " ".join(clauses), values


def _said(value: Any, name: str) -> tuple[Any, str]:
    if isinstance(value, list) and value and isinstance(value[0], dict) and set(value[0]) & _TEMPORAL:
        texts = [next(iter(item.values())) for item in value]
        return texts, f"[x IN {name} | {_maker(next(iter(value[0])), texts[0])}(x)]"
    if isinstance(value, dict):
        ((tag, content),) = value.items()
        if tag in _TEMPORAL:
            return content, f"{_maker(tag, content)}({name})"
        if tag == "float":
            return float(content), name
    return value, name


def _maker(tag: str, text: str) -> str:
    """The function that makes a value; the record does not tell a time with a zone from one without."""
    return f"local{tag}" if tag in {"time", "datetime"} and not _ZONE.search(text) else tag


def _parameter(value: Any) -> Any:
    if isinstance(value, dict):
        inner = value["map"] if set(value) == {"map"} else value
        return {key: _parameter(item) for key, item in inner.items()}
    return [_parameter(item) for item in value] if isinstance(value, list) else value
