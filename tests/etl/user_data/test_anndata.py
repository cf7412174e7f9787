"""AnnData's files: every layout gives the same values; what cannot be read rightly is refused with words."""

from __future__ import annotations

import gzip
import json
import resource
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from etl.formats.observed import gene_prefix
from etl.formats.sparse_blocks import BLOCK_VALUES, blocks
from tests.etl.user_data.cases import (
    CELLS,
    GENES,
    VALUES,
    Table,
    built,
    long,
    read_all,
    write_h5ad,
    write_matrix,
    write_table,
    write_tenx,
)
from warehouse.errors import SourceError
from warehouse.extras import EXTRAS
from warehouse.warehouse import Warehouse

REAL = Path("../shared/data/velocity/h5ad/pancreas_50obs.h5ad")


@pytest.mark.parametrize("layout", ["csr", "csc", "array", "old csr", "old csc"])
def test_every_layout_gives_the_same_values(tmp_path: Path, layout: str) -> None:
    write_h5ad(tmp_path / "gut.h5ad", layout=layout)
    read = read_all("anndata", tmp_path)
    assert read.values("user_gut_expression") == long(VALUES)
    assert [row["row_id"] for row in read.rows("observations")] == list(CELLS)
    assert {row["row_type"] for row in read.rows("observations")} == {"cell"}


def test_a_file_of_version_0_6_is_read(tmp_path: Path) -> None:
    """Tables were one data set with a field for each column, and the categories stood in `uns`."""
    with h5py.File(tmp_path / "old.h5ad", "w") as file:
        write_matrix(file, "X", VALUES, "old csr")
        obs = np.zeros(3, dtype=[("index", "S10"), ("clusters", "i1"), ("depth", "f8")])
        obs["index"], obs["clusters"], obs["depth"] = CELLS, [0, 1, -1], [0.5, np.nan, 2]
        file.create_dataset("obs", data=obs)
        var = np.zeros(4, dtype=[("index", "S20")])
        var["index"] = GENES
        file.create_dataset("var", data=var)
        file.create_dataset("uns/clusters_categories", data=np.array(["Alpha", "Beta"], dtype="S"))
    read = read_all("anndata", tmp_path)
    assert read.values("user_old_expression") == long(VALUES)
    assert [row.get("cluster") for row in read.rows("observations")] == ["Alpha", "Beta", None]
    assert [(row["row_id"], row["number"]) for row in read.rows("observation_annotations")] == [
        ("AAAC-1", 0.5),
        ("GGGT-1", 2.0),
    ]


def test_categories_of_version_0_7_are_read(tmp_path: Path) -> None:
    path = write_h5ad(tmp_path / "gut.h5ad")
    with h5py.File(path, "a") as file:
        categories = file.create_dataset("obs/__categories/cell_type", data=np.array(["T", "B"], dtype="S"))
        codes = file.create_dataset("obs/cell_type", data=np.array([1, -1, 0], dtype=np.int8))
        codes.attrs["categories"] = categories.ref
    assert [row.get("cell_type") for row in read_all("anndata", tmp_path).rows("observations")] == ["B", None, "T"]


def test_columns_with_missing_values_are_read(tmp_path: Path) -> None:
    path = write_h5ad(tmp_path / "gut.h5ad")
    with h5py.File(path, "a") as file:
        group = file.create_group("obs/reads")
        group.attrs["encoding-type"] = "nullable-integer"
        group.create_dataset("values", data=np.array([5, 0, 7]))
        group.create_dataset("mask", data=np.array([False, True, False]))
    said = read_all("anndata", tmp_path).rows("observation_annotations")
    assert [(row["row_id"], row["name"], row["number"]) for row in said] == [
        ("AAAC-1", "reads", 5.0),
        ("GGGT-1", "reads", 7.0),
    ]


