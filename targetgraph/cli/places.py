"""Which warehouse a verb works on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from warehouse.answer import Limits
    from warehouse.warehouse import Warehouse


def home_folder(home: Path | None, *, sample: bool) -> Path:
    """The folder that the options, the environment and the defaults give, in this order."""
    from warehouse.settings import Settings

    settings = Settings() if home is None else Settings(home=home)
    return settings.sample_home if sample else settings.home.expanduser()


def open_warehouse(
    home: Path | None,
    *,
    sample: bool,
    build: str | None,
    limits: Limits | None = None,
    predictions: bool = True,
    store: str | None = None,
) -> Warehouse:
    """Open the warehouse that the options name."""
    from warehouse.warehouse import Warehouse

    return Warehouse.open(home_folder(home, sample=sample), build, limits, predictions=predictions, store=store)


def limits_of(timeout: float | None, rows: int | None, memory: int | None) -> Limits:
    """The limits that the options and the settings give."""
    from warehouse.answer import Limits
    from warehouse.settings import Settings

    default = Settings().limits
    return Limits(timeout or default.timeout_s, rows or default.rows, memory or default.memory_mb)
