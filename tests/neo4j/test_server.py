"""The server of the tests: its doors, and that it never outlives its owner."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import psutil

from tests.neo4j.server import Server


def test_it_answers_and_asks_for_a_password(neo4j_server: Server) -> None:
    assert neo4j_server.run("RETURN 1 AS n") == [[1]]
    assert neo4j_server.password not in repr(neo4j_server)


def test_an_empty_one_has_neither_content_nor_schema(empty_neo4j: Server) -> None:
    empty_neo4j.run("CREATE CONSTRAINT c FOR (n:N) REQUIRE n.id IS UNIQUE")
    empty_neo4j.run("CREATE (:N {id: 1})-[:R]->(:N {id: 2})")
    empty_neo4j.clear()
    assert empty_neo4j.run("MATCH (n) RETURN count(n)") == [[0]]
    assert empty_neo4j.run("SHOW CONSTRAINTS") == []


def test_what_is_supervised_ends_with_its_owner(tmp_path: Path) -> None:
    folder = tmp_path / "server"
    folder.mkdir()
    owner = subprocess.Popen(["sleep", "60"])
    command = [sys.executable, "-m", "tests.neo4j.supervisor", str(owner.pid), str(folder), "sleep", "60"]
    with subprocess.Popen(command) as supervisor:
        process = psutil.Process(supervisor.pid)
        while not process.children():
            time.sleep(0.05)
        (child,) = process.children()
        owner.kill()
        owner.wait()
        assert supervisor.wait(10) == 1
    assert not child.is_running()
    assert not folder.exists()
