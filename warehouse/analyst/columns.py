"""Files of identifiers: a list, or one column of a table (CSV or TSV) as a spreadsheet saves it."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from itertools import dropwhile, zip_longest

from warehouse.errors import QuestionError
from warehouse.identifier_forms import cleaned, is_missing

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

    A table has two or more rows with two or more cells. With tabs between, most lines have several cells; with commas
    or semicolons, as many as the others, and headings or a column of numbers: else they stand between names. Lines
    before it that begin with `#` are left out: the tables that this software writes begin so. Row names without a
    heading, as R writes them, are a column of their own.

    >>> table_columns("gene,fold\nTP53,2.1\nEGFR,0.3\n")
    {'gene': ['TP53', 'EGFR'], 'fold': ['2.1', '0.3']}
    >>> table_columns("TP53\nEGFR\n")
    {}
    """
    lines = list(dropwhile(lambda line: line.startswith("#"), _lines(text)))
    for separator in ("\t", ";", ","):
        try:
            rows = [[cell.strip() for cell in row] for row in csv.reader(lines, delimiter=separator)]
        except csv.Error:
            # A cell without an end: not a table by this separator.
            continue
        width = _width(rows, separator)
        if width is not None:
            rows = _with_row_names(rows)
            return _columns([(row + [""] * width)[:width] for row in rows])
    return {}


def identifiers_of(text: str, column: str | None = None) -> tuple[list[str], str | None]:
    """The identifiers in the text of a file or a paste, and the heading of the column that was taken.

    Args:
        text: the text of a file.
        column: a heading or a number from 1; None = the first column that does not only number the rows.

    Returns:
        Of a table every cell of the column, an empty one too: it is a missing value. Of a list its lines, each of
        which is a name or holds several (`warehouse.analyst.name_lists` takes it apart).

    Raises:
        QuestionError: there is no such column.
    """
    columns = table_columns(text)
    if not columns:
        if column is not None:
            raise QuestionError("The file is a list, not a table: it has no columns.", "Leave the column out.")
        return _listed(text)
    names = list(columns)
    if column is not None and column.isdecimal() and column not in columns and 0 < int(column) <= len(names):
        column = names[int(column) - 1]
    taken = first_column(columns) if column is None else column
    if taken not in columns:
        raise QuestionError(f"The table has no column {taken!r}.", f"Columns: {', '.join(names)}.")
    return columns[taken], taken


def first_column(columns: dict[str, list[str]]) -> str:
    """The first column of a table that does not only number its rows.

    >>> first_column({"column 1": ["1", "2"], "gene": ["TP53", "MYC"]})
    'gene'
    """
    first, *others = columns
    cells, rows = columns[first], range(len(columns[first]))
    counts = [[str(row + start) for row in rows] for start in (0, 1)]
    return others[0] if first == "column 1" and others and cells in counts else first


def _lines(text: str) -> list[str]:
    return [line for line in text.replace("\ufeff", "").splitlines() if line.strip()]


def _listed(text: str) -> tuple[list[str], str | None]:
    """The lines of a list, and its heading where it has one; tabs stand between names."""
    names = [name for line in _lines(text) for cell in line.split("\t") if (name := cell.strip())]
    if len(names) > 1 and _is_heading(cleaned(names[0])):
        return names[1:], cleaned(names[0])
    return names, None


def _width(rows: list[list[str]], separator: str) -> int | None:
    """How many cells the rows of a table have; None where it is no table."""
    if len(rows) < 2:
        return None
    widths = Counter(map(len, rows))
    if separator == "\t":
        widest = max(widths)
        return widest if widest >= 2 and 2 * widths[1] <= len(rows) else None
    # Empty cells at the end of a row are no fault: some programs write them, others do not.
    filled = [len(row) - next((n for n, cell in enumerate(reversed(row)) if cell), len(row)) for row in rows]
    width = Counter(filled).most_common(1)[0][0]
    width = max(width, filled[0]) if _has_headings(rows) else width
    even = sum(full <= width <= len(row) for full, row in zip(filled, rows, strict=True))
    even += len(rows[0]) == width - 1
    fits = width >= 2 and even >= _EVEN_SHARE * len(rows)
    return width if fits and (_has_headings(rows) or _numeric_columns(rows)) else None


def _with_row_names(rows: list[list[str]]) -> list[list[str]]:
    """The rows; where the headings are one fewer than the cells of every other row, the first column has none.

    A first row that is shorter and has no headings is a row like the others, whose last cell is missing.
    """
    head, *body = rows
    shifted = [["", *head], *body]
    return shifted if all(len(row) == len(head) + 1 for row in body) and _has_headings(shifted) else rows


def _columns(rows: list[list[str]]) -> dict[str, list[str]]:
    heads, body = (rows[0], rows[1:]) if _has_headings(rows) else (None, rows)
    named: dict[str, list[str]] = {}
    for place in range(len(rows[0])):
        heading = (heads[place] if heads else "") or f"column {place + 1}"
        name = heading if heading not in named else f"{heading} ({place + 1})"
        named[name] = [row[place] for row in body]
    return named


def _is_heading(cell: str) -> bool:
    return _HEADINGS.fullmatch(re.sub(r"[\s.-]+", "_", cell.casefold())) is not None


def _has_headings(rows: list[list[str]]) -> bool:
    """Whether the first row names the columns: by a known word, or no number where all below it are numbers."""
    first = rows[0]
    if any(_is_heading(cell) for cell in first):
        return True
    return any(bool(first[place]) and not _NUMBER.match(first[place]) for place in _numeric_columns(rows, len(first)))


def _numeric_columns(rows: list[list[str]], width: int = 1 << 30) -> list[int]:
    """The columns that hold numbers below the first row, and nothing else but missing values."""
    columns = list(zip_longest(*rows[1:], fillvalue=""))[:width]
    return [place for place, cells in enumerate(columns) if _is_numeric(cells)]


def _is_numeric(cells: Sequence[str]) -> bool:
    given = [cell for cell in cells if not is_missing(cell)]
    return bool(given) and all(_NUMBER.match(cell) for cell in given)
