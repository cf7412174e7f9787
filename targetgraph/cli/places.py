"""Which warehouse a verb works on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from warehouse.answer import Limits
    from warehouse.warehouse import Warehouse

#: "All rows" of a question: what memory can hold. A longer answer is cut as by any other limit, and says so.
MOST_ROWS = 5_000_000


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


def limits_of(timeout: float | None, rows: int | None, memory: int | None, *, for_reading: bool = False) -> Limits:
    """The limits that the options and the settings give.

    Args:
        timeout: seconds; None = what the settings say.
        rows: as `--limit` gave it: 0 = all, None = it was not given.
        memory: megabytes; None = what the settings say.
        for_reading: whether the rows go to a person at a terminal. The limit of rows that the settings have by default
            is for them; one that an operator set is for files and pipes too.
    """
    from warehouse.answer import Limits
    from warehouse.settings import Settings

    settings = Settings()
    default = settings.limits
    chosen = default.rows if for_reading or "row_limit" in settings.model_fields_set else MOST_ROWS
    if rows is not None:
        chosen = rows or MOST_ROWS
    return Limits(timeout or default.timeout_s, chosen, memory or default.memory_mb)
