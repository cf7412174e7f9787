"""From statements to what is shown: priority, identity, quarantine, symmetric types, disputes, refresh."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import SmallBuild, stated
from warehouse.errors import GateError
from warehouse.tables import gate


def test_priority_shows_one_value_and_keeps_both(small: SmallBuild) -> None:
    small.say("late", stated("Gene", id="hgnc:1", name="second", chromosome="7"), rank=20)
    small.say("early", stated("Gene", id="hgnc:1", name="first"), rank=10)
    small.finish()
    assert small.rows("SELECT name, chromosome, sources FROM gene") == [("first", "7", ["early", "late"])]
    told = small.rows("SELECT property, value, shown, source, file, row FROM conflicts ORDER BY shown DESC")
    assert told == [
        ("name", "first", True, "early", "early.tsv", 1),
        ("name", "second", False, "late", "late.tsv", 1),
    ]
    assert len(small.rows("FROM assertions WHERE subject = 'hgnc:1'")) == 2


def test_newer_release_of_one_source_wins(small: SmallBuild) -> None:
    small.say("a", stated("Gene", id="hgnc:1", symbol="OLD"), release="2020")
    small._files.clear()
    small.say("a", stated("Gene", id="hgnc:1", symbol="NEW"), release="2024")
    small.finish()
    assert small.rows("SELECT symbol FROM gene") == [("NEW",)]
    assert small.rows("SELECT synonym, kind FROM synonyms WHERE kind LIKE '%symbol' ORDER BY kind DESC") == [
        ("NEW", "symbol"),
        ("OLD", "previous_symbol"),
    ]


def test_lists_are_united(small: SmallBuild) -> None:
    small.say("a", stated("Gene", id="hgnc:1", aliases=["b", "a", "b"]))
    small.say("b", stated("Gene", id="hgnc:1", aliases=["c"]))
    small.finish()
    assert small.rows("SELECT aliases FROM gene") == [(["a", "b", "c"],)]


def test_identifiers_merge_and_the_merge_is_a_row(small: SmallBuild) -> None:
    small.say("hgnc", stated("Gene", id="hgnc:5", symbol="A1BG"), rank=1)
    small.say("ncbi", stated("Gene", id="ncbigene:1", symbol="A1BG", identifiers=["hgnc:5", "ensembl:ENSG1"]))
    small.say(
        "x", stated("ENCODES", {"subject": "ncbigene:1", "object": "uniprot:P1"}), stated("Protein", id="uniprot:P1")
    )
    small.say("y", stated("ENCODES", {"subject": "ensembl:ENSG1", "object": "uniprot:P1"}))
    small.finish()
    assert small.rows("SELECT id, sources FROM gene") == [("hgnc:5", ["hgnc", "ncbi"])]
    assert small.rows("SELECT subject, object, sources FROM encodes") == [("hgnc:5", "uniprot:P1", ["x", "y"])]
    assert small.rows("SELECT merged_id, canonical_id, cause, source, row, active FROM merges") == [
        ("ncbigene:1", "hgnc:5", "stated as the same by ncbi", "ncbi", 1, True)
    ]


def test_a_chain_of_merges_is_followed_to_the_end(small: SmallBuild) -> None:
    small.say("best", stated("Drug", id="drugbank:DB00001", name="a"), rank=1)
    small.say("middle", stated("Drug", id="chembl.compound:CHEMBL1", identifiers=["drugbank:DB00001"]))
    small.say("last", stated("Drug", id="rxnorm:7", identifiers=["chembl.compound:CHEMBL1"]))
    small.say(
        "x",
        stated("Disease", id="doid:1"),
        stated("TREATS", *({"subject": id_, "object": "doid:1"} for id_ in ("rxnorm:7", "chembl.compound:CHEMBL1"))),
    )
    small.finish()
    assert small.rows("SELECT id, sources FROM drug") == [("drugbank:DB00001", ["best", "last", "middle"])]
    assert small.rows("SELECT subject FROM treats") == [("drugbank:DB00001",)]
    assert small.rows("SELECT merged_id, canonical_id FROM merges ORDER BY ALL") == [
        ("chembl.compound:CHEMBL1", "drugbank:DB00001"),
        ("rxnorm:7", "chembl.compound:CHEMBL1"),
    ]
    small.finish(undone_merges=[("chembl.compound:CHEMBL1", "drugbank:DB00001")])
    assert small.rows("SELECT id, sources FROM drug ORDER BY id") == [
        ("chembl.compound:CHEMBL1", ["last", "middle"]),
        ("drugbank:DB00001", ["best"]),
    ]


def test_the_better_id_may_state_the_merge(small: SmallBuild) -> None:
    """HGNC names the Entrez gene; a source that knows only Entrez ids says nothing of HGNC's."""
    small.say("hgnc", stated("Gene", {"id": "hgnc:5", "identifiers": ["ncbigene:1", "ncbigene:2"]}))
    small.say("hetionet", stated("Gene", id="ncbigene:1", name="one"))
    small.finish()
    assert small.rows("SELECT id, name FROM gene") == [("hgnc:5", "one")]
    # What nobody states as a thing of its own is a synonym, no merge.
    assert small.rows("SELECT merged_id, canonical_id, source FROM merges") == [("ncbigene:1", "hgnc:5", "hgnc")]


