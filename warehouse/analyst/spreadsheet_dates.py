"""Symbols that a spreadsheet has turned into dates or numbers: `SEPT2` became `2-Sep`."""

from __future__ import annotations

import re

#: Month → the beginnings of symbols that spreadsheets take for it.
_MONTHS = {
    "jan": (), "feb": ("FEB",), "mar": ("MARCH", "MARC"), "apr": ("APR",), "may": (), "jun": (), "jul": (),
    "aug": (), "sep": ("SEPT", "SEP"), "oct": ("OCT",), "nov": ("NOV",), "dec": ("DEC",),
}  # fmt: skip
#: How spreadsheets in other languages begin these months.
_OTHER_LANGUAGES = {"mrz": "mar", "mär": "mar", "okt": "oct", "ott": "oct", "dez": "dec", "dic": "dec", "déc": "dec"}
_WORD = r"([^\W\d_]{3})[^\W\d_]*\.?"
_DAY_MONTH = re.compile(rf"^(\d{{1,2}})(?:[-/. ]|\. ){_WORD}(?:[-/. ]\d{{2,4}})?$")
_MONTH_DAY = re.compile(rf"^{_WORD}[-/. ](\d{{1,2}})(?:[-/., ]+\d{{2,4}})?$")
_ISO_DATE = re.compile(r"^\d{4}([-/])(\d{2})\1(\d{2})(?:[ t]00:00(?::00)?)?$")
_NUMERIC_DATE = re.compile(r"^(\d{1,2})([/.])(\d{1,2})\2\d{2,4}$")
#: `2310009E13` became this in a spreadsheet.
_SCIENTIFIC = re.compile(r"^\d(?:[.,]\d+)?e\+\d+$")


def symbols_of_date(text: str) -> list[str]:
    """The symbols that a spreadsheet may have turned into this date; none where it is no such date.

    >>> symbols_of_date("2-Sep"), symbols_of_date("1-Jan")
    (['SEPT2', 'SEP2'], [])
    """
    return [f"{start}{day}" for month, day in _months_and_days(text.lower()) for start in _MONTHS.get(month, ())]


def is_date(text: str) -> bool:
    """Whether a text is a date as spreadsheets write it."""
    return bool(_months_and_days(text.lower()))


def is_scientific(text: str) -> bool:
    """Whether a text is a number in scientific notation, as a spreadsheet writes it."""
    return _SCIENTIFIC.match(text.lower()) is not None


def _months_and_days(folded: str) -> list[tuple[str, int]]:
    """The month and day that a date may mean: countries write them in either order."""
    months = list(_MONTHS)
    if found := _DAY_MONTH.match(folded):
        return _named(found[2], found[1])
    if found := _MONTH_DAY.match(folded):
        return _named(found[1], found[2])
    if found := _ISO_DATE.match(folded):
        return [(months[(int(found[2]) - 1) % 12], int(found[3]))]
    if found := _NUMERIC_DATE.match(folded):
        first, second = int(found[1]), int(found[3])
        return [(months[m - 1], day) for m, day in sorted({(first, second), (second, first)}) if 1 <= m <= 12]
    return []


def _named(word: str, day: str) -> list[tuple[str, int]]:
    month = _OTHER_LANGUAGES.get(word, word)
    return [(month, int(day))] if month in _MONTHS and 1 <= int(day) <= 31 else []
