"""The verb that brings newer releases in: update."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from targetgraph.cli.building import exit_if_incomplete
from targetgraph.cli.options import Format, HomeFolder, Output, OutputFormat
from targetgraph.cli.output import say, write_rows
from targetgraph.cli.places import home_folder
from targetgraph.cli.plans import plan_of
from targetgraph.cli.publishing import publish_beside_build

if TYPE_CHECKING:
    import polars as pl

    from etl.update import Update, UpdateLimits
    from warehouse.home import Build, Home
    from warehouse.settings import Settings


def add_verbs(app: typer.Typer) -> None:
    """Add the verbs of this group."""
    app.command()(update)


def update(
    source: Annotated[
        list[str] | None, typer.Option("--source", "-s", help="Look at this source; may be repeated. Else all.")
    ] = None,
    rows_lost: Annotated[
        float | None,
        typer.Option("--rows-lost", help="Share of a source's rows of one type that may go.", min=0, max=1),
    ] = None,
    entities_vanished: Annotated[
        float | None,
        typer.Option("--entities-vanished", help="Share of the entities of one type that may go.", min=0, max=1),
    ] = None,
    show: Annotated[bool, typer.Option("--show", help="Show what would change with the update that waits.")] = False,
    publish: Annotated[bool, typer.Option("--publish", help="Publish the update that waits.")] = False,
    discard: Annotated[bool, typer.Option("--discard", help="Remove the update that waits.")] = False,
    wait: Annotated[float, typer.Option("--wait", help="Seconds to wait for another build.", min=0)] = 0,
    file_format: Format = OutputFormat.TABLE,
    output: Output = None,
    home: HomeFolder = None,
) -> None:
    """Fetch newer releases, compare them with the current build, and publish them if they lose little.

    An update that loses more is held: look at it with --show, then --publish or --discard it. Exit status 1 where an
    update is held or a publisher could not be asked.
    """
    from warehouse.home import Home
    from warehouse.settings import Settings

    if show + publish + discard > 1:
        raise typer.BadParameter("--show, --publish and --discard are three things; take one at a time.")
    place, settings = Home(home_folder(home, sample=False)), Settings()
    if show:
        _write_changes(_waiting_changes(place), file_format, output)
    elif publish:
        _publish_waiting(place, settings, wait)
    elif discard:
        _discard_waiting(place, wait)
    else:
        from etl.update import UpdateLimits

        limits = UpdateLimits(
            settings.update_rows_lost if rows_lost is None else rows_lost,
            settings.update_entities_vanished if entities_vanished is None else entities_vanished,
        )
        made = _update(place, settings, limits, tuple(source or ()), wait)
        write_rows([one.row() for one in made.asked], file_format, output)
        _end(made, settings)


def _update(place: Home, settings: Settings, limits: UpdateLimits, names: tuple[str, ...], wait_s: float) -> Update:
    from etl.update import update as make
    from warehouse.progress import TerminalProgress

    return make(place, replace(plan_of(settings, wait_s), only=names), limits, TerminalProgress())


def _end(made: Update, settings: Settings) -> None:
    """Say what became of an update, and end with the exit status for it."""
    for sentence in made.failed:
        say(f"warning: {sentence}")
    if made.changes is not None:
        _say_changes(made.changes)
    if made.held is not None:
        say(f"warning: {made.held.sentence()}")
    elif made.published is not None:
        say(f"Build {made.published.id} is published.")
        publish_beside_build(made.published, settings)
        exit_if_incomplete(made.published)
    else:
        say("Nothing newer was found.")
    if made.failed or made.held is not None:
        raise typer.Exit(1)


def _say_changes(changes: pl.DataFrame) -> None:
    for row in changes.iter_rows(named=True):
        say(
            f"{row['type']}, {row['source']}: {row['added']:,} added, {row['removed']:,} removed, "
            f"{row['changed']:,} changed ({row['cause']})"
        )


def _waiting_changes(place: Home) -> pl.DataFrame:
    from etl.update import with_causes
    from warehouse.candidates import candidate
    from warehouse.diff import difference
    from warehouse.errors import BuildError

    waiting = candidate(place)
    if waiting is None:
        raise BuildError("No update waits to be published.", "`targetgraph update` looks for newer releases.")
    say(waiting.sentence())
    current = place.current()
    found = difference(current, waiting.build)
    return with_causes(found.by_source, current.receipt(), waiting.build.receipt())


def _write_changes(changes: pl.DataFrame, file_format: OutputFormat, output: Output) -> None:
    write_rows(changes.to_dicts(), file_format, output, tuple(changes.columns))


def _publish_waiting(place: Home, settings: Settings, wait_s: float) -> None:
    from etl.update import publish_held

    published: Build = publish_held(place, settings.keep_builds, wait_s)
    say(f"Build {published.id} is published.")
    publish_beside_build(published, settings)
    exit_if_incomplete(published)


def _discard_waiting(place: Home, wait_s: float) -> None:
    from warehouse.candidates import discard

    with place.writing(wait_s) as builds:
        existed = discard(builds)
    say("The update that waited is removed." if existed else "No update waits to be published.")
