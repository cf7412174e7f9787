"""Pathway Commons: interactions and pathways of public databases, made one.

Versions 7 to 14 are read; from 13 on the files carry no version in their names (`pc-hgnc.txt.gz`), and pathways of
databases without an entry at identifiers.org are named by the prefix of their database (`pid:pid_10168`).

Every data source keeps its own terms. Interactions that name TRANSFAC, alone or beside others, carry a licence that
says that they must never be redistributed; for the others Pathway Commons states no licence, and none is filled in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from etl.formats import GeneSets, Stacked, tsv
from etl.formats.content import open_content
from etl.identifiers import is_uniprot, refer
from etl.listings import Listing
from etl.rows import Rows
from etl.source import Licence, Pin, Remote, Source, SourceFile
from etl.sources._encoded import encoded_proteins
from etl.species import wanted_species
from warehouse.errors import SourceError
from warehouse.model.relationships import PATHWAY_COMMONS
from warehouse.statements import ROW, Reason, Stated, entities, relationships

_RELEASE = "v14"
_VERSION_12 = "v12"
_VERSIONS = "https://download.baderlab.org/PathwayCommons/PC2/"
_FOLDER = f"{_VERSIONS}{_RELEASE}"

_TYPES = [declared.name for declared in PATHWAY_COMMONS]

_TRANSFAC_LICENCE = "TRANSFAC: not redistributable"

#: The data sources, which one release writes in capitals and another does not.
_DATA_SOURCES = {
    name.lower(): name
    for name in (
        *("BIND", "Biofactoid", "BioGRID", "ChEBI", "CORUM", "CTD", "DIP", "DrugBank", "HPRD", "HumanCyc", "InnateDB"),
        *("INOH", "IntAct", "KEGG"),
        *("mirTarBase", "MSigDB", "NetPath", "PANTHER", "PathBank", "PhosphoSite", "PID", "Reactome", "Recon X"),
        *("SMPDB", "TRANSFAC", "WikiPathways"),
    )
} | {"phosphositeplus": "PhosphoSite", "nci-pid": "PID", "reconx": "Recon X"}

_PATHWAY_URI = r"^https?://(?:identifiers\.org|bioregistry\.io)/([a-z.]+)[/:](\S+)$"
_OWN_URI = r"^https?://(?:www\.)?pathwaycommons\.org/pc\d+/(\S+)$"
#: The databases whose pathways are taken, by the prefix of their identifiers.
_DATABASES = (
    *("reactome", "kegg.pathway", "panther.pathway", "smpdb", "pathbank", "wikipathways", "pathwaycommons"),
    *("biofactoid", "humancyc", "inoh", "netpath", "pid"),
)
_PATHWAY_ID = rf"^(?:{'|'.join(map(re.escape, _DATABASES))}):\S+$"
#: A chemical, whose prefix one version writes in capitals and another does not.
_CHEBI = r"(?i)^chebi:(\d+)$"
_GENE_SET = (
    r"^name: (?P<name>.*); datasource: (?P<data_source>[^;]*); organism: (?P<taxon_id>\d+); idtype: (?P<id_type>.*)$"
)


def _pathway_id(uri: pl.Expr) -> pl.Expr:
    """The CURIE of a pathway: of the database that it comes from, or else Pathway Commons' own."""
    return uri.str.replace(_PATHWAY_URI, "$1:$2").str.replace(_OWN_URI, "pathwaycommons:$1")


def _with_pathways(rows: Rows, column: str) -> Rows:
    rows = rows.with_columns(id=_pathway_id(pl.col(column)))
    known = pl.col("id").str.contains(_PATHWAY_ID).fill_null(False)
    return rows.reject(~known, Reason.BAD_IDENTIFIER, "the pathway's address is of no known database", pl.col(column))


def _data_sources(column: str) -> pl.Expr:
    name = pl.element().str.strip_chars()
    known = name.str.to_lowercase().replace_strict(_DATA_SOURCES, default=name)
    return pl.col(column).str.split(";").list.eval(known)


