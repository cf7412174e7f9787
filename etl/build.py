"""Making a build: find or fetch the files, read them, finish, publish. The current build is untouched until the end."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import groupby
from pathlib import Path

import duckdb
import polars as pl

from etl import receipt
from etl.acquire import acquire
from etl.documents import keep_documents
from etl.locate import Folder, FoundFile, Inputs
from etl.memory import peak_memory
from etl.parallel import Workers, read_in_batches
from etl.reading import Batch, ManyRead, new_ledger, read
from etl.receipt import FileReceipt, Receipt, SourceReceipt
from etl.rows import Ledger, Options
from etl.source import BatchFormat, Source, SourceFile, source, sources
from warehouse.documents.media_types import media_type_of
from warehouse.errors import BuildError, SourceError, StoppedError
from warehouse.extras import require_extra
from warehouse.health.failed_builds import note_failure, note_success
from warehouse.home import DATABASE, RECEIPT, Build, Home
from warehouse.interruption import interruptible
from warehouse.merges import undone_merges
from warehouse.model import MODEL
from warehouse.progress import SILENT, Progress
from warehouse.results.store import Results
from warehouse.statements import FILE
from warehouse.tables.finish import Finished, finish
from warehouse.tables.writer import BuildWriter, FileRecord, SourceRecord

#: What is raised where a disk is full, a file may not be written, or memory does not suffice.
_NO_ROOM = (OSError, duckdb.IOException, duckdb.FatalException, duckdb.OutOfMemoryException)


@dataclass(frozen=True)
class _FilesRead:
    """What came of a file, or of a batch of files: their accounts, statements, the tables that they spoke of."""

    receipts: list[FileReceipt]
    statements: int
    touched: set[str]


@dataclass(frozen=True)
class Plan:
    """What to build from what.

    Args:
        only: the sources to read; empty = all. With a current build, the others are carried over from it.
        raw: a folder of downloads; None = the pinned releases are fetched.
        release: take this release of every file instead of the newest.
        subset: files without a pin are taken as declared parts of their releases.
        options: what the user chose (species).
        keep: how many builds are kept.
        memory_mb: what DuckDB may hold in memory, in megabytes.
        threads: threads for DuckDB; None = all cores.
        wait_s: how long to wait for another build.
        offline: use what was fetched before, never the network.
        keep_documents: keep a copy of every document in the folder of the warehouse, not only of a user's own.
        workers: where many small documents are read.
    """

    only: tuple[str, ...] = ()
    raw: Path | None = None
    release: str | None = None
    subset: bool = False
    options: Options = field(default_factory=Options)
    keep: int = 3
    memory_mb: int = 3000
    threads: int | None = None
    wait_s: float = 0
    offline: bool = False
    keep_documents: bool = False
    workers: Workers = field(default_factory=Workers)


def build(home: Home, plan: Plan, progress: Progress = SILENT) -> Build:
    """Make a build and publish it.

    Raises:
        SourceError: a file is missing, damaged, or gave too few good rows.
        BuildError: another build is being made, the disk is full, or the gate was not passed.
        MissingExtraError: a Dask scheduler is named, and Dask is not installed.
    """
    if plan.workers.scheduler is not None:
        # Before anything is begun: what was not tried is no build that failed.
        require_extra("dask", "A Dask scheduler")
    wanted = [source(name) for name in plan.only] or list(sources().values())
    try:
        with home.writing(plan.wait_s), _recorded(home, plan.only):
            folder = home.new_build()
            try:
                return _build(home, plan, wanted, folder, progress)
            finally:
                shutil.rmtree(folder, ignore_errors=True)
    except _NO_ROOM as error:
        cause = str(error).splitlines()[0]
        raise BuildError(f"The build was given up: {cause}", "The current build is as it was.") from error


@contextmanager
def _recorded(home: Home, only: Sequence[str]) -> Iterator[None]:
    """Record whether the build in the `with` block failed, for `status` and the pages."""
    try:
        yield
    except StoppedError:
        raise
    except Exception as error:
        note_failure(home, only, str(error).strip() or type(error).__name__)
        raise
    note_success(home, only)


def _build(home: Home, plan: Plan, wanted: Sequence[Source], folder: Path, progress: Progress) -> Build:
    start = time.perf_counter()
    carried = _carry_over(home, plan, folder)
    downloads = None if plan.raw is None else Folder(plan.raw, plan.subset)
    with (
        peak_memory() as peak,
        _writer(folder, plan) as writer,
        interruptible(writer.connection.interrupt),
    ):
        inputs = acquire(wanted, downloads, home, plan.release, offline=plan.offline, progress=progress)
        touched = _follow_declarations(writer, carried)
        receipts = [_read_source(writer, one, plan, touched, progress) for one in inputs]
        read_s = time.perf_counter() - start
        _verify_any(receipts, plan)
        keep_documents(home, inputs, receipts, everything=plan.keep_documents, progress=progress)
        finished = finish(writer, touched if carried is not None else None, undone_merges(home), progress)
        finished.phases = {"read": round(read_s, 3), **finished.phases}
        account = _account(plan, _all_receipts(writer, carried or [], receipts), finished, downloads)
    account.peak_memory_bytes = peak.bytes
    account.seconds = round(time.perf_counter() - start, 3)
    document = json.dumps(account.as_json(), indent=1, ensure_ascii=False)
    (folder / RECEIPT).write_text(document, encoding="utf-8")
    published = home.publish(folder, finished.content_hash, plan.keep)
    Results(home).follow()
    return published


def _carry_over(home: Home, plan: Plan, folder: Path) -> list[SourceReceipt] | None:
    """For a refresh of some sources: copy the current build and give the receipts of the others."""
    if not plan.only:
        return None
    try:
        current = home.current()
    except BuildError:
        return None
    shutil.copyfile(current.database, folder / DATABASE)
    told = [receipt.source_receipt_from_json(one) for one in current.receipt()["sources"]]
    return [one for one in told if one.source not in plan.only]


def _follow_declarations(writer: BuildWriter, carried: list[SourceReceipt] | None) -> set[str]:
    """For a refresh: take out what sources said that are no more, and note the terms and ranks of the others.

    Returns:
        The tables that must be made anew.
    """
    touched: set[str] = set()
    for one in list(carried or ()):
        if one.source in sources():
            reranked = writer.add_source(_record(sources()[one.source]))
            touched |= {declared.table for declared in writer.model} if reranked else set()
        else:
            touched |= writer.remove_source(one.source)
            (carried or []).remove(one)
    return touched


def _writer(folder: Path, plan: Plan) -> BuildWriter:
    return BuildWriter(folder / DATABASE, MODEL, memory_mb=plan.memory_mb, threads=plan.threads)


def _read_source(
    writer: BuildWriter, inputs: Inputs, plan: Plan, touched: set[str], progress: Progress
) -> SourceReceipt:
    declared = inputs.source
    account = SourceReceipt(declared.name, declared.title, declared.licence.name)
    account.missing, account.superseded = list(inputs.missing), list(inputs.superseded)
    account.folder = None if plan.raw is None else str(plan.raw.expanduser().resolve())
    touched |= writer.remove_source(declared.name)
    if inputs.files:
        writer.add_source(_record(declared))
    start = time.perf_counter()
    with peak_memory() as peak, progress.task(declared.title, total=len(inputs.files), unit="files") as task:
        withdrawn: set[str] = set()
        for name, group in groupby(inputs.files, key=lambda file: file.part):
            task.describe(f"{declared.title}: {name}")
            for found in _read_part(writer, list(group), declared.part(name), plan, withdrawn):
                account.files.extend(found.receipts)
                account.statements += found.statements
                touched |= found.touched
                task.advance(len(found.receipts))
    account.seconds = round(time.perf_counter() - start, 3)
    account.peak_memory_bytes = peak.bytes
    return account


def _read_part(
    writer: BuildWriter, files: list[FoundFile], part: SourceFile, plan: Plan, withdrawn: set[str]
) -> Iterator[_FilesRead]:
    """Read all files of a part: one by one, or in batches where their format allows it."""
    if not isinstance(part.format, BatchFormat):
        for file in files:
            yield _read_file(writer, file, part, new_ledger(file, plan.options, withdrawn))
        return
    start = time.perf_counter()
    for read_ in read_in_batches(files, part, plan.options, withdrawn, plan.workers):
        found = _write_many(writer, read_, part)
        seconds = round((time.perf_counter() - start) / len(found.receipts), 3)
        yield replace(found, receipts=[replace(one, seconds=seconds) for one in found.receipts])
        start = time.perf_counter()


def _write_many(writer: BuildWriter, found: ManyRead, part: SourceFile) -> _FilesRead:
    first = writer.add_files([_file_record(file, part) for file in found.files])
    for name, frame in found.statements:
        writer.add_statements(name, frame.with_columns(pl.col(FILE) + first))
    rejected = found.rejected()
    if rejected.height:
        writer.quarantine(rejected.with_columns(pl.col(FILE) + first), None)
    accounts = [
        _accounted(file, ledger, 0, is_document=True) for file, ledger in zip(found.files, found.ledgers, strict=True)
    ]
    spoken = [(writer.model[name].table, frame.height) for name, frame in found.statements]
    return _FilesRead(accounts, sum(height for _table, height in spoken), {table for table, height in spoken if height})


def _read_file(writer: BuildWriter, file: FoundFile, part: SourceFile, ledger: Ledger) -> _FilesRead:
    start = time.perf_counter()
    number = writer.add_file(_file_record(file, part))
    statements, touched = 0, set[str]()
    for batch in read(file, part, ledger, writer.model):
        statements += _write(writer, batch, number)
        touched |= {writer.model[name].table for name, _frame in batch.statements}
    for rejected in ledger.rejected:
        writer.quarantine(rejected, number)
    return _FilesRead([_accounted(file, ledger, time.perf_counter() - start)], statements, touched)


def _accounted(file: FoundFile, ledger: Ledger, seconds: float, *, is_document: bool = False) -> FileReceipt:
    """The account of a file that gave enough good rows."""
    told = receipt.file_receipt(file, ledger, seconds, is_document=is_document)
    if told.status == "failed":
        raise _too_few(file, ledger)
    return told


def _write(writer: BuildWriter, batch: Batch, file: int) -> int:
    for name, frame in batch.statements:
        writer.add_statements(name, frame, file)
    for matrix in batch.matrices:
        writer.add_matrix(matrix, file)
    return sum(frame.height for _name, frame in batch.statements) + sum(m.frame.height for m in batch.matrices)


def _too_few(file: FoundFile, ledger: Ledger) -> SourceError:
    reasons = ", ".join(f"{frame['reason'][0]} (row {frame['_row'][0]})" for frame in ledger.rejected[:3])
    good = ledger.rows_kept + ledger.rows_out_of_scope
    return SourceError(
        f"{file.source}: {file.name} gave {good:,} good rows of {file.expected_rows or 0:,} expected "
        f"({ledger.rows_read:,} read, {ledger.rows_quarantined:,} set aside{': ' + reasons if reasons else ''}).",
        "Is the download complete? If the file is a part of its release on purpose, build with --subset.",
    )


def _verify_any(receipts: Sequence[SourceReceipt], plan: Plan) -> None:
    if not any(one.files for one in receipts):
        where = f"below {plan.raw}" if plan.raw is not None else "to fetch"
        raise SourceError(f"There is no file of any source {where}.", "`targetgraph sources` lists what is looked for.")


def _all_receipts(writer: BuildWriter, carried: list[SourceReceipt], made: list[SourceReceipt]) -> list[SourceReceipt]:
    """The accounts of all sources; what could not be resolved is told anew, since a refresh may have changed it."""
    everything = sorted([*carried, *(one for one in made if one.files)], key=lambda one: one.source)
    unresolved = writer.unresolved_by_source()
    for one in everything:
        one.statements_quarantined = unresolved.get(one.source, {})
    return everything


def _account(plan: Plan, everything: list[SourceReceipt], finished: Finished, downloads: Folder | None) -> Receipt:
    return Receipt(
        build="",
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        version=version("targetgraph"),
        seconds=0.0,
        peak_memory_bytes=0,
        content_hash=finished.content_hash,
        provenance_share=finished.provenance_share,
        refreshed=sorted(plan.only),
        counts=finished.counts,
        phases=finished.phases,
        sources=everything,
        unused_files=[] if downloads is None else downloads.unused,
    )


def _record(declared: Source) -> SourceRecord:
    licence = declared.licence
    return SourceRecord(
        declared.name, declared.title, declared.homepage, licence.name, licence.redistributable, declared.rank
    )


def _file_record(file: FoundFile, part: SourceFile) -> FileRecord:
    record = FileRecord(
        file.source, file.release, file.part, file.name, file.sha256, file.size_bytes, file.url, part.rank
    )
    # A file that could not be read has no checksum and cannot be opened again.
    if part.document is None or not file.sha256:
        return record
    kind = part.document.media_type or media_type_of(file.name)
    return replace(record, media_type=kind, document_of=part.document.entity)
