"""The formats: line ends, marks, quotes, packing, sheets; the same rows whatever the file is packed in."""

from __future__ import annotations

import gzip
import lzma
import zipfile
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.formats import Delimited, GeneSets, Workbook, csv, tsv
from etl.formats import delimited as delimited_module
from etl.formats.content import content_sha256, verify_content
from etl.rows import Ledger
from warehouse.errors import SourceError
from warehouse.statements import ROW


def _read(table: Delimited | GeneSets, path: Path) -> tuple[pl.DataFrame, Ledger]:
    ledger = Ledger(path.name)
    frames = [rows.frame for rows in table.read(path, ledger)]
    return pl.concat(frames), ledger


def test_line_ends_byte_order_mark_and_blank_lines(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_bytes(b"\xef\xbb\xbfid\tname\r\n1\tx\r\n\r\n2\t\r\n")
    frame, ledger = _read(tsv("id", "name"), path)
    assert frame.rows() == [("1", "x", 2), ("2", None, 4)]
    assert ledger.rows_read == 2


def test_bad_lines_are_set_aside_with_number_and_text(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_bytes(b"id\tname\n1\tx\n2\n3\t\xff\n4\ty\tz\n")
    frame, ledger = _read(tsv("id", "name"), path)
    assert frame[ROW].to_list() == [2]
    told = pl.concat(ledger.rejected)
    assert told.select(ROW, "reason", "detail", "raw").rows() == [
        (3, "wrong_column_count", "1 columns, not 2", "2"),
        (4, "not_utf8", "byte 3 of the line is 0xff", "3\t\\xff"),
        (5, "wrong_column_count", "3 columns, not 2", "4\ty\tz"),
    ]


def test_a_missing_column_names_file_line_and_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "genes.tsv"
    path.write_text("# made today\nid\tnom\n1\tx\n")
    with pytest.raises(SourceError, match=r"genes.tsv, line 2: the header lacks the column\(s\) name; it has id, nom"):
        _read(tsv("id", "name", comment="#"), path)


def test_columns_that_nothing_reads_are_listed_with_their_values(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    extra = [f"extra_{n}" for n in range(60)]
    lines = [["id", "name", *extra, "A_STATUS"], ["1", "x", *["y"] * 60, "z"], ["2", "x", *["y"] * 59, "", "z"]]
    path.write_text("".join("\t".join(line) + "\n" for line in lines))
    _frame, ledger = _read(tsv("id", "name", like=r".+_STATUS"), path)
    assert ledger.unused_columns == {**dict.fromkeys(extra, 2), "extra_59": 1}


def test_columns_without_a_name_are_listed_only_where_they_have_values(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_text("id\tname\t\t\t\n1\tx\t\ty\t\n2\tz\t\t\t\n")
    _frame, ledger = _read(tsv("id", "name"), path)
    assert ledger.unused_columns == {"_unnamed_3": 1}


@pytest.mark.parametrize("content", [b"", b"#only\n#comments\n"])
def test_a_file_without_rows_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.tsv"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=r"a.tsv: (the file is empty|there is no header line)"):
        _read(tsv("id", comment="#"), path)


def test_quotes(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('id,name\n1,"a, ""b"""\n2,"open\n3,"x","y"\n')
    frame, ledger = _read(csv("id", "name"), path)
    assert frame.rows() == [("1", 'a, "b"', 2)]
    assert ledger.rows_quarantined == 2


@given(
    st.lists(
        st.tuples(
            st.text(st.characters(codec="utf-8", exclude_characters='\t\n\r"', exclude_categories=["Cc"])),
            st.text("ab", max_size=3),
        ),
        min_size=1,
        max_size=8,
    ),
    st.sampled_from(["plain", "gz", "xz", "zip"]),
    st.booleans(),
    st.integers(1, 40),
)
def test_every_packing_and_batch_size_gives_the_same_rows(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]], packing: str, windows: bool, batch: int
) -> None:
    text = "".join(f"{first}\t{second}{chr(13) if windows else ''}\n" for first, second in rows).encode()
    path = tmp_path_factory.mktemp("packed") / ("a.tsv" if packing == "plain" else f"a.tsv.{packing}")
    if packing == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("inner.tsv", text)
    else:
        packers: dict[str, Callable[[bytes], bytes]] = {"plain": bytes, "gz": gzip.compress, "xz": lzma.compress}
        path.write_bytes(packers[packing](text))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delimited_module, "BATCH_BYTES", batch)
        frame, ledger = _read(tsv("first", "second", header=False), path)
    kept = [(first or None, second or None) for first, second in rows]
    assert [row[:2] for row in frame.sort(ROW).rows()] == kept
    assert ledger.rows_read == len(rows)


def test_the_checksum_is_that_of_the_content(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"hello")
    (tmp_path / "a.gz").write_bytes(gzip.compress(b"hello"))
    assert content_sha256(tmp_path / "a") == content_sha256(tmp_path / "a.gz")


def test_archives_of_several_files_and_with_passwords_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../evil.txt", "x")
        archive.writestr("b.txt", "y")
    with pytest.raises(SourceError, match="holds 2 files"):
        content_sha256(path)
    assert not (tmp_path.parent / "evil.txt").exists()


def test_gene_sets(tmp_path: Path) -> None:
    path = tmp_path / "a.gmt"
    path.write_text("one\tR-HSA-1\tA\tB\t\ntwo\tR-HSA-2\n")
    frame, ledger = _read(GeneSets(), path)
    assert frame.rows() == [("one", "R-HSA-1", ["A", "B"], 1)]
    assert ledger.rows_quarantined == 1


def test_a_workbook_without_the_sheet_names_those_it_has(tmp_path: Path, real_data: Path) -> None:
    path = real_data / "tcga" / "TCGA-CDR-SupplementalTableS1.xlsx"
    with pytest.raises(SourceError, match="has no sheet 'Nope'; it has TCGA-CDR, "):
        list(Workbook("Nope", ()).read(path, Ledger(path.name)))


def test_a_text_is_no_workbook(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_text("hello")
    with pytest.raises(SourceError, match=r"a\.xlsx: this is no readable workbook"):
        list(Workbook("x", ()).read(path, Ledger(path.name)))


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n",
            "a Git LFS pointer, not the data",
        ),
        (b"/annex/objects/MD5E-s12--0b5.tsv\n", "a git-annex pointer, not the data"),
        (b"../../.git/annex/objects/Zx/0f/SHA256E-s9--a.tsv/SHA256E-s9--a.tsv", "a git-annex pointer, not the data"),
        (b"\xef\xbb\xbf\n<!DOCTYPE html>\n<html><body>Sign in</body></html>", "an HTML page, not the data"),
        (b"<!-- moved -->\n<HTML>\n", "an HTML page, not the data"),
        (
            b'<?xml version="1.0"?>\n<Error><Code>NoSuchKey</Code></Error>',
            "the error message of a server, not the data",
        ),
        (b"404: Not Found", "the error message of a server, not the data"),
        (b"Not Found\n", "the error message of a server, not the data"),
        (b'{"message": "Not Found", "status": 404}', "the error message of a server, not the data"),
        (b"", "the file is empty"),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_what_stands_in_for_data_is_named(tmp_path: Path, content: bytes, what: str, packed: bool) -> None:
    path = tmp_path / ("table.tsv.gz" if packed else "table.tsv")
    path.write_bytes(gzip.compress(content) if packed else content)
    with pytest.raises(SourceError, match=rf"{path.name}: {what}"):
        verify_content(path)


@pytest.mark.parametrize(
    "content", [b"version\tgene\n", b"Not Found\tx\n", b"404\tTP53\n", b'{"message": 1}\n{"message": 2}\n' * 40]
)
def test_data_that_begin_alike_are_data(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "table.tsv"
    path.write_bytes(content)
    verify_content(path)
    assert path.read_bytes() == content


def test_a_page_that_is_meant_to_be_one_is_data(tmp_path: Path) -> None:
    path = tmp_path / "article.html"
    path.write_bytes(b"<!doctype html><html></html>")
    verify_content(path)
    assert path.stat().st_size
