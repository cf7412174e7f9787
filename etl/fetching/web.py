"""Requests over http and https: redirects by our own rules, credentials that reach only their server and no log."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import unquote, urljoin, urlsplit, urlunsplit

from etl.fetching.errors import BY_HAND, LocalError, check_in_browser, network_errors, no_address, status_error
from etl.fetching.snapshots import redact
from warehouse.errors import TerminalFetchError

if TYPE_CHECKING:
    import httpx2

logger = logging.getLogger(__name__)

MAX_REDIRECTS = 10
#: What a publisher's listing of releases may have.
PAGE_LIMIT_BYTES = 16 << 20
#: The beginning of a page for people; comments may stand before it.
PAGE_START = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.I | re.S)

_REDIRECTS = frozenset({301, 302, 303, 307, 308})


def look_at(url: str, *, with_body: bool, timeout_s: float = 30) -> tuple[str, str]:
    """What a page says now, and when it was last changed as its server says; nothing of it is kept.

    Args:
        url: the address.
        with_body: read the page, of at most `PAGE_LIMIT_BYTES`; else its head alone.
        timeout_s: the longest silence of the server.

    Returns:
        The text of the page, and the header `Last-Modified`; each may be empty.

    Raises:
        FetchError: the page cannot be had.
    """
    headers = {} if with_body else {"Range": "bytes=0-0"}
    with (
        client_of(timeout_s) as client,
        network_errors(url, timeout_s),
        answer(client, url, headers) as (response, _way),
    ):
        if response.status_code not in {200, 206}:
            raise status_error(url, response)
        body = b""
        for chunk in response.iter_bytes() if with_body else ():
            body += chunk
            if len(body) > PAGE_LIMIT_BYTES:
                raise TerminalFetchError(f"{redact(url)}: the page is too large for a listing", check_in_browser())
        return body.decode("utf-8", "replace"), response.headers.get("Last-Modified", "")


@contextmanager
def answer(client: httpx2.Client, url: str, headers: dict[str, str]) -> Iterator[tuple[httpx2.Response, list[str]]]:
    """Follow redirects by our own rules; give the answer that is none, and the addresses that led to it.

    Raises:
        TerminalFetchError: a redirect leads nowhere, or where it may not.
    """
    redirects: list[str] = []
    while True:
        bare, credentials = bare_address(url)
        with client.stream("GET", bare, headers=headers, auth=credentials) as response:
            if response.status_code not in _REDIRECTS:
                yield response, redirects
                return
            url = _redirect_target(url, response.headers.get("Location"))
        redirects.append(redact(url))
        logger.info("redirected to %s", redirects[-1])
        if len(redirects) > MAX_REDIRECTS:
            raise TerminalFetchError(f"{redirects[0]}: more than {MAX_REDIRECTS} redirects", check_in_browser())


def _redirect_target(url: str, location: str | None) -> str:
    if not location:
        raise TerminalFetchError(f"{redact(url)}: a redirect that names no address", check_in_browser())
    target = urljoin(url, location)
    scheme, new_scheme = urlsplit(url).scheme, urlsplit(target).scheme
    if new_scheme not in {"http", "https"} or (scheme, new_scheme) == ("https", "http"):
        message = f"{redact(url)}: redirected from {scheme} to {redact(target)}, which is refused"
        raise TerminalFetchError(message, f"Find the file's https address, {BY_HAND}")
    old, new = urlsplit(url), urlsplit(target)
    if "@" not in new.netloc and new.netloc == old.netloc.rpartition("@")[2] and scheme == new_scheme:
        # The same server keeps the credentials that it was given; no other one ever sees them.
        return urlunsplit(new._replace(netloc=old.netloc))
    return target


class _RedactingFilter(logging.Filter):
    """Keeps credentials out of what the HTTP library itself logs."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = redact(record.getMessage()), ()
        return True


_REDACTING = _RedactingFilter()


def client_of(timeout_s: float) -> httpx2.Client:
    """A client of the machine's network settings, which follows no redirect by itself.

    Raises:
        LocalError: the settings cannot be used.
    """
    # 0.08 s, and a certificate store to read: paid only where a request is made.
    import httpx2

    for name in ("httpx2", "httpcore2.http11", "httpcore2.http2", "httpcore2.connection", "httpcore2.proxy"):
        logging.getLogger(name).addFilter(_REDACTING)
    headers = {"User-Agent": "targetgraph", "Accept": "*/*", "Accept-Encoding": "identity"}
    try:
        return httpx2.Client(headers=headers, timeout=timeout_s, follow_redirects=False)
    except (OSError, ValueError, ImportError) as error:
        # The library reads its proxies and certificates here.
        hint = "Check HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, SSL_CERT_FILE and SSL_CERT_DIR."
        message = f"the network settings of this machine cannot be used: {redact(str(error))}"
        raise LocalError(message, hint) from error


def bare_address(url: str) -> tuple[str, tuple[str, str] | None]:
    """An address without its credentials, and these.

    Raises:
        TerminalFetchError: the text is no address.
    """
    try:
        parts = urlsplit(url)
        # Reading the port checks it.
        complete = bool(parts.hostname) and parts.port != 0
    except ValueError:
        raise no_address(url) from None
    if re.search(r"[\x00-\x1f\x7f]", url) or (parts.scheme in {"http", "https"} and not complete):
        raise no_address(url)
    userinfo, _, host = parts.netloc.rpartition("@")
    if re.search(r"\s", host):
        raise no_address(url)
    bare = urlunsplit(parts._replace(netloc=host, fragment=""))
    user, _, password = userinfo.partition(":")
    return bare, (unquote(user), unquote(password)) if userinfo else None
