"""Starting the dashboard: what is refused before anything listens, and how Streamlit is set."""

from __future__ import annotations

import gc
import ipaddress
import logging
import secrets
import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from dashboards import theme
from dashboards.access import PasswordDoor, Passwords, SingleSignOn
from dashboards.configuration import Configuration, configure
from dashboards.opening import opened
from dashboards.page import Role, pages
from warehouse.errors import TargetGraphError
from warehouse.extras import require_extra
from warehouse.settings import Settings
from warehouse.warehouse import Warehouse

_log = logging.getLogger(__name__)

_SIGN_ON = ("oidc_metadata_url", "oidc_client_id", "oidc_client_secret", "oidc_redirect_url")


def serve(
    home: Path,
    address: str,
    port: int,
    *,
    operator: bool = False,
    names: Sequence[str] = (),
    ready: Callable[[], None] = lambda: None,
) -> None:
    """Serve the dashboard until it is stopped.

    Args:
        home: the folder of the warehouse.
        address: where to listen.
        port: the port.
        operator: treat visitors of whom no password is asked as operators; on the loopback address only.
        names: further host names under which browsers reach it.
        ready: called when everything is checked and read, before it listens.

    Raises:
        MissingExtraError: the extra `dashboard` is not installed.
        TargetGraphError: the port is taken, or visitors from elsewhere would come in
            without a password.
    """
    require_extra("dashboard", "targetgraph dashboard")
    settings = Settings()
    configuration = configuration_of(settings, home, address, operator=operator)
    _require_port(address, port)
    configure(configuration)
    _get_ready()

    from starlette.middleware import Middleware
    from streamlit.starlette import App

    passwords, sign_on = configuration.passwords, configuration.sign_on
    ready()
    App(
        Path(__file__).parent / "start" / "script.py",
        secrets=None if sign_on is None else sign_on.as_secrets(),
        on_script_error=_tell_fault,
        middleware=[] if passwords is None else [Middleware(PasswordDoor, passwords=passwords)],
    ).run(config=options(address, port, settings.dashboard_upload_mb, names))


def _get_ready() -> None:
    """Import the pages and open the build, so that no visitor waits for the first import."""
    # A page that cannot be imported is told now.
    prepared = [page.prepare for page in pages() if page.prepare is not None]
    with suppress(TargetGraphError):  # without a build the pages say what to do
        warehouse = opened()
        threading.Thread(target=_read_ahead, args=(prepared, warehouse), daemon=True).start()
    # Streamlit looks for garbage after every click, with all visitors waiting: what stays for good is left out of that.
    gc.collect()
    gc.freeze()


def _read_ahead(prepared: Sequence[Callable[[Warehouse], object]], warehouse: Warehouse) -> None:
    for prepare in prepared:
        # What cannot be read ahead, for want of an extra or of memory, is said by its page.
        with suppress(TargetGraphError, ModuleNotFoundError):
            prepare(warehouse)


def configuration_of(settings: Settings, home: Path, address: str, *, operator: bool = False) -> Configuration:
    """Who may come in, by the settings.

    Raises:
        TargetGraphError: nothing is asked of visitors from elsewhere, or what is asked is not whole.
    """
    secret = {
        Role.READER: settings.dashboard_password,
        Role.OPERATOR: settings.dashboard_operator_password,
    }
    given = {role: None if one is None else one.get_secret_value() for role, one in secret.items()}
    if any(one is not None and len(one) < 8 for one in given.values()):
        raise TargetGraphError("A password of the dashboard is shorter than 8 characters.", "Choose a longer one.")
    if given[Role.READER] is not None and given[Role.READER] == given[Role.OPERATOR]:
        raise TargetGraphError("Readers and operators have the same password.", "Give operators one of their own.")
    passwords = Passwords(given[Role.READER], given[Role.OPERATOR]) if any(given.values()) else None
    sign_on = _sign_on(settings)
    if passwords is not None and sign_on is not None:
        raise TargetGraphError(
            "A password and an OpenID Connect provider are set.",
            "Set TARGETGRAPH_DASHBOARD_PASSWORD or _OIDC_, not both.",
        )
    if passwords is None and sign_on is None and not is_loopback(address):
        raise TargetGraphError(
            f"The dashboard would listen on {address} and ask nobody for a password.",
            "Set TARGETGRAPH_DASHBOARD_PASSWORD (or TARGETGRAPH_OIDC_*), or listen on 127.0.0.1.",
        )
    without = Role.OPERATOR if operator and passwords is None and sign_on is None else Role.READER
    return Configuration(home, passwords, sign_on, without)


def is_loopback(address: str) -> bool:
    """Whether only this machine reaches an address."""
    if address == "localhost":
        return True
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def options(address: str, port: int, upload_mb: int, names: Sequence[str] = ()) -> dict[str, Any]:
    """Streamlit's options: nothing is told to anyone, no traceback is shown, no file is watched."""
    # A page elsewhere that makes a browser believe its name is ours must not reach the loopback address.
    hosts = ["localhost", "127.0.0.1", "::1", *names] if is_loopback(address) else list(names)
    return {
        "server.address": address,
        "server.port": port,
        "server.headless": True,
        "server.fileWatcherType": "none",
        "server.runOnSave": False,
        "server.enableXsrfProtection": True,
        "server.enableCORS": True,
        "server.allowedHosts": hosts,
        "server.maxUploadSize": upload_mb,
        "browser.gatherUsageStats": False,
        "client.showErrorDetails": "none",
        "client.showErrorLinks": False,
        "client.toolbarMode": "minimal",
        "runner.magicEnabled": False,
        "logger.hideWelcomeMessage": True,
        **theme.OPTIONS,
    }


def _tell_fault(error: Exception) -> bool:
    """A fault of ours: the log has it whole, the visitor gets a sentence and what to look for in the log."""
    import streamlit as st

    mark = secrets.token_hex(3)
    _log.error("fault %s on a page", mark, exc_info=error)
    st.error(f"Something went wrong here that is no fault of yours. The log of the dashboard has it as fault {mark}.")
    return True


def _sign_on(settings: Settings) -> SingleSignOn | None:
    given = [getattr(settings, name) for name in _SIGN_ON]
    if not any(given):
        return None
    missing = [f"TARGETGRAPH_{name.upper()}" for name, one in zip(_SIGN_ON, given, strict=True) if not one]
    if missing:
        raise TargetGraphError(f"OpenID Connect is set in part: {', '.join(missing)} is missing.")
    require_extra("single-sign-on", "OpenID Connect")
    metadata_url, client_id, client_secret, redirect_url = given
    return SingleSignOn(
        metadata_url,
        client_id,
        client_secret.get_secret_value(),
        redirect_url,
        _listed(settings.oidc_allowed),
        _listed(settings.oidc_operators),
    )


def _listed(text: str | None) -> tuple[str, ...]:
    return tuple(one.strip() for one in (text or "").split(",") if one.strip())


def _require_port(address: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((address, port))
    except OSError as error:
        raise TargetGraphError(
            f"The dashboard cannot listen on {address}, port {port}: {error.strerror}", "Choose another with --port."
        ) from error
