"""Reactome: pathways, their hierarchy, and the genes, proteins, chemicals and complexes that take part in them."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from etl.formats import GeneSets, tsv
from etl.rows import Rows
from etl.source import Licence, Pin, Remote, Source, SourceFile
from warehouse.statements import ROW, Reason, Stated, entities, relationships

_RELEASE = "94"
_FOLDER = f"https://reactome.org/download/{_RELEASE}"

#: The letters by which stable identifiers name a species: the hierarchy says it in no other way.
_SPECIES_CODES = {
    "Bos taurus": "BTA",
    "Caenorhabditis elegans": "CEL",
    "Canis familiaris": "CFA",
    "Danio rerio": "DRE",
    "Dictyostelium discoideum": "DDI",
    "Drosophila melanogaster": "DME",
    "Gallus gallus": "GGA",
    "Homo sapiens": "HSA",
    "Mus musculus": "MMU",
    "Mycobacterium tuberculosis": "MTU",
    "Plasmodium falciparum": "PFA",
    "Rattus norvegicus": "RNO",
    "Saccharomyces cerevisiae": "SCE",
    "Schizosaccharomyces pombe": "SPO",
    "Sus scrofa": "SSC",
    "Xenopus tropicalis": "XTR",
}

_STABLE_ID = r"^R-[A-Z]{3}-\d+(\.\d+)?$"


def _curie(column: str) -> pl.Expr:
    return "reactome:" + pl.col(column)


def _with_stable_ids(rows: Rows, *columns: str) -> Rows:
    for column in columns:
        fits = pl.col(column).str.contains(_STABLE_ID)
        rows = rows.reject(~fits | fits.is_null(), Reason.BAD_IDENTIFIER, f"{column} is no stable identifier")
    return rows


def _of_species(rows: Rows, column: str) -> Rows:
    """The rows whose stable identifier belongs to a species that is wanted."""
    codes = [_SPECIES_CODES[name] for name in rows.options.species if name in _SPECIES_CODES]
    return rows.only(pl.col(column).str.slice(2, 3).is_in(codes))


def pathways(rows: Rows) -> Iterator[Stated]:
    """`ReactomePathways.txt`: stable id, name, species."""
    rows = _with_stable_ids(rows.only(pl.col("organism").is_in(rows.options.species)), "id")
    frame = rows.frame.with_columns(id=_curie("id"), data_sources=pl.lit(["Reactome"]))
    yield entities("Pathway", frame, unique=True)


def hierarchy(rows: Rows) -> Iterator[Stated]:
    """`ReactomePathwaysRelation.txt`: parent, child."""
    rows = _of_species(_with_stable_ids(rows, "parent", "child"), "child")
    yield relationships(
        "PART_OF", rows.frame.select(ROW, subject=_curie("child"), object=_curie("parent")), unique=True
    )


def gene_sets(rows: Rows) -> Iterator[Stated]:
    """`ReactomePathways.gmt`: name, stable id, gene symbols."""
    rows = _with_stable_ids(rows, "description")
    members = rows.frame.explode("members").select(
        ROW, subject="hgnc.symbol:" + pl.col("members"), object=_curie("description")
    )
    yield relationships("PARTICIPATES_IN", members, listed=True)


def _participants(rows: Rows, prefix: str) -> Rows:
    """The six columns of `<database>2Reactome`, of the wanted species, with CURIEs."""
    rows = _with_stable_ids(rows.only(pl.col("organism").is_in(rows.options.species)), "pathway")
    return rows.with_columns(subject=prefix + pl.col("participant"), object=_curie("pathway"))


def _memberships(rows: Rows) -> Stated:
    columns = [ROW, "subject", "object", pl.concat_list("evidence_code").alias("evidence_codes")]
    return relationships("PARTICIPATES_IN", rows.frame.select(columns))


def proteins(rows: Rows) -> Iterator[Stated]:
    """`UniProt2Reactome_All_Levels.txt`: every protein of every pathway at every level."""
    rows = _participants(rows, "uniprot:")
    yield entities("Protein", rows.frame.select(ROW, id="subject"))
    yield _memberships(rows)


def chemicals(rows: Rows) -> Iterator[Stated]:
    """`ChEBI2Reactome_All_Levels.txt`: every chemical of every pathway at every level."""
    rows = _participants(rows, "chebi:")
    yield entities("SmallMolecule", rows.frame.select(ROW, id="subject"))
    yield _memberships(rows)


def micro_rnas(rows: Rows) -> Iterator[Stated]:
    """`miRBase2Reactome.txt`: genes of micro-RNAs, by their miRBase accession."""
    yield _memberships(_participants(rows, "mirbase:"))


def resaved_proteins(rows: Rows) -> Iterator[Stated]:
    """A table of accession and stable id, as analysis packages re-save the protein memberships."""
    rows = _of_species(_with_stable_ids(rows, "translation"), "translation")
    yield entities("Protein", rows.frame.select(ROW, id="uniprot:" + pl.col("input")))
    memberships = rows.frame.select(ROW, subject="uniprot:" + pl.col("input"), object=_curie("translation"))
    yield relationships("PARTICIPATES_IN", memberships)


def complexes(rows: Rows) -> Iterator[Stated]:
    """`ComplexParticipantsPubMedIdentifiers_human.txt`: complexes, their proteins and chemicals, and papers."""
    rows = _with_stable_ids(rows, "identifier")
    complex_id = "reactome.complex:" + pl.col("identifier")
    yield entities("Complex", rows.frame.select(ROW, "name", id=complex_id), unique=True)
    parts = rows.frame.select(
        ROW,
        object=complex_id,
        part=pl.col("participants").str.split("|"),
        pubmed_ids=pl.col("pubmedIdentifiers").str.split("|").list.filter(pl.element() != "-"),
    ).explode("part")
    for database, prefix, label in (("uniprot", "uniprot:", "Protein"), ("chebi", "chebi:", "SmallMolecule")):
        found = parts.filter(pl.col("part").str.starts_with(database + ":"))
        members = found.with_columns(subject=prefix + pl.col("part").str.split(":").list.last()).drop("part")
        yield entities(label, members.select(ROW, id="subject"), listed=True)
        yield relationships("PART_OF", members, listed=True)


def complex_pathways(rows: Rows) -> Iterator[Stated]:
    """`Complex_2_Pathway_human.txt`: the pathways of a complex."""
    rows = _with_stable_ids(rows, "complex", "pathway")
    columns = {"subject": "reactome.complex:" + pl.col("complex"), "object": _curie("pathway")}
    yield relationships("PARTICIPATES_IN", rows.frame.select(ROW, **columns))


_SIX_COLUMNS = ("participant", "pathway", "url", "name", "evidence_code", "organism")


def _memberships_file(part: str, name: str, parse: object, rows: int, *patterns: str) -> SourceFile:
    """A file of the family `<database>2Reactome`."""
    return SourceFile(
        part,
        (f"{name}.txt", *patterns),
        tsv(*_SIX_COLUMNS, header=False),
        parse,  # type: ignore[arg-type]
        remote=Remote(f"{_FOLDER}/{name}.txt", _RELEASE, rows=rows),
        required=False,
    )


SOURCE = Source(
    name="reactome",
    title="Reactome",
    description="Curated human pathways, their hierarchy and their participants.",
    homepage="https://reactome.org",
    licence=Licence("CC0-1.0", True, "https://reactome.org/license"),
    rank=20,
    files=(
        SourceFile(
            "pathways",
            ("ReactomePathways.txt", "reactome_pathways_names*.txt"),
            tsv("id", "name", "organism", header=False),
            pathways,
            remote=Remote(f"{_FOLDER}/ReactomePathways.txt", _RELEASE, rows=22608),
            pins=(
                Pin("2025-01-21", "2d020901a9e12b3796c8fe8ef38b829d690b08e56f1aaa19c95b70018e44cfe1", 22608),
                Pin("2023", "148a080bfc0e3d4dec56315523081164378626b49882d333f73d105da6f2ad50", 22221),
            ),
        ),
        SourceFile(
            "hierarchy",
            ("ReactomePathwaysRelation.txt", "reactome_pathways_relation*.txt"),
            tsv("parent", "child", header=False),
            hierarchy,
            remote=Remote(f"{_FOLDER}/ReactomePathwaysRelation.txt", _RELEASE, rows=22746),
            pins=(Pin("2025-01-14", "e9a6ae352083f03a9ff27759a7fc25750e6004a1d8e5c22deaa307d103e6978b", 22746),),
        ),
        SourceFile(
            "gene_sets",
            ("ReactomePathways.gmt",),
            GeneSets(),
            gene_sets,
            remote=Remote(f"{_FOLDER}/ReactomePathways.gmt.zip", _RELEASE, rows=2751),
            required=False,
            pins=(Pin("2025-01", "2b7a1f9db143cf19dd1483a612831e8a5a548b5c6937ac6f9b0afb2e3b7d2438", 2751),),
        ),
        _memberships_file("proteins", "UniProt2Reactome_All_Levels", proteins, 800_000),
        _memberships_file("chemicals", "ChEBI2Reactome_All_Levels", chemicals, 150_000),
        _memberships_file("micro_rnas", "miRBase2Reactome", micro_rnas, 87, "mirbase_2_reactome*.txt"),
        SourceFile(
            "resaved_proteins",
            ("*uniprot2reactome_translation.tsv",),
            tsv("input", "translation"),
            resaved_proteins,
            required=False,
            pins=(Pin("2025-01", "fce10720295b9a6451df54bd2280294fc06a1d6fe02a67da8338eeead01d1a0d", 49736),),
        ),
        SourceFile(
            "complexes",
            ("ComplexParticipantsPubMedIdentifiers_human.txt",),
            tsv("identifier", "name", "participants", "participatingComplex", "pubmedIdentifiers"),
            complexes,
            remote=Remote(f"{_FOLDER}/ComplexParticipantsPubMedIdentifiers_human.txt", _RELEASE, rows=15_000),
            required=False,
        ),
        SourceFile(
            "complex_pathways",
            ("Complex_2_Pathway_human.txt",),
            tsv("complex", "pathway", "top_level_pathway"),
            complex_pathways,
            remote=Remote(f"{_FOLDER}/Complex_2_Pathway_human.txt", _RELEASE, rows=30_000),
            required=False,
        ),
    ),
)
