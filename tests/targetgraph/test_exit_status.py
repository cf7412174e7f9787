"""The table of exit codes in the docs, every code driven for real; and what `status` says of builds that failed."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import psutil
import pytest
from typer.testing import CliRunner, Result

from targetgraph.cli import app, main
from targetgraph.cli.faults import INCOMPLETE
from tests.conftest import ROOT
from warehouse.errors import SourceError, TargetGraphError
from warehouse.health.failed_builds import failed_builds, note_failure, note_success
from warehouse.health.troubles import troubles
from warehouse.home import Home

SECTION = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8").partition("## Exit status")[2]
CODES = {int(code) for code in re.findall(r"^\| (\d+) \|", SECTION, re.MULTILINE)}

#: For each code, commands that end with it.
DRIVEN: dict[int, list[list[str]]] = {
    0: [["sql", "SELECT 1"], ["sql", "FROM range(9)", "--limit", "2"], ["status"], ["--version"]],
    1: [
        ["sql", "SELECT 1", "--build", "nope"],
        ["model", "Gnee"],
        ["runs", "nothing"],
        ["schedule", "--check"],
        ["publish"],
        ["export", "/proc/targetgraph"],
    ],
    2: [
        ["query", "MATCH (g:Gene"],
        ["sql", "DROP TABLE gene"],
        ["sql", "SELECT 1", "--limit", "few"],
        ["nothing"],
        ["analyze", "proximity", "--disease", "doid:0"],
    ],
    4: [["sql", "SELECT sleep_ms(20000)", "--timeout", "0.2"]],
}


@pytest.fixture
def own_home(sample_home: Home, tmp_path: Path) -> Path:
    """The sample in a folder of its own, without what other tests left beside the builds."""
    home = tmp_path / "home"
    home.mkdir()
    for name in ("builds", "current"):
        (home / name).symlink_to(sample_home.root / name)
    return home


def _process(home: Path, words: list[str]) -> subprocess.Popen[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TARGETGRAPH_")}
    environment = {**kept, "PYTHONPATH": str(ROOT), "TARGETGRAPH_HOME": str(home)}
    command = [sys.executable, "-m", "targetgraph", *words]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=environment, cwd=home.parent)


def _in_this_process(
    home: Path, words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> tuple[int, str]:
    for name in os.environ:
        if name.startswith("TARGETGRAPH_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("TARGETGRAPH_HOME", str(home))
    monkeypatch.chdir(home.parent)
    monkeypatch.setattr(sys, "argv", ["targetgraph", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0), capsys.readouterr().err


def test_the_table_has_every_code() -> None:
    kinds, codes = [TargetGraphError], {0, 130}
    while kinds:
        kind = kinds.pop()
        kinds += kind.__subclasses__()
        codes.add(kind.exit_code)
    assert codes | {INCOMPLETE} == CODES == {*DRIVEN, INCOMPLETE, 130}


@pytest.mark.parametrize(
    ("code", "words"), [(code, words) for code, calls in DRIVEN.items() for words in calls], ids=str
)
def test_a_command_ends_with_its_code(
    own_home: Path, code: int, words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The first command of each code in a process of its own, the others by the same function in this one."""
    if words == DRIVEN[code][0]:
        with _process(own_home, words) as process:
            _out, told = process.communicate(timeout=120)
            ended = process.returncode
    else:
        ended, told = _in_this_process(own_home, words, monkeypatch, capsys)
    assert ended == code, told
    assert "Traceback" not in told
    assert told or code == 0


@pytest.mark.parametrize(
    "words",
    [
        ["sql", "SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE a.range < b.range"],
        ["query", "UNWIND range(1, 100000) AS a UNWIND range(1, 100000) AS b RETURN sum(a * b % 7) AS s"],
        ["schedule", "--cron", "0 3 * * 1"],
    ],
    ids=lambda words: words[0],
)
def test_ctrl_c(own_home: Path, words: list[str]) -> None:
    with _process(own_home, words) as process:
        _await_work(process, own_home)
        pressed = time.monotonic()
        process.send_signal(signal.SIGINT)
        _out, told = process.communicate(timeout=60)
    assert time.monotonic() - pressed < 15, "at once, on however busy a machine, and not at the limit of time"
    # A scheduler that is stopped has done what it was told.
    assert process.returncode == (0 if words[0] == "schedule" else 130), told
    assert "Traceback" not in told
    assert "leaked" not in told


