"""Fetching: the bytes behind an address become a verified snapshot, or an error that says what to do.

A download grows in the folder `partial/` of the snapshot store, is resumed there after an interruption, and is moved
into the store only when its size, its kind and its checksum are right. What may pass (a lost connection, a busy
server) is tried again; what will not pass (not found, another checksum, a page instead of data) stops at once.
"""

from __future__ import annotations

import logging
import random
import re
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from etl.fetching.errors import (
    BY_HAND,
    BusyError,
    LocalError,
    ResumableError,
    StartAgainError,
    all_failed,
    check_in_browser,
    html_page,
    network_errors,
    stale_hint,
    status_error,
    try_later,
    wrong_checksum,
    wrong_scheme,
    wrong_size,
)
from etl.fetching.partial import HEAD_BYTES, Origin, Partial
from etl.fetching.snapshots import SnapshotStore, address_key, locked, redact
from etl.fetching.web import PAGE_START, answer, bare_address, client_of
from warehouse.documents.store import ChecksumError, StoredFile, store_errors
from warehouse.errors import FetchError, TerminalFetchError, TransientFetchError
from warehouse.progress import SILENT, Progress

if TYPE_CHECKING:
    import httpx2

logger = logging.getLogger(__name__)

SIZE_LIMIT_BYTES = 64 << 30
DISK_RESERVE_BYTES = 64 << 20
# An attempt that brought this much is progress: a long download over a poor line is not given up for its length.
PROGRESS_BYTES = 1 << 20

_PAGE_TYPES = frozenset({"text/html", "application/xhtml+xml"})
_PACKED_NAME = re.compile(r"\.(?:t?gz|bz2|xz|zst|zip)$", re.I)
_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")


@dataclass(frozen=True)
class Download:
    """A file that a release consists of, and where it comes from.

    Attributes:
        url: its public address, http or https.
        sha256: its pinned checksum; None trusts what the address gives the first time, and holds it to that.
        size_bytes: its pinned size.
        name: the file's name; the last part of the address by default.
        mirrors: other addresses of the same bytes, asked in this order when `url` fails.
        anew: without a checksum, take what the address gives now, whatever it gave before.
    """

    url: str
    sha256: str | None = None
    size_bytes: int | None = None
    name: str | None = None
    mirrors: tuple[str, ...] = ()
    anew: bool = False

    def __post_init__(self) -> None:
        if self.sha256 is not None and not re.fullmatch(r"[0-9a-f]{64}", self.sha256):
            raise ValueError(f"{redact(self.url)}: {self.sha256!r} is not a SHA-256 in lower-case hex")
        for url in (self.url, *self.mirrors):
            bare_address(url)

    def expected(self, store: SnapshotStore) -> str | None:
        """The checksum that the bytes must have: the pinned one, else the one that is remembered of the address."""
        return self.sha256 or (None if self.anew else store.remembered(self.url))

    @property
    def file_name(self) -> str:
        """The name that the snapshot carries."""
        parts = urlsplit(self.url)
        return self.name or PurePosixPath(unquote(parts.path)).name or parts.hostname or "download"


@dataclass(frozen=True)
class Backoff:
    """How long to wait between two attempts: doubling, spread by a jitter, never longer than a limit.

    Attributes:
        base_s: the wait after the first failure.
        limit_s: the longest wait of our own choice.
        retry_after_limit_s: the longest wait that a server may ask for; a longer one ends the attempts.
        jitter: gives a number from 0 to 1, by which a wait grows by up to a quarter.
        sleep: waits for so many seconds.
    """

    base_s: float = 1.0
    limit_s: float = 60.0
    retry_after_limit_s: float = 300.0
    jitter: Callable[[], float] = random.random
    sleep: Callable[[float], None] = time.sleep

    def delay_s(self, failures: int) -> float:
        """The wait after so many failures in a row, from 1."""
        return min(self.limit_s, self.base_s * 2.0 ** (failures - 1)) * (1 + 0.25 * self.jitter())


