"""The page of functions, from the table of functions: `python -m warehouse.cypher.evaluation.documentation FOLDER`."""

from __future__ import annotations

import sys
from pathlib import Path

from warehouse.cypher.evaluation.function_table import AGGREGATES, FUNCTIONS
from warehouse.cypher.evaluation.registry import Function

PAGE = "cypher-functions.md"
_GROUPS = ("scalar", "predicate", "string", "mathematical", "list", "path", "temporal")
_AGGREGATE_EXAMPLES = {
    "avg": "avg(g.score)",
    "collect": "collect(DISTINCT d.id)",
    "count": "count(*), count(DISTINCT g)",
    "max": "max(g.year)",
    "min": "min(g.year)",
    "percentilecont": "percentileCont(g.score, 0.5)",
    "percentiledisc": "percentileDisc(g.score, 0.9)",
    "stdev": "stDev(g.score)",
    "stdevp": "stDevP(g.score)",
    "sum": "sum(g.score)",
}


def functions_page() -> str:
    """The page of functions."""
    parts = [
        "# Functions of Cypher\n",
        "Made from the table of functions in `warehouse/cypher/evaluation/function_table.py`; names ignore case. "
        "Arguments of the "
        "wrong type are refused before the query runs where their type is known, else when it runs. Unless the table "
        "says otherwise, a null argument gives null.\n",
    ]
    for group in _GROUPS:
        members = sorted((one for one in FUNCTIONS.values() if one.group == group), key=lambda one: one.name.lower())
        parts.append(f"## {group.capitalize()}\n\n| function | arguments | example | gives |\n|---|---|---|---|")
        parts += [_row(member) for member in members]
        parts.append("")
    parts.append("## Aggregating\n\n| function | example |\n|---|---|")
    parts += [f"| `{example.split('(')[0]}` | `{example}` |" for name, example in sorted(_AGGREGATE_EXAMPLES.items())]
    return "\n".join(parts) + "\n"


def _row(function: Function) -> str:
    arguments = (
        ", ".join(word.replace("?", " (optional)").replace("*", " ...") for word in function.signature) or "none"
    )
    note = " (null does not simply give null)" if function.null_aware else ""
    return f"| `{function.name}` | {arguments}{note} | `{function.example}` | `{function.gives}` |"


def undocumented() -> set[str]:
    """Functions that the page would leave out."""
    known = {function.name for function in FUNCTIONS.values() if function.group not in _GROUPS}
    return known | (AGGREGATES - _AGGREGATE_EXAMPLES.keys())


if __name__ == "__main__":
    (Path(sys.argv[1]) / PAGE).write_text(functions_page(), encoding="utf-8")
