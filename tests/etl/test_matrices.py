"""Matrices of publishers: every value of a file is in the build once, or is recorded as set aside."""

from __future__ import annotations

import csv as csv_module
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.build import Plan, build
from etl.formats import Delimited, csv, tsv
from etl.locate import FoundFile
from etl.reading import new_ledger, read
from etl.rows import Ledger
from etl.source import source
from etl.sources._tcga import MISSING
from tests.conftest import SmallBuild, stated
from warehouse.errors import SourceError
from warehouse.home import Home
from warehouse.statements import ROW, Matrix
from warehouse.warehouse import Warehouse

GENES = ("TP53", "KRAS", "EGFR")
SAMPLES = tuple(f"TCGA-ZZ-A00{number}-01" for number in range(1, 4))


def _matrix(name: str, genes: int, samples: int, prefix: str) -> Matrix:
    ids = [f"tcga.sample:{sample}" for sample in SAMPLES[:samples]]
    names = [gene if prefix else f"hgnc.symbol:{gene}" for gene in GENES[:genes]]
    cells = [(row_id, gene, float(i * 10 + j), i + 2) for i, gene in enumerate(names) for j, row_id in enumerate(ids)]
    schema = {"row_id": pl.String, "feature": pl.String, "value": pl.Float64, ROW: pl.Int64}
    frame = pl.DataFrame(cells, schema=schema, orient="row")
    return Matrix(name, "expression", "tcga.study:ZZ", "counts", "Sample", frame, prefix)


@pytest.mark.parametrize("prefixes", [(), ("",), ("hgnc.symbol",), ("", ""), ("", "hgnc.symbol"), ("hgnc.symbol",) * 3])
@pytest.mark.parametrize(("genes", "samples"), [(1, 1), (2, 3), (3, 1)])
def test_every_value_is_asked_for_once(small: SmallBuild, prefixes: tuple[str, ...], genes: int, samples: int) -> None:
    """However many matrices, genes and samples a build has: joins multiply nothing."""
    rows: list[dict[str, object]] = [
        {"id": f"hgnc:{number}", "symbol": symbol} for number, symbol in enumerate(GENES, 1)
    ]
    small.say("hgnc", stated("Gene", *rows))
    for number, prefix in enumerate(prefixes):
        small.writer.add_matrix(_matrix(f"m{number}", genes, samples, prefix), 1)
    small.finish()
    assert small.rows("SELECT count(*) FROM expression") == [(genes * samples * len(prefixes),)]
    assert small.rows("SELECT count(*) FROM features") == [(genes * len(set(prefixes)),)]
    # One gene in one matrix: one value for each sample.
    repeated = "SELECT matrix, gene_id, sample_id FROM expression GROUP BY ALL HAVING count(*) > 1 OR gene_id IS NULL"
    assert small.rows(repeated) == []
    for number in range(len(prefixes)):
        assert small.rows(f"SELECT sum(value) FROM m{number}") == [
            (float(sum(10 * i + j for i in range(genes) for j in range(samples))),)
        ]


@pytest.mark.parametrize(
    ("features", "kept"), [(["P53", "TP53"], "TP53"), (["TP53", "P53"], "TP53"), (["OLD53", "P53"], "OLD53")]
)
def test_of_two_features_that_mean_one_gene_one_means_it(small: SmallBuild, features: list[str], kept: str) -> None:
    """The gene's symbol goes first, then the row that comes first; the other is there by its own name."""
    gene = {"id": "hgnc:1", "symbol": "TP53", "previous_symbols": ["OLD53"], "aliases": ["P53"]}
    small.say("hgnc", stated("Gene", gene))
    rows = [("tcga.sample:S", feature, float(number), number) for number, feature in enumerate([*features, "X"], 2)]
    frame = pl.DataFrame(rows, schema=["row_id", "feature", "value", ROW], orient="row")
    small.writer.add_matrix(Matrix("m", "expression", "tcga.study:ZZ", "counts", "Sample", frame), 1)
    small.finish()
    assert small.rows("SELECT feature FROM expression WHERE gene_id = 'hgnc:1'") == [(kept,)]
    assert small.rows("SELECT count(*) FROM m") == [(3,)]
    (other,) = {*features} - {kept}
    entry = (
        2 + features.index(other),
        "resolve",
        "row",
        "duplicate_key",
        "hgnc:1",
        f"{other}: {kept} means the same gene",
    )
    told = """SELECT "row", stage, scope, reason, key, detail FROM quarantine WHERE reason = 'duplicate_key'"""
    assert small.rows(told) == [entry]


