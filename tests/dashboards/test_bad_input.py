"""What people and their programs do wrong: mangled spreadsheets, huge uploads, HTML in names, endless questions."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboards.page import Page, pages
from dashboards.parts.lists.uploads import checked_content
from tests.conftest import SmallBuild, stated
from warehouse.analyst.identifiers import resolve
from warehouse.analyst.lists import Lists, from_report
from warehouse.answer import Limits
from warehouse.errors import QuestionError, QuestionTimeoutError
from warehouse.home import Home
from warehouse.warehouse import Warehouse

Draw = Callable[..., AppTest]
HTML = "<img src=x onerror=alert(1)> [x](javascript:alert(1)) **bold** :red[hot] $x^2$"
#: Pages with what they take, given as something that no build has.
NOT_THERE = {"id": "hgnc:0", "ids": "hgnc:0, doid:0", "disease": "doid:0", "gene": "NOSUCHGENE", "from": "hgnc:0",
             "to": "doid:0", "of_gene": "hgnc:0", "run": "ecv-0", "subnetwork": "targetgraph.subnetwork:0",
             "list": "no-list", "cohort": "tcga.study:0", "template": "no_template", "tab": "no tab", "kind": "NONE",
             "type": "Nonsense", "matrix": "no_matrix", "q": "NOSUCHTHING"}  # fmt: skip
ENDLESS = "MATCH (a), (b), (c), (d) WHERE a.id + b.id < c.id + d.id RETURN count(*) AS n"


def _make_home(root: Path, say: Callable[[SmallBuild], object]) -> Home:
    home = Home(root)
    with home.writing() as writer:
        folder = writer.new_build()
        small = SmallBuild(folder)
        say(small)
        content_hash = small.finish().content_hash
        small.close(json.dumps({"content_hash": content_hash, "sources": [], "counts": {}}))
        writer.publish(folder, content_hash, keep=5)
    return home


def _say_hostile(small: SmallBuild) -> None:
    genes = [
        {"id": "hgnc:1", "symbol": "GOOD1", "name": HTML, "aliases": [HTML], "previous_symbols": []},
        {"id": "hgnc:7729", "symbol": "SEPTIN2", "name": "septin 2", "aliases": [], "previous_symbols": ["SEPT2"]},
        {"id": "hgnc:2", "symbol": "MARCHF1", "name": "m", "aliases": [], "previous_symbols": ["MARCH1"]},
        {"id": "hgnc:3", "symbol": "MTARC1", "name": "m", "aliases": [], "previous_symbols": ["MARC1"]},
    ]
    small.say("hgnc", stated("Gene", *genes), rank=1)
    small.say("b", stated("Disease", id="doid:1", name=HTML), stated("Pathway", id="reactome:R-HSA-1", name=HTML))
    small.say("b", stated("Drug", id="drugbank:DB1", name=HTML), stated("Protein", id="uniprot:P1", name=HTML))
    small.say(
        "b",
        stated("ASSOCIATES", subject="doid:1", object="hgnc:1", evidence="asserted", data_sources=[HTML]),
        stated("PARTICIPATES_IN", subject="hgnc:1", object="reactome:R-HSA-1", evidence="asserted"),
        stated("PARTICIPATES_IN", subject="hgnc:7729", object="reactome:R-HSA-1", evidence="asserted"),
        stated("BINDS", subject="drugbank:DB1", object="hgnc:1", evidence="asserted", actions=[HTML]),
    )


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A small warehouse with HTML in names, and with the genes that spreadsheets turn into dates; with two lists."""
    home = _make_home(tmp_path_factory.mktemp("hostile") / "home", _say_hostile)
    with Warehouse.open(home.root) as warehouse, warehouse.reading() as connection:
        report = resolve(connection, ["GOOD1", "SEPT2", HTML])
        lists = Lists(home)
        lists.save(from_report("mine", "Gene", report, warehouse.build.id, HTML))
        lists.save(from_report("measured", "Gene", resolve(connection, ["GOOD1", "SEPT2", "MARCHF1"]), "b1"))
    return home


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A warehouse whose build holds nothing."""
    return _make_home(tmp_path_factory.mktemp("bare") / "home", lambda small: None)


def _texts(test: AppTest) -> str:
    kinds = [
        test.error,
        test.warning,
        test.info,
        test.success,
        test.markdown,
        test.caption,
        test.header,
        test.subheader,
    ]
    return "\n".join(str(one.value) for kind in [*kinds, test.header, test.subheader] for one in kind)


def _press(test: AppTest, label: str) -> AppTest:
    return next(button for button in test.button if button.label == label).click().run()


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.path)
def test_a_page_of_a_build_that_holds_nothing(draw: Draw, bare: Home, page: Page) -> None:
    for parameters in ({}, dict(page.sample)):
        test = draw(page.path, parameters, bare)
        assert not test.exception
        assert test.title[0].value == page.title
        assert _texts(test)


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.path)
def test_a_page_that_is_asked_for_what_is_not_there(draw: Draw, page: Page) -> None:
    test = draw(page.path, NOT_THERE)
    assert not test.exception
    said = _texts(test)
    assert said
    if {"id", "ids", "disease", "from", "q"} & set(page.sample) and page.path != "console":
        told = [*test.error, *test.warning, *test.info]
        assert any("0" in one.value or "NOSUCH" in one.value for one in told), said


@pytest.mark.parametrize(
    ("path", "parameters"),
    [
        ("home", {"q": "hgnc:1"}),
        ("home", {"q": HTML}),
        ("report", {"id": "hgnc:1"}),
        ("report", {"id": "doid:1"}),
        ("report", {"id": "drugbank:DB1"}),
        ("explorer", {"ids": "hgnc:1"}),
        ("targets", {"disease": "doid:1"}),
        ("paths", {"from": "hgnc:1", "to": "doid:1"}),
        ("lists", {"list": "mine"}),
        ("questions", {"template": "pathways_of_gene", "of_gene": HTML}),
        ("runs", {"run": HTML}),
        ("console", {"q": HTML}),
        ("cohorts", {"gene": HTML}),
    ],
)
def test_html_in_names_is_shown_as_text(draw: Draw, hostile: Home, path: str, parameters: dict[str, str]) -> None:
    test = draw(path, parameters, hostile)
    assert not test.exception
    # What is left when everything that is escaped is taken away.
    bare_text = "\n".join(one for one in _texts(test).split("`")[::2])
    for escaped in ("\\<", "\\]", "\\*", "\\:", "\\$"):
        bare_text = bare_text.replace(escaped, "")
    for wrong in ("<img", "](javascript", "**bold", ":red[", "$x"):
        assert wrong not in bare_text
    assert not [one for one in test.get("html") if "<img" in str(one.proto)]


def test_a_spreadsheet_with_mangled_symbols_is_understood(draw: Draw, hostile: Home) -> None:
    table = "gene,log2FC,p\nGOOD1,1.5,7157\n2-Sep,0.2,1\n1-Mar,2,1\n9/2/2024,1,3\n2.31E+13,1,4\nGOD1,1,1\n"
    test = draw("lists", {}, hostile)
    test.file_uploader(key="file").set_value(("hits.csv", table.encode(), "text/csv")).run()
    assert test.selectbox(key="column").options == ["gene", "log2FC", "p"]
    test = _press(test, "See what they mean")
    assert not test.exception
    report = {row["given"]: row for row in test.dataframe[0].value.to_dict("records")}
    assert set(report) == {"GOOD1", "2-Sep", "1-Mar", "9/2/2024", "2.31E+13", "GOD1"}
    assert report["2-Sep"]["how"] == "SEPT2, which a spreadsheet turned into a date"
    assert report["9/2/2024"]["id"] == report["2-Sep"]["id"] == "report?id=hgnc:7729"
    assert report["1-Mar"]["outcome"] == "ambiguous"
    assert "MARCHF1" in report["1-Mar"]["candidates"]
    assert "a spreadsheet has turned an identifier" in report["2.31E+13"]["how"]
    assert "GOOD1" in report["GOD1"]["candidates"]
    assert [int(one.value) for one in test.metric] == [1, 2, 1, 2]


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        (b"PK\x03\x04rest", "hits.csv", "a spreadsheet or an archive, not text"),
        ("GÈNE1\n".encode("latin-1"), "hits.txt", "line 1: no UTF-8 text"),
        (b"TP53\0\n", "hits.txt", "bytes that are zero"),
        (b"", "hits.txt", "empty"),
        (b"A" * (11 * 1024 * 1024), "hits.txt", "has 11.0 MB; at most 10 MB"),
    ],
)
def test_an_upload_that_is_no_list_is_named(draw: Draw, hostile: Home, content: bytes, name: str, message: str) -> None:
    test = draw("lists", {}, hostile)
    test.file_uploader(key="file").set_value((name, content, "text/plain")).run()
    assert not test.exception
    said = test.error[0].value.replace("\\", "")
    assert message in said
    assert name in said


def test_gene_sets_of_ones_own_are_tested_beside_those_of_the_graph(draw: Draw, hostile: Home) -> None:
    test = draw("lists", {"tested": "mine", "background": "measured"}, hostile)
    mine = b"first\tmine\tGOOD1\t2-Sep\tNOPE\nsecond\t\tMARCH1\tMARC1\n"
    others = f"third\t{HTML}\tGOOD1\n".encode()
    bad = b"fourth\td\tGOOD1\nfifth\tno genes\n"
    files = [("mine.gmt", mine, "text/plain"), ("others.gmt", others, "text/plain"), ("bad.gmt", bad, "text/plain")]
    test.file_uploader(key="gmt").set_value(files).run()
    assert not test.exception
    assert "bad.gmt, line 2: no gene set (the set 'fifth' has no genes)" in test.error[0].value.replace("\\", "")
    said = _texts(test).replace("\\", "")
    assert "mine.gmt: 2 gene sets. 1 texts are no genes" in said
    test = _press(test, "Test")
    assert not test.exception
    rows = {row["set_name"]: row for row in test.dataframe[-1].value.to_dict("records")}
    assert {name: row["collection"] for name, row in rows.items()} == {
        "first: mine": "mine.gmt",
        f"third: {HTML}": "others.gmt",
    }
    # Sets of a file have no report to which an id could lead.
    assert not [row for row in rows.values() if str(row["set_id"]).startswith("report")]
    assert [rows["first: mine"][name] for name in ("hits", "list_size", "set_size", "background_size")] == [2, 2, 2, 3]


class _Huge:
    """An upload of fifty megabytes of which no byte may be asked for."""

    name, size = "C:\\fake\\all.gmt", 50_000_000

    def getvalue(self) -> bytes:
        raise AssertionError("it was read")


def test_a_huge_upload_is_refused_before_it_is_read() -> None:
    with pytest.raises(QuestionError, match=r"^all\.gmt has 47\.7 MB; at most 25 MB are read here"):
        checked_content(_Huge(), 25, ("gmt",))


def test_an_endless_question_is_stopped_and_slows_nobody(sample_home: Home) -> None:
    stopped: list[BaseException] = []
    with Warehouse.open(sample_home.root) as warehouse:
        warehouse.query("MATCH (g:Gene) RETURN count(g) AS n")

        def run() -> None:
            try:
                warehouse.query(ENDLESS, limits=Limits(2.0, 10, 2000))
            except QuestionTimeoutError as error:
                stopped.append(error)

        endless = threading.Thread(target=run)
        begun = time.monotonic()
        endless.start()
        times = []
        while endless.is_alive() and time.monotonic() - begun < 30:
            start = time.monotonic()
            assert warehouse.query("MATCH (g:Gene) RETURN count(g) AS n").rows()[0][0] > 100
            times.append(time.monotonic() - start)
            time.sleep(0.02)
        endless.join(30)
    assert ["ran longer than 2 s and was stopped" in str(one) for one in stopped] == [True]
    # While one question held the machine the other visitor was answered again and again.
    assert len(times) >= 10
    assert sorted(times)[len(times) // 2] < 0.5
