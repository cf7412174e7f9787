"""What the tests of fetching share: the bytes that are fetched, and one address with its script and its store."""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from etl.fetching.fetch import Backoff, Download, fetch
from etl.fetching.snapshots import SnapshotStore, address_key
from tests.etl.http_server import Reply, Server
from warehouse.documents.store import StoredFile
from warehouse.errors import FetchError

DATA = random.Random(7).randbytes(300_000)
OTHER = random.Random(8).randbytes(300_000)
HALF = 150_000
PAGE = b"<!DOCTYPE html>\n<html><body>Please log in</body></html>"


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@dataclass
class Case:
    """One address, its script, and a store of its own."""

    server: Server
    store: SnapshotStore
    backoff: Backoff
    path: str
    waits: list[float] = field(default_factory=list)

    def script(self, *replies: Reply) -> str:
        return self.server.script(self.path, *replies)

    def download(self, data: bytes | None = DATA, **fields: object) -> Download:
        known = Download(self.server.url(self.path), sha256=None if data is None else sha(data))
        return replace(known, **fields)  # type: ignore[arg-type]

    def fetch(self, download: Download | None = None, **options: object) -> StoredFile:
        options = {"backoff": self.backoff, **options}
        return fetch(download or self.download(), self.store, **options)  # type: ignore[arg-type]

    def fails(self, kind: type[FetchError], download: Download | None = None, **options: object) -> FetchError:
        """Fetch, expect a failure of this kind that names the address and says what to do; give it."""
        with pytest.raises(kind) as caught:
            self.fetch(download, **options)
        assert self.server.url("")[len("http://") :] in caught.value.message or "example.org" in caught.value.message
        assert caught.value.hint
        return caught.value

    @property
    def ranges(self) -> list[str | None]:
        """The Range header of each request so far."""
        return [seen.headers.get("Range") for seen in self.server.asked(self.path)]

    @property
    def stored(self) -> list[str]:
        return sorted(path.name for path in (self.store.root / "sha256").glob("*/*"))

    @property
    def partial(self) -> list[str]:
        return sorted(path.name for path in (self.store.root / "partial").glob("*"))

    @property
    def partial_path(self) -> Path:
        return self.store.root / "partial" / address_key(self.server.url(self.path))
