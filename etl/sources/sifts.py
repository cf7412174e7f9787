"""SIFTS: which protein, family, structural domain and enzyme class each chain of the Protein Data Bank stands for.

The publisher keeps only the current week; its release is the date in the first line of each file. A statement covers
all chains of an entry, and its row is the first of those that say so: rows are checked before they are put together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import polars as pl

from etl.formats import csv
from etl.identifiers import uniprot_id
from etl.listings import Modified
from etl.rows import Rows
from etl.source import Licence, Pin, Remote, Source, SourceFile
from etl.sources._structures import EC_NUMBER, is_pdb, pdb_id, with_pdb_ids, with_uniprot_ids
from warehouse.statements import ROW, Reason, Stated, Statements, entities, relationships

_FOLDER = "https://ftp.ebi.ac.uk/pub/databases/msd/sifts/flatfiles/csv"
_RELEASE = "2019-10-12"


def _entities(label: str, frame: pl.DataFrame, column: str, name: str | None = None) -> Statements:
    """Every entity that a column names, once."""
    columns = {"id": pl.col(column)} | ({} if name is None else {"name": pl.col(name)})
    return entities(
        label, frame.select(ROW, **columns).drop_nulls("id").unique("id", keep="first", maintain_order=True)
    )


def _together(frame: pl.DataFrame, subject: str, object_: str, **combined: pl.Expr) -> pl.DataFrame:
    """One statement for each pair, of all rows that name it."""
    pairs = frame.drop_nulls([subject, object_]).group_by(subject=subject, object=object_, maintain_order=True)
    return pairs.agg(pl.col(ROW).first(), evidence=pl.lit("asserted"), **combined)


def _identified(rows: Rows, protein: str = "SP_PRIMARY") -> Rows:
    """The rows whose identifiers fit, with the CURIEs of `protein` and `structure`."""
    rows = with_uniprot_ids(with_pdb_ids(rows, "PDB"), protein)
    return rows.with_columns(protein=uniprot_id(protein), structure=pdb_id("PDB"))


def proteins(rows: Rows) -> Iterator[Stated]:
    """`pdb_chain_uniprot.csv`: aligned segments of chain and protein.

    A segment that ends before it begins belongs to a circularly permuted chain: the range of its residues is left
    empty, and the segment is kept as it stands. A segment of which a residue is not known is none.
    """
    rows = _identified(rows)
    ends = {name: pl.col(name).cast(pl.Int64, strict=False) for name in ("SP_BEG", "SP_END")}
    unreadable = {name: number.is_null() & pl.col(name).is_not_null() for name, number in ends.items()}
    rows = rows.blank(unreadable, Reason.BAD_VALUE, pl.col("PDB"))
    rows = rows.blank({name: number < 1 for name, number in ends.items()}, Reason.OUT_OF_RANGE, pl.col("PDB"))
    first, last = ends.values()
    segment = pl.format("{}:{}-{}", "CHAIN", "SP_BEG", "SP_END")
    yield _entities("Protein", rows.frame, "protein")
    yield _entities("Structure", rows.frame, "structure")
    yield relationships(
        "HAS_STRUCTURE",
        _together(
            rows.frame.with_columns(segment=segment),
            "protein",
            "structure",
            chains=pl.col("CHAIN"),
            residue_start=first.filter(first <= last).min(),
            residue_end=last.filter(first <= last).max(),
            segments=pl.col("segment"),
        ),
    )


def protein_structures(rows: Rows) -> Iterator[Stated]:
    """`uniprot_pdb.csv`: a protein and all its structures."""
    rows = with_uniprot_ids(rows, "SP_PRIMARY").with_columns(protein=uniprot_id("SP_PRIMARY"))
    yield _entities("Protein", rows.frame, "protein")
    each = rows.frame.select(ROW, subject="protein", entry=pl.col("PDB").str.split(";")).explode("entry")
    yield _entities("Structure", each.filter(is_pdb("entry")).with_columns(id=pdb_id("entry")), "id")
    structure = pl.when(is_pdb("entry")).then(pdb_id("entry")).otherwise(pl.col("entry"))
    pairs = each.select(ROW, "subject", object=structure, evidence=pl.lit("asserted"))
    yield relationships("HAS_STRUCTURE", pairs, listed=True)


def families(rows: Rows) -> Iterator[Stated]:
    """`pdb_chain_pfam.csv`: Pfam families of chains, and the share of the family's domain that is seen."""
    rows = _identified(rows)
    fits = pl.col("PFAM_ID").str.contains(r"^PF\d{5}$").fill_null(False)
    rows = rows.reject(~fits, Reason.BAD_IDENTIFIER, "PFAM_ID is no Pfam accession", pl.col("PDB"))
    share = pl.col("COVERAGE").cast(pl.Float64, strict=False)
    wrong = ~share.is_between(0, 1).fill_null(False) & pl.col("COVERAGE").is_not_null()
    rows = rows.blank({"COVERAGE": wrong}, Reason.OUT_OF_RANGE, pl.col("PDB"))
    rows = rows.with_columns(family="pfam:" + pl.col("PFAM_ID"), share=share)
    yield from (_entities("Protein", rows.frame, "protein"), _entities("Structure", rows.frame, "structure"))
    yield _entities("ProteinFamily", rows.frame, "family")
    coverage = pl.col("share").max()
    of_proteins = _together(rows.frame, "protein", "family", coverage=coverage)
    of_structures = _together(rows.frame, "structure", "family", chains=pl.col("CHAIN"), coverage=coverage)
    yield relationships("HAS_DOMAIN", pl.concat([of_proteins, of_structures], how="diagonal"))


