"""A file or a source that fails is set aside and named; the rest is built."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from etl.build import build
from tests.etl.builds.cases import PATHWAYS, content_hash, plan, recomputed_hash, rename_pathway
from tests.etl.conftest import FOLDER
from warehouse.errors import SourceError
from warehouse.health.set_aside import set_aside
from warehouse.health.troubles import troubles
from warehouse.home import Build, Home
from warehouse.warehouse import Warehouse

GENES = Path(FOLDER) / "dgidb" / "genes.tsv"
_HEADER = b"gene_claim_name\tentrez_id\tgene_name\n"
_POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"
_FAULTS = {
    "a Git LFS pointer, not the data": _POINTER,
    r"nothing was kept of .*\(0 rows read": _HEADER,
    r"nothing was kept of .*\(2 rows read, 2 set aside": _HEADER + b"TP53\tx\tTP53\tmore\nBRAF\n",
}


def _accounts(made: Build) -> dict[str, dict[str, Any]]:
    return {one["source"]: one for one in made.receipt()["sources"]}


def _said(made: Build) -> dict[str, int]:
    """How many statements each file of DGIdb has in the build."""
    with Warehouse(made) as opened:
        rows = opened.sql(
            "SELECT file, count(*) FROM assertions WHERE source = 'dgidb' GROUP BY ALL ORDER BY ALL"
        ).rows()
    return {Path(str(file)).name: int(count) for file, count in rows}


@pytest.mark.parametrize(("message", "content"), _FAULTS.items(), ids=["pointer", "empty", "bad"])
def test_an_optional_file_that_fails_is_set_aside_and_the_rest_is_built(
    home: Home, raw: Path, message: str, content: bytes
) -> None:
    whole = _said(home.current())
    (raw / GENES).write_bytes(content)
    with pytest.raises(SourceError, match=message):
        build(home, plan(raw, only=("dgidb",), strict=True, subset=True))
    made = build(home, plan(raw, only=("dgidb",), subset=True))
    account = _accounts(made)["dgidb"]
    (file,) = (file for file in account["files"] if file["part"] == "genes")
    assert (account["status"], file["status"], file["rows_kept"]) == ("failed", "failed", 0)
    assert {name: count for name, count in whole.items() if name != "genes.tsv"} == _said(made)
    (sentence,) = set_aside(made.receipt())
    assert sentence.startswith(f"DGIdb was built without {GENES.as_posix()}: ")
    assert troubles(home) == [sentence]
    # No trace of it is left: the content is that of a build without the file.
    (raw / GENES).unlink()
    assert content_hash(build(home, plan(raw, only=("dgidb",), subset=True))) == content_hash(made)
    assert troubles(home) == []


def test_a_source_that_fails_is_set_aside_and_the_rest_is_built(home: Home, raw: Path) -> None:
    before = home.current()
    (raw / FOLDER / "reactome" / PATHWAYS).write_bytes(_POINTER)
    with pytest.raises(SourceError, match="a Git LFS pointer, not the data"):
        build(home, plan(raw, strict=True))
    assert home.current() == before
    made = build(home, plan(raw))
    accounts = _accounts(made)
    assert (accounts["reactome"]["status"], accounts["reactome"]["files"]) == ("failed", [])
    assert "a Git LFS pointer, not the data" in accounts["reactome"]["failure"]
    assert {accounts[name]["status"] for name in ("hgnc", "dgidb")} == {"green"}
    with Warehouse(made) as opened:
        assert opened.sql("SELECT DISTINCT source FROM assertions ORDER BY 1").rows() == [("dgidb",), ("hgnc",)]
    assert troubles(home)[0].startswith("Reactome failed. ReactomePathways.txt: a Git LFS pointer")


def test_a_refresh_of_two_keeps_what_there_was_of_the_one_that_fails(home: Home, raw: Path, tmp_path: Path) -> None:
    """The failing source is read half before it fails; that half is taken back."""
    before = _accounts(home.current())["dgidb"]
    rename_pathway(raw, "Renamed")
    path = raw / FOLDER / "dgidb" / "interactions.tsv"
    path.write_bytes(path.read_bytes().splitlines(keepends=True)[0])
    made = build(home, plan(raw, only=("dgidb", "reactome"), subset=True))
    account = _accounts(made)["dgidb"]
    assert account["failure"].startswith("Kept as it was before, since the refresh failed: dgidb: nothing was kept of")
    assert account["files"] == before["files"]
    with Warehouse(made) as opened:
        assert opened.sql("SELECT count(*) FROM pathway WHERE name = 'Renamed'").rows() == [(1,)]
    assert content_hash(made) == recomputed_hash(made, tmp_path / "copy")
    with pytest.raises(SourceError, match=r"nothing was kept of .*interactions\.tsv"):
        build(home, plan(raw, only=("dgidb",), subset=True))
    assert home.current() == made


def test_a_named_source_without_a_file_has_failed(home: Home, raw: Path) -> None:
    shutil.rmtree(raw / FOLDER / "dgidb")
    made = build(home, plan(raw, only=("dgidb", "reactome")))
    assert "There is no file of dgidb below" in _accounts(made)["dgidb"]["failure"]
    assert _accounts(made)["dgidb"]["files"], "the build keeps what it had"
    with pytest.raises(SourceError, match="There is no file of dgidb below"):
        build(home, plan(raw, only=("dgidb",)))


def test_folders_and_files_make_one_build(home: Home, raw: Path) -> None:
    folder = raw / FOLDER
    given = [folder / "hgnc", folder / "reactome", *sorted((folder / "dgidb").glob("*.tsv*"))]
    made = build(home, plan(given, subset=True))
    after, before = (dict(one.receipt()["counts"]) for one in (made, home.previous()))
    # A folder with a date in its name is no longer a part of the names.
    assert {**after, "Release": 3, "HAS_RELEASE": 3} == before
    with pytest.raises(SourceError, match=r"targetgraph-subset\.json is not a file of any source"):
        build(home, plan([folder, raw / "targetgraph-subset.json"]))
