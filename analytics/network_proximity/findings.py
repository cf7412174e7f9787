"""What proximity hands back: the drugs that are near, the table of all that were tested, and what must be known."""

from __future__ import annotations

import polars as pl

from analytics.network_proximity.model import Names

Frames = dict[str, pl.DataFrame]

__all__ = ["notes", "predictions", "table"]

#: Further columns of the table of all drugs that were tested, by the name that they have there.
_SHOWN = {name: name for name in ("z_score", "p_value", "q_value", "significant", "distance", "targets")}


def table(ranked: pl.DataFrame) -> pl.DataFrame:
    """All drugs that were tested, with the names that the table has."""
    return ranked.select("rank", drug="subject", disease="object", **_SHOWN)


def predictions(disease: str, near: pl.DataFrame, genes: Names) -> tuple[Frames, Frames]:
    """Entities and relationships: the drugs, and the genes they are near to; nothing where no drug is near."""
    if near.is_empty():
        return {}, {}
    part = {"id": ["disease"], "name": [f"genes of {disease} in the network"], "nodes": [len(genes)]}
    members = pl.DataFrame({"object": genes}).with_columns(subject=pl.lit("disease"), role=pl.lit("disease gene"))
    return {"Subnetwork": pl.DataFrame(part)}, {"PROXIMAL_TO": near, "HAS_MEMBER": members}


def notes(ranked: pl.DataFrame, significance: float, minimum_targets: int, most: int, permutations: int) -> list[str]:
    """How many drugs passed; where none did, whether the random sets could have shown one."""
    count, passed = ranked.height, int(ranked["significant"].sum())
    limit = f"a q-value up to {significance:g}"
    said = [f"{passed} of {count} drugs with at least {minimum_targets} targets have {limit}."]
    if not passed:
        smallest = float(ranked["q_value"].to_numpy().min())
        said = [
            f"No drug is significantly near: none of {count} with at least {minimum_targets} targets has "
            f"{limit}; the smallest is {smallest:.2g}. All are in the table proximity_drugs."
        ]
    if passed > most:
        said.append(f"The nearest {most} of them are published (--most).")
    # Drugs that no random set equals share the smallest p-value.
    alone = count / (permutations + 1)
    if alone > significance:
        said.append(
            f"With {permutations} random sets a single drug cannot reach a q-value below {min(alone, 1):.2g}: "
            f"more of them (--permutations) tell more."
        )
    return said
