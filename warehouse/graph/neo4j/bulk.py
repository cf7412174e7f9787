"""A whole state into an empty Neo4j by its own import: files written by DuckDB, imported aside, then swapped in.

The import makes its database in a folder of its own beside the server's data, so that a failed or interrupted one
leaves the old database as it is; only a finished one takes its place, by renaming. The server must be stopped:
Community Edition has one database, so that a second one to import into and to switch to cannot be had.
"""

from __future__ import annotations

import contextlib
import re
import shlex
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from warehouse.errors import StoreError
from warehouse.export.neo4j_files import ImportFile, ImportFiles, write
from warehouse.export.selection import Selection
from warehouse.graph.neo4j import mark
from warehouse.graph.neo4j.installation import Installation
from warehouse.graph.state import model_of, open_state, state_name
from warehouse.home import Build
from warehouse.progress import SILENT, Progress

#: The database of Community Edition, and the one that is made unless another is named.
DATABASE = "neo4j"

#: Beside `databases` in the server's data folder: a database that is being imported, and the one that it replaces.
_ASIDE = "targetgraph-import"

#: What the lines of the admin tool hold that tell of a failure.
_TELLING = re.compile(r"error|exception|caused by|failed|no space|cannot|could not|unable", re.IGNORECASE)

#: The number of the mark in the files, above those of all types.
_MARK_NUMBER = 1 << 50

#: Megabytes DuckDB may hold while it writes the files.
_MEMORY_MB = 1200


@dataclass(frozen=True)
class Loaded:
    """What a bulk load did.

    Args:
        counts: nodes and relationships by type.
        files_s: seconds for the files.
        import_s: seconds for the import and the swap.
    """

    counts: dict[str, int]
    files_s: float
    import_s: float

    @property
    def relationships(self) -> int:
        """How many relationships were imported."""
        return sum(count for name, count in self.counts.items() if name.isupper())


def write_files(build: Build, folder: Path, progress: Progress = SILENT) -> ImportFiles:
    """Write the import files of a state to an empty folder.

    Raises:
        BuildError: the build cannot be opened, or a relationship names a node that is not there.
        TargetGraphError: a file cannot be written.
    """
    with open_state(build) as connection:
        connection.execute("SET memory_limit = ?", [f"{_MEMORY_MB}MB"])
        files = write(Selection(connection, model_of(build)), folder, progress)
    try:
        return replace(files, nodes=(*files.nodes, _mark_file(build, files, folder)))
    except OSError as error:
        raise StoreError(f"{folder} cannot be written: {error.strerror}") from error


def _mark_file(build: Build, files: ImportFiles, folder: Path) -> ImportFile:
    """The mark of a state that is under way: all of it is to be compared."""
    begun = mark.Mark(0, refresh=mark.new_refresh(state_name(build), files.counts))
    told: dict[str, Any] = {}
    mark.write(lambda _text, parameters: [told.update(parameters)], begun)  # type: ignore[list-item]
    header, rows = folder / f"{mark.LABEL}.header.csv", folder / f"{mark.LABEL}.csv"
    header.write_text(":ID,_key:string,_revision:long,_content:string\n", encoding="utf-8")
    content = '"' + told["content"].replace('"', '""') + '"'
    rows.write_text(f"{_MARK_NUMBER},graph,1,{content}\n", encoding="utf-8")
    return ImportFile(mark.LABEL, header, rows, 1, False)


def command(files: ImportFiles, database: str = DATABASE) -> str:
    """The command that imports the files where `neo4j-admin` is found, for a person to run."""
    return shlex.join(["neo4j-admin", *files.arguments(database)])


