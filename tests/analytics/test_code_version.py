"""The version of an analysis's code: what it covers, and what changes it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from analytics import code_version as versions
from analytics.analysis import analyses
from analytics.code_version import CodeVersion, code_version


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A project of four modules, of which one is imported within a function and one for types alone."""
    folder = tmp_path / "analytics"
    (folder / "mine").mkdir(parents=True)
    for package in (folder, folder / "mine"):
        (package / "__init__.py").write_text("")
    binding = """from typing import TYPE_CHECKING
import numpy as np
if TYPE_CHECKING:
    from analytics.typed import Shape
def run():
    from analytics.shared import mean
    return mean(np.ones(1))
"""
    (folder / "mine" / "analysis.py").write_text(binding)
    (folder / "shared.py").write_text("from analytics import deep\ndef mean(x): return deep.total(x) / len(x)\n")
    (folder / "deep.py").write_text("import scipy\ndef total(x): return sum(x)\n")
    (folder / "typed.py").write_text("Shape = tuple\n")

    def file(name: str) -> Path | None:
        base = tmp_path.joinpath(*name.split("."))
        return next((path for path in (base.with_suffix(".py"), base / "__init__.py") if path.is_file()), None)

    monkeypatch.setattr(versions, "_file", file)
    yield folder
    code_version.cache_clear()


def _version() -> CodeVersion:
    code_version.cache_clear()
    return code_version("analytics.mine.analysis")


def test_everything_that_is_imported_counts_and_what_types_need_does_not(project: Path) -> None:
    before = _version()
    modules = {"analytics", "analytics.mine", "analytics.mine.analysis", "analytics.shared", "analytics.deep"}
    assert set(before.modules) == modules
    assert set(before.libraries) == {"numpy", "scipy"}
    (project / "typed.py").write_text("Shape = list\n")
    assert _version() == before
    (project / "deep.py").write_text("import scipy\ndef total(x): return sum(x) + 0\n")
    assert _version().text != before.text


def test_another_version_of_a_library_is_another_version(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = _version()
    monkeypatch.setattr(versions, "version", lambda name: "99" if name == "scipy" else before.text.split("+")[0])
    assert _version().text != before.text


@pytest.mark.parametrize("name", list(analyses()))
def test_an_analysis_covers_its_folder_and_what_it_shares(name: str) -> None:
    code = analyses()[name].code
    folder = analyses()[name].run.__module__.rpartition(".")[0]
    assert any(module.startswith(folder) for module in code.modules)
    assert "warehouse.errors" in code.modules
    assert {"numpy", "polars"} <= set(code.libraries)
    assert not any(module.startswith(("dashboards", "etl", "targetgraph")) for module in code.modules)
