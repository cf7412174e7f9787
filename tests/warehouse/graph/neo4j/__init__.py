"""What the tests of the Neo4j store share: the server of the run as a target, stores over it."""

from __future__ import annotations

from pydantic import SecretStr

from tests.neo4j.server import Server
from warehouse.errors import StoreError
from warehouse.graph.neo4j.connection import Target
from warehouse.graph.neo4j.store import Neo4jGraphStore
from warehouse.home import Build


def target_of(server: Server, **options: object) -> Target:
    """The server as the library is told of it."""
    return Target(server.uri, server.user, SecretStr(server.password), **options)  # type: ignore[arg-type]


def published_store(server: Server, build: Build, **options: object) -> Neo4jGraphStore:
    """A store that asks a build; what another test left on the server is removed where it is in the way."""
    store = Neo4jGraphStore(target_of(server, **options))
    try:
        store.publish(build)
    except StoreError:
        server.clear()
        store.publish(build)
    return store
