"""The content of a file, whatever it is packed in: plain, gzip, zip with one member, or xz.

Archives are untrusted: a member is read as a stream, its size is bounded, nothing is unpacked to disk.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from warehouse.documents.unpacking import DAMAGED, unpacked
from warehouse.errors import SourceError

#: The largest content that is read from a packed file; a small archive that claims more is refused.
CONTENT_LIMIT_BYTES = 64 * 1024**3

_CHUNK_BYTES = 1024**2


@contextmanager
def open_content(path: Path) -> Iterator[IO[bytes]]:
    """Open the content of a file as a stream of bytes.

    Raises:
        SourceError: the file is empty, cannot be opened, is damaged or truncated, or is an archive of several files.
    """
    try:
        # A workbook is a zip archive by its format, and read as it is.
        zips = path.suffix.lower() != ".xlsx"
        with path.open("rb") as raw, unpacked(raw, path.name, zips=zips) as content:
            yield content
    except DAMAGED as error:
        raise SourceError(
            f"{path.name}: the file is damaged or was cut off",
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
