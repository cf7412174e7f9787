"""A type is found by what a person writes, and a wrong name is told with the one that is near."""

from __future__ import annotations

import pytest

from tests.conftest import SmallBuild, stated
from warehouse.errors import QuestionError, TargetGraphError
from warehouse.model import MODEL
from warehouse.search import search


@pytest.mark.parametrize("name", ["SmallMolecule", "smallmolecule", "small_molecule", " SMALL_MOLECULE "])
def test_a_type_is_found_by_label_and_table(name: str) -> None:
    assert MODEL.named(name) is MODEL["SmallMolecule"]


def test_a_wrong_type_is_told_with_the_one_that_is_near() -> None:
    with pytest.raises(TargetGraphError, match="Did you mean gene"):
        MODEL.named("Gnee")
    with pytest.raises(TargetGraphError, match="lists all types"):
        MODEL.named("")


def test_search_refuses_a_type_that_is_not_there(small: SmallBuild) -> None:
    small.say("a", stated("Gene", id="hgnc:1", symbol="TP53"))
    small.finish()
    connection = small.writer.connection
    assert len(search(connection, "TP53", "gene", 10**30)) == 1
    with pytest.raises(TargetGraphError, match="no type 'Gnee'"):
        search(connection, "TP53", "Gnee")
    with pytest.raises(QuestionError, match="no type of entities"):
        search(connection, "TP53", "ENCODES")
    with pytest.raises(QuestionError, match="no UTF-8"):
        search(connection, "\udcff")
