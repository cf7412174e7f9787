"""A user's files and folders: known by their content, read in pieces, refused where they cannot be known."""

from __future__ import annotations

import os
import shutil
import subprocess
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from analytics import inputs
from analytics.analysis import Analysis, Findings, RunContext, option
from analytics.inputs import described, identity, stamp
from analytics.running import PlannedRun
from warehouse.errors import AnalysisError
from warehouse.home import Home

_SHA256SUM = "find . -type f -printf '%P\\n' | LC_ALL=C sort | xargs -d '\\n' sha256sum | sha256sum"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with files at several depths, one hidden, one with an odd name."""
    for name, content in {"b.csv": b"b", "a/z.png": b"z", "a.txt": b"a", "a/é ü.png": b"e", ".hidden": b""}.items():
        path = tmp_path / "slides" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return tmp_path / "slides"


def test_a_folder_is_known_by_what_sha256sum_says_of_it(folder: Path) -> None:
    known = described(folder)
    said = subprocess.run(["bash", "-c", _SHA256SUM], cwd=folder, capture_output=True, text=True, check=True)
    assert known == {"folder": "slides", "files": 5, "sha256": said.stdout.split()[0]}


def test_equal_content_is_equal_wherever_it_lies(folder: Path, tmp_path: Path) -> None:
    known = described(folder)
    moved = folder.rename(tmp_path / "elsewhere")
    assert described(moved) != known
    assert identity(described(moved)) == identity(known)
    (moved / "b.csv").rename(moved / "c.csv")
    assert identity(described(moved)) != identity(known)


def test_a_file_is_the_same_under_another_name_but_not_in_another_format(tmp_path: Path) -> None:
    first, second, third = (tmp_path / name for name in ("a.tsv", "b.TSV", "a.csv"))
    for path in (first, second, third):
        path.write_bytes(b"x\ty\n")
    assert described(first) != described(second)
    assert identity([described(first)]) == identity([described(second)])
    assert identity(described(first)) != identity(described(third))
    assert identity({"n": 3, "file": described(first), "many": [1, 2]})["n"] == 3


def test_a_large_file_is_not_held_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(200_000_000)
    tracemalloc.start()
    described(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10_000_000


def _link_out(folder: Path) -> None:
    (folder.parent / "secret").write_bytes(b"s")
    (folder / "link").symlink_to("../secret")


def _link_nowhere(folder: Path) -> None:
    (folder / "link").symlink_to("none")


def _link_to_folder(folder: Path) -> None:
    (folder / "link").symlink_to(folder / "a")


def _pipe(folder: Path) -> None:
    os.mkfifo(folder / "pipe")


def _line_break(folder: Path) -> None:
    (folder / "a\nb").write_bytes(b"")


def _not_text(folder: Path) -> None:
    Path(os.fsdecode(os.fsencode(folder) + b"/\xff")).write_bytes(b"")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_link_out, "leads out of the folder"),
        (_link_nowhere, "leads out of the folder"),
        (_link_to_folder, "leads out of the folder"),
        (_pipe, "neither a file nor a folder"),
        (_line_break, "Rename it"),
        (_not_text, "Rename it"),
    ],
)
def test_what_cannot_be_known_by_its_content_is_refused(
    folder: Path, change: Callable[[Path], None], message: str
) -> None:
    change(folder)
    with pytest.raises(AnalysisError) as told:
        described(folder)
    assert message in str(told.value)


def test_a_link_within_the_folder_is_the_file_that_it_leads_to(folder: Path) -> None:
    before = described(folder)
    (folder / "link").symlink_to("b.csv")
    with_link = described(folder)
    assert with_link["files"] == before["files"] + 1
    (folder / "b.csv").write_bytes(b"changed")
    assert described(folder)["sha256"] != with_link["sha256"]


def test_what_is_not_there_empty_or_too_much_is_told(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "empty" / "deep").mkdir(parents=True)
    with pytest.raises(AnalysisError, match="none cannot be read: No such file"):
        described(tmp_path / "none")
    with pytest.raises(AnalysisError, match="holds no file"):
        described(tmp_path / "empty")
    with pytest.raises(AnalysisError, match="neither a file nor a folder"):
        described(Path("/dev/null"))
    monkeypatch.setattr(inputs, "MOST_FILES", 4)
    with pytest.raises(AnalysisError, match="more than 4 files"):
        described(folder)
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate(1_000_000_001)
    monkeypatch.setenv("TARGETGRAPH_INPUT_GB", "1")
    with pytest.raises(AnalysisError, match="more than 1 GB") as told:
        described(large)
    assert "TARGETGRAPH_INPUT_GB" in str(told.value)


def test_a_stamp_changes_with_a_file(folder: Path) -> None:
    before = stamp(folder)
    assert stamp(folder) == before
    (folder / "a" / "z.png").write_bytes(b"Z")
    assert stamp(folder) != before


@dataclass(frozen=True)
class Options:
    slides: Path = option("A folder")
    more: tuple[Path, ...] = option("Files", default=())


def test_an_input_that_changes_during_a_run_is_not_published(sample_home: Home, folder: Path, tmp_path: Path) -> None:
    shutil.copytree(sample_home.root / "builds", tmp_path / "home" / "builds")
    shutil.copy(sample_home.root / "current", tmp_path / "home" / "current")
    home = Home(tmp_path / "home")

    def run(options: Options, _context: RunContext) -> Findings:
        (options.slides / "b.csv").write_bytes(b"another")
        return Findings()

    analysis: Analysis[Any] = Analysis("changes", "Changes", "Changes what it reads.", Options, run, (), {})
    planned = PlannedRun(analysis, Options(folder, (folder / "a.txt",)), 0, home, home.current())
    assert planned.parameters["more"][0]["file"] == "a.txt"
    with pytest.raises(AnalysisError, match="was changed while the run was computed"):
        planned.execute()
    assert not list(home.results.glob("*.json"))
