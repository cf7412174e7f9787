"""The functions that make and change temporal values: constructors, truncation, differences, arithmetic, components."""

from __future__ import annotations

import calendar
import datetime as dt
import math
import zoneinfo
from collections.abc import Callable
from fractions import Fraction

from warehouse.cypher.evaluation.conversions import checked_integer, describe, type_error
from warehouse.cypher.values.temporal import DAY, EPOCH, SECOND, Duration, Temporal, duration_of, offset_text
from warehouse.cypher.values.temporal_text import at_same_instant, date_of, from_text, in_zone, normalised, parse_offset
from warehouse.cypher.values.values import CypherValue
from warehouse.errors import QuestionError

_DATE_PARTS = ("year", "month", "day", "week", "dayOfWeek", "quarter", "dayOfQuarter", "ordinalDay")
_TIME_PARTS = {"hour": 3600 * SECOND, "minute": 60 * SECOND, "second": SECOND}
_FRACTIONS = {"millisecond": 10**6, "microsecond": 1000, "nanosecond": 1}
_KEYS = {*_DATE_PARTS, *_TIME_PARTS, *_FRACTIONS, "timezone", "date", "time", "datetime", "epochSeconds", "epochMillis"}
_DURATION_UNITS = ("years", "quarters", "months", "weeks", "days", "hours", "minutes", "seconds", "milliseconds",
                   "microseconds", "nanoseconds")  # fmt: skip
_HAS_DATE = ("date", "localdatetime", "datetime")


def constructor(kind: str) -> Callable[..., CypherValue]:
    """The function `date()`, `time()`, ... of one kind."""

    def construct(value: CypherValue) -> CypherValue:
        if isinstance(value, str):
            return from_text(kind, value)
        if isinstance(value, Temporal):
            return _checked(lambda: _assemble(kind, {_source_key(value): value}))
        if isinstance(value, dict):
            return _checked(lambda: _assemble(kind, value))
        raise type_error(f"{kind}()", value)

    return construct


def _checked(make: Callable[[], CypherValue]) -> CypherValue:
    """What `make` gives, with calendar errors as ours."""
    try:
        return make()
    except (ValueError, KeyError, OverflowError, zoneinfo.ZoneInfoNotFoundError) as error:
        raise QuestionError(f"no such date or time: {error}", "check the components") from None


def _source_key(value: Temporal) -> str:
    return "date" if value.kind == "date" else "datetime" if value.has_date else "time"


def at_instant(kind: str, nanoseconds: int) -> Temporal:
    """The value of a kind, in UTC, at an instant: what `date()` without an argument gives."""
    days, nanos = divmod(nanoseconds, DAY)
    return Temporal(kind, days if kind in _HAS_DATE else 0, 0 if kind == "date" else nanos)


def _assemble(kind: str, parts: dict[str, CypherValue]) -> Temporal | None:
    """A value from a map: components, and other temporal values from which the rest is taken."""
    unknown = set(parts) - _KEYS
    if unknown:
        raise QuestionError(f"a {kind} has no component {sorted(unknown)[0]!r}", f"known: {', '.join(sorted(_KEYS))}")
    if any(value is None for value in parts.values()):
        return None
    if "epochSeconds" in parts or "epochMillis" in parts:
        nanos = parts.get("epochSeconds", 0) * SECOND + parts.get("epochMillis", 0) * 10**6 + parts.get("nanosecond", 0)
        return Temporal(kind, *divmod(nanos, DAY))
    base_date = parts.get("date") or parts.get("datetime")
    base_time = parts.get("time") or parts.get("datetime")
    days = _days(parts, base_date) if kind in _HAS_DATE else 0
    nanos = 0 if kind == "date" else _nanos(parts, base_time)
    found = Temporal(kind, days, nanos)
    return _zoned(found, parts, base_time) if found.has_zone else found


