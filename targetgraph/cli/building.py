"""The verbs that make builds and choose between them: build, rollback, merges."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from targetgraph.cli.faults import INCOMPLETE
from targetgraph.cli.options import Format, HomeFolder, Output, OutputFormat, Raw, RowLimit, Sample, Strict
from targetgraph.cli.output import is_for_reading, say, write_answer, write_rows
from targetgraph.cli.places import home_folder, limits_of
from targetgraph.cli.plans import plan_of
from targetgraph.cli.publishing import publish_beside_build

if TYPE_CHECKING:
    from warehouse.home import Build
    from warehouse.settings import Settings


def add_verbs(app: typer.Typer) -> None:
    """Add the verbs of this group."""
    app.command()(build)
    app.command()(rollback)
    app.command()(merges)


def build(
    source: Annotated[
        list[str] | None, typer.Option("--source", "-s", help="Refresh this source alone; may be repeated.")
    ] = None,
    raw: Raw = None,
    sample: Annotated[
        bool, typer.Option("--sample", help="Build the generated sample, in a folder of its own.")
    ] = False,
    release: Annotated[str | None, typer.Option("--release", help="Take this release instead of the newest.")] = None,
    species: Annotated[
        list[str] | None, typer.Option("--species", help="An organism to load, by scientific name; may be repeated.")
    ] = None,
    subset: Annotated[
        bool, typer.Option("--subset", help="The files are parts of their releases; do not hold them to full counts.")
    ] = False,
    offline: Annotated[bool, typer.Option("--offline", help="Use what was fetched before, never the network.")] = False,
    strict: Strict = False,
    seed: Annotated[int, typer.Option("--seed", help="The seed of the sample.")] = 7,
    wait: Annotated[float, typer.Option("--wait", help="Seconds to wait for another build.", min=0)] = 0,
    keep: Annotated[int | None, typer.Option("--keep", help="How many builds to keep.", min=1)] = None,
    scheduler: Annotated[
        str | None, typer.Option("--scheduler", help="A Dask scheduler whose workers read many small documents.")
    ] = None,
    neo4j_bulk: Annotated[
        bool, typer.Option("--neo4j-bulk", help="Then replace the database of a stopped Neo4j server by it.")
    ] = False,
    file_format: Format = OutputFormat.TABLE,
    output: Output = None,
    home: HomeFolder = None,
) -> None:
    """Make a build from public sources and publish it. The current build stays until the new one is whole."""
    from etl.build import build as make
    from etl.receipt import table
    from etl.rows import Options
    from warehouse.home import Home
    from warehouse.progress import TerminalProgress
    from warehouse.settings import Settings

    if sample and raw:
        raise typer.BadParameter("--sample makes its own files; it takes none from --raw.")
    settings = Settings()
    plan = replace(
        plan_of(settings, wait, scheduler),
        only=tuple(source or ()),
        raw=tuple(raw) if raw else None,
        release=release,
        subset=subset,
        options=Options(tuple(species)) if species else Options(),
        keep=keep or settings.keep_builds,
        offline=offline,
        strict=strict,
    )
    place = Home(home_folder(home, sample=sample))
    made = _make_sample(place, plan, seed) if sample else make(place, plan, TerminalProgress())
    write_rows(table(made.receipt()), file_format, output)
    _say_summary(made)
    _bring_to_neo4j(made, settings, bulk=neo4j_bulk, sample=sample)
    exit_if_incomplete(made)


def _bring_to_neo4j(made: Build, settings: Settings, *, bulk: bool, sample: bool) -> None:
    """The sample must not replace what a server holds; `targetgraph publish --sample` does so on purpose."""
    if bulk:
        from targetgraph.cli.loading import load
        from warehouse.results.store import with_active_runs

        load(with_active_runs(made), settings)
    elif not sample:
        publish_beside_build(made, settings)


def exit_if_incomplete(*made: Build) -> None:
    """End with the exit status for builds that were published without sources or files that failed, and name these.

    Raises:
        typer.Exit: something was set aside.
    """
    missing = [sentence for one in made for sentence in _set_aside(one)]
    for sentence in missing:
        say(f"warning: {sentence}")
    if missing:
        raise typer.Exit(INCOMPLETE)


def _set_aside(made: Build) -> list[str]:
    from warehouse.health.set_aside import set_aside

    receipt = made.receipt()
    return set_aside(receipt, receipt["refreshed"])


def rollback(
    to: Annotated[
        str | None, typer.Argument(help="The build, or the beginning of its id; else the one before.")
    ] = None,
    sample: Sample = False,
    home: HomeFolder = None,
) -> None:
    """Go back to an earlier build."""
    from warehouse.home import Home
    from warehouse.results.store import Results
    from warehouse.settings import Settings

    place = Home(home_folder(home, sample=sample))
    with place.writing() as writer:
        target = place.previous() if to is None else place.build(to)
        writer.point_to(target.id)
    Results(place).follow()
    say(f"The current build is now {target.id}.")
    if not sample:
        publish_beside_build(target, Settings())


def merges(
    undo: Annotated[str | None, typer.Option("--undo", help="Undo the merge of this identifier.")] = None,
    redo: Annotated[str | None, typer.Option("--redo", help="Redo a merge that was undone.")] = None,
    why: Annotated[str, typer.Option("--why", help="The reason, kept with the decision.")] = "",
    file_format: Format = OutputFormat.TABLE,
    output: Output = None,
    limit: RowLimit = None,
    sample: Sample = False,
    home: HomeFolder = None,
) -> None:
    """List the merges of identifiers, or undo one; a decision takes effect with the next build."""
    from warehouse.home import Home
    from warehouse.merges import redo_merge, undo_merge
    from warehouse.warehouse import Warehouse

    if undo is not None and redo is not None:
        raise typer.BadParameter("--undo and --redo are two decisions; take one after the other.")
    place = Home(home_folder(home, sample=sample))
    limits = limits_of(None, limit, None, for_reading=is_for_reading(file_format, output))
    with Warehouse.open(place.root, limits=limits) as warehouse:
        chosen = undo or redo
        if chosen is None:
            write_answer(warehouse.sql("FROM merges ORDER BY merged_id"), file_format, output)
            return
        found = warehouse.sql("SELECT canonical_id FROM merges WHERE merged_id = $id", id=chosen).rows()
    if not found:
        raise typer.BadParameter(f"{chosen} was not merged with anything; `targetgraph merges` lists what was.")
    with place.writing() as writer:
        if undo is not None:
            undo_merge(writer, chosen, found[0][0], why)
        else:
            redo_merge(writer, chosen, found[0][0])
    say(f"{chosen} and {found[0][0]} will be {'two' if undo else 'one'} from the next build on.")


def _make_sample(place: object, plan: object, seed: int) -> Build:
    """Write the files of the sample, build from them, and leave the files for a look."""
    import shutil
    from dataclasses import replace

    from etl.build import Plan
    from etl.build import build as make
    from etl.sample import write_sample
    from warehouse.errors import BuildError
    from warehouse.home import Home
    from warehouse.progress import TerminalProgress

    assert isinstance(place, Home)
    assert isinstance(plan, Plan)
    raw = place.root / "raw"
    shutil.rmtree(raw, ignore_errors=True)
    try:
        write_sample(raw, seed)
    except OSError as error:
        raise BuildError(f"The files of the sample cannot be made: {error}", "Choose a folder with --home.") from error
    return make(place, replace(plan, raw=raw), TerminalProgress())


def _say_summary(made: Build) -> None:
    receipt = made.receipt()
    entities = sum(count for name, count in receipt["counts"].items() if not name.isupper() and name[0].isupper())
    relationships = sum(count for name, count in receipt["counts"].items() if name.isupper())
    say(
        f"Build {made.id}: {entities:,} entities, {relationships:,} relationships, {receipt['seconds']:.1f} s, "
        f"{receipt['peak_memory_bytes'] / 1e9:.2f} GB, in {made.folder}"
    )
    # A refresh leaves the files of other sources alone: that is no news.
    if receipt["unused_files"] and not receipt["refreshed"]:
        say(f"{len(receipt['unused_files'])} files belong to no source; the receipt lists them.")
