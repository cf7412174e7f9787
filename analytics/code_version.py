"""The version of an analysis: of every module of the project that it imports, and of the libraries behind them."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import packages_distributions, version
from pathlib import Path

#: The packages of the project that a result may depend on.
_OURS = ("analytics", "warehouse")
#: Libraries that show progress or watch the machine, and compute nothing.
_BESIDE = frozenset({"psutil", "pydantic_settings", "rich", "typer"})


@dataclass(frozen=True)
class CodeVersion:
    """What computed a result.

    Args:
        text: the version of TargetGraph and a hash of the code and the libraries: equal for equal code.
        modules: the modules of the project that were hashed, sorted.
        libraries: the version of each library that they import, by the name of its distribution.
    """

    text: str
    modules: tuple[str, ...]
    libraries: Mapping[str, str]


@cache
def code_version(module: str) -> CodeVersion:
    """The version of what a module and all that it imports compute.

    Imports within functions count, those for type checkers alone do not. Nothing is imported to find out.

    Args:
        module: a module of the project, such as `analytics.network_proximity.analysis`.
    """
    sources, external = _closure(module)
    digest = hashlib.sha256()
    for name in sorted(sources):
        digest.update(name.encode() + b"\0" + sources[name].read_bytes() + b"\0")
    libraries = dict(sorted({d: version(d) for top in external for d in _distributions().get(top, ())}.items()))
    digest.update(repr(libraries).encode())
    return CodeVersion(f"{version('targetgraph')}+{digest.hexdigest()[:8]}", tuple(sorted(sources)), libraries)


def _closure(module: str) -> tuple[dict[str, Path], set[str]]:
    """The files of a module and of all modules of the project that it imports, and the other packages' names."""
    files: dict[str, Path] = {}
    external: set[str] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        path = _file(name)
        if name in files or path is None:
            continue
        files[name] = path
        waiting.append(name.rpartition(".")[0])
        for imported in _imports(path):
            top = imported.split(".", maxsplit=1)[0]
            if top in _OURS:
                waiting += [imported, imported.rpartition(".")[0]]
            elif top not in _BESIDE:
                external.add(top)
    return files, external


def _imports(path: Path) -> Iterator[str]:
    """Every module that a file imports; of `from a import b` both `a.b` and `a`."""
    for statement in _statements(ast.parse(path.read_bytes())):
        if isinstance(statement, ast.Import):
            yield from (alias.name for alias in statement.names)
        elif isinstance(statement, ast.ImportFrom) and statement.module:
            yield from (f"{statement.module}.{alias.name}" for alias in statement.names)


def _statements(tree: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a tree, without what is there for type checkers alone."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            waiting += node.orelse
            continue
        yield node
        waiting += ast.iter_child_nodes(node)


@cache
def _file(name: str) -> Path | None:
    """The file of a module of the project; None where the name is that of something inside a module."""
    if not name or name.split(".", maxsplit=1)[0] not in _OURS:
        return None
    top = importlib.util.find_spec(name.split(".", maxsplit=1)[0])
    assert top is not None
    assert top.origin is not None
    root = Path(top.origin).parent.parent
    base = root.joinpath(*name.split("."))
    return next((path for path in (base.with_suffix(".py"), base / "__init__.py") if path.is_file()), None)


@cache
def _distributions() -> Mapping[str, list[str]]:
    return packages_distributions()
