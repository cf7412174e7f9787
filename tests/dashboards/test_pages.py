"""Every page without a browser: with nothing, with its sample, on an empty warehouse. A new page costs no test."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboards.page import GROUPS, Page, Role, pages
from warehouse.health.failed_builds import note_failure
from warehouse.health.schedule_state import JobState, Outcome, ScheduleState, save
from warehouse.home import Home
from warehouse.warehouse import Warehouse

Draw = Callable[..., AppTest]
DOCS = (Path(__file__).parent.parent.parent / "docs" / "dashboard.md").read_text(encoding="utf-8")
GENE = "hgnc:10899"


def _texts(test: AppTest) -> str:
    return "\n".join(str(one.value) for one in [*test.error, *test.warning, *test.info, *test.markdown, *test.caption])


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.path)
def test_a_page_with_nothing_says_what_it_wants(draw: Draw, page: Page) -> None:
    test = draw(page.path)
    assert not test.exception
    assert not test.error
    assert test.title[0].value == page.title


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.path)
def test_a_page_with_its_sample(draw: Draw, page: Page) -> None:
    test = draw(page.path, dict(page.sample))
    assert not test.exception
    assert not test.error
    assert not test.warning


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.path)
def test_a_page_of_an_empty_warehouse(draw: Draw, page: Page, tmp_path: Path) -> None:
    test = draw(page.path, dict(page.sample), Home(tmp_path / "nothing"))
    assert not test.exception
    assert "There is no build in" in test.error[0].value
    assert "targetgraph build" in test.error[0].value


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.path)
def test_a_page_with_hostile_parameters(draw: Draw, page: Page) -> None:
    hostile = "<script>alert(1)</script> [x](javascript:alert(1)) '; DROP TABLE gene; -- hgnc:0\x00"
    test = draw(page.path, dict.fromkeys({*page.sample, "id", "q", "ids"}, hostile))
    assert not test.exception
    # What a visitor gives is shown as it is: never as HTML, never as a link.
    assert "<script>" not in _texts(test)
    assert "](javascript" not in _texts(test)


def test_pages_are_documented_and_in_known_groups() -> None:
    assert len({page.path for page in pages()}) == len(pages())
    for page in pages():
        assert page.group in GROUPS
        assert f"**{page.title}**" in DOCS, f"docs/dashboard.md does not tell of {page.title}"


def test_a_reader_may_not_do_what_needs_an_operator() -> None:
    assert Role.OPERATOR.may(Role.OPERATOR)
    assert not Role.READER.may(Role.OPERATOR)
    assert Role.READER.may(Role.READER)


# -- what single pages do ------------------------------------------------------------------------------------------


def test_search_counts_by_type_and_narrows(draw: Draw) -> None:
    test = draw("home", {"q": "SKP"})
    everything = test.dataframe[0].value
    assert {"Gene", "Protein"} <= set(everything["type"])
    narrowed = draw("home", {"q": "SKP", "type": "Gene"}).dataframe[0].value
    assert set(narrowed["type"]) == {"Gene"}
    assert narrowed["id"][0] == f"report?id={GENE}"


def test_a_disease_without_genes_is_told_in_a_sentence(draw: Draw, sample_home: Home) -> None:
    with Warehouse.open(sample_home.root) as warehouse:
        linked = "SELECT subject FROM relationships WHERE predicate IN ('ASSOCIATES', 'UPREGULATES', 'DOWNREGULATES')"
        found = warehouse.sql(f"SELECT id FROM disease WHERE id NOT IN ({linked}) ORDER BY id LIMIT 1").rows()
    test = draw("targets", {"disease": found[0][0]})
    assert not test.error
    assert not test.exception
    assert "nothing to order" in test.info[0].value


def test_the_explorer_reads_every_relationship_once_and_with_its_ends(draw: Draw, sample_home: Home) -> None:
    with Warehouse.open(sample_home.root) as warehouse:
        text = """SELECT subject, predicate AS type, object FROM relationships
            WHERE subject = $gene OR object = $gene ORDER BY ALL"""
        stated = warehouse.sql(text, gene=GENE).rows()
    test = draw("explorer", {"ids": GENE, "most": "100"})
    shown = test.dataframe[0].value
    told = [tuple(one.removeprefix("report?id=") for one in row) for row in shown[["subject", "type", "object"]].values]
    assert sorted(told) == sorted(set(stated))


def test_a_build_that_failed_is_shown(draw: Draw, sample_home: Home, tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.root.mkdir()
    for name in ("builds", "current"):
        (home.root / name).symlink_to(sample_home.root / name)
    assert not draw("sources", home=home).warning
    failed = JobState(
        "0 3 * * 1", Outcome.FAILED, "no such <b>file</b>", ended_at="2026-11-30T03:00:09+00:00", failures=2
    )
    save(home, ScheduleState({"reactome": failed}))
    note_failure(home, ("hgnc",), "too few rows")
    test = draw("sources", home=home)
    told = _texts(test).replace("\\", "")
    assert "The last scheduled build of reactome failed at 2026-11-30T03:00:09+00:00 (2 times in a row)" in told
    assert "The last build of hgnc failed at 20" in told
    assert "too few rows" in told
    assert "<b>" not in _texts(test)
    assert any("2 builds or sources need attention" in one.value for one in draw("home", home=home).caption)


def test_search_for_nothing_known(draw: Draw) -> None:
    assert "Nothing is called" in draw("home", {"q": "zzzzqqqq"}).info[0].value


def test_the_report_of_a_gene(draw: Draw) -> None:
    test = draw("report", {"id": GENE})
    assert "SKP1" in test.header[0].value
    properties = dict(zip(test.dataframe[0].value["property"], test.dataframe[0].value["value"], strict=True))
    assert properties["Symbol"] == "SKP1"
    assert "ENCODES" in set(test.dataframe[-1].value["type"])
    assert draw("report", {"id": GENE, "tab": "Relationships"}).selectbox[0].options
    assert "hgnc" in set(draw("report", {"id": GENE, "tab": "Who says so"}).dataframe[0].value["source"])


@pytest.mark.parametrize("type_name", ["Protein", "Pathway", "Disease", "Drug", "Structure", "Cohort", "Patient"])
def test_the_report_of_every_main_type(draw: Draw, sample_home: Home, type_name: str) -> None:
    with Warehouse.open(sample_home.root) as warehouse:
        found = warehouse.sql("SELECT id FROM entities WHERE type = $type ORDER BY id LIMIT 1", type=type_name)
    test = draw("report", {"id": found.rows()[0][0]})
    assert not test.exception
    assert not test.error
    assert len(test.dataframe) >= 2


def test_a_report_follows_a_merged_identifier(draw: Draw, sample_home: Home) -> None:
    with Warehouse.open(sample_home.root) as warehouse:
        merged, kept = warehouse.sql("SELECT merged_id, canonical_id FROM merges WHERE active LIMIT 1").rows()[0]
    test = draw("report", {"id": merged})
    assert not test.warning
    assert f"`{kept}`" in _texts(test)


def test_a_report_of_what_is_not_there(draw: Draw) -> None:
    test = draw("report", {"id": "hgnc:SKP1"})
    assert "has no entity" in test.warning[0].value
    assert f"report?id={GENE}" in set(test.dataframe[0].value["id"])


def test_a_question_from_an_address_is_not_asked_before_a_click(draw: Draw) -> None:
    test = draw("console", {"language": "SQL", "q": "SELECT count(*) AS genes FROM gene"})
    assert not test.dataframe
    assert test.text_area[0].value == "SELECT count(*) AS genes FROM gene"
    test = _press(test, "Ask")
    assert test.dataframe[0].value["genes"][0] > 100


@pytest.mark.parametrize(
    ("language", "question", "message"),
    [
        ("Cypher", "CREATE (n:Gene)", "CREATE"),
        ("Cypher", "MATCH (n:Gene", "line 1"),
        ("SQL", "DROP TABLE gene", "DROP is refused"),
        ("SQL", "SELECT * FROM read_csv('/etc/passwd')", "disabled"),
        ("SQL", "SELECT 1; SELECT 2", "One statement"),
        ("SQL", "", "no question yet"),
    ],
)
def test_what_the_console_refuses(draw: Draw, language: str, question: str, message: str) -> None:
    test = _press(draw("console", {"language": language, "q": question}), "Ask")
    assert not test.exception
    assert message in test.error[0].value.replace("\\", "")


def test_a_question_that_runs_for_ever_is_stopped(draw: Draw) -> None:
    endless = "SELECT count(*) FROM range(10000000) a, range(10000000) b WHERE (a.range * 7 + b.range) % 1000003 = 5"
    test = draw("console", {"language": "SQL", "q": endless})
    test.number_input(key="seconds").set_value(1.0)
    test = _press(test.run(), "Ask")
    assert "longer than 1 s" in test.warning[0].value.replace("\\", "")


def test_the_console_cuts_and_takes_parameters(draw: Draw) -> None:
    test = draw("console", {"language": "SQL", "q": "SELECT $n + range AS n FROM range(100)"})
    test.number_input(key="rows").set_value(5)
    test.text_input(key="parameters").set_value('{"n": 7}')
    test = _press(test.run(), "Ask")
    assert list(test.dataframe[0].value["n"]) == [7, 8, 9, 10, 11]
    assert "cut at the limit" in _texts(test)
    test.text_input(key="parameters").set_value("[1]")
    test = _press(test.run(), "Ask")
    assert "no JSON object" in test.error[0].value


def test_the_example_is_taken_and_answered(draw: Draw) -> None:
    test = _press(_press(draw("console"), "Take the example"), "Ask")
    assert list(test.dataframe[0].value.columns) == ["gene", "drugs"]
    test = _press(test, "Explain")
    assert "SELECT" in test.code[0].value


def test_a_new_build_is_shown_without_a_restart(draw: Draw, sample_home: Home, tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    shutil.copytree(sample_home.root / "builds", home.root / "builds")
    first = home.builds()[0]
    second = first.folder.with_name("29991231T000000000000Z-00000000")
    shutil.copytree(first.folder, second)
    with home.writing() as writer:
        writer.point_to(first.id)
    test = draw("sources", {}, home)
    assert first.id in _texts(test)
    with home.writing() as writer:
        writer.point_to(second.name)
    assert second.name in _texts(test.run())
    test = _press(test, "Compare")
    assert "Nothing differs" in _texts(test)


def _press(test: AppTest, label: str) -> AppTest:
    return next(button for button in test.button if button.label == label).click().run()


def test_a_prepared_question_is_asked_by_a_click(draw: Draw) -> None:
    test = draw("questions", {"template": "pathways_of_gene", "of_gene": "SKP1"})
    assert not test.dataframe
    next(one for one in test.button if one.label == "Ask").click().run()
    assert "pathway" in test.dataframe[0].value.columns


def test_identifiers_are_reported(draw: Draw) -> None:
    test = draw("lists")
    test.text_area(key="ids").set_value("SKP1, hgnc:10899\n2-Sep\nno-such-gene\nNA")
    next(one for one in test.button if one.label == "See what they mean").click().run()
    assert sum(int(one.value) for one in test.metric) == 5
    assert set(test.dataframe[0].value["outcome"]) >= {"matched", "unresolved", "missing"}


def test_a_cell_of_the_targets_counts_what_it_lists(draw: Draw) -> None:
    test = draw("targets", {"disease": "lung cancer"})
    assert test.subheader[0].value == "[lung cancer](report?id=doid:1324)"
    table = test.dataframe[0].value
    assert list(table["rank"]) == list(range(1, len(table) + 1))


def test_paths_name_what_they_cannot_find(draw: Draw) -> None:
    test = draw("paths", {"from": "SKP1", "to": "no such disease"})
    assert "no such disease" in test.error[0].value
