"""Drugs near a disease in the network of molecular interactions."""

from __future__ import annotations

from dataclasses import dataclass

from analytics.analysis import Analysis, Findings, RunContext, option
from analytics.network_proximity.assessment import PLAN, assess
from analytics.network_proximity.tables import TABLES


@dataclass(frozen=True)
class Options:
    """What a user chooses."""

    disease: str = option("The disease, by id", example="doid:1324")
    relationships: tuple[str, ...] = option(
        "A relationship type between genes that makes the network",
        default=("INTERACTS_WITH", "INTERACTS_PHYSICALLY_WITH", "IN_COMPLEX_WITH"),
    )
    permutations: int = option("Random sets of genes with the same degrees", default=1000, minimum=20)
    minimum_targets: int = option(
        "Drugs with fewer targets in the network are not tested: of one target, one gene decides", default=2, minimum=1
    )
    significance: float = option(
        "Drugs with a q-value up to this are published; the table holds all", default=0.05, minimum=0, maximum=1
    )
    most: int = option("So many drugs are published at most, the nearest first", default=200, minimum=1)


def run(options: Options, context: RunContext) -> Findings:
    """Measure every drug, and publish those that are significantly near."""
    import numpy as np
    import polars as pl

    from analytics.common.counts import benjamini_hochberg
    from analytics.network_proximity.findings import notes, predictions, table
    from analytics.network_proximity.model import auroc, scores
    from analytics.network_proximity.reading import read

    drugs, disease_genes, proximity = read(options.disease, options.relationships, options.minimum_targets, context)
    null = proximity.null(options.permutations, context.checkpoint / "null.npz", context.progress)
    distance = proximity.observed()
    z_score, p_value = scores(distance, null)
    tested = pl.DataFrame(
        {
            "subject": drugs,
            "score": -z_score,
            "distance": distance,
            "z_score": z_score,
            "p_value": p_value,
            "q_value": benjamini_hochberg(p_value),
            "targets": np.diff(proximity.begins),
        }
    ).with_columns(object=pl.lit(options.disease), significant=pl.col("q_value") <= options.significance)
    order = ["significant", "z_score", "p_value", "subject"]
    ranked = tested.sort(order, descending=[True, False, False, False]).with_columns(rank=pl.int_range(1, pl.len() + 1))
    near = ranked.filter("significant").drop("significant").head(options.most)
    known = np.isin(drugs, context.frame(_KNOWN, disease=options.disease)["subject"].to_numpy().astype(str))
    share = auroc(-z_score, known)
    metrics = {
        "drugs_tested": len(drugs),
        "drugs_significant": int(tested["significant"].sum()),
        "drugs_published": near.height,
        "genes": len(proximity.graph.degrees),
        "disease_genes": len(disease_genes),
    }
    remarks = notes(ranked, options.significance, options.minimum_targets, options.most, options.permutations)
    entities, relationships = predictions(options.disease, near, disease_genes)
    return Findings(
        entities=entities,
        relationships=relationships,
        tables={"drugs": table(ranked)},
        metrics=metrics if share is None else {**metrics, "auroc_of_known_drugs": share},
        notes=(*remarks, *(() if share is None else (_OF_KNOWN,))),
        evidence=assess(proximity, null, z_score, known),
    )


_OF_KNOWN = "Known treatments took no part in the measure; auroc_of_known_drugs tells how well it finds them."
_KNOWN = (
    "SELECT subject FROM treats WHERE object = $disease UNION SELECT subject FROM palliates WHERE object = $disease"
)


def check(options: Options, context: RunContext) -> Options:
    """Refuse a disease without genes and types that relate no genes, before a run exists."""
    from analytics.network_proximity.reading import verify

    verify(options.disease, options.relationships, context)
    return options


ANALYSIS = Analysis(
    name="proximity",
    title="Drugs near a disease in the network",
    description="Finds drugs whose targets lie nearer to the genes of a disease than random genes of equal degree.",
    options=Options,
    run=run,
    predicts=("PROXIMAL_TO", "Subnetwork", "HAS_MEMBER"),
    sample={"disease": "doid:1324", "permutations": 200, "significance": 0.1},
    tables=TABLES,
    evidence=PLAN,
    reference="Guney et al., Nature Communications 7:10331 (2016)",
    check=check,
)
