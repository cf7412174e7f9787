"""The snapshot store: files of releases kept by the checksum of their bytes, verified and never edited.

Layout below the root of the store::

    sha256/<first two hex>/<sha256>   the bytes, read-only
    names/<sha256>                    the name that the file had when it was first added
    addresses/<hash>.json             what an address without a pinned checksum gave the first time
    incoming/                         copies that are being made
    partial/                          downloads that are not complete (see `etl.partial`)
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import logging
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit, urlunsplit

from warehouse.errors import SourceError
from warehouse.progress import SILENT, Progress, Task

logger = logging.getLogger(__name__)

CHUNK_BYTES = 1 << 20
READ_ONLY = 0o444
STALE_COPY_S = 24 * 3600

_SHA256 = re.compile(r"[0-9a-f]{64}")
_SECRET_NAME = r"[^=&\s]*(?:token|secret|signature|password|passwd|credential|api_?key|auth|session|security)[^=&\s]*"
_SECRET_VALUE = re.compile(rf"([?&;](?:{_SECRET_NAME}|key|sig|sas|code|pwd)=)[^&;\s'\"]+", re.IGNORECASE)
# A long opaque value is a secret more often than a name, and nobody reads it in a message.
_LONG_VALUE = re.compile(r"([?&;][^=&;\s]+=)[A-Za-z0-9_%+=~-]{32,}[^&;\s'\"]*")
_USERINFO = re.compile(r"(://)[^/\s?#]*@")
_FRAGMENT = re.compile(r"(://[^\s#'\"]*)#[^\s'\"]*")


class ChecksumError(SourceError):
    """The bytes of a file are not those that were expected.

    Args:
        what: the file, as a person knows it.
        expected: the SHA-256 that was expected.
        got: the SHA-256 of the bytes.
        hint: what to do about it.
    """

    def __init__(self, what: str, expected: str, got: str, hint: str | None = None) -> None:
        super().__init__(f"{what}: wrong checksum: expected sha256 {expected}, got {got}", hint)
        self.expected = expected
        self.got = got


@dataclass(frozen=True)
class Snapshot:
    """The bytes of one file of one release.

    Attributes:
        sha256: checksum of the bytes, lower-case hex.
        size_bytes: size of the file.
        path: where the bytes lie; read-only.
        name: the file's original name, which says its format.
    """

    sha256: str
    size_bytes: int
    path: Path
    name: str


def redact(text: str) -> str:
    """Hide the credentials of every URL in a text: user and password, query values that look secret, the fragment.

    >>> redact("https://me:pw@example.org/a.gz?version=2&token=abc")
    'https://***@example.org/a.gz?version=2&token=***'
    """
    text = _FRAGMENT.sub(r"\1", _USERINFO.sub(r"\1***@", text))
    text = _SECRET_VALUE.sub(r"\1***", text)
    return _LONG_VALUE.sub(r"\1***", text)


def address_key(url: str) -> str:
    """The name under which the store keeps what it knows of an address: a hash of the URL without user and fragment."""
    parts = urlsplit(url)
    plain = urlunsplit((parts.scheme.lower(), parts.netloc.rpartition("@")[2].lower(), parts.path, parts.query, ""))
    return hashlib.sha256(plain.encode()).hexdigest()


def checksum(path: Path, progress: Progress = SILENT) -> str:
    """The SHA-256 of a file, read in pieces, as lower-case hex."""
    digest = hashlib.sha256()
    with path.open("rb") as file, progress.task(f"checksum {path.name}", path.stat().st_size, "bytes") as task:
        _each_chunk(file, digest.update, task)
    return digest.hexdigest()


def write_atomically(path: Path, text: str) -> None:
    """Put a small text file in place as a whole: beside first, synced, then renamed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(beside).chmod(0o644)
        Path(beside).replace(path)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


