"""The cases of `cases.py`, over every store of the graph."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.neo4j.server import Server
from tests.warehouse.graph.cases import NEW, OLD, GraphStoreCases, MakeStore, make_build
from tests.warehouse.graph.neo4j import published_store
from tests.warehouse.results.conftest import PREDICTS, TABLES, account, findings, make_home
from warehouse.graph.duckdb_store import DuckDBGraphStore
from warehouse.graph.store import GraphStore
from warehouse.home import Build
from warehouse.results.store import Results, with_active_runs


def _duckdb_stores(_request: pytest.FixtureRequest) -> MakeStore:
    return DuckDBGraphStore


def _neo4j_stores(request: pytest.FixtureRequest) -> MakeStore:
    server: Server = request.getfixturevalue("neo4j_server")
    return lambda build: published_store(server, build)


#: By name, how a store is made that asks a build. A new implementation is one entry.
STORES: dict[str, Callable[[pytest.FixtureRequest], MakeStore]] = {"duckdb": _duckdb_stores, "neo4j": _neo4j_stores}


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """A build."""
    return make_build(tmp_path_factory.mktemp("graph") / "old", OLD)


@pytest.fixture(scope="module")
def new(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Its successor: a pathway is gone, one is new, one has another name."""
    return make_build(tmp_path_factory.mktemp("graph") / "new", NEW)


@pytest.fixture(scope="module")
def with_run(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """A build with an active run."""
    home = make_home(tmp_path_factory.mktemp("graph") / "home")
    Results(home).publish(account(home), findings(), PREDICTS, TABLES)
    return with_active_runs(home.current())


@pytest.fixture(params=list(STORES))
def make_store(request: pytest.FixtureRequest) -> Iterator[MakeStore]:
    """Makes stores and closes them."""
    made: list[GraphStore] = []
    store_of = STORES[request.param](request)

    def make(build: Build) -> GraphStore:
        made.append(store_of(build))
        return made[-1]

    yield make
    for store in made:
        store.close()


class TestStores(GraphStoreCases):
    """Every case over every store."""
