"""Opening a document of a build: where its bytes lie, verified, unpacked, within limits; nothing is ever executed.

The bytes are looked for by their checksum in the stores of the warehouse (documents that were kept, downloads that were
fetched), then where the build read them: in the folder of downloads. Wherever they lie, they are handed out only while
they are those that the build recorded.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, BinaryIO

from warehouse.documents.document import Document
from warehouse.documents.media_types import bare_name
from warehouse.documents.store import SHA256, FileStore
from warehouse.documents.unpacking import DAMAGED, Bounded, unpacked
from warehouse.documents.verified import Expected, opened
from warehouse.errors import SourceError
from warehouse.progress import SILENT, Progress
from warehouse.settings import Settings

if TYPE_CHECKING:
    from warehouse.warehouse import Warehouse

_HINT = "Put it back, set TARGETGRAPH_DOWNLOADS to the folder of downloads, or build again."
_RAISE_LIMIT = "TARGETGRAPH_DOCUMENT_MB sets the largest size."


@contextmanager
def open_document(
    warehouse: Warehouse,
    document: Document,
    *,
    limit_bytes: int | None = None,
    unpack: bool = True,
    progress: Progress = SILENT,
) -> Iterator[BinaryIO]:
    """Open a document to read it.

    Args:
        warehouse: the build that recorded it, opened.
        document: one of `documents`.
        limit_bytes: it may not be larger, packed or unpacked; None = as the settings say.
        unpack: hand out what a gzip, xz or zip file holds (then the stream cannot be sought in), not its own bytes.
        progress: told the bytes that are read to verify it.

    Raises:
        SourceError: it is gone, has changed, is too large or damaged; the message says what to do.
    """
    limit = _limit(limit_bytes)
    with opened(_located(warehouse, document), _expected(document, limit), progress) as raw:
        if not unpack:
            yield raw
            return
        with ExitStack() as stack:
            content = _content(raw, document, stack)
            plain = content is raw
            yield raw if plain else io.BufferedReader(Bounded(content, limit, document.file, _RAISE_LIMIT))


def read_document(
    warehouse: Warehouse, document: Document, *, limit_bytes: int = 100_000_000, progress: Progress = SILENT
) -> bytes:
    """The whole content of a document, unpacked; the arguments and errors are those of `open_document`."""
    with open_document(warehouse, document, limit_bytes=min(limit_bytes, _limit(None)), progress=progress) as file:
        return file.read()


def document_path(warehouse: Warehouse, document: Document, progress: Progress = SILENT) -> Path:
    """Where a document that is not packed lies, for a library that opens files itself; only to be read.

    Raises:
        SourceError: as `open_document`; also where it is packed.
    """
    if bare_name(document.file) != document.file:
        raise SourceError(f"{document.file} is packed and has no path of its own.", "Open it as a stream.")
    path = _located(warehouse, document)
    with opened(path, _expected(document, _limit(None)), progress):
        return path


def _content(raw: BinaryIO, document: Document, stack: ExitStack) -> IO[bytes]:
    try:
        return stack.enter_context(unpacked(raw, document.file, zips=document.file.lower().endswith(".zip")))
    except DAMAGED as error:
        raise SourceError(f"{document.file}: the file is damaged or was cut off: {error}", _HINT) from error


def _limit(limit_bytes: int | None) -> int:
    return Settings().document_mb * 1_000_000 if limit_bytes is None else limit_bytes


def _expected(document: Document, limit_bytes: int) -> Expected:
    return Expected(document.file, document.sha256, _HINT, limit_bytes)


def _located(warehouse: Warehouse, document: Document) -> Path:
    """Where the bytes of a document lie."""
    home = warehouse.build.home
    if home is not None and SHA256.fullmatch(document.sha256):
        for root in (home.documents, home.snapshots):
            stored = FileStore(root).path_of(document.sha256)
            if stored.is_file():
                return stored
    folder = _folder(warehouse, document)
    path = (folder / document.file).resolve()
    if not path.is_relative_to(folder.resolve()) or not path.is_file():
        raise SourceError(f"{document.file} is no longer where the build found it.", _HINT)
    return path


def _folder(warehouse: Warehouse, document: Document) -> Path:
    """The folder of downloads that the source of a document was read from."""
    chosen = Settings().downloads
    recorded = [one.get("folder") for one in warehouse.receipt()["sources"] if one["source"] == document.source]
    folder = next(iter(recorded), None) if chosen is None else chosen
    if folder is None:
        raise SourceError(
            f"The build does not say where {document.file} lies.",
            "Build again, or set TARGETGRAPH_DOWNLOADS to the folder of downloads.",
        )
    return Path(folder).expanduser()
