"""HGNC: approved human gene symbols and names, and every other name by which a gene goes.

The complete set (the official download) and the custom download (chosen columns, also made by analysts) hold the same
genes; one of the two is needed. The custom download's address is a query, not a pinned release, and so is not fetched.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from etl.formats import tsv
from etl.listings import Listing
from etl.rows import Rows
from etl.source import Licence, Pin, Remote, Source, SourceFile
from etl.sources._encoded import encoded_proteins
from etl.species import HUMAN
from warehouse.statements import ROW, Reason, Stated, entities

_RELEASE = "2026-10-06"
_ARCHIVE = "https://storage.googleapis.com/public-download-files/hgnc/archive/archive/quarterly/tsv"

_COMPLETE_SET_COLUMNS = (
    *("hgnc_id", "symbol", "name", "locus_group", "locus_type", "status", "location", "alias_symbol", "prev_symbol"),
    *("gene_group", "entrez_id", "ensembl_gene_id", "uniprot_ids", "omim_id", "mirbase"),
)
_CUSTOM_COLUMNS = (
    *("HGNC ID", "Approved symbol", "Approved name", "Status", "Previous symbols", "Alias symbols", "Chromosome"),
    "RefSeq IDs",
)

#: Kinds of loci in NCBI's words: HGNC's locus type where it says more than the group.
_GENE_TYPES = {
    "protein-coding gene": "protein-coding",
    "non-coding RNA": "ncRNA",
    "pseudogene": "pseudo",
    "other": "other",
    "RNA, ribosomal": "rRNA",
    "RNA, small nuclear": "snRNA",
    "RNA, small nucleolar": "snoRNA",
    "RNA, transfer": "tRNA",
    "unknown": "unknown",
}

#: What stands in the column of the location without being one.
_NO_LOCATION = ("reserved", "unplaced", "not on reference assembly")


def _gene_id(column: str) -> pl.Expr:
    return pl.col(column).str.to_lowercase()


def _with_gene_ids(rows: Rows, column: str) -> Rows:
    fits = pl.col(column).str.contains(r"^HGNC:\d+$").fill_null(False)
    return rows.reject(~fits, Reason.BAD_IDENTIFIER, f"{column} is no HGNC identifier", pl.col(column))


def _listed(column: str, separator: str) -> pl.Expr:
    return pl.col(column).str.split(separator).list.eval(pl.element().str.strip_chars())


def _location(column: str) -> tuple[pl.Expr, pl.Expr]:
    """The location, and the chromosome in it; a gene of the pseudoautosomal regions is on two."""
    place = pl.when(~pl.col(column).is_in(_NO_LOCATION)).then(pl.col(column))
    first = place.str.extract(r"^(?:HSCHR|c)?(\d+|[XY]|mitochondria)").replace("mitochondria", "MT")
    second = place.str.extract(r" and ([XY])")
    return place.alias("location"), pl.concat_str(first, second, separator="|", ignore_nulls=True).alias("chromosome")


def _not_withdrawn(rows: Rows, status: str, gene_id: str) -> Rows:
    gone = pl.col(status).str.contains("(?i)withdrawn")
    return rows.reject(gone, Reason.WITHDRAWN, pl.col(status), _gene_id(gene_id))


def custom_genes(rows: Rows) -> Iterator[Stated]:
    """The custom download: id, symbol, name, status, other symbols, location, RefSeq."""
    rows = _not_withdrawn(_with_gene_ids(rows, "HGNC ID"), "Status", "HGNC ID")
    location, chromosome = _location("Chromosome")
    genes = rows.frame.select(
        ROW,
        location,
        chromosome,
        id=_gene_id("HGNC ID"),
        symbol="Approved symbol",
        name="Approved name",
        previous_symbols=_listed("Previous symbols", ","),
        aliases=_listed("Alias symbols", ","),
        identifiers=_listed("RefSeq IDs", ",").list.eval(_refseq(pl.element())),
        taxon_id=pl.lit(HUMAN.taxon_id),
    )
    yield entities("Gene", genes, unique=True)


def _identifiers() -> pl.Expr:
    """The gene in other databases, from the columns of the complete set."""
    prefixes = {"ncbigene": "entrez_id", "ensembl": "ensembl_gene_id", "omim": "omim_id", "mirbase": "mirbase"}
    lists = [
        _listed(column, "|").list.eval(pl.lit(f"{prefix}:") + pl.element()).fill_null([])
        for prefix, column in prefixes.items()
    ]
    refseq = _listed("refseq_accession", "|").list.eval(_refseq(pl.element())).fill_null([])
    return pl.concat_list([*lists, refseq])


def _refseq(accession: pl.Expr) -> pl.Expr:
    """The CURIE of a RefSeq accession, without its version."""
    return "refseq:" + accession.str.replace(r"\.\d+$", "")


def complete_set(rows: Rows) -> Iterator[Stated]:
    """`hgnc_complete_set.txt`: genes with their names, places and groups, and the proteins that they encode."""
    rows = _not_withdrawn(_with_gene_ids(rows, "hgnc_id"), "status", "hgnc_id")
    location, chromosome = _location("location")
    kinds = [pl.col(column).replace_strict(_GENE_TYPES, default=None) for column in ("locus_type", "locus_group")]
    genes = rows.frame.select(
        ROW,
        "symbol",
        "name",
        location,
        chromosome,
        id=_gene_id("hgnc_id"),
        previous_symbols=_listed("prev_symbol", "|"),
        aliases=_listed("alias_symbol", "|"),
        identifiers=_identifiers(),
        gene_type=pl.coalesce(kinds),
        categories=_listed("gene_group", "|"),
        taxon_id=pl.lit(HUMAN.taxon_id),
    )
    yield entities("Gene", genes, unique=True)
    listed = rows.frame.select(ROW, subject=_gene_id("hgnc_id"), accession=_listed("uniprot_ids", "|"))
    yield from encoded_proteins(listed.explode("accession").drop_nulls("accession"), listed=True)


def symbols(rows: Rows) -> Iterator[Stated]:
    """Approved symbols by HGNC id: a release of its own, so that a renamed gene shows its newer symbol.

    The file does not say which entries are withdrawn; those that an earlier file of the source withdrew are set aside.
    """
    rows = _with_gene_ids(rows, "HGNC ID")
    gone = _gene_id("HGNC ID").is_in(rows.ledger.withdrawn)
    rows = rows.reject(gone, Reason.WITHDRAWN, "another file of the source withdraws it", _gene_id("HGNC ID"))
    yield entities("Gene", rows.frame.select(ROW, id=_gene_id("HGNC ID"), symbol="Approved symbol"), unique=True)


SOURCE = Source(
    name="hgnc",
    title="HGNC",
    description="Approved symbols and names of human genes, previous and alias symbols, and cross-references.",
    homepage="https://www.genenames.org",
    licence=Licence("CC0-1.0", True, "https://www.genenames.org/about/license/"),
    listing=Listing(
        "https://storage.googleapis.com/storage/v1/b/public-download-files/o?prefix=hgnc/archive/archive/quarterly/tsv/",
        r"hgnc_complete_set_(?P<release>\d{4}-\d\d-\d\d)\.txt",
        _ARCHIVE + "/hgnc_complete_set_{release}",
    ),
    rank=10,
    files=(
        SourceFile(
            "complete_set",
            ("hgnc_complete_set*.txt",),
            tsv(*_COMPLETE_SET_COLUMNS, optional=("refseq_accession",), quote=True),
            complete_set,
            remote=Remote(
                f"{_ARCHIVE}/hgnc_complete_set_{_RELEASE}.txt",
                _RELEASE,
                sha256="8bf6f686e640dbc864a346484626953621b0500d900d26cd085a35c2782d725d",
                size_bytes=16_973_125,
                rows=44_000,
                second_hand=True,
            ),
            required=False,
            one_of="gene table",
        ),
        SourceFile(
            "custom_genes",
            ("hgnc_custom*.txt",),
            tsv(*_CUSTOM_COLUMNS),
            custom_genes,
            required=False,
            one_of="gene table",
            pins=(Pin("2020-03", "d9c30eebc13384a847596798e0bba2f57f5d8c4b019f848ae5535f6b8a20c6b9", 46898),),
        ),
        SourceFile(
            "symbols",
            ("hgncID_to_symbol.tsv",),
            tsv("HGNC ID", "Approved symbol"),
            symbols,
            required=False,
            pins=(Pin("2022", "909e864b187d9e9b4f8d2af204e8cf4b830001d7e2389787e152520e496ef41d", 48935),),
        ),
    ),
)
