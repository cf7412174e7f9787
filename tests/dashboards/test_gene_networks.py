"""The page of gene networks over real runs on the sample: groups, pairs, drugs, curves, and what nobody compared."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from analytics.running import plan_run
from dashboards.page import Page, Role, View, pages
from dashboards.parts import gene_networks as networks
from dashboards.theme import DIVERGING
from warehouse.home import Home
from warehouse.warehouse import Warehouse

Draw = Callable[..., AppTest]


@dataclass(frozen=True)
class Runs:
    """A copy of the sample with a run over groups and one over pairs."""

    home: Home
    groups: str
    pairs: str


@pytest.fixture(scope="module")
def runs(sample_home: Home, tmp_path_factory: pytest.TempPathFactory) -> Runs:
    """Both runs, made once."""
    folder = tmp_path_factory.mktemp("gene_networks")
    shutil.copytree(sample_home.root / "builds", folder / "home" / "builds")
    shutil.copy(sample_home.root / "current", folder / "home" / "current")
    home = Home(folder / "home")
    with Warehouse.open(home.root) as warehouse:
        found = warehouse.sql("SELECT DISTINCT coalesce(sample_id, patient_id) FROM tcga_luad_expression ORDER BY 1")
        samples = [one for (one,) in found.rows()]
    columns = {"pair": ["P1", "P2", "P3", "P4"], "before": samples[:4], "after": samples[4:8]}
    pl.DataFrame({**columns, "responder": [True, True, False, False]}).write_csv(folder / "pairs.csv")
    given: dict[str, Any] = {"cohort": "tcga_luad", "permutations": 50}
    first = plan_run("ecv", home.root, groups="mutation:KRAS", top_percent=100.0, **given).execute()
    second = plan_run("ecv", home.root, pairs=folder / "pairs.csv", threshold=0.2, **given).execute()
    return Runs(home, first.run, second.run)


def _page() -> Page:
    return next(page for page in pages() if page.path == "gene_networks")


def test_without_a_run_the_page_says_how_to_make_one(draw: Draw) -> None:
    assert "targetgraph analyze ecv" in draw("gene_networks").info[0].value


def test_the_page_of_a_run_over_groups(draw: Draw, runs: Runs) -> None:
    test = draw("gene_networks", {"run": runs.groups, "drugs": "true"}, runs.home)
    assert not test.exception
    assert not test.error
    edges, targets = test.dataframe[0].value, test.dataframe[1].value
    assert list(edges.columns[:4]) == ["rank", "parent", "child", "difference"]
    assert list(edges["rank"]) == sorted(edges["rank"])
    assert list(edges["significant"]) == sorted(edges["significant"], reverse=True)
    assert edges["difference"].abs().is_monotonic_decreasing
    assert {"gene", "drugs", "structures", "pathways"} <= set(targets.columns)
    assert set(targets["gene_id"]) >= set(edges["parent_id"])
    assert any("compares pairs" in one.value for one in test.info)
    first = edges.iloc[0]
    assert test.subheader[0].value == f"{first['parent']} to {first['child']}"


def test_a_run_that_does_not_exist_is_named(draw: Draw, runs: Runs) -> None:
    test = draw("gene_networks", {"run": "nothing"}, runs.home)
    assert not test.exception
    assert "there is no 'nothing' here" in test.error[0].value
    assert not test.dataframe, "another run is shown in its place"


def test_the_page_of_a_run_over_pairs(draw: Draw, runs: Runs) -> None:
    one = f"targetgraph.subnetwork:{runs.pairs}.pair_p1"
    test = draw("gene_networks", {"run": runs.pairs, "subnetwork": one}, runs.home)
    assert not test.exception
    assert not test.error
    assert not test.info
    pairs = test.dataframe[-1].value
    assert set(pairs["side"]) == {"Responders", "Non-responders"}
    assert "q_value" not in test.dataframe[0].value.columns


def test_the_pictures_hold_what_the_run_found(runs: Runs) -> None:
    with Warehouse.open(runs.home.root) as warehouse:
        view = View(runs.home, warehouse, Role.READER, _page())
        assert set(networks.runs(view)) == {runs.pairs, runs.groups}
        (about,) = networks.subnetworks(view, runs.groups).values()
        found = networks.read(view, runs.groups, about)
        assert found.edges.height == about["edges"]
        nodes, edges = networks.picture(found, 5, with_drugs=False)
        assert len(edges) == 5
        assert {end for edge in edges for end in (edge.start, edge.end)} == {node.id for node in nodes}
        assert {node.category for node in nodes} <= {networks.KNOWN, networks.UNKNOWN}
        with_drugs = networks.picture(found, 300, with_drugs=True)[0]
        known = {node.id for node in with_drugs if node.category == networks.KNOWN}
        assert known == set(found.drugs["gene"])
        row = found.edges.row(0, named=True)
        line, samples = networks.curve(view, found, row["parent"], row["child"])
        assert line["x"].is_sorted()
        # The difference that the table tells is that of the points that the chart shows.
        first, second = found.name.split(" against ")
        means = {name: samples.filter(group=name)["contribution"].mean() for name in (first, second)}
        assert means[first] - means[second] == pytest.approx(row["value"], abs=1e-6)  # type: ignore[operator]


def test_colours_grow_with_the_difference_to_both_sides() -> None:
    shares = [-3.0, -1.0, -0.6, -0.3, -0.1, 0.0, 0.1, 0.3, 0.6, 1.0, 3.0]
    places = [DIVERGING.index(networks.colour(share)) for share in shares]
    assert places == sorted(places)
    assert places[0] == 0
    assert places[-1] == len(DIVERGING) - 1


def test_the_candidate_targets_are_documented() -> None:
    docs = Path(__file__).parent.parent.parent / "docs" / "results.md"
    assert networks.CANDIDATES in docs.read_text(encoding="utf-8")
