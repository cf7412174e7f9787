"""What the generic source tests cannot see of Pathway Commons: licences, names of data sources, stacked tables."""

from pathlib import Path

import polars as pl

from etl.locate import Folder, find
from etl.reading import new_ledger, read
from etl.source import source
from warehouse.statements import ROW

_FIXTURE = Path(__file__).parent.parent / "fixtures" / "pathway_commons"


def _stated(part: str, type_name: str, folder: Path = _FIXTURE) -> pl.DataFrame:
    declared = source("pathway_commons")
    file = next(file for file in find(declared, Folder(folder)).files if file.part == part)
    batches = read(file, declared.part(part), new_ledger(file, declared.options))
    return pl.concat(frame for batch in batches for name, frame in batch.statements if name == type_name)


def test_edges_that_name_transfac_are_marked() -> None:
    edges = _stated("interactions", "CONTROLS_EXPRESSION_OF").select("object", "data_sources", "licences").rows()
    assert edges == [
        ("hgnc.symbol:MDM2", ["PID", "TRANSFAC"], ["TRANSFAC: not redistributable"]),
        ("hgnc.symbol:SMPL1", ["TRANSFAC"], ["TRANSFAC: not redistributable"]),
    ]


def test_rows_keep_the_numbers_of_their_lines_across_tables() -> None:
    assert _stated("interactions", "Protein").select(ROW, "id").rows() == [
        (15, "uniprot:P04637"),
        (17, "uniprot:Q00001"),
    ]


def test_the_second_table_of_pathways_may_stand_alone(tmp_path: Path) -> None:
    text = (_FIXTURE / "pathwaycommons" / "pathways.txt").read_text()
    names = text[text.index("PATHWAY_URI\tDATASOURCE") :]
    (tmp_path / "PathwayCommons12.pathways.txt").write_text(names)
    (tmp_path / "PathwayCommons12.All.hgnc.sif").write_text("TP53\tinteracts-with\tMDM2\n")
    pathways = _stated("pathways", "Pathway", tmp_path)
    assert pathways.select("id", "aliases", "step_count").rows() == [
        ("pathwaycommons:Pathway_0001", ["Another name"], 3),
        ("reactome:R-HSA-99001", None, 0),
        ("reactome:R-HSA-99003", None, None),  # its count is not a number: that value alone is set aside
    ]


_V14_SETS = (
    "biofactoid:00e3ac12\tname: NCBP3 positively impacts mRNA biogenesis.; datasource: biofactoid; organism: 9606; "
    "idtype: hgnc.symbol\tEIF4A3\tMAGOH\n"
    "http://bioregistry.io/kegg.pathway:hsa00010\tname: Glycolysis; datasource: kegg; organism: 9606; "
    "idtype: hgnc.symbol\tHK1\n"
    "https://identifiers.org/panther.pathway:P00001\tname: Adrenaline; datasource: panther; organism: 9606; "
    "idtype: hgnc.symbol\tTH\n"
    "http://bioregistry.io/reactome:R-HSA-109582\tname: Hemostasis; datasource: reactome; organism: 9606; "
    "idtype: hgnc.symbol\tF2\n"
    "http://bioregistry.io/pathbank:SMP0000055\tname: Alanine; datasource: pathbank; organism: 9606; "
    "idtype: hgnc.symbol\tGPT\n"
    "humancyc:Pathway4378797\tname: NAD; datasource: humancyc; organism: 9606; idtype: hgnc.symbol\tNNT\n"
    "inoh:id1001348414_Calcineurin\tname: Calcineurin; datasource: inoh; organism: 9606; idtype: hgnc.symbol\tFYN\n"
    "netpath:Pathway_Alpha6Beta4Integrin\tname: Alpha6Beta4Integrin; datasource: netpath; organism: 9606; "
    "idtype: hgnc.symbol\tITGA6\n"
    "pid:pid_10168\tname: HIV-1 Nef: Negative effector; datasource: pid; organism: 9606; idtype: hgnc.symbol\tCD4\n"
)
_EXTENDED_HEADER = (
    "PARTICIPANT_A\tINTERACTION_TYPE\tPARTICIPANT_B\tINTERACTION_DATA_SOURCE\tINTERACTION_PUBMED_ID\tPATHWAY_NAMES\t"
    "MEDIATOR_IDS\n"
)


