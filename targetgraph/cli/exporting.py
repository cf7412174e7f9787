"""The verb that writes a build for other tools: export."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from targetgraph.cli.options import BuildId, HomeFolder, Sample
from targetgraph.cli.output import say
from targetgraph.cli.places import home_folder


class FileFormat(StrEnum):
    """As what a build is written: its tables (the first three), or its graph."""

    PARQUET = "parquet"
    CSV = "csv"
    TSV = "tsv"
    KGX = "kgx"
    GRAPHML = "graphml"
    CX2 = "cx2"
    NEO4J = "neo4j"


def add_verbs(app: typer.Typer) -> None:
    """Add the verbs of this group."""
    app.command()(export)


def export(
    folder: Annotated[Path, typer.Argument(help="A new folder.")],
    table: Annotated[list[str] | None, typer.Option("--table", help="Only this table; may be repeated.")] = None,
    type_name: Annotated[
        list[str] | None,
        typer.Option(
            "--type", help="Of the graph only this relationship type with its ends, or entity type; may be repeated."
        ),
    ] = None,
    file_format: Annotated[
        FileFormat,
        typer.Option(
            "--format",
            "-f",
            help="Tables: parquet, csv, tsv. The graph: kgx, graphml, cx2, neo4j.",
            case_sensitive=False,
        ),
    ] = FileFormat.PARQUET,
    redistributable: Annotated[
        bool, typer.Option("--redistributable", help="Leave out what may not be passed on; the manifest lists it.")
    ] = False,
    build: BuildId = None,
    sample: Sample = False,
    home: HomeFolder = None,
) -> None:
    """Write a build to a folder, as tables or as a graph, with a manifest of releases and licences."""
    from warehouse.export import export as write
    from warehouse.home import Home
    from warehouse.progress import TerminalProgress
    from warehouse.results.store import with_active_runs

    place = Home(home_folder(home, sample=sample))
    chosen = place.current() if build is None else place.build(build)
    files = write(
        with_active_runs(chosen),
        folder,
        file_format.value,
        tables=table or (),
        types=type_name or (),
        redistributable=redistributable,
        progress=TerminalProgress(),
    )
    say(_summary(files, folder))


def _summary(files: list[Path], folder: Path) -> str:
    import json

    manifest = json.loads(files[-1].read_text(encoding="utf-8"))
    what = "tables" if files[0].stem in manifest["tables"] else "files"
    told = f"{len(files) - 1} {what} and a manifest in {folder}"
    if "left_out" not in manifest:
        return told
    closed = ", ".join(one["source"] for one in manifest["left_out"]["sources"]) or "no source"
    lost = sum(one["build"] - one["written"] for one in manifest["left_out"]["types"].values())
    return f"{told}; left out: {closed}, in all {lost:,} rows (`left_out` in the manifest tells of each type)"