@given(arrays(np.float64, st.tuples(st.integers(1, 9), st.integers(1, 7)), elements=st.integers(0, 3)))
@settings(max_examples=25, deadline=None)
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, values: Table) -> None:
    """As csr with a layer in csc, the same values come back, and nothing else."""
    folder = tmp_path_factory.mktemp("round")
    cells, genes = [f"c{n}" for n in range(values.shape[0])], [f"ENSG{n:011d}" for n in range(values.shape[1])]
    write_h5ad(folder / "a.h5ad", values, cells=cells, genes=genes, layers={"spliced": values[::-1]})
    read = read_all("anndata", folder)
    assert read.values("user_a_expression") == long(values, cells, genes)
    assert read.values("user_a_expression", "spliced") == long(values[::-1], cells, genes)


@given(st.lists(st.integers(0, BLOCK_VALUES), min_size=1, max_size=12))
@settings(max_examples=50, deadline=None)
def test_blocks_cover_every_cell_once_and_stay_small(filled: list[int]) -> None:
    class Cells:
        def filled(self, start: int, stop: int) -> int:
            return sum(filled[start:stop])

    ranges = list(blocks([Cells()], len(filled)))  # type: ignore[list-item]
    assert [one for start, stop in ranges for one in range(start, stop)] == list(range(len(filled)))
    assert all(sum(filled[start:stop]) <= BLOCK_VALUES or stop == start + 1 for start, stop in ranges)


