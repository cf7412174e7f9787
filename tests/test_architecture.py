"""The rules that hold the parts together: who may import whom, how long a file is, that the docs tell everything."""

from __future__ import annotations

import ast
import importlib
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
import typer

from etl.page import page as sources_page
from etl.source import sources
from targetgraph.cli import app
from warehouse.model import FULL_MODEL
from warehouse.model.page import page as model_page
from warehouse.settings import Settings

ROOT = Path(__file__).parent.parent
#: What each package may import of the others.
MAY_IMPORT = {
    "warehouse": set(),
    "etl": {"warehouse"},
    "analytics": {"warehouse"},
    "dashboards": {"warehouse", "analytics"},
    "targetgraph": {"warehouse", "etl", "analytics", "dashboards"},
}
FILES = sorted(path for package in MAY_IMPORT for path in (ROOT / package).rglob("*.py"))
#: The envelope: lines of a file and of a function, and modules of a folder that are parts of one thing.
LONGEST_FILE, LONGEST_FUNCTION, MOST_MODULES = 480, 60, 22
#: Lines of a function: the median and the 95th percentile over all packages.
MEDIAN_FUNCTION, LONG_FUNCTION = 8, 26
#: Rows of like things, one file each, which may be long.
ROWS = {"etl/formats", "etl/sources", "tests/etl", "dashboards/pages", "warehouse/analyst/templates"}
#: Python that is not installed: held to the length of a file.
BESIDE = sorted(path for folder in ("tests", "benchmarks", "docs") for path in (ROOT / folder).rglob("*.py"))


def _name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {_name(path): path for path in FILES}