def test_the_lower_id_is_believed_of_itself_before_the_better_one(small: SmallBuild) -> None:
    small.say("hgnc", stated("Gene", {"id": "hgnc:5", "identifiers": ["ncbigene:1"]}, {"id": "hgnc:6"}))
    small.say("ncbi", stated("Gene", id="ncbigene:1", identifiers=["hgnc:6"]))
    small.finish()
    assert small.rows("SELECT merged_id, canonical_id FROM merges") == [("ncbigene:1", "hgnc:6")]


def test_a_merge_can_be_undone(small: SmallBuild) -> None:
    small.say("hgnc", stated("Gene", id="hgnc:5"))
    small.say("ncbi", stated("Gene", id="ncbigene:1", identifiers=["hgnc:5"]))
    small.finish(undone_merges=[("ncbigene:1", "hgnc:5")])
    assert small.rows("SELECT id FROM gene ORDER BY id") == [("hgnc:5",), ("ncbigene:1",)]
    assert small.rows("SELECT active FROM merges") == [(False,)]


def test_an_identifier_of_two_genes_merges_with_neither(small: SmallBuild) -> None:
    small.say("hgnc", stated("Gene", {"id": "hgnc:5"}, {"id": "hgnc:6"}))
    small.say("ncbi", stated("Gene", id="ncbigene:1", identifiers=["hgnc:5", "hgnc:6"]))
    small.finish()
    assert small.rows("SELECT count(*) FROM gene") == [(3,)]
    assert small.rows("SELECT reason, count(*) FROM quarantine GROUP BY ALL") == [("ambiguous_merge", 2)]
    assert small.rows("SELECT count(*) FROM merges") == [(0,)]


