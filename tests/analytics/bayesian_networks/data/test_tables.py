"""Matrices and attributes of samples from files, either way round."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from analytics.bayesian_networks.data.dataset import Dataset, Kind
from analytics.bayesian_networks.data.selection import (
    groups_of_column,
    quantile_groups,
    strata_of_names,
    with_attributes,
)
from analytics.bayesian_networks.data.tables import read_matrix, read_sample_table, shared_samples
from warehouse.errors import AnalysisError

GENES_IN_ROWS = "gene,X1_a,X1_b,X2_a\nTP53,1,2,NA\nMDM2,4,5.5,6\n"


def _write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return path


@pytest.mark.parametrize("name", ["m.csv", "m.csv.gz", "m.tsv", "m.parquet"])
def test_a_matrix_of_any_format(tmp_path: Path, name: str) -> None:
    text = GENES_IN_ROWS.replace(",", "\t") if name == "m.tsv" else GENES_IN_ROWS
    path = _write(tmp_path, name, text)
    if name == "m.parquet":
        pl.read_csv(GENES_IN_ROWS.encode(), null_values="NA").write_parquet(path)
    matrix = read_matrix(path)
    assert matrix.rows == ("TP53", "MDM2")
    assert matrix.columns == ("X1_a", "X1_b", "X2_a")
    assert matrix.values[1].tolist() == [4, 5.5, 6]
    assert np.isnan(matrix.values[0, 2])
    assert matrix.transposed().values.shape == (3, 2)


def test_an_edf_file(tmp_path: Path) -> None:
    matrix = read_matrix(_write(tmp_path, "m.edf", "$Title t\nTP53\t1\t2\t3\nMDM2\t4\t5\t6\n"))
    assert matrix.rows == ("s1", "s2", "s3")
    assert matrix.columns == ("TP53", "MDM2")


@pytest.mark.parametrize("turned", [False, True])
def test_attributes_either_way_round_find_the_samples(tmp_path: Path, turned: bool) -> None:
    matrix = read_matrix(_write(tmp_path, "m.csv", GENES_IN_ROWS))
    upright = "sample,group,age\n1_a,mild,50\n1_b,severe,51\n2_a,mild,\n"
    lying = ",1_a,1_b,2_a\ngroup,mild,severe,mild\nage,50,51,\n"
    path = _write(tmp_path, "s.csv", lying if turned else upright)
    table = read_sample_table(path, (*matrix.rows, *matrix.columns))
    matrix, table = shared_samples(matrix, table)
    # R writes X in front of a digit.
    assert matrix.rows == ("1_a", "1_b", "2_a")
    assert matrix.columns == ("TP53", "MDM2")
    assert table.column("group") == {"1_a": "mild", "1_b": "severe", "2_a": "mild"}
    assert table.column("age") == {"1_a": "50", "1_b": "51"}
    with pytest.raises(AnalysisError, match=r"no column 'stage'(.|\n)*group, age"):
        table.column("stage")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("gene,a,b\nTP53,1,x\n", r"line 2, column 'b': 'x' is not a number"),
        ("gene\nTP53\n", "is not a matrix"),
        ("gene,a,b\nTP53,1,2\nMDM2,1,2,3,4\n", "line 3: 5 values for 3 columns"),
        ("gene,a,b\nTP53,1,2\nMDM2,1\n", "line 3: 2 values for 3 columns"),
        ("", "is empty"),
    ],
)
def test_a_bad_matrix_is_told_with_its_place(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(AnalysisError, match=message):
        read_matrix(_write(tmp_path, "m.csv", text))


def test_a_truncated_archive_is_told(tmp_path: Path) -> None:
    whole = gzip.compress(b"gene,a,b\n" + b"".join(b"G%d,%d,%d\n" % (n, n, 7 * n) for n in range(500)))
    path = tmp_path / "m.csv.gz"
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(AnalysisError, match="truncated or damaged"):
        read_matrix(path)


def test_files_that_do_not_fit_are_told(tmp_path: Path) -> None:
    with pytest.raises(AnalysisError, match="cannot be read"):
        read_matrix(tmp_path / "none.csv")
    with pytest.raises(AnalysisError, match="more than once: a"):
        read_sample_table(_write(tmp_path, "twice.csv", "sample,group\na,1\na,2\n"))
    matrix = read_matrix(_write(tmp_path, "m.csv", GENES_IN_ROWS))
    table = read_sample_table(_write(tmp_path, "s.csv", "sample,group\nq,1\nr,2\n"))
    with pytest.raises(AnalysisError, match=r"No two samples of .*(.|\n)*names q, r"):
        shared_samples(matrix, table)


def test_a_column_makes_groups() -> None:
    stage = {"a": "I", "b": "II", "c": "I", "d": "III"}
    assert groups_of_column("stage", stage) == {"I": ["a", "c"], "II": ["b"], "III": ["d"]}
    assert list(groups_of_column("stage", stage, ["III", "I"])) == ["III", "I"]
    age = {name: str(value) for name, value in zip("abcdefg", [50, 61, 42, 70, 55, 66, 38], strict=True)}
    assert groups_of_column("age", age) == {
        "age up to 55": ["a", "c", "e", "g"],
        "age above 55": ["b", "d", "f"],
    }
    with pytest.raises(AnalysisError, match=r"no value IV(.|\n)*I, II, III"):
        groups_of_column("stage", stage, ["IV", "I"])
    with pytest.raises(AnalysisError, match="no value in any sample"):
        groups_of_column("stage", {})


def test_numbers_with_texts_among_them_are_neither_groups_nor_variables() -> None:
    age = dict(zip("abcdefgh", ["60", "61", "62", "63", "64", "65", ">89", "60"], strict=True))
    with pytest.raises(AnalysisError, match="'age' holds 6 different numbers and also >89"):
        groups_of_column("age", age)
    data = Dataset.of(np.random.default_rng(1).normal(size=(8, 2)), ("TP53", "EGFR"), tuple("abcdefgh"))
    with pytest.raises(AnalysisError, match="also >89"):
        with_attributes(data, {"age": age}, {})
    assert list(groups_of_column("grade", {"a": "1", "b": "2", "c": "3", "d": "X"})) == ["1", "2", "3", "X"]
    with pytest.raises(AnalysisError, match="'tissue' is tumour in all 2 samples"):
        groups_of_column("tissue", {"a": "tumour", "b": "tumour"})


def test_quantiles_make_groups() -> None:
    values = dict(zip("abcdefgh", range(8), strict=True))
    assert quantile_groups("EGFR", values) == {"EGFR low": ["a", "b"], "EGFR high": ["g", "h"]}
    with pytest.raises(AnalysisError, match=r"at most 0\.5"):
        quantile_groups("EGFR", values, 0.7)


def test_quantiles_of_equal_values_are_refused() -> None:
    # 0 in seven of eight samples: which of them were "high" would hang on their names.
    values = {**dict.fromkeys("abcdefg", 0.0), "h": 5.0}
    with pytest.raises(AnalysisError, match="EGFR is 0 in 7 of 8 samples"):
        quantile_groups("EGFR", values)
    assert quantile_groups("EGFR", values, 0.125) == {"EGFR low": ["a"], "EGFR high": ["h"]}


@pytest.mark.parametrize(
    "column", ["Entrez_Gene_Id", "ENTREZID", "Length", "effective_length", "GeneID", "Chr", "index", "Unnamed: 0"]
)
def test_columns_that_describe_genes_are_no_samples(tmp_path: Path, column: str) -> None:
    path = _write(tmp_path, "m.tsv", f"Hugo_Symbol\t{column}\tS1\tS2\nTP53\t7157\t1\t2\nEGFR\t1956\t3\t4\n")
    with pytest.raises(AnalysisError, match=f"describe genes(.|\n)*{column}"):
        read_matrix(path)


def test_words_of_clinical_tables_for_missing_values(tmp_path: Path) -> None:
    path = _write(tmp_path, "s.tsv", "sample\tstage\na\tI\nb\t[Not Available]\nc\t'--\nd\tnot reported\ne\tnone\n")
    assert read_sample_table(path).column("stage") == {"a": "I", "e": "none"}


def test_strata_from_names() -> None:
    assert strata_of_names(r"(\d+)_", ["190_56", "204_1"]) == {"190_56": "190", "204_1": "204"}
    for pattern, message in ((r"(\d+", "no regular expression"), (r"\d", "has 0 groups"), (r"(z)", "does not match")):
        with pytest.raises(AnalysisError, match=message):
            strata_of_names(pattern, ["190_56"])


def test_attributes_become_variables_with_kinds_and_tiers() -> None:
    dataset = Dataset.of(np.random.default_rng(0).normal(size=(4, 2)), ["TP53", "MDM2"], list("abcd"))
    attributes = {
        "age": dict(zip("abcd", ["50", "61", "42.5", "70"], strict=True)),
        "stage": {"a": "I", "b": "II", "d": "III"},
        "smoker": {"a": "0", "b": "1", "c": "0"},
    }
    more = with_attributes(dataset, attributes, {"smoker": 1})
    assert more.variables == ("TP53", "MDM2", "age", "stage", "smoker")
    assert more.tiers.tolist() == [1, 1, 0, 2, 1]
    assert more.kinds[2:] == (Kind.CONTINUOUS, Kind.CATEGORICAL, Kind.BINARY)
    assert more.levels == {"stage": ("I", "II", "III")}
    assert np.isnan(more.values[2, 3])
    assert np.isnan(more.values[3, 4])
