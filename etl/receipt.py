"""The receipt of a build: what was read, what was kept, what was set aside and why, by source and file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from etl.locate import FoundFile
from etl.rows import Ledger
from warehouse.health.set_aside import files_set_aside
from warehouse.statements import Reason

#: Below this share of the expected rows a file fails the build.
FAILS_BELOW = 0.70
#: Below this share of the expected rows a file is reported with a warning.
WARNS_BELOW = 0.95


@dataclass
class FileReceipt:
    """The account of one file."""

    part: str
    file: str
    release: str
    sha256: str
    size_bytes: int
    url: str | None
    subset: bool
    rows_expected: int | None
    rows_read: int
    rows_kept: int
    rows_quarantined: int
    rows_out_of_scope: int
    quarantined: dict[str, int]
    seconds: float
    notes: list[str] = field(default_factory=list)
    #: Values that were set aside while their rows were kept, by reason.
    cells: dict[str, int] = field(default_factory=dict)
    #: Columns of which much could not be used: values given, values set aside.
    unusable_columns: dict[str, tuple[int, int]] = field(default_factory=dict)
    #: Columns that nothing reads, with how many values each has.
    unused_columns: dict[str, int] = field(default_factory=dict)
    #: It is one small document of many (an entry of the Protein Data Bank): they are judged together.
    is_document: bool = False
    #: Why it was set aside whole; then nothing of it is in the build, and its counts are 0.
    failure: str = ""
    #: More rows than these are more than the release can have.
    rows_at_most: int | None = None

    @property
    def good_rows(self) -> int:
        """Rows that are as they should be: kept, out of scope, or saying that their entry is withdrawn."""
        return self.rows_kept + self.rows_out_of_scope + self.quarantined.get(Reason.WITHDRAWN.code, 0)

    @property
    def share(self) -> float | None:
        """Good rows against expected ones; None where nobody knows how many there should be."""
        return self.good_rows / self.rows_expected if self.rows_expected else None

    @property
    def status(self) -> str:
        """`green`, `warning`, `failed`, or `unpinned` where no count is known.

        What gave nothing has failed, unless it is one of many documents or says what is withdrawn. What gave rows of
        which most are bad, or a column of which much could not be used, is never better than `warning`. Rows that
        repeat what an earlier one is about never fail a file: that one is kept.
        """
        if self.failure or self._gave_nothing:
            return "failed"
        repeated = self.quarantined.get(Reason.DUPLICATE_KEY.code, 0)
        if self.rows_expected and self.good_rows + repeated < FAILS_BELOW * self.rows_expected:
            return "failed"
        mostly_bad = self.rows_read > 0 and self.good_rows < FAILS_BELOW * self.rows_read
        too_many = self.rows_at_most is not None and self.rows_read > self.rows_at_most
        if too_many or mostly_bad or self.unusable_columns or (self.share is not None and self.share < WARNS_BELOW):
            return "warning"
        return "green" if self.share is not None or self.is_document else "unpinned"

    @property
    def _gave_nothing(self) -> bool:
        return not (self.is_document or self.rows_kept or self.quarantined.get(Reason.WITHDRAWN.code))


@dataclass
class SourceReceipt:
    """The account of one source."""

    source: str
    title: str
    licence: str
    files: list[FileReceipt] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    superseded: list[str] = field(default_factory=list)
    statements: int = 0
    statements_quarantined: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    peak_memory_bytes: int = 0
    #: The folder of downloads that it was read from; none where it was fetched.
    folder: str | None = None
    #: Why it could not be read; then the build has nothing of it, or what the build before had.
    failure: str = ""
    #: The version of the code that turned its rows into statements (`etl.code_of_builds`).
    mapping: str = ""

    @property
    def status(self) -> str:
        """The worst status of its files; of many small documents, one in twenty may be bad."""
        if self.failure:
            return "failed"
        order = ("failed", "warning", "unpinned", "green")
        documents = [file for file in self.files if file.is_document]
        known = {file.status for file in self.files if not file.is_document}
        if sum(file.good_rows for file in documents) < WARNS_BELOW * sum(file.rows_read for file in documents):
            known.add("warning")
        return next((status for status in order if status in known), "green")

    def total(self, name: str) -> int:
        """A sum over its files: `rows_read`, `rows_kept`, ..."""
        return sum(int(getattr(file, name)) for file in self.files)


@dataclass
class Receipt:
    """The account of a build."""

    build: str
    made_at: str
    version: str
    seconds: float
    peak_memory_bytes: int
    content_hash: str
    provenance_share: float
    refreshed: list[str]
    counts: dict[str, int]
    phases: dict[str, float]
    sources: list[SourceReceipt]
    unused_files: list[str] = field(default_factory=list)
    #: The version of the code that all sources share (`etl.code_of_builds`).
    code: str = ""
    #: By matrix: rows, features, and how many of the features mean an entity.
    matrices: dict[str, dict[str, int]] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The receipt as plain values, each file and source with its status."""
        document = asdict(self)
        for source, plain in zip(self.sources, document["sources"], strict=True):
            plain["status"] = source.status
            for file, plain_file in zip(source.files, plain["files"], strict=True):
                plain_file["status"] = file.status
        return document


