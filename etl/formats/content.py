"""The content of a file, whatever it is packed in: plain, gzip, zip with one member, or xz.

Archives are untrusted: a member is read as a stream, its size is bounded, nothing is unpacked to disk. What stands in
the place of the data is refused by its own name: the pointer that Git LFS or git-annex leaves where the data were not
downloaded, the page or message of a server that did not have them.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from etl.fetching.web import PAGE_START
from warehouse.documents.media_types import bare_name
from warehouse.documents.unpacking import DAMAGED, unpacked
from warehouse.errors import SourceError

#: The largest content that is read from a packed file; a small archive that claims more is refused.
CONTENT_LIMIT_BYTES = 64 * 1024**3

_CHUNK_BYTES = 1024**2


_HEAD_BYTES = 1024
_ANNEX = "annex/objects/"
_DOWNLOAD_AGAIN = "Open its address in a browser, and download the file again."

#: What is not the data, by how it begins: what it is instead, and what to do.
_STAND_INS = (
    (
        re.compile(rb"version https://git-lfs\.github\.com/spec/"),
        "a Git LFS pointer, not the data",
        "Run `git lfs pull` in the repository that it comes from, or download the file itself.",
    ),
    (
        re.compile(rb"[./\w-]*annex/objects/\S+\s*\Z"),
        "a git-annex pointer, not the data",
        "Run `git annex get` in the repository that it comes from, or download the file itself.",
    ),
    (PAGE_START, "an HTML page, not the data", _DOWNLOAD_AGAIN),
    (
        re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*)?<Error>\s*<Code>"),
        "the error message of a server, not the data",
        _DOWNLOAD_AGAIN,
    ),
    (
        re.compile(
            rb"\s*(?:\{\s*\"(?:message|error|detail)\"\s*:.{0,300}\}|"
            rb"(?:HTTP )?(?:error )?(?:[45]\d\d[:\s-]*)?(?:error )?(?:not found|forbidden|access denied|unauthorized|"
            rb"bad gateway|service unavailable|internal server error|too many requests|moved permanently)\.?)\s*\Z",
            re.I | re.S,
        ),
        "the error message of a server, not the data",
        _DOWNLOAD_AGAIN,
    ),
)


@contextmanager
def open_content(path: Path, *, zips: bool = True) -> Iterator[IO[bytes]]:
    """Open the content of a file as a stream of bytes.

    Args:
        path: the file.
        zips: a zip archive is a packing, and not the format itself as it is of a workbook.

    Raises:
        SourceError: the file is empty, cannot be opened, is damaged or truncated, is an archive of several files, or
            holds no data but a pointer to them or the message of a server.
    """
    try:
        with path.open("rb") as raw, unpacked(raw, path.name, zips=zips) as content:
            _refuse_stand_in(content, path.name)
            yield content
    except DAMAGED as error:
        raise SourceError(
            f"{path.name}: the file is damaged or was cut off",
            "Download it again, and compare its size and checksum with those of the publisher.",
        ) from error
    except OSError as error:
        if is_annexed(path):
            raise SourceError(
                f"{path.name}: a git-annex link to data that are not here",
                "Run `git annex get` in the repository that it comes from, or download the file itself.",
            ) from error
        raise SourceError(f"{path.name}: the file cannot be read: {error.strerror or error}") from error


def verify_content(path: Path, *, zips: bool = True) -> None:
    """Verify by its first bytes that a file holds data; the arguments and errors are those of `open_content`."""
    with open_content(path, zips=zips):
        pass


def is_annexed(path: Path) -> bool:
    """Whether a file is a link of git-annex to data that are not here."""
    return path.is_symlink() and not path.exists() and _ANNEX in path.readlink().as_posix()


def _refuse_stand_in(content: IO[bytes], name: str) -> None:
    # Every stream that `unpacked` gives can look ahead.
    head = cast(io.BufferedReader, content).peek(_HEAD_BYTES)[:_HEAD_BYTES]
    if not head:
        raise SourceError(f"{name}: the file is empty", "Download it again.")
    for start, what, hint in _STAND_INS:
        is_page = start is PAGE_START and bare_name(name).lower().endswith((".html", ".htm", ".xhtml"))
        if start.match(head) and not is_page:
            raise SourceError(f"{name}: {what}", hint)


def content_chunks(path: Path) -> Iterator[bytes]:
    """The content of a file in chunks of about a megabyte.

    Raises:
        SourceError: as `open_content`; also when there is more than `CONTENT_LIMIT_BYTES`.
    """
    total = 0
    with open_content(path, zips=path.suffix.lower() != ".xlsx") as content:
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
