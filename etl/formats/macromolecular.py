"""PDBx/mmCIF documents of macromolecular structures; gemmi reads them.

Nine tenths of a document are coordinates, which nobody here needs: their loops are cut out of the text before it is
interpreted, chunk by chunk, so that neither time nor memory follows the size of the structure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from etl.formats.content import content_chunks
from etl.rows import Ledger, Rows
from warehouse.errors import SourceError
from warehouse.statements import FILE, ROW, Reason

_LOOP = b"\nloop_\n_"
_SEPARATOR = b"\n#"

#: What gemmi raises for a text that is no CIF, and for one that says a thing twice.
_REFUSED = (ValueError, RuntimeError)

#: Large loops of numbers and codes, without fields of free text in which a separator could stand.
_COORDINATES = frozenset(
    {
        b"atom_site",
        b"atom_site_anisotrop",
        b"entity_poly_seq",
        b"pdbx_nonpoly_scheme",
        b"pdbx_poly_seq_scheme",
        b"pdbx_unobs_or_zero_occ_atoms",
        b"pdbx_unobs_or_zero_occ_residues",
    }
)


@dataclass(frozen=True)
class Mmcif:
    """PDBx/mmCIF: a row for each data block, which is one entry.

    A row has `id` (`_entry.id`) and, for each category, a column with a list of its items (structs of text).

    Args:
        categories: the categories that are read, each with its items (`{"struct": ("title",)}`); all are optional.
    """

    categories: Mapping[str, tuple[str, ...]]

    def read(self, path: Path, ledger: Ledger) -> Iterator[Rows]:
        """Yield the entries of a document; one that cannot be read, or has no `_entry.id`, goes to quarantine.

        A file that is damaged as a whole is quarantined too: one of 200,000 must not end a build.
        """
        yield Rows(self.read_many([(path, ledger)]).drop(FILE), ledger)

    def read_many(self, files: Sequence[tuple[Path, Ledger]]) -> pl.DataFrame:
        """The entries of many documents in one frame, as `read` gives those of one."""
        entries = [
            {FILE: number, **entry}
            for number, (path, ledger) in enumerate(files)
            for entry in self._entries(path, ledger)
        ]
        return pl.DataFrame(entries, schema=self._schema())

    def _entries(self, path: Path, ledger: Ledger) -> Iterator[dict[str, Any]]:
        try:
            blocks = _blocks(path)
        except SourceError as error:
            ledger.rows_read += 1
            ledger.reject_row(1, Reason.UNREADABLE, error.message, key=path.name)
            return
        for number, block in enumerate(blocks, 1):
            ledger.rows_read += 1
            try:
                entry = {"id": _entry_id(block), ROW: number, **self._items(block)}
            except UnicodeDecodeError as error:
                ledger.reject_row(number, Reason.NOT_UTF8, f"byte {error.object[error.start]:#04x}", key=path.name)
                continue
            if entry["id"] is None:
                ledger.reject_row(number, Reason.MISSING_VALUE, "there is no _entry.id", key=path.name)
            else:
                yield entry

    def _schema(self) -> pl.Schema:
        columns: dict[str, pl.DataType] = {FILE: pl.Int64(), "id": pl.String(), ROW: pl.Int64()}
        for category, items in self.categories.items():
            columns[category] = pl.List(pl.Struct({item: pl.String() for item in items}))
        return pl.Schema(columns)

    def _items(self, block: Any) -> dict[str, list[dict[str, str | None]]]:
        """The items of each category; `?` and `.` (unknown, not applicable) become null."""
        found: dict[str, list[dict[str, str | None]]] = {}
        for category, items in self.categories.items():
            values = block.get_mmcif_category(f"_{category}.")
            count = len(next(iter(values.values()), ()))
            columns = [values.get(item) or [None] * count for item in items]
            rows = zip(*columns, strict=True)
            found[category] = [{item: value or None for item, value in zip(items, row, strict=True)} for row in rows]
        return found


def _entry_id(block: Any) -> str | None:
    ids = block.get_mmcif_category("_entry.").get("id") or [None]
    return ids[0] or None


def _blocks(path: Path) -> list[Any]:
    """The data blocks of a document, without the coordinates.

    Raises:
        SourceError: the file is damaged, cut off, or no CIF.
    """
    from gemmi import cif

    text = _without_coordinates(content_chunks(path))
    try:
        if text is None:
            raise ValueError("a loop of coordinates has no end")
        document = cif.read_string(text)
    except _REFUSED:
        # Written by other software, or damaged: only the whole text can tell.
        text = b"".join(content_chunks(path))
        try:
            document = cif.read_string(text)
        except _REFUSED as error:
            raise SourceError(f"{path.name}: the CIF cannot be read: {_where(error)}") from error
    if not len(document):
        raise SourceError(f"{path.name}: there is no data block")
    if _is_cut_off(text):
        raise SourceError(f"{path.name}: the document was cut off: its last line is no separator")
    return list(document)


def _where(error: Exception) -> str:
    """What gemmi found wrong, with the line: it calls every document `string`.

    >>> _where(ValueError("string:2:5(12): unterminated 'string'"))
    "line 2: unterminated 'string'"
    """
    return re.sub(r"^string:(\d+)(?::\d+\(\d+\))?", r"line \1", str(error))


def _is_cut_off(text: bytes) -> bool:
    """Whether a document of the archive lacks its end: there every category, and so the last, is closed by `#`."""
    first, _, second = text[:200].partition(b"\n")
    separated = first.startswith(b"data_") and second.startswith(b"#")
    return separated and not text[-200:].rstrip().endswith(b"#")


def _without_coordinates(chunks: Iterable[bytes]) -> bytes | None:
    """The text without the loops of `_COORDINATES`; None if the last of them has no end."""
    kept: list[bytes] = []
    rest, inside = b"", False
    for chunk in chunks:
        rest, inside = _cut(rest + chunk, inside, kept)
    if not inside:
        kept.append(rest)
    return None if inside else b"".join(kept)


def _cut(data: bytes, inside: bool, kept: list[bytes]) -> tuple[bytes, bool]:
    """Move what is wanted of `data` to `kept`; give what only the next chunk can decide, and whether a loop is open."""
    position = 0
    while True:
        if inside:
            end = data.find(_SEPARATOR, position)
            if end < 0:
                return data[-1:], True
            position, inside = end, False
        start = data.find(_LOOP, position)
        dot = data.find(b".", start) if start >= 0 else -1
        if start < 0 or dot < 0:
            undecided = max(position, len(data) - len(_LOOP)) if start < 0 else start
            kept.append(data[position:undecided])
            return data[undecided:], False
        inside = data[start + len(_LOOP) : dot] in _COORDINATES
        end = start if inside else dot
        kept.append(data[position:end])
        position = end
