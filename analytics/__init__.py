"""Analyses that read the warehouse and hand back predictions; one folder each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from warehouse.results import providers

if TYPE_CHECKING:
    from warehouse.results.tables import ResultTable


def _declared() -> Mapping[str, ResultTable]:
    from analytics.analysis import result_tables

    return result_tables()


# What analyses publish is in every build that is made or opened, whether or not one was run.
providers.bring(_declared)
