"""Fetching: the bytes behind an address become a verified snapshot, or an error that says what to do.

A download grows in the folder `partial/` of the snapshot store, is resumed there after an interruption, and is moved
into the store only when its size, its kind and its checksum are right. What may pass (a lost connection, a busy
server) is tried again; what will not pass (not found, another checksum, a page instead of data) stops at once.
"""

from __future__ import annotations

import contextlib
import json
import logging
import random
import re
import shutil
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from email.utils import parsedate_to_datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import unquote, urljoin, urlsplit, urlunsplit

from etl.snapshots import (
    ChecksumError,
    Snapshot,
    SnapshotStore,
    address_key,
    locked,
    redact,
    store_errors,
    write_atomically,
)
from warehouse.errors import FetchError, TerminalFetchError, TransientFetchError
from warehouse.progress import SILENT, Progress

if TYPE_CHECKING:
    import httpx2

logger = logging.getLogger(__name__)

SIZE_LIMIT_BYTES = 64 << 30
DISK_RESERVE_BYTES = 64 << 20
MAX_REDIRECTS = 10
# An attempt that brought this much is progress: a long download over a poor line is not given up for its length.
PROGRESS_BYTES = 1 << 20
HEAD_BYTES = 1024

_PAGE_TYPES = frozenset({"text/html", "application/xhtml+xml"})
_PAGE_START = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.I | re.S)
_PACKED_NAME = re.compile(r"\.(?:t?gz|bz2|xz|zst|zip)$", re.I)
_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MAY_PASS = frozenset({408, 425, 429})
_BY_HAND = "or download the file by hand and build with --raw DIR."


@dataclass(frozen=True)
class Download:
    """A file that a release consists of, and where it comes from.

    Attributes:
        url: its public address, http or https.
        sha256: its pinned checksum; None trusts what the address gives the first time, and holds it to that.
        size_bytes: its pinned size.
        name: the file's name; the last part of the address by default.
        mirrors: other addresses of the same bytes, asked in this order when `url` fails.
    """

    url: str
    sha256: str | None = None
    size_bytes: int | None = None
    name: str | None = None
    mirrors: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.sha256 is not None and not re.fullmatch(r"[0-9a-f]{64}", self.sha256):
            raise ValueError(f"{redact(self.url)}: {self.sha256!r} is not a SHA-256 in lower-case hex")
        for url in (self.url, *self.mirrors):
            _split(url)

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
) -> Snapshot:
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
        hint = f"Run once with a network, {_BY_HAND}"
        raise TerminalFetchError(f"{redact(download.url)}: not in the store {store.root}, and offline", hint)
    failures: list[FetchError] = []
    with _client(timeout_s) as client:
        job = _Job(download, store, client, progress, retries, timeout_s, size_limit_bytes, backoff)
        job.check_size(download.url, download.size_bytes)
        for url in (download.url, *download.mirrors):
            try:
                return _from_address(job, url)
            except _LocalError:
                raise
            except FetchError as error:
                logger.warning("%s", error.message)
                failures.append(error)
    raise _all_failed(failures)


class _BusyError(TransientFetchError):
    """A server asked to come back after a time."""

    def __init__(self, message: str, hint: str | None, retry_after_s: float | None) -> None:
        super().__init__(message, hint)
        self.retry_after_s = retry_after_s


class _ResumableError(TerminalFetchError):
    """It will not pass by itself, but what has arrived is good once the cause is mended."""


class _LocalError(_ResumableError):
    """The cause is this machine: no mirror will do better."""


class _StartAgainError(FetchError):
    """What was resumed does not fit what the server has now: once, all is fetched anew."""


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
            raise _LocalError(f"{message} at {self.store.root}", "Make room, then run the same command again.")


@dataclass
class _Origin:
    """What the server said of the bytes in a partial file; kept beside it."""

    url: str = ""
    etag: str | None = None
    last_modified: str | None = None
    total_bytes: int | None = None
    redirects: list[str] = field(default_factory=list)
    responses: int = 0

    @property
    def validator(self) -> str | None:
        """What If-Range may carry: a weak ETag does not promise the same bytes."""
        strong = self.etag is not None and not self.etag.startswith("W/")
        return self.etag if strong else self.last_modified


