"""The content of a file, whatever it is packed in: plain, gzip, zip with one member, or xz.

Archives are untrusted: a member is read as a stream, its size is bounded, nothing is unpacked to disk.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import lzma
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from warehouse.errors import SourceError

#: The largest content that is read from a packed file; a small archive that claims more is refused.
CONTENT_LIMIT_BYTES = 64 * 1024**3

_CHUNK_BYTES = 1024**2
_DAMAGED = (EOFError, zlib.error, gzip.BadGzipFile, lzma.LZMAError, zipfile.BadZipFile)


@contextmanager
def open_content(path: Path) -> Iterator[IO[bytes]]:
    """Open the content of a file as a stream of bytes.

    Raises:
        SourceError: the file is empty, cannot be opened, is damaged or truncated, or is an archive of several files.
    """
    try:
        with path.open("rb") as raw, _unpacked(raw, path) as content:
            yield content
    except _DAMAGED as error:
        raise SourceError(
            f"{path.name}: the file is damaged or was cut off: {error}",
            "Download it again, and compare its size and checksum with those of the publisher.",
        ) from error
    except OSError as error:
        raise SourceError(f"{path.name}: the file cannot be read: {error.strerror or error}") from error


def content_chunks(path: Path) -> Iterator[bytes]:
    """The content of a file in chunks of about a megabyte.

    Raises:
        SourceError: as `open_content`; also when there is more than `CONTENT_LIMIT_BYTES`.
    """
    total = 0
    with open_content(path) as content:
        while chunk := content.read(_CHUNK_BYTES):
            total += len(chunk)
            if total > CONTENT_LIMIT_BYTES:
                raise SourceError(f"{path.name}: the content is larger than {CONTENT_LIMIT_BYTES:,} bytes")
            yield chunk


def content_sha256(path: Path) -> str:
    """The checksum of the content, after decompression, as hexadecimal digits."""
    digest = hashlib.sha256()
    for chunk in content_chunks(path):
        digest.update(chunk)
    return digest.hexdigest()


@contextmanager
def _unpacked(raw: IO[bytes], path: Path) -> Iterator[IO[bytes]]:
    head = raw.read(6)
    raw.seek(0)
    if not head:
        raise SourceError(f"{path.name}: the file is empty", "Download it again.")
    if head.startswith(b"\x1f\x8b"):
        with gzip.GzipFile(fileobj=raw) as content:
            yield cast(IO[bytes], content)
    elif head.startswith(b"\xfd7zXZ\x00"):
        with lzma.LZMAFile(raw) as content:
            yield cast(IO[bytes], content)
    elif head.startswith(b"PK\x03\x04") and path.suffix.lower() != ".xlsx":
        with zipfile.ZipFile(raw) as archive, archive.open(_only_member(archive, path)) as content:
            yield content
    else:
        yield cast(IO[bytes], io.BufferedReader(cast(io.RawIOBase, raw)))


def _only_member(archive: zipfile.ZipFile, path: Path) -> zipfile.ZipInfo:
    members = [
        member for member in archive.infolist() if not member.is_dir() and not member.filename.startswith("__MACOSX/")
    ]
    if len(members) != 1:
        names = ", ".join(sorted(member.filename for member in members)[:5])
        raise SourceError(
            f"{path.name}: the archive holds {len(members)} files ({names}); one is expected",
            "Unpack it and point --raw at the folder.",
        )
    if members[0].flag_bits & 1:
        raise SourceError(f"{path.name}: the archive is protected by a password")
    return members[0]
