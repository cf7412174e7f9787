"""The snapshot store: files of releases by checksum, and what each address gave.

Below the root of the store, beside what `warehouse.documents.store` keeps there::

    addresses/<hash>.json             what an address without a pinned checksum gave the first time
    partial/                          downloads that are not complete (see `etl.fetching.partial`)
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import re
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from warehouse import atomic
from warehouse.documents.store import SHA256, ChecksumError, FileStore
from warehouse.errors import SourceError
from warehouse.locks import held

logger = logging.getLogger(__name__)

_SECRET_NAME = r"[^=&\s]*(?:token|secret|signature|password|passwd|credential|api_?key|auth|session|security)[^=&\s]*"
_SECRET_VALUE = re.compile(rf"([?&;](?:{_SECRET_NAME}|key|sig|sas|code|pwd)=)[^&;\s'\"]+", re.IGNORECASE)
# A long opaque value is a secret more often than a name, and nobody reads it in a message.
_LONG_VALUE = re.compile(r"([?&;][^=&;\s]+=)[A-Za-z0-9_%+=~-]{32,}[^&;\s'\"]*")
_USERINFO = re.compile(r"(://)[^/\s?#]*@")
_FRAGMENT = re.compile(r"(://[^\s#'\"]*)#[^\s'\"]*")


def redact(text: str) -> str:
    """Hide the credentials of every URL in a text: user and password, query values that look secret, the fragment.

    >>> redact("https://me:pw@example.org/a.gz?version=2&token=abc")
    'https://***@example.org/a.gz?version=2&token=***'
    """
    text = _FRAGMENT.sub(r"\1", _USERINFO.sub(r"\1***@", text))
    text = _SECRET_VALUE.sub(r"\1***", text)
    return _LONG_VALUE.sub(r"\1***", text)


def address_key(url: str) -> str:
    """The name under which the store keeps what it knows of an address: a hash of the URL without user and fragment."""
    parts = urlsplit(url)
    plain = urlunsplit((parts.scheme.lower(), parts.netloc.rpartition("@")[2].lower(), parts.path, parts.query, ""))
    return hashlib.sha256(plain.encode()).hexdigest()


@contextlib.contextmanager
def locked(path: Path, *, what: str = "") -> Iterator[None]:
    """Hold a lock between processes and threads until the block ends; a killed process frees it.

    Args:
        path: the lock file; made here and removed after.
        what: what is locked, as a person knows it; logged when another process has to be waited for.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with held(path, waiting=lambda: logger.info("%s: waiting for another process", what or path)):
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


class SnapshotStore(FileStore):
    """The store of downloads: it also remembers what an address gave.

    Args:
        root: the folder; made at the first write.
    """

    noun = "snapshot"
    remedy = "fetch it again"

    def remembered(self, url: str) -> str | None:
        """The checksum of what an address gave on its first verified download, or None where it was never fetched."""
        path = self.address_path(url)
        try:
            sha256 = json.loads(path.read_text(encoding="utf-8"))["sha256"]
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError):
            sha256 = None
        if not isinstance(sha256, str) or not SHA256.fullmatch(sha256):
            raise SourceError(f"{path} is damaged: no sha256 in it", "Delete it to trust what the address gives now.")
        return sha256

    def first_seen(self, url: str) -> str | None:
        """The day on which an address gave what is remembered of it (ISO 8601, UTC), or None."""
        try:
            return str(json.loads(self.address_path(url).read_text(encoding="utf-8"))["first_seen"])[:10]
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def remember(self, url: str, sha256: str, *, redirects: Sequence[str] = (), anew: bool = False) -> None:
        """Keep what an address gave. The first word stands, unless the address is trusted anew on purpose.

        Args:
            url: the address; kept without its credentials.
            sha256: checksum of what it gave.
            redirects: the addresses that it led to.
            anew: replace what is remembered.

        Raises:
            ChecksumError: another checksum is remembered for this address.
        """
        self.path_of(sha256)
        path = self.address_path(url)
        with locked(path.with_suffix(".lock"), what=redact(url)):
            known = self.remembered(url)
            if known is None or (anew and known != sha256):
                kept = {
                    "url": redact(url),
                    "sha256": sha256,
                    "first_seen": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
                    "redirects": [redact(target) for target in redirects],
                }
                atomic.write_text(path, json.dumps(kept, indent=2) + "\n", durable=True)
            elif known != sha256:
                raise ChecksumError(redact(url), known, sha256, f"To trust the new content, delete {path}.")

    def address_path(self, url: str) -> Path:
        """The record of what an address gave; deleting it makes the store trust the address anew."""
        return self.root / "addresses" / f"{address_key(url)}.json"
