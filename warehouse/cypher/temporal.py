"""Cypher's temporal values, to the nanosecond: dates, times, date-times with or without a zone, and durations."""

from __future__ import annotations

import datetime as dt
import struct
from dataclasses import dataclass
from typing import TypeAlias

EPOCH = dt.date(1970, 1, 1).toordinal()
SECOND = 10**9
DAY = 86_400 * SECOND


@dataclass(frozen=True, slots=True)
class Temporal:
    """A point in time: `days` since 1970-01-01, `nanos` since midnight, `offset_s` from UTC, a `zone` name.

    `kind` tells which of the five temporal types it is; parts that the type lacks are zero.
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

    def __lt__(self, other: Temporal) -> bool:
        return (self.instant, self.offset_s) < (other.instant, other.offset_s)

    def __gt__(self, other: Temporal) -> bool:
        return other < self

    def sort_key(self) -> bytes:
        """Bytes in the order of time."""
        return self.kind.encode() + struct.pack(">QQ", (self.instant >> 64) + (1 << 63), self.instant & (1 << 64) - 1)

    @property
    def date(self) -> dt.date:
        """The day as Python's date."""
        return dt.date.fromordinal(self.days + EPOCH)

    def __str__(self) -> str:
        day = self.date.isoformat()
        return day if self.kind == "date" else f"{day}T{time_text(self.nanos)}"


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of time in the four parts that Cypher keeps apart."""

    months: int = 0
    days: int = 0
    seconds: int = 0
    nanos: int = 0

    def sort_key(self) -> bytes:
        """Bytes in the order of the average length."""
        length = (self.months * 2_629_746 + self.days * 86_400 + self.seconds) * SECOND + self.nanos
        return b"duration" + struct.pack(">QQ", (length >> 64) + (1 << 63), length & (1 << 64) - 1)

    def __str__(self) -> str:
        return f"P{self.months}M{self.days}DT{self.seconds}.{self.nanos:09}S"


Instant: TypeAlias = Temporal | Duration


def time_text(nanos: int) -> str:
    """A time of day as ISO text, without a fraction of zero."""
    seconds, fraction = divmod(nanos, SECOND)
    text = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return text if fraction == 0 else f"{text}.{fraction:09}".rstrip("0")


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


def from_text(kind: str, text: str) -> Instant:
    """Read what `str` of a temporal value wrote."""
    if kind == "date":
        return from_python(dt.date.fromisoformat(text))
    return from_python(dt.datetime.fromisoformat(text))
