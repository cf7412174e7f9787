"""What Cell Ranger and Space Ranger write: matrices as folders and as HDF5, barcodes, positions of spots."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from etl.formats.delimited import Delimited, line_batches
from etl.formats.hdf5 import child, open_hdf5, texts
from etl.formats.observed import ObservedRows, ObservedValues, gene_note, gene_prefix
from etl.formats.sparse_blocks import blocks, census, long_frame, sparse_matrix
from etl.formats.tenx_layout import (
    Features,
    barcodes_of,
    beside,
    features_of,
    matrix_group,
    matrix_of_positions,
    row_type,
    sample_name,
    sample_place,
)
from etl.rows import Ledger, Rows
from warehouse.documents.media_types import bare_name
from warehouse.errors import SourceError
from warehouse.statements import ROW, Reason

#: How many values of `matrix.mtx` are held at a time.
PIECE_LINES = 500_000
_UNIT = "counts of unique molecules"
_KINDS = [["%%matrixmarket", "matrix", "coordinate", number, "general"] for number in ("integer", "real")]
_ENTRY = pl.Schema({"place": pl.Int64(), "cell": pl.Int64(), "value": pl.Float64()})
_COLUMNS = ("barcode", "in_tissue", "array_row", "array_col", "pxl_row_in_fullres", "pxl_col_in_fullres")


def _observed(
    path: Path,
    rows: Rows,
    kind: str,
    values: list[ObservedValues],
    *,
    positions: pl.DataFrame | None = None,
    every_row: pl.DataFrame | None = None,
) -> ObservedRows:
    name = sample_name(path)
    frame = rows.frame.with_columns(sample=pl.lit(name))
    known = {"sample": "sample"}
    place = sample_place(rows.ledger.file)
    return ObservedRows(frame, rows.ledger, name, kind, name, known, frozenset(), values, positions, every_row, place)


def _no_cells() -> pl.DataFrame:
    return pl.DataFrame(schema={"row_id": pl.String, ROW: pl.Int64})


@dataclass(frozen=True)
class Barcodes:
    """`barcodes.tsv`: a cell or spot in each line."""

    def read(self, path: Path, ledger: Ledger) -> Iterator[ObservedRows]:
        """Yield the cells; an empty or repeated barcode is set aside."""
        for rows in Delimited("\t", ("row_id",), header=False).read(path, ledger):
            yield _observed(path, _named_once(rows), row_type(path), [])


def _named_once(rows: Rows) -> Rows:
    rows = rows.with_columns(row_id=pl.col("row_id").str.strip_chars().replace("", None))
    rows = rows.reject(pl.col("row_id").is_null(), Reason.MISSING_VALUE, "the barcode is empty")
    first = pl.col("first").struct.field("row")
    rows = rows.against_first("row_id", ["row_id"])
    rows = rows.reject(first != pl.col(ROW), Reason.DUPLICATE_KEY, "an earlier line has this barcode", pl.col("row_id"))
    return Rows(rows.frame.drop("first"), rows.ledger)


@dataclass(frozen=True)
class MatrixMarket:
    """`matrix.mtx` with `barcodes.tsv` and `features.tsv` or `genes.tsv` beside it; `ROW` is a line of the matrix."""

    def read(self, path: Path, ledger: Ledger) -> Iterator[ObservedRows]:
        """Yield the counts in batches.

        Raises:
            SourceError: a file beside it is missing or does not fit, or the matrix was cut off.
        """
        content = _Folder.of(path)
        batches = line_batches(path)
        declared, pending = _header(path, batches, content)
        ledger.note(gene_note(content.prefix))
        is_first, order = True, _Order(path.name)
        for number, lines in _pieces(chain([pending], batches)):
            entries = _entries(lines, number, ledger)
            order.verify(entries, is_only=is_first and ledger.rows_read == declared)
            values = content.values(Rows(entries, ledger), is_first=is_first)
            every = content.cells if is_first else content.cells.clear()
            yield _observed(path, Rows(_no_cells(), ledger), row_type(path), [values], every_row=every)
            is_first = False
        if ledger.rows_read != declared:
            raise SourceError(
                f"{path.name}: {ledger.rows_read:,} values, where its header announces {declared:,}.",
                "The file was cut off or edited: copy or download it again.",
            )


@dataclass(frozen=True)
class _Folder:
    """What lies beside a matrix: its cells and features."""

    path: Path
    barcodes: pl.Series
    features: Features
    prefix: str
    barcodes_file: str
    features_file: str

    @classmethod
    def of(cls, path: Path) -> _Folder:
        barcodes, features = beside(path, "barcodes.tsv"), beside(path, "features.tsv", "genes.tsv")
        if barcodes is None or features is None:
            missing = "barcodes.tsv" if barcodes is None else "features.tsv (or genes.tsv)"
            raise SourceError(f"{path.name}: there is no {missing} beside it.", "Keep the three files of 10x together.")
        try:
            read, names = features_of(features), barcodes_of(barcodes)
        except SourceError as error:
            error.add_note(f"It lies beside {path.name}.")
            raise SourceError(f"{path.name}: {error.message}", error.hint) from error
        return cls(path, names, read, gene_prefix(read.genes["feature"]), barcodes.name, features.name)

    @property
    def cells(self) -> pl.DataFrame:
        """The cells, each once, with the line in which its barcode stands."""
        lines = pl.int_range(1, self.barcodes.len() + 1, eager=True)
        every = pl.DataFrame({"row_id": self.barcodes, ROW: lines}).drop_nulls("row_id")
        return every.unique("row_id", keep="first", maintain_order=True)

    def values(self, rows: Rows, *, is_first: bool) -> ObservedValues:
        """Some counts; those of other features than genes are out of scope."""
        place, cell, value = pl.col("place"), pl.col("cell"), pl.col("value")
        outside = ~place.is_between(1, self.features.ids.len()) | ~cell.is_between(1, self.barcodes.len())
        rows = rows.reject(outside, Reason.OUT_OF_RANGE, "the number of the feature or cell is outside the matrix")
        bad = ~value.is_finite() | (value < 0) | (value != value.floor())
        rows = rows.reject(bad, Reason.OUT_OF_RANGE, pl.format("the count {} is not a whole number from 0", value))
        named = self._named(rows.frame)
        rows = Rows(named, rows.ledger).only(pl.col("is_gene"))
        repeated = pl.col("row_id").is_null() | (pl.struct("feature", "row_id").is_first_distinct().not_())
        rows = rows.reject(repeated, Reason.DUPLICATE_KEY, "an earlier value or barcode has the same name")
        frame = rows.frame.filter(value != 0).select("row_id", "feature", "value", ROW)
        genes = self.features.genes
        return ObservedValues("expression", _UNIT, frame, (), self.prefix, genes if is_first else genes.clear())

    def _named(self, entries: pl.DataFrame) -> pl.DataFrame:
        once = pl.select(pl.when(self.barcodes.is_first_distinct()).then(self.barcodes)).to_series()
        return entries.with_columns(
            row_id=once.gather(entries["cell"] - 1),
            feature=self.features.ids.gather(entries["place"] - 1),
            is_gene=self.features.is_gene.gather(entries["place"] - 1),
        )


def _pieces(batches: Iterable[tuple[int, list[bytes]]]) -> Iterator[tuple[int, list[bytes]]]:
    """Batches of lines in pieces whose values are held together; a batch of no lines stays."""
    for number, lines in batches:
        for start in range(0, max(1, len(lines)), PIECE_LINES):
            yield number + start, lines[start : start + PIECE_LINES]


@dataclass
class _Order:
    """The order of a file's values, by cell or by feature: it tells whether a value of an earlier batch comes again."""

    file: str
    orders: tuple[tuple[str, str], ...] = (("cell", "place"), ("place", "cell"))
    last: tuple[int, int] | None = None

    def verify(self, entries: pl.DataFrame, *, is_only: bool) -> None:
        """Verify the next values; repeats within a batch that is in no order are looked for elsewhere.

        Raises:
            SourceError: the file has several batches and is in neither order.
        """
        if entries.is_empty():
            return
        self.orders = tuple(one for one in self.orders if self._follows(entries, *one))
        self.last = entries.select(pl.col("cell").last(), pl.col("place").last()).row(0)
        if not self.orders and not is_only:
            raise SourceError(
                f"{self.file}: its values are neither in the order of cells nor in that of features, or one is given "
                "twice.",
                "Write the matrix again with Cell Ranger, Matrix::writeMM (R) or scipy.io.mmwrite (Python).",
            )

    def _follows(self, entries: pl.DataFrame, major: str, minor: str) -> bool:
        step = (pl.col(major).diff() > 0) | ((pl.col(major).diff() == 0) & (pl.col(minor).diff() >= 0))
        within = bool(entries.select(step.fill_null(True).all()).item())
        if self.last is None:
            return within
        before = self.last if major == "cell" else self.last[::-1]
        return within and entries.select(major, minor).row(0) > before


