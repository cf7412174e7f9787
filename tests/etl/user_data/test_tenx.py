"""Output of Cell Ranger and Space Ranger: every version's files give the same counts, spots and positions."""

from __future__ import annotations

import gzip
from pathlib import Path

import h5py
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tests.etl.user_data.cases import (
    CELLS,
    GENES,
    SPOTS,
    VALUES,
    Table,
    built,
    long,
    read_all,
    write_hdf5,
    write_positions,
    write_tenx,
    write_text,
)
from warehouse.errors import SourceError
from warehouse.warehouse import Warehouse

V3 = "pbmc/outs/filtered_feature_bc_matrix"
#: The features of the HDF5 file but the antibody.
EXPRESSED = long(VALUES[:, :3], genes=GENES[:3])


@pytest.mark.parametrize(
    ("folder", "version", "prefix", "name"),
    [
        (V3, 3, "", "pbmc"),
        ("pbmc/filtered_gene_bc_matrices/hg19", 2, "", "pbmc_hg19"),
        ("pbmc", 3, "", "pbmc"),
        ("pbmc", 2, "GSM42_day-1_", "gsm42_day_1"),
        ("per_sample_outs/pbmc/count/sample_filtered_feature_bc_matrix", 3, "", "pbmc"),
        ("gut/outs/segmented_outputs/filtered_feature_bc_matrix", 3, "", "gut_segmented_outputs"),
    ],
)
def test_folders_of_every_version(tmp_path: Path, folder: str, version: int, prefix: str, name: str) -> None:
    write_tenx(tmp_path / folder, version=version, prefix=prefix)
    read = read_all("tenx", tmp_path)
    assert read.values(f"user_{name}_expression") == long(VALUES)
    assert [row["row_id"] for row in read.rows("observations")] == list(CELLS)
    assert {row["row_type"] for row in read.rows("observations")} == {"cell"}


@pytest.mark.parametrize("version", [2, 3])
def test_hdf5_of_every_version(tmp_path: Path, version: int) -> None:
    write_hdf5(tmp_path / "pbmc" / "outs" / "filtered_feature_bc_matrix.h5", version=version)
    read = read_all("tenx", tmp_path)
    assert read.values("user_pbmc_expression") == (EXPRESSED if version == 3 else long(VALUES))
    assert {row["sample"] for row in read.rows("observations")} == {"pbmc"}


@given(arrays(np.int64, (3, 4), elements=st.integers(0, 10**6)))
@settings(max_examples=20, deadline=None)
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, values: Table) -> None:
    folder = tmp_path_factory.mktemp("round")
    write_tenx(folder / "a", values)
    write_hdf5(folder / "b" / "filtered_feature_bc_matrix.h5", values, version=2)
    read = read_all("tenx", folder)
    if values.any():
        assert read.values("user_a_expression") == long(values)
    assert read.values("user_b_expression") == long(values)


def test_the_folder_goes_before_hdf5_and_filtered_before_raw(tmp_path: Path) -> None:
    outs = tmp_path / "pbmc" / "outs"
    write_tenx(outs / "filtered_feature_bc_matrix")
    write_tenx(outs / "raw_feature_bc_matrix")
    write_hdf5(outs / "filtered_feature_bc_matrix.h5")
    write_hdf5(outs / "raw_feature_bc_matrix.h5")
    names = {file.name for file in read_all("tenx", tmp_path).files}
    assert {Path(name).parent.name for name in names} == {"filtered_feature_bc_matrix"}
    assert len(names) == 3


@pytest.mark.parametrize("layout", ["1", "2", "hd"])
def test_positions_of_every_version(tmp_path: Path, layout: str) -> None:
    sample = tmp_path / "gut" / "outs" / ("binned_outputs/square_008um" if layout == "hd" else "")
    write_tenx(sample / "filtered_feature_bc_matrix")
    write_positions(sample, layout)
    read = read_all("tenx", tmp_path)
    assert [row["pixel_row"] for row in read.rows("observation_positions")] == [100, 101, 102]
    assert read.rows("observation_positions")[0] == {
        "cohort_id": f"user.cohort:gut{'_square_008um' if layout == 'hd' else ''}",
        "row_id": "AAAC-1",
        "in_tissue": 1,
        "array_row": 1,
        "array_col": 3,
        "pixel_row": 100,
        "pixel_col": 200,
    }
    assert {row["row_type"] for row in read.rows("observations")} == {"spot"}
    assert sum(ledger.rows_out_of_scope for ledger in read.ledgers) == 1, "the spot beside the tissue"