def _interactions(rows: Rows) -> Rows:
    """The rows with `subject`, `object` and `type`; what names no participant or no declared type is set aside."""
    for column in ("PARTICIPANT_A", "PARTICIPANT_B"):
        name = pl.col(column)
        rows = rows.reject(name.is_null(), Reason.MISSING_VALUE, column)
        bad = name.str.contains(r"\s") | (name.str.contains("(?i)^chebi:") & ~name.str.contains(_CHEBI))
        rows = rows.reject(bad, Reason.BAD_IDENTIFIER, pl.format(f"{column}={{}}", name))
    type_name = pl.col("INTERACTION_TYPE").str.to_uppercase().str.replace_all("-", "_")
    rows = rows.with_columns(
        type=type_name, subject=_participant("PARTICIPANT_A"), object=_participant("PARTICIPANT_B")
    )
    unknown = ~pl.col("type").is_in(_TYPES).fill_null(False)
    return rows.reject(unknown, Reason.UNKNOWN_TYPE, pl.col("INTERACTION_TYPE").fill_null("no type"))


def _participant(column: str) -> pl.Expr:
    chemical = "chebi:" + pl.col(column).str.extract(_CHEBI)
    return pl.coalesce(chemical, refer("hgnc.symbol", column))


def _stated(frame: pl.DataFrame) -> Iterator[Stated]:
    """Interactions by type, and the chemicals among their participants, each once."""
    ends = [frame.select(ROW, id=end) for end in ("subject", "object")]
    chemicals = pl.concat(ends).filter(pl.col("id").str.starts_with("chebi:"))
    yield entities("SmallMolecule", chemicals.sort(ROW, maintain_order=True).unique("id", maintain_order=True))
    for (name,), interactions in frame.partition_by("type", as_dict=True, include_key=False).items():
        yield relationships(str(name), interactions)


def extended_sif(rows: Rows) -> Iterator[Stated]:
    """`pc-hgnc.txt`, `PathwayCommons12.All.hgnc.txt`: interactions with their sources and papers, then participants."""
    if "PARTICIPANT" in rows.frame.columns:
        yield from _participants(rows)
        return
    pubmed = pl.col("INTERACTION_PUBMED_ID").replace("NA", None)
    rows = _interactions(rows)
    rows = rows.blank({"INTERACTION_PUBMED_ID": ~pubmed.str.contains(r"^\d+(;\d+)*$")}, Reason.BAD_IDENTIFIER)
    barred = pl.col("INTERACTION_DATA_SOURCE").str.to_uppercase().str.split(";").list.contains("TRANSFAC")
    frame = rows.frame.select(
        ROW,
        *("type", "subject", "object"),
        data_sources=_data_sources("INTERACTION_DATA_SOURCE"),
        pubmed_ids=pubmed.str.split(";"),
        licences=pl.when(barred).then(pl.lit([_TRANSFAC_LICENCE], pl.List(pl.String))),
        evidence=pl.lit("asserted"),
    )
    yield from _stated(frame)


def _participants(rows: Rows) -> Iterator[Stated]:
    """The second table: names of chemicals, and the proteins of genes where a cross-reference names them."""
    rows = rows.reject(pl.col("PARTICIPANT").is_null(), Reason.MISSING_VALUE, "PARTICIPANT")
    chemical = pl.col("PARTICIPANT").str.contains(_CHEBI)
    names = rows.frame.filter(chemical)
    yield entities("SmallMolecule", names.select(ROW, id=_participant("PARTICIPANT"), name="PARTICIPANT_NAME"))
    references = pl.concat_str("UNIFICATION_XREF", "RELATIONSHIP_XREF", separator=";", ignore_nulls=True)
    genes = rows.frame.filter(~chemical & ~pl.col("PARTICIPANT").str.contains(r"\s")).select(
        ROW,
        subject=_participant("PARTICIPANT"),
        accession=references.str.extract_all(r"(?i)\buniprot[^:;]*:[A-Z0-9]{6,10}\b").list.unique(maintain_order=True),
    )
    proteins = genes.explode("accession").drop_nulls().with_columns(pl.col("accession").str.split(":").list.last())
    yield from encoded_proteins(proteins.filter(is_uniprot("accession")), listed=True)


def plain_sif(rows: Rows) -> Iterator[Stated]:
    """`*.sif`: three columns without a header; the data sources of a row are not told."""
    frame = _interactions(rows).frame.select(ROW, "type", "subject", "object", evidence=pl.lit("asserted"))
    yield from _stated(frame)