def _header(
    path: Path, batches: Iterator[tuple[int, list[bytes]]], content: _Folder
) -> tuple[int, tuple[int, list[bytes]]]:
    """How many values a matrix announces, and the lines below its header."""
    number, lines = next(batches, (1, [b""]))
    kind = lines[0].decode("utf-8", errors="replace").lower().split()
    if kind not in _KINDS:
        raise SourceError(
            f"{path.name}, line 1: the file does not begin with `%%MatrixMarket matrix coordinate integer general` "
            "(or `real general`).",
            "A matrix of counts gives every value, and is neither symmetric nor a pattern.",
        )
    at = next((index for index, line in enumerate(lines) if line.strip() and not line.startswith(b"%")), len(lines))
    size = lines[at].split() if at < len(lines) else []
    if len(size) != 3 or not all(one.isdigit() for one in size):
        raise SourceError(f"{path.name}, line {number + at}: the size of the matrix should be three whole numbers.")
    features, cells, declared = (int(one) for one in size)
    for what, count, given, file in (
        ("cells", cells, content.barcodes.len(), content.barcodes_file),
        ("features", features, content.features.ids.len(), content.features_file),
    ):
        if count != given:
            raise SourceError(
                f"{path.name} has {count:,} {what}, but {file} has {given:,} lines.",
                "The files are not of one matrix, or one of them was cut off or edited.",
            )
    return declared, (number + at + 1, lines[at + 1 :])


