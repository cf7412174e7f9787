"""Files that runs hand back: kept by checksum, opened verified, removed with the run, none that runs code."""

from __future__ import annotations

import hashlib
import io
import json
import os
import pickle
import signal
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import ROOT
from tests.warehouse.results.conftest import PREDICTS, TABLES, account, findings
from warehouse.errors import AnalysisError, BuildError
from warehouse.home import Home
from warehouse.results import artefact_kinds, artefacts
from warehouse.results.artefacts import artefacts_folder, take, verify_names
from warehouse.results.findings import Findings
from warehouse.results.listing import RunState, listed_runs
from warehouse.results.record import RunRecord
from warehouse.results.store import Results
from warehouse.warehouse import Warehouse


def npy(array: np.ndarray[Any, Any]) -> bytes:
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


def npz(**arrays: np.ndarray[Any, Any]) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)  # type: ignore[arg-type] # names of arrays, not the flag
    return file.getvalue()


def zipped(**members: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def tensors(header: object, data: bytes) -> bytes:
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def parquet() -> bytes:
    file = io.BytesIO()
    pl.DataFrame({"gene": ["a"], "weight": [0.5]}).write_parquet(file)
    return file.getvalue()


#: A picture of one pixel, as any program writes it.
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489"
    "0000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)
WEBP = b"RIFF" + struct.pack("<I", 12) + b"WEBPVP8 \0\0\0\0"
F32 = {"w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}
GOOD = {
    "embedding.npy": npy(np.arange(6, dtype="f4").reshape(2, 3)),
    "model/weights.npz": npz(w=np.ones((3, 2)), names=np.array(["a", "b"])),
    "weights.safetensors": tensors({**F32, "__metadata__": {"by": "test"}}, bytes(8)),
    "table.parquet": parquet(),
    "table.csv": "gene,weight\nä,1\n".encode(),
    "table.tsv": b"gene\tweight\n",
    "plot.json": b'{"x": [1, 2]}',
    "thumbnails/tile_1.png": PNG,
    "tile.jpeg": b"\xff\xd8\xff\xe0 a picture \xff\xd9",
    "tile.webp": WEBP,
    "log.txt": b"done",
}


def with_files(**files: Any) -> Findings:
    return replace(findings(), artefacts={name.replace("__", "."): content for name, content in files.items()})


@pytest.fixture
def published(home: Home) -> tuple[Home, RunRecord]:
    """A warehouse with one active run that handed back a file of each kind."""
    return home, Results(home).publish(account(home), replace(findings(), artefacts=GOOD), PREDICTS, TABLES)


def test_files_of_every_kind_come_back_as_they_were(published: tuple[Home, RunRecord]) -> None:
    home, record = published
    assert [one.name for one in record.artefacts] == sorted(GOOD)
    with Warehouse.open(home.root) as warehouse:
        assert warehouse.artefacts(record.run) == record.artefacts
        rows = warehouse.sql("SELECT name, size_bytes, sha256 FROM artefacts WHERE run = $run", run=record.run).rows()
        assert {name: (size, sha) for name, size, sha in rows} == {
            name: (len(content), hashlib.sha256(content).hexdigest()) for name, content in GOOD.items()
        }
        for name, content in GOOD.items():
            with warehouse.open_artefact(record.run, name) as file:
                assert file.read() == content
                assert not file.writable()
        with warehouse.open_artefact(record.run, "model/weights.npz") as file:
            assert np.load(file, allow_pickle=False)["w"].sum() == 6
        with pytest.raises(BuildError, match="has no artefact 'none'"), warehouse.open_artefact(record.run, "none"):
            pass
        assert {one.name: one.media_type for one in record.artefacts}["tile.webp"] == "image/webp"
    assert RunRecord.from_json(record.to_json()) == record


def test_a_file_that_was_written_is_copied_and_the_same_bytes_are_kept_once(home: Home, tmp_path: Path) -> None:
    path = tmp_path / "weights.npy"
    path.write_bytes(GOOD["embedding.npy"])
    given = with_files(a__npy=path, b__npy=path.read_bytes(), c__npy=memoryview(path.read_bytes()))
    record = Results(home).publish(account(home), given, PREDICTS, TABLES)
    path.write_bytes(b"later")
    [kept] = artefacts_folder(home.results, record.run).iterdir()
    assert kept.name == record.artefacts[0].sha256
    assert kept.stat().st_mode & 0o777 == 0o444
    assert {one.sha256 for one in record.artefacts} == {kept.name}


class _Runs:
    """Runs code when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("echo pwned",)


OBJECTS = npy(np.array([_Runs()], dtype=object))
FIELDS = npy(np.array([(1, _Runs())], dtype=[("a", "i4"), ("b", "O")]))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("model.pkl", pickle.dumps(_Runs()), "may run code"),
        ("model.PT", zipped(**{"data.pkl": pickle.dumps(_Runs())}), "may run code"),
        ("model.joblib", b"x", "may run code"),
        ("model", b"x", "ending in nothing"),
        ("model.exe", b"MZ", "Kinds that are kept"),
        ("plot.svg", b"<svg onload='alert(1)'/>", "scripts"),
        ("page.html", b"<script>", "scripts"),
        ("a.npy", pickle.dumps(_Runs()), "not an array"),
        ("a.npy", OBJECTS, "Python objects"),
        ("a.npy", FIELDS, "Python objects"),
        ("a.npy", GOOD["embedding.npy"][:-1], "cut off"),
        ("a.npy", GOOD["embedding.npy"] + b"!", "longer than"),
        ("a.npy", b"\x93NUMPY\x01\x00\x10\x00__import__('os') ", "header"),
        ("a.npz", zipped(**{"a.npy": OBJECTS}), "Python objects"),
        ("a.npz", zipped(**{"a.npy": GOOD["embedding.npy"], "data.pkl": pickle.dumps(_Runs())}), "data.pkl"),
        ("a.npz", GOOD["model/weights.npz"][:-30], "not an archive"),
        ("a.npz", zipped(), "no array"),
        ("a.safetensors", pickle.dumps(_Runs()), "not a file of tensors"),
        ("a.safetensors", tensors(F32, bytes(7)), "cut off"),
        ("a.safetensors", tensors({"w": {"data_offsets": [4, 8]}}, bytes(8)), "gap"),
        ("a.safetensors", tensors({"w": {"data_offsets": [0]}}, bytes(8)), "cannot be read"),
        ("a.safetensors", tensors([1], bytes(8)), "cannot be read"),
        ("a.parquet", b"PAR1 no PAR1", "not a Parquet"),
        ("a.parquet", GOOD["table.parquet"][:-9], "not a Parquet"),
        ("a.csv", pickle.dumps(_Runs()), "not text|bytes that"),
        ("a.txt", b"\xff\xfe", "not text"),
        ("a.txt", b"cut \xc3", "not text"),
        ("a.json", b"{'a': 1}", "not JSON"),
        ("a.json", b"[" * 100_000, "not JSON"),
        ("a.png", b"<svg/>" * 10, "not a PNG"),
        ("a.png", PNG + b"<script>", "something follows"),
        ("a.png", PNG[:16] + b"\xff" * 8 + PNG[24:], "pixels"),
        ("a.jpg", PNG, "not a JPEG"),
        ("a.jpg", GOOD["tile.jpeg"][:-1], "cut off"),
        ("a.webp", PNG, "not a WebP"),
        ("a.webp", WEBP + b"!!", "cut off"),
        ("a.csv", b"", "is empty"),
    ],
)
def test_what_may_run_code_or_is_not_what_its_name_says_is_refused(
    home: Home, name: str, content: bytes, message: str
) -> None:
    results = Results(home)
    with pytest.raises(AnalysisError, match=message) as told:
        results.publish(account(home), replace(findings(), artefacts={name: content}), PREDICTS, TABLES)
    assert name in told.value.message
    assert results.active() == ()
    assert listed_runs(results) == []


@given(content=st.binary(max_size=200), name=st.sampled_from(sorted(GOOD)))
def test_any_bytes_are_taken_or_refused(content: bytes, name: str) -> None:
    for given_bytes in (content, GOOD[name][:40] + content, content + GOOD[name]):
        try:
            artefact_kinds.verify(name, io.BytesIO(given_bytes), len(given_bytes))
        except artefact_kinds.ContentError as error:
            assert str(error).endswith((".", ")")) or "JSON" in str(error) or "archive" in str(error)


@pytest.mark.parametrize(
    "name",
    [
        "../a.csv",
        "/a.csv",
        "a/../b.csv",
        ".hidden.csv",
        "a//b.csv",
        "a b.csv",
        "a\n.csv",
        "a.csv\n",
        "",
        "ä.csv",
        "a\\b.csv",
    ],
)
def test_a_hostile_name_is_refused(name: str) -> None:
    with pytest.raises(AnalysisError, match="cannot be the name"):
        verify_names([name])


def test_names_that_only_some_systems_tell_apart_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AnalysisError, match="same name"):
        verify_names(["a.csv", "A.CSV"])
    monkeypatch.setattr(artefacts, "MOST_ARTEFACTS", 1)
    with pytest.raises(AnalysisError, match="more than 1"):
        verify_names(["a.csv", "b.csv"])


def test_only_plain_files_are_taken(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"secret")
    (tmp_path / "link.txt").symlink_to(tmp_path / "secret")
    os.mkfifo(tmp_path / "pipe.txt")
    for path, message in (("link.txt", "cannot be read"), ("pipe.txt", "plain file"), ("none.txt", "cannot be read")):
        with pytest.raises(AnalysisError, match=message):
            take({"a.txt": tmp_path / path}, tmp_path / "taken", 100)
    with pytest.raises(AnalysisError, match="plain file"):
        take({"a.txt": tmp_path}, tmp_path / "taken", 100)


def test_the_size_of_all_is_limited(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TARGETGRAPH_ARTEFACT_MB", "1")
    halves = {f"{name}.txt": name.encode() * 600_000 for name in ("a", "b")}
    with pytest.raises(AnalysisError, match=r"b\.txt passes the limit") as told:
        Results(home).publish(account(home), replace(findings(), artefacts=halves), PREDICTS, TABLES)
    assert "TARGETGRAPH_ARTEFACT_MB" in str(told.value)
    assert not (home.results / "artefacts").exists()


def test_retracting_keeps_them_and_deleting_removes_them(published: tuple[Home, RunRecord]) -> None:
    home, record = published
    results = Results(home)
    results.retract(record.run)
    with Warehouse.open(home.root) as warehouse:
        assert warehouse.sql("SELECT count(*) FROM artefacts").rows() == [(0,)]
        with warehouse.open_artefact(record.run, "log.txt") as file:
            assert file.read() == b"done"
    results.activate(record.run)
    with Warehouse.open(home.root) as warehouse:
        assert warehouse.sql("SELECT count(*) FROM artefacts").rows() == [(len(GOOD),)]
    results.retract(record.run, delete=True)
    assert not artefacts_folder(home.results, record.run).exists()
    with Warehouse.open(home.root) as warehouse, pytest.raises(BuildError, match="cannot be read"):
        warehouse.artefacts(record.run)


def _cut(path: Path) -> None:
    path.chmod(0o644)
    path.write_bytes(b"don")


@pytest.mark.parametrize("damage", [Path.unlink, _cut])
def test_a_damaged_file_is_named(published: tuple[Home, RunRecord], damage: Callable[[Path], None]) -> None:
    home, record = published
    results = Results(home)
    sha256 = {one.name: one.sha256 for one in record.artefacts}["log.txt"]
    damage(artefacts_folder(home.results, record.run) / sha256)
    [listed] = listed_runs(results)
    assert (listed.state, "log.txt" in listed.problem) == (RunState.DAMAGED, True)
    with Warehouse.open(home.root) as warehouse:
        with pytest.raises(BuildError, match=r"log\.txt") as told, warehouse.open_artefact(record.run, "log.txt"):
            pass
        assert "--delete" in str(told.value)
        with warehouse.open_artefact(record.run, "plot.json") as file:
            assert json.load(file) == {"x": [1, 2]}
    results.retract(record.run)
    assert not results.has(record.run)
    with pytest.raises(BuildError, match=r"missing or damaged: log\.txt"):
        results.activate(record.run)
    results.publish(account(home), replace(findings(), artefacts=GOOD), PREDICTS, TABLES)
    assert results.has(record.run)


def test_bytes_of_the_same_length_are_noticed_when_they_are_read(published: tuple[Home, RunRecord]) -> None:
    home, record = published
    path = artefacts_folder(home.results, record.run) / hashlib.sha256(b"done").hexdigest()
    path.chmod(0o644)
    path.write_bytes(b"dome")
    with Warehouse.open(home.root) as warehouse, pytest.raises(BuildError, match=r"log\.txt .* has changed"):  # noqa: SIM117
        with warehouse.open_artefact(record.run, "log.txt"):
            pass


def test_what_is_published_again_replaces_what_was_there(published: tuple[Home, RunRecord]) -> None:
    home, record = published
    again = Results(home).publish(account(home), with_files(other__txt=b"other"), PREDICTS, TABLES)
    assert again.run == record.run
    assert [path.name for path in artefacts_folder(home.results, record.run).iterdir()] == [again.artefacts[0].sha256]


_KILLED = """
import os, signal, sys
from dataclasses import replace
from pathlib import Path
from tests.warehouse.results.conftest import PREDICTS, TABLES, account, findings
from warehouse.home import Home
from warehouse.results import artefacts, store

def die(*given, **named):
    os.kill(os.getpid(), signal.SIGKILL)

if sys.argv[2] == "while they are copied":
    artefacts.artefact_kinds.verify = die
elif sys.argv[2] == "before they are moved":
    artefacts.settle = die
elif sys.argv[2] == "after they were moved":
    store.result_path = die
home = Home(Path(sys.argv[1]))
store.Results(home).publish(account(home), replace(findings(), artefacts={"a.txt": b"new"}), PREDICTS, TABLES)
"""


@pytest.mark.parametrize("moment", ["while they are copied", "before they are moved", "after they were moved"])
def test_a_publication_that_is_killed_leaves_the_old_state(published: tuple[Home, RunRecord], moment: str) -> None:
    home, record = published
    command = [sys.executable, "-c", _KILLED, str(home.root), moment]
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == -signal.SIGKILL
    results = Results(home)
    assert [(one.run, one.state) for one in listed_runs(results)] == [(record.run, RunState.ACTIVE)]
    with Warehouse.open(home.root) as warehouse:
        assert warehouse.artefacts(record.run) == record.artefacts
        for name, content in GOOD.items():
            with warehouse.open_artefact(record.run, name) as file:
                assert file.read() == content
    again = results.publish(account(home), with_files(a__txt=b"new"), PREDICTS, TABLES)
    assert [path.name for path in artefacts_folder(home.results, record.run).iterdir()] == [again.artefacts[0].sha256]


def test_artefacts_of_a_first_publication_that_was_killed_belong_to_no_run(home: Home) -> None:
    command = [sys.executable, "-c", _KILLED, str(home.root), "after they were moved"]
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == -signal.SIGKILL
    results = Results(home)
    [listed] = listed_runs(results)
    assert listed.state is RunState.PARTIAL
    assert results.active() == ()
    results.retract(listed.run, delete=True)
    assert listed_runs(results) == []
