"""End points of survival as cBioPortal's studies write them: pairs of columns, `<X>_STATUS` and `<X>_MONTHS`."""

from __future__ import annotations

import re

import polars as pl

from etl.rows import Rows
from etl.sources._tcga import with_numbers
from warehouse.statements import Reason

#: The names of the columns of end points.
COLUMNS = r"[A-Z0-9_]+_(STATUS|MONTHS)"

#: End points whose columns are read whatever they hold; of others, where a word of the status is understood.
_KNOWN = ("OS", "DSS", "DFS", "PFS", "RFS", "EFS", "MFS", "TTP", "DFI", "PFI")

#: What a status says, letters alone and in lower case: 1 = the event was seen.
_WORDS = {
    **dict.fromkeys(("living", "alive", "censored", "no event", "event free"), 0),
    **dict.fromkeys(("disease free", "diseasefree", "tumor free", "tumour free", "no evidence of disease"), 0),
    **dict.fromkeys(("alive or dead tumor free", "alive or dead tumour free"), 0),
    **dict.fromkeys(("not progressed", "no progression", "progression free", "progressionfree", "non progressed"), 0),
    **dict.fromkeys(("not recurred", "no recurrence", "recurrence free", "no relapse", "relapse free"), 0),
    **dict.fromkeys(("no metastasis", "metastasis free", "not relapsed"), 0),
    **dict.fromkeys(("deceased", "dead", "died", "event", "dead with tumor", "dead with tumour", "dead of disease"), 1),
    **dict.fromkeys(("recurred progressed", "progressed recurred", "recurred", "recurrence", "relapsed", "relapse"), 1),
    **dict.fromkeys(("progressed", "progression", "progressive disease", "disease progression", "metastasis"), 1),
}


def read_status(text: str) -> int | None:
    """1 = the event was seen, 0 = censored, None = it cannot be told.

    A digit before a colon counts (`1:DECEASED`), unless the word behind it says the opposite.

    >>> read_status("0:Not Progressed"), read_status("Dead"), read_status("1:LIVING")
    (0, 1, None)
    """
    match = re.fullmatch(r"\s*(?:([01])(?:\.0+)?\s*(?::|$))?\s*(.*?)\s*", text, re.DOTALL)
    assert match is not None
    digit = None if match[1] is None else int(match[1])
    word = _WORDS.get(" ".join(re.findall(r"[a-z]+", match[2].lower())) if not re.search(r"\d", match[2]) else "")
    if digit is None or word is None or digit == word:
        return word if digit is None else digit
    return None


def with_endpoints(rows: Rows, key: str) -> tuple[Rows, list[str]]:
    """The rows with the months and events of their end points as numbers, and the names of these.

    A status or a number that cannot be read is set aside and missing. Columns without their other half, and pairs whose
    status says nothing of an event, are not end points: they are listed in the receipt as not used.
    """
    names = set(rows.frame.columns)
    halves = sorted(name for name in names if re.fullmatch(COLUMNS, name))
    stems = sorted({name.rsplit("_", 1)[0] for name in halves}, key=_place)
    endpoints = [stem for stem in stems if {f"{stem}_STATUS", f"{stem}_MONTHS"} <= names and _is_endpoint(rows, stem)]
    rows.ledger.count_unused(rows.frame, [name for name in halves if name.rsplit("_", 1)[0] not in endpoints])
    rows = with_numbers(rows, [f"{endpoint}_MONTHS" for endpoint in endpoints], key)
    for endpoint in endpoints:
        rows = _with_event(rows, f"{endpoint}_STATUS", key)
    return rows, endpoints


def _place(stem: str) -> tuple[int, str]:
    return (_KNOWN.index(stem) if stem in _KNOWN else len(_KNOWN)), stem


def _is_endpoint(rows: Rows, stem: str) -> bool:
    texts = rows.frame[f"{stem}_STATUS"].unique().drop_nulls().to_list()
    return stem in _KNOWN or any(read_status(text) is not None for text in texts)


def _with_event(rows: Rows, column: str, key: str) -> Rows:
    texts = rows.frame[column].unique().drop_nulls().to_list()
    events = {text: event for text in texts if (event := read_status(text)) is not None}
    seen = pl.col(column).replace_strict(events, default=None, return_dtype=pl.Int64)
    rows = rows.blank({column: seen.is_null() & pl.col(column).is_not_null()}, Reason.BAD_VALUE, pl.col(key))
    return rows.with_columns(seen.alias(column))
