"""The verb that fills a Neo4j server in bulk: bulk-load."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from targetgraph.cli.options import BuildId, HomeFolder, Sample
from targetgraph.cli.output import say
from targetgraph.cli.places import home_folder

if TYPE_CHECKING:
    from warehouse.home import Build
    from warehouse.settings import Settings


def add_verbs(app: typer.Typer) -> None:
    """Add the verbs of this group."""
    app.command()(bulk_load)


def bulk_load(
    files: Annotated[
        Path | None, typer.Option("--files", help="Only write the import files to this new folder; tell the command.")
    ] = None,
    wait: Annotated[
        float, typer.Option("--wait", help="Seconds to wait for the server to be started again.", min=0)
    ] = 0,
    build: BuildId = None,
    sample: Sample = False,
    home: HomeFolder = None,
) -> None:
    """Replace the database of a stopped Neo4j server by a build, with the server's own import."""
    from warehouse.home import Home
    from warehouse.results.store import with_active_runs
    from warehouse.settings import Settings

    place = Home(home_folder(home, sample=sample))
    chosen = place.current() if build is None else place.build(build)
    load(with_active_runs(chosen), Settings(), files, wait)


def load(build: Build, settings: Settings, files: Path | None = None, wait_s: float = 0) -> None:
    """Load a state where the server's files are reachable, else write the files and tell the command."""
    import os

    from warehouse.graph.neo4j.bulk import bulk_load as fill
    from warehouse.graph.neo4j.installation import Installation
    from warehouse.progress import TerminalProgress

    named = settings.neo4j_home or os.environ.get("NEO4J_HOME")
    if files is not None or not named:
        _write_files(build, files or build.folder.parent.parent / "neo4j-import" / build.id, settings)
        return
    done = fill(
        build,
        Installation.at(Path(named)),
        settings.neo4j_database,
        threads=settings.threads,
        progress=TerminalProgress(),
    )
    say(
        f"{done.relationships:,} relationships in {named}: files {done.files_s:.1f} s, import {done.import_s:.1f} s. "
        "It is opened for questions when the server is up again and everything was compared."
    )
    if not _adopt(build, settings, wait_s):
        say("Start the server, then: targetgraph publish")


def _write_files(build: Build, folder: Path, settings: Settings) -> None:
    from warehouse.export import verify_empty
    from warehouse.graph.neo4j.bulk import command, write_files
    from warehouse.progress import TerminalProgress

    verify_empty(folder)
    files = write_files(build, folder, TerminalProgress())
    say(f"The import files are in {folder}. On the machine of the server, with the server stopped:")
    typer.echo(command(files, settings.neo4j_database))
    say("Start the server, then: targetgraph publish")


def _adopt(build: Build, settings: Settings, wait_s: float) -> bool:
    """Make constraints and indexes, compare, open for questions; false where no server is up within the time."""
    import time

    from warehouse.errors import StoreError

    if settings.neo4j_uri is None or wait_s <= 0:
        return False
    from warehouse.graph.neo4j.connection import Connection, Target
    from warehouse.graph.neo4j.publication import adopt
    from warehouse.progress import TerminalProgress

    end = time.monotonic() + wait_s
    say(f"Waiting for the server at {settings.neo4j_uri} ...")
    while True:
        try:
            connection = Connection(Target.from_settings(settings))
            break
        except StoreError as error:
            if time.monotonic() > end:
                say(str(error))
                return False
            time.sleep(0.5)
    with connection:
        adopted = adopt(connection, build, TerminalProgress())
    say(f"Neo4j holds {adopted.state}: {len(adopted.checked)} types compared, all equal.")
    return True
