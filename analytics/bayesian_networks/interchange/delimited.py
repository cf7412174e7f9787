"""Tables as people save them: delimited text with a header line or in R's `write.table` layout, and Parquet.

Every table that an analysis reads comes through here, so that what is refused is refused alike: a name twice in the
header, a column with values but no name, a line of another length, text that is not a table. Blanks around a cell, a
byte order mark, the ends of lines, lines without any value and empty cells past the last column carry no information.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from analytics.bayesian_networks.data.dataset import named
from analytics.bayesian_networks.interchange.text import read_text
from warehouse.errors import AnalysisError

__all__ = ["Row", "TextTable", "open_table", "refuse_repeated"]

#: What heads a column of names. Lines that are longer than such a header are not R's: it gives that column no name.
_HEADS_NAMES = re.compile(
    r"((hugo|hgnc|entrez|ensembl)[ _.]?)?(genes?|samples?|proteins?|probes?|features?|variables?|patients?|pairs?)"
    r"([ _.]?(ids?|names?|symbols?))?|symbols?|ids?|names?|source|parent|from|regulator|tf",
    re.IGNORECASE,
)
_QUOTED = re.compile(r'"[^"]*"')
_SEPARATORS = "\t;,"
_R_HINT = "Give every column a name in the first line. R: write.table(x, sep='\\t', col.names=NA)."

#: A cell with the place where it stands: `line 7`, or `row 7` of a Parquet file.
Row = tuple[str, list[str]]


@dataclass(frozen=True)
class TextTable:
    """A table of text, read once.

    Args:
        path: its file.
        header: the names of the columns, as many as each row has cells; the first is empty where only the other columns
            have names, as R writes tables.
        rows: place and cells of each row, stripped of blanks around them.
    """

    path: Path
    header: tuple[str, ...]
    rows: Iterator[Row]


def open_table(path: Path, separator: str | None = None) -> TextTable:
    """Open a table; its rows are checked while they are read.

    Args:
        path: `.parquet`, or text, also packed with gzip.
        separator: of text; None = tab, semicolon, comma or blanks, as the first lines show.

    Raises:
        AnalysisError: the file cannot be read or is not a table, a name is twice in the header, a column has values but
            no name, a line is of another length; with file, line and remedy.
    """
    return _parquet(path) if path.suffix == ".parquet" else _text(path, separator)


def refuse_repeated(where: str, names: Sequence[str], places: Sequence[str], what: str) -> None:
    """Refuse names that occur more than once, each with its places.

    Args:
        where: the file, and the line if there is one.
        names, places: each name and where it stands.
        what: they name.

    Raises:
        AnalysisError: a name occurs twice.
    """
    counts = Counter(names)
    if len(counts) == len(names):
        return
    found: dict[str, list[str]] = {}
    for name, place in zip(names, places, strict=True):
        if counts[name] > 1:
            found.setdefault(name, []).append(place)
    repeated = [f"{name} ({', '.join(several)})" for name, several in found.items()]
    raise AnalysisError(
        f"{where}: {what} named more than once: {named(repeated)}.", "Rename them, or keep only one of each name."
    )


def _parquet(path: Path) -> TextTable:
    import polars as pl

    try:
        frame = pl.read_parquet(path).with_columns(pl.all().cast(pl.String))
    except OSError as error:
        raise AnalysisError(f"{path} cannot be read: {error.strerror or 'not a Parquet file'}.") from error
    except pl.exceptions.DuplicateError as error:
        name = re.search(r"'(.*)'", str(error))
        twice = f": {name.group(1)}" if name else ""
        raise AnalysisError(f"{path}: columns named more than once{twice}.", "Rename or remove one of them.") from error
    except (pl.exceptions.PolarsError, ValueError) as error:
        raise AnalysisError(f"{path} cannot be read as a Parquet table with text or numbers in its cells.") from error
    # pandas writes the names of rows as the last column.
    index = [name for name in frame.columns if re.fullmatch(r"__index_level_\d+__", name)]
    frame = frame.select(*index, *(name for name in frame.columns if name not in index))
    header = tuple("" if name in index else name.strip() for name in frame.columns)
    _verify_header(path, header, "the schema")
    rows = ([cell.strip() if cell else "" for cell in row] for row in frame.iter_rows())
    return TextTable(path, header, ((f"row {number}", row) for number, row in enumerate(rows, 1)))


def _text(path: Path, separator: str | None) -> TextTable:
    lines = _lines(path, read_text(path), separator)
    place, header = next(lines, ("", []))
    if not header:
        raise AnalysisError(f"{path} is empty.", "A table begins with a line of column names.")
    header[0] = header[0].removeprefix("#").strip()
    width = len(header)
    while header and not header[-1]:
        header.pop()
    first = next(lines, None)
    if first is not None and _is_r_layout(path, header, width, first):
        header.insert(0, "")
    _verify_header(path, header, place)
    rows = lines if first is None else _chain(first, lines)
    return TextTable(path, tuple(header), _even(path, header, rows, needs_last=len(header) > width))


def _chain(first: Row, rest: Iterator[Row]) -> Iterator[Row]:
    yield first
    yield from rest


def _lines(path: Path, text: str, separator: str | None) -> Iterator[Row]:
    """Place and stripped cells of each line that holds a value, the comments before the header left out."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\0" in text:
        raise AnalysisError(f"{path} is not text: it holds bytes that are zero.", "Is it the right file?")
    comments = _comments(text)
    text, skipped = text.split("\n", comments)[-1], comments
    mark = separator or _separator(text)
    reader = csv.reader(io.StringIO(text), delimiter=mark, strict=True, skipinitialspace=True)
    last = 0
    try:
        for row in reader:
            number, last = last + 1 + skipped, reader.line_num
            cells = [cell.strip() for cell in row]
            if any(cells):
                yield f"line {number}", cells
    except csv.Error:
        raise AnalysisError(
            f"{path}, line {last + 1 + skipped}: a quotation mark is opened and not closed, or text follows its end.",
            'Write a quotation mark inside a quoted cell twice (""), or remove it.',
        ) from None


