"""Files of identifiers: lists and tables, as people and spreadsheets save them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warehouse.analyst.columns import identifiers_of, table_columns, text_of
from warehouse.errors import QuestionError


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("gene,fold\nTP53,2\nEGFR,1\n", {"gene": ["TP53", "EGFR"], "fold": ["2", "1"]}),
        ("Gene Symbol;x\nTP53;a\n", {"Gene Symbol": ["TP53"], "x": ["a"]}),
        ("TP53\t2.5\nEGFR\t-1e-3\n", {"column 1": ["TP53", "EGFR"], "column 2": ["2.5", "-1e-3"]}),
        ("hit\tscore\nTP53\t2,5\nEGFR\t\n", {"hit": ["TP53", "EGFR"], "score": ["2,5", ""]}),
        ('# question: x\n# build: y\nid,name\nhgnc:1,"a, b"\n', {"id": ["hgnc:1"], "name": ["a, b"]}),
        ("id,id\na,b\n", {"id": ["a"], "id (2)": ["b"]}),
        ("TP53\nEGFR\n", {}),
        # Row names as R writes them: with an empty heading, or with none.
        ('"","gene","p"\n"1","TP53",0.1\n', {"column 1": ["1"], "gene": ["TP53"], "p": ["0.1"]}),
        (
            "gene\tp\n1\tTP53\t0.1\n2\tMYC\t0.2\n",
            {"column 1": ["1", "2"], "gene": ["TP53", "MYC"], "p": ["0.1", "0.2"]},
        ),
        (
            "TP53\t1\t2\nEGFR\t2\nMYC\n",
            {"column 1": ["TP53", "EGFR", "MYC"], "column 2": ["1", "2", ""], "column 3": ["2", "", ""]},
        ),
        ("gene,p\n#N/A,1\n", {"gene": ["#N/A"], "p": ["1"]}),
        # Commas stand between names, too.
        ("carcinoma, hepatocellular\ncarcinoma, lung\n", {}),
        ("TP53, EGFR\nKRAS, MYC\n", {}),
        ("TP53,EGFR,KRAS", {}),
        ("TP53, EGFR\nKRAS\nMYC\n", {}),
        ("", {}),
        ('"never closed,' + "x" * 200_000 + "\\na,b", {}),
    ],
)
def test_what_is_a_table(text: str, columns: dict[str, list[str]]) -> None:
    assert table_columns(text) == columns


def test_a_column_that_numbers_the_rows_is_passed_over() -> None:
    assert identifiers_of('"","gene","p"\n"1","TP53",0.1\n"2",NA,1\n') == (["TP53", "NA"], "gene")
    assert identifiers_of("gene\tp\n1\tTP53\t0.1\n2\tMYC\t0.2\n") == (["TP53", "MYC"], "gene")


def test_one_column_is_read(tmp_path: object) -> None:
    table = "n,gene\n7157,TP53\n1956,\n"
    assert identifiers_of(table) == (["7157", "1956"], "n")
    assert identifiers_of(table, "gene") == (["TP53", ""], "gene")
    assert identifiers_of(table, "2") == (["TP53", ""], "gene")
    assert identifiers_of("TP53, EGFR\nlung cancer") == (["TP53, EGFR", "lung cancer"], None)
    assert identifiers_of("TP53\tEGFR") == (["TP53", "EGFR"], None)
    assert identifiers_of("gene\nTP53\nEGFR") == (["TP53", "EGFR"], "gene")
    with pytest.raises(QuestionError, match="no column 'genes'"):
        identifiers_of(table, "genes")
    with pytest.raises(QuestionError, match="not a table"):
        identifiers_of("TP53", "gene")


@settings(max_examples=50)
@given(st.binary(max_size=60))
def test_any_bytes_are_text_or_refused(content: bytes) -> None:
    try:
        text = text_of(content, "hits.csv")
    except QuestionError as error:
        assert "hits.csv" in str(error)
    else:
        assert isinstance(identifiers_of(text)[0], list)


@settings(max_examples=50)
@given(st.text(alphabet='aB1,;\t"\n#-\u2028', max_size=60))
def test_any_text_has_columns_of_equal_length(text: str) -> None:
    columns = table_columns(text)
    assert len({len(column) for column in columns.values()}) <= 1
    assert len(columns) != 1


def test_a_first_row_without_its_last_cell_is_a_row() -> None:
    """Only headings are moved to the right, as R writes them; a name is never lost to them."""
    assert identifiers_of("TP53\nEGFR\toncogene\nKRAS\toncogene\n") == (["TP53", "EGFR", "KRAS"], "column 1")
    assert identifiers_of("TP53, MYC\nEGFR\tKRAS\n")[0] == ["TP53, MYC", "EGFR"]
    assert identifiers_of("fold\nTP53\t2.1\nEGFR\t3\n")[0] == ["TP53", "EGFR"]