def test_gene_sets_of_version_14(tmp_path: Path) -> None:
    (tmp_path / "pc-hgnc.gmt").write_text(_V14_SETS)
    (tmp_path / "pc-hgnc.sif").write_text("TP53\tinteracts-with\tMDM2\n")
    pathways = _stated("gene_sets", "Pathway", tmp_path)
    assert pathways.select("id", pl.col("data_sources").list.first()).rows() == [
        ("biofactoid:00e3ac12", "Biofactoid"),
        ("kegg.pathway:hsa00010", "KEGG"),
        ("panther.pathway:P00001", "PANTHER"),
        ("reactome:R-HSA-109582", "Reactome"),
        ("pathbank:SMP0000055", "PathBank"),
        ("humancyc:Pathway4378797", "HumanCyc"),
        ("inoh:id1001348414_Calcineurin", "INOH"),
        ("netpath:Pathway_Alpha6Beta4Integrin", "NetPath"),
        ("pid:pid_10168", "PID"),
    ]
    assert _stated("gene_sets", "PARTICIPATES_IN", tmp_path).height == 10


def test_interactions_of_version_14(tmp_path: Path) -> None:
    """Chemicals in small letters are chemicals, in both tables and in the plain file."""
    (tmp_path / "pc-hgnc.txt").write_text(
        _EXTENDED_HEADER + "A1CF\tinteracts-with\tchebi:15361\tbiogrid;phosphositeplus\t25416956\t\t\n\n"
        "PARTICIPANT\tPARTICIPANT_TYPE\tPARTICIPANT_NAME\tUNIFICATION_XREF\tRELATIONSHIP_XREF\n"
        "chebi:15361\tSmallMoleculeReference\tpyruvate\tchebi:15361\t\n"
        "A1CF\tProteinReference\tA1CF\tuniprot:Q9NQ94\thgnc.symbol:A1CF\n"
    )
    (edge,) = _stated("interactions", "INTERACTS_WITH", tmp_path).select("subject", "object", "data_sources").rows()
    assert {edge[0], edge[1]} == {"hgnc.symbol:A1CF", "chebi:15361"}
    assert edge[2] == ["BioGRID", "PhosphoSite"]
    assert _stated("interactions", "SmallMolecule", tmp_path).select("id", "name").rows() == [
        ("chebi:15361", None),
        ("chebi:15361", "pyruvate"),
    ]
    assert _stated("interactions", "Protein", tmp_path)["id"].to_list() == ["uniprot:Q9NQ94"]
    (tmp_path / "pc-hgnc.sif").write_text("chebi:15361\tconsumption-controlled-by\tPKM\n")
    (plain,) = _stated("plain_interactions", "CONSUMPTION_CONTROLLED_BY", tmp_path).select("subject", "object").rows()
    assert plain == ("chebi:15361", "hgnc.symbol:PKM")


def test_a_list_of_pathways_is_known_by_its_header_or_its_folder(tmp_path: Path) -> None:
    text = (_FIXTURE / "pathwaycommons" / "pathways.txt").read_text().replace("reactome/", "reactome:")
    (tmp_path / "pc-hgnc.sif").write_text("TP53\tinteracts-with\tMDM2\n")
    (tmp_path / "pathways.txt").write_text(text)
    assert "reactome:R-HSA-99001" in _stated("pathways", "Pathway", tmp_path)["id"].to_list()
    (tmp_path / "pathways.txt").write_text("something\telse\n")
    (tmp_path / "v14").mkdir()
    declared = source("pathway_commons")
    assert [file.part for file in find(declared, Folder(tmp_path)).files] == ["plain_interactions"]
