"""Drugs near a disease in the network of molecular interactions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analytics.analysis import Analysis, Findings, RunContext, option
from warehouse.errors import AnalysisError

if TYPE_CHECKING:
    from analytics.network_proximity.model import Names, Proximity


@dataclass(frozen=True)
class Options:
    """What a user chooses."""

    disease: str = option("The disease, by id", example="doid:1324")
    relationships: tuple[str, ...] = option(
        "A relationship type between genes that makes the network",
        default=("INTERACTS_WITH", "INTERACTS_PHYSICALLY_WITH", "IN_COMPLEX_WITH"),
    )
    permutations: int = option("Random sets of genes with the same degrees", default=1000, minimum=20)
    minimum_targets: int = option("Drugs with fewer targets in the network are left out", default=1, minimum=1)
    most: int = option("So many drugs are published, the nearest first", default=200, minimum=1)


def run(options: Options, context: RunContext) -> Findings:
    """Measure every drug, and publish the nearest."""
    import numpy as np
    import polars as pl

    from analytics.network_proximity.model import auroc, scores
    from warehouse.analyst.statistics import benjamini_hochberg

    drugs, disease_genes, proximity = _read(options, context)
    null = proximity.null(options.permutations, context.checkpoint / "null.npz", context.progress)
    distance = proximity.observed()
    z_score, p_value = scores(distance, null)
    told = pl.DataFrame(
        {
            "subject": drugs,
            "score": -z_score,
            "distance": distance,
            "z_score": z_score,
            "p_value": p_value,
            "q_value": benjamini_hochberg(p_value),
            "targets": np.diff(proximity.begins),
        }
    ).with_columns(object=pl.lit(options.disease))
    known = context.frame(_KNOWN, disease=options.disease)["subject"].to_numpy()
    share = auroc(-z_score, np.isin(drugs, known.astype(str)))
    metrics = {"drugs": len(drugs), "genes": len(proximity.graph.degrees), "disease_genes": len(disease_genes)}
    name = f"genes of {options.disease} in the network"
    return Findings(
        entities={"Subnetwork": pl.DataFrame({"id": ["disease"], "name": [name], "nodes": [len(disease_genes)]})},
        relationships={
            "PROXIMAL_TO": told.sort("z_score", "p_value", "subject").head(options.most),
            "HAS_MEMBER": pl.DataFrame({"object": disease_genes}).with_columns(
                subject=pl.lit("disease"), role=pl.lit("disease gene")
            ),
        },
        metrics=metrics if share is None else {**metrics, "auroc_of_known_drugs": share},
        notes=("Known treatments took no part in the measure; auroc_of_known_drugs tells how well it finds them.",),
    )


_EDGES = """SELECT DISTINCT subject, object FROM relationships WHERE list_contains($types, predicate)
    AND subject IN (SELECT id FROM gene) AND object IN (SELECT id FROM gene) ORDER BY ALL"""
_GENES = "SELECT DISTINCT object FROM associates WHERE subject = $disease ORDER BY ALL"
_TARGETS = "SELECT subject, object FROM binds UNION SELECT subject, object FROM targets ORDER BY ALL"
_KNOWN = (
    "SELECT subject FROM treats WHERE object = $disease UNION SELECT subject FROM palliates WHERE object = $disease"
)


def _read(options: Options, context: RunContext) -> tuple[Names, Names, Proximity]:
    """The drugs, the genes of the disease in the network, and what is measured."""
    import numpy as np

    from analytics.network_proximity.model import Graph, Proximity

    edges = context.frame(_EDGES, types=list(options.relationships))
    if edges.is_empty():
        raise AnalysisError(f"{', '.join(options.relationships)}: no two genes are so related.", "Name another type.")
    genes, graph = Graph.largest(*edges.to_numpy().astype(str).T)
    disease = context.frame(_GENES, disease=options.disease)["object"].to_numpy().astype(str)
    disease = disease[np.isin(disease, genes)]
    if not len(disease):
        raise AnalysisError(f"{options.disease} has no gene in the network.", "`targetgraph search` finds diseases.")
    pairs = context.frame(_TARGETS).to_numpy().astype(str)
    pairs = pairs[np.isin(pairs[:, 1], genes)]
    names, which, counts = np.unique(pairs[:, 0], return_inverse=True, return_counts=True)
    pairs = pairs[counts[which] >= options.minimum_targets]
    if not len(pairs):
        raise AnalysisError(f"No drug has {options.minimum_targets} targets in the network.", "Ask for fewer.")
    proximity = Proximity.of_names(genes, graph, disease, pairs[:, 0], pairs[:, 1], context.seed)
    return names[counts >= options.minimum_targets], disease, proximity


ANALYSIS = Analysis(
    name="proximity",
    title="Drugs near a disease in the network",
    description="Finds drugs whose targets lie nearer to the genes of a disease than random genes of equal degree.",
    options=Options,
    run=run,
    predicts=("PROXIMAL_TO", "Subnetwork", "HAS_MEMBER"),
    sample={"disease": "doid:1324", "permutations": 50},
    reference="Guney et al., Nature Communications 7:10331 (2016)",
)
