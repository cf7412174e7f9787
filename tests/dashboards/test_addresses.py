"""An address shows the same to anyone, later too: every choice stands in it, and what is gone is not replaced."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dashboards.page import Page, pages
from tests.warehouse.results.conftest import PREDICTS, TABLES, account, findings, make_home
from warehouse.analyst.lists import EntityList, Lists, Member
from warehouse.home import Home
from warehouse.results.store import Results

Draw = Callable[..., AppTest]

#: Widgets with a choice that belongs in an address, as the elements of a drawn page.
_KINDS = ("selectbox", "multiselect", "slider", "number_input", "checkbox", "toggle", "text_input", "text_area",
          "button_group", "segmented_control", "pills")  # fmt: skip
#: Inputs of an action, not of what is seen: names of lists to save, and whether one is overwritten.
_OF_ACTIONS = {"name", "joined", "replacing"}


def _members(*ids: str) -> tuple[Member, ...]:
    return tuple(Member(id_, id_) for id_ in ids)


@pytest.fixture(scope="module")
def shared(sample_home: Home, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A copy of the sample with two builds and two lists."""
    home = Home(tmp_path_factory.mktemp("addresses") / "home")
    shutil.copytree(sample_home.root / "builds", home.root / "builds")
    first = home.builds()[0]
    second = first.folder.with_name("29991231T000000000000Z-00000000")
    shutil.copytree(first.folder, second)
    with home.writing() as writer:
        writer.point_to(first.id)
    for name, ids in (("measured", ["hgnc:10899", "hgnc:1"]), ("mine", ["hgnc:10899"])):
        Lists(home).save(EntityList(name, "Gene", _members(*ids), build=first.id))
    return home


def _widgets(test: AppTest) -> dict[str, Any]:
    """The widgets with a choice, by key."""
    found = {}
    for kind in _KINDS:
        for one in test.get(kind):
            if getattr(one, "key", None) and one.key not in _OF_ACTIONS:
                found[str(one.key)] = one
    return found


def _seen(test: AppTest) -> tuple[dict[str, Any], list[Any]]:
    """What a visitor sees: the choices, and the tables."""
    return {key: one.value for key, one in _widgets(test).items()}, [str(one.value.to_dict()) for one in test.dataframe]


def _address(test: AppTest) -> dict[str, list[str]]:
    return {name: [values] if isinstance(values, str) else list(values) for name, values in test.query_params.items()}


def _change_the_defaults(home: Home) -> None:
    """What sorts before everything that was there."""
    for name in ("AAA", "aaa"):
        Lists(home).save(EntityList(name, "Gene", _members("hgnc:2")), replacing=True)
    first = home.builds()[0]
    for name in ("00000101T000000000000Z-00000000", "29991231T235959000000Z-00000000"):
        if not first.folder.with_name(name).exists():
            shutil.copytree(first.folder, first.folder.with_name(name))


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.path)
def test_an_address_carries_every_choice_and_outlives_a_change_of_the_defaults(
    draw: Draw, shared: Home, tmp_path: Path, page: Page
) -> None:
    home = Home(tmp_path / "home")
    shutil.copytree(shared.root, home.root)
    test = draw(page.path, dict(page.sample), home)
    assert not test.exception
    address = _address(test)
    for key, widget in _widgets(test).items():
        if widget.value not in (None, "", []):
            assert key in address, f"{key} is not in the address"
    before = _seen(test)
    _change_the_defaults(home)
    after = draw(page.path, address, home)
    assert not after.exception
    assert _address(after) == address
    choices, tables = _seen(after)
    assert choices == before[0]
    # The list of builds is longer now; what was chosen is the same.
    if page.path != "sources":
        assert tables == before[1]


