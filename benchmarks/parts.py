"""Benchmarks of several parts: each module of a package whose name has no underscore in front is one."""

from __future__ import annotations

import argparse
import importlib
import os
import pkgutil
import sys
from collections.abc import Sequence
from dataclasses import replace

from benchmarks.harness import Figure


def parser_of(package: str) -> argparse.ArgumentParser:
    """The options of every benchmark of parts.

    Args:
        package: `benchmarks.bayes`.
    """
    name = package.rsplit(".", 1)[1]
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks {name}")
    parser.add_argument("--part", action="append", choices=_names(package), help="run only this part; may be repeated")
    parser.add_argument("--small", action="store_true", help="small problems, to see that everything runs")
    return parser


def run_parts(package: str, options: argparse.Namespace, *given: object) -> list[Figure]:
    """Run the parts that are named, or all of them; figures of small problems have no goals.

    Args:
        package: `benchmarks.bayes`.
        options: of its parser.
        given: what each part's `run` takes before `small`.
    """
    figures: list[Figure] = []
    for name in options.part or _names(package):
        print(f"{name} ... (load {os.getloadavg()[0]:.1f})", file=sys.stderr, flush=True)
        found = importlib.import_module(f"{package}.{name}").run(*given, options.small)
        for figure in found:
            print(f"  {figure.metric} {figure.value:g} {figure.unit}", file=sys.stderr, flush=True)
        figures += found
    return [replace(figure, goal=None) for figure in figures] if options.small else figures


def _names(package: str) -> Sequence[str]:
    path = importlib.import_module(package).__path__
    return sorted(module.name for module in pkgutil.iter_modules(path) if not module.name.startswith("_"))