class _Partial:
    """A download that is not complete: its bytes, and what the server said of them."""

    def __init__(self, path: Path, *, pinned: bool) -> None:
        self.path = path
        self.pinned = pinned
        self.record = path.with_suffix(".json")
        self.origin = self._read_origin()
        if not self.resumable:
            self.discard()

    @property
    def size_bytes(self) -> int:
        return self.path.stat().st_size if self.path.exists() else 0

    @property
    def resumable(self) -> bool:
        """Only bytes that can be checked are worth keeping: by the pinned checksum, or by the server's validator."""
        return self.size_bytes > 0 and self.origin.responses > 0 and (self.pinned or self.origin.validator is not None)

    @property
    def complete(self) -> bool:
        return self.resumable and self.size_bytes == self.origin.total_bytes

    @property
    def resumed(self) -> bool:
        return self.origin.responses > 1

    def request_headers(self) -> dict[str, str]:
        if not self.resumable:
            return {}
        headers = {"Range": f"bytes={self.size_bytes}-"}
        return headers if self.origin.validator is None else {**headers, "If-Range": self.origin.validator}

    def begin(self, origin: _Origin) -> None:
        """Forget what was there; the bytes go first, so that they never stand beside another file's record."""
        self.path.unlink(missing_ok=True)
        self.origin = origin
        self._write_origin()

    def resume(self) -> None:
        self.origin.responses += 1
        self._write_origin()

    def discard(self) -> None:
        self.path.unlink(missing_ok=True)
        self.record.unlink(missing_ok=True)
        self.origin = _Origin()

    def head(self) -> bytes:
        with self.path.open("rb") as file:
            return file.read(HEAD_BYTES)

    def _write_origin(self) -> None:
        write_atomically(self.record, json.dumps(asdict(self.origin), indent=2) + "\n")

    def _read_origin(self) -> _Origin:
        # A damaged record costs a fresh download, nothing more.
        try:
            return _Origin(**json.loads(self.record.read_text(encoding="utf-8")))
        except (FileNotFoundError, ValueError, TypeError):
            return _Origin()


def _in_store(download: Download, store: SnapshotStore) -> Snapshot | None:
    with store_errors(store.root, _LocalError):
        sha256 = download.sha256 or store.remembered(download.url)
        snapshot = None if sha256 is None else store.get(sha256)
    if snapshot is None:
        return None
    if download.size_bytes not in {None, snapshot.size_bytes}:
        # Either the stored file was damaged, which this says, or the two pins contradict each other.
        store.verify(snapshot.sha256)
        raise _wrong_size(download.url, download.size_bytes, snapshot.size_bytes)
    return replace(snapshot, name=download.file_name)


def _from_address(job: _Job, url: str) -> Snapshot:
    if urlsplit(url).scheme not in {"http", "https"}:
        raise _wrong_scheme(url)
    path = job.store.root / "partial" / address_key(url)
    with store_errors(job.store.root, _LocalError), locked(path.with_suffix(".lock"), what=redact(url)):
        # Another process may have fetched it while this one waited.
        known = _in_store(job.download, job.store)
        if known is not None:
            return known
        partial = _Partial(path, pinned=job.download.sha256 is not None)
        try:
            return _with_retries(job, partial, url)
        except _ResumableError:
            raise
        except TerminalFetchError:
            partial.discard()
            raise
        except TransientFetchError:
            if not partial.resumable:
                partial.discard()
            raise


def _with_retries(job: _Job, partial: _Partial, url: str) -> Snapshot:
    failures, attempts, best_bytes, started_again = 0, 0, partial.size_bytes, False
    while True:
        attempts += 1
        try:
            return _attempt(job, partial, url)
        except _StartAgainError as error:
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
    asked_s = error.retry_after_s if isinstance(error, _BusyError) else None
    if asked_s is None:
        return backoff.delay_s(failures)
    if asked_s > backoff.retry_after_limit_s:
        hint = f"Run the same command again in {asked_s:.0f} s."
        raise TransientFetchError(f"{error.message}, to be asked again after {asked_s:.0f} s", hint) from error
    return max(asked_s, backoff.delay_s(failures))


def _attempt(job: _Job, partial: _Partial, url: str) -> Snapshot:
    if not partial.complete:
        with _network_errors(url, job.timeout_s), _answer(job, url, partial.request_headers()) as (response, redirects):
            _accept(job, partial, url, response, redirects)
            _receive(job, partial, url, response)
    _check_complete(job, partial, url)
    return _settle(job, partial, url)


