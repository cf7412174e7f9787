"""Small files of users, in the layouts of AnnData and 10x Genomics, old and new."""

from __future__ import annotations

import gzip
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from etl.build import Plan, build
from etl.locate import Folder, FoundFile, find
from etl.reading import Batch, new_ledger, read
from etl.rows import Ledger
from etl.source import source
from warehouse.home import Home

Table = NDArray[np.float64]

#: Three cells and four genes; the last cell and the last gene have no value.
VALUES: Table = np.array([[1, 0, 3, 0], [0, 2, 0, 0], [0, 0, 0, 0]], dtype=np.float64)
CELLS = ("AAAC-1", "CCCG-1", "GGGT-1")
GENES = ("ENSG00000141510", "ENSG00000146648", "ENSG00000133703", "ENSG00000012048")
SYMBOLS = ("TP53", "EGFR", "KRAS", "BRCA1")


@dataclass(frozen=True)
class Read:
    """What came of the files of a folder."""

    files: list[FoundFile]
    batches: list[Batch]
    ledgers: list[Ledger]

    def values(self, matrix: str, layer: str = "value") -> dict[tuple[str, str], float]:
        """The values of a matrix by cell and feature."""
        frames = [one.frame for batch in self.batches for one in batch.matrices if one.name == matrix]
        columns = ["row_id", "feature", layer]
        long = pl.concat([frame.select(columns) for frame in frames]).drop_nulls()
        return {(row, feature): value for row, feature, value in long.rows()}

    def rows(self, type_name: str) -> list[dict[str, Any]]:
        """The statements of a type, without the columns that are empty."""
        frames = [frame for batch in self.batches for name, frame in batch.statements if name == type_name]
        return [
            {name: value for name, value in row.items() if value is not None and name != "_row"}
            for frame in frames
            for row in frame.rows(named=True)
        ]

    @property
    def reasons(self) -> dict[str, int]:
        """How many rows were set aside, by reason."""
        return {reason: count for ledger in self.ledgers for reason, count in ledger.rejected_by_reason.items()}

    @property
    def notes(self) -> str:
        """What the receipts say."""
        return "\n".join(note for ledger in self.ledgers for note in ledger.notes)


def read_all(name: str, folder: Path) -> Read:
    """Read all files of a source below a folder."""
    declared = source(name)
    files = list(find(declared, Folder(folder, subset=True)).files)
    ledgers = [new_ledger(file, declared.options) for file in files]
    pairs = list(zip(files, ledgers, strict=True))
    batches = [batch for file, ledger in pairs for batch in read(file, declared.part(file.part), ledger)]
    return Read(files, batches, ledgers)


def built(folder: Path, home: Path) -> Home:
    """Build a folder of downloads."""
    made = Home(home)
    build(made, Plan(raw=folder, subset=True, threads=1))
    return made


def long(values: Table, cells: Sequence[str] = CELLS, genes: Sequence[str] = GENES) -> dict[tuple[str, str], float]:
    """What is not 0, by cell and gene."""
    return {(cells[row], genes[column]): values[row, column] for row, column in zip(*np.nonzero(values), strict=True)}


def compressed(values: Table, *, by_cells: bool) -> dict[str, NDArray[Any]]:
    """The parts of a sparse matrix, worked out value by value."""
    lines = values if by_cells else values.T
    places = [np.flatnonzero(line) for line in lines]
    return {
        "data": np.concatenate([line[where] for line, where in zip(lines, places, strict=True)]),
        "indices": np.concatenate(places).astype(np.int32),
        "indptr": np.concatenate([[0], np.cumsum([len(one) for one in places])]).astype(np.int32),
    }


def write_matrix(group: Any, name: str, values: Table, layout: str) -> None:
    """Write a matrix as AnnData does: `csr`, `csc`, `array`, or as before 0.7 (`old csr`)."""
    if layout == "array":
        group.create_dataset(name, data=values).attrs["encoding-type"] = "array"
        return
    kind = layout.removeprefix("old ")
    written = group.create_group(name)
    for part, data in compressed(values, by_cells=kind == "csr").items():
        written.create_dataset(part, data=data)
    if layout.startswith("old "):
        written.attrs["h5sparse_format"] = kind.encode()
        written.attrs["h5sparse_shape"] = values.shape
    else:
        written.attrs["encoding-type"] = f"{kind}_matrix"
        written.attrs["shape"] = values.shape


def write_table(file: Any, name: str, index: Sequence[str], columns: Mapping[str, Any] | None = None) -> None:
    """Write `obs` or `var` as AnnData does since 0.8; a column of texts is written as categories."""
    group = file.create_group(name)
    group.attrs["_index"] = "_index"
    group.attrs["encoding-type"] = "dataframe"
    group.create_dataset("_index", data=list(index), dtype=_text())
    for column, values in (columns or {}).items():
        if all(isinstance(one, str) for one in values):
            categories = sorted(set(values))
            inner = group.create_group(column)
            inner.attrs["encoding-type"] = "categorical"
            inner.create_dataset("categories", data=categories, dtype=_text())
            inner.create_dataset("codes", data=np.array([categories.index(one) for one in values], dtype=np.int8))
        else:
            group.create_dataset(column, data=np.asarray(values))


