"""A refresh equals a full rebuild, and differs from the build before in what its source says."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from etl.build import build
from etl.rows import Options
from etl.source import sources
from tests.etl.builds.cases import PATHWAYS, content_hash, plan, recomputed_hash, rename_pathway
from tests.etl.conftest import FOLDER
from warehouse.diff import difference
from warehouse.errors import SourceError
from warehouse.home import Home
from warehouse.merges import redo_merge, undo_merge
from warehouse.warehouse import Warehouse


@pytest.fixture(scope="module")
def refreshed_home(sample_home: Home, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """The whole sample, to be refreshed source by source."""
    root = tmp_path_factory.mktemp("refreshed") / "home"
    current = sample_home.current()
    shutil.copytree(current.folder, root / "builds" / current.id)
    shutil.copy(sample_home.root / "current", root)
    return Home(root)


@pytest.mark.parametrize("name", [name for name, one in sources().items() if one.is_public])
def test_a_refresh_equals_a_full_rebuild(refreshed_home: Home, sample_home: Home, sample_raw: Path, name: str) -> None:
    whole = sample_home.current().receipt()
    made = build(refreshed_home, plan(sample_raw, only=(name,), keep=1)).receipt()
    assert made["content_hash"] == whole["content_hash"]
    assert made["counts"] == whole["counts"]
    assert made["refreshed"] == [name]
    assert [one["source"] for one in made["sources"]] == [one["source"] for one in whole["sources"]]
    for before, after in zip(whole["sources"], made["sources"], strict=True):
        assert before["statements"] == after["statements"]
        assert before["statements_quarantined"] == after["statements_quarantined"]
        assert before["status"] == after["status"]


def test_changed_files_refreshed_equal_a_full_rebuild(home: Home, raw: Path, tmp_path: Path) -> None:
    """Of each source in turn: rows are gone, and what referred to them is resolved anew."""
    for name, file in (("hgnc", "hgnc_complete_set.txt"), ("dgidb", "drugs.tsv")):
        path = raw / FOLDER / name / file
        lines = path.read_bytes().splitlines(keepends=True)
        path.write_bytes(b"".join(lines[: -max(len(lines) // 30, 1)]))
        refreshed = build(home, plan(raw, only=(name,)))
        rebuilt = build(Home(tmp_path / f"full-{name}"), plan(raw))
        assert content_hash(refreshed) == content_hash(rebuilt), name
        assert refreshed.receipt()["counts"] == rebuilt.receipt()["counts"]
        assert recomputed_hash(refreshed, tmp_path / "check") == content_hash(refreshed)


def test_two_builds_of_the_same_files_are_equal_and_do_not_differ(home: Home, raw: Path) -> None:
    first = home.current()
    second = build(home, plan(raw))
    assert content_hash(first) == content_hash(second)
    found = difference(first, second)
    assert found.by_source.is_empty()
    assert found.rows.is_empty()


def test_a_refresh_changes_only_what_its_source_says(home: Home, raw: Path) -> None:
    path = raw / FOLDER / "reactome" / "ReactomePathways.txt"
    newer = raw / "2026-10-01" / "reactome" / path.name
    newer.parent.mkdir(parents=True)
    text = path.read_text().replace("Signaling by SMPK1 and others", "Another name")
    newer.write_text(text + "R-HSA-99999999\tA new pathway\tHomo sapiens\n")
    before = home.current()
    after = build(home, plan(raw, only=("reactome",), subset=True))
    found = difference(before, after)
    assert set(found.by_source["source"]) == {"reactome"}
    changed = {(row["change"], row["key"]) for row in found.rows.filter(type="Pathway").to_dicts()}
    assert ("added", "reactome:R-HSA-99999999") in changed
    assert ("changed", "reactome:R-HSA-9900001") in changed
    counted = found.by_source.filter(type="Pathway").to_dicts()[0]
    assert (counted["added"], counted["removed"]) == (1, 0)
    assert counted["after"] - counted["before"] == 1
    releases = {one["source"]: {f["release"] for f in one["files"]} for one in after.receipt()["sources"]}
    assert "2026-10-01" in releases["reactome"]
    superseded = {one["source"]: one["superseded"] for one in after.receipt()["sources"]}
    assert superseded["reactome"] == [f"{FOLDER}/reactome/{PATHWAYS}"]
    older = build(home, plan(raw, only=("reactome",), release=FOLDER))
    assert content_hash(older) == content_hash(before)


def test_roll_back_and_the_builds_that_are_kept(home: Home, raw: Path) -> None:
    old = home.current()
    for index in range(3):
        rename_pathway(raw, f"Name {index}")
        made = build(home, plan(raw, only=("reactome",), keep=3))
        (raw / FOLDER / "reactome" / "ReactomePathways.txt").write_text(
            (raw / FOLDER / "reactome" / "ReactomePathways.txt")
            .read_text()
            .replace(f"Name {index}", "Signaling by SMPK1 and others")
        )
    assert len(home.builds()) == 3
    assert old not in home.builds()
    with home.writing() as writer:
        writer.point_to(home.previous().id)
    with Warehouse.open(home.root) as opened:
        assert opened.sql("SELECT count(*) FROM pathway WHERE name = 'Name 1'").rows() == [(1,)]
    assert home.current() != made


def test_an_undone_merge_takes_effect_with_the_next_build(sample_raw: Path, tmp_path: Path) -> None:
    """Whatever that build refreshes: here a source that does not speak of genes."""
    raw = tmp_path / "raw"
    for name in ("hgnc", "ncbi_gene", "dgidb"):
        shutil.copytree(sample_raw / FOLDER / name, raw / FOLDER / name)
    home = Home(tmp_path / "home")
    first = build(home, plan(raw, subset=True))
    old_hash, genes = content_hash(first), first.receipt()["counts"]["Gene"]
    with Warehouse(first) as opened:
        merged, canonical = opened.sql("SELECT merged_id, canonical_id FROM merges ORDER BY 1 LIMIT 1").rows()[0]
    with home.writing() as writer:
        undo_merge(writer, merged, canonical, "they are two")
    refreshed = build(home, plan(raw, subset=True, only=("dgidb",)))
    assert refreshed.receipt()["counts"]["Gene"] == genes + 1
    with Warehouse(refreshed) as opened:
        told = opened.sql("SELECT active FROM merges WHERE merged_id = $id", id=merged).rows()
        both = opened.sql("SELECT count(*) FROM gene WHERE id IN ($a, $b)", a=merged, b=canonical).rows()
    assert (told, both) == ([(False,)], [(2,)])
    assert content_hash(build(home, plan(raw, subset=True))) == content_hash(refreshed)
    with home.writing() as writer:
        redo_merge(writer, merged, canonical)
    assert content_hash(build(home, plan(raw, subset=True, only=("dgidb",)))) == old_hash


def test_other_species_are_loaded_when_they_are_asked_for(raw: Path, tmp_path: Path, small_home: Home) -> None:
    asked = Options(("Homo sapiens", "Mus musculus"))
    made = build(Home(tmp_path / "mouse"), plan(raw, options=asked))
    mouse = "SELECT count(*) FROM pathway WHERE id LIKE 'reactome:R-MMU-%'"
    with Warehouse(made) as opened:
        assert opened.sql(mouse).rows()[0][0] > 0
    with Warehouse(small_home.current()) as opened:
        assert opened.sql(mouse).rows() == [(0,)]
    with pytest.raises(SourceError, match="No organism is known as Mus mus"):
        build(Home(tmp_path / "none"), plan(raw, options=Options(("Mus mus",))))
