"""Publishing to a real server: by differences, in one transaction or in batches, interrupted and taken up."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import SmallBuild, stated
from tests.neo4j.server import Server
from tests.warehouse.graph.cases import NEW, OLD, make_build
from tests.warehouse.graph.neo4j import published_store, target_of
from warehouse.answer import Limits
from warehouse.errors import GateError, StoreChangingError, StoreError
from warehouse.graph.neo4j import loading, mark, publication
from warehouse.graph.neo4j.connection import Connection, rows_of
from warehouse.graph.neo4j.mark import Mark, Run
from warehouse.graph.neo4j.publication import publish, verify
from warehouse.graph.neo4j.store import Neo4jGraphStore
from warehouse.home import Build

LIMITS = Limits(timeout_s=30)
GENES = "MATCH (g:Gene) RETURN count(g) AS n"


class KilledError(Exception):
    """Stands for the end of the process in the middle of its work."""


@pytest.fixture(scope="module")
def builds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Build]:
    folder = tmp_path_factory.mktemp("publication")
    return {"old": make_build(folder / "old", OLD), "new": make_build(folder / "new", NEW), "wide": _wide(folder)}


def _wide(folder: Path) -> Build:
    """A build with values of every type, keyed relationships with nulls in the key, disputes, and odd texts."""
    folder = folder / "wide"
    folder.mkdir()
    small = SmallBuild(folder)
    genes = [
        {"id": f"hgnc:{n}", "symbol": f"S{n}", "name": f"'é\\u0041\n\"{n}", "aliases": ["a", "b"]} for n in range(40)
    ]
    small.say("hgnc", stated("Gene", *genes), rank=1)
    small.say("ncbi_gene", stated("Gene", *({**one, "name": "other"} for one in genes[:5])), rank=9)
    small.say("pdb", stated("Structure", {"id": "pdb:1abc", "resolution_angstrom": 1.5, "release_date": "2024-02-29"}))
    pairs = [{"subject": f"hgnc:{n}", "object": f"hgnc:{n + 1}", "evidence": "asserted"} for n in range(39)]
    small.say("hetionet", stated("INTERACTS_WITH", *pairs))
    small.finish()
    return small.close()


def _holds(connection: Connection, build: Build) -> bool:
    """Whether the server holds a state: every type is compared, and the mark says so."""
    verify(connection, build)
    found = mark.read(lambda text, _parameters: connection.read(text))
    return found is not None and found.is_whole and found.state == build.id


@pytest.fixture
def connection(neo4j_server: Server, builds: Mapping[str, Build]) -> Iterator[Connection]:
    """A server that holds the build `old`."""
    published_store(neo4j_server, builds["old"]).close()
    with Connection(target_of(neo4j_server)) as opened:
        yield opened


def test_only_what_differs_is_sent(connection: Connection, builds: Mapping[str, Build]) -> None:
    done = publish(connection, builds["new"])
    # A pathway and its relationship go, others come, and one pathway has another name.
    assert done.changes == {"deleted": 2, "updated": 1, "created": 2}
    assert (done.transactions, done.checked) == ("one", ("PARTICIPATES_IN", "Pathway"))
    assert _holds(connection, builds["new"])
    again = publish(connection, builds["new"])
    assert (again.elements, again.transactions) == (0, "none")


def test_every_kind_of_value_arrives(connection: Connection, builds: Mapping[str, Build]) -> None:
    publish(connection, builds["wide"])
    assert _holds(connection, builds["wide"])
    rows = connection.read("MATCH (s:Structure) RETURN s.resolution_angstrom, toString(s.release_date), s.name")
    assert rows == [[1.5, "2024-02-29", None]]
    publish(connection, builds["old"])
    assert _holds(connection, builds["old"])


def test_without_the_old_files_the_server_is_asked(
    connection: Connection, builds: Mapping[str, Build], tmp_path: Path
) -> None:
    alone = make_build(tmp_path / "alone", NEW)
    done = publish(connection, alone)
    assert done.changes == {"deleted": 2, "updated": 1, "created": 2}
    assert _holds(connection, alone)


def test_batches_are_marked_and_equal(
    neo4j_server: Server, connection: Connection, builds: Mapping[str, Build]
) -> None:
    with Connection(target_of(neo4j_server, transaction_elements=1)) as narrow:
        assert publish(narrow, builds["wide"]).transactions == "batches"
        assert _holds(narrow, builds["wide"])


@pytest.mark.parametrize("after", [0, 2, 3])
def test_an_interrupted_refresh_is_taken_up(
    neo4j_server: Server,
    connection: Connection,
    builds: Mapping[str, Build],
    monkeypatch: pytest.MonkeyPatch,
    after: int,
) -> None:
    """KilledError after so many batches: readers are told, and the next publication ends it."""
    reader = Neo4jGraphStore(target_of(neo4j_server), builds["old"])
    assert reader.query(GENES, {}, LIMITS).rows() == [(2,)]
    _kill_after(monkeypatch, after)
    with Connection(target_of(neo4j_server, transaction_elements=1)) as narrow:
        with pytest.raises(KilledError):
            publish(narrow, builds["new"])
        monkeypatch.undo()
        with pytest.raises(StoreChangingError, match=r"under way since .* would mix old and new"):
            reader.query(GENES, {}, LIMITS)
        target = builds["new"] if after % 2 else builds["old"]
        publish(narrow, target)
        assert _holds(narrow, target)
    assert reader.query(GENES, {}, LIMITS).rows() == [(2,)]
    reader.close()


def _kill_after(monkeypatch: pytest.MonkeyPatch, batches: int) -> None:
    applying: Callable[..., None] = loading.apply

    def apply(state: object, differences: object, run: Run, *others: object) -> None:
        done = 0

        def counted(text: str, parameters: Mapping[str, Any]) -> list[list[Any]]:
            nonlocal done
            if done == batches:
                raise KilledError
            done += 1
            return run(text, parameters)

        applying(state, differences, counted, *others)
        # All was sent: the end comes before the check.
        raise KilledError

    monkeypatch.setattr(publication, "apply", apply)


def test_killed_in_one_transaction_nothing_has_changed(
    connection: Connection, builds: Mapping[str, Build], monkeypatch: pytest.MonkeyPatch
) -> None:
    _kill_after(monkeypatch, 2)
    with pytest.raises(KilledError):
        publish(connection, builds["new"])
    assert _holds(connection, builds["old"])


def test_who_was_overtaken_stops(
    neo4j_server: Server, connection: Connection, builds: Mapping[str, Build], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A publication that another one takes up in the middle does not go on."""
    applying: Callable[..., None] = loading.apply

    def apply(state: object, differences: object, run: Run, *others: object) -> None:
        monkeypatch.undo()
        publish(connection, builds["new"])
        applying(state, differences, run, *others)

    monkeypatch.setattr(publication, "apply", apply)
    with Connection(target_of(neo4j_server, transaction_elements=1)) as narrow:
        with pytest.raises(StoreError, match="taken up"):
            publish(narrow, builds["new"])
        assert _holds(narrow, builds["new"])


