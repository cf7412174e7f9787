"""Numbers at their edges: numeric functions and operators over null, zeros, NaN, infinities and the largest integers.

`numbers.txt` has queries of other kinds, and `numbers.json` what Neo4j 5.26.30 answered;
`test_numbers.py` compares the engine with it, and it with a live server.
`python -m tests.warehouse.cypher.numbers` records it again.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

RECORD = Path(__file__).with_name("numbers.json")
ERROR = "error"

#: Gives the rows of a query; `None` where it is refused.
Ask: TypeAlias = Callable[[str, Mapping[str, Any]], "list[tuple[Any, ...]] | None"]

VALUES = (
    None, 0, 1, -1, 2, -7, 2**53 + 1, 2**63 - 1, -(2**63), 0.0, -0.0, 0.5, -2.5, 1e19, 1e308, -1e308, 1e-320, math.nan,
    math.inf, -math.inf,
)  # fmt: skip
PAIRED = tuple(value for value in VALUES if value not in {-1, 2, 0.5, 1e19, -1e308, 1e-320})
FUNCTIONS = (
    "abs", "ceil", "floor", "round", "sign", "sqrt", "exp", "log", "log10", "sin", "cos", "tan", "cot", "asin",
    "acos", "atan", "degrees", "radians", "haversin", "isNaN", "toInteger", "toFloat", "toString", "toIntegerOrNull",
    "toFloatOrNull", "toStringOrNull", "toBooleanOrNull",
)  # fmt: skip
EXPRESSIONS = ("- $x", "round($x, 1)", "+ $x", "[$x, 1.5]", "{a: $x}", "$x IS NULL", "coalesce($x, 'none')")
OPERATORS = tuple(f"$x {operator} $y" for operator in ["+", "-", "*", "/", "%", "^", "=", "<>", "<", "<=", ">", ">="])
PAIRS = (*OPERATORS, "atan2($x, $y)", "$x IN [$y]", "[$x] = [$y]", "[$x] < [$y]", "CASE $x WHEN $y THEN 1 ELSE 2 END",
         "NOT ($x > $y)", "nullIf($x, $y)")  # fmt: skip

QUERIES = tuple(Path(__file__).with_name("numbers.txt").read_text(encoding="utf-8").splitlines())


def answers(ask: Ask) -> Iterator[tuple[str, str]]:
    """Every case by name, with what is answered as text; that of several values stands in one line."""
    for expression in (*(f"{function}($x)" for function in FUNCTIONS), *EXPRESSIONS):
        yield expression, _line(ask(f"RETURN {expression} AS r", {"x": x}) for x in VALUES)
    for pair in PAIRS:
        for x in PAIRED:
            yield f"{pair}, x = {_text(x)}", _line(ask(f"RETURN {pair} AS r", {"x": x, "y": y}) for y in PAIRED)
    for query in QUERIES:
        yield query, written(ask(query, {}))


def _line(found: Iterable[list[tuple[Any, ...]] | None]) -> str:
    return " | ".join(ERROR if rows is None else _text(rows[0][0]) for rows in found)


def written(rows: list[tuple[Any, ...]] | None) -> str:
    """Rows as text in which an integer is no float: `[(1i, 2.5, NaN)]`."""
    return ERROR if rows is None else f"[{', '.join(_text(row) for row in rows)}]"


def _text(value: Any) -> str:
    match value:
        case bool() | None | str():
            return repr(value)
        case int():
            return f"{value}i"
        case list():
            return f"[{', '.join(map(_text, value))}]"
        case tuple():
            return f"({', '.join(map(_text, value))})"
        case dict():
            return "{" + ", ".join(f"{key}: {_text(item)}" for key, item in sorted(value.items())) + "}"
        case _:
            return "NaN" if math.isnan(value) else repr(value)


_FLOAT = re.compile(r"-?\d+\.\d+(?:e[+-]?\d+)?|-?\d+e[+-]?\d+")


def agree(one: str, other: str) -> bool:
    """Whether two answers are the same; their floats to twelve digits, for the libraries of Java and C differ."""
    if one == other:
        return True
    return _FLOAT.split(one) == _FLOAT.split(other) and all(
        math.isclose(float(a), float(b), rel_tol=1e-12)
        for a, b in zip(_FLOAT.findall(one), _FLOAT.findall(other), strict=True)
    )


def recorded() -> dict[str, str]:
    """What Neo4j answered, by the name of the case."""
    return dict(json.loads(RECORD.read_text(encoding="utf-8")))


def asking(session: Any) -> Ask:
    """Ask a server."""
    from neo4j.exceptions import Neo4jError

    def ask(text: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]] | None:
        try:
            return [tuple(record.values()) for record in session.run(text, dict(parameters))]
        except Neo4jError:
            return None

    return ask


def main() -> None:
    """Record what a server answers, which is started for it."""
    from tests.neo4j.server import LocalServer

    with (
        LocalServer.started(brief=True) as server,
        server.driver() as driver,
        driver.session(database="neo4j") as session,
    ):
        found = dict(answers(asking(session)))
    RECORD.write_text(json.dumps(found, ensure_ascii=False, indent=0, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
