"""A user's tables: what the rows are is declared or recognised, and refused where it is not clear."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.etl.user_data.cases import GENES, built, read_all, write_text
from warehouse.errors import SourceError
from warehouse.warehouse import Warehouse

_VALUES = {
    ("user.sample:trial.P1", "TP53"): 1.5,
    ("user.sample:trial.P1", "EGFR"): 2.0,
    ("user.sample:trial.P2", "TP53"): -3.0,
    ("user.sample:trial.P2", "EGFR"): 0.0,
}
_BY_GENE = "gene\tP1\tP2\nTP53\t1.5\t-3\nEGFR\t2\t0\n"
_BY_SAMPLE = "sample\tTP53\tEGFR\nP1\t1.5\t2\nP2\t-3\t0\n"


@pytest.mark.parametrize("text", [_BY_GENE, _BY_SAMPLE, _BY_GENE.replace("gene", "Gene_Symbol")])
@pytest.mark.parametrize("end", [".matrix.tsv", ".matrix.csv", ".matrix.tsv.gz"])
def test_the_header_says_what_the_rows_are(tmp_path: Path, text: str, end: str) -> None:
    write_text(tmp_path / f"trial{end}", text.replace("\t", ",") if "csv" in end else text)
    read = read_all("user_tables", tmp_path)
    assert read.values("user_trial_expression") == _VALUES
    assert sorted(row["id"] for row in read.rows("Sample")) == ["user.sample:trial.P1", "user.sample:trial.P2"]
    assert read.rows("Cohort") == [{"id": "user.cohort:trial", "name": "trial"}]


@pytest.mark.parametrize("side", ["genes", "samples"])
def test_a_description_says_what_the_rows_are(tmp_path: Path, side: str) -> None:
    text = _BY_GENE if side == "genes" else _BY_SAMPLE
    write_text(tmp_path / "trial.tsv", "id" + text[text.index("\t") :])
    write_text(tmp_path / "trial.tsv.targetgraph.json", f'{{"rows": "{side}", "unit": "log2(TPM + 1)"}}')
    read = read_all("user_tables", tmp_path)
    assert read.values("user_trial_expression") == _VALUES
    assert read.batches[0].matrices[0].unit == "log2(TPM + 1)"


def test_ids_say_what_the_rows_are(tmp_path: Path) -> None:
    write_text(tmp_path / "a.matrix.tsv", f"\tP1\tP2\n{GENES[0]}.17\t1\t2\n{GENES[1]}\t3\t4\n")
    write_text(tmp_path / "b.matrix.tsv", f"id\t{GENES[0]}\t{GENES[1]}\nP1\t1\t3\nP2\t2\t4\n")
    write_text(tmp_path / "c.matrix.tsv", "id\tTCGA-02-0001-01\tTCGA-02-0002-11\nTP53\t1\t2\n")
    read = read_all("user_tables", tmp_path)
    assert read.values("user_a_expression")["user.sample:a.P2", f"{GENES[0]}.17"] == 2
    assert read.values("user_b_expression")["user.sample:b.P1", GENES[1]] == 3
    assert read.values("user_c_expression")["tcga.sample:TCGA-02-0002-11", "TP53"] == 2


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("id\tP1\tP2\nTP53\t1\t2\n", "it cannot be known whether its rows are genes or samples"),
        (f"id\t{GENES[0]}\n{GENES[1]}\t1\n", "it cannot be known"),
        ("id\nTP53\n", "the table has one column"),
        ("sample\t_names\nP1\t1\n", "a column is called _names"),
        ("sample\t_ids\nP1\t1\n", "a column is called _ids"),
        ("gene,P1\nTP53,1\n", "the table has one column"),
        ("", "the file is empty"),
    ],
)
def test_what_is_not_clear_is_refused(tmp_path: Path, text: str, match: str) -> None:
    write_text(tmp_path / "trial.matrix.tsv", text)
    with pytest.raises(SourceError, match=rf"trial\.matrix\.tsv: {match}"):
        read_all("user_tables", tmp_path)


def test_a_column_named_as_the_number_of_a_row_is_refused(tmp_path: Path) -> None:
    write_text(tmp_path / "trial.matrix.tsv", "gene\t_row\nTP53\t1\n")
    with pytest.raises(SourceError, match=r"trial\.matrix\.tsv, line 1: a column is called _row"):
        read_all("user_tables", tmp_path)


@pytest.mark.parametrize("text", ["gene\tP 1\tP_1\tü\nTP53\t1\t2\t3\n", "sample\tTP53\nP 1\t1\nP_1\t2\nü\t3\n"])
def test_samples_may_have_any_name(tmp_path: Path, text: str) -> None:
    write_text(tmp_path / "trial.matrix.tsv", text)
    read = read_all("user_tables", tmp_path)
    names = {"user.sample:trial.P%201": "P 1", "user.sample:trial.P_1": "P_1", "user.sample:trial.%C3%BC": "ü"}
    assert {row["id"]: row["name"] for row in read.rows("Sample")} == names
    assert read.values("user_trial_expression") == {(id_, "TP53"): n for n, id_ in enumerate(names, 1)}


def test_samples_with_a_column_id_are_read(tmp_path: Path) -> None:
    write_text(tmp_path / "trial.matrix.tsv", "sample\tid\tTP53\nP1\t7\t1\n")
    values = read_all("user_tables", tmp_path).values("user_trial_expression")
    assert values == {("user.sample:trial.P1", "id"): 7, ("user.sample:trial.P1", "TP53"): 1}


def test_a_description_with_another_word_is_refused(tmp_path: Path) -> None:
    write_text(tmp_path / "trial.matrix.tsv", _BY_GENE)
    write_text(tmp_path / "trial.matrix.tsv.targetgraph.json", '{"rows": "columns"}')
    with pytest.raises(SourceError, match="says rows: 'columns'; say genes or samples"):
        read_all("user_tables", tmp_path)


@pytest.mark.parametrize(
    ("text", "reasons", "cells"),
    [
        ("gene\tP1\tP2\nTP53\t1\tx\nTP53\t5\t6\n\t1\t2\nEGFR\t2\n", 3, 1),
        ("sample\tTP53\tEGFR\nP1\t1\tx\nP1\t5\t6\n\t1\t2\nP2\t2\n", 3, 1),
    ],
)
def test_bad_rows_and_values_are_set_aside(tmp_path: Path, text: str, reasons: int, cells: int) -> None:
    write_text(tmp_path / "trial.matrix.tsv", text)
    read = read_all("user_tables", tmp_path)
    assert list(read.values("user_trial_expression").values()) == [1.0]
    assert sum(read.reasons.values()) == reasons
    assert sum(read.ledgers[0].cells.values()) == cells


def test_a_table_becomes_a_cohort_whose_samples_are_known(tmp_path: Path) -> None:
    write_text(tmp_path / "raw" / "trial.matrix.tsv", _BY_GENE)
    home = built(tmp_path / "raw", tmp_path / "home")
    with Warehouse.open(home.root) as warehouse:
        rows = warehouse.sql("SELECT sample_id, feature, value FROM user_trial_expression ORDER BY ALL").rows()
        assert {(sample, feature): value for sample, feature, value in rows} == _VALUES
        reasons = warehouse.sql("SELECT feature, reason FROM matrix_features ORDER BY 1").rows()
        assert reasons == [("EGFR", "unknown_reference"), ("TP53", "unknown_reference")], "no source states a gene"
        assert warehouse.query("MATCH (s:Sample) RETURN s.name ORDER BY s.name").rows() == [("P1",), ("P2",)]
