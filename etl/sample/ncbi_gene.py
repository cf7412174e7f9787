"""NCBI Gene of the sample: the same genes with one other opinion, loci that HGNC does not know, and other organisms."""

from __future__ import annotations

from etl.sample.output import Output
from etl.sample.world import DISPUTED_HGNC, DISPUTED_LOCATION, Gene, World

_COLUMNS = (
    "#tax_id GeneID Symbol LocusTag Synonyms dbXrefs chromosome map_location description type_of_gene "
    "Symbol_from_nomenclature_authority Full_name_from_nomenclature_authority Nomenclature_status Other_designations "
    "Modification_date Feature_type"
)
_HEADER = tuple(_COLUMNS.split())


def write(world: World, output: Output) -> None:
    """Write `Homo_sapiens.gene_info`."""
    lines = [_gene(gene) for gene in world.genes]
    lines += [_locus(9606, 991_000_000 + number, f"LOC{991_000_000 + number}") for number in range(40)]
    lines += [_locus(63221, 992_000_000 + number, f"SMPN{number}") for number in range(3)]
    lines.append(_gene(world.genes[0]))  # a second time
    output.table("ncbi_gene/Homo_sapiens.gene_info.gz", lines, header=_HEADER, bad=1)


def _gene(gene: Gene) -> list[object]:
    location = DISPUTED_LOCATION if gene.hgnc == DISPUTED_HGNC else gene.location
    synonyms = "|".join((*gene.aliases, *gene.previous_symbols)) or "-"
    references = f"HGNC:HGNC:{gene.hgnc}|Ensembl:{gene.ensembl}"
    named = [gene.symbol, gene.name, "O", "-", "20260701", "-"]
    place = [gene.chromosome, location, gene.name, "protein-coding"]
    return [9606, gene.entrez, gene.symbol, "-", synonyms, references, *place, *named]


def _locus(taxon: int, number: int, symbol: str) -> list[object]:
    kind = ["Un", "-", "uncharacterized sample locus", "ncRNA"]
    return [taxon, number, symbol, "-", "-", "-", *kind, "-", "-", "-", "-", "20260701", "-"]
