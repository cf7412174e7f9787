"""The cases of `cases.py`, over every store of the graph."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.warehouse.graph.cases import NEW, OLD, GraphStoreCases, MakeStore, make_build
from warehouse.graph.duckdb_store import DuckDBGraphStore
from warehouse.graph.store import GraphStore
from warehouse.home import Build

#: By name, how a store is made that asks a build. A new implementation is one entry.
STORES: dict[str, Callable[[Build], GraphStore]] = {"duckdb": DuckDBGraphStore}


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """A build."""
    return make_build(tmp_path_factory.mktemp("graph") / "old", OLD)


@pytest.fixture(scope="module")
def new(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Its successor: a pathway is gone, one is new, one has another name."""
    return make_build(tmp_path_factory.mktemp("graph") / "new", NEW)


@pytest.fixture(params=list(STORES))
def make_store(request: pytest.FixtureRequest) -> Iterator[MakeStore]:
    """Makes stores and closes them."""
    made: list[GraphStore] = []

    def make(build: Build) -> GraphStore:
        made.append(STORES[request.param](build))
        return made[-1]

    yield make
    for store in made:
        store.close()


class TestStores(GraphStoreCases):
    """Every case over every store."""
