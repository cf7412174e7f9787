"""Who declares the tables of runs. Apart from `tables`, so that it loads with everything and costs nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from warehouse.results.tables import ResultTable

#: What `bring` was given.
PROVIDERS: list[Callable[[], Mapping[str, ResultTable]]] = []


def bring(provider: Callable[[], Mapping[str, ResultTable]]) -> None:
    """Hand over declarations.

    Args:
        provider: gives the tables by the names of their views; it is asked when views are made, not before.
    """
    PROVIDERS.append(provider)
