"""What the tests of builds share: a build in a process of its own, plans, and whether a build is whole."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import duckdb

from etl.build import Plan
from tests.etl.conftest import FOLDER
from warehouse.home import DATABASE, Build
from warehouse.model import MODEL
from warehouse.tables import fingerprint
from warehouse.warehouse import Warehouse

PATHWAYS = "ReactomePathways.txt"

#: Builds argv[1] from the files below argv[2], in a process that can be killed.
BUILD = """
import sys
from pathlib import Path
from etl.build import Plan, build
from warehouse.errors import TargetGraphError
from warehouse.home import Home
only = tuple(sys.argv[3:])
print("started", flush=True)
try:
    build(Home(Path(sys.argv[1])), Plan(raw=Path(sys.argv[2]), only=only, threads=1, wait_s=20))
except TargetGraphError as error:
    print(type(error).__name__, error, file=sys.stderr)
    sys.exit(3)
"""


def plan(raw: Path | Sequence[Path], **options: object) -> Plan:
    return Plan(raw=raw, threads=1, **options)  # type: ignore[arg-type]


def content_hash(made: Build) -> str:
    return str(made.receipt()["content_hash"])


def rename_pathway(raw: Path, new: str) -> Path:
    """Let Reactome say something else."""
    path = raw / FOLDER / "reactome" / "ReactomePathways.txt"
    path.write_text(path.read_text().replace("Signaling by SMPK1 and others", new))
    return raw


def recomputed_hash(made: Build, folder: Path) -> str:
    """The content hash, computed anew from every table of a copy."""
    folder.mkdir(exist_ok=True)
    copy = Path(shutil.copyfile(made.database, folder / DATABASE))
    with duckdb.connect(copy) as connection:
        connection.execute("DELETE FROM record.fingerprints")
        found = fingerprint.update(connection, MODEL)
    copy.unlink()
    return found


def assert_whole(made: Build, folder: Path) -> None:
    receipt = made.receipt()
    assert recomputed_hash(made, folder) == receipt["content_hash"]
    assert made.id.endswith(receipt["content_hash"][:8])
    with Warehouse(made) as opened:
        assert opened.query("MATCH (g:Gene) RETURN count(g)").rows() == [(receipt["counts"]["Gene"],)]
        assert opened.sql("SELECT count(*) FROM pathway").rows() == [(receipt["counts"]["Pathway"],)]
