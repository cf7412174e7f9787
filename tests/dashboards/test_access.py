"""Who may come in, and what is refused before anything listens."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from dashboards.access import COOKIE, PasswordDoor, Passwords, SingleSignOn
from dashboards.page import Role
from dashboards.server import configuration_of, is_loopback, options
from targetgraph.cli import app
from warehouse.errors import TargetGraphError
from warehouse.settings import Settings

PASSWORDS = Passwords("reader's word", "operator's word")


async def _behind(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"inside"})


DOOR = PasswordDoor(_behind, PASSWORDS)


def _ask(
    path: str,
    *,
    method: str = "GET",
    kind: str = "http",
    cookie: str | None = None,
    form: dict[str, str] | None = None,
    door: PasswordDoor = DOOR,
    query: bytes = b"",
) -> list[dict[str, Any]]:
    """What the door sends for one request."""
    headers = [] if cookie is None else [(b"cookie", f"a=b; {COOKIE}={cookie}".encode())]
    scope = {"type": kind, "method": method, "path": path, "query_string": query, "headers": headers, "scheme": "http"}
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": urlencode(form or {}).encode()}

    async def send(message: Any) -> None:
        sent.append(dict(message))

    asyncio.run(door(scope, receive, send))
    return sent


def _headers(sent: list[dict[str, Any]]) -> dict[str, str]:
    return {name.decode(): value.decode() for name, value in sent[0]["headers"]}


def test_without_a_password_nothing_is_served_but_the_health_check() -> None:
    for path in ("/", "/report", "/_stcore/host-config", "/media/1.csv", "/static/js/index.js"):
        sent = _ask(path)
        assert sent[0]["status"] == 401
        assert b"inside" not in sent[1]["body"]
    assert _ask("/_stcore/health")[0]["status"] == 200
    assert _ask("/_stcore/stream", kind="websocket") == [{"type": "websocket.close", "code": 4401}]
    assert _ask("/_stcore/upload_file", method="PUT")[0]["status"] == 401


@pytest.mark.parametrize(("word", "role"), [("reader's word", Role.READER), ("operator's word", Role.OPERATOR)])
def test_a_password_gives_a_cookie_that_opens(word: str, role: Role) -> None:
    sent = _ask("/login", method="POST", form={"password": word, "next": "/report?id=hgnc:1"})
    headers = _headers(sent)
    assert (sent[0]["status"], headers["location"]) == (303, "/report?id=hgnc:1")
    assert "HttpOnly" in headers["set-cookie"]
    assert "SameSite=Lax" in headers["set-cookie"]
    cookie = headers["set-cookie"].split(";")[0].removeprefix(f"{COOKIE}=")
    assert PASSWORDS.role_of_cookie(cookie) is role
    assert _ask("/", cookie=cookie)[1]["body"] == b"inside"


def test_a_wrong_password_is_slow_and_too_many_are_not_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr("dashboards.access.asyncio.sleep", sleep)
    door = PasswordDoor(_behind, PASSWORDS)
    for _time in range(20):
        sent = _ask("/login", method="POST", form={"password": "guess"}, door=door)
        assert sent[0]["status"] == 401
        assert b"That is not the password" in sent[1]["body"]
    assert slept == [1] * 20
    assert _ask("/login", method="POST", form={"password": "reader's word"}, door=door)[0]["status"] == 429


@pytest.mark.parametrize(
    "there", ["https://evil.example", "//evil.example", "/\\evil", "javascript:x", "/a\r\nb", "/é", ""]
)
def test_after_the_password_one_stays_here(there: str) -> None:
    sent = _ask("/login", method="POST", form={"password": "reader's word", "next": there})
    assert _headers(sent)["location"] == "/"


def test_the_form_shows_nothing_of_the_address_as_html() -> None:
    sent = _ask("/report", query=b'id="><script>')
    assert b"<script>" not in sent[1]["body"]
    assert b"next" in sent[1]["body"]


@pytest.mark.parametrize(
    "forge",
    [
        lambda good: "",
        lambda good: "operator",
        lambda good: good.replace("reader", "operator"),
        lambda good: good[:-1] + ("0" if good[-1] != "0" else "1"),
        lambda good: good.replace(".", ".9", 1),
        lambda good: Passwords("reader's word", None).cookie(Role.READER),
        lambda good: PASSWORDS.cookie(Role.READER, time.time() - 13 * 3600),
        lambda good: "é.1.é",
    ],
)
def test_a_forged_or_old_cookie_opens_nothing(forge: Callable[[str], str]) -> None:
    assert PASSWORDS.role_of_cookie(forge(PASSWORDS.cookie(Role.READER))) is None


def test_passwords_are_not_shown() -> None:
    assert "'s word" not in repr(PASSWORDS)
    signed_on = SingleSignOn("https://id.example", "client", "secret!", "https://here/oauth2callback")
    assert "secret!" not in repr(signed_on)


def test_who_may_sign_in() -> None:
    signed_on = SingleSignOn("u", "c", "s", "r", ("@lab.example", "Guest@else.example"), ("boss@lab.example",))
    assert signed_on.role_of("boss@LAB.example") is Role.OPERATOR
    assert signed_on.role_of("any@lab.example") is Role.READER
    assert signed_on.role_of("guest@else.example") is Role.READER
    assert signed_on.role_of("other@else.example") is None
    assert signed_on.role_of("any@notlab.example") is None
    assert signed_on.role_of("boss@lab.example", verified=False) is None
    assert signed_on.role_of("") is None
    assert SingleSignOn("u", "c", "s", "r").role_of("any@where.example") is Role.READER


# -- what is refused before anything listens -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "address", "message"),
    [
        ({}, "0.0.0.0", "ask nobody for a password"),
        ({}, "192.168.1.7", "ask nobody for a password"),
        ({}, "::", "ask nobody for a password"),
        ({"dashboard_password": SecretStr("short")}, "127.0.0.1", "shorter than 8"),
        (
            {
                "dashboard_password": SecretStr("the same word"),
                "dashboard_operator_password": SecretStr("the same word"),
            },
            "0.0.0.0",
            "the same password",
        ),
        ({"oidc_client_id": "x"}, "0.0.0.0", "TARGETGRAPH_OIDC_METADATA_URL, TARGETGRAPH_OIDC_CLIENT_SECRET"),
    ],
)
def test_what_is_refused(settings: dict[str, Any], address: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(TargetGraphError, match=message):
        configuration_of(Settings(**settings), tmp_path, address)


def test_what_is_allowed(tmp_path: Path) -> None:
    assert configuration_of(Settings(), tmp_path, "127.0.0.1").without is Role.READER
    assert configuration_of(Settings(), tmp_path, "::1", operator=True).without is Role.OPERATOR
    behind = configuration_of(Settings(dashboard_password=SecretStr("long enough")), tmp_path, "0.0.0.0", operator=True)
    assert behind.passwords is not None
    assert behind.without is Role.READER
    with pytest.MonkeyPatch.context() as patch:
        for name in ("METADATA_URL", "CLIENT_ID", "CLIENT_SECRET", "REDIRECT_URL"):
            patch.setenv(f"TARGETGRAPH_OIDC_{name}", name)
        patch.setenv("TARGETGRAPH_OIDC_ALLOWED", "@lab.example, a@b.example")
        sign_on = configuration_of(Settings(), tmp_path, "0.0.0.0").sign_on
    assert sign_on is not None
    assert sign_on.allowed == ("@lab.example", "a@b.example")
    assert sign_on.as_secrets()["auth"]["client_secret"] == "CLIENT_SECRET"


def test_loopback_addresses() -> None:
    assert all(map(is_loopback, ("127.0.0.1", "127.1.2.3", "::1", "localhost")))
    assert not any(map(is_loopback, ("0.0.0.0", "::", "10.0.0.1", "example.org")))


def test_streamlit_tells_nobody_and_guards_its_doors() -> None:
    from streamlit import config

    local = options("127.0.0.1", 8501, 50)
    assert local["browser.gatherUsageStats"] is False
    assert local["server.enableXsrfProtection"] is True
    assert local["client.showErrorDetails"] == "none"
    assert local["server.maxUploadSize"] == 50
    assert "evil.example" not in local["server.allowedHosts"]
    assert local["server.allowedHosts"]
    known = config.get_config_options()
    assert not [name for name in local if name not in known], "Streamlit has no such option"


def test_the_verb_refuses_to_listen_to_all_without_a_password(tmp_path: Path) -> None:
    called = CliRunner().invoke(app, ["dashboard", "--address", "0.0.0.0", "--home", str(tmp_path)])
    assert isinstance(called.exception, TargetGraphError)
    assert "ask nobody for a password" in str(called.exception)
