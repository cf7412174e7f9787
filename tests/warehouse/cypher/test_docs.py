"""The pages of the documentation: functions as in the table, examples with the outputs that they show."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from warehouse.cypher import CypherEngine
from warehouse.cypher.evaluation.documentation import PAGE, functions_page, undocumented
from warehouse.cypher.values.writing import plain

DOCS = Path(__file__).parents[3] / "docs"
EXAMPLE = re.compile(r"```cypher\n(.*?)```\n\n```text\n(.*?)```", re.DOTALL)
PARAMETERS = {"ids": ["g0", "g3"], "symbol": "KMT2A"}


def examples() -> list[tuple[str, str]]:
    return EXAMPLE.findall((DOCS / "cypher-examples.md").read_text("utf-8"))


def shown(engine: CypherEngine, text: str) -> str:
    """The answer as the page shows it: names, then a line for each row."""
    result = engine.query(text, {name: value for name, value in PARAMETERS.items() if f"${name}" in text})
    lines = [" | ".join(result.columns)]
    lines += [" | ".join(str(plain(value)) for value in row) for row in result.rows()]
    return "\n".join(lines) + "\n"


def test_the_page_of_functions_is_that_of_the_table() -> None:
    assert (DOCS / PAGE).read_text("utf-8") == functions_page(), (
        "run: python -m warehouse.cypher.evaluation.documentation docs"
    )
    assert not undocumented()


@pytest.mark.parametrize(("text", "output"), examples())
def test_example(engine: CypherEngine, text: str, output: str) -> None:
    assert shown(engine, text) == output


def test_there_are_examples() -> None:
    assert len(examples()) >= 15