@pytest.fixture(scope="module")
def velocity(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    folder = tmp_path_factory.mktemp("raw")
    write_h5ad(
        folder / "pancreas (E15.5).h5ad",
        np.log1p(VALUES),
        genes=("Sox17", "C3", "Tp53", "Rp1"),
        layers={"spliced": VALUES, "unspliced": VALUES[:, ::-1], "velocity": VALUES - 1},
        obs={
            "cell_type": ["Ductal", "Alpha", "Ductal"],
            "batch": ["x", "x", "y"],
            "latent_time": [0.25, 0.5, np.nan],
            "mouse_id": ["m1", "m2", "m2"],
        },
        obsm={"X_umap": np.array([[0.5, 1], [2, 3], [4, 5]]), "spatial": np.array([[7, 8], [9, 10], [11, 12.0]])},
        raw=VALUES[:, :2],
    )
    (folder / "pancreas (E15.5).h5ad.targetgraph.json").write_text(
        json.dumps({"title": "Pancreas, day 15.5", "sample": "batch", "counts": ["spliced"]})
    )
    home = built(folder, tmp_path_factory.mktemp("home"))
    return Warehouse.open(home.root)


def test_a_file_becomes_a_cohort(velocity: Warehouse) -> None:
    assert velocity.sql("SELECT id, name FROM cohort").rows() == [("user.cohort:pancreas_e15_5", "Pancreas, day 15.5")]
    rows = velocity.sql("SELECT row_id, sample, donor, cell_type FROM observations ORDER BY row_id").rows()
    assert rows == [
        ("AAAC-1", "x", "m1", "Ductal"),
        ("CCCG-1", "x", "m2", "Alpha"),
        ("GGGT-1", "y", "m2", "Ductal"),
    ]
    times = velocity.sql("SELECT row_id, text, number FROM observation_annotations ORDER BY ALL").rows()
    assert times == [("AAAC-1", "0.25", 0.25), ("CCCG-1", "0.5", 0.5)]
    places = velocity.sql("SELECT row_id, pixel_row, pixel_col FROM observation_positions ORDER BY 1").rows()
    assert places == [("AAAC-1", 8.0, 7.0), ("CCCG-1", 10.0, 9.0), ("GGGT-1", 12.0, 11.0)]


def test_its_matrices_are_read_in_one_call(velocity: Warehouse) -> None:
    matrix = velocity.matrix("user_pancreas_e15_5_expression", rows=CELLS, features=("Sox17", "C3", "Tp53", "Rp1"))
    assert matrix.shape == (3, 4), "a cell and a gene without a value are there"
    assert matrix.is_sparse
    np.testing.assert_allclose(matrix.dense(), np.log1p(VALUES))
    assert matrix.unit == "X: not counts; spliced: counts; unspliced: counts"
    unspliced = velocity.matrix(matrix.name, layer="unspliced", rows=CELLS, features=matrix.features)
    np.testing.assert_array_equal(unspliced.dense(), VALUES[:, ::-1])
    umap = velocity.matrix("user_pancreas_e15_5_x_umap", rows=CELLS)
    np.testing.assert_array_equal(umap.dense(), [[0.5, 1], [2, 3], [4, 5]])
    raw = velocity.matrix("user_pancreas_e15_5_raw", rows=CELLS)
    np.testing.assert_array_equal(raw.dense(), VALUES[:, :2])
    assert raw.features == ("RAW0", "RAW1")


def test_genes_of_a_mouse_join_no_human_gene(velocity: Warehouse) -> None:
    matrix = velocity.matrix("user_pancreas_e15_5_expression")
    assert matrix.feature_ids == (None,) * 4
    receipt = velocity.receipt()
    assert receipt["matrices"]["user_pancreas_e15_5_expression"] == {"rows": 3, "features": 4, "features_joined": 0}
    files = [file for one in receipt["sources"] if one["source"] == "anndata" for file in one["files"]]
    assert any("not human genes" in note for file in files for note in file["notes"])
    assert not receipt["unused_files"], "a description belongs to its file"
    assert any("the layer velocity is not read" in note for file in files for note in file["notes"])


def test_its_document_is_opened_by_cohort(velocity: Warehouse) -> None:
    documents = velocity.documents("user.cohort:pancreas_e15_5")
    assert [document.media_type for document in documents] == ["application/x-hdf5"]


@pytest.mark.parametrize(
    ("genes", "organism", "prefix"),
    [
        (("TP53", "C1orf43", "EGFR"), "", "hgnc.symbol"),
        (("ENSG00000141510.17", "ENSG00000146648"), "", "hgnc.symbol"),
        (("ENSMUSG00000059552", "ENSMUSG00000020122", "TP53"), "", "other_species.gene"),
        (("Tp53", "C3", "Sox17"), "", "other_species.gene"),
        (("TP53", "EGFR"), "Mus musculus", "mus_musculus.gene"),
        (("Tp53", "Egfr"), "human", "hgnc.symbol"),
    ],
)
def test_the_organism_follows_from_names(genes: tuple[str, ...], organism: str, prefix: str) -> None:
    import polars as pl

    assert gene_prefix(pl.Series(genes), organism) == prefix


def _refused(folder: Path, match: str) -> str:
    with pytest.raises(SourceError, match=match) as caught:
        read_all("anndata", folder)
    return str(caught.value)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_file_that_was_cut_off_is_refused(tmp_path: Path, share: float) -> None:
    path = write_h5ad(tmp_path / "gut.h5ad")
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    assert "Copy or download it again" in _refused(tmp_path, r"gut\.h5ad: the file is damaged or was cut off")


def _without(path: Path, *names: str) -> None:
    with h5py.File(path, "a") as file:
        for name in names:
            del file[name]


@pytest.mark.parametrize(
    ("missing", "match"),
    [
        ("var/_index", r"gut\.h5ad: var has no names for its rows"),
        ("obs/_index", r"gut\.h5ad: obs has no names for its rows"),
        ("var", r"gut\.h5ad: var is missing"),
        ("X", r"gut\.h5ad has no X"),
        ("X/indptr", r"X is a sparse matrix without data, indices or indptr"),
    ],
)
def test_a_file_without_a_part_is_refused(tmp_path: Path, missing: str, match: str) -> None:
    _without(write_h5ad(tmp_path / "gut.h5ad"), missing)
    _refused(tmp_path, match)


def test_repeated_cells_are_set_aside_and_repeated_genes_refused(tmp_path: Path) -> None:
    path = write_h5ad(tmp_path / "gut.h5ad", VALUES + 1, cells=("A", "A", " "))
    read = read_all("anndata", tmp_path)
    assert read.reasons == {"duplicate_key": 1, "missing_value": 1}
    assert {cell for cell, _gene in read.values("user_gut_expression")} == {"A"}
    assert len(read.values("user_gut_expression")) == 4
    write_h5ad(path, genes=("TP53", "TP53", "EGFR", "KRAS"))
    assert "var_names_make_unique" in _refused(tmp_path, "1 names of genes in var stand there more than once: TP53")


@pytest.mark.parametrize("bad", [-1.0, 0.5])
def test_counts_that_are_no_counts_are_refused(tmp_path: Path, bad: float) -> None:
    values = VALUES.copy()
    values[0, 1] = bad
    write_h5ad(tmp_path / "gut.h5ad", layers={"counts": values})
    _refused(tmp_path, r"gut\.h5ad: counts holds counts, but . of its 4 values are negative and . are not whole")
    path = write_h5ad(tmp_path / "gut.h5ad", values)
    assert read_all("anndata", tmp_path).batches[0].matrices[0].unit == "X: not counts"
    path.with_name("gut.h5ad.targetgraph.json").write_text('{"counts": ["X"]}')
    _refused(tmp_path, "X holds counts")


@pytest.mark.parametrize("layout", ["csr", "array"])
def test_values_that_are_not_finite_are_refused(tmp_path: Path, layout: str) -> None:
    values = VALUES.copy()
    values[0, 1] = np.nan
    write_h5ad(tmp_path / "gut.h5ad", values, layout=layout)
    _refused(tmp_path, "X has 1 values that are not finite")


def test_objects_links_and_wrong_shapes_are_refused(tmp_path: Path) -> None:
    path = write_h5ad(tmp_path / "gut.h5ad")
    with h5py.File(path, "a") as file:
        del file["X"]
        file.create_dataset("X", data=np.full((3, 4), b"x", dtype=object), dtype=h5py.string_dtype())
    _refused(tmp_path, "X holds values of the type object, not numbers")
    with h5py.File(path, "a") as file:
        del file["X"]
        file["X"] = h5py.ExternalLink("/etc/hostname", "/X")
    _refused(tmp_path, "gut.h5ad: /X leads to another file")
    with h5py.File(path, "a") as file:
        del file["X"]
        file["elsewhere"] = h5py.ExternalLink("/etc/hostname", "/")
        file["X"] = h5py.SoftLink("/elsewhere/X")
    _refused(tmp_path, "gut.h5ad: /X leads to another place")
    with h5py.File(path, "a") as file:
        del file["X"]
        write_matrix(file, "X", VALUES[:2], "csr")
    _refused(tmp_path, "X is 2 x 4, where cells and genes are 3 x 4")
    with h5py.File(path, "a") as file:
        file["X/indices"][0] = 99
        file["X"].attrs["shape"] = (2, 4)
    _refused(tmp_path, "X is 2 x 4")


@pytest.mark.parametrize("name", ["obs/_index", "X/indptr", "obs/cell_type"])
def test_a_list_that_declares_much_more_than_it_holds_is_refused(tmp_path: Path, name: str) -> None:
    """Read as a whole it would need gigabytes, of which the file holds nothing."""
    path = write_h5ad(tmp_path / "gut.h5ad")
    with h5py.File(path, "a") as file:
        kind = h5py.string_dtype() if name == "obs/_index" else np.int64
        if name in file:
            del file[name]
        file.create_dataset(name, shape=(10**9,), dtype=kind, chunks=(1000,))
    _refused(tmp_path, rf"gut\.h5ad: /{name} declares 1,000,000,000 values, but the file holds 0 bytes of them")


@pytest.mark.parametrize("layout", ["csr", "csc"])
def test_a_shape_that_is_declared_too_large_is_refused_before_it_is_made(tmp_path: Path, layout: str) -> None:
    path = write_h5ad(tmp_path / "gut.h5ad", layout=layout)
    with h5py.File(path, "a") as file:
        file["X"].attrs["shape"] = (10**12, 4)
    _refused(tmp_path, "X is 1,000,000,000,000 x 4, where cells and genes are 3 x 4")


def test_values_that_are_damaged_are_refused_with_their_place(tmp_path: Path) -> None:
    path = write_h5ad(tmp_path / "gut.h5ad")
    with h5py.File(path, "a") as file:
        del file["X/data"]
        packed = file.create_dataset("X/data", data=np.array([1.0, 3, 2]), compression="gzip", fletcher32=True)
        place = packed.id.get_chunk_info(0)
    with path.open("r+b") as raw:
        raw.seek(place.byte_offset)
        raw.write(b"\xff" * place.size)
    _refused(tmp_path, r"gut\.h5ad: X: its values cannot be read: the file is damaged")


def test_vectors_that_are_not_read_are_named(tmp_path: Path) -> None:
    vectors = np.array([[0.0, 1], [2, 3], [4, 5]])
    obsm = {"X_pca": vectors, "x pca": vectors, "raw": vectors, "bad": vectors * np.nan}
    write_h5ad(tmp_path / "gut.h5ad", obsm=obsm)
    read = read_all("anndata", tmp_path)
    assert {one.name for batch in read.batches for one in batch.matrices} == {"user_gut_expression", "user_gut_x_pca"}
    assert "obsm/raw is not read: another matrix of the file has this name" in read.notes
    assert "obsm/x pca is not read: another matrix" in read.notes
    assert "obsm/bad is not read: some of its values are not finite" in read.notes


def test_columns_of_obs_may_have_any_name(tmp_path: Path) -> None:
    names = ("row_id", "name", "text", "number", "cohort_id", "value", "feature", "_row", "cell", "place")
    write_h5ad(tmp_path / "gut.h5ad", obs={name: ["x", "y", "z"] for name in names})
    read = read_all("anndata", tmp_path)
    assert {row["name"] for row in read.rows("observation_annotations")} == set(names) - {"row_id", "_row"}
    assert "the column row_id of obs is not read" in read.notes
    assert [row["row_id"] for row in read.rows("observations")] == list(CELLS)


def test_a_name_without_letters_is_refused(tmp_path: Path) -> None:
    write_h5ad(tmp_path / "腸.h5ad")
    _refused(tmp_path, "No cohort can be named after '腸'")


def test_a_file_that_cannot_be_read_is_set_aside_and_the_rest_built(tmp_path: Path) -> None:
    write_h5ad(tmp_path / "raw" / "good.h5ad")
    bad = write_h5ad(tmp_path / "raw" / "bad.h5ad")
    bad.write_bytes(bad.read_bytes()[:900])
    with h5py.File(write_h5ad(tmp_path / "raw" / "places.h5ad"), "a") as file:
        file["X/indices"][0] = 99
    home = built(tmp_path / "raw", tmp_path / "home")
    with Warehouse.open(home.root) as warehouse:
        assert warehouse.sql("SELECT DISTINCT cohort_id FROM observations").rows() == [("user.cohort:good",)]
        failures = _failures(warehouse)
    assert [failure.partition(":")[0] for failure in failures] == ["bad.h5ad", "places.h5ad"]


def test_places_outside_the_matrix_and_twice_are_refused(tmp_path: Path) -> None:
    path = write_h5ad(tmp_path / "gut.h5ad")
    with h5py.File(path, "a") as file:
        file["X/indices"][0] = 99
    _refused(tmp_path, "an index lies outside the 4")
    with h5py.File(path, "a") as file:
        file["X/indices"][:2] = [2, 2]
    _refused(tmp_path, "cell 1 has two values of one feature")
    with h5py.File(path, "a") as file:
        file["X/indptr"][1] = 77
    _refused(tmp_path, "indptr does not fit the 3 cells")


@pytest.mark.parametrize(
    ("said", "match"),
    [
        ("{", "is not JSON"),
        ('{"smaple": "x"}', "keys that are not known: smaple"),
        ('{"donor": "who"}', "names the column who for donor, which obs does not have"),
        ('{"counts": ["raw"]}', "names counts that the file does not have: raw"),
        ('{"counts": "X"}', "counts no list"),
    ],
)
def test_a_description_that_does_not_fit_is_refused(tmp_path: Path, said: str, match: str) -> None:
    path = write_h5ad(tmp_path / "gut.h5ad")
    path.with_name("gut.h5ad.targetgraph.json").write_text(said)
    _refused(tmp_path, match)


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    write_h5ad(tmp_path / "raw" / "a" / "gut.h5ad")
    write_h5ad(tmp_path / "raw" / "b" / "gut.h5ad")
    home = built(tmp_path / "raw", tmp_path / "home")
    with Warehouse.open(home.root) as warehouse:
        assert warehouse.sql("SELECT count(*) FROM observations").rows() == [(3,)], "those of the first"
        [failure] = _failures(warehouse)
    assert failure == (
        "Two samples would be the cohort 'user.cohort:gut': a/gut.h5ad and b/gut.h5ad. Rename one of them."
    )


def _failures(warehouse: Warehouse) -> list[str]:
    return [file["failure"] for one in warehouse.receipt()["sources"] for file in one["files"] if file["failure"]]


def test_a_packed_file_is_read(tmp_path: Path) -> None:
    path = write_h5ad(tmp_path / "gut.h5ad")
    (tmp_path / "gut.h5ad.gz").write_bytes(gzip.compress(path.read_bytes()))
    path.unlink()
    assert read_all("anndata", tmp_path).values("user_gut_expression") == long(VALUES)


def test_without_the_extra_the_file_is_set_aside_and_the_rest_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_h5ad(tmp_path / "raw" / "gut.h5ad")
    write_tenx(tmp_path / "raw" / "pbmc")
    monkeypatch.setattr("warehouse.extras.EXTRAS", {**EXTRAS, "cells": ("no_such_module",)})
    home = built(tmp_path / "raw", tmp_path / "home")
    with Warehouse.open(home.root) as warehouse:
        assert warehouse.matrix("user_pbmc_expression").shape == (3, 4)
        [failure] = _failures(warehouse)
    assert "Reading HDF5 needs the extra 'cells': pip install" in failure


def test_a_large_sparse_file_is_never_dense(tmp_path: Path) -> None:
    """3,000 cells x 200,000 genes would be 4.8 GB dense."""
    genes = [f"g{n}" for n in range(200_000)]
    with h5py.File(tmp_path / "wide.h5ad", "w") as file:
        group = file.create_group("X")
        group.attrs["encoding-type"], group.attrs["shape"] = "csr_matrix", (3000, len(genes))
        group.create_dataset("data", data=np.ones(3000))
        group.create_dataset("indices", data=np.arange(3000) * 60)
        group.create_dataset("indptr", data=np.arange(3001))
        write_table(file, "obs", [f"c{n}" for n in range(3000)])
        write_table(file, "var", genes)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert len(read_all("anndata", tmp_path).values("user_wide_expression")) == 3000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 1_000_000, "kilobytes"


@pytest.mark.skipif(not REAL.exists(), reason="the real AnnData files are not on this machine")
def test_a_real_file_is_read_as_anndata_wrote_it(tmp_path: Path) -> None:
    """Sums of counts, taken from the file's arrays themselves."""
    (tmp_path / REAL.name).symlink_to(REAL.resolve())
    read = read_all("anndata", tmp_path)
    with h5py.File(REAL) as file:
        sums: dict[str, Any] = {name: float(file[name]["data"][:].sum()) for name in ("X", "layers/unspliced")}
        cell, genes = file["obs/index"][7].decode(), [one.decode() for one in file["var/index"][:]]
        start, stop = file["X/indptr"][7:9]
        expected = {
            (cell, genes[g]): float(v)
            for g, v in zip(file["X/indices"][start:stop], file["X/data"][start:stop], strict=True)
        }
    values = read.values("user_pancreas_50obs_expression")
    assert sum(values.values()) == sums["X"]
    assert sum(read.values("user_pancreas_50obs_expression", "unspliced").values()) == sums["layers/unspliced"]
    assert {key: value for key, value in values.items() if key[0] == cell} == expected
    assert len(read.rows("observations")) == 50
