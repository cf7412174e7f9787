"""Making a build: find or fetch the files, read them, finish, publish. The current build is untouched until the end."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import duckdb

from etl import receipt
from etl.acquire import acquire
from etl.code_of_builds import shared_version
from etl.documents import keep_documents
from etl.freshness import adopted_releases, at_release
from etl.listings import Listing, Modified
from etl.loading import Loader, source_record
from etl.locate import Folder
from etl.memory import peak_memory
from etl.parallel import Workers
from etl.receipt import Receipt, SourceReceipt
from etl.rows import Options
from etl.source import Source, source, sources
from etl.species import wanted_species
from warehouse.errors import BuildError, SourceError, StoppedError
from warehouse.extras import require_extra
from warehouse.health.failed_builds import note_failure, note_success
from warehouse.home import DATABASE, RECEIPT, Build, Home, Writer
from warehouse.interruption import interruptible
from warehouse.merges import undone_merges
from warehouse.model import MODEL
from warehouse.progress import SILENT, Progress
from warehouse.results.store import Results
from warehouse.tables.finish import Finished, finish
from warehouse.tables.writer import BuildWriter

#: What is raised where a disk is full, a file may not be written, or memory does not suffice.
_NO_ROOM = (OSError, duckdb.IOException, duckdb.FatalException, duckdb.OutOfMemoryException)


@dataclass(frozen=True)
class Plan:
    """What to build from what.

    Args:
        only: the sources to read; empty = all. With a current build, the others are carried over from it.
        raw: folders and files of downloads; None = the pinned releases are fetched.
        release: take this release of every file instead of the newest.
        releases: by source, the release to fetch instead of the pinned one, as `etl.update` finds them; None = those
            that were adopted before.
        subset: files without a pin are taken as declared parts of their releases.
        options: what the user chose (species).
        keep: how many builds are kept.
        memory_mb: what DuckDB may hold in memory, in megabytes.
        threads: threads for DuckDB; None = all cores.
        wait_s: how long to wait for another build.
        offline: use what was fetched before, never the network.
        keep_documents: keep a copy of every document in the folder of the warehouse, not only of a user's own.
        workers: where many small documents are read.
        strict: a file or a source that fails stops the build; else it is set aside and the rest is built.
    """

    only: tuple[str, ...] = ()
    raw: Path | Sequence[Path] | None = None
    release: str | None = None
    releases: Mapping[str, str] | None = None
    subset: bool = False
    options: Options = field(default_factory=Options)
    keep: int = 3
    memory_mb: int = 3000
    threads: int | None = None
    wait_s: float = 0
    offline: bool = False
    keep_documents: bool = False
    workers: Workers = field(default_factory=Workers)
    strict: bool = False


#: What becomes of a finished build: given who writes, the plan, the folder and the receipt.
Settle = Callable[[Writer, Plan, Path, Receipt], Build]


def publish(builds: Writer, plan: Plan, folder: Path, receipt: Receipt) -> Build:
    """Make a finished build the current one: what becomes of a build unless something else is asked for."""
    return builds.publish(folder, receipt.content_hash, plan.keep)


def build(home: Home, plan: Plan, progress: Progress = SILENT, settle: Settle = publish) -> Build:
    """Make a build and publish it.

    A source that fails is set aside, and so is an optional file: the receipt says why, and the rest is built.

    Args:
        home: the warehouse.
        plan: what to build from what.
        progress: told of the work.
        settle: what becomes of the finished build.

    Raises:
        SourceError: a source or an organism is not known; nothing could be read; or, where the plan is strict, a file
            is missing, damaged, or gave too few good rows.
        BuildError: another build is being made, the disk is full, or the gate was not passed.
        MissingExtraError: a Dask scheduler is named, and Dask is not installed.
    """
    if plan.workers.scheduler is not None:
        # Before anything is begun: what was not tried is no build that failed.
        require_extra("dask", "A Dask scheduler")
    wanted_species(plan.options.species)
    wanted = _wanted(home, plan)
    try:
        with home.writing(plan.wait_s) as builds, _recorded(home, plan.only):
            folder = builds.new_build()
            try:
                settled = settle(builds, plan, folder, _build(home, plan, wanted, folder, progress))
                Results(home).follow()
                return settled
            finally:
                shutil.rmtree(folder, ignore_errors=True)
    except _NO_ROOM as error:
        cause = str(error).splitlines()[0]
        raise BuildError(f"The build was given up: {cause}", "The current build is as it was.") from error


def _wanted(home: Home, plan: Plan) -> list[Source]:
    """The sources to read, each at the release that is to be fetched."""
    declared = [source(name) for name in plan.only] or list(sources().values())
    if plan.raw is not None:
        return declared
    anew = plan.releases is not None
    releases = adopted_releases(home) if plan.releases is None else plan.releases
    # A source that no longer says where its releases are is built as it is pinned.
    told = {one.name for one in declared if isinstance(one.listing, Listing | Modified)} if not anew else set(releases)
    return [
        at_release(one, releases[one.name], anew=anew) if one.name in told & set(releases) else one for one in declared
    ]


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


def _build(home: Home, plan: Plan, wanted: Sequence[Source], folder: Path, progress: Progress) -> Receipt:
    """Make a build in a folder of its own; give its receipt, which lies beside it."""
    start = time.perf_counter()
    carried, former = _carry_over(home, plan, folder)
    downloads = None if plan.raw is None else Folder(plan.raw, plan.subset)
    with (
        peak_memory() as peak,
        _writer(folder, plan) as writer,
        interruptible(writer.connection.interrupt),
    ):
        inputs = acquire(
            wanted, downloads, home, plan.release, offline=plan.offline, strict=plan.strict, progress=progress
        )
        touched = _follow_declarations(writer, carried)
        loader = Loader(
            writer, plan.options, plan.workers, downloads, progress, named=bool(plan.only), strict=plan.strict
        )
        receipts = [loader.load(one) for one in inputs]
        _verify_given(downloads)
        touched |= loader.touched
        read_s = time.perf_counter() - start
        _verify_any(receipts, loader.errors, plan)
        keep_documents(home, inputs, receipts, everything=plan.keep_documents, progress=progress)
        finished = finish(writer, touched if carried is not None else None, undone_merges(home), progress)
        finished.phases = {"read": round(read_s, 3), **finished.phases}
        everything = _all_receipts(writer, [*(carried or []), *_settled(receipts, former)])
        account = _account(plan, everything, finished, downloads)
    account.peak_memory_bytes = peak.bytes
    account.seconds = round(time.perf_counter() - start, 3)
    document = json.dumps(account.as_json(), indent=1, ensure_ascii=False)
    (folder / RECEIPT).write_text(document, encoding="utf-8")
    return account


def _carry_over(home: Home, plan: Plan, folder: Path) -> tuple[list[SourceReceipt] | None, dict[str, SourceReceipt]]:
    """For a refresh of some sources: copy the current build.

    Returns:
        Its receipts of the other sources, None where all are read anew; and, by name, those of the sources to refresh.
    """
    if not plan.only:
        return None, {}
    try:
        current = home.current()
    except BuildError:
        return None, {}
    shutil.copyfile(current.database, folder / DATABASE)
    known = [receipt.source_receipt_from_json(one) for one in current.receipt()["sources"]]
    former = {one.source: one for one in known if one.source in plan.only}
    return [one for one in known if one.source not in plan.only], former


def _follow_declarations(writer: BuildWriter, carried: list[SourceReceipt] | None) -> set[str]:
    """For a refresh: take out what sources said that are no more, and note the terms and ranks of the others.

    Returns:
        The tables that must be made anew.
    """
    touched: set[str] = set()
    for one in list(carried or ()):
        if one.source in sources():
            reranked = writer.add_source(source_record(sources()[one.source]))
            touched |= {declared.table for declared in writer.model} if reranked else set()
        else:
            touched |= writer.remove_source(one.source)
            (carried or []).remove(one)
    return touched


def _writer(folder: Path, plan: Plan) -> BuildWriter:
    return BuildWriter(folder / DATABASE, MODEL, memory_mb=plan.memory_mb, threads=plan.threads)


def _verify_any(receipts: Sequence[SourceReceipt], errors: Sequence[SourceError], plan: Plan) -> None:
    """Verify that there is something to build; where all that was asked for failed, raise why."""
    if any(not file.failure for one in receipts for file in one.files):
        return
    if errors:
        raise errors[0]
    where = "to fetch" if plan.raw is None else f"below {_shown(plan.raw)}"
    raise SourceError(
        f"There is no file of any source {where}.",
        "`targetgraph sources` lists what is looked for. A table of your own is called `<name>.matrix.tsv` "
        "(docs/own-data.md).",
    )


def _shown(raw: Path | Sequence[Path]) -> str:
    return str(raw) if isinstance(raw, Path) else ", ".join(map(str, raw))


def _settled(made: Sequence[SourceReceipt], former: Mapping[str, SourceReceipt]) -> list[SourceReceipt]:
    """The accounts of the sources that were read; of one that failed, what the build before had of it."""
    return [_with_former(one, former.get(one.source)) for one in made if one.files or one.failure]


def _with_former(account: SourceReceipt, former: SourceReceipt | None) -> SourceReceipt:
    if not account.failure or former is None or not former.files:
        return account
    return replace(former, failure=f"Kept as it was before, since the refresh failed: {account.failure}")


def _all_receipts(writer: BuildWriter, receipts: Iterable[SourceReceipt]) -> list[SourceReceipt]:
    """The accounts of all sources; what could not be resolved is told anew, since a refresh may have changed it."""
    everything = sorted(receipts, key=lambda one: one.source)
    unresolved = writer.unresolved_by_source()
    for one in everything:
        one.statements_quarantined = unresolved.get(one.source, {})
    return everything


def _verify_given(downloads: Folder | None) -> None:
    if downloads is not None:
        downloads.verify_given()


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
        code=shared_version(),
        matrices=finished.matrices,
    )
