"""Opening a file read-only, and only where its bytes are those that were recorded."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from warehouse.documents.store import CHUNK_BYTES
from warehouse.errors import SourceError, TargetGraphError
from warehouse.progress import SILENT, Progress

#: A file that was written this recently may be written again without a change of its times.
_SETTLED_NS = 2_000_000_000

_Stamp = tuple[int, int, int, int, int]

#: What was read through before, so that a large file is not read twice for each time that it is opened.
_VERIFIED: dict[_Stamp, str] = {}
_MOST_REMEMBERED = 10_000


@dataclass(frozen=True)
class Expected:
    """A file as it was recorded.

    Args:
        name: what it is called in messages.
        sha256: the checksum of its bytes.
        hint: what to do where it is gone or has changed.
        limit_bytes: a larger file is not opened; None = any size.
        error: the error that is raised.
    """

    name: str
    sha256: str
    hint: str
    limit_bytes: int | None = None
    error: type[TargetGraphError] = SourceError

    def refuse(self, problem: str) -> TargetGraphError:
        """The error that says what is wrong with the file."""
        return self.error(f"{self.name} {problem}", self.hint)


@contextmanager
def opened(path: Path, expected: Expected, progress: Progress = SILENT) -> Iterator[BinaryIO]:
    """Open a file to read it; its bytes are compared with the checksum before the first is handed out.

    Args:
        path: the file.
        expected: what it must be.
        progress: told the bytes that are read to verify it.

    Raises:
        TargetGraphError: it is gone, not a plain file, too large, or its bytes are others, also when they change while
            it is open; of the class that `expected` names.
    """
    with _open(path, expected) as file:
        before = _stamp(file)
        if _VERIFIED.get(before) != expected.sha256:
            _verify(file, before, expected, progress)
        file.seek(0)
        yield file
        if not file.closed and _stamp(file) != before:
            raise expected.refuse("changed while it was read.")


def open_plain(path: Path, *, follow_links: bool = True) -> BinaryIO:
    """Open a plain file to read it; a pipe in its place is not waited for.

    Raises:
        OSError: it cannot be opened, or it is a folder, a pipe, a device or, where links are not followed, a link.
    """
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | (0 if follow_links else os.O_NOFOLLOW))
    if stat.S_ISREG(os.fstat(handle).st_mode):
        return os.fdopen(handle, "rb")
    os.close(handle)
    raise OSError(errno.EINVAL, "It is not a plain file", str(path))


def _open(path: Path, expected: Expected) -> BinaryIO:
    try:
        file = open_plain(path)
    except (FileNotFoundError, NotADirectoryError):
        raise expected.refuse("is no longer there.") from None
    except OSError as error:
        raise expected.refuse(f"cannot be read: {error.strerror or error}.") from error
    size_bytes = os.fstat(file.fileno()).st_size
    if expected.limit_bytes is not None and size_bytes > expected.limit_bytes:
        file.close()
        raise expected.refuse(f"has {size_bytes:,} bytes; at most {expected.limit_bytes:,} are read.")
    return file


def _verify(file: BinaryIO, before: _Stamp, expected: Expected, progress: Progress) -> None:
    digest = hashlib.sha256()
    try:
        with progress.task(f"verify {expected.name}", before[2], "bytes") as task:
            while chunk := file.read(CHUNK_BYTES):
                digest.update(chunk)
                task.advance(len(chunk))
    except OSError as error:
        raise expected.refuse(f"cannot be read: {error.strerror or error}.") from error
    if digest.hexdigest() != expected.sha256 or _stamp(file) != before:
        raise expected.refuse("has changed since it was recorded.")
    if time.time_ns() - max(before[3:]) > _SETTLED_NS:
        if len(_VERIFIED) >= _MOST_REMEMBERED:
            _VERIFIED.clear()
        _VERIFIED[before] = expected.sha256


def _stamp(file: BinaryIO) -> _Stamp:
    """What changes when a file is written: device, number, size, and the times of its content and of itself."""
    known = os.fstat(file.fileno())
    return known.st_dev, known.st_ino, known.st_size, known.st_mtime_ns, known.st_ctime_ns
