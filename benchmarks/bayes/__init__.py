"""`python -m benchmarks bayes [--part NAME ...]`: Bayesian gene networks, beside their peers.

Each module of this package whose name has no underscore in front is a part: it has `run(small)`, which gives figures.
`--small` runs the same code on problems of a few seconds, to see that it works; its figures have no goals.
"""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import sys
from dataclasses import replace

from benchmarks.harness import Figure


def parts() -> list[str]:
    """The names of all parts."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))


def run(arguments: list[str]) -> list[Figure]:
    """Run the parts that are named, or all of them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks bayes")
    parser.add_argument("--part", action="append", choices=parts(), help="run only this part; may be repeated")
    parser.add_argument("--small", action="store_true", help="small problems, to see that everything runs")
    options = parser.parse_args(arguments)
    figures: list[Figure] = []
    for name in options.part or parts():
        print(f"{name} ...", file=sys.stderr)
        figures += importlib.import_module(f"benchmarks.bayes.{name}").run(options.small)
    return [replace(figure, goal=None) for figure in figures] if options.small else figures
