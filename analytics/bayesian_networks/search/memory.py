"""How much memory learning takes, told before it starts."""

from __future__ import annotations

import psutil

from analytics.bayesian_networks.search.options import LearningOptions
from analytics.bayesian_networks.search.problem import is_whole, most_candidates, width_of
from warehouse.errors import AnalysisError

#: The process itself with its libraries and compiled kernels.
_PROCESS = 350e6

#: Nodes of a child's tree, and further candidates of a node, as they were met in searches.
_NODES, _ENTRIES = 40, 5


def estimate_memory_bytes(samples: int, variables: int, options: LearningOptions) -> int:
    """The most memory that learning takes, data included; about a fifth more than what was measured.

    Args:
        samples: n.
        variables: columns after categories were expanded.
        options: how it is learned.
    """
    width = width_of(options)
    if is_whole(variables, options):
        candidates = variables
        grams = 3 * 4.0 * (variables * width) ** 2
    else:
        candidates = most_candidates(variables, options)
        grams = 4.0 * variables * width**2 * candidates * (candidates + 1) / 2
    data = samples * variables * (8 + 4 * (width + 3))
    projections = 4.0 * variables * candidates * width
    tree = _NODES * (40 + options.maximum_parents + 7 * _ENTRIES)
    if options.score == "bnrc":
        projections *= 8
    return int(_PROCESS + data + grams + projections + 3 * variables * tree)


def check_memory(samples: int, variables: int, options: LearningOptions) -> None:
    """Refuse what would not fit.

    Raises:
        AnalysisError: learning would take more than `memory_gb`, or than the machine has free.
    """
    needed = estimate_memory_bytes(samples, variables, options) / 1e9
    free = options.memory_gb if options.memory_gb is not None else psutil.virtual_memory().available / 1e9
    if needed > free:
        whose = "may be used (memory_gb)" if options.memory_gb is not None else "are free"
        raise AnalysisError(
            f"Learning {variables:,} variables from {samples:,} samples takes about {needed:.1f} GB; "
            f"{free:.1f} GB {whose}.",
            f"Leave variables out, or take fewer coordinates than {options.coordinates} or fewer candidates than "
            f"{most_candidates(variables, options)}.",
        )
