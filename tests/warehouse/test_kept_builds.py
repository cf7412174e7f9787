"""Builds of earlier versions: each opens with the code of today, or the message says to rebuild."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from warehouse.errors import BuildError
from warehouse.tables.schema import LAYOUT_VERSION
from warehouse.tables.writer import BuildWriter
from warehouse.warehouse import Warehouse

KEPT = sorted((Path(__file__).parent / "kept_builds").glob("*.tar.xz"))


def _layout(archive: Path) -> int:
    return int(archive.name.removesuffix(".tar.xz").rsplit("-", maxsplit=1)[1])


def test_the_layout_of_today_is_kept() -> None:
    assert LAYOUT_VERSION in {_layout(archive) for archive in KEPT}


@pytest.mark.parametrize("archive", KEPT, ids=lambda path: path.name)
def test_a_kept_build_opens_or_says_to_rebuild(archive: Path, tmp_path: Path) -> None:
    with tarfile.open(archive) as packed:
        packed.extractall(tmp_path, filter="data")
    database = next(tmp_path.glob("builds/*/warehouse.duckdb"))
    if _layout(archive) != LAYOUT_VERSION:
        with pytest.raises(BuildError, match=r"(?s)layout.*Rebuild"):
            BuildWriter(database, threads=1)
    try:
        with Warehouse.open(tmp_path) as warehouse:
            genes = warehouse.query("MATCH (g:Gene) RETURN count(g) AS genes").rows()
            symbols = warehouse.sql("SELECT count(symbol) FROM gene").rows()
            assert warehouse.receipt()["sources"][0]["source"] == "hgnc"
    except BuildError as error:
        assert "Rebuild" in str(error)
    else:
        assert genes == [(5,)]
        assert symbols[0][0] > 0


def test_a_build_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "builds" / "new" / "warehouse.duckdb"
    path.parent.mkdir(parents=True)
    with BuildWriter(path, threads=1) as writer:
        writer.connection.execute("UPDATE record.layout SET version = version + 1")
    with pytest.raises(BuildError, match="newer version"):
        Warehouse.open(path)
