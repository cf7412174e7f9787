"""The declarations: sound, and what code makes of them."""

from __future__ import annotations

import re

import pytest

from tests.conftest import SmallBuild
from warehouse.errors import TargetGraphError
from warehouse.graph.catalogue import catalogue
from warehouse.model import MODEL, Combine, DataModel, EntityType, RelationshipType, StatedType, ValueType
from warehouse.model.page import page, properties, types

EVERY = list(MODEL)
PATHWAY_COMMONS = (
    *("CONTROLS_STATE_CHANGE_OF", "CONTROLS_TRANSPORT_OF", "CONTROLS_PHOSPHORYLATION_OF", "CONTROLS_EXPRESSION_OF"),
    *("CATALYSIS_PRECEDES", "IN_COMPLEX_WITH", "INTERACTS_WITH", "NEIGHBOR_OF", "CONSUMPTION_CONTROLLED_BY"),
    *("CONTROLS_PRODUCTION_OF", "CONTROLS_TRANSPORT_OF_CHEMICAL", "CHEMICAL_AFFECTS", "REACTS_WITH"),
    "USED_TO_PRODUCE",
)
LABELS = (
    *("Gene", "Protein", "Pathway", "Complex", "SmallMolecule", "Structure", "Drug", "Disease", "Anatomy", "Cohort"),
    *("Patient", "Sample", "Publication", "Source", "Release"),
)


def _name(declared: StatedType) -> str:
    return declared.label if isinstance(declared, EntityType) else declared.name


def test_the_types_that_analysts_rely_on_are_there() -> None:
    assert set(LABELS) <= set(MODEL.entities)
    assert {"Phenotype", "Symptom"} & set(MODEL.entities)
    relationships = set(MODEL.relationships)
    assert len(set(PATHWAY_COMMONS) & relationships) >= 13
    wanted = {"ENCODES", "PARTICIPATES_IN", "PART_OF", "HAS_STRUCTURE", "BINDS", "TREATS", "PALLIATES", "HAS_SAMPLE"}
    assert wanted <= relationships


@pytest.mark.parametrize("declared", EVERY, ids=_name)
def test_a_declaration_is_sound(declared: StatedType) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9_]*", declared.table)
    assert declared.meaning
    names = [column.name for column in declared.shown]
    assert len(names) == len(set(names)), "a property is declared once"
    for column in declared.columns:
        assert re.fullmatch(r"[a-z][a-z0-9_]*", column.name)
        assert column.meaning
        if column.combine in {Combine.MINIMUM, Combine.SUM}:
            assert column.type in {ValueType.INTEGER, ValueType.FLOAT, ValueType.DATE}
        assert (column.combine is Combine.UNION) == (column.type is ValueType.STRINGS)
        if column.minimum is not None or column.maximum is not None:
            assert column.type in {ValueType.INTEGER, ValueType.FLOAT}
    if not isinstance(declared, EntityType):
        assert set(declared.key) <= set(names)


@pytest.mark.parametrize("entity", MODEL.entities.values(), ids=lambda entity: entity.label)
def test_an_entity_has_prefixes_and_a_name(entity: EntityType) -> None:
    assert re.fullmatch(r"([A-Z][a-z]+)+", entity.label)
    assert entity.prefixes
    assert all(re.fullmatch(r"[a-z][a-z0-9._]*", prefix) for prefix in entity.references)
    assert len(set(entity.references)) == len(entity.references)
    assert "name" in {column.name for column in entity.properties}, "the view `entities` shows it"


@pytest.mark.parametrize("declared", MODEL.relationships.values(), ids=lambda declared: declared.name)
def test_a_relationship_is_sound(declared: RelationshipType) -> None:
    assert re.fullmatch(r"[A-Z][A-Z0-9_]*", declared.name)
    assert len(set(declared.ends)) == len(declared.ends) > 0
    if declared.symmetric:
        assert set(declared.ends) == {(object_, subject) for subject, object_ in declared.ends}


def test_looking_up_a_type() -> None:
    assert MODEL["Gene"] is MODEL.entities["Gene"]
    assert MODEL["ENCODES"] is MODEL.relationships["ENCODES"]
    assert MODEL["survival"] is MODEL.tables["survival"]
    with pytest.raises(TargetGraphError, match="declares no type 'Gnee'"):
        MODEL["Gnee"]
    assert MODEL.labels_of_prefix("hgnc.symbol") == ("Gene",)
    assert MODEL.labels_of_prefix("nothing") == ()


def test_wrong_declarations_are_refused() -> None:
    gene = MODEL.entities["Gene"]
    with pytest.raises(ValueError, match="declared twice: gene"):
        DataModel([gene, gene], [], [], [])
    with pytest.raises(ValueError, match="ENCODES ends at undeclared Protein"):
        DataModel([gene], [MODEL.relationships["ENCODES"]], [], [])


def test_the_database_has_what_is_declared(small: SmallBuild) -> None:
    small.finish()
    for declared in MODEL:
        told = [row[0] for row in small.rows(f'DESCRIBE main."{declared.table}"')]
        ends = ["subject", "object"] if isinstance(declared, RelationshipType) else []
        assert told == [*ends, *(column.name for column in declared.shown)]


def test_the_public_views_are_there(small: SmallBuild) -> None:
    small.finish()
    public = {
        "entities": ["id", "type", "name"],
        "relationships": ["subject", "predicate", "object", "sources", "pubmed_ids", "evidence", "properties"],
        "assertions": ["subject", "predicate", "object", "properties", "source", "release", "file", "row"],
    }
    for view, columns in public.items():
        assert [row[0] for row in small.rows(f"DESCRIBE {view}")] == columns
    for view in ("synonyms", "merges", "quarantine", "releases", "sources", "matrices", "conflicts", *MODEL.matrices):
        assert small.rows(f"DESCRIBE {view}")


def test_the_catalogue_of_the_graph_follows_the_model() -> None:
    made = catalogue(MODEL)
    assert {node.label for node in made.nodes} == set(MODEL.entities)
    assert {one.name for one in made.relationships} == set(MODEL.relationships)


def test_the_page_and_its_tables_tell_every_type() -> None:
    text = page(MODEL)
    assert [row["type"] for row in types(MODEL)] == [_name(declared) for declared in MODEL]
    for declared in MODEL:
        assert f"### {_name(declared)}\n" in text
        assert [row["property"] for row in properties(declared)] == [column.name for column in declared.shown]