@pytest.mark.parametrize(
    ("reference", "means"),
    [
        ("hgnc.symbol:MET", "hgnc:7029"),  # an approved symbol, though another gene has it as an alias
        ("hgnc.symbol:MLL", "hgnc:7132"),  # a previous symbol of one gene
        ("hgnc.symbol:TWO", "ambiguous_reference"),  # an alias of two genes
        ("hgnc.symbol:BOTH", "hgnc:7132"),  # a previous symbol of one gene, though an alias of another
        ("hgnc.symbol:OLD", "ambiguous_reference"),  # a previous symbol of two genes
        ("hgnc.symbol:NONE", "unknown_reference"),
        ("hgnc:9999999", "unknown_reference"),
    ],
)
def test_references(small: SmallBuild, reference: str, means: str) -> None:
    small.say(
        "hgnc",
        stated(
            "Gene",
            {"id": "hgnc:7029", "symbol": "MET", "aliases": ["HGFR", "TWO"], "previous_symbols": None},
            {
                "id": "hgnc:7132",
                "symbol": "KMT2A",
                "aliases": ["MET", "TWO"],
                "previous_symbols": ["MLL", "BOTH", "OLD"],
            },
            {"id": "hgnc:3", "symbol": "X", "aliases": ["BOTH"], "previous_symbols": ["OLD"]},
        ),
        stated("Protein", id="uniprot:P1"),
        stated("ENCODES", {"subject": reference, "object": "uniprot:P1"}),
    )
    small.finish()
    found = small.rows("SELECT subject FROM encodes") or small.rows(
        "SELECT reason FROM quarantine WHERE key = ?", reference
    )
    assert found == [(means,)]


def test_dangling_relationships_are_in_quarantine_with_their_row(small: SmallBuild) -> None:
    small.say("a", stated("Protein", id="uniprot:P1"), stated("ENCODES", {"subject": "hgnc:1", "object": "uniprot:P1"}))
    small.finish()
    assert small.rows("SELECT source, file, row, stage, type, reason, key FROM quarantine") == [
        ("a", "a.tsv", 1, "resolve", "ENCODES", "unknown_reference", "hgnc:1")
    ]


def test_ends_must_be_a_declared_pair(small: SmallBuild) -> None:
    small.say(
        "a",
        stated("Drug", id="drugbank:DB1"),
        stated("Disease", id="doid:1"),
        stated("RESEMBLES", {"subject": "drugbank:DB1", "object": "doid:1"}),
    )
    small.finish()
    assert small.rows("SELECT reason FROM quarantine") == [("wrong_ends",)]
    assert small.rows("FROM resembles") == []


def test_symmetric_types_are_stored_once_smaller_id_first(small: SmallBuild) -> None:
    small.say(
        "a",
        stated("Gene", {"id": "hgnc:2"}, {"id": "hgnc:10"}),
        stated("SmallMolecule", id="chebi:1"),
        stated(
            "IN_COMPLEX_WITH",
            {"subject": "hgnc:2", "object": "hgnc:10", "pubmed_ids": ["1"]},
            {"subject": "hgnc:10", "object": "hgnc:2", "pubmed_ids": ["2"]},
            {"subject": "hgnc:2", "object": "hgnc:2", "pubmed_ids": None},
            {"subject": "hgnc:2", "object": "chebi:1", "pubmed_ids": None},
        ),
    )
    small.finish()
    assert small.rows("SELECT subject, object, pubmed_ids FROM in_complex_with ORDER BY ALL") == [
        ("chebi:1", "hgnc:2", None),
        ("hgnc:10", "hgnc:2", ["1", "2"]),
        ("hgnc:2", "hgnc:2", None),
    ]


def test_numbers_combine_as_declared(small: SmallBuild) -> None:
    small.say("a", stated("Protein", id="uniprot:P1"), stated("Structure", id="pdb:1abc"))
    for source, start, end in (("a", 5, 20), ("b", 3, 10)):
        row = {
            "subject": "uniprot:P1",
            "object": "pdb:1abc",
            "residue_start": start,
            "residue_end": end,
            "chains": [source],
        }
        small.say(source, stated("HAS_STRUCTURE", row))
    small.finish()
    assert small.rows("SELECT residue_start, residue_end, chains FROM has_structure") == [(3, 20, ["a", "b"])]


