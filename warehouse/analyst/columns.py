"""Files of identifiers: a list, or one column of a table (CSV or TSV) as a spreadsheet saves it."""

from __future__ import annotations

import csv
import re
from collections import Counter

from warehouse.analyst.identifiers import split
from warehouse.errors import QuestionError

#: What heads a column of identifiers; such a first row is no row of the table.
_HEADINGS = re.compile(
    r"(hgnc|approved|gene|ensembl|ensembl_gene|entrez|uniprot|ncbi_gene|protein|drug|disease|pathway)?"
    r"_?(genes?|symbols?|ids?|identifiers?|names?|accessions?|given)|hgnc|entrez|uniprot|ensembl|protein|drug|disease"
)
_NUMBER = re.compile(r"^[+-]?(\d+([.,]\d*)?|[.,]\d+)(e[+-]?\d+)?%?$", re.IGNORECASE)
#: So many rows of a table have as many cells as most; in a list the lines differ.
_EVEN_SHARE = 0.9
#: The first bytes of files that are no text, with what they are.
_NO_TEXT = {
    b"PK\x03\x04": "a spreadsheet or an archive",
    b"\xd0\xcf\x11\xe0": "an old spreadsheet",
    b"\x1f\x8b": "packed",
    b"%PDF": "a PDF",
}


def text_of(content: bytes, called: str) -> str:
    """The text of a file of identifiers.

    Args:
        content: its bytes.
        called: the file, as errors name it.

    Raises:
        QuestionError: it is no UTF-8 text.
    """
    hint = "Save the column as text (CSV, UTF-8)."
    for beginning, what in _NO_TEXT.items():
        if content.startswith(beginning):
            raise QuestionError(f"{called} is {what}, not text.", hint)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise QuestionError(f"{called}, line {line}: no UTF-8 text.", hint) from None
    if "\0" in text:
        raise QuestionError(f"{called} is no text: it holds bytes that are zero.", hint)
    return text


def table_columns(text: str) -> dict[str, list[str]]:
    r"""The columns of a table by their headings, or as `column 1`; nothing where the text is a list.

    A table has two or more rows with equally many cells, two or more. Lines that begin with `#` are left out: the
    tables that this software writes begin so.

    >>> table_columns("gene,fold\nTP53,2.1\nEGFR,0.3\n")
    {'gene': ['TP53', 'EGFR'], 'fold': ['2.1', '0.3']}
    >>> table_columns("TP53\nEGFR\n")
    {}
    """
    lines = [line for line in text.replace("\ufeff", "").splitlines() if line.strip() and not line.startswith("#")]
    for separator in ("\t", ";", ","):
        try:
            rows = [[cell.strip() for cell in row] for row in csv.reader(lines, delimiter=separator)]
        except csv.Error:
            # A cell without an end: no table by this separator.
            continue
        width, even = Counter(map(len, rows)).most_common(1)[0] if rows else (0, 0)
        if width >= 2 and len(rows) >= 2 and even >= _EVEN_SHARE * len(rows):
            return _columns([(row + [""] * width)[:width] for row in rows])
    return {}


def identifiers_of(text: str, column: str | None = None) -> tuple[list[str], str | None]:
    """The identifiers in the text of a file, and the heading of the column that was taken.

    Args:
        text: the text of a file.
        column: a heading or a number from 1; None = the first column.

    Raises:
        QuestionError: there is no such column.
    """
    columns = table_columns(text)
    if not columns:
        if column is not None:
            raise QuestionError("The file is a list, no table: it has no columns.", "Leave the column out.")
        return split(text), None
    names = list(columns)
    if column is not None and column.isdecimal() and column not in columns and 0 < int(column) <= len(names):
        column = names[int(column) - 1]
    taken = names[0] if column is None else column
    if taken not in columns:
        raise QuestionError(f"The table has no column {taken!r}.", f"Columns: {', '.join(names)}.")
    return [cell for cell in columns[taken] if cell], taken


def _columns(rows: list[list[str]]) -> dict[str, list[str]]:
    heads, body = (rows[0], rows[1:]) if _has_headings(rows) else (None, rows)
    named: dict[str, list[str]] = {}
    for place in range(len(rows[0])):
        wanted = (heads[place] if heads else "") or f"column {place + 1}"
        name = wanted if wanted not in named else f"{wanted} ({place + 1})"
        named[name] = [row[place] for row in body]
    return named


def _has_headings(rows: list[list[str]]) -> bool:
    """Whether the first row names the columns: by a known word, or no number where all below it are numbers."""
    first, body = rows[0], rows[1:]
    if any(_HEADINGS.fullmatch(re.sub(r"[\s.-]+", "_", cell.casefold())) for cell in first):
        return True
    columns = list(zip(*body, strict=True))
    numeric = [any(column) and all(not cell or _NUMBER.match(cell) for cell in column) for column in columns]
    return any(
        is_numeric and bool(cell) and not _NUMBER.match(cell) for is_numeric, cell in zip(numeric, first, strict=True)
    )
