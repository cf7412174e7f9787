"""The front door: `from targetgraph import Warehouse`, and the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import analytics  # noqa: F401 - declares the tables of analyses to the warehouse

if TYPE_CHECKING:
    from analytics.running import analyze
    from warehouse.answer import Answer, Limits
    from warehouse.errors import TargetGraphError
    from warehouse.warehouse import Warehouse

__all__ = ["Answer", "Limits", "TargetGraphError", "Warehouse", "analyze"]

_PLACES = {
    "Answer": "warehouse.answer",
    "Limits": "warehouse.answer",
    "TargetGraphError": "warehouse.errors",
    "Warehouse": "warehouse.warehouse",
    "analyze": "analytics.running",
}


def __getattr__(name: str) -> Any:
    # DuckDB and Arrow load with the first use, so that `targetgraph --help` answers at once.
    if name not in _PLACES:
        raise AttributeError(f"module 'targetgraph' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_PLACES[name]), name)
