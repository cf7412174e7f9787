"""How many rows are written: files, pipes and the formats of programs get all of them, and every cut is said."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import subprocess
import sys
from functools import cache
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner, Result

from targetgraph.cli import app, output
from tests.conftest import ROOT
from warehouse.home import Home

#: A call of every verb with rows that takes `--limit`, with at least three rows on the sample.
LISTS = {
    "ask": ["ask", "pathways_of_gene", "-p", "gene=SKP1"],
    "conflicts": ["conflicts", "SKP1"],
    "diff": ["diff", "FIRST", "SECOND"],
    "diff --rows": ["diff", "FIRST", "SECOND", "--rows"],
    "enrich": ["enrich", "mine", "--background", "annotated", "--sets", "Pathway"],
    "merges": ["merges"],
    "path": ["path", "SKP1", "doid:1324", "--to", "Disease"],
    "path --examples": ["path", "SKP1", "doid:1324", "--to", "Disease", "--examples", "TYPE"],
    "prioritise": ["prioritise", "doid:1324"],
    "prioritise --explain": ["prioritise", "doid:1324", "--explain", "SMPK1:structures"],
    "query": ["query", "MATCH (g:Gene) RETURN g.id AS id"],
    "search": ["search", "s"],
    "sql": ["sql", "FROM range(12000)"],
}


@cache
def _longest_type(home: Home) -> str:
    """The type of which there are the most paths."""
    words = ["path", "SKP1", "doid:1324", "--to", "Disease", "-f", "json", "--home", str(home.root)]
    rows = json.loads(CliRunner().invoke(app, words).stdout)
    return str(max(rows, key=lambda row: row["paths"])["path_type"])


@pytest.fixture(scope="module")
def home(sample_home: Home, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A warehouse of the sample with a second build of two sources and a list."""
    root = tmp_path_factory.mktemp("cuts") / "home"
    subprocess.run(["cp", "-r", str(sample_home.root), str(root)], check=True)
    raw = root / "raw" / "2026-07-07" / "hgnc" / "hgnc_complete_set.txt"
    raw.write_text("\n".join(raw.read_text(encoding="utf-8").splitlines()[:-8]) + "\n", encoding="utf-8")
    for words in (
        ["list", "make", "mine", "SKP1", "SMPK1"],
        ["build", "--source", "hgnc", "--raw", str(root / "raw"), "--subset"],
        ["rollback"],
    ):
        done = CliRunner().invoke(app, [*words, "--home", str(root)])
        assert done.exit_code == 0, (done.output, done.exception)
    return Home(root)


def _call(home: Home, name: str, *words: str) -> Result:
    first, second = (build.id for build in home.builds())
    places = {"FIRST": first, "SECOND": second, "TYPE": _longest_type(home) if "TYPE" in LISTS[name] else ""}
    given = [places.get(word, word) for word in LISTS[name]]
    called = CliRunner().invoke(app, [*given, *words, "--home", str(home.root)], catch_exceptions=False)
    assert called.exit_code == 0, called.output
    return called


@pytest.mark.parametrize("name", LISTS)
def test_pipes_and_files_are_whole_and_a_cut_is_said(
    home: Home, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output, "TERMINAL_ROWS", 2)
    whole = _call(home, name, "-f", "json")
    rows = json.loads(whole.stdout)
    assert len(rows) > 2
    assert not {"Showing", "cut"} & set(whole.stderr.split())
    _call(home, name, "-f", "parquet", "-o", str(tmp_path / "rows"))
    assert pl.read_parquet(tmp_path / "rows").height == len(rows)
    for words in (["-f", "csv"], ["-f", "csv", "--limit", "0"]):
        shown = _call(home, name, *words)
        assert len(list(csv.reader(io.StringIO(shown.stdout)))) == len(rows) + 1
        assert not {"Showing", "cut"} & set(shown.stderr.split())
    cut = _call(home, name, "-f", "csv", "--limit", "2")
    assert len(list(csv.reader(io.StringIO(cut.stdout)))) == 3
    assert "--limit" in cut.stderr
    in_file = _call(home, name, "-f", "tsv", "--limit", "1", "-o", str(tmp_path / "rows.tsv"))
    assert len((tmp_path / "rows.tsv").read_text(encoding="utf-8").splitlines()) == 2
    assert "--limit" in in_file.stderr


