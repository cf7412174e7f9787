"""Files of sources that are documents: declared with the part, recorded by the build, kept where they must be."""

from __future__ import annotations

import ast
import gzip
import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

import etl.build
from etl.build import Plan, build
from etl.documents import keep_documents
from etl.formats import WholeFile
from etl.rows import Rows
from etl.source import DocumentOf, Licence, Source, SourceFile, sources
from tests.conftest import ROOT
from warehouse.documents.opening import read_document
from warehouse.documents.store import FileStore
from warehouse.errors import SourceError
from warehouse.home import Home
from warehouse.model import MODEL
from warehouse.statements import ROW, Stated, entities
from warehouse.warehouse import Warehouse


def _maps(rows: Rows) -> Iterator[Stated]:
    """`<entry>.mrc`: the density map of an entry."""
    named = rows.frame.filter(pl.col("name").str.contains(r"^\w{4}\.mrc$"))
    yield entities("Structure", named.select(ROW, id="pdb:" + pl.col("name").str.head(4)))


MAPS = Source(
    name="maps",
    title="Maps",
    description="Density maps of a laboratory.",
    homepage="https://maps.example",
    licence=Licence("CC0-1.0", True, "https://maps.example"),
    rank=30,
    files=(
        SourceFile("map", ("*.mrc",), WholeFile(), _maps, many=True, document=DocumentOf("Structure")),
        SourceFile("note", ("*.pdf",), WholeFile(), lambda _rows: (), required=False, document=DocumentOf()),
        SourceFile("table", ("*.tsv",), WholeFile(), lambda _rows: (), required=False),
    ),
    is_public=False,
)
FILES = {"1abc.mrc": b"map 1", "deep/2abc.mrc.gz": gzip.compress(b"map 2", mtime=0), "odd name.mrc": b"?"}


@pytest.fixture
def raw(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of downloads for the one source that there is."""
    _only(monkeypatch, MAPS)
    for name, content in {**FILES, "method.pdf": b"%PDF", "a.tsv": b"a\tb\n"}.items():
        path = tmp_path / "raw" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return tmp_path / "raw"


def _only(monkeypatch: pytest.MonkeyPatch, declared: Source) -> None:
    monkeypatch.setattr(etl.build, "sources", lambda: {declared.name: declared})
    monkeypatch.setattr(etl.build, "source", lambda _name: declared)


def _sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("declared", [part for one in sources().values() for part in one.files if part.document])
def test_a_part_names_an_entity_of_the_model(declared: SourceFile) -> None:
    assert declared.document is not None
    assert declared.document.entity is None or declared.document.entity in MODEL.entities


@pytest.mark.parametrize("path", sorted((ROOT / "warehouse" / "documents").glob("*.py")), ids=lambda path: path.name)
def test_documents_are_read_whoever_brought_them(path: Path) -> None:
    texts = {node.value for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Constant)}
    assert not texts & set(sources())


def test_a_build_records_documents_and_keeps_those_of_a_user(raw: Path, tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    with Warehouse(build(home, Plan(raw=raw, threads=1))) as warehouse:
        found = {one.file: one for one in warehouse.documents()}
        assert {name: one.sha256 for name, one in found.items()} == {
            **{name: _sha(content) for name, content in FILES.items()},
            "method.pdf": _sha(b"%PDF"),
        }
        assert [(one.entity_id, one.entity_type, one.media_type) for one in found.values()] == [
            ("pdb:1abc", "Structure", "application/x-mrc"),
            ("pdb:2abc", "Structure", "application/x-mrc"),
            (None, None, "application/pdf"),
            (None, "Structure", "application/x-mrc"),
        ]
        for path in raw.rglob("*.mrc*"):
            path.unlink()
        assert read_document(warehouse, found["deep/2abc.mrc.gz"]) == b"map 2"
        with warehouse.open_document(found["1abc.mrc"]) as file:
            assert file.read() == b"map 1"
        kept = list((home.documents / "sha256").rglob("*"))
        assert sorted(path.name for path in kept if path.is_file()) == sorted(one.sha256 for one in found.values())
        assert {path.stat().st_mode & 0o777 for path in kept if path.is_file()} == {0o444}


def test_documents_of_a_public_source_are_kept_on_demand(
    raw: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _only(monkeypatch, replace(MAPS, is_public=True))
    home = Home(tmp_path / "home")
    first = build(home, Plan(raw=raw, threads=1))
    assert not home.documents.exists()
    second = build(home, Plan(raw=raw, threads=1, keep_documents=True))
    assert first.receipt()["content_hash"] == second.receipt()["content_hash"]
    assert FileStore(home.documents).get(_sha(b"map 1")) is not None


def test_what_was_fetched_is_kept_once(raw: Path, tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    FileStore(home.snapshots).add(raw / "1abc.mrc")
    build(home, Plan(raw=raw, threads=1))
    assert FileStore(home.documents).get(_sha(b"map 1")) is None
    assert FileStore(home.documents).get(_sha(b"?")) is not None


def test_a_document_that_changes_while_a_build_is_made_ends_it(
    raw: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def changed(*given: object, **named: object) -> None:
        (raw / "1abc.mrc").write_bytes(b"other")
        keep(*given, **named)  # type: ignore[arg-type]

    keep = keep_documents
    monkeypatch.setattr(etl.build, "keep_documents", changed)
    home = Home(tmp_path / "home")
    with pytest.raises(SourceError, match=r"1abc\.mrc: wrong checksum"):
        build(home, Plan(raw=raw, threads=1))
    assert home.builds() == []


def test_a_refresh_takes_the_documents_of_before_out(raw: Path, tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    build(home, Plan(raw=raw, threads=1))
    (raw / "deep" / "2abc.mrc.gz").unlink()
    refreshed = build(home, Plan(raw=raw, threads=1, only=("maps",)))
    whole = build(Home(tmp_path / "other"), Plan(raw=raw, threads=1))
    assert refreshed.receipt()["content_hash"] == whole.receipt()["content_hash"]
    with Warehouse(refreshed) as warehouse:
        assert [one.file for one in warehouse.documents(entity_type="Structure")] == ["1abc.mrc", "odd name.mrc"]
