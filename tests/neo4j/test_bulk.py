"""The bulk load: files that say everything, through the real import, into a real server; and what a failure leaves."""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from tests.conftest import SmallBuild, stated
from tests.neo4j.server import LocalServer, NoServerError, installation
from tests.unavailable import unavailable
from warehouse.errors import BuildError, GateError, StoreError
from warehouse.export import export
from warehouse.graph.neo4j import bulk, mark, publication
from warehouse.graph.neo4j.connection import Connection, Target
from warehouse.graph.neo4j.installation import Installation
from warehouse.graph.state import open_state
from warehouse.home import Build, Home
from warehouse.model import MODEL, EntityType, RelationshipType

#: Texts that a file of separated values could trip over.
TEXTS = (
    'a "quoted" word',
    "a, comma; a semicolon | a bar",
    "two\nlines\r\nand a third",
    "tab\tand \\ backslash \\n",
    "\x1fa unit separator",
    "  blanks around  ",
    '"',
    "'",
    "ß å 漢字 🧬 \u200b\ufeff",
    "null",
    "-",
    "=1+1",
    "1e5",
    "true",
)


@pytest.fixture(scope="module")
def server() -> Iterator[LocalServer]:
    """A server that is not started: its folder, with jars where an installation has them."""
    with tempfile.TemporaryDirectory(prefix="targetgraph-neo4j-") as folder:
        try:
            jars = installation().jars
        except NoServerError as error:
            unavailable(f"no Neo4j server: {error}")
        made = LocalServer(Path(folder), brief=True)
        Path(folder, "lib").rmdir()
        Path(folder, "lib").symlink_to(jars)
        yield made
        made.kill()


def _speak(small: SmallBuild) -> Build:
    """Every type of value, every awkward text, nulls, lists, parallel relationships, a relationship to itself."""
    genes = [
        {"id": f"hgnc:{n}", "symbol": f"G{n}", "name": text, "aliases": [text, "x;y"]} for n, text in enumerate(TEXTS)
    ]
    structure = {
        "id": "pdb:1abc",
        "name": TEXTS[2],
        "resolution_angstrom": 1.0000000000000002,
        "release_date": datetime.date(1970, 1, 1),
        "model_count": 2**53 + 1,
        "organisms": list(TEXTS),
    }
    small.say(
        "one",
        stated("Gene", *genes),
        stated("Structure", structure),
        stated("Drug", {"id": "drugbank:DB1", "name": None}),
        stated(
            "INTERACTS_WITH",
            *(
                {"subject": "hgnc:0", "object": f"hgnc:{n}", "pubmed_ids": [str(n)], "evidence": "asserted"}
                for n in range(9)
            ),
        ),
        stated(
            "BINDS",
            {"subject": "drugbank:DB1", "object": "hgnc:1", "affinity_nanomolar": 1e-300, "evidence": "measured"},
        ),
    )
    small.say("two", stated("Gene", {"id": "hgnc:3", "name": "another\nname"}), rank=60)
    small.finish()
    return small.close()


@pytest.fixture
def build(new_small: Callable[[], SmallBuild]) -> Build:
    return _speak(new_small())


def _content(build: Build) -> dict[str, list[Any]]:
    """What the server should hold: nodes by label, relationships by type, without nulls."""
    found: dict[str, list[Any]] = {}
    with open_state(build) as connection:
        every: list[EntityType | RelationshipType] = [*MODEL.entities.values(), *MODEL.relationships.values()]
        for declared in every:
            names = [column.name for column in declared.shown]
            listed = ", ".join(f'"{name}"' for name in names)
            node = isinstance(declared, EntityType)
            ends = "" if node else "subject, object, "
            rows = connection.execute(f'SELECT {ends}{listed} FROM main."{declared.table}"').fetchall()
            rows = [((), row) if node else (row[:2], row[2:]) for row in rows]
            kept = [(*end, {k: v for k, v in zip(names, row, strict=True) if v is not None}) for end, row in rows]
            if kept:
                found[declared.label if isinstance(declared, EntityType) else declared.name] = sorted(kept, key=repr)
    return found


def _answer(server: LocalServer) -> dict[str, list[Any]]:
    import neo4j.time

    def plain(values: dict[str, Any]) -> dict[str, Any]:
        return {k: v.to_native() if isinstance(v, neo4j.time.Date) else v for k, v in values.items()}

    found: dict[str, list[Any]] = {}
    for label, values in server.run("MATCH (n) WHERE NOT n:_TargetGraph RETURN labels(n)[0], properties(n)"):
        found.setdefault(label, []).append((_sorted_keys(label, plain(values)),))
    for name, start, end, values in server.run("MATCH (a)-[r]->(b) RETURN type(r), a.id, b.id, properties(r)"):
        found.setdefault(name, []).append((start, end, _sorted_keys(name, plain(values))))
    return {name: sorted(rows, key=repr) for name, rows in found.items()}


def _sorted_keys(name: str, values: dict[str, Any]) -> dict[str, Any]:
    declared = MODEL.entities.get(name) or MODEL.relationships[name]
    return {column.name: values[column.name] for column in declared.shown if column.name in values}


def _hash(folder: Path) -> str:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return hashlib.sha256(b"".join(str(path).encode() + path.read_bytes() for path in files)).hexdigest()