def _structural_domains(rows: Rows, domain: pl.Expr, name: str) -> Iterator[Stated]:
    rows = _identified(rows).with_columns(domain=domain)
    fits = pl.col("domain").str.contains(r"^[a-z.]+:\S+$").fill_null(False)
    rows = rows.reject(~fits, Reason.BAD_IDENTIFIER, "the domain has no identifier", pl.col("PDB"))
    yield from (_entities("Protein", rows.frame, "protein"), _entities("Structure", rows.frame, "structure"))
    yield _entities("StructuralDomain", rows.frame, "domain", name)
    yield relationships("HAS_STRUCTURAL_DOMAIN", _together(rows.frame, "structure", "domain", chains=pl.col("CHAIN")))


def cath_domains(rows: Rows) -> Iterator[Stated]:
    """`pdb_chain_cath_uniprot.csv`: the domains of CATH."""
    yield from _structural_domains(rows, "cath.domain:" + pl.col("CATH_ID"), "CATH_ID")


def scop_domains(rows: Rows) -> Iterator[Stated]:
    """`pdb_chain_scop_uniprot.csv`: the domains of SCOP, keyed by their number, named by their identifier."""
    yield from _structural_domains(rows, "scop:" + pl.col("SUNID"), "SCOP_ID")


def enzymes(rows: Rows) -> Iterator[Stated]:
    """`pdb_chain_enzyme.csv`: EC numbers of chains; a chain may have one without being any protein's."""
    rows = rows.with_columns(ACCESSION=pl.col("ACCESSION").str.strip_chars().replace("", None))
    rows = with_uniprot_ids(with_pdb_ids(rows, "PDB"), "ACCESSION", required=False)
    fits = pl.col("EC_NUMBER").str.contains(EC_NUMBER).fill_null(False)
    rows = rows.reject(~fits, Reason.BAD_IDENTIFIER, "EC_NUMBER is no enzyme class", pl.col("PDB"))
    rows = rows.with_columns(
        protein=uniprot_id("ACCESSION"), structure=pdb_id("PDB"), enzyme="ec:" + pl.col("EC_NUMBER")
    )
    yield from (_entities("Protein", rows.frame, "protein"), _entities("Structure", rows.frame, "structure"))
    yield _entities("EnzymeClass", rows.frame, "enzyme")
    of_proteins = _together(rows.frame, "protein", "enzyme")
    of_structures = _together(rows.frame, "structure", "enzyme", chains=pl.col("CHAIN"))
    yield relationships("HAS_ENZYME_ACTIVITY", pl.concat([of_proteins, of_structures], how="diagonal"))


def _file(
    part: str,
    name: str,
    columns: tuple[str, ...],
    parse: Callable[[Rows], Iterator[Stated]],
    pin: Pin,
    *,
    rows: int | tuple[int, int] | None = None,
) -> SourceFile:
    """A file of the family; only the one of the proteins is required."""
    return SourceFile(
        part,
        (f"{name}.csv",),
        csv(*columns, comment="#", quote=False),
        parse,
        remote=Remote(f"{_FOLDER}/{name}.csv.gz", "current", rows=rows or pin.rows),
        required=part == "proteins",
        pins=(pin,),
    )


SOURCE = Source(
    name="sifts",
    title="SIFTS",
    description="Residue-level mapping of PDB chains to UniProt, Pfam, CATH, SCOP and enzyme classes, by PDBe.",
    homepage="https://www.ebi.ac.uk/pdbe/docs/sifts/",
    listing=Modified("proteins"),
    licence=Licence("CC-BY-4.0", True, "https://www.ebi.ac.uk/pdbe/docs/sifts/"),
    rank=25,
    files=(
        _file(
            "proteins",
            "pdb_chain_uniprot",
            ("PDB", "CHAIN", "SP_PRIMARY", "RES_BEG", "RES_END", "PDB_BEG", "PDB_END", "SP_BEG", "SP_END"),
            proteins,
            Pin(_RELEASE, "25e973447a5a2a453dab1e50e705c03e9e14d45f28d546656ffd867d767fc643", 470_770),
        ),
        _file(
            "protein_structures",
            "uniprot_pdb",
            ("SP_PRIMARY", "PDB"),
            protein_structures,
            Pin(_RELEASE, "030aff1e32479e801b20066da951fe7cbde78bc7e4b70d51225f958502e79876", 48_650),
        ),
        _file(
            "families",
            "pdb_chain_pfam",
            ("PDB", "CHAIN", "SP_PRIMARY", "PFAM_ID", "COVERAGE"),
            families,
            Pin(_RELEASE, "083b604b06d287fe0b5e6838221376c61dc1b120ad0c5060c16796932c0f74da", 511_374),
        ),
        _file(
            "cath_domains",
            "pdb_chain_cath_uniprot",
            ("PDB", "CHAIN", "SP_PRIMARY", "CATH_ID"),
            cath_domains,
            Pin(_RELEASE, "8dd965be87f4eb7c63f24eacd775e85ecb022053aaa980c2fb15174b4f90d710", 391_519),
        ),
        _file(
            "scop_domains",
            "pdb_chain_scop_uniprot",
            ("PDB", "CHAIN", "SP_PRIMARY", "SUNID", "SCOP_ID"),
            scop_domains,
            Pin(_RELEASE, "0fecc8dae12a9be84d1f51caebace2bcb993c99abd413199afe7bb3bb199cc4f", 104_723),
        ),
        _file(
            "enzymes",
            "pdb_chain_enzyme",
            ("PDB", "CHAIN", "ACCESSION", "EC_NUMBER"),
            enzymes,
            Pin(_RELEASE, "02b94d656d5b98f989b22f310a5c13821880af2912a3f7829ee30e0b9c75c1b0", 215_427),
        ),
    ),
)