def file_receipt(file: FoundFile, ledger: Ledger, seconds: float, *, is_document: bool = False) -> FileReceipt:
    """The account of a file that has been read."""
    return FileReceipt(
        part=file.part,
        file=file.name,
        release=file.release,
        sha256=file.sha256,
        size_bytes=file.size_bytes,
        url=file.url,
        subset=file.subset,
        rows_expected=file.expected_rows,
        rows_read=ledger.rows_read,
        rows_kept=ledger.rows_kept,
        rows_quarantined=ledger.rows_quarantined,
        rows_out_of_scope=ledger.rows_out_of_scope,
        quarantined=ledger.rejected_by_reason,
        seconds=round(seconds, 3),
        notes=[*file.notes, *ledger.notes],
        cells=ledger.cells,
        unusable_columns=ledger.unusable_columns,
        unused_columns=ledger.unused_columns,
        is_document=is_document,
        rows_at_most=file.most_rows,
    )


def failed_receipt(file: FoundFile, failure: str) -> FileReceipt:
    """The account of a file that was set aside whole, and why."""
    return FileReceipt(
        part=file.part,
        file=file.name,
        release=file.release,
        sha256=file.sha256,
        size_bytes=file.size_bytes,
        url=file.url,
        subset=file.subset,
        rows_expected=file.expected_rows,
        rows_read=0,
        rows_kept=0,
        rows_quarantined=0,
        rows_out_of_scope=0,
        quarantined={},
        seconds=0.0,
        failure=failure,
    )


def source_receipt_from_json(document: dict[str, Any]) -> SourceReceipt:
    """The account of a source as a receipt on disk has it: a refresh carries the others over."""
    plain = {key: value for key, value in document.items() if key != "status"}
    plain["files"] = [
        FileReceipt(**{key: value for key, value in file.items() if key != "status"}) for file in plain["files"]
    ]
    return SourceReceipt(**plain)


def table(document: dict[str, Any]) -> list[dict[str, Any]]:
    """A receipt as rows for people: one for each source."""
    return [_row(source_receipt_from_json(source)) for source in document["sources"]]


def _row(source: SourceReceipt) -> dict[str, Any]:
    reasons = _sum([*(file.quarantined for file in source.files), source.statements_quarantined])
    cells = _sum(file.cells for file in source.files)
    unresolved = sum(source.statements_quarantined.values())
    return {
        "source": source.source,
        "status": source.status,
        "release": ", ".join(sorted({file.release for file in source.files})),
        "files": len(source.files),
        "read": source.total("rows_read"),
        "kept": source.total("rows_kept"),
        "quarantined": source.total("rows_quarantined"),
        "out_of_scope": source.total("rows_out_of_scope"),
        "cells": sum(cells.values()),
        "statements": source.statements,
        "unresolved": unresolved,
        "reasons": ", ".join(
            [
                *(f"{reason} {count:,}" for reason, count in sorted(reasons.items())),
                *(f"{reason} {count:,} cells" for reason, count in sorted(cells.items())),
                *_unusable(source),
                *([source.failure] if source.failure else []),
                *files_set_aside(asdict(source)),
            ]
        ),
        "missing": len(source.missing),
        "seconds": round(source.seconds, 2),
        "peak_mb": round(source.peak_memory_bytes / 1e6),
    }


def _unusable(source: SourceReceipt) -> list[str]:
    """The columns of which much could not be used, each with its file."""
    return [
        f"{bad:,} of {given:,} values of {column} in {file.file}"
        for file in source.files
        for column, (given, bad) in sorted(file.unusable_columns.items())
    ]


def _sum(parts: Iterable[dict[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for part in parts:
        for reason, count in part.items():
            total[reason] = total.get(reason, 0) + count
    return total
