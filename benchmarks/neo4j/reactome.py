"""A Reactome refresh of the real build in Neo4j, against loading all of it."""

from __future__ import annotations

import gzip
import os
import random
import tempfile
import time
from pathlib import Path

from benchmarks.harness import DATA, Figure, targetgraph
from benchmarks.neo4j._server import started, target
from warehouse.graph.neo4j.bulk import bulk_load
from warehouse.graph.neo4j.connection import Connection
from warehouse.graph.neo4j.installation import Installation
from warehouse.graph.neo4j.publication import adopt, publish, verify
from warehouse.home import Home

_NAMES = "reactome/reactome_pathways_names_2025_01_21.txt.gz"
_RELATIONS = "reactome/reactome_pathways_relation_2025_01_14.txt.gz"
_PROTEINS = "reactome/BINN_uniprot2reactome_translation.tsv.gz"
#: What a new release of Reactome changes: a few per cent of names, of the hierarchy and of the members.
_SHARE = 0.03


def run(small: bool) -> list[Figure]:
    """Build, load in bulk, change Reactome, refresh the build, then Neo4j by the differences."""
    with tempfile.TemporaryDirectory(prefix="targetgraph-") as folder, started() as server:
        server.stop()
        raw = Path(folder, "raw")
        _link(DATA, raw, ("reactome", "hgnc_ncbi") if small else ())
        place = ("--raw", str(raw), "--home", str(Path(folder, "home")), "--subset", "--format", "json")
        targetgraph("build", *place, *(("--source", "reactome", "--source", "hgnc") if small else ()))
        home = Home(Path(folder, "home"))
        first = home.current()
        start = time.perf_counter()
        loaded = bulk_load(first, Installation.at(server.folder))
        bulk_s = time.perf_counter() - start
        server.start()
        with Connection(target(server)) as connection:
            opened = adopt(connection, first)
            _change(raw)
            targetgraph("build", "--source", "reactome", *place)
            refreshed = publish(connection, home.current())
            start = time.perf_counter()
            verify(connection, home.current())
            check_s = time.perf_counter() - start
            # Relationships first: those of twenty thousand nodes may be more than a transaction holds.
            server.run("MATCH ()-[r]->() CALL (r) { DELETE r } IN TRANSACTIONS OF 20000 ROWS")
            server.run("MATCH (n) CALL (n) { DELETE n } IN TRANSACTIONS OF 20000 ROWS")
            driver_load = publish(connection, home.current())
    load_s = bulk_s + opened.seconds
    return [
        Figure("reactome_relationships", loaded.relationships, ""),
        Figure("reactome_elements", refreshed.elements, ""),
        Figure("reactome_seconds", round(refreshed.seconds, 2), "s"),
        Figure("load_by_driver_seconds", round(driver_load.seconds, 2), "s"),
        Figure("load_in_bulk_seconds", round(load_s, 2), "s"),
        Figure("load_in_bulk_check_seconds", round(opened.seconds, 2), "s"),
        Figure("refresh_share_of_load", round(refreshed.seconds / driver_load.seconds, 4), "", "<= 0.10"),
        Figure("refresh_share_of_bulk_load", round(refreshed.seconds / load_s, 4), ""),
        Figure("whole_check_seconds", round(check_s, 2), "s"),
    ]


def _link(data: Path, raw: Path, folders: tuple[str, ...]) -> None:
    """The folder of downloads by links, so that a file can be replaced."""
    for parent, _folders, names in os.walk(data):
        within = Path(parent).relative_to(data)
        if not folders or (within.parts and within.parts[0] in folders):
            (raw / within).mkdir(parents=True, exist_ok=True)
            for name in names:
                (raw / within / name).symlink_to(Path(parent, name).resolve())


def _change(raw: Path) -> None:
    """Another release: some pathways have new names, some parts of the hierarchy and some members are gone."""
    chance = random.Random(7)
    for name in (_NAMES, _RELATIONS, _PROTEINS):
        path = raw / name
        header, *lines = gzip.decompress(path.read_bytes()).decode().splitlines()
        if name == _NAMES:
            lines = [_renamed(line) if chance.random() < _SHARE else line for line in lines]
        else:
            lines = [line for line in lines if chance.random() > _SHARE]
        lines.insert(0, header)
        path.unlink()
        path.write_bytes(gzip.compress("\n".join([*lines, ""]).encode(), mtime=0))


def _renamed(line: str) -> str:
    number, name, species = line.split("\t")
    return "\t".join((number, f"{name} (revised)", species))
