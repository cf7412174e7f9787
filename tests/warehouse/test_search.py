"""Finding entities by what people call them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import SmallBuild, stated
from warehouse.errors import TargetGraphError
from warehouse.search import search
from warehouse.warehouse import Warehouse


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """Genes whose symbols are short, are parts of others, or were once called something else."""
    small = SmallBuild(tmp_path_factory.mktemp("search"))
    genes = [
        ("hgnc:3542", "F5", "coagulation factor V", None, ["FVL"]),
        ("hgnc:3546", "F8", "coagulation factor VIII", ["F8C"], ["F5F8D"]),
        ("hgnc:11515", "TBXT", "T-box transcription factor T", ["T"], ["SAVA"]),
        ("hgnc:7029", "MET", "MET proto-oncogene, receptor tyrosine kinase", None, ["HGFR", "c-Met"]),
        ("hgnc:6973", "MDM2", "MDM2 proto-oncogene", None, ["HDM2"]),
        ("hgnc:10899", "SKP1", "S-phase kinase associated protein 1", ["SKP1A"], ["OCP2", "EMC19"]),
        ("hgnc:10901", "SKP2", "S-phase kinase associated protein 2", None, ["FBL1"]),
        ("hgnc:7132", "KMT2A", "lysine methyltransferase 2A", ["MLL"], ["TRX1", "ALL-1"]),
        ("hgnc:7133", "KMT2D", "lysine methyltransferase 2D", ["MLL2"], ["ALR"]),
        ("hgnc:11998", "TP53", "tumor protein p53", None, ["p53", "LFS1"]),
        ("hgnc:29945", "METAP1", "methionyl aminopeptidase 1", None, None),
        ("hgnc:1", "AB_C", "a 100% invented name; DROP TABLE gene", None, ["it's", "x\\y", "🧬"]),
    ]
    columns = ("id", "symbol", "name", "previous_symbols", "aliases")
    small.say("hgnc", stated("Gene", *(dict(zip(columns, gene, strict=True)) for gene in genes)), rank=1)
    small.say("ncbi", stated("Gene", id="ncbigene:4233", identifiers=["hgnc:7029", "ensembl:ENSG00000105976"]))
    small.say("uniprot", stated("Protein", id="uniprot:P08581", name="Hepatocyte growth factor receptor"))
    small.say("kb", stated("Pathway", id="reactome:R-HSA-1", name="Signaling by MET"))
    small.say("kb", stated("Disease", id="doid:1", name="MET"))
    small.finish()
    with Warehouse(small.close()) as opened:
        yield opened


@pytest.mark.parametrize(
    ("text", "first", "matched", "how"),
    [
        ("F5", "hgnc:3542", "F5", "symbol"),
        ("T", "hgnc:11515", "T", "previous symbol or alias"),
        ("MET", "hgnc:7029", "MET", "symbol"),
        ("SKP1", "hgnc:10899", "SKP1", "symbol"),
        ("MLL", "hgnc:7132", "MLL", "previous symbol or alias"),
        ("met", "hgnc:7029", "MET", "symbol"),
        ("  Skp1 ", "hgnc:10899", "SKP1", "symbol"),
        ("p53", "hgnc:11998", "p53", "previous symbol or alias"),
        ("P53", "hgnc:11998", "p53", "previous symbol or alias"),
        ("c-met", "hgnc:7029", "c-Met", "previous symbol or alias"),
        ("hgnc:7029", "hgnc:7029", "hgnc:7029", "identifier"),
        ("HGNC:7029", "hgnc:7029", "hgnc:7029", "identifier"),
        ("7029", "hgnc:7029", "hgnc:7029", "identifier"),
        ("ncbigene:4233", "hgnc:7029", "ncbigene:4233", "identifier"),
        ("4233", "hgnc:7029", "ncbigene:4233", "identifier"),
        ("ENSG00000105976", "hgnc:7029", "ensembl:ENSG00000105976", "identifier"),
        ("ensg00000105976", "hgnc:7029", "ensembl:ENSG00000105976", "identifier"),
        ("P08581", "uniprot:P08581", "uniprot:P08581", "identifier"),
        ("R-HSA-1", "reactome:R-HSA-1", "reactome:R-HSA-1", "identifier"),
        ("signaling by met", "reactome:R-HSA-1", "Signaling by MET", "name"),
        ("coagulation factor v", "hgnc:3542", "coagulation factor V", "name"),
        ("lysine methyltransferase 2A", "hgnc:7132", "lysine methyltransferase 2A", "name"),
        ("METAP", "hgnc:29945", "METAP1", "beginning"),
        ("growth factor", "uniprot:P08581", "Hepatocyte growth factor receptor", "part"),
        ("100% invented", "hgnc:1", "a 100% invented name; DROP TABLE gene", "part"),
        ("AB_C", "hgnc:1", "AB_C", "symbol"),
        ("it's", "hgnc:1", "it's", "previous symbol or alias"),
        ("x\\y", "hgnc:1", "x\\y", "previous symbol or alias"),
        ("🧬", "hgnc:1", "🧬", "previous symbol or alias"),
    ],
)
def test_the_best_match_comes_first(warehouse: Warehouse, text: str, first: str, matched: str, how: str) -> None:
    found = list(warehouse.search(text))
    assert (found[0]["id"], found[0]["matched"], found[0]["match"]) == (first, matched, how)
    assert len({(row["id"], row["type"]) for row in found}) == len(found), "an entity is found once"


def test_an_exact_symbol_comes_before_everything_else(warehouse: Warehouse) -> None:
    assert [(row["id"], row["match"]) for row in warehouse.search("MET")][:3] == [
        ("hgnc:7029", "symbol"),
        ("doid:1", "name"),
        ("hgnc:29945", "beginning"),
    ]
    assert [row["id"] for row in warehouse.search("F5")] == ["hgnc:3542", "hgnc:3546"]


def test_types_and_limits(warehouse: Warehouse) -> None:
    assert [row["id"] for row in warehouse.search("MET", "Disease")] == ["doid:1"]
    assert [row["id"] for row in warehouse.search("MET", "Pathway")] == ["reactome:R-HSA-1"]
    with pytest.raises(TargetGraphError, match="no type 'Nothing'"):
        warehouse.search("MET", "Nothing")
    assert [row["id"] for row in warehouse.search("MET", limit=1)] == ["hgnc:7029"]
    assert len(warehouse.search("kinase", limit=2)) == 2


@pytest.mark.parametrize(
    "text",
    ["%", "_", "'", "''; DROP TABLE gene; --", "🦄", "x" * 10_000, "\\", "\0", "$text", "a\nb", "*", "[a-z]", "é", "İ"],
)
def test_hostile_texts_find_nothing_wrong(warehouse: Warehouse, text: str) -> None:
    """Such characters are themselves: no wildcard, no SQL."""
    found = list(warehouse.search(text))
    folded = text.strip().lower()
    assert all(folded in row["matched"].lower() for row in found)
    assert warehouse.sql("SELECT count(*) FROM gene").rows() == [(12,)]


@pytest.mark.parametrize("text", ["", "   "])
def test_an_empty_text_is_answered_within_the_limit(warehouse: Warehouse, text: str) -> None:
    assert len(warehouse.search(text, limit=3)) <= 3


def test_the_columns_are_there_even_where_nothing_is_found(warehouse: Warehouse) -> None:
    assert warehouse.search("no such thing").columns == ["id", "type", "name", "matched", "match", "sources"]


def test_a_name_that_is_the_accession_is_found_as_identifier(small: SmallBuild) -> None:
    small.say("pdb", stated("StructuralDomain", id="cath.domain:101mA00", name="101mA00"))
    small.finish()
    [found] = list(search(small.writer.connection, "101mA00"))
    assert (found["id"], found["match"]) == ("cath.domain:101mA00", "identifier")
    assert small.rows("SELECT kind FROM record.synonyms") == [("identifier",)]


def test_a_typing_error_is_found_where_nothing_else_fits(warehouse: Warehouse) -> None:
    [first, *_] = warehouse.search("coagulatoin factor V")
    assert (first["name"], first["match"]) == ("coagulation factor V", "near")
    assert [row["matched"] for row in warehouse.search("KTM2A")] == ["KMT2A"]
    assert {row["match"] for row in warehouse.search("SKP")} == {"beginning"}
    assert len(warehouse.search("xyzzy")) == 0


def test_only_the_names_of_a_source(warehouse: Warehouse) -> None:
    assert {tuple(row["sources"]) for row in warehouse.search("MET")} >= {("hgnc",), ("kb",)}
    assert {row["id"] for row in warehouse.search("MET", source="kb")} == {"doid:1", "reactome:R-HSA-1"}


def test_what_fits_is_counted_by_type_and_by_source(warehouse: Warehouse) -> None:
    found = warehouse.search("MET", limit=1)
    assert (len(found), found.total) == (1, sum(found.types.values()))
    everything = list(warehouse.search("MET", limit=100))
    assert dict(found.types) == Counter(row["type"] for row in everything)
    assert list(found.types) == ["Gene", "Disease", "Pathway", "Protein"][: len(found.types)]
    assert dict(found.sources) == Counter(source for row in everything for source in row["sources"])
    # A choice of one kind leaves the counts of that kind as they are, so that another can be chosen.
    narrowed = warehouse.search("MET", "Gene", source="hgnc")
    of_hgnc = [row for row in everything if "hgnc" in row["sources"]]
    assert narrowed.total == len(narrowed) == sum(row["type"] == "Gene" for row in of_hgnc)
    assert dict(narrowed.types) == Counter(row["type"] for row in of_hgnc)
    assert dict(narrowed.sources) == Counter(
        source for row in everything if row["type"] == "Gene" for source in row["sources"]
    )
    nothing = warehouse.search("xyzzy")
    assert (dict(nothing.types), dict(nothing.sources), nothing.total) == ({}, {}, 0)


def test_ranks_go_from_symbols_to_typing_errors(warehouse: Warehouse) -> None:
    order = ["symbol", "identifier", "previous symbol or alias", "name", "beginning", "part", "near"]
    for text in ("MET", "SKP1", "t", "lysine", "proto-oncogene", "hgnc:7", "F5"):
        places = [order.index(row["match"]) for row in warehouse.search(text, limit=50)]
        assert places == sorted(places)


def test_the_beginning_of_an_identifier_is_found_beside_names(warehouse: Warehouse) -> None:
    found = list(warehouse.search("ensembl:ENSG000001"))
    assert [(row["id"], row["match"]) for row in found] == [("hgnc:7029", "beginning")]


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(["coagulation factor viii", "KMT2A", "tumor protein p53"]), st.data())
def test_no_typing_error_is_missed(warehouse: Warehouse, name: str, data: st.DataObject) -> None:
    """One error in a short name, two in a long one, anywhere but in the first letter."""
    typed = name
    for _error in range(1 + (len(name) > 8)):
        place = data.draw(st.integers(1, len(typed) - 2))
        kind = data.draw(st.sampled_from(["exchanged", "lost", "wrong", "added"]))
        before, here, after = typed[:place], typed[place : place + 2], typed[place + 2 :]
        made = {"exchanged": here[::-1], "lost": here[1:], "wrong": "z" + here[1:], "added": "z" + here}[kind]
        typed = before + made + after
    found = [row["matched"].lower() for row in warehouse.search(typed)]
    assert name.lower() in found
