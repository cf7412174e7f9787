"""The network explorer: neighbours in the order of the evidence, and what links them."""

from __future__ import annotations

import json
from collections.abc import Callable

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from dashboards.parts import neighbours
from tests.conftest import SmallBuild, stated
from warehouse.home import Home

Draw = Callable[..., AppTest]


def _gene(number: int, symbol: str) -> dict[str, object]:
    return {"id": f"hgnc:{number}", "symbol": symbol, "aliases": [], "previous_symbols": []}


def _pair(first: int, second: int, papers: int = 0, evidence: str = "asserted") -> dict[str, object]:
    papers_ = [str(number) for number in range(papers)]
    return {"subject": f"hgnc:{first}", "object": f"hgnc:{second}", "evidence": evidence, "pubmed_ids": papers_}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Gene 1 with seven partners, whose ids are in another order than the evidence for them."""
    home = Home(tmp_path_factory.mktemp("explorer") / "home")
    names = [
        "CENTRE",
        "PREDICTED",
        "PAPERS",
        "MEASURED",
        "ASSERTED_B",
        "ASSERTED_A",
        "SOURCES_PAPER",
        "SOURCES",
    ]
    with home.writing() as writer:
        folder = writer.new_build()
        small = SmallBuild(folder)
        small.say("hgnc", stated("Gene", *(_gene(number, name) for number, name in enumerate(names, 1))), rank=1)
        rows = [
            _pair(1, 2, evidence="predicted"), _pair(1, 3, 3), _pair(1, 4, evidence="measured"),
            _pair(1, 5), _pair(1, 6), _pair(1, 7, 1), _pair(1, 8),
        ]  # fmt: skip
        between = [_pair(3, 4), _pair(5, 6, 2), _pair(4, 5, 1), _pair(7, 8)]
        small.say("b", stated("INTERACTS_WITH", *rows, *between))
        small.say("c", stated("INTERACTS_WITH", _pair(1, 7), _pair(1, 8), _pair(7, 8)))
        content_hash = small.finish().content_hash
        small.close(json.dumps({"content_hash": content_hash, "sources": [], "counts": {}}))
        writer.publish(folder, content_hash, keep=5)
    return home


RANKED = ["SOURCES_PAPER", "SOURCES", "PAPERS", "MEASURED", "ASSERTED_A", "ASSERTED_B", "PREDICTED"]


def test_neighbours_are_ranked_by_evidence_in_the_table(draw: Draw, home: Home) -> None:
    test = draw("explorer", {"ids": "hgnc:1"}, home)
    assert not test.exception
    assert list(test.dataframe[0].value["other_name"]) == RANKED
    assert list(test.dataframe[0].value["publications"]) == [1, 0, 3, 0, 0, 0, 0]
    said = " ".join(one.value for one in test.caption)
    assert "Ranked by number of sources, then publications, then kind of evidence" in said


def test_a_limit_keeps_the_best_supported_and_says_so(draw: Draw, home: Home) -> None:
    test = draw("explorer", {"ids": "hgnc:1", "most": "3"}, home)
    assert list(test.dataframe[0].value["other_name"]) == RANKED[:3]
    assert any("3 of 7 relationships are shown" in one.value for one in test.caption)


def test_the_report_has_the_same_order(draw: Draw, home: Home) -> None:
    test = draw("report", {"id": "hgnc:1", "tab": "Relationships"}, home)
    assert list(test.dataframe[0].value["symbol"]) == RANKED


def test_relationships_between_neighbours_are_drawn(draw: Draw, home: Home) -> None:
    test = draw("explorer", {"ids": "hgnc:1"}, home)
    between = test.dataframe[1].value
    pairs = [frozenset(pair) for pair in zip(between["subject_name"], between["object_name"], strict=True)]
    assert pairs == [
        frozenset({"SOURCES_PAPER", "SOURCES"}),
        frozenset({"ASSERTED_A", "ASSERTED_B"}),
        frozenset({"MEASURED", "ASSERTED_B"}),
        frozenset({"PAPERS", "MEASURED"}),
    ]
    without = draw("explorer", {"ids": "hgnc:1", "between": "false"}, home)
    assert len(without.dataframe) == 1


def test_filters_hold_between_neighbours_too(draw: Draw, home: Home) -> None:
    test = draw("explorer", {"ids": "hgnc:1", "sources": "c"}, home)
    assert list(test.dataframe[0].value["other_name"]) == ["SOURCES_PAPER", "SOURCES"]
    assert len(test.dataframe[1].value) == 1


def test_too_many_between_neighbours_are_cut_and_said(draw: Draw, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours, "_MOST_BETWEEN", 2)
    test = draw("explorer", {"ids": "hgnc:1"}, home)
    assert len(test.dataframe[1].value) == 2
    assert any("Of 4 relationships between the neighbours 2 are drawn" in one.value for one in test.caption)


def test_edges_of_relationships_are_wider_with_more_sources() -> None:
    frame = pl.DataFrame(
        {"subject": ["a", "a"], "type": ["BINDS"] * 2, "object": ["b", "c"], "sources": [["x"], ["x", "y"]],
         "publications": [0, 2], "evidence": ["asserted", "predicted"]}
    )  # fmt: skip
    first, second = neighbours.edges_of(frame)
    assert first.width < second.width
    assert second.dashed and not first.dashed
    assert second.note == "x, y; 2 publications"