@contextlib.contextmanager
def _answer(job: _Job, url: str, headers: dict[str, str]) -> Iterator[tuple[httpx2.Response, list[str]]]:
    """Follow redirects by our own rules; give the answer that is none, and the addresses that led to it."""
    redirects: list[str] = []
    while True:
        bare, credentials = _split(url)
        with job.client.stream("GET", bare, headers=headers, auth=credentials) as response:
            if response.status_code not in _REDIRECTS:
                yield response, redirects
                return
            url = _redirect_target(url, response.headers.get("Location"))
        redirects.append(redact(url))
        logger.info("redirected to %s", redirects[-1])
        if len(redirects) > MAX_REDIRECTS:
            raise TerminalFetchError(f"{redirects[0]}: more than {MAX_REDIRECTS} redirects", _check_in_browser())


def _redirect_target(url: str, location: str | None) -> str:
    if not location:
        raise TerminalFetchError(f"{redact(url)}: a redirect that names no address", _check_in_browser())
    target = urljoin(url, location)
    scheme, new_scheme = urlsplit(url).scheme, urlsplit(target).scheme
    if new_scheme not in {"http", "https"} or (scheme, new_scheme) == ("https", "http"):
        message = f"{redact(url)}: redirected from {scheme} to {redact(target)}, which is refused"
        raise TerminalFetchError(message, f"Find the file's https address, {_BY_HAND}")
    old, new = urlsplit(url), urlsplit(target)
    if "@" not in new.netloc and new.netloc == old.netloc.rpartition("@")[2] and scheme == new_scheme:
        # The same server keeps the credentials that it was given; no other one ever sees them.
        return urlunsplit(new._replace(netloc=old.netloc))
    return target


def _accept(job: _Job, partial: _Partial, url: str, response: httpx2.Response, redirects: list[str]) -> None:
    """Decide by the head of an answer whether its body is wanted, and where in the partial file it goes."""
    offset = _offset_bytes(partial, url, response)
    _refuse_packed(job, url, response)
    content_type = response.headers.get("Content-Type", "")
    if not job.wants_page and content_type.partition(";")[0].strip().lower() in _PAGE_TYPES:
        raise _page(url, f"Content-Type {content_type}")
    total_bytes = _total_bytes(response)
    pinned_bytes = job.download.size_bytes
    job.check_size(url, total_bytes)
    if total_bytes is not None and pinned_bytes not in {None, total_bytes}:
        _refuse_page_start(job, url, next(response.iter_raw(), b""))
        raise _wrong_size(url, pinned_bytes, total_bytes)
    job.check_disk(url, (total_bytes or pinned_bytes or offset) - offset)
    if offset:
        partial.resume()
        return
    headers = response.headers
    partial.begin(_Origin(redact(url), headers.get("ETag"), headers.get("Last-Modified"), total_bytes, redirects, 1))


def _offset_bytes(partial: _Partial, url: str, response: httpx2.Response) -> int:
    """From which byte on the body continues the file: zero where the server sends all of it."""
    status, offset = response.status_code, partial.size_bytes if partial.resumable else 0
    if status == 200:
        return 0
    if status == 416 and offset:
        raise _StartAgainError(f"{redact(url)}: has no bytes after the first {offset:,}", _stale_hint())
    if status != 206:
        raise _status_error(url, response)
    match = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", "").strip())
    etag, total = response.headers.get("ETag"), partial.origin.total_bytes
    fits = match is not None and int(match[1]) == offset
    same_file = not offset or (etag in {None, partial.origin.etag} and total in {None, _total_bytes(response)})
    if not (fits and same_file):
        got = response.headers.get("Content-Range")
        message = f"{redact(url)}: asked for the bytes from {offset:,} of {partial.origin.etag}, got {got} of {etag}"
        raise _StartAgainError(message, _stale_hint())
    return offset


def _total_bytes(response: httpx2.Response) -> int | None:
    """The size of the whole file as the server announces it."""
    if response.status_code == 206:
        match = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", "").strip())
        return int(match[3]) if match is not None and match[3] != "*" else None
    length = response.headers.get("Content-Length", "")
    return int(length) if length.isdecimal() else None


def _receive(job: _Job, partial: _Partial, url: str, response: httpx2.Response) -> None:
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
                raise _wrong_size(url, pinned_bytes, f"{size_bytes:,} or more")
            file.write(chunk)
            # Written at once: what has arrived outlives a killed process.
            file.flush()
            task.advance(len(chunk))