def bulk_load(
    build: Build,
    installation: Installation,
    database: str = DATABASE,
    *,
    threads: int | None = None,
    progress: Progress = SILENT,
) -> Loaded:
    """Replace a stopped server's database by a state.

    The imported mark says that this state is under way, so that no reader takes it for whole: `publish`, or `adopt` of
    `warehouse.graph.neo4j.publication`, makes constraints and indexes when the server is up again, compares everything,
    and only then says that it is.

    Args:
        build: the build, and the runs over it.
        installation: the server's files.
        database: the database that is replaced.
        threads: threads of the import; None = all cores.
        progress: told of files and import.

    Raises:
        StoreError: the server runs, the import failed, or there is no room; the old database is as it was.
    """
    installation.verify_stopped()
    recover(installation, database)
    aside = installation.data / _ASIDE
    start = time.perf_counter()
    with _emptied(aside), tempfile.TemporaryDirectory(prefix="files-", dir=aside) as made:
        files = write_files(build, Path(made), progress)
        counts = {name: count for name, count in files.counts.items() if name != mark.LABEL}
        files_s = time.perf_counter() - start
        with progress.task("import into Neo4j", total=None):
            _import(installation, files, aside, database, threads)
        installation.verify_stopped()
        _swap(installation, aside, database)
    return Loaded(counts, files_s, time.perf_counter() - start - files_s)


def recover(installation: Installation, database: str = DATABASE) -> None:
    """After a crash in the middle of a swap: put the old database back, whole.

    Raises:
        StoreError: it cannot be put back.
    """
    for now, before in _places(installation, installation.data / _ASIDE, database, "before"):
        if before.exists():
            try:
                shutil.rmtree(now, ignore_errors=True)
                before.rename(now)
            except OSError as error:
                raise StoreError(f"{before} cannot be put back to {now}: {error.strerror}", "Rename it.") from error


@contextlib.contextmanager
def _emptied(aside: Path) -> Iterator[None]:
    """The folder beside the data, empty at first and gone at the end."""
    shutil.rmtree(aside, ignore_errors=True)
    try:
        aside.mkdir(parents=True)
    except OSError as error:
        raise StoreError(f"{aside} cannot be made: {error.strerror}", "Run as the user who owns it.") from error
    try:
        yield
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _import(installation: Installation, files: ImportFiles, aside: Path, database: str, threads: int | None) -> None:
    settings = aside / "import.conf"
    settings.write_text(
        f"server.directories.data={aside}\nserver.directories.transaction.logs.root={aside / 'transactions'}\n",
        encoding="utf-8",
    )
    arguments = files.arguments(database, threads=threads)
    # The options of `import full` stand before the files.
    arguments[3:3] = [f"--additional-config={settings}", "--verbose"]
    try:
        done = installation.run(arguments, aside)
    except OSError as error:
        raise StoreError(f"The admin tool of Neo4j cannot be run: {error}") from error
    if done.returncode:
        raise StoreError(f"Neo4j's import failed: {_cause(done)}", "The old database is as it was.")


def _cause(done: subprocess.CompletedProcess[str]) -> str:
    """The lines of the tool's output that say what went wrong: it draws its progress before, and gives advice after."""
    lines = [line.strip() for line in (done.stdout + "\n" + done.stderr).splitlines() if line.strip()]
    telling = [
        line for line in lines if _TELLING.search(line) and not line.startswith(("WARNING", "Run with", "IMPORT"))
    ]
    found = list(dict.fromkeys(telling)) or lines[-1:] or [f"exit status {done.returncode}"]
    return " ".join(found[-3:])[:600]


def _swap(installation: Installation, aside: Path, database: str) -> None:
    """Put the imported database in the place of the old one: if a step fails, all that were done are undone."""
    imported = _places(installation, aside, database, "")
    before = _places(installation, aside, database, "before")
    try:
        for (now, new), (_now, old) in zip(imported, before, strict=True):
            old.parent.mkdir(parents=True, exist_ok=True)
            now.parent.mkdir(parents=True, exist_ok=True)
            if now.exists():
                now.rename(old)
            new.rename(now)
        if (aside / "before").exists():
            # In one step: from here on the new database is the one that stays, whatever happens.
            (aside / "before").rename(aside / "replaced")
    except OSError as error:
        recover(installation, database)
        raise StoreError(
            f"The imported database cannot take its place: {error}", "The old one is as it was."
        ) from error


def _places(installation: Installation, aside: Path, database: str, below: str) -> list[tuple[Path, Path]]:
    """Store and transaction log of a database: where the server has them, and where they are beside it."""
    return [
        (installation.data / "databases" / database, aside / below / "databases" / database),
        (installation.transactions / database, aside / below / "transactions" / database),
    ]
