"""HGNC of the sample: the complete set, and an older custom download with a withdrawn entry and old symbols."""

from __future__ import annotations

from etl.sample.output import Output
from etl.sample.world import WITHDRAWN_HGNC, WITHDRAWN_SYMBOL, Gene, World

_COLUMNS = (
    "hgnc_id symbol name locus_group locus_type status location location_sortable alias_symbol alias_name prev_symbol "
    "prev_name gene_group gene_group_id date_approved_reserved date_symbol_changed date_name_changed date_modified "
    "entrez_id ensembl_gene_id vega_id ucsc_id ena refseq_accession ccds_id uniprot_ids pubmed_id mgd_id rgd_id lsdb "
    "cosmic omim_id mirbase homeodb snornabase bioparadigms_slc orphanet pseudogene.org horde_id merops imgt iuphar "
    "kznf_gene_catalog mamit-trnadb cd lncrnadb enzyme_id intermediate_filament_db rna_central_ids lncipedia gtrnadb "
    "agr mane_select gencc"
)
_COMPLETE_SET = tuple(_COLUMNS.split())
_CUSTOM = (
    *("HGNC ID", "Approved symbol", "Approved name", "Status", "Previous symbols", "Alias symbols", "Chromosome"),
    *("Accession numbers", "RefSeq IDs"),
)


def write(world: World, output: Output) -> None:
    """Write the two tables of genes."""
    broken: dict[str, object] = {"hgnc_id": "HGNC-990000", "symbol": "SMPB1", "name": "an identifier of no known form"}
    rows = [*(_complete(gene) for gene in world.genes), broken]
    lines = [[row.get(column) for column in _COMPLETE_SET] for row in rows]
    output.table("hgnc/hgnc_complete_set.txt", lines, header=_COMPLETE_SET, bad=1)
    older = [_custom(gene) for gene in world.genes]
    withdrawn = [f"HGNC:{WITHDRAWN_HGNC}", WITHDRAWN_SYMBOL, "symbol withdrawn", "Symbol Withdrawn", *([None] * 5)]
    output.table("hgnc/hgnc_custom_genes.txt", [*older, withdrawn], header=_CUSTOM, bad=1, release="2020-03-01")


def _complete(gene: Gene) -> dict[str, object]:
    return {
        "hgnc_id": f"HGNC:{gene.hgnc}",
        "symbol": gene.symbol,
        "name": gene.name,
        "locus_group": "protein-coding gene",
        "locus_type": "gene with protein product",
        "status": "Approved",
        "location": gene.location,
        "alias_symbol": _quoted(gene.aliases),
        "prev_symbol": _quoted(gene.previous_symbols),
        "gene_group": f"Sample {gene.family} family" if gene.family else None,
        "entrez_id": gene.entrez,
        "ensembl_gene_id": gene.ensembl,
        "uniprot_ids": gene.uniprot,
    }


def _quoted(texts: tuple[str, ...]) -> str | None:
    """A list as HGNC writes it: bars between, in quotes if there are several."""
    joined = "|".join(texts)
    return f'"{joined}"' if len(texts) > 1 else joined or None


def _custom(gene: Gene) -> list[object]:
    """The gene as it was before: under its previous symbol, where it has one."""
    symbol = gene.previous_symbols[0] if gene.previous_symbols else gene.symbol
    aliases = ", ".join(gene.aliases)
    return [f"HGNC:{gene.hgnc}", symbol, gene.name, "Approved", None, aliases, gene.location, None, None]
