"""How this dashboard was started: which warehouse it shows, and who may do what. Set once, before the first visitor."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from dashboards.access import Passwords, SingleSignOn
from dashboards.page import Role
from warehouse.settings import Settings


@dataclass(frozen=True)
class Configuration:
    """What holds for all visitors.

    Args:
        home: the folder of the warehouse.
        passwords: who may come in with a password; None = no password is asked for.
        sign_on: who may come in with an account elsewhere; None = that is not offered.
        without: the role of a visitor of whom nothing is asked: only on the loopback address.
    """

    home: Path = field(default_factory=lambda: Settings().home)
    passwords: Passwords | None = None
    sign_on: SingleSignOn | None = None
    without: Role = Role.READER


_current: list[Configuration] = []


def configure(configuration: Configuration) -> None:
    """Say how the dashboard is started."""
    _current[:] = [configuration]


def configured() -> Configuration:
    """How the dashboard was started; the settings where nobody said."""
    if not _current:
        configure(Configuration())
    return _current[0]
