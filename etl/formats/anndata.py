"""AnnData's files (`.h5ad`), in every layout since version 0.6, read some cells at a time.

Sparse values stay sparse: a zero is not stored. What is read: `X`, the layers that the warehouse knows, `raw/X`, `obs`,
and the embeddings of `obsm`; `obsm/spatial` holds x and y in pixels, as Scanpy and Squidpy write them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from etl.formats.hdf5 import child, open_hdf5, values_at
from etl.formats.obs_columns import Columns, columns_at
from etl.formats.observed import (
    Description,
    ObservedRows,
    ObservedValues,
    cohort_name,
    description_of,
    gene_note,
    gene_prefix,
    slug,
)
from etl.formats.sparse_blocks import BlockMatrix, Census, blocks, census, long_frame, matrix_at
from etl.rows import Ledger
from warehouse.errors import SourceError
from warehouse.model import MODEL
from warehouse.statements import ROW, Reason, vector_values

#: Columns of `obs` by what they are, as the field calls them; the first that is there is taken.
_USUAL = {
    "sample": ("sample", "sample_id", "sample_name", "orig.ident"),
    "donor": ("donor", "donor_id", "patient", "patient_id", "individual", "subject", "animal", "mouse_id"),
    "section": ("section", "section_id", "library_id", "slide"),
    "cell_type": ("cell_type", "celltype", "cell_types", "cell_ontology_class"),
    "cluster": ("cluster", "clusters", "leiden", "louvain", "seurat_clusters"),
}
_GENE_IDS = ("gene_ids", "gene_id", "ensembl_id", "feature_id")
_POSITIONS = ("in_tissue", "array_row", "array_col")
#: Columns that batches of cells have beside those of `obs`.
_RESERVED = frozenset({"row_id", "_repeated", ROW})
#: Layers that are never anything but counts, and those that some programs normalise in place.
_COUNTS = ("counts",)
_VELOCITY = ("spliced", "unspliced", "ambiguous")
_SPATIAL = "spatial"
#: The names of the matrices that are not vectors.
_TAKEN = frozenset({"expression", "raw"})


@dataclass(frozen=True)
class AnnData:
    """A file of AnnData: a batch has some cells, with their values, embeddings and columns of `obs`."""

    def read(self, path: Path, ledger: Ledger) -> Iterator[ObservedRows]:
        """Yield the cells in batches; `ROW` counts them from 1.

        Raises:
            SourceError: the extra `cells` is not installed; the file is damaged or not AnnData, genes repeat, or counts
                are not counts.
        """
        with open_hdf5(path) as file:
            yield from _Content.of(file, path, ledger).batches(ledger)


@dataclass(frozen=True)
class _Values:
    """A matrix of the file with its layers; `value` is the matrix itself."""

    suffix: str
    unit: str
    layers: dict[str, BlockMatrix]
    features: pl.DataFrame
    prefix: str

    def observed(self, row_ids: pl.DataFrame, start: int, stop: int, *, first: bool) -> ObservedValues:
        """The values of some cells."""
        long = long_frame(self.layers, self.features["feature"], start, stop)
        frame = long.with_columns(pl.col("cell").alias(ROW) + 1).join(row_ids, on=ROW, maintain_order="left")
        layers = tuple(name for name in self.layers if name != "value")
        frame = frame.select("row_id", "feature", "value", *layers, ROW)
        return ObservedValues(
            self.suffix, self.unit, frame, layers, self.prefix, self.features if first else self.features.clear()
        )


@dataclass(frozen=True)
class _Content:
    """What a file holds, verified, before its cells are read."""

    cohort: str
    said: Description
    obs: Columns
    matrices: list[_Values]
    embeddings: dict[str, Any]
    is_spatial: bool

    @classmethod
    def of(cls, file: Any, path: Path, ledger: Ledger) -> _Content:
        """Look through a file and refuse what would be read wrongly."""
        said, where = description_of(path), path.name
        obs = columns_at(file, "obs", f"{where}: obs")
        if not len(obs.index):
            raise SourceError(f"{where} has no cells.")
        for column in obs.unread:
            ledger.note(f"the column {column} of obs is of a type that is not read")
        for column in sorted(_RESERVED & set(obs.frame.columns)):
            ledger.note(f"the column {column} of obs is not read: its name is used otherwise here; rename it")
        main = _main(file, obs, said, where, ledger)
        ledger.note(gene_note(main.prefix))
        raw = _raw(file, obs, said, where)
        embeddings = _embeddings(file, len(obs.index), where, ledger)
        is_spatial = {"array_row", "array_col"} <= set(obs.frame.columns)
        return cls(cohort_name(ledger.file, (".h5ad",)), said, obs, [main, *raw], embeddings, is_spatial)

    def batches(self, ledger: Ledger) -> Iterator[ObservedRows]:
        """The cells, some at a time."""
        cells = len(self.obs.index)
        layers = [layer for matrix in self.matrices for layer in matrix.layers.values()]
        known = _known(self.obs, self.said, ledger.file)
        all_ids = pl.DataFrame({"row_id": self.obs.index, ROW: pl.int_range(1, cells + 1, eager=True)})
        frame = pl.concat([all_ids, self.obs.frame.drop(_RESERVED, strict=False)], how="horizontal")
        frame = frame.with_columns(_repeated=~pl.col("row_id").is_first_distinct())
        for start, stop in blocks(layers, cells):
            good = _good(frame[start:stop], ledger)
            row_ids = good.select("row_id", ROW)
            yield ObservedRows(
                good,
                ledger,
                self.cohort,
                "spot" if self.is_spatial else "cell",
                self.said.title or self.cohort,
                known,
                self.obs.numeric,
                [
                    *(matrix.observed(row_ids, start, stop, first=start == 0) for matrix in self.matrices),
                    *self._vectors(row_ids, start, stop),
                ],
                self._positions(good, start, stop),
            )

    def _vectors(self, row_ids: pl.DataFrame, start: int, stop: int) -> Iterator[ObservedValues]:
        for name, data in self.embeddings.items():
            if name != _SPATIAL:
                vectors = pl.DataFrame(
                    {ROW: range(start + 1, stop + 1), "vector": values_at(data, f"obsm/{name}", start, stop).tolist()}
                )
                named = vectors.join(row_ids, on=ROW, maintain_order="left")
                yield ObservedValues(slug(name), f"obsm/{name}", vector_values(named), is_vector=True)

    def _positions(self, good: pl.DataFrame, start: int, stop: int) -> pl.DataFrame | None:
        spatial = self.embeddings.get(_SPATIAL)
        if spatial is None and not self.is_spatial:
            return None
        given = [_whole(name) for name in _POSITIONS if name in good.columns]
        frame = good.select("row_id", ROW, *given)
        if spatial is None:
            return frame
        pixels = values_at(spatial, "obsm/spatial", start, stop)
        columns = {ROW: range(start + 1, stop + 1), "pixel_col": pixels[:, 0], "pixel_row": pixels[:, 1]}
        return frame.join(pl.DataFrame(columns), on=ROW, maintain_order="left")


def _whole(name: str) -> pl.Expr:
    """A column of whole numbers or truth values."""
    truth = {"true": "1", "false": "0"}
    return pl.col(name).str.to_lowercase().replace(truth).str.strip_suffix(".0").alias(name)


def _good(frame: pl.DataFrame, ledger: Ledger) -> pl.DataFrame:
    """The cells that have a name of their own; the others are set aside."""
    ledger.rows_read += frame.height
    for row in frame.filter(pl.col("row_id").is_null())[ROW]:
        ledger.reject_row(row, Reason.MISSING_VALUE, "the cell has no name in obs_names")
    for name, row in frame.filter(pl.col("_repeated") & pl.col("row_id").is_not_null()).select("row_id", ROW).rows():
        ledger.reject_row(row, Reason.DUPLICATE_KEY, f"an earlier cell is also called {name}", key=name)
    return frame.filter(~pl.col("_repeated") & pl.col("row_id").is_not_null()).drop("_repeated")


def _known(obs: Columns, said: Description, file: str) -> dict[str, str]:
    """The columns of `obs` that the table `observations` has, as described, else by their usual names."""
    known: dict[str, str] = {}
    for meaning, usual in _USUAL.items():
        described = str(getattr(said, meaning))
        if described and described not in obs.frame.columns:
            raise SourceError(
                f"{file}: its description names the column {described} for {meaning}, which obs does not have.",
                f"The columns are {', '.join(obs.frame.columns) or 'none'}.",
            )
        column = described or next((one for one in usual if one in obs.frame.columns), "")
        known |= {meaning: column} if column else {}
    return known


def _main(file: Any, obs: Columns, said: Description, where: str, ledger: Ledger) -> _Values:
    """`X` with the layers that the warehouse knows."""
    features, prefix = _features(file, "var", said, obs, where)
    expected = len(obs.index), features.height
    x = matrix_at(file, "X", f"{where}: X", expected)
    if x is None:
        raise SourceError(f"{where} has no X.", "Set adata.X to the values that are to be read, and save it again.")
    known = MODEL.matrices["cell_expression"].layers
    layers = {"value": x}
    listed = child(file, "layers")
    for name in sorted(listed) if listed is not None else ():
        if name in known:
            found = matrix_at(listed, name, f"{where}: layers/{name}", expected)
            layers |= {name: found} if found is not None else {}
        else:
            ledger.note(f"the layer {name} is not read; layers that are: {', '.join(known)}")
    unknown = sorted(set(said.counts) - {"X", *layers})
    if unknown:
        raise SourceError(f"{where}: its description names counts that the file does not have: {', '.join(unknown)}")
    units = []
    for name, matrix in layers.items():
        shown = "X" if name == "value" else name
        counted = _verified(matrix, shown, said, where)
        units.append(f"{shown}: {'counts' if counted.is_counts else 'not counts'}")
    return _Values("expression", said.unit or "; ".join(units), layers, features, prefix)


def _raw(file: Any, obs: Columns, said: Description, where: str) -> Iterator[_Values]:
    """`raw/X`, which may have other genes than `X`."""
    for x, var in (("raw/X", "raw/var"), ("raw.X", "raw.var")):
        if child(file, x) is not None:
            features, prefix = _features(file, var, said, obs, where)
            raw = matrix_at(file, x, f"{where}: {x}", (len(obs.index), features.height))
            assert raw is not None
            counted = _verified(raw, x, said, where)
            unit = f"{x}: {'counts' if counted.is_counts else 'not counts'}"
            yield _Values("raw", unit, {"value": raw}, features, prefix)


def _verified(matrix: BlockMatrix, name: str, said: Description, where: str) -> Census:
    """What the values are; refused where they cannot be what they are called."""
    counted = census(matrix)
    if counted.not_finite:
        raise SourceError(
            f"{where}: {name} has {counted.not_finite:,} values that are not finite (NaN or infinite).",
            "A value that is not stored counts as 0, so that a missing one cannot be kept: fill or drop them.",
        )
    must_be_counts = name in _COUNTS or name in said.counts
    if (must_be_counts and not counted.is_counts) or (name in _VELOCITY and counted.negative):
        raise SourceError(
            f"{where}: {name} holds counts, but {counted.negative:,} of its {counted.stored:,} values are negative and "
            f"{counted.fractional:,} are not whole numbers.",
            "Save the raw counts there, or give the layer another name.",
        )
    return counted


def _features(file: Any, name: str, said: Description, obs: Columns, where: str) -> tuple[pl.DataFrame, str]:
    """The genes in their order, with their place from 1, and the prefix under which they are looked up."""
    var = columns_at(file, name, f"{where}: {name}", only_text=True)
    ids = next((var.frame[one] for one in _GENE_IDS if one in var.frame.columns), None)
    genes = var.index
    if ids is not None and ids.null_count() == 0 and ids.is_unique().all():
        genes = ids.alias("feature")
    if genes.null_count():
        raise SourceError(f"{where}: {genes.null_count():,} genes of {name} have no name (var_names).")
    repeated = genes.filter(genes.is_duplicated()).unique().sort()
    if repeated.len():
        raise SourceError(
            f"{where}: {repeated.len():,} names of genes in {name} stand there more than once: "
            f"{', '.join(repeated.head(5))}.",
            "Call adata.var_names_make_unique(), or keep Ensembl ids in var['gene_ids'].",
        )
    organism = said.organism or _organism(file, obs)
    features = pl.DataFrame({"feature": genes, ROW: pl.int_range(1, genes.len() + 1, eager=True)})
    return features, gene_prefix(genes, organism)


def _organism(file: Any, obs: Columns) -> str:
    """The organism that the file names, as CELLxGENE writes it; empty where it names none, or several."""
    if "organism" in obs.frame.columns:
        named = obs.frame["organism"].drop_nulls().unique()
        return str(named[0]) if named.len() == 1 else ""
    found = child(file, "uns/organism")
    value = found[()] if found is not None and getattr(found, "shape", None) == () else b""
    return value.decode() if isinstance(value, bytes) else ""


def _embeddings(file: Any, cells: int, where: str, ledger: Ledger) -> dict[str, Any]:
    """The arrays of `obsm`: vectors of each cell."""
    import h5py

    listed = child(file, "obsm")
    if isinstance(listed, h5py.Dataset):
        ledger.note("obsm is not read: it is one table, as AnnData wrote until 0.6; save the file again")
        return {}
    read: dict[str, Any] = {}
    for name in sorted(listed or ()):
        data = child(listed, name)
        reason = _why_not(data, name, cells, {slug(one) for one in read}, where)
        if reason:
            ledger.note(f"obsm/{name} is not read: {reason}")
        else:
            read[name] = data
    return read


def _why_not(data: Any, name: str, cells: int, known: set[str], where: str) -> str:
    """Why an array of `obsm` is not read; empty where it is.

    Raises:
        SourceError: it does not have a row for each cell, or positions do not have x and y.
    """
    import h5py

    if not isinstance(data, h5py.Dataset) or data.ndim != 2 or data.dtype.kind not in "iuf" or not data.shape[1]:
        return "it is not an array of numbers with a row for each cell"
    matrix = matrix_at(data.parent, name, f"{where}: obsm/{name}", (cells, data.shape[1]))
    assert matrix is not None
    if name == _SPATIAL and data.shape[1] < 2:
        raise SourceError(f"{where}: obsm/spatial has one column, not x and y.")
    if not slug(name) or slug(name) in known | _TAKEN:
        return "another matrix of the file has this name; rename it"
    return "some of its values are not finite" if census(matrix).not_finite else ""
