"""The prepared questions: their headers, their parameters, and that each answers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import SmallBuild, stated
from warehouse.analyst.conflicts import conflicts
from warehouse.analyst.template import Template, parse, template, templates
from warehouse.errors import QuestionError, TargetGraphError
from warehouse.home import Home
from warehouse.warehouse import Warehouse

HEADER = "// title: T\n// question: Q?\n// parameter gene: Gene, a gene\n// parameter least: integer = 2, at least\n"
QUERY = "MATCH (g:Gene {id: $gene}) WHERE g.taxon_id > $least RETURN g.symbol"


@pytest.fixture(scope="module")
def sample(sample_home: Home) -> Iterator[Warehouse]:
    with Warehouse.open(sample_home.root) as opened:
        yield opened


def test_there_are_enough_questions() -> None:
    assert len(templates()) >= 25
    assert len({one.title for one in templates().values()}) == len(templates())


@pytest.mark.parametrize("one", templates().values(), ids=list(templates()))
def test_every_template_compiles(sample: Warehouse, one: Template) -> None:
    assert one.question.endswith("?")
    assert one.example
    given: dict[str, object] = {name: [""] if parameter.is_list else "" for name, parameter in one.parameters.items()}
    given |= {name: 1 for name, parameter in one.parameters.items() if parameter.type in {"integer", "number"}}
    answer = sample.query(one.query, given)
    assert not answer.warnings
    assert len(answer) == 0


def test_every_example_answers_from_real_sources(real_home: Home) -> None:
    with Warehouse.open(real_home.root) as real:
        empty = [name for name, one in templates().items() if not len(real.ask(name, one.example))]
    assert not empty


def test_what_people_type_is_bound(sample: Warehouse) -> None:
    one = parse("t", HEADER + QUERY)
    assert one.parameters["least"].default == "2"
    with sample.reading() as connection:
        gene, symbol = connection.execute("SELECT id, symbol FROM graph.gene ORDER BY id LIMIT 1").fetchall()[0]
        assert one.bind(connection, {"gene": symbol}) == {"gene": gene, "least": 2}
        assert one.bind(connection, {"gene": gene, "least": "1,000"}) == {"gene": gene, "least": 1000}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "'gene' is missing"),
        ({"gene": "no such gene"}, "'no such gene' is unresolved"),
        ({"gene": "x", "huh": 1}, "no parameter 'huh'"),
        ({"gene": "x", "least": "many"}, "is unresolved|'many' is no integer"),
    ],
)
def test_wrong_values_are_named(sample: Warehouse, given: dict[str, object], message: str) -> None:
    with sample.reading() as connection, pytest.raises(QuestionError, match=message):
        parse("t", HEADER + QUERY).bind(connection, given)


def test_a_list_of_entities_leaves_out_what_is_unknown(sample: Warehouse) -> None:
    one = parse("t", "// title: T\n// question: Q?\n// parameter genes: list of Gene, genes\nRETURN $genes")
    with sample.reading() as connection:
        ids = [row[0] for row in connection.execute("SELECT id FROM graph.gene ORDER BY id LIMIT 2").fetchall()]
        assert one.bind(connection, {"genes": f"{ids[1]}, {ids[0]} nothing"}) == {"genes": ids}
        with pytest.raises(QuestionError, match="unresolved"):
            one.bind(connection, {"genes": "nothing"})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("RETURN 1", "has no title"),
        ("// title: T\nRETURN 1", "has no question"),
        ("// huh\nRETURN 1", "line 1"),
        ("// title: T\n// question: Q?\n// parameter a: Gnee, x\nRETURN $a", "Gnee is no type"),
        ("// title: T\n// question: Q?\n// parameter a: Gene\nRETURN $a", "line 3: write"),
        ("// title: T\n// question: Q?\n// parameter a: Gene, x\nRETURN 1", r"\$a stands only"),
        ("// title: T\n// question: Q?\nRETURN $b", r"\$b stands only"),
    ],
)
def test_a_bad_header_names_file_and_line(text: str, message: str) -> None:
    with pytest.raises(TargetGraphError, match=message):
        parse("t", text)


def test_an_unknown_template_names_the_others() -> None:
    with pytest.raises(QuestionError, match="drugs_of_gene"):
        template("drugs_of_gnee")


def test_a_users_folder(tmp_path: Path) -> None:
    (tmp_path / "mine.cypher").write_text(HEADER + QUERY, encoding="utf-8")
    assert list(templates(tmp_path)) == ["mine"]


def test_conflicts_show_every_value_and_the_rule(small: SmallBuild) -> None:
    small.say("better", stated("Gene", id="hgnc:1", symbol="A", name="first", aliases=["B"]), rank=10)
    small.say("worse", stated("Gene", id="hgnc:1", symbol="A", name="second"), rank=20)
    small.finish()
    rows = list(conflicts(small.writer.connection, "a"))
    names = [(row["value"], row["shown"], row["disputed"], row["source"]) for row in rows if row["property"] == "name"]
    assert names == [("first", True, True, "better"), ("second", False, True, "worse")]
    assert {row["property"] for row in rows if row["disputed"]} == {"name"}
    assert rows[0] | {"property": "aliases", "value": "B", "rule": "all values are united"} == rows[0]
    with pytest.raises(QuestionError, match="no Gene of this build"):
        conflicts(small.writer.connection, "nothing")
