"""The verbs that tell about the warehouse: status, diff, model, sources."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from targetgraph.cli.options import Format, HomeFolder, Output, OutputFormat, RowLimit, Sample
from targetgraph.cli.output import say, write_first, write_rows, write_text
from targetgraph.cli.places import home_folder

if TYPE_CHECKING:
    from etl.source import Source
    from warehouse.home import Home


def add_verbs(app: typer.Typer) -> None:
    """Add the verbs of this group."""
    app.command()(status)
    app.command()(diff)
    app.command()(model)
    app.command()(sources)


def status(
    builds: Annotated[bool, typer.Option("--builds", help="List the builds instead of the sources.")] = False,
    receipt: Annotated[bool, typer.Option("--receipt", help="Write the whole receipt as JSON.")] = False,
    build: Annotated[str | None, typer.Option("--build", help="Tell of this build instead of the current one.")] = None,
    file_format: Format = OutputFormat.TABLE,
    output: Output = None,
    sample: Sample = False,
    home: HomeFolder = None,
) -> None:
    """Show the current build: every source with its release, rows, quarantine and state.

    Exit status 1 when a build failed since, the schedule is in trouble, or this version cannot read the build.
    """
    import json

    from etl.receipt import table
    from warehouse.health.troubles import troubles, unreadable
    from warehouse.home import Home
    from warehouse.settings import Settings

    place = Home(home_folder(home, sample=sample))
    wrong = troubles(place)
    _say_state(place, wrong)
    shown = place.current() if build is None else place.build(build)
    document = shown.receipt()
    if receipt:
        write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", output)
    elif builds:
        write_rows([_build_row(one.id, one.receipt(), shown.id) for one in place.builds()], file_format, output)
    else:
        write_rows(table(document), file_format, output)
        say(f"Build {shown.id}, made {document['made_at']}, content {document['content_hash'][:16]}, in {shown.folder}")
    problem = unreadable(shown, Settings().memory_mb)
    if problem is not None:
        say(f"warning: {problem}")
    if wrong or problem is not None:
        raise typer.Exit(1)


def diff(
    before: Annotated[str | None, typer.Argument(help="A build; else the one before the current one.")] = None,
    after: Annotated[str | None, typer.Argument(help="A build; else the current one.")] = None,
    rows: Annotated[bool, typer.Option("--rows", help="List the rows instead of counting them.")] = False,
    file_format: Format = OutputFormat.TABLE,
    output: Output = None,
    limit: RowLimit = None,
    sample: Sample = False,
    home: HomeFolder = None,
) -> None:
    """Show what differs between two builds, by type and source."""
    from warehouse.diff import difference
    from warehouse.home import Home

    place = Home(home_folder(home, sample=sample))
    old = place.previous() if before is None else place.build(before)
    new = place.current() if after is None else place.build(after)
    found = difference(old, new)
    write_first((found.rows if rows else found.by_source).to_arrow(), limit, file_format, output)
    say(f"{old.id} → {new.id}: {found.rows.height:,} rows differ.")


def model(
    type_name: Annotated[str | None, typer.Argument(help="A type; else all types are listed.")] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="Write the page of the docs.")] = False,
    file_format: Format = OutputFormat.TABLE,
    output: Output = None,
) -> None:
    """Show the data model: types, or the properties of one type."""
    from warehouse.model import FULL_MODEL
    from warehouse.model.page import page, properties, types

    if markdown:
        write_text(page(FULL_MODEL), output)
    else:
        write_rows(
            types(FULL_MODEL) if type_name is None else properties(FULL_MODEL.named(type_name)), file_format, output
        )


def sources(
    check: Annotated[
        bool, typer.Option("--check", help="Ask each publisher whether something newer than the build is released.")
    ] = False,
    source: Annotated[
        list[str] | None, typer.Option("--source", "-s", help="This source alone; may be repeated.")
    ] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="Write the page of the docs.")] = False,
    file_format: Format = OutputFormat.TABLE,
    output: Output = None,
    home: HomeFolder = None,
) -> None:
    """List the sources: what they are, their terms, and the files that are looked for.

    With --check, exit status 1 where a publisher could not be asked.
    """
    from etl.page import page
    from etl.source import source as named
    from etl.source import sources as known

    chosen = [named(name) for name in source] if source else list(known().values())
    if markdown:
        write_text(page(chosen), output)
        return
    if check:
        _check(chosen, file_format, output, home)
        return
    rows = [
        {
            "source": one.name,
            "part": part.part,
            "file": " or ".join(part.patterns),
            "required": part.required,
            "release": part.remote.release if part.remote else "",
            "address": part.remote.url if part.remote else "",
            "licence": one.licence.name,
        }
        for one in chosen
        for part in one.files
    ]
    write_rows(rows, file_format, output)


def _check(chosen: list[Source], file_format: OutputFormat, output: Output, home: HomeFolder) -> None:
    """Ask the publishers, and end with 1 where one could not be asked."""
    from etl.freshness import freshness
    from warehouse.home import Home
    from warehouse.progress import TerminalProgress

    found = freshness(Home(home_folder(home, sample=False)), chosen, TerminalProgress())
    write_rows([one.row() for one in found], file_format, output)
    newer = [one.source for one in found if one.state == "newer"]
    if newer:
        say(f"Newer releases: {', '.join(newer)}. `targetgraph update` brings them in.")
    if any(one.state == "unknown" for one in found):
        raise typer.Exit(1)


def _say_state(place: Home, troubles: list[str]) -> None:
    """What is wrong, and what became of scheduled builds that are well; nothing where none was ever scheduled."""
    from warehouse.health.schedule_state import load

    told = [one.sentence(job) for job, one in load(place).jobs.items()]
    lines = [*(f"warning: {trouble}" for trouble in troubles), *(line for line in told if line not in troubles)]
    if lines:
        say("\n".join(lines))


def _build_row(name: str, document: dict[str, Any], current: str) -> dict[str, Any]:
    return {
        "build": name,
        "current": "yes" if name == current else "",
        "made_at": document["made_at"],
        "sources": len(document["sources"]),
        "refreshed": ", ".join(document["refreshed"]),
        "rows": sum(document["counts"].values()),
        "content_hash": document["content_hash"][:16],
        "seconds": document["seconds"],
    }