def _days(parts: dict[str, CypherValue], base: Temporal | None) -> int:
    given = {key: parts[key] for key in _DATE_PARTS if key in parts}
    _require_integers(given)
    if base is None:
        if "year" not in given:
            raise QuestionError("a date needs at least a year")
        _require_order(given)
        return date_of(given)
    if not given:
        return base.days
    known = _date_components(base.date)
    if "week" in given or "dayOfWeek" in given:
        year, week, weekday = base.date.isocalendar()
        return date_of({"year": year, "week": week, "dayOfWeek": weekday, **given})
    if "ordinalDay" in given:
        return date_of({"year": known["year"], **given})
    if "quarter" in given or "dayOfQuarter" in given:
        # The day of the quarter stays; a shorter quarter is not adjusted.
        return date_of(
            {"year": known["year"], "quarter": known["quarter"], "dayOfQuarter": known["dayOfQuarter"], **given}
        )
    merged = {"year": known["year"], "month": known["month"], "day": known["day"], **given}
    if "day" not in given:
        merged["day"] = min(merged["day"], calendar.monthrange(merged["year"], merged["month"])[1])
    return date_of(merged)


def _require_order(given: dict[str, CypherValue]) -> None:
    """A component needs the larger one that it is counted in."""
    for part, larger in (("day", "month"), ("dayOfWeek", "week"), ("dayOfQuarter", "quarter")):
        if part in given and larger not in given:
            raise QuestionError(f"{part} needs {larger}")


def _require_integers(given: dict[str, CypherValue]) -> None:
    for key, value in given.items():
        if isinstance(value, bool) or not isinstance(value, int):
            raise QuestionError(f"{key} must be an integer, met {describe(value)}")


def _nanos(parts: dict[str, CypherValue], base: Temporal | None) -> int:
    given = {key: parts[key] for key in (*_TIME_PARTS, *_FRACTIONS) if key in parts}
    _require_integers(given)
    limits = {
        "hour": 23,
        "minute": 59,
        "second": 59,
        "millisecond": 999,
        "microsecond": 999_999,
        "nanosecond": 999_999_999,
    }
    for key, value in given.items():
        if not 0 <= value <= limits[key]:
            raise QuestionError(f"{key} {value} is out of range")
    start = 0 if base is None else base.nanos
    total = 0
    for key, size in _TIME_PARTS.items():
        own = start // size % (24 if key == "hour" else 60)
        total += int(given.get(key, own)) * size
    if any(key in given for key in _FRACTIONS):
        return total + sum(int(given.get(key, 0)) * size for key, size in _FRACTIONS.items())
    return total + start % SECOND


def _zoned(value: Temporal, parts: dict[str, CypherValue], base: Temporal | None) -> Temporal:
    """Put a value into its zone; a source in another zone is first moved there, so that the instant stays."""
    if "timezone" not in parts:
        if base is None or not base.has_zone:
            return value
        if base.zone is not None and value.kind == "datetime":
            return in_zone(value, base.zone)
        return Temporal(value.kind, value.days, value.nanos, base.offset_s)
    placed = place(value, parts["timezone"])
    if base is None or not base.has_zone:
        return placed
    # The offset of a named zone depends on the day, which may come from elsewhere.
    source = in_zone(value, base.zone) if base.zone is not None and value.has_date else base
    return _moved(value, source, placed, parts["timezone"])


def _moved(value: Temporal, base: Temporal, placed: Temporal, zone: str) -> Temporal:
    if value.kind == "datetime":
        source = Temporal("datetime", value.days, value.nanos, base.offset_s)
        return at_same_instant(source, placed.zone, placed.offset_s)
    shift = (placed.offset_s - base.offset_s) * SECOND
    return place(Temporal(value.kind, 0, (value.nanos + shift) % DAY), zone)


def place(value: Temporal, zone: CypherValue) -> Temporal:
    """A value with the same local time in a zone given by name or offset."""
    if not isinstance(zone, str):
        raise type_error("timezone", zone)
    if zone[:1] in ("+", "-", "Z", "z"):
        return Temporal(value.kind, value.days, value.nanos, parse_offset(zone))
    if value.kind == "time":
        named = in_zone(Temporal("localdatetime", dt.datetime.now(tz=dt.UTC).toordinal() - EPOCH, value.nanos), zone)
        return Temporal("time", 0, value.nanos, named.offset_s)
    return in_zone(value, zone)


# --- truncation ------------------------------------------------------------------------------------------------------


def truncation(kind: str) -> Callable[..., CypherValue]:
    """The function `date.truncate()` and its kind."""

    def truncate(unit: CypherValue, source: CypherValue, parts: CypherValue = None) -> CypherValue:
        if not isinstance(unit, str):
            raise type_error(f"{kind}.truncate()", unit)
        if not isinstance(source, Temporal) or (kind in _HAS_DATE and not source.has_date):
            raise type_error(f"{kind}.truncate()", source)
        return _checked(lambda: _truncated(kind, unit.lower(), source, parts or {}))

    return truncate


