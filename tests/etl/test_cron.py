"""Cron expressions mean what crontab says: Sunday is 0 and 7, and of two named days either suffices."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.cron import trigger
from warehouse.errors import TargetGraphError

UTC = ZoneInfo("UTC")
SATURDAY = datetime(2026, 11, 21, 12, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("0 3 * * 1", "2026-11-23 03:00"),
        ("0 3 * * 0", "2026-11-22 03:00"),
        ("0 3 * * 7", "2026-11-22 03:00"),
        ("0 3 * * SUN", "2026-11-22 03:00"),
        ("0 3 * * mon-fri", "2026-11-23 03:00"),
        ("0 3 * * 5-7", "2026-11-22 03:00"),
        ("0 3 * * fri-mon", "2026-11-22 03:00"),
        ("0 3 * * */2", "2026-11-22 03:00"),
        ("*/20 * * * *", "2026-11-21 12:40"),
        ("0 3 25 * *", "2026-11-25 03:00"),
        ("0 3 25 * 2", "2026-11-24 03:00"),
        ("0 3 23 * 2", "2026-11-23 03:00"),
        ("30 12 21 11 *", "2026-11-21 12:30"),
        ("0 0 29 2 *", "2028-02-29 00:00"),
        ("@weekly", "2026-11-22 00:00"),
        ("@daily", "2026-11-22 00:00"),
    ],
)
def test_when_it_is_due(expression: str, expected: str) -> None:
    due = trigger(expression, "UTC").get_next_fire_time(None, SATURDAY)
    assert due is not None
    assert f"{due:%Y-%m-%d %H:%M}" == expected


def test_the_time_zone_counts() -> None:
    due = trigger("0 3 * * *", "Asia/Tokyo").get_next_fire_time(None, SATURDAY)
    assert due is not None
    assert due.astimezone(UTC) == datetime(2026, 11, 21, 18, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("", "0 fields, not 5"),
        ("0 3 * *", "4 fields, not 5"),
        ("60 3 * * *", "is no cron expression"),
        ("0 3 * * 8", "'8' is no weekday"),
        ("0 3 * * x", "'x' is no weekday"),
        ("0 3 * * 1/0", "step of 0"),
        ("0 3 * * 1-2-3", "no range of weekdays"),
        ("0 3 * * 1,", "'' is no weekday"),
        ("0 3 30 2 *", "a day that never comes"),
    ],
)
def test_what_is_no_cron_expression(expression: str, message: str) -> None:
    with pytest.raises(TargetGraphError, match=message):
        trigger(expression, "UTC")


def test_a_time_zone_that_is_not_there() -> None:
    with pytest.raises(TargetGraphError, match="no time zone 'Mars/Base'"):
        trigger("@daily", "Mars/Base")


_days = st.lists(st.integers(0, 7), min_size=1, max_size=3).map(lambda days: ",".join(map(str, days)))


@settings(max_examples=40)
@given(st.one_of(st.just("*"), st.integers(1, 28).map(str)), st.one_of(st.just("*"), _days), st.integers(0, 400))
def test_the_day_is_that_of_a_search(day: str, weekdays: str, later: int) -> None:
    """Against a search day by day that knows nothing of triggers."""
    start = SATURDAY + timedelta(days=later)

    def fits(at: datetime) -> bool:
        by_day, by_weekday = day == str(at.day), str(at.isoweekday() % 7) in weekdays.replace("7", "0").split(",")
        if day == "*":
            return weekdays == "*" or by_weekday
        return by_day or (weekdays != "*" and by_weekday)

    midnight = start.replace(hour=0, minute=0)
    expected = next(at for at in (midnight + timedelta(days=n) for n in range(1, 70)) if fits(at))
    assert trigger(f"0 0 {day} * {weekdays}", "UTC").get_next_fire_time(None, start) == expected