def test_a_sample_of_two_patients_multiplies_no_value(small: SmallBuild) -> None:
    ends = [{"subject": f"tcga:P{number}", "object": "tcga.sample:S"} for number in (1, 2)]
    small.say("a", stated("Patient", {"id": "tcga:P1"}, {"id": "tcga:P2"}), stated("Sample", id="tcga.sample:S"))
    small.say("a", stated("HAS_SAMPLE", *ends))
    frame = pl.DataFrame({"row_id": ["tcga.sample:S"], "feature": ["TP53"], "value": [1.0], ROW: [2]})
    small.writer.add_matrix(Matrix("m", "expression", "tcga.study:ZZ", "counts", "Sample", frame), 1)
    small.finish()
    assert small.rows("SELECT patient_id, sample_id, value FROM m") == [(None, "tcga.sample:S", 1.0)]


def _read(name: str, part: str, path: Path, text: str | bytes) -> tuple[dict[tuple[str, str], float], Ledger]:
    """The values of a matrix by feature and row, as a source reads them, and the account of its file."""
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    found = FoundFile(name, part, path, path.name, "1", "0" * 64, 1, None, True)
    ledger = new_ledger(found, source(name).options)
    frames = [m.frame for batch in read(found, source(name).part(part), ledger) for m in batch.matrices]
    values = pl.concat(frames).select("feature", "row_id", "value").rows() if frames else []
    assert len({row[:2] for row in values}) == len(values), "a value stands once"
    return {(feature, row_id): value for feature, row_id, value in values}, ledger


STUDY = {
    "cancer_study_identifier": "mine",
    "genetic_alteration_type": "MRNA_EXPRESSION",
    "datatype": "CONTINUOUS",
    "stable_id": "rna",
    "data_filename": "data_mrna.txt",
}


def _xena(folder: Path, text: str | bytes) -> tuple[dict[tuple[str, str], float], Ledger]:
    values, ledger = _read("tcga_xena", "luad_expression", folder / "HiSeqV2", text)
    return {(gene, row_id.removeprefix("tcga.sample:")): value for (gene, row_id), value in values.items()}, ledger


def _portal(folder: Path, text: str | bytes) -> tuple[dict[tuple[str, str], float], Ledger]:
    (folder / "meta_x.txt").write_text("".join(f"{key}: {value}\n" for key, value in STUDY.items()))
    values, ledger = _read("cbioportal", "profiles", folder / "data_mrna.txt", text)
    return {
        (gene.split(":")[1], row_id.split(":", 1)[1].removeprefix("mine.")): value
        for (gene, row_id), value in values.items()
    }, ledger


READERS = [pytest.param(_xena, "sample", id="xena"), pytest.param(_portal, "Hugo_Symbol", id="cbioportal")]
Reader = Callable[[Path, str | bytes], tuple[dict[tuple[str, str], float], Ledger]]


def _table(corner: str, *lines: str) -> str:
    return "\n".join("\t".join(line.split()) for line in (f"{corner} {' '.join(SAMPLES)}", *lines)) + "\n"


@pytest.mark.parametrize(("reader", "corner"), READERS)
def test_one_odd_value_costs_itself_alone(reader: Reader, corner: str, tmp_path: Path) -> None:
    values, ledger = reader(tmp_path, _table(corner, "TP53 1.5 >9 2", "KRAS 1,234 NA 3"))
    assert values == {
        ("TP53", SAMPLES[0]): 1.5,
        ("TP53", SAMPLES[2]): 2.0,
        ("KRAS", SAMPLES[2]): 3.0,
    }
    assert (ledger.rows_read, ledger.rows_kept, ledger.cells) == (2, 2, {"bad_value": 2})
    told = pl.concat(ledger.rejected).sort(ROW).select(ROW, "scope", "column", "value", "reason").rows()
    assert told == [(2, "cell", SAMPLES[1], ">9", "bad_value"), (3, "cell", SAMPLES[0], "1,234", "bad_value")]


@pytest.mark.parametrize(("reader", "corner"), READERS)
@pytest.mark.parametrize("quote", ["", '"'])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_table_of_r_is_read_as_r_reads_it(reader: Reader, corner: str, quote: str, end: str, tmp_path: Path) -> None:
    """`write.table(x, sep = "\\t")`: the header has no name for the names of the rows."""
    header = "\t".join(f"{quote}{sample}{quote}" for sample in SAMPLES)
    text = end.join([header, f"{quote}TP53{quote}\t1\t2\tNA", f"{quote}KRAS{quote}\t4\t5\t6"]) + end
    values, ledger = reader(tmp_path, b"\xef\xbb\xbf" + text.encode())
    expected = {("TP53", 0): 1.0, ("TP53", 1): 2.0, ("KRAS", 0): 4.0, ("KRAS", 1): 5.0, ("KRAS", 2): 6.0}
    assert values == {(gene, SAMPLES[place]): value for (gene, place), value in expected.items()}
    assert (ledger.rows_read, ledger.rows_kept, ledger.cells) == (2, 2, {})


