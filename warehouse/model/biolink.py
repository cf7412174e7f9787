"""How Biolink and KGX write identifiers: the prefixes that differ from Bioregistry's, which the warehouse uses.

The category of an entity type and the predicate of a relationship type stand in their declarations.
"""

from __future__ import annotations

#: Bioregistry's prefix → Biolink's, where it is not the same in capitals.
_IRREGULAR = {
    "chembl.compound": "CHEMBL.COMPOUND",
    "doi": "doi",
    "ensembl": "ENSEMBL",
    "iuphar.ligand": "GTOPDB",
    "ncbigene": "NCBIGene",
    "pubmed": "PMID",
    "reactome": "REACT",
    "rxnorm": "RXCUI",
    "uniprot": "UniProtKB",
    "wikipathways": "WIKIPATHWAYS",
}
#: Prefixes that Biolink knows in capitals.
_CAPITALS = (
    *("chebi", "doid", "drugbank", "go", "hgnc", "hp", "kegg.pathway", "mesh", "mondo", "ncit", "omim", "pfam"),
    *("smpdb", "uberon", "umls", "wikidata"),
)
#: Predicates that read the same in both directions.
SYMMETRIC = frozenset(
    {
        *("associated_with", "correlated_with", "in_complex_with", "interacts_with", "physically_interacts_with"),
        *("related_to", "similar_to"),
    }
)

#: What else users write for a prefix of the warehouse.
_OTHERS = {
    "entrez": "ncbigene",
    "entrez gene": "ncbigene",
    "entrez_gene": "ncbigene",
    "entrezgene": "ncbigene",
    "geneid": "ncbigene",
    "gtopdb": "iuphar.ligand",
    "hgnc.symbol": "hgnc.symbol",
    "hsa": "ncbigene",  # KEGG's human genes
    "mim": "omim",
    "msh": "mesh",
    "ncbi.gene": "ncbigene",
    "orphanet": "orphanet",
    "pmid": "pubmed",
    "r-hsa": "reactome",
    "react": "reactome",
    "rxcui": "rxnorm",
    "swissprot": "uniprot",
    "uniprotkb": "uniprot",
    "wp": "wikipathways",
}

#: Bioregistry's prefix → Biolink's; a prefix that is not here is written as it is.
TO_BIOLINK: dict[str, str] = {**{prefix: prefix.upper() for prefix in _CAPITALS}, **_IRREGULAR}

#: A prefix in lower case, as anyone writes it → Bioregistry's; a prefix that is not here is taken in lower case.
FROM_BIOLINK: dict[str, str] = {**{theirs.lower(): ours for ours, theirs in TO_BIOLINK.items()}, **_OTHERS}