def _entries(lines: list[bytes], start: int, ledger: Ledger) -> pl.DataFrame:
    """Lines as numbers of feature and cell, and value; what cannot be read is set aside."""
    numbers = [number for number, line in enumerate(lines, start) if line.strip()]
    kept = [line for line in lines if line.strip()]
    ledger.rows_read += len(kept)
    try:
        frame = pl.read_csv(io.BytesIO(b"\n".join(kept)), separator=" ", has_header=False, schema=_ENTRY)
    except pl.exceptions.PolarsError:
        frame = pl.DataFrame(schema=_ENTRY)
    if frame.height != len(kept) or any(frame[name].null_count() for name in frame.columns):
        frame = _one_by_one(kept)
    rows = Rows(frame.with_columns(pl.Series(ROW, numbers, pl.Int64)), ledger)
    unread = pl.any_horizontal(pl.col(name).is_null() for name in _ENTRY)
    return rows.reject(unread, Reason.UNREADABLE, "a line has a feature, a cell and a count").frame


def _one_by_one(lines: list[bytes]) -> pl.DataFrame:
    texts_ = pl.Series("line", [line.decode("utf-8", errors="replace") for line in lines], pl.String)
    parts = texts_.str.extract_groups(r"^\s*(?<place>\d+)\s+(?<cell>\d+)\s+(?<value>\S+)\s*$")
    frame = parts.struct.unnest()
    return frame.select(pl.col(name).cast(kind, strict=False) for name, kind in _ENTRY.items())


@dataclass(frozen=True)
class FeatureHdf5:
    """`filtered_feature_bc_matrix.h5`, of version 2 or 3; `ROW` counts the cells from 1."""

    def read(self, path: Path, ledger: Ledger) -> Iterator[ObservedRows]:
        """Yield the cells in batches.

        Raises:
            SourceError: the extra `cells` is not installed; the file is damaged or not of 10x Genomics, or its
                counts are not counts.
        """
        with open_hdf5(path) as file:
            group: Any = matrix_group(file, path.name)
            features = _hdf5_features(group, path.name)
            names = pl.DataFrame({"row_id": texts(child(group, "barcodes"), f"{path.name}: barcodes")})
            names = names.with_row_index(ROW, 1).with_columns(pl.col(ROW).cast(pl.Int64))
            shape = child(group, "shape")
            if shape is None or list(shape[:]) != [features.ids.len(), names.height]:
                raise SourceError(f"{path.name}: its shape is not that of its features and barcodes.")
            matrix = sparse_matrix(group, (names.height, features.ids.len()), f"{path.name}: matrix", by_cells=True)
            if not census(matrix).is_counts:
                raise SourceError(f"{path.name}: its counts are negative, not whole or not finite.")
            prefix = gene_prefix(features.genes["feature"], features.genome)
            ledger.note(gene_note(prefix))
            for start, stop in blocks([matrix], names.height):
                ledger.rows_read += stop - start
                good = _named_once(Rows(names[start:stop], ledger))
                frame = long_frame({"value": matrix}, features.ids, start, stop)
                frame = frame.with_columns((pl.col("cell") + 1).alias(ROW)).join(good.frame, on=ROW)
                frame = frame.join(features.genes.select("feature"), on="feature", how="semi")
                genes = features.genes if start == 0 else features.genes.clear()
                chosen = frame.select("row_id", "feature", "value", ROW)
                values = ObservedValues("expression", _UNIT, chosen, (), prefix, genes)
                yield _observed(path, good, row_type(path), [values])