def test_the_gate_names_the_type(neo4j_server: Server, connection: Connection, builds: Mapping[str, Build]) -> None:
    neo4j_server.run("MATCH (g:Gene {id: 'hgnc:7029'}) SET g.name = 'by hand'")
    with pytest.raises(GateError, match="Gene: 2 rows in both, but their content differs"):
        verify(connection, builds["old"])
    neo4j_server.run("CREATE (:Stranger)")
    with pytest.raises(GateError, match="Stranger: 1 in Neo4j, 0 in the build"):
        verify(connection, builds["old"])
    neo4j_server.run("MATCH (n:Stranger) DELETE n")
    done = publish(connection, builds["old"], check=True)
    assert done.changes == {"updated": 1}
    assert _holds(connection, builds["old"])


def test_what_others_changed_is_found_and_mended(
    neo4j_server: Server, connection: Connection, builds: Mapping[str, Build]
) -> None:
    """A difference that the files do not tell: the row to be deleted is not there."""
    neo4j_server.run("MATCH (w:Pathway {id: 'reactome:R-HSA-2'}) DETACH DELETE w")
    publish(connection, builds["new"])
    assert _holds(connection, builds["new"])


def test_a_reader_never_sees_half(
    neo4j_server: Server, connection: Connection, builds: Mapping[str, Build], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A state that changes while a question is answered is answered anew."""
    with Neo4jGraphStore(target_of(neo4j_server), builds["old"]) as reader:
        asked = 0
        running = reader._run

        def run(*given: Any) -> Any:
            nonlocal asked
            answered = running(*given)
            asked += 1
            if asked == 1:
                publish(connection, builds["new"])
            return answered

        monkeypatch.setattr(reader, "_run", run)
        answer = reader.query("MATCH (w:Pathway) RETURN w.name AS name ORDER BY name", {}, LIMITS)
        assert (asked, answer.rows()) == (2, [("Life",), ("Signaling by MET",)])
        assert any("holds new, not old" in warning for warning in answer.warnings)
    with (
        Neo4jGraphStore(target_of(neo4j_server), builds["old"], pinned=True) as pinned,
        pytest.raises(StoreError, match="holds new, not old"),
    ):
        pinned.query(GENES, {}, LIMITS)


def test_a_database_of_others_is_not_touched(empty_neo4j: Server, builds: Mapping[str, Build]) -> None:
    empty_neo4j.run("CREATE (:Mine {id: 1})")
    with Connection(target_of(empty_neo4j)) as connection:
        with pytest.raises(StoreError, match="holds 1 nodes that TargetGraph did not put there"):
            publish(connection, builds["old"])
        assert connection.read("MATCH (n) RETURN count(n)") == [[1]]
        empty_neo4j.run("MATCH (n) DELETE n")
        with (
            Neo4jGraphStore(target_of(empty_neo4j), builds["old"]) as store,
            pytest.raises(StoreError, match="Nothing is published"),
        ):
            store.query(GENES, {}, LIMITS)


def test_marks_of_other_versions_are_refused(
    neo4j_server: Server, connection: Connection, builds: Mapping[str, Build]
) -> None:
    def write(version: int) -> None:
        connection.in_transaction(lambda tx: mark.write(partial(rows_of, tx), Mark(0, "old", version=version)))

    write(99)
    with pytest.raises(StoreError, match="layout 99"):
        publish(connection, builds["old"])
    neo4j_server.run("MATCH (m:_TargetGraph) SET m._content = '{'")
    with pytest.raises(StoreError, match="cannot be read"):
        publish(connection, builds["old"])
    neo4j_server.clear()
