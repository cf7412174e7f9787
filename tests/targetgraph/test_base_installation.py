"""Every verb in an installation without extras: it works, or says in one line which extra it needs."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import typer

from targetgraph.cli import app
from tests.conftest import ROOT
from warehouse.extras import EXTRAS, extra_of, install_command
from warehouse.home import Home

#: Calls of each verb with the extra that it needs; None = it works. HOME and FOLDER stand for folders of the test.
CALLS: dict[str, tuple[list[str], str | None]] = {
    "analyze": (["analyze"], None),
    "analyze proximity": (["analyze", "proximity", "--disease", "doid:1324", "--permutations", "20"], None),
    "analyze ecv": (["analyze", "ecv", "--cohort", "tcga_luad", "--groups", "vital_status"], "analytics"),
    "ask": (["ask", "pathways_of_gene", "-p", "gene=SKP1"], None),
    "build": (["build", "--source", "hgnc", "--raw", "RAW", "--subset"], None),
    "build --scheduler": (
        ["build", "--source", "pdb", "--raw", "RAW", "--scheduler", "tcp://127.0.0.1:1", "--subset"],
        "dask",
    ),
    "bulk-load": (["bulk-load", "--files", "FOLDER/neo4j"], None),
    "conflicts": (["conflicts", "SKP1"], None),
    "dashboard": (["dashboard"], "dashboard"),
    "diff": (["diff"], None),
    "enrich": (["enrich", "mine", "--background", "annotated"], None),
    "export": (["export", "FOLDER/tables"], None),
    "list": (["list", "make", "mine", "SKP1", "--replace"], None),
    "merges": (["merges"], None),
    "model": (["model"], None),
    "path": (["path", "SKP1", "doid:1324", "--to", "Disease"], "analytics"),
    "prioritise": (["prioritise", "doid:1324"], None),
    "publish": (["publish"], "neo4j"),
    "query": (["query", "MATCH (g:Gene) RETURN g LIMIT 3", "-f", "parquet", "-o", "FOLDER/rows"], None),
    "query --store": (["query", "RETURN 1", "--store", "neo4j"], "neo4j"),
    "retract": (["retract", "proximity", "--yes"], None),
    "rollback": (["rollback"], None),
    "runs": (["runs"], None),
    "schedule": (["schedule", "--once", "--source", "hgnc", "--raw", "RAW"], None),
    "search": (["search", "SKP1"], None),
    "sources": (["sources"], None),
    "sql": (["sql", "SELECT 1", "-f", "csv"], None),
    "status": (["status"], None),
    "update": (["update", "--discard"], None),
}
#: Modules whose distribution has another name.
DISTRIBUTIONS = {"sklearn": "scikit-learn"}
ROOMS = ("targetgraph", "warehouse", "etl", "analytics", "dashboards")
#: What a dependency brings with it: pydantic-settings, streamlit.
BESIDE = ("pydantic", "starlette")
#: In an order in which each has what it needs.
ORDER = sorted(CALLS, key=lambda name: ["analyze proximity", "list", "build"].index(name) if name in {
    "analyze proximity", "list", "build"} else 9)  # fmt: skip

SCRIPT = """
import contextlib, io, json, os, sys
blocked = set(json.loads(sys.argv[1]))
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in blocked:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Absent())
from targetgraph.cli import main
told = []
for words in json.loads(sys.stdin.read()):
    # Only the one that needs a server may know of one: the others would publish to it.
    os.environ.pop("TARGETGRAPH_NEO4J_URI", None)
    if words[0] == "publish":
        os.environ["TARGETGRAPH_NEO4J_URI"] = "bolt://127.0.0.1:1"
    sys.argv = ["targetgraph", *words]
    out, errors, code = io.StringIO(), io.StringIO(), 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(errors):
        try:
            main()
        except SystemExit as left:
            code = left.code or 0
        except BaseException as fault:
            code, _ = f"{type(fault).__name__}: {fault}", None
    told.append([code, errors.getvalue()])