BACKOFF = Backoff()


def fetch(
    download: Download,
    store: SnapshotStore,
    *,
    progress: Progress = SILENT,
    retries: int = 4,
    timeout_s: float = 30,
    offline: bool = False,
    size_limit_bytes: int = SIZE_LIMIT_BYTES,
    backoff: Backoff = BACKOFF,
) -> StoredFile:
    """Give the snapshot of a download, from the store where it is there, else from its addresses.

    Args:
        download: what to fetch.
        store: where it is kept.
        progress: told the bytes that arrive.
        retries: attempts after the first at each address, counted anew after each MiB gained.
        timeout_s: the longest silence of a server.
        offline: make no request.
        size_limit_bytes: refuse anything larger.
        backoff: the waits between attempts.

    Raises:
        TransientFetchError: every attempt failed in a way that may pass; the same call later resumes.
        TerminalFetchError: it will not pass; the message says what was expected, what came, and what to do.
        SourceError: what the store remembers of the address, or the stored file itself, is damaged.
    """
    known = _in_store(download, store)
    if known is not None:
        return known
    if offline:
        hint = f"Run once with a network, {BY_HAND}"
        raise TerminalFetchError(f"{redact(download.url)}: not in the store {store.root}, and offline", hint)
    failures: list[FetchError] = []
    with client_of(timeout_s) as client:
        job = _Job(download, store, client, progress, retries, timeout_s, size_limit_bytes, backoff)
        job.check_size(download.url, download.size_bytes)
        for url in (download.url, *download.mirrors):
            try:
                return _from_address(job, url)
            except LocalError:
                raise
            except FetchError as error:
                logger.warning("%s", error.message)
                failures.append(error)
    raise all_failed(failures)


@dataclass(frozen=True)
class _Job:
    download: Download
    store: SnapshotStore
    client: httpx2.Client
    progress: Progress
    retries: int
    timeout_s: float
    size_limit_bytes: int
    backoff: Backoff

    @property
    def wants_page(self) -> bool:
        return self.download.file_name.lower().endswith((".html", ".htm", ".xhtml"))

    def check_size(self, url: str, size_bytes: int | None) -> None:
        if size_bytes is not None and size_bytes > self.size_limit_bytes:
            message = f"{redact(url)}: {size_bytes:,} bytes are more than the limit of {self.size_limit_bytes:,} bytes"
            raise TerminalFetchError(message, "Check the address; if the size is right, raise the limit.")

    def check_disk(self, url: str, needed_bytes: int) -> None:
        free_bytes = shutil.disk_usage(self.store.root).free
        if needed_bytes + DISK_RESERVE_BYTES > free_bytes:
            message = f"{redact(url)}: {needed_bytes:,} bytes to fetch, but only {free_bytes:,} bytes are free"
            raise LocalError(f"{message} at {self.store.root}", "Make room, then run the same command again.")


def _in_store(download: Download, store: SnapshotStore) -> StoredFile | None:
    with store_errors(store.root, LocalError):
        sha256 = download.expected(store)
        snapshot = None if sha256 is None else store.get(sha256)
    if snapshot is None:
        return None
    if download.size_bytes not in {None, snapshot.size_bytes}:
        # Either the stored file was damaged, which this says, or the two pins contradict each other.
        store.verify(snapshot.sha256)
        raise wrong_size(download.url, download.size_bytes, snapshot.size_bytes)
    return replace(snapshot, name=download.file_name)


def _from_address(job: _Job, url: str) -> StoredFile:
    if urlsplit(url).scheme not in {"http", "https"}:
        raise wrong_scheme(url)
    path = job.store.root / "partial" / address_key(url)
    with store_errors(job.store.root, LocalError), locked(path.with_suffix(".lock"), what=redact(url)):
        # Another process may have fetched it while this one waited.
        known = _in_store(job.download, job.store)
        if known is not None:
            return known
        partial = Partial(path, pinned=job.download.sha256 is not None)
        try:
            return _with_retries(job, partial, url)
        except ResumableError:
            raise
        except TerminalFetchError:
            partial.discard()
            raise
        except TransientFetchError:
            if not partial.resumable:
                partial.discard()
            raise


