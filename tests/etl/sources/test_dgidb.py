"""DGIdb as its page of releases serves it: comments, quoted empty fields, rows without scores, terms by database."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from etl.locate import Folder, find
from etl.reading import new_ledger, read
from etl.rows import Ledger
from etl.source import source
from warehouse.errors import SourceError
from warehouse.licences import may_be_passed_on

_ABOUT = "# Data version: 2026-09\n# DGIdb version: v.5.0.13\n"
_INTERACTIONS = (
    "gene_claim_name\tgene_concept_id\tgene_name\tdrug_claim_name\tdrug_concept_id\tdrug_name\tdrug_is_approved\t"
    "drug_is_immunotherapy\tdrug_is_antineoplastic\tinteraction_source_db_name\tinteraction_source_db_version\t"
    "interaction_types\tinteraction_score\tdrug_specificity_score\tgene_specificity_score\tevidence_score\n"
    'HBB\thgnc:4827\tHBB\tdisodium-sebacate\t\t\t\t\t\tDrug Repurposing Hub\t20250818\t""\n'
    "8231511\t\t\tPIPERONYL BUTOXIDE\tchembl:CHEMBL1201131\tPIPERONYL BUTOXIDE\ttrue\tfalse\tfalse\tChEMBL\t37\t"
    "inhibitor\n"
    'STS\thgnc:11425\tSTS\tX\tchembl:CHEMBL1627429\tCHEMBL:CHEMBL1627429\tfalse\tfalse\tfalse\tTTD\t1\t""\t6.24\t3.6\t0.8\t2\n'
    "EPAS1\thgnc:3374\tEPAS1\tBELZUTIFAN\tchembl:CHEMBL4585668\tBELZUTIFAN\ttrue\tfalse\tfalse\tChEMBL\t37\t"
    "inhibitor|antagonist\t3.901894544904527\t3.668\t1.06\t1\n"
    "EPAS1\thgnc:3374\tEPAS1\tBELZUTIFAN\n"
)
_CATEGORIES = {
    "2026": (
        _ABOUT + "gene_claim_name\tgene_category_name\tsource_db_name\tsource_db_version\n"
        "SMAD2\tTUMOR SUPPRESSOR\tHumanProteinAtlas\t2026\nCSF1R\tKINASE\tdGene\t27-Jun-2013\n"
    ),
    "2024": (
        "name\tname-2\tsource_db_name\tsource_db_version\r\n"
        "SMAD2\tTUMOR SUPPRESSOR\tHumanProteinAtlas\t1\r\nCSF1R\tKINASE\tdGene\t27-Jun-2013\r\n"
    ),
    "2021": (
        "entrez_gene_symbol\tgene_long_name\tcategory_sources\tcategory\n"
        "SMAD2\tx\tHumanProteinAtlas\tTUMOR SUPPRESSOR\nCSF1R\tx\tdGene\tKINASE\n"
    ),
}


def _stated(folder: Path, part: str, text: str) -> tuple[dict[str, pl.DataFrame], Ledger]:
    path = folder / "dgidb" / f"{part}.tsv"
    path.parent.mkdir()
    path.write_text(text, newline="")
    declared = source("dgidb")
    if part != "interactions":
        (folder / "dgidb" / "interactions.tsv").write_text(_ABOUT + _INTERACTIONS)
    file = next(file for file in find(declared, Folder(folder, subset=True)).files if file.part == part)
    ledger = new_ledger(file, declared.options)
    frames: dict[str, pl.DataFrame] = {}
    for batch in read(file, declared.part(part), ledger):
        frames.update(batch.statements)
    return frames, ledger


def test_interactions_of_the_releases_page(tmp_path: Path) -> None:
    frames, ledger = _stated(tmp_path, "interactions", _ABOUT + _INTERACTIONS)
    assert (ledger.rows_read, ledger.rows_kept) == (5, 3)
    assert ledger.rejected_by_reason == {"missing_value": 1, "wrong_column_count": 1}, "no gene; a row that was cut"
    targets = frames["TARGETS"].sort("_row")
    assert targets["_row"].to_list() == [4, 6, 7], "lines of the file, its comments counted"
    assert targets["object"].to_list() == ["hgnc:4827", "hgnc:11425", "hgnc:3374"]
    assert targets["actions"].to_list() == [None, None, ["antagonist", "inhibitor"]]
    assert targets["interaction_score"].to_list() == [None, 6.24, 3.901894544904527]
    assert targets["licences"].to_list() == [
        ["Drug Repurposing Hub: not redistributable (terms not known)"],
        ["TTD: not redistributable (all rights reserved)"],
        ["CC BY-SA 3.0"],
    ]
    assert [may_be_passed_on(licence) for (licence,) in targets["licences"]] == [False, False, True]


@pytest.mark.parametrize("release", list(_CATEGORIES))
def test_categories_of_every_release(tmp_path: Path, release: str) -> None:
    frames, ledger = _stated(tmp_path, "categories", _CATEGORIES[release])
    assert (ledger.rows_read, ledger.rows_kept) == (2, 2)
    categories = frames["HAS_CATEGORY"].sort("_row")
    assert categories.select("subject", "object").rows() == [
        ("hgnc.symbol:SMAD2", "dgidb.category:tumor-suppressor"),
        ("hgnc.symbol:CSF1R", "dgidb.category:kinase"),
    ]
    assert categories["licences"].to_list() == [["CC BY-SA 4.0"], ["CC BY 4.0"]]


def test_several_databases_of_a_category_are_statements_each_under_its_terms(tmp_path: Path) -> None:
    text = "entrez_gene_symbol\tcategory_sources\tcategory\nBRAF\tCIViC, COSMIC\tKINASE\n"
    frames, ledger = _stated(tmp_path, "categories", text)
    assert ledger.rows_kept == 1
    stated = frames["HAS_CATEGORY"].select("data_sources", "licences").rows()
    assert stated == [
        (["CIViC"], ["CC0-1.0"]),
        (["COSMIC"], ["COSMIC: not redistributable (non-commercial licence of its own)"]),
    ]


def test_categories_with_other_columns_are_refused(tmp_path: Path) -> None:
    with pytest.raises(
        SourceError, match=r"entrez_gene_symbol or name or gene_claim_name, category or name-2 or gene_c"
    ):
        _stated(tmp_path, "categories", _ABOUT + "gene\tkind\tsource_db_name\nBRAF\tKINASE\tCIViC\n")