@pytest.mark.parametrize("name", ["enrich", "path", "path --examples", "prioritise", "diff --rows"])
def test_a_terminal_shows_the_first_rows_and_says_so_twice(
    home: Home, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output, "TERMINAL_ROWS", 2)
    monkeypatch.setattr(output, "_is_terminal", lambda: True)
    total = len(json.loads(_call(home, name, "-f", "json").stdout))
    note = f"Showing the first 2 of {total:,} rows; for all of them: --limit 0, or --output FILE."
    shown = _call(home, name)
    assert shown.stdout.startswith(note)
    assert note in shown.stderr
    assert note not in _call(home, name, "--limit", "0").output


def test_questions_on_a_terminal_have_the_limit_of_the_settings(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output, "_is_terminal", lambda: True)
    shown = _call(home, "sql")
    note = "The answer was cut after 10,000 rows; raise the limit with --limit (0 = all rows)."
    assert shown.stdout.startswith(note)
    assert note in shown.stderr
    found = _call(home, "search")
    assert found.stdout.startswith("Showing the first 20 of ")
    assert "Gene" in found.stderr


def test_a_limit_that_an_operator_set_holds_everywhere(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TARGETGRAPH_ROW_LIMIT", "7")
    cut = _call(home, "sql", "-f", "csv")
    assert len(cut.stdout.splitlines()) == 8
    assert "cut after 7 rows" in cut.stderr
    assert len(_call(home, "sql", "-f", "csv", "--limit", "0").stdout.splitlines()) == 12_001


def test_every_verb_with_a_limit_is_here() -> None:
    import typer

    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    limited = {name for name, command in commands.items() if any("--limit" in option.opts for option in command.params)}
    assert limited == {words[0] for words in LISTS.values()}


@pytest.mark.parametrize("name", ["csv", "tsv", "json"])
def test_where_there_is_nothing_there_is_no_row(home: Home, tmp_path: Path, name: str) -> None:
    """A header or an empty list, never an invented row."""
    (tmp_path / "none.txt").write_text("\n", encoding="utf-8")
    empty = str(tmp_path / "empty")
    calls = {
        "list,": ["list", "all", "--home", empty],
        "given,": ["list", "make", "none", "--file", str(tmp_path / "none.txt"), "--dry-run", "--home", str(home.root)],
    }
    for start, words in calls.items():
        called = CliRunner().invoke(app, [*words, "-f", name], catch_exceptions=False)
        assert called.exit_code == 0
        if name == "json":
            assert json.loads(called.stdout) == []
        else:
            assert called.stdout.replace("\t", ",").startswith(start)
            assert len(called.stdout.splitlines()) == 1


def test_a_real_terminal(home: Home) -> None:
    """A pseudo-terminal on standard output and a pipe on standard error."""
    reader, terminal = pty.openpty()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TARGETGRAPH_")}
    words = ["targetgraph", "diff", *(one.id for one in home.builds()), "--rows"]
    code = f"""
import sys
from targetgraph.cli import main, output
sys.argv, output.TERMINAL_ROWS = {words!r}, 2
main()
"""
    environment = {**kept, "PYTHONPATH": str(ROOT), "TARGETGRAPH_HOME": str(home.root)}
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=terminal, stderr=subprocess.PIPE, env=environment
    ) as process:
        os.close(terminal)
        shown = b""
        while True:
            try:
                read = os.read(reader, 65536)
            except OSError:
                break
            if not read:
                break
            shown += read
        assert process.stderr is not None
        told = process.stderr.read().decode()
    os.close(reader)
    assert shown.decode().startswith("Showing the first 2 of ")
    assert "Showing the first 2 of " in told
