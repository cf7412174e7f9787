"""Cells of tables: which words mean that a value is missing, and text as numbers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from warehouse.errors import AnalysisError

__all__ = ["MISSING_NAMES", "MISSING_NUMBERS", "MISSING_TEXTS", "count_of_words", "numbers"]

#: Words, in small letters, that say that an attribute is missing, also those of clinical tables of TCGA and GDC. `none`
#: and `-` may be values: no drug, no mutation.
MISSING_TEXTS = frozenset({"", "na", "nan", "n/a", "null", "#n/a", "<na>", "'--", "not reported"}) | frozenset(
    f"[{words}]"
    for words in ("not available", "not applicable", "not evaluated", "unknown", "discrepancy", "completed")
)
#: Words that say that a number is missing, or a name.
MISSING_NUMBERS = MISSING_NAMES = MISSING_TEXTS | {"none", "-", "."}

_DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+(e[+-]?\d+)?", re.IGNORECASE)


def numbers(
    where: str, cells: Sequence[str], columns: Sequence[str], missing: Counter[str] | None = None
) -> NDArray[np.float64]:
    """The numbers in cells, NaN where one is missing.

    Args:
        where: file and line, for messages.
        cells: text without blanks around it.
        columns: the column of each cell, for messages.
        missing: counts the words that were read as missing.

    Raises:
        AnalysisError: a cell is not a finite number; the message names line and column.

    >>> numbers("m.csv, line 2", ["1.5", "NA"], ["a", "b"]).tolist()
    [1.5, nan]
    """
    import polars as pl

    values = pl.Series(cells, dtype=pl.String).cast(pl.Float64, strict=False).fill_null(np.nan).to_numpy().copy()
    for i in np.flatnonzero(~np.isfinite(values)).tolist():
        word = cells[i]
        if word.casefold() not in MISSING_NUMBERS:
            hint = "Write decimals with a point (8.5)." if _DECIMAL_COMMA.fullmatch(word) else None
            what = "infinite or too large" if np.isinf(values[i]) else "not a number"
            raise AnalysisError(
                f"{where}, column {columns[i]!r}: {word!r} is {what}.", hint or "A missing value is empty or NA."
            )
        values[i] = np.nan
        if missing is not None:
            missing[word] += 1
    return np.asarray(values, np.float64)


def count_of_words(missing: Counter[str]) -> str:
    """How many cells were read as missing, by the word in them.

    >>> count_of_words(Counter({"NA": 3, "": 1}))
    '4 cells were read as missing values (3 NA, 1 empty)'
    """
    parts = [f"{count} {word or 'empty'}" for word, count in sorted(missing.items(), key=lambda one: (-one[1], one[0]))]
    count = missing.total()
    cells = "cell was read as a missing value" if count == 1 else "cells were read as missing values"
    return f"{count} {cells} ({', '.join(parts)})"
