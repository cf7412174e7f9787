"""Identifiers of any kind, and the lists that are made of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import SmallBuild, stated
from warehouse.analyst.identifiers import Outcome, Resolved, resolve, split
from warehouse.analyst.lists import Account, EntityList, Lists, combine, follow, from_report
from warehouse.errors import QuestionError, TargetGraphError
from warehouse.home import Home

GENES = stated(
    "Gene",
    {"id": "hgnc:11998", "symbol": "TP53", "name": "tumor protein p53", "aliases": ["p53", "SHARED"],
     "previous_symbols": [], "identifiers": ["ncbigene:7157", "ensembl:ENSG00000141510"]},
    {"id": "hgnc:7729", "symbol": "SEPTIN2", "name": "septin 2", "aliases": [], "previous_symbols": ["SEPT2"],
     "identifiers": []},
    {"id": "hgnc:26077", "symbol": "MARCHF1", "name": "membrane associated ring-CH-type finger 1", "aliases": [],
     "previous_symbols": ["MARCH1"], "identifiers": []},
    {"id": "hgnc:26189", "symbol": "MTARC1", "name": "mitochondrial amidoxime reducing component 1",
     "aliases": ["SHARED"], "previous_symbols": ["MARC1"], "identifiers": []},
)  # fmt: skip


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallBuild]:
    """Four genes and a protein; nobody changes it."""
    small = SmallBuild(tmp_path_factory.mktemp("lists"))
    small.say("hgnc", GENES)
    small.say("uniprot", stated("Protein", id="uniprot:P04637", name="p53"))
    small.say("uniprot", stated("ENCODES", subject="hgnc:11998", object="uniprot:P04637", evidence="asserted"))
    small.finish()
    yield small
    small.writer.connection.close()


def of(build: SmallBuild, *texts: str, label: str = "Gene") -> list[Resolved]:
    return resolve(build.writer.connection, texts, label)


@pytest.mark.parametrize(
    ("text", "outcome", "id_"),
    [
        ("TP53", "matched", "hgnc:11998"),
        ("hgnc:11998", "matched", "hgnc:11998"),
        ("HGNC:11998", "matched", "hgnc:11998"),
        ("tp53", "converted", "hgnc:11998"),
        (" p53 ", "converted", "hgnc:11998"),
        ("7157", "converted", "hgnc:11998"),
        ("ENSG00000141510.16", "converted", "hgnc:11998"),
        ("P04637", "converted", "hgnc:11998"),
        ("uniprot:P04637", "converted", "hgnc:11998"),
        ("SEPT2", "converted", "hgnc:7729"),
        ("2-Sep", "converted", "hgnc:7729"),
        ("Sep-02", "converted", "hgnc:7729"),
        ("2 Sept 2024", "converted", "hgnc:7729"),
        ("2024-09-02 00:00:00", "converted", "hgnc:7729"),
        ("9/2/2024", "converted", "hgnc:7729"),
        ("02.09.24", "converted", "hgnc:7729"),
        ("13/13/2024", "unresolved", None),
        ("2.31E+13", "unresolved", None),
        ("1-Mar", "ambiguous", None),
        ("SHARED", "ambiguous", None),
        ("2-Jun", "unresolved", None),
        ("", "missing", None),
        ("NA", "missing", None),
        ("99999999", "unresolved", None),
        ("'; DROP TABLE gene; --", "unresolved", None),
    ],
)
def test_what_a_text_means(build: SmallBuild, text: str, outcome: str, id_: str | None) -> None:
    [found] = of(build, text)
    assert (found.outcome, found.id) == (outcome, id_)
    assert found.how or found.outcome is Outcome.MATCHED


def test_a_date_that_is_written_in_two_orders_is_not_guessed(small: SmallBuild) -> None:
    genes: list[dict[str, object]] = [
        {"id": "hgnc:7729", "symbol": "SEPTIN2", "previous_symbols": ["SEPT2"]},
        {"id": "ncbigene:100188849", "symbol": "FEB9"},
    ]
    small.say("hgnc", stated("Gene", *genes)).finish()
    (found,) = of(small, "9/2/2024")
    assert found.outcome is Outcome.AMBIGUOUS
    assert found.candidates == ("SEPTIN2 (hgnc:7729)", "FEB9 (ncbigene:100188849)")
    assert found.how == "FEB9 or SEPT2, which a spreadsheet turned into a date"


def test_a_protein_is_found_by_its_gene(build: SmallBuild) -> None:
    [found] = of(build, "TP53", label="protein")
    assert found.id == "uniprot:P04637"


def test_a_report_says_what_may_be_meant(build: SmallBuild) -> None:
    march, either, typo = of(build, "1-Mar", "9/2/2023", "SEPTIN3")
    assert march.how == "MARC1 or MARCH1, which a spreadsheet turned into a date"
    assert either.outcome is Outcome.CONVERTED
    assert march.candidates == ("MARCHF1 (hgnc:26077)", "MTARC1 (hgnc:26189)")
    assert typo.candidates == ("SEPTIN2",)


def test_the_order_and_the_repetitions_of_the_given_texts_stay(build: SmallBuild) -> None:
    assert [one.given for one in of(build, "b", "TP53", "a", "TP53")] == ["b", "TP53", "a", "TP53"]


def test_an_unknown_type_and_an_endless_list_are_refused(build: SmallBuild) -> None:
    with pytest.raises(TargetGraphError, match="Gnee"):
        of(build, "TP53", label="Gnee")
    with pytest.raises(QuestionError, match="200,001 identifiers"):
        of(build, *["x"] * 200_001)


def test_pasted_texts_are_taken_apart() -> None:
    text = '\ufeffTP53, BRCA1;EGFR\n"KRAS"\n2 Sep\nMYC\tsome\tother cells\n\n'
    assert split(text) == ["TP53", "BRCA1", "EGFR", "KRAS", "2 Sep", "MYC"]


@pytest.fixture
def lists(tmp_path: Path) -> Lists:
    return Lists(Home(tmp_path / "home"))


def test_a_list_is_kept_by_canonical_id(build: SmallBuild, lists: Lists) -> None:
    kept = from_report("mine", "Gene", of(build, "p53", "TP53", "SEPT2", "nothing"), "b1", "genes of mine")
    lists.save(kept)
    assert lists.names() == ["mine"]
    assert lists.get("mine") == kept
    assert kept.ids == ["hgnc:11998", "hgnc:7729"]
    assert kept.members[0].given == ("TP53", "p53")
    assert [text for text, _why in kept.unresolved] == ["nothing"]


def test_lists_are_combined(build: SmallBuild) -> None:
    first = from_report("first", "Gene", of(build, "TP53", "SEPT2"), "b1")
    second = from_report("second", "Gene", of(build, "TP53", "MARCHF1"), "b1")
    assert combine("x", "union", first, second).ids == ["hgnc:11998", "hgnc:26077", "hgnc:7729"]
    assert combine("x", "intersection", first, second).ids == ["hgnc:11998"]
    assert combine("x", "difference", first, second).ids == ["hgnc:7729"]
    with pytest.raises(QuestionError, match="no operation 'xor'"):
        combine("x", "xor", first, second)
    with pytest.raises(QuestionError, match="one of Protein"):
        combine("x", "union", first, from_report("p", "Protein", of(build, "P04637", label="Protein"), "b1"))


def test_a_list_follows_a_new_build_and_says_what_changed(
    build: SmallBuild, new_small: Callable[[], SmallBuild]
) -> None:
    kept = from_report("mine", "Gene", of(build, "TP53", "SEPT2", "MARCHF1"), "b1")
    later = new_small().say(
        "hgnc",
        stated(
            "Gene",
            {"id": "hgnc:11998", "symbol": "TP53", "identifiers": ["ncbigene:7157"]},
            {"id": "hgnc:7729", "symbol": "SEPTX", "identifiers": []},
        ),
    )
    later.finish()
    now, changes = follow(later.writer.connection, kept, "b2")
    assert now.ids == ["hgnc:11998", "hgnc:7729"]
    assert [(one.member.name, one.what, one.name) for one in changes] == [
        ("MARCHF1", "gone", None),
        ("SEPTIN2", "renamed", "SEPTX"),
    ]


def test_a_list_is_neither_lost_nor_found_outside_its_folder(build: SmallBuild, lists: Lists) -> None:
    kept = from_report("mine", "Gene", of(build, "TP53"), "b1")
    lists.save(kept)
    with pytest.raises(QuestionError, match="already"):
        lists.save(kept)
    lists.save(kept, replacing=True)
    for name in ("../mine", "", "a/b", "..", "x" * 200):
        with pytest.raises(QuestionError, match="no name for a list"):
            lists.get(name)
    with pytest.raises(QuestionError, match="Lists: mine"):
        lists.get("other")
    lists.remove("mine")
    assert lists.names() == []


def test_a_damaged_list_is_named(lists: Lists, tmp_path: Path) -> None:
    (tmp_path / "home" / "lists").mkdir(parents=True)
    for text in ("{", "[]", '{"format": 2}', '{"format": 1, "members": [], "unresolved": [], "huh": 1}'):
        (tmp_path / "home" / "lists" / "bad.json").write_text(text)
        with pytest.raises(TargetGraphError, match=r"bad\.json cannot be read"):
            lists.get("bad")


# -- owners ---------------------------------------------------------------------------------------------------------

ANN, BOB = Account("ann@example.org"), Account("bob@example.org")


def _list(name: str, description: str = "") -> EntityList:
    return EntityList(name, "Gene", (), description)


def test_a_list_is_changed_by_its_owner_and_by_operators_alone(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    ann, bob, operator = Lists(home, ANN), Lists(home, BOB), Lists(home)
    assert ann.save(_list("mine")).owner == "ann@example.org"
    assert bob.get("mine").owner == "ann@example.org", "everybody reads"
    for act in (lambda: bob.save(_list("mine", "his"), replacing=True), lambda: bob.remove("mine")):
        with pytest.raises(QuestionError, match=r"'mine' belongs to ann@example\.org"):
            act()
    assert (ann.may_change("mine"), bob.may_change("mine"), operator.may_change("mine")) == (True, False, True)
    assert operator.save(_list("mine", "mended"), replacing=True).owner == "ann@example.org"
    ann.save(_list("mine", "hers"), replacing=True)
    assert bob.get("mine").description == "hers"
    with pytest.raises(QuestionError, match="already a list 'mine'"):
        ann.save(_list("mine"))
    ann.remove("mine")
    bob.save(_list("mine"))
    operator.remove("mine")
    assert operator.names() == []


def test_nobody_names_the_owner_of_what_they_save(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    assert Lists(home, BOB).save(EntityList("x", "Gene", (), owner="ann@example.org")).owner == "bob@example.org"


def test_a_reader_without_an_account_changes_nothing(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    Lists(home).save(_list("theirs"))
    anybody = Lists(home, Account())
    assert anybody.get("theirs").name == "theirs"
    for act in (
        lambda: anybody.save(_list("new")),
        lambda: anybody.save(_list("theirs"), replacing=True),
        lambda: anybody.remove("theirs"),
    ):
        with pytest.raises(QuestionError, match=r"account|belongs to the operator"):
            act()
    assert [path.name for path in (home.root / "lists").iterdir()] == ["theirs.json"]


def test_lists_without_an_owner_belong_to_the_operator(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    folder = home.root / "lists"
    folder.mkdir(parents=True)
    of_before = {
        "format": 1, "name": "old", "type": "Gene", "members": [{"id": "hgnc:1", "name": "A", "given": ["a"]}],
        "description": "", "build": "b", "created": "2025-01-01T00:00:00+00:00", "unresolved": [["x", "why"]],
    }  # fmt: skip
    (folder / "old.json").write_text(json.dumps(of_before), encoding="utf-8")
    assert Lists(home, ANN).get("old").ids == ["hgnc:1"]
    assert Lists(home, ANN).get("old").owner == ""
    with pytest.raises(QuestionError, match="belongs to the operator"):
        Lists(home, ANN).remove("old")
    with pytest.raises(QuestionError, match="belongs to the operator"):
        Lists(home, Account()).remove("old")
    Lists(home).remove("old")


def test_a_damaged_list_is_the_operators_to_replace(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    folder = home.root / "lists"
    folder.mkdir(parents=True)
    (folder / "bad.json").write_text("[1]", encoding="utf-8")
    for act in (lambda: Lists(home, ANN).save(_list("bad"), replacing=True), lambda: Lists(home, ANN).remove("bad")):
        with pytest.raises(TargetGraphError, match="cannot be read"):
            act()
    assert not Lists(home, ANN).may_change("bad")
    assert Lists(home).save(_list("bad"), replacing=True).owner == ""
    with pytest.raises(QuestionError, match="no list 'gone'"):
        Lists(home).remove("gone")
