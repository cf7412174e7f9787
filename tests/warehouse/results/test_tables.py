"""What a run publishes must be what its analysis declares."""

from __future__ import annotations

import polars as pl
import pytest

from warehouse.errors import AnalysisError
from warehouse.results.tables import Column, ResultTable, conforming, flag, number, numbers, text, texts, whole

SCORES = ResultTable(
    "scores",
    "A gene.",
    (
        text("gene", "The gene"),
        whole("rank", "Its place"),
        number("score", "Its score"),
        flag("hub", "Whether it is a hub", optional=True),
        texts("names", "Its names", optional=True),
        numbers("weights", "Its weights", optional=True),
    ),
)
NOTES = ResultTable("notes", "A note.", (text("note", "The note"),), optional=True)

GOOD = pl.DataFrame({"score": [1.5, float("nan")], "gene": ["a", None], "rank": pl.Series([1, 2], dtype=pl.UInt32)})


def test_columns_come_in_their_order_and_types() -> None:
    frame = conforming("mine", {"scores": GOOD}, (SCORES, NOTES))["scores"]
    assert dict(frame.schema) == {
        "gene": pl.String,
        "rank": pl.Int64,
        "score": pl.Float64,
        "hub": pl.Boolean,
        "names": pl.List(pl.String),
        "weights": pl.List(pl.Float64),
    }
    assert frame.rows() == [("a", 1, 1.5, None, None, None), (None, 2, None, None, None, None)]


def test_whole_numbers_are_real_ones_and_narrow_ones_are_wide() -> None:
    frame = GOOD.with_columns(score=pl.Series([3, 4]), weights=pl.Series([[1], [2]], dtype=pl.List(pl.Float32)))
    assert conforming("mine", {"scores": frame}, (SCORES,))["scores"]["score"].to_list() == [3.0, 4.0]


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({}, "The analysis mine leaves out the table scores"),
        ({"scores": GOOD, "extra": GOOD}, "hands back the table extra, which it does not declare"),
        ({"scores": GOOD.with_columns(more=1)}, "mine_scores: undeclared column more"),
        ({"scores": GOOD.drop("gene", "rank")}, "mine_scores: missing column gene, rank"),
        ({"scores": pl.DataFrame()}, "mine_scores: missing column gene, rank, score"),
        ({"scores": GOOD.with_columns(rank=pl.col("score"))}, "the column rank holds Float64, but Int64"),
        ({"scores": GOOD.with_columns(score=pl.lit("high"))}, "the column score holds String, but Float64"),
        ({"scores": GOOD.with_columns(rank=pl.lit(2**63, pl.UInt64))}, "the column rank is out of range"),
        ({"scores": GOOD.with_columns(names=pl.lit("a, b"))}, "the column names holds String"),
    ],
)
def test_what_is_not_declared_or_left_out_is_refused(tables: dict[str, pl.DataFrame], message: str) -> None:
    with pytest.raises(AnalysisError, match=message):
        conforming("mine", tables, (SCORES, NOTES))


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("Scores", (text("gene", "The gene"),)),
        ("scores", ()),
        ("scores", (text("gene", "The gene"), text("gene", "Again"))),
        ("scores", (text("run", "The run"),)),
        ("scores", (text("Gene Name", "The gene"),)),
    ],
)
def test_a_wrong_declaration_is_refused(name: str, columns: tuple[Column, ...]) -> None:
    with pytest.raises(AnalysisError, match=f"table {name} is wrong"):
        ResultTable(name, "A row.", columns)
