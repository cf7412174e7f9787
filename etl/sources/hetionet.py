"""Hetionet: 47,031 nodes of eleven kinds and 2,250,197 edges of 24 types from 29 resources.

The edges name no licence; the tables of bindings and of disease genes, from which the network was made, do: each of
their statements carries its own. The table of bindings also covers drugs and proteins that the network left out; its
genes of other organisms are known to no source and are set aside when references are resolved.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from etl.formats import tsv
from etl.listings import Frozen
from etl.rows import Rows
from etl.source import Licence, Pin, Remote, Source, SourceFile
from warehouse.statements import ROW, Reason, Stated, entities, relationships

_RELEASE = "v1.0"
_NETWORK = "https://github.com/hetio/hetionet/raw/38873689199f81b0e6e11554d9803b94f0c4a12c/hetnet/tsv"
_TABLES = "https://github.com/dhimmel/integrate/raw/3141b25edf91747accfece5e297c77ab1b37f4da/compile"

#: Each kind of node: its entity type, its prefix, and the form of its accessions.
_KINDS = {
    "Gene": ("Gene", "ncbigene", r"\d+"),
    "Compound": ("Drug", "drugbank", r"DB\d{5}"),
    "Disease": ("Disease", "doid", r"DOID:\d+"),
    "Symptom": ("Phenotype", "mesh", r"[CD]\d+"),
    "Anatomy": ("Anatomy", "uberon", r"UBERON:\d+"),
    "Biological Process": ("BiologicalProcess", "go", r"GO:\d{7}"),
    "Molecular Function": ("MolecularFunction", "go", r"GO:\d{7}"),
    "Cellular Component": ("CellularComponent", "go", r"GO:\d{7}"),
    "Side Effect": ("SideEffect", "umls", r"C\d{7}"),
    "Pharmacologic Class": ("PharmacologicClass", "ndfrt", r"N\d{10}"),
    "Pathway": ("Pathway", "hetionet.pathway", r"(?:PC\d+_\d+|WP\d+_r\d+)"),
}

_NODE_ID = "^(?:" + "|".join(f"{kind}::{accession}" for kind, (_, _, accession) in _KINDS.items()) + ")$"

#: Each type of edge: the relationship, and the kinds at its ends as the file writes them.
_METAEDGES = {
    "AdG": ("DOWNREGULATES", "Anatomy", "Gene"),
    "AeG": ("EXPRESSED_IN", "Anatomy", "Gene"),
    "AuG": ("UPREGULATES", "Anatomy", "Gene"),
    "CbG": ("BINDS", "Compound", "Gene"),
    "CcSE": ("CAUSES", "Compound", "Side Effect"),
    "CdG": ("DOWNREGULATES", "Compound", "Gene"),
    "CpD": ("PALLIATES", "Compound", "Disease"),
    "CrC": ("RESEMBLES", "Compound", "Compound"),
    "CtD": ("TREATS", "Compound", "Disease"),
    "CuG": ("UPREGULATES", "Compound", "Gene"),
    "DaG": ("ASSOCIATES", "Disease", "Gene"),
    "DdG": ("DOWNREGULATES", "Disease", "Gene"),
    "DlA": ("LOCALISES", "Disease", "Anatomy"),
    "DpS": ("PRESENTS", "Disease", "Symptom"),
    "DrD": ("RESEMBLES", "Disease", "Disease"),
    "DuG": ("UPREGULATES", "Disease", "Gene"),
    "GcG": ("COVARIES", "Gene", "Gene"),
    "GiG": ("INTERACTS_PHYSICALLY_WITH", "Gene", "Gene"),
    "GpBP": ("PARTICIPATES_IN", "Gene", "Biological Process"),
    "GpCC": ("PARTICIPATES_IN", "Gene", "Cellular Component"),
    "GpMF": ("PARTICIPATES_IN", "Gene", "Molecular Function"),
    "GpPW": ("PARTICIPATES_IN", "Gene", "Pathway"),
    "Gr>G": ("REGULATES_EXPRESSION_OF", "Gene", "Gene"),
    "PCiC": ("INCLUDES", "Pharmacologic Class", "Compound"),
}

#: The file's source is the object: an anatomy expresses a gene, a gene is expressed in an anatomy.
_TURNED = ("AeG",)

#: Differential expression and knock-downs of Bgee, STARGEO and LINCS L1000; other types are curated, mined or mixed.
_MEASURED = ("AdG", "AuG", "CdG", "CuG", "DdG", "DuG", "Gr>G")


def _kind(column: str) -> pl.Expr:
    return pl.col(column).str.extract("^(.+?)::")


def _curie(column: str) -> pl.Expr:
    """The CURIE of a node; WikiPathways' ids lose the revision, which is no part of the identifier."""
    prefix = _kind(column).replace_strict({kind: p for kind, (_, p, _) in _KINDS.items()}, default=None)
    accession = pl.col(column).str.extract("::(?:DOID:|UBERON:|GO:)?(.+)$")
    plain = pl.concat_str(prefix, pl.lit(":"), accession)
    return plain.str.replace(r"^hetionet\.pathway:(WP\d+)_r\d+$", "wikipathways:$1")