def _check_complete(job: _Job, partial: _Partial, url: str) -> None:
    size_bytes, pinned_bytes = partial.size_bytes, job.download.size_bytes
    total_bytes = partial.origin.total_bytes if partial.origin.total_bytes is not None else pinned_bytes
    if total_bytes is not None and size_bytes < total_bytes:
        raise TransientFetchError(f"{redact(url)}: cut off at {size_bytes:,} of {total_bytes:,} bytes", _later_hint())
    if size_bytes == 0 and pinned_bytes != 0 and job.download.sha256 is None:
        raise TransientFetchError(f"{redact(url)}: expected data, got an empty file", _check_in_browser())
    _refuse_page_start(job, url, partial.head())


def _settle(job: _Job, partial: _Partial, url: str) -> Snapshot:
    """Move a complete download into the store if its checksum is the pinned or remembered one."""
    download, store = job.download, job.store
    expect = download.sha256 or store.remembered(download.url)
    name, redirects, resumed = download.file_name, partial.origin.redirects, partial.resumed
    try:
        snapshot = store.add(partial.path, move=True, name=name, expect=expect, progress=job.progress)
    except ChecksumError as error:
        failure = _wrong_checksum(job, url, error)
        raise (_StartAgainError(failure.message, failure.hint) if resumed else failure) from error
    partial.discard()
    if download.sha256 is None:
        store.remember(download.url, snapshot.sha256, redirects=redirects)
        message = "%s: no checksum is pinned; remembered what came: sha256=%s size_bytes=%d"
        logger.warning(message, redact(download.url), snapshot.sha256, snapshot.size_bytes)
    return snapshot


@contextlib.contextmanager
def _network_errors(url: str, timeout_s: float) -> Iterator[None]:
    import httpx2

    try:
        yield
    except (httpx2.InvalidURL, httpx2.UnsupportedProtocol):
        # Their text repeats parts of the address, so it is not shown.
        raise _no_address(url) from None
    except httpx2.TimeoutException as error:
        raise TransientFetchError(f"{redact(url)}: the server was silent for {timeout_s:g} s", _later_hint()) from error
    except httpx2.HTTPError as error:
        if _is_certificate_error(error):
            hint = "Check the clock and the certificates of this machine (SSL_CERT_FILE); a proxy may be in between."
            raise TerminalFetchError(f"{redact(url)}: the server's certificate is not trusted", hint) from error
        message = f"{redact(url)}: the connection failed: {redact(str(error)) or type(error).__name__}"
        raise TransientFetchError(message, f"Check the network and the name of the server. {_later_hint()}") from error


