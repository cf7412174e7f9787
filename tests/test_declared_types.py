"""A type of entity shows up where its declaration says, and nowhere is there a list of labels to extend."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from dashboards.pages import paths as paths_page
from dashboards.pages.report import PANELS
from dashboards.parts import welcome
from dashboards.parts.lists import making
from tests.dashboards.conftest import draw
from warehouse.analyst.claims import has_symbols
from warehouse.analyst.gene_sets import collections
from warehouse.model import BIOLOGY, FULL_MODEL, MODEL, DataModel, EntityType, RelationshipType, Use
from warehouse.model.schema import string

__all__ = ["draw"]


def _model(uses: Use) -> DataModel:
    """The model, with cell types and their marker genes."""
    cell_type = EntityType(
        "CellType", "cell_type", "A kind of cell.", ("cl",), (string("name", "Its name"),), uses=uses
    )
    marks = RelationshipType("MARKS", "Is a marker gene of", (("Gene", "CellType"),))
    return DataModel(
        [*MODEL.entities.values(), cell_type],
        [*MODEL.relationships.values(), marks],
        MODEL.tables.values(),
        MODEL.matrices.values(),
    )


def test_a_new_type_makes_gene_sets_unless_it_says_otherwise() -> None:
    assert set(collections(_model(BIOLOGY))) - set(collections(MODEL)) == {"MARKS:CellType"}
    assert set(collections(_model(Use.PATHS))) == set(collections(MODEL))


def test_paths_pass_through_a_new_type_unless_it_says_otherwise() -> None:
    pytest.importorskip("scipy", reason="the extra `analytics` is not installed")
    from analytics.interactive.paths.network import walked

    assert set(walked(None, _model(BIOLOGY))) - set(walked(None, MODEL)) == {"MARKS"}
    assert walked(None, _model(Use.GENE_SETS)) == walked(None, MODEL)
    assert walked(["MARKS"], _model(Use.GENE_SETS)) == ["MARKS"], "what is asked for is walked"


def test_uses_are_in_the_order_of_declaration() -> None:
    assert _model(Use.OVERVIEW).labels_for(Use.OVERVIEW) == (*MODEL.labels_for(Use.OVERVIEW), "CellType")
    assert MODEL.labels_for(Use.CHOICES)[:2] == ("Gene", "Protein")


def test_what_a_run_or_a_release_is_linked_with_says_nothing_of_biology() -> None:
    for label in ("Source", "Release", "AnalysisRun"):
        assert not FULL_MODEL.entities[label].uses, label
    assert not any(FULL_MODEL.entities[label].uses & Use.PATHS for label in ("Patient", "Publication", "Subnetwork"))


def test_every_panel_that_a_type_names_can_be_drawn() -> None:
    named = {panel for entity in FULL_MODEL.entities.values() for panel in entity.panels}
    assert named == PANELS.keys()


def test_numbers_and_symbols_follow_the_declaration() -> None:
    assert {label: e.number_prefix for label, e in MODEL.entities.items() if e.number_prefix} == {
        "Gene": "ncbigene",
        "SmallMolecule": "chebi",
        "Publication": "pubmed",
    }
    assert all(e.number_prefix in (None, *e.references) for e in MODEL.entities.values())
    assert [label for label, entity in MODEL.entities.items() if has_symbols(entity)] == ["Gene", "Protein"]


def test_pages_show_a_type_whose_declaration_says_so(
    draw: Callable[..., AppTest],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    everywhere = Use.CHOICES | Use.OVERVIEW
    model = DataModel(
        [replace(e, uses=e.uses | everywhere) if e.label == "Anatomy" else e for e in FULL_MODEL.entities.values()],
        FULL_MODEL.relationships.values(),
        FULL_MODEL.tables.values(),
        FULL_MODEL.matrices.values(),
    )
    shown = [metric.label for metric in draw("home").metric]
    assert "Anatomy" not in shown
    monkeypatch.setattr(welcome, "FULL_MODEL", model)
    monkeypatch.setattr(making, "MODEL", model)
    monkeypatch.setattr(paths_page, "MODEL", model)
    assert sorted(metric.label for metric in draw("home").metric) == sorted([*shown, "Anatomy"])
    assert "Anatomy" in draw("paths").selectbox[0].options
    assert [group for group in draw("lists", {"tab": "New"}).button_group if "Anatomy" in group.options]