@pytest.mark.parametrize(("reader", "corner"), READERS)
def test_row_numbers_of_r_are_no_gene_and_no_sample(reader: Reader, corner: str, tmp_path: Path) -> None:
    """`write.table` of a data frame whose first column holds the genes: R's own row numbers come before it."""
    values, ledger = reader(tmp_path, _table(corner, "1 TP53 1 2 3", "2 KRAS 4 5 6"))
    assert values[("TP53", SAMPLES[0])] == 1.0
    assert values[("KRAS", SAMPLES[2])] == 6.0
    assert (len(values), ledger.rows_kept, ledger.cells) == (6, 2, {})


@pytest.mark.parametrize(("reader", "corner"), READERS)
def test_a_field_too_many_is_not_taken_for_the_names_of_rows(reader: Reader, corner: str, tmp_path: Path) -> None:
    """The header names the genes, so the extra field may be anything: nothing is shifted."""
    values, ledger = reader(tmp_path, _table(corner, "TP53 1 2 3 9", "KRAS 4 5 6 9"))
    assert values == {}
    assert (ledger.rows_read, ledger.rejected_by_reason) == (2, {"wrong_column_count": 2})


@pytest.mark.parametrize(("reader", "corner"), READERS)
def test_of_a_gene_that_is_named_twice_the_first_row_is_kept(reader: Reader, corner: str, tmp_path: Path) -> None:
    values, ledger = reader(tmp_path, _table(corner, "TP53 1 2 3", "KRAS 4 5 6", "TP53 7 8 9"))
    assert values[("TP53", SAMPLES[0])] == 1.0
    assert (len(values), ledger.rows_kept, ledger.rejected_by_reason) == (6, 2, {"duplicate_key": 1})
    assert pl.concat(ledger.rejected).select(ROW, "scope").rows() == [(4, "row")]


@pytest.mark.parametrize(("reader", "corner"), READERS)
def test_of_a_sample_that_is_named_twice_the_first_column_is_kept(reader: Reader, corner: str, tmp_path: Path) -> None:
    text = _table(corner, "TP53 1 2 3", "KRAS 4 5 6").replace(SAMPLES[2], SAMPLES[0])
    values, ledger = reader(tmp_path, text)
    assert values == {
        ("TP53", SAMPLES[0]): 1.0,
        ("TP53", SAMPLES[1]): 2.0,
        ("KRAS", SAMPLES[0]): 4.0,
        ("KRAS", SAMPLES[1]): 5.0,
    }
    assert (ledger.rows_kept, ledger.cells) == (2, {"duplicate_key": 1})
    told = pl.concat(ledger.rejected).select(ROW, "scope", "column", "detail").rows()
    assert told == [(1, "column", SAMPLES[0], "column 4: an earlier one has its name")]


def test_many_rows_of_one_gene_do_not_fail_a_build(tmp_path: Path) -> None:
    """A file of which most rows repeat a gene gives the others: a warning, never a failure."""
    folder = tmp_path / "raw" / "TCGA.LUAD.sampleMap"
    folder.mkdir(parents=True)
    (folder / "HiSeqV2").write_text(_table("sample", "TP53 1 2 3", *["TP53 7 8 9"] * 3))
    (tmp_path / "raw" / "targetgraph-subset.json").write_text('{"rows": {"TCGA.LUAD.sampleMap/HiSeqV2": 4}}')
    made = build(Home(tmp_path / "home"), Plan(only=("tcga_xena",), raw=tmp_path / "raw", threads=1))
    (told,) = made.receipt()["sources"]
    assert told["status"] == "warning"
    with Warehouse(made) as opened:
        assert opened.sql("SELECT sum(value), count(*) FROM expression").rows() == [(6.0, 3)]


def test_a_table_with_decimal_commas_is_refused_with_the_first_value(tmp_path: Path) -> None:
    lines = [f"G{number} 1,5 2,5 3,5" for number in range(4000)]
    with pytest.raises(
        SourceError, match=r"12,000 of 12,0.. values .* the first is '1,5' in row 2, column TCGA-ZZ"
    ) as told:
        _xena(tmp_path, _table("sample", *lines))
    assert "decimal point" in str(told.value.hint)


_ODD = st.sampled_from([">9", "1,5", "x", "1e400", "-", "inf", "5 5"])
_CELL = st.one_of(
    st.floats(-100, 100).map(lambda number: f"{number:.3f}"), st.sampled_from(["", "NA", "nan", " 7 ", "0"]), _ODD
)


