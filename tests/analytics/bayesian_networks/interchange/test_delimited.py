"""Tables as people save them: every layout gives the same values, and what cannot be read without doubt is refused."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.bayesian_networks.data.tables import read_matrix, read_sample_table, read_table, shared_samples
from analytics.bayesian_networks.interchange.delimited import open_table
from analytics.bayesian_networks.interchange.edge_table import read_edge_table
from warehouse.errors import AnalysisError


def _file(folder: Path, text: str | bytes, name: str = "m.tsv") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def _cells(folder: Path, text: str | bytes) -> tuple[tuple[str, ...], list[list[str]]]:
    table = open_table(_file(folder, text))
    return table.header, [row for _place, row in table.rows]


@pytest.mark.parametrize(
    "text",
    [
        "gene,a,b\nTP53,1,NA\nMDM2,3,4\n",
        "\ufeffgene;a;b\r\nTP53;1;NA\r\nMDM2;3;4\r\n",
        "gene\ta\tb\rTP53\t1\tNA\rMDM2\t3\t4",
        "gene,a,b,,\nTP53,1,NA,,\n\n,,,,\nMDM2,3,4,,\n",
        '"gene","a","b"\n"TP53","1",NA\n"MDM2", "3",4\n',
        "## written by a program\n# another line\ngene,a,b\nTP53,1,NA\nMDM2,3,4\n",
        "gene,a,b\nTP53,1,NA,\nMDM2,3,4,\n",
        "gene , a, b \n TP53 ,1, NA\nMDM2,3,4\n",
        "gene,a,b\nTP53,1,NA\nMDM2,3,4\n".encode("utf-16"),
        gzip.compress(b"gene,a,b\nTP53,1,NA\nMDM2,3,4\n", mtime=0),
    ],
)
def test_every_way_of_saving_gives_the_same_table(tmp_path: Path, text: str | bytes) -> None:
    assert _cells(tmp_path, text) == (("gene", "a", "b"), [["TP53", "1", "NA"], ["MDM2", "3", "4"]])


@pytest.mark.parametrize(
    "text",
    [
        "a\tb\nTP53\t1\t2\nMDM2\t3\t4\n",  # write.table(x, sep='\t', quote=FALSE)
        '"a" "b"\n"TP53" 1 2\n"MDM2" 3 4\n',  # write.table(x)
        '"","a","b"\n"TP53",1,2\n"MDM2",3,4\n',  # write.csv(x)
        "a,b\nTP53,1,2\nMDM2,3,4\n",
    ],
)
def test_the_layouts_of_r(tmp_path: Path, text: str) -> None:
    matrix = read_matrix(_file(tmp_path, text))
    assert (matrix.rows, matrix.columns) == (("TP53", "MDM2"), ("a", "b"))
    assert matrix.values.tolist() == [[1, 2], [3, 4]]


def test_r_tables_of_samples_pairs_and_edges(tmp_path: Path) -> None:
    one = read_sample_table(_file(tmp_path, "group\ns1\tA\ns2\tB\n"))
    assert one.column("group") == {"s1": "A", "s2": "B"}
    numbered = read_sample_table(_file(tmp_path, "sample\tgroup\n1\ts1\tA\n2\ts2\tB\n"))
    assert numbered.frame.columns == ["sample", "group"]
    assert numbered.column("group") == {"s1": "A", "s2": "B"}
    pairs = read_table(_file(tmp_path, "pair,before,after\n1,p,a,b\n")).frame
    assert pairs["before"].to_list() == ["a"]
    edges = read_edge_table(_file(tmp_path, '"source" "target" "freq"\n"1" "A" "B" 0.5\n"2" "B" "C" 1\n')).edges
    assert edges.select("source", "target", "freq").rows() == [("A", "B", 0.5), ("B", "C", 1.0)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("gene\ta\tb\ta\nTP53\t1\t2\t3\n", r"line 1: columns named more than once: a \(column 2, column 4\)"),
        ("gene\ta\tb\t a \nTP53\t1\t2\t3\n", r"columns named more than once: a \("),
        ("a\tb\ta\nTP53\t1\t2\t3\n", r"columns named more than once: a \("),
        ("gene\ta\nTP53\t1\nMDM2\t2\n\nTP53\t3\n", r"rows named more than once: TP53 \(line 2, line 5\)"),
        ("gene\ta\t\tb\nTP53\t1\t2\t3\n", "line 1: column 3 has no name"),
        ("gene\ta\nTP53\t1\nNA\t2\n", r"line 3: the row has no name \(NA\)"),
        ("gene\ta\nTP53\t1\n\t2\n", "line 3: the row has no name"),
        ("gene\ta\tb\nTP53\t1\t2\nMDM2\t3\n", "line 3: 2 values for 3 columns"),
        ("gene\ta\tb\nTP53\t1\t2\t3\nMDM2\t1\t2\t3\n", "line 2: 4 values, where the header has 3 names"),
        ("a\tb\nTP53\t1\t2\nMDM2\t3\n", "line 3: 2 values for 3 columns"),
        ("a\tb\nTP53\t1\t\nMDM2\t3\t\n", "one cell more than the header, and the last is always empty"),
        ("gene;a;b\nTP53;1,5;2\n", r"line 2, column 'a': '1,5' is not a number.(.|\n)*with a point"),
        ("gene,a,b\nTP53,1,5,2,5\n", "line 2: 5 values for 3 columns"),
        ("gene\ta\nTP53\t1_000\n", "'1_000' is not a number"),
        ("gene\ta\nTP53\tInf\n", "line 2, column 'a': 'Inf' is infinite"),
        ("gene\ta\nTP53\t>89\n", "'>89' is not a number"),
        ("gene\ta\nTP53\t#DIV/0!\n", "'#DIV/0!' is not a number"),
        ('gene,a\n"TP53,1\nMDM2,2\n', "line 2: a quotation mark is opened and not closed"),
        ('gene,a\nTP53,1\n"MD"M2,2\n', "line 3: a quotation mark is opened"),
        ("", "is empty"),
        ("\n\n", "is empty"),
        ("gene\ta\n", "is not a matrix"),
        (b"PK\x03\x04rest", "an Excel workbook"),
        (b"PAR1rest", "Parquet"),
        (b"gene\ta\nTP53\t\xb5\n", "line 2: not UTF-8 text"),
        (b"gene\ta\nTP53\t\x00\n", "bytes that are zero"),
    ],
)
def test_what_is_in_doubt_is_refused_with_its_place(tmp_path: Path, text: str | bytes, message: str) -> None:
    with pytest.raises(AnalysisError, match=message) as caught:
        read_matrix(_file(tmp_path, text))
    assert caught.value.message.startswith(str(tmp_path / "m.tsv"))
    assert caught.value.hint
    for inner in ("polars", "schema", "dtype", "Duplicate", "csv.", "column_"):
        assert inner not in str(caught.value)


def test_repeated_names_in_parquet_and_in_tables_of_samples(tmp_path: Path) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    path = tmp_path / "m.parquet"
    parquet.write_table(
        pa.table([pa.array(["TP53"]), pa.array([1.0]), pa.array([2.0])], names=["gene", "a", "a"]), path
    )
    with pytest.raises(AnalysisError, match="columns named more than once: a"):
        read_matrix(path)
    pl.DataFrame({"gene": ["TP53", "TP53"], "a": [1.0, 2.0]}).write_parquet(path)
    with pytest.raises(AnalysisError, match=r"rows named more than once: TP53 \(row 1, row 2\)"):
        read_matrix(path)
    # pandas keeps the names of rows in a column of its own at the end.
    pl.DataFrame({"a": [1.0, 2.0], "__index_level_0__": ["TP53", "MDM2"]}).write_parquet(path)
    assert read_matrix(path).rows == ("TP53", "MDM2")
    for text, message in (
        ("sample,group,group\ns1,A,B\n", r"columns named more than once: group"),
        ("sample,group\ns1,A\ns2,B\n s1 ,B\n", r"samples named more than once: s1 \(line 2, line 4\)"),
        ("sample,group\ns1,A\n,B\n", "line 3: no name in the column 'sample'"),
        ("what,s1,s2\ngroup,A,B\ngroup,B,A\n", r"attributes named more than once: group \(line 2, line 3\)"),
        ("what,s1,s2,s1\ngroup,A,B,B\n", "columns named more than once: s1"),
    ):
        with pytest.raises(AnalysisError, match=message):
            read_sample_table(_file(tmp_path, text, "s.csv"), ["s1", "s2"])


def test_names_that_r_writes_alike_are_not_mixed_up(tmp_path: Path) -> None:
    matrix = read_matrix(_file(tmp_path, "gene,a.1,b.1,X1\nTP53,1,2,3\n"))
    table = read_sample_table(_file(tmp_path, "sample,group\na-1,A\nb-1,B\nb 1,B\n", "s.csv"))
    with pytest.raises(AnalysisError, match="'b-1' and 'b 1' are written alike"):
        shared_samples(matrix, table)
    both = read_matrix(_file(tmp_path, "gene,X1_a,1_a,X2_a\nTP53,1,2,3\n"))
    table = read_sample_table(_file(tmp_path, "sample,group\n1_a,A\n2_a,B\n", "s.csv"))
    with pytest.raises(AnalysisError, match=r"samples named more than once: 1_a \(X1_a, 1_a\)"):
        shared_samples(both, table)


def test_words_for_missing_are_counted_and_a_value_is_no_such_word(tmp_path: Path) -> None:
    matrix = read_matrix(
        _file(tmp_path, "gene\ta\tb\tc\tA1CF\tX\nTP53\tNA\tn/a\t-\t.\tNaN\nMDM2\t\tnull\tNone\t1\t2\n")
    )
    assert np.isnan(matrix.values).sum() == 8
    assert matrix.notes == (
        "m.tsv: 8 cells were read as missing values (1 empty, 1 -, 1 ., 1 NA, 1 NaN, 1 None, 1 n/a, 1 null).",
    )
    table = read_sample_table(_file(tmp_path, "sample,drug,kras\na,none,-\nb,NA,+\nc,None,\n", "s.csv"))
    # A control without a drug is a group.
    assert table.column("drug") == {"a": "none", "c": "None"}
    assert table.column("kras") == {"a": "-", "b": "+"}
    assert table.notes == ("s.csv: 2 cells were read as missing values (1 empty, 1 NA).",)


# -- messy tables ---------------------------------------------------------------------------------------------------

_NAMES = st.text(st.sampled_from("ABCXYZabc019._-|: ()é'"), min_size=1, max_size=8).map(lambda name: f"G{name.strip()}")
_MISSING = st.sampled_from(["", "NA", "nan", "N/A", "null", "None", "-", "."])
_ODD = st.sampled_from([">89", "1,5", "1_0", "inf", "1e999", "#N/A!", "0x1", "yes", "1 2", "--", "٣", "1.2.3"])


@dataclass(frozen=True)
class Messy:
    """A table, how it is written, and what is wrong with it."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: tuple[tuple[str, ...], ...]
    text: str
    fault: str