def test_table_rows_resolve_and_disagreements_are_told(small: SmallBuild) -> None:
    small.say("a", stated("Patient", id="tcga:P1"), rank=1)
    row = {"patient_id": "tcga:P1", "endpoint": "OS", "time_days": 10, "event": 1}
    small.say("a", stated("survival", row))
    small.say("b", stated("survival", {**row, "time_days": 11}), stated("survival", {**row, "patient_id": "tcga:P9"}))
    small.finish()
    assert small.rows("SELECT patient_id, time_days, event FROM survival") == [("tcga:P1", 10.0, 1)]
    assert small.rows("SELECT property, value FROM conflicts ORDER BY value") == [
        ("OS.time_days", "10.0"),
        ("OS.time_days", "11.0"),
    ]
    assert small.rows("SELECT reason FROM quarantine") == [("unknown_reference",)]


def test_sources_and_releases_are_nodes(small: SmallBuild) -> None:
    small.say("a", stated("Gene", id="hgnc:1", name="x"), rank=1, release="2024")
    small.say("b", stated("Gene", id="hgnc:1", name="y"))
    small.finish()
    assert small.rows("SELECT subject, object FROM has_release ORDER BY ALL") == [
        ("targetgraph.source:a", "targetgraph.release:a.2024"),
        ("targetgraph.source:b", "targetgraph.release:b.1"),
    ]
    assert small.rows("SELECT subject, object, value, shown FROM disputed_value ORDER BY value") == [
        ("hgnc:1", "targetgraph.source:a", "x", "yes"),
        ("hgnc:1", "targetgraph.source:b", "y", "no"),
    ]


def test_the_gate_names_what_is_wrong(small: SmallBuild) -> None:
    small.say("a", stated("Gene", {"id": "hgnc:1"}, {"id": "hgnc:2"}))
    small.finish()
    small.rows("UPDATE graph.gene SET id = 'hgnc:1'")
    small.rows("INSERT INTO graph.encodes (_rid, _s, _o) VALUES (1, 99, 98)")
    with pytest.raises(GateError) as caught:
        gate.verify(small.writer.connection, small.writer.model)
    assert "Gene: 1 ids stand more than once" in caught.value.message
    assert "ENCODES: ends of undeclared types" in caught.value.message or "do not exist" in caught.value.message


_genes = st.integers(1, 6).map(lambda n: f"hgnc:{n}")
_statement = st.tuples(st.sampled_from(["a", "b"]), _genes, st.sampled_from(["x", "y"]), _genes)


@settings(max_examples=5)
@given(st.lists(_statement, max_size=8), st.lists(_statement, max_size=8))
def test_a_refresh_equals_a_full_rebuild(
    tmp_path_factory: pytest.TempPathFactory, before: list[object], after: list[object]
) -> None:
    """Whatever a source said before and says after: refreshing it gives what a build from scratch gives."""
    fresh, refreshed = (SmallBuild(tmp_path_factory.mktemp("build")) for _ in range(2))
    _say_all(refreshed, before)
    refreshed.finish()
    touched = refreshed.writer.remove_source("a")
    refreshed._files.pop("a", None)
    own = [one for one in after if one[0] == "a"]  # type: ignore[index]
    _say_all(refreshed, own)
    touched |= {"gene", "in_complex_with"} if own else set()
    _say_all(fresh, [*own, *(one for one in before if one[0] == "b")])  # type: ignore[index]
    if not own:
        refreshed.rows("DELETE FROM record.sources WHERE source = 'a'")
    assert refreshed.finish(touched=touched).content_hash == fresh.finish().content_hash
    for build in (fresh, refreshed):
        build.writer.connection.close()


def _say_all(build: SmallBuild, said: list[object]) -> None:
    for wanted in ("a", "b"):
        rows = [one[1:] for one in said if one[0] == wanted]  # type: ignore[index]
        if rows:
            genes = [{"id": gene, "name": name} for gene, name, _other in rows]
            pairs = [{"subject": gene, "object": other, "evidence": "asserted"} for gene, _name, other in rows]
            build.say(wanted, stated("Gene", *genes), stated("IN_COMPLEX_WITH", *pairs), rank=1 if wanted == "a" else 2)
