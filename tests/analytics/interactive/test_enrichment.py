"""Enrichment of a list in the graph's gene sets and in a user's own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from analytics.interactive.enrichment import ANNOTATED, COLUMNS, Enrichment, enrich
from tests.conftest import SmallBuild, stated
from warehouse.analyst.gene_sets import GeneSet, chosen, collections, read_gmt
from warehouse.errors import QuestionError
from warehouse.model import FULL_MODEL

GENES = [f"hgnc:{n}" for n in range(1, 41)]
PATHWAYS = {"reactome:R-HSA-1": range(1, 11), "reactome:R-HSA-2": range(5, 31), "reactome:R-HSA-3": range(29, 31)}


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> SmallBuild:
    small = SmallBuild(tmp_path_factory.mktemp("enrichment"))
    small.say("hgnc", stated("Gene", *({"id": id_, "symbol": f"G{id_[5:]}"} for id_ in GENES)))
    small.say("reactome", stated("Pathway", *({"id": id_, "name": f"pathway {id_[-1]}"} for id_ in PATHWAYS)))
    small.say("reactome", stated("Disease", id="doid:1", name="disease"))
    members = [
        {"subject": f"hgnc:{n}", "object": id_, "evidence": "asserted"} for id_, ns in PATHWAYS.items() for n in ns
    ]
    small.say("reactome", stated("PARTICIPATES_IN", *members))
    small.say("x", stated("ASSOCIATES", subject="doid:1", object="hgnc:40", evidence="asserted"))
    small.finish()
    return small


def ask(build: SmallBuild, genes: list[str], background: list[str] | str, **options: object) -> Enrichment:
    options.setdefault("collections", chosen(["Pathway"]))
    return enrich(build.writer.connection, genes, background, **options)  # type: ignore[arg-type]


def test_the_counts_and_the_test(build: SmallBuild) -> None:
    stats = pytest.importorskip("scipy.stats", reason="the extra `analytics` is not installed")
    found = ask(build, GENES[:6], ANNOTATED)
    first, second = found.table.to_dicts()
    assert list(first) == list(COLUMNS)
    assert (first["set_id"], first["set_name"]) == ("reactome:R-HSA-1", "pathway 1")
    assert [first[name] for name in ("hits", "list_size", "set_size", "background_size")] == [6, 6, 10, 30]
    assert first["p_value"] == pytest.approx(stats.hypergeom.sf(5, 30, 10, 6), rel=1e-12)
    assert first["fold_enrichment"] == pytest.approx(3.0)
    assert first["fold_low"] < 3.0 <= first["fold_high"]
    assert first["genes"] == [f"G{n}" for n in range(1, 7)]
    assert second["hits"] == 2
    assert found.tested == 3
    assert first["bonferroni"] == pytest.approx(first["p_value"] * 3)


def test_the_background_decides(build: SmallBuild) -> None:
    measured = ask(build, [*GENES[:6], GENES[39]], GENES)
    annotated = ask(build, [*GENES[:6], GENES[39]], ANNOTATED)
    assert (measured.background_size, annotated.background_size) == (40, 30)
    assert (measured.outside, annotated.outside) == ((), ("hgnc:40",))
    assert measured.table["list_size"].to_list() == [7, 7]


def test_sets_without_a_hit_count_in_the_correction(build: SmallBuild) -> None:
    assert ask(build, GENES[:2], ANNOTATED).tested == 3
    assert ask(build, GENES[:2], ANNOTATED, smallest_set=5, largest_set=20).tested == 1


def test_random_lists_have_even_p_values(build: SmallBuild) -> None:
    rng = np.random.default_rng(1)
    small = 0
    for _ in range(200):
        genes = [str(one) for one in rng.choice(GENES, 10, replace=False)]
        table = ask(build, genes, GENES, largest_set=10, smallest_set=10).table
        small += bool(len(table) and table["p_value"][0] <= 0.05)
    assert small <= 20


def test_own_sets(build: SmallBuild, tmp_path: Path) -> None:
    path = tmp_path / "mine.gmt"
    path.write_text("first\tmy genes\tG1\tg2\tG2\tNOPE\n\nsecond\t\tG9\n", encoding="utf-8")
    sets, lost = read_gmt(build.writer.connection, path)
    assert sets == [
        GeneSet("first", "my genes", ("hgnc:1", "hgnc:2"), "mine.gmt"),
        GeneSet("second", "", ("hgnc:9",), "mine.gmt"),
    ]
    assert [one.given for one in lost] == ["NOPE"]
    found = ask(build, GENES[:2], GENES, collections=(), own_sets=sets)
    assert found.table.select("collection", "set_id", "hits").rows() == [("mine.gmt", "first", 2)]
    assert found.tested == 2
    others = [GeneSet("first", "of another", ("hgnc:1",), "others.gmt")]
    both = ask(build, GENES[:2], GENES, own_sets=[*sets, *others])
    assert set(both.table["collection"]) == {"mine.gmt", "others.gmt", "PARTICIPATES_IN:Pathway"}
    assert both.tested == 6
    alone = ask(build, GENES[:2], GENES, collections=(), own_sets=others).table
    same = both.table.filter(pl.col("collection") == "others.gmt")
    assert same.select("hits", "set_size", "p_value").equals(alone.select("hits", "set_size", "p_value"))


def test_predicted_sets_are_kept_apart(build: SmallBuild) -> None:
    known = collections(FULL_MODEL)
    predicted = [one for one in known.values() if one.predicted]
    assert "HAS_MEMBER:Subnetwork" in {one.name for one in predicted}
    assert not [one for one in collections().values() if one.predicted]
    assert not [one for one in chosen(["Drug", "Disease", "Pathway"], FULL_MODEL) if one.predicted]
    assert chosen(["Subnetwork"], FULL_MODEL) == [known["HAS_MEMBER:Subnetwork"]]
    for own, others in (([], chosen(["Pathway"])), ([GeneSet("a", "", ("hgnc:1",))], [])):
        with pytest.raises(QuestionError, match="HAS_MEMBER:Subnetwork is predicted"):
            ask(build, GENES[:2], GENES, collections=[known["HAS_MEMBER:Subnetwork"], *others], own_sets=own)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "holds no gene sets"),
        (b"first\tdescription\n", "line 1: no gene set .the set 'first' has no genes"),
        (b"a\t\tG1\n\tdescription\tG1\n", "line 2: no gene set .no name"),
        (b"a\t\tG1\nb\t\tG\xe8\n", "line 2: no UTF-8"),
        (b"PK\x03\x04\x00", "no UTF-8 text"),
        (b"a\t\t" + b"G" * 2_000_001, "line 1: 2,000,004 letters"),
        (b"a\t\tG1\na\t\tG2\n", "line 2: the set 'a' stands in line 1"),
        (b"\xff\xfe\x00", "no UTF-8"),
    ],
)
def test_a_bad_file_is_named(build: SmallBuild, tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "bad.gmt"
    path.write_bytes(content)
    with pytest.raises(QuestionError, match=message):
        read_gmt(build.writer.connection, path)
    with pytest.raises(QuestionError, match="cannot be read"):
        read_gmt(build.writer.connection, tmp_path / "absent.gmt")


def test_what_cannot_be_tested_is_refused(build: SmallBuild) -> None:
    with pytest.raises(QuestionError, match="No gene of the list"):
        ask(build, ["hgnc:999"], ANNOTATED)
    with pytest.raises(QuestionError, match="No gene sets are chosen"):
        ask(build, GENES, ANNOTATED, collections=())
    with pytest.raises(QuestionError, match=r"PARTICIPATES_IN:Pathway"):
        chosen(["Pathwya"])


def test_collections_follow_from_the_model() -> None:
    names = collections()
    assert {"PARTICIPATES_IN:Pathway", "ASSOCIATES:Disease", "TARGETS:Drug"} <= set(names)
    assert not [name for name in names if name.endswith((":Source", ":Gene"))]
    assert [one.name for one in chosen(["targets", "disease"])] == [
        "ASSOCIATES:Disease",
        "DOWNREGULATES:Disease",
        "TARGETS:Drug",
        "UPREGULATES:Disease",
    ]