def _is_certificate_error(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False


class _RedactingFilter(logging.Filter):
    """Keeps credentials out of what the HTTP library itself logs."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = redact(record.getMessage()), ()
        return True


_REDACTING = _RedactingFilter()


def _client(timeout_s: float) -> httpx2.Client:
    # 0.08 s, and a certificate store to read: paid only where a request is made.
    import httpx2

    for name in ("httpx2", "httpcore2.http11", "httpcore2.http2", "httpcore2.connection", "httpcore2.proxy"):
        logging.getLogger(name).addFilter(_REDACTING)
    headers = {"User-Agent": "targetgraph", "Accept": "*/*", "Accept-Encoding": "identity"}
    try:
        return httpx2.Client(headers=headers, timeout=timeout_s, follow_redirects=False)
    except (OSError, ValueError, ImportError) as error:
        # The library reads its proxies and certificates here.
        hint = "Check HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, SSL_CERT_FILE and SSL_CERT_DIR."
        message = f"the network settings of this machine cannot be used: {redact(str(error))}"
        raise _LocalError(message, hint) from error


def _split(url: str) -> tuple[str, tuple[str, str] | None]:
    """An address without its credentials, and these."""
    try:
        parts = urlsplit(url)
        # Reading the port checks it.
        complete = bool(parts.hostname) and parts.port != 0
    except ValueError:
        raise _no_address(url) from None
    if re.search(r"[\x00-\x1f\x7f]", url) or (parts.scheme in {"http", "https"} and not complete):
        raise _no_address(url)
    userinfo, _, host = parts.netloc.rpartition("@")
    if re.search(r"\s", host):
        raise _no_address(url)
    bare = urlunsplit(parts._replace(netloc=host, fragment=""))
    user, _, password = userinfo.partition(":")
    return bare, (unquote(user), unquote(password)) if userinfo else None


def _refuse_packed(job: _Job, url: str, response: httpx2.Response) -> None:
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    known = job.download.sha256 is not None or _PACKED_NAME.search(job.download.file_name) is not None
    if encoding not in {"", "identity"} and not known:
        message = f"{redact(url)}: the server packed the file ({encoding}) although it was asked not to"
        raise TerminalFetchError(message, "Pin the checksum of the packed bytes and give the name its ending.")


def _refuse_page_start(job: _Job, url: str, head: bytes) -> None:
    if not job.wants_page and _PAGE_START.match(head[:HEAD_BYTES]):
        raise _page(url, f"a body that begins {head[:40]!r}")


def _status_error(url: str, response: httpx2.Response) -> FetchError:
    status = response.status_code
    message = f"{redact(url)}: expected the file, got HTTP {status} {response.reason_phrase}".rstrip()
    if status in _MAY_PASS or status >= 500:
        return _BusyError(message, _later_hint(), _retry_after_s(response.headers.get("Retry-After")))
    if status in {401, 403, 407}:
        return _ResumableError(message, f"Check what the server asks for (a login, a licence to accept), {_BY_HAND}")
    if status in {404, 410}:
        hint = f"The release may have moved: correct its address, name a newer release, {_BY_HAND}"
        return TerminalFetchError(message, hint)
    return TerminalFetchError(message, _check_in_browser())


def _retry_after_s(value: str | None) -> float | None:
    """Seconds, from a number of them or from a date."""
    if value is None:
        return None
    if value.strip().isdecimal():
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except ValueError:
        return None


def _page(url: str, got: str) -> TerminalFetchError:
    return TerminalFetchError(f"{redact(url)}: expected data, got an HTML page ({got})", _check_in_browser())


def _wrong_size(url: str, expected: int | None, got: int | str) -> TerminalFetchError:
    shown = got if isinstance(got, str) else f"{got:,}"
    hint = "The file was replaced: pin the size and checksum of the new one, or name the release that was pinned."
    return TerminalFetchError(f"{redact(url)}: wrong size: expected {expected or 0:,} bytes, got {shown}", hint)


def _wrong_checksum(job: _Job, url: str, error: ChecksumError) -> TerminalFetchError:
    message = f"{redact(url)}: wrong checksum: expected sha256 {error.expected}, got {error.got}"
    if job.download.sha256 is not None:
        hint = "The file was replaced or damaged. If the new one is meant, pin the sha256 that it has."
        return TerminalFetchError(message, hint)
    record = job.store.address_path(job.download.url)
    hint = f"The address gave other bytes before. If the new ones are meant, pin their sha256 or delete {record}."
    return TerminalFetchError(message, hint)


def _wrong_scheme(url: str) -> TerminalFetchError:
    parts = urlsplit(url)
    if parts.scheme in {"ftp", "ftps"}:
        https = redact(urlunsplit(parts._replace(scheme="https")))
        hint = f"Most such servers give the same file at {https}: try that address, {_BY_HAND}"
        return TerminalFetchError(f"{redact(url)}: {parts.scheme}:// is not fetched, only http:// and https://", hint)
    message = f"{redact(url)}: expected an http:// or https:// address, got the scheme {parts.scheme!r}"
    return TerminalFetchError(message, f"Correct the address, {_BY_HAND}")


def _no_address(url: str) -> TerminalFetchError:
    shown = "".join(char if char.isprintable() else "?" for char in redact(url))
    return TerminalFetchError(f"{shown}: not a valid address", "Correct the address.")


def _all_failed(failures: list[FetchError]) -> FetchError:
    if len(failures) == 1:
        return failures[0]
    kind = TransientFetchError if any(isinstance(error, TransientFetchError) for error in failures) else None
    message = "every address failed:\n" + "\n".join(f"  {error.message}" for error in failures)
    return (kind or TerminalFetchError)(message, failures[0].hint)


def _later_hint() -> str:
    return "Run the same command again later: it resumes where that is possible."


def _stale_hint() -> str:
    return "The file changes while it is fetched: try later, or pin a release that does not change."


def _check_in_browser() -> str:
    return f"Open the address in a browser and correct it, {_BY_HAND}"
