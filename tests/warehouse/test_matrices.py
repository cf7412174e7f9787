"""Matrices of any kind as arrays: what was stated comes back, in order, with its ids; against plain dictionaries."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from etl.reading import _check_matrix
from tests.conftest import SmallBuild, stated
from warehouse.errors import BuildError, QuestionError
from warehouse.export.redistributable import redistributable
from warehouse.matrices import MatrixArrays, SparseColumns, read_matrix
from warehouse.model import MODEL
from warehouse.statements import ROW, Matrix, vector_values
from warehouse.warehouse import Warehouse

_CELLS = {
    ("cell:3", "TP53"): (2.0, 1.5, 0.5),
    ("cell:1", "TP53"): (1.0, 1.0, None),
    ("cell:1", "ATM"): (4.0, None, 4.0),
    ("cell:2", "KRAS"): (7.0, 7.0, 0.0),
}
_CELL_ROWS = [
    {"row_id": row, "feature": feature, "value": value, "spliced": spliced, "unspliced": unspliced, ROW: number}
    for number, ((row, feature), (value, spliced, unspliced)) in enumerate(_CELLS.items(), 2)
]


def _matrix(name: str, kind: str, row_type: str, frame: pl.DataFrame, **more: object) -> Matrix:
    return Matrix(name, kind, "tcga.study:ZZ", "counts", row_type, frame, **more)  # type: ignore[arg-type]


def _cells(**more: object) -> Matrix:
    return _matrix(
        "zz_cells", "cell_expression", "cell", pl.DataFrame(_CELL_ROWS), layers=("spliced", "unspliced"), **more
    )


def _long(values: dict[tuple[str, str], float]) -> pl.DataFrame:
    rows = [{"row_id": r, "feature": f, "value": v, ROW: n} for n, ((r, f), v) in enumerate(values.items(), 2)]
    return pl.DataFrame(rows, schema={"row_id": pl.String, "feature": pl.String, "value": pl.Float64, ROW: pl.Int64})


def _read(small: SmallBuild, name: str, **options: object) -> MatrixArrays:
    return read_matrix(small.writer.connection, name, **options)  # type: ignore[arg-type]


def _hash(small: SmallBuild, name: str) -> object:
    return small.rows("SELECT content_hash FROM record.fingerprints WHERE table_name = ?", f"matrix.{name}")


# -- cells x genes: sparse, with layers ------------------------------------------------------------------------------


def test_cells_come_back_as_columns_with_their_ids(small: SmallBuild) -> None:
    small.say("a", stated("Gene", {"id": "hgnc:11998", "symbol": "TP53"}, {"id": "hgnc:6407", "symbol": "KRAS"}))
    small.writer.add_matrix(_cells(), 1)
    small.finish()
    read = _read(small, "zz_cells")
    assert (read.rows, read.features) == (("cell:1", "cell:2", "cell:3"), ("ATM", "KRAS", "TP53"))
    assert read.feature_ids == (None, "hgnc:6407", "hgnc:11998")
    assert (read.row_type, read.feature_type, read.unit, read.is_sparse) == ("cell", "Gene", "counts", True)
    assert isinstance(read.values, SparseColumns)
    assert read.values.indptr.tolist() == [0, 1, 2, 4]
    assert read.values.indices.tolist() == [0, 1, 0, 2]
    assert read.values.data.tolist() == [4.0, 7.0, 1.0, 2.0]
    assert read.dense().tolist() == [[4, 0, 1], [0, 7, 0], [0, 0, 2]]
    assert read.to_scipy().toarray().tolist() == read.dense().tolist()


def test_a_layer_is_read_by_its_name(small: SmallBuild) -> None:
    small.say("a")
    small.writer.add_matrix(_cells(), 1)
    small.finish()
    assert _read(small, "zz_cells", layer="spliced").dense().tolist() == [[0, 0, 1], [0, 7, 0], [0, 0, 1.5]]
    assert _read(small, "zz_cells", layer="unspliced").dense().tolist() == [[4, 0, 0], [0, 0, 0], [0, 0, 0.5]]
    with pytest.raises(QuestionError, match="has no layer 'ambiguous'") as raised:
        _read(small, "zz_cells", layer="ambiguous")
    assert raised.value.hint == "Its layers: spliced, unspliced; without one, its values."


def test_sql_sees_a_row_for_each_value_with_file_and_row(small: SmallBuild) -> None:
    small.say("a", stated("Gene", id="hgnc:11998", symbol="TP53"))
    small.writer.add_matrix(_cells(), 1)
    small.finish()
    columns = [name for name, *_ in small.rows("DESCRIBE zz_cells")]
    provenance = ["source", "release", "file", "row"]
    assert columns == ["row_id", "feature", "gene_id", "value", "spliced", "unspliced", *provenance]
    found = small.rows("""SELECT row_id, gene_id, value, spliced, unspliced, file, "row" FROM zz_cells
        WHERE feature = 'TP53' ORDER BY row_id""")
    assert found == [
        ("cell:1", "hgnc:11998", 1.0, 1.0, None, "a.tsv", 3),
        ("cell:3", "hgnc:11998", 2.0, 1.5, 0.5, "a.tsv", 2),
    ]
    assert small.rows("SELECT count(*), sum(value), max(matrix) FROM cell_expression") == [(4, 14.0, "zz_cells")]
    assert small.rows("SELECT row_type, feature_type, sparse, value_count FROM matrices") == [("cell", "Gene", True, 4)]
    assert small.rows('SELECT row_id, "row" FROM matrix_rows ORDER BY row_id') == [
        ("cell:1", 3),
        ("cell:2", 5),
        ("cell:3", 2),
    ]
    assert small.rows("SELECT feature, feature_id, reason FROM matrix_features ORDER BY feature") == [
        ("ATM", None, "unknown_reference"),
        ("KRAS", None, "unknown_reference"),
        ("TP53", "hgnc:11998", None),
    ]
    # Cells are not patients: nothing is said of them as such, and nothing is set aside.
    assert small.rows("SELECT count(*) FROM matrix_samples") == [(0,)]
    assert small.rows("SELECT count(*) FROM quarantine") == [(0,)]


# -- what else a matrix may be ---------------------------------------------------------------------------------------


def test_drugs_are_the_features_of_cell_lines(small: SmallBuild) -> None:
    small.say("a", stated("Drug", id="chembl.compound:CHEMBL553", name="erlotinib"))
    frame = _long(
        {("A549", "chembl.compound:CHEMBL553"): 5.5, ("HCC827", "chembl.compound:CHEMBL553"): 7.9, ("A549", "x:1"): 1.0}
    )
    small.writer.add_matrix(_matrix("zz_drugs", "drug_response", "cell_line", frame, feature_prefix=""), 1)
    small.finish()
    read = _read(small, "zz_drugs")
    assert read.feature_ids == ("chembl.compound:CHEMBL553", None)
    # Dense: what was not measured is missing, not 0.
    assert np.array_equal(read.dense(), [[5.5, 1.0], [7.9, np.nan]], equal_nan=True)
    assert small.rows("SELECT feature_id, count(*) FROM drug_response GROUP BY ALL ORDER BY ALL") == [
        ("chembl.compound:CHEMBL553", 2),
        (None, 1),
    ]


def test_vectors_have_their_components_in_numerical_order(small: SmallBuild) -> None:
    small.say("a")
    vectors = {"tile:b": np.arange(12) / 8, "tile:a": -np.arange(12.0)}
    frame = pl.DataFrame({"row_id": list(vectors), "vector": [v.tolist() for v in vectors.values()], ROW: [1, 2]})
    small.writer.add_matrix(_matrix("zz_tiles", "embedding", "tile", vector_values(frame)), 1)
    small.finish()
    read = _read(small, "zz_tiles")
    assert read.features == tuple(map(str, range(12)))
    assert read.dense().dtype == np.float32
    assert read.dense().tolist() == [vectors["tile:a"].tolist(), vectors["tile:b"].tolist()]
    assert _read(small, "zz_tiles", features=["10", "2"]).dense().tolist() == [[-10, -2], [1.25, 0.25]]


@pytest.mark.parametrize("vectors", [[[1.0, 2.0], [1.0]], [[1.0, None], [1.0, 2.0]]])
def test_vectors_of_several_lengths_are_refused(small: SmallBuild, vectors: list[list[float]]) -> None:
    small.say("a")
    frame = vector_values(pl.DataFrame({"row_id": ["tile:a", "tile:b"], "vector": vectors, ROW: [1, 2]}))
    small.writer.add_matrix(_matrix("zz_tiles", "embedding", "tile", frame.drop_nulls()), 1)
    with pytest.raises(BuildError, match="'zz_tiles' are not of one length"):
        small.finish()


def test_components_have_numbers(small: SmallBuild) -> None:
    small.say("a")
    with pytest.raises(BuildError, match="components that are not numbered"):
        small.writer.add_matrix(_matrix("x", "embedding", "tile", _long({("a", "first"): 1.0})), 1)


def test_a_matrix_without_values_has_no_rows(small: SmallBuild) -> None:
    small.say("a")
    small.writer.add_matrix(_matrix("x", "expression", "Patient", _long({})), 1)
    small.writer.add_matrix(_matrix("y", "cell_expression", "cell", _long({})), 1)
    small.finish()
    assert _read(small, "x").dense().shape == _read(small, "y").dense().shape == (0, 0)


def test_a_matrix_that_does_not_fit_its_kind_is_refused(small: SmallBuild) -> None:
    small.say("a")
    with pytest.raises(BuildError, match="rows of 'cell'; those of a matrix of expression are Patient or Sample"):
        small.writer.add_matrix(_matrix("x", "expression", "cell", _long({("a", "b"): 1.0})), 1)
    with pytest.raises(BuildError, match="has the layers spliced; those of a matrix of expression are none"):
        small.writer.add_matrix(_matrix("x", "expression", "Patient", pl.DataFrame(_CELL_ROWS), layers=("spliced",)), 1)
    small.writer.add_matrix(_matrix("gene", "expression", "Patient", _long({("a", "b"): 1.0})), 1)
    with pytest.raises(BuildError, match="has the name of a view: gene"):
        small.finish()


def test_bad_values_of_a_layer_are_set_aside_alone() -> None:
    frame = pl.DataFrame(
        {
            "row_id": ["c1", "c2", "c3"],
            "feature": ["TP53"] * 3,
            "value": ["1", "x", None],
            "spliced": ["inf", "2", None],
            "unspliced": ["0", None, None],
            ROW: [2, 3, 4],
        }
    )
    kept, blanked = _check_matrix(
        _matrix("x", "cell_expression", "cell", frame, layers=("spliced", "unspliced")), MODEL
    )
    assert kept.frame.select("row_id", "value", "spliced", "unspliced").rows() == [
        ("c1", 1.0, None, 0.0),
        ("c2", None, 2.0, None),
    ]
    assert blanked.select(ROW, "key", "value", "detail").rows() == [
        (3, "c2", "x", "TP53=x"),
        (2, "c1", "inf", "TP53 (spliced)=inf"),
    ]


# -- choosing rows and features --------------------------------------------------------------------------------------


def test_rows_and_features_come_in_the_order_that_is_asked_for(small: SmallBuild) -> None:
    small.say("a")
    small.writer.add_matrix(_cells(), 1)
    small.finish()
    read = _read(small, "zz_cells", rows=["cell:3", "cell:1"], features=["TP53", "KRAS"])
    assert (read.rows, read.features) == (("cell:3", "cell:1"), ("TP53", "KRAS"))
    assert read.dense().tolist() == [[2, 0], [1, 0]]
    assert isinstance(read.values, SparseColumns)
    assert read.values.indices.tolist() == [0, 1]
    assert _read(small, "zz_cells", rows=[], features=[]).dense().shape == (0, 0)
    assert _read(small, "zz_cells", dtype="float32").dense().dtype == np.float32


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rows": ["cell:9"]}, "These are not rows of zz_cells: cell:9."),
        ({"features": ["a", "b", "c", "d", "e", "f"]}, "These are not features of zz_cells: a, b, c, d, e and 1 more."),
        ({"rows": ["cell:1", "cell:1"]}, "These rows of zz_cells are given more than once: cell:1."),
        ({"rows": "cell:1"}, "The rows of zz_cells are given as one text."),
    ],
)
def test_what_the_matrix_does_not_have_is_refused(small: SmallBuild, options: dict[str, object], message: str) -> None:
    small.say("a")
    small.writer.add_matrix(_cells(), 1)
    small.finish()
    with pytest.raises(QuestionError) as raised:
        _read(small, "zz_cells", **options)
    assert raised.value.message == message


def test_a_matrix_that_is_not_there_is_named(small: SmallBuild) -> None:
    small.say("a")
    small.writer.add_matrix(_cells(), 1)
    small.finish()
    with pytest.raises(QuestionError, match="There is no matrix 'zz_cell'") as raised:
        _read(small, "zz_cell")
    assert raised.value.hint == "Did you mean zz_cells? The table `matrices` lists them."


@pytest.mark.parametrize(("kind", "row_type"), [("expression", "Patient"), ("cell_expression", "cell")])
def test_two_values_of_one_row_and_feature_are_refused(small: SmallBuild, kind: str, row_type: str) -> None:
    small.say("a")
    frame = pl.concat([_long({("a", "b"): 1.0, ("c", "b"): 3.0}), _long({("a", "b"): 2.0})])
    small.writer.add_matrix(_matrix("x", kind, row_type, frame), 1)
    small.finish()
    with pytest.raises(QuestionError, match="x has several values of one row and feature"):
        _read(small, "x")


# -- the same content is the same, however it arrives ----------------------------------------------------------------


def test_parts_in_any_order_are_one_matrix_with_one_hash(new_small: Callable[[], SmallBuild]) -> None:
    values = {(f"p:{r}", f"g{f}"): float(10 * r + f) for r in range(4) for f in range(3)}
    whole = _long(values)
    hashes, arrays = set(), []
    for parts in ([whole], [whole[6:], whole[:6]], [whole[::3], whole[1::3].reverse(), whole[2::3]]):
        small = new_small()
        small.say("a")
        for part in parts:
            small.writer.add_matrix(_matrix("x", "expression", "Patient", part), 1)
        small.finish()
        hashes.add(str(_hash(small, "x")))
        assert small.rows("SELECT complete, row_count, feature_count FROM record.matrices") == [(True, 4, 3)]
        arrays.append(_read(small, "x").dense().tolist())
    assert len(hashes) == 1
    assert arrays == [[[float(10 * r + f) for f in range(3)] for r in range(4)]] * 3


_ids = st.text("abcXYZ019_-.", min_size=1, max_size=4)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    values=st.dictionaries(st.tuples(_ids, _ids), st.floats(-1e6, 1e6), min_size=1, max_size=20),
    sparse=st.booleans(),
    data=st.data(),
)
def test_every_value_comes_back_in_its_place(
    new_small: Callable[[], SmallBuild], values: dict[tuple[str, str], float], sparse: bool, data: st.DataObject
) -> None:
    small = new_small()
    small.say("a")
    frame = _long(values)
    cut = data.draw(st.integers(0, frame.height))
    for part in (frame[:cut], frame[cut:]):
        if part.height:
            small.writer.add_matrix(_matrix("x", "expression", "Patient", part, sparse=sparse), 1)
    small.finish()
    rows = data.draw(st.permutations(sorted({r for r, _ in values})))
    features = data.draw(st.permutations(sorted({f for _, f in values})))
    for chosen in ({}, {"rows": rows}, {"features": features[:1]}, {"rows": rows, "features": features}):
        read = _read(small, "x", **chosen)
        expected = [[values.get((r, f), 0.0 if sparse else np.nan) for f in read.features] for r in read.rows]
        assert np.array_equal(read.dense(), np.array(expected).reshape(read.shape), equal_nan=True)
        assert chosen.get("rows", sorted(rows)) == list(read.rows)


def test_the_warehouse_and_a_run_read_a_matrix(small: SmallBuild) -> None:
    small.say("a")
    small.writer.add_matrix(_cells(), 1)
    small.finish()
    with Warehouse(small.close()) as warehouse:
        assert warehouse.matrix("zz_cells", layer="spliced", features=["KRAS"]).dense().tolist() == [[0], [7], [0]]


def test_a_build_of_another_layout_is_refused(small: SmallBuild) -> None:
    small.say("a")
    small.writer.add_matrix(_cells(), 1)
    small.finish()
    small.writer.connection.execute("UPDATE record.layout SET version = 2")
    with pytest.raises(BuildError, match=r"layout 2.*(?s:.*)Rebuild"):
        _read(small, "zz_cells")


def test_what_may_be_passed_on_has_its_matrices(small: SmallBuild, tmp_path: Path) -> None:
    small.say("a")
    small.writer.add_matrix(_cells(), 1)
    small.finish()
    build = small.close()
    with redistributable(build, tmp_path, MODEL) as (connection, _left_out):
        assert read_matrix(connection, "zz_cells").dense().tolist() == [[4, 0, 1], [0, 7, 0], [0, 0, 2]]


def test_a_source_that_is_taken_out_takes_its_matrices(small: SmallBuild) -> None:
    small.say("a")
    small.writer.add_matrix(_cells(), 1)
    small.finish()
    small.writer.remove_source("a")
    small.finish()
    for table in ("matrices", "matrix_rows", "matrix_features", "feature_meanings"):
        assert small.rows(f"SELECT count(*) FROM record.{table}") == [(0,)]
    with pytest.raises(QuestionError, match="There is no matrix"):
        _read(small, "zz_cells")
