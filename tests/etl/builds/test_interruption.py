"""Builds: whole or not at all, killed, on a full disk, two at a time, beside a reader."""

from __future__ import annotations

import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from etl.build import build
from tests.etl.builds.cases import BUILD, assert_whole, content_hash, plan, rename_pathway
from warehouse.errors import BuildError
from warehouse.home import Home
from warehouse.warehouse import Warehouse


@pytest.mark.parametrize(("only", "kills"), [(("reactome",), 6), ((), 2)], ids=["refresh", "full build"])
def test_killed_at_any_moment_leaves_a_whole_build(
    home: Home, raw: Path, tmp_path: Path, only: tuple[str, ...], kills: int
) -> None:
    """Kills spread over the length of a build; each next build starts on the ruins of the one before."""
    other = rename_pathway(Path(shutil.copytree(raw, tmp_path / "other")), "Another name")
    command = [sys.executable, "-c", BUILD, str(home.root)]
    old, noise = content_hash(home.current()), random.Random(7)
    start = time.monotonic()
    _run([*command, str(other), *only])
    length = time.monotonic() - start
    new = content_hash(home.current())
    assert new != old
    whole = set[str]()
    for index in range(kills):
        # Old and new content by turns, so that every finished build differs from the one before it.
        before = content_hash(home.current())
        folder = raw if before == new else other
        with subprocess.Popen([*command, str(folder), *only], stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep((index + noise.random()) / kills * length * 0.9)
            process.send_signal(signal.SIGKILL)
        current = home.current()
        assert content_hash(current) in {old, new}
        if current.id not in whole:
            assert_whole(current, tmp_path / "check")
            whole.add(current.id)
    _run([*command, str(other), *only])
    assert content_hash(home.current()) == new
    assert_whole(home.current(), tmp_path / "check")
    assert list((home.root / "making").iterdir()) == []
    assert len(home.builds()) <= 3
    assert len(list((home.root / "builds").iterdir())) == len(home.builds()), "no half of a build stays"


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def _limit_files() -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8_000_000, 8_000_000))


@pytest.mark.parametrize("only", [("reactome",), ()], ids=["refresh", "full build"])
def test_a_file_that_may_not_grow_leaves_the_current_build(home: Home, raw: Path, only: tuple[str, ...]) -> None:
    """As a full disk does: the write fails in the middle."""
    before = home.current()
    done = subprocess.run(
        [sys.executable, "-c", BUILD, str(home.root), str(raw), *only],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=_limit_files,
    )
    assert done.returncode == 3, done.stderr
    assert done.stderr.startswith("BuildError The build was given up: ")
    assert "The current build is as it was." in done.stderr
    assert home.current() == before
    assert list((home.root / "making").iterdir()) == []


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 24 MB; only where this process may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("this process may not mount a file system")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_leaves_the_current_build(small_home: Home, raw: Path, tiny_disk: Path) -> None:
    home = Home(tiny_disk / "home")
    shutil.copytree(small_home.current().folder, home.root / "builds" / small_home.current().id)
    shutil.copy(small_home.root / "current", home.root)
    for only in (("reactome",), ()):
        with pytest.raises(BuildError, match=r"The build was given up: .*") as told:
            build(home, plan(raw, only=only))
        assert "The current build is as it was." in str(told.value)
        assert content_hash(home.current()) == content_hash(small_home.current())
        with Warehouse(home.current()) as opened:
            assert opened.sql("SELECT count(*) > 0 FROM gene").rows() == [(True,)]
        assert list((home.root / "making").iterdir()) == []


def test_a_second_build_is_refused_or_waits(home: Home, raw: Path) -> None:
    with home.writing():
        with pytest.raises(BuildError, match=rf"Another build is being made.*process {os.getpid()} on"):
            build(home, plan(raw, only=("dgidb",)))
        command = [sys.executable, "-c", BUILD, str(home.root), str(raw), "dgidb"]
        waiting = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert waiting.stdout is not None
        waiting.stdout.readline()
        time.sleep(0.5)
        assert waiting.poll() is None
        before = len(home.builds())
    assert waiting.wait(60) == 0
    waiting.stdout.close()
    assert len(home.builds()) == before + 1


def test_a_reader_keeps_its_build_while_others_are_published(home: Home, raw: Path) -> None:
    rename_pathway(raw, "Another name")
    question = "MATCH (p:Pathway) WHERE p.name = 'Another name' RETURN count(p)"
    stop, seen = threading.Event(), set()
    with Warehouse.open(home.root) as old:
        first = old.build

        def ask() -> None:
            while not stop.is_set():
                seen.add(old.query(question).rows()[0][0])

        reader = threading.Thread(target=ask)
        reader.start()
        # One build is kept: the one that is read is removed under the reader.
        made = build(home, plan(raw, only=("reactome",), keep=1))
        stop.set()
        reader.join()
        assert seen == {0}
        assert old.query(question).rows() == [(0,)]
        assert old.sql("SELECT count(*) > 0 FROM gene").rows() == [(True,)]
    assert not first.folder.exists()
    with Warehouse.open(home.root) as new:
        assert new.build == made
        assert new.query(question).rows()[0][0] > 0
