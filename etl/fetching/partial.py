"""A download that is not complete: the bytes that have arrived, and what the server said of them."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from warehouse import atomic

HEAD_BYTES = 1024


@dataclass
class Origin:
    """What the server said of the bytes in a partial file; kept beside it."""

    url: str = ""
    etag: str | None = None
    last_modified: str | None = None
    total_bytes: int | None = None
    redirects: list[str] = field(default_factory=list)
    responses: int = 0

    @property
    def validator(self) -> str | None:
        """What If-Range may carry: a weak ETag does not promise the same bytes."""
        strong = self.etag is not None and not self.etag.startswith("W/")
        return self.etag if strong else self.last_modified


class Partial:
    """The file in which a download grows, with its record; what cannot be resumed is discarded at once.

    Args:
        path: the file.
        pinned: the checksum of the whole is known beforehand.
    """

    def __init__(self, path: Path, *, pinned: bool) -> None:
        self.path = path
        self.pinned = pinned
        self.record = path.with_suffix(".json")
        self.origin = self._read_origin()
        if not self.resumable:
            self.discard()

    @property
    def size_bytes(self) -> int:
        """How much has arrived."""
        return self.path.stat().st_size if self.path.exists() else 0

    @property
    def resumable(self) -> bool:
        """Only bytes that can be checked are worth keeping: by the pinned checksum, or by the server's validator."""
        return self.size_bytes > 0 and self.origin.responses > 0 and (self.pinned or self.origin.validator is not None)

    @property
    def complete(self) -> bool:
        """All has arrived; only the checks are left."""
        return self.resumable and self.size_bytes == self.origin.total_bytes

    @property
    def resumed(self) -> bool:
        """The bytes came in more than one answer, so that they may not fit together."""
        return self.origin.responses > 1

    def request_headers(self) -> dict[str, str]:
        """The headers that ask for what is missing, on condition that the file is still the same."""
        if not self.resumable:
            return {}
        headers = {"Range": f"bytes={self.size_bytes}-"}
        return headers if self.origin.validator is None else {**headers, "If-Range": self.origin.validator}

    def begin(self, origin: Origin) -> None:
        """Forget what was there; the bytes go first, so that they never stand beside another file's record."""
        self.path.unlink(missing_ok=True)
        self.origin = origin
        self._write_origin()

    def resume(self) -> None:
        """Count one more answer that continues the bytes."""
        self.origin.responses += 1
        self._write_origin()

    def discard(self) -> None:
        """Forget bytes and record."""
        self.path.unlink(missing_ok=True)
        self.record.unlink(missing_ok=True)
        self.origin = Origin()

    def head(self) -> bytes:
        """The first bytes, by which a page is told from data."""
        with self.path.open("rb") as file:
            return file.read(HEAD_BYTES)

    def _write_origin(self) -> None:
        self.record.parent.mkdir(parents=True, exist_ok=True)
        atomic.write_text(self.record, json.dumps(asdict(self.origin), indent=2) + "\n", durable=True)

    def _read_origin(self) -> Origin:
        # A damaged record costs a fresh download, nothing more.
        try:
            return Origin(**json.loads(self.record.read_text(encoding="utf-8")))
        except (FileNotFoundError, ValueError, TypeError):
            return Origin()
