"""What the generic source tests cannot see of Pathway Commons: licences, names of data sources, stacked tables."""

from pathlib import Path

import polars as pl

from etl.locate import Folder, find
from etl.reading import new_ledger, read
from etl.source import source
from warehouse.statements import ROW

_FIXTURE = Path(__file__).parent / "fixtures" / "pathway_commons"


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