print(json.dumps(told))
"""


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int | str
    errors: str


def _blocked() -> list[str]:
    return sorted({module for modules in EXTRAS.values() for module in modules} | {"llvmlite", "torch"})


@pytest.fixture(scope="module")
def ended(sample_home: Home, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Ended]:
    """Every call, one after another in one process that has no extra."""
    folder = tmp_path_factory.mktemp("base")
    home = folder / "home"
    subprocess.run(["cp", "-r", str(sample_home.root), str(home)], check=True)
    places = {"RAW": str(sample_home.root / "raw"), "FOLDER": str(folder)}

    def words(name: str) -> list[str]:
        given = CALLS[name][0]
        for place, path in places.items():
            given = [word.replace(place, path) for word in given]
        lacks_home = given in (["analyze"], ["model"], ["sources"])
        return given if lacks_home else [*given, "--home", str(home)]

    kept = {name: value for name, value in os.environ.items() if not name.startswith("TARGETGRAPH_")}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, json.dumps(_blocked())],
        input=json.dumps([words(name) for name in ORDER]),
        capture_output=True, text=True, check=True, cwd=folder, env={**kept, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    return dict(zip(ORDER, (Ended(*one) for one in json.loads(done.stdout.splitlines()[-1])), strict=True))


@pytest.mark.parametrize("name", CALLS)
def test_a_verb_works_or_names_its_extra(ended: dict[str, Ended], name: str) -> None:
    extra = CALLS[name][1]
    if extra is None:
        assert ended[name].code == 0, ended[name]
    else:
        assert ended[name].code == 1, ended[name]
        [line] = ended[name].errors.splitlines()
        assert line.startswith("targetgraph: ")
        assert line.endswith(f"needs the extra '{extra}': {install_command(extra)}")


def test_every_verb_is_called() -> None:
    assert {calls[0][0] for calls in CALLS.values()} == set(_verbs())


def _verbs() -> Iterator[str]:
    yield from typer.main.get_command(app).commands  # type: ignore[attr-defined]


def test_the_extras_are_those_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert set(EXTRAS) == set(project) - {"all", "dev", "peers"}
    for extra, modules in EXTRAS.items():
        declared = " ".join(project[extra])
        assert all(DISTRIBUTIONS.get(module, module) in declared for module in modules)


def test_every_library_that_is_imported_is_a_dependency_or_brought_by_an_extra() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    base = {re.split(r"[\[<>=]", line)[0].replace("-", "_") for line in project["dependencies"]}
    known = base | set(sys.stdlib_module_names) | set(ROOMS) | set(BESIDE)
    missing = {
        (name.partition(".")[0], str(path.relative_to(ROOT)))
        for room in ROOMS
        for path in (ROOT / room).rglob("*.py")
        for name in _imported(path)
        if name.partition(".")[0] not in known and extra_of(name) is None
    }
    assert not missing, "list the module in warehouse/extras.py"


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None and node.level == 0:
            yield node.module


def test_an_extra_is_known_by_its_modules() -> None:
    assert extra_of("scipy.sparse._csr") == "analytics"
    assert extra_of("sklearn.covariance") == "analytics"
    assert extra_of("nothing") is None
    assert extra_of(None) is None


def test_no_command_names_an_index_that_lacks_the_project() -> None:
    texts = [*ROOT.glob("docs/*.md"), *(path for room in ("targetgraph", "warehouse", "etl", "analytics", "dashboards")
                                        for path in (ROOT / room).rglob("*.py")), ROOT / "README.md"]  # fmt: skip
    wrong = [str(path.relative_to(ROOT)) for path in texts if "pip install 'targetgraph" in path.read_text("utf-8")]
    assert not wrong


def test_the_address_is_announced_only_where_it_will_be_served(sample_home: Home, tmp_path: Path) -> None:
    """A port that is taken: nothing is announced."""
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        command = [sys.executable, "-m", "targetgraph", "dashboard", "--port", str(taken.getsockname()[1])]
        kept = {name: value for name, value in os.environ.items() if not name.startswith("TARGETGRAPH_")}
        environment = {**kept, "PYTHONPATH": str(ROOT), "TARGETGRAPH_HOME": str(sample_home.root)}
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, cwd=tmp_path)
    assert done.returncode == 1
    assert "cannot listen on" in done.stderr
    assert "The dashboard is at" not in done.stderr
