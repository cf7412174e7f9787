"""Any value that Cypher returns, on every way out: rows, frames, Arrow, Parquet, JSON, CSV, TSV and the table."""

from __future__ import annotations

import csv
import io
import json
import math
from pathlib import Path
from typing import Any, TypeGuard

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from neo4j.spatial import CartesianPoint
from pyarrow import parquet

from targetgraph.cli.options import OutputFormat
from targetgraph.cli.output import write_answer
from warehouse.answer import Answer
from warehouse.cypher import CypherEngine
from warehouse.cypher.engine.frames import to_polars
from warehouse.cypher.values.values import Node, Relationship
from warehouse.cypher.values.values import Path as GraphPath
from warehouse.cypher.values.writing import flat, json_text, plain

START = "MATCH p = (g:Gene {id: 'g0'})-[r:INTERACTS {score: 0.5}]->(h) "
SCALARS = (
    "null", "true", "false", "0", "-1", "9007199254740993", "9223372036854775807", "1.0", "2.5", "-0.0", "1e308",
    "0.0 / 0.0", "1.0 / 0.0", "-1.0 / 0.0", "''", "'a'", "'a|b'", "'NaN'", "'12'", "'é\"\\n,;'", "date('2020-03-01')",
    "localdatetime('2020-03-01T12:30')", "localdatetime('2020-03-01T12:30:00.123456789')", "localtime('12:30')",
    "time('12:30+01:00')", "datetime('2020-01-01T00:00Z')", "datetime('2020-07-01T00:00[Europe/Stockholm]')",
    "duration('P1M2DT3.5S')", "duration('P-1D')", "date('0001-01-01')", "date('9999-12-31')", "g", "r", "p", "h",
    "[]", "{}", "[null]", "[null, null]",
)  # fmt: skip


def _nested(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    lists = st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]")
    maps = st.lists(inner, max_size=2).map(
        lambda items: "{" + ", ".join(f"{key}: {item}" for key, item in zip("ab", items, strict=False)) + "}"
    )
    return st.one_of(lists, maps)


expressions = st.recursive(st.sampled_from(SCALARS), _nested, max_leaves=6)


def answered(engine: CypherEngine, text: str) -> Answer:
    """An answer as the stores make it."""
    result = engine.query(text)
    return Answer(result.to_arrow(), values=result.rows())


def written(answer: Answer, file_format: OutputFormat, folder: Path) -> bytes:
    """The file that the command line writes."""
    path = folder / f"answer.{file_format}"
    write_answer(answer, file_format, path)
    return path.read_bytes()


def cells(content: bytes, delimiter: str = ",") -> list[list[str]]:
    """The cells of a text file, without the header."""
    return list(csv.reader(io.StringIO(content.decode()), delimiter=delimiter))[1:]


def is_list(value: object) -> TypeGuard[list[Any]]:
    """Whether this is a list."""
    return isinstance(value, list)


def _refuse_constant(name: str) -> None:
    raise AssertionError(f"{name} is not JSON")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(expressions, expressions), min_size=1, max_size=4))
def test_any_value_goes_through_every_way_out(
    engine: CypherEngine, tmp_path: Path, rows: list[tuple[str, str]]
) -> None:
    parts = [f"{START} RETURN {one} AS one, {other} AS other" for one, other in rows]
    answer = answered(engine, " UNION ALL ".join(parts))
    values = sorted((plain(row) for row in answer.rows()), key=repr)
    assert len(answer) == len(rows) == answer.to_polars().height == len(answer.to_pandas())
    document = json.loads(written(answer, OutputFormat.JSON, tmp_path), parse_constant=_refuse_constant)
    assert sorted(([row["one"], row["other"]] for row in document), key=repr) == values
    for file_format, delimiter in ((OutputFormat.CSV, ","), (OutputFormat.TSV, "\t")):
        found = cells(written(answer, file_format, tmp_path), delimiter)
        assert len(found) == len(rows)
        assert all(len(row) == 2 for row in found)
    assert parquet.read_table(io.BytesIO(written(answer, OutputFormat.PARQUET, tmp_path))).num_rows == len(rows)
    assert written(answer, OutputFormat.TABLE, tmp_path)
    for position, series in enumerate(answer.to_polars().get_columns()):
        for value, held in zip((row[position] for row in answer.rows()), series.to_list(), strict=True):
            assert _holds(held, value), (value, held)


def _holds(held: Any, value: Any) -> bool:
    """Whether a frame holds a value: itself, a float of the same size, its ISO 8601 text, or its JSON."""
    if plain(held) == plain(value) or held == plain(value):
        return True
    if isinstance(held, str):
        return bool(json.loads(held, parse_constant=_refuse_constant) == plain(value))
    return isinstance(held, float) and isinstance(value, int) and int(held) == value