@contextlib.contextmanager
def locked(path: Path, *, what: str = "") -> Iterator[None]:
    """Hold a lock between processes and threads until the block ends; a killed process frees it.

    Args:
        path: the lock file; made here and removed after.
        what: what is locked, as a person knows it; logged when another process has to be waited for.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = _lock(path, what)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(handle)


def _lock(path: Path, what: str) -> int:
    import fcntl

    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                logger.info("%s: waiting for another process", what or path)
                fcntl.flock(handle, fcntl.LOCK_EX)
            if _is_open_as(handle, path):
                return handle
        except BaseException:
            os.close(handle)
            raise
        # The former holder has removed the file that was waited for: the lock is a new file now.
        os.close(handle)


def _is_open_as(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


class SnapshotStore:
    """A folder of snapshots, addressed by the SHA-256 of their bytes. Safe for several processes at a time.

    Args:
        root: the folder; made at the first write.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def path_of(self, sha256: str) -> Path:
        """Where the bytes with this checksum lie, or would lie."""
        if not _SHA256.fullmatch(sha256):
            raise ValueError(f"{sha256!r} is not a SHA-256: 64 lower-case hex digits are expected")
        return self.root / "sha256" / sha256[:2] / sha256

    def get(self, sha256: str) -> Snapshot | None:
        """The snapshot with this checksum, or None. It is not read: `verify` does that."""
        path = self.path_of(sha256)
        try:
            size_bytes = path.stat().st_size
        except FileNotFoundError:
            return None
        try:
            name = self._name_path(sha256).read_text(encoding="utf-8")
        except FileNotFoundError:
            name = sha256
        return Snapshot(sha256, size_bytes, path, name)

    def verify(self, sha256: str, progress: Progress = SILENT) -> Snapshot:
        """Read a snapshot again and compare its checksum.

        Raises:
            SourceError: it is not in the store.
            ChecksumError: its bytes have changed.
        """
        snapshot = self.get(sha256)
        if snapshot is None:
            raise SourceError(f"snapshot {sha256} is not in {self.root}", "Fetch it again, or add its file.")
        got = checksum(snapshot.path, progress)
        if got != sha256:
            hint = f"The file was damaged after it was stored: delete {snapshot.path} and fetch it again."
            raise ChecksumError(f"snapshot {snapshot.name}", sha256, got, hint)
        return snapshot

    def add(
        self,
        path: Path,
        *,
        move: bool = False,
        name: str | None = None,
        expect: str | None = None,
        progress: Progress = SILENT,
    ) -> Snapshot:
        """Take a file into the store, complete or not at all.

        Args:
            path: the file. It is copied, so that later edits of it do not reach the store.
            move: give the file itself away instead.
            name: its original name; the name of `path` by default.
            expect: the checksum that it must have.
            progress: told the bytes that are read.

        Raises:
            SourceError: there is no such file, or the store cannot be written.
            ChecksumError: it has another checksum than expected; nothing is stored.
        """
        if not path.is_file():
            raise SourceError(f"{path} is not a file", "Name a file that exists; a folder is added file by file.")
        name = path.name if name is None else name
        with store_errors(self.root):
            sha256 = _expected(name, checksum(path, progress), expect)
            if self._holds(sha256):
                self._drop_if(path, move)
            elif move and not path.is_symlink() and self._settle(path, sha256, name):
                pass
            else:
                sha256 = self._copy_in(path, name, expect, progress)
                self._drop_if(path, move)
        return Snapshot(sha256, self.path_of(sha256).stat().st_size, self.path_of(sha256), name)

    def remembered(self, url: str) -> str | None:
        """The checksum of what an address gave on its first verified download, or None where it was never fetched."""
        path = self.address_path(url)
        try:
            sha256 = json.loads(path.read_text(encoding="utf-8"))["sha256"]
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError):
            sha256 = None
        if not isinstance(sha256, str) or not _SHA256.fullmatch(sha256):
            raise SourceError(f"{path} is damaged: no sha256 in it", "Delete it to trust what the address gives now.")
        return sha256

    def remember(self, url: str, sha256: str, *, redirects: Sequence[str] = ()) -> None:
        """Keep what an address gave. The first word stands: what is remembered is never replaced.

        Args:
            url: the address; kept without its credentials.
            sha256: checksum of what it gave.
            redirects: the addresses that it led to.

        Raises:
            ChecksumError: another checksum is remembered for this address.
        """
        self.path_of(sha256)
        path = self.address_path(url)
        with locked(path.with_suffix(".lock"), what=redact(url)):
            known = self.remembered(url)
            if known is None:
                kept = {
                    "url": redact(url),
                    "sha256": sha256,
                    "first_seen": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
                    "redirects": [redact(target) for target in redirects],
                }
                write_atomically(path, json.dumps(kept, indent=2) + "\n")
            elif known != sha256:
                raise ChecksumError(redact(url), known, sha256, f"To trust the new content, delete {path}.")

    def address_path(self, url: str) -> Path:
        """The record of what an address gave; deleting it makes the store trust the address anew."""
        return self.root / "addresses" / f"{address_key(url)}.json"

    def _name_path(self, sha256: str) -> Path:
        return self.root / "names" / sha256

    def _holds(self, sha256: str) -> bool:
        """Whether the bytes are there and whole; damaged ones are reported and then written again."""
        path = self.path_of(sha256)
        if not path.exists():
            return False
        if checksum(path) == sha256:
            return True
        logger.warning("snapshot %s was damaged in the store and is replaced", sha256)
        return False

    def _settle(self, path: Path, sha256: str, name: str) -> bool:
        """Rename a file into its place; False where it lies on another file system."""
        target = self.path_of(sha256)
        target.parent.mkdir(parents=True, exist_ok=True)
        # The name goes first: a name without a file does no harm, a file without its name loses its format.
        if not self._name_path(sha256).exists():
            write_atomically(self._name_path(sha256), name)
        mode = path.stat().st_mode
        _sync(path)
        path.chmod(READ_ONLY)
        try:
            path.replace(target)
        except OSError as error:
            path.chmod(mode)
            if error.errno == errno.EXDEV:
                return False
            raise
        _sync_folder(target.parent)
        return True

    def _copy_in(self, path: Path, name: str, expect: str | None, progress: Progress) -> str:
        """Copy a file; what counts is the checksum of the copy, since the original may be edited meanwhile."""
        incoming = self.root / "incoming"
        incoming.mkdir(parents=True, exist_ok=True)
        _remove_stale(incoming)
        handle, beside_name = tempfile.mkstemp(dir=incoming)
        beside = Path(beside_name)
        try:
            with os.fdopen(handle, "wb") as copy:
                sha256 = _expected(name, _copy(path, copy, progress), expect)
            self._settle(beside, sha256, name)
        finally:
            beside.unlink(missing_ok=True)
        return sha256

    def _drop_if(self, path: Path, move: bool) -> None:
        if move:
            path.unlink()


