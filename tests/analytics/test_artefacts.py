"""A run that hands back files: from the folder of its context to the list of runs, and to a later run."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from analytics.analysis import Analysis, Findings, RunContext, option
from analytics.running import PlannedRun
from targetgraph.cli import app
from warehouse.home import Home
from warehouse.results.store import Results


@dataclass(frozen=True)
class Options:
    embedding: str | None = option("A run whose embedding is taken", default=None)


def _run(options: Options, context: RunContext) -> Findings:
    start = 0.0
    if options.embedding is not None:
        with context.warehouse.open_artefact(options.embedding, "embedding.npy") as file:
            start = float(np.load(file, allow_pickle=False).sum())
    path = context.artefacts / "embedding.npy"
    np.save(path, np.full((2, 3), start + 1.0))
    return Findings(metrics={"start": start}, artefacts={"embedding.npy": path, "note.txt": b"made"})


FILES: Analysis[Any] = Analysis("files", "Files", "Hands back files.", Options, _run, (), {})


@pytest.fixture
def home(sample_home: Home, tmp_path: Path) -> Home:
    """A copy of the sample that a test may change."""
    shutil.copytree(sample_home.root / "builds", tmp_path / "home" / "builds")
    shutil.copy(sample_home.root / "current", tmp_path / "home" / "current")
    return Home(tmp_path / "home")


def test_files_go_from_one_run_to_the_list_and_to_another(home: Home) -> None:
    first = PlannedRun(FILES, Options(), 0, home, home.current()).execute()
    assert [(one.name, one.media_type) for one in first.artefacts] == [
        ("embedding.npy", "application/x-npy"),
        ("note.txt", "text/plain"),
    ]
    assert not Results(home).attempts.checkpoint(first.run).exists()
    listed = CliRunner().invoke(app, ["runs", first.run, "--format", "json", "--home", str(home.root)])
    rows = {row["name"]: row["value"] for row in json.loads(listed.stdout) if row["part"] == "artefact"}
    assert rows["note.txt"] == f"text/plain, 4 bytes, sha256 {first.artefacts[1].sha256}"
    second = PlannedRun(FILES, Options(first.run), 0, home, home.current()).execute()
    assert second.metrics["start"] == 6.0
    assert second.artefacts[0].sha256 != first.artefacts[0].sha256
    gone = CliRunner().invoke(app, ["retract", first.run, "--delete", "--yes", "--home", str(home.root)])
    assert gone.exit_code == 0
    assert [path.name for path in (home.results / "artefacts").iterdir()] == [second.run]
