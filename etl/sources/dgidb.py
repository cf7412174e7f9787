"""DGIdb: drug-gene interactions and druggable categories of genes, collected from about forty databases.

Two layouts are read: that of release 4 (genes by Entrez number, drugs by ChEMBL or Wikidata) and that of release 5
(genes and drugs by concept ids of many databases), which begins with lines of comments and is published on a page of
releases (https://github.com/dgidb/dgidb-data/releases). Every statement carries the terms of the database that makes it
(`_dgidb_licences`): some must not be passed on. A drug claim to which DGIdb gives no concept stays a drug of its
own, keyed by its database and its exact name; it is never merged by name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import polars as pl

from etl.formats import tsv
from etl.identifiers import is_missing, refer
from etl.listings import Listing
from etl.rows import Rows
from etl.source import Licence, Pin, Remote, Source, SourceFile
from etl.sources._dgidb_licences import licence_of
from warehouse.statements import ROW, Reason, Stated, entities, relationships

_RELEASE = "2026-06b"
_DOWNLOADS = "https://github.com/dgidb/dgidb-data/releases/download"
_FOLDER = f"{_DOWNLOADS}/{_RELEASE}"

#: Scores that a row without them may leave out.
_SCORES = ("interaction_score", "drug_specificity_score", "gene_specificity_score", "evidence_score")

#: Prefixes of DGIdb that are written in another way in Bioregistry.
_PREFIXES = {"chembl": "chembl.compound", "rxcui": "rxnorm", "iuphar": "iuphar.ligand"}


#: The columns of categories, which every release calls otherwise.
_CATEGORY_GENES = ("entrez_gene_symbol", "name", "gene_claim_name")
_CATEGORY_TERMS = ("category", "name-2", "gene_category_name")


def _without_nulls(rows: Rows) -> Rows:
    """The rows with `NULL` and `""`, by which release 5 says that there is no value, taken as none."""
    text = pl.col(pl.String)
    return rows.with_columns(pl.when(~text.is_in(["NULL", '""'])).then(text).name.keep())


def _concept(column: str) -> pl.Expr:
    """The CURIE of a concept id; what has not that form stays as it is, for the check to see."""
    prefix = pl.col(column).str.extract("^([^:]+):").str.to_lowercase().replace(_PREFIXES)
    return pl.coalesce(pl.concat_str(prefix, pl.lit(":"), pl.col(column).str.extract(":(.+)$")), column)


def _gene() -> pl.Expr:
    return pl.coalesce("ncbigene:" + pl.col("entrez_id"), _concept("concept_id"))


def _claim(database: str, name: str) -> pl.Expr:
    """The id of a drug claim without a concept; different names give different ids, ChEMBL's own name is an id."""
    escaped = [pl.col(column).str.replace_all("_", "%5F").str.replace_all(r"\s", "_") for column in (database, name)]
    own = pl.concat_str(pl.lit("dgidb.claim:"), escaped[0], pl.lit("."), escaped[1])
    of_chembl = pl.col(database).str.starts_with("Chembl") & pl.col(name).str.contains(r"^CHEMBL\d+$")
    return pl.when(of_chembl).then("chembl.compound:" + pl.col(name)).otherwise(own)


def _with_drugs(rows: Rows, concept: str, *databases: str) -> Rows:
    """The rows with `drug_id`; a claim must have a name and a database."""
    rows = rows.with_columns(database=pl.coalesce(*databases))
    named = pl.col("drug_claim_name").is_not_null() & pl.col("database").is_not_null()
    rows = rows.reject(~named, Reason.MISSING_VALUE, "the drug claim has no name or no source")
    return rows.with_columns(drug_id=pl.coalesce(_concept(concept), _claim("database", "drug_claim_name")))


def interactions(rows: Rows) -> Iterator[Stated]:
    """`interactions.tsv`: gene, drug, kinds of interaction, score, the database that claims it, papers."""
    rows = _without_nulls(rows).with_columns(concept_id=pl.col("gene_concept_id"))
    rows = _with_drugs(rows, "drug_concept_id", "interaction_source_db_name", "interaction_claim_source")
    rows = rows.with_columns(gene=_gene()).reject(
        _gene().is_null(), Reason.MISSING_VALUE, "DGIdb knows no gene for the claim", pl.col("gene_claim_name")
    )
    name = pl.coalesce("drug_name", "drug_claim_primary_name", "drug_claim_name")
    yield entities("Drug", rows.frame.select(ROW, id="drug_id", name=name))
    kinds = pl.coalesce("interaction_types", "interaction_type").str.replace_all("|", ",", literal=True)
    frame = rows.frame.select(
        ROW,
        subject="drug_id",
        object="gene",
        actions=kinds.str.split(",").list.eval(pl.element().str.strip_chars()),
        interaction_score=pl.coalesce("interaction_score", "interaction_group_score"),
        data_sources=pl.concat_list("database"),
        licences=pl.concat_list(licence_of(pl.col("database"))),
        pubmed_ids=pl.col("PMIDs").str.split(","),
        evidence=pl.lit("asserted"),
    )
    yield relationships("TARGETS", frame)


def drugs(rows: Rows) -> Iterator[Stated]:
    """`drugs.tsv`: drug claims and the drug that each is taken for; the names of claims are aliases."""
    rows = _with_drugs(_without_nulls(rows), "concept_id", "source_db_name", "drug_claim_source")
    # Some databases name their claims by a number: nothing to show, but something to find them by.
    claim = pl.col("drug_claim_name")
    name = pl.coalesce("drug_name", pl.when(~claim.str.contains(r"^(?:CHEMBL)?\d+$")).then(claim))
    aliases = pl.when(claim.ne_missing(name)).then(pl.concat_list(claim))
    yield entities("Drug", rows.frame.select(ROW, id="drug_id", name=name, aliases=aliases))


