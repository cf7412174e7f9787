"""What goes wrong with a download: kinds of errors, which decide what is tried again, and messages with what to do."""

from __future__ import annotations

import contextlib
import ssl
import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from etl.fetching.snapshots import redact
from warehouse.documents.store import ChecksumError
from warehouse.errors import FetchError, NotPublishedError, TerminalFetchError, TransientFetchError

if TYPE_CHECKING:
    import httpx2

BY_HAND = "or download the file by hand and build with --raw DIR."
_MAY_PASS = frozenset({408, 425, 429})


class BusyError(TransientFetchError):
    """A server asked to come back after a time."""

    def __init__(self, message: str, hint: str | None, retry_after_s: float | None) -> None:
        super().__init__(message, hint)
        self.retry_after_s = retry_after_s


class ResumableError(TerminalFetchError):
    """It will not pass by itself, but what has arrived is good once the cause is mended."""


class LocalError(ResumableError):
    """The cause is this machine: no mirror will do better."""


class MismatchError(TerminalFetchError):
    """What came is not the file that is pinned: another size or checksum."""


class StartAgainError(FetchError):
    """What was resumed does not fit what the server has now: once, all is fetched anew."""


@contextlib.contextmanager
def network_errors(url: str, timeout_s: float) -> Iterator[None]:
    """Tell what the HTTP library raises as an error of ours: one that may pass, or one that will not."""
    import httpx2

    try:
        yield
    except (httpx2.InvalidURL, httpx2.UnsupportedProtocol):
        # Their text repeats parts of the address, so it is not shown.
        raise no_address(url) from None
    except httpx2.TimeoutException as error:
        raise TransientFetchError(f"{redact(url)}: the server was silent for {timeout_s:g} s", try_later()) from error
    except httpx2.HTTPError as error:
        if _is_certificate_error(error):
            hint = "Check the clock and the certificates of this machine (SSL_CERT_FILE); a proxy may be in between."
            raise TerminalFetchError(f"{redact(url)}: the server's certificate is not trusted", hint) from error
        message = f"{redact(url)}: the connection failed: {redact(str(error)) or type(error).__name__}"
        raise TransientFetchError(message, f"Check the network and the name of the server. {try_later()}") from error


def _is_certificate_error(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False


def status_error(url: str, response: httpx2.Response) -> FetchError:
    """The server answered with a status that brings no file."""
    status = response.status_code
    message = f"{redact(url)}: expected the file, got HTTP {status} {response.reason_phrase}".rstrip()
    if status in _MAY_PASS or status >= 500:
        return BusyError(message, try_later(), _retry_after_s(response.headers.get("Retry-After")))
    if status in {401, 403, 407}:
        return ResumableError(message, f"Check what the server asks for (a login, a licence to accept), {BY_HAND}")
    if status in {404, 410}:
        hint = f"The release may have moved: correct its address, name a newer release, {BY_HAND}"
        return NotPublishedError(message, hint)
    return TerminalFetchError(message, check_in_browser())


def _retry_after_s(value: str | None) -> float | None:
    """Seconds, from a number of them or from a date."""
    if value is None:
        return None
    if value.strip().isdecimal():
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except ValueError:
        return None


def html_page(url: str, got: str) -> TerminalFetchError:
    """A page for people came where data should be: a login, a notice, a moved site."""
    return TerminalFetchError(f"{redact(url)}: expected data, got an HTML page ({got})", check_in_browser())


def wrong_size(url: str, expected: int | None, got: int | str) -> MismatchError:
    """The file has another size than the pinned one."""
    shown = got if isinstance(got, str) else f"{got:,}"
    hint = "The file was replaced: pin the size and checksum of the new one, or name the release that was pinned."
    return MismatchError(f"{redact(url)}: wrong size: expected {expected or 0:,} bytes, got {shown}", hint)


def wrong_checksum(url: str, error: ChecksumError, record: Path | None) -> MismatchError:
    """The bytes are not those of the pinned checksum, or of the one that `record` remembers for the address."""
    message = f"{redact(url)}: wrong checksum: expected sha256 {error.expected}, got {error.got}"
    if record is None:
        hint = "The file was replaced or damaged. If the new one is meant, pin the sha256 that it has."
        return MismatchError(message, hint)
    hint = f"The address gave other bytes before. If the new ones are meant, pin their sha256 or delete {record}."
    return MismatchError(message, hint)


def second_hand(error: MismatchError) -> MismatchError:
    """What came is not what others who fetched the file said of it: the pin itself may be at fault."""
    message = f"{error.message}; that pin is second-hand and was never verified"
    hint = "Compare with what the publisher states. If the new file is right, download it and build with --raw FILE."
    return MismatchError(message, hint)


def wrong_scheme(url: str) -> TerminalFetchError:
    """The address is neither http nor https."""
    parts = urlsplit(url)
    if parts.scheme in {"ftp", "ftps"}:
        https = redact(urlunsplit(parts._replace(scheme="https")))
        hint = f"Most such servers give the same file at {https}: try that address, {BY_HAND}"
        return TerminalFetchError(f"{redact(url)}: {parts.scheme}:// is not fetched, only http:// and https://", hint)
    message = f"{redact(url)}: expected an http:// or https:// address, got the scheme {parts.scheme!r}"
    return TerminalFetchError(message, f"Correct the address, {BY_HAND}")


def no_address(url: str) -> TerminalFetchError:
    """The text is no address; what cannot be printed is not shown."""
    shown = "".join(char if char.isprintable() else "?" for char in redact(url))
    return TerminalFetchError(f"{shown}: not a valid address", "Correct the address.")


def all_failed(failures: list[FetchError]) -> FetchError:
    """No address of a file gave it; worth another try if that holds for one of them."""
    if len(failures) == 1:
        return failures[0]
    kind = TransientFetchError if any(isinstance(error, TransientFetchError) for error in failures) else None
    message = "every address failed:\n" + "\n".join(f"  {error.message}" for error in failures)
    return (kind or TerminalFetchError)(message, failures[0].hint)


def try_later() -> str:
    """The hint where waiting may help."""
    return "Run the same command again later: it resumes where that is possible."


def stale_hint() -> str:
    """The hint where the file changes under the download."""
    return "The file changes while it is fetched: try later, or pin a release that does not change."


def check_in_browser() -> str:
    """The hint where only a look at the address tells more."""
    return f"Open the address in a browser and correct it, {BY_HAND}"