@st.composite
def messy_tables(draw: st.DrawFn) -> Messy:
    names = draw(st.lists(_NAMES, min_size=4, max_size=9, unique=True))
    cut = draw(st.integers(2, len(names) - 2))
    rows, columns = names[:cut], names[cut:]
    number = st.floats(-1e6, 1e6).map(repr)
    cells = [[draw(st.one_of(number, number, _MISSING)) for _ in columns] for _ in rows]
    fault = draw(st.sampled_from(["", "", "row", "column", "cell", "short", "long", "nameless"]))
    head, body = list(columns), [[name, *own] for name, own in zip(rows, cells, strict=True)]
    place = draw(st.integers(0, len(rows) - 1))
    if fault == "row":
        body.append([rows[place], *cells[place]])
    elif fault == "column":
        head[-1] = head[0]
    elif fault == "cell":
        body[place][-1] = draw(_ODD)
    elif fault == "short":
        body[place].pop()
    elif fault == "long":
        body[place] += ["", "7", ""]
    elif fault == "nameless":
        body[place][0] = draw(st.sampled_from(["", "NA"]))
        body[place][1] = "1"
    mark = draw(st.sampled_from(["\t", ",", ";"]))
    quote = draw(st.booleans()) or any(mark in cell for row in body for cell in row)
    shown = [[f'"{cell}"' if quote and cell else cell for cell in row] for row in [["gene", *head], *body]]
    pad = draw(st.sampled_from(["", " "]))
    lines = [mark.join(pad + cell + pad if not quote else cell for cell in row) for row in shown]
    if fault not in {"short", "long"} and draw(st.booleans()):
        tail = mark * draw(st.integers(1, 3))
        lines = [line + tail for line in lines]
    for _ in range(draw(st.integers(0, 2))):
        lines.insert(draw(st.integers(1, len(lines))), draw(st.sampled_from(["", " ", mark * 2])))
    end = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    text = draw(st.sampled_from(["", "\ufeff"])) + end.join(lines) + draw(st.sampled_from(["", end, end * 2]))
    return Messy(tuple(rows), tuple(columns), tuple(map(tuple, cells)), text, fault)


