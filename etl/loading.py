"""From the files of a source to its statements in a build: all of it, or what failed is set aside and named.

An optional file that fails is set aside alone. A source fails with a file that it cannot do without; then nothing of it
is taken, and a refresh leaves what the build before had of it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import groupby

import polars as pl

from etl.code_of_builds import mapping_version
from etl.locate import Folder, FoundFile, Inputs, verify_choices
from etl.memory import peak_memory
from etl.parallel import Workers, read_in_batches
from etl.reading import Batch, ManyRead, new_ledger, read
from etl.receipt import FileReceipt, SourceReceipt, failed_receipt, file_receipt
from etl.rows import Ledger, Options
from etl.source import BatchFormat, Source, SourceFile
from warehouse.documents.media_types import media_type_of
from warehouse.errors import BuildError, SourceError
from warehouse.progress import Progress, Task
from warehouse.statements import FILE, Reason
from warehouse.tables.writer import BuildWriter, FileRecord, SourceRecord


@dataclass
class _PartRead:
    """What came of the files of a part: their accounts, statements, the tables that they spoke of, what failed."""

    numbers: list[int] = field(default_factory=list)
    receipts: list[FileReceipt] = field(default_factory=list)
    statements: int = 0
    touched: set[str] = field(default_factory=set)
    errors: list[SourceError] = field(default_factory=list)


@dataclass
class Loader:
    """Reads sources into a build.

    Args:
        writer: the build in the making.
        options: what the user chose.
        workers: where many small documents are read.
        downloads: the downloads that are read; None = the files were fetched.
        progress: told of the files.
        named: the sources were named by the user: one without a file has failed.
        strict: raise where something fails.

    Attributes:
        touched: the tables of which something changed.
        errors: why sources and files were set aside.
        names: the cohorts that are named after files or folders, each with its file or folder.
    """

    writer: BuildWriter
    options: Options
    workers: Workers
    downloads: Folder | None
    progress: Progress
    named: bool = False
    strict: bool = False
    touched: set[str] = field(default_factory=set, init=False)
    errors: list[SourceError] = field(default_factory=list, init=False)
    names: dict[str, str] = field(default_factory=dict, init=False)

    def load(self, inputs: Inputs) -> SourceReceipt:
        """Read a source and give its account; where it fails, the account says why and nothing of it was taken.

        Raises:
            SourceError: it fails, and the loader is strict.
        """
        try:
            if inputs.failure is not None:
                raise inputs.failure
            if self.named and not inputs.files:
                raise _no_file(inputs.source, self.downloads)
            with self._whole_or_nothing(inputs.source.name):
                return self._load(inputs)
        except SourceError as error:
            if self.strict:
                raise
            self.errors.append(error)
            account = _new_account(inputs.source)
            account.failure = in_one_line(error)
            return account

    @contextmanager
    def _whole_or_nothing(self, name: str) -> Iterator[None]:
        if self.writer.has_source(name):
            with self.writer.all_or_nothing():
                yield
            return
        try:
            yield
        except SourceError:
            self.writer.remove_source(name)
            raise

    def _load(self, inputs: Inputs) -> SourceReceipt:
        declared = inputs.source
        account = _new_account(declared)
        account.missing, account.superseded = list(inputs.missing), list(inputs.superseded)
        account.folder = None if self.downloads is None else str(self.downloads.root)
        touched = self.writer.remove_source(declared.name)
        if inputs.files:
            self.writer.add_source(source_record(declared))
        start = time.perf_counter()
        failed: list[SourceError] = []
        with peak_memory() as peak, self.progress.task(declared.title, total=len(inputs.files), unit="files") as task:
            withdrawn: set[str] = set()
            for name, group in groupby(inputs.files, key=lambda file: file.part):
                task.describe(f"{declared.title}: {name}")
                part = self._read_part(list(group), declared.part(name), withdrawn, task)
                account.files.extend(part.receipts)
                account.statements += part.statements
                touched |= part.touched
                failed += part.errors
        if failed:
            _verify_choices(declared, account, failed[0])
        account.seconds = round(time.perf_counter() - start, 3)
        account.peak_memory_bytes = peak.bytes
        self.errors += failed
        self.touched |= touched
        return account

    def _read_part(self, files: list[FoundFile], part: SourceFile, withdrawn: set[str], task: Task) -> _PartRead:
        """Read all files of a part: one by one, or in batches where their format allows it.

        Raises:
            SourceError: the source cannot do without the part, and no file of it could be read.
        """
        if isinstance(part.format, BatchFormat):
            return self._read_documents(files, part, withdrawn, task)
        whole = _PartRead()
        for file in files:
            self._read_file(file, part, withdrawn, whole)
            task.advance(1)
        if part.required and len(whole.errors) == len(files):
            raise whole.errors[0]
        return whole

    def _read_file(self, file: FoundFile, part: SourceFile, withdrawn: set[str], whole: _PartRead) -> None:
        """Read one file; where it fails, nothing of it stays but its account and the error."""
        start = time.perf_counter()
        known = set(withdrawn)
        number = None
        try:
            if file.fault is not None:
                raise file.fault
            ledger = new_ledger(file, self.options, known)
            number = self.writer.add_file(_file_record(file, part))
            statements, touched = self._write_file(file, part, ledger, number)
            account = _accounted(file, ledger, time.perf_counter() - start, is_empty=statements == 0)
        except SourceError as error:
            if self.strict:
                raise
            self.writer.remove_files([] if number is None else [number])
            whole.receipts.append(failed_receipt(file, in_one_line(error)))
            whole.errors.append(error)
            return
        withdrawn |= known
        whole.receipts.append(account)
        whole.statements += statements or 0
        whole.touched |= touched

    def _write_file(
        self, file: FoundFile, part: SourceFile, ledger: Ledger, number: int
    ) -> tuple[int | None, set[str]]:
        """Write what a file says.

        Returns:
            How many statements, None where such a file never states anything; and the tables that they are of.
        """
        statements: int | None = None
        touched = set[str]()
        for batch in read(file, part, ledger, self.writer.model):
            self._verify_name(ledger)
            if batch.statements or batch.matrices:
                statements = (statements or 0) + _write(self.writer, batch, number, file)
            touched |= {self.writer.model[name].table for name, _frame in batch.statements}
        for rejected in ledger.rejected:
            self.writer.quarantine(rejected, number)
        return statements, touched

    def _verify_name(self, ledger: Ledger) -> None:
        """Verify that a cohort is named after one file or folder: those of several would be taken for one.

        Raises:
            SourceError: an earlier file or folder has the name.
        """
        if ledger.named_after is None:
            return
        cohort, origin = ledger.named_after
        first = self.names.setdefault(cohort, origin)
        if first != origin:
            raise SourceError(
                f"Two samples would be the cohort {cohort!r}: {first} and {origin}.", "Rename one of them."
            )

    def _read_documents(self, files: list[FoundFile], part: SourceFile, withdrawn: set[str], task: Task) -> _PartRead:
        whole = _PartRead()
        start = time.perf_counter()
        for batch in read_in_batches(files, part, self.options, withdrawn, self.workers):
            added = self._write_documents(batch, part, whole)
            seconds = round((time.perf_counter() - start) / len(added), 3)
            whole.receipts += [replace(one, seconds=seconds) for one in added]
            task.advance(len(added))
            start = time.perf_counter()
        if any(one.rows_kept for one in whole.receipts):
            return whole
        error = _no_document(files, whole.receipts)
        if part.required or self.strict:
            raise error
        self.writer.remove_files(whole.numbers)
        return _PartRead(receipts=[failed_receipt(file, in_one_line(error)) for file in files], errors=[error])

    def _write_documents(self, batch: ManyRead, part: SourceFile, whole: _PartRead) -> list[FileReceipt]:
        first = self.writer.add_files([_file_record(file, part) for file in batch.files])
        for name, frame in batch.statements:
            self.writer.add_statements(name, frame.with_columns(pl.col(FILE) + first))
            whole.statements += frame.height
            whole.touched |= {self.writer.model[name].table} if frame.height else set()
        rejected = batch.rejected()
        if rejected.height:
            self.writer.quarantine(rejected.with_columns(pl.col(FILE) + first), None)
        whole.numbers += range(first, first + len(batch.files))
        return [
            file_receipt(file, ledger, 0, is_document=True)
            for file, ledger in zip(batch.files, batch.ledgers, strict=True)
        ]


def source_record(declared: Source) -> SourceRecord:
    """What the warehouse keeps of a source."""
    licence = declared.licence
    return SourceRecord(
        declared.name, declared.title, declared.homepage, licence.name, licence.redistributable, declared.rank
    )


def in_one_line(error: SourceError) -> str:
    """What was wrong and what to do, as a receipt shows it."""
    sentences = [error.message.strip().removesuffix("."), *([error.hint] if error.hint else [])]
    return " ".join(". ".join(sentences).split())


def _new_account(declared: Source) -> SourceReceipt:
    mapping = mapping_version(declared.name)
    return SourceReceipt(declared.name, declared.title, declared.licence.name, mapping=mapping)


def _no_file(declared: Source, downloads: Folder | None) -> SourceError:
    where = "to fetch" if downloads is None else f"below {downloads.root}"
    return SourceError(f"There is no file of {declared.name} {where}.", "`targetgraph sources` lists its files.")


def _verify_choices(declared: Source, account: SourceReceipt, error: SourceError) -> None:
    """Verify that of parts that stand for each other one was read; else what failed is why the source fails."""
    try:
        verify_choices(declared, {file.part for file in account.files if not file.failure})
    except SourceError:
        raise error from None


def _accounted(file: FoundFile, ledger: Ledger, seconds: float, *, is_empty: bool) -> FileReceipt:
    """The account of a file that gave enough good rows.

    Raises:
        SourceError: it did not, or it gave no statement.
    """
    account = file_receipt(file, ledger, seconds)
    nothing = is_empty and not ledger.rejected_by_reason.get(Reason.WITHDRAWN.code)
    if nothing or account.status == "failed":
        too_few = account.rows_expected and account.good_rows and not nothing
        raise _too_few(file, ledger) if too_few else _nothing_kept(file, ledger)
    return account


def _write(writer: BuildWriter, batch: Batch, number: int, file: FoundFile) -> int:
    for name, frame in batch.statements:
        writer.add_statements(name, frame, number)
    try:
        for matrix in batch.matrices:
            writer.add_matrix(matrix, number)
    except BuildError as error:
        raise SourceError(f"{file.name}: {error.message}", error.hint) from error
    return sum(frame.height for _name, frame in batch.statements) + sum(m.frame.height for m in batch.matrices)


def _first_reasons(ledger: Ledger) -> str:
    reasons = ", ".join(f"{frame['reason'][0]} (row {frame['_row'][0]})" for frame in ledger.rejected[:3])
    return f": {reasons}" if reasons else ""


def _too_few(file: FoundFile, ledger: Ledger) -> SourceError:
    good = ledger.rows_kept + ledger.rows_out_of_scope
    return SourceError(
        f"{file.source}: {file.name} gave {good:,} good rows of {file.expected_rows or 0:,} expected "
        f"({ledger.rows_read:,} read, {ledger.rows_quarantined:,} set aside{_first_reasons(ledger)}).",
        "Is the download complete? If the file is a part of its release on purpose, build with --subset.",
    )


def _nothing_kept(file: FoundFile, ledger: Ledger) -> SourceError:
    others = f", {ledger.rows_out_of_scope:,} of other species" if ledger.rows_out_of_scope else ""
    return SourceError(
        f"{file.source}: nothing was kept of {file.name} ({ledger.rows_read:,} rows read, "
        f"{ledger.rows_quarantined:,} set aside{_first_reasons(ledger)}{others}).",
        "Is this the right file, and has its publisher changed the format?",
    )


def _no_document(files: Sequence[FoundFile], receipts: Sequence[FileReceipt]) -> SourceError:
    reasons = sorted({reason for one in receipts for reason in one.quarantined})
    return SourceError(
        f"{files[0].source}: nothing was kept of {len(files):,} files, {files[0].name} for instance"
        f"{': ' + ', '.join(reasons) if reasons else ''}.",
        "Are these the right files, and are they complete?",
    )


def _file_record(file: FoundFile, part: SourceFile) -> FileRecord:
    record = FileRecord(
        file.source, file.release, file.part, file.name, file.sha256, file.size_bytes, file.url, part.rank
    )
    licence = part.licence_of(file.path)
    if licence is not None:
        record = replace(record, licence=licence.name, redistributable=licence.redistributable)
    # A file that could not be read has no checksum and cannot be opened again.
    if part.document is None or not file.sha256:
        return record
    kind = part.document.media_type or media_type_of(file.name)
    return replace(record, media_type=kind, document_of=part.document.entity)