def _with_node_ids(rows: Rows, *columns: str) -> Rows:
    for column in columns:
        fits = pl.col(column).str.contains(_NODE_ID).fill_null(False)
        rows = rows.reject(~fits, Reason.BAD_IDENTIFIER, f"{column} has not the form kind::identifier", pl.col(column))
    return rows


def nodes(rows: Rows) -> Iterator[Stated]:
    """`nodes.tsv`: id, name, kind; the name of a gene is its symbol."""
    unknown = ~pl.col("kind").is_in(list(_KINDS))
    rows = rows.reject(unknown, Reason.UNKNOWN_TYPE, pl.format("kind {}", "kind"), pl.col("id"))
    rows = _with_node_ids(rows, "id").reject(_kind("id") != pl.col("kind"), Reason.CONFLICTING_ROWS, "kind and id")
    for kind, (label, _prefix, _accession) in _KINDS.items():
        name = "symbol" if kind == "Gene" else "name"
        found = rows.frame.filter(pl.col("kind") == kind)
        yield entities(label, found.select(ROW, id=_curie("id"), **{name: pl.col("name")}), unique=True)


def edges(rows: Rows) -> Iterator[Stated]:
    """`edges.sif`: source, type of edge, target."""
    given = pl.col("metaedge")
    unknown = given.is_null() | ~given.is_in(list(_METAEDGES))
    rows = rows.reject(unknown, Reason.UNKNOWN_TYPE, pl.format("metaedge {}", given.fill_null("")))
    rows = _with_node_ids(rows, "source", "target")
    kinds = {metaedge: f"{start} {end}" for metaedge, (_, start, end) in _METAEDGES.items()}
    found = pl.concat_str(_kind("source"), _kind("target"), separator=" ")
    rows = rows.reject(found != given.replace_strict(kinds), Reason.WRONG_ENDS, pl.format("{}: {}", given, found))
    predicate = given.replace_strict({metaedge: name for metaedge, (name, _, _) in _METAEDGES.items()})
    stated = rows.frame.select(
        ROW,
        predicate=predicate,
        subject=pl.when(given.is_in(_TURNED)).then(_curie("target")).otherwise(_curie("source")),
        object=pl.when(given.is_in(_TURNED)).then(_curie("source")).otherwise(_curie("target")),
        evidence=pl.when(given.is_in(_MEASURED)).then(pl.lit("measured")).otherwise(pl.lit("asserted")),
    )
    for (name,), frame in stated.group_by("predicate", maintain_order=True):
        yield relationships(str(name), frame.drop("predicate"), unique=True)


def _barred(column: str) -> pl.Expr:
    return pl.col(column).str.split("|").list.eval(pl.element().str.strip_chars())