def test_a_state_goes_through_files_and_import_unchanged(
    server: LocalServer, build: Build, new_small: Callable[[], SmallBuild]
) -> None:
    place = Installation.at(server.folder)
    small = new_small()
    small.say("one", stated("Gene", {"id": "hgnc:1", "symbol": "OLD"}))
    small.finish()
    bulk.bulk_load(small.close(), place, threads=1)
    old = _hash(place.data / "databases" / "neo4j")

    _break(server.folder)
    with pytest.raises(StoreError, match=r"import failed: .*\nThe old database is as it was"):
        bulk.bulk_load(build, place)
    assert _hash(place.data / "databases" / "neo4j") == old
    (server.folder / "bin" / "neo4j-admin").unlink()
    assert sorted(path.name for path in place.data.iterdir()) == ["databases", "transactions"]

    loaded = bulk.bulk_load(build, place, threads=1)
    expected = _content(build)
    assert loaded.counts == {name: len(rows) for name, rows in expected.items()}
    assert loaded.relationships == sum(len(rows) for name, rows in expected.items() if name.isupper())
    server.start()
    assert _answer(server) == expected
    assert place.is_running()
    found = mark.read(lambda text, parameters: server.run(text, **parameters))
    assert found is not None
    assert not found.is_whole
    target = Target(server.uri, server.user, SecretStr(server.password))
    with Connection(target) as connection:
        adopted = publication.adopt(connection, build)
        assert set(adopted.checked) == set(expected)
        assert not publication.publish(connection, build, check=True).elements
        server.run("MATCH (g:Gene {id: 'hgnc:2'}) SET g.symbol = 'X'")
        with pytest.raises(GateError, match="Gene"):
            publication.adopt(connection, build)
    with pytest.raises(StoreError, match="is running"):
        bulk.bulk_load(build, place)


def _break(home: Path) -> None:
    """An admin tool that meets a damaged file: the real one, after a row of a node file was cut."""
    script = home / "bin" / "neo4j-admin"
    script.parent.mkdir(exist_ok=True)
    jars = f"{home}/lib/*"
    script.write_text(
        f"""#!/bin/sh
for file in {home}/data/targetgraph-import/files-*/Gene.csv; do printf 'no number,x\\n' >> "$file"; done
exec java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -cp '{jars}' org.neo4j.cli.AdminTool "$@"
""",
        encoding="utf-8",
    )
    script.chmod(0o755)


def test_a_crash_in_the_middle_of_the_swap_is_undone(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "neo4j-1.jar").touch()
    place = Installation.at(tmp_path)
    aside = place.data / "targetgraph-import"
    # The old store was set aside and the new one is in its place; the log of the old one still stands.
    for folder, text in (
        (aside / "before" / "databases" / "neo4j", "old"),
        (place.data / "databases" / "neo4j", "new"),
        (place.transactions / "neo4j", "old"),
    ):
        folder.mkdir(parents=True)
        (folder / "file").write_text(text)
    bulk.recover(place)
    assert (place.data / "databases" / "neo4j" / "file").read_text() == "old"
    assert (place.transactions / "neo4j" / "file").read_text() == "old"


def test_what_is_no_installation_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no Neo4j in"):
        Installation.at(tmp_path)


def test_settings_name_other_folders(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "neo4j-1.jar").touch()
    (tmp_path / "conf").mkdir()
    lines = ("# server.directories.data=/no", "server.directories.data = store")
    logs = "server.directories.transaction.logs.root=/logs"
    (tmp_path / "conf" / "neo4j.conf").write_text("\n".join([*lines, logs]))
    place = Installation.at(tmp_path)
    assert (place.data, place.transactions) == (tmp_path / "store", Path("/logs"))


@pytest.mark.parametrize("fault", ["lost", "twice"])
def test_files_are_not_written_of_a_broken_state(
    new_small: Callable[[], SmallBuild], tmp_path: Path, fault: str
) -> None:
    small = new_small()
    small.say(
        "one",
        stated("Gene", {"id": "hgnc:1", "symbol": "A"}, {"id": "hgnc:2", "symbol": "B"}),
        stated("INTERACTS_WITH", {"subject": "hgnc:1", "object": "hgnc:2", "evidence": "asserted"}),
    )
    small.finish()
    change = {
        "lost": "DELETE FROM graph.gene WHERE id = 'hgnc:2'",
        "twice": "INSERT INTO graph.interacts_with FROM graph.interacts_with",
    }
    small.writer.connection.execute(change[fault])
    folder = tmp_path / "files"
    folder.mkdir()
    with pytest.raises(
        BuildError, match={"lost": "1 relationships INTERACTS_WITH name", "twice": "stands twice"}[fault]
    ):
        bulk.write_files(small.close(), folder)
    assert not list(folder.iterdir())


def test_the_exported_files_are_imported_by_their_script(
    sample_home: Home, server: LocalServer, tmp_path: Path
) -> None:
    *files, manifest = export(sample_home.current(), tmp_path / "out", "neo4j")
    script = server.folder / "bin" / "neo4j-admin"
    script.parent.mkdir(exist_ok=True)
    script.write_text(f"#!/bin/sh\nexec java -cp '{installation().jars}/*' org.neo4j.cli.AdminTool \"$@\"\n")
    script.chmod(0o755)
    conf = server.folder / "conf"
    environment = {**os.environ, "NEO4J_HOME": str(tmp_path / "other"), "NEO4J_CONF": str(conf)}
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "bin").symlink_to(script.parent)
    done = subprocess.run([files[-1]], env=environment, capture_output=True, text=True, check=False)
    script.unlink()
    assert done.returncode == 0, done.stdout + done.stderr
    counts = json.loads(manifest.read_text())["tables"]
    relationships = sum(count for name, count in counts.items() if name.isupper())
    assert f"{relationships} relationships" in done.stdout
    assert f"{sum(counts.values()) - relationships} nodes" in done.stdout