def _imports(path: Path) -> Iterator[tuple[str, bool]]:
    """The modules that a file imports, at once or within a function, each with whether that is for types alone."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typing_only = {id(inner) for node in ast.walk(tree) if _is_for_types(node) for inner in ast.walk(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, id(node) in typing_only) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: relative imports hide where a name comes from"
            module = str(node.module)
            for alias in node.names:
                inner = f"{module}.{alias.name}"
                yield (inner if inner in MODULES else module), id(node) in typing_only


def _is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


@pytest.mark.parametrize("name", MODULES)
def test_a_module_imports_only_what_it_may(name: str) -> None:
    package = name.split(".", maxsplit=1)[0]
    others = {module.split(".")[0] for module, _typing_only in _imports(MODULES[name])} & set(MAY_IMPORT)
    assert others - {package} <= MAY_IMPORT[package]


@pytest.mark.parametrize("name", [name for name in MODULES if name.startswith("warehouse.cypher")])
def test_the_cypher_engine_knows_nothing_of_biology(name: str) -> None:
    ours = {module for module, _typing_only in _imports(MODULES[name]) if module.split(".")[0] in MAY_IMPORT}
    assert all(
        module.startswith("warehouse.cypher") or module in {"warehouse.errors", "warehouse.interruption"}
        for module in ours
    ), ours


def test_no_module_imports_itself_by_way_of_others() -> None:
    """An import within a function counts: it hides a circle, and does not break it."""
    graph = {
        name: {module for module, typing_only in _imports(path) if not typing_only and module in MODULES}
        for name, path in MODULES.items()
    }
    done: set[str] = set()

    def visit(name: str, way: tuple[str, ...]) -> None:
        assert name not in way, " → ".join([*way[way.index(name) :], name])
        if name not in done:
            for module in sorted(graph[name] - {name}):
                visit(module, (*way, name))
            done.add(name)

    for name in graph:
        visit(name, ())


@pytest.mark.parametrize("name", [name for name in MODULES if not name.endswith("__main__")])
def test_every_module_imports(name: str) -> None:
    assert importlib.import_module(name).__doc__, "a module says what it is for"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_is_short_and_prints_nothing(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LONGEST_FILE
    calls = [
        node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    ]
    assert not [call.lineno for call in calls if call.func.id in {"print", "breakpoint"}]  # type: ignore[attr-defined]


@pytest.mark.parametrize("path", BESIDE, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_of_tests_or_benchmarks_is_short(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST_FILE


def test_functions_are_short() -> None:
    lines = {
        f"{path.relative_to(ROOT)}: {node.name}": (node.end_lineno or node.lineno) - node.lineno + 1
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert {name: length for name, length in lines.items() if length > LONGEST_FUNCTION} == {}
    ordered = sorted(lines.values())
    assert ordered[len(ordered) // 2] <= MEDIAN_FUNCTION
    assert ordered[len(ordered) * 95 // 100] <= LONG_FUNCTION


def test_a_folder_shows_its_parts() -> None:
    """A folder with more modules has rooms within the room, named by what they do."""
    modules = Counter(
        path.parent.relative_to(ROOT).as_posix() for path in [*FILES, *BESIDE] if path.name != "__init__.py"
    )
    long = {folder: count for folder, count in modules.items() if count > MOST_MODULES and folder not in ROWS}
    assert long == {}
    assert all((ROOT / folder).is_dir() for folder in ROWS)


def _is_broad(handler: ast.ExceptHandler) -> bool:
    """Whether everything is caught and kept; what is raised again has lost nothing."""
    if isinstance(handler.body[-1], ast.Raise):
        return False
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(kind is None or ast.unparse(kind) in {"Exception", "BaseException"} for kind in kinds)


def test_at_most_two_broad_excepts() -> None:
    broad = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ExceptHandler) and _is_broad(node)
    ]
    assert len(broad) <= 2, broad


def _analyses(modules: Iterable[str]) -> set[str]:
    """The packages of analyses, at whatever depth: those with a module `analysis`."""
    return {name.removesuffix(".analysis") for name in modules if re.fullmatch(r"analytics(\.\w+)+\.analysis", name)}


def _analysis_of(module: str, packages: set[str]) -> str | None:
    return next((one for one in packages if module == one or module.startswith(one + ".")), None)


@pytest.mark.parametrize("name", [name for name in MODULES if name.startswith("analytics.")])
def test_analyses_share_only_the_common_package(name: str) -> None:
    """No analysis imports another, none what computes without a run or its kind shares, and `common` none of them."""
    packages = _analyses(MODULES) | {"analytics.common", "analytics.interactive"}
    assert {"analytics.bayesian_networks", "analytics.network_proximity"} <= packages
    own = _analysis_of(name, packages)
    ours = {module for module, _typing_only in _imports(MODULES[name]) if module.startswith("analytics.")}
    others = {_analysis_of(module, packages) for module in ours} - {own, "analytics.common", None}
    assert not others, f"{name} imports {others}: what analyses share stands in analytics.common"
    if own is not None:
        rest = {module for module in ours if _analysis_of(module, packages) is None and module.count(".") > 1}
        assert not rest, f"{name} imports {rest}: what analyses share stands in analytics.common"


def test_an_analysis_in_a_folder_of_its_kind_is_an_analysis() -> None:
    packages = _analyses(["analytics.analysis", "analytics.images.cells.analysis", "analytics.images.shared"])
    assert packages == {"analytics.images.cells"}
    assert _analysis_of("analytics.images.cells.model", packages) == "analytics.images.cells"
    assert _analysis_of("analytics.images.cells_too.model", packages) is None


def test_no_file_names_a_source() -> None:
    """Sources are discovered: adding one edits no other file."""
    declared = {name for name in MODULES if name.startswith("etl.sources.") and not name.split(".")[-1].startswith("_")}
    assert len(declared) == len(sources())
    for name, path in MODULES.items():
        named = {module for module, _typing_only in _imports(path)} & declared
        assert not named, f"{name} imports {named}"


def test_the_core_installs_without_what_learns_or_draws() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    core = " ".join(project["dependencies"]).lower()
    for heavy in ("torch", "streamlit", "scikit-learn", "pandas", "neo4j", "dask"):
        assert heavy not in core
    assert (ROOT / "constraints.txt").read_text().count("==") >= len(project["dependencies"])


# -- the docs tell everything --------------------------------------------------------------------------------------

DOCS = "\n".join(path.read_text(encoding="utf-8") for path in [*(ROOT / "docs").glob("*.md"), ROOT / "README.md"])
COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]


def test_the_page_of_the_model_is_that_of_the_code() -> None:
    assert (ROOT / "docs" / "model.md").read_text(encoding="utf-8") == model_page(FULL_MODEL), "run `make docs`"


def test_the_page_of_the_sources_is_that_of_the_code() -> None:
    assert (ROOT / "docs" / "sources.md").read_text(encoding="utf-8") == sources_page(sources().values()), (
        "run `make docs`"
    )


@pytest.mark.parametrize("verb", sorted(COMMANDS))
def test_every_verb_and_option_is_documented(verb: str) -> None:
    assert f"targetgraph {verb}" in DOCS
    options = {option for parameter in COMMANDS[verb].params for option in parameter.opts if option.startswith("--")}
    missing = sorted(option for option in options - {"--help"} if option not in DOCS)
    assert not missing
    assert COMMANDS[verb].help
    assert all(getattr(parameter, "help", "") for parameter in COMMANDS[verb].params if parameter.name != "help")


@pytest.mark.parametrize("setting", list(Settings.model_fields))
def test_every_setting_is_documented(setting: str) -> None:
    assert f"TARGETGRAPH_{setting.upper()}" in DOCS
    assert Settings.model_fields[setting].description


@pytest.mark.parametrize("name", list(sources()))
def test_every_source_is_documented(name: str) -> None:
    assert f"`{name}`" in DOCS


def test_the_guide_of_contributors_names_every_room() -> None:
    folders = ["targetgraph", "warehouse", "etl", "analytics", "dashboards", "benchmarks"]
    rooms = [path for folder in folders for path in sorted((ROOT / folder).glob("**/__init__.py"))]
    lines = []
    for path in rooms:
        first = (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").splitlines()[0]
        lines.append(f"| `{path.parent.relative_to(ROOT).as_posix()}/` | {first.replace('|', chr(92) + '|')} |")
    table = (ROOT / "docs" / "contributing.md").read_text(encoding="utf-8")
    assert [line for line in table.splitlines() if line.startswith(tuple(f"| `{one}/" for one in folders))] == lines