def test_a_build_without_a_file_that_failed_ends_with_its_code(sample_home: Home, tmp_path: Path) -> None:
    """Folders and files are given side by side; `--strict` stops instead, and `status` names what is missing."""
    raw = tmp_path / "dgidb"
    shutil.copytree(next((sample_home.root / "raw").rglob("dgidb")), raw)
    (raw / "genes.tsv").unlink()
    pointer = tmp_path / "dgidb_genes.tsv"
    pointer.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n")
    words = ["build", "--raw", str(raw), "--raw", str(pointer), "--subset", "--home", str(tmp_path / "home")]
    runner = CliRunner()
    stopped = runner.invoke(app, [*words, "--strict"])
    assert (stopped.exit_code, type(stopped.exception)) == (1, SourceError)
    made = runner.invoke(app, words)
    assert made.exit_code == INCOMPLETE
    assert "warning: DGIdb was built without dgidb_genes.tsv:" in made.output
    seen = runner.invoke(app, ["status", "--home", str(tmp_path / "home")])
    assert seen.exit_code == 1
    assert "DGIdb was built without dgidb_genes.tsv:" in seen.output


def _await_work(process: subprocess.Popen[str], home: Path) -> None:
    """Wait until it computes, which takes more processor time than its start, or says that it waits for its hour."""
    deadline = time.monotonic() + 90
    while not (home / "state" / "schedule.json").exists() and psutil.Process(process.pid).cpu_times().user < 2.5:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)


# -- what failed ---------------------------------------------------------------------------------------------------


@pytest.fixture
def small(sample_home: Home, tmp_path: Path) -> Home:
    """A warehouse of one source, with its downloads."""
    home = tmp_path / "home"
    for name in ("hgnc", "ncbi_gene"):
        shutil.copytree(sample_home.root / "raw" / "2026-07-07" / name, home / "raw" / "2026-07-07" / name)
    assert _call(home, "build", "--raw", str(home / "raw"), "--subset").exit_code == 0
    return Home(home)


def _call(home: Path, *words: str) -> Result:
    return CliRunner().invoke(app, [*words, "--home", str(home)])


def test_status_after_a_build_that_failed(small: Home) -> None:
    """It says what failed, when and why, while the build of before answers; the next build ends the trouble."""
    before = small.current()
    assert _call(small.root, "status").exit_code == 0
    damaged = small.root / "raw" / "2026-07-07" / "hgnc" / "hgnc_complete_set.txt"
    whole = damaged.read_text(encoding="utf-8")
    damaged.write_text("another file\n", encoding="utf-8")
    refresh = ["build", "--source", "hgnc", "--raw", str(small.root / "raw"), "--subset"]
    assert _call(small.root, *refresh).exit_code == 1
    told = _call(small.root, "status", "-f", "json")
    assert told.exit_code == 1
    assert "The last build of hgnc failed at 20" in told.stderr
    assert "hgnc_complete_set.txt" in told.stderr
    assert json.loads(told.stdout)
    assert small.current() == before
    assert _call(small.root, "sql", "SELECT 1").exit_code == 0
    damaged.write_text(whole, encoding="utf-8")
    assert _call(small.root, *refresh).exit_code == 0
    assert _call(small.root, "status").exit_code == 0


def test_status_of_a_build_that_this_version_cannot_read(small: Home) -> None:
    with duckdb.connect(str(small.current().database)) as connection:
        connection.execute("UPDATE record.layout SET version = 0")
    told = _call(small.root, "status")
    assert told.exit_code == 1
    assert "layout 0" in told.stderr
    small.current().database.write_bytes(b"no database")
    assert _call(small.root, "status").exit_code == 1


def test_once_and_then_the_check(small: Home) -> None:
    """What cron runs needs no scheduler that stays."""
    checked = ["schedule", "--check"]
    assert _call(small.root, *checked).exit_code == 1
    once = ["schedule", "--once", "--source", "hgnc", "--raw", str(small.root / "raw")]
    (small.root / "raw" / "targetgraph-subset.json").write_text("{}", encoding="utf-8")
    assert _call(small.root, *once).exit_code in {0, 1}
    failed = bool(troubles(small))
    assert _call(small.root, *checked).exit_code == int(failed)
    assert _call(small.root, "status").exit_code == int(failed)


def test_failures_are_kept_by_their_sources(tmp_path: Path) -> None:
    home = Home(tmp_path)
    note_success(home, ())
    assert not (tmp_path / "state").exists()
    note_failure(home, ("b", "a"), "first")
    note_failure(home, ("a", "b"), "second")
    note_failure(home, ("c",), "third")
    note_failure(home, (), "fourth")
    assert [(one.sources, one.reason) for one in failed_builds(home)] == [
        (("a", "b"), "second"), (("c",), "third"), ((), "fourth"),
    ]  # fmt: skip
    note_success(home, ("a",))
    assert len(failed_builds(home)) == 3
    note_success(home, ("a", "b", "c"))
    assert [one.sources for one in failed_builds(home)] == [()]
    note_success(home, ())
    assert failed_builds(home) == []
    (tmp_path / "state" / "failed_builds.json").write_text("{", encoding="utf-8")
    with pytest.raises(TargetGraphError, match=r"failed_builds\.json cannot be read"):
        failed_builds(home)
