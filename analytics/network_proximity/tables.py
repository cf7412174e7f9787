"""The table that a run of `proximity` publishes."""

from __future__ import annotations

from warehouse.results.tables import ResultTable, flag, number, text, whole

__all__ = ["TABLES"]

TABLES = (
    ResultTable(
        "drugs",
        "A drug that was tested.",
        (
            whole("rank", "Place: significant drugs first, then the smallest z_score"),
            text("drug", "The drug"),
            text("disease", "The disease"),
            number("z_score", "Distance against random sets of genes of equal degree; below 0 = nearer", "deviations"),
            number("p_value", "Share of random sets that are as near, 0 to 1"),
            number("q_value", "Corrected for all drugs that were tested, 0 to 1"),
            flag("significant", "Whether q_value is at most `--significance`"),
            number("distance", "Mean distance of its targets to the nearest gene of the disease", "steps"),
            whole("targets", "Targets in the network"),
        ),
    ),
)
