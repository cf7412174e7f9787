"""The verbs that ask: query (Cypher), sql, search."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from targetgraph.cli.options import (
    BuildId,
    Format,
    HomeFolder,
    Memory,
    NoPredictions,
    Output,
    OutputFormat,
    Parameter,
    RowLimit,
    Sample,
    Store,
    Timeout,
)
from targetgraph.cli.output import cut_note, is_for_reading, say, write_answer, write_text
from targetgraph.cli.places import MOST_ROWS, limits_of, open_warehouse

#: Entities that a search shows on a terminal.
_BEST = 20

Text = Annotated[str, typer.Argument(help="The question; `-` reads it from standard input.")]


def add_verbs(app: typer.Typer) -> None:
    """Add the verbs of this group."""
    app.command()(query)
    app.command()(sql)
    app.command()(search)


def query(
    text: Text,
    param: Parameter = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Show what it is turned into, and the plan, instead of rows.")
    ] = False,
    file_format: Format = OutputFormat.TABLE,
    output: Output = None,
    timeout: Timeout = None,
    limit: RowLimit = None,
    memory: Memory = None,
    no_predictions: NoPredictions = False,
    store: Store = None,
    build: BuildId = None,
    sample: Sample = False,
    home: HomeFolder = None,
) -> None:
    """Ask in Cypher, e.g. "MATCH (g:Gene {symbol: 'TP53'})-[r]->(x) RETURN type(r), count(x)". It never writes."""
    limits = limits_of(timeout, limit, memory, for_reading=is_for_reading(file_format, output))
    with open_warehouse(
        home, sample=sample, build=build, limits=limits, predictions=not no_predictions, store=store
    ) as warehouse:
        if explain:
            write_text(warehouse.explain(_text(text), _parameters(param)) + "\n", output)
        else:
            write_answer(warehouse.query(_text(text), _parameters(param)), file_format, output)


def sql(
    text: Text,
    param: Parameter = None,
    file_format: Format = OutputFormat.TABLE,
    output: Output = None,
    timeout: Timeout = None,
    limit: RowLimit = None,
    memory: Memory = None,
    no_predictions: NoPredictions = False,
    build: BuildId = None,
    sample: Sample = False,
    home: HomeFolder = None,
) -> None:
    """Ask in SQL, e.g. "SELECT * FROM conflicts WHERE entity_id = 'hgnc:11998'". Questions never write."""
    limits = limits_of(timeout, limit, memory, for_reading=is_for_reading(file_format, output))
    with open_warehouse(home, sample=sample, build=build, limits=limits, predictions=not no_predictions) as warehouse:
        write_answer(warehouse.sql(_text(text), _parameters(param)), file_format, output)


def search(
    text: Annotated[str, typer.Argument(help="A symbol, synonym, identifier or name.")],
    type_name: Annotated[str | None, typer.Option("--type", "-t", help="Only entities of this type.")] = None,
    source: Annotated[str | None, typer.Option("--source", help="Only by names that this source uses.")] = None,
    limit: RowLimit = None,
    file_format: Format = OutputFormat.TABLE,
    output: Output = None,
    no_predictions: NoPredictions = False,
    build: BuildId = None,
    sample: Sample = False,
    home: HomeFolder = None,
) -> None:
    """Find entities by symbol, synonym, identifier or name; an exact symbol comes first."""
    limits = limits_of(None, None, None)
    with open_warehouse(home, sample=sample, build=build, limits=limits, predictions=not no_predictions) as warehouse:
        most = _BEST if limit is None and is_for_reading(file_format, output) else limit or MOST_ROWS
        found = warehouse.search(text, type_name, most, source=source)
    write_answer(found, file_format, output, cut_note(len(found), found.total, limit))
    if found.total > len(found) and file_format is OutputFormat.TABLE:
        say(_counted("type", found.types))
        say(_counted("source", found.sources))


def _counted(what: str, counts: Mapping[str, int]) -> str:
    return f"By {what}: " + ", ".join(f"{name} {count:,}" for name, count in counts.items())


def _text(text: str) -> str:
    return sys.stdin.read() if text == "-" else text


def _parameters(given: list[str] | None) -> dict[str, Any]:
    """Parameters as `name=value`: numbers, lists and so on as JSON, anything else as text."""
    parameters: dict[str, Any] = {}
    for item in given or []:
        name, separator, value = item.partition("=")
        if not separator or not name.isidentifier():
            raise typer.BadParameter(f"{item!r} is not name=value")
        try:
            parameters[name] = json.loads(value)
        except ValueError:
            parameters[name] = value
    return parameters