def _as_number(cell: str) -> float:
    return float("nan") if cell in {"", "NA", "nan", "N/A", "null", "None", "-", "."} else float(cell)


@settings(max_examples=300, deadline=None)
@given(messy=messy_tables())
def test_messy_tables_are_read_whole_or_refused(messy: Messy, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = _file(tmp_path_factory.mktemp("messy"), messy.text)
    if messy.fault:
        with pytest.raises(AnalysisError) as caught:
            read_matrix(path)
        assert str(path) in caught.value.message
        assert "line" in caught.value.message
        return
    matrix = read_matrix(path)
    assert (matrix.rows, matrix.columns) == (messy.rows, messy.columns)
    expected = np.array([[_as_number(cell) for cell in row] for row in messy.cells])
    assert np.array_equal(matrix.values, expected, equal_nan=True)
    missing = int(np.isnan(expected).sum())
    assert matrix.notes == () if not missing else matrix.notes[0].startswith(f"m.tsv: {missing} cell")
    # The same text as attributes of samples: every row and every text that does not say that it is missing is kept.
    table = read_sample_table(path)
    assert tuple(table.frame["sample"]) == messy.rows
    for number, name in enumerate(messy.columns):
        words = [row[number] for row in messy.cells]
        kept = [None if word in {"", "NA", "nan", "N/A", "null"} else word for word in words]
        assert table.frame[name].to_list() == kept
