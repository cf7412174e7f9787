"""What every test holds to: it asserts something, its file is short, and what tests share is found by its path."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.conftest import ROOT, TOGETHER

FILES = sorted((ROOT / "tests").rglob("*.py"))
LONGEST = 480
#: Calls that fail a test as `assert` does.
_ASSERTING = {"raises", "warns", "fail"}


@cache
def _functions(path: Path) -> list[ast.FunctionDef]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]


def _called(function: ast.FunctionDef) -> Iterator[str]:
    for node in ast.walk(function):
        if isinstance(node, ast.Call):
            target = node.func
            yield target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", "")


def _asserts(function: ast.FunctionDef) -> bool:
    by_call = any(name in _ASSERTING or name.startswith("assert_") for name in _called(function))
    return by_call or any(isinstance(node, ast.Assert) for node in ast.walk(function))


@cache
def _helpers() -> set[str]:
    """Functions of the tests that assert something themselves, or by another such function."""
    helpers = [one for path in FILES for one in _functions(path) if not one.name.startswith("test_")]
    names = {one.name for one in helpers if _asserts(one)}
    while more := {one.name for one in helpers if one.name not in names and not names.isdisjoint(_called(one))}:
        names |= more
    return names


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_test_asserts_and_its_file_is_short(path: Path) -> None:
    empty = [
        f"{one.name}, line {one.lineno}"
        for one in _functions(path)
        if one.name.startswith("test_") and not _asserts(one) and _helpers().isdisjoint(_called(one))
    ]
    assert not empty, "a test that asserts nothing holds nothing"
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST


def test_what_is_shared_is_found_by_its_path() -> None:
    paths = [str(path.relative_to(ROOT / "tests")) for path in FILES if path.name.startswith("test_")]
    lost = [start for starts in TOGETHER.values() for start in starts if not any(p.startswith(start) for p in paths)]
    assert not lost, "a group of tests/conftest.py names files that are no more"
