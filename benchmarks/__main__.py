"""`python -m benchmarks NAME [OPTIONS]`: run one benchmark; without a name, list them."""

from __future__ import annotations

import importlib
import pkgutil
import sys

import benchmarks
from benchmarks.harness import report

_NO_BENCHMARKS = {"__main__", "harness", "parts"}


def main(arguments: list[str]) -> int:
    """Run the benchmark that is named; the exit status tells whether every goal was reached."""
    names = sorted(
        module.name for module in pkgutil.iter_modules(benchmarks.__path__) if module.name not in _NO_BENCHMARKS
    )
    if not arguments or arguments[0] not in names:
        print(f"usage: python -m benchmarks NAME [OPTIONS]\nbenchmarks: {', '.join(names)}")
        return 2
    figures = importlib.import_module(f"benchmarks.{arguments[0]}").run(arguments[1:])
    path = report(arguments[0], figures)
    print(f"\n{path}")
    return 1 if any(figure.reached is False for figure in figures) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
