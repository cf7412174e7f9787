"""Every verb and every prepared question while no run, one run and three runs are active."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from targetgraph.cli import app
from warehouse.analyst.template import Template, templates
from warehouse.home import Home
from warehouse.results.store import Results
from warehouse.tables.schema import SCHEMAS
from warehouse.warehouse import Warehouse

#: What reads, by verb: it answers the same whatever is active, unless it asks about runs.
READS = {
    "ask": (["ask"],),
    "conflicts": (["conflicts", "SKP1"], ["conflicts", "doid:1324", "--type", "Disease"]),
    "diff": (["diff", "BUILD", "BUILD"],),
    "list all": (["list", "all"],),
    "merges": (["merges"],),
    "model": (["model"],),
    "path": (["path", "SKP1", "doid:1324", "--to", "Disease", "--longest", "2"],),
    "prioritise": (
        ["prioritise", "doid:1324"],
        ["prioritise", "doid:1324", "--explain", "SMPK1:evidence"],
    ),
    "query": (["query", "MATCH (g:Gene)-[:INTERACTS_WITH]->(h) RETURN g.id AS g, h.id AS h ORDER BY g, h"],),
    "search": (["search", "SKP1"],),
    "sources": (["sources"],),
    "sql": (["sql", "FROM conflicts ORDER BY ALL"],),
    "status": (["status"], ["status", "--builds"]),
}
#: What writes, or tells of runs; each has a test below, or one of its own elsewhere that says why it is not here.
OTHERS = {
    "analyze", "build", "enrich", "export", "list combine", "list make", "list remove", "list show", "retract",
    "rollback", "runs", "schedule", "update",
}  # fmt: skip
#: They need a server or a browser: tests/targetgraph/test_publish.py, tests/neo4j/test_bulk.py, tests/dashboards.
SERVERS = {"publish", "bulk-load", "dashboard"}


def _verbs() -> Iterator[str]:
    for name, command in typer.main.get_command(app).commands.items():  # type: ignore[attr-defined]
        inner = getattr(command, "commands", {})
        yield from [f"{name} {sub}" for sub in inner] or [name]


def test_every_verb_is_tried() -> None:
    assert set(_verbs()) == {*READS, *OTHERS, *SERVERS}


def _call(home: Home, *words: str) -> Result:
    given = [home.current().id if word == "BUILD" else word for word in words]
    where = [] if words[0] in {"model", "sources"} else ["--home", str(home.root)]
    called = CliRunner().invoke(app, [*given, *where], catch_exceptions=True)
    assert called.exit_code == 0, (called.output, called.exception)
    return called


def _without_predictions(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    """The rows without what a table says of predictions on purpose."""
    return [{name: value for name, value in row.items() if name != "predictions"} for row in rows]


@pytest.mark.parametrize("words", [words for all_words in READS.values() for words in all_words], ids=" ".join)
def test_what_reads_answers_the_same_whatever_is_active(homes_with_runs: dict[int, Home], words: list[str]) -> None:
    told = [json.loads(_call(home, *words, "--format", "json").stdout) for home in homes_with_runs.values()]
    none, one, three = map(_without_predictions, told)
    assert none == one == three
    assert none or words[0] in {"diff", "list"}


@pytest.fixture(scope="module")
def opened(homes_with_runs: dict[int, Home]) -> Iterator[list[Warehouse]]:
    """The warehouses with no run, one and three, open for all questions."""
    warehouses = [Warehouse.open(home.root) for home in homes_with_runs.values()]
    yield warehouses
    for warehouse in warehouses:
        warehouse.close()


@pytest.mark.parametrize("one", templates().values(), ids=list(templates()))
def test_a_prepared_question_answers_the_same_whatever_is_active(opened: list[Warehouse], one: Template) -> None:
    given = _given(opened[0], one)
    none, one_run, three = ([_sorted(row) for row in asked.query(one.query, given).rows()] for asked in opened)
    assert none == one_run == three


def _sorted(row: tuple[object, ...]) -> list[object]:
    """A row whose lists, which are collected in no order, are sorted."""
    return [sorted(value, key=repr) if isinstance(value, list) else value for value in row]


def _given(warehouse: Warehouse, one: Template) -> dict[str, object]:
    """A value for every parameter: of an entity the first of the sample that most is said of."""
    given: dict[str, object] = {}
    for name, parameter in one.parameters.items():
        value: object = one.example.get(name, parameter.default or "")
        if parameter.type in {"integer", "number"}:
            value = float(str(value)) if parameter.type == "number" else int(str(value))
        elif parameter.type != "text":
            ids = "SELECT id FROM entities WHERE type = $type ORDER BY id LIMIT 1"
            value = next((row[0] for row in warehouse.sql(ids, type=parameter.type).rows()), "")
        given[name] = [value] if parameter.is_list else value
    return given


def test_a_build_has_the_same_schemas_with_and_without_runs(opened: list[Warehouse]) -> None:
    """Whatever code reads by the name of a schema is there: runs only add."""
    there = []
    names = """SELECT schema_name, name FROM (
        SELECT schema_name, table_name AS name FROM duckdb_tables() WHERE database_name = current_database() UNION ALL
        SELECT schema_name, view_name FROM duckdb_views() WHERE database_name = current_database() AND NOT internal)"""
    for warehouse in opened:
        with warehouse.reading() as connection:
            there.append(set(connection.execute(names).fetchall()))
    assert {schema for schema, _name in there[0]} == {*SCHEMAS, "main"}
    assert there[0] <= there[1] <= there[2]


@pytest.mark.parametrize("active", [0, 3])
def test_the_verbs_that_write(homes_with_runs: dict[int, Home], sample_home: Home, tmp_path: Path, active: int) -> None:
    """One after another, in a warehouse of their own."""
    home = Home(tmp_path / "home")
    shutil.copytree(homes_with_runs[active].root, home.root, ignore=shutil.ignore_patterns("raw", "*.lock"))
    raw = str(sample_home.root / "raw")
    with Warehouse.open(home.root) as warehouse:
        found = warehouse.sql("SELECT symbol FROM gene WHERE symbol IS NOT NULL ORDER BY symbol LIMIT 6").rows()
        symbols = [symbol for (symbol,) in found]
    _call(home, "list", "make", "mine", *symbols)
    _call(home, "list", "make", "few", *symbols[:3])
    _call(home, "list", "combine", "rest", "difference", "mine", "few")
    _call(home, "list", "show", "rest")
    _call(home, "enrich", "few", "--background", "mine", "--sets", "Pathway")
    _call(home, "list", "remove", "rest")
    _call(home, "export", str(tmp_path / "tables"), "--table", "gene")
    _call(home, "export", str(tmp_path / "graph"), "--format", "kgx")
    _call(home, "export", str(tmp_path / "free"), "--table", "gene", "--redistributable")
    runs = json.loads(_call(home, "runs", "--format", "json").stdout) if active else []
    assert [run["state"] for run in runs] == ["active"] * active
    for run in runs:
        _call(home, "runs", run["run"])
    _call(home, "analyze", "proximity", "--disease", "doid:1324", "--permutations", "22")
    _call(home, "build", "--source", "hgnc", "--raw", raw, "--subset")
    _call(home, "schedule", "--once", "--source", "hgnc", "--raw", raw)
    _call(home, "conflicts", "SKP1")
    _call(home, "rollback")
    assert len(Results(home).active()) == active + 1
    for run in Results(home).active():
        _call(home, "retract", run, "--yes")
    _call(home, "conflicts", "SKP1")
