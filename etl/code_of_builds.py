"""What made a build beside its files: a hash of the code that maps each source, and of the code that all share."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
from collections.abc import Iterable
from functools import cache
from pathlib import Path

#: What decides, beside the sources themselves, what a build holds.
_SHARED = ("etl", "warehouse/model", "warehouse/tables")
#: What of it does not: the sample's files, and the sources, which have versions of their own.
_APART = ("etl/sample", "etl/sources")


@cache
def mapping_version(source: str) -> str:
    """A hash of the module of a source and of the modules beside it that it imports: 16 hexadecimal digits."""
    folder = _root() / "etl" / "sources"
    known: dict[str, bytes] = {}
    waiting = [source]
    while waiting:
        name = waiting.pop()
        path = folder / f"{name}.py"
        if name not in known and path.is_file():
            known[name] = path.read_bytes()
            waiting += _siblings(known[name])
    return _hash(known.items())


@cache
def shared_version() -> str:
    """A hash of the code that resolves and writes what every source states: 16 hexadecimal digits."""
    root = _root()
    paths = sorted({path for part in _SHARED for path in (root / part).rglob("*.py")})
    names = {path.relative_to(root).as_posix(): path for path in paths}
    return _hash((name, path.read_bytes()) for name, path in names.items() if not name.startswith(_APART))


def _siblings(code: bytes) -> list[str]:
    """The names of the modules of `etl.sources` that a module imports."""
    imported = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.ImportFrom) and node.module]
    within = [
        str(node.module).removeprefix("etl.sources.")
        for node in imported
        if str(node.module).startswith("etl.sources.")
    ]
    return within + [alias.name for node in imported if node.module == "etl.sources" for alias in node.names]


def _hash(parts: Iterable[tuple[str, bytes]]) -> str:
    digest = hashlib.sha256()
    for name, content in sorted(parts):
        digest.update(name.encode() + b"\0" + content + b"\0")
    return digest.hexdigest()[:16]


def _root() -> Path:
    found = importlib.util.find_spec("etl")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent.parent
