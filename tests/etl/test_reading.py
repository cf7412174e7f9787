"""Files that are read together: what comes of each is what came of it alone."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from etl.locate import Folder, FoundFile, find
from etl.reading import ManyRead, new_ledger, read, read_many
from etl.rows import Rows
from etl.source import SourceFile
from etl.sources.pdb import SOURCE
from warehouse.documents.store import checksum
from warehouse.statements import FILE, ROW, Matrix, Reason, Stated, entities

PART = SOURCE.part("entries")

_DOCUMENT = """data_{code}
#
_entry.id   {code}
#
_struct.title   '{title}'
#
_refine.ls_d_res_high   {resolution}
#
"""


def documents(folder: Path, count: int) -> list[FoundFile]:
    """Small documents of every kind: good, damaged, without an entry, with one entry twice, with a wrong number."""
    for number in range(count):
        code = f"9x{number:02d}"
        text = _DOCUMENT.format(code=code.upper(), title=f"Number {number}", resolution=1 + number / 10)
        if number % 10 == 3:
            text = text.replace(f"_entry.id   {code.upper()}", "_entry.id   ?")
        if number % 10 == 4:
            text += text.replace("data_", "data_again_")
        if number % 10 == 5:
            text = text.replace("_high   ", "_high   about")
        content = gzip.compress(text.encode())
        (folder / f"{code}.cif.gz").write_bytes(content[:-20] if number % 10 == 6 else content)
    return list(find(SOURCE, Folder(folder, subset=True)).files)


def _told_alone(files: list[FoundFile]) -> Iterator[tuple[str, str, int, tuple[object, ...]]]:
    for file in files:
        ledger = new_ledger(file, SOURCE.options)
        for batch in read(file, PART, ledger):
            for name, frame in batch.statements:
                for row in frame.drop(ROW).with_columns(frame[ROW]).rows():
                    yield name, file.name, row[-1], row[:-1]


def _told_together(found: ManyRead) -> Iterator[tuple[str, str, int, tuple[object, ...]]]:
    for name, frame in found.statements:
        for row in frame.drop(ROW, FILE).with_columns(frame[ROW], frame[FILE]).rows():
            yield name, found.files[row[-1]].name, row[-2], row[:-2]


def test_every_file_has_the_account_that_it_has_alone(tmp_path: Path) -> None:
    files = documents(tmp_path, 20)
    together = read_many(files, PART, SOURCE.options)
    for file, found in zip(files, together.ledgers, strict=True):
        alone = new_ledger(file, SOURCE.options)
        list(read(file, PART, alone))
        for name in ("rows_read", "rows_kept", "rows_quarantined", "rows_out_of_scope", "notes", "file"):
            assert getattr(found, name) == getattr(alone, name), (file.name, name)
        assert found.quarantined_rows().equals(alone.quarantined_rows())
        assert [one.rows() for one in found.rejected] == [one.rows() for one in alone.rejected]
    assert sorted(map(repr, _told_together(together))) == sorted(map(repr, _told_alone(files)))


def test_what_is_set_aside_names_file_and_row(tmp_path: Path) -> None:
    files = documents(tmp_path, 10)
    together = read_many(files, PART, SOURCE.options)
    told = [
        (files[file].name, row, reason) for file, row, reason in together.rejected().select(FILE, ROW, "reason").rows()
    ]
    assert told == [
        ("9x03.cif.gz", 1, Reason.MISSING_VALUE.code),
        ("9x04.cif.gz", 2, Reason.DUPLICATE_KEY.code),
        ("9x05.cif.gz", 1, Reason.BAD_VALUE.code),
        ("9x06.cif.gz", 1, Reason.UNREADABLE.code),
    ]


def test_two_files_may_be_about_one_entry(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        documents(tmp_path / name, 1)
    files = list(find(SOURCE, Folder(tmp_path, subset=True)).files)
    together = read_many(files, PART, SOURCE.options)
    structures = dict(together.statements)["Structure"]
    assert structures.select("id", FILE, ROW).rows() == [("pdb:9x00", 0, 1), ("pdb:9x00", 1, 1)]


def test_rows_out_of_scope_and_notes_reach_their_files(tmp_path: Path) -> None:
    def parse(rows: Rows) -> Iterator[Stated]:
        rows.ledger.note("Read together.")
        wanted = rows.only(pl.col("id") != "9X01")
        yield entities("Structure", wanted.frame.select(ROW, id="pdb:" + pl.col("id").str.to_lowercase()))

    found = read_many(documents(tmp_path, 3), replace(PART, parse=parse), SOURCE.options)
    assert [ledger.rows_out_of_scope for ledger in found.ledgers] == [0, 1, 0]
    assert [ledger.rows_kept for ledger in found.ledgers] == [1, 0, 1]
    assert all(ledger.notes == ["Read together."] for ledger in found.ledgers)


def test_entries_that_are_withdrawn_are_told_and_nothing_of_the_caller_is_changed(tmp_path: Path) -> None:
    def parse(rows: Rows) -> Iterator[Stated]:
        assert rows.ledger.withdrawn == {"earlier"}
        rows.reject(pl.col("id") == "9X01", Reason.WITHDRAWN, "", pl.col("id"))
        yield from ()

    known = {"earlier"}
    found = read_many(documents(tmp_path, 2), replace(PART, parse=parse), SOURCE.options, known)
    assert known == {"earlier"}
    assert "9X01" in set().union(*(ledger.withdrawn for ledger in found.ledgers))


def test_a_file_without_a_checksum_is_given_one(tmp_path: Path) -> None:
    files = documents(tmp_path, 2)
    missing = replace(files[1], path=tmp_path / "9x99.cif", name="9x99.cif", sha256="")
    found = read_many([replace(files[0], sha256=""), missing], PART, SOURCE.options)
    assert [file.sha256 for file in found.files] == [checksum(files[0].path), ""]
    assert [ledger.rows_quarantined for ledger in found.ledgers] == [0, 1]


def _fails(rows: Rows) -> Iterator[Stated]:
    if rows.frame["id"].str.contains("9X02").any():
        raise ZeroDivisionError
    yield from ()


def _gives_a_matrix(rows: Rows) -> Iterator[Stated]:
    values = rows.frame.select(ROW, row_id="id", feature="id", value=pl.lit(1.0))
    yield Matrix("x", "expression", "cohort:x", "counts", "Patient", values)


@pytest.mark.parametrize(
    ("parse", "error", "note"),
    [(_fails, ZeroDivisionError, "9x02.cif.gz (entries)"), (_gives_a_matrix, ValueError, "9x00.cif.gz (entries)")],
)
def test_a_fault_of_a_parse_function_names_the_file(
    tmp_path: Path, parse: Callable[[Rows], Iterator[Stated]], error: type[Exception], note: str
) -> None:
    part: SourceFile = replace(PART, parse=parse)
    with pytest.raises(error) as caught:
        read_many(documents(tmp_path, 4), part, SOURCE.options)
    assert caught.value.__notes__ == [f"while pdb parsed {note}"]
