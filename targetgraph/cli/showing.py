"""The verb that serves the pages: dashboard."""

from __future__ import annotations

from typing import Annotated

import typer

from targetgraph.cli.options import HomeFolder, Sample
from targetgraph.cli.output import say
from targetgraph.cli.places import home_folder


def add_verbs(app: typer.Typer) -> None:
    """Add the verbs of this group."""
    app.command()(dashboard)


def dashboard(
    address: Annotated[
        str, typer.Option("--address", help="Where to listen; others than this machine need a password.")
    ] = ("127.0.0.1"),
    port: Annotated[int, typer.Option("--port", help="The port.", min=1, max=65535)] = 8501,
    host_name: Annotated[
        list[str] | None, typer.Option("--host-name", help="A name under which browsers reach it; may be repeated.")
    ] = None,
    operator: Annotated[
        bool, typer.Option("--operator", help="Without a password: visitors are operators, not readers.")
    ] = False,
    sample: Sample = False,
    home: HomeFolder = None,
) -> None:
    """Serve the pages for a browser: search, reports, console, sources, analyses. Ends with Ctrl-C."""
    from dashboards.server import serve

    shown = f"http://{f'[{address}]' if ':' in address else address}:{port}"
    serve(
        home_folder(home, sample=sample),
        address,
        port,
        operator=operator,
        names=host_name or (),
        ready=lambda: say(f"The dashboard is at {shown}"),
    )
