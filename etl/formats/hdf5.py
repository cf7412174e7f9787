"""HDF5 files of users, read with care: nothing is unpickled, nothing leads out of the file, sizes are checked first.

What AnnData (versions 0.6 to 0.12) and 10x Genomics write is read: arrays of numbers and texts, categories, values with
a mask, sparse matrices compressed by rows or columns.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from etl.formats.content import content_chunks, verify_content
from warehouse.documents.media_types import PACKINGS
from warehouse.errors import SourceError
from warehouse.extras import MissingExtraError, require_extra

if TYPE_CHECKING:
    import h5py

#: The largest chunk of a data set, as it is unpacked in one piece.
_CHUNK_LIMIT_BYTES = 1024**3
#: The largest one-dimensional array (ids, a column of cells, the entries of a sparse matrix).
_LENGTH_LIMIT = 4 * 10**9
#: A list that declares more bytes than this, and more than so many times what the file holds of it, is refused. Gzip
#: packs at most 1,032 times.
_DECLARED_BYTES = 64 * 1024**2
_PACKED_SHARE = 1100
_DAMAGED = (OSError, RuntimeError, KeyError, ValueError, TypeError, UnicodeDecodeError, OverflowError, MemoryError)

Group = Any
Integers = NDArray[np.int64]


@contextmanager
def open_hdf5(path: Path) -> Iterator[h5py.File]:
    """Open an HDF5 file, also one that is packed with gzip, xz or zip: it is unpacked to a temporary file.

    Raises:
        SourceError: the extra `cells` is not installed, or the file is damaged, cut off, or not what it claims to be.
    """
    try:
        require_extra("cells", "Reading HDF5")
    except MissingExtraError as error:
        # The file is set aside, and the rest is built.
        raise SourceError(error.message) from error
    verify_content(path)
    import h5py

    try:
        with _plain(path) as plain, h5py.File(plain, "r") as file:
            yield file
    except _DAMAGED as error:
        raise SourceError(
            f"{path.name}: the file is damaged or was cut off, or is not HDF5 as AnnData or 10x Genomics write it.",
            "Copy or download it again, and compare its size with the original.",
        ) from error


@contextmanager
def _plain(path: Path) -> Iterator[Path]:
    if path.suffix.lower() not in PACKINGS:
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / path.stem
        with plain.open("wb") as unpacked:
            for chunk in content_chunks(path):
                unpacked.write(chunk)
        yield plain
        shutil.rmtree(folder, ignore_errors=True)


def child(group: Group, name: str) -> Any | None:
    """A group or data set by its path below a group; None where there is none.

    Raises:
        SourceError: it leads elsewhere, or is larger than may be read.
    """
    import h5py

    here = group
    for step in name.split("/"):
        # The link is looked at first: even to ask whether a name is there would follow it.
        link = here.get(step, getlink=True) if isinstance(here, h5py.Group) else None
        if link is None:
            return None
        if not isinstance(link, h5py.HardLink):
            elsewhere = "another file" if isinstance(link, h5py.ExternalLink) else "another place"
            raise SourceError(
                f"{_where(group, name)} leads to {elsewhere}; only what the file holds there itself is read.",
                "Save the data with anndata, which writes no links.",
            )
        here = here[step]
    if isinstance(here, h5py.Dataset):
        verify_dataset(here, _where(group, name))
    return here


def _where(group: Group, name: str) -> str:
    file = Path(group.file.filename).name
    return f"{file}: {group.name.rstrip('/')}/{name}"


def verify_dataset(data: Any, where: str) -> None:
    """Make sure that a data set can be read: kept in the file, in pieces that fit in memory, of a size that is real.

    Raises:
        SourceError: it is not.
    """
    if data.external or data.is_virtual:
        raise SourceError(f"{where} is kept in another file; only what the file holds itself is read.")
    if data.chunks and int(np.prod(data.chunks, dtype=np.float64)) * data.dtype.itemsize > _CHUNK_LIMIT_BYTES:
        raise SourceError(f"{where} is written in chunks of more than {_CHUNK_LIMIT_BYTES:,} bytes.")
    if data.ndim == 1:
        _verify_length(data, where)


def _verify_length(data: Any, where: str) -> None:
    """A list is read as a whole: one that declares much more than the file holds is not."""
    size, held = data.shape[0] * data.dtype.itemsize, data.id.get_storage_size()
    if data.shape[0] > _LENGTH_LIMIT or (size > _DECLARED_BYTES and size > _PACKED_SHARE * held):
        raise SourceError(
            f"{where} declares {data.shape[0]:,} values, but the file holds {held:,} bytes of them.",
            "The file is damaged or was not written to its end: copy or write it again.",
        )


def values_at(data: Any, where: str, start: int = 0, stop: int | None = None) -> NDArray[Any]:
    """Some rows of a data set, or of an array that was read before.

    Raises:
        SourceError: they cannot be read.
    """
    try:
        values: NDArray[Any] = data[start:stop]
    except _DAMAGED as error:
        raise SourceError(
            f"{where}: its values cannot be read: the file is damaged, or is packed in a way that is not known here.",
            "Copy or download it again; of the ways to pack, gzip and lzf are read.",
        ) from error
    return values


def is_text(data: Any) -> bool:
    """Whether a data set or a field of one holds texts."""
    import h5py

    return h5py.check_string_dtype(data.dtype) is not None or data.dtype.kind in "SU"


def texts(data: Any, where: str) -> pl.Series:
    """A one-dimensional data set as texts; an empty one is null.

    Raises:
        SourceError: it holds neither texts nor numbers, is not UTF-8, or is not one-dimensional.
    """
    if data.ndim != 1:
        raise SourceError(f"{where} is not a list: it has {data.ndim} dimensions.")
    if not is_text(data) and data.dtype.kind not in "iufb":
        raise SourceError(f"{where} holds values of the type {data.dtype}, which are not read; write texts or numbers.")
    values = values_at(data, where)
    if is_text(data):
        return decoded(values, where)
    if values.dtype.kind == "f" and values.dtype.itemsize == 4:
        # 0.1 as float32 is written as people write it.
        return pl.Series(values.astype(np.float32)).fill_nan(None).cast(pl.String)
    return pl.Series(values, nan_to_null=True).cast(pl.String)


def decoded(values: NDArray[Any], where: str) -> pl.Series:
    """Texts as HDF5 keeps them, as a series; an empty one is null.

    Raises:
        SourceError: they are not UTF-8.
    """
    try:
        read = [one.decode() if isinstance(one, bytes) else str(one) for one in values.tolist()]
    except UnicodeDecodeError as error:
        raise SourceError(f"{where} holds texts that are not UTF-8.", "Write them as UTF-8.") from error
    return pl.Series([one or None for one in read], dtype=pl.String)


def attribute(group: Group, *names: str) -> Any:
    """The first of some attributes that there is, texts as such; None where there is none."""
    for name in names:
        if name in group.attrs:
            value = group.attrs[name]
            return value.decode() if isinstance(value, bytes) else value
    return None
