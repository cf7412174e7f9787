"""Cypher's temporal values, to the nanosecond: dates, times, date-times with or without a zone, and durations."""

from __future__ import annotations

import datetime as dt
import struct
from dataclasses import dataclass
from typing import TypeAlias

EPOCH = dt.date(1970, 1, 1).toordinal()
SECOND = 10**9
DAY = 86_400 * SECOND
AVERAGE_MONTH_S = 2_629_746
_OFFSET = 1 << 63


@dataclass(frozen=True, slots=True)
class Temporal:
    """A point in time: `days` since 1970-01-01, `nanos` since midnight, `offset_s` from UTC, a `zone` name.

    `kind` tells which of the five temporal types it is: `date`, `localtime`, `time`, `localdatetime`, `datetime`;
    parts that the type lacks are zero.
    """

    kind: str
    days: int = 0
    nanos: int = 0
    offset_s: int = 0
    zone: str | None = None

    @property
    def instant(self) -> int:
        """Nanoseconds since 1970 in UTC; what is compared."""
        return self.days * DAY + self.nanos - self.offset_s * SECOND

    @property
    def has_date(self) -> bool:
        """Whether it has a day."""
        return self.kind in ("date", "localdatetime", "datetime")

    @property
    def has_time(self) -> bool:
        """Whether it has a time of day."""
        return self.kind != "date"

    @property
    def has_zone(self) -> bool:
        """Whether it has an offset from UTC."""
        return self.kind in ("time", "datetime")

    def __lt__(self, other: Temporal) -> bool:
        return (self.instant, self.offset_s) < (other.instant, other.offset_s)

    def __gt__(self, other: Temporal) -> bool:
        return other < self

    def sort_key(self) -> bytes:
        """Bytes in the order of time."""
        return self.kind.encode() + _ordered(self.instant) + _ordered(self.offset_s) + (self.zone or "").encode()

    @property
    def date(self) -> dt.date:
        """The day as Python's date."""
        return dt.date.fromordinal(self.days + EPOCH)

    def __str__(self) -> str:
        day = self.date.isoformat() if self.has_date else ""
        time = time_text(self.nanos) if self.has_time else ""
        joint = "T" if day and time else ""
        zone = offset_text(self.offset_s) + (f"[{self.zone}]" if self.zone else "") if self.has_zone else ""
        return f"{day}{joint}{time}{zone}"


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of time in the parts that Cypher keeps apart; `nanos` is never negative and below one second."""

    months: int = 0
    days: int = 0
    seconds: int = 0
    nanos: int = 0

    @property
    def nanoseconds(self) -> int:
        """The part below a day in nanoseconds."""
        return self.seconds * SECOND + self.nanos

    def sort_key(self) -> bytes:
        """Bytes in the order of the average length."""
        length = (self.months * AVERAGE_MONTH_S + self.days * 86_400 + self.seconds) * SECOND + self.nanos
        return (
            b"duration" + _ordered(length) + b"".join(map(_ordered, (self.months, self.days, self.seconds, self.nanos)))
        )

    def __str__(self) -> str:
        years, months = _toward_zero(self.months, 12)
        total = self.nanoseconds
        sign, size = ("-" if total < 0 else ""), abs(total)
        seconds, fraction = divmod(size, SECOND)
        hours, minutes, rest = seconds // 3600, seconds // 60 % 60, seconds % 60
        decimals = f".{fraction:09}".rstrip("0") if fraction else ""
        day = "".join(f"{value}{unit}" for value, unit in ((years, "Y"), (months, "M"), (self.days, "D")) if value)
        time = "".join(f"{sign}{value}{unit}" for value, unit in ((hours, "H"), (minutes, "M")) if value)
        time += f"{sign}{rest}{decimals}S" if rest or fraction else ""
        return f"P{day}" + (f"T{time}" if time else "") if day or time else "PT0S"


Instant: TypeAlias = Temporal | Duration


def _ordered(value: int) -> bytes:
    """A whole number of up to 128 bits as bytes in its order."""
    return struct.pack(">QQ", (value >> 64) + _OFFSET, value & (1 << 64) - 1)


def _toward_zero(value: int, by: int) -> tuple[int, int]:
    quotient = abs(value) // by * (1 if value >= 0 else -1)
    return quotient, value - quotient * by


def duration_of(months: int, days: int, nanoseconds: int) -> Duration:
    """A duration from months, days and nanoseconds."""
    seconds, nanos = divmod(nanoseconds, SECOND)
    return Duration(months, days, seconds, nanos)


def time_text(nanos: int) -> str:
    """A time of day as Cypher writes it: seconds and fraction only where they are not zero."""
    seconds, fraction = divmod(nanos, SECOND)
    text = f"{seconds // 3600:02}:{seconds // 60 % 60:02}"
    if seconds % 60 or fraction:
        text += f":{seconds % 60:02}"
    return text if fraction == 0 else f"{text}.{fraction:09}".rstrip("0")


def offset_text(offset_s: int) -> str:
    """An offset from UTC: `Z`, `+01:00`, `-00:30:15`."""
    if offset_s == 0:
        return "Z"
    size = abs(offset_s)
    seconds = f":{size % 60:02}" if size % 60 else ""
    return f"{'-' if offset_s < 0 else '+'}{size // 3600:02}:{size // 60 % 60:02}{seconds}"


def kind_of(value: Instant) -> str:
    """The tag of a temporal value."""
    return "duration" if isinstance(value, Duration) else value.kind


def from_python(value: dt.date) -> Temporal:
    """A date or date-time as DuckDB gives it."""
    if isinstance(value, dt.datetime):
        nanos = (value.hour * 3600 + value.minute * 60 + value.second) * SECOND + value.microsecond * 1000
        return Temporal("localdatetime", value.toordinal() - EPOCH, nanos)
    return Temporal("date", value.toordinal() - EPOCH)


def to_python(value: Instant) -> dt.date | Instant:
    """Python's own date or date-time where it holds the value exactly."""
    if isinstance(value, Temporal) and value.kind == "date":
        return value.date
    if isinstance(value, Temporal) and value.kind == "localdatetime" and value.nanos % 1000 == 0:
        start = dt.datetime.combine(value.date, dt.time())
        return start + dt.timedelta(microseconds=value.nanos // 1000)
    return value