def reactome_sif(rows: Rows) -> Iterator[Stated]:
    """`*reactome*.sif`: the same of Reactome alone, as the file's name says."""
    origin = pl.lit(["Reactome"], pl.List(pl.String))
    frame = _interactions(rows).frame.select(
        *(ROW, "type", "subject", "object"), data_sources=origin, evidence=pl.lit("asserted")
    )
    yield from _stated(frame)


def gene_sets(rows: Rows) -> Iterator[Stated]:
    """`pc-hgnc.gmt`, `PathwayCommons12.All.hgnc.gmt`: pathways with data source and organism, and genes by symbol."""
    rows = rows.with_columns(told=pl.col("description").str.extract_groups(_GENE_SET))
    rows = Rows(rows.frame.rename({"name": "uri"}).unnest("told"), rows.ledger)
    unreadable = ~pl.col("id_type").is_in(["hgnc symbol", "hgnc.symbol"]).fill_null(False)
    rows = rows.reject(unreadable, Reason.UNREADABLE, "the description is not of the known form", pl.col("uri"))
    species = {one.taxon_id: one.name for one in wanted_species(rows.options.species)}
    rows = _with_pathways(rows.only(pl.col("taxon_id").is_in(list(species))), "uri")
    pathways = rows.frame.select(
        *(ROW, "id", "name"),
        organism=pl.col("taxon_id").replace_strict(species, default=None, return_dtype=pl.String),
        data_sources=_data_sources("data_source"),
    )
    yield entities("Pathway", pathways, unique=True)
    members = rows.frame.explode("members").select(
        ROW,
        subject=refer("hgnc.symbol", "members"),
        object="id",
        data_sources=_data_sources("data_source"),
        evidence=pl.lit("asserted"),
    )
    yield relationships("PARTICIPATES_IN", members, listed=True)


def pathways(rows: Rows) -> Iterator[Stated]:
    """`pathways.txt`: pathways with their direct sub-pathways, then with data source and other names."""
    rows = _with_pathways(rows, "PATHWAY_URI")
    if "DIRECT_SUB_PATHWAY_URIS" in rows.frame.columns:
        yield entities("Pathway", rows.frame.select(ROW, "id", name="DISPLAY_NAME"), unique=True)
        parts = rows.frame.select(ROW, part=pl.col("DIRECT_SUB_PATHWAY_URIS").str.split(";"), object="id")
        parts = parts.explode("part").drop_nulls("part").with_columns(subject=_pathway_id(pl.col("part")))
        yield relationships("PART_OF", parts.select(ROW, "subject", "object", evidence=pl.lit("asserted")), listed=True)
        return
    names = pl.col("ALL_NAMES").str.split('"').list.set_difference(pl.concat_list("DISPLAY_NAME"))
    frame = rows.frame.select(
        *(ROW, "id"),
        name="DISPLAY_NAME",
        aliases=names,
        data_sources=_data_sources("DATASOURCE"),
        step_count="NUM_DIRECT_COMPONENT_OR_STEP_PROCESSES",
    )
    yield entities("Pathway", frame)


def proteins(rows: Rows) -> Iterator[Stated]:
    """`Pathway_Commons_Uniprot_IDs.txt`: gene symbol, UniProt accession."""
    rows = rows.reject(pl.col("accession").is_null(), Reason.MISSING_VALUE, "accession", pl.col("symbol"))
    named = is_uniprot("accession")
    rows = rows.reject(~named, Reason.BAD_IDENTIFIER, pl.format("{} is no UniProt accession", pl.col("accession")))
    yield from encoded_proteins(rows.frame.select(ROW, "accession", subject=refer("hgnc.symbol", "symbol")))


def _lists_pathways(path: Path) -> bool:
    """Whether a file of a name that anybody may use is of Pathway Commons: by its header, or where it lies."""
    if path.name.lower().startswith("pathwaycommons") or _FOLDERS.search(path.parent.as_posix()):
        return True
    try:
        with open_content(path) as content:
            return content.read(len(_PATHWAY_HEADER)) == _PATHWAY_HEADER
    except SourceError:
        return False


