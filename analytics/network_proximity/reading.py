"""What proximity reads: the network, the genes of the disease, the targets of drugs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analytics.network_proximity.model import Graph, Names, Proximity
from warehouse.errors import AnalysisError

if TYPE_CHECKING:
    from analytics.analysis import RunContext

__all__ = ["read", "verify"]

_EDGES = """SELECT DISTINCT subject, object FROM relationships WHERE list_contains($types, predicate)
    AND subject IN (SELECT id FROM gene) AND object IN (SELECT id FROM gene) ORDER BY ALL"""
_GENES = "SELECT DISTINCT object FROM associates WHERE subject = $disease ORDER BY ALL"
_TARGETS = "SELECT subject, object FROM binds UNION SELECT subject, object FROM targets ORDER BY ALL"
_NO_GENES = "`targetgraph search` finds diseases by name."


def verify(disease: str, relationships: tuple[str, ...], context: RunContext) -> None:
    """Refuse a disease without genes and types that relate no genes.

    Raises:
        AnalysisError: there are none.
    """
    if context.frame(_EDGES + " LIMIT 1", types=list(relationships)).is_empty():
        raise AnalysisError(f"{', '.join(relationships)}: no two genes are so related.", "Name another type.")
    if context.frame(_GENES + " LIMIT 1", disease=disease).is_empty():
        raise AnalysisError(f"{disease} has no gene in this build.", _NO_GENES)


def read(
    disease: str, relationships: tuple[str, ...], minimum_targets: int, context: RunContext
) -> tuple[Names, Names, Proximity]:
    """The drugs, the genes of the disease in the network, and what is measured.

    Args:
        disease: its id.
        relationships: the types that make the network.
        minimum_targets: drugs with fewer targets in the network are left out.
        context: the run.

    Raises:
        AnalysisError: the network has no gene of the disease, or no drug has so many targets.
    """
    edges = context.frame(_EDGES, types=list(relationships))
    genes, graph = Graph.largest(*edges.to_numpy().astype(str).T)
    own = context.frame(_GENES, disease=disease)["object"].to_numpy().astype(str)
    own = own[np.isin(own, genes)]
    if not len(own):
        raise AnalysisError(f"{disease} has no gene in the network.", _NO_GENES)
    pairs = context.frame(_TARGETS).to_numpy().astype(str)
    pairs = pairs[np.isin(pairs[:, 1], genes)]
    names, which, counts = np.unique(pairs[:, 0], return_inverse=True, return_counts=True)
    pairs = pairs[counts[which] >= minimum_targets]
    if not len(pairs):
        raise AnalysisError(f"No drug has {minimum_targets} targets in the network.", "Ask for fewer.")
    proximity = Proximity.of_names(genes, graph, own, pairs[:, 0], pairs[:, 1], context.seed)
    return names[counts >= minimum_targets], own, proximity
