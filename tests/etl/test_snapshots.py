"""The snapshot store: atomic, verified, read-only, safe for two processes, and mindful of what an address gave."""

from __future__ import annotations

import doctest
import errno
import hashlib
import json
import logging
import os
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import etl.fetching.snapshots
from etl.fetching.snapshots import SnapshotStore, address_key, locked, redact
from warehouse.documents import store as file_store
from warehouse.documents.store import ChecksumError, checksum, store_errors
from warehouse.errors import SourceError, TerminalFetchError

URL = "https://example.org/releases/7/data.tsv.gz"


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def stored(store: SnapshotStore) -> list[str]:
    return sorted(path.name for path in (store.root / "sha256").glob("*/*"))


@pytest.fixture
def store(tmp_path: Path) -> SnapshotStore:
    return SnapshotStore(tmp_path / "store")


@pytest.fixture
def original(tmp_path: Path) -> Path:
    path = tmp_path / "genes.tsv"
    path.write_bytes(b"symbol\tid\nMET\t7029\n")
    return path


def test_add_copies_and_get_gives_it_back(store: SnapshotStore, original: Path) -> None:
    data = original.read_bytes()
    snapshot = store.add(original, move=False, name="HGNC.tsv")
    assert snapshot.path == store.root / "sha256" / sha(data)[:2] / sha(data)
    assert snapshot.path.read_bytes() == data
    assert (snapshot.sha256, snapshot.size_bytes, snapshot.name) == (sha(data), len(data), "HGNC.tsv")
    assert store.get(sha(data)) == snapshot
    assert original.read_bytes() == data
    assert list((store.root / "incoming").iterdir()) == []


def test_a_snapshot_is_read_only_and_apart_from_its_original(store: SnapshotStore, original: Path) -> None:
    snapshot = store.add(original)
    assert stat.S_IMODE(snapshot.path.stat().st_mode) == 0o444
    with original.open("ab") as file:
        file.write(b"an edit in place\n")
    assert store.verify(snapshot.sha256) == snapshot


def test_move_takes_the_file_away(store: SnapshotStore, original: Path) -> None:
    data = original.read_bytes()
    snapshot = store.add(original, move=True)
    assert not original.exists()
    assert snapshot.path.read_bytes() == data
    assert stat.S_IMODE(snapshot.path.stat().st_mode) == 0o444


def test_move_of_bytes_that_are_there_removes_the_second_file(store: SnapshotStore, original: Path) -> None:
    first = store.add(original)
    again = store.add(original, move=True, name="other.tsv")
    assert not original.exists()
    assert again.path == first.path
    assert (again.name, store.get(first.sha256)) == ("other.tsv", first)


