"""The sample: small invented files in every source's own format, with a story in them that analyses can recover.

One module for each source writes that source's files from one seeded `World`; a module that has a function `write` is
discovered, so that adding a source's sample edits no other file.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

from etl.sample.output import Output
from etl.sample.story import Story
from etl.sample.world import World, make_world

__all__ = ["Story", "write_sample"]

Writer = Callable[[World, Output], None]


def write_sample(folder: Path, seed: int = 7) -> Story:
    """Write the sample's files and the manifest of their rows.

    Args:
        folder: where; it is made if need be, and files of the same names are replaced.
        seed: the same seed gives the same bytes.

    Returns:
        What was planted.
    """
    world = make_world(seed)
    output = Output(folder)
    for write in writers().values():
        write(world, output)
    output.write_manifest()
    return replace(world.story, quarantined=output.quarantined, bad_values=output.bad_values)


@cache
def writers() -> dict[str, Writer]:
    """The function that writes each source's files, by the source's name."""
    modules = sorted(module.name for module in pkgutil.iter_modules(__path__))
    found = {name: getattr(importlib.import_module(f"{__name__}.{name}"), "write", None) for name in modules}
    return {name: write for name, write in found.items() if write is not None}
