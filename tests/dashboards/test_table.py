"""What is downloaded says where it comes from, loses nothing, and runs nothing in a spreadsheet."""

from __future__ import annotations

import io

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from dashboards.parts.table import Download, as_parquet, as_text, containing
from dashboards.parts.text import plain, report_address, shown

ABOUT = Download("Cypher: MATCH (g)\nRETURN g", "20261121T0-1a", "1a2b", ("hgnc 2026", "reactome 95"), complete=False)
FRAME = pl.DataFrame(
    {
        "name": ["=HYPERLINK(1)", "-1.5", "@x", "plain, with comma", None],
        "n": [1, 2, 3, 4, 5],
        "aliases": [["a", "b"], [], None, ["c"], ["+d"]],
        "raw": [b"\x01", None, b"", b"z", b"z"],
        "deep": [{"x": 1}, None, {"x": 2}, {"x": 3}, {"x": None}],
    }
)


def test_text_begins_with_the_question_and_the_releases() -> None:
    for separator in (",", "\t"):
        lines = as_text(FRAME, ABOUT, separator).decode().splitlines()
        assert lines[:6] == [
            "# question: Cypher: MATCH (g) RETURN g",
            "# build: 20261121T0-1a",
            "# content: 1a2b",
            "# rows: cut at the limit; there are more",
            "# release: hgnc 2026",
            "# release: reactome 95",
        ]
        back = pl.read_csv(as_text(FRAME, ABOUT, separator), separator=separator, comment_prefix="# ")
        assert back["n"].to_list() == [1, 2, 3, 4, 5]
        assert back["aliases"].to_list() == ["a|b", "", None, "c", "'+d"]


def test_a_spreadsheet_runs_nothing_of_it() -> None:
    back = pl.read_csv(as_text(FRAME, ABOUT, ","), comment_prefix="# ")
    assert back["name"].to_list() == ["'=HYPERLINK(1)", "-1.5", "'@x", "plain, with comma", None]


def test_numbers_alone_are_written() -> None:
    assert as_text(pl.DataFrame({"n": [-1, 2]}), ABOUT, ",").decode().endswith("n\n-1\n2\n")


def test_parquet_keeps_values_and_says_where_they_come_from() -> None:
    table = parquet.read_table(io.BytesIO(as_parquet(FRAME, ABOUT)))
    assert table.column("name").to_pylist() == FRAME["name"].to_list()
    assert table.column("aliases").to_pylist() == FRAME["aliases"].to_list()
    assert table.schema.metadata[b"targetgraph"].decode().splitlines() == ABOUT.lines()


def test_rows_that_contain_a_text() -> None:
    assert containing(FRAME, " COMMA ")["n"].to_list() == [4]
    assert containing(FRAME, "b")["n"].to_list() == [1]
    assert containing(FRAME, "5")["n"].to_list() == [2, 5]
    assert containing(FRAME, ".*").is_empty()
    assert containing(FRAME, "").height == 5


@settings(max_examples=60)
@given(st.text())
def test_what_a_source_writes_is_never_markdown(text: str) -> None:
    unescaped = plain(text).replace("\\\\", "")
    for sign in "<*_`[$":
        position = unescaped.find(sign)
        assert position < 0 or unescaped[position - 1] == "\\"


def test_addresses_and_values() -> None:
    assert report_address("a b&c=d") == "report?id=a%20b%26c%3Dd"
    assert shown([1.5, None, True, "x"]) == "1.5, , yes, x"
