"""Relationships of a build as arrays with ids."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from analytics.analysis import RunContext
from analytics.common.edges import EdgeArrays
from warehouse.errors import QuestionError
from warehouse.home import Home
from warehouse.warehouse import Warehouse


def test_ends_and_types_are_places_among_names() -> None:
    edges = EdgeArrays.of_names(np.array(["b", "c"]), np.array(["a", "b"]), np.array(["T", "S"]))
    assert edges.ids.tolist() == ["a", "b", "c"]
    assert (edges.subject.tolist(), edges.object.tolist()) == ([1, 2], [0, 1])
    assert [edges.types[place] for place in edges.type] == ["T", "S"]
    assert (edges.subjects.tolist(), edges.objects.tolist(), len(edges)) == (["b", "c"], ["a", "b"], 2)


def test_no_edge_at_all() -> None:
    nothing = np.empty(0, str)
    edges = EdgeArrays.of_names(nothing, nothing, nothing)
    assert (len(edges), edges.types, edges.ids.tolist()) == (0, (), [])


def test_edges_of_a_build_are_those_of_its_tables(sample_home: Home, tmp_path: Path) -> None:
    with Warehouse(sample_home.current()) as warehouse:
        context = RunContext(warehouse, 0, tmp_path)
        edges = context.edges("TARGETS", "INTERACTS_WITH", subject="Gene", object="Gene")
        rows = warehouse.sql(
            "SELECT DISTINCT subject, object FROM interacts_with JOIN gene a ON subject = a.id "
            "JOIN gene b ON object = b.id ORDER BY ALL"
        ).rows()
        assert edges.types == ("INTERACTS_WITH",)
        assert list(zip(edges.subjects.tolist(), edges.objects.tolist(), strict=True)) == rows
        assert set(context.edges("TARGETS", "INTERACTS_WITH").types) == {"TARGETS", "INTERACTS_WITH"}
        with pytest.raises(QuestionError, match="no relationship type 'INTERACTS'"):
            context.edges("INTERACTS")
        with pytest.raises(QuestionError, match="no entity type 'Genes'"):
            context.edges("TARGETS", subject="Genes")
