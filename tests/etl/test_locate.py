"""Which files a build reads: found by pattern, the newest release, what is superseded, missing or nobody's."""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path

import pytest

from etl.formats import tsv
from etl.formats.content import content_sha256
from etl.locate import Folder, find, verify_md5
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
    with pytest.raises(SourceError, match="does not exist"):
        Folder(tmp_path / "none")


def test_folders_and_files_are_given_side_by_side(tmp_path: Path) -> None:
    """Names are below the folder that holds all that is given; a file is taken once, a manifest goes by its folder."""
    one, other = tmp_path / "a" / "one", tmp_path / "b"
    _write(one, "genes.tsv", b"1\t1\n")
    _write(other, "example/drugs.tsv")
    _write(other, "example/left.tsv")
    _write(one, "targetgraph-subset.json", json.dumps({"rows": {"genes.tsv": 4}}).encode())
    source = _source(_part("genes", "genes.tsv"), _part("drugs", "example/drugs.tsv"))
    given = Folder([one, other / "example" / "drugs.tsv", one / "genes.tsv"])
    files = find(source, given).files
    assert [file.name for file in files] == ["a/one/genes.tsv", "b/example/drugs.tsv"]
    assert [file.expected_rows for file in files] == [4, None]
    assert given.unused == []
    given.verify_given()
    stray = Folder([one, other / "example" / "left.tsv"])
    find(source.__class__(**{**vars(source), "files": source.files[:1]}), stray)
    with pytest.raises(SourceError, match=r"left\.tsv is not a file of any source"):
        stray.verify_given()


def test_a_newer_file_that_holds_no_data_is_named_and_an_older_is_read(tmp_path: Path) -> None:
    _write(tmp_path, "2024-05-01/genes.tsv", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n")
    _write(tmp_path, "2023-05-01/genes.tsv")
    _write(tmp_path, "2022-05-01/genes.tsv", b"")
    found = find(_source(_part("genes", "genes.tsv")), Folder(tmp_path))
    assert [(file.name, str(file.fault).split(",")[0]) for file in found.files] == [
        ("2024-05-01/genes.tsv", "genes.tsv: a Git LFS pointer"),
        ("2023-05-01/genes.tsv", "None"),
    ]
    assert found.superseded == ("2022-05-01/genes.tsv",)


def test_a_link_of_git_annex_is_a_file_that_is_not_here(tmp_path: Path) -> None:
    (tmp_path / "genes.tsv").symlink_to("../.git/annex/objects/aa/bb/MD5E-s9--0.tsv/MD5E-s9--0.tsv")
    (tmp_path / "other.tsv").symlink_to("../nowhere")
    (file,) = find(_source(_part("genes", "*.tsv")), Folder(tmp_path)).files
    assert "a git-annex link to data that are not here" in str(file.fault)


def test_a_file_with_the_checksum_of_the_published_release_is_that_release(tmp_path: Path) -> None:
    sha256 = hashlib.sha256(_write(tmp_path, "genes.tsv").read_bytes()).hexdigest()
    part = _part("genes", "genes.tsv", remote=Remote("https://example.org/genes.tsv", "97", sha256=sha256))
    assert find(_source(part), Folder(tmp_path)).files[0].release == "97"


def test_a_file_with_the_publishers_md5_is_its_release_and_another_is_read_too(tmp_path: Path) -> None:
    content = _write(tmp_path, "genes.tsv").read_bytes()
    md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
    remote = Remote("https://example.org/genes.tsv", "2018", size_bytes=len(content), md5=md5, rows=1)
    source = _source(_part("genes", "genes.tsv", remote=remote))
    (official,) = find(source, Folder(tmp_path)).files
    assert (official.release, official.expected_rows) == ("2018", 1)
    verify_md5(remote, tmp_path / "genes.tsv")
    _write(tmp_path, "genes.tsv", b"re-saved\t1\n")
    (resaved,) = find(source, Folder(tmp_path)).files
    assert resaved.release.startswith("unpinned-")
    assert resaved.fault is None
    with pytest.raises(SourceError, match=r"wrong checksum: expected md5 [0-9a-f]{32}, got [0-9a-f]{32}"):
        verify_md5(remote, tmp_path / "genes.tsv")
