"""Keeping documents in the folder of the warehouse, so that they are there when the folder of downloads is not."""

from __future__ import annotations

from collections.abc import Sequence

from etl.locate import Inputs
from etl.receipt import SourceReceipt
from warehouse.documents.store import FileStore
from warehouse.home import Home
from warehouse.progress import Progress


def keep_documents(
    home: Home, inputs: Sequence[Inputs], receipts: Sequence[SourceReceipt], *, everything: bool, progress: Progress
) -> None:
    """Copy the documents of a user's own sources, or those of all sources, into the folder of the warehouse.

    What was fetched is not copied: it is kept by its checksum already.

    Args:
        home: the folder of the warehouse.
        inputs: the files that were read.
        receipts: the accounts of the same sources, in the same order, with the checksums.
        everything: keep the documents of public sources too, which anybody can fetch again.
        progress: told of the files.

    Raises:
        SourceError: a file has changed since it was read, or there is no room.
    """
    store, downloads = FileStore(home.documents), FileStore(home.snapshots)
    for one, receipt in zip(inputs, receipts, strict=True):
        if one.source.is_public and not everything:
            continue
        checksums = {(file.part, file.file): file.sha256 for file in receipt.files}
        kept = [file for file in one.files if one.source.part(file.part).document is not None]
        with progress.task(f"{one.source.title}: keep documents", total=len(kept), unit="files") as task:
            for file in kept:
                sha256 = checksums[file.part, file.name]
                # A file that could not be read has none.
                if sha256 and downloads.get(sha256) is None:
                    store.add(file.path, name=file.path.name, expect=sha256)
                task.advance(1)