def _comments(text: str) -> int:
    """How many lines before the header are comments; a single line with one `#` is the header itself."""
    lines = text.split("\n", 100)
    marked = next((i for i, line in enumerate(lines) if not line.startswith("#")), len(lines))
    return marked if marked > 1 or text.startswith(("#!", "##")) else 0


def _separator(text: str) -> str:
    """What separates the cells: decided by the first line that has any separator, the header or the first row."""
    lines = [_QUOTED.sub("cell", line) for line in text.split("\n", 20) if line.strip()][:2]
    for line in lines:
        counts = {mark: line.count(mark) for mark in _SEPARATORS}
        if counts["\t"]:
            return "\t"
        if counts[";"] or counts[","]:
            return ";" if counts[";"] > counts[","] else ","
    # R's write.table separates by blanks unless it is told otherwise.
    return " " if all(" " in line.strip() for line in lines[-1:]) else "\t"


def _is_r_layout(path: Path, header: list[str], width: int, first: Row) -> bool:
    """Whether rows begin with a name that the header has no column for; refused where it cannot be known."""
    place, cells = first
    if len(cells) != len(header) + 1 or width != len(header):
        return False
    heads_names = not header[0] or _HEADS_NAMES.fullmatch(header[0]) is not None
    if not heads_names:
        return True
    if not cells[-1]:
        return False
    # A data frame with a column of names that R numbered, or gave the same names.
    if cells[0] in {"1", cells[1]}:
        return True
    raise AnalysisError(
        f"{path}, {place}: {len(cells)} values, where the header has {len(header)} names, the first {header[0]!r}.",
        _R_HINT,
    )


def _verify_header(path: Path, header: Sequence[str], place: str) -> None:
    unnamed = [str(number) for number, name in enumerate(header, 1) if not name and number > 1]
    if unnamed:
        raise AnalysisError(f"{path}, {place}: column {', '.join(unnamed)} has no name.", "Name it or remove it.")
    refuse_repeated(f"{path}, {place}", header, [f"column {number}" for number in range(1, len(header) + 1)], "columns")


def _even(path: Path, header: Sequence[str], rows: Iterable[Row], *, needs_last: bool) -> Iterator[Row]:
    """Rows with as many cells as the header; longer ones may have empty cells at their end only."""
    last_seen = not needs_last
    for place, cells in rows:
        if len(cells) < len(header) or any(cells[len(header) :]):
            raise AnalysisError(
                f"{path}, {place}: {len(cells)} values for {len(header)} columns.",
                "Is the file truncated, or is there a separator inside a name or a number? A missing value is empty or "
                "NA, between its separators; decimals are written with a point.",
            )
        last_seen = last_seen or bool(cells[len(header) - 1])
        yield place, cells[: len(header)]
    if not last_seen:
        raise AnalysisError(
            f"{path}: every line has one cell more than the header, and the last is always empty: the first column may "
            "be without a name, or each line may end with a separator.",
            _R_HINT,
        )
