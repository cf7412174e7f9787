"""What the tests of builds share: the sample's files, and a small part of them that builds in a few seconds."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from etl.build import Plan, build
from tests.conftest import built_once
from warehouse.home import Home

#: Sources of the sample whose files are few and small.
SMALL = ("hgnc", "reactome", "dgidb")
FOLDER = "2026-07-07"


@pytest.fixture(scope="session")
def sample_raw(sample_home: Home) -> Path:
    """The sample's files; nobody changes them."""
    return sample_home.root / "raw"


@pytest.fixture
def raw(sample_raw: Path, tmp_path: Path) -> Path:
    """Files of three sources, to be changed at will."""
    folder = tmp_path / "raw"
    for name in SMALL:
        shutil.copytree(sample_raw / FOLDER / name, folder / FOLDER / name)
    shutil.copy(sample_raw / "targetgraph-subset.json", folder)
    return folder


@pytest.fixture(scope="session")
def small_home(sample_raw: Path, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A warehouse of three sources, built once for all tests of all workers; nobody changes it."""

    def make(home: Home) -> None:
        raw = tmp_path_factory.mktemp("small")
        for name in SMALL:
            shutil.copytree(sample_raw / FOLDER / name, raw / FOLDER / name)
        shutil.copy(sample_raw / "targetgraph-subset.json", raw)
        build(home, Plan(raw=raw, threads=1))

    return built_once(tmp_path_factory, "small", make)


@pytest.fixture
def home(small_home: Home, tmp_path: Path) -> Home:
    """A copy of the warehouse of three sources."""
    shutil.copytree(small_home.root, tmp_path / "home")
    return Home(tmp_path / "home")
