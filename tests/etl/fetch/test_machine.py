"""This machine's part: disk, permissions, network settings, several and killed processes."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import namedtuple
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from etl.fetching import fetch as fetching
from etl.fetching.fetch import Download, fetch
from etl.fetching.snapshots import SnapshotStore
from tests.etl.fetch.cases import DATA, Case, sha
from tests.etl.http_server import Gate, Reply
from warehouse.errors import SourceError, TerminalFetchError

# This machine


def test_too_little_room_is_told_before_the_body(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**12, 10**12, fetching.DISK_RESERVE_BYTES + 299_999))
    case.script(Reply(DATA))
    mirror = case.server.script(case.path + "-mirror", Reply(DATA))
    error = case.fails(TerminalFetchError, case.download(mirrors=(mirror,)))
    assert "300,000 bytes to fetch" in error.message
    assert "room" in str(error.hint)
    assert case.server.asked(case.path + "-mirror") == []
    assert (case.stored, case.partial) == ([], [])


def test_a_disk_that_fills_up_keeps_what_arrived(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    case.script(Reply(DATA, etag='"1"'))
    with monkeypatch.context() as patch:
        patch.setattr(SnapshotStore, "add", full)
        with pytest.raises(TerminalFetchError, match="the disk is full"):
            case.fetch()
    assert case.stored == []
    assert case.fetch().path.read_bytes() == DATA
    assert len(case.ranges) == 1


@pytest.mark.parametrize(
    ("name", "value"), [("SSL_CERT_FILE", "/nowhere/certificates.pem"), ("HTTPS_PROXY", "foo://me:topsecret@proxy:1")]
)
def test_network_settings_that_cannot_be_used(
    case: Case, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(TerminalFetchError, match="network settings") as caught:
        case.fetch()
    assert name in str(caught.value.hint)
    assert "topsecret" not in str(caught.value)


@contextmanager
def unprivileged() -> Iterator[None]:
    """Be a user whom the permissions of a folder stop."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


def test_a_store_that_cannot_be_written(case: Case) -> None:
    case.script(Reply(DATA))
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o555)
        with (
            unprivileged(),
            pytest.raises(TerminalFetchError, match="cannot take the file: Permission denied") as caught,
        ):
            fetch(case.download(), SnapshotStore(Path(folder)), backoff=case.backoff)
        Path(folder).chmod(0o755)
    assert folder in caught.value.message
    assert "permissions" in str(caught.value.hint)
    assert case.ranges == []


def test_a_snapshot_of_another_size_than_pinned(case: Case) -> None:
    case.script(Reply(DATA))
    snapshot = case.fetch()
    case.fails(TerminalFetchError, case.download(size_bytes=5))
    snapshot.path.chmod(0o644)
    snapshot.path.write_bytes(DATA[:-1])
    with pytest.raises(SourceError, match="wrong checksum"):
        case.fetch(case.download(size_bytes=len(DATA)))


# Several processes, killed processes

FETCH = """
import logging, sys
from pathlib import Path
from etl.fetching.fetch import Download, fetch
from etl.fetching.snapshots import SnapshotStore

logging.basicConfig(level=logging.INFO, stream=sys.stderr)
print(fetch(Download(sys.argv[1], sys.argv[2] or None), SnapshotStore(Path(sys.argv[3]))).path)
"""

Start = Callable[[Download], "subprocess.Popen[str]"]


@pytest.fixture
def start(case: Case) -> Iterator[Start]:
    processes: list[subprocess.Popen[str]] = []

    def start(download: Download) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", FETCH, download.url, download.sha256 or "", str(case.store.root)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("pinned", [True, False])
def test_two_processes_fetch_one_file_once(case: Case, start: Start, pinned: bool) -> None:
    gate = Gate()
    case.script(Reply(DATA, gate=gate, gate_at=131_072))
    download = case.download(DATA if pinned else None)
    first = start(download)
    assert gate.reached.wait(10)
    second = start(download)
    assert second.stderr is not None
    assert "waiting for another process" in second.stderr.readline()
    gate.opened.set()
    paths = [process.communicate(timeout=20)[0].strip() for process in (first, second)]
    assert paths == [str(case.store.path_of(sha(DATA)))] * 2
    assert len(case.ranges) == 1
    assert (case.stored, case.partial) == ([sha(DATA)], [])


@pytest.mark.parametrize("pinned", [True, False])
def test_a_killed_fetch_is_resumed(case: Case, start: Start, pinned: bool) -> None:
    gate = Gate()
    # Less than any buffer holds: it has to be in the file all the same.
    case.script(Reply(DATA, etag='"1"', gate=gate, gate_at=3_000, piece=1000), Reply(DATA, etag='"1"'))
    download = case.download(DATA if pinned else None)
    process = start(download)
    assert gate.reached.wait(10)
    wait_until(lambda: case.partial_path.exists() and case.partial_path.stat().st_size == 3_000)
    process.send_signal(signal.SIGKILL)
    assert process.wait(10) == -signal.SIGKILL
    gate.opened.set()
    assert case.stored == []
    assert case.fetch(download).path.read_bytes() == DATA
    assert case.ranges == [None, "bytes=3000-"]
    assert case.partial == []


def wait_until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.005)
