"""The Python API: `from targetgraph import Warehouse`."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest

import targetgraph
from targetgraph import Answer, Limits, TargetGraphError, Warehouse
from warehouse.errors import BuildError, QuestionError, QuestionTimeoutError
from warehouse.home import Home


@pytest.fixture(scope="module")
def warehouse(sample_home: Home) -> Iterator[Warehouse]:
    with Warehouse.open(sample_home.root) as opened:
        yield opened


def test_the_names_that_are_promised() -> None:
    assert targetgraph.__all__ == ["Answer", "Limits", "TargetGraphError", "Warehouse", "analyze"]
    for name in targetgraph.__all__:
        assert getattr(targetgraph, name).__doc__
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = targetgraph.Nothing


def test_importing_is_light() -> None:
    code = "import sys, targetgraph; print([n for n in ('duckdb', 'polars', 'pyarrow') if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_answers_in_every_form(warehouse: Warehouse) -> None:
    question = "MATCH (g:Gene) WHERE g.symbol STARTS WITH $start RETURN g.symbol AS symbol ORDER BY symbol LIMIT 3"
    answer = warehouse.query(question, start="S")
    assert isinstance(answer, Answer)
    assert answer.columns == ["symbol"]
    assert len(answer) == 3
    assert [row["symbol"] for row in answer] == [value for (value,) in answer.rows()]
    assert isinstance(answer.to_arrow(), pa.Table)
    assert isinstance(answer.to_polars(), pl.DataFrame)
    assert answer.to_pandas()["symbol"].tolist() == answer.to_polars()["symbol"].to_list()
    assert warehouse.query(question, {"start": "S"}) == answer
    assert answer.seconds > 0


def test_limits_of_the_warehouse_and_of_a_question(sample_home: Home) -> None:
    with Warehouse.open(sample_home.root, limits=Limits(rows=2)) as opened:
        for ask in (opened.query, opened.sql):
            text = "MATCH (g:Gene) RETURN g.id" if ask == opened.query else "SELECT id FROM gene"
            assert (len(ask(text)), ask(text).truncated) == (2, True)
            assert len(ask(text, limits=Limits(rows=5))) == 5
        with pytest.raises(QuestionTimeoutError):
            opened.sql("SELECT sleep_ms(10000)", limits=Limits(timeout_s=0.1))


def test_warnings_name_what_the_graph_does_not_have(warehouse: Warehouse) -> None:
    answer = warehouse.query("MATCH (g:Gnee) RETURN g")
    assert len(answer) == 0
    assert any("Gnee" in warning and "Gene" in warning for warning in answer.warnings)


def test_receipt_explain_and_search(warehouse: Warehouse) -> None:
    assert warehouse.receipt()["content_hash"]
    assert "SELECT" in warehouse.explain("MATCH (g:Gene) RETURN g.id")
    symbol = warehouse.sql("SELECT symbol FROM gene WHERE symbol IS NOT NULL ORDER BY symbol LIMIT 1").rows()[0][0]
    assert warehouse.search(symbol).rows()[0][3] == symbol


def test_opening(sample_home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build = sample_home.current()
    monkeypatch.setenv("TARGETGRAPH_HOME", str(sample_home.root))
    for given in (None, str(sample_home.root), sample_home.root, build.database):
        with Warehouse.open(given) as opened:
            assert opened.build.id == build.id
    with Warehouse.open(sample_home.root, build.id[:10]) as opened:
        assert opened.build == build
    (tmp_path / "x.txt").write_text("x")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "warehouse.duckdb").write_text("no database at all")
    for wrong in (tmp_path / "none", tmp_path / "x.txt", tmp_path / "broken" / "warehouse.duckdb"):
        with pytest.raises(BuildError):
            Warehouse.open(wrong)


def test_errors_are_of_one_family(warehouse: Warehouse) -> None:
    for wrong in ("MATCH (", "CREATE (g:Gene)", "MATCH (g:Gene) SET g.symbol = 'x'"):
        with pytest.raises(QuestionError):
            warehouse.query(wrong)
    assert issubclass(QuestionError, TargetGraphError)
