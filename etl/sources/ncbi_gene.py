"""NCBI Gene: every human locus that NCBI numbers, with its symbols and its identifiers in other databases.

A gene that HGNC knows is merged with HGNC's by the `HGNC` cross-reference; the others stay keyed by NCBI's number.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from etl.formats import tsv
from etl.listings import Modified
from etl.rows import Rows
from etl.source import Licence, Pin, Remote, Source, SourceFile
from etl.species import wanted_species
from warehouse.statements import ROW, Reason, Stated, entities

#: The databases in `dbXrefs` that the model names, as they are written there, and their prefixes.
_CROSS_REFERENCES = {"HGNC:HGNC:": "hgnc:", "Ensembl:": "ensembl:", "MIM:": "omim:", "miRBase:": "mirbase:"}


def genes(rows: Rows) -> Iterator[Stated]:
    """`Homo_sapiens.gene_info` (or `All_Data.gene_info`): a locus a line, `-` for what is not known."""
    for column in ("#tax_id", "GeneID"):
        numbered = pl.col(column).str.contains(r"^\d+$").fill_null(False)
        rows = rows.reject(~numbered, Reason.BAD_IDENTIFIER, f"{column} is no number", pl.col("GeneID"))
    rows = rows.only(pl.col("#tax_id").is_in([species.taxon_id for species in wanted_species(rows.options.species)]))
    given = rows.frame.with_columns(pl.col(pl.String).replace("-", None))
    authority = pl.col("Symbol_from_nomenclature_authority")
    symbol = pl.coalesce(authority, "Symbol")
    frame = given.select(
        ROW,
        "chromosome",
        id="ncbigene:" + pl.col("GeneID"),
        symbol=symbol,
        name=pl.coalesce("Full_name_from_nomenclature_authority", "description"),
        aliases=_aliases(symbol),
        identifiers=_identifiers(),
        location="map_location",
        gene_type="type_of_gene",
        taxon_id="#tax_id",
    )
    yield entities("Gene", frame, unique=True)


def _aliases(symbol: pl.Expr) -> pl.Expr:
    """The synonyms, and NCBI's own symbol where the nomenclature authority has another."""
    own = pl.when(pl.col("Symbol") != symbol).then(pl.col("Symbol"))
    listed = pl.concat_list(pl.col("Synonyms").str.split("|").fill_null([]), own)
    return listed.list.drop_nulls()


def _identifiers() -> pl.Expr:
    """The cross-references that the model names, as CURIEs."""
    references = pl.col("dbXrefs").str.split("|")
    lists = [
        references.list.filter(pl.element().str.starts_with(written)).list.eval(
            pl.lit(prefix) + pl.element().str.strip_prefix(written)
        )
        for written, prefix in _CROSS_REFERENCES.items()
    ]
    return pl.concat_list(lists)


SOURCE = Source(
    name="ncbi_gene",
    title="NCBI Gene",
    description="Human loci with symbols, synonyms, places, kinds, and identifiers in HGNC, Ensembl, OMIM and miRBase.",
    homepage="https://www.ncbi.nlm.nih.gov/gene",
    listing=Modified("genes"),
    licence=Licence("public domain", True, "https://www.ncbi.nlm.nih.gov/home/about/policies/"),
    rank=15,
    files=(
        SourceFile(
            "genes",
            ("*.gene_info",),
            tsv(
                *("#tax_id", "GeneID", "Symbol", "Synonyms", "dbXrefs", "chromosome", "map_location", "description"),
                *("type_of_gene", "Symbol_from_nomenclature_authority", "Full_name_from_nomenclature_authority"),
            ),
            genes,
            # NCBI publishes no archive: this address serves today's file.
            remote=Remote(
                "https://ftp.ncbi.nlm.nih.gov/gene/DATA/GENE_INFO/Mammalia/Homo_sapiens.gene_info.gz",
                "current",
                rows=(150_000, 260_000),
            ),
            pins=(Pin("2020-10-13", "c6e484420888de5f92fd2d97e102acfa55744c569fd086fb452f62b66b0beb06", 61676),),
        ),
    ),
)
