"""How 10x Genomics names files and folders: Cell Ranger 2 to 9, Space Ranger 1 to 3, Visium HD, and files on GEO."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from etl.formats.content import open_content
from etl.formats.delimited import line_batches
from etl.formats.hdf5 import child, open_hdf5, texts
from warehouse.documents.media_types import PACKINGS, bare_name
from warehouse.errors import SourceError
from warehouse.statements import ROW

#: Names of folders and files that say nothing of the sample.
_GENERIC = re.compile(
    r"(sample_)?(filtered|raw)_(feature_bc_matrix|gene_bc_matrices|gene_bc_matrices_h5)"
    r"|outs|spatial|binned_outputs|count"
)
_BIN = re.compile(r"square_\d+um|segmented_outputs")
_GENOMES = re.compile(r"(filtered|raw)_gene_bc_matrices")
_ENDS = re.compile(
    r"(matrix\.mtx|barcodes\.tsv|features\.tsv|genes\.tsv|(sample_)?(filtered|raw)_(feature_bc_matrix|gene_bc_matrices_h5)\.h5"
    r"|tissue_positions(_list)?\.(csv|parquet)|scalefactors_json\.json|tissue_(hires|lowres)_image\.png"
    r"|aligned_fiducials\.jpg|detected_tissue_image\.jpg)$",
    re.IGNORECASE,
)
_POSITIONS = ("tissue_positions.parquet", "tissue_positions.csv", "tissue_positions_list.csv")
_GENES = "Gene Expression"


def sample_name(path: Path) -> str:
    """The name of a sample after its folder, or after what stands before the usual name of the file.

    >>> sample_name(Path("/data/pbmc/outs/filtered_feature_bc_matrix/matrix.mtx.gz"))
    'pbmc'
    >>> sample_name(Path("/data/gut/outs/binned_outputs/square_008um/spatial/tissue_positions.parquet"))
    'gut_square_008um'
    >>> sample_name(Path("/data/GSM42_matrix.mtx.gz"))
    'GSM42'
    """
    before = _prefix(path).strip("_-. ")
    if before:
        return before
    folders = [one for one in path.absolute().parts[1:-1] if not _GENERIC.fullmatch(one)]
    name = folders[-1] if folders else "sample"
    parent = path.absolute().parent
    inner = _BIN.fullmatch(name) or _GENOMES.fullmatch(parent.parent.name)
    return f"{folders[-2]}_{name}" if inner and len(folders) > 1 else name


def sample_place(file: str) -> str:
    """Where a sample lies: the folder of all its files, with what stands before their usual names.

    >>> sample_place("a/pbmc/outs/spatial/tissue_positions.csv")
    'a/pbmc'
    >>> sample_place("a/GSM42_matrix.mtx.gz")
    'a/GSM42'
    """
    path = Path(file)
    folder = path.parent
    while _GENERIC.fullmatch(folder.name):
        folder = folder.parent
    return (folder / _prefix(path).strip("_-. ")).as_posix()


def _prefix(path: Path) -> str:
    name = bare_name(path.name)
    found = _ENDS.search(name)
    return name[: found.start()] if found else ""


def beside(path: Path, *names: str) -> Path | None:
    """The first of some files that lies beside a file and has the same words before its name; packed or plain."""
    for name in names:
        for packing in ("", *PACKINGS):
            candidate = path.with_name(f"{_prefix(path)}{name}{packing}")
            if candidate.is_file():
                return candidate
    return None


def is_matrix(path: Path) -> bool:
    """Whether a `matrix.mtx` is to be read: a file of 10x lies beside it, and it is not raw beside filtered."""
    others = beside(path, "barcodes.tsv", "features.tsv", "genes.tsv")
    return others is not None and not _is_superseded(path.parent)


def is_of_matrix(path: Path) -> bool:
    """Whether barcodes or features lie beside a matrix that is read."""
    matrix = beside(path, "matrix.mtx")
    return matrix is not None and is_matrix(matrix)


def is_hdf5_matrix(path: Path) -> bool:
    """Whether a file of HDF5 is to be read: the folder of the same matrix goes first."""
    plain = path.with_name(bare_name(path.name))
    folder = plain.with_suffix("")
    has_folder = folder.is_dir() and any(folder.rglob("matrix.mtx*"))
    return not has_folder and not _is_superseded(plain)


def _is_superseded(path: Path) -> bool:
    name = path.name
    if "raw_" not in name:
        return False
    filtered = path.with_name(name.replace("raw_", "filtered_"))
    return any(one.exists() for one in (filtered, filtered.with_suffix(""), filtered.with_name(filtered.stem + ".h5")))


def row_type(path: Path) -> str:
    """`spot` where positions lie in the folder `spatial` of the sample, else `cell`."""
    for folder in (path.parent / "spatial", path.parent.parent / "spatial"):
        if any((folder / name).is_file() for name in _POSITIONS) or any(folder.glob("tissue_positions*")):
            return "spot"
    return "cell"


def matrix_of_positions(path: Path) -> Path | None:
    """The barcodes, or the HDF5 matrix, of the sample of a table of positions."""
    sample = path.parent.parent
    for which in ("filtered", "raw"):
        folder = sample / f"{which}_feature_bc_matrix"
        found = [folder / "barcodes.tsv.gz", folder / "barcodes.tsv", sample / f"{which}_feature_bc_matrix.h5"]
        existing = next((one for one in found if one.is_file()), None)
        if existing is not None:
            return existing
    return None


def barcodes_of(path: Path) -> pl.Series:
    """The barcodes in a file `barcodes.tsv` or in an HDF5 matrix, in their order."""
    if bare_name(path.name).endswith(".h5"):
        with open_hdf5(path) as file:
            group = matrix_group(file, path.name)
            return texts(child(group, "barcodes"), f"{path.name}: barcodes")
    lines = [line for _number, batch in line_batches(path) for line in batch]
    fields = [line.split(b"\t", 1)[0].strip().decode("utf-8", errors="replace") or None for line in lines]
    return pl.Series(fields, dtype=pl.String)


def matrix_group(file: object, where: str) -> object:
    """The group of an HDF5 file of 10x that holds the matrix: `matrix` (version 3), or that of the genome (version 2).

    Raises:
        SourceError: there is none, or there are several genomes.
    """
    import h5py

    assert isinstance(file, h5py.File)
    found = [name for name in sorted(file) if child(file, f"{name}/barcodes") is not None]
    if len(found) != 1:
        raise SourceError(
            f"{where}: {len(found)} groups of the file hold a matrix of 10x Genomics ({', '.join(found) or 'none'}).",
            "A file has one matrix: `matrix`, or the name of its genome.",
        )
    return child(file, found[0])


@dataclass(frozen=True)
class Features:
    """The features of a matrix in their order.

    Args:
        ids: their identifiers.
        is_gene: whether each is the expression of a gene, not an antibody, a guide or a peak.
        genome: the genome that the file names, if it names one.
    """

    ids: pl.Series
    is_gene: pl.Series
    genome: str = ""

    @classmethod
    def of(cls, ids: Sequence[str | None] | pl.Series, types: pl.Series | None, genome: str, where: str) -> Features:
        """The features of a file.

        Raises:
            SourceError: an identifier is missing or stands there twice, or none is a gene.
        """
        ids = pl.Series("feature", ids, dtype=pl.String)
        repeated = ids.filter(ids.is_duplicated() & ids.is_not_null()).unique().sort()
        if ids.null_count() or repeated.len():
            what = f"stand there more than once: {', '.join(repeated.head(5))}" if repeated.len() else "are empty"
            count = repeated.len() or ids.null_count()
            raise SourceError(
                f"{where}: {count:,} identifiers of features {what}.", "Each feature has an id of its own."
            )
        is_gene = pl.repeat(True, ids.len(), eager=True) if types is None else (types == _GENES).fill_null(False)
        if not is_gene.any():
            raise SourceError(f"{where}: no feature is of the type {_GENES!r}.")
        return cls(ids, is_gene, genome)

    @property
    def genes(self) -> pl.DataFrame:
        """The genes, each with its place in the file from 1."""
        places = pl.int_range(1, self.ids.len() + 1, eager=True)
        return pl.DataFrame({"feature": self.ids, ROW: places}).filter(self.is_gene)


def features_of(path: Path) -> Features:
    """The features in a file `features.tsv` (version 3) or `genes.tsv` (version 2).

    Raises:
        SourceError: it has one column, a row has fewer columns than the first, or identifiers repeat.
    """
    with open_content(path):
        rows = [
            line.decode("utf-8", errors="replace").split("\t") for _n, batch in line_batches(path) for line in batch
        ]
    width = len(rows[0])
    if width < 2:
        raise SourceError(
            f"{path.name}: its rows have {width} column, where 10x Genomics writes identifier, name and (since "
            "version 3) type.",
            "Names alone do not say which gene is meant: export the folder again, with the Ensembl ids.",
        )
    short = next((number for number, row in enumerate(rows, 1) if len(row) != width), None)
    if short is not None:
        raise SourceError(f"{path.name}, line {short}: {len(rows[short - 1])} columns, not {width}.")
    types = pl.Series([row[2].strip() for row in rows]) if width > 2 else None
    return Features.of([row[0].strip() or None for row in rows], types, "", path.name)
