"""What goes wrong with a real server: each a clear message, and no half-state that a reader could take for whole."""

from __future__ import annotations

import socket
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from tests.neo4j.server import LocalServer, NoServerError, Server, free_port
from tests.unavailable import unavailable
from tests.warehouse.graph.cases import NEW, OLD, make_build
from tests.warehouse.graph.neo4j import target_of
from warehouse import extras
from warehouse.answer import Limits
from warehouse.errors import QuestionCancelledError, StoreChangingError, StoreError
from warehouse.extras import MissingExtraError
from warehouse.graph.neo4j import loading, publication
from warehouse.graph.neo4j.connection import Connection, Target, require_version
from warehouse.graph.neo4j.mark import Run
from warehouse.graph.neo4j.publication import publish, verify
from warehouse.graph.neo4j.store import Neo4jGraphStore
from warehouse.graph.stores import open_beside, publish_beside
from warehouse.home import Build
from warehouse.settings import Settings

LIMITS = Limits(timeout_s=30)
PATHWAYS = "MATCH (w:Pathway) RETURN w.name AS name ORDER BY name"


def test_a_server_that_is_down() -> None:
    with pytest.raises(StoreError, match=r"No Neo4j server answers at bolt://127\.0\.0\.1"):
        Connection(Target(f"bolt://127.0.0.1:{free_port()}"))


def test_a_host_that_there_is_not() -> None:
    with pytest.raises(StoreError, match=r"No Neo4j server answers at bolt://no-such-host\.invalid:7687"):
        Connection(Target("bolt://no-such-host.invalid:7687"))


def test_what_is_no_neo4j_server() -> None:
    """Something else listens there: it answers in another language."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            connection, _address = listener.accept()
            with connection:
                connection.recv(100)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(StoreError, match="7687 by default"):
            Connection(Target(f"bolt://127.0.0.1:{listener.getsockname()[1]}"))
        thread.join()


@pytest.mark.parametrize("version", ["4.4.44", "3.5.35", ""])
def test_old_versions(version: str) -> None:
    with pytest.raises(StoreError, match="needs 5 or newer"):
        require_version(Target("bolt://localhost"), version)


@pytest.mark.parametrize("version", ["5.0.0", "5.26.30", "2026.08.1"])
def test_versions_that_will_do(version: str) -> None:
    target = Target("bolt://localhost")
    require_version(target, version)
    with pytest.raises(StoreError, match="needs 5 or newer"):
        require_version(target, f"4.{version}")


@pytest.mark.parametrize("uri", ["localhost:7687", "http://localhost:7474", "bolt://", "neo4j"])
def test_what_is_no_address(uri: str) -> None:
    with pytest.raises(StoreError, match="is no address of a Neo4j server"):
        Target(uri)


def test_settings_that_lack_something(monkeypatch: pytest.MonkeyPatch) -> None:
    build = Build("x", Path("x"))
    assert publish_beside(build, Settings(neo4j_uri=None)) is None
    with pytest.raises(StoreError, match="No Neo4j server is set"):
        open_beside(build, Settings(neo4j_uri=None))
    with pytest.raises(StoreError, match="No password is set"):
        open_beside(build, Settings(neo4j_uri="bolt://localhost", neo4j_password=None))
    monkeypatch.setattr(extras, "find_spec", lambda _name: None)
    with pytest.raises(MissingExtraError, match=r"needs the extra 'neo4j': pip install '\.\[neo4j\]'"):
        open_beside(build, Settings(neo4j_uri="bolt://localhost"))


def test_a_database_that_there_is_not(neo4j_server: Server) -> None:
    with pytest.raises(StoreError, match="has no database 'warehouse'") as caught:
        Connection(target_of(neo4j_server, database="warehouse"))
    assert "neo4j" in str(caught.value.hint)


def test_a_question_is_cancelled(neo4j_server: Server, tmp_path: Path) -> None:
    build = make_build(tmp_path / "old", OLD)
    with Connection(target_of(neo4j_server)) as connection:
        publish(connection, build)
    told: list[BaseException] = []
    with Neo4jGraphStore(target_of(neo4j_server), build) as store:
        assert store.cancel() == 0

        def ask() -> None:
            slow = "UNWIND range(1, 1000000) AS a UNWIND range(1, 1000000) AS b RETURN sum(a * b % 7)"
            try:
                store.query(slow, {}, LIMITS)
            except QuestionCancelledError as error:
                told.append(error)

        thread = threading.Thread(target=ask)
        thread.start()
        while thread.is_alive() and not store.cancel():
            thread.join(0.05)
        thread.join()
    assert len(told) == 1


def test_a_server_killed_in_the_middle_and_started_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A real kill between two batches: the mark stays, readers are told, the publication is taken up."""
    old, new = make_build(tmp_path / "old", OLD), make_build(tmp_path / "new", NEW)
    try:
        with LocalServer.started(brief=True) as server:
            _killed_and_taken_up(server, old, new, monkeypatch)
    except NoServerError as error:
        unavailable(f"no Neo4j server: {error}")


def _killed_and_taken_up(server: LocalServer, old: Build, new: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    target = target_of(server, transaction_elements=1, retry_s=1.0)
    with Connection(target) as connection:
        publish(connection, old)
    with Neo4jGraphStore(target, old) as reader:
        assert reader.query(PATHWAYS, {}, LIMITS).rows() == [("Death",), ("Signaling",)]
        applying = loading.apply

        def apply(state: Any, differences: Any, run: Run, *others: Any) -> None:
            done = 0

            def killing(text: str, parameters: Mapping[str, Any]) -> list[list[Any]]:
                nonlocal done
                done += 1
                if done == 3:
                    server.kill()
                return run(text, parameters)

            applying(state, differences, killing, *others)

        monkeypatch.setattr(publication, "apply", apply)
        with Connection(target) as connection, pytest.raises(StoreError, match="No Neo4j server answers"):
            publish(connection, new)
        monkeypatch.undo()
        with pytest.raises(StoreError, match="No Neo4j server answers"):
            reader.query(PATHWAYS, {}, LIMITS)
        server.start()
        with pytest.raises(StoreChangingError, match=r"taken up|takes it up"):
            reader.query(PATHWAYS, {}, LIMITS)
        with Connection(target) as connection:
            publish(connection, new)
            verify(connection, new)
        assert reader.query(PATHWAYS, {}, LIMITS).rows() == [("Life",), ("Signaling by MET",)]


def test_a_wrong_password(neo4j_server: Server) -> None:
    with pytest.raises(StoreError, match="does not take the user 'neo4j' with the password"):
        Connection(Target(neo4j_server.uri, "neo4j", SecretStr("wrong")))
