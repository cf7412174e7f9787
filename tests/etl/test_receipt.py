"""The receipt: every row of every file is accounted for, and what was not there or not used is named."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from etl.receipt import FileReceipt, SourceReceipt, source_receipt_from_json, table
from warehouse.health.set_aside import set_aside
from warehouse.home import Home
from warehouse.statements import Reason
from warehouse.warehouse import Warehouse

REASONS = {reason.code for reason in Reason}


def _file(kept: int, expected: int | None, *, subset: bool = False, **quarantined: int) -> FileReceipt:
    lost = sum(quarantined.values())
    sums = (kept + lost, kept, lost, 0)
    return FileReceipt("p", "f", "1", "0" * 64, 1, None, subset, expected, *sums, quarantined, 0.1)


@pytest.mark.parametrize(
    ("kept", "expected", "status"),
    [(100, 100, "green"), (95, 100, "green"), (94, 100, "warning"), (70, 100, "warning"), (69, 100, "failed")],
)
def test_shares_of_the_expected_rows(kept: int, expected: int, status: str) -> None:
    assert _file(kept, expected).status == status


def test_more_rows_than_a_release_can_have_are_a_warning() -> None:
    file = _file(1_013_000, 900_000)
    assert [replace(file, rows_at_most=most).status for most in (None, 1_300_000, 1_000_000)] == [
        "green",
        "green",
        "warning",
    ]
    assert _file(470_770, 900_000).status == "failed", "half of what is served today"


def test_withdrawn_entries_count_as_good_and_others_do_not() -> None:
    assert _file(60, 100, withdrawn=40).status == "green"
    assert _file(60, 100, bad_value=40).status == "failed"


@pytest.mark.parametrize("subset", [False, True])
def test_what_nobody_has_counted_is_never_green(subset: bool) -> None:
    assert _file(5, None, subset=subset).status == "unpinned"
    assert _file(0, None, subset=subset, wrong_column_count=2).status == "failed", "rows, and none of them kept"
    assert _file(0, None, subset=subset, withdrawn=2).status == "unpinned", "what is withdrawn is good to know"
    assert _file(2, None, subset=subset, bad_identifier=8).status == "warning", "most rows are bad"
    assert _file(9, None, subset=subset, bad_identifier=1).status == "unpinned"
    assert _file(0, None, subset=subset).status == "failed", "a file without rows"


def test_a_column_of_which_much_cannot_be_used_is_a_warning() -> None:
    file = _file(100, 100)
    file.unusable_columns = {"AGE": (100, 40)}
    assert file.status == "warning"
    (row,) = table({"sources": [asdict(SourceReceipt("s", "S", "x", [file]))]})
    assert row["reasons"] == "40 of 100 values of AGE in f"


@pytest.mark.parametrize(
    ("good", "bad", "status"),
    [(1, 0, "green"), (0, 1, "warning"), (95, 5, "green"), (94, 6, "warning"), (0, 3, "warning")],
)
def test_small_documents_are_judged_together(good: int, bad: int, status: str) -> None:
    files = [replace(_file(1, None, subset=True), is_document=True)] * good
    files += [replace(_file(0, None, subset=True, unreadable=1), is_document=True)] * bad
    assert SourceReceipt("s", "S", "x", files).status == status


def test_a_source_is_as_bad_as_its_worst_file() -> None:
    files = [_file(100, 100), _file(80, 100), _file(5, None)]
    assert SourceReceipt("s", "S", "x", files).status == "warning"
    assert SourceReceipt("s", "S", "x", files[::2]).status == "unpinned"
    assert SourceReceipt("s", "S", "x").status == "green"


def test_every_row_of_the_sample_is_accounted_for(sample_home: Home) -> None:
    receipt = sample_home.current().receipt()
    files = [file for source in receipt["sources"] for file in source["files"]]
    assert len(files) > 50
    for file in files:
        assert file["rows_read"] == file["rows_kept"] + file["rows_quarantined"] + file["rows_out_of_scope"]
        assert file["rows_read"] > 0
        assert set(file["quarantined"]) <= REASONS
        assert sum(file["quarantined"].values()) >= file["rows_quarantined"]
        assert len(file["sha256"]) == 64
        assert file["release"]
        assert file["seconds"] >= 0
    assert receipt["provenance_share"] == 1.0
    assert {"read", "resolve", "gate", "fingerprint"} <= set(receipt["phases"])


def test_quarantine_holds_what_the_receipt_counts(sample_home: Home) -> None:
    receipt = sample_home.current().receipt()
    told: Counter[tuple[str, bool, str]] = Counter()
    for source in receipt["sources"]:
        counts = [(False, source["statements_quarantined"])]
        counts += [
            (cells, file[name]) for file in source["files"] for cells, name in ((False, "quarantined"), (True, "cells"))
        ]
        for cells, by_reason in counts:
            told.update({(source["source"], cells, reason): count for reason, count in by_reason.items()})
    with Warehouse(sample_home.current()) as opened:
        held = opened.sql(
            "SELECT source, scope IN ('cell', 'column') AS cells, reason, count(*) FROM quarantine GROUP BY ALL"
        ).rows()
        assert {tuple(key): count for *key, count in held} == dict(told)
        assert opened.sql("SELECT count(*) FROM quarantine WHERE file IS NULL OR row IS NULL").rows() == [(0,)]
        said = opened.sql("SELECT count(*) FROM assertions").rows()[0][0]
        values = opened.sql("SELECT count(*) FROM expression").rows()[0][0]
    assert 0 < said + values <= sum(source["statements"] for source in receipt["sources"]) + 10**6


def test_missing_superseded_and_unused_files_are_named(sample_home: Home) -> None:
    receipt = sample_home.current().receipt()
    by_source = {source["source"]: source for source in receipt["sources"]}
    assert any(source["missing"] for source in by_source.values())
    listed = [*receipt["unused_files"], *(name for source in by_source.values() for name in source["superseded"])]
    read = {file["file"] for source in by_source.values() for file in source["files"]}
    assert not read & set(receipt["unused_files"])
    raw = sample_home.root / "raw"
    there = {path.relative_to(raw).as_posix() for path in raw.rglob("*") if path.is_file()}
    beside = {name for name in there - read - set(listed) if not Path(name).name.startswith(("meta_", "targetgraph-"))}
    assert not beside, "every file is read, superseded or named as nobody's"


def test_what_was_set_aside_is_named_by_source_and_file() -> None:
    failed = replace(_file(0, None), failure="f: the file is empty")
    assert failed.status == "failed"
    half, gone = SourceReceipt("s", "S", "x", [_file(1, 1), failed]), SourceReceipt("t", "T", "x", failure="No server.")
    assert half.status == gone.status == "failed"
    receipt = {"sources": [asdict(half), asdict(gone)]}
    assert set_aside(receipt) == ["S was built without f: the file is empty", "T failed. No server."]
    assert set_aside(receipt, ["t"]) == ["T failed. No server."]
    assert [row["reasons"] for row in table(receipt)] == ["f: the file is empty", "No server."]


def test_a_receipt_survives_the_disk(sample_home: Home) -> None:
    document = sample_home.current().receipt()
    for source in document["sources"]:
        read = source_receipt_from_json(json.loads(json.dumps(source)))
        assert read.status == source["status"]
        assert read.total("rows_read") == sum(file["rows_read"] for file in source["files"])
    rows = table(document)
    assert [row["source"] for row in rows] == [source["source"] for source in document["sources"]]
    assert all(row["read"] == row["kept"] + row["quarantined"] + row["out_of_scope"] for row in rows)


def test_files_that_were_set_aside_for_one_reason_are_named_together() -> None:
    files = [
        {"file": f"cells/{name}.h5ad", "failure": f"{name}.h5ad: it is cut off. Copy it again."} for name in "abcd"
    ]
    files += [{"file": "e.h5ad", "failure": "Moved."}, {"file": "well.h5ad", "failure": ""}]
    assert set_aside({"sources": [{"source": "s", "title": "S", "files": files}]}) == [
        "S was built without 4 files (cells/a.h5ad, cells/b.h5ad, cells/c.h5ad and 1 more): "
        "it is cut off. Copy it again.",
        "S was built without e.h5ad: Moved.",
    ]
