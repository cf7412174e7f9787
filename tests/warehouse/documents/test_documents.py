"""Documents of a build: which there are, and that only the bytes that were recorded are ever handed out."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import lzma
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import SmallBuild, stated
from warehouse.documents import verified
from warehouse.documents.document import Document
from warehouse.documents.opening import document_path, open_document, read_document
from warehouse.documents.store import FileStore
from warehouse.errors import SourceError
from warehouse.home import Home
from warehouse.statements import FILE
from warehouse.tables.writer import FileRecord, SourceRecord
from warehouse.warehouse import Warehouse

CONTENT = b"data_1ABC\n" + bytes(range(256)) * 40


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def zipped(**members: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return packed.getvalue()


class Given:
    """A warehouse whose build records the files of a folder of downloads, all of them documents of one structure."""

    def __init__(self, root: Path) -> None:
        self.home = Home(root / "home")
        self.downloads = root / "downloads"
        self.recorded: list[FileRecord] = []

    def add(self, name: str, content: bytes, *, release: str = "1", written: bool = True) -> str:
        path = self.downloads / name
        if written:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        record = FileRecord(
            "lab", release, "entries", name, sha(content), len(content), None, 0, "chemical/x-mmcif", "Structure"
        )
        self.recorded.append(record)
        return name

    def open(self) -> Warehouse:
        with self.home.writing() as writer:
            folder = writer.new_build()
            small = SmallBuild(folder)
            small.say("other", stated("Structure", {"id": "pdb:9xyz"}))
            small.writer.add_source(SourceRecord("lab", "Lab", "", "CC0-1.0", True, 10))
            first = small.writer.add_files(self.recorded)
            small.writer.connection.executemany(
                f"INSERT INTO stated.structure (id, {FILE}, _row) VALUES ('pdb:1abc', ?, 1)",
                [[first + number] for number in range(len(self.recorded))],
            )
            content_hash = small.finish().content_hash
            sources = [{"source": "lab", "folder": str(self.downloads)}]
            small.close(json.dumps({"content_hash": content_hash, "sources": sources, "counts": {}}))
            return Warehouse(writer.publish(folder, content_hash, keep=3))


@pytest.fixture
def lab(tmp_path: Path) -> Given:
    return Given(tmp_path)


def only(warehouse: Warehouse) -> Document:
    [document] = warehouse.documents("pdb:1abc")
    assert warehouse.documents("pdb:pdb_00001abc") == [document], "by either form of its identifier"
    return document


def test_documents_are_listed_by_entity_kind_and_source(lab: Given) -> None:
    lab.add("old/1abc.cif", CONTENT, release="2024")
    lab.add("new/1abc.cif", CONTENT + b"#", release="2025")
    with lab.open() as warehouse:
        assert [one.file for one in warehouse.documents("pdb:1abc")] == ["new/1abc.cif", "old/1abc.cif"]
        assert warehouse.documents("pdb:9xyz") == []
        assert len(warehouse.documents(media_type="chemical/x-mmcif", source="lab", entity_type="Structure")) == 2
        assert warehouse.documents(media_type="image/png") == []
        assert warehouse.documents(source="other") == []
        first = warehouse.documents()[0]
        assert first == Document(
            "pdb:1abc", "Structure", "lab", "2025", "new/1abc.cif", sha(CONTENT + b"#"), 10_251, "chemical/x-mmcif"
        )
        rows = warehouse.sql("SELECT entity_id, sha256, size_bytes FROM documents ORDER BY file").rows()
        assert rows == [("pdb:1abc", sha(CONTENT + b"#"), 10_251), ("pdb:1abc", sha(CONTENT), 10_250)]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("1abc.cif", CONTENT),
        ("1abc.cif.gz", gzip.compress(CONTENT, mtime=0)),
        ("1abc.cif.xz", lzma.compress(CONTENT)),
        ("1abc.cif.zip", zipped(one=CONTENT)),
    ],
)
def test_the_content_is_read_unpacked_and_to_a_limit(lab: Given, name: str, content: bytes) -> None:
    lab.add(name, content)
    with lab.open() as warehouse:
        document = only(warehouse)
        assert read_document(warehouse, document) == CONTENT
        assert read_document(warehouse, document, limit_bytes=len(CONTENT)) == CONTENT
        with warehouse.open_document(document, unpack=False) as file:
            assert file.read() == content
            assert not file.writable()
        with pytest.raises(SourceError, match=r"1abc\.cif.*(larger than|at most) 10,249"):
            read_document(warehouse, document, limit_bytes=len(CONTENT) - 1)
        if name.endswith(".cif"):
            assert document_path(warehouse, document).read_bytes() == CONTENT
        else:
            with pytest.raises(SourceError, match="packed"):
                document_path(warehouse, document)


def test_a_small_file_that_unpacks_to_a_large_one_is_stopped(lab: Given, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TARGETGRAPH_DOCUMENT_MB", "2")
    for name, content in (
        ("a.gz", gzip.compress(bytes(50_000_000))),
        ("b.xz", lzma.compress(bytes(50_000_000))),
        ("c.zip", zipped(one=bytes(50_000_000))),
    ):
        lab.add(name, content)
    with lab.open() as warehouse:
        for document in warehouse.documents("pdb:1abc"):
            with pytest.raises(SourceError, match="larger than 2,000,000 bytes") as told:
                read_document(warehouse, document)
            assert "TARGETGRAPH_DOCUMENT_MB" in str(told.value)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("cut.cif.gz", gzip.compress(CONTENT, mtime=0)[:-20], "damaged or was cut off"),
        ("cut.cif.xz", lzma.compress(CONTENT)[:-20], "damaged or was cut off"),
        ("cut.zip", zipped(one=CONTENT)[:-20], "damaged or was cut off"),
        ("two.zip", zipped(one=CONTENT, two=CONTENT), "2 files"),
        ("empty.cif", b"", "is empty"),
    ],
)
def test_what_was_damaged_from_the_start_is_named(lab: Given, name: str, content: bytes, message: str) -> None:
    lab.add(name, content)
    with lab.open() as warehouse, pytest.raises(SourceError, match=message) as told:
        read_document(warehouse, only(warehouse))
    assert name in told.value.message


def _edit(path: Path) -> None:
    path.write_bytes(CONTENT[:-1] + b"!")


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _outside(path: Path) -> None:
    path.rename(path.parent.parent / "elsewhere.cif")
    path.symlink_to(path.parent.parent / "elsewhere.cif")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_edit, "has changed"),
        (Path.unlink, "no longer where"),
        (_pipe, "no longer where"),
        (_outside, "no longer where"),
    ],
)
def test_only_the_bytes_that_were_recorded_are_handed_out(
    lab: Given, change: Callable[[Path], object], message: str
) -> None:
    path = lab.downloads / lab.add("1abc.cif", CONTENT)
    with lab.open() as warehouse:
        assert read_document(warehouse, only(warehouse)) == CONTENT
        change(path)
        with pytest.raises(SourceError, match=message) as told:
            read_document(warehouse, only(warehouse))
        assert "TARGETGRAPH_DOWNLOADS" in str(told.value.hint)


def test_what_changes_while_it_is_read_is_an_error(lab: Given) -> None:
    path = lab.downloads / lab.add("1abc.cif", CONTENT)
    with lab.open() as warehouse, pytest.raises(SourceError, match="changed while it was read"):  # noqa: SIM117
        with open_document(warehouse, only(warehouse)) as file:
            file.read(10)
            _edit(path)


def test_a_file_is_read_through_once_until_it_is_touched(lab: Given, monkeypatch: pytest.MonkeyPatch) -> None:
    path = lab.downloads / lab.add("1abc.cif", CONTENT)
    monkeypatch.setattr(verified, "_SETTLED_NS", -(10**12))
    read: list[int] = []

    def verify(*given: object) -> None:
        read.append(1)
        real(*given)  # type: ignore[arg-type]

    real = verified._verify
    monkeypatch.setattr(verified, "_verify", verify)
    with lab.open() as warehouse:
        for _time in range(3):
            assert read_document(warehouse, only(warehouse)) == CONTENT
        assert len(read) == 1
        _edit(path)
        with pytest.raises(SourceError, match="has changed"):
            read_document(warehouse, only(warehouse))


@pytest.mark.parametrize("name", ["../secret.cif", "/etc/hostname", "a/../../secret.cif"])
def test_a_path_that_leads_out_of_the_downloads_is_refused(lab: Given, name: str) -> None:
    lab.downloads.mkdir()
    (lab.downloads.parent / "secret.cif").write_bytes(CONTENT)
    lab.add(name, CONTENT, written=False)
    with lab.open() as warehouse, pytest.raises(SourceError, match="no longer where"):
        read_document(warehouse, only(warehouse))


def test_the_stores_of_the_warehouse_come_before_the_downloads(lab: Given) -> None:
    packed = gzip.compress(CONTENT)
    path = lab.downloads / lab.add("1abc.cif.gz", packed)
    with lab.open() as warehouse:
        stored = FileStore(lab.home.documents).add(path)
        path.unlink()
        assert read_document(warehouse, only(warehouse)) == CONTENT
        stored.path.chmod(0o644)
        stored.path.write_bytes(b"damaged")
        with pytest.raises(SourceError, match="has changed"):
            read_document(warehouse, only(warehouse))
        stored.path.unlink()
        FileStore(lab.home.snapshots).add(lab.downloads / lab.add("same", packed))
        assert read_document(warehouse, only(warehouse)) == CONTENT


def test_the_folder_of_downloads_may_have_moved(lab: Given, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    lab.add("pdb/1abc.cif", CONTENT)
    with lab.open() as warehouse:
        lab.downloads.rename(tmp_path / "moved")
        with pytest.raises(SourceError, match="no longer where"):
            read_document(warehouse, only(warehouse))
        monkeypatch.setenv("TARGETGRAPH_DOWNLOADS", str(tmp_path / "moved"))
        assert read_document(warehouse, only(warehouse)) == CONTENT
        monkeypatch.delenv("TARGETGRAPH_DOWNLOADS")
        monkeypatch.setattr(warehouse, "receipt", lambda: {"sources": [{"source": "lab", "folder": None}]})
        with pytest.raises(SourceError, match="does not say where"):
            read_document(warehouse, only(warehouse))


def test_a_document_is_part_of_the_content_of_a_build(new_small: Callable[[], SmallBuild]) -> None:
    def content_hash(content: bytes, media_type: str | None) -> str:
        small = new_small()
        small.writer.add_source(SourceRecord("lab", "Lab", "", "CC0-1.0", True, 10))
        small.writer.add_file(FileRecord("lab", "1", "all", "a", sha(content), 1, None, 0, media_type, None))
        return small.finish().content_hash

    assert content_hash(b"a", None) == content_hash(b"b", None)
    assert content_hash(b"a", "image/png") != content_hash(b"b", "image/png")
    assert content_hash(b"a", "image/png") == content_hash(b"a", "image/png")


def test_a_build_of_before_says_that_it_records_none(lab: Given) -> None:
    lab.add("1abc.cif", CONTENT)
    with lab.open() as warehouse:
        build = warehouse.build
    import duckdb

    with duckdb.connect(str(build.database)) as connection:
        connection.execute("DROP VIEW main.documents; DROP TABLE record.documents")
    with Warehouse(build) as warehouse, pytest.raises(SourceError, match="does not record"):
        warehouse.documents()
