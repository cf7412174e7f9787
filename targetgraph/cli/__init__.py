"""The command line: one file for each group of verbs; heavy libraries load inside the verbs that need them."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from targetgraph.cli import (
    analysing,
    analyst,
    asking,
    building,
    exporting,
    loading,
    looking,
    publishing,
    scheduling,
    showing,
    updating,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"targetgraph {version('targetgraph')}")
        raise typer.Exit


app = typer.Typer(
    name="targetgraph",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    # Brackets in the examples are Cypher, not markup.
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for group in (
    building,
    scheduling,
    updating,
    looking,
    asking,
    analyst,
    analysing,
    exporting,
    publishing,
    loading,
    showing,
):
    group.add_verbs(app)


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", is_eager=True, callback=_show_version)
    ] = False,
) -> None:
    """A graph-centred data warehouse for drug-target discovery. Start with: targetgraph build --sample"""


def main() -> None:
    """Run the command line; an error that a user can mend is a message, not a traceback."""
    try:
        app()
    except BrokenPipeError:
        # The reader of the pipe (`head`) has seen enough.
        sys.stderr.close()
        sys.exit(0)
    except Exception as error:
        from targetgraph.cli.faults import INTERRUPTED, as_message, is_interruption

        if is_interruption(error):
            sys.exit(INTERRUPTED)
        message = as_message(error, next((word for word in sys.argv[1:] if not word.startswith("-")), ""))
        if message is not None:
            sys.stderr.write("\n".join([f"targetgraph: {message}", *getattr(message, "__notes__", ())]) + "\n")
            sys.exit(message.exit_code)
        raise
