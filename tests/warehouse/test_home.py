"""The folder of a warehouse: which build is current, who may write, what is kept."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from warehouse.errors import BuildError, TargetGraphError
from warehouse.home import RECEIPT, Build, Home
from warehouse.merges import redo_merge, undo_merge, undone_merges

HOLD = """
import sys, time
from pathlib import Path
from warehouse.home import Home
with Home(Path(sys.argv[1])).writing():
    print("held", flush=True)
    sys.stdin.read()
"""


def _publish(home: Home, content_hash: str, keep: int = 3) -> Build:
    with home.writing() as writer:
        folder = writer.new_build()
        (folder / RECEIPT).write_text(json.dumps({"content_hash": content_hash}))
        return writer.publish(folder, content_hash, keep)


def test_an_empty_home_says_how_to_make_a_build(tmp_path: Path) -> None:
    home = Home(tmp_path / "none")
    with pytest.raises(BuildError, match="There is no build in") as told:
        home.current()
    assert "targetgraph build" in str(told.value)
    assert home.builds() == []
    assert not home.root.exists(), "looking makes nothing"


def test_publishing_swaps_and_keeps_the_last_ones(tmp_path: Path) -> None:
    home = Home(tmp_path)
    made = [_publish(home, f"{n:064x}") for n in range(5)]
    assert [build.id for build in home.builds()] == [build.id for build in made[2:]]
    assert home.current() == made[-1]
    assert home.previous() == made[3]
    assert home.current().receipt() == {"content_hash": f"{4:064x}"}
    assert not list((tmp_path / "making").iterdir())


def test_the_current_build_is_kept_after_a_roll_back(tmp_path: Path) -> None:
    home = Home(tmp_path)
    first, second = _publish(home, "a" * 64), _publish(home, "b" * 64)
    with home.writing() as writer:
        writer.point_to(first.id)
    assert home.current() == first
    with pytest.raises(BuildError, match="no build before"):
        home.previous()
    third = _publish(home, "c" * 64, keep=1)
    assert home.builds() == [third]
    assert not first.folder.exists()
    assert not second.folder.exists()


def test_builds_are_named_by_their_beginning(tmp_path: Path) -> None:
    home = Home(tmp_path)
    first, second = _publish(home, "a" * 64), _publish(home, "b" * 64)
    assert home.build(first.id) == first
    assert home.build(second.id[:-1]) == second
    for wrong, found in (("2", 2), ("x", 0)):
        with pytest.raises(BuildError, match=f"names {found} builds") as told:
            home.build(wrong)
        assert first.id in str(told.value)


def test_a_folder_without_receipt_is_no_build(tmp_path: Path) -> None:
    home = Home(tmp_path)
    first, second = _publish(home, "a" * 64), _publish(home, "b" * 64)
    (second.folder / RECEIPT).unlink()
    assert home.builds() == [first]
    with pytest.raises(BuildError, match=f"{second.id}' is gone.\n.*{first.id}"):
        home.current()
    (first.folder / RECEIPT).write_text("{")
    with pytest.raises(BuildError, match=f"receipt of build {first.id} cannot be read"):
        first.receipt()


def test_a_second_writer_is_refused_and_names_the_owner(tmp_path: Path) -> None:
    home = Home(tmp_path)
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdin is not None
        assert owner.stdout is not None
        assert owner.stdout.readline() == "held\n"
        with (
            pytest.raises(BuildError, match=rf"Another build is being made.*process {owner.pid} on ") as told,
            home.writing(),
        ):
            pass
        assert "--wait" in str(told.value)
        start = time.monotonic()
        with pytest.raises(BuildError, match="Another build"), home.writing(wait_s=0.5):
            pass
        assert 0.4 < time.monotonic() - start < 5
        owner.stdin.close()
        with home.writing(wait_s=20):
            assert json.loads((tmp_path / "write.lock").read_text())["pid"] == os.getpid()
    assert (tmp_path / "write.lock").read_text() == ""


def test_the_lock_of_a_killed_owner_is_free(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        owner.stdout.readline()
        owner.kill()
        owner.wait()
    with Home(tmp_path).writing():
        pass


def test_what_killed_builds_left_is_removed(tmp_path: Path) -> None:
    home = Home(tmp_path)
    left = tmp_path / "making" / "123"
    left.mkdir(parents=True)
    (left / "warehouse.duckdb").write_text("half")
    with home.writing() as writer:
        folder = writer.new_build()
        assert not left.exists()
        assert list(folder.iterdir()) == []


def test_a_home_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for root in (tmp_path / "file", tmp_path / "file" / "below"):
        home = Home(root)
        with pytest.raises(BuildError, match="cannot be made") as told, home.writing():
            pass
        assert "TARGETGRAPH_HOME" in str(told.value)
        with pytest.raises(BuildError):
            home.current()


def test_decisions_on_merges_outlive_builds(tmp_path: Path) -> None:
    home = Home(tmp_path)
    assert undone_merges(home) == []
    with home.writing() as writer:
        undo_merge(writer, "ncbigene:2", "hgnc:2", "two genes")
        undo_merge(writer, "ncbigene:1", "hgnc:1", "")
        undo_merge(writer, "ncbigene:1", "hgnc:1", "said again")
    assert undone_merges(Home(tmp_path)) == [("ncbigene:1", "hgnc:1"), ("ncbigene:2", "hgnc:2")]
    with home.writing() as writer:
        redo_merge(writer, "ncbigene:1", "hgnc:1")
    assert undone_merges(home) == [("ncbigene:2", "hgnc:2")]
    for broken in ("{", "[1]", '{"a": 1}'):
        (home.state / "undone_merges.json").write_text(broken)
        with pytest.raises(TargetGraphError, match=r"undone_merges\.json cannot be read"):
            undone_merges(home)
