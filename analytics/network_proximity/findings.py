"""What proximity hands back: the drugs that are near, the table of all that were tested, and what must be known."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import polars as pl

from analytics.common.counts import benjamini_hochberg
from analytics.common.metrics import auroc
from analytics.network_proximity.model import Floats, Measured, Names, Null, scores

Frames = dict[str, pl.DataFrame]

__all__ = ["metrics", "notes", "predictions", "ranked", "table", "z_scores"]

#: Further columns of the table of all drugs that were tested, by the name that they have there.
_SHOWN = {name: name for name in ("z_score", "p_value", "q_value", "significant", "distance", "targets")}


_OF_KNOWN = "Known treatments took no part in the measure; auroc_of_known_drugs tells how well it finds them."


def ranked(disease: str, measured: Measured, null: Null, significance: float) -> pl.DataFrame:
    """All drugs with their scores: those that are significantly near first, then by z-score.

    Args:
        disease: its id.
        measured: what was measured.
        null: the random sets.
        significance: the greatest q-value (Benjamini and Hochberg 1995) of a drug that is near.
    """
    distance = measured.proximity.observed()
    z_score, p_value = scores(distance, null)
    tested = pl.DataFrame(
        {
            "subject": measured.drugs,
            "score": -z_score,
            "distance": distance,
            "z_score": z_score,
            "p_value": p_value,
            "q_value": benjamini_hochberg(p_value),
            "targets": np.diff(measured.proximity.begins),
        }
    ).with_columns(object=pl.lit(disease), significant=pl.col("q_value") <= significance)
    by = ["significant", "z_score", "p_value", "subject"]
    return tested.sort(by, descending=[True, False, False, False]).with_columns(rank=pl.int_range(1, pl.len() + 1))


def metrics(
    tested: pl.DataFrame, near: pl.DataFrame, measured: Measured, known: Collection[str]
) -> tuple[dict[str, float], tuple[str, ...]]:
    """The figures of a run and what must be known of them.

    Args:
        tested: all drugs that were tested.
        near: those that are published.
        measured: what was measured.
        known: the drugs of the disease that are in use; where all or none were tested, they tell nothing.
    """
    figures: dict[str, float] = {
        "drugs_tested": tested.height,
        "drugs_significant": int(tested["significant"].sum()),
        "drugs_published": near.height,
        "genes": measured.proximity.graph.nodes,
        "disease_genes": len(measured.disease),
    }
    is_known = tested["subject"].is_in(list(known)).to_numpy()
    if is_known.all() or not is_known.any():
        return figures, ()
    return {**figures, "auroc_of_known_drugs": auroc(tested["score"].to_numpy(), is_known)}, (_OF_KNOWN,)


def z_scores(tested: pl.DataFrame) -> Floats:
    """The z-score of every drug in the order of their ids, as `Measured.drugs` has them."""
    return tested.sort("subject")["z_score"].to_numpy()


def table(tested: pl.DataFrame) -> pl.DataFrame:
    """All drugs that were tested, with the names that the table has."""
    return tested.select("rank", drug="subject", disease="object", **_SHOWN)


def predictions(disease: str, near: pl.DataFrame, genes: Names) -> tuple[Frames, Frames]:
    """Entities and relationships: the drugs, and the genes they are near to; nothing where no drug is near."""
    if near.is_empty():
        return {}, {}
    part = {"id": ["disease"], "name": [f"genes of {disease} in the network"], "nodes": [len(genes)]}
    members = pl.DataFrame({"object": genes}).with_columns(subject=pl.lit("disease"), role=pl.lit("disease gene"))
    return {"Subnetwork": pl.DataFrame(part)}, {"PROXIMAL_TO": near, "HAS_MEMBER": members}


def notes(tested: pl.DataFrame, significance: float, minimum_targets: int, most: int, permutations: int) -> list[str]:
    """How many drugs passed; where none did, whether the random sets could have shown one."""
    count, passed = tested.height, int(tested["significant"].sum())
    limit = f"a q-value up to {significance:g}"
    said = [f"{passed} of {count} drugs with at least {minimum_targets} targets have {limit}."]
    if not passed:
        smallest = float(tested["q_value"].to_numpy().min())
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