def _with_retries(job: _Job, partial: Partial, url: str) -> StoredFile:
    failures, attempts, best_bytes, started_again = 0, 0, partial.size_bytes, False
    while True:
        attempts += 1
        try:
            return _attempt(job, partial, url)
        except StartAgainError as error:
            partial.discard()
            if started_again:
                raise TerminalFetchError(error.message, error.hint) from error
            started_again = True
            logger.warning("%s; starting again from the first byte", error.message)
        except TransientFetchError as error:
            gained_bytes = partial.size_bytes - best_bytes
            best_bytes = max(best_bytes, partial.size_bytes)
            failures = 1 if gained_bytes >= PROGRESS_BYTES else failures + 1
            if failures > job.retries:
                raise TransientFetchError(f"{error.message} (tried {attempts} times)", error.hint) from error
            delay_s = _delay_s(job.backoff, failures, error)
            logger.info("%s; trying again in %.1f s", error.message, delay_s)
            job.backoff.sleep(delay_s)


def _delay_s(backoff: Backoff, failures: int, error: TransientFetchError) -> float:
    asked_s = error.retry_after_s if isinstance(error, BusyError) else None
    if asked_s is None:
        return backoff.delay_s(failures)
    if asked_s > backoff.retry_after_limit_s:
        hint = f"Run the same command again in {asked_s:.0f} s."
        raise TransientFetchError(f"{error.message}, to be asked again after {asked_s:.0f} s", hint) from error
    return max(asked_s, backoff.delay_s(failures))


def _attempt(job: _Job, partial: Partial, url: str) -> StoredFile:
    if not partial.complete:
        with (
            network_errors(url, job.timeout_s),
            answer(job.client, url, partial.request_headers()) as (response, redirects),
        ):
            _accept(job, partial, url, response, redirects)
            _receive(job, partial, url, response)
    _check_complete(job, partial, url)
    return _settle(job, partial, url)


def _accept(job: _Job, partial: Partial, url: str, response: httpx2.Response, redirects: list[str]) -> None:
    """Decide by the head of an answer whether its body is wanted, and where in the partial file it goes."""
    offset = _offset_bytes(partial, url, response)
    _refuse_packed(job, url, response)
    content_type = response.headers.get("Content-Type", "")
    if not job.wants_page and content_type.partition(";")[0].strip().lower() in _PAGE_TYPES:
        raise html_page(url, f"Content-Type {content_type}")
    total_bytes = _total_bytes(response)
    pinned_bytes = job.download.size_bytes
    job.check_size(url, total_bytes)
    if total_bytes is not None and pinned_bytes not in {None, total_bytes}:
        _refuse_page_start(job, url, next(response.iter_raw(), b""))
        raise wrong_size(url, pinned_bytes, total_bytes)
    job.check_disk(url, (total_bytes or pinned_bytes or offset) - offset)
    if offset:
        partial.resume()
        return
    headers = response.headers
    partial.begin(Origin(redact(url), headers.get("ETag"), headers.get("Last-Modified"), total_bytes, redirects, 1))


def _offset_bytes(partial: Partial, url: str, response: httpx2.Response) -> int:
    """From which byte on the body continues the file: zero where the server sends all of it."""
    status, offset = response.status_code, partial.size_bytes if partial.resumable else 0
    if status == 200:
        return 0
    if status == 416 and offset:
        raise StartAgainError(f"{redact(url)}: has no bytes after the first {offset:,}", stale_hint())
    if status != 206:
        raise status_error(url, response)
    match = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", "").strip())
    etag, total = response.headers.get("ETag"), partial.origin.total_bytes
    fits = match is not None and int(match[1]) == offset
    same_file = not offset or (etag in {None, partial.origin.etag} and total in {None, _total_bytes(response)})
    if not (fits and same_file):
        got = response.headers.get("Content-Range")
        message = f"{redact(url)}: asked for the bytes from {offset:,} of {partial.origin.etag}, got {got} of {etag}"
        raise StartAgainError(message, stale_hint())
    return offset


