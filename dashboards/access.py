"""Who may come in: a password for readers and one for operators, or an account elsewhere (OpenID Connect).

A password is asked for in front of everything: without its cookie no page, no file and no web socket is served. The
cookie is signed, lives for a working day and is kept from scripts; a restart makes all of them void.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from dashboards.page import Role

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

COOKIE = "targetgraph_role"
_LASTS_S = 12 * 3600
#: What a health check may ask without a password.
_OPEN = ("/_stcore/health",)
_LONGEST_FORM_BYTES = 4096
#: So many wrong passwords are heard in so many seconds, from all visitors together.
_WRONG_AT_MOST, _WRONG_WITHIN_S = 20, 60.0


@dataclass(frozen=True)
class Passwords:
    """The passwords, and the key of this process for cookies.

    Args:
        reader: lets in as a reader; None = only operators come in.
        operator: lets in as an operator; None = there is none.
    """

    reader: str | None
    operator: str | None
    _key: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)

    def __repr__(self) -> str:
        return "Passwords(...)"

    def role_of(self, password: str) -> Role | None:
        """The role that a password gives, compared in constant time."""
        fits = {
            role: expected is not None and hmac.compare_digest(expected.encode(), password.encode("utf-8", "replace"))
            for role, expected in ((Role.OPERATOR, self.operator), (Role.READER, self.reader))
        }
        return next((role for role, fit in fits.items() if fit), None)

    def cookie(self, role: Role, now: float | None = None) -> str:
        """What the visitor's browser keeps."""
        content = f"{role}.{int((time.time() if now is None else now) + _LASTS_S)}"
        return f"{content}.{self._signature(content)}"

    def role_of_cookie(self, text: str | None) -> Role | None:
        """The role that a cookie gives; None where it is not ours or has run out."""
        content, _dot, signature = (text or "").rpartition(".")
        if not hmac.compare_digest(self._signature(content).encode(), signature.encode("utf-8", "replace")):
            return None
        role, _dot, ends = content.partition(".")
        return Role(role) if float(ends) > time.time() else None

    def _signature(self, content: str) -> str:
        return hmac.new(self._key, content.encode("utf-8", "replace"), "sha256").hexdigest()


@dataclass(frozen=True)
class SingleSignOn:
    """An account elsewhere.

    Args:
        metadata_url: the provider's `.well-known/openid-configuration`.
        client_id, client_secret: as the provider gave them.
        redirect_url: the address of this dashboard with `/oauth2callback`.
        allowed: e-mail addresses, or domains as `@example.org`; empty = everyone whom the provider knows.
        operators: e-mail addresses of operators.
    """

    metadata_url: str
    client_id: str
    client_secret: str = field(repr=False)
    redirect_url: str
    allowed: tuple[str, ...] = ()
    operators: tuple[str, ...] = ()

    def as_secrets(self) -> dict[str, Any]:
        """What Streamlit's `st.login` reads; its cookie is signed with a key of this process."""
        return {
            "auth": {
                "redirect_uri": self.redirect_url,
                "cookie_secret": secrets.token_hex(32),
                "client_id": self.client_id,
                "client_secret": self.client_secret,
                "server_metadata_url": self.metadata_url,
            }
        }

    def role_of(self, email: str, *, verified: bool = True) -> Role | None:
        """The role of one who has signed in; None = not allowed. An address that nobody verified gives none."""
        address = email.strip().lower()
        if not address or not verified:
            return None
        if _is_among(address, self.operators):
            return Role.OPERATOR
        return Role.READER if not self.allowed or _is_among(address, self.allowed) else None


def _is_among(address: str, named: Sequence[str]) -> bool:
    domain = "@" + address.rpartition("@")[2]
    return any(one.strip().lower() in {address, domain} for one in named)