def _text() -> Any:
    import h5py

    return h5py.string_dtype()


def write_h5ad(
    path: Path,
    values: Table = VALUES,
    *,
    cells: Sequence[str] = CELLS,
    genes: Sequence[str] = GENES,
    layout: str = "csr",
    layers: Mapping[str, Table] | None = None,
    obs: Mapping[str, Any] | None = None,
    obsm: Mapping[str, Table] | None = None,
    raw: Table | None = None,
) -> Path:
    """Write a file of AnnData as its versions since 0.8 do."""
    import h5py

    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        write_matrix(file, "X", values, layout)
        write_table(file, "obs", cells, obs)
        write_table(file, "var", genes)
        for name, layer in (layers or {}).items():
            write_matrix(file.require_group("layers"), name, layer, "csr")
        for name, vectors in (obsm or {}).items():
            file.require_group("obsm").create_dataset(name, data=vectors)
        if raw is not None:
            write_matrix(file.create_group("raw"), "X", raw, "csr")
            write_table(file["raw"], "var", [f"RAW{one}" for one in range(raw.shape[1])])
    return path


def write_tenx(
    folder: Path,
    values: Table = VALUES,
    *,
    version: int = 3,
    cells: Sequence[str] = CELLS,
    prefix: str = "",
) -> Path:
    """Write a folder of Cell Ranger: version 3 packs its files and gives features a type, version 2 does not."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [f"{gene}\t{symbol}" for gene, symbol in zip(GENES, SYMBOLS, strict=True)]
    rows = [f"{row}\tGene Expression" for row in rows] if version == 3 else rows
    entries = [f"{g + 1} {c + 1} {int(values[c, g])}" for c, g in zip(*np.nonzero(values), strict=True)]
    size = f"{values.shape[1]} {values.shape[0]} {len(entries)}"
    header = ["%%MatrixMarket matrix coordinate integer general", "%", size]
    end = ".gz" if version == 3 else ""
    for name, lines in (
        ("matrix.mtx", [*header, *entries]),
        ("barcodes.tsv", list(cells)),
        ("features.tsv" if version == 3 else "genes.tsv", rows),
    ):
        write_text(folder / f"{prefix}{name}{end}", "".join(f"{line}\n" for line in lines))
    return folder


def write_text(path: Path, text: str) -> None:
    """Write a text, packed where the name says so."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(text.encode(), mtime=0) if path.suffix == ".gz" else text.encode())


def write_hdf5(path: Path, values: Table = VALUES, *, version: int = 3) -> Path:
    """Write the HDF5 file of Cell Ranger."""
    import h5py

    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        group = file.create_group("matrix" if version == 3 else "GRCh38")
        for part, data in compressed(values, by_cells=True).items():
            group.create_dataset(part, data=data.astype(np.int32))
        group.create_dataset("shape", data=np.array(values.shape[::-1], dtype=np.int32))
        group.create_dataset("barcodes", data=np.array(CELLS, dtype="S"))
        if version == 2:
            group.create_dataset("genes", data=np.array(GENES, dtype="S"))
            return path
        features = group.create_group("features")
        for name, texts in (
            ("id", GENES),
            ("name", SYMBOLS),
            ("feature_type", ["Gene Expression"] * 3 + ["Antibody Capture"]),
            ("genome", ["GRCh38"] * 4),
        ):
            features.create_dataset(name, data=np.array(texts, dtype="S"))
    return path


#: A spot beside the tissue, which the filtered matrix does not have, and the spots of the matrix.
SPOTS = [("TTTT-1", 0, 0, 0, 10, 12), *((cell, 1, 1 + n, 3 + n, 100 + n, 200 + n) for n, cell in enumerate(CELLS))]
POSITION_COLUMNS = ("barcode", "in_tissue", "array_row", "array_col", "pxl_row_in_fullres", "pxl_col_in_fullres")


def write_positions(sample: Path, layout: str, spots: Sequence[tuple[Any, ...]] = SPOTS) -> Path:
    """Write the positions of spots as Space Ranger 1, 2 or Visium HD do."""
    folder = sample / "spatial"
    folder.mkdir(parents=True, exist_ok=True)
    if layout == "hd":
        path = folder / "tissue_positions.parquet"
        pl.DataFrame(spots, POSITION_COLUMNS, orient="row").write_parquet(path)
        return path
    lines = [",".join(map(str, spot)) for spot in spots]
    path = folder / ("tissue_positions_list.csv" if layout == "1" else "tissue_positions.csv")
    header = [] if layout == "1" else [",".join(POSITION_COLUMNS)]
    write_text(path, "".join(f"{line}\n" for line in [*header, *lines]))
    return path
