"""Reads temporal values from ISO 8601 text, in the forms that Neo4j reads."""

from __future__ import annotations

import calendar
import datetime as dt
import re
import zoneinfo
from fractions import Fraction

from warehouse.cypher.values.temporal import DAY, EPOCH, SECOND, Duration, Instant, Temporal, duration_of
from warehouse.errors import QuestionError

_DATES = [
    re.compile(pattern)
    for pattern in (
        r"(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})",
        r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})",
        r"(?P<year>\d{4})-?W(?P<week>\d{2})(?:-?(?P<dayOfWeek>\d))?",
        r"(?P<year>\d{4})-?Q(?P<quarter>\d)(?:-?(?P<dayOfQuarter>\d{1,2}))?",
        r"(?P<year>\d{4})-?(?P<ordinalDay>\d{3})",
        r"(?P<year>\d{4})-(?P<month>\d{2})",
        r"(?P<year>\d{4})(?P<month>\d{2})",
        r"(?P<year>\d{4})",
    )
]
_TIME = re.compile(r"(\d{2})(?::?(\d{2})(?::?(\d{2})(?:[.,](\d{1,9}))?)?)?")
_ZONE = re.compile(r"(Z|[+-]\d{2}(?::?\d{2}(?::?\d{2})?)?)?(?:\[([\w/+-]+)\])?$")
_DURATION = re.compile(
    r"(?P<sign>[+-])?P(?:(?P<years>[+-]?[\d.]+)Y)?(?:(?P<months>[+-]?[\d.]+)M)?(?:(?P<weeks>[+-]?[\d.]+)W)?"
    r"(?:(?P<days>[+-]?[\d.]+)D)?(?:T(?:(?P<hours>[+-]?[\d.]+)H)?(?:(?P<minutes>[+-]?[\d.]+)M)?"
    r"(?:(?P<seconds>[+-]?[\d.]+)S)?)?"
)
_DURATION_BY_DATE = re.compile(r"P(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2}(?:\.\d+)?)")
UNITS_NS = {"hours": 3600 * SECOND, "minutes": 60 * SECOND, "seconds": SECOND, "milliseconds": 10**6,
            "microseconds": 1000, "nanoseconds": 1}  # fmt: skip
DAYS_OF_MONTH = Fraction(2_629_746, 86_400)


def from_text(kind: str, text: str) -> Instant:
    """Read a value of a kind.

    Raises:
        QuestionError: the text is not a value of this kind.
    """
    try:
        if kind == "duration":
            return parse_duration(text)
        return parse_point(kind, text)
    except (ValueError, OverflowError, zoneinfo.ZoneInfoNotFoundError):
        raise QuestionError(f"{text!r} is no {kind}", "write for instance 2020-03-01 or 2020-03-01T12:00:00") from None


def parse_point(kind: str, text: str) -> Temporal:
    """Read a date, a time or both."""
    day_text, _, rest = text.partition("T")
    if kind in ("localtime", "time"):
        day_text, rest = "", rest or day_text
    if kind == "date" and rest:
        raise ValueError(text)
    days = parse_date(day_text) if day_text else 0
    if kind == "date":
        return Temporal("date", days)
    nanos, zone_text = _parse_time(rest) if rest else (0, "")
    if kind in ("localtime", "localdatetime"):
        if zone_text:
            raise ValueError(text)
        return Temporal(kind, days, nanos)
    found = _ZONE.fullmatch(zone_text)
    if found is None:
        raise ValueError(text)
    offset, name = found.groups()
    if name is not None and kind == "datetime":
        return _in_zone_with(Temporal(kind, days, nanos), name, offset)
    return Temporal(kind, days, nanos, parse_offset(offset or "Z"))


def _in_zone_with(value: Temporal, name: str, offset: str | None) -> Temporal:
    """A date-time whose text may have an offset beside the zone: it must be one of the zone's at that time."""
    if offset is None:
        return in_zone(value, name)
    placed = in_zone(value, name, parse_offset(offset))
    if placed.offset_s != parse_offset(offset):
        raise ValueError(f"{offset} is not an offset of {name} at {value}")
    return placed


def parse_date(text: str) -> int:
    """Days since 1970 of the text of a date."""
    for pattern in _DATES:
        found = pattern.fullmatch(text)
        if found is not None:
            return date_of({key: int(value) for key, value in found.groupdict().items() if value is not None})
    raise ValueError(text)