def genes(rows: Rows) -> Iterator[Stated]:
    """`genes.tsv`: gene claims and the gene that each is taken for; claims that are taken for none are left out."""
    rows = _without_nulls(rows).with_columns(id=_gene())
    rows = rows.only(pl.col("id").str.contains("^(?:hgnc|ncbigene):"))
    rows = rows.reject(~pl.col("id").str.contains(r":\d+$"), Reason.BAD_IDENTIFIER, "the gene's id is no number")
    known = rows.frame.unique(["id", "gene_name"], keep="first", maintain_order=True)
    yield entities("Gene", known.select(ROW, "id", symbol="gene_name"))


def categories(rows: Rows) -> Iterator[Stated]:
    """`categories.tsv`: genes by symbol, their category, and the databases that say so, each a statement."""
    rows = _without_nulls(rows).with_columns(
        symbol=pl.coalesce(_CATEGORY_GENES).str.strip_chars(),
        term=pl.coalesce(_CATEGORY_TERMS).str.strip_chars(),
    )
    known = ~is_missing("symbol") & pl.col("term").is_not_null()
    rows = rows.reject(~known, Reason.MISSING_VALUE, "a gene and a category are needed", pl.col("symbol"))
    category = "dgidb.category:" + pl.col("term").str.to_lowercase().str.replace_all(r"[^a-z0-9]+", "-")
    rows = rows.with_columns(id=category, database=pl.coalesce("category_sources", "source_db_name").str.split(","))
    yield entities("GeneCategory", rows.frame.select(ROW, "id", name="term"))
    database = pl.col("database").str.strip_chars()
    frame = rows.frame.explode("database").select(
        ROW,
        subject=refer("hgnc.symbol", "symbol"),
        object="id",
        data_sources=pl.concat_list(database).list.drop_nulls(),
        licences=pl.concat_list(licence_of(database)).list.drop_nulls(),
        evidence=pl.lit("asserted"),
    )
    yield relationships("HAS_CATEGORY", frame, listed=True)


def _file(
    part: str,
    parse: Callable[[Rows], Iterator[Stated]],
    columns: tuple[str, ...],
    optional: tuple[str, ...],
    pin: Pin,
    *,
    one_of: tuple[tuple[str, ...], ...] = (),
    remote: Remote | None = None,
) -> SourceFile:
    return SourceFile(
        part,
        (f"dgidb/{part}.tsv", f"dgidb_{part}.tsv", f"dgidb/{part}_20*.tsv"),
        tsv(*columns, comment="#", optional=optional, droppable=_SCORES, one_of=one_of),
        parse,
        remote=remote or Remote(f"{_FOLDER}/{part}.tsv", _RELEASE),
        required=part == "interactions",
        pins=(pin,),
    )


# The known snapshots are of release 4; the day on which they were made is not written in them.
SOURCE = Source(
    name="dgidb",
    title="DGIdb",
    description="Drug-gene interactions and the druggable genome, collected from many databases.",
    homepage="https://dgidb.org",
    listing=Listing(
        "https://api.github.com/repos/dgidb/dgidb-data/releases",
        r'"tag_name":\s*"(?P<release>\d{4}-\d\d[a-z]?)"',
        _DOWNLOADS + "/{release}/",
    ),
    licence=Licence(
        "Licences of the collected databases, on each statement; some not redistributable",
        True,
        "https://dgidb.org/browse/sources",
    ),
    rank=65,
    files=(
        _file(
            "interactions",
            interactions,
            ("gene_claim_name", "gene_name", "drug_claim_name", "drug_name", "drug_concept_id"),
            (
                *("entrez_id", "interaction_claim_source", "interaction_group_score", "PMIDs"),
                *("drug_claim_primary_name", "interaction_types", "interaction_type", "interaction_score"),
                *("gene_concept_id", "interaction_source_db_name"),
            ),
            Pin("2021", "9182a907b95d4f8af8af60c4f110585a463e17b4d499f69f0e50325bf292a764", 20_284, subset=True),
            remote=Remote(
                f"{_FOLDER}/interactions.tsv",
                _RELEASE,
                sha256="5a798ffdaddd775b8409fa22509d77d55c663ca84625808617a78b1fc75dcc9e",
                size_bytes=16_163_629,
                second_hand=True,
            ),
        ),
        _file(
            "drugs",
            drugs,
            ("drug_claim_name", "drug_name", "concept_id"),
            ("drug_claim_source", "source_db_name"),
            Pin("2021", "019f7ac8b93969bd6c19c39ae6d802e97c8a25c6d4750bf2e70fa18fc4b22dc7", 51_541),
        ),
        _file(
            "genes",
            genes,
            ("gene_claim_name", "gene_name"),
            ("entrez_id", "concept_id"),
            Pin("2021", "9f25cda9cf7b243d98bc3859fd0bac720e4aa73731b9893557c4b1bc7d16dea6", 99_251),
        ),
        _file(
            "categories",
            categories,
            (),
            (*_CATEGORY_GENES, *_CATEGORY_TERMS, "category_sources", "source_db_name"),
            Pin("2021", "ec76881a9e2f308ec73045ee64113084c8bfb0d7a99e9d96bff968287e5797a1", 19_970),
            one_of=(_CATEGORY_GENES, _CATEGORY_TERMS),
        ),
    ),
)