class PasswordDoor:
    """The ASGI middleware that asks for the password.

    Args:
        app: what stands behind it.
        passwords: who may come in.
    """

    def __init__(self, app: ASGIApp, passwords: Passwords) -> None:
        self._app = app
        self._passwords = passwords
        self._wrong: deque[float] = deque(maxlen=_WRONG_AT_MOST)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or ask for the password first."""
        if scope["type"] == "lifespan" or scope.get("path") in _OPEN or self._is_known(scope):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 4401})
        elif scope["method"] == "POST" and scope["path"] == "/login":
            await self._answer_form(scope, receive, send)
        elif scope["method"] == "GET":
            await _send_form(send, 401, "", _address(scope))
        else:
            await _send(send, 401, "text/plain", "A password is needed.")

    def _is_known(self, scope: Scope) -> bool:
        return self._passwords.role_of_cookie(cookie_of(scope)) is not None

    async def _answer_form(self, scope: Scope, receive: Receive, send: Send) -> None:
        form = parse_qs((await _body(receive)).decode("utf-8", "replace"))
        there = _local(form.get("next", ["/"])[0])
        if len(self._wrong) == _WRONG_AT_MOST and time.monotonic() - self._wrong[0] < _WRONG_WITHIN_S:
            await _send_form(send, 429, "Too many wrong passwords. Try again in a minute.", there)
            return
        role = self._passwords.role_of(form.get("password", [""])[0])
        if role is None:
            self._wrong.append(time.monotonic())
            # A machine that guesses is slowed down; the others are not.
            await asyncio.sleep(1)
            await _send_form(send, 401, "That is not the password.", there)
            return
        secure = "; Secure" if scope.get("scheme") == "https" else ""
        cookie = f"{COOKIE}={self._passwords.cookie(role)}; Path=/; Max-Age={_LASTS_S}; HttpOnly; SameSite=Lax{secure}"
        await _send(send, 303, "text/plain", "", [("location", there), ("set-cookie", cookie)])


def cookie_of(scope: Scope) -> str | None:
    """The role's cookie of a request."""
    for name, value in scope.get("headers", ()):
        if name == b"cookie":
            jar = SimpleCookie()
            try:
                jar.load(value.decode("latin-1"))
            except CookieError:
                return None
            return jar[COOKIE].value if COOKIE in jar else None
    return None


def _address(scope: Scope) -> str:
    query = scope.get("query_string", b"").decode("latin-1")
    return _local(scope["path"] + (f"?{query}" if query else ""))


def _local(address: str) -> str:
    """An address of this dashboard; anything else becomes its first page."""
    safe = address.startswith("/") and not address.startswith(("//", "/\\")) and address.isprintable()
    return address if safe and address.isascii() and address != "/login" else "/"


async def _body(receive: Receive) -> bytes:
    found, more = b"", True
    while more and len(found) <= _LONGEST_FORM_BYTES:
        message = await receive()
        found += message.get("body", b"")
        more = bool(message.get("more_body"))
    return found[:_LONGEST_FORM_BYTES]


async def _send_form(send: Send, status: int, complaint: str, there: str) -> None:
    told = f'<p role="alert">{escape(complaint)}</p>' if complaint else ""
    await _send(send, status, "text/html", _FORM.format(told=told, there=escape(there, quote=True)))


async def _send(send: Send, status: int, kind: str, text: str, headers: Sequence[tuple[str, str]] = ()) -> None:
    body = text.encode()
    always = [
        ("content-type", f"{kind}; charset=utf-8"),
        ("content-length", str(len(body))),
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
    ]
    told = [(name.encode(), value.encode("latin-1")) for name, value in [*always, *headers]]
    await send({"type": "http.response.start", "status": status, "headers": told})
    await send({"type": "http.response.body", "body": body})


_FORM = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>TargetGraph</title><style>
:root {{ color-scheme: light dark; font: 16px/1.5 "Source Sans", system-ui, sans-serif; }}
body {{ display: grid; place-items: center; min-height: 100vh; margin: 0; }}
form {{ display: grid; gap: 0.75rem; width: min(20rem, 90vw); }}
h1 {{ font-size: 1.5rem; margin: 0; }}
input, button {{ font: inherit; padding: 0.5rem 0.75rem; border-radius: 0.4rem; border: 1px solid GrayText; }}
button {{ background: #005A8C; color: white; border: 0; cursor: pointer; }}
[role=alert] {{ color: light-dark(#A61B00, #FF9E80); margin: 0; }}
</style></head><body><form method="post" action="/login">
<h1>TargetGraph</h1>{told}
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required autofocus>
<input type="hidden" name="next" value="{there}">
<button type="submit">Come in</button>
</form></body></html>
"""