def _truncated(kind: str, unit: str, source: Temporal, parts: dict[str, CypherValue]) -> Temporal | None:
    days, nanos = _cut(unit, source)
    base = Temporal("datetime" if source.has_zone else "localdatetime", days, nanos, source.offset_s, source.zone)
    if kind in ("date", "localdatetime", "datetime"):
        given = {"datetime": base, **{key: value for key, value in parts.items() if key != "timezone"}}
    else:
        given = {"time": base, **{key: value for key, value in parts.items() if key != "timezone"}}
    # Smaller parts are set on top of what was cut: a nanosecond does not clear the milliseconds.
    found = _assemble(kind, {key: value for key, value in given.items() if key not in _FRACTIONS})
    if found is None:
        return None
    extra = sum(parts[key] * size for key, size in _FRACTIONS.items() if key in parts)
    found = Temporal(found.kind, found.days, found.nanos + extra, found.offset_s, found.zone)
    return place(found, parts["timezone"]) if "timezone" in parts and found.has_zone else found


def _cut(unit: str, source: Temporal) -> tuple[int, int]:
    sizes = {
        "day": DAY,
        "hour": 3600 * SECOND,
        "minute": 60 * SECOND,
        "second": SECOND,
        "millisecond": 10**6,
        "microsecond": 1000,
    }
    if unit in sizes:
        return source.days, source.nanos - source.nanos % sizes[unit]
    if not source.has_date:
        raise QuestionError(f"a time cannot be truncated to {unit!r}")
    day = source.date
    starts: dict[str, Callable[[], dt.date]] = {
        "millennium": lambda: dt.date(day.year - day.year % 1000, 1, 1),
        "century": lambda: dt.date(day.year - day.year % 100, 1, 1),
        "decade": lambda: dt.date(day.year - day.year % 10, 1, 1),
        "year": lambda: dt.date(day.year, 1, 1),
        "weekyear": lambda: dt.date.fromisocalendar(day.isocalendar().year, 1, 1),
        "quarter": lambda: dt.date(day.year, (day.month - 1) // 3 * 3 + 1, 1),
        "month": lambda: day.replace(day=1),
        "week": lambda: day - dt.timedelta(days=day.weekday()),
    }
    if unit not in starts:
        raise QuestionError(f"there is no unit {unit!r}", f"known: {', '.join([*starts, *sizes])}")
    return starts[unit]().toordinal() - EPOCH, 0


# --- durations -------------------------------------------------------------------------------------------------------


def duration(value: CypherValue) -> CypherValue:
    """`duration()` of text or of a map of units."""
    if isinstance(value, Duration):
        return value
    if isinstance(value, str):
        return from_text("duration", value)
    if not isinstance(value, dict):
        raise type_error("duration()", value)
    unknown = set(value) - set(_DURATION_UNITS)
    if unknown or not value:
        raise QuestionError(f"duration() does not know {sorted(unknown)}", f"known: {', '.join(_DURATION_UNITS)}")
    if any(amount is None for amount in value.values()):
        return None
    if any(isinstance(amount, bool) or not isinstance(amount, (int, float)) for amount in value.values()):
        raise QuestionError("the parts of a duration must be numbers")
    return normalised({unit: _exact(amount) for unit, amount in value.items()})


def _exact(amount: float) -> Fraction:
    """A number as a fraction."""
    if not math.isfinite(amount):
        raise QuestionError("a duration has no NaN and no infinity in it", "check the number: isNaN(x)")
    return Fraction(str(amount))


def between(start: CypherValue, end: CypherValue) -> Duration:
    """The difference in months, then days, then seconds."""
    _require_points(start, end)
    if not (start.has_date and end.has_date):
        return duration_of(0, 0, _nanoseconds(start, end))
    months = _whole_months(*_local(start, end))
    moved = _with_local(start, _plus_months(start, months))
    days = _whole_days(*_local(moved, end))
    moved = _with_local(moved, Temporal(moved.kind, moved.days + days, moved.nanos, moved.offset_s, moved.zone))
    return duration_of(months, days, _nanoseconds(moved, end))


def in_months(start: CypherValue, end: CypherValue) -> Duration:
    """The difference in whole months."""
    _require_dates("months", start, end)
    return Duration(_whole_months(*_local(start, end)))


def in_days(start: CypherValue, end: CypherValue) -> Duration:
    """The difference in whole days."""
    _require_dates("days", start, end)
    return Duration(0, _whole_days(*_local(start, end)))


def in_seconds(start: CypherValue, end: CypherValue) -> Duration:
    """The difference in seconds."""
    _require_points(start, end)
    return duration_of(0, 0, _nanoseconds(start, end))


def _require_points(*values: CypherValue) -> None:
    for value in values:
        if not isinstance(value, Temporal):
            raise type_error("duration.between()", value)


def _require_dates(unit: str, start: CypherValue, end: CypherValue) -> None:
    _require_points(start, end)
    if not (start.has_date or end.has_date):
        raise QuestionError(f"there are no {unit} between two times of day", "use duration.inSeconds()")


def _completed(start: Temporal, end: Temporal) -> tuple[Temporal, Temporal]:
    """Both with what one of them lacks: midnight, the day of the other, then the zone of the other on that day."""
    if start.has_date != end.has_date:
        days = start.days if start.has_date else end.days
        start, end = (one if one.has_date else _on_day(one, days) for one in (start, end))
    if start.has_zone == end.has_zone:
        return start, end
    zoned = start if start.has_zone else end
    start, end = (one if one.has_zone else _as_zoned(one, zoned) for one in (start, end))
    return start, end


def _on_day(value: Temporal, days: int) -> Temporal:
    kind = "datetime" if value.has_zone else "localdatetime"
    return Temporal(kind, days, value.nanos, value.offset_s)


def _as_zoned(value: Temporal, like: Temporal) -> Temporal:
    """A local value in the zone of another one."""
    if like.zone is not None:
        return in_zone(value, like.zone)
    return Temporal("datetime" if value.has_date else "time", value.days, value.nanos, like.offset_s)


def _nanoseconds(start: Temporal, end: Temporal) -> int:
    first, last = _completed(start, end)
    return last.instant - first.instant


def _local(start: Temporal, end: Temporal) -> tuple[Temporal, Temporal]:
    """Both as local date-times; where they have zones, in that of the first."""
    first, last = _completed(start, end)
    if first.has_zone:
        last = at_same_instant(last, first.zone, first.offset_s)
    return first, last


def _with_local(value: Temporal, moved: Temporal) -> Temporal:
    """A value moved to another local time: in a named zone the offset there, its own where the time is repeated."""
    return moved if value.zone is None else in_zone(moved, value.zone, value.offset_s)


def _whole_days(first: Temporal, last: Temporal) -> int:
    return _toward_zero(_point(last) - _point(first), DAY)


def _point(value: Temporal) -> int:
    return value.days * DAY + value.nanos


def _whole_months(first: Temporal, last: Temporal) -> int:
    months = (last.date.year - first.date.year) * 12 + last.date.month - first.date.month
    if months > 0 and _point(_plus_months(first, months)) > _point(last):
        return months - 1
    if months < 0 and _point(_plus_months(first, months)) < _point(last):
        return months + 1
    return months


def _toward_zero(value: int, by: int) -> int:
    return abs(value) // by * (1 if value >= 0 else -1)


def _plus_months(value: Temporal, months: int) -> Temporal:
    index = value.date.year * 12 + value.date.month - 1 + months
    year, month = divmod(index, 12)
    day = min(value.date.day, calendar.monthrange(year, month + 1)[1])
    return Temporal(
        value.kind, dt.date(year, month + 1, day).toordinal() - EPOCH, value.nanos, value.offset_s, value.zone
    )


def shift(value: Temporal, by: Duration) -> CypherValue:
    """A point in time moved by a duration."""
    if not value.has_date:
        return Temporal(value.kind, 0, (value.nanos + by.nanoseconds) % DAY, value.offset_s)
    return _checked(lambda: _shifted(value, by))


def _shifted(value: Temporal, by: Duration) -> Temporal:
    """Months, then days of the calendar, then the time that passes."""
    if value.kind == "date":
        return Temporal("date", _plus_months(value, by.months).days + by.days + _toward_zero(by.nanoseconds, DAY))
    moved = _with_local(value, _plus_months(value, by.months))
    moved = _with_local(moved, Temporal(value.kind, moved.days + by.days, moved.nanos, moved.offset_s, moved.zone))
    days, nanos = divmod(_point(moved) + by.nanoseconds, DAY)
    found = Temporal(value.kind, days, nanos, moved.offset_s, moved.zone)
    found.date.isoformat()
    return found if found.zone is None else at_same_instant(found, found.zone, found.offset_s)


def scale(value: Duration, factor: float) -> Duration:
    """A duration times a number; fractions flow into smaller parts."""
    by = _exact(factor)
    parts = {"months": value.months * by, "days": value.days * by, "nanoseconds": value.nanoseconds * by}
    return normalised(parts)


def divide(value: Duration, by: float) -> Duration:
    """A duration divided by a number; fractions flow into smaller parts."""
    if by == 0:
        raise QuestionError("a duration is divided by zero", "guard it: CASE WHEN x <> 0 THEN y / x END")
    factor = 1 / _exact(by)
    parts = {"months": value.months * factor, "days": value.days * factor, "nanoseconds": value.nanoseconds * factor}
    return normalised(parts)


def add_durations(left: Duration, right: Duration, sign: int = 1) -> Duration:
    """The sum of two durations, part by part."""
    return duration_of(
        left.months + sign * right.months, left.days + sign * right.days, left.nanoseconds + sign * right.nanoseconds
    )


# --- components ------------------------------------------------------------------------------------------------------


def _date_components(day: dt.date) -> dict[str, int]:
    year, week, weekday = day.isocalendar()
    quarter = (day.month - 1) // 3 + 1
    return {
        "year": day.year, "quarter": quarter, "month": day.month, "week": week, "weekYear": year, "day": day.day,
        "dayOfWeek": weekday, "weekDay": weekday, "ordinalDay": day.timetuple().tm_yday,
        "dayOfQuarter": day.toordinal() - dt.date(day.year, quarter * 3 - 2, 1).toordinal() + 1,
    }  # fmt: skip


def component(value: Temporal | Duration, key: str) -> CypherValue:
    """A component such as `year`, or null where the value has none of that name."""
    found = _duration_components(value) if isinstance(value, Duration) else _components(value)
    if key not in found:
        raise QuestionError(f"the value has no component {key!r}", f"known: {', '.join(found)}")
    number = found[key]
    return checked_integer(number) if isinstance(number, int) else number


def _components(value: Temporal) -> dict[str, CypherValue]:
    found: dict[str, CypherValue] = dict(_date_components(value.date)) if value.has_date else {}
    if value.has_time:
        seconds, fraction = divmod(value.nanos, SECOND)
        found |= {
            "hour": seconds // 3600, "minute": seconds // 60 % 60, "second": seconds % 60,
            "millisecond": fraction // 10**6, "microsecond": fraction // 1000, "nanosecond": fraction,
        }  # fmt: skip
    if value.has_zone:
        offset = offset_text(value.offset_s)
        found |= {
            "timezone": value.zone or offset, "offset": offset,
            "offsetMinutes": _toward_zero(value.offset_s, 60), "offsetSeconds": value.offset_s,
        }  # fmt: skip
    if value.kind == "datetime":
        found |= {"epochSeconds": value.instant // SECOND, "epochMillis": value.instant // 10**6}
    return found


def _duration_components(value: Duration) -> dict[str, CypherValue]:
    months, days, total = value.months, value.days, value.nanoseconds
    seconds = total // SECOND
    years = _toward_zero(months, 12)
    quarters = _toward_zero(months, 3)
    weeks = _toward_zero(days, 7)
    return {
        "years": years, "quarters": quarters, "months": months, "weeks": weeks, "days": days,
        "hours": _toward_zero(seconds, 3600), "minutes": _toward_zero(seconds, 60), "seconds": seconds,
        "milliseconds": total // 10**6, "microseconds": total // 1000, "nanoseconds": total,
        "quartersOfYear": quarters - years * 4, "monthsOfQuarter": months - quarters * 3,
        "monthsOfYear": months - years * 12,
        "daysOfWeek": days - weeks * 7, "minutesOfHour": _toward_zero(seconds, 60) - _toward_zero(seconds, 3600) * 60,
        "secondsOfMinute": seconds - _toward_zero(seconds, 60) * 60,
        "millisecondsOfSecond": value.nanos // 10**6, "microsecondsOfSecond": value.nanos // 1000,
        "nanosecondsOfSecond": value.nanos,
    }  # fmt: skip
