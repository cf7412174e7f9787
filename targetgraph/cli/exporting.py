"""The verb that writes the public tables for other tools: export."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from targetgraph.cli.options import BuildId, HomeFolder, Sample
from targetgraph.cli.output import say
from targetgraph.cli.places import home_folder


class FileFormat(StrEnum):
    """How tables are written."""

    PARQUET = "parquet"
    CSV = "csv"
    TSV = "tsv"


def add_verbs(app: typer.Typer) -> None:
    """Add the verbs of this group."""
    app.command()(export)


def export(
    folder: Annotated[Path, typer.Argument(help="A new folder.")],
    table: Annotated[list[str] | None, typer.Option("--table", help="Only this table; may be repeated.")] = None,
    file_format: Annotated[
        FileFormat, typer.Option("--format", "-f", help="How tables are written.", case_sensitive=False)
    ] = FileFormat.PARQUET,
    build: BuildId = None,
    sample: Sample = False,
    home: HomeFolder = None,
) -> None:
    """Write the public tables to a folder, one file each, with a manifest of releases and licences."""
    from warehouse.export import export as write
    from warehouse.home import Home
    from warehouse.progress import TerminalProgress

    place = Home(home_folder(home, sample=sample))
    chosen = place.current() if build is None else place.build(build)
    files = write(chosen, folder, file_format.value, tables=table or (), progress=TerminalProgress())
    say(f"{len(files) - 1} tables and a manifest in {folder}")
