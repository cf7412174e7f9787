"""The command line: every verb on the sample, every format, every exit code; no traceback for what a user can mend."""

from __future__ import annotations

import csv
import io
import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner, Result

from targetgraph.cli import app
from warehouse.errors import TargetGraphError
from warehouse.home import Home

ROOT = Path(__file__).parent.parent.parent
VERBS = (
    *(
        "build",
        "schedule",
        "update",
        "rollback",
        "merges",
        "status",
        "diff",
        "model",
        "sources",
        "query",
        "sql",
        "search",
        "export",
    ),
)
HEAVY = ("duckdb", "polars", "pandas", "torch", "pyarrow", "rich")


@pytest.fixture
def place(sample_home: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Home:
    """The sample as the current warehouse."""
    for name in [name for name in os.environ if name.startswith("TARGETGRAPH_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("TARGETGRAPH_HOME", str(sample_home.root))
    monkeypatch.chdir(tmp_path)
    return sample_home


def _call(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def _answer(*arguments: str) -> list[dict[str, object]]:
    called = _call(*arguments, "--format", "json")
    assert called.exit_code == 0, called.output
    rows: list[dict[str, object]] = json.loads(called.stdout)
    return rows


def _process(*arguments: str, home: Path | None = None, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TARGETGRAPH_")}
    environment |= {} if home is None else {"TARGETGRAPH_HOME": str(home)}
    command = [sys.executable, "-m", "targetgraph", *arguments]
    environment["PYTHONPATH"] = str(ROOT)
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment, cwd=cwd, timeout=120)


# -- happy paths ---------------------------------------------------------------------------------------------------


def test_query(place: Home) -> None:
    question = "MATCH (g:Gene {symbol: $symbol}) RETURN g.symbol AS symbol"
    assert _answer("query", question, "-p", "symbol=SKP1") == [{"symbol": "SKP1"}]
    assert _answer("query", "RETURN $n AS n, $l AS l, $t AS t", "-p", "n=2", "-p", "l=[1]", "-p", "t=x=y") == [
        {"n": 2, "l": [1], "t": "x=y"}
    ]
    explained = _call("query", question, "-p", "symbol=SKP1", "--explain")
    assert explained.exit_code == 0
    assert "SELECT" in explained.stdout


def test_sql(place: Home) -> None:
    assert _answer("sql", "SELECT count(*) AS n FROM gene") == [{"n": place.current().receipt()["counts"]["Gene"]}]
    assert _answer("sql", "SELECT $x AS x", "--param", "x=TP53") == [{"x": "TP53"}]


def test_a_question_from_standard_input(place: Home) -> None:
    called = CliRunner().invoke(app, ["sql", "-", "-f", "csv"], input="SELECT 1 AS a")
    assert (called.exit_code, called.stdout) == (0, "a\n1\n")


def test_search(place: Home) -> None:
    symbol = str(
        _answer("sql", "SELECT symbol FROM gene WHERE symbol IS NOT NULL ORDER BY symbol LIMIT 1")[0]["symbol"]
    )
    found = _answer("search", symbol, "--limit", "3", "--type", "Gene")
    assert found[0]["matched"] == symbol
    assert found[0]["match"] == "symbol"
    assert len(found) <= 3


def test_status(place: Home) -> None:
    rows = _answer("status")
    assert len(rows) == len(place.current().receipt()["sources"])
    assert {row["status"] for row in rows} == {"green"}
    builds = _answer("status", "--builds")
    assert [row["current"] for row in builds] == ["yes"]
    receipt = json.loads(_call("status", "--receipt", "--build", place.current().id[:12]).stdout)
    assert receipt == place.current().receipt()


def test_model_and_sources(place: Home) -> None:
    assert {"Gene", "ENCODES", "survival"} <= {row["type"] for row in _answer("model")}
    assert "symbol" in {row["property"] for row in _answer("model", "Gene")}
    assert {"hgnc", "reactome"} <= {row["source"] for row in _answer("sources")}
    assert _call("model", "--markdown").stdout.startswith("# The data model\n")
    assert _call("sources", "--markdown").stdout.startswith("# The sources\n")


def test_merges_are_listed(place: Home) -> None:
    rows = _answer("merges")
    assert len(rows) == _answer("sql", "SELECT count(*) AS n FROM merges")[0]["n"]


def test_export(place: Home, tmp_path: Path) -> None:
    called = _call("export", str(tmp_path / "out"), "--table", "gene", "--table", "releases", "-f", "csv")
    assert called.exit_code == 0, called.output
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["gene.csv", "manifest.json", "releases.csv"]


def test_build_refresh_diff_rollback_and_merges(small_copy: Home) -> None:
    """The verbs that write, one after another, in a warehouse of their own."""
    home, raw = str(small_copy.root), str(small_copy.root / "raw")
    first = small_copy.current()
    merged = _answer("merges", "--home", home)[0]["merged_id"]
    undone = _call("merges", "--undo", str(merged), "--why", "two", "--home", home)
    assert undone.exit_code == 0
    assert "will be two from the next build on" in undone.stderr
    built = _call("build", "--source", "hgnc", "--raw", raw, "--subset", "--home", home, "--keep", "2", "-f", "json")
    assert built.exit_code == 0, built.output
    assert {row["source"] for row in json.loads(built.stdout)} == {"hgnc", "ncbi_gene"}
    assert "entities" in built.stderr
    differs = _answer("diff", "--home", home)
    assert {row["type"] for row in differs} >= {"Gene"}
    assert merged in {row["key"] for row in _answer("diff", first.id, "--rows", "--home", home)}
    assert _call("rollback", "--home", home).exit_code == 0
    assert small_copy.current() == first
    assert _call("merges", "--redo", str(merged), "--home", home).exit_code == 0
    assert _call("rollback", small_copy.builds()[-1].id, "--home", home).exit_code == 0
    assert small_copy.current() != first


@pytest.fixture
def small_copy(sample_home: Home, tmp_path: Path) -> Home:
    """A warehouse of two sources, made on the command line."""
    from shutil import copytree

    home = tmp_path / "small"
    for name in ("hgnc", "ncbi_gene"):
        copytree(sample_home.root / "raw" / "2026-07-07" / name, home / "raw" / "2026-07-07" / name)
    called = _call("build", "--raw", str(home / "raw"), "--subset", "--home", str(home))
    assert called.exit_code == 0, called.output
    return Home(home)


# -- output --------------------------------------------------------------------------------------------------------

ROWS = (
    "SELECT 1 AS a, 'x,y' AS b, ['p', 'q'] AS c, {'k': 1} AS d, NULL AS e UNION ALL SELECT 20000, 'é', [], NULL, NULL"
)


def test_formats(place: Home, tmp_path: Path) -> None:
    shown = _call("sql", ROWS, "-f", "table").stdout
    assert all(text in shown for text in ("20,000", "p, q", "x,y", "é"))
    told = list(csv.reader(io.StringIO(_call("sql", ROWS, "-f", "csv").stdout)))
    assert told[:2] == [["a", "b", "c", "d", "e"], ["1", "x,y", "p|q", '{"k": 1}', ""]]
    assert _call("sql", ROWS, "-f", "TSV").stdout.splitlines()[1].split("\t")[:3] == ["1", "x,y", "p|q"]
    assert _answer("sql", ROWS)[0] == {"a": 1, "b": "x,y", "c": ["p", "q"], "d": {"k": 1}, "e": None}
    assert pl.read_parquet(CliRunner().invoke(app, ["sql", ROWS, "-f", "parquet"]).stdout_bytes).height == 2
    for name in ("csv", "tsv", "json", "parquet", "table"):
        path = tmp_path / f"rows.{name}"
        called = _call("sql", ROWS, "-f", name, "-o", str(path))
        assert (called.exit_code, called.stdout) == (0, "")
        assert path.stat().st_size > 0
    assert pl.read_parquet(tmp_path / "rows.parquet")["b"].to_list() == ["x,y", "é"]
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize("name", ["table", "csv", "tsv", "json", "parquet"])
@pytest.mark.parametrize(
    "question",
    ["SELECT id FROM gene WHERE false", "SELECT 1 AS a, 2 AS a", "SELECT INTERVAL 1 DAY AS i", "SELECT 'x'::BLOB AS b"],
)
def test_odd_answers_in_every_format(place: Home, tmp_path: Path, name: str, question: str) -> None:
    assert _call("sql", question, "-f", name, "-o", str(tmp_path / "rows")).exit_code == 0


@pytest.mark.parametrize("name", ["table", "csv", "json", "parquet"])
def test_rows_of_graph_values_in_every_format(place: Home, tmp_path: Path, name: str) -> None:
    question = "MATCH p = (g:Gene)-[r:ENCODES]->(x:Protein) RETURN g, r, p, [g.symbol] AS l, {a: 1} AS m LIMIT 2"
    called = _call("query", question, "-f", name, "-o", str(tmp_path / "rows"))
    assert called.exit_code == 0, called.output


def test_a_cut_answer_says_so_and_exits_0(place: Home) -> None:
    called = _call("sql", "SELECT * FROM range(100)", "--limit", "3", "-f", "csv")
    assert called.exit_code == 0
    assert len(called.stdout.splitlines()) == 4
    assert "cut after 3 rows; raise the limit with --limit" in called.stderr
    called = _call("query", "MATCH (g:Gene) RETURN g.id", "--limit", "2", "-f", "csv")
    assert (called.exit_code, len(called.stdout.splitlines())) == (0, 3)


def test_settings_from_the_environment_and_a_file(place: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TARGETGRAPH_ROW_LIMIT", "2")
    assert len(_answer("sql", "SELECT * FROM range(9)")) == 2
    monkeypatch.delenv("TARGETGRAPH_ROW_LIMIT")
    (tmp_path / ".env").write_text("TARGETGRAPH_ROW_LIMIT=3\nOTHER=x\n")
    assert len(_answer("sql", "SELECT * FROM range(9)")) == 3
    assert len(_answer("sql", "SELECT * FROM range(9)", "--limit", "5")) == 5


# -- errors --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("query", "MATCH (g:Gene) DELETE g"), 2, ""),
        (("query", "MATCH (g:Gene"), 2, ""),
        (("query", "RETURN $missing"), 2, "missing"),
        (("sql", "DROP TABLE graph.gene"), 2, "DROP is refused"),
        (("sql", "SELECT * FROM nowhere"), 2, "nowhere"),
        (("sql", "SELECT 1", "-p", "nonsense"), 2, "not name=value"),
        (("sql", "SELECT 1", "-p", "1x=2"), 2, "not name=value"),
        (("sql", "SELECT * FROM read_csv('/etc/passwd')"), 2, "file system operations are disabled"),
        (("sql", "SELECT 1", "-f", "xml"), 2, "xml"),
        (("sql", "SELECT 1", "--limit", "-1"), 2, "limit"),
        (("nothing",), 2, "nothing"),
        (("sql", "SELECT sleep_ms(20000)", "--timeout", "0.2"), 4, "ran longer than 0.2 s"),
        (("sql", "SELECT 1", "--build", "nope"), 1, "'nope' names 0 builds"),
        (("status", "--build", "nope"), 1, "names 0 builds"),
        (("diff", "nope"), 1, "names 0 builds"),
        (("diff",), 1, "There is no build before"),
        (("rollback",), 1, "There is no build before"),
        (("model", "Gnee"), 1, "declares no type 'Gnee'"),
        (("build", "--source", "nope"), 1, "There is no source 'nope'"),
        (("build", "--raw", "no/such/folder"), 1, "does not exist"),
        (("build", "--raw", ".", "--species", "Mus mus"), 1, ""),
        (("build", "--raw", "."), 1, "There is no file of any source"),
        (("export", "."), 1, ""),
        (("sql", "SELECT 1", "-o", "no/such/file.csv"), 1, "cannot be written"),
        (("merges", "--undo", "hgnc:nope"), 2, "was not merged"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_a_user_can_mend_is_a_message(
    sample_home: Home, tmp_path: Path, arguments: tuple[str, ...], code: int, message: str
) -> None:
    (tmp_path / "file").write_text("x")
    done = _in_process(arguments, sample_home, tmp_path)
    assert "Traceback" not in done[1]
    assert done[0] == code, done
    assert message in done[1]


def _in_process(arguments: tuple[str, ...], home: Home, folder: Path) -> tuple[int, str]:
    """Call `main` as the command does, without the cost of a process."""
    from targetgraph.cli import main

    before = (sys.argv, Path.cwd(), dict(os.environ), sys.stdout, sys.stderr)
    sys.argv, errors = ["targetgraph", *arguments], io.StringIO()
    os.environ["TARGETGRAPH_HOME"] = str(home.root)
    os.chdir(folder)
    sys.stdout, sys.stderr = io.StringIO(), errors
    code: object = 0
    try:
        main()
    except SystemExit as left:
        code = left.code
    finally:
        sys.argv = before[0]
        os.chdir(before[1])
        os.environ.clear()
        os.environ.update(before[2])
        sys.stdout, sys.stderr = before[3], before[4]
    assert isinstance(code, int)
    return code, errors.getvalue()


def test_no_build_yet_and_a_home_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for arguments in (("sql", "SELECT 1"), ("status",), ("search", "x"), ("export", str(tmp_path / "out"))):
        code, told = _in_process(arguments, Home(tmp_path / "none"), tmp_path)
        assert (code, "There is no build in" in told) == (1, True)
        assert "targetgraph build --sample" in told
        assert _in_process(arguments, Home(tmp_path / "file"), tmp_path)[0] == 1
    code, told = _in_process(("build", "--raw", str(tmp_path)), Home(tmp_path / "file"), tmp_path)
    assert (code, "Traceback" in told) == (1, False)
    assert not (tmp_path / "none").exists()


def test_a_wrong_setting_is_a_message(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("TARGETGRAPH_ROW_LIMIT=many\n")
    code, told = _in_process(("sql", "SELECT 1"), Home(tmp_path), tmp_path)
    assert code == 1
    assert "TARGETGRAPH_ROW_LIMIT" in told


def test_a_home_that_may_not_be_written(sample_home: Home) -> None:
    """Under /proc not even the superuser may make a folder."""
    done = _process("build", "--sample", home=Path("/proc/targetgraph"))
    assert done.returncode == 1
    assert "/proc/targetgraph-sample" in done.stderr
    assert "Traceback" not in done.stderr


def test_text_that_is_no_utf8(sample_home: Home) -> None:
    command: list[str | bytes] = [sys.executable, "-m", "targetgraph", "sql", b"SELECT '\xff'"]
    environment = {**os.environ, "TARGETGRAPH_HOME": str(sample_home.root), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, check=False, env=environment)
    assert (done.returncode, b"Traceback" in done.stderr) == (2, False)


# -- as a process --------------------------------------------------------------------------------------------------


def test_output_in_a_pipe_is_rows_alone(sample_home: Home, tmp_path: Path) -> None:
    done = _process("export", str(tmp_path / "out"), "--table", "gene", home=sample_home.root)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == f"1 tables and a manifest in {tmp_path / 'out'}\n"
    done = _process("query", "RETURN 1 AS a", "-f", "csv", home=sample_home.root)
    assert (done.returncode, done.stdout, done.stderr) == (0, "a\n1\n", "")


def test_a_closed_pipe_is_no_error(sample_home: Home) -> None:
    command = f"{sys.executable} -m targetgraph sql 'SELECT * FROM range(9000)' -f csv | head -1"
    environment = {**os.environ, "TARGETGRAPH_HOME": str(sample_home.root), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False, env=environment)
    assert (done.stdout, done.stderr) == ("range\n", "")


def test_help_is_quick_and_loads_nothing_heavy() -> None:
    spent = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = _process("--help")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        assert done.returncode == 0
    assert min(spent) < 0.5, "processor time: a busy machine makes no slower command"
    assert all(verb in done.stdout for verb in VERBS)
    code = f"""
import sys
sys.argv = ["targetgraph", "--help"]
from targetgraph.cli import main
try:
    main()
except SystemExit:
    pass
sys.stderr.write(",".join(name for name in {HEAVY!r} if name in sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stderr == ""


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help(verb: str) -> None:
    called = _call(verb, "--help")
    assert called.exit_code == 0
    assert "Usage" in called.stdout


def test_every_error_has_an_exit_code() -> None:
    todo = [TargetGraphError]
    while todo:
        kind = todo.pop()
        todo += kind.__subclasses__()
        assert kind.exit_code in {1, 2, 4}