def date_of(parts: dict[str, int]) -> int:
    """Days since 1970 of a date given by year and month, week, quarter or ordinal day."""
    year = parts["year"]
    if "week" in parts:
        return dt.date.fromisocalendar(year, parts["week"], parts.get("dayOfWeek", 1)).toordinal() - EPOCH
    if "quarter" in parts:
        if not 1 <= parts["quarter"] <= 4:
            raise ValueError(parts)
        first = dt.date(year, parts["quarter"] * 3 - 2, 1)
        return first.toordinal() - EPOCH + parts.get("dayOfQuarter", 1) - 1
    if "ordinalDay" in parts:
        if not 1 <= parts["ordinalDay"] <= 365 + calendar.isleap(year):
            raise ValueError(parts)
        return dt.date(year, 1, 1).toordinal() - EPOCH + parts["ordinalDay"] - 1
    return dt.date(year, parts.get("month", 1), parts.get("day", 1)).toordinal() - EPOCH


def _parse_time(text: str) -> tuple[int, str]:
    found = _TIME.match(text)
    if found is None:
        raise ValueError(text)
    hour, minute, second, fraction = found.groups()
    if int(hour) > 23 or int(minute or 0) > 59 or int(second or 0) > 59:
        raise ValueError(text)
    nanos = (int(hour) * 3600 + int(minute or 0) * 60 + int(second or 0)) * SECOND
    return nanos + int((fraction or "0").ljust(9, "0")), text[found.end() :]


def parse_offset(text: str) -> int:
    """Seconds from UTC of `Z` or `+01:30`."""
    if text in ("Z", "z"):
        return 0
    digits = text[1:].replace(":", "")
    if text[0] not in "+-" or not digits.isdigit():
        raise ValueError(text)
    size = int(digits[:2]) * 3600 + int(digits[2:4] or 0) * 60 + int(digits[4:6] or 0)
    return -size if text[0] == "-" else size


def in_zone(value: Temporal, name: str, preferred_offset_s: int | None = None) -> Temporal:
    """A local date-time placed in a named zone.

    A time that the clock skips is moved on by what it skips. Of a time that it repeats the first is taken, or the one
    with the preferred offset.
    """
    first, second = (_offset_s(value, name, fold) for fold in (0, 1))
    repeated = first > second
    offset_s = second if repeated and preferred_offset_s == second else first
    return at_same_instant(Temporal("datetime", value.days, value.nanos, offset_s), name, offset_s)


def at_same_instant(value: Temporal, name: str | None, offset_s: int) -> Temporal:
    """The same instant in a named zone, or where there is no name at an offset."""
    if name is not None:
        seconds = value.instant // SECOND
        utc = dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=seconds)
        offset_s = _seconds(utc.astimezone(_zone(name, utc.year)).utcoffset())
    days, nanos = divmod(value.instant + offset_s * SECOND, DAY)
    return Temporal("datetime", days, nanos, offset_s, name)


def _offset_s(value: Temporal, name: str, fold: int) -> int:
    local = dt.datetime.combine(value.date, dt.time()) + dt.timedelta(microseconds=value.nanos // 1000)
    return _seconds(local.replace(tzinfo=_zone(name, local.year), fold=fold).utcoffset())


def _seconds(offset: dt.timedelta | None) -> int:
    return int((offset or dt.timedelta()).total_seconds())


def _zone(name: str, year: int) -> zoneinfo.ZoneInfo:
    if year < 1900:
        # Before standard time the data bases of zones differ.
        raise QuestionError("named zones are supported from 1900 on", "give the offset, as in +01:00")
    return zoneinfo.ZoneInfo(name)


def parse_duration(text: str) -> Duration:
    """Read `P1Y2M3DT4H5M6.7S` or `P2012-02-02T14:37:21.545`."""
    by_date = _DURATION_BY_DATE.fullmatch(text)
    if by_date is not None:
        years, months, days, hours, minutes = map(int, by_date.groups()[:5])
        seconds = Fraction(by_date.group(6))
        return duration_of(years * 12 + months, days, int((hours * 3600 + minutes * 60 + seconds) * SECOND))
    found = _DURATION.fullmatch(text)
    if found is None or text[-1] in "PT":
        raise ValueError(text)
    sign = -1 if found["sign"] == "-" else 1
    parts = {key: Fraction(value) * sign for key, value in found.groupdict().items() if value and key != "sign"}
    return normalised(parts)


def normalised(parts: dict[str, Fraction]) -> Duration:
    """A duration from parts of which any may have a fraction: it flows into the next smaller part."""
    months = (
        parts.get("years", Fraction()) * 12 + parts.get("quarters", Fraction()) * 3 + parts.get("months", Fraction())
    )
    whole_months = int(months)
    days = (months - whole_months) * DAYS_OF_MONTH + parts.get("weeks", Fraction()) * 7 + parts.get("days", Fraction())
    whole_days = int(days)
    nanos = (days - whole_days) * 86_400 * SECOND
    nanos += sum((parts.get(unit, Fraction()) * size for unit, size in UNITS_NS.items()), Fraction())
    return duration_of(whole_months, whole_days, int(nanos))
