"""A graph through KGX and back; and the words of Biolink that the model declares."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import duckdb
import pytest

from etl.build import Plan, build
from warehouse.export import export
from warehouse.export.kgx import OURS
from warehouse.home import Build, Home
from warehouse.model import MODEL, EntityType, RelationshipType
from warehouse.model.biolink import FROM_BIOLINK, TO_BIOLINK
from warehouse.tables.derived import ENTITY_TABLES
from warehouse.tables.schema import open_aside

#: What KGX does not carry: who of several sources said what, which the round trip keeps as `data_sources`.
_WHO = {"sources", "data_sources"}


@pytest.fixture(scope="module")
def exported(sample_home: Home, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("raw") / "kgx"
    export(sample_home.current(), folder, "kgx")
    return folder


@pytest.fixture(scope="module")
def returned(exported: Path, tmp_path_factory: pytest.TempPathFactory) -> Build:
    return build(Home(tmp_path_factory.mktemp("home")), Plan(raw=exported.parent, subset=True, threads=1))


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def _columns(declared: EntityType | RelationshipType) -> str:
    ends = [] if isinstance(declared, EntityType) else ["subject", "object"]
    return ", ".join(f'"{name}"' for name in [*ends, *(c.name for c in declared.shown if c.name not in _WHO)])


def _content(
    connection: duckdb.DuckDBPyConnection, declared: EntityType | RelationshipType
) -> list[tuple[object, ...]]:
    """Rows in order; an identifier that a node is known by is its own id, too."""
    rows = connection.execute(f'SELECT {_columns(declared)} FROM main."{declared.table}" ORDER BY ALL').fetchall()
    return [tuple(row) for row in rows]


def test_a_graph_comes_back_as_it_went(sample_home: Home, returned: Build) -> None:
    receipt = returned.receipt()
    assert [one["source"] for one in receipt["sources"]] == ["kgx"]
    assert not sum(file["rows_quarantined"] for file in receipt["sources"][0]["files"])
    with open_aside(sample_home.current()) as before, open_aside(returned) as after:
        every: list[EntityType | RelationshipType] = [*MODEL.entities.values(), *MODEL.relationships.values()]
        for declared in every:
            made_here = declared.table in ENTITY_TABLES or getattr(declared, "derived", False)
            if not made_here:
                assert _content(after, declared) == _content(before, declared), declared.table
        sources = "SELECT list_sort(list_distinct(flatten([sources, coalesce(data_sources, [])]))) FROM main.targets"
        said = before.execute(f"{sources} ORDER BY subject, object").fetchall()
        assert after.execute("SELECT data_sources FROM main.targets ORDER BY subject, object").fetchall() == said


def test_the_tables_are_what_kgx_asks_for(exported: Path) -> None:
    nodes, edges = _rows(exported / "nodes.tsv"), _rows(exported / "edges.tsv")
    known = {node["id"] for node in nodes}
    assert len(known) == len(nodes)
    assert len({edge["id"] for edge in edges}) == len(edges)
    for node in nodes:
        assert re.fullmatch(r"[A-Za-z0-9._]+:\S+", node["id"])
        assert re.fullmatch(r"biolink:[A-Z][A-Za-z]+", node["category"])
        assert all(one.startswith("infores:") for one in node["provided_by"].split("|"))
    for edge in edges:
        assert {edge["subject"], edge["object"]} <= known
        assert re.fullmatch(r"biolink:[a-z_]+", edge["predicate"])
        assert re.fullmatch(r"infores:[a-z-]+", edge["primary_knowledge_source"])
        assert edge["knowledge_level"] in {"knowledge_assertion", "observation"}
        assert edge["agent_type"] == "not_provided"
        assert edge["original_predicate"].removeprefix(f"{OURS}:") in MODEL.relationships
    gene = next(node for node in nodes if node["symbol"] == "TP53")
    assert gene["id"] == "HGNC:11998"
    assert gene["category"] == "biolink:Gene"
    assert gene["in_taxon"] == "NCBITaxon:9606"
    assert "NCBIGene:7157" in gene["xref"].split("|")
    assert any(edge["publications"].startswith("PMID:") for edge in edges)
    shared = next(edge for edge in edges if "|" in edge["sources"])
    others = {one.replace("_", "-") for one in shared["sources"].split("|")}
    told = [shared["primary_knowledge_source"], *shared["aggregator_knowledge_source"].split("|")]
    assert {one.removeprefix("infores:") for one in told} == others


def test_every_type_names_its_biolink_counterpart() -> None:
    for entity in MODEL.entities.values():
        assert re.fullmatch(r"[A-Z][A-Za-z]+", entity.biolink)
    for declared in MODEL.relationships.values():
        assert re.fullmatch(r"[a-z][a-z_]+", declared.biolink)


def test_prefixes_go_there_and_back() -> None:
    for ours, theirs in TO_BIOLINK.items():
        assert FROM_BIOLINK[theirs.lower()] == ours
    known = {prefix for entity in MODEL.entities.values() for prefix in entity.references}
    assert set(FROM_BIOLINK.values()) - {"orphanet", "iuphar.ligand"} <= known | {"omim"}
    # A prefix of the model that Biolink writes otherwise must not be taken for another of the model.
    assert all(FROM_BIOLINK.get(prefix, prefix) == prefix for prefix in known)
