"""What texts mean that people type and paste: missing values, composite identifiers, names that two genes had."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conftest import SmallBuild, stated
from warehouse.analyst.identifiers import Outcome, Resolved, require, resolve
from warehouse.errors import QuestionError
from warehouse.search import search

GENES = (
    {"id": "hgnc:11998", "symbol": "TP53", "aliases": ["p53"],
     "identifiers": ["ncbigene:7157", "ensembl:ENSG00000141510", "refseq:NM_000546"]},
    {"id": "hgnc:1100", "symbol": "BRCA1", "identifiers": ["ncbigene:672", "ensembl:ENSG00000012048"]},
    {"id": "hgnc:3236", "symbol": "EGFR", "identifiers": ["ncbigene:1956", "refseq:NM_005228", "refseq:NR_047551"]},
    {"id": "hgnc:12811", "symbol": "XK", "previous_symbols": ["NA"]},
    {"id": "hgnc:10583", "symbol": "SCN11A", "aliases": ["NaN"]},
    {"id": "hgnc:11756", "symbol": "TFF2", "aliases": ["SP"]},
    {"id": "hgnc:7421", "symbol": "MT-CO2", "previous_symbols": ["COX2"]},
    {"id": "hgnc:9605", "symbol": "PTGS2", "aliases": ["COX-2", "COX2"]},
    {"id": "hgnc:7132", "symbol": "KMT2A", "previous_symbols": ["MLL"], "aliases": ["MLL", "HRX"]},
    {"id": "hgnc:7729", "symbol": "SEPTIN2", "previous_symbols": ["SEPT2"]},
    {"id": "hgnc:15848", "symbol": "SEPTIN6", "aliases": ["SEPT2", "SEP2"]},
    {"id": "hgnc:26077", "symbol": "MARCHF1", "previous_symbols": ["MARCH1"]},
    {"id": "hgnc:26189", "symbol": "MTARC1", "previous_symbols": ["MARC1"]},
    {"id": "hgnc:9221", "symbol": "POU5F1", "aliases": ["OCT4"]},
)  # fmt: skip


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallBuild]:
    """Genes whose names collide with missing values, tags and each other, two proteins, two diseases."""
    small = SmallBuild(tmp_path_factory.mktemp("identifiers"))
    small.say("hgnc", stated("Gene", *GENES))
    proteins = [("uniprot:P04637", "hgnc:11998", "P53_HUMAN"), ("uniprot:P38398", "hgnc:1100", "BRCA1_HUMAN")]
    small.say("u", stated("Protein", *({"id": id_, "entry_name": entry} for id_, _gene, entry in proteins)))
    encodes = [{"subject": gene, "object": id_, "evidence": "asserted"} for id_, gene, _entry in proteins]
    small.say("u", stated("ENCODES", *encodes))
    small.say("d", stated("Disease", id="mondo:0005233", name="non-small cell lung carcinoma"))
    small.say("d", stated("Drug", id="chembl.compound:CHEMBL25", name="Aspirin"))
    patients = ["tcga:TCGA-02-0001", "tcga:TCGA-02-0002"]
    small.say("t", stated("Patient", *({"id": id_, "name": id_.partition(":")[2]} for id_ in patients)))
    samples = ["TCGA-02-0001-01", "TCGA-02-0001-11"]
    small.say("t", stated("Sample", *({"id": f"tcga.sample:{name}", "name": name} for name in samples)))
    small.finish()
    yield small
    small.writer.connection.close()


def of(build: SmallBuild, text: str, label: str = "Gene") -> Resolved:
    [meaning] = resolve(build.writer.connection, [text], label)
    return meaning


@pytest.mark.parametrize("text", ["NA", "nan", "NaN", "N/A", "null", "None", "-", ".", "", " ", "#N/A", "<NA>", "?|?"])
def test_missing_values_are_no_genes(build: SmallBuild, text: str) -> None:
    meaning = of(build, text)
    assert (meaning.outcome, meaning.id) == (Outcome.MISSING, None)
    assert "missing value" in meaning.how
    with pytest.raises(QuestionError, match="missing value"):
        require(build.writer.connection, text)


def test_a_prefix_makes_a_symbol_of_it(build: SmallBuild) -> None:
    assert "hgnc.symbol:NA" in of(build, "NA").how
    assert of(build, "hgnc.symbol:NA").id == "hgnc:12811"
    assert of(build, "HGNC.Symbol:nan").id == "hgnc:10583"
    assert of(build, "hgnc.symbol:TP53").outcome is Outcome.MATCHED
    # An identifier is not a symbol.
    assert of(build, "hgnc.symbol:7157").id is None


@pytest.mark.parametrize(
    ("text", "id_"),
    [
        ("sp|P38398|BRCA1_HUMAN", "hgnc:1100"),
        (">sp|P38398|BRCA1_HUMAN Breast cancer type 1 OS=Homo sapiens GN=BRCA1", "hgnc:1100"),
        ("sp|P04637-2|P53_HUMAN", "hgnc:11998"),
        ("gi|129369|sp|P04637.4|P53_HUMAN", "hgnc:11998"),
        ("P04637-2", "hgnc:11998"),
        ("P04637.3", "hgnc:11998"),
        ("UniProtKB:P04637", "hgnc:11998"),
        ("uniprotkb:P04637-2", "hgnc:11998"),
        ("NCBIGene:7157", "hgnc:11998"),
        ("HGNC:11998", "hgnc:11998"),
        ("ENSEMBL:ENSG00000141510.17", "hgnc:11998"),
        ("ENSG00000141510.17|TP53", "hgnc:11998"),
        ("ENSG00000141510|p53", "hgnc:11998"),
        ("ENSG00000141510_TP53", "hgnc:11998"),
        ("TP53|7157", "hgnc:11998"),
        ("?|7157", "hgnc:11998"),
        ("TP53 (7157)", "hgnc:11998"),
        ("PTGS2 (hgnc:9605)", "hgnc:9605"),
        ("TP53|P53", "hgnc:11998"),
        # A retired identifier: the symbol is all that is left, and is written as it is approved.
        ("ENSG00000999999|TP53", "hgnc:11998"),
        ("NM_005228", "hgnc:3236"),
        ("NM_005228.5", "hgnc:3236"),
        ("nr_047551.1", "hgnc:3236"),
        ("RefSeq:NM_005228.5", "hgnc:3236"),
        ("7157.0", "hgnc:11998"),
    ],
)
def test_composite_identifiers_are_read_whole(build: SmallBuild, text: str, id_: str) -> None:
    meaning = of(build, text)
    assert (meaning.id, meaning.given) == (id_, text)
    assert meaning.outcome is Outcome.MATCHED or meaning.how


def test_a_report_says_what_was_left_out(build: SmallBuild) -> None:
    assert of(build, "P04637-2").how == "the protein uniprot:P04637, isoform P04637-2"
    assert of(build, "NM_005228.5").how == "is refseq:NM_005228, version NM_005228.5"
    assert of(build, "TP53|7157").how == "read as 7157: is ncbigene:7157"
    assert of(build, "ENSG00000999999|TP53").how == "read as TP53; not in this build: ENSG00000999999"


@pytest.mark.parametrize(
    "text", ["ENSG00000141510|EGFR", "EGFR|7157", "TP53 (1956)", "ENSG00000141510|1956", "BRCA1_ENSG00000141510"]
)
def test_parts_that_disagree_are_refused(build: SmallBuild, text: str) -> None:
    meaning = of(build, text)
    assert (meaning.outcome, meaning.id) == (Outcome.AMBIGUOUS, None)
    assert "mean different entities" in meaning.how
    assert len(meaning.candidates) == 2


@pytest.mark.parametrize(
    "text",
    [
        "sp|Q99999|NOT_HUMAN",
        "REV__sp|P38398|BRCA1_HUMAN",
        "CON__P04637",
        "ENSMUSG00000059552|TP53",
        "Trp53|22059",
        "Brca1|12189",
        "TP53|EGFR",
        "gi|7157|ref|NP_999999.1|",
    ],
)
def test_what_is_not_known_is_not_guessed(build: SmallBuild, text: str) -> None:
    meaning = of(build, text)
    assert (meaning.outcome, meaning.id) == (Outcome.UNRESOLVED, None)
    assert meaning.how


def test_identifiers_of_other_types(build: SmallBuild) -> None:
    for text in ("MONDO:0005233", "mondo:0005233", "MONDO_0005233", "http://purl.obolibrary.org/obo/MONDO_0005233"):
        assert of(build, text, "Disease").id == "mondo:0005233"
    assert of(build, "CHEMBL.COMPOUND:CHEMBL25", "Drug").id == "chembl.compound:CHEMBL25"
    assert of(build, "sp|P04637-2|P53_HUMAN", "Protein").id == "uniprot:P04637"
    assert of(build, "TP53|7157", "Protein").id == "uniprot:P04637"


def test_a_previous_symbol_that_is_an_alias_of_another_gene_is_shown_with_both(build: SmallBuild) -> None:
    for text in ("COX2", "cox2"):
        meaning = of(build, text)
        assert (meaning.outcome, meaning.id) == (Outcome.AMBIGUOUS, None)
        assert meaning.how == "previous symbol of MT-CO2, alias of PTGS2"
        assert meaning.candidates == ("MT-CO2 (hgnc:7421)", "PTGS2 (hgnc:9605)")
    with pytest.raises(QuestionError) as refused:
        require(build.writer.connection, "COX2")
    assert "Previous symbol of MT-CO2, alias of PTGS2. Perhaps: MT-CO2 (hgnc:7421), PTGS2 (hgnc:9605)." in str(
        refused.value.hint
    )
    # An alias of the same gene, or another spelling, is no second meaning.
    assert of(build, "MLL").id == "hgnc:7132"
    assert of(build, "COX-2").id == "hgnc:9605"


def test_a_search_shows_both(build: SmallBuild) -> None:
    rows = search(build.writer.connection, "COX2", limit=2).rows()
    assert {row[0] for row in rows} == {"hgnc:7421", "hgnc:9605"}


@pytest.mark.parametrize("text", ["UniProtKB:P04637", "P04637-2", "sp|P04637-2|P53_HUMAN"])
def test_a_search_reads_the_same_forms(build: SmallBuild, text: str) -> None:
    assert search(build.writer.connection, text).rows()[0][0] == "uniprot:P04637"


@pytest.mark.parametrize(
    ("text", "label", "id_"),
    [
        ("TCGA-02-0001-01", "Sample", "tcga.sample:TCGA-02-0001-01"),
        ("TCGA-02-0001-01A", "Sample", "tcga.sample:TCGA-02-0001-01"),
        ("TCGA-02-0001-11A-01R-1850-01", "Sample", "tcga.sample:TCGA-02-0001-11"),
        ("tcga.02.0001.01c", "Sample", "tcga.sample:TCGA-02-0001-01"),
        ("tcga.sample:TCGA-02-0001-01A-01D-0182-01", "Sample", "tcga.sample:TCGA-02-0001-01"),
        ("TCGA-02-0001-06A", "Sample", None),  # another sample of the same patient: not in this build
        ("TCGA-02-0001", "Sample", None),  # a patient: which of the samples is not said
        ("TCGA-02-0001", "Patient", "tcga:TCGA-02-0001"),
        ("TCGA.02.0002", "Patient", "tcga:TCGA-02-0002"),
        ("TCGA-02-0001-11A-01R-1850-01", "Patient", "tcga:TCGA-02-0001"),
        ("tcga:tcga-02-0001-01A", "Patient", "tcga:TCGA-02-0001"),
        ("TCGA-02-0009-01A", "Patient", None),
        ("TCGA-02-0001-01A", "Gene", None),
    ],
)
def test_barcodes_of_every_level_mean_their_sample_or_patient(
    build: SmallBuild, text: str, label: str, id_: str | None
) -> None:
    assert of(build, text, label).id == id_


def test_a_search_knows_barcodes_of_every_level(build: SmallBuild) -> None:
    hits = {row[0] for row in search(build.writer.connection, "TCGA-02-0001-01C-01D-0182-01").rows()}
    assert hits == {"tcga.sample:TCGA-02-0001-01", "tcga:TCGA-02-0001"}


@pytest.mark.parametrize("text", ["2-Sep", "02-Sep-24", "Sep-2", "2. Sep", "2-Sept", "2024/09/02", "2.9.2024"])
def test_a_date_is_the_approved_symbol_of_its_time(build: SmallBuild, text: str) -> None:
    meaning = of(build, text)
    assert (meaning.outcome, meaning.name) == (Outcome.CONVERTED, "SEPTIN2")
    assert meaning.how.startswith("SEPT2, which a spreadsheet turned into a date")
    # The gene that has the symbol as an alias is named.
    assert meaning.candidates == ("SEPTIN6 (hgnc:15848)",)


def test_dates_of_several_symbols(build: SmallBuild) -> None:
    for text in ("1-Mar", "1-Mrz", "01/03/2024"):
        assert of(build, text).candidates == ("MARCHF1 (hgnc:26077)", "MTARC1 (hgnc:26189)")
    assert of(build, "4-Okt").name == "POU5F1"
    assert of(build, "31-Dec").how == "a date, and no symbol of this build that a spreadsheet turns into it"
