"""Drugs near a disease in the network of molecular interactions."""

from __future__ import annotations

from dataclasses import dataclass

from analytics.analysis import Analysis, Findings, RunContext, option
from analytics.network_proximity.assessment import PLAN, assess
from analytics.network_proximity.tables import TABLES
from warehouse.errors import AnalysisError


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


_BETWEEN_GENES = """SELECT predicate FROM relationships WHERE list_contains($types, predicate)
    AND subject IN (SELECT id FROM gene) AND object IN (SELECT id FROM gene) LIMIT 1"""
_GENES = "SELECT DISTINCT object FROM associates WHERE subject = $disease ORDER BY ALL"
_TARGETS = "SELECT subject, object FROM binds UNION SELECT subject, object FROM targets ORDER BY ALL"
_KNOWN = (
    "SELECT subject FROM treats WHERE object = $disease UNION SELECT subject FROM palliates WHERE object = $disease"
)


def run(options: Options, context: RunContext) -> Findings:
    """Measure every drug, and publish those that are significantly near."""
    from analytics.network_proximity import findings as of
    from analytics.network_proximity.model import in_network

    edges = context.edges(*options.relationships, subject="Gene", object="Gene")
    genes, targets = context.frame(_GENES, disease=options.disease), context.frame(_TARGETS)
    pairs = (edges.subjects, edges.objects), genes["object"].to_numpy().astype(str), targets.to_numpy().astype(str)
    measured = in_network(*pairs, options.minimum_targets, context.seed)
    null = measured.proximity.null(options.permutations, context.checkpoint / "null.npz", context.progress)
    ranked = of.ranked(options.disease, measured, null, options.significance)
    near = ranked.filter("significant").drop("significant").head(options.most)
    known = context.frame(_KNOWN, disease=options.disease)["subject"].to_list()
    entities, relationships = of.predictions(options.disease, near, measured.disease)
    metrics, remarks = of.metrics(ranked, near, measured, known)
    notes = of.notes(ranked, options.significance, options.minimum_targets, options.most, options.permutations)
    return Findings(
        entities=entities,
        relationships=relationships,
        tables={"drugs": of.table(ranked)},
        metrics=metrics,
        notes=(*notes, *remarks),
        evidence=assess(measured.proximity, null, of.z_scores(ranked), measured.among(known)),
    )


def check(options: Options, context: RunContext) -> Options:
    """Refuse a disease without genes and types that relate no genes, before a run exists."""
    if context.frame(_BETWEEN_GENES, types=list(options.relationships)).is_empty():
        raise AnalysisError(f"{', '.join(options.relationships)}: no two genes are so related.", "Name another type.")
    if context.frame(_GENES, disease=options.disease).is_empty():
        raise AnalysisError(
            f"{options.disease} has no gene in this build.", "`targetgraph search` finds diseases by name."
        )
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
