"""Files that take their name when they are whole, and locks."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from warehouse import atomic
from warehouse.locks import HeldError, held

HOLD = """
import sys
from pathlib import Path
from warehouse.locks import held
with held(Path(sys.argv[1])):
    pass
"""


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("durable", [True, False])
def test_a_file_is_replaced_as_a_whole(tmp_path: Path, durable: bool) -> None:
    path = tmp_path / "state.json"
    atomic.write_text(path, "old\r\nμ", durable=durable)
    with atomic.new_file(path, durable=durable) as unfinished:
        unfinished.write_text("half")
        assert path.read_bytes() == "old\r\nμ".encode()
        assert unfinished.parent == path.parent
        unfinished.write_text("new")
    assert path.read_text() == "new"
    assert _names(tmp_path) == ["state.json"]


def test_what_fails_leaves_the_file_of_before_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    atomic.write_text(path, "old", durable=True)
    with pytest.raises(ZeroDivisionError), atomic.new_file(path, durable=True) as unfinished:
        unfinished.write_text("half")
        raise ZeroDivisionError
    (tmp_path / "folder" / "below").mkdir(parents=True)
    with pytest.raises(OSError, match="directory"):
        atomic.write_text(tmp_path / "folder", "text", durable=True)
    assert path.read_text() == "old"
    assert _names(tmp_path) == ["folder", "state.json"]


def test_two_writers_at_once_have_files_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "list"
    with atomic.new_file(path, durable=False) as one, atomic.new_file(path, durable=False) as other:
        assert one != other
        one.write_text("first")
        other.write_text("second")
    assert path.read_text() == "first", "the block that ends last wins"


@pytest.mark.parametrize("name", ["x" * 255, "μ" * 127, ".hidden", "a.tar.gz"])
def test_any_name_of_a_file_will_do(tmp_path: Path, name: str) -> None:
    atomic.write_bytes(tmp_path / name, b"1", durable=False)
    assert _names(tmp_path) == [name]


def test_what_killed_writers_left_is_removed_and_what_is_written_now_is_not(tmp_path: Path) -> None:
    killed, growing, foreign = (tmp_path / name for name in (".a.1-00ff00ff.part", ".b.1-00ff00ff.part", ".c.part"))
    for path in (killed, growing, foreign):
        path.write_text("half")
    for path in (killed, foreign):
        os.utime(path, (0, 0))
    atomic.write_text(tmp_path / "new", "", durable=False)
    assert _names(tmp_path) == [growing.name, foreign.name, "new"]


def test_durable_bytes_are_on_the_disk_before_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    flush = atomic.flush

    def noted(path: Path) -> None:
        synced.append("folder" if path.is_dir() else "old" if (tmp_path / "a").exists() else "bytes")
        flush(path)

    monkeypatch.setattr(atomic, "flush", noted)
    atomic.write_text(tmp_path / "a", "x", durable=True)
    assert synced == ["bytes", "folder"]
    atomic.write_text(tmp_path / "a", "x", durable=False)
    assert synced == ["bytes", "folder"]


def test_a_lock_has_one_holder(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with held(path):
        with pytest.raises(HeldError), held(path):
            pass
        code = (
            "import sys\nfrom pathlib import Path\nfrom warehouse.locks import held\nwith held(Path(sys.argv[1])): pass"
        )
        other = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=False)
        assert "HeldError" in other.stderr
    with held(path):
        assert path.exists()


def test_who_waits_is_called_and_gets_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    free, waits = threading.Event(), threading.Event()
    got: list[bool] = []

    def wait() -> None:
        with held(path, waiting=waits.set):
            got.append(free.is_set())

    thread = threading.Thread(target=wait)
    with held(path):
        thread.start()
        assert waits.wait(20)
        path.unlink()
        free.set()
    thread.join(20)
    assert got == [True]