#: A choice on each page that is not the default one, with its values in the address.
_OTHERS: dict[str, dict[str, Any]] = {
    "explorer": {"most": "3", "between": "false", "types": ["ENCODES", "PARTICIPATES_IN"], "ids": "hgnc:10899"},
    "paths": {"longest": "2", "from": "SKP1", "to": "lung cancer", "from_type": "Gene", "to_type": "Disease"},
    "console": {"language": "SQL", "q": "SELECT 1", "rows": "17", "seconds": "2.5", "parameters": "{}"},
    "targets": {"disease": "lung cancer", "also": "true", "least": "3", "drugs": "2.5"},
    "questions": {"template": "targets_of_drug"},
    "report": {"id": "hgnc:10899", "tab": "Relationships", "relationship": "ENCODES to Protein"},
    "home": {"q": "SKP", "type": "Gene"},
    "lists": {"tab": "Lists", "list": "mine", "tested": "mine", "background": "measured", "first": "mine",
              "second": "measured", "operation": "difference", "sets": ["TARGETS:Drug"]},
    "sources": {"tab": "Types", "before": "29991231T000000000000Z-00000000"},
    "cohorts": {"gene": "SMPK1"},
}  # fmt: skip


@pytest.mark.parametrize("path", sorted(_OTHERS))
def test_an_address_is_read_and_stays_as_it_is(draw: Draw, shared: Home, path: str) -> None:
    given = _OTHERS[path]
    test = draw(path, given, shared)
    assert not test.exception
    assert not test.error
    address = _address(test)
    assert {name: address.get(name) for name in given} == {
        name: value if isinstance(value, list) else [value] for name, value in given.items()
    }
    assert _seen(draw(path, address, shared)) == _seen(test)


@pytest.mark.parametrize(
    ("path", "given", "named"),
    [
        ("lists", {"tab": "Lists", "list": "gone"}, "List: there is no 'gone' here"),
        ("lists", {"tab": "Lists", "list": "session:mine"}, "List: there is no 'session:mine' here"),
        ("lists", {"tab": "Enrichment", "tested": "gone"}, "there is no 'gone' here"),
        ("lists", {"tab": "Enrichment", "background": "gone"}, "there is no 'gone' here"),
        ("lists", {"tab": "Combine", "second": "gone"}, "there is no 'gone' here"),
        ("cohorts", {"cohort": "tcga.study:GONE", "gene": "SMPK1"}, "there is no 'tcga.study:GONE' here"),
        ("cohorts", {"matrix": "gone", "gene": "SMPK1"}, "there is no 'gone' here"),
        ("cohorts", {"endpoint": "GONE", "gene": "SMPK1"}, "there is no 'GONE' here"),
        ("questions", {"template": "gone"}, "there is no 'gone' here"),
        ("report", {"id": "hgnc:10899", "tab": "Relationships", "relationship": "GONE to Gene"}, "'GONE to Gene'"),
        ("home", {"q": "SKP1", "source": "gone"}, "there is no 'gone' here"),
        ("explorer", {"ids": "hgnc:10899", "types": "GONE"}, "there is no GONE here"),
        ("paths", {"from": "SKP1", "to": "TP53", "longest": "9"}, "there is no '9' here"),
        ("console", {"language": "SPARQL"}, "there is no 'SPARQL' here"),
        ("sources", {"tab": "Builds and changes", "before": "gone"}, "there is no 'gone' here"),
        ("targets", {"disease": "lung cancer", "targets_row": "hgnc:0"}, "The table has no row 'hgnc:0'"),
    ],
)
def test_what_is_gone_is_named_and_nothing_else_is_shown(
    draw: Draw, shared: Home, path: str, given: dict[str, str], named: str
) -> None:
    test = draw(path, given, shared)
    assert not test.exception
    assert any(named in one.value.replace("\\", "") for one in test.error)
    for name, value in given.items():
        assert _address(test).get(name) == [value], "the address still names it"


def test_after_what_is_gone_another_one_can_be_chosen(draw: Draw, shared: Home) -> None:
    test = draw("lists", {"tab": "Lists", "list": "gone"}, shared)
    assert test.selectbox(key="list").value is None
    test.run()
    assert any("'gone'" in one.value for one in test.error), "any other click shows no other list"
    test.selectbox(key="list").set_value("mine").run()
    assert not test.error
    assert _address(test)["list"] == ["mine"]


