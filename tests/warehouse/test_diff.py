"""What differs between two builds."""

from __future__ import annotations

from collections.abc import Callable

import duckdb
import pytest

from tests.conftest import SmallBuild, stated
from warehouse.diff import difference
from warehouse.errors import BuildError
from warehouse.warehouse import Warehouse

NewSmall = Callable[[], SmallBuild]


def test_counts_and_rows_by_source(new_small: NewSmall) -> None:
    old, new = new_small(), new_small()
    for build, name, genes in ((old, "one", (1, 2, 3)), (new, "other", (2, 3, 4, 5))):
        build.say("a", stated("Gene", *({"id": f"hgnc:{n}", "symbol": f"S{n}"} for n in genes)), rank=1)
        build.say("b", stated("Gene", id="hgnc:3", name=name), stated("Protein", id="uniprot:P1"))
        build.say("b", stated("ENCODES", subject="hgnc:2", object="uniprot:P1", evidence="asserted"))
        build.finish()
    found = difference(old.close(), new.close())
    assert found.by_source.to_dicts() == [
        {"type": "Gene", "source": "a", "before": 3, "after": 4, "added": 2, "removed": 1, "changed": 1},
        {"type": "Gene", "source": "b", "before": 1, "after": 1, "added": 0, "removed": 0, "changed": 1},
    ]
    assert found.rows.rows() == [
        ("Gene", "added", "hgnc:4", ["a"]),
        ("Gene", "added", "hgnc:5", ["a"]),
        ("Gene", "changed", "hgnc:3", ["a", "b"]),
        ("Gene", "removed", "hgnc:1", ["a"]),
    ]


def test_a_source_that_no_longer_states_a_row_is_counted(new_small: NewSmall) -> None:
    """The row stays, by the word of another: for the source that fell silent it is one less."""
    old, new = new_small(), new_small()
    for build in (old, new):
        build.say("a", stated("Gene", id="hgnc:1"))
    old.say("b", stated("Gene", id="hgnc:1"))
    old.finish()
    new.finish()
    told = difference(old.close(), new.close()).by_source.filter(type="Gene").to_dicts()
    assert {row["source"]: (row["before"], row["after"], row["removed"]) for row in told}["b"] == (1, 0, 1)


def test_relationships_and_table_rows_have_keys(new_small: NewSmall) -> None:
    old, new = new_small(), new_small()
    for build, days in ((old, 10), (new, 12)):
        build.say("a", stated("Patient", id="tcga:P1"), stated("Gene", {"id": "hgnc:1"}, {"id": "hgnc:2"}))
        build.say("a", stated("survival", patient_id="tcga:P1", endpoint="OS", time_days=days, event=1))
    new.say("a", stated("IN_COMPLEX_WITH", subject="hgnc:2", object="hgnc:1", evidence="asserted"))
    old.finish()
    new.finish()
    assert difference(old.close(), new.close()).rows.rows() == [
        ("IN_COMPLEX_WITH", "added", "hgnc:1 IN_COMPLEX_WITH hgnc:2", ["a"]),
        ("survival", "changed", "tcga:P1 OS", ["a"]),
    ]


def test_equal_builds_do_not_differ_even_while_one_is_asked(new_small: NewSmall) -> None:
    builds = []
    for _ in range(2):
        build = new_small()
        build.say("a", stated("Gene", id="hgnc:1"))
        build.finish()
        builds.append(build.close())
    with Warehouse(builds[0]) as opened:
        before, after = builds
        found = difference(before, after)
        assert opened.sql("SELECT count(*) FROM gene").rows() == [(1,)]
    assert found.rows.is_empty()
    assert found.by_source.columns == ["type", "source", "before", "after", "added", "removed", "changed"]


def test_a_broken_build_is_named(new_small: NewSmall) -> None:
    old, new = new_small(), new_small()
    old.finish()
    build, broken = old.close(), new.close()
    broken.database.write_bytes(b"no database")
    with pytest.raises(BuildError, match=f"Build {broken.id} cannot be opened"):
        difference(build, broken)


def test_a_type_that_the_older_build_does_not_know_is_added(new_small: NewSmall) -> None:
    old, new = new_small(), new_small()
    for build in (old, new):
        build.say("a", stated("Gene", id="hgnc:1"), stated("Anatomy", id="uberon:1"))
        build.finish()
    before, after = old.close(), new.close()
    with duckdb.connect(before.database) as connection:
        connection.execute(
            "DROP VIEW main.anatomy; DELETE FROM record.fingerprints WHERE table_name = 'resolved.anatomy'"
        )
    assert ("Anatomy", "added", "uberon:1", ["a"]) in difference(before, after).rows.rows()
