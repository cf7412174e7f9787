"""Matrices in HDF5, read some cells at a time: dense ones, and sparse ones compressed by cells or by features."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from etl.formats.hdf5 import attribute, child, values_at
from warehouse.errors import SourceError

#: About how many values are held at a time.
BLOCK_VALUES = 2_000_000
#: A matrix that is compressed by features must be turned as a whole; a larger one is refused.
TURNED_LIMIT = 400_000_000

Floats = NDArray[np.float64]
Entries = tuple[NDArray[np.int64], NDArray[np.int64], Floats]


@dataclass(frozen=True)
class Census:
    """What the values of a matrix are, counted in one pass.

    Args:
        stored: how many values are stored.
        negative, fractional, not_finite: how many of them are below 0, not whole, not finite.
    """

    stored: int = 0
    negative: int = 0
    fractional: int = 0
    not_finite: int = 0

    @property
    def is_counts(self) -> bool:
        """Whether all values are whole numbers from 0."""
        return not (self.negative or self.fractional or self.not_finite)

    def plus(self, values: NDArray[Any]) -> Census:
        """With further values."""
        finite = values[np.isfinite(values)]
        return Census(
            self.stored + values.size,
            self.negative + int((finite < 0).sum()),
            self.fractional + int((finite != np.trunc(finite)).sum()),
            self.not_finite + values.size - finite.size,
        )


class BlockMatrix(Protocol):
    """A matrix of cells and features that is read some cells at a time."""

    @property
    def shape(self) -> tuple[int, int]:
        """How many cells and features it has."""

    def values(self) -> Iterator[NDArray[Any]]:
        """All values that are stored, in pieces."""

    def entries(self, start: int, stop: int) -> Entries:
        """Cell, feature and value of what is not 0 in the cells from `start` up to `stop`."""

    def filled(self, start: int, stop: int) -> int:
        """About how many values these cells have."""


def census(matrix: BlockMatrix) -> Census:
    """Count what the values of a matrix are."""
    counted = Census()
    for piece in matrix.values():
        counted = counted.plus(piece)
    return counted


def matrix_at(group: Any, name: str, where: str, expected: tuple[int, int]) -> BlockMatrix | None:
    """The matrix below a group, by its path; None where there is none.

    Raises:
        SourceError: it is not a matrix of numbers in a layout that AnnData writes, or not of the shape expected.
    """
    import h5py

    found = child(group, name)
    if found is None:
        return None
    if isinstance(found, h5py.Dataset):
        matrix = DenseBlocks.of(found, where)
        _verify_shape(matrix.shape, expected, where)
        return matrix
    layout = attribute(found, "encoding-type", "h5sparse_format")
    shape = attribute(found, "shape", "h5sparse_shape")
    by_cells = {"csr_matrix": True, "csr": True, "csc_matrix": False, "csc": False}.get(str(layout))
    if by_cells is None or shape is None or np.size(shape) != 2:
        raise SourceError(
            f"{where} is not a matrix of a known layout ({layout!r}).", "Write it as csr_matrix, csc_matrix or array."
        )
    _verify_shape(tuple(int(one) for one in shape), expected, where)
    return sparse_matrix(found, expected, where, by_cells=by_cells)


def _verify_shape(shape: tuple[int, ...], expected: tuple[int, int], where: str) -> None:
    """Verify what a matrix declares before anything is read or made ready for it."""
    if shape != expected:
        declared, due = (" x ".join(f"{one:,}" for one in each) for each in (shape, expected))
        raise SourceError(f"{where} is {declared}, where cells and genes are {due}.")


def sparse_matrix(group: Any, shape: tuple[int, int], where: str, *, by_cells: bool) -> CompressedBlocks:
    """A sparse matrix: its parts `data`, `indices`, `indptr`, verified.

    Raises:
        SourceError: a part is missing, or they do not fit each other.
    """
    import h5py

    parts: list[Any] = [child(group, part) for part in ("data", "indices", "indptr")]
    if not all(isinstance(part, h5py.Dataset) and part.ndim == 1 for part in parts):
        raise SourceError(f"{where} is a sparse matrix without data, indices or indptr.")
    data, indices, indptr = parts
    _verify_numbers(data, where)
    starts = values_at(indptr, f"{where}/indptr").astype(np.int64)
    lines = shape[0] if by_cells else shape[1]
    if len(starts) != lines + 1 or starts[0] != 0 or np.any(np.diff(starts) < 0):
        raise SourceError(f"{where}: indptr does not fit the {lines:,} {'cells' if by_cells else 'features'}.")
    if not starts[-1] == len(data) == len(indices):
        raise SourceError(f"{where}: {len(data):,} values and {len(indices):,} places, where {starts[-1]:,} are due.")
    if by_cells:
        return CompressedBlocks(shape, data, indices, starts, where)
    return _turned(shape, data, indices, starts, where)


def _turned(shape: tuple[int, int], data: Any, indices: Any, starts: NDArray[np.int64], where: str) -> CompressedBlocks:
    """A matrix that is compressed by features, compressed by cells: in memory, and never dense."""
    from scipy.sparse import csc_array

    if len(data) > TURNED_LIMIT:
        raise SourceError(f"{where} is compressed by features and too large to be turned.", "Write it as csr_matrix.")
    places = _places(values_at(indices, f"{where}/indices"), shape[0], where)
    turned = csc_array((values_at(data, f"{where}/data"), places, starts), shape=shape).tocsr()
    return CompressedBlocks(shape, turned.data, turned.indices, turned.indptr.astype(np.int64), where)


def _places(indices: NDArray[Any], count: int, where: str) -> NDArray[np.int64]:
    if indices.dtype.kind not in "iu":
        raise SourceError(f"{where}: its indices are not whole numbers.")
    if indices.size and not 0 <= int(indices.min()) <= int(indices.max()) < count:
        raise SourceError(f"{where}: an index lies outside the {count:,} that there are.")
    return indices.astype(np.int64)


def _verify_numbers(data: Any, where: str) -> None:
    if data.dtype.kind not in "iufb":
        raise SourceError(f"{where} holds values of the type {data.dtype}, not numbers: it is not read.")


@dataclass(frozen=True)
class CompressedBlocks:
    """A sparse matrix that is compressed by cells."""

    shape: tuple[int, int]
    data: Any
    indices: Any
    starts: NDArray[np.int64]
    where: str

    def values(self) -> Iterator[NDArray[Any]]:
        """All values that are stored, in pieces."""
        for start in range(0, len(self.data), BLOCK_VALUES):
            yield values_at(self.data, self.where, start, start + BLOCK_VALUES)

    def entries(self, start: int, stop: int) -> Entries:
        """What is not 0 in some cells.

        Raises:
            SourceError: an index is outside the matrix, or a cell has two values of one feature.
        """
        first, last = int(self.starts[start]), int(self.starts[stop])
        features = _places(values_at(self.indices, self.where, first, last), self.shape[1], self.where)
        cells = np.repeat(np.arange(start, stop), np.diff(self.starts[start : stop + 1]))
        place = np.sort(cells * self.shape[1] + features)
        if np.any(place[1:] == place[:-1]):
            twice = int(place[1:][place[1:] == place[:-1]][0]) // self.shape[1]
            raise SourceError(f"{self.where}: cell {twice + 1} has two values of one feature.")
        values = values_at(self.data, self.where, first, last).astype(np.float64)
        kept = values != 0
        return cells[kept], features[kept], values[kept]

    def filled(self, start: int, stop: int) -> int:
        """How many values these cells have."""
        return int(self.starts[stop] - self.starts[start])


@dataclass(frozen=True)
class DenseBlocks:
    """A matrix of which every value is written; zeros are left out when it is read."""

    data: Any
    where: str

    @classmethod
    def of(cls, data: Any, where: str) -> DenseBlocks:
        """A data set as a matrix.

        Raises:
            SourceError: it does not have two dimensions, or holds no numbers.
        """
        if data.ndim != 2:
            raise SourceError(f"{where} is not a matrix: it has {data.ndim} dimension(s).")
        _verify_numbers(data, where)
        return cls(data, where)

    @property
    def shape(self) -> tuple[int, int]:
        """How many cells and features it has."""
        return int(self.data.shape[0]), int(self.data.shape[1])

    def values(self) -> Iterator[NDArray[Any]]:
        """All values, in pieces."""
        step = max(1, BLOCK_VALUES // max(1, self.shape[1]))
        for start in range(0, self.shape[0], step):
            yield values_at(self.data, self.where, start, start + step).ravel()

    def entries(self, start: int, stop: int) -> Entries:
        """What is not 0 in some cells."""
        block = values_at(self.data, self.where, start, stop).astype(np.float64)
        cells, features = np.nonzero(block)
        return cells + start, features, block[cells, features]

    def filled(self, start: int, stop: int) -> int:
        """How many values these cells have."""
        return (stop - start) * self.shape[1]


def blocks(matrices: list[BlockMatrix], cells: int) -> Iterator[tuple[int, int]]:
    """Ranges of cells whose values can be held together."""
    start = 0
    while start < cells:
        stop, step = start + 1, 1 << 16
        while step:
            further = min(stop + step, cells)
            if sum(one.filled(start, further) for one in matrices) <= BLOCK_VALUES:
                stop = further
            step //= 2
        yield start, stop
        start = stop


def long_frame(layers: dict[str, BlockMatrix], features: pl.Series, start: int, stop: int) -> pl.DataFrame:
    """The values of some cells in long form: `cell` (its number), `feature`, and a column for each layer."""
    joined: pl.DataFrame | None = None
    for name, matrix in layers.items():
        cells, places, values = matrix.entries(start, stop)
        part = pl.DataFrame({"cell": cells, "place": places, name: values})
        joined = part if joined is None else joined.join(part, on=["cell", "place"], how="full", coalesce=True)
    assert joined is not None, "a matrix has values"
    named = joined.sort("cell", "place").with_columns(feature=features.gather(joined.sort("cell", "place")["place"]))
    return named.drop("place")
