"""Differences and sums across the change of the clock, as Neo4j 5.26 answered them."""

from __future__ import annotations

import itertools

import pytest

from tests.neo4j.server import Server
from tests.warehouse.cypher.live import Live
from warehouse.cypher import CypherEngine
from warehouse.errors import QuestionError

ZONE = "[Europe/Stockholm]"
# The clock was put forward at 2 o'clock on 26 March and back at 3 o'clock on 29 October.
DIFFERENCES = [
    ("between", "localdatetime('2017-10-29T00:00')", f"datetime('2017-10-29T04:00{ZONE}')", "PT5H"),
    ("inSeconds", f"datetime('2017-10-29T00:00{ZONE}')", "localtime('04:00')", "PT5H"),
    ("between", f"datetime('2017-10-29T04:00{ZONE}')", "localtime('00:00')", "PT-5H"),
    ("between", "date('2017-10-29')", f"datetime('2017-10-29T04:00{ZONE}')", "PT5H"),
    ("inDays", "date('2017-10-29')", f"datetime('2017-10-29T04:00{ZONE}')", "PT0S"),
    ("inMonths", "date('2017-10-29')", f"datetime('2017-10-29T04:00{ZONE}')", "PT0S"),
    ("between", f"datetime('2017-03-26T03:30{ZONE}')", "localdatetime('2017-03-26T00:00')", "PT-2H-30M"),
    ("between", f"datetime('2017-03-26T03:30{ZONE}')", "datetime('2017-03-27T00:00+01:00')", "PT21H30M"),
    ("between", f"datetime('2017-10-29T04:00{ZONE}')", "datetime('2017-10-28T12:00Z')", "PT-15H"),
    ("between", "datetime('2017-03-27T00:00Z')", f"datetime('2017-03-25T12:00{ZONE}')", "P-1DT-13H"),
    ("between", f"datetime('2017-10-29T01:30{ZONE}')", f"datetime('2017-10-29T03:30{ZONE}')", "PT3H"),
    ("between", f"datetime('2017-03-27T00:00{ZONE}')", "date('2017-03-26')", "P-1D"),
    ("between", "localdatetime('2017-03-26T03:30')", f"datetime('2017-03-26T02:30{ZONE}')", "PT0S"),
]
TEXTS = [
    ("datetime('2020-03-01T12:30[UTC]')", "2020-03-01T12:30:00Z[UTC]"),
    ("localtime('12:30')", "12:30:00"),
    (f"datetime('2017-03-26T02:30{ZONE}')", f"2017-03-26T03:30:00+02:00{ZONE}"),
    (f"datetime('2017-10-29T02:30{ZONE}')", f"2017-10-29T02:30:00+02:00{ZONE}"),
    (f"datetime('2017-10-29T02:30+01:00{ZONE}')", f"2017-10-29T02:30:00+01:00{ZONE}"),
    (f"datetime('2017-10-29T00:00{ZONE}') + duration('PT4H')", f"2017-10-29T03:00:00+01:00{ZONE}"),
    (f"datetime('2017-10-29T02:30+01:00{ZONE}') - duration('PT1H')", f"2017-10-29T02:30:00+02:00{ZONE}"),
    (f"datetime('2017-03-25T02:30{ZONE}') + duration('P1D')", f"2017-03-26T03:30:00+02:00{ZONE}"),
    (f"datetime('2017-03-25T02:30{ZONE}') + duration('PT24H')", f"2017-03-26T03:30:00+02:00{ZONE}"),
    (f"datetime('2017-10-28T02:30{ZONE}') + duration('P1DT1H')", f"2017-10-29T02:30:00+01:00{ZONE}"),
    ("datetime({datetime: datetime('2017-10-29T01:30Z'), timezone: 'Europe/Stockholm'})",
     f"2017-10-29T02:30:00+01:00{ZONE}"),
]  # fmt: skip
POINTS = (
    "2017-03-25T12:00", "2017-03-26T01:30", "2017-03-26T03:30",
    "2017-10-29T00:00", "2017-10-29T02:30", "2017-10-30T04:00",
)  # fmt: skip
ZONES = ("Europe/Stockholm", "America/New_York", "Australia/Lord_Howe")


def _values(point: str, zone: str) -> list[str]:
    day, _, time = point.partition("T")
    return [
        f"date('{day}')", f"localtime('{time}')", f"time('{time}+01:00')", f"localdatetime('{point}')",
        f"datetime('{point}+01:00')", f"datetime('{point}[{zone}]')",
    ]  # fmt: skip


@pytest.mark.parametrize(("function", "start", "end", "expected"), DIFFERENCES)
def test_differences(engine: CypherEngine, function: str, start: str, end: str, expected: str) -> None:
    assert engine.query(f"RETURN toString(duration.{function}({start}, {end})) AS d").rows() == [(expected,)]


@pytest.mark.parametrize(("expression", "expected"), TEXTS)
def test_times_that_are_skipped_and_repeated(engine: CypherEngine, expression: str, expected: str) -> None:
    assert engine.query(f"RETURN toString({expression}) AS t").rows() == [(expected,)]


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (f"datetime('2017-10-29T02:30+05:00{ZONE}')", "is no datetime"),
        ("duration('P1D') * (0.0 / 0.0)", "no NaN and no infinity"),
        ("duration({days: 1.0 / 0.0})", "no NaN and no infinity"),
        ("duration('P1D') / 0.0", "divided by zero"),
        ("duration.inDays(localtime('01:00'), localtime('02:00'))", "no days between two times"),
        ("duration.inMonths(time('01:00'), localtime('02:00'))", "no months between two times"),
    ],
)
def test_what_neo4j_refuses_is_refused(engine: CypherEngine, expression: str, message: str) -> None:
    with pytest.raises(QuestionError, match=message):
        engine.query(f"RETURN {expression} AS t")


def test_a_server_computes_the_same_differences(neo4j_server: Server, engine: CypherEngine) -> None:
    """Every pair of kinds, in three zones, across both changes; some of the days for each pair."""
    texts = []
    pairs = list(itertools.product(POINTS, POINTS))
    for number, zone in enumerate(ZONES):
        for one, other in itertools.product(range(6), range(6)):
            start, end = pairs[(one * 6 + other + number * 13) % len(pairs)]
            given = f"{_values(start, zone)[one]}, {_values(end, zone)[other]}"
            texts += [f"RETURN toString(duration.{name}({given})) AS d" for name in _FUNCTIONS]
    texts += [f"RETURN toString({expression}) AS t" for expression, _expected in TEXTS]
    texts += [f"RETURN toString(duration.{name}({start}, {end})) AS d" for name, start, end, _expected in DIFFERENCES]
    neo4j_server.clear()
    with neo4j_server.driver() as driver, driver.session(database="neo4j") as session:
        live = Live(session, engine)
        outcomes = [live.judge(text, {}) for text in texts]
    assert [outcome for outcome in outcomes if outcome.kind not in {"equal", "strict"}] == []


_FUNCTIONS = ("between", "inMonths", "inDays", "inSeconds")
