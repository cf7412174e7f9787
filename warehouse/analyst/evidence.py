"""The order of relationships by the evidence for them: the same in tables, pictures and files."""

from __future__ import annotations

import polars as pl

#: The kinds of evidence, the strongest first.
KINDS = ("measured", "asserted", "predicted")
#: What pages say of the order.
RANKED_BY = f"Ranked by number of sources, then publications, then kind of evidence ({', '.join(KINDS)}), then name."


def strongest_first(relationship: str) -> str:
    """The keys of an `ORDER BY` in Cypher that puts the best supported relationships first.

    What follows them (a name, an identifier) has to decide between equals.

    >>> strongest_first("r")[:38]
    'coalesce(size(r.sources), 0) DESC, coa'
    """
    kinds = " ".join(f"WHEN '{kind}' THEN {place}" for place, kind in enumerate(KINDS))
    return (
        f"coalesce(size({relationship}.sources), 0) DESC, coalesce(size({relationship}.pubmed_ids), 0) DESC, "
        f"CASE {relationship}.evidence {kinds} ELSE {len(KINDS)} END"
    )


def ranked(frame: pl.DataFrame, *decide: str) -> pl.DataFrame:
    """Relationships in the order of `strongest_first`, then by the columns that decide between equals.

    Args:
        frame: with the columns `sources` (a list), `publications` (their number) and `evidence`.
        decide: further columns, ascending.
    """
    kind = pl.col("evidence").replace_strict(list(KINDS), range(len(KINDS)), default=len(KINDS), return_dtype=pl.Int64)
    keys = [pl.col("sources").list.len().fill_null(0), pl.col("publications").fill_null(0), kind.fill_null(len(KINDS))]
    return frame.sort(*keys, *decide, descending=[True, True, False] + [False] * len(decide), nulls_last=True)