def bindings(rows: Rows) -> Iterator[Stated]:
    """`CbG-binding.tsv`: drug, gene, databases, papers, actions, affinity, licence."""
    drug = "drugbank:" + pl.col("drugbank_id")
    yield entities("Drug", rows.frame.select(ROW, id=drug))
    measured = pl.when(pl.col("affinity_nM").is_not_null()).then(pl.lit("measured")).otherwise(pl.lit("asserted"))
    frame = rows.frame.select(
        ROW,
        subject=drug,
        object="ncbigene:" + pl.col("entrez_gene_id"),
        actions=_barred("actions").list.eval(pl.element().str.to_lowercase()),
        affinity_nanomolar="affinity_nM",
        data_sources=_barred("sources"),
        pubmed_ids=_barred("pubmed_ids"),
        licences=pl.concat_list("license"),
        evidence=measured,
    )
    yield relationships("BINDS", frame, unique=True)


def disease_genes(rows: Rows) -> Iterator[Stated]:
    """`DaG-association.tsv`: disease, gene, databases, licence; the nodes have the names."""
    fits = pl.col("doid_id").str.contains(r"^DOID:\d+$").fill_null(False)
    rows = rows.reject(~fits, Reason.BAD_IDENTIFIER, "doid_id is no DOID", pl.col("doid_id"))
    rows = rows.with_columns(id=pl.col("doid_id").str.to_lowercase())
    yield entities("Disease", rows.frame.select(ROW, "id"))
    frame = rows.frame.select(
        ROW,
        subject="id",
        object="ncbigene:" + pl.col("entrez_gene_id"),
        data_sources=_barred("sources"),
        licences=pl.concat_list("license"),
        evidence=pl.lit("asserted"),
    )
    yield relationships("ASSOCIATES", frame, unique=True)


SOURCE = Source(
    name="hetionet",
    title="Hetionet",
    description="A network of genes, drugs, diseases, anatomy, side effects and processes, made for drug repurposing.",
    homepage="https://het.io",
    listing=Frozen("Version 1.0 of 2017 is its last release."),
    licence=Licence("CC0-1.0; third-party licences on single edges", True, "https://het.io/about/#license"),
    rank=60,
    files=(
        SourceFile(
            "nodes",
            ("hetionet-v1.0-nodes.tsv", "hetionet/nodes.tsv"),
            tsv("id", "name", "kind"),
            nodes,
            remote=Remote(f"{_NETWORK}/hetionet-v1.0-nodes.tsv", _RELEASE, rows=47_031),
            pins=(Pin("v1.0", "3ad9eb86c031df8bc7d5efefa6edc93562182eb9a6a71e5129d3f18b9d42c50e", 47_031),),
        ),
        SourceFile(
            "edges",
            ("hetionet-v1.0-edges.sif", "hetionet/edges.sif", "hetionet/edges-5k.sif"),
            tsv("source", "metaedge", "target"),
            edges,
            remote=Remote(
                f"{_NETWORK}/hetionet-v1.0-edges.sif.gz",
                _RELEASE,
                sha256="611f0411ac666be4e0270e54bbca67407e14720bfc3099311f0f5eec25c5a947",
                size_bytes=12_401_407,
                rows=2_250_197,
                second_hand=True,
            ),
            pins=(
                Pin("v1.0", "5efce3dea9abf43e75e88da44999e81ddd1f58165e413f6c679b5084306b6fdd", 99_676, subset=True),
            ),
        ),
        SourceFile(
            "bindings",
            ("CbG-binding.tsv",),
            tsv("drugbank_id", "entrez_gene_id", "sources", "pubmed_ids", "actions", "affinity_nM", "license"),
            bindings,
            remote=Remote(f"{_TABLES}/CbG-binding.tsv", _RELEASE, rows=24_687),
            required=False,
            pins=(Pin("v1.0", "6918200b27b90f312c6e6bc636079eb6f72f006aeda308144c1f1fc5cae6fced", 24_687),),
        ),
        SourceFile(
            "disease_genes",
            ("DaG-association.tsv",),
            tsv("doid_id", "entrez_gene_id", "sources", "license"),
            disease_genes,
            remote=Remote(f"{_TABLES}/DaG-association.tsv", _RELEASE, rows=12_623),
            required=False,
            pins=(Pin("v1.0", "571b45f4007045d904d926d8a01840f359345d37bc9d1db15d4dab1d38691e84", 12_623),),
        ),
    ),
)
