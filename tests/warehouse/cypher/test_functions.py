"""Every function of the table: its example, and null, empty, negative and wrong-typed arguments."""

from __future__ import annotations

import itertools

import pytest

from tests.warehouse.cypher.numbers import written
from warehouse.cypher import CypherEngine
from warehouse.cypher.evaluation.function_table import AGGREGATES, FUNCTIONS
from warehouse.cypher.evaluation.registry import Function
from warehouse.errors import QuestionError, TargetGraphError

CALLABLE = [function for function in FUNCTIONS.values() if function.evaluate is not None or not function.signature]
OF_GRAPH = [function for function in FUNCTIONS.values() if function.evaluate is None and function.signature]
ODD = ["null", "''", "[]", "-1", "0", "1.5", "-2.5", "true", "'x'", "[1, null]", "{a: 1}", "{}", "date('2020-01-01')"]


def _ids(function: Function) -> str:
    return function.name


@pytest.mark.parametrize("function", CALLABLE, ids=_ids)
def test_example_gives_what_the_table_says(engine: CypherEngine, function: Function) -> None:
    (row,) = engine.query(f"RETURN {function.example} AS given, {function.gives} AS told").rows()
    assert row[0] == row[1]
    assert type(row[0]) is type(row[1])


@pytest.mark.parametrize("function", CALLABLE, ids=_ids)
def test_null_gives_null(engine: CypherEngine, function: Function) -> None:
    if function.null_aware or not function.signature:
        return
    arguments = ", ".join(["null"] * max(1, function.least))
    assert engine.query(f"RETURN {function.name}({arguments}) AS x").rows() == [(None,)]


@pytest.mark.parametrize("function", [*CALLABLE, *OF_GRAPH], ids=_ids)
def test_odd_arguments_are_answered_or_refused_in_words(engine: CypherEngine, function: Function) -> None:
    count = max(1, min(2, len(function.signature)))
    for arguments in itertools.islice(itertools.product(ODD, repeat=count), 60):
        text = f"RETURN {function.name}({', '.join(arguments)}) AS x"
        try:
            engine.query(text)
        except QuestionError as error:
            for word in ("Binder Error", "Conversion Error", "Traceback", "Error: "):
                assert word not in str(error), (text, str(error))


@pytest.mark.parametrize("function", CALLABLE, ids=_ids)
def test_known_and_unknown_types_give_the_same(engine: CypherEngine, function: Function) -> None:
    """The SQL form and the Python form agree: a value taken from a mixed list has no type beforehand."""
    if not function.signature or function.signature[0].rstrip("?*") not in (
        "string",
        "number",
        "list",
        "sized",
        "empty",
    ):
        return
    for argument in ("'Straße ÄB'", "''", "'a,b'", "-7", "0", "2.5", "[3, 1]", "[]"):
        rest = "".join({"string": ", 'a'", "integer": ", 1"}.get(word, "") for word in function.signature[1:])
        outcomes = []
        for text in (f"WITH {argument} AS v", f"WITH [{argument}, {{a: 1}}][0] AS v"):
            try:
                outcomes.append(written(engine.query(f"{text} RETURN {function.name}(v{rest}) AS x").rows()))
            except TargetGraphError:
                outcomes.append("refused")
        assert outcomes[0] == outcomes[1], (function.name, argument)


@pytest.mark.parametrize("name", sorted(AGGREGATES))
def test_aggregates_of_nothing_and_of_nulls(engine: CypherEngine, name: str) -> None:
    more = ", 0.5" if name.startswith("percentile") else ""
    (nothing,) = engine.query(f"UNWIND [] AS x RETURN {name}(x{more}) AS a").rows()
    (nulls,) = engine.query(f"MATCH (g:Gene {{id: 'g2'}}) RETURN {name}(g.score{more}) AS a").rows()
    expected = {"count": 0, "collect": [], "sum": 0}.get(name)
    assert nothing == nulls == (expected,)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("1 / 2", 0), ("-7 / 2", -3), ("-7 % 3", -1), ("7.0 / 2", 3.5), ("2 ^ 3 ^ 2", 64.0), ("1 + 2.0", 3.0),
        ("1.0 / 0", float("inf")), ("'a' + 1 + 2", "a12"), ("1 + 2 + 'a'", "3a"), ("[1] + 2 + [3]", [1, 2, 3]),
        ("1 = 1.0", True), ("[9007199254740993][0] = 9007199254740992.0", False),
        ("[9007199254740993][0] > 9007199254740992.0", True), ("[3][0] < 3.5", True),
        ("1 = '1'", False), ("1 < 'a'", None), ("null = null", None),
        ("[1, null] = [1, null]", None),
        ("[1, null] = [2, null]", False), ("{a: 1} = {a: 1.0}", True), ("0.0 / 0 = 0.0 / 0", False),
        ("0.0 / 0 <> 1", True),
        ("3 IN [1, null]", None), ("1 IN [1, null]", True), ("null IN []", False), ("[1] IN [[1], 2]", True),
        ("true XOR null", None), ("false AND null", False), ("true OR null", True), ("NOT null", None),
        ("1 < 2 < 3", True), ("3 > 2 > 2", False), ("'abc' STARTS WITH null", None), ("'a' =~ 'A'", False),
        ("'ab' =~ '(?i)AB'", True), ("[1, 2, 3][-1]", 3), ("[1, 2, 3][5]", None), ("[1, 2, 3][1..]", [2, 3]),
        ("[1, 2, 3][-2..-1]", [2]), ("{a: {b: 2}}.a.b", 2), ("{a: 1}['a']", 1), ("range(5, 1, -2)", [5, 3, 1]),
        ("any(x IN [1, null] WHERE x > 1)", None), ("all(x IN [] WHERE x > 1)", True),
        ("none(x IN [null] WHERE x = 1)", None),
        ("single(x IN [1, 2] WHERE x > 1)", True), ("reduce(s = '', x IN ['a', 'b'] | s + x)", "ab"),
        ("[x IN [1, 2, 3] WHERE x > 1 | x * 10]", [20, 30]), ("CASE 2 WHEN 1 THEN 'a' WHEN 2 THEN 'b' END", "b"),
        ("CASE WHEN null THEN 1 ELSE 2 END", 2), ("coalesce(null, 'x', 1)", "x"), ("date('2020-02-30') IS NULL", None),
        ("toString(date('2020-01-31') + duration('P1M'))", "2020-02-29"), ("date('2020-03-01').month", 3),
        ("duration.between(date('2020-01-01'), date('2020-03-01')).months", 2), ("toInteger('1_000')", None),
        ("toInteger('3.7')", 3), ("toFloat(' 1.5 ')", 1.5), ("round(-2.5)", -2.0), ("toUpper('straße')", "STRASSE"),
        ("size('é')", 1), ("substring('abc', 5)", ""), ("left('ab', 5)", "ab"), ("split('a,,b', ',')", ["a", "", "b"]),
        ("[1, 'a', null, 2.5][1]", "a"), ("-9223372036854775808", -(2**63)), ("0x1F", 31), ("1e3", 1000.0),
    ],
)  # fmt: skip
def test_operators(engine: CypherEngine, expression: str, expected: object) -> None:
    if expression.startswith("date('2020-02-30')"):
        with pytest.raises(QuestionError):
            engine.query(f"RETURN {expression} AS x")
        return
    (row,) = engine.query(f"RETURN {expression} AS x").rows()
    assert row[0] == expected
    assert type(row[0]) is type(expected)