def _total_bytes(response: httpx2.Response) -> int | None:
    """The size of the whole file as the server announces it."""
    if response.status_code == 206:
        match = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", "").strip())
        return int(match[3]) if match is not None and match[3] != "*" else None
    length = response.headers.get("Content-Length", "")
    return int(length) if length.isdecimal() else None


def _receive(job: _Job, partial: Partial, url: str, response: httpx2.Response) -> None:
    size_bytes, pinned_bytes = partial.size_bytes, job.download.size_bytes
    total_bytes = partial.origin.total_bytes or pinned_bytes
    name = f"fetch {job.download.file_name}"
    with partial.path.open("ab") as file, job.progress.task(name, total_bytes, "bytes") as task:
        task.advance(size_bytes)
        # Raw: a .gz file stays the bytes that were published, whatever the server says of its encoding.
        for chunk in response.iter_raw():
            if size_bytes == 0:
                _refuse_page_start(job, url, chunk)
            size_bytes += len(chunk)
            job.check_size(url, size_bytes)
            if pinned_bytes is not None and size_bytes > pinned_bytes:
                raise wrong_size(url, pinned_bytes, f"{size_bytes:,} or more")
            file.write(chunk)
            # Written at once: what has arrived outlives a killed process.
            file.flush()
            task.advance(len(chunk))


def _check_complete(job: _Job, partial: Partial, url: str) -> None:
    size_bytes, pinned_bytes = partial.size_bytes, job.download.size_bytes
    total_bytes = partial.origin.total_bytes if partial.origin.total_bytes is not None else pinned_bytes
    if total_bytes is not None and size_bytes < total_bytes:
        raise TransientFetchError(f"{redact(url)}: cut off at {size_bytes:,} of {total_bytes:,} bytes", try_later())
    if size_bytes == 0 and pinned_bytes != 0 and job.download.sha256 is None:
        raise TransientFetchError(f"{redact(url)}: expected data, got an empty file", check_in_browser())
    _refuse_page_start(job, url, partial.head())


def _settle(job: _Job, partial: Partial, url: str) -> StoredFile:
    """Move a complete download into the store if its checksum is the pinned or remembered one."""
    download, store = job.download, job.store
    expect = download.expected(store)
    name, redirects, resumed = download.file_name, partial.origin.redirects, partial.resumed
    try:
        snapshot = store.add(partial.path, move=True, name=name, expect=expect, progress=job.progress)
    except ChecksumError as error:
        record = None if download.sha256 is not None else store.address_path(download.url)
        failure = wrong_checksum(url, error, record)
        raise (StartAgainError(failure.message, failure.hint) if resumed else failure) from error
    partial.discard()
    if download.sha256 is None:
        store.remember(download.url, snapshot.sha256, redirects=redirects, anew=download.anew)
        message = "%s: no checksum is pinned; remembered what came: sha256=%s size_bytes=%d"
        logger.warning(message, redact(download.url), snapshot.sha256, snapshot.size_bytes)
    return snapshot


def _refuse_packed(job: _Job, url: str, response: httpx2.Response) -> None:
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    known = job.download.sha256 is not None or _PACKED_NAME.search(job.download.file_name) is not None
    if encoding not in {"", "identity"} and not known:
        message = f"{redact(url)}: the server packed the file ({encoding}) although it was asked not to"
        raise TerminalFetchError(message, "Pin the checksum of the packed bytes and give the name its ending.")


def _refuse_page_start(job: _Job, url: str, head: bytes) -> None:
    if not job.wants_page and PAGE_START.match(head[:HEAD_BYTES]):
        raise html_page(url, f"a body that begins {head[:40]!r}")
