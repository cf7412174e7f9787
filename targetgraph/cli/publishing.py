"""The verb that brings the current build to a Neo4j server: publish."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from targetgraph.cli.options import BuildId, HomeFolder, NoPredictions, Sample
from targetgraph.cli.output import say
from targetgraph.cli.places import home_folder

if TYPE_CHECKING:
    from warehouse.home import Build
    from warehouse.settings import Settings


def add_verbs(app: typer.Typer) -> None:
    """Add the verbs of this group."""
    app.command()(publish)


def publish(
    check: Annotated[
        bool, typer.Option("--check", help="Compare all content with the server, and mend what differs.")
    ] = False,
    no_predictions: NoPredictions = False,
    build: BuildId = None,
    sample: Sample = False,
    home: HomeFolder = None,
) -> None:
    """Bring the current build to the Neo4j server of the settings: only what differs; an interrupted one goes on."""
    from warehouse.errors import StoreError
    from warehouse.home import Home
    from warehouse.results.store import with_active_runs
    from warehouse.settings import Settings

    settings = Settings()
    if settings.neo4j_uri is None:
        raise StoreError("No Neo4j server is set.", "Set TARGETGRAPH_NEO4J_URI, _USER and _PASSWORD.")
    place = Home(home_folder(home, sample=sample))
    chosen = place.current() if build is None else place.build(build)
    _publish(chosen if no_predictions else with_active_runs(chosen), settings, check)


def publish_beside_build(made: Build, settings: Settings) -> None:
    """Bring a build that has just become the current one to the server, where one is set.

    Raises:
        StoreError, GateError: it could not be brought there; the build itself is made and current.
    """
    from warehouse.errors import TargetGraphError
    from warehouse.results.store import with_active_runs

    if settings.neo4j_uri is None:
        return
    try:
        _publish(with_active_runs(made), settings, check=False)
    except TargetGraphError as error:
        error.add_note(f"The build {made.id} is current; `targetgraph publish` brings it to Neo4j.")
        raise


def _publish(state: Build, settings: Settings, check: bool) -> None:
    from warehouse.graph.stores import publish_beside
    from warehouse.progress import TerminalProgress

    done = publish_beside(state, settings, check=check, progress=TerminalProgress())
    if done is None:
        return
    changes = ", ".join(f"{count:,} {change}" for change, count in done.changes.items()) or "nothing to change"
    how = {"none": "", "one": ", in one transaction", "batches": ", in batches"}[done.transactions]
    say(f"Neo4j holds {done.state}: {changes}{how}, {len(done.checked)} types compared, {done.seconds:.1f} s")