@pytest.mark.parametrize(
    ("expression", "json_value", "cell"),
    [
        ("[1, 2.5]", [1, 2.5], "[1, 2.5]"),
        ("[g.id, g.score]", ["g0", 9.5], '["g0", 9.5]'),
        ("[1, 'a', null, true]", [1, "a", None, True], '[1, "a", null, true]'),
        ("[[1], [2.5]]", [[1], [2.5]], "[[1], [2.5]]"),
        ("{a: 0.0 / 0.0}", {"a": "NaN"}, '{"a": "NaN"}'),
        ("['a', 'b']", ["a", "b"], "a|b"),
        ("['a|b', 'c']", ["a|b", "c"], '["a|b", "c"]'),
        ("['a', null]", ["a", None], '["a", null]'),
        ("0.0 / 0.0", "NaN", "NaN"),
        ("-1.0 / 0.0", "-Infinity", "-Infinity"),
        ("duration('P1M2DT3S')", "P1M2DT3S", "P1M2DT3S"),
        ("duration.between(date('2020-01-15'), date('2020-02-20'))", "P1M5D", "P1M5D"),
        ("datetime('2020-01-01T00:00Z')", "2020-01-01T00:00Z", "2020-01-01T00:00Z"),
        (
            "datetime('2020-07-01T00:00[Europe/Stockholm]')",
            "2020-07-01T00:00+02:00[Europe/Stockholm]",
            "2020-07-01T00:00+02:00[Europe/Stockholm]",
        ),
        ("localdatetime('2020-01-01T12:30')", "2020-01-01T12:30", "2020-01-01T12:30"),
        ("date('2020-01-01')", "2020-01-01", "2020-01-01"),
        ("localtime('12:30:15.5')", "12:30:15.5", "12:30:15.5"),
        ("time('12:30+01:00')", "12:30+01:00", "12:30+01:00"),
        ("[date('2020-01-01'), date('2021-01-01')]", ["2020-01-01", "2021-01-01"], '["2020-01-01", "2021-01-01"]'),
        ("[duration('P1D'), date('2021-01-01')]", ["P1D", "2021-01-01"], "P1D|2021-01-01"),
        (
            "{waited: duration('P1D'), on: [localdatetime('2020-01-01T00:00')]}",
            {"waited": "P1D", "on": ["2020-01-01T00:00"]},
            '{"waited": "P1D", "on": ["2020-01-01T00:00"]}',
        ),
    ],
)  # fmt: skip
def test_what_is_written(engine: CypherEngine, tmp_path: Path, expression: str, json_value: object, cell: str) -> None:
    answer = answered(engine, f"{START} RETURN {expression} AS x")
    assert json.loads(written(answer, OutputFormat.JSON, tmp_path)) == [{"x": json_value}]
    assert cells(written(answer, OutputFormat.CSV, tmp_path)) == [[cell]]
    assert cells(written(answer, OutputFormat.TSV, tmp_path), "\t") == [[cell]]
    shown = written(answer, OutputFormat.TABLE, tmp_path).decode()
    listed = [", ".join("null" if item is None else str(item) for item in json_value)] if is_list(json_value) else []
    assert any(text in shown for text in (cell, *listed))


def test_a_mixed_list_is_json_text_in_frames_and_itself_in_rows(engine: CypherEngine, tmp_path: Path) -> None:
    answer = answered(engine, "RETURN [1, 2.5] AS x, [1, 2] AS y, [{a: 1}] AS z")
    assert answer.rows() == [([1, 2.5], [1, 2], [{"a": 1}])]
    assert answer.to_polars().rows() == [("[1, 2.5]", [1, 2], '[{"a": 1}]')]
    assert answer.to_pandas()["x"].tolist() == ["[1, 2.5]"]
    table = parquet.read_table(io.BytesIO(written(answer, OutputFormat.PARQUET, tmp_path)))
    assert table.to_pylist() == [{"x": "[1, 2.5]", "y": [1, 2], "z": '[{"a": 1}]'}]


def test_a_column_of_integers_and_floats_keeps_every_integer(engine: CypherEngine) -> None:
    small = answered(engine, "UNWIND [1, 2.5] AS x RETURN x")
    assert small.to_polars().to_dict(as_series=False) == {"x": [1.0, 2.5]}
    large = answered(engine, "UNWIND [9007199254740993, 2.5] AS x RETURN x")
    assert large.to_polars().to_dict(as_series=False) == {"x": ["9007199254740993", "2.5"]}


def test_nodes_relationships_and_paths_are_json_of_their_properties(engine: CypherEngine) -> None:
    answer = answered(engine, f"{START} RETURN g, r, p, [g, 1] AS mixed")
    ((gene, relationship, path, mixed),) = answer.rows()
    assert isinstance(gene, Node)
    assert isinstance(relationship, Relationship)
    assert isinstance(path, GraphPath)
    assert mixed == [gene, 1]
    frame = answer.to_polars()
    assert frame.dtypes == [pl.String] * 4
    assert json.loads(frame["g"][0])["properties"]["approved"] == "2020-03-01"
    assert [len(json.loads(frame["p"][0])[part]) for part in ("nodes", "relationships")] == [2, 1]


def test_no_row_and_only_nulls_have_columns(engine: CypherEngine, tmp_path: Path) -> None:
    for text, height in (("UNWIND [] AS x RETURN x, 1 AS y", 0), ("RETURN null AS x, [] AS y", 1)):
        answer = answered(engine, text)
        assert answer.columns == ["x", "y"]
        for file_format in OutputFormat:
            assert written(answer, file_format, tmp_path) or not height
        assert answer.to_polars().height == len(answer.to_pandas()) == height


def test_cells_of_text_files_from_frames() -> None:
    frame = pl.DataFrame({"x": [1.5, math.nan, math.inf, None], "y": [["a"], [], None, ["a", "b"]]})
    assert flat(frame).rows() == [("1.5", "a"), ("NaN", ""), ("Infinity", None), (None, "a|b")]
    assert json_text([math.inf, b"\x01", (1, 2)]) == '["Infinity", "01", [1, 2]]'


def test_a_point_of_the_driver_is_json() -> None:
    (row,) = to_polars(["p"], [(CartesianPoint((1.0, 2.0)),)]).rows()
    assert row == ('{"type": "Point", "coordinates": [1.0, 2.0], "crs": {"srid": 7203}}',)
