"""The content of a packed file as a stream: gzip, xz, zip with one member, or plain.

Packed files are untrusted: nothing is unpacked to disk, and a stream ends with an error where it passes its limit, so
that a small file that unpacks to a very large one does no harm.
"""

from __future__ import annotations

import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any, cast

from warehouse.errors import SourceError

#: What is raised while a damaged or truncated file is unpacked.
DAMAGED = (EOFError, zlib.error, gzip.BadGzipFile, lzma.LZMAError, zipfile.BadZipFile)


@contextmanager
def unpacked(raw: IO[bytes], name: str, *, zips: bool) -> Iterator[IO[bytes]]:
    """The content of an open file; what it is packed in is known by its first bytes.

    Args:
        raw: the file, at its beginning.
        name: what it is called in messages.
        zips: whether a zip archive is a packing; of many formats it is the format itself.

    Raises:
        SourceError: the file is empty, or is an archive of several files.
    """
    head = raw.read(6)
    raw.seek(0)
    if not head:
        raise SourceError(f"{name}: the file is empty", "Download it again.")
    if head.startswith(b"\x1f\x8b"):
        with gzip.GzipFile(fileobj=raw) as content:
            yield cast(IO[bytes], content)
    elif head.startswith(b"\xfd7zXZ\x00"):
        with lzma.LZMAFile(raw) as content:
            yield cast(IO[bytes], content)
    elif zips and head.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(raw) as archive, archive.open(_only_member(archive, name)) as content:
            yield content
    else:
        yield raw


class Bounded(io.RawIOBase):
    """A stream that may be read up to a number of bytes.

    Args:
        stream: what is read.
        limit_bytes: a further byte is an error.
        name: what it is called in messages.
        hint: what to do where it is larger.
    """

    def __init__(self, stream: IO[bytes], limit_bytes: int, name: str, hint: str | None = None) -> None:
        super().__init__()
        self._stream = stream
        self._left = limit_bytes
        self._refusal = SourceError(f"{name}: the content is larger than {limit_bytes:,} bytes.", hint)
        self._damaged = f"{name}: the file is damaged or was cut off"

    def readable(self) -> bool:
        """It is read, never written."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read the next bytes.

        Raises:
            SourceError: there are more than may be read, or the packed file is damaged.
        """
        view = memoryview(buffer).cast("B")
        try:
            chunk = self._stream.read(min(len(view), self._left + 1))
        except DAMAGED as error:
            raise SourceError(f"{self._damaged}: {error}") from error
        self._left -= len(chunk)
        if self._left < 0:
            raise self._refusal
        view[: len(chunk)] = chunk
        return len(chunk)


def _only_member(archive: zipfile.ZipFile, name: str) -> zipfile.ZipInfo:
    members = [
        member for member in archive.infolist() if not member.is_dir() and not member.filename.startswith("__MACOSX/")
    ]
    if len(members) != 1:
        names = ", ".join(sorted(member.filename for member in members)[:5])
        raise SourceError(
            f"{name}: the archive holds {len(members)} files ({names}); one is expected",
            "Unpack it and point --raw at the folder.",
        )
    if members[0].flag_bits & 1:
        raise SourceError(f"{name}: the archive is protected by a password")
    return members[0]
