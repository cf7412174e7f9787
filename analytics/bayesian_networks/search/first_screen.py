"""The first screen of all pairs: which variables may be parents of which."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analytics.bayesian_networks.data.dataset import Prepared
from analytics.bayesian_networks.search.candidates import first_candidates
from analytics.bayesian_networks.search.memory import check_memory
from analytics.bayesian_networks.search.options import LearningOptions
from analytics.bayesian_networks.search.problem import all_pairs, is_whole, material, most_candidates
from analytics.bayesian_networks.search.screening import Columns, screen
from analytics.bayesian_networks.search.threads import Run, on_threads
from warehouse.errors import AnalysisError
from warehouse.progress import SILENT, Progress

#: Coordinates that a screen looks at: a curve that only rougher ones show is found by no screen.
SCREENED_COORDINATES = 4

#: Candidates of a child that the first screen gives.
_CANDIDATES = 12

#: The fewest samples that anything can be learned from.
_FEWEST_SAMPLES = 8


def screen_candidates(
    prepared: Prepared, options: LearningOptions | None = None, progress: Progress = SILENT
) -> NDArray[np.int32]:
    """The candidates that a first screen gives (columns x most), -1 behind the last: for several runs on like data."""
    options = options or LearningOptions()
    check_learnable(prepared, options)
    with on_threads(options.threads) as run:
        return screened_pairs(material(prepared, options).columns, options, run, progress)


def screened_pairs(data: Columns, options: LearningOptions, run: Run, progress: Progress) -> NDArray[np.int32]:
    """The first candidates of every child: all allowed pairs where variables are few, else the best of a screen."""
    if is_whole(data.count, options):
        return all_pairs(data)
    screened = screen(
        data,
        data.children,
        min(_CANDIDATES, data.count),
        run,
        coordinates=SCREENED_COORDINATES,
        progress=progress,
        name="Screening",
    )
    return first_candidates(screened.columns, data.tiers, most_candidates(data.count, options))


def check_learnable(prepared: Prepared, options: LearningOptions) -> None:
    """Refuse data that nothing can be learned from, or that do not fit into memory.

    Raises:
        AnalysisError: too few samples, missing or infinite values, or more memory than there is.
    """
    samples, columns = prepared.z.shape
    if samples < _FEWEST_SAMPLES:
        raise AnalysisError(f"There are {samples} samples; a network needs at least {_FEWEST_SAMPLES}.")
    if not np.isfinite(prepared.z).all():
        raise AnalysisError("The prepared columns hold values that are missing or infinite.", "Use prepare().")
    check_memory(samples, columns, options)
