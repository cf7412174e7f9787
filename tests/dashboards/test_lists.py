"""Lists on the page: who saves and deletes them, and the lists of a session."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from dashboards import app
from dashboards.access import SingleSignOn
from dashboards.configuration import Configuration, configure
from dashboards.page import Page, Role, View, pages
from dashboards.parts.lists.shelf import Shelf, shown_name
from warehouse.analyst.lists import Account, EntityList, Lists
from warehouse.errors import QuestionError
from warehouse.home import Home

Draw = Callable[..., AppTest]
ANN, BOB = "ann@example.org", "bob@example.org"


@pytest.fixture
def home(sample_home: Home, tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    shutil.copytree(sample_home.root / "builds", home.root / "builds")
    shutil.copy(sample_home.root / "current", home.root / "current")
    return home


def _press(test: AppTest, label: str) -> AppTest:
    return next(button for button in test.button if button.label == label).click().run()


def _labels(test: AppTest) -> list[str]:
    return [button.label for button in test.button]


def _save(draw: Draw, home: Home, name: str, **who: str) -> AppTest:
    test = draw("lists", {}, home, **who)
    test.text_area(key="ids").set_value("SKP1")
    test = _press(test, "See what they mean")
    test.text_input(key="name").set_value(name)
    test = _press(test, "Save list")
    assert not test.exception
    return test


def test_a_reader_with_an_account_has_lists_of_their_own(draw: Draw, home: Home) -> None:
    assert not _save(draw, home, "hers", visitor=ANN).error
    assert Lists(home).get("hers").owner == ANN
    hers = draw("lists", {"tab": "Lists", "list": "hers"}, home, visitor=ANN)
    assert "Delete permanently" in _labels(hers)
    his = draw("lists", {"tab": "Lists", "list": "hers"}, home, visitor=BOB)
    assert "report?id=hgnc:10899" in set(his.dataframe[0].value["id"]), "a shared address shows it"
    assert "Delete permanently" not in _labels(his)
    assert any("Only its owner and operators" in one.value for one in his.caption)
    refused = _save(draw, home, "hers", visitor=BOB)
    assert any("already a list" in one.value for one in refused.error)
    assert "Delete permanently" in _labels(draw("lists", {"tab": "Lists", "list": "hers"}, home, role="operator"))
    _press(hers, "Delete permanently")
    assert Lists(home).names() == []


def test_a_button_that_a_browser_makes_up_deletes_nothing(sample_home: Home, tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    Lists(home, Account(ANN)).save(EntityList("hers", "Gene", ()))
    for visitor in (BOB, ""):
        shelf = Shelf(View(home, None, Role.READER, _page(), visitor))  # type: ignore[arg-type]
        with pytest.raises(QuestionError, match="belongs to ann"):
            shelf.remove("hers")
    assert Lists(home).names() == ["hers"]


def _page() -> Page:
    return next(page for page in pages() if page.path == "lists")


def test_a_reader_without_an_account_has_lists_of_the_session(draw: Draw, home: Home) -> None:
    test = _save(draw, home, "passing")
    assert not test.error
    assert not (home.root / "lists").exists(), "the folder is not touched"
    test.selectbox(key="list").set_value("session:passing").run()
    assert test.query_params["list"] in ("session:passing", ["session:passing"])
    assert any("in your session only" in one.value for one in test.info)
    [json_button] = [one for one in test.get("download_button") if one.proto.label == "JSON"]
    assert json_button is not None
    again = draw("lists", {"tab": "Lists", "list": "session:passing"}, home)
    assert any("'session:passing'" in one.value.replace("\\", "") for one in again.error), "nobody else sees it"
    test = _press(test, "Delete permanently")
    assert any("is deleted" in one.value for one in test.success)
    assert not test.error


def test_lists_of_a_session_are_tested_and_combined_with_those_of_the_warehouse(draw: Draw, home: Home) -> None:
    Lists(home).save(EntityList("passing", "Gene", ()))
    test = _save(draw, home, "passing")
    assert not test.error, "one of the same name in the warehouse is another list"
    assert list(test.selectbox(key="tested").options) == ["passing", "passing (this session)"]
    test.selectbox(key="first").set_value("passing")
    test = test.selectbox(key="second").set_value("session:passing").run()
    test.text_input(key="joined").set_value("both")
    test = _press(test, "Combine")
    assert any("both has 1 member." in one.value for one in test.success)
    assert Lists(home).names() == ["passing"]


def test_the_exported_file_is_a_list(home: Home) -> None:
    from warehouse.analyst.lists import as_json

    kept = EntityList("mine", "Gene", (), "d", "b", "c", (("x", "why"),), ANN)
    (home.root / "lists").mkdir()
    (home.root / "lists" / "mine.json").write_text(as_json(kept), encoding="utf-8")
    assert Lists(home).get("mine") == kept
    assert json.loads(as_json(kept))["format"] == 2
    assert shown_name("mine") == "mine"


def test_an_account_elsewhere_names_its_lists_by_the_verified_address(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    class User(dict[str, Any]):
        is_logged_in = True

    sign_on = SingleSignOn("https://id/.well-known", "c", "s", "https://h/oauth2callback", (), ("op@example.org",))
    configure(Configuration(home.root, None, sign_on))
    try:
        monkeypatch.setattr(st, "user", User(email=" Ann@Example.org ", email_verified=True))
        assert app._visitor() == (Role.READER, ANN)
        monkeypatch.setattr(st, "user", User(email="op@example.org"))
        assert app._visitor() == (Role.OPERATOR, "op@example.org")
        configure(Configuration(home.root, without=Role.OPERATOR))
        assert app._visitor() == (Role.OPERATOR, "")
    finally:
        from dashboards import configuration

        configuration._current.clear()
