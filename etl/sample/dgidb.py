"""DGIdb of the sample, in the layout of its release 5: interactions, drugs, genes and categories."""

from __future__ import annotations

from etl.sample.output import Output
from etl.sample.world import Drug, Gene, World

_VERSION = "2026-01"


def write(world: World, output: Output) -> None:
    """Write the four tables."""
    interactions = [_interaction(drug, gene) for drug in world.drugs for gene in drug.targets]
    no_gene = ("SMPX", "NULL", "NULL", *interactions[0][3:])
    header = (
        "gene_claim_name gene_concept_id gene_name interaction_source_db_name interaction_source_db_version "
        "interaction_type interaction_score drug_claim_name drug_concept_id drug_name approved immunotherapy "
        "anti_neoplastic"
    )
    output.table("dgidb/interactions.tsv", [*interactions, no_gene], header=tuple(header.split()), bad=1)
    flags = ("TRUE", "FALSE", "TRUE")
    drugs = [
        (drug.name.upper(), "Primary Name", f"chembl:{drug.chembl}", drug.name.upper(), *flags, "ChEMBL", _VERSION)
        for drug in world.drugs
    ]
    header = (
        "drug_claim_name nomenclature concept_id drug_name approved immunotherapy anti_neoplastic source_db_name "
        "source_db_version"
    )
    output.table("dgidb/drugs.tsv", drugs, header=tuple(header.split()))
    genes = [(gene.symbol, "Gene Symbol", f"hgnc:{gene.hgnc}", gene.symbol, "HGNC", _VERSION) for gene in world.genes]
    header = "gene_claim_name nomenclature concept_id gene_name source_db_name source_db_version"
    output.table("dgidb/genes.tsv", genes, header=tuple(header.split()))
    categories = [
        (gene.symbol, family.upper(), "Pharos", _VERSION) for gene in world.genes if (family := gene.family) is not None
    ]
    header = "name name-2 source_db_name source_db_version"
    output.table("dgidb/categories.tsv", categories, header=tuple(header.split()))


def _interaction(drug: Drug, gene: Gene) -> tuple[object, ...]:
    claim = (gene.symbol, f"hgnc:{gene.hgnc}", gene.symbol, "ChEMBL", _VERSION, "inhibitor", 1.25)
    return (*claim, drug.name.upper(), f"chembl:{drug.chembl}", drug.name.upper(), "TRUE", "FALSE", "TRUE")
