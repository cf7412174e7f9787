"""Files kept by the checksum of their bytes, verified and never edited: downloads, documents.

Layout below the root of a store::

    sha256/<first two hex>/<sha256>   the bytes, read-only
    names/<sha256>                    the name that the file had when it was first added
    incoming/                         copies that are being made
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import logging
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from warehouse import atomic
from warehouse.errors import SourceError
from warehouse.progress import SILENT, Progress, Task

logger = logging.getLogger(__name__)

CHUNK_BYTES = 1 << 20
READ_ONLY = 0o444

#: What a SHA-256 looks like: lower-case hex digits.
SHA256 = re.compile(r"[0-9a-f]{64}")


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
class StoredFile:
    """A file in a store.

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


def checksum(path: Path, progress: Progress = SILENT) -> str:
    """The SHA-256 of a file, read in pieces, as lower-case hex."""
    digest = hashlib.sha256()
    with path.open("rb") as file, progress.task(f"checksum {path.name}", path.stat().st_size, "bytes") as task:
        _each_chunk(file, digest.update, task)
    return digest.hexdigest()


class FileStore:
    """A folder of files, addressed by the SHA-256 of their bytes. Safe for several processes at a time.

    Args:
        root: the folder; made at the first write.
    """

    #: What a file in it is called in messages, and where it can be had again.
    noun = "document"
    remedy = "add it again"

    def __init__(self, root: Path) -> None:
        self.root = root

    def path_of(self, sha256: str) -> Path:
        """Where the bytes with this checksum lie, or would lie."""
        if not SHA256.fullmatch(sha256):
            raise ValueError(f"{sha256!r} is not a SHA-256: 64 lower-case hex digits are expected")
        return self.root / "sha256" / sha256[:2] / sha256

    def get(self, sha256: str) -> StoredFile | None:
        """The file with this checksum, or None. It is not read: `verify` does that."""
        path = self.path_of(sha256)
        try:
            size_bytes = path.stat().st_size
        except FileNotFoundError:
            return None
        try:
            name = self._name_path(sha256).read_text(encoding="utf-8")
        except FileNotFoundError:
            name = sha256
        return StoredFile(sha256, size_bytes, path, name)

    def verify(self, sha256: str, progress: Progress = SILENT) -> StoredFile:
        """Read a file again and compare its checksum.

        Raises:
            SourceError: it is not in the store.
            ChecksumError: its bytes have changed.
        """
        stored = self.get(sha256)
        if stored is None:
            raise SourceError(f"{self.noun} {sha256} is not in {self.root}", f"{self.remedy.capitalize()}.")
        got = checksum(stored.path, progress)
        if got != sha256:
            hint = f"The file was damaged after it was stored: delete {stored.path} and {self.remedy}."
            raise ChecksumError(f"{self.noun} {stored.name}", sha256, got, hint)
        return stored

    def add(
        self,
        path: Path,
        *,
        move: bool = False,
        name: str | None = None,
        expect: str | None = None,
        progress: Progress = SILENT,
    ) -> StoredFile:
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
        return StoredFile(sha256, self.path_of(sha256).stat().st_size, self.path_of(sha256), name)

    def _name_path(self, sha256: str) -> Path:
        return self.root / "names" / sha256

    def _holds(self, sha256: str) -> bool:
        """Whether the bytes are there and whole; damaged ones are reported and then written again."""
        path = self.path_of(sha256)
        if not path.exists():
            return False
        if checksum(path) == sha256:
            return True
        logger.warning("%s %s was damaged in the store and is replaced", self.noun, sha256)
        return False

    def _settle(self, path: Path, sha256: str, name: str) -> bool:
        """Rename a file into its place; False where it lies on another file system."""
        target = self.path_of(sha256)
        target.parent.mkdir(parents=True, exist_ok=True)
        # The name goes first: a name without a file does no harm, a file without its name loses its format.
        if not self._name_path(sha256).exists():
            self._name_path(sha256).parent.mkdir(parents=True, exist_ok=True)
            atomic.write_text(self._name_path(sha256), name, durable=True)
        mode = path.stat().st_mode
        path.chmod(READ_ONLY)
        try:
            atomic.put(path, target, durable=True)
        except OSError as error:
            path.chmod(mode)
            if error.errno == errno.EXDEV:
                return False
            raise
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
        message = f"the folder {root} cannot take the file: {error.strerror or error} ({where})"
        raise error_class(message, "Check the owner and the permissions, or use another folder.") from error


def _expected(name: str, got: str, expect: str | None) -> str:
    if expect is not None and got != expect:
        raise ChecksumError(name, expect, got, "The file is not the one that was expected: nothing was stored.")
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
            if time.time() - path.stat().st_mtime > atomic.STALE_S:
                path.unlink()
