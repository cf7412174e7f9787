"""The columns of AnnData's `obs` and `var`, in every layout since version 0.6."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from etl.formats.hdf5 import attribute, child, decoded, is_text, texts, values_at, verify_dataset
from warehouse.errors import SourceError


@dataclass(frozen=True)
class Columns:
    """A table of AnnData.

    Args:
        index: the names of its rows.
        frame: its columns, as text.
        numeric: those that hold numbers.
        unread: those of a type that is not read.
    """

    index: pl.Series
    frame: pl.DataFrame
    numeric: frozenset[str]
    unread: tuple[str, ...] = ()


def columns_at(file: Any, name: str, where: str, *, only_text: bool = False) -> Columns:
    """The table `obs` or `var` of a file.

    Args:
        file: the file.
        name: of the table.
        where: how messages call it.
        only_text: leave out columns of numbers.

    Raises:
        SourceError: it is not there, has no names for its rows, or its columns differ in length.
    """
    import h5py

    table = child(file, name)
    if table is None:
        raise SourceError(f"{where} is missing: the file is not AnnData, or was cut off while it was written.")
    if isinstance(table, h5py.Dataset):
        return _compound(file, table, name, where)
    index_name = str(attribute(table, "_index") or ("_index" if "_index" in table else "index"))
    index = child(table, index_name)
    if not isinstance(index, h5py.Dataset):
        raise SourceError(f"{where} has no names for its rows (`{index_name}`).", _SAVE_AGAIN)
    rows = _index(texts(index, f"{where}/{index_name}"))
    read: dict[str, pl.Series] = {}
    numeric, unread = set[str](), []
    for column in sorted(set(table) - {index_name, "__categories"}):
        values, is_number = _column(file, table, column, f"{where}/{column}")
        if values is None:
            unread.append(column)
        elif len(values) != len(rows):
            raise SourceError(f"{where}/{column} has {len(values):,} values for {len(rows):,} rows.")
        elif not (only_text and is_number):
            read[column] = values
            numeric |= {column} if is_number else set()
    return Columns(rows, pl.DataFrame(read), frozenset(numeric), tuple(unread))


_SAVE_AGAIN = "Give names to cells and genes (obs_names, var_names) and save it again with anndata."


def _index(index: pl.Series) -> pl.Series:
    return index.str.strip_chars().replace("", None)


def _column(file: Any, table: Any, name: str, where: str) -> tuple[pl.Series | None, bool]:
    """A column as text, and whether it holds numbers; no column where its type is not read."""
    import h5py

    found = child(table, name)
    if isinstance(found, h5py.Dataset):
        categories = attribute(found, "categories")
        if isinstance(categories, h5py.Reference):
            listed = file[categories]
            verify_dataset(listed, where)
            return _categorical(values_at(found, where), texts(listed, where), where), False
        if found.ndim != 1 or (not is_text(found) and found.dtype.kind not in "iufb"):
            return None, False
        return texts(found, where), found.dtype.kind in "iuf"
    return (None, False) if found is None else _encoded(found, where)


def _encoded(group: Any, where: str) -> tuple[pl.Series | None, bool]:
    """A column of categories, or of values with a mask."""
    parts = {part: child(group, part) for part in ("categories", "codes", "values", "mask")}
    if parts["categories"] is not None and parts["codes"] is not None:
        return _categorical(values_at(parts["codes"], where), texts(parts["categories"], where), where), False
    if parts["values"] is not None and parts["mask"] is not None:
        values, mask = texts(parts["values"], where), pl.Series(values_at(parts["mask"], where).astype(bool))
        if len(mask) != len(values):
            raise SourceError(f"{where} has {len(values):,} values, but its mask has {len(mask):,}.")
        return pl.select(pl.when(~mask).then(values)).to_series(), parts["values"].dtype.kind in "iuf"
    return None, False


def _categorical(codes: Any, categories: pl.Series, where: str) -> pl.Series:
    if codes.dtype.kind not in "iu" or (codes.size and int(codes.max()) >= len(categories)):
        raise SourceError(f"{where}: its codes do not fit its {len(categories):,} categories.")
    places = pl.Series(np.where(codes < 0, -1, codes).astype(np.int64))
    return categories.gather(pl.select(pl.when(places >= 0).then(places)).to_series())


def _compound(file: Any, table: Any, name: str, where: str) -> Columns:
    """A table that is one data set with a field for each column, as AnnData wrote until 0.6."""
    fields = list(table.dtype.names or ())
    index_name = next((one for one in ("index", "_index") if one in fields), None)
    if index_name is None:
        raise SourceError(f"{where} has no names for its rows (`index`).", _SAVE_AGAIN)
    kept = [one for one in fields if _is_read(table.dtype[one])]
    if index_name not in kept:
        raise SourceError(f"{where}: the names of its rows are not texts.", _SAVE_AGAIN)
    rows = values_at(table.fields(kept), where)
    read: dict[str, pl.Series] = {}
    numeric: set[str] = set()
    for one in kept:
        categories = child(file, f"uns/{one}_categories") if name == "obs" else None
        if categories is not None and rows[one].dtype.kind in "iu":
            read[one] = _categorical(rows[one], texts(categories, where), where)
            continue
        read[one] = _field(rows[one], f"{where}/{one}")
        numeric |= {one} if rows[one].dtype.kind in "iuf" else set()
    index = _index(read.pop(index_name))
    return Columns(index, pl.DataFrame(read), frozenset(numeric - {index_name}), tuple(sorted(set(fields) - set(kept))))


def _is_read(kind: Any) -> bool:
    import h5py

    return kind.shape == () and (kind.kind in "iufbSU" or h5py.check_string_dtype(kind) is not None)


def _field(values: Any, where: str) -> pl.Series:
    if values.dtype.kind in "OSU":
        return decoded(values, where)
    return pl.Series(values, nan_to_null=True).cast(pl.String)
