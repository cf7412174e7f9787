"""Which store answers Cypher, and bringing the current state to the one that stands beside the build."""

from __future__ import annotations

from typing import TYPE_CHECKING

from warehouse.extras import require_extra
from warehouse.graph.store import GraphStore
from warehouse.home import Build
from warehouse.progress import SILENT, Progress
from warehouse.settings import Settings

if TYPE_CHECKING:
    from warehouse.graph.neo4j.publication import Published

#: The names of the stores; a build always answers by itself.
STORES = ("duckdb", "neo4j")


def open_beside(build: Build, settings: Settings, *, pinned: bool = False) -> GraphStore:
    """Open the Neo4j server of the settings for questions about a build.

    Args:
        build: the build that it is expected to hold.
        settings: name the server.
        pinned: refuse to answer from another build; else the answer carries a warning.

    Raises:
        StoreError: no server is set, or it cannot be reached.
        MissingExtraError: the extra `neo4j` is not installed.
    """
    require_extra("neo4j", "A Neo4j server as store")
    from warehouse.graph.neo4j.connection import Target
    from warehouse.graph.neo4j.store import Neo4jGraphStore

    return Neo4jGraphStore(Target.from_settings(settings), build, pinned=pinned)


def publish_beside(
    build: Build, settings: Settings, *, check: bool = False, progress: Progress = SILENT
) -> Published | None:
    """Bring a state to the Neo4j server of the settings; None where none is set.

    Args:
        build: the state.
        settings: name the server.
        check: compare all content, not only what changed.
        progress: told of each type.

    Raises:
        StoreError: the server cannot be reached, holds something else, or has no room.
        GateError: afterwards the two differ.
    """
    if settings.neo4j_uri is None:
        return None
    require_extra("neo4j", "Publishing to a Neo4j server")
    from warehouse.graph.neo4j.connection import Connection, Target
    from warehouse.graph.neo4j.publication import publish

    with Connection(Target.from_settings(settings)) as connection:
        return publish(connection, build, check=check, progress=progress)
