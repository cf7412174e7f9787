"""Which files a build reads: found by pattern, the newest release, what is superseded, missing or nobody's."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from etl.formats import tsv
from etl.formats.content import content_sha256
from etl.locate import Folder, find
from etl.source import Licence, Pin, Remote, Source, SourceFile
from warehouse.errors import SourceError

KNOWN = b"a\tb\n" * 10


def _source(*files: SourceFile) -> Source:
    return Source(
        "example", "Example", "Invented.", "https://example.org", Licence("CC0-1.0", True, "https://x"), 1, files
    )


def _part(name: str, *patterns: str, **options: object) -> SourceFile:
    return SourceFile(name, patterns, tsv(("a", "b")), lambda rows: [], **options)  # type: ignore[arg-type]


def _write(folder: Path, name: str, content: bytes = b"x\ty\n") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_the_newest_release_wins_and_another_can_be_asked_for(tmp_path: Path) -> None:
    for name in ("2020-01-31/genes.tsv", "2024_05_01/genes.tsv.gz", "genes.tsv"):
        _write(tmp_path, name, gzip.compress(b"x\ty\n") if name.endswith("gz") else name.encode())
    source = _source(_part("genes", "genes.tsv"))
    found = find(source, Folder(tmp_path))
    assert [file.name for file in found.files] == ["2024_05_01/genes.tsv.gz"]
    assert found.files[0].release == "2024-05-01"
    assert sorted(found.superseded) == ["2020-01-31/genes.tsv", "genes.tsv"]
    older = find(source, Folder(tmp_path), "2020-01-31")
    assert [file.name for file in older.files] == ["2020-01-31/genes.tsv"]
    with pytest.raises(
        SourceError, match=r"there is no release '1999' of genes; there are 2020-01-31, 2024-05-01, unpi"
    ):
        find(source, Folder(tmp_path), "1999")


def test_a_known_snapshot_is_recognised_by_its_content(tmp_path: Path) -> None:
    checksum = content_sha256(_write(tmp_path / "plain", "genes.tsv", KNOWN))
    pin = Pin("2024", checksum, 10)
    source = _source(_part("genes", "genes*.tsv", pins=(pin, Pin("2023", "0" * 64, 8))))
    _write(tmp_path / "packed", "genes_renamed.tsv.gz", gzip.compress(KNOWN))
    for folder in ("plain", "packed"):
        (file,) = find(source, Folder(tmp_path / folder)).files
        assert (file.release, file.expected_rows, file.subset) == ("2024", 10, False)
    _write(tmp_path / "other", "genes.tsv", b"c\td\n")
    (file,) = find(source, Folder(tmp_path / "other")).files
    assert file.release.startswith("unpinned-")
    assert (file.expected_rows, file.subset) == (10, False), "held to the newest whole release that is known"
    (file,) = find(source, Folder(tmp_path / "other", subset=True)).files
    assert (file.expected_rows, file.subset) == (None, True)


def test_the_manifest_declares_parts_of_releases(tmp_path: Path) -> None:
    _write(tmp_path, "a/genes.tsv")
    manifest = _write(tmp_path, "targetgraph-subset.json", json.dumps({"rows": {"a/genes.tsv": 7}}).encode())
    folder = Folder(tmp_path)
    (file,) = find(_source(_part("genes", "genes.tsv", remote=Remote("https://x", "1"))), folder).files
    assert (file.expected_rows, file.subset) == (7, True)
    assert folder.unused == []
    for broken in (b"{", b"[]", b'{"rows": {"a": "many"}}', b'{"rows": 3}', b"{}"):
        manifest.write_bytes(broken)
        with pytest.raises(SourceError, match=r"targetgraph-subset\.json: the manifest cannot be read"):
            Folder(tmp_path)


def test_missing_files_are_named_or_refused(tmp_path: Path) -> None:
    source = _source(
        _part("genes", "genes.tsv", remote=Remote("https://example.org/genes.tsv", "1")),
        _part("extra", "extra.tsv", required=False),
    )
    assert find(source, Folder(tmp_path)).files == (), "nothing of the source is there: it is not built"
    _write(tmp_path, "extra.tsv")
    with pytest.raises(SourceError, match=r"example: the file genes is missing below .* like genes\.tsv") as told:
        find(source, Folder(tmp_path))
    assert "It is published at https://example.org/genes.tsv" in str(told.value)
    (tmp_path / "extra.tsv").unlink()
    _write(tmp_path, "genes.tsv")
    assert find(source, Folder(tmp_path)).missing == ("extra",)


def test_one_of_several_files_is_enough(tmp_path: Path) -> None:
    source = _source(
        _part("full", "full.tsv", required=False, one_of="table"),
        _part("short", "short.tsv", required=False, one_of="table"),
        _part("other", "other.tsv", required=False),
    )
    _write(tmp_path, "other.tsv")
    with pytest.raises(SourceError, match=r"there is no table; one of these files is needed: full\.tsv, short\.tsv"):
        find(source, Folder(tmp_path))
    _write(tmp_path, "short.tsv")
    assert [file.part for file in find(source, Folder(tmp_path)).files] == ["short", "other"]


def test_many_documents_and_files_of_nobody(tmp_path: Path) -> None:
    for name in ("x/1.cif", "x/2.cif.gz", "note.txt", ".hidden.cif"):
        _write(tmp_path, name)
    folder = Folder(tmp_path)
    found = find(_source(_part("entries", "*.cif", many=True)), folder)
    assert [file.name for file in found.files] == ["x/1.cif", "x/2.cif.gz"]
    assert found.superseded == ()
    assert folder.unused == ["note.txt"]


def test_links_out_of_the_folder_are_not_followed(tmp_path: Path) -> None:
    _write(tmp_path / "outside", "genes.tsv")
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "link").symlink_to(tmp_path / "outside")
    assert Folder(tmp_path / "raw").paths == []
    with pytest.raises(SourceError, match="is no folder"):
        Folder(tmp_path / "none")