@given(
    st.lists(st.sampled_from(GENES), min_size=1, max_size=4),
    st.lists(st.sampled_from(SAMPLES), min_size=1, max_size=4),
    st.data(),
)
@settings(max_examples=150)
def test_every_value_of_a_file_is_in_the_matrix_or_recorded(
    tmp_path_factory: pytest.TempPathFactory, genes: list[str], samples: list[str], data: st.DataObject
) -> None:
    """Messy matrices: each cell, read by Python's own csv reader, is a value, is missing, or has an entry."""
    cells = [[data.draw(_CELL) for _sample in samples] for _gene in genes]
    header = samples if data.draw(st.booleans()) and len(samples) > 1 else ["sample", *samples]
    ends = data.draw(st.sampled_from(["", "\t", "\t\t", "\t \t"]))
    newline = data.draw(st.sampled_from(["\n", "\r\n"]))
    lines = ["\t".join(header), *("\t".join([gene, *row]) + ends for gene, row in zip(genes, cells, strict=True))]
    text = data.draw(st.sampled_from(["", "\ufeff"])) + newline.join(lines) + data.draw(st.sampled_from(["", newline]))
    if header is samples and (ends or not any(row[-1].strip() for row in cells)):
        return  # Empty fields at the ends of rows may as well be fields too many: no layout that is known.
    values, ledger = _xena(tmp_path_factory.mktemp("messy"), text)
    left = {
        (row, column)
        for row, scope, column in (
            pl.concat(ledger.rejected).select(ROW, "scope", "column").rows() if ledger.rejected else []
        )
        if scope == "cell"
    }
    counted = Counter[str]()
    for number, line in enumerate(csv_module.reader(lines[1:], delimiter="\t", quoting=csv_module.QUOTE_NONE), 2):
        first_row = genes.index(line[0]) == number - 2
        for place, sample in enumerate(samples):
            text_of_cell, shown = line[place + 1].strip(), values.get((line[0], sample))
            if not first_row or samples.index(sample) != place:
                counted["repeated"] += 1
            elif (number, sample) in left:
                counted["recorded"] += 1
                assert shown is None
                assert text_of_cell not in {*MISSING, ""}
            elif text_of_cell in {*MISSING, ""}:
                counted["missing"] += 1
                assert shown is None
            else:
                counted["kept"] += 1
                assert shown == float(text_of_cell)
    assert counted["kept"] == len(values)
    assert counted["recorded"] == len(left) == ledger.cells.get("bad_value", 0)
    assert ledger.rows_read == len(genes) == ledger.rows_kept + ledger.rows_quarantined


TABLE = tsv("id", "name")


@pytest.mark.parametrize(
    ("table", "text", "rows", "bad"),
    [
        (TABLE, "id\tname\n1\tx\t\t\n2\ty\t \n", [("1", "x"), ("2", "y")], 0),
        (TABLE, "id\tname\n1\tx\t\tmore\n2\ty\n", [("2", "y")], 1),
        (TABLE, "id\tname\n1\n2\ty\n", [("2", "y")], 1),
        (TABLE, "id\tname\t\t\n1\tx\n2\ty\t\t\n", [("1", "x"), ("2", "y")], 0),
        (csv("id", "name"), 'id,name\n1,"x, y",,""\n2,y\n', [("1", "x, y"), ("2", "y")], 0),
        (csv("id", "name"), 'id,name\n"1,",\n', [("1,", None)], 0),
        (csv("id", "name"), "id,name,,\n1,x\n", [("1", "x")], 0),
    ],
)
def test_empty_fields_at_the_end_are_no_fault(
    tmp_path: Path, table: Delimited, text: str, rows: list[tuple[str, str | None]], bad: int
) -> None:
    path = tmp_path / "a.txt"
    path.write_text(text)
    ledger = Ledger(path.name)
    frame = pl.concat([batch.frame for batch in replace(table).read(path, ledger)])
    assert frame.select("id", "name").rows() == rows
    assert (ledger.rows_read, ledger.rows_quarantined) == (len(rows) + bad, bad)


def test_a_repeated_column_of_a_table_costs_the_file_only_where_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_text("id\tname\tnote\tnote\n1\tx\ta\tb\n")
    frame = pl.concat([batch.frame for batch in TABLE.read(path, Ledger(path.name))])
    assert frame.select("id", "name").rows() == [("1", "x")]
    path.write_text("id\tname\tname\n1\tx\ty\n")
    with pytest.raises(SourceError, match=r"a\.tsv, line 1: the header names name more than once"):
        list(TABLE.read(path, Ledger(path.name)))