def test_positions_that_the_matrix_does_not_have(tmp_path: Path) -> None:
    sample = tmp_path / "gut"
    write_hdf5(sample / "filtered_feature_bc_matrix.h5")
    write_positions(sample, "2", [*SPOTS[:3], ("NNNN-1", 1, 5, 5, 1, 1), SPOTS[1]])
    read = read_all("tenx", tmp_path)
    assert read.reasons == {"unknown_reference": 1, "duplicate_key": 1}
    assert len(read.rows("observation_positions")) == 2
    assert "1 of 3 spots of the matrix have no position" in read.notes
    write_positions(sample, "2", [("NNNN-1", 1, 5, 5, 1, 1)])
    with pytest.raises(SourceError, match=r"tissue_positions\.csv: none of its barcodes is in filtered_feature_bc"):
        read_all("tenx", tmp_path)


def test_positions_that_are_not_parquet_are_refused(tmp_path: Path) -> None:
    write_positions(tmp_path / "gut", "hd").write_bytes(b"PAR1 and nothing else")
    with pytest.raises(SourceError, match=r"tissue_positions\.parquet: it is not a Parquet file"):
        read_all("tenx", tmp_path)


def test_a_section_is_built_with_its_documents(tmp_path: Path) -> None:
    sample = tmp_path / "raw" / "gut" / "outs"
    write_tenx(sample / "filtered_feature_bc_matrix")
    write_positions(sample, "2")
    (sample / "spatial" / "tissue_hires_image.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    write_text(sample / "spatial" / "scalefactors_json.json", '{"tissue_hires_scalef": 0.15}')
    home = built(tmp_path / "raw", tmp_path / "home")
    with Warehouse.open(home.root) as warehouse:
        assert not warehouse.receipt()["unused_files"]
        matrix = warehouse.matrix("user_gut_expression", rows=CELLS, features=GENES)
        np.testing.assert_array_equal(matrix.dense(), VALUES)
        assert (matrix.kind, matrix.row_type) == ("spot_expression", "spot")
        kinds = sorted(document.media_type for document in warehouse.documents("user.cohort:gut"))
        assert kinds == ["application/json", "image/png"]
        joined = warehouse.sql(
            """SELECT o.sample, p.array_row, p.pixel_col FROM observations AS o
            JOIN observation_positions AS p USING (cohort_id, row_id) ORDER BY p.array_row"""
        ).rows()
    assert joined == [("gut", 1, 200.0), ("gut", 2, 201.0), ("gut", 3, 202.0)]


def _refused(folder: Path, match: str) -> None:
    with pytest.raises(SourceError, match=match):
        read_all("tenx", folder)


def test_files_that_do_not_fit_each_other_are_refused(tmp_path: Path) -> None:
    folder = write_tenx(tmp_path / V3)
    write_text(folder / "barcodes.tsv.gz", "AAAC-1\nCCCG-1\n")
    _refused(tmp_path, r"matrix\.mtx\.gz has 3 cells, but barcodes\.tsv\.gz has 2 lines")
    write_tenx(folder)
    write_text(folder / "features.tsv.gz", "ENSG1\tA\tGene Expression\n")
    _refused(tmp_path, r"matrix\.mtx\.gz has 4 features, but features\.tsv\.gz has 1 lines")
    write_text(folder / "features.tsv.gz", "TP53\nEGFR\nKRAS\nBRCA1\n")
    _refused(tmp_path, r"features\.tsv\.gz: its rows have 1 column, where 10x Genomics writes identifier, name")
    write_text(folder / "features.tsv.gz", "A\tA\tGene Expression\n" * 4)
    _refused(tmp_path, "1 identifiers of features stand there more than once: A")
    write_text(folder / "features.tsv.gz", "".join(f"{one}\tA\tPeaks\n" for one in GENES))
    _refused(tmp_path, "no feature is of the type 'Gene Expression'")
    (folder / "features.tsv.gz").unlink()
    _refused(tmp_path, r"there is no features\.tsv \(or genes\.tsv\) beside it")
    write_tenx(folder)
    (folder / "barcodes.tsv.gz").unlink()
    _refused(tmp_path, r"matrix\.mtx\.gz: there is no barcodes\.tsv beside it")


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("not a matrix\n", r"line 1: the file does not begin with `%%MatrixMarket"),
        (
            "%%MatrixMarket matrix coordinate integer symmetric\n4 3 1\n1 1 5\n",
            "integer general` (?s:.*)neither symmetric nor",
        ),
        ("%%MatrixMarket matrix coordinate pattern general\n4 3 1\n1 1\n", "line 1: the file does not begin with"),
        ("%%MatrixMarket matrix coordinate integer general\n%\n", "line 3: the size of the matrix should be three"),
        ("%%MatrixMarket matrix coordinate integer general\n4 3 3\n1 1 1\n", "1 values, where its header announces 3"),
    ],
)
def test_a_matrix_that_is_damaged_is_refused(tmp_path: Path, text: str, match: str) -> None:
    folder = write_tenx(tmp_path / V3)
    write_text(folder / "matrix.mtx.gz", text)
    _refused(tmp_path, rf"matrix\.mtx\.gz.*{match}")


