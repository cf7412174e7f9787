"""`python -m benchmarks bayes [--part NAME ...]`: Bayesian gene networks, beside their peers.

Each module of this package whose name has no underscore in front is a part: it has `run(small)`, which gives figures.
`--small` runs the same code on problems of a few seconds, to see that it works; its figures have no goals.
"""

from __future__ import annotations

from benchmarks.harness import Figure
from benchmarks.parts import parser_of, run_parts


def run(arguments: list[str]) -> list[Figure]:
    """Run the parts that are named, or all of them."""
    return run_parts(__name__, parser_of(__name__).parse_args(arguments))
