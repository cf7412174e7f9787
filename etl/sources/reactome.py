"""Reactome: pathways, their hierarchy, and the genes, proteins, chemicals and complexes that take part in them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import polars as pl

from etl.formats import GeneSets, tsv
from etl.identifiers import is_uniprot, refer, uniprot_id
from etl.listings import Listing
from etl.rows import Rows
from etl.source import Licence, Pin, Remote, Source, SourceFile
from etl.species import HUMAN, wanted_species
from warehouse.statements import ROW, Reason, Stated, entities, relationships

_RELEASE = "97"
_FOLDER = f"https://download.reactome.org/{_RELEASE}"

_STABLE_ID = r"^R-[A-Z]{3}-\d+(\.\d+)?$"
_COMPLEX = "reactome.complex"
_ASSERTED = pl.lit("asserted")


def _curie(column: str, prefix: str = "reactome") -> pl.Expr:
    """The CURIE of a stable identifier, without the number of its version."""
    return f"{prefix}:" + pl.col(column).str.replace(r"\.\d+$", "")


def _with_stable_ids(rows: Rows, *columns: str) -> Rows:
    for column in columns:
        fits = pl.col(column).str.contains(_STABLE_ID).fill_null(False)
        rows = rows.reject(~fits, Reason.BAD_IDENTIFIER, f"{column} is no stable identifier", pl.col(column))
    return rows


def _with_proteins(rows: Rows, column: str) -> Rows:
    return rows.reject(~is_uniprot(column), Reason.BAD_IDENTIFIER, "no UniProt accession", pl.col(column))


def _of_organism(rows: Rows) -> Rows:
    """The rows whose organism is wanted; a row without an organism is set aside."""
    rows = rows.reject(pl.col("organism").is_null(), Reason.MISSING_VALUE, "organism")
    return rows.only(pl.col("organism").is_in([species.name for species in wanted_species(rows.options.species)]))


def _of_species(rows: Rows, column: str) -> Rows:
    """The rows whose stable identifier belongs to a species that is wanted: its letters say it where no column does."""
    codes = [species.reactome_code for species in wanted_species(rows.options.species)]
    return rows.only(pl.col(column).str.slice(2, 3).is_in(codes))


def pathways(rows: Rows) -> Iterator[Stated]:
    """`ReactomePathways.txt`: stable id, name, species."""
    rows = _of_organism(_with_stable_ids(rows, "id"))
    frame = rows.frame.with_columns(id=_curie("id"), data_sources=pl.lit(["Reactome"], pl.List(pl.String)))
    yield entities("Pathway", frame, unique=True)


def hierarchy(rows: Rows) -> Iterator[Stated]:
    """`ReactomePathwaysRelation.txt`: parent, child."""
    rows = _of_species(_with_stable_ids(rows, "parent", "child"), "child")
    parts = rows.frame.select(ROW, subject=_curie("child"), object=_curie("parent"), evidence=_ASSERTED)
    yield relationships("PART_OF", parts, unique=True)


def gene_sets(rows: Rows) -> Iterator[Stated]:
    """`ReactomePathways.gmt`: name, stable id, gene symbols."""
    rows = _of_species(_with_stable_ids(rows, "description"), "description")
    members = rows.frame.explode("members").select(
        ROW, subject=refer("hgnc.symbol", "members"), object=_curie("description"), evidence=_ASSERTED
    )
    yield relationships("PARTICIPATES_IN", members, listed=True)


def _participants(rows: Rows) -> Rows:
    """The six columns of `<database>2Reactome`, of the wanted species, with the pathway as `object`."""
    return _of_organism(_with_stable_ids(rows, "pathway")).with_columns(object=_curie("pathway"))


def _memberships(rows: Rows, participant: pl.Expr, label: str | None) -> Iterator[Stated]:
    """Participants, as entities where Reactome introduces them, and their memberships."""
    rows = rows.with_columns(subject=participant)
    if label is not None:
        yield entities(label, rows.frame.select(ROW, id="subject").unique("id", keep="first", maintain_order=True))
    codes = [pl.concat_list(column).alias("evidence_codes") for column in rows.frame.columns if column == "evidence"]
    members = rows.frame.select(ROW, "subject", "object", *codes, _ASSERTED.alias("evidence"))
    yield relationships("PARTICIPATES_IN", members)


def proteins(rows: Rows) -> Iterator[Stated]:
    """`UniProt2Reactome_All_Levels.txt`: every protein of every pathway at every level; isoforms as their protein."""
    yield from _memberships(_with_proteins(_participants(rows), "participant"), uniprot_id("participant"), "Protein")


def chemicals(rows: Rows) -> Iterator[Stated]:
    """`ChEBI2Reactome_All_Levels.txt`: every chemical of every pathway at every level."""
    rows = _participants(rows)
    numbered = pl.col("participant").str.contains(r"^\d+$").fill_null(False)
    rows = rows.reject(~numbered, Reason.BAD_IDENTIFIER, "no ChEBI number", pl.col("participant"))
    yield from _memberships(rows, refer("chebi", "participant"), "SmallMolecule")


def micro_rnas(rows: Rows) -> Iterator[Stated]:
    """`miRBase2Reactome.txt`: genes of micro-RNAs, by their miRBase accession."""
    yield from _memberships(_participants(rows), refer("mirbase", "participant"), None)


def resaved_proteins(rows: Rows) -> Iterator[Stated]:
    """A table of accession and stable id, as analysis packages re-save the protein memberships."""
    rows = _with_proteins(_of_species(_with_stable_ids(rows, "translation"), "translation"), "input")
    yield from _memberships(rows.with_columns(object=_curie("translation")), uniprot_id("input"), "Protein")


def complexes(rows: Rows) -> Iterator[Stated]:
    """`ComplexParticipantsPubMedIdentifiers_human.txt`: complexes, what they are made of, and papers.

    Parts of databases that the model does not know (sequences of ENA, for instance) are set aside one by one.
    """
    rows = _with_stable_ids(rows, "identifier")
    whole_id = _curie("identifier", _COMPLEX)
    yield entities("Complex", rows.frame.select(ROW, "name", id=whole_id, organism=pl.lit(HUMAN.name)), unique=True)
    whole = rows.frame.select(
        *(ROW, "participants", "participatingComplex"),
        object=whole_id,
        pubmed_ids=_listed("pubMedIdentifiers"),
        evidence=_ASSERTED,
    )
    inner = _parts(whole, "participatingComplex").with_columns(subject=_curie("subject", _COMPLEX))
    yield relationships("PART_OF", inner, listed=True)
    parts = _parts(whole, "participants").with_columns(pl.col("subject").str.replace(r"^(uniprot:\w+)-\d+$", "$1"))
    for prefix, label in (("uniprot:", "Protein"), ("chebi:", "SmallMolecule")):
        of_kind = parts.filter(pl.col("subject").str.starts_with(prefix))
        yield entities(label, of_kind.select(ROW, id="subject"), listed=True)
    yield relationships("PART_OF", parts, listed=True)


def _listed(column: str) -> pl.Expr:
    """The texts of a list; `-` stands for none."""
    return pl.col(column).replace("-", None).str.split("|")


def _parts(whole: pl.DataFrame, column: str) -> pl.DataFrame:
    """A line for each part of a complex, as `subject`."""
    parts = whole.with_columns(subject=_listed(column)).explode("subject").drop_nulls("subject")
    return parts.select(ROW, "subject", "object", "pubmed_ids", "evidence")


def complex_pathways(rows: Rows) -> Iterator[Stated]:
    """`Complex_2_Pathway_human.txt`: the pathways of a complex."""
    rows = _with_stable_ids(rows, "complex", "pathway")
    frame = rows.frame.select(ROW, subject=_curie("complex", _COMPLEX), object=_curie("pathway"), evidence=_ASSERTED)
    yield relationships("PARTICIPATES_IN", frame)


_SIX_COLUMNS = ("participant", "pathway", "url", "name", "evidence", "organism")


def _memberships_file(
    part: str,
    name: str,
    parse: Callable[[Rows], Iterable[Stated]],
    rows: int | None = None,
    patterns: tuple[str, ...] = (),
) -> SourceFile:
    """A file of the family `<database>2Reactome`."""
    return SourceFile(
        part,
        (f"{name}.txt", *patterns),
        tsv(*_SIX_COLUMNS, header=False),
        parse,
        remote=Remote(f"{_FOLDER}/{name}.txt", _RELEASE, rows=rows),
        required=False,
    )


SOURCE = Source(
    name="reactome",
    title="Reactome",
    description="Curated human pathways, their hierarchy and their participants.",
    homepage="https://reactome.org",
    licence=Licence("CC0-1.0", True, "https://reactome.org/license"),
    listing=Listing(
        "https://reactome.org/ContentService/data/database/version",
        r"\A\s*(?P<release>\d+)\s*\Z",
        "https://download.reactome.org/{release}/",
    ),
    rank=20,
    files=(
        SourceFile(
            "pathways",
            ("ReactomePathways.txt", "reactome_pathways_names*.txt"),
            tsv("id", "name", "organism", header=False),
            pathways,
            remote=Remote(
                f"{_FOLDER}/ReactomePathways.txt",
                _RELEASE,
                sha256="f6d7a2bf89b5bcfe0250a0bc7f51bff94641447911712b8ff129f5b55e52df3a",
                size_bytes=1_592_393,
                rows=22_608,
                second_hand=True,
            ),
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
            remote=Remote(
                f"{_FOLDER}/ReactomePathwaysRelation.txt",
                _RELEASE,
                sha256="fd49a624d80c14eb37ae57a02e141d574d5ede3f60022bb99edbd909448a3f1e",
                size_bytes=634_259,
                rows=22_746,
                second_hand=True,
            ),
            pins=(Pin("2025-01-14", "e9a6ae352083f03a9ff27759a7fc25750e6004a1d8e5c22deaa307d103e6978b", 22746),),
        ),
        SourceFile(
            "gene_sets",
            ("ReactomePathways.gmt",),
            GeneSets(),
            gene_sets,
            remote=Remote(
                f"{_FOLDER}/ReactomePathways.gmt.zip",
                _RELEASE,
                sha256="8c1dbc8578431da5d2d5118262718c60b553a9be3398e93658daa069e4a9afd4",
                size_bytes=298_479,
                rows=2_751,
                second_hand=True,
            ),
            required=False,
            pins=(Pin("2025-01", "2b7a1f9db143cf19dd1483a612831e8a5a548b5c6937ac6f9b0afb2e3b7d2438", 2751),),
        ),
        _memberships_file("proteins", "UniProt2Reactome_All_Levels", proteins, 700_000),
        _memberships_file("chemicals", "ChEBI2Reactome_All_Levels", chemicals),
        _memberships_file("micro_rnas", "miRBase2Reactome", micro_rnas, 87, ("mirbase_2_reactome*.txt",)),
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
            tsv("identifier", "name", "participants", "participatingComplex", "pubMedIdentifiers"),
            complexes,
            remote=Remote(f"{_FOLDER}/ComplexParticipantsPubMedIdentifiers_human.txt", _RELEASE, rows=14_000),
            required=False,
        ),
        SourceFile(
            "complex_pathways",
            ("Complex_2_Pathway_human.txt",),
            tsv("complex", "pathway", "top_level_pathway"),
            complex_pathways,
            remote=Remote(f"{_FOLDER}/Complex_2_Pathway_human.txt", _RELEASE, rows=25_000),
            required=False,
        ),
    ),
)