@contextlib.contextmanager
def store_errors(root: Path, error_class: type[SourceError] = SourceError) -> Iterator[None]:
    """Turn what the operating system says of a store that cannot be written into a message to a person."""
    try:
        yield
    except OSError as error:
        where = error.filename or root
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            free_bytes = shutil.disk_usage(root).free if root.exists() else 0
            message = f"{root}: the disk is full ({free_bytes:,} bytes free)"
            raise error_class(message, "Make room, or move the store; then run the same command again.") from error
        message = f"the snapshot store {root} cannot take the file: {error.strerror or error} ({where})"
        raise error_class(message, "Check the owner and the permissions, or use another folder.") from error


def _expected(name: str, got: str, expect: str | None) -> str:
    if expect is not None and got != expect:
        raise ChecksumError(name, expect, got, "The file is not the one that was pinned: nothing was stored.")
    return got


def _each_chunk(file: BinaryIO, use: Callable[[bytes], object], task: Task) -> None:
    while chunk := file.read(CHUNK_BYTES):
        use(chunk)
        task.advance(len(chunk))


def _copy(path: Path, copy: BinaryIO, progress: Progress) -> str:
    digest = hashlib.sha256()

    def take(chunk: bytes) -> None:
        digest.update(chunk)
        copy.write(chunk)

    with path.open("rb") as file, progress.task(f"copy {path.name}", path.stat().st_size, "bytes") as task:
        _each_chunk(file, take, task)
    return digest.hexdigest()


def _remove_stale(incoming: Path) -> None:
    """Clear away copies that a killed process left; a copy that is still growing is younger."""
    for path in incoming.iterdir():
        with contextlib.suppress(FileNotFoundError):
            if time.time() - path.stat().st_mtime > STALE_COPY_S:
                path.unlink()


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sync_folder(path: Path) -> None:
    """Make a rename durable; some file systems know no sync of a folder, and then it is not needed."""
    with contextlib.suppress(OSError):
        _sync(path)
