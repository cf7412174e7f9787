"""The options that verbs share, so that they are the same everywhere."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class OutputFormat(StrEnum):
    """How rows are written."""

    TABLE = "table"
    CSV = "csv"
    TSV = "tsv"
    JSON = "json"
    PARQUET = "parquet"


Format = Annotated[
    OutputFormat, typer.Option("--format", "-f", help="How rows are written.", show_default=True, case_sensitive=False)
]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="Write to this file instead of the terminal.")]
HomeFolder = Annotated[
    Path | None,
    typer.Option("--home", help="The folder of the warehouse.", envvar="TARGETGRAPH_HOME", show_envvar=True),
]
BuildId = Annotated[str | None, typer.Option("--build", help="Ask this build instead of the current one.")]
Sample = Annotated[bool, typer.Option("--sample", help="Use the generated sample, in a folder of its own.")]
NoPredictions = Annotated[
    bool, typer.Option("--no-predictions", help="Ask the build alone, without the predictions of active runs.")
]
Raw = Annotated[
    list[Path] | None,
    typer.Option(
        "--raw", help="Take files from this folder of downloads, or this file, not the network; may be repeated."
    ),
]
Strict = Annotated[
    bool, typer.Option("--strict", help="Stop where a file or a source fails, instead of building the rest.")
]
Timeout = Annotated[float | None, typer.Option("--timeout", help="Seconds before the question is stopped.", min=0.001)]
RowLimit = Annotated[
    int | None,
    typer.Option(
        "--limit",
        help="Rows at most, 0 = all. Without it, files and pipes get all rows; only a terminal's are cut.",
        min=0,
    ),
]
Memory = Annotated[int | None, typer.Option("--memory-mb", help="Megabytes the question may hold.", min=50)]


class StoreName(StrEnum):
    """Who answers Cypher."""

    DUCKDB = "duckdb"
    NEO4J = "neo4j"


Store = Annotated[
    StoreName | None,
    typer.Option("--store", help="Who answers Cypher: the build itself, or a Neo4j server.", case_sensitive=False),
]
Parameter = Annotated[
    list[str] | None,
    typer.Option("--param", "-p", help="A parameter as name=value; the value is read as JSON, else as text."),
]