def test_a_list_that_is_deleted_while_it_is_shown_is_not_replaced(draw: Draw, shared: Home, tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    shutil.copytree(shared.root, home.root)
    test = draw("lists", {"tab": "Lists", "list": "mine"}, home)
    assert not test.error
    Lists(home).remove("mine")
    assert any("'mine'" in one.value for one in test.run().error)


def test_a_choice_that_depends_on_another_begins_anew_with_it(draw: Draw, shared: Home) -> None:
    test = draw("report", {"id": "hgnc:10899", "tab": "Relationships", "relationship": "ENCODES to Protein"}, shared)
    protein = test.dataframe[0].value["id"][0].removeprefix("report?id=")
    test.text_input(key="id").set_value(protein).run()
    assert not test.error
    assert _address(test)["relationship"] != ["ENCODES to Protein"]


@pytest.mark.parametrize(
    ("path", "given", "shown"),
    [
        ("explorer", {"ids": "hgnc:10899", "most": "9999"}, "a number from 1 to 100; 12 is taken"),
        ("explorer", {"ids": "hgnc:10899", "most": "many"}, "a number from 1 to 100; 12 is taken"),
        ("explorer", {"ids": "hgnc:10899", "between": "perhaps"}, "is true or false"),
        ("report", {"id": "hgnc:10899", "tab": "Nowhere"}, "has no tab Nowhere"),
    ],
)
def test_an_address_that_is_wrong_is_named(
    draw: Draw, shared: Home, path: str, given: dict[str, str], shown: str
) -> None:
    test = draw(path, given, shared)
    assert not test.exception
    assert any(shown in one.value.replace("\\", "") for one in test.warning)


def test_a_selected_row_is_in_the_address(draw: Draw, shared: Home) -> None:
    plain = draw("targets", {"disease": "lung cancer"}, shared)
    third = plain.dataframe[0].value["gene_id"][2].removeprefix("report?id=")
    test = draw("targets", {"disease": "lung cancer", "targets_row": third}, shared)
    assert not test.error
    assert len(test.dataframe) == len(plain.dataframe) + 1
    address = _address(test)
    assert address["targets_row"] == [third]
    assert len(address["cell"]) == 1
    gone = draw("targets", {"disease": "lung cancer", "targets_row": third, "cell": "gone"}, shared)
    assert any("there is no 'gone' here" in one.value.replace("\\", "") for one in gone.error)
    assert len(gone.dataframe) == len(plain.dataframe)


#: Choices that stand in no address: inputs of an action, and what belongs to an uploaded file.
_LOCAL = {"Name of the list", "Overwrite existing list", "Name of the new list", "Column of identifiers", "Gene sets"}


def test_pages_ask_for_choices_through_the_address_alone() -> None:
    """A widget of Streamlit's own, or its `bind`, would leave a choice or a default out."""
    widgets = r"st\.(?:selectbox|multiselect|slider|number_input|text_input|text_area|checkbox|toggle|tabs|pills|radio"
    widgets += r"|segmented_control|select_slider|date_input)\(\s*(?:\"([^\"]*)\")?"
    folder = Path(__file__).parent.parent.parent / "dashboards"
    for file in [*folder.glob("pages/*.py"), *folder.glob("parts/*.py")]:
        text = file.read_text(encoding="utf-8")
        if file.name != "state.py":
            assert "bind=" not in text, file.name
            assert {found for found in re.findall(widgets, text) if found not in _LOCAL} <= set(), file.name


def test_another_run_does_not_take_the_place_of_the_one_in_the_address(draw: Draw, tmp_path: Path) -> None:
    home = make_home(tmp_path / "home")
    first = Results(home).publish(account(home), findings(), PREDICTS, TABLES).run
    address = _address(draw("runs", {}, home))
    assert address["run"] == [first]
    second = replace(account(home, seed=8), started_at="2026-02-01T00:00:00+00:00")
    Results(home).publish(second, findings(), PREDICTS, TABLES)
    assert _address(draw("runs", {}, home))["run"] == [second.run]
    assert _address(draw("runs", address, home)) == address


def test_a_text_that_is_too_long_stays_out_of_the_address(draw: Draw, shared: Home) -> None:
    test = draw("console", {"language": "SQL"}, shared)
    test.text_area(key="q").set_value("SELECT 1 " + "-" * 20_000).run()
    assert "q" not in _address(test)
    assert any("too long for the address" in one.value for one in test.caption)