def test_move_of_a_link_leaves_the_file_behind_it(store: SnapshotStore, original: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.tsv"
    link.symlink_to(original)
    snapshot = store.add(link, move=True)
    assert not link.is_symlink()
    assert original.exists()
    assert not snapshot.path.is_symlink()


def test_move_from_another_file_system_copies(
    store: SnapshotStore, original: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace = Path.replace

    def refuse(self: Path, target: Path) -> Path:
        if self == original:
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", refuse)
    snapshot = store.add(original, move=True)
    assert not original.exists()
    assert store.verify(snapshot.sha256) == snapshot


def test_a_wrong_checksum_stores_nothing(store: SnapshotStore, original: Path) -> None:
    with pytest.raises(ChecksumError) as caught:
        store.add(original, move=True, expect="0" * 64)
    assert (caught.value.expected, caught.value.got) == ("0" * 64, checksum(original))
    assert caught.value.expected in str(caught.value)
    assert caught.value.got in str(caught.value)
    assert stored(store) == []
    assert original.exists()


def test_a_file_that_changes_while_it_is_copied_is_stored_as_what_was_copied(
    store: SnapshotStore, original: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = checksum

    def then_edit(path: Path, *args: object) -> str:
        digest = real(path)
        if path == original:
            path.write_bytes(b"edited in between")
        return digest

    monkeypatch.setattr(file_store, "checksum", then_edit)
    with pytest.raises(ChecksumError):
        store.add(original, expect=checksum(original))
    assert stored(store) == []
    assert list((store.root / "incoming").iterdir()) == []
    original.write_bytes(b"as it was")
    snapshot = store.add(original)
    assert snapshot.sha256 == sha(b"edited in between")
    assert stored(store) == [snapshot.sha256]


def test_damaged_bytes_are_found_and_replaced(
    store: SnapshotStore, original: Path, caplog: pytest.LogCaptureFixture
) -> None:
    snapshot = store.add(original)
    snapshot.path.chmod(0o644)
    snapshot.path.write_bytes(b"rot")
    with pytest.raises(ChecksumError, match=r"delete .*sha256") as caught:
        store.verify(snapshot.sha256)
    assert caught.value.got == sha(b"rot")
    assert store.add(original) == snapshot
    assert "damaged" in caplog.text
    assert store.verify(snapshot.sha256) == snapshot


def test_what_is_not_there(store: SnapshotStore, tmp_path: Path) -> None:
    assert store.get("a" * 64) is None
    with pytest.raises(SourceError, match="not in"):
        store.verify("a" * 64)
    with pytest.raises(SourceError, match="is not a file"):
        store.add(tmp_path / "missing.tsv")
    with pytest.raises(SourceError, match="is not a file"):
        store.add(tmp_path)


@pytest.mark.parametrize("text", ["", "A" * 64, "a" * 63, "../../../etc/passwd", "g" * 64, "a" * 64 + "\n"])
def test_only_a_checksum_is_an_address(store: SnapshotStore, text: str) -> None:
    with pytest.raises(ValueError, match="SHA-256"):
        store.get(text)


@given(st.binary(max_size=300))
def test_every_file_comes_back_whole(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a file")
        path.write_bytes(data)
        snapshot = SnapshotStore(Path(folder, "store")).add(path)
        assert snapshot.sha256 == sha(data) == checksum(path)
        assert snapshot.path.read_bytes() == data


class Counting:
    """A progress that keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, float | None, str, float]] = []

    @contextmanager
    def task(self, name: str, total: float | None = None, unit: str = "steps") -> Iterator[Counting]:
        self.amount = 0.0
        yield self
        self.told.append((name, total, unit, self.amount))

    def advance(self, amount: float = 1) -> None:
        self.amount += amount

    def describe(self, text: str) -> None:
        raise AssertionError(text)


def test_checksum_is_read_in_pieces_and_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_store, "CHUNK_BYTES", 7)
    path = tmp_path / "data"
    path.write_bytes(bytes(100))
    progress = Counting()
    assert checksum(path, progress) == sha(bytes(100))
    assert progress.told == [("checksum data", 100, "bytes", 100)]


KILLED_ADD = """
import os, signal, sys
from contextlib import contextmanager
from pathlib import Path
import etl.fetching.snapshots
from warehouse.progress import SILENT

class Task:
    def advance(self, amount=1):
        os.kill(os.getpid(), signal.SIGKILL)

class Progress:
    @contextmanager
    def task(self, name, total=None, unit="steps"):
        yield Task() if name.startswith(sys.argv[3]) else SILENT.task("").__enter__()

etl.fetching.snapshots.SnapshotStore(Path(sys.argv[1])).add(Path(sys.argv[2]), progress=Progress())
"""


@pytest.mark.parametrize("moment", ["checksum", "copy"])
def test_a_killed_add_leaves_no_half_snapshot(store: SnapshotStore, original: Path, moment: str) -> None:
    command = [sys.executable, "-c", KILLED_ADD, str(store.root), str(original), moment]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    assert stored(store) == []
    left = list((store.root / "incoming").glob("*"))
    assert len(left) == (1 if moment == "copy" else 0)
    for path in left:
        os.utime(path, (0, 0))
    assert store.add(original).size_bytes == original.stat().st_size
    assert list((store.root / "incoming").iterdir()) == []


def test_remembered_is_the_first_word(store: SnapshotStore) -> None:
    assert store.remembered(URL) is None
    store.remember(URL, "a" * 64, redirects=["https://u:p@mirror.example.org/x"])
    store.remember(URL, "a" * 64)
    assert store.remembered(URL) == "a" * 64
    assert store.remembered(URL + "?release=8") is None
    with pytest.raises(ChecksumError) as caught:
        store.remember(URL, "b" * 64)
    record = store.address_path(URL)
    for part in (URL, "a" * 64, "b" * 64, str(record)):
        assert part in str(caught.value)
    assert store.remembered(URL) == "a" * 64
    kept = json.loads(record.read_text(encoding="utf-8"))
    assert kept["redirects"] == ["https://***@mirror.example.org/x"]
    assert [path.name for path in record.parent.iterdir()] == [record.name]
    record.unlink()
    store.remember(URL, "b" * 64)
    assert store.remembered(URL) == "b" * 64


def test_remembered_is_the_same_for_every_user(store: SnapshotStore) -> None:
    store.remember("https://me:secret@Example.org/a?token=topsecret#part", "a" * 64)
    assert store.remembered("https://example.org/a?token=topsecret") == "a" * 64
    text = store.address_path("https://example.org/a?token=topsecret").read_text(encoding="utf-8")
    assert "secret" not in text


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"sha256": 5}', '{"sha256": "short"}'])
def test_a_damaged_record_is_named(store: SnapshotStore, text: str) -> None:
    record = store.address_path(URL)
    record.parent.mkdir(parents=True)
    record.write_text(text, encoding="utf-8")
    with pytest.raises(SourceError, match="damaged") as caught:
        store.remembered(URL)
    assert str(record) in str(caught.value)


REMEMBER = """
import sys
from pathlib import Path
from etl.fetching.snapshots import SnapshotStore
from warehouse.documents.store import ChecksumError

sys.stdin.readline()
try:
    SnapshotStore(Path(sys.argv[1])).remember(sys.argv[2], sys.argv[3])
except ChecksumError:
    sys.exit(3)
"""


def test_of_two_processes_that_remember_one_is_first(store: SnapshotStore) -> None:
    words = ["a" * 64, "b" * 64]
    commands = [[sys.executable, "-c", REMEMBER, str(store.root), URL, word] for word in words]
    processes = [subprocess.Popen(command, stdin=subprocess.PIPE) for command in commands]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write(b"go\n")
        process.stdin.flush()
    codes = [process.communicate()[0] or process.returncode for process in processes]
    assert sorted(codes) == [0, 3]
    assert store.remembered(URL) == words[codes.index(0)]


def test_remember_waits_for_the_one_who_writes(store: SnapshotStore, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    raised: list[ChecksumError] = []

    def second() -> None:
        try:
            store.remember(URL, "b" * 64)
        except ChecksumError as error:
            raised.append(error)

    record = store.address_path(URL)
    thread = threading.Thread(target=second)
    with locked(record.with_suffix(".lock")):
        thread.start()
        end = time.monotonic() + 5
        while "waiting for another process" not in caplog.text and time.monotonic() < end:
            time.sleep(0.002)
        record.write_text(json.dumps({"sha256": "a" * 64}), encoding="utf-8")
    thread.join()
    assert [error.expected for error in raised] == ["a" * 64]
    assert store.remembered(URL) == "a" * 64


def test_a_lock_is_held_by_one_at_a_time_and_leaves_no_file(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    inside, most, turns = [0], [0], [0]

    def work() -> None:
        for _ in range(25):
            with locked(path):
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                turns[0] += 1
                # Give the others their chance to break in.
                time.sleep(0.0005)
                inside[0] -= 1

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (most[0], turns[0]) == (1, 150)
    assert not path.exists()


def test_a_full_disk_is_told_in_words(tmp_path: Path) -> None:
    with pytest.raises(TerminalFetchError, match="the disk is full"), store_errors(tmp_path, TerminalFetchError):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_store_that_is_no_folder_is_told_in_words(tmp_path: Path, original: Path) -> None:
    (tmp_path / "store").write_text("a file", encoding="utf-8")
    with pytest.raises(SourceError, match="cannot take the file") as caught:
        SnapshotStore(tmp_path / "store").add(original)
    assert str(tmp_path / "store") in str(caught.value)
    assert original.exists()


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://example.org/a.gz?release=7&format=tsv", "https://example.org/a.gz?release=7&format=tsv"),
        ("https://me@example.org/a", "https://***@example.org/a"),
        ("https://example.org/a#access_token=abc and #5", "https://example.org/a and #5"),
        ("https://me:p@ss:w@example.org/a@2.txt", "https://***@example.org/a@2.txt"),
        ("https://x/a?X-Amz-Signature=abc&X-Amz-Date=1", "https://x/a?X-Amz-Signature=***&X-Amz-Date=1"),
        ("https://x/a?apikey=abc;api_key=def&key=ghi", "https://x/a?apikey=***;api_key=***&key=***"),
        ("https://x/a?t=" + "Z9" * 20, "https://x/a?t=***"),
        ("https://x/a?file=/pub/current/ReactomePathways.txt", "https://x/a?file=/pub/current/ReactomePathways.txt"),
        (
            "got https://u:p@x/a, then https://v:q@y/b?token=1 in",
            "got https://***@x/a, then https://***@y/b?token=*** in",
        ),
    ],
)
def test_redact(url: str, shown: str) -> None:
    assert redact(url) == shown


@given(st.text(st.characters(categories=["L", "N"]), min_size=12, max_size=30))
def test_no_password_or_token_survives(secret: str) -> None:
    shown = redact(f"https://user:{secret}@example.org/a?token={secret}&access_token={secret}")
    assert secret not in shown
    assert redact(shown) == shown


def test_address_key_leaves_out_who_asks() -> None:
    assert address_key("https://u:p@example.org/a#b") == address_key("HTTPS://EXAMPLE.org/a")
    assert address_key("https://example.org/a?x=1") != address_key("https://example.org/a?x=2")
    assert address_key("https://example.org/A") != address_key("https://example.org/a")


def test_the_examples_in_the_documentation_hold() -> None:
    result = doctest.testmod(etl.fetching.snapshots)
    assert (result.failed, result.attempted > 0) == (0, True)