_PATHWAY_HEADER = b"PATHWAY_URI\t"
_FOLDERS = re.compile(r"/(?:pathway_?commons|PC2/v\d+)$", re.IGNORECASE)
_EDGES = ("PARTICIPANT_A", "INTERACTION_TYPE", "PARTICIPANT_B")
_EXTENDED = tsv(*_EDGES, "INTERACTION_DATA_SOURCE", "INTERACTION_PUBMED_ID")
_PARTICIPANTS = tsv("PARTICIPANT", "PARTICIPANT_TYPE", "PARTICIPANT_NAME", "UNIFICATION_XREF", "RELATIONSHIP_XREF")
_HIERARCHY = tsv("PATHWAY_URI", "DISPLAY_NAME", "DIRECT_SUB_PATHWAY_URIS")
_NAMES = tsv("PATHWAY_URI", "DATASOURCE", "DISPLAY_NAME", "ALL_NAMES", "NUM_DIRECT_COMPONENT_OR_STEP_PROCESSES")

SOURCE = Source(
    name="pathway_commons",
    title="Pathway Commons",
    description="Interactions between genes and chemicals, and pathways, gathered from public databases.",
    homepage="https://www.pathwaycommons.org",
    listing=Listing(_VERSIONS, r'href="(?P<release>v\d+)/"', _VERSIONS + "{release}/"),
    licence=Licence("per data source; TRANSFAC not redistributable", False, "https://www.pathwaycommons.org/#data"),
    rank=30,
    files=(
        SourceFile(
            "interactions",
            ("pc-hgnc.txt", "PathwayCommons*.hgnc.txt", "PC2V*_extended_sif*.tsv"),
            Stacked((_EXTENDED, _PARTICIPANTS)),
            extended_sif,
            remote=Remote(f"{_FOLDER}/pc-hgnc.txt.gz", _RELEASE),
            required=False,
            one_of="file of interactions",
            pins=(Pin("2016-02-21", "02e87c8a8d9c128f8d8f9c931056f9e594ebb367b19452a728b1d77d7e62cead", 345026),),
        ),
        SourceFile(
            "plain_interactions",
            ("pc-hgnc.sif", "PathwayCommons*.All.hgnc.sif"),
            tsv(*_EDGES, header=False),
            plain_sif,
            required=False,
            one_of="file of interactions",
        ),
        SourceFile(
            "reactome_interactions",
            ("PathwayCommons*reactome*.hgnc.sif", "pathway_commons_v*_reactome*.sif"),
            tsv(*_EDGES, header=False),
            reactome_sif,
            required=False,
            one_of="file of interactions",
            pins=(Pin("2016-04", "491f7c9c5f985c96a47d0a55c3060882f49a1f64ad1b37835f24f1ba0c9f7aad", 246590),),
        ),
        SourceFile(
            "located_interactions",
            ("PCWithLoc_*_simple.sif",),
            tsv(*_EDGES, header=False),
            plain_sif,
            required=False,
            one_of="file of interactions",
            pins=(Pin("2014-05-09", "8d3c692fa94f19943d97bcdf14b8b26165e5cdb5c73ea6f8e4afe47f60122db5", 239217),),
        ),
        SourceFile(
            "gene_sets",
            ("pc-hgnc.gmt", "PathwayCommons*.hgnc.gmt"),
            GeneSets(),
            gene_sets,
            remote=Remote(f"{_FOLDER}/pc-hgnc.gmt.gz", _RELEASE, rows=4668),
            required=False,
            pins=(
                Pin(_RELEASE, "6f4002927c9b44fdd3aa4312595b67034f54bc2434177dbcd5dc4167c908528e", 4668),
                Pin(_VERSION_12, "db5beb014ec2504226fcd14ed6990f7152af987f0501850ac15cf5e3b8928324", 3971),
            ),
        ),
        SourceFile(
            "pathways",
            ("pathways.txt", "PathwayCommons*pathways.txt"),
            Stacked((_HIERARCHY, _NAMES)),
            pathways,
            remote=Remote(f"{_FOLDER}/pathways.txt.gz", _RELEASE),
            required=False,
            belongs=_lists_pathways,
            pins=(
                Pin(_VERSION_12, "58f0ba3881ba991e1b288115ea458d0630ad31610702fa961759d265e134b18b", 5772, subset=True),
            ),
        ),
        SourceFile(
            "proteins",
            ("Pathway_Commons_Uniprot_IDs.txt",),
            tsv("symbol", "accession", header=False),
            proteins,
            required=False,
            pins=(Pin("2019", "be5366c9d4905491af06def08fabd015f6964e9577aa7f9b4289c656a3f829af", 18526),),
        ),
    ),
)
