"""The analyst's verbs: ask (templates), list, enrich, path, prioritise, conflicts."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from targetgraph.cli.options import (
    BuildId,
    Format,
    HomeFolder,
    Memory,
    Output,
    OutputFormat,
    Parameter,
    RowLimit,
    Sample,
    Timeout,
)
from targetgraph.cli.output import is_for_reading, say, write_answer, write_first, write_rows
from targetgraph.cli.places import home_folder, limits_of, open_warehouse
from warehouse.extras import require_extra

if TYPE_CHECKING:
    from analytics.interactive.paths.paths import Examples
    from warehouse.analyst.identifiers import Resolved
    from warehouse.analyst.lists import Lists
    from warehouse.warehouse import Warehouse

#: More than this is no list that a person has made.
MOST_BYTES = 20_000_000

lists = typer.Typer(
    no_args_is_help=True, help="Keep lists of entities: made of identifiers of any kind, followed from build to build."
)

Name = Annotated[str, typer.Argument(help="The name of the list.")]
TypeName = Annotated[str, typer.Option("--type", "-t", help="The type of the entities.")]
Replace = Annotated[bool, typer.Option("--replace", help="Replace the list of that name.")]


def add_verbs(app: typer.Typer) -> None:
    """Add the verbs of this group."""
    app.command()(ask)
    app.add_typer(lists, name="list")
    app.command()(enrich)
    app.command()(path)
    app.command()(prioritise)
    app.command()(conflicts)


def ask(
    name: Annotated[str | None, typer.Argument(help="The template; without it they are listed.")] = None,
    param: Parameter = None,
    show: Annotated[bool, typer.Option("--show", help="Show its parameters and its Cypher instead of rows.")] = False,
    file_format: Format = OutputFormat.TABLE,
    output: Output = None,
    timeout: Timeout = None,
    limit: RowLimit = None,
    memory: Memory = None,
    build: BuildId = None,
    sample: Sample = False,
    home: HomeFolder = None,
) -> None:
    """Ask a prepared question, e.g. `ask drugs_of_gene -p gene=EGFR`; without a name they are listed."""
    from warehouse.analyst.template import template, templates

    if name is None:
        rows = [
            {"template": one.name, "question": one.question, "parameters": ", ".join(one.parameters)}
            for one in templates().values()
        ]
        write_rows(rows, file_format, output)
        return
    chosen = template(name)
    if show:
        _show(chosen.question, [f"{p.name}: {p.type}, {p.meaning}" for p in chosen.parameters.values()], chosen.query)
        return
    limits = limits_of(timeout, limit, memory, for_reading=is_for_reading(file_format, output))
    with open_warehouse(home, sample=sample, build=build, limits=limits) as warehouse:
        write_answer(warehouse.ask(name, dict(_pairs(param))), file_format, output)


@lists.command("all")
def all_lists(
    file_format: Format = OutputFormat.TABLE, output: Output = None, sample: Sample = False, home: HomeFolder = None
) -> None:
    """Show all lists."""
    kept = _lists(home, sample=sample)
    found = [kept.get(name) for name in kept.names()]
    rows = [
        {"list": one.name, "type": one.type, "members": len(one.members), "unresolved": len(one.unresolved),
         "owner": one.owner or "operator", "build": one.build, "created": one.created,
         "description": one.description}
        for one in found
    ]  # fmt: skip
    write_rows(
        rows, file_format, output, ("list", "type", "members", "unresolved", "owner", "build", "created", "description")
    )
    if not rows:
        say("There are no lists yet; make one: targetgraph list make NAME TP53 EGFR")


@lists.command()
def make(
    name: Name,
    identifiers: Annotated[
        list[str] | None,
        typer.Argument(help="Symbols, names, accessions: each a name, or several with commas."),
    ] = None,
    file: Annotated[Path | None, typer.Option("--file", help="A file of identifiers; `-` is standard input.")] = None,
    column: Annotated[
        str | None, typer.Option("--column", help="Of a file that is a table (CSV, TSV): a heading or number; else 1.")
    ] = None,
    type_name: TypeName = "Gene",
    description: Annotated[str, typer.Option("--description", help="A sentence for other people.")] = "",
    replace: Replace = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only report what each identifier means.")] = False,
    file_format: Format = OutputFormat.TABLE,
    output: Output = None,
    build: BuildId = None,
    sample: Sample = False,
    home: HomeFolder = None,
) -> None:
    """Make a list, and report what each identifier means: matched, converted, ambiguous or unresolved."""
    from warehouse.analyst.columns import identifiers_of
    from warehouse.analyst.identifiers import entity_type
    from warehouse.analyst.lists import from_report
    from warehouse.analyst.name_lists import read_names

    given, taken = identifiers_of(_file_text(file), column)
    if taken is not None:
        say(f"{file} is a table: its column {taken!r} is read; --column takes another.")
    with open_warehouse(home, sample=sample, build=build) as warehouse:
        with warehouse.reading() as connection:
            read = read_names(connection, [*(identifiers or []), *given], type_name)
        kept = from_report(name, entity_type(type_name).label, read.report, warehouse.build.id, description)
    write_rows([_reported(one) for one in read.report], file_format, output, _REPORTED)
    for note in read.notes:
        say(note)
    _say_outcomes(read.report)
    if not dry_run:
        _lists(home, sample=sample).save(kept, replacing=replace)
        say(f"The list {name} has {kept.size}.")


@lists.command()
def show(
    name: Name,
    file_format: Format = OutputFormat.TABLE,
    output: Output = None,
    build: BuildId = None,
    sample: Sample = False,
    home: HomeFolder = None,
) -> None:
    """Show the members of a list as they are in this build, and what changed since the list was made."""
    from warehouse.analyst.lists import follow

    kept = _lists(home, sample=sample).get(name)
    with open_warehouse(home, sample=sample, build=build) as warehouse, warehouse.reading() as connection:
        now, changes = follow(connection, kept, warehouse.build.id)
    rows = [{"id": one.id, "name": one.name, "given": list(one.given)} for one in now.members]
    write_rows(rows, file_format, output, ("id", "name", "given"))
    for change in changes:
        became = "" if change.id is None else f", now {change.name} ({change.id})"
        say(f"{change.member.name} ({change.member.id}) is {change.what}{became}.")


@lists.command()
def combine(
    name: Name,
    operation: Annotated[str, typer.Argument(help="union, intersection or difference.")],
    first: Annotated[str, typer.Argument(help="A list.")],
    second: Annotated[str, typer.Argument(help="Another list.")],
    replace: Replace = False,
    sample: Sample = False,
    home: HomeFolder = None,
) -> None:
    """Make a list from two others."""
    from warehouse.analyst.lists import combine as combined

    kept = _lists(home, sample=sample)
    made = combined(name, operation, kept.get(first), kept.get(second))
    kept.save(made, replacing=replace)
    say(f"The list {name} has {made.size}.")


@lists.command()
def remove(name: Name, sample: Sample = False, home: HomeFolder = None) -> None:
    """Forget a list."""
    _lists(home, sample=sample).remove(name)
    say(f"The list {name} is gone.")


def enrich(
    name: Annotated[str, typer.Argument(help="The list to test.")],
    background: Annotated[
        str,
        typer.Option(
            "--background", help="The list of the genes that could have been found, or `annotated`: all in any set."
        ),
    ],
    sets: Annotated[
        list[str] | None,
        typer.Option("--sets", help="A collection: a type (Pathway, Disease, Drug) or `TARGETS:Drug`; again for more."),
    ] = None,
    gmt: Annotated[
        list[Path] | None, typer.Option("--gmt", help="Your own gene sets, a GMT file; again for more.")
    ] = None,
    smallest: Annotated[int, typer.Option("--smallest", help="Leave out sets with fewer genes.", min=1)] = 1,
    largest: Annotated[int | None, typer.Option("--largest", help="Leave out sets with more genes.", min=1)] = None,
    file_format: Format = OutputFormat.TABLE,
    output: Output = None,
    limit: RowLimit = None,
    build: BuildId = None,
    sample: Sample = False,
    home: HomeFolder = None,
) -> None:
    """Test which gene sets hold more of a list than chance would: hypergeometric, corrected, with the four counts."""
    from analytics.interactive.enrichment import ANNOTATED
    from analytics.interactive.enrichment import enrich as test
    from warehouse.analyst.gene_sets import chosen, notes_on_sets, read_gmt
    from warehouse.model import FULL_MODEL, MODEL

    with open_warehouse(home, sample=sample, build=build) as warehouse, warehouse.reading() as connection:
        genes = _members(warehouse, _lists(home, sample=sample), name)
        universe = (
            ANNOTATED if background == ANNOTATED else _members(warehouse, _lists(home, sample=sample), background)
        )
        read = [read_gmt(connection, file) for file in gmt or ()]
        own, lost = [one for file, _lost in read for one in file], [one for _file, lost in read for one in lost]
        model = FULL_MODEL if warehouse.runs else MODEL
        collections = chosen(sets or ([] if own else ["Pathway"]), model)
        found = test(connection, genes, universe, collections, own, smallest_set=smallest, largest_set=largest)
    write_first(found.table.to_arrow(), limit, file_format, output)
    say(f"Sets tested: {found.tested:,}; genes in the background: {found.background_size:,}.")
    if found.outside:
        say(f"{len(found.outside):,} genes of the list are not in the background and did not count.")
    for note in notes_on_sets(own):
        say(note)
    _say_lost(lost)


def path(
    source: Annotated[str | None, typer.Argument(help="The first entity: a symbol, name or identifier.")] = None,
    target: Annotated[str | None, typer.Argument(help="The last entity.")] = None,
    source_type: Annotated[str, typer.Option("--from", help="The type of the first entity.")] = "Gene",
    target_type: Annotated[str, typer.Option("--to", help="The type of the last entity.")] = "Gene",
    longest: Annotated[int, typer.Option("--longest", help="Relationships that a path may have.", min=1, max=4)] = 3,
    relation: Annotated[
        list[str] | None, typer.Option("--relation", help="Walk this relationship type alone; again for more.")
    ] = None,
    examples: Annotated[
        str | None, typer.Option("--examples", help="List paths of this type, as the table writes it.")
    ] = None,
    pairs: Annotated[
        Path | None, typer.Option("--pairs", help="Many pairs: a file with two entities a line and a tab between.")
    ] = None,
    file_format: Format = OutputFormat.TABLE,
    output: Output = None,
    limit: RowLimit = None,
    build: BuildId = None,
    sample: Sample = False,
    home: HomeFolder = None,
) -> None:
    """Show what links two entities: paths by type, how many chance would give, and the paths themselves."""
    require_extra("analytics", "targetgraph path")
    from analytics.interactive.paths.paths import Connections, Ends
    from warehouse.analyst.identifiers import require

    texts = _pairs_of(pairs) if pairs is not None else [(source or "", target or "")]
    with open_warehouse(home, sample=sample, build=build) as warehouse, warehouse.reading() as connection:
        ends = [
            Ends(require(connection, first, source_type), require(connection, second, target_type))
            for first, second in texts
        ]
        connections = Connections(connection, relation)
        if examples is not None:
            _write_paths(connections.examples(connection, ends[0], examples), limit, file_format, output)
            return
        table = connections.types(connection, ends, longest)
    write_first(table.to_arrow(), limit, file_format, output)
    say(f"{len(table):,} types of paths, {table['paths'].sum():,} paths.")


def prioritise(
    disease: Annotated[str, typer.Argument(help="A disease, by name or identifier.")],
    weight: Annotated[
        list[str] | None, typer.Option("--weight", help="A weight as criterion=number; again for more.")
    ] = None,
    neighbours: Annotated[
        int | None,
        typer.Option("--neighbours", help="Also genes that interact with at least so many of the disease's.", min=1),
    ] = None,
    cohort: Annotated[
        str | None, typer.Option("--cohort", help="The cohort whose tumours tell how strongly genes are expressed.")
    ] = None,
    explain: Annotated[
        str | None, typer.Option("--explain", help="Open a cell, gene:criterion: list what it counts.")
    ] = None,
    file_format: Format = OutputFormat.TABLE,
    output: Output = None,
    limit: RowLimit = None,
    build: BuildId = None,
    sample: Sample = False,
    home: HomeFolder = None,
) -> None:
    """Order the genes of a disease as targets, by evidence, drugs, structures, network and your own weights."""
    from analytics.interactive import prioritisation
    from warehouse.analyst.identifiers import require

    limits = limits_of(None, limit, None, for_reading=is_for_reading(file_format, output))
    with open_warehouse(home, sample=sample, build=build, limits=limits) as warehouse:
        with warehouse.reading() as connection:
            id_ = require(connection, disease, "Disease")
            gene, _separator, criterion = (explain or "").rpartition(":")
            gene_id = require(connection, gene) if gene else ""
            tumours = None if cohort is None else require(connection, cohort, "Cohort")
        if explain:
            write_answer(prioritisation.explain(warehouse, id_, gene_id, criterion, tumours), file_format, output)
            return
        found = prioritisation.prioritise(
            warehouse, id_, _weights(weight), with_neighbours_of=neighbours, cohort=tumours
        )
    write_first(found.table.to_arrow(), limit, file_format, output)
    used = ", ".join(f"{name} {value:g}" for name, value in found.weights.items() if value)
    say(f"{len(found.table):,} genes of {found.disease}; weights: {used}.")
    for note in found.notes:
        say(note)


def conflicts(
    entity: Annotated[str, typer.Argument(help="A symbol, name or identifier.")],
    type_name: TypeName = "Gene",
    file_format: Format = OutputFormat.TABLE,
    output: Output = None,
    limit: RowLimit = None,
    build: BuildId = None,
    sample: Sample = False,
    home: HomeFolder = None,
) -> None:
    """Show every value that anyone stated of an entity: who, in which file and row, and why one of them is shown."""
    from warehouse.analyst.conflicts import conflicts as values

    limits = limits_of(None, limit, None, for_reading=is_for_reading(file_format, output))
    with (
        open_warehouse(home, sample=sample, build=build, limits=limits) as warehouse,
        warehouse.reading() as connection,
    ):
        write_answer(values(connection, entity, type_name, limits.rows), file_format, output)


def _write_paths(found: Examples, limit: int | None, file_format: OutputFormat, output: Path | None) -> None:
    """Write the paths of one type, one a row."""
    import pyarrow as pa

    texts = pa.array([" - ".join(names) for names in found.paths], pa.string())
    write_first(pa.table({"path": texts}), limit, file_format, output)
    if not found.complete:
        say("There are more such paths than could be followed: those through rarely linked entities were.")


def _show(question: str, parameters: Iterable[str], query: str) -> None:
    typer.echo("\n".join([question, "", *parameters, "", query]))


def _pairs(given: list[str] | None) -> Iterable[tuple[str, str]]:
    """Parameters as `name=value`; the template knows their types."""
    for item in given or []:
        name, separator, value = item.partition("=")
        if not separator or not name.isidentifier():
            raise typer.BadParameter(f"{item!r} is not name=value")
        yield name, value


def _pairs_of(file: Path) -> list[tuple[str, str]]:
    """Pairs of entities, one a line."""
    from warehouse.errors import QuestionError

    found = []
    for number, line in enumerate(_file_text(file).splitlines(), 1):
        cells = [cell.strip() for cell in line.split("\t")]
        if len(cells) != 2 or not all(cells):
            raise QuestionError(f"{file}, line {number}: no pair.", "A line has two entities and a tab between.")
        found.append((cells[0], cells[1]))
    return found


def _weights(given: list[str] | None) -> dict[str, float]:
    try:
        return {name: float(value) for name, value in _pairs(given)}
    except ValueError:
        raise typer.BadParameter("a weight is criterion=number") from None


def _lists(home: Path | None, *, sample: bool) -> Lists:
    from warehouse.analyst.lists import Lists
    from warehouse.home import Home

    return Lists(Home(home_folder(home, sample=sample)))


def _members(warehouse: Warehouse, kept: Lists, name: str) -> list[str]:
    """The members of a list as they are in the build that is asked; says what is gone."""
    from warehouse.analyst.lists import follow

    with warehouse.reading() as connection:
        now, changes = follow(connection, kept.get(name), warehouse.build.id)
    gone = [change.member.name for change in changes if change.what == "gone"]
    if gone:
        say(f"{len(gone):,} members of {name} are not in this build: {', '.join(gone[:5])}")
    return now.ids


def _file_text(file: Path | None) -> str:
    from warehouse.analyst.columns import text_of
    from warehouse.errors import QuestionError

    if file is None:
        return ""
    if str(file) == "-":
        return sys.stdin.read(MOST_BYTES)
    try:
        if file.stat().st_size > MOST_BYTES:
            raise QuestionError(f"{file} is larger than {MOST_BYTES / 1e6:,.0f} MB.", "Give a column of identifiers.")
        content = file.read_bytes()
    except OSError as error:
        raise QuestionError(f"{file} cannot be read: {error.strerror}") from None
    return text_of(content, str(file))


def _say_lost(lost: list[Resolved]) -> None:
    """Say which texts of gene sets do not count, by what became of them."""
    from warehouse.analyst.identifiers import Outcome

    reasons = {
        Outcome.UNRESOLVED: "are no genes of this build",
        Outcome.AMBIGUOUS: "mean several genes",
        Outcome.MISSING: "stand for missing values",
    }
    for outcome, reason in reasons.items():
        texts = [one.given or "(empty)" for one in lost if one.outcome is outcome]
        if texts:
            more = ", ..." if len(texts) > 5 else ""
            say(f"{len(texts):,} texts of your gene sets {reason}: {', '.join(texts[:5])}{more}")


#: The columns of a report on identifiers.
_REPORTED = ("given", "outcome", "id", "name", "how", "candidates")


def _reported(one: Resolved) -> dict[str, object]:
    return {
        "given": one.given,
        "outcome": str(one.outcome),
        "id": one.id,
        "name": one.name,
        "how": one.how,
        "candidates": list(one.candidates),
    }


def _say_outcomes(report: list[Resolved]) -> None:
    from collections import Counter

    counts = Counter(str(one.outcome) for one in report)
    say(", ".join(f"{count:,} {outcome}" for outcome, count in counts.items()) or "No identifiers were given.")
