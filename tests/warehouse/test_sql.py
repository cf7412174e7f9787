"""The door of SQL: reading statements alone, within limits; nothing a text says opens a file or changes a setting."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from tests.conftest import SmallBuild, stated
from warehouse.answer import Limits
from warehouse.errors import BuildError, QuestionError, QuestionMemoryError, QuestionTimeoutError
from warehouse.home import Build
from warehouse.warehouse import Warehouse

SLOW = "SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE hash(a.range) % 7 = hash(b.range) % 3"

REFUSED = """
COPY gene TO '{out}'
COPY (SELECT 1) TO '{out}' (FORMAT parquet)
COPY gene FROM '{file}'
EXPORT DATABASE '{out}'
IMPORT DATABASE '{out}'
ATTACH '{out}'
ATTACH '{out}' AS other (TYPE sqlite)
DETACH warehouse
USE memory
INSTALL httpfs
LOAD httpfs
LOAD '{file}'
UPDATE EXTENSIONS
SET memory_limit = '10GB'
SET enable_external_access = true
SET GLOBAL lock_configuration = false
SET VARIABLE x = 1
RESET memory_limit
PRAGMA memory_limit = '10GB'
PRAGMA database_list
PRAGMA enable_profiling
PRAGMA json_execute_serialized_sql('{{}}')
CALL enable_logging()
CALL force_checkpoint()
CALL pragma_version()
SELECT * FROM enable_logging()
SELECT * FROM disable_logging()
SELECT set_config('memory_limit', '1GB')
CREATE TABLE x AS SELECT 1
CREATE TEMP TABLE gene AS SELECT 1
CREATE OR REPLACE VIEW gene AS SELECT 1
CREATE TEMP MACRO f() AS 1
CREATE SECRET s (TYPE s3)
CREATE SEQUENCE s
CREATE TYPE t AS ENUM ('a')
INSERT INTO graph.gene SELECT * FROM graph.gene
UPDATE graph.gene SET id = 'x'
DELETE FROM graph.gene
TRUNCATE graph.gene
DROP TABLE graph.gene
DROP VIEW gene
ALTER TABLE graph.gene ADD COLUMN x INTEGER
COMMENT ON TABLE graph.gene IS 'x'
MERGE INTO graph.gene USING graph.gene AS g ON false WHEN MATCHED THEN DELETE
WITH x AS (DELETE FROM graph.gene RETURNING *) SELECT * FROM x
CHECKPOINT
VACUUM
BEGIN
COMMIT
PREPARE p AS SELECT 1
EXECUTE p
SELECT 1; SELECT 2
SELECT 1; DROP TABLE graph.gene
SELECT 1;; COPY gene TO '{out}'
SELECT * FROM read_csv('{file}')
SELECT * FROM read_csv_auto('{file}')
SELECT * FROM read_text('{file}')
SELECT * FROM read_blob('{file}')
SELECT * FROM read_json('{file}')
SELECT * FROM read_ndjson_objects('{file}')
SELECT * FROM read_parquet('{file}')
SELECT * FROM parquet_metadata('{file}')
SELECT * FROM read_duckdb('{file}')
SELECT * FROM sqlite_scan('{file}', 't')
SELECT * FROM sniff_csv('{file}')
SELECT * FROM glob('{folder}/*')
SELECT * FROM '{file}'
FROM '{file}'
SELECT * FROM "{file}"
SUMMARIZE '{file}'
DESCRIBE '{file}'
SELECT * FROM query('SELECT * FROM read_csv(''{file}'')')
SELECT * FROM query('COPY gene TO ''{out}''')
SELECT * FROM query_table('{file}')
SELECT * FROM 'https://example.org/x.csv'
SELECT * FROM read_csv('http://example.org/x.csv')
SELECT * FROM read_parquet('s3://bucket/x.parquet')
SELECT getenv('HOME')
SELECT * FROM duckdb_secrets()
SELECT * FROM which_secret('a', 's3')
SELECT * FROM duckdb_extensions()
EXPLAIN ANALYZE CREATE TEMP TABLE gene AS SELECT 1
EXPLAIN (ANALYZE, FORMAT json) CREATE TEMP TABLE gene AS SELECT 1
EXPLAIN /* x */ ANALYZE CREATE TEMP TABLE gene AS SELECT 1
/* x */ EXPLAIN ANALYZE COPY gene TO '{out}'
EXPLAIN ANALYZE COPY gene TO '{database}'
EXPLAIN ANALYZE DELETE FROM graph.gene
EXPLAIN DELETE FROM graph.gene
EXPLAIN ANALYZE SELECT 1; DROP TABLE graph.gene
PIVOT gene ON id
SELECT $missing
SELECT 1 FROM nowhere
SELEC 1
-- nothing
"""
HOSTILE = [line for line in REFUSED.splitlines() if line]


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """A build with two genes."""
    small = SmallBuild(tmp_path_factory.mktemp("sql"))
    small.say("hgnc", stated("Gene", {"id": "hgnc:1", "symbol": "A"}, {"id": "hgnc:2", "symbol": "B"}))
    small.finish()
    return small.close()


@pytest.fixture(scope="module")
def warehouse(build: Build) -> Iterator[Warehouse]:
    """It, opened once: what one text does must not show in the next."""
    with Warehouse(build) as opened:
        yield opened


@pytest.fixture
def copied(build: Build, tmp_path: Path) -> Build:
    """The same build in a folder of its own, to be opened with other limits."""
    return Build("copied", Path(shutil.copytree(build.folder, tmp_path / "copied")))


def _settings(warehouse: Warehouse) -> list[tuple[object, ...]]:
    return warehouse.sql("SELECT name, value FROM duckdb_settings() ORDER BY name").rows()


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_are_refused(warehouse: Warehouse, build: Build, tmp_path: Path, text: str) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("password\nxyzzy\n")
    out, before = tmp_path / "out", build.database.read_bytes()
    settings = _settings(warehouse)
    filled = text.format(file=secret, folder=tmp_path, out=out, database=build.database)
    with pytest.raises(QuestionError) as refused:
        warehouse.sql(filled)
    assert "xyzzy" not in str(refused.value)
    assert not out.exists()
    assert build.database.read_bytes() == before
    assert _settings(warehouse) == settings
    assert warehouse.sql("SELECT id FROM gene ORDER BY id").rows() == [("hgnc:1",), ("hgnc:2",)]
    assert warehouse.sql("SELECT count(*) FROM duckdb_tables() WHERE temporary").rows() == [(0,)]


def test_enough_hostile_texts() -> None:
    assert len(set(HOSTILE)) >= 40


def test_variables_of_the_caller_are_no_tables(warehouse: Warehouse) -> None:
    secret = pl.DataFrame({"password": ["xyzzy"]})
    arrow = secret.to_arrow()
    for name in ("secret", "arrow", "parameters", "HOSTILE"):
        for text in (f"SELECT * FROM {name}", f"FROM query_table('{name}')", f"SUMMARIZE {name}"):
            with pytest.raises(QuestionError, match="does not exist"):
                warehouse.sql(text)
    assert secret.height == arrow.num_rows


def test_doors_are_shut_and_locked(warehouse: Warehouse) -> None:
    settings = {str(name): value for name, value in _settings(warehouse)}
    wanted = {
        "enable_external_access": "false",
        "lock_configuration": "true",
        "autoload_known_extensions": "false",
        "autoinstall_known_extensions": "false",
        "python_enable_replacements": "false",
        "temp_directory": "",
    }
    assert {name: settings[name] for name in wanted} == wanted


@pytest.mark.parametrize(
    "text",
    [
        "SELECT count(*) FROM gene",
        "FROM gene",
        "VALUES (1)",
        "WITH x AS (SELECT 1) FROM x;",
        "SELECT 1 -- a comment",
        "DESCRIBE gene",
        "SHOW TABLES",
        "SUMMARIZE gene",
        "EXPLAIN SELECT * FROM gene",
        "explain analyze select 1",
        "EXPLAIN (FORMAT json) SELECT 1",
        "PIVOT gene ON symbol IN ('A', 'B') USING count(*)",
        "SELECT 1 AS a, 2 AS a",
        "SELECT * FROM gene AS a JOIN gene AS b USING (symbol)",
    ],
)
def test_reading_statements_are_answered(warehouse: Warehouse, text: str) -> None:
    answer = warehouse.sql(text)
    assert len(answer) >= 1
    assert answer.to_polars().width == len(answer.columns)


def test_parameters_are_bound_never_pasted(warehouse: Warehouse) -> None:
    evil = "A'; DROP TABLE graph.gene; --"
    assert warehouse.sql("SELECT $x AS x", x=evil).rows() == [(evil,)]
    assert warehouse.sql("SELECT id FROM gene WHERE symbol = $symbol", symbol=evil).rows() == []
    found = warehouse.sql("SELECT id FROM gene WHERE list_contains($symbols, symbol)", {"symbols": ["B", "C"]})
    assert found.rows() == [("hgnc:2",)]
    assert warehouse.sql("SELECT $a + $b", {"a": 1}, b=2).rows() == [(3,)]


@pytest.mark.parametrize(
    ("text", "parameters"),
    [
        ("SELECT $x", {}),
        ("SELECT 1", {"x": 1}),
        ("SELECT $x", {"x": object()}),
        ("SELECT ?", {}),
        ("", {}),
        ("SELECT '\ud800'", {}),
        ("SELECT " + "(" * 20000 + "1" + ")" * 20000, {}),
        ("SELECT " + "+1" * 20000, {}),
    ],
    ids=["missing", "one too many", "no value", "by place", "empty", "no text", "deep", "long"],
)
def test_wrong_questions_are_told_not_crashed(warehouse: Warehouse, text: str, parameters: dict[str, object]) -> None:
    with pytest.raises(QuestionError):
        warehouse.sql(text, parameters)


@pytest.mark.parametrize("text", [SLOW, "SELECT sleep_ms(20000)"])
def test_a_late_question_is_stopped_and_the_next_is_served(warehouse: Warehouse, text: str) -> None:
    with pytest.raises(QuestionTimeoutError, match=r"ran longer than 0\.2 s") as late:
        warehouse.sql(text, limits=Limits(timeout_s=0.2))
    assert late.value.exit_code == 4
    assert warehouse.sql("SELECT 1").rows() == [(1,)]


def test_an_endless_recursion_is_stopped(copied: Build) -> None:
    endless = "WITH RECURSIVE t AS (SELECT 1 AS x UNION ALL SELECT x + 1 FROM t) SELECT count(*) FROM t"
    with Warehouse(copied, Limits(timeout_s=0.3, memory_mb=200)) as opened:
        with pytest.raises((QuestionTimeoutError, QuestionMemoryError)):
            opened.sql(endless)
        assert opened.sql("SELECT 1").rows() == [(1,)]


def test_one_late_question_does_not_stop_another(warehouse: Warehouse) -> None:
    """Questions of several threads have limits of their own."""
    told: list[object] = []

    def ask() -> None:
        told.append(warehouse.sql("SELECT sleep_ms(700), 5", limits=Limits(timeout_s=30)).rows()[0][1])

    beside = threading.Thread(target=ask)
    beside.start()
    with pytest.raises(QuestionTimeoutError):
        warehouse.sql(SLOW, limits=Limits(timeout_s=0.2))
    beside.join()
    assert told == [5]


def test_too_much_memory_is_refused_and_nothing_is_written(copied: Build) -> None:
    before = sorted(copied.folder.iterdir())
    with Warehouse(copied, Limits(memory_mb=60)) as opened:
        with pytest.raises(QuestionMemoryError) as refused:
            opened.sql(
                "SELECT repeat('x', 90) || i AS b FROM range(4000000) t(i) ORDER BY hash(i) LIMIT 5 OFFSET 3000000"
            )
        assert refused.value.exit_code == 4
        assert opened.sql("SELECT count(*) FROM gene").rows() == [(2,)]
    assert sorted(copied.folder.iterdir()) == before, "a question spills nothing beside the build"


@pytest.mark.parametrize(("rows", "truncated"), [(9, True), (10, False), (11, False)])
def test_the_row_limit_cuts_and_says_so(warehouse: Warehouse, rows: int, truncated: bool) -> None:
    answer = warehouse.sql("SELECT * FROM range(10) t(i) ORDER BY i DESC", limits=Limits(rows=rows))
    assert (len(answer), answer.truncated) == (min(rows, 10), truncated)
    assert answer.rows()[0] == (9,)


_TYPES = (
    *("1::HUGEINT", "1.50::DECIMAL(10, 2)", "1e308", "'nan'::DOUBLE", "uuid()", "'x'::BLOB", "'101'::BIT", "NULL"),
    *("DATE '2020-01-01'", "TIME '01:00'", "TIMESTAMPTZ '2020-01-01 00:00:00+00'", "INTERVAL 1 DAY"),
    *("MAP {'a': 1}", "{'a': [1, 2]}", "union_value(a := 1)", "'a'::ENUM ('a', 'b')", "[1, 2]::INTEGER[2]"),
)


@pytest.mark.parametrize("value", _TYPES)
def test_every_type_of_value_comes_out(warehouse: Warehouse, value: str) -> None:
    answer = warehouse.sql(f"SELECT {value} AS value, 'kept' AS other")
    assert answer.to_polars().rows()[0][1] == "kept"
    assert answer.to_arrow().num_rows == 1
    assert len(answer.rows()) == 1


def test_one_build_is_opened_several_times(copied: Build) -> None:
    """As a notebook does whose cell runs twice."""
    first, second = Warehouse(copied), Warehouse(copied)
    question = "MATCH (g:Gene) RETURN count(g) AS n"
    assert first.query(question).rows() == second.query(question).rows() == [(2,)]
    first.close()
    first.close()
    assert second.query(question).rows() == second.sql("SELECT count(*) FROM gene").rows()
    with pytest.raises(BuildError, match=r"already open in this process with a memory limit of 2,000 MB"):
        Warehouse(copied, Limits(memory_mb=77))
    second.close()
    with Warehouse(copied, Limits(memory_mb=77)) as third:
        assert third.query(question).rows() == [(2,)]
