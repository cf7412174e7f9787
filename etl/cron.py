"""Times of the day as cron writes them: five fields, Sunday is 0 or 7, and what is given of both days suffices.

The field parser is APScheduler's, which counts weekdays from Monday and wants both the day of the month and the day of
the week to fit; here they are read as POSIX crontab (IEEE 1003.1-2017) has them.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from warehouse.errors import TargetGraphError

_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_NAMED = {"@hourly": "0 * * * *", "@daily": "0 0 * * *", "@weekly": "0 0 * * 0", "@monthly": "0 0 1 * *"}
_HINT = 'Write minute, hour, day, month and weekday, e.g. "0 3 * * 1" for Mondays at three; or @daily, @weekly.'
_STEP = re.compile(r"^(?P<range>[^/]+)(?:/(?P<step>[0-9]+))?$")


class Trigger(Protocol):
    """When something is due."""

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime | None:
        """The first time at or after `now`; None if there is none."""


def trigger(expression: str, timezone: str | None = None) -> Trigger:
    """What a cron expression means.

    Args:
        expression: five fields, or `@hourly`, `@daily`, `@weekly`, `@monthly`.
        timezone: the zone in which it is read (`Europe/Paris`); None = that of the machine.

    Raises:
        TargetGraphError: it is no cron expression, never comes true, or there is no such time zone.
    """
    from apscheduler.triggers.cron import CronTrigger

    fields = _NAMED.get(expression.strip().lower(), expression).split()
    if len(fields) != 5:
        raise TargetGraphError(f"{expression!r} is no cron expression: it has {len(fields)} fields, not 5.", _HINT)
    zone = _zone(timezone)
    try:
        minute, hour, day, month, weekday = fields
        weekday = ",".join(_days(part) for part in weekday.lower().split(","))
        choices = _either(day, weekday)
        made = [
            CronTrigger(minute=minute, hour=hour, day=one, month=month, day_of_week=days, timezone=zone)
            for one, days in choices
        ]
    except ValueError as error:
        raise TargetGraphError(f"{expression!r} is no cron expression: {error}", _HINT) from None
    found = _joined(made)
    if found.get_next_fire_time(None, datetime.now().astimezone()) is None:
        raise TargetGraphError(f"{expression!r} names a day that never comes.", _HINT)
    return found


def _joined(made: list[Trigger]) -> Trigger:
    from apscheduler.triggers.combining import OrTrigger

    return made[0] if len(made) == 1 else OrTrigger(made)


def _either(day: str, weekday: str) -> list[tuple[str, str]]:
    """Where both days are named, either suffices; otherwise both must fit, and one of them always does."""
    if day.startswith("*") or weekday.startswith("*"):
        return [(day, weekday)]
    return [(day, "*"), ("*", weekday)]


def _days(part: str) -> str:
    """A weekday, a range or a step, with names for numbers: every day is spelled, so that a range may pass Sunday."""
    found = _STEP.match(part)
    if found is None:
        raise ValueError(f"{part!r} is no weekday")
    if found["range"] == "*":
        first, last = 0, 6
    else:
        ends = found["range"].split("-")
        if len(ends) > 2:
            raise ValueError(f"{part!r} is no range of weekdays")
        first, last = _day(ends[0]), _day(ends[-1])
    step = int(found["step"] or 1)
    if not step:
        raise ValueError(f"{part!r} has a step of 0")
    if (first, last, step) == (0, 6, 1):
        return "*"
    last += 7 if last < first else 0
    return ",".join(_DAYS[day % 7] for day in range(first, last + 1, step))


def _day(text: str) -> int:
    if text in _DAYS:
        return _DAYS.index(text)
    if text.isdecimal() and int(text) <= 7:
        return int(text)
    raise ValueError(f"{text!r} is no weekday; they are 0 to 7 or sun to sat")


def _zone(name: str | None) -> ZoneInfo | None:
    if name is None:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise TargetGraphError(f"There is no time zone {name!r}.", "Write it as UTC or Europe/Paris.") from None
