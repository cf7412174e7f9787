"""Pages of the docs whose examples are run: a fenced question, then its answer as a table.

`python -m tests.pages WAREHOUSE docs/questions.md` writes the answers anew; a test compares them.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from warehouse.answer import Answer
from warehouse.warehouse import Warehouse

_EXAMPLE = re.compile(r"```(?P<language>cypher|sql)\n(?P<text>.*?)```\n\n(?P<answer>(?:\|[^\n]*\n)*)", re.DOTALL)


@dataclass(frozen=True)
class Example:
    """A question of a page.

    Args:
        title: the heading above it.
        language: `cypher` or `sql`.
        text: the question.
        answer: the table below it, as Markdown.
    """

    title: str
    language: str
    text: str
    answer: str


def examples(page: str) -> Iterator[Example]:
    """The examples of a page, in order."""
    for found in _EXAMPLE.finditer(page):
        titles = re.findall(r"^#+ (.*)$", page[: found.start()], re.MULTILINE)
        yield Example(titles[-1], found["language"], found["text"], found["answer"])


def ask(warehouse: Warehouse, example: Example) -> str:
    """The answer of a warehouse to an example, as a Markdown table."""
    door = warehouse.query if example.language == "cypher" else warehouse.sql
    return as_markdown(door(example.text))


def as_markdown(answer: Answer) -> str:
    """An answer as a Markdown table."""
    lines = [f"| {' | '.join(answer.columns)} |", "|" + "---|" * len(answer.columns)]
    lines += [f"| {' | '.join(_cell(value) for value in row)} |" for row in answer.rows()]
    return "\n".join(lines) + "\n"


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(_cell(item) for item in value)
    return str(value).replace("|", "\\|")


def rewrite(warehouse: Warehouse, page: str) -> str:
    """The page with the answers that this warehouse gives."""
    for example in examples(page):
        block = f"```{example.language}\n{example.text}```\n\n"
        answer = ask(warehouse, example)
        page = page.replace(block + example.answer, block + answer + ("" if example.answer else "\n"))
    return page


if __name__ == "__main__":
    target = Path(sys.argv[2])
    with Warehouse.open(sys.argv[1]) as opened:
        target.write_text(rewrite(opened, target.read_text(encoding="utf-8")), encoding="utf-8")