def test_a_matrix_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    folder = write_tenx(tmp_path / V3)
    packed = gzip.compress(bytes(range(256)) * 300)
    (folder / "matrix.mtx.gz").write_bytes(packed[: len(packed) // 2])
    _refused(tmp_path, "damaged or was cut off|does not begin with")


def test_bad_counts_and_barcodes_are_set_aside_by_line(tmp_path: Path) -> None:
    folder = write_tenx(tmp_path / V3, cells=("A", "A", ""))
    lines = ["1 1 5", "2 1 -1", "3 1 1.5", "9 1 1", "1 x 1", "2 2 7", "1 1 6", "4 1 2"]
    size = f"4 3 {len(lines)}"
    text = "\n".join(["%%MatrixMarket matrix coordinate real general", size, *lines]) + "\n"
    write_text(folder / "matrix.mtx.gz", text)
    read = read_all("tenx", tmp_path)
    assert read.values("user_pbmc_expression") == {("A", GENES[0]): 5, ("A", GENES[3]): 2}
    matrix = next(ledger for ledger in read.ledgers if ledger.file.endswith("matrix.mtx.gz"))
    assert matrix.rejected_by_reason == {"out_of_range": 3, "unreadable": 1, "duplicate_key": 2}
    assert set(pl.concat(matrix.rejected)["_row"]) == {4, 5, 6, 7, 8, 9}
    barcodes = next(ledger for ledger in read.ledgers if "barcodes" in ledger.file)
    assert barcodes.rows_quarantined + barcodes.rows_kept == barcodes.rows_read


def test_two_samples_of_one_name_are_refused(tmp_path: Path) -> None:
    write_tenx(tmp_path / "raw" / "a" / V3)
    write_tenx(tmp_path / "raw" / "b" / V3)
    home = built(tmp_path / "raw", tmp_path / "home")
    with Warehouse.open(home.root) as warehouse:
        files = [file for one in warehouse.receipt()["sources"] for file in one["files"]]
        assert warehouse.sql("SELECT count(*) FROM observations").rows() == [(3,)], "those of the first"
    failures = [file["failure"] for file in files if file["failure"]]
    said = "Two samples would be the cohort 'user.cohort:pbmc': a/pbmc and b/pbmc. Rename one of them."
    assert failures == [said, said], "its barcodes and its matrix"


@pytest.mark.parametrize(
    ("lines", "fits"),
    [
        (["1 1 5", "3 1 1", "2 2 7"], True),
        (["1 1 5", "2 2 7", "3 1 1"], True),
        (["1 1 5", "3 1 1", "1 1 5"], False),
        (["2 2 5", "1 1 5", "3 1 1"], False),
    ],
)
def test_a_large_matrix_is_in_an_order_that_shows_repeats(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: list[str], fits: bool
) -> None:
    """By cell, as Cell Ranger writes it, or by feature; each value in a batch of its own."""
    monkeypatch.setattr("etl.formats.tenx.PIECE_LINES", 1)
    folder = write_tenx(tmp_path / V3, version=2)
    text = "\n".join(["%%MatrixMarket matrix coordinate integer general", "4 3 3", *lines]) + "\n"
    write_text(folder / "matrix.mtx", text)
    if fits:
        assert len(read_all("tenx", tmp_path).values("user_pbmc_expression")) == 3
    else:
        _refused(tmp_path, r"matrix\.mtx: its values are neither in the order of cells nor in that of features")


def test_hdf5_that_is_not_of_10x_is_refused(tmp_path: Path) -> None:
    path = write_hdf5(tmp_path / "pbmc" / "filtered_feature_bc_matrix.h5")
    with h5py.File(path, "a") as file:
        file["matrix/data"][0] = -3
    _refused(tmp_path, "its counts are negative, not whole or not finite")
    with h5py.File(path, "a") as file:
        file["matrix/shape"][0] = 7
    _refused(tmp_path, "its shape is not that of its features and barcodes")
    with h5py.File(path, "a") as file:
        del file["matrix"]
    _refused(tmp_path, "0 groups of the file hold a matrix of 10x Genomics")
    path.write_bytes(path.read_bytes()[:600])
    _refused(tmp_path, "damaged or was cut off")
