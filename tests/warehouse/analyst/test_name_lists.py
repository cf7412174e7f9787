"""Lists of names as people write them: what stands between names, and that none is lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import SmallBuild, stated
from warehouse.analyst.columns import identifiers_of, text_of
from warehouse.analyst.gene_sets import notes_on_sets, parse_gmt
from warehouse.analyst.identifiers import Outcome
from warehouse.analyst.lists import from_report
from warehouse.analyst.name_lists import NamesRead, read_names
from warehouse.errors import QuestionError

GENES = (
    {"id": "hgnc:11998", "symbol": "TP53", "identifiers": ["ncbigene:7157", "ensembl:ENSG00000141510"]},
    {"id": "hgnc:3236", "symbol": "EGFR", "identifiers": ["ncbigene:1956"]},
    {"id": "hgnc:7553", "symbol": "MYC", "aliases": ["c-Myc"]},
    {"id": "hgnc:7", "symbol": "A2M", "identifiers": ["ncbigene:2"]},
    {"id": "hgnc:6973", "symbol": "MDM2"},
    {"id": "hgnc:12811", "symbol": "XK", "previous_symbols": ["NA"]},
    {"id": "hgnc:11756", "symbol": "TFF2", "aliases": ["SP"]},
)
DISEASES = (
    {"id": "doid:1324", "name": "lung cancer"},
    {"id": "doid:1612", "name": "breast cancer"},
    {"id": "doid:162", "name": "cancer"},
    {"id": "doid:684", "name": "carcinoma, hepatocellular"},
    {"id": "doid:4", "name": "disease"},
)


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallBuild]:
    small = SmallBuild(tmp_path_factory.mktemp("names"))
    small.say("hgnc", stated("Gene", *GENES), stated("Disease", *DISEASES)).finish()
    yield small
    small.writer.connection.close()


def read(build: SmallBuild, text: str, label: str = "Gene") -> NamesRead:
    return read_names(build.writer.connection, identifiers_of(text)[0], label)


def members(build: SmallBuild, text: str, label: str = "Gene") -> list[str | None]:
    return [one.id for one in read(build, text, label).report]


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("lung cancer\nbreast cancer\n", ["doid:1324", "doid:1612"]),
        ("lung cancer, breast cancer", ["doid:1324", "doid:1612"]),
        ("lung cancer; breast cancer\r\ncancer\r\n", ["doid:1324", "doid:1612", "doid:162"]),
        ("lung cancer\tbreast cancer", ["doid:1324", "doid:1612"]),
        ("carcinoma, hepatocellular", ["doid:684"]),
        ('"carcinoma, hepatocellular", "lung cancer"', ["doid:684", "doid:1324"]),
        ("carcinoma, hepatocellular\ncarcinoma, hepatocellular\n", ["doid:684", "doid:684"]),
        ("disease\nlung cancer\n", ["doid:1324"]),
        # Words of a name that is not known are no names.
        ("cancer disease", [None]),
        ("stomach cancer", [None]),
        ("doid:1324 doid:1612", ["doid:1324", "doid:1612"]),
    ],
)
def test_blanks_and_commas_belong_to_names(build: SmallBuild, text: str, ids: list[str | None]) -> None:
    assert members(build, text, "Disease") == ids


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("TP53 EGFR MYC", ["hgnc:11998", "hgnc:3236", "hgnc:7553"]),
        ("tp53 egfr", ["hgnc:11998", "hgnc:3236"]),
        ("TP53 EGFR XYZ9", ["hgnc:11998", "hgnc:3236", None]),
        ("ENSG00000141510 unknown", ["hgnc:11998", None]),
        ("7157 1956", ["hgnc:11998", "hgnc:3236"]),
        ("TP53|EGFR", ["hgnc:11998", "hgnc:3236"]),
        ("TP53 /// EGFR", ["hgnc:11998", "hgnc:3236"]),
        ("TP53|7157", ["hgnc:11998"]),
        ("TP53;EGFR", ["hgnc:11998", "hgnc:3236"]),
        # A number may be part of a name, and a plain word too.
        ("BMP type 2", [None]),
        ("TP53 2", [None]),
        ("ENSG00000141510 2", [None]),
        ("TP53|2|EGFR|MYC", [None]),
        ("TP53|7157 EGFR|1956", ["hgnc:11998", "hgnc:3236"]),
        ("TP53, TP53|7157", ["hgnc:11998", "hgnc:11998"]),
        ("MYC,EGFR (1956)", ["hgnc:7553", "hgnc:3236"]),
        ("sp|P1|A_HUMAN, sp|P2|B_HUMAN", [None, None]),
        ("sp|Q99999|A_HUMAN sp|Q99998|B_HUMAN", [None]),
        ("TP53 related protein", [None]),
        ("sp|Q99999|NO_HUMAN", [None]),
        ("REV__sp|P04637|TP53", [None]),
    ],
)
def test_symbols_with_blanks_between(build: SmallBuild, text: str, ids: list[str | None]) -> None:
    assert members(build, text) == ids


def test_what_was_taken_apart_is_said(build: SmallBuild) -> None:
    assert read(build, "TP53 EGFR").notes == ("'TP53 EGFR' is not a name; it was read as 2 identifiers.",)
    assert not read(build, "TP53, EGFR\nTP53|7157").notes
    [whole] = read(build, "TP53 related protein").report
    assert "TP53 alone would mean something: put commas between names" in whole.how


def test_missing_values_of_a_table_are_counted(build: SmallBuild) -> None:
    report = read(build, '"symbol","lfc"\r\n"TP53",1.2\r\nNA,2.0\r\nnan,0.3\r\n,1\r\n').report
    assert Counter(one.outcome for one in report) == {Outcome.MATCHED: 1, Outcome.MISSING: 3}
    kept = from_report("x", "Gene", report, "b")
    assert kept.ids == ["hgnc:11998"]
    assert [reason.split(":")[0] for _text, reason in kept.unresolved] == ["missing"] * 3


NAMES = st.sampled_from(
    ["TP53", "EGFR", "c-Myc", "NA", "nan", "-", "sp|P38398|BRCA1_HUMAN", "TP53|7157", "ENSG00000141510.17", "NOPE",
     "2-Sep", "lung cancer", "TP53 (7157)", "7157", "x y", "5'-AMP", "é", "hgnc:3236", "ENSG00000141510|EGFR"]
)  # fmt: skip


@settings(max_examples=300)
@given(
    names=st.lists(NAMES, min_size=1, max_size=12),
    separator=st.sampled_from(["\n", "\r\n", "\r", ", ", ";", "\t", "\n\n"]),
    quoted=st.booleans(),
    mark=st.sampled_from(["", "\ufeff"]),
    end=st.sampled_from(["", "\n", ",", "\r\n\r\n"]),
)
def test_every_name_of_a_list_is_in_the_report(
    *, build: SmallBuild, names: list[str], separator: str, quoted: bool, mark: str, end: str
) -> None:
    text = mark + separator.join(f'"{name}"' if quoted else name for name in names) + end
    report = read(build, text_of(text.encode(), "x")).report
    given_names = Counter(name for one in report for name in [one.given.strip('",')])
    assert given_names == Counter(names)
    kept = from_report("x", "Gene", report, "b")
    texts = [text for member in kept.members for text in member.given] + [text for text, _reason in kept.unresolved]
    assert {one.given for one in report} == set(texts)
    assert all(reason for _text, reason in kept.unresolved)


CELLS = st.sampled_from(["TP53", "NA", "", "MYC", "nan", "SP", "sp|P38398|BRCA1_HUMAN", "lung cancer", "1-Mar", "NULL"])


@settings(max_examples=300)
@given(
    cells=st.lists(CELLS, min_size=2, max_size=12),
    separator=st.sampled_from([",", "\t", ";"]),
    newline=st.sampled_from(["\n", "\r\n"]),
    ragged=st.booleans(),
    quoted=st.booleans(),
    mark=st.sampled_from(["", "\ufeff"]),
)
def test_every_cell_of_a_column_is_in_the_report(
    *, build: SmallBuild, cells: list[str], separator: str, newline: str, ragged: bool, quoted: bool, mark: str
) -> None:
    rows = [[f'"{cell}"' if quoted else cell, "1.5"] for cell in cells]
    if ragged:
        rows = [[*row, ""] for row in rows]
        rows[0] = rows[0][:2]
    heads = ["gene", "fold", ""] if ragged else ["gene", "fold"]
    text = mark + newline.join(separator.join(row) for row in [heads, *rows])
    lines, taken = identifiers_of(text_of(text.encode(), "x"))
    assert (lines, taken) == (cells, "gene")
    assert [one.given for one in read_names(build.writer.connection, lines).report] == cells


@settings(max_examples=200)
@given(st.text(alphabet="TP53,;|\t \"'\n()NA-2e\ufeff", max_size=40))
def test_any_text_is_read(build: SmallBuild, text: str) -> None:
    for one in read(build, text).report:
        assert (one.id is None) == (one.outcome not in {Outcome.MATCHED, Outcome.CONVERTED})
        assert one.outcome is Outcome.MATCHED or one.how


# -- gene sets -------------------------------------------------------------------------------------------------------


def gmt(build: SmallBuild, text: str) -> tuple[dict[str, list[str]], list[str], list[str]]:
    sets, lost = parse_gmt(build.writer.connection, text.encode(), "x.gmt")
    return {one.name: list(one.genes) for one in sets}, [one.given for one in lost], notes_on_sets(sets)


def test_a_file_without_descriptions_is_recognised(build: SmallBuild) -> None:
    sets, lost, [note] = gmt(build, "S1\tTP53\tMDM2\tEGFR\n")
    assert sets == {"S1": ["hgnc:11998", "hgnc:3236", "hgnc:6973"]}
    assert not lost
    assert "x.gmt has no descriptions" in note
    sets, lost, _notes = gmt(build, "S1\tTP53\tMDM2\r\nS2\tEGFR\r\nS3\tMYC\tTP53\tNOPE\r\n")
    assert {name: len(genes) for name, genes in sets.items()} == {"S1": 2, "S2": 1, "S3": 2}
    assert lost == ["NOPE"]


@pytest.mark.parametrize("description", ["", "na", "NA", "a set of mine", "http://www.gsea-msigdb.org/S", "of_MSigDB"])
def test_descriptions_are_no_members(build: SmallBuild, description: str) -> None:
    sets, lost, notes = gmt(build, f"S1\t{description}\tMDM2\tEGFR\nS2\t{description}\tTP53\n")
    assert sets == {"S1": ["hgnc:3236", "hgnc:6973"], "S2": ["hgnc:11998"]}
    assert not (lost or notes)


def test_descriptions_that_are_genes_are_said(build: SmallBuild) -> None:
    sets, _lost, [note] = gmt(build, "S1\tTP53\tMDM2\nS2\tsome words\tEGFR\nS3\tother words\tMYC\n")
    assert sets["S1"] == ["hgnc:6973"]
    assert "the description of 1 of 3 sets is a gene, which does not count as a member: S1 (TP53)" in note
    # A set that is named after its gene is described by it.
    sets, _lost, [note] = gmt(build, "TP53_KO\tTP53\tMDM2\tEGFR\nMYC_UP\tMYC\tEGFR\n")
    assert sets == {"TP53_KO": ["hgnc:3236", "hgnc:6973"], "MYC_UP": ["hgnc:3236"]}
    assert "2 of 2 sets" in note


def test_members_in_other_forms(build: SmallBuild) -> None:
    sets, lost, _notes = gmt(build, 'S1\t\t"TP53"\tEGFR,1.0\tMYC|NOPE\tNA\tENSG00000141510.17\tSP|P1\n')
    assert sets == {"S1": ["hgnc:11998", "hgnc:3236"]}
    assert lost == ["MYC|NOPE", "NA", "SP|P1"]


@settings(max_examples=100)
@given(st.text(alphabet='TP53\tMYC\n ,|NA\r\ufeff"', max_size=60))
def test_any_text_is_gene_sets_or_refused(build: SmallBuild, text: str) -> None:
    try:
        sets, _lost, _notes = gmt(build, text)
    except QuestionError as error:
        assert "x.gmt" in str(error)
    else:
        assert sets
