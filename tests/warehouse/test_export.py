"""The public tables as files."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from warehouse.errors import TargetGraphError
from warehouse.export import TABLE_FORMATS, export
from warehouse.home import Home
from warehouse.warehouse import Warehouse


def _read(path: Path) -> pl.DataFrame:
    if path.suffix == ".parquet":
        return pl.read_parquet(path)
    return pl.read_csv(path, separator="\t" if path.suffix == ".tsv" else ",", infer_schema=False)


@pytest.mark.parametrize("file_format", TABLE_FORMATS)
def test_tables_come_out_whole(sample_home: Home, tmp_path: Path, file_format: str) -> None:
    build, tables = sample_home.current(), ["gene", "encodes", "releases", "synonyms", "survival"]
    # Also while the build is open for questions, whose connection may not touch files.
    with Warehouse(build) as opened:
        files = export(build, tmp_path / "out", file_format, tables=tables)
        manifest = json.loads(files[-1].read_text())
        assert [path.name for path in files] == [*(f"{name}.{file_format}" for name in tables), "manifest.json"]
        for name in tables:
            frame = _read(tmp_path / "out" / f"{name}.{file_format}")
            expected = opened.sql(f"SELECT count(*) FROM {name}").rows()[0][0]
            assert frame.height == expected == manifest["tables"][name] > 0
        aliases = opened.sql("SELECT aliases FROM gene WHERE len(aliases) > 1 ORDER BY id LIMIT 1").rows()[0][0]
    assert manifest["build"] == build.id
    assert manifest["content_hash"] == build.receipt()["content_hash"]
    assert {one["source"] for one in manifest["sources"]} == {one["source"] for one in build.receipt()["sources"]}
    assert all(one["licence"] and one["releases"] for one in manifest["sources"])
    written = _read(tmp_path / "out" / f"gene.{file_format}")["aliases"].to_list()
    assert (aliases if file_format == "parquet" else "|".join(aliases)) in written


def test_everything_that_has_rows(sample_home: Home, tmp_path: Path) -> None:
    files = export(sample_home.current(), tmp_path / "out")
    names = {path.stem for path in files}
    counts = sample_home.current().receipt()["counts"]
    assert {"gene", "encodes", "survival", "conflicts", "quarantine", "matrices"} <= names
    assert {name.lower() for name, rows in counts.items() if rows and name.isupper()} <= names
    assert len(files) == len(names)


def test_what_cannot_be_exported_is_told(sample_home: Home, tmp_path: Path) -> None:
    build = sample_home.current()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "old.csv").write_text("x")
    with pytest.raises(TargetGraphError, match="is not empty"):
        export(build, tmp_path / "full")
    with pytest.raises(TargetGraphError, match="cannot be made"):
        export(build, tmp_path / "full" / "old.csv")
    with pytest.raises(TargetGraphError, match=r"no table nowhere") as told:
        export(build, tmp_path / "new", tables=["nowhere", "gene"])
    assert "gene" in str(told.value)
    with pytest.raises(TargetGraphError, match="no table"):
        export(build, tmp_path / "other", tables=["x' UNION SELECT 1 --"])