def _hdf5_features(group: Any, where: str) -> Features:
    """The features of version 3 (`features/id`) or 2 (`genes`)."""
    ids, kind, genome = (child(group, name) for name in ("features/id", "features/feature_type", "features/genome"))
    if ids is None:
        genes = child(group, "genes")
        if genes is None:
            raise SourceError(f"{where}: the matrix has no features.")
        return Features.of(texts(genes, where), None, str(group.name).strip("/"), where)
    genomes = [] if genome is None else texts(genome, where).drop_nulls().unique().to_list()
    types = None if kind is None else texts(kind, where)
    return Features.of(texts(ids, where), types, str(genomes[0]) if len(genomes) == 1 else "", where)


@dataclass(frozen=True)
class Positions:
    """Where the spots lie: `tissue_positions_list.csv` (Space Ranger 1), `.csv` (2 on), `.parquet` (Visium HD)."""

    def read(self, path: Path, ledger: Ledger) -> Iterator[ObservedRows]:
        """Yield the spots of the matrix; those beside the tissue that it does not have are out of scope.

        Raises:
            SourceError: the table cannot be read, or none of its barcodes is in the matrix.
        """
        matrix = matrix_of_positions(path)
        known = None if matrix is None else barcodes_of(matrix)
        if known is None:
            ledger.note("there is no matrix beside these positions")
        matched = 0
        for rows in _positions(path, ledger):
            named = _named_once(rows.with_columns(row_id=pl.col("barcode")))
            if known is not None:
                named = _of_matrix(named, known)
            matched += named.frame.height
            positions = named.frame.select(
                *(pl.col(name) for name in ("row_id", ROW, "in_tissue", "array_row", "array_col")),
                pixel_row="pxl_row_in_fullres",
                pixel_col="pxl_col_in_fullres",
            )
            yield _observed(path, Rows(_no_cells(), ledger), "spot", [], positions=positions)
        if known is not None and matrix is not None:
            _verify_matched(path, matrix, matched, known, ledger)


def _of_matrix(rows: Rows, known: pl.Series) -> Rows:
    is_known = pl.col("row_id").is_in(known.drop_nulls().unique().implode())
    rows = rows.only(is_known | (pl.col("in_tissue") != "0"))
    detail = "the spot lies under tissue, but the matrix does not have its barcode"
    return rows.reject(~is_known, Reason.UNKNOWN_REFERENCE, detail, pl.col("row_id"))


def _verify_matched(path: Path, matrix: Path, matched: int, known: pl.Series, ledger: Ledger) -> None:
    spots = known.drop_nulls().n_unique()
    if spots and not matched:
        raise SourceError(
            f"{path.name}: none of its barcodes is in {matrix.name}.",
            "Are both of one sample, and of one size of bins?",
        )
    if matched < spots:
        ledger.note(f"{spots - matched:,} of {spots:,} spots of the matrix have no position")


def _positions(path: Path, ledger: Ledger) -> Iterator[Rows]:
    if bare_name(path.name).lower().endswith(".parquet"):
        yield _parquet(path, ledger)
        return
    _number, lines = next(line_batches(path), (1, [b""]))
    has_header = lines[0].lstrip(b'"').startswith(b"barcode")
    yield from Delimited(",", _COLUMNS, header=has_header, quote=True).read(path, ledger)


def _parquet(path: Path, ledger: Ledger) -> Rows:
    try:
        frame = pl.read_parquet(path, columns=list(_COLUMNS))
    except (pl.exceptions.PolarsError, OSError) as error:
        raise SourceError(
            f"{path.name}: it is not a Parquet file with the columns {', '.join(_COLUMNS)}.", "Copy it again."
        ) from error
    ledger.rows_read += frame.height
    return Rows(
        frame.with_columns(pl.all().cast(pl.String)).with_columns(pl.Series(ROW, np.arange(1, frame.height + 1))),
        ledger,
    )


@dataclass(frozen=True)
class SectionFile:
    """An image or the scale factors of a section, kept as a document: one row with the `cohort` that it belongs to."""

    def read(self, path: Path, ledger: Ledger) -> Iterator[Rows]:
        """Yield the row of the file."""
        ledger.rows_read += 1
        yield Rows(pl.DataFrame({ROW: [1], "cohort": [sample_name(path)]}), ledger)
