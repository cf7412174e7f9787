"""The page of the gene networks: its query runs, and finds the sample's target with drugs, structures and pathways."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from analytics.bayesian_networks.analysis import ANALYSIS
from analytics.running import plan_run
from tests.conftest import ROOT
from warehouse.home import Home
from warehouse.warehouse import Warehouse

PAGE = (ROOT / "docs" / "gene-networks.md").read_text(encoding="utf-8")


def test_the_query_of_the_page_leads_from_a_subnetwork_to_drugs(sample_home: Home, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(sample_home.root / "builds", home / "builds")
    shutil.copy(sample_home.root / "current", home / "current")
    plan_run("ecv", home, **ANALYSIS.sample).execute()
    (query,) = re.findall(r"```cypher\n(.*?)```", PAGE, re.DOTALL)
    with Warehouse.open(home) as warehouse:
        rows = {row["target"]: row for row in warehouse.query(query)}
    assert set(rows["SMPK1"]["drugs"]) == {"chembl.compound:CHEMBL99000001", "drugbank:DB99001"}
    assert "pdb:9sm1" in rows["SMPK1"]["structures"]
    assert "reactome:R-HSA-9900001" in rows["SMPK1"]["pathways"]


def test_the_page_has_one_sentence_on_the_patent() -> None:
    assert PAGE.count("patent") == 1
